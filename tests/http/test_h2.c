#include "test.h"

#include "h2_world.h"

#include <pthread.h>
#include <stdatomic.h>

/* HTTP/2 by the real transport, against a server that does what a script says. */

enum { SETTING_PUSH = 2, SETTING_WINDOW = 4, SETTING_FRAME = 5 };
enum { REASON_INTERNAL = 2, REASON_REFUSED = 7 };

struct world {
    struct h2_world h2; /* its `taken` is the sink's */
    enum sw_status sink_status;
    atomic_bool stop; /* is wanted */
    bool stop_at_data;
    struct sw_http_reply reply;
};

static bool stop_wanted(void *ctx)
{
    struct world *world = ctx;

    return atomic_load(&world->stop);
}

static int setup(void **state)
{
    struct world *world = sw_xcalloc(1, sizeof(*world));

    h2_world_init(&world->h2);
    world->h2.env.stop_wanted = stop_wanted;
    world->h2.env.stop_ctx = world;
    sw_http_reply_init(&world->reply);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    h2_world_release(&world->h2);
    sw_http_reply_release(&world->reply);
    free(world);
    return 0;
}

static enum sw_status take(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct world *world = ctx;

    sw_buf_add(&world->h2.taken, data, len);
    atomic_store(&world->stop, world->stop_at_data);
    return world->sink_status == SW_OK ? SW_OK
                                       : sw_fail(err, world->sink_status, "the disk is full");
}

static enum sw_status perform(struct world *world, const struct sw_http_request *request)
{
    struct sw_http_reply reply;
    enum sw_status status;

    sw_http_reply_release(&world->reply);
    sw_http_reply_init(&world->reply);
    sw_buf_clear(&world->h2.taken);
    world->h2.err = (struct sw_err)SW_ERR_INIT;
    status = world->h2.http->perform(world->h2.http->ctx, request, &reply, &world->h2.err);
    if (status == SW_OK) {
        world->reply = reply;
    }
    return status;
}

/* A question, whose answer goes to the sink. */
static enum sw_status ask(struct world *world)
{
    static const struct sw_http_header headers[] = { { "Content-Type", "application/grpc" },
                                                     { "TE", "trailers" } };
    const struct sw_http_sink sink = { take, world };
    const struct sw_http_request request = { .method = "POST",
                                             .url = "http://docker/some.Service/Call",
                                             .headers = headers,
                                             .header_count = SW_COUNT(headers),
                                             .data = SW_STR("question"),
                                             .sink = &sink,
                                             .unix_socket = world->h2.socket,
                                             .plain_http_ok = true,
                                             .http2 = true };

    return perform(world, &request);
}

/* It failed, as the text says of the socket between `before` and `after`. */
static void assert_failed(const struct world *world, enum sw_status status, const char *before,
                          const char *after)
{
    SW_CLEANUP(sw_free_str)
    char *expected = sw_xasprintf("%ssocket \"%s\"%s", before, world->h2.socket, after);

    assert_string_equal(world->h2.err.msg, expected);
    assert_string_equal(sw_status_name(status), "network");
}

