/* The test doubles notice what they are there to notice. */

#include "fake_http.h"
#include "sweep.h"
#include "test.h"

static enum sw_status send_to(struct fake_http *fake, const struct sw_http_request *request)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    enum sw_status status = fake->transport.perform(fake->transport.ctx, request, &reply, &err);
    if (status == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return status;
}

static const char *dislike(void *ctx, const struct fake_http_request *request)
{
    (void)ctx;
    (void)request;
    return "no good";
}

static void test_doubles__the_fake_shows_both_sides(void **state)
{
    (void)state;
    static const struct {
        struct fake_http_step step;
        const char *problem;
    } cases[] = {
        { { .method = "PUT" }, "    method: expected PUT\n            arrived  POST\n" },
        { { .url = "https://h/b" },
          "    url: expected https://h/b\n         arrived  https://h/a?x\n" },
        { { .url_prefix = "https://h/b" },
          "    url: expected https://h/b...\n         arrived  https://h/a?x\n" },
        { { .headers = { { "A", "2" } } }, "    header A: expected 2\n              arrived  1\n" },
        { { .headers = { { "A", NULL } } },
          "    header A: expected (absent)\n              arrived  1\n" },
        { { .headers = { { "B", "2" } } }, "    header B: expected 2, absent\n" },
        { { .body = "{}" }, "    body: expected {}\n          arrived  {\"k\":1}\n" },
        { { .body_json = "{\"k\":2}" },
          "    body: expected JSON {\"k\":2}\n          arrived       {\"k\":1}\n" },
        { { .check = dislike }, "    check: no good\n" },
    };
    const struct sw_http_header header = { "a", "1" };
    const struct sw_http_request request = { .method = "POST",
                                             .url = "https://h/a?x",
                                             .headers = &header,
                                             .header_count = 1,
                                             .data = SW_STR("{\"k\":1}") };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct fake_http fake;
        fake_http_init(&fake);
        fake.quiet = true;
        fake_http_expect(&fake, &cases[i].step);
        assert_int_equal(send_to(&fake, &request), SW_E_NETWORK);
        char *expected SW_CLEANUP(sw_free_str) =
            sw_xasprintf("  unexpected request 1: POST https://h/a?x\n%s", cases[i].problem);
        assert_string_equal(fake.problems.ptr, expected);
        fake_http_release(&fake);
    }
}

static void test_doubles__the_fake_keeps_the_order_unless_told_otherwise(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = "https://h/1" },
        { .url = "https://h/2" },
    };
    for (int unordered = 0; unordered < 2; unordered++) {
        struct fake_http fake;
        fake_http_init(&fake);
        fake.quiet = true;
        fake.unordered = unordered;
        fake_http_expect_all(&fake, steps, SW_COUNT(steps));
        const struct sw_http_request second = { .method = "GET", .url = "https://h/2" };
        const struct sw_http_request first = { .method = "GET", .url = "https://h/1" };
        assert_int_equal(send_to(&fake, &second), unordered ? SW_OK : SW_E_NETWORK);
        assert_int_equal(send_to(&fake, &first), SW_OK);
        assert_int_equal(fake.problems.len > 0, !unordered);
        assert_int_equal(fake.request_count, 2);
        fake_http_release(&fake);
    }
}

static void test_doubles__the_fake_refuses_what_is_beyond_the_script(void **state)
{
    (void)state;
    struct fake_http fake;
    fake_http_init(&fake);
    fake.quiet = true;
    const struct sw_http_request request = { .method = "GET", .url = "https://h/" };
    assert_int_equal(send_to(&fake, &request), SW_E_NETWORK);
    assert_string_equal(fake.problems.ptr, "  unexpected request 1: GET https://h/\n"
                                           "    no step is left for it\n");
    fake_http_release(&fake);
}

/* Scenarios for the sweep, each with its own carelessness. */

static void one_step(void *ctx, struct fake_http *fake)
{
    (void)ctx;
    static const struct fake_http_step step = { .url = "https://h/", .reply = "{\"a\":1}" };
    fake_http_expect(fake, &step);
}

static enum sw_status ask(struct test_env *t, struct sw_http_reply *reply, struct sw_err *err)
{
    const struct sw_http_request request = { .method = "GET", .url = "https://h/" };
    return sw_http_send(&t->env, &request, &sw_retry_never, reply, err);
}

static enum sw_status ignores_failures(void *ctx, struct test_env *t, struct sw_err *err)
{
    (void)ctx;
    struct sw_http_reply reply;
    if (ask(t, &reply, err) == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return SW_OK;
}

static enum sw_status ignores_statuses(void *ctx, struct test_env *t, struct sw_err *err)
{
    (void)ctx;
    struct sw_http_reply reply;
    enum sw_status status = ask(t, &reply, err);
    if (status == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return status;
}

static enum sw_status ignores_bodies(void *ctx, struct test_env *t, struct sw_err *err)
{
    (void)ctx;
    struct sw_http_reply reply;
    enum sw_status status = ask(t, &reply, err);
    if (status == SW_OK) {
        status = sw_http_status_class(reply.status);
        err->msg[0] = 'x';
        sw_http_reply_release(&reply);
    }
    return status;
}

static enum sw_status says_nothing(void *ctx, struct test_env *t, struct sw_err *err)
{
    enum sw_status status = ignores_failures(ctx, t, err);
    bool failed = err->status != SW_OK;
    err->msg[0] = '\0';
    return failed ? SW_E_FAILED : status;
}

static enum sw_status never_gives_up(void *ctx, struct test_env *t, struct sw_err *err)
{
    (void)ctx;
    struct sw_http_reply reply;
    enum sw_status status = SW_E_FAILED;
    for (int i = 0; i < 100000 && status != SW_OK; i++) {
        status = ask(t, &reply, err);
    }
    if (status == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return status;
}

static enum sw_status calls_nobody(void *ctx, struct test_env *t, struct sw_err *err)
{
    (void)ctx;
    (void)t;
    (void)err;
    return SW_OK;
}

static void test_doubles__the_sweep_finds_carelessness(void **state)
{
    (void)state;
    static const struct {
        enum sw_status (*run)(void *ctx, struct test_env *t, struct sw_err *err);
        const char *problem;
    } cases[] = {
        { ignores_failures, "call 1 (GET https://h/ ), lasting connection refused: ended well, as "
                            "if nothing had happened" },
        { ignores_statuses,
          "call 1 (GET https://h/ ), lasting status 403: ended well, as if nothing had happened" },
        { ignores_bodies, "call 1 (GET https://h/ ), lasting garbage body: ended well, as if "
                          "nothing had happened" },
        { says_nothing,
          "call 1 (GET https://h/ ), lasting connection refused: ends without a message" },
        { never_gives_up,
          "call 1 (GET https://h/ ), lasting connection refused: goes round in circles" },
        { calls_nobody, "the good run makes no call" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_buf problem SW_CLEANUP(sw_buf_release);
        sw_buf_init(&problem, SW_BUF_TEXT_MAX);
        const struct sweep sweep = { .name = "careless", .setup = one_step, .run = cases[i].run };
        assert_true(sweep_find(&sweep, &problem));
        assert_string_equal(problem.ptr, cases[i].problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles__the_fake_shows_both_sides),
        cmocka_unit_test(test_doubles__the_fake_keeps_the_order_unless_told_otherwise),
        cmocka_unit_test(test_doubles__the_fake_refuses_what_is_beyond_the_script),
        cmocka_unit_test(test_doubles__the_sweep_finds_carelessness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
