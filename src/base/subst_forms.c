#include "subst_expand.h"

#include "subst_pattern.h"

#include <slipway/alloc.h>

#include <stdio.h>

/* Numbers in offsets; far beyond any text's length, far from overflow. */
enum { OFFSET_MAX = 1000000000 };

/* One ${...} that is being read. */
struct parameter {
    struct sw_str source; /* from '$' on, for errors */
    struct sw_str name;
    const char *value; /* NULL when unset */
    bool quoted;       /* it stands between double quotes */
};

static enum sw_status bad_form(const struct parameter *p, struct sw_err *err)
{
    struct sw_str part = sw_subst_snippet(p->source);
    return sw_fail(err, SW_E_INPUT,
                   "\"%.*s\" is not a form that is known; these are: ${NAME} ${NAME:-text} "
                   "${NAME:+text} ${NAME:?text} ${#NAME} ${NAME:offset:length} ${NAME#pattern} "
                   "${NAME%%pattern} ${NAME/pattern/text} ${NAME//pattern/text} ${NAME^^} "
                   "${NAME,,} (\\$ stands for a plain $)",
                   SW_STR_ARG(part));
}

/* Variables of CircleCI that come and go with what a job runs for. */
static const struct occasional {
    const char *name;
    const char *when;
} occasional[] = {
    { "CIRCLE_BRANCH", "only jobs of a branch have it, those of a tag have CIRCLE_TAG" },
    { "CIRCLE_PR_NUMBER", "only jobs of a pull request from a fork have it" },
    { "CIRCLE_PULL_REQUEST", "only jobs of a branch with a pull request have it" },
    { "CIRCLE_TAG", "only jobs of a tag have it, and only with a filter for tags" },
};

static enum sw_status unset_variable(struct sw_str name, struct sw_err *err)
{
    for (size_t i = 0; i < SW_COUNT(occasional); i++) {
        if (sw_str_eq(name, sw_str(occasional[i].name))) {
            return sw_fail(err, SW_E_INPUT,
                           "variable \"%s\" is not set: %s; give a default: ${%s:-text}",
                           occasional[i].name, occasional[i].when, occasional[i].name);
        }
    }
    return sw_fail(err, SW_E_INPUT,
                   "variable \"%.*s\" is not set; set it (on CircleCI: in the project or in "
                   "a context), or give a default: ${%.*s:-text}",
                   SW_STR_ARG(name), SW_STR_ARG(name));
}

/* Reads a word into a text or pattern of its own. */
static enum sw_status read_text(struct expander *ex, const struct parameter *p, struct sw_str *in,
                                enum sink_kind kind, bool quoted, const char *stops,
                                struct sw_buf *out, struct sw_err *err)
{
    struct sink sink = { .kind = kind, .text = out };
    return sw_subst_read_word(ex, p->source, in, quoted, stops, &sink, err);
}

/* Reads a word without evaluating it. */
static enum sw_status skip_word(struct expander *ex, const struct parameter *p, struct sw_str *in,
                                struct sw_err *err)
{
    struct sw_buf ignored;
    sw_buf_init(&ignored, SW_SUBST_MAX);
    ex->skipping++;
    enum sw_status status = read_text(ex, p, in, SINK_TEXT, p->quoted, "}", &ignored, err);
    ex->skipping--;
    sw_buf_release(&ignored);
    return status;
}

/* The value for the operators that need one: unset is an error or the empty text. */
static enum sw_status need_value(struct expander *ex, const struct parameter *p, struct sw_str *ret,
                                 struct sw_err *err)
{
    if (!p->value && ex->unset_is_error && ex->skipping == 0) {
        return unset_variable(p->name, err);
    }
    *ret = sw_str(p->value);
    if (ret->len > SW_SUBST_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "the value of \"%.*s\" is longer than %zu bytes",
                       SW_STR_ARG(p->name), SW_SUBST_MAX);
    }
    if (ret->len >= ex->budget) {
        return sw_fail(err, SW_E_TOO_LARGE, "the text needs too much work");
    }
    ex->budget -= ret->len;
    return SW_OK;
}

