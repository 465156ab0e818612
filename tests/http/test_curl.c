/* Exchanges over the real transport: what is sent, and what comes back. */
#include "curl_world.h"
#include "listener.h"
#include "temp_dir.h"

#include <slipway/fs.h>

/* Answers */

static void test_curl__returns_status_headers_and_body(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 404 Nope\r\nX-One:  a b \r\nx-two:\r\nSet-Cookie: a=1\r\n"
                    "Set-Cookie: b=2\r\nContent-Length: 4\r\n\r\ngone" },
    };
    start(world, steps, SW_COUNT(steps));
    assert_good(world, get(world));
    assert_int_equal(world->reply.status, 404);
    assert_string_equal(world->reply.body.ptr, "gone");
    assert_string_equal(sw_http_reply_header(&world->reply, "X-ONE"), "a b");
    assert_string_equal(sw_http_reply_header(&world->reply, "X-Two"), "");
    assert_string_equal(sw_http_reply_header_at(&world->reply, "set-cookie", 1), "b=2");
    assert_null(sw_http_reply_header_at(&world->reply, "set-cookie", 2));
    assert_int_equal(world->reply.header_count, 5);
}

static void test_curl__reads_chunked_answers_and_drops_trailers(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
                    "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: 1\r\n\r\n",
          .drip = 7 },
    };
    start(world, steps, SW_COUNT(steps));
    assert_good(world, get(world));
    assert_string_equal(world->reply.body.ptr, "hello world");
    assert_null(sw_http_reply_header(&world->reply, "X-T"));
}

static void test_curl__skips_interim_answers(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer =
              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_ANSWER },
    };
    start(world, steps, SW_COUNT(steps));
    assert_good(world, get(world));
    assert_int_equal(world->reply.status, 200);
    assert_null(sw_http_reply_header(&world->reply, "Link"));
    assert_string_equal(world->reply.body.ptr, "ok");
}

static void test_curl__understands_http_1_0(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.0 200 OK\r\n\r\nto the end", .then = FAULT_CLOSE },
        { .answer = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", .then = FAULT_CLOSE },
        { .answer = "HTTP/1.0 404 Not Found\r\n\r\n", .then = FAULT_CLOSE },
        { .answer = "HTTP/1.0 201 Created\r\nLocation: /u/1\r\n\r\n", .then = FAULT_CLOSE },
    };
    start(world, steps, SW_COUNT(steps));
    assert_good(world, get(world));
    assert_string_equal(world->reply.body.ptr, "to the end");
    assert_good(world, get(world));
    assert_string_equal(world->reply.body.ptr, "ok");
    assert_good(world, get(world));
    assert_int_equal(world->reply.status, 404);
    struct source source = { .end = 100000, .fail_at = -1 };
    const struct sw_http_body body = { .length = -1, .read = source_read, .ctx = &source };
    const struct sw_http_request request = { .method = "PATCH", .url = world->url, .body = &body };
    assert_good(world, perform(world, &request));
    assert_int_equal(world->reply.status, 201);
    assert_int_equal(fault_server_request(world->server, 3)->body_len, 100000);
}

static void test_curl__keeps_connections(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .answer = OK_ANSWER, .times = 3 } };
    start(world, steps, SW_COUNT(steps));
    for (int i = 0; i < 3; i++) {
        assert_good(world, get(world));
    }
    assert_int_equal(fault_server_connections(world->server), 1);
}

/* Asks another server while the answer of the first one comes. */
struct detour {
    struct world *world;
    const char *url;
};

static enum sw_status take_detour(void *ctx, SW_UNUSED const char *data, SW_UNUSED size_t len,
                                  struct sw_err *err)
{
    const struct detour *detour = ctx;
    const struct sw_http_request request = { .method = "GET", .url = detour->url };
    struct sw_http_transport *http = detour->world->http;
    struct sw_http_reply reply;
    enum sw_status status = http->perform(http->ctx, &request, &reply, err);
    if (status == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return status;
}

/* Two requests at a time leave two handles; each is taken again for the server that it knows. */
static void test_curl__goes_back_to_open_connections(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .answer = OK_ANSWER, .times = 7 } };
    start(world, steps, SW_COUNT(steps));
    struct fault_server *other = fault_server_start(NULL, steps, SW_COUNT(steps));
    char *other_url SW_CLEANUP(sw_free_str) = fault_server_url(other, "/");
    struct detour detour = { world, other_url };
    const struct sw_http_sink sink = { take_detour, &detour };
    const struct sw_http_request request = { .method = "GET", .url = world->url, .sink = &sink };
    const struct sw_http_request other_request = { .method = "GET", .url = other_url };
    assert_good(world, perform(world, &request));
    for (int i = 0; i < 3; i++) {
        assert_good(world, perform(world, &other_request));
        assert_good(world, get(world));
    }
    assert_int_equal(fault_server_connections(world->server), 1);
    assert_int_equal(fault_server_connections(other), 1);
    fault_server_stop(other);
}

