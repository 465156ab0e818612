#include "test.h"

#include <slipway/progress.h>

static void test_progress__plain_status_is_a_heartbeat(void **state)
{
    struct test_env t;

    (void)state;
    test_env_init(&t);
    sw_status_line(&t.env, "working %d", 1);
    assert_string_equal(t.said.ptr, "");
    t.mono_ms += SW_PROGRESS_HEARTBEAT_MS;
    sw_status_line(&t.env, "working %d", 2);
    sw_status_line(&t.env, "working %d", 3);
    assert_string_equal(t.said.ptr, "working 2\n");
    sw_say(&t.env, "done");
    sw_warn(&t.env, "careful");
    assert_string_equal(t.said.ptr, "working 2\ndone\nwarning: careful\n");
    test_env_release(&t);
}

static void test_progress__terminal_status_is_replaced(void **state)
{
    struct test_env t;

    (void)state;
    test_env_init(&t);
    t.progress.terminal = true;
    t.mono_ms += SW_PROGRESS_REDRAW_MS;
    sw_status_line(&t.env, "1 of 2");
    t.mono_ms += SW_PROGRESS_REDRAW_MS;
    sw_status_line(&t.env, "2 of 2");
    sw_say(&t.env, "done");
    assert_string_equal(t.said.ptr, "1 of 2\r\033[K2 of 2\r\033[Kdone\n");
    test_env_release(&t);
}

static void test_progress__terminal_tables_are_replaced(void **state)
{
    struct test_env t;

    (void)state;
    test_env_init(&t);
    t.progress.terminal = true;
    t.mono_ms += SW_PROGRESS_REDRAW_MS;
    sw_status_line(&t.env, "a 1\nb 2\nc 3");
    sw_say(&t.env, "done");
    t.mono_ms += SW_PROGRESS_REDRAW_MS;
    sw_status_line(&t.env, "a 1\nb 2");
    sw_progress_clear(&t.progress);
    assert_string_equal(t.said.ptr,
                        "\033[?7la 1\nb 2\nc 3\033[?7h\r\033[K\033[A\033[K\033[A\033[Kdone\n"
                        "\033[?7la 1\nb 2\033[?7h\r\033[K\033[A\033[K");
    test_env_release(&t);
}

static void test_progress__nobody_else_steers_the_terminal(void **state)
{
    struct test_env t;

    (void)state;
    test_env_init(&t);
    sw_say(&t.env, "task said: %s", "a\r\x1b[2Jb\x07\n\tc");
    assert_string_equal(t.said.ptr, "task said: a  [2Jb \n\tc\n");
    test_env_release(&t);
}

static void test_progress__quiet_says_nothing(void **state)
{
    struct test_env t;

    (void)state;
    test_env_init(&t);
    t.progress.quiet = true;
    sw_say(&t.env, "x");
    sw_warn(&t.env, "y");
    assert_string_equal(t.said.ptr, "");
    test_env_release(&t);
}

static void test_progress__sizes_and_durations(void **state)
{
    static const struct {
        int64_t value;
        const char *size, *duration;
    } cases[] = {
        { 0, "0 B", "0.0 s" },
        { 999, "999 B", "1.0 s" },
        { 1000, "1.0 kB", "1.0 s" },
        { 999949, "999.9 kB", "16 min 40 s" },
        { 999950, "1.0 MB", "16 min 40 s" },
        { 59949, "59.9 kB", "59.9 s" },
        { 59950, "60.0 kB", "1 min 00 s" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        char text[SW_SIZE_TEXT_MAX];

        sw_format_size(cases[i].value, text);
        assert_string_equal(text, cases[i].size);
        sw_format_duration(cases[i].value, text);
        assert_string_equal(text, cases[i].duration);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress__plain_status_is_a_heartbeat),
        cmocka_unit_test(test_progress__terminal_status_is_replaced),
        cmocka_unit_test(test_progress__terminal_tables_are_replaced),
        cmocka_unit_test(test_progress__nobody_else_steers_the_terminal),
        cmocka_unit_test(test_progress__quiet_says_nothing),
        cmocka_unit_test(test_progress__sizes_and_durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
