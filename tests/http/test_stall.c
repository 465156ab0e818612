#include "test.h"

#include "http/exchange.h"

#include <slipway/http.h>

/* When a transfer has stalled, on a clock that the tests move. */

enum { SECOND = 1000, BODY = 1000000 };

/* A body, and a place for one, that take their time. */
struct slow {
    struct test_env *t;
    int64_t takes_ms;
};

static enum sw_status slow_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                SW_UNUSED struct sw_err *err)
{
    struct slow *slow = ctx;

    slow->t->mono_ms += slow->takes_ms;
    memset(data, 'x', size);
    *ret_len = size;
    return SW_OK;
}

static enum sw_status slow_write(void *ctx, SW_UNUSED const char *data, SW_UNUSED size_t len,
                                 SW_UNUSED struct sw_err *err)
{
    struct slow *slow = ctx;

    slow->t->mono_ms += slow->takes_ms;
    return SW_OK;
}

struct world {
    struct test_env t;
    struct slow slow;
    struct sw_http_body body;
    struct sw_http_sink sink;
    struct sw_http_request request;
    struct sw_http_exchange x;
    struct sw_err err;
    int64_t moved;
};

static void world_init(struct world *world, int64_t body_length)
{
    struct sw_url url;

    *world = (struct world){ .moved = 0 };
    test_env_init(&world->t);
    world->slow.t = &world->t;
    world->body = (struct sw_http_body){ body_length, slow_read, NULL, &world->slow };
    world->sink = (struct sw_http_sink){ slow_write, &world->slow };
    world->request = (struct sw_http_request){ .method = "PUT",
                                               .url = "https://registry.example.com/",
                                               .body = &world->body,
                                               .sink = &world->sink,
                                               .answer_timeout_ms = (int64_t)300 * SECOND };
    assert_int_equal(sw_url_parse(world->request.url, &url, &world->err), SW_OK);
    sw_http_exchange_init(&world->x, &world->t.env, &world->request, &url, &world->err);
    assert_false(sw_http_exchange_stalled(&world->x, 0, true));
}

static void world_release(struct world *world)
{
    sw_http_reply_release(&world->x.reply);
    test_env_release(&world->t);
}

/* Takes so much of the body. */
static void take(struct world *world, size_t size)
{
    char data[BODY];
    size_t len = 0;

    assert_true(sw_http_exchange_read(&world->x, data, size, &len));
    assert_int_equal(len, size);
}

static void begin_answer(struct world *world)
{
    assert_true(sw_http_exchange_header(&world->x, SW_STR("HTTP/1.1 200 OK\r\n")));
    assert_true(sw_http_exchange_header(&world->x, SW_STR("\r\n")));
}

/* So many bytes move in each second; returns after how many seconds that is a stall, or `most`. */
static int seconds_until_stalled(struct world *world, int64_t bytes, int most)
{
    for (int second = 1; second <= most; second++) {
        world->t.mono_ms += SECOND;
        world->moved += bytes;
        if (sw_http_exchange_stalled(&world->x, world->moved, true)) {
            return second;
        }
    }
    return most;
}

static void test_stall__a_body_has_to_get_on(void **state)
{
    static const struct {
        int64_t bytes; /* per second */
        int seconds;   /* until it has stalled */
        int64_t moved; /* by then */
    } cases[] = {
        { 0, 60, 0 }, { 1, 60, 60 }, { 60, 60, 3600 }, { 69, 500, -1 }, { 5000, 500, -1 }
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        for (int receiving = 0; receiving < 2; receiving++) {
            struct world world;

            print_message("%lld %d\n", (long long)cases[i].bytes, receiving);
            world_init(&world, BODY);
            take(&world, BODY / 2);
            if (receiving) {
                begin_answer(&world);
                assert_false(sw_http_exchange_stalled(&world.x, 0, true));
            }
            assert_int_equal(seconds_until_stalled(&world, cases[i].bytes, 500), cases[i].seconds);
            if (cases[i].moved >= 0) {
                assert_int_equal(sw_http_exchange_stall_moved(&world.x), cases[i].moved);
                assert_int_equal(sw_http_exchange_stall_limit(&world.x), 60 * SECOND);
            }
            world_release(&world);
        }
    }
}

/* A registry has work to do between the end of a blob and its answer. */
static void test_stall__an_answer_may_take_longer_to_begin(void **state)
{
    static const int64_t lengths[] = { BODY, -1 };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(lengths); i++) {
        struct world world;

        world_init(&world, lengths[i]);
        take(&world, BODY);
        if (lengths[i] < 0) {
            take(&world, 0);
        }
        assert_false(sw_http_exchange_stalled(&world.x, 0, true));
        assert_int_equal(seconds_until_stalled(&world, 0, 1000), 300);
        assert_int_equal(sw_http_exchange_stall_limit(&world.x), 300 * SECOND);
        /* Interim answers show that it is still at work. */
        assert_int_equal(seconds_until_stalled(&world, 1, 1000), 1000);
        begin_answer(&world);
        assert_false(sw_http_exchange_stalled(&world.x, world.moved, true));
        assert_int_equal(seconds_until_stalled(&world, 0, 1000), 60);
        world_release(&world);
    }
}

static void test_stall__our_own_time_does_not_count(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, BODY);
    world.slow.takes_ms = (int64_t)1000 * SECOND;
    assert_int_equal(seconds_until_stalled(&world, 0, 30), 30);
    take(&world, BODY / 2);
    assert_int_equal(seconds_until_stalled(&world, 0, 1000), 30);

    begin_answer(&world);
    assert_false(sw_http_exchange_stalled(&world.x, 0, true));
    assert_int_equal(seconds_until_stalled(&world, 0, 30), 30);
    assert_true(sw_http_exchange_write(&world.x, "x", 1));
    assert_int_equal(seconds_until_stalled(&world, 0, 1000), 30);
    world_release(&world);
}

static void test_stall__nobody_is_late_before_there_is_a_connection(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, BODY);
    world.t.mono_ms += (int64_t)1000 * SECOND;
    assert_false(sw_http_exchange_stalled(&world.x, 0, false));
    assert_int_equal(seconds_until_stalled(&world, 0, 1000), 60);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stall__a_body_has_to_get_on),
        cmocka_unit_test(test_stall__an_answer_may_take_longer_to_begin),
        cmocka_unit_test(test_stall__our_own_time_does_not_count),
        cmocka_unit_test(test_stall__nobody_is_late_before_there_is_a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
