/* Exchanges that fail, stall, are repeated, redirected or stopped. */
#include "curl_world.h"
#include "listener.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

/* Failures */

static void test_curl_failures__says_when_nobody_listens(void **state)
{
    struct world *world = *state;
    int port = listener_closed_port();
    world->url = sw_xasprintf("http://127.0.0.1:%d/v2/?sig=secret", port);
    assert_int_equal(get(world), SW_E_NETWORK);
    char *msg SW_CLEANUP(sw_free_str) =
        sw_xasprintf("cannot connect to \"127.0.0.1\" port %d: connection refused", port);
    assert_string_equal(world->err.msg, msg);
    assert_true(world->err.retryable);
    assert_true(world->err.not_sent);
}

static void test_curl_failures__says_how_the_connection_ended(void **state)
{
    struct world *world = *state;
    static const struct {
        struct fault_step step;
        const char *before;
        const char *after;
        bool retryable;
    } cases[] = {
        { { .then = FAULT_RESET }, "the connection to ", " broke: connection reset by peer", true },
        { { .then = FAULT_CLOSE }, "", " closed the connection without an answer", true },
        { { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .then = FAULT_CLOSE },
          "",
          " closed the connection in the middle of its answer, after 3 of 10 bytes",
          true },
        { { .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc",
            .then = FAULT_CLOSE },
          "",
          " closed the connection in the middle of its answer",
          true },
        { { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .then = FAULT_RESET },
          "the connection to ",
          " broke: connection reset by peer",
          true },
        { { .answer = "HTTP/1.1 202 Accepted\r\nDate: Mon, 02 Nov 2026 00:00:00 GMT\r\n",
            .then = FAULT_CLOSE },
          "",
          " closed the connection in the middle of its answer",
          true },
        { { .answer = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nLocat", .then = FAULT_CLOSE },
          "",
          " closed the connection in the middle of its answer",
          true },
        { { .answer = "SSH-2.0-OpenSSH_9.2\r\n", .then = FAULT_CLOSE },
          "",
          " does not speak HTTP",
          false },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        start(world, &cases[i].step, 1);
        enum sw_status status = get(world);
        assert_network_error(world, status, cases[i].before, cases[i].after);
        assert_int_equal(world->err.retryable, cases[i].retryable);
        assert_false(world->err.not_sent);
        fault_server_stop(world->server);
        world->server = NULL;
        free(world->url);
        world->url = NULL;
    }
}

/* Frames of HTTP/2. */
#define SETTINGS          "\0\0\0\4\0\0\0\0\0"
#define DATA_OF_NO_STREAM "\0\0\1\0\0\0\0\0\0x"

static void test_curl_failures__fails_where_nobody_speaks_http_2(void **state)
{
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 505 No\r\nContent-Length: 0\r\n\r\n", .then = FAULT_DRAIN },
        { .answer = SETTINGS DATA_OF_NO_STREAM,
          .answer_len = sizeof(SETTINGS DATA_OF_NO_STREAM) - 1,
          .then = FAULT_DRAIN },
        { .then = FAULT_DRAIN },
        { .then = FAULT_RESET },
    };
    static const char *const said[][2] = {
        { "", " does not speak HTTP/2" },
        { "the request to ", " failed: it broke the rules of HTTP/2" },
        { "", " closed the connection without an answer" },
        { "the connection to ", " broke: connection reset by peer" }
    };
    struct world *world = *state;

    start(world, steps, SW_COUNT(steps));
    for (size_t i = 0; i < SW_COUNT(steps); i++) {
        const struct sw_http_request request = {
            .method = "POST", .url = world->url, .data = SW_STR("question"), .http2 = true
        };

        assert_network_error(world, perform(world, &request), said[i][0], said[i][1]);
        assert_int_equal(world->err.retryable, i > 1);
    }
}

/* Where one connects to is found as libcurl finds it. */
static void test_curl_failures__finds_nobody_who_speaks_http_2(void **state)
{
    struct world *world = *state;
    struct sw_http_request request = { .method = "POST", .http2 = true, .plain_http_ok = true };

    world->url = sw_xasprintf("http://127.0.0.1:%d/", listener_closed_port());
    request.url = world->url;
    assert_int_equal(perform(world, &request), SW_E_NETWORK);
    assert_non_null(strstr(world->err.msg, "cannot connect to \"127.0.0.1\" port "));
    assert_non_null(strstr(world->err.msg, ": connection refused"));
    assert_true(world->err.not_sent);
    request.unix_socket =
        "/a-path-that-is-longer-than-the-name-of-a-socket-may-be-which-is-one-hundred-"
        "and-seven-bytes-and-this-one-is-more";
    assert_int_equal(perform(world, &request), SW_E_NETWORK);
    assert_non_null(strstr(world->err.msg, ": file name too long"));
}

