#include "compile.h"
#include "pattern.h"

/*
 * Expressions, evaluated while they are parsed. Precedence from loose to tight: or; and; == !=
 * starts-with contains matches; >= > <= <; not. "and" and "or" return one of their operands. A
 * value that is declared but not set is undefined (NULL): comparisons with it are undefined too.
 */

enum token_kind {
    TOKEN_END,
    TOKEN_NAME, /* identifiers and word operators */
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_PATTERN,
    TOKEN_SYMBOL, /* == != >= > <= < ! ( ) */
};

struct token {
    enum token_kind kind;
    struct sw_str text;
};

struct parser {
    struct cc *cc;
    const struct cc_scope *scope;
    const struct sw_yaml *at;
    struct sw_str text;
    size_t pos;
    struct token token; /* the next one */
    unsigned depth;
    unsigned skipping; /* > 0: the operand is parsed, not evaluated */
    bool failed;
    bool unexpected_character;
};

enum { EXPRESSION_DEPTH_MAX = 64 };

/* Marks patterns, which only "matches" accepts. */
static const char pattern_value = 0;

static void fail(struct parser *parser, const char *text)
{
    if (!parser->failed) {
        cc_problem(parser->cc, parser->at, "%s in expression: %.*s", text,
                   SW_STR_ARG(sw_str_trim(parser->text)));
    }
    parser->failed = true;
    parser->token = (struct token){ TOKEN_END, { NULL, 0 } };
}

static bool is_name_char(char c)
{
    return sw_is_alnum(c) || c == '_' || c == '-' || c == '?';
}

/* [a-zA-Z][\w-]*(\.[\w-]+)* */
static size_t name_end(struct sw_str text, size_t at)
{
    while (at < text.len) {
        bool dot = text.ptr[at] == '.' && at + 1 < text.len && is_name_char(text.ptr[at + 1]);
        if (!dot && !is_name_char(text.ptr[at])) {
            break;
        }
        at++;
    }
    return at;
}

/* A text between `quote`s; a backslash hides the character after it. */
static void scan_quoted(struct parser *parser, char quote, enum token_kind kind)
{
    size_t at = parser->pos + 1;
    while (at < parser->text.len && parser->text.ptr[at] != quote) {
        at += parser->text.ptr[at] == '\\' ? 2 : 1;
    }
    if (at >= parser->text.len) {
        fail(parser, kind == TOKEN_STRING ? "Unterminated string" : "Unterminated pattern");
        return;
    }
    parser->token.kind = kind;
    parser->token.text = sw_str_n(parser->text.ptr + parser->pos + 1, at - parser->pos - 1);
    parser->pos = at + 1;
}

static void scan_symbol(struct parser *parser)
{
    static const char *const symbols[] = { "==", "!=", ">=", "<=", ">", "<", "!", "(", ")" };
    struct sw_str rest = sw_str_from(parser->text, parser->pos);
    for (size_t i = 0; i < SW_COUNT(symbols); i++) {
        if (sw_str_starts(rest, symbols[i])) {
            parser->token = (struct token){ TOKEN_SYMBOL, sw_str_first(rest, strlen(symbols[i])) };
            parser->pos += strlen(symbols[i]);
            return;
        }
    }
    parser->unexpected_character = true;
    fail(parser, cc_text(parser->cc, "Unexpected character '%c'", rest.ptr[0]));
}

static void advance(struct parser *parser)
{
    while (parser->pos < parser->text.len && sw_is_space(parser->text.ptr[parser->pos])) {
        parser->pos++;
    }
    if (parser->failed || parser->pos >= parser->text.len) {
        parser->token = (struct token){ TOKEN_END, { NULL, 0 } };
        return;
    }
    char c = parser->text.ptr[parser->pos];
    if (sw_is_alpha(c) || sw_is_digit(c)) {
        size_t end = parser->pos;
        while (sw_is_digit(c) && end < parser->text.len && sw_is_digit(parser->text.ptr[end])) {
            end++;
        }
        end = sw_is_digit(c) ? end : name_end(parser->text, parser->pos);
        parser->token.kind = sw_is_digit(c) ? TOKEN_NUMBER : TOKEN_NAME;
        parser->token.text = sw_str_n(parser->text.ptr + parser->pos, end - parser->pos);
        parser->pos = end;
    } else if (c == '"') {
        scan_quoted(parser, '"', TOKEN_STRING);
    } else if (c == '/') {
        scan_quoted(parser, '/', TOKEN_PATTERN);
    } else {
        scan_symbol(parser);
    }
}

