#include "fake_http.h"
#include "sweep.h"
#include "test.h"

#include <slipway/json.h>

/* A fake clock, and a scripted world behind it. */
struct world {
    struct test_env t;
    struct fake_http fake;
};

static int setup(void **state)
{
    struct world *world = sw_xcalloc(1, sizeof(*world));
    test_env_init(&world->t);
    fake_http_init(&world->fake);
    world->t.env.http = &world->fake.transport;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    test_env_release(&world->t);
    free(world);
    return 0;
}

static void test_send__returns_the_first_good_answer(void **state)
{
    struct world *world = *state;
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = "https://api.example.com/",
          .headers = { { "X-Amz-Target", "A.B" }, { "Cookie", NULL } },
          .body_json = "{ \"a\" : 1 }",
          .reply = "{}",
          .reply_headers = { { "X-Request-Id", "r1" } } },
    };
    fake_http_expect_all(&world->fake, steps, SW_COUNT(steps));
    const struct sw_http_header headers[] = { { "x-amz-target", "A.B" } };
    const struct sw_http_request request = { .method = "POST",
                                             .url = "https://api.example.com/",
                                             .headers = headers,
                                             .header_count = 1,
                                             .data = SW_STR("{\"a\":1}") };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, NULL, &reply, &err));
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body.ptr, "{}");
    assert_string_equal(sw_http_reply_header(&reply, "x-request-id"), "r1");
    assert_string_equal(reply.url, "https://api.example.com/");
    assert_string_equal(world->t.said.ptr, "");
    assert_int_equal(world->t.sleeps, 0);
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__tries_again_and_says_so(void **state)
{
    struct world *world = *state;
    static const struct fake_http_step steps[] = {
        { .status = 503 },
        { .failure = FAKE_REFUSED },
        { .status = 429, .reply_headers = { { "Retry-After", "3" } } },
        { .status = 200, .reply = "at last" },
    };
    fake_http_expect_all(&world->fake, steps, SW_COUNT(steps));
    const struct sw_http_request request = { .method = "GET",
                                             .url = "https://registry.example.com/v2/?sig=secret" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, NULL, &reply, &err));
    assert_string_equal(reply.body.ptr, "at last");
    assert_string_equal(
        world->t.said.ptr,
        "\"registry.example.com\" answered 503 (service unavailable); trying again in 0.2 s (try 2 "
        "of 8)\n"
        "cannot connect to the fake: connection refused; trying again in 0.4 s (try 3 of 8)\n"
        "\"registry.example.com\" answered 429 (too many requests); trying again in 3.0 s (try 4 "
        "of 8)\n");
    assert_int_equal(world->t.slept_ms, 200 + 400 + 3000);
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__returns_the_last_answer_when_tries_are_used_up(void **state)
{
    struct world *world = *state;
    const struct fake_http_step step = { .status = 500, .reply = "oops", .times = 3 };
    fake_http_expect(&world->fake, &step);
    struct sw_retry_policy policy = sw_retry_default;
    policy.max_tries = 3;
    const struct sw_http_request request = { .method = "GET", .url = "https://h/" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, &policy, &reply, &err));
    assert_int_equal(reply.status, 500);
    assert_string_equal(reply.body.ptr, "oops");
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__says_after_how_many_tries_it_gave_up(void **state)
{
    struct world *world = *state;
    const struct fake_http_step step = { .failure = FAKE_REFUSED, .times = 8 };
    fake_http_expect(&world->fake, &step);
    const struct sw_http_request request = { .method = "POST", .url = "https://h/" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_NETWORK,
                 "cannot connect to the fake: connection refused (gave up after 8 tries)");
    fake_http_done(&world->fake);
}

