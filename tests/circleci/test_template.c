#include "compile_world.h"

#include <slipway/json.h>

static const char parameters[] =
    "{t: true, f: false, n: 5, s: text, empty: '', tag: '<< parameters.s >>', list: [a]}";

/* Expands the text as one string value and returns its JSON form, the caller's. */
static char *expand(struct compile_world *world, const char *text)
{
    struct sw_yaml *node = sw_yaml_new_str(world->pool, sw_str(text), NULL);
    struct sw_yaml *value = cc_expand_scalar(&world->cc, &world->scope, node);
    if (value == NULL) {
        return NULL;
    }
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    json_t *json = sw_yaml_to_json(value);
    sw_json_dump(json, 0, &out);
    json_decref(json);
    return sw_buf_take(&out);
}

static void test_template__expands(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        /* one tag keeps the value's type, with text around it everything is text */
        { "<< parameters.t >>", "true" },
        { "<<parameters.n>>", "5" },
        { "<< parameters.list >>", "[\"a\"]" },
        { "x << parameters.t >>", "\"x true\"" },
        { "<< parameters.n >>-<< parameters.f >>", "\"5-false\"" },
        { "a<< parameters.empty >>b", "\"ab\"" },
        { "<< parameters.n == 5 >>", "true" },
        /* escapes and plain text */
        { "echo >> file", "\"echo >> file\"" },
        { "cat \\<<EOF", "\"cat <<EOF\"" },
        { "\\\\<< parameters.n >>", "\"\\\\5\"" },
        { "a \\ b", "\"a \\\\ b\"" },
        { "cat \\<<<word", "\"cat <<<word\"" },
        { "{{ checksum \"x\" }}", "\"{{ checksum \\\"x\\\" }}\"" },
        /* values are not templates */
        { "<< parameters.tag >>!", "\"<< parameters.s >>!\"" },
        /* sections */
        { "a<<# parameters.t >>b<</ parameters.t >>c", "\"abc\"" },
        { "a<<# parameters.f >>b<</ parameters.f >>c", "\"ac\"" },
        { "a<<^ parameters.f >>b<</ parameters.f >>c", "\"abc\"" },
        { "<<# parameters.s >><<# parameters.empty >>x<</ parameters.empty >>y<</ parameters.s >>",
          "\"y\"" },
        { "<<# parameters.t >>n=<< parameters.n >><</ parameters.t >>", "\"n=5\"" },
        /* a section tag alone on its line takes the line with it */
        { "a\n  <<# parameters.t >>\nb\n  <</ parameters.t >>\nc\n", "\"a\\nb\\nc\\n\"" },
        { "a=\"1\"\n  <<# parameters.f >>\n  b\n  <</ parameters.f >>\n\nc\n",
          "\"a=\\\"1\\\"\\n\\nc\\n\"" },
        { "a\n<<# parameters.f >>\nb\n<</ parameters.f >>", "\"a\\n\"" },
        { "a <<# parameters.t >>\nb<</ parameters.t >>\n", "\"a \\nb\\n\"" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct compile_world world;
        world_init(&world, parameters);
        char *json = expand(&world, cases[i].text);
        if (json == NULL || strcmp(json, cases[i].json) != 0) {
            fail_msg("%s: got %s (%s), want %s", cases[i].text, json == NULL ? "nothing" : json,
                     world_problem(&world), cases[i].json);
        }
        free(json);
        world_release(&world);
    }
}

static void test_template__refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *problem;
    } cases[] = {
        { "cat <<EOF", "Unclosed '<<' tag ('<<' must be escaped as '\\<<' in config v2.1+) in "
                       "string: '<<EOF'" },
        { "a <<>>", "Expected expression after '<<' in string: '<<>>'" },
        { "<< >>", "Expected expression in expression: " },
        { "<<# parameters.t >>x", "Unclosed section, expected '<</' in string: '<<# parameters.t "
                                  ">>x'" },
        { "<<# parameters.t >>x<</ b >>",
          "Expected section end tag to match start tag in string: '<</ b >>'" },
        { "<</ b >>", "Expected section end tag to match start tag in string: '<</ b >>'" },
        { "<<# not valid >>x<</ not valid >>",
          "Expected valid identifier in string: '<<# not valid >>x<</ not valid >>'" },
        { "<< parameters.nope >>",
          "Arguments referenced without declared parameters: parameters.nope" },
        { "x << parameters.list >>", "Cannot put a sequence into text in string: '<< "
                                     "parameters.list >>'" },
        { "<<include(scripts/x.sh)>>",
          "Unclosed '<<' tag ('<<' must be escaped as '\\<<' in config v2.1+) in string: "
          "'<<include(scripts/x.sh)>>'; include() works in orb sources only, pack them with orb "
          "pack" },
        { "<<# parameters.f >><< parameters.nope >><</ parameters.f >>",
          "Arguments referenced without declared parameters: parameters.nope" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct compile_world world;
        world_init(&world, parameters);
        char *json = expand(&world, cases[i].text);
        if (json != NULL) {
            fail_msg("%s: got %s", cases[i].text, json);
        }
        assert_string_equal(world_problem(&world), cases[i].problem);
        world_release(&world);
    }
}

static void test_template__points_at_the_tag(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        unsigned line;
        unsigned column;
    } cases[] = {
        { "k: ab << no >>\n", 1, 7 },
        { "k: \"ab << no >>\"\n", 1, 8 },
        { "k: |\n  ab\n  << no >>\n", 3, 1 },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct compile_world world;
        world_init(&world, "{}");
        assert_null(cc_expand(&world.cc, &world.scope, world_parse(&world, cases[i].yaml)));
        assert_int_equal(world.problems.items[0].mark.line, cases[i].line);
        assert_int_equal(world.problems.items[0].mark.column, cases[i].column);
        world_release(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_template__expands),
        cmocka_unit_test(test_template__refuses),
        cmocka_unit_test(test_template__points_at_the_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
