#include "test.h"

#include <slipway/json.h>

/* The text of `value` as sw_json_dump() writes it; the caller's. */
static char *dumped(const json_t *value, int indent)
{
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_json_dump(value, indent, &out);
    return sw_buf_take(&out);
}

static void test_json__parses_every_kind_of_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *type;
        const char *compact;
    } cases[] = {
        { "{\"b\": 1, \"a\": [true, null]}", "object", "{\"b\":1,\"a\":[true,null]}" },
        { " [ ] ", "array", "[]" },
        { "\"\\u00e9\"", "string", "\"\xc3\xa9\"" },
        { "9223372036854775807", "integer", "9223372036854775807" },
        { "-9223372036854775808", "integer", "-9223372036854775808" },
        { "1.5", "real", "1.5" },
        { "true", "boolean", "true" },
        { "false", "boolean", "false" },
        { "null", "null", "null" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_t *value = NULL;
        assert_ok(sw_json_parse(sw_str(cases[i].text), "t", &value, &err));
        assert_string_equal(sw_json_type_name(value), cases[i].type);
        char *text = dumped(value, 0);
        assert_string_equal(text, cases[i].compact);
        free(text);
        json_decref(value);
    }
    assert_string_equal(sw_json_type_name(NULL), "null");
}

static void test_json__refuses_bad_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *msg;
    } cases[] = {
        { "", 0, "f: empty, expected JSON" },
        { " \n", 2, "f: empty, expected JSON" },
        { "{\n  \"a\" 1}", 10, "f:2:7: ':' expected" },
        { "{\"a\":1,\"a\":2}", 13, "f:1:10: duplicate object key near '\"a\"'" },
        { "[1,]", 4, "f:1:4: unexpected token" },
        { "[1] x", 5, "f:1:5: end of file expected" },
        { "\"\\u0000\"", 8, "f:1:8: \\u0000 is not allowed" },
        { "[\"\xff\"]", 5, "f:1:2: unable to decode byte 0xff" },
        { "9223372036854775808", 19, "f:1:19: too big integer" },
        { "{\"auth\": \"hunter2hunter2", 24, "f:1:24: premature end of input" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_t *value = NULL;
        assert_fails(sw_json_parse(sw_str_n(cases[i].text, cases[i].len), "f", &value, &err),
                     SW_E_INPUT, cases[i].msg);
        assert_null(value);
    }
}

static void test_json__keeps_the_offending_text_out_of_errors(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    json_t *value = NULL;
    assert_fails(sw_json_parse(SW_STR("{\"auth\" \"hunter2hunter2\"}"), "f", &value, &err),
                 SW_E_INPUT, "f:1:24: ':' expected");
}

static void test_json__limits_size_and_depth(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    json_t *value = NULL;
    assert_fails(sw_json_parse(sw_str_n("[]", SW_JSON_MAX + 1), "f", &value, &err), SW_E_TOO_LARGE,
                 "f: larger than 32 MiB");

    struct sw_buf deep;
    sw_buf_init(&deep, SW_BUF_TEXT_MAX);
    for (int i = 0; i < 5000; i++) {
        sw_buf_add_char(&deep, '[');
    }
    assert_fails(sw_json_parse(sw_buf_str(&deep), "f", &value, &err), SW_E_INPUT,
                 "f:1:2049: maximum parsing depth reached");
    sw_buf_release(&deep);
}

static void test_json__dumps_with_indent(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *value = NULL;
    assert_ok(
        sw_json_parse(SW_STR("{\"b\":[1],\"a\":{\"d\":1,\"c\":\"/\\n\"}}"), "t", &value, &err));
    char *text = dumped(value, 2);
    assert_string_equal(text, "{\n  \"b\": [\n    1\n  ],\n  \"a\": {\n    \"d\": 1,\n"
                              "    \"c\": \"/\\n\"\n  }\n}");
    free(text);
    text = dumped(value, 99);
    assert_non_null(strstr(text, "\n                               \"b\": ["));
    free(text);

    struct sw_buf out;
    sw_buf_init(&out, 5);
    sw_json_dump(value, 0, &out);
    assert_true(out.overflowed);
    sw_buf_release(&out);
}