static enum sw_status emit_value(struct expander *ex, const struct parameter *p, struct sink *sink,
                                 struct sw_err *err)
{
    struct sw_str value = { NULL, 0 };
    enum sw_status status = need_value(ex, p, &value, err);
    if (status == SW_OK && ex->skipping == 0) {
        sw_subst_emit(sink, value, p->quoted);
    }
    return status;
}

/* ${NAME?word}: *in is at the word. */
static enum sw_status require(struct expander *ex, const struct parameter *p, struct sw_str *in,
                              bool colon, struct sw_err *err)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_SUBST_MAX);
    enum sw_status status = read_text(ex, p, in, SINK_TEXT, p->quoted, "}", &text, err);
    if (status == SW_OK && ex->skipping == 0) {
        status = sw_fail(err, SW_E_INPUT, "%.*s: %s", SW_STR_ARG(p->name),
                         text.len > 0 ? text.ptr
                         : colon      ? "the variable is not set or empty"
                                      : "the variable is not set");
    }
    sw_buf_release(&text);
    return status;
}

/* ${NAME=word}: what would be assigned is the value, whose blanks are no longer quoted. */
static enum sw_status assignment(struct expander *ex, const struct parameter *p, struct sw_str *in,
                                 struct sink *sink, struct sw_err *err)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_SUBST_MAX);
    enum sw_status status = read_text(ex, p, in, SINK_TEXT, p->quoted, "}", &text, err);
    if (status == SW_OK && ex->skipping == 0) {
        sw_subst_emit(sink, sw_buf_str(&text), p->quoted);
    }
    sw_buf_release(&text);
    return status;
}

/* - = + ? with or without a colon; *in is behind the operator. */
static enum sw_status alternative(struct expander *ex, const struct parameter *p, char op,
                                  bool colon, struct sw_str *in, struct sink *sink,
                                  struct sw_err *err)
{
    bool there = p->value && (!colon || p->value[0] != '\0');
    if (op == '=' && !there) {
        return assignment(ex, p, in, sink, err);
    }
    if (op == '+' ? there : (!there && op != '?')) {
        return sw_subst_read_word(ex, p->source, in, p->quoted, "}", sink, err);
    }
    if (op == '?' && !there) {
        return require(ex, p, in, colon, err);
    }
    enum sw_status status = skip_word(ex, p, in, err);
    return status == SW_OK && op != '+' ? emit_value(ex, p, sink, err) : status;
}

/* A sum of whole numbers, in parentheses if wanted; an empty text is 0. */
static bool parse_offset(struct sw_str text, int64_t *ret)
{
    int64_t sum = 0;
    int64_t sign = 1;
    text = sw_str_trim(text);
    if (text.len > 1 && text.ptr[0] == '(' && text.ptr[text.len - 1] == ')') {
        text = sw_str_trim(sw_str_n(text.ptr + 1, text.len - 2));
    }
    bool wanted = text.len > 0; /* a number must come */
    while (text.len > 0) {
        if (text.ptr[0] == '+' || text.ptr[0] == '-') {
            sign = text.ptr[0] == '-' ? -sign : sign;
            sw_subst_take(&text, 1);
            wanted = true;
        } else {
            size_t digits = 0;
            int64_t number = 0;
            while (digits < text.len && sw_is_digit(text.ptr[digits])) {
                digits++;
            }
            /* A leading zero means octal to a shell, which nobody expects. */
            bool octal = digits > 1 && text.ptr[0] == '0';
            if (!wanted || octal ||
                !sw_parse_int(sw_subst_take(&text, digits), 0, OFFSET_MAX, &number)) {
                return false;
            }
            sum += sign * number;
            sign = 1;
            wanted = false;
        }
        text = sw_str_trim(text);
    }
    *ret = sum;
    return !wanted && sum >= -OFFSET_MAX && sum <= OFFSET_MAX;
}

static enum sw_status read_offset(struct expander *ex, const struct parameter *p, struct sw_str *in,
                                  const char *stops, int64_t *ret, struct sw_err *err)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_SUBST_MAX);
    enum sw_status status = read_text(ex, p, in, SINK_TEXT, true, stops, &text, err);
    if (status == SW_OK && ex->skipping == 0 && !parse_offset(sw_buf_str(&text), ret)) {
        struct sw_str part = sw_subst_snippet(p->source);
        status = sw_fail(err, SW_E_INPUT, "the offset or length in \"%.*s\" is not a whole number",
                         SW_STR_ARG(part));
    }
    sw_buf_release(&text);
    return status;
}

