#include "subst_expand.h"

#include "subst_pattern.h"

#include <string.h>

/* Bytes of the user's text that an error repeats. */
enum { SNIPPET_MAX = 48 };

/* Whether a limit is passed. */
static bool full(const struct sink *sink)
{
    return sink->text->overflowed || (sink->words && (sink->words_bytes > SW_SUBST_MAX ||
                                                      sink->words->count > SW_SUBST_WORDS_MAX));
}

void sw_subst_end_word(struct sink *sink)
{
    if (full(sink)) {
        return; /* what is there stays, so that the limit stays passed */
    }
    if (sink->in_word) {
        sw_strs_add(sink->words, sw_buf_str(sink->text));
        sink->words_bytes += sink->text->len;
    }
    sw_buf_clear(sink->text);
    sink->in_word = false;
}

enum sw_status sw_subst_check(const struct sink *sink, struct sw_err *err)
{
    if (sink->kind == SINK_WORDS && sink->words->count > SW_SUBST_WORDS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "more than %d words", SW_SUBST_WORDS_MAX);
    }
    if (full(sink)) {
        return sw_fail(err, SW_E_TOO_LARGE, "the expanded text is longer than %zu bytes",
                       SW_SUBST_MAX);
    }
    return SW_OK;
}

static void emit_words(struct sink *sink, struct sw_str text)
{
    for (size_t i = 0; i < text.len && !full(sink); i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '\t' || c == '\n') {
            sw_subst_end_word(sink);
        } else {
            sink->in_word = true;
            sw_buf_add_char(sink->text, c);
        }
    }
}

void sw_subst_emit(struct sink *sink, struct sw_str text, bool quoted)
{
    if (sink->kind == SINK_WORDS && !quoted) {
        emit_words(sink, text);
        return;
    }
    if (sink->kind == SINK_PATTERN && quoted) {
        for (size_t i = 0; i < text.len; i++) {
            if (strchr("*?[]\\!^-:", text.ptr[i]) && text.ptr[i] != '\0') {
                sw_buf_add_char(sink->text, '\\');
            }
            sw_buf_add_char(sink->text, text.ptr[i]);
        }
        return;
    }
    sink->in_word = true;
    sw_buf_add_str(sink->text, text);
}

struct sw_str sw_subst_snippet(struct sw_str source)
{
    ptrdiff_t line = sw_str_find(source, '\n');
    struct sw_str part = sw_str_first(source, line < 0 ? source.len : (size_t)line);
    return part.len > SNIPPET_MAX ? sw_utf8_slice(sw_str_first(part, SNIPPET_MAX), 0, 40) : part;
}

enum sw_status sw_subst_unterminated(struct sw_str source, const char *closing, struct sw_err *err)
{
    struct sw_str part = sw_subst_snippet(source);
    return sw_fail(err, SW_E_INPUT, "\"%.*s\" is not closed: %s is missing", SW_STR_ARG(part),
                   closing);
}

void sw_subst_backslash(struct sw_str *in, const char *special, struct sink *sink)
{
    sw_subst_take(in, 1);
    if (in->len == 0 || (special && (in->ptr[0] == '\0' || !strchr(special, in->ptr[0])))) {
        sw_subst_emit(sink, SW_STR("\\"), true);
        return;
    }
    struct sw_str c = sw_subst_take(in, 1);
    if (c.ptr[0] != '\n') { /* a backslash at the end of a line joins it with the next */
        sw_subst_emit(sink, c, true);
    }
}

enum sw_status sw_subst_single_quoted(struct sw_str *in, struct sink *sink, struct sw_err *err)
{
    struct sw_str source = *in;
    sw_subst_take(in, 1);
    ptrdiff_t close = sw_str_find(*in, '\'');
    if (close < 0) {
        return sw_subst_unterminated(source, "the second '", err);
    }
    sw_subst_emit(sink, sw_subst_take(in, (size_t)close), true);
    sw_subst_take(in, 1);
    return SW_OK;
}

enum sw_status sw_subst_double_quoted(struct expander *ex, struct sw_str *in, struct sink *sink,
                                      struct sw_err *err)
{
    struct sw_str source = *in;
    sw_subst_take(in, 1);
    sw_subst_emit(sink, SW_STR(""), true);
    while (in->len > 0) {
        enum sw_status status = SW_OK;
        switch (in->ptr[0]) {
        case '"':
            sw_subst_take(in, 1);
            return SW_OK;
        case '\\':
            sw_subst_backslash(in, "$`\"\\\n", sink);
            break;
        case '$':
        case '`':
            status = sw_subst_dollar(ex, in, true, sink, err);
            break;
        default:
            sw_subst_emit(sink, sw_subst_take(in, 1), true);
            break;
        }
        if (status == SW_OK) {
            status = sw_subst_check(sink, err);
        }
        if (status != SW_OK) {
            return status;
        }
    }
    return sw_subst_unterminated(source, "the second \"", err);
}

enum sw_status sw_subst_read_word(struct expander *ex, struct sw_str source, struct sw_str *in,
                                  bool quoted, const char *stops, struct sink *sink,
                                  struct sw_err *err)
{
    while (in->len > 0) {
        char c = in->ptr[0];
        enum sw_status status = SW_OK;
        if (c != '\0' && strchr(stops, c)) {
            return SW_OK;
        }
        if (c == '"') {
            status = sw_subst_double_quoted(ex, in, sink, err);
        } else if (c == '\'' && !quoted) {
            status = sw_subst_single_quoted(in, sink, err);
        } else if (c == '\\') {
            sw_subst_backslash(in, quoted ? "$`\"\\}\n" : NULL, sink);
        } else if (c == '$' || c == '`') {
            status = sw_subst_dollar(ex, in, quoted, sink, err);
        } else {
            sw_subst_emit(sink, sw_subst_take(in, 1), quoted);
        }
        if (status == SW_OK) {
            status = sw_subst_check(sink, err);
        }
        if (status != SW_OK) {
            return status;
        }
    }
    return sw_subst_unterminated(source, "}", err);
}