static void test_h2__asks_and_takes_the_answer(void **state)
{
    struct world *world = *state;
    static const struct h2_step steps[] = {
        { .headers = { { "content-type", "application/grpc" } },
          .body = "abcdefg",
          .frame = 3,
          .trailers = { { "grpc-status", "5" }, { "grpc-message", "not there" } } },
    };
    const struct h2_request *request;

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    assert_int_equal(ask(world), SW_OK);
    assert_int_equal(world->reply.status, 200);
    assert_true(sw_str_is(sw_buf_str(&world->h2.taken), "abcdefg"));
    assert_string_equal(sw_http_reply_header(&world->reply, "Content-Type"), "application/grpc");
    assert_string_equal(sw_http_reply_header(&world->reply, "grpc-status"), "5");
    assert_string_equal(sw_http_reply_header(&world->reply, "grpc-message"), "not there");
    assert_int_equal(world->reply.body.len, 0);

    request = h2_server_request(world->h2.server, 0);
    assert_string_equal(request->head.ptr, ":method: POST\n"
                                           ":scheme: http\n"
                                           ":authority: docker\n"
                                           ":path: /some.Service/Call\n"
                                           "user-agent: slipway/" SLIPWAY_TEST_VERSION "\n"
                                           "content-type: application/grpc\n"
                                           "te: trailers\n");
    assert_string_equal(request->body.ptr, "question");
    assert_int_equal(h2_server_setting(world->h2.server, SETTING_PUSH), 0);
    assert_int_equal(h2_server_setting(world->h2.server, SETTING_WINDOW), 16 * 1024 * 1024);
    assert_int_equal(h2_server_setting(world->h2.server, SETTING_FRAME), 1024 * 1024);
}

/* Collected bodies, other methods, queries, headers without an answer's body. */
static void test_h2__speaks_plain_http_too(void **state)
{
    struct world *world = *state;
    static const struct h2_step steps[] = {
        { .body = "collected" },
        { .status = "404", .body = "no such thing" },
        { .status = "204", .headers = { { "x-some", "" } } },
    };
    const struct sw_http_request get = { .method = "GET",
                                         .url = "http://docker:2375?a=b%20c",
                                         .unix_socket = world->h2.socket,
                                         .http2 = true };

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    assert_int_equal(perform(world, &get), SW_OK);
    assert_string_equal(world->reply.body.ptr, "collected");
    assert_string_equal(h2_server_request(world->h2.server, 0)->head.ptr,
                        ":method: GET\n:scheme: http\n:authority: docker:2375\n:path: /?a=b%20c\n"
                        "user-agent: slipway/" SLIPWAY_TEST_VERSION "\n");
    assert_int_equal(h2_server_request(world->h2.server, 0)->body.len, 0);
    assert_int_equal(ask(world), SW_OK);
    assert_int_equal(world->reply.status, 404);
    assert_int_equal(world->h2.taken.len, 0);
    assert_string_equal(world->reply.body.ptr, "no such thing");
    assert_int_equal(ask(world), SW_OK);
    assert_int_equal(world->reply.status, 204);
    assert_string_equal(sw_http_reply_header(&world->reply, "x-some"), "");
}

/* More than any window, both ways. */
static void test_h2__moves_what_no_window_holds(void **state)
{
    enum { ANSWER = 40 * 1024 * 1024, QUESTION = 100 * 1000, WINDOW = 16 };
    struct world *world = *state;
    struct sw_buf large;
    struct sw_buf question;
    struct h2_step step = { .trailers = { { "grpc-status", "0" } } };
    struct sw_http_request request = { .method = "POST",
                                       .url = "http://docker/",
                                       .reply_max = ANSWER,
                                       .unix_socket = world->h2.socket,
                                       .http2 = true };

    sw_buf_init(&large, ANSWER);
    sw_buf_init(&question, QUESTION);
    while (large.len < ANSWER) {
        sw_buf_add_cstr(&large, "0123456789abcdef");
    }
    while (question.len < QUESTION) {
        sw_buf_add_cstr(&question, "0123456789");
    }
    step.body = large.ptr;
    step.body_len = large.len;
    request.data = sw_buf_str(&question);
    world->h2.server = h2_server_start(world->h2.socket, &step, 1, WINDOW);
    assert_int_equal(perform(world, &request), SW_OK);
    assert_true(sw_str_eq(sw_buf_str(&world->reply.body), sw_buf_str(&large)));
    assert_true(sw_str_eq(sw_buf_str(&h2_server_request(world->h2.server, 0)->body),
                          sw_buf_str(&question)));
    sw_buf_release(&large);
    sw_buf_release(&question);
}

