#include "test.h"

#include <slipway/log.h>

static void assert_redacted(const char *text, const char *expected)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_redact(&out, sw_str(text));
    assert_string_equal(out.ptr, expected);
}

static int forget(void **state)
{
    (void)state;
    sw_redact_reset();
    return 0;
}

static void test_redact__known_secrets_are_masked_everywhere(void **state)
{
    (void)state;
    sw_redact_add(SW_STR("hunter2"));
    sw_redact_add(SW_STR("hunter2extra"));
    assert_redacted("a hunter2, xhunter2extra.", "a ****, x****.");
}

static void test_redact__short_and_common_words_are_no_secrets(void **state)
{
    (void)state;
    sw_redact_add(SW_STR("abc"));
    sw_redact_add(SW_STR("true"));
    assert_redacted("abc is true", "abc is true");
}

static void test_redact__names_tell_what_is_secret(void **state)
{
    static const struct {
        const char *name;
        bool secret;
    } cases[] = {
        { "DB_PASSWORD", true },
        { "splunk-token", true },
        { "AWS_SECRET_ACCESS_KEY", true },
        { "x-api-key", true },
        { "privateKeyX", false },
        { "PRIVATE_KEY", true },
        { "SECRET_ARN", false },
        { "token_file", false },
        { "PASSWORD-PATH", false },
        { "LEVEL", false },
        { "", false },
        { "_URL", false },
        { "PASSWORDS_OF_ALL", true },
        { "API-URL", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].name);
        assert_int_equal(sw_names_secret(sw_str(cases[i].name)), cases[i].secret);
    }
}

static void test_redact__headers_queries_and_urls(void **state)
{
    (void)state;
    assert_redacted("> Authorization: AWS4-HMAC-SHA256 Credential=AKID/x\nnext",
                    "> Authorization: ****\nnext");
    assert_redacted("GET https://s3/x?X-Amz-Signature=abcd&X-Amz-Date=1",
                    "GET https://s3/x?X-Amz-Signature=****&X-Amz-Date=1");
    assert_redacted("https://user:secret@host/x", "https://user:****@host/x");
    assert_redacted("https://host:80/a@b", "https://host:80/a@b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_redact__known_secrets_are_masked_everywhere, forget),
        cmocka_unit_test_teardown(test_redact__short_and_common_words_are_no_secrets, forget),
        cmocka_unit_test(test_redact__names_tell_what_is_secret),
        cmocka_unit_test_teardown(test_redact__headers_queries_and_urls, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
