#include "test.h"

#include "h2_world.h"
#include "image/engine_blob.h"

#include <slipway/digest.h>

/* Calls for blobs as they travel: gRPC over HTTP/2, with an engine that does what a script says. */

/* Of "abc". */
#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define WELL                   \
    {                          \
        {                      \
            "grpc-status", "0" \
        }                      \
    }

enum { REASON_INTERNAL = 2 };

struct world {
    struct h2_world h2;
    struct sw_engine engine;
    struct sw_engine_blobs blobs;
};

static int setup(void **state)
{
    struct world *world = sw_xcalloc(1, sizeof(*world));

    h2_world_init(&world->h2);
    world->engine = (struct sw_engine){ .shown = sw_xstrdup("unix:///engine"),
                                        .socket = sw_xstrdup(world->h2.socket),
                                        .base = sw_xstrdup("http://docker") };
    world->blobs = (struct sw_engine_blobs){ &world->h2.env, &world->engine };
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    h2_world_release(&world->h2);
    sw_engine_release(&world->engine);
    free(world);
    return 0;
}

static enum sw_status take(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

static enum sw_status read_blob(struct world *world)
{
    const struct sw_http_sink sink = { take, &world->h2.taken };

    sw_buf_clear(&world->h2.taken);
    world->h2.err = (struct sw_err)SW_ERR_INIT;
    return sw_engine_blob_read(&world->blobs, DIGEST, &sink, &world->h2.err);
}

/* Messages { 1: offset, 2: data } as an engine frames them. */
#define ABC "\0\0\0\0\7\x08\0\x12\3abc"
#define DEF "\0\0\0\0\7\x08\3\x12\3def"

static void test_engine_blob__asks_for_a_digest(void **state)
{
    static const struct h2_step step = { .body = ABC, .body_len = 12, .trailers = WELL };
    struct world *world = *state;
    const struct h2_request *request;

    h2_world_start(&world->h2, &step, 1);
    assert_int_equal(read_blob(world), SW_OK);
    assert_string_equal(world->h2.taken.ptr, "abc");
    request = h2_server_request(world->h2.server, 0);
    assert_true(sw_str_starts(sw_buf_str(&request->head),
                              ":method: POST\n"
                              ":scheme: http\n"
                              ":authority: docker\n"
                              ":path: /containerd.services.content.v1.Content/Read\n"));
    assert_true(
        sw_str_ends(sw_buf_str(&request->head), "content-type: application/grpc\nte: trailers\n"));
    assert_int_equal(request->body.len, 78);
    assert_memory_equal(request->body.ptr, "\0\0\0\0\x49\x0a\x47" DIGEST, 78);
}

static void test_engine_blob__takes_messages_however_they_are_framed(void **state)
{
    struct world *world = *state;

    for (size_t frame = 1; frame <= 25; frame++) {
        const struct h2_step step = {
            .body = ABC DEF, .body_len = 24, .frame = frame, .trailers = WELL
        };

        h2_world_start(&world->h2, &step, 1);
        assert_int_equal(read_blob(world), SW_OK);
        assert_string_equal(world->h2.taken.ptr, "abcdef");
    }
}

/* Documents and layers one after the other need no connection more. */
static void test_engine_blob__needs_one_connection_for_what_is_read_in_turn(void **state)
{
    static const struct h2_step steps[] = {
        { .body = ABC, .body_len = 12, .trailers = WELL },
        { .headers = { { "grpc-status", "5" } } },
        { .body = DEF, .body_len = 12, .trailers = WELL },
    };
    struct world *world = *state;

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    assert_int_equal(read_blob(world), SW_OK);
    assert_int_equal(read_blob(world), SW_E_NOT_FOUND);
    assert_int_equal(read_blob(world), SW_OK);
    assert_string_equal(world->h2.taken.ptr, "def");
    assert_int_equal(h2_server_connections(world->h2.server), 1);
}

static const struct failure_case {
    const char *name;
    struct h2_step step;
    enum sw_status status;
    const char *msg; /* behind the digest and the engine; %s is the socket */
    const char *taken;
} failures[] = {
    { "it has no such blob",
      { .headers = { { "grpc-status", "5" }, { "grpc-message", "content: not found" } } },
      SW_E_NOT_FOUND,
      "the answer has the gRPC status 5: content: not found",
      "" },
    { "it knows no such call, and says so behind nothing",
      { .trailers = { { "grpc-status", "12" } } },
      SW_E_NOT_FOUND,
      "the answer has the gRPC status 12",
      "" },
    { "it is no such server",
      { .status = "404", .body = "page not found" },
      SW_E_NOT_FOUND,
      "the answer has the HTTP status 404",
      "" },
    { "it says nothing", { .trailers = WELL }, SW_E_NOT_FOUND, "nothing came", "" },
    { "it does not say how it went",
      { .status = "200" },
      SW_E_NOT_FOUND,
      "the answer has no gRPC status",
      "" },
    { "it stops in the middle, and says so",
      { .body = ABC,
        .body_len = 12,
        .trailers = { { "grpc-status", "14" }, { "grpc-message", "the disk is gone" } } },
      SW_E_UNAVAILABLE,
      "the answer has the gRPC status 14: the disk is gone",
      "abc" },
    { "it stops in the middle, and does not say so",
      { .body = ABC, .body_len = 12 },
      SW_E_UNAVAILABLE,
      "the answer has no gRPC status",
      "abc" },
    { "it stops within a message",
      { .body = ABC, .body_len = 11, .trailers = WELL },
      SW_E_UNAVAILABLE,
      "the answer was cut off",
      "ab" },
    { "it compresses",
      { .body = "\1\0\0\0\3abc", .body_len = 8, .then = H2_HOLD },
      SW_E_UNAVAILABLE,
      "the Docker engine's answer is odd: it is compressed",
      "" },
    { "a message is longer than any engine's",
      { .body = "\0\4\0\0\1", .body_len = 5, .then = H2_HOLD },
      SW_E_UNAVAILABLE,
      "the Docker engine's answer is odd: a message is too long",
      "" },
    { "the stream is reset",
      { .body = ABC, .body_len = 12, .then = H2_RESET, .reason = REASON_INTERNAL },
      SW_E_NETWORK,
      "socket \"%s\" gave up the request: INTERNAL_ERROR",
      "abc" },
    { "the engine ends",
      { .then = H2_REFUSE },
      SW_E_NETWORK,
      "socket \"%s\" gave up the request: REFUSED_STREAM",
      "" },
    { "the connection ends",
      { .body = ABC, .body_len = 12, .then = H2_CLOSE },
      SW_E_NETWORK,
      "socket \"%s\" closed the connection in the middle of its answer",
      "abc" },
};

static void test_engine_blob__says_why_a_blob_did_not_come(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < SW_COUNT(failures); i++) {
        const struct failure_case *c = &failures[i];
        const char *split = strstr(c->msg, "%s");
        const size_t first = split ? (size_t)(split - c->msg) : strlen(c->msg);
        SW_CLEANUP(sw_free_str)
        char *expected =
            sw_xasprintf("reading " DIGEST " from the Docker engine at unix:///engine: %.*s%s%s",
                         (int)first, c->msg, split ? world->h2.socket : "", split ? split + 2 : "");

        print_message("%s\n", c->name);
        h2_world_start(&world->h2, &c->step, 1);
        assert_int_equal(read_blob(world), c->status);
        assert_string_equal(world->h2.err.msg, expected);
        assert_true(sw_str_is(sw_buf_str(&world->h2.taken), c->taken));
    }
}

static void test_engine_blob__checks_documents(void **state)
{
    static const struct h2_step steps[] = {
        { .body = ABC, .body_len = 12, .trailers = WELL },
        { .body = DEF, .body_len = 12, .trailers = WELL },
    };
    struct world *world = *state;
    struct sw_err err = SW_ERR_INIT;

    h2_world_start(&world->h2, steps, SW_COUNT(steps));
    assert_int_equal(sw_engine_document(&world->blobs, DIGEST, &world->h2.taken, &err), SW_OK);
    assert_string_equal(world->h2.taken.ptr, "abc");
    sw_buf_clear(&world->h2.taken);
    assert_fails(sw_engine_document(&world->blobs, DIGEST, &world->h2.taken, &err),
                 SW_E_UNAVAILABLE,
                 "the Docker engine gave "
                 "sha256:cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34 in the "
                 "place of " DIGEST);
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_engine_blob__asks_for_a_digest),
        WORLD_TEST(test_engine_blob__takes_messages_however_they_are_framed),
        WORLD_TEST(test_engine_blob__needs_one_connection_for_what_is_read_in_turn),
        WORLD_TEST(test_engine_blob__says_why_a_blob_did_not_come),
        WORLD_TEST(test_engine_blob__checks_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