/* Where it is known soon that nobody is there; an answer, even a bad one, is another matter. */
static void test_send__tries_less_often_while_nobody_is_reached(void **state)
{
    struct world *world = *state;
    const struct fake_http_step steps[] = {
        { .failure = FAKE_REFUSED, .times = 3 },
        { .status = 503, .times = 8 },
    };
    fake_http_expect_all(&world->fake, steps, SW_COUNT(steps));
    struct sw_retry_policy policy = sw_retry_default;
    policy.unreached_tries = 3;
    const struct sw_http_request request = { .method = "GET", .url = "https://h/" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, &policy, &reply, &err), SW_E_NETWORK,
                 "cannot connect to the fake: connection refused (gave up after 3 tries)");
    assert_int_equal(test_env_said(&world->t, "(try 2 of 3)"), 1);
    assert_ok(sw_http_send(&world->t.env, &request, &policy, &reply, &err));
    assert_int_equal(reply.status, 503);
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__keeps_within_the_budget(void **state)
{
    struct world *world = *state;
    /* Delays 200 + 400; the third, 800, would pass the budget. */
    const struct fake_http_step step = { .status = 503, .times = 3 };
    fake_http_expect(&world->fake, &step);
    struct sw_retry_policy policy = sw_retry_default;
    policy.budget_ms = 1300;
    const struct sw_http_request request = { .method = "GET", .url = "https://h/" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, &policy, &reply, &err));
    assert_int_equal(reply.status, 503);
    assert_int_equal(world->t.slept_ms, 600);
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__does_not_repeat_a_post_that_may_have_been_done(void **state)
{
    struct world *world = *state;
    const struct fake_http_step step = { .failure = FAKE_TIMEOUT };
    fake_http_expect(&world->fake, &step);
    const struct sw_http_request request = { .method = "POST", .url = "https://h/" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_NETWORK,
                 "the fake did not answer in time");
    fake_http_done(&world->fake);
}

/* A body that counts how often it was started over. */
struct counted_body {
    size_t at;
    unsigned rewinds;
    bool broken;
};
static const char body_text[] = "0123456789";

static enum sw_status counted_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                   struct sw_err *err)
{
    struct counted_body *body = ctx;
    if (body->broken) {
        return sw_fail(err, SW_E_FAILED, "cannot read layer");
    }
    size_t len = sizeof(body_text) - 1 - body->at;
    len = len < size ? len : size;
    memcpy(data, body_text + body->at, len);
    body->at += len;
    *ret_len = len;
    return SW_OK;
}

static enum sw_status counted_rewind(void *ctx, struct sw_err *err)
{
    (void)err;
    struct counted_body *body = ctx;
    body->at = 0;
    body->rewinds++;
    return SW_OK;
}

static void test_send__rewinds_the_body_for_each_further_try(void **state)
{
    struct world *world = *state;
    static const struct fake_http_step steps[] = {
        { .failure = FAKE_CUT_SHORT },
        { .status = 502, .body = "0123456789" },
        { .status = 201, .body = "0123456789" },
    };
    fake_http_expect_all(&world->fake, steps, SW_COUNT(steps));
    struct counted_body counted = { .at = 0 };
    const struct sw_http_body body = {
        .length = 10, .read = counted_read, .rewind = counted_rewind, .ctx = &counted
    };
    const struct sw_http_request request = { .method = "PUT", .url = "https://h/", .body = &body };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, NULL, &reply, &err));
    assert_int_equal(reply.status, 201);
    assert_int_equal(counted.rewinds, 2);
    assert_int_equal(world->fake.request_count, 3);
    assert_string_equal(world->fake.requests[0].body.ptr, "01234");
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__passes_on_what_the_body_reports(void **state)
{
    struct world *world = *state;
    struct counted_body counted = { .broken = true };
    const struct sw_http_body body = {
        .length = 10, .read = counted_read, .rewind = counted_rewind, .ctx = &counted
    };
    const struct sw_http_request request = { .method = "PUT", .url = "https://h/", .body = &body };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_FAILED,
                 "cannot read layer");
    fake_http_done(&world->fake);
}

static enum sw_status sink_write(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    (void)err;
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

static void test_send__gives_good_bodies_to_the_sink_only(void **state)
{
    struct world *world = *state;
    static const struct fake_http_step steps[] = {
        { .status = 503, .reply = "not for the sink" },
        { .status = 200, .reply = "layer" },
    };
    fake_http_expect_all(&world->fake, steps, SW_COUNT(steps));
    struct sw_buf out SW_CLEANUP(sw_buf_release);
    sw_buf_init(&out, 100);
    const struct sw_http_sink sink = { .write = sink_write, .ctx = &out };
    const struct sw_http_request request = { .method = "GET", .url = "https://h/", .sink = &sink };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, NULL, &reply, &err));
    assert_string_equal(out.ptr, "layer");
    assert_string_equal(reply.body.ptr, "");
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__does_not_repeat_once_the_sink_has_something(void **state)
{
    struct world *world = *state;
    const struct fake_http_step step = { .failure = FAKE_CUT_SHORT, .reply = "layer!" };
    fake_http_expect(&world->fake, &step);
    struct sw_buf out SW_CLEANUP(sw_buf_release);
    sw_buf_init(&out, 100);
    const struct sw_http_sink sink = { .write = sink_write, .ctx = &out };
    const struct sw_http_request request = { .method = "GET", .url = "https://h/", .sink = &sink };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_NETWORK,
                 "fake connection broke in the middle");
    assert_string_equal(out.ptr, "lay");
    fake_http_done(&world->fake);
}

