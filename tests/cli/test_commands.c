/* The tables of commands and options themselves: nothing doubled, nothing missing, house style. */
#include "test.h"

#include "help.h"

#include <slipway/alloc.h>

/* What has been seen of one command's options. */
struct seen {
    const struct sw_command *command;
    struct sw_strs names;
    bool letters[256];
    size_t problems;
};

static void complain(struct seen *seen, const char *what, const char *text)
{
    print_error("slipway %s: %s: \"%s\"\n", seen->command->name, what, text);
    seen->problems++;
}

static bool has_upper_start(const char *text)
{
    /* Names such as AWS, ARN or Dockerfile keep their capital; a plain word would go on small. */
    static const char *const articles[] = { "A ", "An ", "The ", "Use ", "Show ", "Print ", "Do " };
    for (size_t i = 0; i < SW_COUNT(articles); i++) {
        if (strncmp(text, articles[i], strlen(articles[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void check_line(struct seen *seen, const char *what, const char *text)
{
    if (!text || text[0] == '\0') {
        complain(seen, "empty", what);
        return;
    }
    if (has_upper_start(text)) {
        complain(seen, "starts with a capital", text);
    }
    if (text[strlen(text) - 1] == '.') {
        complain(seen, "ends in a full stop", text);
    }
    if (strchr(text, '\n') || strstr(text, "  ")) {
        complain(seen, "has a newline or double blank", text);
    }
}

static void check_name(struct seen *seen, const struct sw_opt *opt)
{
    for (const char *c = opt->name; *c != '\0'; c++) {
        if (*c != '-' && (*c < 'a' || *c > 'z') && !sw_is_digit(*c)) {
            complain(seen, "odd option name", opt->name);
        }
    }
    if (sw_strs_has(&seen->names, sw_str(opt->name))) {
        complain(seen, "option twice", opt->name);
    }
    sw_strs_add(&seen->names, sw_str(opt->name));
    if (opt->letter && seen->letters[(unsigned char)opt->letter]) {
        complain(seen, "letter twice", opt->name);
    }
    seen->letters[(unsigned char)opt->letter] = opt->letter != '\0';
}

static void check_option(void *ctx, const struct sw_opt *opt)
{
    struct seen *seen = ctx;
    check_name(seen, opt);
    check_line(seen, opt->name, opt->help);
    if (sw_opt_is_flag(opt) != (opt->value == NULL)) {
        complain(seen, "a flag has no placeholder, every other option one", opt->name);
    }
    if ((opt->kind == SW_OPT_ENUM) != (opt->choices != NULL)) {
        complain(seen, "an enum has choices, no other option has", opt->name);
    }
    if (opt->kind == SW_OPT_INT && opt->min > opt->max) {
        complain(seen, "minimum above maximum", opt->name);
    }
}

static void check_command(struct seen *seen)
{
    const struct sw_command *command = seen->command;
    char *start SW_CLEANUP(sw_free_str) = sw_xasprintf("slipway %s", command->name);
    check_line(seen, "summary", command->summary);
    if (!command->description || strlen(command->description) < strlen(command->summary)) {
        complain(seen, "description shorter than the summary", command->summary);
    }
    if (!command->example || !strstr(command->example, start)) {
        complain(seen, "example does not show the command", command->example);
    }
    if (command->operands_min > command->operands_max ||
        (command->operands_max > 0) != (command->operands[0] != '\0')) {
        complain(seen, "operands do not fit their numbers", command->operands);
    }
    if (command->opts[0].kind != SW_OPT_INCLUDE || command->opts[0].offset != 0 ||
        command->opts[0].include != sw_cli_common_opts) {
        complain(seen, "the table does not start with the common options", command->name);
    }
}

/* Who prints JSON says what is in it. */
static void check_output(void *ctx, const struct sw_opt *opt)
{
    struct seen *seen = ctx;
    bool prints_json = strcmp(opt->name, "output") == 0 && strcmp(opt->choices, "text|json") == 0;
    if (prints_json && !seen->command->json) {
        complain(seen, "what its JSON has is not said", opt->name);
    }
}

static void test_commands__tables_are_in_order(void **state)
{
    struct sw_strs names = { 0 };
    size_t problems = 0;
    (void)state;
    for (size_t i = 0; sw_commands[i]; i++) {
        struct seen seen = { .command = sw_commands[i] };
        if (sw_strs_has(&names, sw_str(seen.command->name))) {
            complain(&seen, "command twice", seen.command->name);
        }
        sw_strs_add(&names, sw_str(seen.command->name));
        check_command(&seen);
        sw_opt_each(seen.command->opts, check_option, &seen);
        sw_opt_each(seen.command->opts, check_output, &seen);
        problems += seen.problems;
        sw_strs_release(&seen.names);
    }
    sw_strs_release(&names);
    assert_int_equal(problems, 0);
}

/* Runs a command line; returns its exit code and gives what it wrote. */
static int run(const char *const *words, char **ret_out, char **ret_err)
{
    struct test_env t;
    size_t out_size = 0;
    size_t err_size = 0;
    FILE *out = open_memstream(ret_out, &out_size);
    FILE *err = open_memstream(ret_err, &err_size);
    char *argv[8] = { NULL };
    int argc = 0;
    for (; words[argc]; argc++) {
        argv[argc] = sw_xstrdup(words[argc]);
    }
    test_env_init(&t);
    int code = sw_cli_main(&t.env, argc, argv, out, err);
    test_env_release(&t);
    (void)fclose(out);
    (void)fclose(err);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return code;
}

static void test_commands__each_answers_help(void **state)
{
    (void)state;
    for (size_t i = 0; sw_commands[i]; i++) {
        char *out SW_CLEANUP(sw_free_str) = NULL;
        char *err SW_CLEANUP(sw_free_str) = NULL;
        struct sw_str rest = sw_str(sw_commands[i]->name);
        char *first SW_CLEANUP(sw_free_str) = sw_str_dup(sw_str_cut(&rest, ' '));
        char *second SW_CLEANUP(sw_free_str) = sw_str_dup(rest);
        const char *two[] = { "slipway", first, second, "--help", NULL };
        const char *one[] = { "slipway", first, "--help", NULL };
        char *usage SW_CLEANUP(sw_free_str) =
            sw_xasprintf("usage: slipway %s [OPTIONS]", sw_commands[i]->name);
        assert_int_equal(run(second[0] != '\0' ? two : one, &out, &err), 0);
        assert_string_equal(err, "");
        assert_memory_equal(out, usage, strlen(usage));
        assert_non_null(
            strstr(out, sw_commands[i]->example) || strchr(sw_commands[i]->example, '\n') ? out
                                                                                          : NULL);
    }
}

static void test_commands__version_is_one_line(void **state)
{
    char *out SW_CLEANUP(sw_free_str) = NULL;
    char *err SW_CLEANUP(sw_free_str) = NULL;
    const char *words[] = { "slipway", "--version", NULL };
    (void)state;
    assert_int_equal(run(words, &out, &err), 0);
    assert_string_equal(out, "slipway " SLIPWAY_VERSION "\n");
    assert_string_equal(err, "");
}

static void test_commands__no_help_line_is_wide(void **state)
{
    (void)state;
    for (size_t i = 0; sw_commands[i]; i++) {
        struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_help_command(sw_commands[i], SW_HELP_WIDTH, &text);
        char *example = strstr(text.ptr, "\nexample");
        struct sw_str rest = sw_str_n(text.ptr, (size_t)(example - text.ptr));
        while (rest.ptr) {
            struct sw_str line = sw_str_cut(&rest, '\n');
            if (line.len > 100 && sw_str_find(sw_str_trim(line), ' ') >= 0 &&
                !sw_str_starts(line, "usage: ")) {
                fail_msg("wider than 100: %.*s", SW_STR_ARG(line));
            }
        }
    }
}

static void test_commands__text_is_wrapped_between_words(void **state)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    (void)state;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_help_wrap(&text, SW_STR("one two three\n\nfour averylongword"), 2, 9, false);
    assert_string_equal(text.ptr, "  one two\n  three\n\n  four\n  averylongword\n");
    sw_buf_clear(&text);
    sw_help_wrap(&text, SW_STR("one two three"), 2, 9, true);
    assert_string_equal(text.ptr, "one two\n  three\n");
    sw_buf_clear(&text);
    sw_help_wrap(&text, SW_STR("one\ntwo\n  a  list\n  b\nthree"), 2, 20, false);
    assert_string_equal(text.ptr, "  one two\n    a  list\n    b\n  three\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands__tables_are_in_order),
        cmocka_unit_test(test_commands__each_answers_help),
        cmocka_unit_test(test_commands__version_is_one_line),
        cmocka_unit_test(test_commands__no_help_line_is_wide),
        cmocka_unit_test(test_commands__text_is_wrapped_between_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
