#include "test.h"

#include "http/request.h"

/* 2015-08-30T12:36:00Z, where the clock of test_env starts. */
static const int64_t now_ms = INT64_C(1440938160) * 1000;

static void test_retry__reads_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
        int64_t delay_ms;
    } cases[] = {
        { "0", true, 0 },
        { "3", true, 3000 },
        { " 120 ", true, 120000 },
        { "99999999999", true, INT64_C(366) * 24 * 3600 * 1000 },
        { "Sun, 30 Aug 2015 12:36:05 GMT", true, 5000 },
        { "Sun, 30 Aug 2015 12:35:00 GMT", true, 0 },
        { "", false, 0 },
        { "-1", false, 0 },
        { "1.5", false, 0 },
        { "3s", false, 0 },
        { "99999999999999999999", false, 0 },
        { "soon", false, 0 },
        { "Sun, 31 Feb 2015 12:36:05 GMT", false, 0 },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        int64_t delay_ms = -1;
        print_message("%s\n", cases[i].text);
        assert_int_equal(sw_http_parse_retry_after(cases[i].text, now_ms, &delay_ms),
                         cases[i].valid);
        assert_int_equal(delay_ms, cases[i].valid ? cases[i].delay_ms : -1);
    }
}

static void test_retry__doubles_the_delay_up_to_the_maximum(void **state)
{
    (void)state;
    static const int64_t expected[] = { 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000 };
    struct test_env t;
    test_env_init(&t);
    for (size_t i = 0; i < SW_COUNT(expected); i++) {
        assert_int_equal(sw_retry_delay_ms(&t.env, &sw_retry_default, (int)i + 1, NULL),
                         expected[i]);
    }
    assert_int_equal(sw_retry_delay_ms(&t.env, &sw_retry_default, 1000000, NULL), 20000);
    assert_int_equal(sw_retry_delay_ms(&t.env, &sw_retry_never, 3, NULL), 0);
    test_env_release(&t);
}

static void test_retry__spreads_over_the_whole_delay(void **state)
{
    (void)state;
    struct test_env t;
    test_env_init(&t);
    t.random_value = UINT32_MAX;
    assert_int_equal(sw_retry_delay_ms(&t.env, &sw_retry_default, 1, NULL), 0);
    t.random_value = UINT32_C(1) << 30;
    assert_int_equal(sw_retry_delay_ms(&t.env, &sw_retry_default, 1, NULL), 150);
    test_env_release(&t);
}

static void test_retry__follows_retry_after_within_the_maximum(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t delay_ms;
    } cases[] = {
        { "7", 7000 },
        { "3600", 20000 },
        { "Sun, 30 Aug 2015 12:36:02 GMT", 2000 },
        { "soon", 400 },
    };
    struct test_env t;
    test_env_init(&t);
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_http_reply reply;
        sw_http_reply_init(&reply);
        sw_http_reply_add_header(&reply, SW_STR("retry-after"), sw_str(cases[i].value));
        assert_int_equal(sw_retry_delay_ms(&t.env, &sw_retry_default, 2, &reply),
                         cases[i].delay_ms);
        sw_http_reply_release(&reply);
    }
    test_env_release(&t);
}

static bool says_throttled(void *ctx, const struct sw_http_reply *reply)
{
    (void)ctx;
    return strcmp(reply->body.ptr, "throttled") == 0;
}

