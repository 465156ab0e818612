#include "test.h"

#include <slipway/subst.h>

#include <stdlib.h>
#include <time.h>

/* The clock of test_env stands at 2015-08-30T12:36:00Z; the zone is two hours ahead then. */
#define ZONE "CET-1CEST,M3.5.0,M10.5.0/3"

static const struct sw_subst_options strict = { .unset_is_error = true };

struct date_case {
    const char *text;
    const char *expected;
};

static const struct date_case dates[] = {
    { "$(date)", "Sun Aug 30 14:36:00 CEST 2015" },
    { "`date`", "Sun Aug 30 14:36:00 CEST 2015" },
    { "$( date )", "Sun Aug 30 14:36:00 CEST 2015" },
    { "$(date -u)", "Sun Aug 30 12:36:00 UTC 2015" },
    { "`date -u`", "Sun Aug 30 12:36:00 UTC 2015" },
    { "container=x,name=BUILT,value=$(date),container=y",
      "container=x,name=BUILT,value=Sun Aug 30 14:36:00 CEST 2015,container=y" },
    { "$(date +%Y-%m-%d)", "2015-08-30" },
    { "`date +%F`", "2015-08-30" },
    { "$(date +%s)", "1440938160" },
    { "$(date -u +%s)", "1440938160" },
    { "$(date +%Y%m%d%H%M%S)", "20150830143600" },
    { "$(date -u +%Y%m%d%H%M%S)", "20150830123600" },
    { "$(date -u +%Y-%m-%dT%H:%M:%SZ)", "2015-08-30T12:36:00Z" },
    { "$(date -u +\"%Y-%m-%dT%H:%M:%SZ\")", "2015-08-30T12:36:00Z" },
    { "$(date -u +'%Y-%m-%dT%H:%M:%SZ')", "2015-08-30T12:36:00Z" },
    { "$(date '+%F %T')", "2015-08-30 14:36:00" },
    { "$(date \"+%F %T\")", "2015-08-30 14:36:00" },
    { "$(date +%j.%y.%b.%a.%e)", "242.15.Aug.Sun.30" },
    { "$(date +%Z%z)", "CEST+0200" },
    { "$(date -u +%Z%z)", "UTC+0000" },
    { "$(date +100%%)", "100%" },
    { "at $( date --utc ), or so", "at Sun Aug 30 12:36:00 UTC 2015, or so" },
    { "$(date -u +%D)`date -u \"+(%j)\"`", "08/30/15(242)" },
    { "$(date -u +)", "" },
    { "$(date +release)", "release" },
    { "${unset:-$(date +%F)}", "2015-08-30" },
    { "${unset:-`date -u +%T`}", "12:36:00" },
    { "${set:-$(date)}", "value" },
    { "$(date +%H)$(date +%M)", "1436" },
    { "$(date -u +\"%Y-%m-%dT%H:%M:%S.000+00:00\"),name=NEXT,value=something",
      "2015-08-30T12:36:00.000+00:00,name=NEXT,value=something" },
    { "\\$(date)", "$(date)" },
};

#define KNOWN "is not known; these are: % with one of aAbBCdDeFgGhHIjmMnprRsStTuUVwWyYzZ%"

static void enter_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static void fill(struct test_env *t)
{
    test_env_init(t);
    test_env_set(t, "set", "value");
    enter_zone(ZONE);
}

static void test_subst_date__tells_the_time(void **state)
{
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(dates); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        if (sw_subst(&t.env, sw_str(dates[i].text), &strict, "--tag", &out, &err)) {
            fail_msg("%s: %s", dates[i].text, err.msg);
        }
        assert_string_equal(out.ptr ? out.ptr : "", dates[i].expected);
        sw_buf_release(&out);
    }
    test_env_release(&t);
}

static void test_subst_date__is_split_into_words_unless_quoted(void **state)
{
    struct test_env t;
    struct sw_err err = SW_ERR_INIT;
    struct sw_strs words = { 0 };
    (void)state;
    fill(&t);
    assert_int_equal(sw_subst_words(&t.env, SW_STR("$(date '+%F %T') \"$(date \"+%F %T\")\""),
                                    &strict, "--extra-args", &words, &err),
                     SW_OK);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.items[0], "2015-08-30");
    assert_string_equal(words.items[1], "14:36:00");
    assert_string_equal(words.items[2], "2015-08-30 14:36:00");
    sw_strs_release(&words);
    test_env_release(&t);
}

static void test_subst_date__refuses_all_else(void **state)
{
    static const char *const texts[] = {
        "$(date; id)",
        "$(date;id)",
        "$(date && id)",
        "$(date | sh)",
        "$(date > /tmp/x)",
        "$(date $(id))",
        "$(date +$(id))",
        "$(date +\"$(id)\")",
        "$(date +`id`)",
        "$(date +$HOME)",
        "$(date +%F %T)",
        "$(date -f /etc/passwd)",
        "$(date -r /etc/passwd)",
        "$(date -s 2001-01-01)",
        "$(date --set=2001-01-01)",
        "$(date -d yesterday)",
        "$(date -u -s 2001-01-01)",
        "$(date 010100002001)",
        "$(date +%F -s 2001-01-01)",
        "$(date +'%F)",
        "$(date +%Q)",
        "$(date +%-d)",
        "$(date +%)",
        "$(dates)",
        "$(date+%F)",
        "$(date -ux)",
        "$(/tmp/date)",
        "$(TZ=UTC date)",
        "$(date\nid)",
        "$(date",
        "`date; id`",
        "`date",
        "${set:-$(date; id)}",
    };
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        sw_buf_add_cstr(&out, "before");
        if (sw_subst(&t.env, sw_str(texts[i]), &strict, "--tag", &out, &err) != SW_E_INPUT) {
            fail_msg("%s: gives %s", texts[i], out.ptr);
        }
        assert_string_equal(out.ptr, "before");
        sw_buf_release(&out);
    }
    test_env_release(&t);
}

static void test_subst_date__names_a_conversion_that_is_not_known(void **state)
{
    static const struct date_case cases[] = {
        { "$(date +%Q)", "--tag: \"%Q\" in \"$(date +%Q)\" " KNOWN },
        { "`date -u '+%F %N'`", "--tag: \"%N\" in \"`date -u '+%F %N'`\" " KNOWN },
        { "$(date +%-d)", "--tag: \"%-\" in \"$(date +%-d)\" " KNOWN },
        { "$(date +%F%)", "--tag: \"%\" in \"$(date +%F%)\" " KNOWN },
    };
    struct test_env t;
    (void)state;
    fill(&t);
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        assert_fails(sw_subst(&t.env, sw_str(cases[i].text), &strict, "--tag", &out, &err),
                     SW_E_INPUT, cases[i].expected);
        sw_buf_release(&out);
    }
    test_env_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subst_date__tells_the_time),
        cmocka_unit_test(test_subst_date__is_split_into_words_unless_quoted),
        cmocka_unit_test(test_subst_date__refuses_all_else),
        cmocka_unit_test(test_subst_date__names_a_conversion_that_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
