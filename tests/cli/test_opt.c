#include "test.h"

#include "cli/opt.h"

struct inner_args {
    bool debug;
    bool expand;
    bool help;
};

struct args {
    struct inner_args inner;
    const char *name;
    bool wait;
    int64_t count;
    int64_t timeout_ms;
    int64_t size;
    const char *output;
    struct sw_strs tags;
    const char *variable;
    enum sw_switch rebalance;
};

static const struct sw_opt inner_opts[] = {
    { SW_OPT_FLAG, "debug", 'd', offsetof(struct inner_args, debug), NULL, "log", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_FLAG, "expand", 0, offsetof(struct inner_args, expand), NULL, "expand", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_FLAG, "help", 'h', offsetof(struct inner_args, help), NULL, "help", 0, NULL, 0, 0,
      NULL },
    { .kind = SW_OPT_END },
};

static const struct sw_opt opts[] = {
    { .kind = SW_OPT_INCLUDE, .offset = offsetof(struct args, inner), .include = inner_opts },
    { SW_OPT_STR, "name", 'n', offsetof(struct args, name), "NAME", "the name",
      SW_OPT_REQUIRED | SW_OPT_NAME, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "wait", 'w', offsetof(struct args, wait), NULL, "wait", 0, NULL, 0, 0, NULL },
    { SW_OPT_INT, "count", 0, offsetof(struct args, count), "N", "how many", 0, NULL, 1, 10, NULL },
    { SW_OPT_DURATION, "timeout", 0, offsetof(struct args, timeout_ms), "TIME", "how long", 0, NULL,
      0, 0, NULL },
    { SW_OPT_BYTES, "size", 0, offsetof(struct args, size), "BYTES", "how big", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct args, output), "FORMAT", "format", 0, "text|json",
      0, 0, NULL },
    { SW_OPT_LIST, "tag", 't', offsetof(struct args, tags), "TAG", "tags", 0, NULL, 0, 0, NULL },
    { SW_OPT_SWITCH, "rebalance", 'r', offsetof(struct args, rebalance), NULL, "rebalance", 0, NULL,
      0, 0, NULL },
    { SW_OPT_STR, "variable", 0, offsetof(struct args, variable), "NAME", "a variable", SW_OPT_RAW,
      NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

enum { WORDS_MAX = 16 };

struct run {
    struct test_env t;
    struct args args;
    struct sw_strs operands;
    struct sw_strs owned;
    struct sw_err err;
    enum sw_status status;
};

/* Parses the words of `line`, which are separated by single blanks. */
static void parse(struct run *run, const char *line)
{
    struct sw_strs words = { 0 };
    struct sw_str rest = sw_str(line);

    *run = (struct run){ 0 };
    test_env_init(&run->t);
    test_env_set(&run->t, "REGION_VAR", "eu-west-1");
    test_env_set(&run->t, "EMPTY_VAR", "");
    test_env_set(&run->t, "SHA", "0123456789");
    while (rest.ptr) {
        sw_strs_add(&words, sw_str_cut(&rest, ' '));
    }
    run->status = sw_opt_parse(opts, (int)words.count, words.items, &run->t.env, &run->args,
                               &run->operands, &run->owned, &run->err);
    /* Values may point into the words: they live as long as the run. */
    for (size_t i = 0; i < words.count; i++) {
        sw_strs_take(&run->owned, words.items[i]);
    }
    free(words.items);
}

static void done(struct run *run)
{
    sw_opt_release(opts, &run->args);
    sw_strs_release(&run->operands);
    sw_strs_release(&run->owned);
    test_env_release(&run->t);
}

static void test_opt__all_forms(void **state)
{
    struct run run;

    (void)state;
    parse(&run,
          "-nfoo a --wait --count=3 --timeout 1.5m --size=64k -o json b --tag x -ty -d -- -z");
    if (run.status) {
        fail_msg("%s", run.err.msg);
    }
    assert_string_equal(run.args.name, "foo");
    assert_true(run.args.wait);
    assert_true(run.args.inner.debug);
    assert_int_equal(run.args.count, 3);
    assert_int_equal(run.args.timeout_ms, 90000);
    assert_int_equal(run.args.size, 65536);
    assert_string_equal(run.args.output, "json");
    assert_int_equal(run.args.tags.count, 2);
    assert_string_equal(run.args.tags.items[1], "y");
    assert_int_equal(run.operands.count, 3);
    assert_string_equal(run.operands.items[2], "-z");
    done(&run);
}

static void test_opt__flags_can_be_switched_off_and_given_as_text(void **state)
{
    static const struct {
        const char *line;
        bool wait;
    } cases[] = {
        { "-n x --wait --no-wait", false }, { "-n x --no-wait --wait", true },
        { "-n x --wait=1", true },          { "-n x --wait=true", true },
        { "-n x --wait=0", false },         { "-n x --wait=false", false },
        { "-n x --wait=", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct run run;

        print_message("case %s\n", cases[i].line);
        parse(&run, cases[i].line);
        assert_int_equal(run.status, SW_OK);
        assert_int_equal(run.args.wait, cases[i].wait);
        done(&run);
    }
}

static void test_opt__switches_know_whether_they_were_given(void **state)
{
    static const struct {
        const char *line;
        enum sw_switch rebalance;
    } cases[] = {
        { "-n x", SW_SWITCH_UNSET },
        { "-n x --rebalance", SW_SWITCH_ON },
        { "-n x -r", SW_SWITCH_ON },
        { "-n x --no-rebalance", SW_SWITCH_OFF },
        { "-n x --rebalance=true", SW_SWITCH_ON },
        { "-n x --rebalance=0", SW_SWITCH_OFF },
        { "-n x --rebalance=", SW_SWITCH_UNSET },
        { "-n x --rebalance --rebalance=", SW_SWITCH_ON },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct run run;

        print_message("case %s\n", cases[i].line);
        parse(&run, cases[i].line);
        assert_int_equal(run.status, SW_OK);
        assert_int_equal(run.args.rebalance, cases[i].rebalance);
        done(&run);
    }
}

static void test_opt__mistakes_are_explained(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "a", "option \"--name NAME\" is required: the name" },
        { "--name", "option \"--name\" needs a value: --name NAME" },
        { "--nmae x", "unknown option \"--nmae\"; did you mean \"--name\"?" },
        { "--naem x", "unknown option \"--naem\"; did you mean \"--name\"?" },
        { "--nope x",
          "unknown option \"--nope\"" }, /* two slips in four letters are another word */
        { "--time 3", "unknown option \"--time\"; did you mean \"--timeout\"?" },
        { "--zzzzzzzz", "unknown option \"--zzzzzzzz\"" },
        { "-x", "unknown option \"-x\"" },
        { "-n x --no-count", "unknown option \"--no-count\"; did you mean \"--count\"?" },
        { "-n x --count 11",
          "option \"--count\" does not take \"11\"; give a whole number from 1 to 10" },
        { "-n x --count 1x",
          "option \"--count\" does not take \"1x\"; give a whole number from 1 to 10" },
        { "-n x --rebalance=yes",
          "option \"--rebalance\" does not take \"yes\"; give true, false, 1 or 0" },
        { "-n x --timeout soon",
          "option \"--timeout\" does not take \"soon\"; give a time such as 90, 90s, 10m or 1.5h" },
        { "-n x --size 1T",
          "option \"--size\" does not take \"1T\"; give a size such as 512, 64k, 10M or 1G" },
        { "-n x --output xml", "option \"--output\" does not take \"xml\"; give one of text|json" },
        { "-n x --wait=maybe",
          "option \"--wait\" does not take \"maybe\"; give true, false, 1 or 0" },
        { "-n ${NOPE} --expand", NULL },
        { "-n NOPE_VAR --expand",
          "--name: variable \"NOPE_VAR\" is not set; set it in the project or a context, or give the value itself" },
        { "-n EMPTY_VAR --expand",
          "--name: variable \"EMPTY_VAR\" is empty; set it in the project or a context, or give the value itself" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct run run;

        print_message("case %s\n", cases[i].line);
        parse(&run, cases[i].line);
        assert_int_equal(sw_exit_code(run.status), 2);
        if (cases[i].message) {
            assert_string_equal(run.err.msg, cases[i].message);
        } else {
            assert_non_null(strstr(run.err.msg, "NOPE"));
            assert_non_null(strstr(run.err.msg, "--name"));
        }
        done(&run);
    }
}

static void test_opt__expansion_is_for_all_but_raw_values(void **state)
{
    struct run run;

    (void)state;
    parse(&run, "--name REGION_VAR --tag v-${SHA:0:7} --variable $SHA ${SHA}.tar --expand");
    if (run.status) {
        fail_msg("%s", run.err.msg);
    }
    assert_string_equal(run.args.name, "eu-west-1");
    assert_string_equal(run.args.tags.items[0], "v-0123456");
    assert_string_equal(run.args.variable, "$SHA");
    assert_string_equal(run.operands.items[0], "0123456789.tar");
    done(&run);
}

static void test_opt__nothing_is_expanded_unasked(void **state)
{
    struct run run;

    (void)state;
    parse(&run, "--name ${SHA} -- --expand");
    assert_int_equal(run.status, SW_OK);
    assert_string_equal(run.args.name, "${SHA}");
    done(&run);
}

static void test_opt__help_needs_no_required_options(void **state)
{
    struct run run;

    (void)state;
    parse(&run, "--help");
    assert_int_equal(run.status, SW_OK);
    assert_true(run.args.inner.help);
    done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opt__all_forms),
        cmocka_unit_test(test_opt__flags_can_be_switched_off_and_given_as_text),
        cmocka_unit_test(test_opt__switches_know_whether_they_were_given),
        cmocka_unit_test(test_opt__mistakes_are_explained),
        cmocka_unit_test(test_opt__expansion_is_for_all_but_raw_values),
        cmocka_unit_test(test_opt__nothing_is_expanded_unasked),
        cmocka_unit_test(test_opt__help_needs_no_required_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