/* What goes out */

static void assert_head(struct world *world, size_t n, const char *expected)
{
    char *host SW_CLEANUP(sw_free_str) =
        sw_xasprintf("Host: 127.0.0.1:%d\r\n", fault_server_port(world->server));
    struct sw_str head = sw_str(fault_server_request(world->server, n)->head);
    ptrdiff_t at = sw_str_find_str(head, sw_str(host));
    assert_true(at >= 0);
    char *rest SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%.*s%s", (int)at, head.ptr, head.ptr + at + strlen(host));
    assert_string_equal(rest, expected);
}

#define FIXED_HEADERS "User-Agent: slipway/" SLIPWAY_TEST_VERSION "\r\nAccept: */*\r\n"

static void test_curl__sends_exactly_this(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        const char *data;
        const char *head;
    } cases[] = {
        { "GET", "", "GET /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS "X-Empty:\r\nX-A: b\r\n" },
        { "HEAD", "", "HEAD /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS "X-Empty:\r\nX-A: b\r\n" },
        { "DELETE", "",
          "DELETE /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS "X-Empty:\r\nX-A: b\r\n" },
        { "POST", "",
          "POST /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS
          "X-Empty:\r\nX-A: b\r\nContent-Length: 0\r\n" },
        { "POST", "{}",
          "POST /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS
          "X-Empty:\r\nX-A: b\r\nContent-Length: 2\r\n" },
        { "PATCH", "abc",
          "PATCH /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS
          "X-Empty:\r\nX-A: b\r\nContent-Length: 3\r\n" },
        { "PUT", "abc",
          "PUT /path?sig=secret HTTP/1.1\r\n" FIXED_HEADERS
          "X-Empty:\r\nX-A: b\r\nContent-Length: 3\r\n" },
    };
    const struct fault_step steps[] = { { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                                          .times = SW_COUNT(cases) } };
    start(world, steps, SW_COUNT(steps));
    const struct sw_http_header headers[] = { { "X-Empty", "" },
                                              { "X-A", "b" },
                                              { "Content-Length", "77" },
                                              { "transfer-encoding", "gzip" } };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_http_request request = { .method = cases[i].method,
                                                 .url = world->url,
                                                 .headers = headers,
                                                 .header_count = SW_COUNT(headers),
                                                 .data = sw_str(cases[i].data) };
        assert_good(world, perform(world, &request));
        assert_head(world, i, cases[i].head);
        assert_string_equal(fault_server_request(world->server, i)->body.ptr, cases[i].data);
    }
}

static void test_curl__streams_bodies_of_known_and_unknown_length(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *method;
        int64_t announced;
        int64_t length;
        size_t at_most;
        const char *content_length;
        const char *coding;
    } cases[] = {
        { "PUT", 3000000, 3000000, 0, "3000000", NULL },
        { "PATCH", -1, 3000000, 0, NULL, "chunked" },
        { "POST", -1, 3, 1, NULL, "chunked" },
        { "PUT", -1, 0, 0, NULL, "chunked" },
        { "PUT", 0, 0, 0, "0", NULL },
        { "PUT", 100000, 100000, 1000, "100000", NULL },
    };
    const struct fault_step steps[] = { { .answer = OK_ANSWER, .times = SW_COUNT(cases) } };
    start(world, steps, SW_COUNT(steps));
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct source source = { .end = cases[i].length,
                                 .fail_at = -1,
                                 .at_most = cases[i].at_most };
        const struct sw_http_body body = { .length = cases[i].announced,
                                           .read = source_read,
                                           .rewind = source_rewind,
                                           .ctx = &source };
        const struct sw_http_request request = { .method = cases[i].method,
                                                 .url = world->url,
                                                 .body = &body };
        assert_good(world, perform(world, &request));
        const struct fault_request *arrived = fault_server_request(world->server, i);
        char *length SW_CLEANUP(sw_free_str) = fault_request_header(arrived, "Content-Length");
        char *coding SW_CLEANUP(sw_free_str) = fault_request_header(arrived, "Transfer-Encoding");
        char *expect SW_CLEANUP(sw_free_str) = fault_request_header(arrived, "Expect");
        assert_string_equal(length ? length : "-",
                            cases[i].content_length ? cases[i].content_length : "-");
        assert_string_equal(coding ? coding : "-", cases[i].coding ? cases[i].coding : "-");
        assert_null(expect);
        assert_int_equal(arrived->body_len, cases[i].length);
        for (size_t k = 0; k < arrived->body.len; k++) {
            assert_int_equal(arrived->body.ptr[k], '0' + k % 10);
        }
    }
    assert_int_equal(fault_server_connections(world->server), 1);
}

