#include "compile_world.h"

#include <slipway/json.h>

struct expr_case {
    const char *expression;
    const char *json; /* the value; "undefined" */
};

static const char parameters[] =
    "{yes: true, no: false, n: 5, s: hello world, empty: '', gone: ~, foo-bar_2: x}";

static void assert_values(const struct expr_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct compile_world world;
        world_init(&world, parameters);
        struct sw_yaml *value = NULL;
        bool ok = cc_eval(&world.cc, &world.scope, sw_str(cases[i].expression), NULL, &value);
        struct sw_buf text;
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        if (value == NULL) {
            sw_buf_add_cstr(&text, "undefined");
        } else {
            json_t *json = sw_yaml_to_json(value);
            sw_json_dump(json, 0, &text);
            json_decref(json);
        }
        if (!ok || strcmp(text.ptr, cases[i].json) != 0) {
            fail_msg("%s: got %s (%s), want %s", cases[i].expression, text.ptr,
                     world_problem(&world), cases[i].json);
        }
        sw_buf_release(&text);
        world_release(&world);
    }
}

static void test_expr__evaluates_literals_and_names(void **state)
{
    (void)state;
    static const struct expr_case cases[] = {
        { "0", "0" },
        { "42", "42" },
        { "true", "true" },
        { "\"a \\\" b \\\\ c\"", "\"a \\\" b \\\\ c\"" },
        { "parameters.n", "5" },
        { "parameters.foo-bar_2", "\"x\"" },
        { "parameters.gone", "undefined" },
        { "pipeline.number", "1" },
        { "pipeline.git.branch.is_default", "false" },
        { "pipeline.event.anything", "\"\"" },
    };
    assert_values(cases, SW_COUNT(cases));
}

static void test_expr__and_or_not_give_operands_and_skip_the_rest(void **state)
{
    (void)state;
    static const struct expr_case cases[] = {
        { "true and 14", "14" },
        { "false and nothing.there", "false" },
        { "true or nothing.there", "true" },
        { "parameters.no or parameters.n", "5" },
        { "parameters.s == \"x\" and 10 or 1", "1" },
        { "parameters.yes and 10 or 1", "10" },
        { "true AND false OR true", "true" },
        { "not parameters.yes", "false" },
        { "!parameters.no", "true" },
        { "not parameters.no == true", "true" },
        { "!!true", "true" },
        { "parameters.gone or \"d\"", "\"d\"" },
        { "parameters.gone and 1", "undefined" },
        { "not parameters.gone", "true" },
        { "false or false", "false" },
    };
    assert_values(cases, SW_COUNT(cases));
}

static void test_expr__compares_by_value_and_type(void **state)
{
    (void)state;
    static const struct expr_case cases[] = {
        { "1 == 1", "true" },
        { "1 == \"1\"", "false" },
        { "true != 12", "true" },
        { "\"a\" == \"a\"", "true" },
        { "5 > 3", "true" },
        { "parameters.n >= 5", "true" },
        { "parameters.n < 5", "false" },
        { "3 <= 2", "false" },
        { "1 < 2 == true", "true" },
        { "parameters.gone == parameters.gone", "undefined" },
        { "1 != parameters.gone", "undefined" },
        { "parameters.gone > 1", "undefined" },
        { "parameters.s starts-with \"hello\"", "true" },
        { "parameters.s starts-with \"world\"", "false" },
        { "parameters.s contains \"lo wo\"", "true" },
        { "(1 < 2 or nope) and \"s\" != 42", "true" },
    };
    assert_values(cases, SW_COUNT(cases));
}

static void test_expr__matches_the_whole_text(void **state)
{
    (void)state;
    static const struct expr_case cases[] = {
        { "parameters.s matches /hello\\s\\w+/", "true" },
        { "parameters.s matches /world/", "false" },
        { "parameters.s matches /^hello/", "false" },
        { "parameters.s matches /.*world$/", "true" },
        { "\"food\" matches /fo+d/", "true" },
        { "\"fd\" matches /fo+d/", "false" },
        { "\".A*\" matches /(?i)\\..\\*/", "true" },
        { "\"aa*\" matches /(?i)\\..\\*/", "false" },
    };
    assert_values(cases, SW_COUNT(cases));
}

static void test_expr__explains_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        const char *problem;
    } cases[] = {
        { "", "Expected expression in expression: " },
        { "and", "Expected expression, found \"and\" in expression: and" },
        { "1 ==", "Expected expression in expression: 1 ==" },
        { "(1 > 2", "Expected ')' after expression in expression: (1 > 2" },
        { "1 > 2) < 3", "Unexpected \")\" in expression: 1 > 2) < 3" },
        { "true or true false", "Unexpected \"false\" in expression: true or true false" },
        { "1 & 2", "Unexpected character '&' in expression: 1 & 2" },
        { "=!", "Unexpected character '=' in expression: =!" },
        { "\"open", "Unterminated string in expression: \"open" },
        { "1 == /open", "Unterminated pattern in expression: 1 == /open" },
        { "9223372036854775808", "Invalid number in expression: 9223372036854775808" },
        { "\"a\" matches /(?=x)/",
          "Invalid regular expression: (?=x): look-around and inline flags are not supported in "
          "expression: \"a\" matches /(?=x)/" },
        { "5 > true", "Operator > needs integer operands, found 5 (type integer) and true (type "
                      "boolean) in expression: 5 > true" },
        { "5 starts-with \"a\"",
          "Operator starts-with needs string operands, found 5 (type integer) and \"a\" (type "
          "string) in expression: 5 starts-with \"a\"" },
        { "foo > 5", "Referred to a variable \"foo\" that does not exist" },
        { "parameters.emty", "Arguments referenced without declared parameters: "
                             "parameters.emty; did you mean \"empty\"?" },
        { "pipeline.git.brunch", "Referred to a variable \"pipeline.git.brunch\" that does not "
                                 "exist; did you mean \"pipeline.git.branch\"?" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct compile_world world;
        world_init(&world, parameters);
        struct sw_yaml *value = NULL;
        assert_false(cc_eval(&world.cc, &world.scope, sw_str(cases[i].expression), NULL, &value));
        assert_string_equal(world_problem(&world), cases[i].problem);
        world_release(&world);
    }
}

static void test_expr__limits_length_and_depth(void **state)
{
    (void)state;
    struct compile_world world;
    struct sw_yaml *value = NULL;
    char text[SW_CONFIG_EXPRESSION_MAX + 2];
    memset(text, '(', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    world_init(&world, "{}");
    assert_false(cc_eval(&world.cc, &world.scope, sw_str(text), NULL, &value));
    assert_string_equal(world_problem(&world), "Expressions must be less than 2048 characters.");
    world_release(&world);

    world_init(&world, "{}");
    assert_false(cc_eval(&world.cc, &world.scope, sw_str_n(text, 100), NULL, &value));
    assert_non_null(strstr(world_problem(&world), "Too many levels of parentheses"));
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expr__evaluates_literals_and_names),
        cmocka_unit_test(test_expr__and_or_not_give_operands_and_skip_the_rest),
        cmocka_unit_test(test_expr__compares_by_value_and_type),
        cmocka_unit_test(test_expr__matches_the_whole_text),
        cmocka_unit_test(test_expr__explains_what_is_wrong),
        cmocka_unit_test(test_expr__limits_length_and_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