static void test_curl_failures__says_when_tls_meets_plain_http(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .unread = true, .answer = "HTTP/1.1 400 Bad Request\r\n\r\n", .then = FAULT_DRAIN },
    };
    start(world, steps, SW_COUNT(steps));
    free(world->url);
    world->url = sw_xasprintf("https://127.0.0.1:%d/", fault_server_port(world->server));
    enum sw_status status = get(world);
    assert_network_error(world, status, "", " does not speak TLS; is it plain HTTP?");
    assert_false(world->err.retryable);
    assert_true(world->err.not_sent);
}

/* A port whose queue of connections is full: further ones are neither accepted nor refused. */
static void test_curl_failures__gives_up_connecting(void **state)
{
    struct world *world = *state;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t len = sizeof(address);
    int fds[4];
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fds[0], any, sizeof(address)), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], any, &len), 0);
    for (size_t i = 1; i < SW_COUNT(fds); i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], any, sizeof(address));
    }
    int port = ntohs(address.sin_port);
    world->url = sw_xasprintf("http://127.0.0.1:%d/", port);
    char *msg SW_CLEANUP(sw_free_str) =
        sw_xasprintf("cannot connect to \"127.0.0.1\" port %d: no answer within 0.2 s", port);
    for (int http2 = 0; http2 < 2; http2++) {
        const struct sw_http_request request = {
            .method = "GET", .url = world->url, .http2 = http2, .connect_timeout_ms = 200
        };
        assert_int_equal(perform(world, &request), SW_E_NETWORK);
        assert_string_equal(world->err.msg, msg);
        assert_true(world->err.retryable);
        assert_true(world->err.not_sent);
    }
    for (size_t i = 0; i < SW_COUNT(fds); i++) {
        (void)close(fds[i]);
    }
}

static void test_curl_failures__gives_up_on_silence(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .then = FAULT_IDLE },
        { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .then = FAULT_IDLE },
        { .then = FAULT_IDLE },
    };
    start(world, steps, SW_COUNT(steps));
    struct sw_http_request request = { .method = "GET",
                                       .url = world->url,
                                       .stall_timeout_ms = 100 };
    for (int i = 0; i < 2; i++) {
        enum sw_status status = perform(world, &request);
        assert_network_error(world, status, "", " is silent: not a byte within 0.1 s");
        assert_true(world->err.retryable);
        assert_false(world->err.not_sent);
    }
    request.stall_timeout_ms = 0;
    request.total_timeout_ms = 200;
    enum sw_status status = perform(world, &request);
    assert_network_error(world, status, "", " took longer than the permitted 0.2 s");
}

/* What does not fit into the buffers of the connection stays with us. */
static void test_curl_failures__gives_up_on_a_server_that_stops_reading(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .early = true, .then = FAULT_HOLD, .times = 2 },
    };
    start(world, steps, SW_COUNT(steps));
    for (int known = 0; known < 2; known++) {
        struct source source = { .end = 500000000, .fail_at = -1 };
        const struct sw_http_body body = { .length = known ? source.end : -1,
                                           .read = source_read,
                                           .ctx = &source };
        const struct sw_http_request request = { .method = "PUT",
                                                 .url = world->url,
                                                 .body = &body,
                                                 .stall_timeout_ms = 200,
                                                 .answer_timeout_ms = 3600000 };
        enum sw_status status = perform(world, &request);
        assert_network_error(world, status, "", " is silent: not a byte within 0.2 s");
        assert_true(world->err.retryable);
        assert_true(source.at < source.end);
    }
}

static void test_curl_failures__is_patient_with_a_drip_feed(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .answer = OK_ANSWER, .drip = 1 } };
    start(world, steps, SW_COUNT(steps));
    const struct sw_http_request request = { .method = "GET",
                                             .url = world->url,
                                             .stall_timeout_ms = 2000 };
    assert_good(world, perform(world, &request));
    assert_string_equal(world->reply.body.ptr, "ok");
}

static void test_curl_failures__reports_an_early_refusal_of_an_upload(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer =
              "HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big",
          .early = true,
          .then = FAULT_DRAIN,
          .times = 3 },
        { .answer = "HTTP/1.1 401 No\r\nContent-Length: 7\r\n\r\ntoo bad",
          .early = true,
          .then = FAULT_IDLE,
          .times = 3 },
    };
    start(world, steps, SW_COUNT(steps));
    for (int i = 0; i < 6; i++) {
        struct source source = { .end = 50000000, .fail_at = -1 };
        const struct sw_http_body body = { .length = i % 2 ? source.end : -1,
                                           .read = source_read,
                                           .ctx = &source };
        const struct sw_http_request request = { .method = "PUT",
                                                 .url = world->url,
                                                 .body = &body };
        assert_good(world, perform(world, &request));
        assert_int_equal(world->reply.status, i < 3 ? 413 : 401);
        assert_string_equal(world->reply.body.ptr, i < 3 ? "too big" : "too bad");
    }
}

