#include "temp_dir.h"
#include "test.h"

#include "circleci/local_private.h"

#include <slipway/fs.h>

#include <stdlib.h>

static void test_local__parses_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* 0: it is none */
    } cases[] = {
        { "10m", 600000 },
        { "1.5h", 5400000 },
        { "30s", 30000 },
        { "5", 5000 },
        { "0.3s", 300 },
        { "0.25m", 15000 },
        { "", 0 },
        { "m", 0 },
        { "10 m", 0 },
        { "10ms", 0 },
        { "1h30m", 0 },
        { "-1s", 0 },
        { "0s", 0 },
        { ".5s", 0 },
        { "1.2.3s", 0 },
        { "1e3s", 0 },
        { "99999999999999h", 0 },
        { "999999999s", 999999999000 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        int64_t ms = 0;
        bool good = local_parse_duration(cases[i].text, &ms);

        if (good != (cases[i].ms != 0) || (good && ms != cases[i].ms)) {
            fail_msg("\"%s\": expected %lld, got %d %lld", cases[i].text, (long long)cases[i].ms,
                     good, (long long)ms);
        }
    }
}

static void test_local__values_as_the_shell_sees_them(void **state)
{
    static const struct {
        const char *json;
        const char *expected;
    } cases[] = {
        { "true", "1" },        { "false", "0" },   { "12", "12" },
        { "\"true\"", "true" }, { "\"$A\"", "$A" }, { "null", "" },
        { "1.5", "1.5" },       { "\"\"", "" },     { "[1]", "[1]" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        json_auto_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
        struct sw_buf out;

        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        local_value_text(value, &out);
        assert_string_equal(out.ptr, cases[i].expected);
        sw_buf_release(&out);
    }
}

/* Feeds `text` in pieces of `size` bytes. */
static char *masked(const char *const *secrets, const char *text, size_t size)
{
    struct local_mask mask;
    struct sw_buf out;

    local_mask_init(&mask);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; secrets[i]; i++) {
        local_mask_add(&mask, secrets[i]);
    }
    for (struct sw_str rest = sw_str(text); rest.len > 0; rest = sw_str_from(rest, size)) {
        local_mask_feed(&mask, sw_str_first(rest, size), &out);
    }
    local_mask_finish(&mask, &out);
    local_mask_release(&mask);
    return sw_buf_take(&out);
}

static void test_local_mask__hides_secrets_however_they_arrive(void **state)
{
    static const char *const secrets[] = { "hush hush", "abcd",      "abcdef",   "line1\nline2",
                                           "true",      "key",       "hushhush", "aaaa",
                                           "",          "hush hush", NULL };
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        { "say hush hush now", "say **** now" },
        { "hush hus", "hush hus" },
        { "hush hush", "****" },
        { "hush hush hush hush", "**** ****" },
        { "abcdefg abcde abc", "****g ****e abc" },
        { "x line1\nline2 y line1\nline3", "x **** y line1\nline3" },
        { "true key", "true key" },
        { "hushhushhushhush", "********" },
        { "aaaaaaaaa", "********a" },
        { "hush hhush hush", "hush h****" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        for (size_t size = 1; size <= 20; size++) {
            char *got = masked(secrets, cases[i].text, size);

            if (strcmp(got, cases[i].expected) != 0) {
                fail_msg("\"%s\" in pieces of %zu: expected \"%s\", got \"%s\"", cases[i].text,
                         size, cases[i].expected, got);
            }
            free(got);
        }
    }
}

static void test_local_mask__shows_plain_text_at_once(void **state)
{
    struct local_mask mask;
    struct sw_buf out;

    (void)state;
    local_mask_init(&mask);
    local_mask_add(&mask, "secret");
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    local_mask_feed(&mask, SW_STR("50% done se"), &out);
    assert_string_equal(out.ptr, "50% done ");
    local_mask_feed(&mask, SW_STR("en"), &out);
    assert_string_equal(out.ptr, "50% done seen");
    sw_buf_release(&out);
    local_mask_release(&mask);
}

