#include <slipway/challenge.h>

#include <slipway/alloc.h>
#include <slipway/buf.h>

struct scan {
    struct sw_str text;
    size_t at;
};

static bool is_token_char(char c)
{
    return sw_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool at_end(const struct scan *scan)
{
    return scan->at >= scan->text.len;
}

static char peek(const struct scan *scan)
{
    if (at_end(scan)) {
        return '\0';
    }
    return scan->text.ptr[scan->at];
}

static void skip_blanks(struct scan *scan)
{
    while (peek(scan) == ' ' || peek(scan) == '\t') {
        scan->at++;
    }
}

static void skip_separators(struct scan *scan)
{
    while (peek(scan) == ' ' || peek(scan) == '\t' || peek(scan) == ',') {
        scan->at++;
    }
}

static struct sw_str token(struct scan *scan)
{
    size_t start = scan->at;

    while (is_token_char(peek(scan))) {
        scan->at++;
    }
    return sw_str_n(scan->text.ptr + start, scan->at - start);
}

static enum sw_status malformed(const struct scan *scan, const char *expected, struct sw_err *err)
{
    return sw_fail(err, SW_E_UNAVAILABLE,
                   "the WWW-Authenticate header \"%.*s\" is malformed at position %zu: expected %s",
                   SW_STR_ARG(sw_str_first(scan->text, 200)), scan->at + 1, expected);
}

/* A token or a quoted string. The result is the caller's. */
static enum sw_status value(struct scan *scan, char **ret, struct sw_err *err)
{
    struct sw_buf out;

    if (peek(scan) != '"') {
        struct sw_str plain = token(scan);

        if (plain.len == 0) {
            return malformed(scan, "a value", err);
        }
        *ret = sw_str_dup(plain);
        return SW_OK;
    }
    sw_buf_init(&out, SW_CHALLENGE_HEADER_MAX);
    scan->at++;
    while (!at_end(scan) && peek(scan) != '"') {
        if (peek(scan) == '\\' && scan->at + 1 < scan->text.len) {
            scan->at++;
        }
        sw_buf_add_char(&out, peek(scan));
        scan->at++;
    }
    if (at_end(scan)) {
        sw_buf_release(&out);
        return malformed(scan, "a closing quote", err);
    }
    scan->at++;
    *ret = sw_buf_take(&out);
    return SW_OK;
}

/* Where a parameter of that name is kept; NULL when it is of no interest. */
static char **slot(struct sw_challenge *challenge, struct sw_str name)
{
    if (sw_str_eq_nocase(name, SW_STR("realm"))) {
        return &challenge->realm;
    }
    if (sw_str_eq_nocase(name, SW_STR("service"))) {
        return &challenge->service;
    }
    if (sw_str_eq_nocase(name, SW_STR("scope"))) {
        return &challenge->scope;
    }
    if (sw_str_eq_nocase(name, SW_STR("error"))) {
        return &challenge->error;
    }
    return NULL;
}

/* The first of two equal parameters counts. */
static void keep(struct sw_challenge *challenge, struct sw_str name, char *text)
{
    char **place = challenge ? slot(challenge, name) : NULL;

    if (place && !*place) {
        *place = text;
    } else {
        free(text);
    }
}

/* Whether a parameter's '=' stands here, and not the padding of a token68 such as "abc==". */
static bool at_equals(struct scan *scan)
{
    struct scan ahead = *scan;

    skip_blanks(&ahead);
    if (peek(&ahead) != '=') {
        return false;
    }
    ahead.at++;
    skip_blanks(&ahead);
    if (peek(&ahead) != '"' && !is_token_char(peek(&ahead))) {
        return false;
    }
    *scan = ahead;
    return true;
}

/* Steps over credentials in token68 form after a scheme, e.g. "Negotiate YWJj==". */
static void skip_token68(struct scan *scan)
{
    struct scan ahead = *scan;

    skip_blanks(&ahead);
    while (is_token_char(peek(&ahead)) || peek(&ahead) == '/') {
        ahead.at++;
    }
    while (peek(&ahead) == '=') {
        ahead.at++;
    }
    skip_blanks(&ahead);
    if (at_end(&ahead) || peek(&ahead) == ',') {
        *scan = ahead;
    }
}

enum sw_status sw_challenges_parse(struct sw_challenges *list, struct sw_str header,
                                   struct sw_err *err)
{
    struct scan scan = { header, 0 };
    struct sw_challenge *current = NULL;

    if (header.len > SW_CHALLENGE_HEADER_MAX) {
        return sw_fail(err, SW_E_UNAVAILABLE, "the WWW-Authenticate header is longer than %d bytes",
                       SW_CHALLENGE_HEADER_MAX);
    }
    for (skip_separators(&scan); !at_end(&scan); skip_separators(&scan)) {
        struct sw_str name = token(&scan);
        char *text = NULL;
        enum sw_status status;

        if (name.len == 0) {
            return malformed(&scan, "a name", err);
        }
        if (at_equals(&scan)) {
            status = value(&scan, &text, err);
            if (status != SW_OK) {
                return status;
            }
            keep(current, name, text);
            continue;
        }
        if (list->count == SW_CHALLENGES_MAX) {
            return SW_OK;
        }
        current = &list->items[list->count++];
        *current = (struct sw_challenge){ .scheme = sw_str_dup(name) };
        skip_token68(&scan);
    }
    return SW_OK;
}

const struct sw_challenge *sw_challenges_find(const struct sw_challenges *list, const char *scheme)
{
    for (size_t i = 0; i < list->count; i++) {
        if (sw_str_eq_nocase(sw_str(list->items[i].scheme), sw_str(scheme))) {
            return &list->items[i];
        }
    }
    return NULL;
}

void sw_challenges_release(struct sw_challenges *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].scheme);
        free(list->items[i].realm);
        free(list->items[i].service);
        free(list->items[i].scope);
        free(list->items[i].error);
    }
    *list = (struct sw_challenges){ 0 };
}
