#include "test.h"

#include <slipway/env.h>

static void test_time__formats(void **state)
{
    char text[SW_TIME_TEXT_MAX];

    (void)state;
    sw_time_format(1440938160000, SW_TIME_AMZ, text);
    assert_string_equal(text, "20150830T123600Z");
    sw_time_format(1440938160999, SW_TIME_ISO, text);
    assert_string_equal(text, "2015-08-30T12:36:00Z");
    sw_time_format(0, SW_TIME_CLOCK, text);
    assert_string_equal(text, "00:00:00");
}

static void test_time__parses(void **state)
{
    static const struct {
        const char *text;
        int64_t expected; /* negative: refused */
    } cases[] = {
        { "2015-08-30T12:36:00Z", 1440938160000 },
        { "20150830T123600Z", 1440938160000 },
        { "2015-08-30T14:36:00+02:00", 1440938160000 },
        { "2015-08-30T12:36:00.25Z", 1440938160250 },
        { "2015-08-30 12:36:00", 1440938160000 },
        { "Sun, 30 Aug 2015 12:36:00 GMT", 1440938160000 },
        { "Sun, 30 Aug 2015 12:36:00 CET", -1 },
        { "2015-13-30T12:36:00Z", -1 },
        { "2015-08-30T12:36:00Zx", -1 },
        { "2015-02-29T12:36:00Z", -1 },
        { "2016-02-29T00:00:00Z", 1456704000000 },
        { "2015-04-31T12:36:00Z", -1 },
        { "Wed, 31 Dec 2014 23:59:60 GMT", 1420070400000 },
        { "Tue, 31 Feb 2015 12:36:00 GMT", -1 },
        { "2015-08-30", -1 },
        { "", -1 },
        { "120", -1 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        int64_t value = -1;

        print_message("case \"%s\"\n", cases[i].text);
        assert_int_equal(sw_time_parse(cases[i].text, &value), cases[i].expected >= 0);
        assert_true(value == cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time__formats),
        cmocka_unit_test(test_time__parses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