/* ${NAME:offset[:length]}: *in is behind the first colon. */
static enum sw_status substring(struct expander *ex, const struct parameter *p, struct sw_str *in,
                                struct sink *sink, struct sw_err *err)
{
    int64_t offset = 0;
    int64_t length = OFFSET_MAX;
    struct sw_str value = { NULL, 0 };
    enum sw_status status = read_offset(ex, p, in, ":}", &offset, err);
    if (status == SW_OK && sw_subst_at(*in, ':')) {
        sw_subst_take(in, 1);
        status = read_offset(ex, p, in, "}", &length, err);
    }
    if (status == SW_OK) {
        status = need_value(ex, p, &value, err);
    }
    if (status != SW_OK || ex->skipping > 0 || !p->value) {
        return status;
    }
    int64_t count = (int64_t)sw_utf8_count(value);
    int64_t start = offset < 0 ? offset + count : offset;
    if (start < 0 || start > count) {
        return SW_OK;
    }
    int64_t end = length < 0 ? count + length : start + length;
    if (end < start) {
        struct sw_str part = sw_subst_snippet(p->source);
        return sw_fail(err, SW_E_INPUT,
                       "\"%.*s\" ends before it starts: the value has %zu characters",
                       SW_STR_ARG(part), (size_t)count);
    }
    sw_subst_emit(sink, sw_utf8_slice(value, (size_t)start, (size_t)(end - start)), p->quoted);
    return SW_OK;
}

struct pattern_parts {
    enum sw_pattern_op op;
    struct sw_buf pattern;
    struct sw_buf replacement;
};

/* Applies the operator to the value. */
static enum sw_status apply_pattern(struct expander *ex, const struct parameter *p,
                                    const struct pattern_parts *parts, struct sink *sink,
                                    struct sw_err *err)
{
    struct sw_str value = { NULL, 0 };
    enum sw_status status = need_value(ex, p, &value, err);
    if (status != SW_OK || ex->skipping > 0 || !p->value) {
        return status;
    }
    struct sw_buf result;
    sw_buf_init(&result, SW_SUBST_MAX);
    status = sw_pattern_apply(parts->op, value, sw_buf_str(&parts->pattern),
                              sw_buf_str(&parts->replacement), &ex->budget, &result, err);
    if (status == SW_OK) {
        status = sw_buf_check(&result, "a result", err);
    }
    if (status == SW_OK) {
        sw_subst_emit(sink, sw_buf_str(&result), p->quoted);
    }
    sw_buf_release(&result);
    return status;
}

/* Reads the pattern, and after a '/' the replacement, of a ${NAME<op>...}. */
static enum sw_status read_parts(struct expander *ex, const struct parameter *p, struct sw_str *in,
                                 bool replaces, struct pattern_parts *parts, struct sw_err *err)
{
    /* ${NAME////-}: after the operator a slash belongs to the pattern. */
    if (parts->op == SW_PATTERN_REPLACE_ALL && sw_subst_at(*in, '/')) {
        sw_subst_take(in, 1);
        sw_buf_add_char(&parts->pattern, '/');
    }
    enum sw_status status =
        read_text(ex, p, in, SINK_PATTERN, false, replaces ? "/}" : "}", &parts->pattern, err);
    if (status == SW_OK && sw_subst_at(*in, '/')) {
        sw_subst_take(in, 1);
        status = read_text(ex, p, in, SINK_TEXT, false, "}", &parts->replacement, err);
    }
    return status;
}

/* The operators by their text, longer ones first. */
static const struct {
    const char *text;
    enum sw_pattern_op op;
} pattern_ops[] = {
    { "##", SW_PATTERN_CUT_START_LONG }, { "#", SW_PATTERN_CUT_START },
    { "%%", SW_PATTERN_CUT_END_LONG },   { "%", SW_PATTERN_CUT_END },
    { "//", SW_PATTERN_REPLACE_ALL },    { "/#", SW_PATTERN_REPLACE_START },
    { "/%", SW_PATTERN_REPLACE_END },    { "/", SW_PATTERN_REPLACE_FIRST },
    { "^^", SW_PATTERN_UPPER_ALL },      { "^", SW_PATTERN_UPPER_FIRST },
    { ",,", SW_PATTERN_LOWER_ALL },      { ",", SW_PATTERN_LOWER_FIRST },
};

