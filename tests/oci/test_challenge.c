#include "test.h"

#include <slipway/challenge.h>

/* The challenges of a header as one line: "Scheme[realm|service|scope|error]" each. */
static void print(const struct sw_challenges *list, struct sw_buf *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct sw_challenge *c = &list->items[i];

        sw_buf_addf(out, "%s%s[%s|%s|%s|%s]", i ? " " : "", c->scheme, c->realm ? c->realm : "-",
                    c->service ? c->service : "-", c->scope ? c->scope : "-",
                    c->error ? c->error : "-");
    }
}

static const struct good_case {
    const char *header;
    const char *printed;
} good_cases[] = {
    { "Basic realm=\"https://1.dkr.ecr.eu-west-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
      "Basic[https://1.dkr.ecr.eu-west-1.amazonaws.com/|ecr.amazonaws.com|-|-]" },
    { "Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\",scope=\"aws\"",
      "Bearer[https://public.ecr.aws/token/|public.ecr.aws|aws|-]" },
    { "bearer  realm=\"https://a/t\" , scope=\"repository:a/b:pull,push\" ,error=\"invalid_token\"",
      "bearer[https://a/t|-|repository:a/b:pull,push|invalid_token]" },
    { "Basic realm=\"x\", Bearer realm=\"y\",service=z", "Basic[x|-|-|-] Bearer[y|z|-|-]" },
    { "Negotiate YWJj==, Basic realm=\"a\\\"b\"", "Negotiate[-|-|-|-] Basic[a\"b|-|-|-]" },
    { "Basic", "Basic[-|-|-|-]" },
    { "Basic, Bearer REALM = \"q\"", "Basic[-|-|-|-] Bearer[q|-|-|-]" },
    { "Bearer realm=\"first\",realm=\"second\"", "Bearer[first|-|-|-]" },
    { "Bearer realm=\"\"", "Bearer[|-|-|-]" },
    { "Bearer title=\"a, b=c\",realm=\"r\"", "Bearer[r|-|-|-]" },
    { "", "" },
    { " , ,", "" },
    /* A parameter without a scheme belongs to nobody. */
    { "realm=\"x\"", "" },
};

static void test_challenge__reads_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(good_cases); i++) {
        struct sw_challenges list = { 0 };
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;

        sw_buf_init(&out, 4096);
        assert_ok(sw_challenges_parse(&list, sw_str(good_cases[i].header), &err));
        print(&list, &out);
        assert_string_equal(out.ptr, good_cases[i].printed);
        sw_challenges_release(&list);
        sw_buf_release(&out);
    }
}

static const struct bad_case {
    const char *header;
    const char *message;
    const char *kept;
} bad_cases[] = {
    { "Bearer realm=\"x", "malformed at position 16: expected a closing quote", "Bearer[-|-|-|-]" },
    { "Basic realm=\"x\", \"oops\"", "malformed at position 18: expected a name",
      "Basic[x|-|-|-]" },
    { "=x", "malformed at position 1: expected a name", "" },
};

static void test_challenge__says_where_a_header_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(bad_cases); i++) {
        struct sw_challenges list = { 0 };
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf out;
        char expected[512];

        sw_buf_init(&out, 4096);
        (void)snprintf(expected, sizeof(expected), "the WWW-Authenticate header \"%s\" is %s",
                       bad_cases[i].header, bad_cases[i].message);
        assert_fails(sw_challenges_parse(&list, sw_str(bad_cases[i].header), &err),
                     SW_E_UNAVAILABLE, expected);
        print(&list, &out);
        assert_string_equal(out.ptr, bad_cases[i].kept);
        sw_challenges_release(&list);
        sw_buf_release(&out);
    }
}

static void test_challenge__limits_number_and_length(void **state)
{
    struct sw_challenges list = { 0 };
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf header;

    (void)state;
    sw_buf_init(&header, 65536);
    for (int i = 0; i < 50; i++) {
        sw_buf_add_cstr(&header, "Basic realm=\"x\", ");
    }
    assert_ok(sw_challenges_parse(&list, sw_buf_str(&header), &err));
    assert_int_equal(list.count, SW_CHALLENGES_MAX);
    while (header.len <= SW_CHALLENGE_HEADER_MAX) {
        sw_buf_add_cstr(&header, "Basic realm=\"x\", ");
    }
    assert_fails(sw_challenges_parse(&list, sw_buf_str(&header), &err), SW_E_UNAVAILABLE,
                 "the WWW-Authenticate header is longer than 8192 bytes");
    sw_challenges_release(&list);
    sw_buf_release(&header);
}

static void test_challenge__finds_a_scheme_in_any_case(void **state)
{
    struct sw_challenges list = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(sw_challenges_parse(&list, SW_STR("BASIC realm=\"b\", bearer realm=\"t\""), &err));
    assert_string_equal(sw_challenges_find(&list, "Bearer")->realm, "t");
    assert_string_equal(sw_challenges_find(&list, "Basic")->realm, "b");
    assert_null(sw_challenges_find(&list, "Digest"));
    sw_challenges_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_challenge__reads_headers),
        cmocka_unit_test(test_challenge__says_where_a_header_is_malformed),
        cmocka_unit_test(test_challenge__limits_number_and_length),
        cmocka_unit_test(test_challenge__finds_a_scheme_in_any_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
