/* Blobs that are sent while they are being made, against servers that misbehave on real sockets. */

#include "test.h"

#include "fault_server.h"

#include <slipway/digest.h>
#include <slipway/http.h>
#include <slipway/registry.h>

enum { BODY_SIZE = 8 * 1024 * 1024 };

/*
 * Every session goes on over a new connection: libcurl tries by itself again when one that it kept
 * turns out to be dead, or not, as it happens.
 */
#define SESSION                                                                      \
    "HTTP/1.1 202 Accepted\r\nLocation: /v2/app/blobs/uploads/1\r\nContent-Length: " \
    "0\r\nConnection: close\r\n\r\n"
#define TAKEN                                                                             \
    "HTTP/1.1 202 Accepted\r\nLocation: /v2/app/blobs/uploads/1?on=1\r\nContent-Length: " \
    "0\r\nConnection: close\r\n\r\n"
#define CREATED  "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
#define FOUND    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define MISSING  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define BROKEN   "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
#define TOO_MUCH "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define LOG_IN                                                                                     \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n" \
    "Connection: close\r\n\r\n"
#define SLOWER                                                                              \
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: " \
    "close\r\n\r\n"
#define DAMAGED "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
#define GONE    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

/* A blob of zeros whose digest is only known when it has been read. */
struct blob {
    int64_t at;
    bool read_once; /* to its end */
    char digest[SW_DIGEST_SIZE];
};

static enum sw_status read_zeros(void *ctx, char *data, size_t size, size_t *ret_len,
                                 SW_UNUSED struct sw_err *err)
{
    struct blob *blob = ctx;
    int64_t left = BODY_SIZE - blob->at;

    *ret_len = (int64_t)size < left ? size : (size_t)left;
    memset(data, 0, *ret_len);
    blob->at += (int64_t)*ret_len;
    blob->read_once = blob->read_once || *ret_len == 0;
    return SW_OK;
}

static enum sw_status rewind_zeros(void *ctx, SW_UNUSED struct sw_err *err)
{
    ((struct blob *)ctx)->at = 0;
    return SW_OK;
}

static const char *digest_of(void *ctx)
{
    struct blob *blob = ctx;

    return blob->read_once ? blob->digest : NULL;
}

static enum sw_status give_login(SW_UNUSED void *ctx, SW_UNUSED const char *host, char **ret_user,
                                 char **ret_secret, SW_UNUSED struct sw_err *err)
{
    *ret_user = sw_xstrdup("AWS");
    *ret_secret = sw_xstrdup("very-secret");
    return SW_OK;
}

enum { STEPS_MAX = 10 };

static const struct stream_case {
    const char *name;
    struct fault_step steps[STEPS_MAX];
    const char *requests; /* their methods; a body that did not arrive is in brackets */
    enum sw_status status;
    const char *message; /* a part of it */
    bool present;
} cases[] = {
    { .name = "all is well",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST PATCH PUT" },
    { .name = "the connection breaks in the middle",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .early = true, .then = FAULT_RESET },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST (PATCH) POST PATCH PUT" },
    { .name = "an error after the whole body",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = BROKEN },
                 { .answer = MISSING },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST PATCH HEAD POST PATCH PUT" },
    { .name = "the login is wanted again in the middle",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .early = true, .answer = LOG_IN, .then = FAULT_DRAIN },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST (PATCH) PATCH PUT" },
    { .name = "the body is refused for its size",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .early = true, .answer = TOO_MUCH, .then = FAULT_DRAIN } },
      .requests = "POST (PATCH)",
      .status = SW_E_FAILED,
      .message = "answered with HTTP status 413" },
    { .name = "the session is gone in the middle",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .early = true, .answer = GONE, .then = FAULT_DRAIN },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST (PATCH) POST PATCH PUT" },
    { .name = "the answer to the end is lost, and the blob is there",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .then = FAULT_RESET },
                 { .answer = FOUND } },
      .requests = "POST PATCH PUT HEAD",
      .present = true },
    { .name = "the answer to the end is lost, and the blob is not there",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .then = FAULT_RESET },
                 { .answer = MISSING, .then = FAULT_CLOSE },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST PATCH PUT HEAD POST PATCH PUT" },
    { .name = "the answer to the end is lost, and to the first look for the blob",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .then = FAULT_RESET },
                 { .then = FAULT_RESET },
                 { .answer = FOUND } },
      .requests = "POST PATCH PUT HEAD HEAD",
      .present = true },
    { .name = "the end meets an error although the blob is there",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = BROKEN },
                 { .answer = FOUND } },
      .requests = "POST PATCH PUT HEAD",
      .present = true },
    { .name = "the session has been ended before, and the blob is there",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = MISSING },
                 { .answer = FOUND } },
      .requests = "POST PATCH PUT HEAD",
      .present = true },
    { .name = "other bytes have arrived",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = DAMAGED },
                 { .answer = MISSING },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST PATCH PUT HEAD POST PATCH PUT" },
    { .name = "the rate is limited in the middle",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .early = true, .answer = SLOWER, .then = FAULT_DRAIN },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST (PATCH) POST PATCH PUT" },
    { .name = "the session opens, and its answer is lost",
      .steps = { { .then = FAULT_RESET },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = TAKEN, .then = FAULT_CLOSE },
                 { .answer = CREATED } },
      .requests = "POST POST PATCH PUT" },
    { .name = "it never works",
      .steps = { { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = BROKEN },
                 { .answer = MISSING },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = BROKEN },
                 { .answer = MISSING },
                 { .answer = SESSION, .then = FAULT_CLOSE },
                 { .answer = BROKEN } },
      .requests = "POST PATCH HEAD POST PATCH HEAD POST PATCH",
      .status = SW_E_UNAVAILABLE,
      .message = "answered with HTTP status 502" },
};

