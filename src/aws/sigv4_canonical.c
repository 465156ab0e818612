/*
 * SigV4, first step: the canonical request. Everything that a proxy or a client library may write
 * in more than one way is brought to one form here.
 */
#include "sigv4_internal.h"

#include <slipway/alloc.h>

#include <stdlib.h>

/* A header or query parameter in canonical form. */
struct pair {
    char *name;
    char *value;
    size_t index; /* arrival order */
};
struct pairs {
    struct pair items[SW_SIGV4_ITEMS_MAX];
    size_t count;
};

static void pairs_free(struct pairs *pairs)
{
    if (!pairs) {
        return;
    }
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        sw_free_secret(pairs->items[i].value);
    }
    free(pairs);
}
SW_DEFINE_CLEANUP(pairs_cleanup, struct pairs, pairs_free)

static struct pairs *pairs_new(void)
{
    return sw_xcalloc(1, sizeof(struct pairs));
}

/* Takes both strings. */
static enum sw_status pairs_add(struct pairs *pairs, char *name, char *value, const char *what,
                                struct sw_err *err)
{
    if (pairs->count == SW_SIGV4_ITEMS_MAX) {
        free(name);
        sw_free_secret(value);
        return sw_fail(err, SW_E_TOO_LARGE, "cannot sign a request with more than %d %s",
                       SW_SIGV4_ITEMS_MAX, what);
    }
    pairs->items[pairs->count] =
        (struct pair){ .name = name, .value = value, .index = pairs->count };
    pairs->count++;
    return SW_OK;
}

/* Query parameters: by encoded name, then by encoded value, both in byte order. */
static int compare_params(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->value, y->value);
}

/* Headers: by lower-case name; those of one name stay in arrival order. */
static int compare_headers(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = strcmp(x->name, y->name);
    if (order != 0) {
        return order;
    }
    return (x->index > y->index) - (x->index < y->index);
}

/* ---- path ---- */

/* RFC 3986 5.2.4 without dot segments; AWS also wants "//" collapsed. */
static void add_normal_path(struct sw_buf *out, struct sw_str path)
{
    struct sw_str rest = path;
    size_t start = out->len;
    while (rest.ptr) {
        struct sw_str segment = sw_str_cut(&rest, '/');
        if (segment.len == 0 || sw_str_is(segment, ".")) {
            continue;
        }
        if (!sw_str_is(segment, "..")) {
            sw_buf_add_char(out, '/');
            sw_buf_add_str(out, segment);
            continue;
        }
        while (out->len > start && out->ptr[out->len - 1] != '/') {
            sw_buf_truncate(out, out->len - 1);
        }
        if (out->len > start) {
            sw_buf_truncate(out, out->len - 1);
        }
    }
    if (out->len == start || sw_str_ends(path, "/")) {
        sw_buf_add_char(out, '/');
    }
}

static enum sw_status add_path(struct sw_buf *out, const struct sw_sigv4_request *request,
                               const struct sw_sigv4_options *options, struct sw_err *err)
{
    struct sw_str path = request->path.len > 0 ? request->path : SW_STR("/");
    struct sw_buf normal SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&normal, SW_SIGV4_TEXT_MAX);
    if (!options->raw_path) {
        add_normal_path(&normal, path);
        path = sw_buf_str(&normal);
    }
    if (options->single_encode) {
        sw_buf_add_str(out, path);
    } else {
        sw_buf_add_uri(out, path, true);
    }
    return sw_buf_check(&normal, "the path to sign", err);
}

/* ---- query ---- */

/* Percent-decoded, then encoded again with upper-case hex; '+' stands for itself. The caller's. */
static char *reencode(struct sw_str text)
{
    struct sw_buf plain SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&plain, text.len);
    sw_buf_add_uri_decoded(&plain, text);
    struct sw_buf encoded SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&encoded, 3 * text.len);
    sw_buf_add_uri(&encoded, sw_buf_str(&plain), false);
    return sw_buf_take(&encoded);
}