/* One connection serves one exchange after the other; each failure costs one. */
static void test_h2__keeps_connections(void **state)
{
    struct world *world = *state;
    static const struct h2_step steps[] = {
        { .body = "1" },
        { .body = "2", .trailers = { { "grpc-status", "0" } } },
        { .status = "500", .body = "3" },
        { .body = "4", .then = H2_RESET, .reason = REASON_INTERNAL },
        { .body = "5" },
        { .body = "6", .then = H2_LAST },
        { .body = "7" },
        { .body = "8", .then = H2_CLOSE },
        { .body = "9" },
    };
    static const unsigned connections[] = { 1, 1, 1, 1, 2, 2, 3, 3, 4 };

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    for (size_t i = 0; i < SW_COUNT(steps); i++) {
        (void)ask(world);
        assert_int_equal(h2_server_request(world->h2.server, i)->connection, connections[i]);
    }
    assert_int_equal(h2_server_connections(world->h2.server), 4);
}

/* A connection that ended while it was idle is not used, and nobody is told of it. */
static void test_h2__opens_another_connection_when_the_old_one_ended(void **state)
{
    struct world *world = *state;
    static const struct h2_step steps[] = { { .body = "1" } };
    static const struct h2_step more[] = { { .body = "2" } };

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    assert_int_equal(ask(world), SW_OK);
    h2_world_start(&world->h2, more, SW_COUNT(more));
    assert_int_equal(ask(world), SW_OK);
    assert_string_equal(world->h2.taken.ptr, "2");
}

static void test_h2__says_how_it_failed(void **state)
{
    static const struct {
        struct h2_step step;
        const char *after;
        bool not_sent;
    } cases[] = {
        { { .then = H2_DROP }, " closed the connection without an answer", false },
        { { .then = H2_CLOSE }, " closed the connection in the middle of its answer", false },
        { { .body = "abc", .then = H2_CLOSE },
          " closed the connection in the middle of its answer",
          false },
        { { .body = "abc", .then = H2_RESET, .reason = REASON_INTERNAL },
          " gave up the request: INTERNAL_ERROR",
          false },
        { { .then = H2_RESET, .reason = REASON_REFUSED },
          " gave up the request: REFUSED_STREAM",
          true },
        { { .then = H2_REFUSE }, " gave up the request: REFUSED_STREAM", true },
        { { .then = H2_RESET }, " gave up the request: NO_ERROR", false },
    };
    struct world *world = *state;

    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("%zu\n", i);
        h2_world_start(&world->h2, &cases[i].step, 1);
        assert_failed(world, ask(world), "", cases[i].after);
        assert_true(world->h2.err.retryable);
        assert_int_equal(world->h2.err.not_sent, cases[i].not_sent);
    }
    h2_world_stop(&world->h2);
    assert_failed(world, ask(world), "cannot connect to ", ": no such file or directory");
    assert_false(world->h2.err.retryable);
    assert_true(world->h2.err.not_sent);
}

static void test_h2__ends_when_the_sink_does(void **state)
{
    static const struct h2_step steps[] = {
        { .body = "abc", .then = H2_HOLD },
        { .body = "def" },
    };
    struct world *world = *state;

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    world->sink_status = SW_E_FAILED;
    assert_int_equal(ask(world), SW_E_FAILED);
    assert_string_equal(world->h2.err.msg, "the disk is full");
    world->sink_status = SW_OK;
    assert_int_equal(ask(world), SW_OK);
    assert_string_equal(world->h2.taken.ptr, "def");
    assert_int_equal(h2_server_connections(world->h2.server), 2);
}

static void test_h2__stops_and_does_not_wait_for_ever(void **state)
{
    static const struct h2_step steps[] = {
        { .body = "abc", .then = H2_HOLD },
        { .then = H2_HOLD },
        { .then = H2_HOLD },
    };
    struct world *world = *state;
    struct sw_http_request request = {
        .method = "GET", .url = "http://docker/", .unix_socket = world->h2.socket, .http2 = true
    };

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    world->stop_at_data = true;
    assert_int_equal(ask(world), SW_E_STOPPED);
    assert_string_equal(world->h2.err.msg, "stopped");
    world->stop_at_data = false;
    atomic_store(&world->stop, false);
    request.stall_timeout_ms = 1;
    assert_failed(world, perform(world, &request), "", " is silent: not a byte within 0.0 s");
    request.stall_timeout_ms = 0;
    request.total_timeout_ms = 1;
    assert_failed(world, perform(world, &request), "", " took longer than the permitted 0.0 s");
}

