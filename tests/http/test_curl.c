#include "fault_server.h"
#include "temp_dir.h"
#include "test.h"

#include <slipway/fs.h>
#include <slipway/http.h>

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* The real clock, a transport, and people's text from a test environment. */
struct world {
    struct test_env t;
    struct sw_env env;
    struct sw_http_transport *http;
    struct fault_server *server;
    char *url;
    struct sw_err err;
    struct sw_http_reply reply;
};

static int setup(void **state)
{
    struct world *world = sw_xcalloc(1, sizeof(*world));
    test_env_init(&world->t);
    sw_env_init_real(&world->env);
    world->env.get = world->t.env.get;
    world->env.get_ctx = world->t.env.get_ctx;
    world->env.progress = world->t.env.progress;
    assert_int_equal(sw_http_curl_new(&world->env, NULL, &world->http, &world->err), SW_OK);
    world->env.http = world->http;
    sw_http_reply_init(&world->reply);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    sw_http_curl_free(world->http);
    if (world->server) {
        fault_server_stop(world->server);
    }
    sw_http_reply_release(&world->reply);
    test_env_release(&world->t);
    free(world->url);
    free(world);
    return 0;
}

static void start(struct world *world, const struct fault_step *steps, size_t count)
{
    world->server = fault_server_start(NULL, steps, count);
    world->url = fault_server_url(world->server, "/path?sig=secret");
}

/* One exchange; an earlier reply is released. */
static enum sw_status perform(struct world *world, const struct sw_http_request *request)
{
    sw_http_reply_release(&world->reply);
    sw_http_reply_init(&world->reply);
    struct sw_http_reply reply;
    enum sw_status status = world->http->perform(world->http->ctx, request, &reply, &world->err);
    if (status == SW_OK) {
        world->reply = reply;
    }
    return status;
}

static enum sw_status get(struct world *world)
{
    const struct sw_http_request request = { .method = "GET", .url = world->url };
    return perform(world, &request);
}

/* The exchange failed as a network error with that message; %d in it is the server's port. */
static void assert_network_error(struct world *world, enum sw_status status, const char *before,
                                 const char *after)
{
    int port = world->server ? fault_server_port(world->server) : 0;
    char *expected SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%s\"127.0.0.1\" port %d%s", before, port, after);
    assert_string_equal(world->err.msg, expected);
    assert_string_equal(sw_status_name(status), "network");
}

#define assert_good(world, call)                         \
    do {                                                 \
        if ((call) != SW_OK) {                           \
            fail_msg("%s: %s", #call, (world)->err.msg); \
        }                                                \
    } while (0)

/* A body of `length` bytes counted up from 0. */
struct source {
    int64_t at;
    int64_t end;     /* where it really ends */
    int64_t fail_at; /* negative: never */
    unsigned rewinds;
    size_t at_most; /* bytes per read; 0: all that fits */
};

static enum sw_status source_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                  struct sw_err *err)
{
    struct source *source = ctx;
    if (source->fail_at >= 0 && source->at >= source->fail_at) {
        return sw_fail(err, SW_E_FAILED, "cannot read layer");
    }
    size_t len = size;
    if (source->at_most && source->at_most < len) {
        len = source->at_most;
    }
    if (source->end - source->at < (int64_t)len) {
        len = (size_t)(source->end - source->at);
    }
    for (size_t i = 0; i < len; i++) {
        data[i] = (char)('0' + (source->at + (int64_t)i) % 10);
    }
    source->at += (int64_t)len;
    *ret_len = len;
    return SW_OK;
}

static enum sw_status source_rewind(void *ctx, struct sw_err *err)
{
    (void)err;
    struct source *source = ctx;
    source->at = 0;
    source->rewinds++;
    return SW_OK;
}

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
    char *proxy SW_CLEANUP(sw_free_str) = sw_xasprintf("http://127.0.0.1:%d", fault_closed_port());
    assert_int_equal(setenv("http_proxy", proxy, 1), 0);
    enum sw_status status = get(world);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_good(world, status);
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

/* Failures */

static void test_curl__says_when_nobody_listens(void **state)
{
    struct world *world = *state;
    int port = fault_closed_port();
    world->url = sw_xasprintf("http://127.0.0.1:%d/v2/?sig=secret", port);
    assert_int_equal(get(world), SW_E_NETWORK);
    char *msg SW_CLEANUP(sw_free_str) =
        sw_xasprintf("cannot connect to \"127.0.0.1\" port %d: connection refused", port);
    assert_string_equal(world->err.msg, msg);
    assert_true(world->err.retryable);
    assert_true(world->err.not_sent);
}

static void test_curl__says_how_the_connection_ended(void **state)
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

static void test_curl__says_when_tls_meets_plain_http(void **state)
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
static void test_curl__gives_up_connecting(void **state)
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
    const struct sw_http_request request = { .method = "GET",
                                             .url = world->url,
                                             .connect_timeout_ms = 200 };
    enum sw_status status = perform(world, &request);
    for (size_t i = 0; i < SW_COUNT(fds); i++) {
        (void)close(fds[i]);
    }
    char *msg SW_CLEANUP(sw_free_str) =
        sw_xasprintf("cannot connect to \"127.0.0.1\" port %d: no answer within 0.2 s", port);
    assert_int_equal(status, SW_E_NETWORK);
    assert_string_equal(world->err.msg, msg);
    assert_true(world->err.retryable);
    assert_true(world->err.not_sent);
}

static void test_curl__gives_up_on_silence(void **state)
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
static void test_curl__gives_up_on_a_server_that_stops_reading(void **state)
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

static void test_curl__is_patient_with_a_drip_feed(void **state)
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

static void test_curl__reports_an_early_refusal_of_an_upload(void **state)
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
static void test_curl__survives_a_rude_refusal_of_an_upload(void **state)
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

static void test_curl__starts_over_when_a_kept_connection_is_dead(void **state)
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

static void test_curl__never_repeats_a_post_by_itself(void **state)
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

static void test_curl__refuses_plain_http_to_others(void **state)
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

static void test_curl__stops_within_a_transfer(void **state)
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

static void test_curl__follows_to_another_port_without_credentials(void **state)
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

static void test_curl__waits_as_the_server_asks(void **state)
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

static void test_curl__serves_several_threads(void **state)
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

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        WORLD_TEST(test_curl__gives_2xx_bodies_to_the_sink),
        WORLD_TEST(test_curl__limits_collected_bodies),
        WORLD_TEST(test_curl__limits_headers),
        WORLD_TEST(test_curl__says_when_nobody_listens),
        WORLD_TEST(test_curl__says_how_the_connection_ended),
        WORLD_TEST(test_curl__says_when_tls_meets_plain_http),
        WORLD_TEST(test_curl__gives_up_connecting),
        WORLD_TEST(test_curl__gives_up_on_silence),
        WORLD_TEST(test_curl__gives_up_on_a_server_that_stops_reading),
        WORLD_TEST(test_curl__is_patient_with_a_drip_feed),
        WORLD_TEST(test_curl__reports_an_early_refusal_of_an_upload),
        WORLD_TEST(test_curl__survives_a_rude_refusal_of_an_upload),
        WORLD_TEST(test_curl__starts_over_when_a_kept_connection_is_dead),
        WORLD_TEST(test_curl__never_repeats_a_post_by_itself),
        WORLD_TEST(test_curl__refuses_plain_http_to_others),
        WORLD_TEST(test_curl__stops_within_a_transfer),
        WORLD_TEST(test_curl__follows_to_another_port_without_credentials),
        WORLD_TEST(test_curl__waits_as_the_server_asks),
        WORLD_TEST(test_curl__serves_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
