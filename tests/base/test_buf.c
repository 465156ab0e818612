#include "test.h"

#include <slipway/buf.h>

static void test_buf__is_sticky_beyond_its_maximum(void **state)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) buf = { 0 };
    struct sw_err err;

    (void)state;
    sw_buf_init(&buf, 5);
    sw_buf_add_cstr(&buf, "12345");
    assert_ok(sw_buf_check(&buf, "text", &err));
    sw_buf_add_cstr(&buf, "6");
    sw_buf_add_cstr(&buf, "");
    assert_string_equal(buf.ptr, "12345");
    assert_fails(sw_buf_check(&buf, "text", &err), SW_E_TOO_LARGE, "text is larger than 5 bytes");
    sw_buf_clear(&buf);
    sw_buf_add_cstr(&buf, "ok");
    assert_ok(sw_buf_check(&buf, "text", &err));
    assert_string_equal(buf.ptr, "ok");
}

static void test_buf__formats_short_and_long(void **state)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) buf = { 0 };
    char text[600];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    sw_buf_init(&buf, SW_BUF_TEXT_MAX);
    sw_buf_addf(&buf, "%d-", 42);
    sw_buf_addf(&buf, "%s!", text);
    assert_int_equal(buf.len, 3 + 599 + 1);
    assert_int_equal(strncmp(buf.ptr, "42-xxx", 6), 0);
    assert_string_equal(buf.ptr + buf.len - 2, "x!");
}

static void test_buf__base64_both_ways(void **state)
{
    static const struct {
        const char *plain, *coded;
    } cases[] = { { "", "" },
                  { "f", "Zg==" },
                  { "fo", "Zm8=" },
                  { "foo", "Zm9v" },
                  { "foob", "Zm9vYg==" },
                  { "fooba", "Zm9vYmE=" },
                  { "foobar", "Zm9vYmFy" },
                  { "AWS:p+/", "QVdTOnArLw==" } };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };

        sw_buf_init(&out, 100);
        sw_buf_add_base64(&out, cases[i].plain, strlen(cases[i].plain));
        assert_string_equal(out.ptr, cases[i].coded);
        sw_buf_clear(&out);
        assert_true(sw_buf_add_base64_decoded(&out, sw_str(cases[i].coded)));
        assert_string_equal(out.ptr, cases[i].plain);
    }
}

static void test_buf__bad_base64_is_refused(void **state)
{
    static const char *const cases[] = { "A", "Zm9v!", "Zm 9v", "AAAAA" };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };

        sw_buf_init(&out, 100);
        assert_false(sw_buf_add_base64_decoded(&out, sw_str(cases[i])));
    }
}

static void test_buf__encodes_uris_and_shell_words(void **state)
{
    char text[7];
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };

    (void)state;
    sw_buf_init(&out, 1000);
    sw_buf_add_uri(&out, SW_STR("a/b c~\xc3\xa9+%"), true);
    assert_string_equal(out.ptr, "a/b%20c~%C3%A9%2B%25");
    sw_buf_clear(&out);
    sw_buf_add_uri(&out, SW_STR("a/b"), false);
    assert_string_equal(out.ptr, "a%2Fb");
    sw_buf_clear(&out);
    sw_buf_add_uri_decoded(&out, SW_STR("a%2Fb%c3%A9+%%4x%4"));
    assert_string_equal(out.ptr, "a/b\xc3\xa9+%%4x%4");
    sw_buf_clear(&out);
    sw_buf_add_shell_quoted(&out, SW_STR("it's $(x)"));
    assert_string_equal(out.ptr, "'it'\\''s $(x)'");
    sw_buf_clear(&out);
    sw_buf_add_hex(&out, (const unsigned char *)"\x00\xff\x1a", 3);
    assert_string_equal(out.ptr, "00ff1a");
    sw_hex((const unsigned char *)"\x00\xff\x1a", 3, text);
    assert_string_equal(text, "00ff1a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__is_sticky_beyond_its_maximum),
        cmocka_unit_test(test_buf__formats_short_and_long),
        cmocka_unit_test(test_buf__base64_both_ways),
        cmocka_unit_test(test_buf__bad_base64_is_refused),
        cmocka_unit_test(test_buf__encodes_uris_and_shell_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