static bool next_is(const struct parser *parser, enum token_kind kind, const char *text)
{
    return parser->token.kind == kind && sw_str_is(parser->token.text, text);
}

static bool take(struct parser *parser, enum token_kind kind, const char *text)
{
    if (!next_is(parser, kind, text)) {
        return false;
    }
    advance(parser);
    return true;
}

static bool take_word(struct parser *parser, const char *lower, const char *upper)
{
    return take(parser, TOKEN_NAME, lower) || take(parser, TOKEN_NAME, upper);
}

static struct sw_yaml *parse_or(struct parser *parser);

static struct sw_yaml *take_string(struct parser *parser)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_CONFIG_EXPRESSION_MAX);
    struct sw_str raw = parser->token.text;
    for (size_t i = 0; i < raw.len; i++) {
        bool escaped = raw.ptr[i] == '\\' && i + 1 < raw.len &&
                       (raw.ptr[i + 1] == '"' || raw.ptr[i + 1] == '\\');
        i += escaped ? 1 : 0;
        sw_buf_add_char(&text, raw.ptr[i]);
    }
    advance(parser);
    return sw_yaml_new_str(parser->cc->pool, sw_buf_str(&text), parser->at);
}

static struct sw_yaml *take_name(struct parser *parser)
{
    struct sw_str name = parser->token.text;
    if (sw_str_is(name, "true") || sw_str_is(name, "false")) {
        advance(parser);
        return sw_yaml_new_bool(parser->cc->pool, name.len == strlen("true"), parser->at);
    }
    struct sw_yaml *value = NULL;
    if (parser->skipping == 0 &&
        !cc_lookup(parser->cc, parser->scope, sw_yaml_pool_text(parser->cc->pool, name), parser->at,
                   &value)) {
        parser->failed = true;
    }
    advance(parser);
    return value == NULL || value->type == SW_YAML_NULL ? NULL : value;
}

static struct sw_yaml *take_number(struct parser *parser)
{
    int64_t number = 0;
    if (!sw_parse_int(parser->token.text, 0, INT64_MAX, &number)) {
        fail(parser, "Invalid number");
    }
    advance(parser);
    return sw_yaml_new_int(parser->cc->pool, number, parser->at);
}

static struct sw_yaml *parse_group(struct parser *parser)
{
    advance(parser);
    struct sw_yaml *value = parse_or(parser);
    if (!take(parser, TOKEN_SYMBOL, ")")) {
        fail(parser, "Expected ')' after expression");
    }
    return value;
}