static size_t step_count(const struct stream_case *c)
{
    size_t count = 0;

    while (count < STEPS_MAX && (c->steps[count].answer || c->steps[count].then != FAULT_KEEP)) {
        count++;
    }
    return count;
}

/* The methods of the requests that arrived. */
static void print_requests(struct fault_server *server, struct sw_buf *out)
{
    for (size_t i = 0; i < fault_server_request_count(server); i++) {
        const struct fault_request *request = fault_server_request(server, i);
        struct sw_str head = sw_str(request->head);
        struct sw_str method = sw_str_cut(&head, ' ');
        bool whole = request->complete;

        sw_buf_addf(out, "%s%s%.*s%s", i ? " " : "", whole ? "" : "(", SW_STR_ARG(method),
                    whole ? "" : ")");
    }
}

/* Whether a complete PATCH brought all of the blob, in chunks. */
static void check_patches(struct fault_server *server)
{
    for (size_t i = 0; i < fault_server_request_count(server); i++) {
        const struct fault_request *request = fault_server_request(server, i);

        if (strncmp(request->head, "PATCH ", 6) == 0 && request->complete) {
            SW_CLEANUP(sw_free_str)
            char *coding = fault_request_header(request, "Transfer-Encoding");

            assert_string_equal(coding, "chunked");
            assert_int_equal(request->body_len, BODY_SIZE);
        }
    }
}

static void run_case(const struct stream_case *c, struct sw_env *env)
{
    const struct sw_registry_auth auth = { give_login, NULL };
    const struct sw_retry_policy policy = { .max_tries = 3, .base_delay_ms = 1, .max_delay_ms = 2 };
    const struct sw_registry_options options = { .auth = &auth, .policy = &policy, .push = true };
    struct fault_server *server = fault_server_start(NULL, c->steps, step_count(c));
    SW_CLEANUP(sw_free_str) char *host = sw_xasprintf("127.0.0.1:%d", fault_server_port(server));
    struct blob blob = { .at = 0 };
    const struct sw_http_body body = { -1, read_zeros, rewind_zeros, &blob };
    struct sw_registry *registry = NULL;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf requests;
    bool present = false;
    enum sw_status status;

    print_message("%s\n", c->name);
    sw_digest_of(SW_STR("what zeros are, for all that matters here"), blob.digest);
    sw_buf_init(&requests, SW_BUF_TEXT_MAX);
    assert_ok(sw_registry_new(env, host, &options, &registry, &err));
    status = sw_registry_stream_blob(registry, "app", &body, digest_of, &present, &err);
    print_requests(server, &requests);
    assert_string_equal(requests.ptr, c->requests);
    check_patches(server);
    assert_string_equal(sw_status_name(status), sw_status_name(c->status));
    if (c->message) {
        assert_non_null(strstr(err.msg, c->message));
    } else {
        assert_int_equal(present, c->present);
    }
    sw_registry_free(registry);
    sw_buf_release(&requests);
    fault_server_stop(server);
}

static void test_registry_stream__survives_what_servers_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct test_env t;
        struct sw_env env;
        struct sw_http_transport *http = NULL;
        struct sw_err err = SW_ERR_INIT;

        test_env_init(&t);
        test_env_make_real(&t, &env);
        assert_ok(sw_http_curl_new(&env, NULL, &http, &err));
        env.http = http;
        run_case(&cases[i], &env);
        sw_http_curl_free(http);
        test_env_release(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry_stream__survives_what_servers_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
