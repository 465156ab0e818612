/*
 * SigV4 against requests signed by botocore (tests/data/sigv4), which cover what AWS's own test
 * suite leaves out, and against limits.
 */
#include "json_file.h"
#include "test.h"

#include <slipway/sigv4.h>

enum { HEADERS_MAX = 8 };

struct loaded {
    struct sw_http_header headers[HEADERS_MAX];
    struct sw_sigv4_request request;
    struct sw_sigv4_options options;
    struct sw_credentials credentials;
};

static char *dup_or_null(const char *text)
{
    return text ? sw_xstrdup(text) : NULL;
}

static void load(const json_t *test, struct loaded *out)
{
    const json_t *request = sw_json_object(test, "request");
    const json_t *headers = sw_json_array(request, "headers");
    *out = (struct loaded){ 0 };
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *header = json_array_get(headers, i);
        assert_true(i < HEADERS_MAX);
        out->headers[i].name = json_string_value(json_array_get(header, 0));
        out->headers[i].value = json_string_value(json_array_get(header, 1));
    }
    out->request = (struct sw_sigv4_request){
        .method = sw_str(sw_json_str(request, "method", NULL)),
        .path = sw_str(sw_json_str(request, "path", NULL)),
        .query = sw_str(sw_json_str(request, "query", NULL)),
        .headers = out->headers,
        .header_count = json_array_size(headers),
        .body = sw_str(sw_json_str(request, "body", NULL)),
    };
    bool s3 = sw_json_bool(test, "s3", false);
    out->options = (struct sw_sigv4_options){
        .mode = SW_SIGV4_HEADER,
        .region = sw_json_str(test, "region", NULL),
        .service = sw_json_str(test, "service", NULL),
        .raw_path = s3,
        .single_encode = s3,
        .sign_body = s3,
    };
    assert_true(sw_time_parse(sw_json_str(test, "time", ""), &out->options.wall_ms));
    out->credentials = (struct sw_credentials){
        .access_key_id = dup_or_null(sw_json_str(test, "key_id", NULL)),
        .secret_access_key = dup_or_null(sw_json_str(test, "secret", NULL)),
        .session_token = dup_or_null(sw_json_str(test, "token", NULL)),
    };
}

static void check_text(const json_t *test, const char *what, const char *got)
{
    const char *expected = sw_json_str(test, what, "(missing)");
    if (strcmp(expected, got) != 0) {
        fail_msg("%s: %s\n--- expected\n%s\n--- got\n%s", sw_json_str(test, "name", "?"), what,
                 expected, got);
    }
}

static void check_case(const json_t *test)
{
    struct sw_err err = SW_ERR_INIT;
    struct loaded loaded;
    load(test, &loaded);
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_sigv4_canonical_request(&loaded.request, &loaded.options, &loaded.credentials,
                                         &text, &err));
    check_text(test, "canonical_request", text.ptr);
    char *canonical = sw_xstrdup(text.ptr);
    sw_buf_clear(&text);
    assert_ok(sw_sigv4_string_to_sign(&loaded.options, sw_str(canonical), &text, &err));
    check_text(test, "string_to_sign", text.ptr);
    free(canonical);
    sw_buf_release(&text);

    struct sw_sigv4_signed sig = { 0 };
    assert_ok(sw_sigv4_sign(&loaded.request, &loaded.options, &loaded.credentials, &sig, &err));
    assert_string_equal(sig.headers[sig.header_count - 1].name, "Authorization");
    check_text(test, "authorization", sig.headers[sig.header_count - 1].value);
    assert_null(sig.query);
    sw_sigv4_signed_release(&sig);
    sw_credentials_release(&loaded.credentials);
}

static void test_sigv4__signs_as_botocore_does(void **state)
{
    (void)state;
    json_t *cases = json_file_read(TEST_DATA_DIR "/sigv4/cases.json");
    assert_int_equal(json_array_size(cases), 21);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check_case(json_array_get(cases, i));
    }
    json_decref(cases);
}

static void sign_many(size_t count, enum sw_status expected, const char *message)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf query;
    sw_buf_init(&query, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        sw_buf_addf(&query, "&k=%zu", i);
    }
    struct sw_sigv4_request request = { .method = SW_STR("GET"), .query = sw_buf_str(&query) };
    struct sw_sigv4_options options = { .region = "us-east-1", .service = "ecs" };
    struct sw_credentials credentials = { .access_key_id = sw_xstrdup("AKID"),
                                          .secret_access_key = sw_xstrdup("secret") };
    struct sw_sigv4_signed sig = { 0 };
    assert_int_equal(sw_sigv4_sign(&request, &options, &credentials, &sig, &err), expected);
    assert_string_equal(err.msg, message);
    sw_sigv4_signed_release(&sig);
    sw_credentials_release(&credentials);
    sw_buf_release(&query);
}

