#include "circleci/pattern.h"
#include "test.h"

static void test_pattern__matches_whole_texts(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        int result;
    } cases[] = {
        { "main", "main", 1 },     { "main", "mainline", 0 },
        { "^main$", "main", 1 },   { "a|b", "b", 1 },
        { "a|b", "ab", 0 },        { "\\d+\\.\\d+", "12.5", 1 },
        { "v[\\d.]+", "v1.2", 1 }, { "[\\w-]+", "a-b_c", 1 },
        { "[^\\s]+", "ab", 1 },    { "[a\\]]+", "a]", 1 },
        { "[\\^]", "^", 1 },       { "(?:ab)+", "abab", 1 },
        { "a{2,3}", "aaa", 1 },    { "a{2,3}", "aaaa", 0 },
        { "a.*?b", "axxb", 1 },    { "(?i)MAIN", "main", 1 },
        { ".", "\n", 0 },          { "\\$\\{x\\}", "${x}", 1 },
        { "\\D\\W\\S", "a-b", 1 }, { "", "", 1 },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const char *reason = "";
        int result = sw_pattern_match(sw_str(cases[i].pattern), cases[i].text, &reason);
        if (result != cases[i].result) {
            fail_msg("/%s/ on \"%s\": got %d (%s), want %d", cases[i].pattern, cases[i].text,
                     result, reason, cases[i].result);
        }
    }
}

static void test_pattern__refuses_what_cannot_be_matched_in_linear_time(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *reason;
    } cases[] = {
        { "^(?!x).*$", "look-around and inline flags are not supported" },
        { "(a)\\1", "back-references are not supported" },
        { "a{999}{999}", "nothing to repeat, or repeated twice" },
        { "i+++", "nothing to repeat, or repeated twice" },
        { "*a", "nothing to repeat, or repeated twice" },
        { "(a{100}){100}", "repetition counts are too large" },
        { "((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", "repetition counts are too large" },
        { "a)", "unexpected )" },
        { "a{1001}", "invalid repetition count" },
        { "a{x}", "invalid repetition count" },
        { "[a", "missing ]" },
        { "(a", "missing )" },
        { "a\\", "trailing backslash" },
        { "\\q", "unknown escape" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const char *reason = "";
        assert_int_equal(sw_pattern_match(sw_str(cases[i].pattern), "x", &reason), -1);
        assert_string_equal(reason, cases[i].reason);
    }
    char text[SW_PATTERN_MAX + 2];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const char *reason = "";
    assert_int_equal(sw_pattern_match(sw_str(text), text, &reason), -1);
    assert_string_equal(reason, "pattern is longer than 255 characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern__matches_whole_texts),
        cmocka_unit_test(test_pattern__refuses_what_cannot_be_matched_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
