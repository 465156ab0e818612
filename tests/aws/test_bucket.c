/* Keeping to AWS's rates: what passes at once, what waits and for how long. */
#include "test.h"

#include "aws/bucket.h"

static void take(struct test_env *t, struct aws_bucket_level *levels, const char *service,
                 const char *operation, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        aws_bucket_take(levels, &t->env, service, operation);
    }
}

static void test_bucket__a_burst_passes_and_then_so_many_a_second(void **state)
{
    static const struct {
        const char *operation;
        unsigned burst;
        int64_t each_ms;
    } cases[] = {
        { "DescribeServices", 99, 50 },
        { "UpdateService", 49, 200 },
        { "RegisterTaskDefinition", 19, 1000 },
        { "DescribeTasks", 99, 50 },
        { "RunTask", 99, 25 },
        { "DescribeTaskDefinition", 49, 50 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct aws_bucket_level levels[AWS_BUCKETS] = { { 0 } };
        struct test_env t;
        test_env_init(&t);
        print_message("%s\n", cases[i].operation);
        take(&t, levels, "ecs", cases[i].operation, cases[i].burst);
        assert_int_equal(t.slept_ms, 0);
        take(&t, levels, "ecs", cases[i].operation, 10);
        assert_int_equal(t.slept_ms, 10 * cases[i].each_ms);
        t.mono_ms += (int64_t)24 * 3600 * 1000;
        take(&t, levels, "ecs", cases[i].operation, cases[i].burst);
        assert_int_equal(t.slept_ms, 10 * cases[i].each_ms);
        test_env_release(&t);
    }
}

static void test_bucket__kinds_of_calls_do_not_wait_for_each_other(void **state)
{
    struct aws_bucket_level levels[AWS_BUCKETS] = { { 0 } };
    struct test_env t;

    (void)state;
    test_env_init(&t);
    take(&t, levels, "ecs", "RegisterTaskDefinition", 19);
    take(&t, levels, "ecs", "UpdateService", 10);
    take(&t, levels, "ecs", "TagResource", 200);
    take(&t, levels, "other", "RegisterTaskDefinition", 200);
    assert_int_equal(t.slept_ms, 0);
    take(&t, levels, "ecs", "DeregisterTaskDefinition", 1);
    assert_int_equal(t.slept_ms, 1000);
    test_env_release(&t);
}

static void test_bucket__a_refusal_empties_it(void **state)
{
    struct aws_bucket_level levels[AWS_BUCKETS] = { { 0 } };
    struct test_env t;

    (void)state;
    test_env_init(&t);
    take(&t, levels, "ecs", "UpdateService", 1);
    aws_bucket_drain(levels, &t.env, "ecs", "UpdateService");
    aws_bucket_drain(levels, &t.env, "ecr", "PutImage");
    take(&t, levels, "ecs", "UpdateService", 1);
    assert_int_equal(t.slept_ms, 200);
    test_env_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket__a_burst_passes_and_then_so_many_a_second),
        cmocka_unit_test(test_bucket__kinds_of_calls_do_not_wait_for_each_other),
        cmocka_unit_test(test_bucket__a_refusal_empties_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