static void test_sigv4__limits_the_number_of_parameters(void **state)
{
    (void)state;
    sign_many(SW_SIGV4_ITEMS_MAX, SW_OK, "");
    sign_many(SW_SIGV4_ITEMS_MAX + 1, SW_E_TOO_LARGE,
              "cannot sign a request with more than 512 query parameters");
}

static void test_sigv4__refuses_a_canonical_request_beyond_its_limit(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    char *big = sw_xmalloc(SW_SIGV4_TEXT_MAX + 2);
    memset(big, 'a', SW_SIGV4_TEXT_MAX + 1);
    big[0] = '/';
    struct sw_sigv4_request request = { .method = SW_STR("GET"),
                                        .path = sw_str_n(big, SW_SIGV4_TEXT_MAX + 1) };
    struct sw_sigv4_options options = { .region = "us-east-1", .service = "ecs" };
    struct sw_credentials credentials = { .access_key_id = sw_xstrdup("AKID"),
                                          .secret_access_key = sw_xstrdup("secret") };
    struct sw_sigv4_signed sig = { 0 };
    assert_int_equal(sw_sigv4_sign(&request, &options, &credentials, &sig, &err), SW_E_TOO_LARGE);
    assert_int_equal(sig.header_count, 0);
    sw_credentials_release(&credentials);
    free(big);
}

static void test_sigv4__session_token_is_sent_before_the_date(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    struct sw_sigv4_request request = { .method = SW_STR("GET") };
    struct sw_sigv4_options options = { .region = "us-east-1", .service = "ecs" };
    struct sw_credentials credentials = { .access_key_id = sw_xstrdup("AKID"),
                                          .secret_access_key = sw_xstrdup("secret"),
                                          .session_token = sw_xstrdup("token") };
    struct sw_sigv4_signed sig = { 0 };
    assert_ok(sw_sigv4_sign(&request, &options, &credentials, &sig, &err));
    assert_int_equal(sig.header_count, 3);
    assert_string_equal(sig.headers[0].name, "X-Amz-Security-Token");
    assert_string_equal(sig.headers[0].value, "token");
    assert_string_equal(sig.headers[1].name, "X-Amz-Date");
    assert_string_equal(sig.headers[1].value, "19700101T000000Z");
    sw_sigv4_signed_release(&sig);
    sw_credentials_release(&credentials);
}

/* What botocore's SigV4QueryAuth makes of this request. */
static void test_sigv4__presigns_as_botocore_does(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    const struct sw_http_header host = { "Host", "sts.amazonaws.com" };
    struct sw_sigv4_request request = {
        .method = SW_STR("GET"),
        .path = SW_STR("/"),
        .query = SW_STR("Version=2011-06-15&Action=GetCallerIdentity"),
        .headers = &host,
        .header_count = 1,
    };
    struct sw_sigv4_options options = { .mode = SW_SIGV4_QUERY,
                                        .region = "us-east-1",
                                        .service = "sts",
                                        .wall_ms = INT64_C(1440938160000),
                                        .expires_s = 60 };
    struct sw_credentials credentials = {
        .access_key_id = sw_xstrdup("AKIDEXAMPLE"),
        .secret_access_key = sw_xstrdup("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        .session_token = sw_xstrdup("tok/en"),
    };
    static const char *const parts[] = {
        "Version=2011-06-15",
        "Action=GetCallerIdentity",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsts%2Faws4_request",
        "X-Amz-Date=20150830T123600Z",
        "X-Amz-Expires=60",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Security-Token=tok%2Fen",
        "X-Amz-Signature=7d953ec66220d7a9f1089002cdc7aa94a5c4eb48314ec4a9f9a4be74e8f36386",
    };
    struct sw_sigv4_signed sig = { 0 };
    assert_ok(sw_sigv4_sign(&request, &options, &credentials, &sig, &err));
    struct sw_str rest = sw_str(sig.query);
    size_t count = 0;
    for (; rest.ptr; count++) {
        struct sw_str part = sw_str_cut(&rest, '&');
        bool known = false;
        for (size_t i = 0; i < SW_COUNT(parts); i++) {
            known = known || sw_str_is(part, parts[i]);
        }
        print_message("%.*s\n", SW_STR_ARG(part));
        assert_true(known);
    }
    assert_int_equal(count, SW_COUNT(parts));
    sw_sigv4_signed_release(&sig);
    sw_credentials_release(&credentials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sigv4__signs_as_botocore_does),
        cmocka_unit_test(test_sigv4__limits_the_number_of_parameters),
        cmocka_unit_test(test_sigv4__refuses_a_canonical_request_beyond_its_limit),
        cmocka_unit_test(test_sigv4__session_token_is_sent_before_the_date),
        cmocka_unit_test(test_sigv4__presigns_as_botocore_does),
    };
    return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
