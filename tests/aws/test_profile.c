/* The shared config and credentials files as text. */
#include "test.h"

#include "aws/profile.h"

#include <slipway/buf.h>

static void parse(struct aws_profiles *profiles, enum aws_file file, const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    assert_ok(aws_profiles_parse(profiles, file, "f", sw_str(text), &err));
}

/* NULL for no such section or key. */
static const char *value(const struct aws_profiles *profiles, const char *section, const char *key)
{
    return aws_section_get(aws_profiles_find(profiles, AWS_SECTION_PROFILE, section), key);
}

static void test_profile__sections_of_the_config_file(void **state)
{
    (void)state;
    struct aws_profiles profiles = { 0 };
    parse(&profiles, AWS_FILE_CONFIG,
          "\xEF\xBB\xBF# comment\r\n; another\r\n\r\n"
          "[default]\r\nregion = us-east-1\r\n"
          "[profile dev] # mine\nRegion=eu-west-1\n"
          "[ profile  \"two words\" ]\nregion = ap-south-1\n"
          "[dev2]\nregion = x\n"
          "[sso-session s]\nsso_region = y\n"
          "[services local]\necs =\n  endpoint_url = http://localhost:1\nsts =\n"
          "  endpoint_url = http://localhost:2\n");
    assert_string_equal(value(&profiles, "default", "region"), "us-east-1");
    assert_string_equal(value(&profiles, "dev", "region"), "eu-west-1");
    assert_string_equal(value(&profiles, "two words", "region"), "ap-south-1");
    assert_null(value(&profiles, "dev2", "region"));
    assert_null(value(&profiles, "s", "sso_region"));
    assert_null(value(&profiles, "local", "ecs.endpoint_url"));
    const struct aws_section *services =
        aws_profiles_find(&profiles, AWS_SECTION_SERVICES, "local");
    assert_string_equal(aws_section_get(services, "ecs.endpoint_url"), "http://localhost:1");
    assert_string_equal(aws_section_get(services, "sts.endpoint_url"), "http://localhost:2");
    aws_profiles_release(&profiles);
}

static void test_profile__sections_of_the_credentials_file(void **state)
{
    (void)state;
    struct aws_profiles profiles = { 0 };
    parse(&profiles, AWS_FILE_CONFIG, "[profile dev]\nregion=a\nkey=config\n");
    parse(&profiles, AWS_FILE_CREDENTIALS, "[dev]\nkey=credentials\n[profile x]\nkey=y\n");
    assert_string_equal(value(&profiles, "dev", "region"), "a");
    assert_string_equal(value(&profiles, "dev", "key"), "credentials");
    assert_string_equal(value(&profiles, "profile x", "key"), "y");
    aws_profiles_release(&profiles);
}

static void test_profile__keys_and_values(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *value; /* of key "k"; NULL: none */
    } rows[] = {
        { "k=v", "v" },
        { "K = v", "v" },
        { "k = v # comment", "v" },
        { "k = v ; comment", "v" },
        { "k = v#no;comment", "v#no;comment" },
        { "k = a=b==", "a=b==" },
        { "k =", NULL },
        { "k = # all comment", NULL },
        { "k = 1\nk = 2", "2" },
        { "k = s3\n  part = of nothing", "s3" },
        { "k = 1\n   continued", "1" },
        { "other =\n  k = nested", NULL },
    };
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct aws_profiles profiles = { 0 };
        char *text = sw_xasprintf("[default]\n%s\n", rows[i].line);
        parse(&profiles, AWS_FILE_CONFIG, text);
        const char *got = value(&profiles, "default", "k");
        if (!got != !rows[i].value || (got && strcmp(got, rows[i].value) != 0)) {
            fail_msg("\"%s\": expected \"%s\", got \"%s\"", rows[i].line,
                     rows[i].value ? rows[i].value : "(none)", got ? got : "(none)");
        }
        free(text);
        aws_profiles_release(&profiles);
    }
}

static void test_profile__refuses_what_is_no_profile_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        { "region = x\n", "\"f\" line 1: a key stands before the first section" },
        { "[default]\nnonsense\n", "\"f\" line 2: expected \"key = value\"" },
        { "[default]\n= v\n", "\"f\" line 2: expected \"key = value\"" },
        { "\n[default\n", "\"f\" line 2: a section's title has no closing bracket" },
        { "[profile \"\"]\n", "\"f\" line 1: a section has no name" },
    };
    struct sw_err err = SW_ERR_INIT;
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct aws_profiles profiles = { 0 };
        assert_fails(
            aws_profiles_parse(&profiles, AWS_FILE_CONFIG, "f", sw_str(rows[i].text), &err),
            SW_E_INPUT, rows[i].message);
        aws_profiles_release(&profiles);
    }
    struct aws_profiles profiles = { 0 };
    assert_fails(aws_profiles_parse(&profiles, AWS_FILE_CONFIG, "f", sw_str_n("[a]\n\0", 5), &err),
                 SW_E_INPUT, "\"f\" is no text file");
    aws_profiles_release(&profiles);
}

/* `count` times a line made from a number. */
static enum sw_status parse_many(const char *head, const char *before, const char *after,
                                 size_t count, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&text, head);
    for (size_t i = 0; i < count; i++) {
        sw_buf_addf(&text, "%s%zu%s\n", before, i, after);
    }
    struct aws_profiles profiles = { 0 };
    enum sw_status status =
        aws_profiles_parse(&profiles, AWS_FILE_CREDENTIALS, "f", sw_buf_str(&text), err);
    aws_profiles_release(&profiles);
    return status;
}

static void test_profile__limits(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(parse_many("", "[p", "]", AWS_SECTIONS_MAX, &err));
    assert_fails(parse_many("", "[p", "]", AWS_SECTIONS_MAX + 1, &err), SW_E_TOO_LARGE,
                 "\"f\" has more than 2048 sections");
    assert_ok(parse_many("[p]\n", "k", "=v", AWS_KEYS_MAX, &err));
    assert_fails(parse_many("[p]\n", "k", "=v", AWS_KEYS_MAX + 1, &err), SW_E_TOO_LARGE,
                 "\"f\": section \"p\" has more than 256 keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile__sections_of_the_config_file),
        cmocka_unit_test(test_profile__sections_of_the_credentials_file),
        cmocka_unit_test(test_profile__keys_and_values),
        cmocka_unit_test(test_profile__refuses_what_is_no_profile_file),
        cmocka_unit_test(test_profile__limits),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
