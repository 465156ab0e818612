#include "test.h"

#include <slipway/proc.h>

#include <unistd.h>

/* Processes end in real time, so these use the real clock. */
static struct sw_env env;

static int use_real_world(void **state)
{
    (void)state;
    sw_env_init_real(&env);
    return 0;
}

static void test_proc__feeds_input_and_collects_both_outputs(void **state)
{
    const char *const argv[] = { "sh", "-c", "cat; echo oops >&2; exit 3", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) err_out = { 0 };
    struct sw_proc proc = {
        .argv = argv, .input = SW_STR("hello"), .out = &out, .err_out = &err_out
    };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    sw_buf_init(&out, 100);
    sw_buf_init(&err_out, 100);
    assert_ok(sw_proc_run(&env, &proc, &exit_code, &err));
    assert_int_equal(exit_code, 3);
    assert_string_equal(out.ptr, "hello");
    assert_string_equal(err_out.ptr, "oops\n");
}

static void test_proc__large_input_does_not_deadlock(void **state)
{
    const char *const argv[] = { "cat", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    char *SW_CLEANUP(sw_free_str) big = sw_xmalloc(1000000);
    struct sw_proc proc = { .argv = argv, .input = { big, 1000000 }, .out = &out };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    memset(big, 'x', 1000000);
    sw_buf_init(&out, 2000000);
    assert_ok(sw_proc_run(&env, &proc, &exit_code, &err));
    assert_int_equal(exit_code, 0);
    assert_int_equal(out.len, 1000000);
}

static void test_proc__missing_program(void **state)
{
    const char *const argv[] = { "slipway-no-such-program", "secret", NULL };
    struct sw_proc proc = { .argv = argv };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    assert_fails(sw_proc_run(&env, &proc, &exit_code, &err), SW_E_NOT_FOUND,
                 "cannot run \"slipway-no-such-program\": No such file or directory");
    assert_int_equal(exit_code, -1);
}

static void test_proc__signals_become_exit_codes(void **state)
{
    const char *const argv[] = { "sh", "-c", "kill -9 $$", NULL };
    struct sw_proc proc = { .argv = argv };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    assert_ok(sw_proc_run(&env, &proc, &exit_code, &err));
    assert_int_equal(exit_code, 137);
}

static void test_proc__too_much_output_ends_the_child(void **state)
{
    const char *const argv[] = { "yes", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_proc proc = { .argv = argv, .out = &out };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    sw_buf_init(&out, 100000);
    assert_fails(sw_proc_run(&env, &proc, &exit_code, &err), SW_E_TOO_LARGE,
                 "\"yes\" printed more than 100000 bytes");
}

static void test_proc__deadline_ends_the_whole_group(void **state)
{
    /* The grandchild holds the pipe open; it must go, too. */
    const char *const argv[] = { "sh", "-c", "sleep 30 & wait", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_proc proc = { .argv = argv, .out = &out, .timeout_ms = 50 };
    struct sw_err err;
    int exit_code = -1;
    int64_t began;

    (void)state;
    sw_buf_init(&out, 100);
    began = sw_env_mono_ms(&env);
    assert_fails(sw_proc_run(&env, &proc, &exit_code, &err), SW_E_TIMEOUT,
                 "\"sh\" did not end within 0.1 s");
    assert_true(sw_env_mono_ms(&env) - began < 20000);
}

static void test_proc__given_environment_and_folder(void **state)
{
    const char *const argv[] = { "sh", "-c", "printf '%s %s' \"$X\" \"$PWD\"", NULL };
    const char *const envp[] = { "X=1", "PATH=/usr/bin:/bin", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_proc proc = { .argv = argv, .envp = envp, .cwd = "/", .out = &out };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    sw_buf_init(&out, 100);
    assert_ok(sw_proc_run(&env, &proc, &exit_code, &err));
    assert_string_equal(out.ptr, "1 /");
    /* It is the folder that is not there, not the program. */
    proc.cwd = "/nowhere";
    assert_fails(sw_proc_run(&env, &proc, &exit_code, &err), SW_E_INPUT,
                 "cannot run \"sh\" in \"/nowhere\": No such file or directory");
}

static enum sw_status collect(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    (void)err;
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

static void test_proc__both_streams_come_in_order(void **state)
{
    const char *const argv[] = { "sh", "-c",
                                 "for i in 1 2 3; do echo out$i; echo err$i >&2; done; exit 4",
                                 NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    const struct sw_proc_sink sink = { .write = collect, .ctx = &out };
    struct sw_proc proc = { .argv = argv, .out_sink = &sink, .merge_err = true };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    sw_buf_init(&out, 1000);
    assert_ok(sw_proc_run(&env, &proc, &exit_code, &err));
    assert_int_equal(exit_code, 4);
    assert_string_equal(out.ptr, "out1\nerr1\nout2\nerr2\nout3\nerr3\n");
}

static void test_proc__silence_ends_the_child(void **state)
{
    const char *const argv[] = { "sh", "-c", "echo begun; sleep 60", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    const struct sw_proc_sink sink = { .write = collect, .ctx = &out };
    struct sw_proc proc = { .argv = argv, .out_sink = &sink, .silence_ms = 200 };
    struct sw_err err;
    int exit_code = -1;

    (void)state;
    sw_buf_init(&out, 1000);
    assert_fails(sw_proc_run(&env, &proc, &exit_code, &err), SW_E_TIMEOUT,
                 "\"sh\" printed nothing for 0.2 s");
    assert_string_equal(out.ptr, "begun\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proc__feeds_input_and_collects_both_outputs),
        cmocka_unit_test(test_proc__large_input_does_not_deadlock),
        cmocka_unit_test(test_proc__missing_program),
        cmocka_unit_test(test_proc__signals_become_exit_codes),
        cmocka_unit_test(test_proc__too_much_output_ends_the_child),
        cmocka_unit_test(test_proc__deadline_ends_the_whole_group),
        cmocka_unit_test(test_proc__given_environment_and_folder),
        cmocka_unit_test(test_proc__both_streams_come_in_order),
        cmocka_unit_test(test_proc__silence_ends_the_child),
    };

    return cmocka_run_group_tests(tests, use_real_world, NULL);
}
