#include "test.h"

static void test_err__fail_sets_everything(void **state)
{
    struct sw_err err = { .status = SW_E_NETWORK, .http_status = 500, .retryable = true };

    (void)state;
    assert_int_equal(sw_fail(&err, SW_E_INPUT, "no \"%s\" in %d", "x", 7), SW_E_INPUT);
    assert_int_equal(err.status, SW_E_INPUT);
    assert_int_equal(err.http_status, 0);
    assert_false(err.retryable);
    assert_string_equal(err.msg, "no \"x\" in 7");
}

static void test_err__wrap_puts_text_in_front(void **state)
{
    struct sw_err err;

    (void)state;
    (void)sw_fail(&err, SW_E_DENIED, "inner");
    assert_int_equal(sw_wrap(&err, "outer %d", 1), SW_E_DENIED);
    assert_string_equal(err.msg, "outer 1: inner");
    (void)sw_append(&err, " (%s)", "more");
    assert_string_equal(err.msg, "outer 1: inner (more)");
}

static void test_err__long_text_is_cut_at_a_character(void **state)
{
    char text[SW_ERR_MSG_MAX + 100];
    struct sw_err err;

    (void)state;
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    /* A two-byte character right where the dots must begin. */
    memcpy(text + SW_ERR_MSG_MAX - 5, "\xc3\xa9", 2);
    (void)sw_fail(&err, SW_E_FAILED, "%s", text);
    assert_int_equal(strlen(err.msg), SW_ERR_MSG_MAX - 2);
    assert_string_equal(err.msg + SW_ERR_MSG_MAX - 6, "a...");
}

static void test_err__wrap_of_a_full_message_is_cut(void **state)
{
    char text[SW_ERR_MSG_MAX];
    struct sw_err err;

    (void)state;
    memset(text, 'b', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    (void)sw_fail(&err, SW_E_FAILED, "%s", text);
    (void)sw_wrap(&err, "outer");
    assert_int_equal(strncmp(err.msg, "outer: bbb", 10), 0);
    assert_string_equal(err.msg + SW_ERR_MSG_MAX - 5, "b...");
}

static void test_err__exit_codes_are_the_documented_ones(void **state)
{
    static const int expected[SW_STATUS_COUNT] = { 0, 1, 1,  1,  1,  2,  2,  2,  3, 3,
                                                   4, 4, 10, 11, 12, 13, 14, 15, 20 };

    (void)state;
    for (int i = 0; i < SW_STATUS_COUNT; i++) {
        assert_int_equal(sw_exit_code((enum sw_status)i), expected[i]);
        assert_non_null(sw_status_name((enum sw_status)i));
    }
}

static void test_err__a_message_is_one_plain_line(void **state)
{
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    sw_fail(&err, SW_E_FAILED, "%s",
            "a\nb\t\x1b[31mc\x7f"
            "d\xc2\x9b"
            "e\xc3\xa9");
    assert_string_equal(err.msg, "a b  [31mc d  e\xc3\xa9");
    sw_fail(&err, SW_E_FAILED, "%s", "no \x9b, \xe9t\xe9, \xf0\x9f\x98");
    assert_string_equal(err.msg, "no ?, ?t?, ???");
    sw_fail(&err, SW_E_FAILED, "a b  [31mc d  e\xc3\xa9");
    sw_wrap(&err, "x\ry");
    sw_append(&err, "%s", "\n");
    assert_string_equal(err.msg, "x y: a b  [31mc d  e\xc3\xa9 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__fail_sets_everything),
        cmocka_unit_test(test_err__wrap_puts_text_in_front),
        cmocka_unit_test(test_err__long_text_is_cut_at_a_character),
        cmocka_unit_test(test_err__wrap_of_a_full_message_is_cut),
        cmocka_unit_test(test_err__a_message_is_one_plain_line),
        cmocka_unit_test(test_err__exit_codes_are_the_documented_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
