#include <slipway/subst.h>

#include "subst_expand.h"

#include <slipway/alloc.h>

#include <string.h>

/* How many backslashes *in starts with. */
static size_t backslashes(struct sw_str in)
{
    size_t count = 0;
    while (count < in.len && in.ptr[count] == '\\') {
        count++;
    }
    return count;
}

/* A row of backslashes: halved when it ends at $ or `, whose meaning an odd one takes away. */
static void plain_backslashes(struct sw_str *in, struct sink *sink)
{
    size_t count = backslashes(*in);
    bool before_special = count < in->len && (in->ptr[count] == '$' || in->ptr[count] == '`');
    size_t keep = before_special ? count / 2 : count;
    sw_subst_emit(sink, sw_str_first(*in, keep), true);
    *in = sw_str_from(*in, count);
    if (before_special && count % 2 == 1) {
        sw_subst_emit(sink, sw_str_first(*in, 1), true);
        *in = sw_str_from(*in, 1);
    }
}

/* The text up to the next character that may mean something. */
static struct sw_str plain_run(struct sw_str in)
{
    size_t len = 0;
    while (len < in.len && in.ptr[len] != '$' && in.ptr[len] != '`' && in.ptr[len] != '\\') {
        len++;
    }
    return sw_str_first(in, len);
}

static enum sw_status expand_text(struct expander *ex, struct sw_str in, struct sink *sink,
                                  struct sw_err *err)
{
    while (in.len > 0) {
        struct sw_str run = plain_run(in);
        sw_subst_emit(sink, run, true);
        in = sw_str_from(in, run.len);
        if (in.len > 0 && in.ptr[0] == '\\') {
            plain_backslashes(&in, sink);
        } else if (in.len > 0) {
            enum sw_status status = sw_subst_dollar(ex, &in, true, sink, err);
            if (status != SW_OK) {
                return status;
            }
        }
        if (sink->text->overflowed) {
            break;
        }
    }
    return sw_subst_check(sink, err);
}

static enum sw_status check_size(struct sw_str text, struct sw_err *err)
{
    if (text.len > SW_SUBST_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "the text is longer than %zu bytes", SW_SUBST_MAX);
    }
    return SW_OK;
}

/* The value of the variable that `text` is the bare name of; NULL when it is none. */
static const char *bare_value(const struct sw_env *env, struct sw_str text)
{
    if (!sw_is_env_name(text)) {
        return NULL;
    }
    char *name = sw_str_dup(text);
    const char *value = sw_env_get_raw(env, name);
    free(name);
    return value;
}

enum sw_status sw_subst(const struct sw_env *env, struct sw_str text,
                        const struct sw_subst_options *options, const char *what,
                        struct sw_buf *out, struct sw_err *err)
{
    struct sw_buf result;
    sw_buf_init(&result, SW_SUBST_MAX);
    struct expander ex = { .env = env,
                           .unset_is_error = options->unset_is_error,
                           .budget = SW_SUBST_BUDGET };
    struct sink sink = { .kind = SINK_TEXT, .text = &result };
    const char *bare = options->bare_name ? bare_value(env, text) : NULL;
    enum sw_status status = check_size(text, err);
    if (status == SW_OK && bare) {
        sw_buf_add_cstr(&result, bare);
    } else if (status == SW_OK) {
        status = expand_text(&ex, text, &sink, err);
    }
    if (status == SW_OK) {
        size_t before = out->len;
        sw_buf_add_str(out, sw_buf_str(&result));
        status = sw_buf_check(out, "the expanded text", err);
        sw_buf_truncate(out, before + (status == SW_OK ? result.len : 0));
    }
    sw_buf_release(&result);
    return status == SW_OK ? SW_OK : sw_wrap(err, "%s", what);
}

static enum sw_status refuse_operator(struct sw_str in, struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT,
                   "\"%c\" would be an operator of a shell, but text is never executed; put it in "
                   "quotes if it is meant as it stands",
                   in.ptr[0]);
}

static enum sw_status expand_words(struct expander *ex, struct sw_str in, struct sink *sink,
                                   struct sw_err *err)
{
    while (in.len > 0) {
        enum sw_status status = SW_OK;
        switch (in.ptr[0]) {
        case '\'':
            status = sw_subst_single_quoted(&in, sink, err);
            break;
        case '"':
            status = sw_subst_double_quoted(ex, &in, sink, err);
            break;
        case '\\':
            sw_subst_backslash(&in, NULL, sink);
            break;
        case '$':
        case '`':
            status = sw_subst_dollar(ex, &in, false, sink, err);
            break;
        case ';':
        case '|':
        case '&':
        case '<':
        case '>':
        case '(':
        case ')':
            status = refuse_operator(in, err);
            break;
        default: /* a blank separates, anything else is part of a word */
            sw_subst_emit(sink, sw_str_first(in, 1), false);
            in = sw_str_from(in, 1);
            break;
        }
        if (status == SW_OK) {
            status = sw_subst_check(sink, err);
        }
        if (status != SW_OK) {
            return status;
        }
    }
    sw_subst_end_word(sink);
    return sw_subst_check(sink, err);
}

enum sw_status sw_subst_words(const struct sw_env *env, struct sw_str text,
                              const struct sw_subst_options *options, const char *what,
                              struct sw_strs *ret_words, struct sw_err *err)
{
    struct sw_buf word;
    struct sw_strs words = { 0 };
    sw_buf_init(&word, SW_SUBST_MAX);
    struct expander ex = { .env = env,
                           .unset_is_error = options->unset_is_error,
                           .budget = SW_SUBST_BUDGET };
    struct sink sink = { .kind = SINK_WORDS, .text = &word, .words = &words };
    enum sw_status status = check_size(text, err);
    if (status == SW_OK) {
        status = expand_words(&ex, text, &sink, err);
    }
    for (size_t i = 0; status == SW_OK && i < words.count; i++) {
        sw_strs_take(ret_words, SW_TAKE(words.items[i]));
    }
    if (status == SW_OK) {
        words.count = 0;
    }
    sw_strs_release(&words);
    sw_buf_release(&word);
    return status == SW_OK ? SW_OK : sw_wrap(err, "%s", what);
}
