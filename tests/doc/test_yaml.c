#include "test.h"

#include <slipway/json.h>
#include <slipway/yaml.h>

static struct sw_yaml *parse(struct sw_yaml_pool *pool, const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_yaml *node = NULL;
    assert_ok(sw_yaml_parse(pool, sw_str(text), "f.yml", NULL, &node, &err));
    return node;
}

static void assert_json(const char *name, const struct sw_yaml *node, const char *expected)
{
    json_t *json = sw_yaml_to_json(node);
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_json_dump(json, 0, &text);
    if (strcmp(text.ptr, expected) != 0) {
        fail_msg("%s: got %s, want %s", name, text.ptr, expected);
    }
    sw_buf_release(&text);
    json_decref(json);
}

static void test_yaml__types_plain_scalars_as_yaml_1_1(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        { "[yes, Yes, on, ON, true]", "[true,true,true,true,true]" },
        { "[no, off, Off, FALSE]", "[false,false,false,false]" },
        { "[y, n, Y, N]", "[\"y\",\"n\",\"Y\",\"N\"]" },
        { "['yes', \"on\"]", "[\"yes\",\"on\"]" },
        { "[~, null, Null, '']", "[null,null,null,\"\"]" },
        { "[0, 7, -3, +4, 1_000]", "[0,7,-3,4,1000]" },
        { "[012, 0x1F, 0b101, -010]", "[10,31,5,-8]" },
        { "[22:22, 1:00:01, 1:60]", "[1342,3601,\"1:60\"]" },
        { "[08, 0b2, 0xg]", "[\"08\",\"0b2\",\"0xg\"]" },
        { "[1.5, .5, -2., 1e3, 012.5]", "[1.5,0.5,-2.0,1000.0,12.5]" },
        { "[2001-12-14, '2.1', 2001-12-14t21:59:43.10-05:00]",
          "[\"2001-12-14\",\"2.1\",\"2001-12-14t21:59:43.10-05:00\"]" },
        { "[9223372036854775807, -9223372036854775808]",
          "[9223372036854775807,-9223372036854775808]" },
        { "!!str 012", "\"012\"" },
        { "!!int '5'", "5" },
        { "", "null" },
        { "# nothing\n", "null" },
        { "\xef\xbb\xbf# marked\r\na: 1\r\nb: |\r\n  x\r\n  y\r\n",
          "{\"a\":1,\"b\":\"x\\ny\\n\"}" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
        if (cases[i].json != NULL) {
            assert_json(cases[i].text, parse(pool, cases[i].text), cases[i].json);
        }
    }
}

static void test_yaml__keeps_the_source_text_beside_the_type(void **state)
{
    (void)state;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *node = parse(pool, "a: 0x1F\nb: 123456789012345678901234567890\n");
    assert_string_equal(sw_yaml_get(node, "a")->text, "0x1F");
    assert_int_equal(sw_yaml_get(node, "a")->integer, 31);
    assert_int_equal(sw_yaml_get(node, "b")->type, SW_YAML_FLOAT);
}

static void test_yaml__marks_every_node(void **state)
{
    (void)state;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *node = parse(pool, "a:\n  - b: 1\n    c: [2, 3]\n");
    const struct sw_yaml *item = sw_yaml_get(node, "a")->items[0];
    assert_string_equal(item->mark.file, "f.yml");
    assert_int_equal(item->mark.line, 2);
    assert_int_equal(item->mark.column, 5);
    assert_int_equal(sw_yaml_get_key(item, "c")->mark.line, 3);
    assert_int_equal(sw_yaml_get(item, "c")->items[1]->mark.column, 12);
}

static void test_yaml__expands_aliases_and_merge_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        { "a: &x [1, 2]\nb: *x\n", "{\"a\":[1,2],\"b\":[1,2]}" },
        { "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n",
          "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"p\":1,\"q\":3}}" },
        { "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n",
          "{\"a\":{\"p\":1},\"b\":{\"p\":2,\"q\":2},\"c\":{\"p\":1,\"q\":2}}" },
        { "a: {'<<': 1}\n", "{\"a\":{\"<<\":1}}" },
        { "a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "{\"a\":1,\"b\":1,\"c\":2,\"d\":2}" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
        assert_json(cases[i].text, parse(pool, cases[i].text), cases[i].json);
    }
}