static void test_curl__passes_on_what_the_body_reports(void **state)
{
    struct world *world = *state;
    static const struct {
        int64_t announced;
        int64_t length;
        int64_t fail_at;
        const char *msg;
    } cases[] = {
        { 1000000, 1000000, 0, "cannot read layer" },
        { 1000000, 1000000, 500000, "cannot read layer" },
        { -1, 1000000, 500000, "cannot read layer" },
        { 10, 4, -1, "the request body ended after 4 of 10 bytes" },
    };
    const struct fault_step steps[] = { { .answer = OK_ANSWER, .times = SW_COUNT(cases) } };
    start(world, steps, SW_COUNT(steps));
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct source source = { .end = cases[i].length,
                                 .fail_at = cases[i].fail_at,
                                 .at_most = 1000 };
        const struct sw_http_body body = { .length = cases[i].announced,
                                           .read = source_read,
                                           .ctx = &source };
        const struct sw_http_request request = { .method = "PUT",
                                                 .url = world->url,
                                                 .body = &body };
        assert_int_equal(perform(world, &request), SW_E_FAILED);
        assert_string_equal(world->err.msg, cases[i].msg);
    }
    /* Not even the end mark of a chunked body may go out then. */
    for (size_t i = 0; i < fault_server_request_count(world->server); i++) {
        assert_false(fault_server_request(world->server, i)->complete);
    }
}

static void test_curl__speaks_over_unix_sockets(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .answer = OK_ANSWER } };
    char *dir = temp_dir_new();
    char *path SW_CLEANUP(sw_free_str) = sw_fs_join(dir, "s");
    world->server = fault_server_start(path, steps, SW_COUNT(steps));
    const struct sw_http_request request = { .method = "GET",
                                             .url = "http://docker/v1.41/_ping",
                                             .unix_socket = path };
    assert_good(world, perform(world, &request));
    assert_string_equal(world->reply.body.ptr, "ok");
    assert_true(sw_str_starts(sw_str(fault_server_request(world->server, 0)->head),
                              "GET /v1.41/_ping HTTP/1.1\r\nHost: docker\r\n"));
    temp_dir_free(dir);
}

static void test_curl__names_a_socket_that_is_not_there(void **state)
{
    struct world *world = *state;
    const struct sw_http_request request = { .method = "GET",
                                             .url = "http://docker/",
                                             .unix_socket = "/nonexistent/docker.sock" };
    assert_int_equal(perform(world, &request), SW_E_NETWORK);
    assert_string_equal(
        world->err.msg,
        "cannot connect to socket \"/nonexistent/docker.sock\": no such file or directory");
    assert_false(world->err.retryable);
    assert_true(world->err.not_sent);
}

static void test_curl__reaches_loopback_without_a_proxy(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = { { .answer = OK_ANSWER } };
    start(world, steps, SW_COUNT(steps));
    char *proxy SW_CLEANUP(sw_free_str) =
        sw_xasprintf("http://127.0.0.1:%d", listener_closed_port());
    assert_int_equal(setenv("http_proxy", proxy, 1), 0);
    enum sw_status status = get(world);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_good(world, status);
}

static void test_curl__tells_that_a_proxy_refuses(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", .then = FAULT_CLOSE }
    };
    start(world, steps, SW_COUNT(steps));
    char *proxy SW_CLEANUP(sw_free_str) = fault_server_url(world->server, "");
    const struct sw_http_request request = { .method = "GET",
                                             .url = "https://registry.example.com/v2/" };
    test_env_set(&world->t, "https_proxy", proxy);
    assert_int_equal(setenv("https_proxy", proxy, 1), 0);
    enum sw_status status = perform(world, &request);
    assert_int_equal(unsetenv("https_proxy"), 0);
    assert_int_equal(status, SW_E_NETWORK);
    assert_string_equal(
        world->err.msg,
        "the proxy in https_proxy does not connect to \"registry.example.com\" port "
        "443: it answered 407 (proxy authentication required)");
    assert_false(world->err.retryable);
    assert_true(world->err.not_sent);
}

/* Limits */