static enum sw_status collect_params(struct pairs *pairs, struct sw_str query, struct sw_err *err)
{
    if (query.len > SW_SIGV4_TEXT_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "cannot sign a query of more than %d bytes",
                       SW_SIGV4_TEXT_MAX);
    }
    while (query.ptr) {
        struct sw_str value = sw_str_cut(&query, '&');
        if (value.len == 0) {
            continue;
        }
        struct sw_str name = sw_str_cut(&value, '=');
        enum sw_status status =
            pairs_add(pairs, reencode(name), reencode(value), "query parameters", err);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

static void add_param(struct sw_buf *out, const char *name, struct sw_str value)
{
    sw_buf_addf(out, "%s%s=", out->len > 0 ? "&" : "", name);
    sw_buf_add_uri(out, value, false);
}

enum sw_status sigv4_add_query_params(const struct sw_sigv4_request *request,
                                      const struct sw_sigv4_options *options,
                                      const struct sw_credentials *credentials, bool signed_only,
                                      struct sw_buf *out, struct sw_err *err)
{
    char when[SW_TIME_TEXT_MAX];
    sw_time_format(options->wall_ms, SW_TIME_AMZ, when);
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_SIGV4_TEXT_MAX);

    add_param(out, "X-Amz-Algorithm", SW_STR("AWS4-HMAC-SHA256"));
    sw_buf_addf(&text, "%s/", credentials->access_key_id);
    sigv4_add_scope(&text, options, when);
    add_param(out, "X-Amz-Credential", sw_buf_str(&text));
    add_param(out, "X-Amz-Date", sw_str(when));
    sw_buf_clear(&text);
    enum sw_status status = sigv4_add_signed_names(request, options, credentials, &text, err);
    if (status != SW_OK) {
        return status;
    }
    add_param(out, "X-Amz-SignedHeaders", sw_buf_str(&text));
    sw_buf_addf(out, "&X-Amz-Expires=%lld", (long long)options->expires_s);
    if (sigv4_sends_token(credentials) && !(signed_only && options->omit_session_token)) {
        add_param(out, "X-Amz-Security-Token", sw_str(credentials->session_token));
    }
    return sw_buf_check(&text, "the query to sign", err);
}

static enum sw_status add_query(struct sw_buf *out, const struct sw_sigv4_request *request,
                                const struct sw_sigv4_options *options,
                                const struct sw_credentials *credentials, struct sw_err *err)
{
    struct pairs *params SW_CLEANUP(pairs_cleanup) = pairs_new();
    enum sw_status status = collect_params(params, request->query, err);
    if (status == SW_OK && options->mode == SW_SIGV4_QUERY) {
        struct sw_buf added SW_CLEANUP(sw_buf_release) = { 0 };
        sw_buf_init_secret(&added, SW_SIGV4_TEXT_MAX);
        status = sigv4_add_query_params(request, options, credentials, true, &added, err);
        if (status == SW_OK) {
            status = sw_buf_check(&added, "the query to sign", err);
        }
        if (status == SW_OK) {
            status = collect_params(params, sw_buf_str(&added), err);
        }
    }
    if (status != SW_OK) {
        return status;
    }
    qsort(params->items, params->count, sizeof(params->items[0]), compare_params);
    for (size_t i = 0; i < params->count; i++) {
        sw_buf_addf(out, "%s%s=%s", i > 0 ? "&" : "", params->items[i].name,
                    params->items[i].value);
    }
    return SW_OK;
}

/* ---- headers ---- */

/* Proxies and clients add or change these on the way. */
static bool is_unsigned_header(const char *name)
{
    static const char *const names[] = { "authorization",     "connection", "expect",
                                         "transfer-encoding", "user-agent", "x-amzn-trace-id" };
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        if (sw_str_eq_nocase(sw_str(name), sw_str(names[i]))) {
            return true;
        }
    }
    return false;
}

static char *lower_name(const char *name)
{
    char *copy = sw_xstrdup(name);
    for (char *c = copy; *c; c++) {
        *c = sw_lower(*c);
    }
    return copy;
}

/* Without white space at the ends; runs of it inside are one blank. */
static char *canonical_value(const char *value)
{
    struct sw_str rest = sw_str_trim(sw_str(value));
    char *out = sw_xmalloc(rest.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < rest.len; i++) {
        if (!sw_is_space(rest.ptr[i])) {
            out[len++] = rest.ptr[i];
        } else if (len > 0 && out[len - 1] != ' ') {
            out[len++] = ' ';
        }
    }
    out[len] = '\0';
    return out;
}

static enum sw_status add_header(struct pairs *pairs, const char *name, const char *value,
                                 struct sw_err *err)
{
    return pairs_add(pairs, lower_name(name), canonical_value(value), "headers", err);
}

