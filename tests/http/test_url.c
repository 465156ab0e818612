#include "test.h"

#include <slipway/http.h>

static void test_url__splits_into_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *scheme;
        const char *host;
        int port;
        const char *path;
        const char *query;
    } cases[] = {
        { "https://example.com", "https", "example.com", 443, "", "" },
        { "http://example.com/", "http", "example.com", 80, "/", "" },
        { "HTTPS://Example.com:8443/v2/a%20b?x=1&y=?", "HTTPS", "Example.com", 8443, "/v2/a%20b",
          "x=1&y=?" },
        { "http://[::1]:5000/v2/", "http", "::1", 5000, "/v2/", "" },
        { "http://[fd00:ec2::254]", "http", "fd00:ec2::254", 80, "", "" },
        { "https://h?q", "https", "h", 443, "", "q" },
        { "https://h/?", "https", "h", 443, "/", "" },
        { "https://h/a@b:c", "https", "h", 443, "/a@b:c", "" },
        { "https://my_bucket.s3.amazonaws.com:65535/x", "https", "my_bucket.s3.amazonaws.com",
          65535, "/x", "" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_url url;
        assert_ok(sw_url_parse(cases[i].text, &url, &err));
        print_message("%s\n", cases[i].text);
        assert_true(sw_str_is(url.scheme, cases[i].scheme));
        assert_true(sw_str_is(url.host, cases[i].host));
        assert_int_equal(url.port, cases[i].port);
        assert_true(sw_str_is(url.path, cases[i].path));
        assert_true(sw_str_is(url.query, cases[i].query));
    }
}

static void test_url__refuses_what_is_no_url(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *msg;
    } cases[] = {
        { "", "URL \"\" does not start with http:// or https://" },
        { "example.com/x", "URL \"example.com/x\" does not start with http:// or https://" },
        { "ftp://example.com/",
          "URL \"ftp://example.com/\" does not start with http:// or https://" },
        { "file:///etc/passwd",
          "URL \"file:///etc/passwd\" does not start with http:// or https://" },
        { "https:/x", "URL \"https:/x\" does not start with http:// or https://" },
        { "me:hunter2@example.com", "URL \"example.com\" does not start with http:// or https://" },
        { "https://", "URL \"https://\" has no valid host and port" },
        { "https:///path", "URL \"https:///path\" has no valid host and port" },
        { "https://ex ample.com/", "URL \"https://ex ample.com/\" has no valid host and port" },
        { "https://h:/", "URL \"https://h:/\" has no valid host and port" },
        { "https://h:0/", "URL \"https://h:0/\" has no valid host and port" },
        { "https://h:65536/", "URL \"https://h:65536/\" has no valid host and port" },
        { "https://h:-1/", "URL \"https://h:-1/\" has no valid host and port" },
        { "https://h:80:80/", "URL \"https://h:80:80/\" has no valid host and port" },
        { "https://[::1/", "URL \"https://[::1/\" has no valid host and port" },
        { "https://[::1]x/", "URL \"https://[::1]x/\" has no valid host and port" },
        { "https://[]/", "URL \"https://[]/\" has no valid host and port" },
        { "https://me:hunter2@h/", "a URL must not contain a user name or password" },
        { "https://h/a b",
          "URL \"https://h/a b\" contains a character that must be percent-encoded" },
        { "https://h/a?X-Amz-Signature=secret b",
          "URL \"https://h/a\" contains a character that must be percent-encoded" },
        { "https://h/a\r\nHost: x", "URL \"https://h/a\" contains a character that must be "
                                    "percent-encoded" },
        { "https://h/\xc3\xa9", "URL \"https://h/\xc3\xa9\" contains a character that must be "
                                "percent-encoded" },
        { "https://h/a#b", "URL \"https://h/a\" contains a character that must be "
                           "percent-encoded" },
        { "https://h/a\\b", "URL \"https://h/a\\b\" contains a character that must be "
                            "percent-encoded" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_url url;
        assert_fails(sw_url_parse(cases[i].text, &url, &err), SW_E_INPUT, cases[i].msg);
    }
}

static void test_url__refuses_an_overlong_one(void **state)
{
    (void)state;
    char *text = sw_xmalloc(20001);
    memset(text, 'a', 20000);
    memcpy(text, "https://h/", 10);
    text[20000] = '\0';
    struct sw_err err = SW_ERR_INIT;
    struct sw_url url;
    assert_fails(
        sw_url_parse(text, &url, &err), SW_E_INPUT,
        "URL \"https://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is longer "
        "than 16384 bytes");
    free(text);
}