static enum sw_status collect(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    (void)err;
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

static enum sw_status refuse(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    (void)ctx;
    (void)data;
    (void)len;
    return sw_fail(err, SW_E_FAILED, "digest differs");
}

static void test_curl__gives_2xx_bodies_to_the_sink(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = OK_ANSWER },
        { .answer = "HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nnono" },
        { .answer = OK_ANSWER },
    };
    start(world, steps, SW_COUNT(steps));
    struct sw_buf out SW_CLEANUP(sw_buf_release);
    sw_buf_init(&out, 100);
    const struct sw_http_sink sink = { .write = collect, .ctx = &out };
    struct sw_http_request request = {
        .method = "GET", .url = world->url, .sink = &sink, .reply_max = 1
    };
    assert_good(world, perform(world, &request));
    assert_string_equal(out.ptr, "ok");
    assert_string_equal(world->reply.body.ptr, "");
    request.reply_max = 0;
    assert_good(world, perform(world, &request));
    assert_string_equal(out.ptr, "ok");
    assert_string_equal(world->reply.body.ptr, "nono");
    const struct sw_http_sink refusing = { .write = refuse };
    request.sink = &refusing;
    assert_int_equal(perform(world, &request), SW_E_FAILED);
    assert_string_equal(world->err.msg, "digest differs");
}

static void test_curl__limits_collected_bodies(void **state)
{
    struct world *world = *state;
    static const struct fault_step steps[] = {
        { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789" },
        { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890" },
        { .answer = "HTTP/1.1 500 No\r\nContent-Length: 11\r\n\r\n01234567890" },
    };
    start(world, steps, SW_COUNT(steps));
    const struct sw_http_request request = { .method = "GET", .url = world->url, .reply_max = 10 };
    assert_good(world, perform(world, &request));
    assert_string_equal(world->reply.body.ptr, "0123456789");
    assert_int_equal(perform(world, &request), SW_E_TOO_LARGE);
    assert_string_equal(world->err.msg, "\"127.0.0.1\" answered with more than 10 bytes");
    assert_good(world, perform(world, &request));
    assert_int_equal(world->reply.status, 500);
    assert_string_equal(world->reply.body.ptr, "0123456789");
}

static void test_curl__limits_headers(void **state)
{
    struct world *world = *state;
    struct sw_buf many SW_CLEANUP(sw_buf_release);
    struct sw_buf wide SW_CLEANUP(sw_buf_release);
    struct sw_buf huge SW_CLEANUP(sw_buf_release);
    sw_buf_init(&many, SW_BUF_TEXT_MAX);
    sw_buf_init(&wide, SW_BUF_TEXT_MAX);
    sw_buf_init(&huge, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&many, "HTTP/1.1 200 OK\r\n");
    sw_buf_add_cstr(&wide, "HTTP/1.1 200 OK\r\n");
    sw_buf_add_cstr(&huge, "HTTP/1.1 200 OK\r\nX: ");
    for (int i = 0; i < SW_HTTP_HEADERS_MAX + 1; i++) {
        sw_buf_addf(&many, "X-%d: y\r\n", i);
        if (i < 5) {
            sw_buf_addf(&wide, "X: %015000d\r\n", i);
        }
        sw_buf_addf(&huge, "%01000d", i);
    }
    const struct fault_step steps[] = {
        { .answer = many.ptr, .then = FAULT_IDLE },
        { .answer = wide.ptr, .then = FAULT_IDLE },
        { .answer = huge.ptr, .then = FAULT_IDLE },
    };
    start(world, steps, SW_COUNT(steps));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(get(world), SW_E_TOO_LARGE);
        assert_string_equal(world->err.msg,
                            "\"127.0.0.1\" answered with more than 256 header lines "
                            "or 65536 bytes of them");
    }
    assert_int_equal(get(world), SW_E_TOO_LARGE);
    assert_string_equal(world->err.msg, "\"127.0.0.1\" answered with an oversized header line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_curl__returns_status_headers_and_body),
        WORLD_TEST(test_curl__reads_chunked_answers_and_drops_trailers),
        WORLD_TEST(test_curl__skips_interim_answers),
        WORLD_TEST(test_curl__understands_http_1_0),
        WORLD_TEST(test_curl__keeps_connections),
        WORLD_TEST(test_curl__goes_back_to_open_connections),
        WORLD_TEST(test_curl__sends_exactly_this),
        WORLD_TEST(test_curl__streams_bodies_of_known_and_unknown_length),
        WORLD_TEST(test_curl__passes_on_what_the_body_reports),
        WORLD_TEST(test_curl__speaks_over_unix_sockets),
        WORLD_TEST(test_curl__names_a_socket_that_is_not_there),
        WORLD_TEST(test_curl__reaches_loopback_without_a_proxy),
        WORLD_TEST(test_curl__tells_that_a_proxy_refuses),
        WORLD_TEST(test_curl__gives_2xx_bodies_to_the_sink),
        WORLD_TEST(test_curl__limits_collected_bodies),
        WORLD_TEST(test_curl__limits_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