static void test_json__lenient_getters_fall_back(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *value = NULL;
    assert_ok(sw_json_parse(SW_STR("{\"s\":\"x\",\"i\":7,\"r\":2.5,\"b\":true,\"a\":[1],\"o\":{},"
                                   "\"n\":null}"),
                            "t", &value, &err));
    assert_string_equal(sw_json_str(value, "s", "-"), "x");
    assert_string_equal(sw_json_str(value, "i", "-"), "-");
    assert_null(sw_json_str(NULL, "s", NULL));
    assert_int_equal(sw_json_int(value, "i", -1), 7);
    assert_int_equal(sw_json_int(value, "r", -1), -1);
    assert_int_equal(sw_json_count(value, "i", -1), 7);
    json_auto_t *counts = json_pack("{s:I, s:I, s:I}", "most", (json_int_t)INT32_MAX, "more",
                                    (json_int_t)INT32_MAX + 1, "less", (json_int_t)-1);
    assert_int_equal(sw_json_count(counts, "most", -1), INT32_MAX);
    assert_int_equal(sw_json_count(counts, "more", -1), -1);
    assert_int_equal(sw_json_count(counts, "less", 5), 5);
    assert_true(sw_json_number(value, "r", 0) > 2.4);
    assert_true(sw_json_number(value, "i", 0) > 6.9);
    assert_true(sw_json_number(value, "s", 0) < 0.1);
    assert_true(sw_json_bool(value, "b", false));
    assert_false(sw_json_bool(value, "s", false));
    assert_true(sw_json_bool(value, "absent", true));
    assert_non_null(sw_json_array(value, "a"));
    assert_null(sw_json_array(value, "o"));
    assert_non_null(sw_json_object(value, "o"));
    assert_null(sw_json_object(value, "a"));
    assert_null(sw_json_object(value, "n"));
}

struct record {
    const char *name;
    int64_t count;
    double ratio;
    bool enabled;
    json_t *items;
    json_t *more;
};

static const struct sw_json_field record_fields[] = {
    { "name", SW_JSON_STR, offsetof(struct record, name), true },
    { "count", SW_JSON_INT, offsetof(struct record, count), false },
    { "ratio", SW_JSON_NUMBER, offsetof(struct record, ratio), false },
    { "enabled", SW_JSON_BOOL, offsetof(struct record, enabled), false },
    { "items", SW_JSON_ARRAY, offsetof(struct record, items), false },
    { "more", SW_JSON_OBJECT, offsetof(struct record, more), false },
};

static void test_json__times_are_milliseconds_or_nothing(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        { "{\"at\": 1440938160.25}", 1440938160250 },
        { "{\"at\": 7}", 7000 },
        { "{\"at\": 253402300799.5}", 253402300799500 },
        { "{\"at\": 253402300800}", 0 },
        { "{\"at\": 1e300}", 0 },
        { "{\"at\": -1}", 0 },
        { "{\"at\": \"7\"}", 0 },
        { "{}", 0 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        json_auto_t *value = json_loads(cases[i].text, 0, NULL);
        print_message("case %s\n", cases[i].text);
        assert_int_equal(sw_json_time_ms(value, "at"), cases[i].ms);
    }
}

static void test_json__reads_by_field_table(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *value = NULL;
    assert_ok(sw_json_parse(SW_STR("{\"name\":\"n\",\"count\":3,\"ratio\":2,\"enabled\":true,"
                                   "\"items\":[],\"more\":{},\"other\":9}"),
                            "t", &value, &err));
    struct record record = { .count = -1 };
    assert_ok(sw_json_read(value, "t", record_fields, SW_COUNT(record_fields), &record, &err));
    assert_string_equal(record.name, "n");
    assert_int_equal(record.count, 3);
    assert_true(record.ratio > 1.9 && record.ratio < 2.1);
    assert_true(record.enabled);
    assert_ptr_equal(record.items, sw_json_array(value, "items"));
    assert_ptr_equal(record.more, sw_json_object(value, "more"));
}

