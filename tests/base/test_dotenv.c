#include "test.h"

#include <slipway/buf.h>
#include <slipway/dotenv.h>

/* Collects "NAME=[value]" lines. */
static enum sw_status collect(void *ctx, struct sw_str name, struct sw_str value,
                              struct sw_err *err)
{
    if (sw_str_is(name, "STOP")) {
        return sw_fail(err, SW_E_TOO_LARGE, "stopped");
    }
    sw_buf_addf(ctx, "%.*s=[%.*s]", SW_STR_ARG(name), SW_STR_ARG(value));
    return SW_OK;
}

static void test_dotenv__reads_what_docker_and_dotenv_libraries_read(void **state)
{
    static const struct {
        const char *text, *variables;
    } cases[] = {
        { "", "" },
        { "\n  \n# comment\n   # comment\nA=1", "A=[1]" },
        { "A=1\nB=two words  \r\nC=\n", "A=[1]B=[two words]C=[]" },
        { "export A=1\n export  B = x=y = z ", "A=[1]B=[x=y = z]" },
        { "exported=1", "exported=[1]" },
        { "\xef\xbb\xbf"
          "A=\xc3\xbc",
          "A=[\xc3\xbc]" },
        /* A comment needs a blank in front. */
        { "A=a#b #c\nB= # c\nC=#c", "A=[a#b]B=[]C=[]" },
        { "A='a # $B \\n' # c\nB=\"a # b\"", "A=[a # $B \\n]B=[a # b]" },
        { "A=\"x\\ny\\t\\\"q\\\" \\\\ \\$HOME \\z\"\nB=2", "A=[x\ny\t\"q\" \\ $HOME \\z]B=[2]" },
        { "A='two\nlines'\nB=2", "A=[two\nlines]B=[2]" },
        { "A=\"\"\nB=''", "A=[]B=[]" },
        { "A=it's\nB=a\"b\"", "A=[it's]B=[a\"b\"]" },
        { "A=${B}$C`id`$(id)", "A=[${B}$C`id`$(id)]" },
        { "a.b-c=1\nA=1\nA=2", "a.b-c=[1]A=[1]A=[2]" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].text);
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        assert_ok(sw_dotenv_parse(sw_str(cases[i].text), ".env", collect, &out, &err));
        assert_string_equal(out.ptr, cases[i].variables);
        sw_buf_release(&out);
    }
}

static void test_dotenv__errors_tell_the_line_and_no_value(void **state)
{
    static const struct {
        const char *text, *message;
        enum sw_status status;
    } cases[] = {
        { "A=1\n\ns3cret\n", ".env:3: the line is not NAME=value", SW_E_INPUT },
        { "=s3cret", ".env:1: the line is not NAME=value", SW_E_INPUT },
        { "A B=s3cret", ".env:1: the line is not NAME=value", SW_E_INPUT },
        { "\"A\"=s3cret", ".env:1: the line is not NAME=value", SW_E_INPUT },
        { "A=1\nB='s3cret\n\n", ".env:2: the quote has no end", SW_E_INPUT },
        { "A=\"s3cret\\\"", ".env:1: the quote has no end", SW_E_INPUT },
        { "A='x\ny' s3cret\n", ".env:1: something stands behind the closing quote", SW_E_INPUT },
        { "A='x\ny'\nB", ".env:3: the line is not NAME=value", SW_E_INPUT },
        { "A=\xff", ".env: the text is not UTF-8, or has a NUL byte", SW_E_INPUT },
        { "A=1\nSTOP=1\ns3cret", "stopped", SW_E_TOO_LARGE },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].text);
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        assert_fails(sw_dotenv_parse(sw_str(cases[i].text), ".env", collect, &out, &err),
                     cases[i].status, cases[i].message);
        sw_buf_release(&out);
    }
}

static void test_dotenv__has_limits(void **state)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text;
    struct sw_buf SW_CLEANUP(sw_buf_release) out;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    /* A line that a NUL byte begins would be read over. */
    assert_fails(sw_dotenv_parse(sw_str_n("\0A=1\nB=2", 8), ".env", collect, &out, &err),
                 SW_E_INPUT, ".env: the text is not UTF-8, or has a NUL byte");
    sw_buf_init(&text, SW_DOTENV_MAX + 1);
    while (text.len <= SW_DOTENV_MAX) {
        sw_buf_add_char(&text, '\n');
    }
    assert_fails(sw_dotenv_parse(sw_buf_str(&text), ".env", collect, &out, &err), SW_E_TOO_LARGE,
                 ".env: longer than 1048576 bytes");
    sw_buf_truncate(&text, SW_DOTENV_MAX);
    assert_ok(sw_dotenv_parse(sw_buf_str(&text), ".env", collect, &out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dotenv__reads_what_docker_and_dotenv_libraries_read),
        cmocka_unit_test(test_dotenv__errors_tell_the_line_and_no_value),
        cmocka_unit_test(test_dotenv__has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
