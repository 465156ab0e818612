#include "test.h"

#include <slipway/str.h>

static void test_str__cut_walks_all_parts(void **state)
{
    struct sw_str text = SW_STR("a,,b,");
    const char *const parts[] = { "a", "", "b", "" };
    size_t n = 0;

    (void)state;
    while (text.ptr) {
        struct sw_str part = sw_str_cut(&text, ',');

        assert_true(n < SW_COUNT(parts));
        assert_true(sw_str_is(part, parts[n++]));
    }
    assert_int_equal(n, SW_COUNT(parts));
}

static void test_str__numbers_are_checked(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } cases[] = {
        { "0", 0, 9, true, 0 },
        { "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN },
        { "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX },
        { "9223372036854775808", INT64_MIN, INT64_MAX, false, 0 },
        { "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0 },
        { "10", 0, 9, false, 0 },
        { "", 0, 9, false, 0 },
        { "-", -9, 9, false, 0 },
        { "+1", 0, 9, false, 0 },
        { " 1", 0, 9, false, 0 },
        { "1x", 0, 9, false, 0 },
        { "007", 0, 9, true, 7 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        int64_t value = 0;

        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(sw_parse_int(sw_str(cases[i].text), cases[i].min, cases[i].max, &value),
                         cases[i].ok);
        assert_true(value == cases[i].value);
    }
}

static void test_str__utf8_is_strict(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        { "plain", true },         { "\xc3\xa9", true },
        { "\xe2\x82\xac", true },  { "\xf0\x9f\x9a\xa2", true },
        { "\xc0\xaf", false },     { "\xe0\x80\xaf", false },
        { "\xed\xa0\x80", false }, { "\xf4\x90\x80\x80", false },
        { "\x80", false },         { "\xc3", false },
        { "\xff", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %zu\n", i);
        assert_int_equal(sw_str_is_utf8(sw_str(cases[i].text)), cases[i].ok);
    }
    assert_false(sw_str_is_utf8(sw_str_n("a\0b", 3)));
}

static void test_str__to_line_cuts_between_characters(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *line;
    } cases[] = {
        { " a\nb\tc ", 20, "a b c" },
        { "abc", 4, "abc" },
        { "abcd", 4, "abc" },
        { "ab\xc3\xa9", 5, "ab\xc3\xa9" },
        { "ab\xc3\xa9", 4, "ab" },
        { "\xf0\x9f\x98\x80x", 4, "" },
        { "abc", 1, "" },
        { "", 4, "" },
        { "a\xff", 4, "a?" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        char line[20];
        sw_str_to_line(sw_str(cases[i].text), line, cases[i].size);
        assert_string_equal(line, cases[i].line);
    }
}

static void test_str__searches_and_slices(void **state)
{
    struct sw_str text = SW_STR("host:5000/app:1");

    (void)state;
    assert_int_equal(sw_str_find(text, ':'), 4);
    assert_int_equal(sw_str_rfind(text, ':'), 13);
    assert_int_equal(sw_str_find(text, '@'), -1);
    assert_int_equal(sw_str_find_str(text, SW_STR("app")), 10);
    assert_int_equal(sw_str_find_str(text, SW_STR("apx")), -1);
    assert_true(sw_str_is(sw_str_from(text, 14), "1"));
    assert_int_equal(sw_str_from(text, 99).len, 0);
    assert_true(sw_str_is(sw_str_first(text, 4), "host"));
    assert_true(sw_str_is(sw_str_trim(SW_STR(" \t x \n")), "x"));
    assert_true(sw_str_eq_nocase(SW_STR("Content-Type"), SW_STR("content-TYPE")));
}

static void test_str__env_names(void **state)
{
    (void)state;
    assert_true(sw_is_env_name(SW_STR("AWS_REGION")));
    assert_true(sw_is_env_name(SW_STR("_x1")));
    assert_false(sw_is_env_name(SW_STR("1x")));
    assert_false(sw_is_env_name(SW_STR("us-east-1")));
    assert_false(sw_is_env_name(SW_STR("")));
}

static void test_strs__stays_null_terminated(void **state)
{
    struct sw_strs list = { 0 };

    (void)state;
    for (int i = 0; i < 20; i++) {
        sw_strs_add(&list, SW_STR("word"));
        assert_null(list.items[list.count]);
    }
    assert_int_equal(list.count, 20);
    assert_true(sw_strs_has(&list, SW_STR("word")));
    assert_false(sw_strs_has(&list, SW_STR("wor")));
    sw_strs_release(&list);
    assert_int_equal(list.count, 0);
}

static void test_strs__adds_the_parts_of_a_text(void **state)
{
    static const struct {
        const char *text;
        char sep;
        const char *parts; /* with bars between them */
    } cases[] = {
        { "", ',', "" },
        { "a", ',', "a" },
        { "a,b", ',', "a|b" },
        { " a , b,", ',', "a|b" },
        { " , ,,", ',', "" },
        { "a b,c", ',', "a b|c" },
        { "a\n\r\n b,c\n", '\n', "a|b,c" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_strs list = { 0 };
        struct sw_buf joined;

        sw_buf_init(&joined, SW_BUF_TEXT_MAX);
        sw_strs_add(&list, SW_STR("before"));
        sw_strs_add_parts(&list, sw_str(cases[i].text), cases[i].sep);
        assert_string_equal(list.items[0], "before");
        for (size_t j = 1; j < list.count; j++) {
            sw_buf_addf(&joined, "%s%s", j > 1 ? "|" : "", list.items[j]);
        }
        assert_string_equal(joined.ptr ? joined.ptr : "", cases[i].parts);
        sw_buf_release(&joined);
        sw_strs_release(&list);
    }
}

static void test_str__splits_words_as_a_shell_would(void **state)
{
    static const char aws[] = "\"\\";
    static const char shell[] = "\"\\$`";
    static const struct {
        const char *text;
        const char *escaped;
        const char *words; /* joined with '|' */
    } rows[] = {
        { "a b  c", aws, "a|b|c" },
        { " /x/y\t--z ", aws, "/x/y|--z" },
        { "a 'b c' \"d e\"", aws, "a|b c|d e" },
        { "a'b'\"c\"", aws, "abc" },
        { "a b\\ c", aws, "a|b c" },
        { "a '\\'", aws, "a|\\" },
        { "a \"\\\"q\\\" \\x\"", aws, "a|\"q\" \\x" },
        { "a ''", aws, "a|" },
        { "a $HOME ~ *", aws, "a|$HOME|~|*" },
        { "\"\\$A \\`\"", aws, "\\$A \\`" },
        { "\"\\$A \\`\"", shell, "$A `" },
        { "a\\", shell, "a\\" },
        { "  ", shell, "" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct sw_strs words = { 0 };
        struct sw_buf joined;
        sw_buf_init(&joined, SW_BUF_TEXT_MAX);
        assert_ok(sw_strs_add_words(&words, sw_str(rows[i].text), rows[i].escaped, &err));
        for (size_t j = 0; j < words.count; j++) {
            sw_buf_addf(&joined, "%s%s", j > 0 ? "|" : "", words.items[j]);
        }
        assert_string_equal(joined.ptr, rows[i].words);
        sw_buf_release(&joined);
        sw_strs_release(&words);
    }
    struct sw_strs words = { 0 };
    assert_fails(sw_strs_add_words(&words, SW_STR("a \"b"), shell, &err), SW_E_INPUT,
                 "a quote \" is not closed");
    sw_strs_release(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str__cut_walks_all_parts),
        cmocka_unit_test(test_str__numbers_are_checked),
        cmocka_unit_test(test_str__utf8_is_strict),
        cmocka_unit_test(test_str__to_line_cuts_between_characters),
        cmocka_unit_test(test_str__searches_and_slices),
        cmocka_unit_test(test_str__env_names),
        cmocka_unit_test(test_strs__stays_null_terminated),
        cmocka_unit_test(test_strs__adds_the_parts_of_a_text),
        cmocka_unit_test(test_str__splits_words_as_a_shell_would),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