static void test_url__resolves_locations(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        const char *location;
        const char *expected;
    } cases[] = {
        { "https://h/a/b?q", "https://s3.example.com/k?X-Amz-Signature=1",
          "https://s3.example.com/k?X-Amz-Signature=1" },
        { "https://h/a", "https://o/x/../y", "https://o/x/../y" },
        { "https://h:8443/a", "//o/x", "https://o/x" },
        { "http://h:5000/v2/r/blobs/uploads/", "/v2/r/blobs/uploads/id?_state=s",
          "http://h:5000/v2/r/blobs/uploads/id?_state=s" },
        { "http://h:5000/v2/r/blobs/uploads/", "id", "http://h:5000/v2/r/blobs/uploads/id" },
        { "http://h/a/b", "?x=1", "http://h/a/b?x=1" },
        { "http://h/a/b?x=1", "", "http://h/a/b?x=1" },
        { "http://h/a/b?x=1", "#top", "http://h/a/b?x=1" },
        { "http://h/a/b", " /c#frag ", "http://h/c" },
        { "http://h", "c", "http://h/c" },
        { "http://[::1]:80/a", "/b", "http://[::1]/b" },
        { "https://[::1]:80/a", "/b", "https://[::1]:80/b" },
        /* RFC 3986, 5.4, with the base http://a/b/c/d;p?q */
        { "http://a/b/c/d;p?q", "g", "http://a/b/c/g" },
        { "http://a/b/c/d;p?q", "./g", "http://a/b/c/g" },
        { "http://a/b/c/d;p?q", "g/", "http://a/b/c/g/" },
        { "http://a/b/c/d;p?q", "/g", "http://a/g" },
        { "http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y" },
        { "http://a/b/c/d;p?q", "g?y", "http://a/b/c/g?y" },
        { "http://a/b/c/d;p?q", ";x", "http://a/b/c/;x" },
        { "http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q" },
        { "http://a/b/c/d;p?q", ".", "http://a/b/c/" },
        { "http://a/b/c/d;p?q", "./", "http://a/b/c/" },
        { "http://a/b/c/d;p?q", "..", "http://a/b/" },
        { "http://a/b/c/d;p?q", "../g", "http://a/b/g" },
        { "http://a/b/c/d;p?q", "../..", "http://a/" },
        { "http://a/b/c/d;p?q", "../../g", "http://a/g" },
        { "http://a/b/c/d;p?q", "../../../g", "http://a/g" },
        { "http://a/b/c/d;p?q", "/./g", "http://a/g" },
        { "http://a/b/c/d;p?q", "/../g", "http://a/g" },
        { "http://a/b/c/d;p?q", "g.", "http://a/b/c/g." },
        { "http://a/b/c/d;p?q", "..g", "http://a/b/c/..g" },
        { "http://a/b/c/d;p?q", "./../g", "http://a/b/g" },
        { "http://a/b/c/d;p?q", "g/./h", "http://a/b/c/g/h" },
        { "http://a/b/c/d;p?q", "g/../h", "http://a/b/c/h" },
        { "http://a/b/c/d;p?q", "g;x=1/../y", "http://a/b/c/y" },
        { "http://a/b/c/d;p?q", "g?y/../x", "http://a/b/c/g?y/../x" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        char *url = NULL;
        assert_ok(sw_url_resolve(cases[i].base, cases[i].location, &url, &err));
        assert_string_equal(url, cases[i].expected);
        free(url);
    }
}

static void test_url__refuses_unusable_locations(void **state)
{
    (void)state;
    static const char *const locations[] = {
        "ftp://o/x",  "file:///etc/passwd",    "javascript:void",
        "//user@o/",  "https://u:p@o/",        "//",
        "/a b",       "/a\r\nSet-Cookie: x=1", "https://o:99999/x",
        "\\\\host\\x"
    };
    for (size_t i = 0; i < SW_COUNT(locations); i++) {
        struct sw_err err = SW_ERR_INIT;
        char *url = NULL;
        assert_int_equal(sw_url_resolve("https://h/", locations[i], &url, &err), SW_E_INPUT);
        assert_null(url);
        assert_true(strlen(err.msg) > 0);
    }
}

static void test_url__compares_origins(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } cases[] = {
        { "https://h/a", "https://h:443/b?c", true }, { "https://h", "HTTPS://H", true },
        { "https://h", "http://h:443", false },       { "https://h", "https://h:444", false },
        { "https://h", "https://h.example", false },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_url a;
        struct sw_url b;
        assert_ok(sw_url_parse(cases[i].a, &a, &err));
        assert_ok(sw_url_parse(cases[i].b, &b, &err));
        assert_int_equal(sw_url_same_origin(&a, &b), cases[i].same);
    }
}

static void test_url__knows_loopback_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool loopback;
    } cases[] = {
        { "localhost", true },
        { "LOCALHOST", true },
        { "127.0.0.1", true },
        { "127.255.255.254", true },
        { "::1", true },
        { "128.0.0.1", false },
        { "127.0.0.256", false },
        { "127.0.0", false },
        { "127.0.0.1.", false },
        { "127.0.0.1.nip.io", false },
        { "127.1", false },
        { "0127.0.0.1", false },
        { "127.0.0.01", false },
        { "localhost.evil", false },
        { "", false },
        { "::2", false },
        { "0x7f.0.0.1", false },
        { "127.0.0.1.5", false },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("%s\n", cases[i].host);
        assert_int_equal(sw_host_is_loopback(sw_str(cases[i].host)), cases[i].loopback);
    }
}

static void test_url__shows_no_query(void **state)
{
    (void)state;
    char *text = sw_url_display("https://h/k?X-Amz-Signature=secret");
    assert_string_equal(text, "https://h/k");
    free(text);
    text = sw_url_display("https://me:secret@h/k");
    assert_string_equal(text, "(malformed URL)");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url__splits_into_parts),
        cmocka_unit_test(test_url__refuses_what_is_no_url),
        cmocka_unit_test(test_url__refuses_an_overlong_one),
        cmocka_unit_test(test_url__resolves_locations),
        cmocka_unit_test(test_url__refuses_unusable_locations),
        cmocka_unit_test(test_url__compares_origins),
        cmocka_unit_test(test_url__knows_loopback_hosts),
        cmocka_unit_test(test_url__shows_no_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