static void test_send__follows_redirects_without_credentials(void **state)
{
    struct world *world = *state;
    static const struct fake_http_step steps[] = {
        { .method = "GET",
          .url = "https://registry.example.com/v2/a/blobs/x",
          .headers = { { "Authorization", "Bearer t" } },
          .status = 307,
          .reply_headers = { { "Location", "/v2/b" } } },
        { .url = "https://registry.example.com/v2/b",
          .headers = { { "Authorization", "Bearer t" }, { "Accept", "x/y" } },
          .status = 302,
          .reply_headers = { { "Location", "https://s3.example.com/k?X-Amz-Signature=s" } } },
        { .url = "https://s3.example.com/k?X-Amz-Signature=s",
          .headers = { { "Authorization", NULL },
                       { "Cookie", NULL },
                       { "X-Amz-Security-Token", NULL },
                       { "Accept", "x/y" } },
          .status = 301,
          .reply_headers = { { "Location", "https://registry.example.com/back" } } },
        { .url = "https://registry.example.com/back",
          .headers = { { "Authorization", NULL } },
          .reply = "blob" },
    };
    fake_http_expect_all(&world->fake, steps, SW_COUNT(steps));
    const struct sw_http_header headers[] = { { "authorization", "Bearer t" },
                                              { "cookie", "a=b" },
                                              { "x-amz-security-token", "tok" },
                                              { "Accept", "x/y" } };
    const struct sw_http_request request = { .method = "GET",
                                             .url = "https://registry.example.com/v2/a/blobs/x",
                                             .headers = headers,
                                             .header_count = SW_COUNT(headers),
                                             .follow_redirects = true };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_ok(sw_http_send(&world->t.env, &request, NULL, &reply, &err));
    assert_string_equal(reply.body.ptr, "blob");
    assert_string_equal(reply.url, "https://registry.example.com/back");
    sw_http_reply_release(&reply);
    fake_http_done(&world->fake);
}

static void test_send__returns_redirects_it_must_not_follow(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        bool follow;
        long status;
        const char *location;
    } cases[] = {
        { "GET", false, 302, "/x" }, { "PUT", true, 307, "/x" }, { "POST", true, 302, "/x" },
        { "GET", true, 304, "/x" },  { "GET", true, 300, "/x" }, { "GET", true, 302, NULL },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step step = {
            .status = cases[i].status,
            .reply_headers = { { cases[i].location ? "Location" : "X",
                                 cases[i].location ? cases[i].location : "" } },
        };
        fake_http_expect(&world->fake, &step);
        const struct sw_http_request request = { .method = cases[i].method,
                                                 .url = "https://h/",
                                                 .follow_redirects = cases[i].follow };
        struct sw_err err = SW_ERR_INIT;
        struct sw_http_reply reply;
        assert_ok(sw_http_send(&world->t.env, &request, NULL, &reply, &err));
        assert_int_equal(reply.status, cases[i].status);
        sw_http_reply_release(&reply);
    }
    fake_http_done(&world->fake);
}

static void test_send__refuses_bad_redirects(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *location;
        const char *msg;
    } cases[] = {
        { "http://h/x", "GET \"https://h/a\": refusing to follow a redirect from https to plain "
                        "http at \"h\"" },
        { "http://127.0.0.1:2375/x",
          "GET \"https://h/a\": refusing to follow a redirect from https "
          "to plain http at \"127.0.0.1\"" },
        { "ftp://o/",
          "GET \"https://h/a\": redirect to an unusable location: URL \"ftp://o/\" does "
          "not start with http:// or https://" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step step = {
            .status = 302,
            .reply_headers = { { "Location", cases[i].location } },
        };
        fake_http_expect(&world->fake, &step);
        const struct sw_http_request request = { .method = "GET",
                                                 .url = "https://h/a?s=secret",
                                                 .follow_redirects = true };
        struct sw_err err = SW_ERR_INIT;
        struct sw_http_reply reply;
        assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_UNAVAILABLE,
                     cases[i].msg);
    }
    fake_http_done(&world->fake);
}

