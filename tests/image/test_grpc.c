#include "test.h"

#include "image/grpc.h"

static void test_grpc__writes_one_text_as_a_message(void **state)
{
    struct sw_buf out;

    (void)state;
    sw_buf_init(&out, 100);
    sw_grpc_request(1, "sha256:ab", &out);
    assert_int_equal(out.len, 16);
    assert_memory_equal(out.ptr, "\0\0\0\0\x0b\x0a\x09sha256:ab", 16);
    sw_buf_release(&out);
}

static enum sw_status collect(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

/* Answers, as text with its length, and what is in field 2 of them. */
static const struct answer_case {
    const char *name;
    const char *bytes;
    size_t len;
    const char *data;
    const char *message; /* NULL: it is in order */
    bool cut;            /* it must not end here */
} answer_cases[] = {
    { "nothing", "", 0, "", NULL, false },
    { "one message", "\0\0\0\0\5\x12\3abc", 10, "abc", NULL, false },
    { "an offset before it", "\0\0\0\0\7\x08\5\x12\3abc", 12, "abc", NULL, false },
    { "several", "\0\0\0\0\4\x12\2ab\0\0\0\0\7\x08\xac\2\x12\2cd", 21, "abcd", NULL, false },
    { "empty ones", "\0\0\0\0\0\0\0\0\0\2\x12\0\0\0\0\0\3\x12\1x", 20, "x", NULL, false },
    { "fields of other types",
      "\0\0\0\0\x14\x1a\1y\x21"
      "12345678"
      "\x2d"
      "1234"
      "\x12\1z",
      25, "z", NULL, false },
    { "a long length", "\0\0\0\0\6\x12\x83\0abc", 11, "abc", NULL, false },
    { "cut in the head", "\0\0\0", 3, "", NULL, true },
    { "cut in the data", "\0\0\0\0\5\x12\3ab", 9, "ab", NULL, true },
    { "cut in a message", "\0\0\0\0\7\x12\3abc", 10, "abc", NULL, true },
    { "compressed", "\1\0\0\0\3abc", 8, "", "it is compressed", false },
    { "a huge message", "\0\4\0\0\1", 5, "", "a message is too long", false },
    { "a field beyond its message", "\0\0\0\0\4\x12\3ab", 9, "",
      "a field is longer than its message", false },
    { "a fixed field beyond it",
      "\0\0\0\0\3\x21"
      "12",
      8, "", "a field is longer than its message", false },
    { "a tag alone", "\0\0\0\0\1\x12", 6, "", "a field has no value", false },
    { "a number without an end", "\0\0\0\0\2\x08\x80", 7, "", "a number does not end", false },
    { "a number of too many bits", "\0\0\0\0\x0c\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 17,
      "", "a number does not end", false },
    { "a group", "\0\0\0\0\2\x13\1", 7, "", "a field has no known type", false },
};

static void test_grpc__reads_an_answer_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(answer_cases); i++) {
        const struct answer_case *c = &answer_cases[i];

        for (size_t piece = 1; piece <= c->len + 1; piece++) {
            struct sw_buf out;
            const struct sw_http_sink sink = { collect, &out };
            struct sw_grpc_answer answer = { .field = 2, .sink = &sink };
            struct sw_err err = SW_ERR_INIT;
            enum sw_status status = SW_OK;

            sw_buf_init(&out, SW_BUF_TEXT_MAX);
            for (size_t at = 0; status == SW_OK && at < c->len; at += piece) {
                struct sw_str part =
                    sw_str_first(sw_str_from(sw_str_n(c->bytes, c->len), at), piece);

                status = sw_grpc_take(&answer, part.ptr, part.len, &err);
            }
            print_message("%s, by %zu\n", c->name, piece);
            assert_int_equal(status, c->message ? SW_E_UNAVAILABLE : SW_OK);
            if (c->message) {
                SW_CLEANUP(sw_free_str)
                char *message = sw_xasprintf("the Docker engine's answer is odd: %s", c->message);

                assert_string_equal(err.msg, message);
            } else {
                assert_int_equal(sw_grpc_is_whole(&answer), !c->cut);
            }
            assert_true(sw_str_is(sw_buf_str(&out), c->data));
            sw_buf_release(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grpc__writes_one_text_as_a_message),
        cmocka_unit_test(test_grpc__reads_an_answer_however_it_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
