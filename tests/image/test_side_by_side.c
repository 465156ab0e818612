#include "test.h"

#include "image/side_by_side.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { COUNT_MAX = 40 };

/* Calls that count themselves, and wait until so many are under way. */
struct calls {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned calls[COUNT_MAX];
    unsigned under_way;
    unsigned most;
    unsigned wanted;
    bool open;
    size_t fails_from; /* calls from this index on fail */
    size_t stopped;    /* the one that fails for being stopped */
    size_t highest;
};

static void calls_init(struct calls *calls, unsigned wanted)
{
    *calls = (struct calls){ .wanted = wanted, .fails_from = COUNT_MAX, .stopped = COUNT_MAX };
    (void)pthread_mutex_init(&calls->lock, NULL);
    (void)pthread_cond_init(&calls->changed, NULL);
}

static void calls_release(struct calls *calls)
{
    (void)pthread_mutex_destroy(&calls->lock);
    (void)pthread_cond_destroy(&calls->changed);
}

static enum sw_status call(void *ctx, size_t index, struct sw_err *err)
{
    struct calls *calls = ctx;
    struct timespec end;

    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 10; /* only where too few come */
    (void)pthread_mutex_lock(&calls->lock);
    calls->calls[index]++;
    calls->highest = index > calls->highest ? index : calls->highest;
    calls->under_way++;
    calls->most = calls->under_way > calls->most ? calls->under_way : calls->most;
    calls->open = calls->open || calls->under_way >= calls->wanted;
    (void)pthread_cond_broadcast(&calls->changed);
    while (!calls->open && pthread_cond_timedwait(&calls->changed, &calls->lock, &end) == 0) {
    }
    calls->under_way--;
    (void)pthread_mutex_unlock(&calls->lock);
    if (index < calls->fails_from) {
        return SW_OK;
    }
    return sw_fail(err, index == calls->stopped ? SW_E_STOPPED : SW_E_NETWORK, "call %zu", index);
}

static const struct {
    size_t count;
    size_t threads;
    unsigned most; /* at a time */
} cases[] = {
    { 0, 4, 0 }, { 1, 4, 1 }, { 3, 1, 1 },  { 3, 0, 1 },
    { 4, 4, 4 }, { 9, 3, 3 }, { 2, 40, 2 }, { 40, 40, SW_SIDE_BY_SIDE_MAX },
};

static void test_side_by_side__each_is_called_once_so_many_at_a_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct calls calls;

        print_message("%zu calls on %zu threads\n", cases[i].count, cases[i].threads);
        calls_init(&calls, cases[i].most);
        assert_int_equal(sw_side_by_side(cases[i].count, cases[i].threads, call, &calls, &err),
                         SW_OK);
        assert_string_equal(err.msg, "");
        for (size_t k = 0; k < COUNT_MAX; k++) {
            assert_int_equal(calls.calls[k], k < cases[i].count ? 1 : 0);
        }
        assert_int_equal(calls.most, cases[i].most);
        calls_release(&calls);
    }
}

static void test_side_by_side__after_a_failure_none_begins(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct calls calls;

    (void)state;
    calls_init(&calls, 1);
    calls.fails_from = 2;
    assert_int_equal(sw_side_by_side(COUNT_MAX, 1, call, &calls, &err), SW_E_NETWORK);
    assert_string_equal(err.msg, "call 2");
    assert_int_equal(calls.highest, 2);
    calls_release(&calls);

    /* Others that have begun by then are finished, and all below have begun. */
    calls_init(&calls, 3);
    calls.fails_from = 5;
    assert_int_equal(sw_side_by_side(COUNT_MAX, 3, call, &calls, &err), SW_E_NETWORK);
    for (size_t i = 0; i <= calls.highest; i++) {
        assert_int_equal(calls.calls[i], 1);
    }
    assert_true(calls.highest >= 5 && calls.highest < 8);
    calls_release(&calls);
}

static void test_side_by_side__the_failure_of_the_lowest_index_is_told(void **state)
{
    static const struct {
        size_t stopped;
        enum sw_status status;
        const char *msg;
    } failures[] = {
        { COUNT_MAX, SW_E_NETWORK, "call 0" },
        { 0, SW_E_NETWORK, "call 1" }, /* that one was stopped, maybe for another's failure */
        { 1, SW_E_NETWORK, "call 0" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(failures); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct calls calls;

        calls_init(&calls, 4); /* all begin before the first ends */
        calls.fails_from = 0;
        calls.stopped = failures[i].stopped;
        assert_int_equal(sw_side_by_side(4, 4, call, &calls, &err), failures[i].status);
        assert_string_equal(err.msg, failures[i].msg);
        calls_release(&calls);
    }
}

static void test_side_by_side__where_all_are_stopped_that_is_told(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct calls calls;

    (void)state;
    calls_init(&calls, 1);
    calls.fails_from = 2;
    calls.stopped = 2;
    assert_int_equal(sw_side_by_side(COUNT_MAX, 1, call, &calls, &err), SW_E_STOPPED);
    assert_string_equal(err.msg, "call 2");
    calls_release(&calls);
}

static void test_side_by_side__a_connection_more_for_two_requests_more(void **state)
{
    (void)state;
    assert_int_equal(sw_threads_for(0), 0);
    assert_int_equal(sw_threads_for(1), 1);
    assert_int_equal(sw_threads_for(2), 1);
    assert_int_equal(sw_threads_for(3), 2);
    assert_int_equal(sw_threads_for(15), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_side_by_side__each_is_called_once_so_many_at_a_time),
        cmocka_unit_test(test_side_by_side__after_a_failure_none_begins),
        cmocka_unit_test(test_side_by_side__the_failure_of_the_lowest_index_is_told),
        cmocka_unit_test(test_side_by_side__where_all_are_stopped_that_is_told),
        cmocka_unit_test(test_side_by_side__a_connection_more_for_two_requests_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