static void test_send__does_not_leave_a_socket(void **state)
{
    struct world *world = *state;
    const struct fake_http_step step = { .status = 301,
                                         .reply_headers = { { "Location", "http://evil/" } } };
    fake_http_expect(&world->fake, &step);
    const struct sw_http_request request = { .method = "GET",
                                             .url = "http://localhost/v1.41/info",
                                             .unix_socket = "/run/docker.sock",
                                             .follow_redirects = true };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_UNAVAILABLE,
                 "GET \"http://localhost/v1.41/info\": refusing to follow a redirect from socket "
                 "\"/run/docker.sock\" to \"evil\"");
    fake_http_done(&world->fake);
}

static void test_send__ends_a_redirect_loop(void **state)
{
    struct world *world = *state;
    const struct fake_http_step step = { .status = 302,
                                         .reply_headers = { { "Location", "/again" } },
                                         .times = SW_HTTP_REDIRECTS_MAX + 1 };
    fake_http_expect(&world->fake, &step);
    const struct sw_http_request request = { .method = "GET",
                                             .url = "https://h/a",
                                             .follow_redirects = true };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_UNAVAILABLE,
                 "GET \"https://h/a\": redirected more than 5 times");
    fake_http_done(&world->fake);
}

static void test_send__names_who_sent_where_nobody_answers(void **state)
{
    struct world *world = *state;
    const struct fake_http_step steps[] = {
        { .status = 307, .reply_headers = { { "Location", "https://bucket/x?secret=1" } } },
        { .failure = FAKE_REFUSED, .url = "https://bucket/x?secret=1" },
    };
    fake_http_expect(&world->fake, &steps[0]);
    fake_http_expect(&world->fake, &steps[1]);
    const struct sw_http_request request = { .method = "GET",
                                             .url = "https://h/a?token=2",
                                             .follow_redirects = true };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    assert_int_equal(sw_http_send(&world->t.env, &request, &sw_retry_never, &reply, &err),
                     SW_E_NETWORK);
    assert_non_null(strstr(err.msg, " (sent there by \"https://h/a\")"));
    fake_http_done(&world->fake);
}

static void test_send__stops_when_asked(void **state)
{
    struct world *world = *state;
    const struct sw_http_request request = { .method = "GET", .url = "https://h/" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_reply reply;
    world->t.stop = true;
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_STOPPED,
                 "stopped");
    world->t.stop = false;
    const struct fake_http_step step = { .failure = FAKE_STOPPED };
    fake_http_expect(&world->fake, &step);
    assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_STOPPED,
                 "stopped");
    fake_http_done(&world->fake);
}