static enum sw_status pattern_form(struct expander *ex, const struct parameter *p,
                                   struct sw_str *in, struct sink *sink, struct sw_err *err)
{
    size_t i = 0;
    while (i < SW_COUNT(pattern_ops) && !sw_str_starts(*in, pattern_ops[i].text)) {
        i++;
    }
    if (i == SW_COUNT(pattern_ops)) {
        return bad_form(p, err);
    }
    struct pattern_parts parts = { .op = pattern_ops[i].op };
    bool replaces = sw_subst_at(*in, '/');
    sw_subst_take(in, strlen(pattern_ops[i].text));
    sw_buf_init(&parts.pattern, SW_SUBST_MAX);
    sw_buf_init(&parts.replacement, SW_SUBST_MAX);
    enum sw_status status = read_parts(ex, p, in, replaces, &parts, err);
    if (status == SW_OK) {
        status = apply_pattern(ex, p, &parts, sink, err);
    }
    sw_buf_release(&parts.pattern);
    sw_buf_release(&parts.replacement);
    return status;
}

/* What follows the name in ${NAME...}, up to the closing brace, which is left. */
static enum sw_status operator_form(struct expander *ex, const struct parameter *p,
                                    struct sw_str *in, struct sink *sink, struct sw_err *err)
{
    if (in->len == 0) {
        return sw_subst_unterminated(p->source, "}", err);
    }
    if (sw_subst_at(*in, '}')) {
        return emit_value(ex, p, sink, err);
    }
    bool colon = sw_subst_at(*in, ':');
    size_t op_at = colon && in->len > 1 ? 1 : 0;
    char op = in->ptr[op_at];
    if (op != '\0' && strchr("-=+?", op)) {
        sw_subst_take(in, colon ? 2 : 1);
        return alternative(ex, p, op, colon, in, sink, err);
    }
    if (colon && op != '}') {
        sw_subst_take(in, 1);
        return substring(ex, p, in, sink, err);
    }
    return pattern_form(ex, p, in, sink, err);
}

/* Takes a variable's name from *in; it may be empty. */
static struct sw_str take_name(struct sw_str *in)
{
    size_t len = 0;
    while (len < in->len && (in->ptr[len] == '_' || sw_is_alpha(in->ptr[len]) ||
                             (len > 0 && sw_is_digit(in->ptr[len])))) {
        len++;
    }
    return sw_subst_take(in, len);
}

static const char *lookup(const struct expander *ex, struct sw_str name)
{
    char *copy = sw_str_dup(name);
    const char *value = sw_env_get_raw(ex->env, copy);
    free(copy);
    return value;
}

/* ${#NAME}: *in is behind the brace. */
static enum sw_status length_form(struct expander *ex, struct parameter *p, struct sw_str *in,
                                  struct sink *sink, struct sw_err *err)
{
    struct sw_str value = { NULL, 0 };
    sw_subst_take(in, 1);
    p->name = take_name(in);
    if (p->name.len == 0 || (in->len > 0 && !sw_subst_at(*in, '}'))) {
        return bad_form(p, err);
    }
    p->value = lookup(ex, p->name);
    enum sw_status status = need_value(ex, p, &value, err);
    if (status == SW_OK && ex->skipping == 0) {
        char number[32];
        int len = snprintf(number, sizeof(number), "%zu", sw_utf8_count(value));
        sw_subst_emit(sink, sw_str_n(number, (size_t)len), p->quoted);
    }
    return status;
}