static void test_yaml__refuses_with_file_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *msg;
    } cases[] = {
        { "a: 1\nb: 2\na: 3\n", "f.yml:3:1: mapping key \"a\" already defined at line 1" },
        { "a: *x\n", "f.yml:1:4: unknown anchor \"x\" referenced" },
        { "a: &x [*x]\n", "f.yml:1:8: anchor \"x\" refers to itself" },
        { "{[1]: 2}\n", "f.yml:1:2: a sequence cannot be a mapping key" },
        { "a: 1\n---\nb: 2\n", "f.yml:2:1: a second document starts here; only one is read" },
        { "a: {<<: 1}\n", "f.yml:1:9: merge key \"<<\" needs a mapping, found: integer" },
        { "a: \"\\0\"\n", "f.yml:1:4: text contains a NUL byte" },
        { "a: [1\nb: 2\n", "f.yml:2:2: unable to parse YAML: did not find expected ',' or ']' "
                           "(while parsing a flow sequence from line 1, column 4)" },
        { "a:\n\tb: 1\n",
          "f.yml:2:1: unable to parse YAML: found character that cannot start any token (while "
          "scanning for the next token from line 2, column 1); indent with blanks, not with tabs, "
          "and quote a text that begins with @, ` or %" },
        { "a: \xff\n", "f.yml: invalid leading UTF-8 octet at byte 3" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
        struct sw_yaml *node = NULL;
        assert_fails(sw_yaml_parse(pool, sw_str(cases[i].text), "f.yml", NULL, &node, &err),
                     SW_E_INPUT, cases[i].msg);
    }
}

static void test_yaml__limits_depth_and_alias_expansion(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *node = NULL;
    char deep[SW_YAML_DEPTH_MAX + 2] = "";
    memset(deep, '[', SW_YAML_DEPTH_MAX + 1);
    assert_fails(sw_yaml_parse(pool, sw_str(deep), "f.yml", NULL, &node, &err), SW_E_TOO_LARGE,
                 "f.yml:1:129: nested over 128 levels deep");

    struct sw_buf laughs;
    sw_buf_init(&laughs, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&laughs, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        sw_buf_addf(&laughs, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++) {
            sw_buf_addf(&laughs, "%s*a%d", j == 0 ? "" : ", ", i - 1);
        }
        sw_buf_add_cstr(&laughs, "]\n");
    }
    assert_fails(sw_yaml_parse(pool, sw_buf_str(&laughs), "f.yml", NULL, &node, &err),
                 SW_E_TOO_LARGE, "f.yml:7:5: aliases expand to over 2000000 nodes");
    sw_buf_release(&laughs);
}

static void test_yaml__uses_anchors_of_other_documents(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    SW_CLEANUP(sw_yaml_anchors_cleanup) struct sw_yaml_anchors *anchors = sw_yaml_anchors_new();
    struct sw_yaml_options first = { .ret_anchors = anchors, .lenient_aliases = true };
    struct sw_yaml_options second = { .known_anchors = anchors };
    struct sw_yaml *node = NULL;
    assert_ok(sw_yaml_parse(pool, SW_STR("a: &x {p: 1}\nb: &bad [*later]\n"), "1.yml", &first,
                            &node, &err));
    assert_ok(sw_yaml_parse(pool, SW_STR("c: *x\n"), "2.yml", &second, &node, &err));
    assert_json("known anchor", node, "{\"c\":{\"p\":1}}");
    assert_fails(sw_yaml_parse(pool, SW_STR("c: *bad\n"), "2.yml", &second, &node, &err),
                 SW_E_INPUT, "2.yml:1:4: unknown anchor \"bad\" referenced");
}