/* The signature is that of sw_http_body. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static enum sw_status read_nothing(void *ctx, char *data, size_t size, size_t *ret_len,
                                   struct sw_err *err)
{
    (void)ctx;
    (void)data;
    (void)size;
    (void)err;
    *ret_len = 0;
    return SW_OK;
}

static void test_retry__decides_by_method_and_answer(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool unsafe_methods;
        long status;
        const char *retry_after;
        const char *body;
        bool expected;
    } cases[] = {
        { "GET", false, 200, NULL, "", false },
        { "GET", false, 200, NULL, "throttled", true },
        { "GET", false, 400, NULL, "", false },
        { "GET", false, 400, NULL, "throttled", true },
        { "GET", false, 401, NULL, "", false },
        { "GET", false, 403, NULL, "", false },
        { "GET", false, 404, NULL, "", false },
        { "GET", false, 408, NULL, "", true },
        { "GET", false, 429, NULL, "", true },
        { "GET", false, 500, NULL, "", true },
        { "GET", false, 501, NULL, "", false },
        { "GET", false, 502, NULL, "", true },
        { "GET", false, 503, NULL, "", true },
        { "GET", false, 504, NULL, "", true },
        { "PUT", false, 500, NULL, "", true },
        { "DELETE", false, 500, NULL, "", true },
        { "HEAD", false, 500, NULL, "", true },
        { "POST", false, 408, NULL, "", false },
        { "POST", false, 429, NULL, "", true },
        { "POST", false, 500, NULL, "", false },
        { "POST", false, 503, NULL, "", false },
        { "POST", false, 503, "1", "", true },
        { "POST", false, 400, NULL, "throttled", true },
        { "POST", true, 500, NULL, "", true },
        { "PATCH", false, 502, NULL, "", false },
        { "PATCH", true, 502, NULL, "", true },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_retry_policy policy = { .max_tries = 2,
                                                .unsafe_methods = cases[i].unsafe_methods,
                                                .retry_reply = says_throttled };
        const struct sw_http_request request = { .method = cases[i].method };
        struct sw_http_reply reply;
        sw_http_reply_init(&reply);
        reply.status = cases[i].status;
        sw_buf_add_cstr(&reply.body, cases[i].body);
        if (cases[i].retry_after) {
            sw_http_reply_add_header(&reply, SW_STR("Retry-After"), sw_str(cases[i].retry_after));
        }
        struct sw_http_try last = { .reply = &reply };
        print_message("%s %ld\n", cases[i].method, cases[i].status);
        assert_int_equal(sw_http_wants_retry(&policy, &request, &last), cases[i].expected);
        last.sink_written = true;
        assert_false(sw_http_wants_retry(&policy, &request, &last));
        sw_http_reply_release(&reply);
    }
}

static void test_retry__decides_by_method_and_failure(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool unsafe_methods;
        enum sw_status status;
        bool retryable;
        bool not_sent;
        bool expected;
    } cases[] = {
        { "GET", false, SW_E_NETWORK, true, false, true },
        { "GET", false, SW_E_NETWORK, false, false, false },
        { "GET", false, SW_E_STOPPED, true, false, false },
        { "GET", false, SW_E_TOO_LARGE, true, false, false },
        { "POST", false, SW_E_NETWORK, true, false, false },
        { "POST", false, SW_E_NETWORK, true, true, true },
        { "POST", false, SW_E_NETWORK, false, true, false },
        { "POST", true, SW_E_NETWORK, true, false, true },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_retry_policy policy = { .max_tries = 2,
                                                .unsafe_methods = cases[i].unsafe_methods };
        const struct sw_http_request request = { .method = cases[i].method };
        const struct sw_err err = { .status = cases[i].status,
                                    .retryable = cases[i].retryable,
                                    .not_sent = cases[i].not_sent };
        const struct sw_http_try last = { .status = cases[i].status, .err = &err };
        assert_int_equal(sw_http_wants_retry(&policy, &request, &last), cases[i].expected);
    }
}

static void test_retry__needs_a_body_that_rewinds(void **state)
{
    (void)state;
    const struct sw_http_body body = { .length = 0, .read = read_nothing };
    const struct sw_http_request request = { .method = "PUT", .body = &body };
    struct sw_http_reply reply = { .status = 503 };
    const struct sw_http_try last = { .reply = &reply };
    assert_false(sw_http_wants_retry(&sw_retry_default, &request, &last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry__reads_retry_after),
        cmocka_unit_test(test_retry__doubles_the_delay_up_to_the_maximum),
        cmocka_unit_test(test_retry__spreads_over_the_whole_delay),
        cmocka_unit_test(test_retry__follows_retry_after_within_the_maximum),
        cmocka_unit_test(test_retry__decides_by_method_and_answer),
        cmocka_unit_test(test_retry__decides_by_method_and_failure),
        cmocka_unit_test(test_retry__needs_a_body_that_rewinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