static void test_send__refuses_malformed_requests(void **state)
{
    struct world *world = *state;
    static const struct {
        struct sw_http_request request;
        struct sw_http_header header;
        const char *msg;
    } cases[] = {
        { { .method = "G ET", .url = "https://h/" }, { "A", "b" }, "\"G ET\" is no HTTP method" },
        { { .method = "GET", .url = "https://h/" },
          { "A:", "b" },
          "\"A:\" is no HTTP header name" },
        { { .method = "GET", .url = "https://h/" },
          { "A", "b\r\nC: d" },
          "the value for HTTP header \"A\" contains a control character" },
        { { .method = "GET", .url = "http://example.com/" },
          { "A", "b" },
          "refusing plain http:// to \"example.com\"; use https://" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_http_request request = cases[i].request;
        request.headers = &cases[i].header;
        request.header_count = 1;
        struct sw_err err = SW_ERR_INIT;
        struct sw_http_reply reply;
        assert_fails(sw_http_send(&world->t.env, &request, NULL, &reply, &err), SW_E_INPUT,
                     cases[i].msg);
    }
    fake_http_done(&world->fake);
}

/* A scenario for the sweep: two calls whose answers are both needed. */
static void sweep_setup(void *ctx, struct fake_http *fake)
{
    (void)ctx;
    static const struct fake_http_step steps[] = {
        { .method = "GET", .url = "https://h/token", .reply = "{\"token\":\"t\"}" },
        { .method = "PUT",
          .url = "https://h/thing",
          .headers = { { "Authorization", "Bearer t" } },
          .status = 201 },
    };
    fake_http_expect_all(fake, steps, SW_COUNT(steps));
}

static enum sw_status send_step(struct test_env *t, const struct sw_http_request *request,
                                struct sw_http_reply *reply, struct sw_err *err)
{
    enum sw_status status = sw_http_send(&t->env, request, NULL, reply, err);
    if (status == SW_OK && reply->status >= 300) {
        status = sw_fail(err, sw_http_status_class(reply->status), "status %ld", reply->status);
        sw_http_reply_release(reply);
    }
    return status;
}

static enum sw_status sweep_scenario(void *ctx, struct test_env *t, struct sw_err *err)
{
    bool *done = ctx;
    *done = false;
    const struct sw_http_request get = { .method = "GET", .url = "https://h/token" };
    struct sw_http_reply reply;
    enum sw_status status = send_step(t, &get, &reply, err);
    if (status != SW_OK) {
        return status;
    }
    json_auto_t *answer = NULL;
    status = sw_json_parse(sw_buf_str(&reply.body), "token answer", &answer, err);
    sw_http_reply_release(&reply);
    if (status != SW_OK) {
        return status;
    }
    const char *token = sw_json_str(answer, "token", NULL);
    if (!token) {
        return sw_fail(err, SW_E_UNAVAILABLE, "no token in the answer");
    }
    char *value SW_CLEANUP(sw_free_str) = sw_xasprintf("Bearer %s", token);
    const struct sw_http_header header = { "Authorization", value };
    const struct sw_http_request put = {
        .method = "PUT", .url = "https://h/thing", .headers = &header, .header_count = 1
    };
    status = send_step(t, &put, &reply, err);
    if (status == SW_OK) {
        *done = true;
        sw_http_reply_release(&reply);
    }
    return status;
}

static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const bool *done = ctx;
    assert_int_equal(*done, run->status == SW_OK);
    size_t puts = 0;
    for (size_t i = 0; i < run->fake->request_count; i++) {
        puts += strcmp(run->fake->requests[i].method, "PUT") == 0 ? 1 : 0;
    }
    assert_true(run->status != SW_OK || puts == 1);
}

static void test_send__survives_every_fault(void **state)
{
    (void)state;
    bool done = false;
    const struct sweep sweep = { .name = "token and thing",
                                 .setup = sweep_setup,
                                 .run = sweep_scenario,
                                 .verify = sweep_verify,
                                 .ctx = &done };
    sweep_all(&sweep);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_send__returns_the_first_good_answer),
        WORLD_TEST(test_send__tries_again_and_says_so),
        WORLD_TEST(test_send__returns_the_last_answer_when_tries_are_used_up),
        WORLD_TEST(test_send__says_after_how_many_tries_it_gave_up),
        WORLD_TEST(test_send__tries_less_often_while_nobody_is_reached),
        WORLD_TEST(test_send__keeps_within_the_budget),
        WORLD_TEST(test_send__does_not_repeat_a_post_that_may_have_been_done),
        WORLD_TEST(test_send__rewinds_the_body_for_each_further_try),
        WORLD_TEST(test_send__passes_on_what_the_body_reports),
        WORLD_TEST(test_send__gives_good_bodies_to_the_sink_only),
        WORLD_TEST(test_send__does_not_repeat_once_the_sink_has_something),
        WORLD_TEST(test_send__follows_redirects_without_credentials),
        WORLD_TEST(test_send__returns_redirects_it_must_not_follow),
        WORLD_TEST(test_send__refuses_bad_redirects),
        WORLD_TEST(test_send__does_not_leave_a_socket),
        WORLD_TEST(test_send__ends_a_redirect_loop),
        WORLD_TEST(test_send__names_who_sent_where_nobody_answers),
        WORLD_TEST(test_send__stops_when_asked),
        WORLD_TEST(test_send__refuses_malformed_requests),
        cmocka_unit_test(test_send__survives_every_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
