#include "test.h"

#include "image/meter.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct world {
    struct test_env t;
    struct sw_meter meter;
};

static void world_init(struct world *world, bool terminal)
{
    test_env_init(&world->t);
    world->t.progress.terminal = terminal;
    sw_meter_init(&world->meter, &world->t.env);
}

static void world_release(struct world *world)
{
    sw_meter_release(&world->meter);
    test_env_release(&world->t);
}

/* Some time passes, and then bytes are sent: what is on the screen then. */
static void assert_shown(struct world *world, int row, int64_t bytes, int64_t later_ms,
                         const char *expected)
{
    SW_CLEANUP(sw_free_str) char *table = sw_xasprintf("\033[?7l%s\033[?7h", expected);

    sw_progress_clear(&world->t.progress);
    sw_buf_clear(&world->t.said);
    world->t.mono_ms += later_ms;
    sw_meter_add(&world->meter, row, bytes);
    assert_string_equal(world->t.said.ptr, strchr(expected, '\n') ? table : expected);
}

static void test_meter__shows_a_line_for_each_blob_and_one_for_all(void **state)
{
    struct world world;
    int a;
    int b;
    int c;

    (void)state;
    world_init(&world, true);
    a = sw_meter_begin(&world.meter, "layer", A, 4000000);
    /* The rate is not told before there is one. */
    assert_shown(&world, a, 100000, 400,
                 "layer sha256:aaaaaaaaaaaa  100.0 kB of 4.0 MB\n"
                 "all  100.0 kB of 4.0 MB");
    assert_shown(&world, a, 900000, 600,
                 "layer sha256:aaaaaaaaaaaa  1.0 MB of 4.0 MB\n"
                 "all  1.0 MB of 4.0 MB, 1.0 MB/s, 3.0 s left");
    b = sw_meter_begin(&world.meter, "configuration", B, 2000000);
    assert_shown(&world, b, 1000000, 1000,
                 "layer sha256:aaaaaaaaaaaa  1.0 MB of 4.0 MB\n"
                 "configuration sha256:bbbbbbbbbbbb  1.0 MB of 2.0 MB\n"
                 "all  2.0 MB of 6.0 MB, 1.0 MB/s, 4.0 s left");
    /* One that is still being compressed: how much there will be is not known. */
    c = sw_meter_begin(&world.meter, "layer", "", -1);
    assert_shown(&world, c, 1000000, 1000,
                 "layer sha256:aaaaaaaaaaaa  1.0 MB of 4.0 MB\n"
                 "configuration sha256:bbbbbbbbbbbb  1.0 MB of 2.0 MB\n"
                 "layer  1.0 MB so far\n"
                 "all  3.0 MB, 1.0 MB/s");
    sw_meter_add(&world.meter, a, 3000000);
    sw_meter_end(&world.meter, a, true);
    sw_meter_end(&world.meter, c, true);
    assert_shown(&world, b, 500000, 2500,
                 "configuration sha256:bbbbbbbbbbbb  1.5 MB of 2.0 MB\n"
                 "all  6.5 MB of 7.0 MB, 1.2 MB/s, 0.4 s left");
    sw_meter_end(&world.meter, b, true);
    world_release(&world);
}

/* A row that is free again is taken by one that began later, and stands at the end. */
static void test_meter__keeps_the_order_of_beginning(void **state)
{
    struct world world;
    int a;
    int b;

    (void)state;
    world_init(&world, true);
    a = sw_meter_begin(&world.meter, "layer", A, 10);
    b = sw_meter_begin(&world.meter, "layer", B, 10);
    sw_meter_end(&world.meter, a, true);
    a = sw_meter_begin(&world.meter, "layer", A, 10);
    assert_shown(&world, b, 5, 100,
                 "layer sha256:bbbbbbbbbbbb  5 B of 10 B\n"
                 "layer sha256:aaaaaaaaaaaa  0 B of 10 B\n"
                 "all  5 B of 30 B");
    sw_meter_end(&world.meter, a, true);
    sw_meter_end(&world.meter, b, true);
    world_release(&world);
}

/* What is sent again, and what did not arrive, does not count. */
static void test_meter__takes_back_what_did_not_arrive(void **state)
{
    struct world world;
    int a;
    int b;

    (void)state;
    world_init(&world, true);
    a = sw_meter_begin(&world.meter, "layer", A, 1000);
    b = sw_meter_begin(&world.meter, "layer", B, 1000);
    sw_meter_add(&world.meter, a, 600);
    sw_meter_add(&world.meter, a, -600);
    sw_meter_add(&world.meter, b, 700);
    sw_meter_end(&world.meter, b, false);
    assert_shown(&world, a, 100, 1000,
                 "layer sha256:aaaaaaaaaaaa  100 B of 1.0 kB\n"
                 "all  100 B of 1.0 kB, 100 B/s, 9.0 s left");
    world_release(&world);
}

static void test_meter__is_not_drawn_too_often(void **state)
{
    struct world world;
    int a;

    (void)state;
    world_init(&world, true);
    a = sw_meter_begin(&world.meter, "layer", A, 10);
    assert_shown(&world, a, 1, 99 + 1, "layer sha256:aaaaaaaaaaaa  1 B of 10 B\nall  1 B of 10 B");
    sw_buf_clear(&world.t.said);
    world.t.mono_ms += 99;
    sw_meter_add(&world.meter, a, 1);
    assert_string_equal(world.t.said.ptr, "");
    world_release(&world);
}

/* In CI a plain line when nothing else was said for a while. */
static void test_meter__is_a_plain_line_without_a_terminal(void **state)
{
    struct world world;
    int a;

    (void)state;
    world_init(&world, false);
    a = sw_meter_begin(&world.meter, "layer", A, 40000000);
    world.t.mono_ms += 5000;
    sw_meter_add(&world.meter, a, 5000000);
    assert_string_equal(world.t.said.ptr, "");
    world.t.mono_ms += SW_PROGRESS_HEARTBEAT_MS - 5000;
    sw_meter_add(&world.meter, a, 5000000);
    assert_string_equal(world.t.said.ptr, "10.0 MB of 40.0 MB sent, 333.3 kB/s, 1 min 30 s left\n");
    world_release(&world);
}

static void test_meter__does_without_rows_when_there_are_too_many(void **state)
{
    struct world world;
    int last = 0;

    (void)state;
    world_init(&world, true);
    for (int i = 0; i <= SW_METER_ROWS_MAX; i++) {
        last = sw_meter_begin(&world.meter, "layer", A, 1);
    }
    assert_int_equal(last, -1);
    sw_meter_add(&world.meter, last, 1);
    sw_meter_end(&world.meter, last, true);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meter__shows_a_line_for_each_blob_and_one_for_all),
        cmocka_unit_test(test_meter__keeps_the_order_of_beginning),
        cmocka_unit_test(test_meter__takes_back_what_did_not_arrive),
        cmocka_unit_test(test_meter__is_not_drawn_too_often),
        cmocka_unit_test(test_meter__is_a_plain_line_without_a_terminal),
        cmocka_unit_test(test_meter__does_without_rows_when_there_are_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