static void test_json__reading_leaves_absent_fields_alone(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *value = NULL;
    assert_ok(sw_json_parse(SW_STR("{\"name\":\"n\",\"count\":null}"), "t", &value, &err));
    struct record record = { .count = -1, .enabled = true };
    assert_ok(sw_json_read(value, "t", record_fields, SW_COUNT(record_fields), &record, &err));
    assert_int_equal(record.count, -1);
    assert_true(record.enabled);
    assert_null(record.items);
}

static void test_json__reading_names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *msg;
    } cases[] = {
        { "[]", "answer: expected an object, found an array" },
        { "{}", "answer: \"name\" is missing; expected a string" },
        { "{\"name\":null}", "answer: \"name\" is missing; expected a string" },
        { "{\"name\":1}", "answer: \"name\" must be a string, not an integer" },
        { "{\"name\":\"n\",\"count\":1.5}",
          "answer: \"count\" must be an integer, not a real number" },
        { "{\"name\":\"n\",\"ratio\":\"1\"}", "answer: \"ratio\" must be a number, not a string" },
        { "{\"name\":\"n\",\"enabled\":{}}",
          "answer: \"enabled\" must be true or false, not an object" },
        { "{\"name\":\"n\",\"items\":true}", "answer: \"items\" must be an array, not true" },
        { "{\"name\":\"n\",\"more\":false}", "answer: \"more\" must be an object, not false" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *value = NULL;
        assert_ok(sw_json_parse(sw_str(cases[i].text), "t", &value, &err));
        struct record record = { .count = 0 };
        assert_fails(
            sw_json_read(value, "answer", record_fields, SW_COUNT(record_fields), &record, &err),
            SW_E_INPUT, cases[i].msg);
    }
    struct sw_err err = SW_ERR_INIT;
    struct record record = { .count = 0 };
    assert_fails(
        sw_json_read(NULL, "answer", record_fields, SW_COUNT(record_fields), &record, &err),
        SW_E_INPUT, "answer: expected an object, found nothing");
}

static void test_json__knows_lists_of_texts(void **state)
{
    static const struct {
        const char *text;
        bool yes;
    } cases[] = {
        { "[\"a\"]", true },     { "[\"a\", \"\"]", true }, { "[]", false },
        { "[\"a\", 1]", false }, { "[null]", false },       { "{\"a\": \"b\"}", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *value = NULL;

        assert_int_equal(sw_json_parse(sw_str(cases[i].text), "it", &value, &err), SW_OK);
        assert_int_equal(sw_json_are_texts(value), cases[i].yes);
    }
    assert_false(sw_json_are_texts(NULL));
}

static void test_json__finds_an_item_by_a_text(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *list = NULL;

    (void)state;
    assert_ok(sw_json_parse(SW_STR("[1, {\"name\": 7}, {\"name\": \"a\", \"n\": 1},"
                                   " {\"name\": \"b\", \"n\": 2}, {\"name\": \"b\", \"n\": 3}]"),
                            "it", &list, &err));
    assert_int_equal(sw_json_int(sw_json_find(list, "name", "b"), "n", 0), 2);
    assert_int_equal(sw_json_int(sw_json_find(list, "name", "a"), "n", 0), 1);
    assert_null(sw_json_find(list, "name", "c"));
    assert_ptr_equal(sw_json_find(list, "name", ""), json_array_get(list, 0));
    assert_null(sw_json_find(json_array_get(list, 1), "name", "a"));
    assert_null(sw_json_find(NULL, "name", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__parses_every_kind_of_value),
        cmocka_unit_test(test_json__refuses_bad_text),
        cmocka_unit_test(test_json__keeps_the_offending_text_out_of_errors),
        cmocka_unit_test(test_json__limits_size_and_depth),
        cmocka_unit_test(test_json__dumps_with_indent),
        cmocka_unit_test(test_json__lenient_getters_fall_back),
        cmocka_unit_test(test_json__times_are_milliseconds_or_nothing),
        cmocka_unit_test(test_json__reads_by_field_table),
        cmocka_unit_test(test_json__reading_leaves_absent_fields_alone),
        cmocka_unit_test(test_json__reading_names_what_is_wrong),
        cmocka_unit_test(test_json__knows_lists_of_texts),
        cmocka_unit_test(test_json__finds_an_item_by_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
