/* Spools: what a window of memory holds, and what goes to a file. */

#include "test.h"

#include "image/spool.h"

enum {
    KIB = 1024,
    MIB = 1024 * 1024,
    WINDOW = 4 * MIB, /* what a spool holds in memory */
    PART = 64 * KIB,
};

/* There is no file here, and none can be made. */
#define NOWHERE "/nonexistent/slipway"

/* The byte at an offset: other parts have other bytes. */
static char byte_at(int64_t offset)
{
    return (char)(offset / PART * 7 + offset % 251);
}

static enum sw_status add(struct sw_spool *spool, int64_t size, struct sw_err *err)
{
    static char data[PART];

    for (int64_t at = sw_spool_size(spool); at < size; at += PART) {
        for (int64_t i = 0; i < PART; i++) {
            data[i] = byte_at(at + i);
        }
        if (sw_spool_add(spool, data, PART, err) != SW_OK) {
            return err->status;
        }
    }
    return SW_OK;
}

/* Reads from an offset to another one and checks each byte. */
static void check(struct sw_spool *spool, int64_t from, int64_t to)
{
    static char data[PART + 1000];
    struct sw_err err = SW_ERR_INIT;

    while (from < to) {
        size_t size = to - from < (int64_t)sizeof(data) ? (size_t)(to - from) : sizeof(data);
        size_t len = 0;

        assert_ok(sw_spool_read(spool, from, data, size, 0, &len, &err));
        assert_in_range(len, 1, size);
        for (size_t i = 0; i < len; i++, from++) {
            if (data[i] != byte_at(from)) {
                fail_msg("wrong byte at %lld", (long long)from);
            }
        }
    }
}

/* Nothing is there at the offset. The reader says so by asking. */
static void check_nothing(struct sw_spool *spool, int64_t offset)
{
    struct sw_err err = SW_ERR_INIT;
    size_t len = 1;
    char data;

    assert_ok(sw_spool_read(spool, offset, &data, 1, 0, &len, &err));
    assert_int_equal(len, 0);
}

static void test_spool__needs_no_file_while_the_reader_keeps_up(void **state)
{
    struct sw_spool *spool = sw_spool_new(NOWHERE, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (int64_t at = 0; at < 5 * (int64_t)WINDOW; at += MIB) {
        assert_ok(add(spool, at + MIB, &err));
        check(spool, at, at + MIB);
    }
    assert_int_equal(sw_spool_size(spool), 5 * (int64_t)WINDOW);
    assert_int_equal(sw_spool_state(spool), SW_SPOOL_GROWING);
    sw_spool_end(spool, /* whole= */ true);
    check_nothing(spool, 5 * (int64_t)WINDOW);
    assert_int_equal(sw_spool_state(spool), SW_SPOOL_WHOLE);
    sw_spool_free(spool);
}

static void test_spool__says_why_there_is_no_file(void **state)
{
    struct sw_spool *spool = sw_spool_new(NOWHERE, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(add(spool, WINDOW, &err));
    assert_int_equal(add(spool, WINDOW + PART, &err), SW_E_FAILED);
    assert_non_null(strstr(err.msg, NOWHERE));
    assert_int_equal(sw_spool_size(spool), WINDOW);
    sw_spool_free(spool);
}

/* What does not fit is in the file, and nothing is forgotten for which no reader came. */
static void test_spool__goes_to_a_file_when_nobody_reads(void **state)
{
    const int64_t size = 3 * (int64_t)WINDOW;
    struct sw_spool *spool = sw_spool_new(NULL, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(add(spool, size, &err));
    sw_spool_end(spool, /* whole= */ true);
    check(spool, 0, size);
    assert_false(sw_spool_forsake(spool));
    check(spool, 0, size);
    sw_spool_free(spool);
}

/* The reader falls behind, catches up, and keeps up, with the window's end in between. */
static void test_spool__comes_back_to_memory(void **state)
{
    const int64_t behind = 2 * (int64_t)WINDOW + PART;
    const int64_t ahead = behind + 3 * (int64_t)WINDOW;
    struct sw_spool *spool = sw_spool_new(NULL, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(add(spool, behind, &err));
    check(spool, 0, behind);
    check_nothing(spool, behind);
    for (int64_t at = behind; at < ahead; at += MIB) {
        assert_ok(add(spool, at + MIB, &err));
        check(spool, at, at + MIB);
    }
    assert_true(sw_spool_forsake(spool));
    sw_spool_free(spool);
}

/* The reader catches up, and falls behind again. */
static void test_spool__leaves_memory_once_more(void **state)
{
    const int64_t behind = 2 * (int64_t)WINDOW + PART;
    const int64_t ahead = behind + 3 * (int64_t)WINDOW;
    struct sw_spool *spool = sw_spool_new(NULL, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(add(spool, behind, &err));
    check(spool, 0, behind);
    check_nothing(spool, behind);
    assert_ok(add(spool, ahead, &err));
    check(spool, behind, ahead);
    sw_spool_free(spool);
}

static void test_spool__keeps_all_for_several_readers(void **state)
{
    const int64_t size = 2 * (int64_t)WINDOW;
    struct sw_spool *spool = sw_spool_new(NULL, /* keep= */ true);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (int64_t at = 0; at < size; at += MIB) {
        assert_ok(add(spool, at + MIB, &err));
        check(spool, at, at + MIB);
        check_nothing(spool, at + MIB);
    }
    assert_false(sw_spool_forsake(spool));
    check(spool, 0, size);
    sw_spool_free(spool);
}

static void test_spool__takes_and_forgets_what_nobody_reads(void **state)
{
    struct sw_spool *spool = sw_spool_new(NOWHERE, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(add(spool, WINDOW, &err));
    check(spool, 0, WINDOW / 2);
    assert_false(sw_spool_forsake(spool)); /* all of it is still there */
    check(spool, 0, WINDOW);
    check_nothing(spool, WINDOW);
    assert_ok(add(spool, WINDOW + PART, &err));
    assert_false(sw_spool_is_forsaken(spool));
    assert_true(sw_spool_forsake(spool));
    assert_true(sw_spool_is_forsaken(spool));
    for (int i = 0; i < 2 * WINDOW / PART; i++) {
        static const char data[PART];

        assert_ok(sw_spool_add(spool, data, PART, &err));
    }
    assert_int_equal(sw_spool_size(spool), WINDOW + PART);
    sw_spool_free(spool);
}

/* Between a reader's wish to start over and its first reading, the beginning stays. */
static void test_spool__keeps_what_is_to_be_read_again(void **state)
{
    struct sw_spool *spool = sw_spool_new(NULL, /* keep= */ false);
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(add(spool, WINDOW, &err));
    check(spool, 0, WINDOW / 2);
    assert_false(sw_spool_forsake(spool));
    assert_ok(add(spool, WINDOW + PART, &err));
    check(spool, 0, WINDOW + PART);
    assert_false(sw_spool_forsake(spool));
    sw_spool_free(spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool__needs_no_file_while_the_reader_keeps_up),
        cmocka_unit_test(test_spool__says_why_there_is_no_file),
        cmocka_unit_test(test_spool__goes_to_a_file_when_nobody_reads),
        cmocka_unit_test(test_spool__comes_back_to_memory),
        cmocka_unit_test(test_spool__leaves_memory_once_more),
        cmocka_unit_test(test_spool__keeps_all_for_several_readers),
        cmocka_unit_test(test_spool__takes_and_forgets_what_nobody_reads),
        cmocka_unit_test(test_spool__keeps_what_is_to_be_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
