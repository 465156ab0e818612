/*
 * Canonical requests. The input is a URL's path and query. Properties: the canonical request has
 * its fixed number of lines, its path and query hold only unreserved and percent-encoded bytes,
 * and bringing a query into canonical form once more changes nothing.
 */
#include "fuzz.h"

#include <slipway/sigv4.h>

static bool canonical(struct sw_str path, struct sw_str query, struct sw_buf *out)
{
    static char key[] = "AKID";
    static char secret[] = "secret";
    const struct sw_credentials credentials = { .access_key_id = key, .secret_access_key = secret };
    const struct sw_sigv4_options options = { .region = "us-east-1", .service = "ecs" };
    const struct sw_http_header host = { "Host", "example.com" };
    const struct sw_sigv4_request request = {
        .method = SW_STR("GET"),
        .path = path,
        .query = query,
        .headers = &host,
        .header_count = 1,
    };
    struct sw_err err = SW_ERR_INIT;
    return sw_sigv4_canonical_request(&request, &options, &credentials, out, &err) == SW_OK;
}

static void require_encoded(struct sw_str text, const char *also)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        FUZZ_CHECK(sw_is_alnum(c) || strchr("-._~%", c) || strchr(also, c));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LINES = 8 };
    struct sw_str query = sw_str_n((const char *)data, size);
    struct sw_str path = sw_str_cut(&query, '?');
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_buf again SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_SIGV4_TEXT_MAX);
    sw_buf_init(&again, SW_SIGV4_TEXT_MAX);
    if (!canonical(path, query, &text)) {
        return 0;
    }
    struct sw_str lines[LINES];
    struct sw_str rest = sw_buf_str(&text);
    for (size_t i = 0; i < LINES; i++) {
        FUZZ_CHECK(rest.ptr != NULL);
        lines[i] = sw_str_cut(&rest, '\n');
    }
    FUZZ_CHECK(rest.ptr == NULL);
    FUZZ_CHECK(lines[1].len > 0 && lines[1].ptr[0] == '/');
    require_encoded(lines[1], "/");
    require_encoded(lines[2], "&=");
    FUZZ_CHECK(canonical(path, lines[2], &again));
    FUZZ_CHECK(sw_str_eq(sw_buf_str(&text), sw_buf_str(&again)));
    return 0;
}