static void test_local_env__applies_maps_and_lists(void **state)
{
    json_auto_t *list = json_loads("[{\"A\": true}, {\"B\": \"x\"}, {\"A\": 2}]", 0, NULL);
    json_auto_t *bad = json_loads("{\"a-b\": 1}", 0, NULL);
    struct sw_strs vars = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(local_env_apply(&vars, list, "here", &err));
    assert_string_equal(sw_proc_getenv(&vars, "A"), "2");
    assert_string_equal(sw_proc_getenv(&vars, "B"), "x");
    assert_ok(local_env_apply(&vars, NULL, "here", &err));
    assert_fails(local_env_apply(&vars, bad, "here", &err), SW_E_INPUT,
                 "here: \"a-b\" cannot be a variable's name");
    sw_strs_release(&vars);
}

static void test_local_path__knows_the_project(void **state)
{
    static const struct {
        const char *path;
        const char *expected;
    } cases[] = {
        { ".", "/work" },
        { "a/b", "/work/a/b" },
        { "/abs", "/abs" },
        { "~", "/home/me" },
        { "~/x", "/home/me/x" },
        { "~/project", "/work" },
        { "~/project/x", "/work/x" },
        { "~/projects", "/home/me/projects" },
        { "/app", "/work" },
        { "/app/x", "/work/x" },
        { "/apple", "/apple" },
    };
    char work_dir[] = "/work";
    struct test_env t;

    (void)state;
    test_env_init(&t);
    test_env_set(&t, "HOME", "/home/me");
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct local_run run = { .env = &t.env,
                                       .work_dir = work_dir,
                                       .job = { .working_directory = "/app" } };
        char *got = local_path(&run, work_dir, cases[i].path);

        assert_string_equal(got, cases[i].expected);
        free(got);
    }
    test_env_release(&t);
}

/* An hour goes by whenever somebody looks at the clock. */
static int64_t leap_ms(void *ctx)
{
    struct test_env *t = ctx;
    t->mono_ms += 3600000;
    return t->mono_ms;
}

/* A git that hangs is no step that is silent for too long. */
static void test_local_checkout__names_a_git_that_does_not_end(void **state)
{
    char *bin SW_CLEANUP(sw_free_str) = sw_fs_join(*state, "bin");
    char *git SW_CLEANUP(sw_free_str) = sw_fs_join(bin, "git");
    char *marker SW_CLEANUP(sw_free_str) = sw_fs_join(*state, ".git");
    char *work SW_CLEANUP(sw_free_str) = sw_fs_join(*state, "work");
    char *kept SW_CLEANUP(sw_free_str) = sw_xstrdup(getenv("PATH"));
    char *path SW_CLEANUP(sw_free_str) = sw_xasprintf("%s:%s", bin, kept);
    const struct local_step step = { .kind = LOCAL_CHECKOUT };
    struct sw_err err = SW_ERR_INIT;
    struct test_env t;

    test_env_init(&t);
    t.clock.mono_ms = leap_ms;
    struct local_run run = {
        .env = &t.env, .work_dir = work, .source = *state, .source_is_git = true
    };
    assert_ok(sw_fs_mkdirs(bin, 0700, &err));
    assert_ok(sw_fs_mkdirs(marker, 0700, &err));
    assert_ok(sw_fs_write_atomic(git, sw_str("#!/bin/sh\nexec sleep 60\n"), 0700, &err));
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_fails(local_other_step(&run, &step, &err), SW_E_FAILED,
                 "\"git\" did not end within 10 min 00 s");
    assert_int_equal(setenv("PATH", kept, 1), 0);
    test_env_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local__parses_durations),
        cmocka_unit_test(test_local__values_as_the_shell_sees_them),
        cmocka_unit_test(test_local_mask__hides_secrets_however_they_arrive),
        cmocka_unit_test(test_local_mask__shows_plain_text_at_once),
        cmocka_unit_test(test_local_env__applies_maps_and_lists),
        cmocka_unit_test(test_local_path__knows_the_project),
        cmocka_unit_test_setup_teardown(test_local_checkout__names_a_git_that_does_not_end,
                                        temp_dir_setup, temp_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