/*
 * A server that closes on a client which is still sending resets the connection, and the answer
 * may be lost on the way: then it is a broken connection, worth another try, never a success.
 */
static void test_curl_failures__survives_a_rude_refusal_of_an_upload(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\ntoo big",
          .early = true,
          .then = FAULT_CLOSE,
          .times = 20 },
    };
    start(world, steps, SW_COUNT(steps));
    int answered = 0;
    for (int i = 0; i < 20; i++) {
        struct source source = { .end = 5000000, .fail_at = -1 };
        const struct sw_http_body body = { .length = source.end,
                                           .read = source_read,
                                           .ctx = &source };
        const struct sw_http_request request = { .method = "PUT",
                                                 .url = world->url,
                                                 .body = &body };
        if (perform(world, &request) == SW_OK) {
            assert_int_equal(world->reply.status, 413);
            answered++;
        } else {
            assert_int_equal(world->err.status, SW_E_NETWORK);
            assert_true(world->err.retryable);
            assert_false(world->err.not_sent);
        }
    }
    print_message("%d of 20 answers arrived\n", answered);
}

static void test_curl_failures__starts_over_when_a_kept_connection_is_dead(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = OK_ANSWER },
        { .then = FAULT_CLOSE }, /* reads the second request and goes */
        { .answer = OK_ANSWER },
    };
    start(world, steps, SW_COUNT(steps));
    assert_good(world, get(world));
    struct source source = { .end = 10, .fail_at = -1 };
    const struct sw_http_body body = {
        .length = 10, .read = source_read, .rewind = source_rewind, .ctx = &source
    };
    const struct sw_http_request request = { .method = "PUT", .url = world->url, .body = &body };
    assert_good(world, perform(world, &request));
    assert_int_equal(source.rewinds, 1);
    assert_string_equal(fault_server_request(world->server, 2)->body.ptr, "0123456789");
    assert_int_equal(fault_server_connections(world->server), 2);
}

static void test_curl_failures__never_repeats_a_post_by_itself(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = OK_ANSWER },
        { .then = FAULT_CLOSE },
        { .answer = OK_ANSWER },
    };
    start(world, steps, SW_COUNT(steps));
    assert_good(world, get(world));
    const struct sw_http_request request = { .method = "POST",
                                             .url = world->url,
                                             .data = SW_STR("{\"start\":1}") };
    enum sw_status status = perform(world, &request);
    assert_int_equal(status, SW_E_NETWORK);
    assert_true(world->err.retryable);
    assert_false(world->err.not_sent);
    assert_int_equal(fault_server_request_count(world->server), 2);
}

static void test_curl_failures__refuses_plain_http_to_others(void **state)
{
    struct world *world = *state;
    world->url = sw_xstrdup("http://example.com/?sig=secret");
    assert_int_equal(get(world), SW_E_INPUT);
    assert_string_equal(world->err.msg, "refusing plain http:// to \"example.com\"; use https://");
}

/* Stopping */

static bool stop_after_some_looks(void *ctx)
{
    int *looks = ctx;
    return ++*looks > 3;
}

static void test_curl_failures__stops_within_a_transfer(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .then = FAULT_IDLE } };
    start(world, steps, SW_COUNT(steps));
    int looks = 0;
    world->env.stop_wanted = stop_after_some_looks;
    world->env.stop_ctx = &looks;
    int64_t started_ms = sw_env_mono_ms(&world->env);
    assert_int_equal(get(world), SW_E_STOPPED);
    assert_string_equal(world->err.msg, "stopped");
    assert_true(sw_env_mono_ms(&world->env) - started_ms < 5000);
}

/* Together with sw_http_send() */

