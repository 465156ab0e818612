/*
 * Whole configurations. Each folder of tests/data/config is one case:
 *
 *   config.yml     what is compiled
 *   expected.yml   what comes out, compared as values; or
 *   problems.txt   what is wrong with it, byte for byte
 *   options.txt    one per line: "orb REF=PATH", "value NAME=VALUE", "parameters JSON", "all"
 *
 * SLIPWAY_GOLDEN_PAIRS may name a folder of further cases.
 */
#include "test.h"

#include <slipway/config.h>
#include <slipway/fs.h>
#include <slipway/json.h>

#include <dirent.h>
#include <unistd.h>

enum { CASES_MAX = 512, ORBS_MAX = 16 };

struct given {
    struct sw_config_options options;
    struct sw_config_orb orbs[ORBS_MAX];
    struct sw_strs texts;
    struct sw_strs values;
};

static char *read_text(const char *path)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_fs_read(path, &text, &err));
    return sw_buf_take(&text);
}

static void add_orb(struct given *given, struct sw_str value)
{
    struct sw_str ref = sw_str_cut(&value, '=');
    size_t i = given->options.orb_count++;
    assert_true(i < ORBS_MAX);
    sw_strs_add(&given->texts, ref);
    given->orbs[i].ref = given->texts.items[given->texts.count - 1];
    sw_strs_add(&given->texts, value);
    given->orbs[i].path = given->texts.items[given->texts.count - 1];
}

static void read_option(struct given *given, struct sw_str line)
{
    struct sw_str value = line;
    struct sw_str name = sw_str_cut(&value, ' ');
    struct sw_err err = SW_ERR_INIT;
    if (sw_str_is(name, "orb")) {
        add_orb(given, value);
    } else if (sw_str_is(name, "value")) {
        sw_strs_add(&given->values, value);
    } else if (sw_str_is(name, "parameters")) {
        assert_ok(sw_json_parse(value, "parameters", &given->options.parameters, &err));
    } else if (sw_str_is(name, "all")) {
        given->options.check_all = true;
    } else if (name.len > 0) {
        fail_msg("options.txt: unknown option %.*s", SW_STR_ARG(name));
    }
}

static void read_options(struct given *given)
{
    given->options.path = "config.yml";
    given->options.orbs = given->orbs;
    given->options.values = &given->values;
    if (!sw_fs_exists("options.txt")) {
        return;
    }
    char *text = read_text("options.txt");
    struct sw_str rest = sw_str(text);
    while (rest.ptr != NULL) {
        read_option(given, sw_str_cut(&rest, '\n'));
    }
    free(text);
}

static void release_options(struct given *given)
{
    sw_strs_release(&given->texts);
    sw_strs_release(&given->values);
    json_decref(given->options.parameters);
}

static void assert_problems(const struct sw_config_problems *problems)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < problems->count; i++) {
        sw_config_problem_write(&problems->items[i], &text);
    }
    char *expected = sw_fs_exists("problems.txt") ? read_text("problems.txt") : sw_xstrdup("");
    if (strcmp(text.ptr, expected) != 0) {
        print_error("--- got\n%s--- want\n%s---\n", text.ptr, expected);
    }
    assert_string_equal(text.ptr, expected);
    free(expected);
    sw_buf_release(&text);
}

/* The text that is printed, read back, must be the expected value. */
static void assert_compiled(const struct sw_config *config)
{
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *expected = NULL;
    struct sw_yaml *printed = NULL;
    json_auto_t *compiled = sw_config_compiled_json(config);
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_config_write(config, &text, &err));
    assert_ok(sw_yaml_parse(pool, sw_buf_str(&text), "printed", NULL, &printed, &err));
    assert_ok(sw_yaml_load(pool, "expected.yml", NULL, &expected, &err));
    if (!sw_yaml_equal(printed, expected)) {
        print_error("--- got\n%s", text.ptr);
    }
    assert_true(sw_yaml_equal(printed, expected));
    json_auto_t *read_back = sw_yaml_to_json(printed);
    assert_true(json_equal(compiled, read_back));
    sw_buf_release(&text);
}

static void run_case(void **state)
{
    struct test_env env;
    struct given given = { 0 };
    struct sw_config_problems problems = { 0 };
    struct sw_config *config = NULL;
    struct sw_err err = SW_ERR_INIT;
    test_env_init(&env);
    assert_int_equal(chdir(*state), 0);
    read_options(&given);
    enum sw_status status = sw_config_compile(&env.env, &given.options, &problems, &config, &err);
    if (sw_fs_exists("expected.yml")) {
        assert_ok(status);
        assert_compiled(config);
    } else {
        assert_int_equal(status, SW_E_INPUT);
    }
    assert_problems(&problems);
    sw_config_free(config);
    sw_config_problems_release(&problems);
    release_options(&given);
    test_env_release(&env);
}

/* The tests' names, which cmocka only borrows. */
static char *names[CASES_MAX];

/* Adds a test per folder below `dir`. */
static size_t add_cases(struct CMUnitTest *tests, size_t count, const char *dir)
{
    struct dirent **entries = NULL;
    int found = scandir(dir, &entries, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        SW_CLEANUP(sw_free_str) char *path = sw_fs_join(dir, entries[i]->d_name);
        SW_CLEANUP(sw_free_str) char *file = sw_fs_join(path, "config.yml");
        if (sw_fs_exists(file) && count < CASES_MAX) {
            names[count] = sw_xasprintf("test_config__%s", entries[i]->d_name);
            tests[count] = (struct CMUnitTest){ .name = names[count],
                                                .test_func = run_case,
                                                .initial_state = SW_TAKE(path) };
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

int main(void)
{
    static struct CMUnitTest tests[CASES_MAX];
    size_t count = add_cases(tests, 0, TEST_DATA_DIR "/config");
    const char *further = getenv("SLIPWAY_GOLDEN_PAIRS");
    if (further != NULL) {
        count = add_cases(tests, count, further);
    } else {
        print_message("SLIPWAY_GOLDEN_PAIRS is not set: skipping pairs from elsewhere\n");
    }
    assert_true(count > 0);
    int failed = _cmocka_run_group_tests("config", tests, count, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
        free(tests[i].initial_state);
    }
    return failed;
}