/* The headers that header mode adds and signs. */
static enum sw_status collect_added_headers(struct pairs *pairs,
                                            const struct sw_sigv4_request *request,
                                            const struct sw_sigv4_options *options,
                                            const struct sw_credentials *credentials,
                                            struct sw_err *err)
{
    char when[SW_TIME_TEXT_MAX];
    sw_time_format(options->wall_ms, SW_TIME_AMZ, when);
    enum sw_status status = add_header(pairs, "x-amz-date", when, err);
    if (status == SW_OK && sigv4_sends_token(credentials) && !options->omit_session_token) {
        status = add_header(pairs, "x-amz-security-token", credentials->session_token, err);
    }
    if (status == SW_OK && options->sign_body) {
        char digest[SIGV4_DIGEST_HEX_MAX];
        status = sigv4_digest_hex(request->body, digest, err);
        if (status == SW_OK) {
            status = add_header(pairs, "x-amz-content-sha256", digest, err);
        }
    }
    return status;
}

/* All headers that get signed, sorted. */
static enum sw_status collect_headers(struct pairs *pairs, const struct sw_sigv4_request *request,
                                      const struct sw_sigv4_options *options,
                                      const struct sw_credentials *credentials, struct sw_err *err)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sw_http_header *header = &request->headers[i];
        if (is_unsigned_header(header->name)) {
            continue;
        }
        enum sw_status status = add_header(pairs, header->name, header->value, err);
        if (status != SW_OK) {
            return status;
        }
    }
    if (options->mode == SW_SIGV4_HEADER) {
        enum sw_status status = collect_added_headers(pairs, request, options, credentials, err);
        if (status != SW_OK) {
            return status;
        }
    }
    qsort(pairs->items, pairs->count, sizeof(pairs->items[0]), compare_headers);
    return SW_OK;
}

static bool same_name_as_before(const struct pairs *pairs, size_t i)
{
    return i > 0 && strcmp(pairs->items[i].name, pairs->items[i - 1].name) == 0;
}

static void add_names(struct sw_buf *out, const struct pairs *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (!same_name_as_before(headers, i)) {
            sw_buf_addf(out, "%s%s", i > 0 ? ";" : "", headers->items[i].name);
        }
    }
}

enum sw_status sigv4_add_signed_names(const struct sw_sigv4_request *request,
                                      const struct sw_sigv4_options *options,
                                      const struct sw_credentials *credentials, struct sw_buf *out,
                                      struct sw_err *err)
{
    struct pairs *headers SW_CLEANUP(pairs_cleanup) = pairs_new();
    enum sw_status status = collect_headers(headers, request, options, credentials, err);
    if (status == SW_OK) {
        add_names(out, headers);
    }
    return status;
}

static enum sw_status add_headers(struct sw_buf *out, const struct sw_sigv4_request *request,
                                  const struct sw_sigv4_options *options,
                                  const struct sw_credentials *credentials, struct sw_err *err)
{
    struct pairs *headers SW_CLEANUP(pairs_cleanup) = pairs_new();
    enum sw_status status = collect_headers(headers, request, options, credentials, err);
    if (status != SW_OK) {
        return status;
    }
    for (size_t i = 0; i < headers->count; i++) {
        const struct pair *header = &headers->items[i];
        if (same_name_as_before(headers, i)) {
            sw_buf_addf(out, ",%s", header->value);
        } else {
            sw_buf_addf(out, "%s%s:%s", i > 0 ? "\n" : "", header->name, header->value);
        }
    }
    sw_buf_add_cstr(out, headers->count > 0 ? "\n\n" : "\n");
    add_names(out, headers);
    sw_buf_add_char(out, '\n');
    return SW_OK;
}

enum sw_status sw_sigv4_canonical_request(const struct sw_sigv4_request *request,
                                          const struct sw_sigv4_options *options,
                                          const struct sw_credentials *credentials,
                                          struct sw_buf *out, struct sw_err *err)
{
    char digest[SIGV4_DIGEST_HEX_MAX];
    enum sw_status status = sigv4_digest_hex(request->body, digest, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_add_str(out, request->method);
    sw_buf_add_char(out, '\n');
    status = add_path(out, request, options, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_add_char(out, '\n');
    status = add_query(out, request, options, credentials, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_add_char(out, '\n');
    status = add_headers(out, request, options, credentials, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_add_cstr(out, digest);
    return sw_buf_check(out, "the canonical request", err);
}