static void test_curl_failures__follows_to_another_port_without_credentials(void **state)
{
    struct world *world = *state;
    static const struct fault_step storage_steps[] = { { .answer = OK_ANSWER } };
    struct fault_server *storage = fault_server_start(NULL, storage_steps, SW_COUNT(storage_steps));
    char *answer SW_CLEANUP(sw_free_str) = sw_xasprintf(
        "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:%d/blob?X-Amz-Signature=s\r\n"
        "Content-Length: 0\r\n\r\n",
        fault_server_port(storage));
    const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 302 Here\r\nLocation: ../v2/moved?x=1\r\nContent-Length: 0\r\n\r\n" },
        { .answer = answer },
    };
    start(world, steps, SW_COUNT(steps));
    const struct sw_http_header headers[] = { { "Authorization", "Bearer secret" },
                                              { "Accept", "application/x" } };
    const struct sw_http_request request = { .method = "GET",
                                             .url = world->url,
                                             .headers = headers,
                                             .header_count = SW_COUNT(headers),
                                             .follow_redirects = true };
    struct sw_http_reply reply;
    assert_good(world, sw_http_send(&world->env, &request, NULL, &reply, &world->err));
    assert_string_equal(reply.body.ptr, "ok");
    sw_http_reply_release(&reply);

    const struct fault_request *second = fault_server_request(world->server, 1);
    assert_true(sw_str_starts(sw_str(second->head), "GET /v2/moved?x=1 HTTP/1.1\r\n"));
    char *kept SW_CLEANUP(sw_free_str) = fault_request_header(second, "Authorization");
    assert_string_equal(kept, "Bearer secret");
    const struct fault_request *third = fault_server_request(storage, 0);
    assert_true(sw_str_starts(sw_str(third->head), "GET /blob?X-Amz-Signature=s HTTP/1.1\r\n"));
    assert_null(fault_request_header(third, "Authorization"));
    char *accept SW_CLEANUP(sw_free_str) = fault_request_header(third, "Accept");
    assert_string_equal(accept, "application/x");
    fault_server_stop(storage);
}

static void test_curl_failures__waits_as_the_server_asks(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n" },
        { .then = FAULT_RESET },
        { .answer = OK_ANSWER },
    };
    start(world, steps, SW_COUNT(steps));
    world->env.clock = world->t.env.clock;
    const struct sw_http_request request = { .method = "GET", .url = world->url };
    struct sw_http_reply reply;
    assert_good(world, sw_http_send(&world->env, &request, NULL, &reply, &world->err));
    assert_string_equal(reply.body.ptr, "ok");
    sw_http_reply_release(&reply);
    assert_true(world->t.slept_ms >= 7000);
    char *said SW_CLEANUP(sw_free_str) =
        sw_xasprintf("\"127.0.0.1:%d\" answered 503 (service unavailable); trying again in 7.0 s "
                     "(try 2 of 8)\n",
                     fault_server_port(world->server));
    assert_true(sw_str_starts(sw_buf_str(&world->t.said), said));
}

/* Several threads */

struct worker {
    struct world *world;
    atomic_int *failures;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < 20; i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_http_reply reply;
        const struct sw_http_request request = { .method = "PUT",
                                                 .url = worker->world->url,
                                                 .data = SW_STR("body") };
        struct sw_http_transport *http = worker->world->http;
        if (http->perform(http->ctx, &request, &reply, &err) != SW_OK) {
            atomic_fetch_add(worker->failures, 1);
            continue;
        }
        if (strcmp(reply.body.ptr, "ok") != 0) {
            atomic_fetch_add(worker->failures, 1);
        }
        sw_http_reply_release(&reply);
    }
    return NULL;
}

static void test_curl_failures__serves_several_threads(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .answer = OK_ANSWER, .times = 160 } };
    start(world, steps, SW_COUNT(steps));
    atomic_int failures = 0;
    struct worker workers[8];
    for (size_t i = 0; i < SW_COUNT(workers); i++) {
        workers[i] = (struct worker){ .world = world, .failures = &failures };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < SW_COUNT(workers); i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    assert_int_equal(failures, 0);
    assert_int_equal(fault_server_request_count(world->server), 160);
    assert_true(fault_server_connections(world->server) <= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_curl_failures__says_when_nobody_listens),
        WORLD_TEST(test_curl_failures__says_how_the_connection_ended),
        WORLD_TEST(test_curl_failures__fails_where_nobody_speaks_http_2),
        WORLD_TEST(test_curl_failures__finds_nobody_who_speaks_http_2),
        WORLD_TEST(test_curl_failures__says_when_tls_meets_plain_http),
        WORLD_TEST(test_curl_failures__gives_up_connecting),
        WORLD_TEST(test_curl_failures__gives_up_on_silence),
        WORLD_TEST(test_curl_failures__gives_up_on_a_server_that_stops_reading),
        WORLD_TEST(test_curl_failures__is_patient_with_a_drip_feed),
        WORLD_TEST(test_curl_failures__reports_an_early_refusal_of_an_upload),
        WORLD_TEST(test_curl_failures__survives_a_rude_refusal_of_an_upload),
        WORLD_TEST(test_curl_failures__starts_over_when_a_kept_connection_is_dead),
        WORLD_TEST(test_curl_failures__never_repeats_a_post_by_itself),
        WORLD_TEST(test_curl_failures__refuses_plain_http_to_others),
        WORLD_TEST(test_curl_failures__stops_within_a_transfer),
        WORLD_TEST(test_curl_failures__follows_to_another_port_without_credentials),
        WORLD_TEST(test_curl_failures__waits_as_the_server_asks),
        WORLD_TEST(test_curl_failures__serves_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