struct asker {
    struct world *world;
    pthread_t thread;
    unsigned times;
    unsigned answered;
    enum sw_status last;
};

static void *keep_asking(void *ctx)
{
    struct asker *asker = ctx;
    const struct world *world = asker->world;
    const struct sw_http_request request = {
        .method = "GET", .url = "http://docker/", .unix_socket = world->h2.socket, .http2 = true
    };

    for (unsigned i = 0; i < asker->times; i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_http_reply reply;

        asker->last = world->h2.http->perform(world->h2.http->ctx, &request, &reply, &err);
        if (asker->last == SW_OK) {
            asker->answered += strcmp(reply.body.ptr, "ok") == 0;
            sw_http_reply_release(&reply);
        }
    }
    return NULL;
}

static void begin_asking(struct asker *asker, struct world *world, unsigned times)
{
    *asker = (struct asker){ .world = world, .times = times };
    assert_int_equal(pthread_create(&asker->thread, NULL, keep_asking, asker), 0);
}

/* One that gets no answer holds nobody up. */
static void test_h2__serves_several_threads(void **state)
{
    enum { ASKERS = 4, TIMES = 10 };
    struct world *world = *state;
    struct h2_step steps[1 + ASKERS * TIMES] = { { .body = "ok", .then = H2_HOLD } };
    struct asker held;
    struct asker askers[ASKERS];

    for (size_t i = 1; i < SW_COUNT(steps); i++) {
        steps[i] = (struct h2_step){ .body = "ok" };
    }
    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    begin_asking(&held, world, 1);
    h2_server_await(world->h2.server, 1);
    for (size_t i = 0; i < ASKERS; i++) {
        begin_asking(&askers[i], world, TIMES);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_int_equal(askers[i].answered, TIMES);
    }
    assert_true(h2_server_connections(world->h2.server) <= 1 + ASKERS);
    atomic_store(&world->stop, true);
    assert_int_equal(pthread_join(held.thread, NULL), 0);
    assert_int_equal(held.last, SW_E_STOPPED);
}

static void test_h2__limits_what_is_collected(void **state)
{
    static const struct h2_step steps[] = {
        { .body = "0123456789" },
        { .status = "500", .body = "0123456789" },
    };
    struct world *world = *state;
    const struct sw_http_request request = { .method = "GET",
                                             .url = "http://docker/",
                                             .reply_max = 5,
                                             .unix_socket = world->h2.socket,
                                             .http2 = true };

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    assert_int_equal(perform(world, &request), SW_E_TOO_LARGE);
    assert_string_equal(world->h2.err.msg, "\"docker\" answered with more than 5 bytes");
    assert_int_equal(perform(world, &request), SW_OK);
    assert_int_equal(world->reply.status, 500);
    assert_string_equal(world->reply.body.ptr, "01234");
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_h2__asks_and_takes_the_answer),
        WORLD_TEST(test_h2__speaks_plain_http_too),
        WORLD_TEST(test_h2__moves_what_no_window_holds),
        WORLD_TEST(test_h2__keeps_connections),
        WORLD_TEST(test_h2__opens_another_connection_when_the_old_one_ended),
        WORLD_TEST(test_h2__says_how_it_failed),
        WORLD_TEST(test_h2__ends_when_the_sink_does),
        WORLD_TEST(test_h2__stops_and_does_not_wait_for_ever),
        WORLD_TEST(test_h2__serves_several_threads),
        WORLD_TEST(test_h2__limits_what_is_collected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