/* *in is behind "${". */
static enum sw_status braced(struct expander *ex, struct parameter *p, struct sw_str *in,
                             struct sink *sink, struct sw_err *err)
{
    enum sw_status status = SW_OK;
    if (ex->depth == SW_SUBST_DEPTH_MAX) {
        return sw_fail(err, SW_E_INPUT, "${...} are nested deeper than %d", SW_SUBST_DEPTH_MAX);
    }
    ex->depth++;
    if (sw_subst_at(*in, '#')) {
        status = length_form(ex, p, in, sink, err);
    } else {
        p->name = take_name(in);
        if (p->name.len > 0) {
            p->value = lookup(ex, p->name);
            status = operator_form(ex, p, in, sink, err);
        } else {
            status = in->len > 0 ? bad_form(p, err) : sw_subst_unterminated(p->source, "}", err);
        }
    }
    ex->depth--;
    if (status == SW_OK && !sw_subst_at(*in, '}')) {
        status = sw_subst_unterminated(p->source, "}", err);
    }
    sw_subst_take(in, 1);
    return status;
}

/* The command at the beginning of `line`, $(...) or `...`; empty when its end is not in sight. */
static struct sw_str command_of(struct sw_str line)
{
    int depth = 0;

    for (size_t i = 1; i < line.len; i++) {
        char c = line.ptr[i];
        depth += c == '(' ? 1 : 0;
        depth -= c == ')' ? 1 : 0;
        if (line.ptr[0] == '`' ? c == '`' : depth == 0 && c == ')') {
            return sw_str_first(line, i + 1);
        }
    }
    return sw_str_first(line, 0);
}

static enum sw_status refuse_command(struct sw_str source, struct sw_err *err)
{
    struct sw_str part = sw_subst_snippet(source);
    struct sw_str command = command_of(part);
    if (sw_str_starts(source, "$((")) {
        return sw_fail(err, SW_E_INPUT,
                       "arithmetic in \"%.*s\" is not supported; compute it in an earlier step, "
                       "put it in a variable and write ${NAME}",
                       SW_STR_ARG(part));
    }
    if (command.len > 0) {
        part = command;
    } else {
        command = SW_STR("$(...)");
    }
    return sw_fail(err, SW_E_INPUT,
                   "\"%.*s\" is not run: text is never executed, and only date is answered, as in "
                   "$(date +%%F); run it in an earlier step: echo "
                   "\"export NAME='%.*s'\" >> \"$BASH_ENV\", and write ${NAME} here (\\%c stands "
                   "for a plain %c)",
                   SW_STR_ARG(part), SW_STR_ARG(command), source.ptr[0], source.ptr[0]);
}

/* The one command that is answered, as text that asks for it is common; it is not run either. */
static enum sw_status substitute_command(const struct expander *ex, struct sw_str *in, bool quoted,
                                         struct sink *sink, struct sw_err *err)
{
    const struct sw_str command = command_of(sw_str_first(*in, SW_SUBST_DATE_MAX));
    SW_CLEANUP(sw_buf_release) struct sw_buf date = { 0 };
    bool known = false;

    sw_buf_init(&date, SW_SUBST_MAX);
    enum sw_status status = sw_subst_date(ex->env, command, &known, &date, err);
    if (status != SW_OK || !known) {
        return status != SW_OK ? status : refuse_command(*in, err);
    }
    sw_subst_emit(sink, sw_buf_str(&date), quoted);
    sw_subst_take(in, command.len);
    return SW_OK;
}

enum sw_status sw_subst_dollar(struct expander *ex, struct sw_str *in, bool quoted,
                               struct sink *sink, struct sw_err *err)
{
    struct parameter p = { .source = *in, .quoted = quoted };
    if (sw_subst_at(*in, '`') || (in->len > 1 && in->ptr[1] == '(')) {
        return substitute_command(ex, in, quoted, sink, err);
    }
    sw_subst_take(in, 1);
    if (sw_subst_at(*in, '{')) {
        sw_subst_take(in, 1);
        return braced(ex, &p, in, sink, err);
    }
    p.name = take_name(in);
    if (p.name.len > 0) {
        p.value = lookup(ex, p.name);
        return emit_value(ex, &p, sink, err);
    }
    if (in->len > 0 && (sw_is_digit(in->ptr[0]) || strchr("@*#?-$!", in->ptr[0])) &&
        in->ptr[0] != '\0') {
        return sw_fail(err, SW_E_INPUT,
                       "\"$%c\" means nothing here; write \\$ for a plain $, or ${NAME}",
                       in->ptr[0]);
    }
    sw_subst_emit(sink, SW_STR("$"), quoted);
    return SW_OK;
}