static struct sw_yaml *parse_primary(struct parser *parser)
{
    static const char *const operators[] = { "and", "or", "AND", "OR" };
    struct sw_str text = parser->token.text;
    for (size_t i = 0; i < SW_COUNT(operators); i++) {
        if (next_is(parser, TOKEN_NAME, operators[i])) {
            parser->token.kind = TOKEN_SYMBOL;
        }
    }
    switch (parser->token.kind) {
    case TOKEN_NAME:
        return take_name(parser);
    case TOKEN_NUMBER:
        return take_number(parser);
    case TOKEN_STRING:
        return take_string(parser);
    case TOKEN_PATTERN: {
        struct sw_yaml *value = sw_yaml_new_str(parser->cc->pool, text, parser->at);
        value->user = &pattern_value;
        advance(parser);
        return value;
    }
    case TOKEN_SYMBOL:
        if (sw_str_is(text, "(")) {
            return parse_group(parser);
        }
        fail(parser, cc_text(parser->cc, "Expected expression, found \"%.*s\"", SW_STR_ARG(text)));
        return NULL;
    case TOKEN_END:
        break;
    }
    fail(parser, "Expected expression");
    return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
static struct sw_yaml *parse_unary(struct parser *parser)
{
    if (++parser->depth > EXPRESSION_DEPTH_MAX) {
        fail(parser, "Too many levels of parentheses");
    }
    struct sw_yaml *value = NULL;
    if (take(parser, TOKEN_SYMBOL, "!") || take_word(parser, "not", "NOT")) {
        value = parse_unary(parser);
        value = sw_yaml_new_bool(parser->cc->pool, !cc_truthy(value), parser->at);
    } else {
        value = parse_primary(parser);
    }
    parser->depth--;
    return value;
}

static bool compare(const char *operator, int64_t a, int64_t b)
{
    if (strcmp(operator, ">") == 0) {
        return a > b;
    }
    if (strcmp(operator, ">=") == 0) {
        return a >= b;
    }
    return strcmp(operator, "<") == 0 ? a < b : a <= b;
}

/* Whether both operands can be used; a problem when one is of a wrong type. */
static bool operands_are(struct parser *parser, const char *operator, enum sw_yaml_type type,
                         const struct sw_yaml *a, const struct sw_yaml *b)
{
    if (parser->skipping > 0 || parser->failed || a == NULL || b == NULL) {
        return false;
    }
    if (a->type == type && b->type == type) {
        return true;
    }
    if (parser->cc->lenient == 0) {
        fail(parser, cc_text(parser->cc, "Operator %s needs %s operands, found %s and %s", operator,
                             type == SW_YAML_INT ? "integer" : "string", cc_show(parser->cc, a),
                             cc_show(parser->cc, b)));
    }
    return false;
}

/* The comparison that comes next, taken; NULL when none does. */
static const char *take_comparison(struct parser *parser)
{
    static const char *const operators[] = { ">=", ">", "<=", "<" };
    for (size_t i = 0; i < SW_COUNT(operators); i++) {
        if (take(parser, TOKEN_SYMBOL, operators[i])) {
            return operators[i];
        }
    }
    return NULL;
}

static struct sw_yaml *parse_comparison(struct parser *parser)
{
    struct sw_yaml *left = parse_unary(parser);
    const char *operator= take_comparison(parser);
    while (operator!= NULL) {
        struct sw_yaml *right = parse_unary(parser);
        bool usable = operands_are(parser, operator, SW_YAML_INT, left, right);
        bool result = usable && left != NULL && right != NULL &&
                      compare(operator, left->integer, right->integer);
        left = usable ? sw_yaml_new_bool(parser->cc->pool, result, parser->at) : NULL;
        operator= take_comparison(parser);
    }
    return left;
}

static struct sw_yaml *match(struct parser *parser, struct sw_yaml *left, struct sw_yaml *right)
{
    if (parser->skipping > 0 || left == NULL || right == NULL) {
        return NULL;
    }
    if (right->user != &pattern_value || left->type != SW_YAML_STR) {
        fail(parser, "Operator matches needs a string and a /pattern/");
        return NULL;
    }
    const char *reason = "";
    int result = sw_pattern_match(sw_str(right->text), left->text, &reason);
    if (result < 0) {
        fail(parser,
             cc_text(parser->cc, "Invalid regular expression: %s: %s", right->text, reason));
        return NULL;
    }
    return sw_yaml_new_bool(parser->cc->pool, result > 0, parser->at);
}

static struct sw_yaml *apply_word(struct parser *parser, struct sw_str word, struct sw_yaml *left,
                                  struct sw_yaml *right)
{
    if (sw_str_is(word, "matches")) {
        return match(parser, left, right);
    }
    const char *name = sw_str_is(word, "contains") ? "contains" : "starts-with";
    if (!operands_are(parser, name, SW_YAML_STR, left, right) || left == NULL || right == NULL) {
        return NULL;
    }
    struct sw_str text = sw_str_n(left->text, left->len);
    bool result = sw_str_is(word, "contains")
                      ? sw_str_find_str(text, sw_str_n(right->text, right->len)) >= 0
                      : sw_str_starts(text, right->text);
    return sw_yaml_new_bool(parser->cc->pool, result, parser->at);
}

/* A name behind an operand: one of the word operators, or nothing that is known. */
static bool take_infix(struct parser *parser, struct sw_str *ret_word)
{
    static const char *const words[] = { "starts-with", "contains", "matches" };
    if (parser->token.kind != TOKEN_NAME) {
        return false;
    }
    for (size_t i = 0; i < SW_COUNT(words); i++) {
        if (sw_str_is(parser->token.text, words[i])) {
            *ret_word = parser->token.text;
            advance(parser);
            return true;
        }
    }
    return false;
}

static struct sw_yaml *parse_equality(struct parser *parser)
{
    struct sw_yaml *left = parse_comparison(parser);
    for (;;) {
        struct sw_str word;
        bool equal = take(parser, TOKEN_SYMBOL, "==");
        if (!equal && !take(parser, TOKEN_SYMBOL, "!=")) {
            if (!take_infix(parser, &word)) {
                return left;
            }
            struct sw_yaml *right = parse_comparison(parser);
            left = apply_word(parser, word, left, right);
            continue;
        }
        struct sw_yaml *right = parse_comparison(parser);
        left = left == NULL || right == NULL
                   ? NULL
                   : sw_yaml_new_bool(parser->cc->pool, cc_same(left, right) == equal, parser->at);
    }
}

static struct sw_yaml *parse_and(struct parser *parser)
{
    struct sw_yaml *left = parse_equality(parser);
    while (take_word(parser, "and", "AND")) {
        bool skip = !cc_truthy(left);
        parser->skipping += skip ? 1 : 0;
        struct sw_yaml *right = parse_equality(parser);
        parser->skipping -= skip ? 1 : 0;
        left = skip ? left : right;
    }
    return left;
}

static struct sw_yaml *parse_or(struct parser *parser)
{
    struct sw_yaml *left = parse_and(parser);
    while (take_word(parser, "or", "OR")) {
        bool skip = cc_truthy(left);
        parser->skipping += skip ? 1 : 0;
        struct sw_yaml *right = parse_and(parser);
        parser->skipping -= skip ? 1 : 0;
        left = skip ? left : right;
    }
    return left;
}

bool cc_is_dotted_name(struct sw_str text)
{
    size_t at = 0;
    while (at < text.len && (sw_is_alnum(text.ptr[at]) || strchr("_-", text.ptr[at]) != NULL)) {
        at++;
    }
    if (at == 0 || (at < text.len && text.ptr[at] != '.')) {
        return false;
    }
    for (; at < text.len; at++) {
        if (sw_is_space(text.ptr[at])) {
            return false;
        }
    }
    return true;
}

/* Whether the text cannot be scanned as an expression and looks like one name. */
static bool is_whole_name(struct cc *cc, const struct cc_scope *scope, struct sw_str text,
                          const struct sw_yaml *at)
{
    if (!cc_is_dotted_name(text)) {
        return false;
    }
    struct parser parser = { .cc = cc, .scope = scope, .at = at, .text = text, .skipping = 1 };
    cc->probing++;
    do {
        advance(&parser);
    } while (!parser.failed && parser.token.kind != TOKEN_END);
    cc->probing--;
    return parser.unexpected_character;
}

bool cc_eval(struct cc *cc, const struct cc_scope *scope, struct sw_str text,
             const struct sw_yaml *at, struct sw_yaml **ret)
{
    struct sw_str body = sw_str_trim(text);
    if (text.len > SW_CONFIG_EXPRESSION_MAX) {
        cc_problem(cc, at, "Expressions must be less than %d characters.",
                   SW_CONFIG_EXPRESSION_MAX);
        return false;
    }
    if (is_whole_name(cc, scope, body, at)) {
        return cc_lookup(cc, scope, sw_yaml_pool_text(cc->pool, body), at, ret);
    }
    struct parser parser = { .cc = cc, .scope = scope, .at = at, .text = body };
    advance(&parser);
    struct sw_yaml *value = parse_or(&parser);
    if (!parser.failed && parser.token.kind != TOKEN_END) {
        fail(&parser, cc_text(cc, "Unexpected \"%.*s\"", SW_STR_ARG(parser.token.text)));
    }
    if (parser.failed) {
        return false;
    }
    *ret = value;
    return true;
}
