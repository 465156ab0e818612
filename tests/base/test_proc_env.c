#include "test.h"

#include <slipway/proc.h>

static void test_proc_env__holds_the_own_environment(void **state)
{
    struct sw_strs list = { 0 };

    (void)state;
    assert_int_equal(setenv("SLIPWAY_TEST_VALUE", "a=b", 1), 0);
    sw_proc_environ(&list);
    assert_string_equal(sw_proc_getenv(&list, "SLIPWAY_TEST_VALUE"), "a=b");
    assert_null(sw_proc_getenv(&list, "SLIPWAY_TEST"));
    sw_strs_release(&list);
}

static void test_proc_env__sets_and_unsets(void **state)
{
    struct sw_strs list = { 0 };

    (void)state;
    sw_proc_setenv(&list, "A", NULL);
    sw_proc_setenv(&list, "A", "1");
    sw_proc_setenv(&list, "AB", "2");
    sw_proc_setenv(&list, "A", "");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0], "AB=2");
    assert_string_equal(list.items[1], "A=");
    assert_null(list.items[2]);
    sw_proc_setenv(&list, "AB", NULL);
    assert_int_equal(list.count, 1);
    assert_string_equal(sw_proc_getenv(&list, "A"), "");
    assert_null(list.items[1]);
    sw_strs_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proc_env__holds_the_own_environment),
        cmocka_unit_test(test_proc_env__sets_and_unsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
