/* URLs and Location headers: the input is a base URL, a newline, and a location. */

#include "fuzz.h"

#include <slipway/alloc.h>
#include <slipway/http.h>

/* Every part lies within the text. */
static void check_within(struct sw_str part, const char *text)
{
    FUZZ_CHECK(part.len == 0 || (part.ptr >= text && part.ptr + part.len <= text + strlen(text)));
}

static void check_parse(const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_url url;
    char *shown = sw_url_display(text);
    FUZZ_CHECK(strchr(shown, '?') == NULL);
    free(shown);
    if (sw_url_parse(text, &url, &err) != SW_OK) {
        FUZZ_CHECK(err.status == SW_E_INPUT && err.msg[0] != '\0');
        return;
    }
    check_within(url.scheme, text);
    check_within(url.host, text);
    check_within(url.path, text);
    check_within(url.query, text);
    FUZZ_CHECK(url.port >= 1 && url.port <= 65535);
    FUZZ_CHECK(url.host.len > 0 && sw_str_find(url.host, '@') < 0);
    FUZZ_CHECK(sw_url_same_origin(&url, &url));
    (void)sw_host_is_loopback(url.host);
}

/* What a location resolves to is a URL, and resolving it further changes nothing. */
static void check_resolve(const char *base, const char *location)
{
    struct sw_err err = SW_ERR_INIT;
    char *first SW_CLEANUP(sw_free_str) = NULL;
    char *second SW_CLEANUP(sw_free_str) = NULL;
    char *third SW_CLEANUP(sw_free_str) = NULL;
    struct sw_url url;
    if (sw_url_resolve(base, location, &first, &err) != SW_OK) {
        FUZZ_CHECK(err.msg[0] != '\0' && first == NULL);
        return;
    }
    FUZZ_CHECK(sw_url_parse(first, &url, &err) == SW_OK);
    FUZZ_CHECK(sw_url_resolve(first, "", &second, &err) == SW_OK);
    FUZZ_CHECK(sw_url_resolve(second, "", &third, &err) == SW_OK);
    FUZZ_CHECK(strcmp(second, third) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str location = sw_str_n((const char *)data, size);
    struct sw_str base = sw_str_cut(&location, '\n');
    char *base_text = sw_str_dup(base);
    char *location_text = sw_str_dup(location);
    check_parse(base_text);
    check_parse(location_text);
    check_resolve(base_text, location_text);
    free(base_text);
    free(location_text);
    return 0;
}
