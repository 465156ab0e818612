#include "curl_world.h"

int setup(void **state)
{
    struct world *world = sw_xcalloc(1, sizeof(*world));
    test_env_init(&world->t);
    test_env_make_real(&world->t, &world->env);
    assert_int_equal(sw_http_curl_new(&world->env, NULL, &world->http, &world->err), SW_OK);
    world->env.http = world->http;
    sw_http_reply_init(&world->reply);
    *state = world;
    return 0;
}

int teardown(void **state)
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

void start(struct world *world, const struct fault_step *steps, size_t count)
{
    world->server = fault_server_start(NULL, steps, count);
    world->url = fault_server_url(world->server, "/path?sig=secret");
}

enum sw_status perform(struct world *world, const struct sw_http_request *request)
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

enum sw_status get(struct world *world)
{
    const struct sw_http_request request = { .method = "GET", .url = world->url };
    return perform(world, &request);
}

void assert_network_error(struct world *world, enum sw_status status, const char *before,
                          const char *after)
{
    int port = world->server ? fault_server_port(world->server) : 0;
    char *expected SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%s\"127.0.0.1\" port %d%s", before, port, after);
    assert_string_equal(world->err.msg, expected);
    assert_string_equal(sw_status_name(status), "network");
}

enum sw_status source_read(void *ctx, char *data, size_t size, size_t *ret_len, struct sw_err *err)
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

enum sw_status source_rewind(void *ctx, struct sw_err *err)
{
    (void)err;
    struct source *source = ctx;
    source->at = 0;
    source->rewinds++;
    return SW_OK;
}