static void test_yaml__emits_what_reads_back_equal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *emitted;
    } cases[] = {
        { "{a: [1, two, {b: c}], d: {}}", "a:\n- 1\n- two\n- b: c\nd: {}\n" },
        { "a: \"x\\ny\\n\"", "a: |\n  x\n  y\n" },
        { "a: \"x\\ny\"", "a: |-\n  x\n  y\n" },
        { "a: 'on'\nb: '012'\nc: ''\nd: '~'\n", "a: 'on'\nb: '012'\nc: ''\nd: '~'\n" },
        { "a: '2001-01-01'\nb: 'y'\nc: '1:30.5'", "a: '2001-01-01'\nb: 'y'\nc: '1:30.5'\n" },
        { "a: 1.2.3\nb: 012\nc: yes\nd: ~\ne: 2.10",
          "a: 1.2.3\nb: 10\nc: true\nd: null\ne: 2.1\n" },
        { "a: 'x: y'\nb: '# c'\nc: ' z'", "a: 'x: y'\nb: '# c'\nc: ' z'\n" },
        { "a: \"tab\\there\"", "a: \"tab\\there\"\n" },
        { "a: \"\\n x\\n\"", "a: \"\\n x\\n\"\n" },
        { "a: \"trailing \\nblank\"", "a: \"trailing \\nblank\"\n" },
        { "a: \xc3\xa4", "a: \xc3\xa4\n" },
        { "on: {no: yes}", "'on':\n  'no': true\n" },
        { "'yes': 1\n'<<': 2", "'yes': 1\n'<<': 2\n" },
        { "a: \"x\\n\\n\"\nb: 1", "a: |+\n  x\n\nb: 1\n" },
        { "a: !x {b: 1}", "a: !x\n  b: 1\n" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
        struct sw_yaml *node = parse(pool, cases[i].text);
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        assert_ok(sw_yaml_emit(node, &out, &err));
        assert_string_equal(out.ptr, cases[i].emitted);
        assert_true(sw_yaml_equal(node, parse(pool, out.ptr)));
        sw_buf_release(&out);
    }
}

/* A text from elsewhere, e.g. a JSON parameter, may be longer than one of YAML's. */
static void test_yaml__emits_no_part_of_a_text(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    SW_CLEANUP(sw_buf_release) struct sw_buf out;
    SW_CLEANUP(sw_free_str) char *text = sw_xcalloc(SW_YAML_SCALAR_MAX + 100, 1);
    memset(text, 'x', SW_YAML_SCALAR_MAX + 99);
    sw_buf_init(&out, 4 * SW_YAML_SCALAR_MAX);
    assert_int_equal(sw_yaml_emit(sw_yaml_new_str(pool, sw_str(text), NULL), &out, &err),
                     SW_E_TOO_LARGE);
    assert_string_equal(err.msg, "a text is larger than 4194304 bytes");
}

static void test_yaml__sorts_keys_naturally(void **state)
{
    (void)state;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *node =
        parse(pool, "{b: 1, a10: 1, a9: {d: 1, c: 2}, a: 1, _z: 1, v1-a: 1, v1a: 1}");
    assert_json(
        "sorted", sw_yaml_sorted(pool, node),
        "{\"_z\":1,\"a\":1,\"a9\":{\"c\":2,\"d\":1},\"a10\":1,\"b\":1,\"v1a\":1,\"v1-a\":1}");
}

static void test_yaml__compares_values_not_order(void **state)
{
    (void)state;
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    const struct sw_yaml *a = parse(pool, "{a: 1, b: [x, {c: yes}]}");
    assert_true(sw_yaml_equal(a, parse(pool, "{b: [x, {c: true}], a: 0x1}")));
    assert_false(sw_yaml_equal(a, parse(pool, "{b: [x, {c: 'true'}], a: 1}")));
    assert_false(sw_yaml_equal(a, parse(pool, "{b: [{c: true}, x], a: 1}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml__types_plain_scalars_as_yaml_1_1),
        cmocka_unit_test(test_yaml__keeps_the_source_text_beside_the_type),
        cmocka_unit_test(test_yaml__marks_every_node),
        cmocka_unit_test(test_yaml__expands_aliases_and_merge_keys),
        cmocka_unit_test(test_yaml__refuses_with_file_line_and_column),
        cmocka_unit_test(test_yaml__limits_depth_and_alias_expansion),
        cmocka_unit_test(test_yaml__uses_anchors_of_other_documents),
        cmocka_unit_test(test_yaml__emits_what_reads_back_equal),
        cmocka_unit_test(test_yaml__emits_no_part_of_a_text),
        cmocka_unit_test(test_yaml__sorts_keys_naturally),
        cmocka_unit_test(test_yaml__compares_values_not_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
