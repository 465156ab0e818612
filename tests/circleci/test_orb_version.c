/* How orbs and their versions are named, and which version comes next. */
#include "test.h"

#include <slipway/attr.h>

#include <slipway/orbpublish.h>

static void test_orb_version__parts_of_a_reference(void **state)
{
    (void)state;
    struct sw_orb_ref ref = { 0 };
    struct sw_err err = SW_ERR_INIT;
    assert_int_equal(sw_orb_ref_parse("acme/slip-way@dev:feature/x@2", &ref, &err), SW_OK);
    assert_string_equal(ref.space, "acme");
    assert_string_equal(ref.name, "slip-way");
    assert_string_equal(ref.version, "dev:feature/x@2");
    sw_orb_ref_release(&ref);
    assert_int_equal(sw_orb_ref_parse("acme/slipway", &ref, &err), SW_OK);
    assert_null(ref.version);
    sw_orb_ref_release(&ref);
}

static void test_orb_version__what_names_no_orb(void **state)
{
    (void)state;
    static const char *const texts[] = { "",         "/",     "acme",  "acme/",
                                         "/slipway", "a b/c", "a/b/c", "a/b\n@1.0.0" };
    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        struct sw_orb_ref ref = { 0 };
        struct sw_err err = SW_ERR_INIT;
        assert_int_equal(sw_orb_ref_parse(texts[i], &ref, &err), SW_E_INPUT);
        assert_non_null(strstr(err.msg, "does not name an orb"));
    }
}

static void test_orb_version__what_a_version_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        { "0.0.0", true },
        { "1.0.0", true },
        { "10.20.30", true },
        { "dev:x", true },
        { "dev:main/1 ", false },
        { "dev:", false },
        { "dev", false },
        { "1.0", false },
        { "1.0.0.0", false },
        { "01.0.0", false },
        { "1.0.0-rc", false },
        { "v1.0.0", false },
        { "-1.0.0", false },
        { "", false },
        { "1..0", false },
        { "volatile", false },
        { "99999999999.0.0", false },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        enum sw_status want = cases[i].valid ? SW_OK : SW_E_INPUT;
        assert_int_equal(sw_orb_version_check(cases[i].text, &err), want);
    }
}

static void test_orb_version__labels_have_a_limit(void **state)
{
    (void)state;
    char text[4 + SW_ORB_LABEL_MAX + 2] = "dev:";
    struct sw_err err = SW_ERR_INIT;
    for (size_t i = 4; i < 4 + SW_ORB_LABEL_MAX; i++) {
        text[i] = 'x';
    }
    assert_int_equal(sw_orb_version_check(text, &err), SW_OK);
    text[4 + SW_ORB_LABEL_MAX] = 'x';
    assert_int_equal(sw_orb_version_check(text, &err), SW_E_INPUT);
}

static void test_orb_version__the_next_one(void **state)
{
    (void)state;
    static const struct {
        const char *latest;
        const char *step;
        const char *next;
    } cases[] = {
        { "0.0.0", "patch", "0.0.1" },
        { "0.0.0", "minor", "0.1.0" },
        { "0.0.0", "major", "1.0.0" },
        { "1.2.3", "patch", "1.2.4" },
        { "1.2.9", "minor", "1.3.0" },
        { "9.9.9", "major", "10.0.0" },
        { "1.2.3", "4.0.0", "4.0.0" },
        { "nonsense", "4.0.0", "4.0.0" },
        { "1.2.3", "dev:x", NULL },
        { "1.2.3", "Major", NULL },
        { "1.2.3", "", NULL },
        { "nonsense", "patch", NULL },
        { "1.2.2147483647", "patch", NULL },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        char *next = NULL;
        struct sw_err err = SW_ERR_INIT;
        enum sw_status status = sw_orb_version_next(cases[i].latest, cases[i].step, &next, &err);
        assert_int_equal(status == SW_OK, cases[i].next != NULL);
        if (cases[i].next != NULL) {
            assert_string_equal(next, cases[i].next);
        }
        free(next);
    }
}

static void test_orb_version__what_a_step_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        { "major", true },  { "minor", true },  { "patch", true },
        { "4.0.0", true },  { "dev:x", false }, { "huge", false },
        { "Major", false }, { "1.0", false },   { "", false },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        enum sw_status want = cases[i].valid ? SW_OK : SW_E_INPUT;
        assert_int_equal(sw_orb_step_check(cases[i].text, &err), want);
    }
}

static void test_orb_version__what_can_be_promoted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = { { "a/b@dev:x", true }, { "a/b@1.0.0", false }, { "a/b", false } };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_orb_ref ref = { 0 };
        struct sw_err err = SW_ERR_INIT;
        assert_int_equal(sw_orb_ref_parse(cases[i].text, &ref, &err), SW_OK);
        enum sw_status want = cases[i].valid ? SW_OK : SW_E_INPUT;
        assert_int_equal(sw_orb_promote_check(&ref, &err), want);
        if (!cases[i].valid) {
            assert_string_equal(err.msg, "only a development version can be promoted, such as "
                                         "a/b@dev:main");
        }
        sw_orb_ref_release(&ref);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orb_version__parts_of_a_reference),
        cmocka_unit_test(test_orb_version__what_names_no_orb),
        cmocka_unit_test(test_orb_version__what_a_version_is),
        cmocka_unit_test(test_orb_version__labels_have_a_limit),
        cmocka_unit_test(test_orb_version__the_next_one),
        cmocka_unit_test(test_orb_version__what_a_step_is),
        cmocka_unit_test(test_orb_version__what_can_be_promoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
