/* Login tokens: where they are asked for, what is read from the answers, what is refused. */
#include "ecr_world.h"
#include "sweep.h"

#include <slipway/ecr.h>
#include <slipway/log.h>

/* base64 of "AWS:pass:word" */
#define TOKEN "QVdTOnBhc3M6d29yZA=="

static const char private_reply[] =
    "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN "\",\"expiresAt\":1440981360.25,"
    "\"proxyEndpoint\":\"https://123456789012.dkr.ecr.us-west-2.amazonaws.com\"}]}";
static const char public_reply[] =
    "{\"authorizationData\":{\"authorizationToken\":\"" TOKEN "\",\"expiresAt\":1440981360}}";

static void test_token__private_registry_of_the_caller(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = PRIVATE_URL,
          .headers = { { "X-Amz-Target", PRIVATE_TARGET "GetAuthorizationToken" },
                       { "Content-Type", "application/x-amz-json-1.1" } },
          .body = "{}",
          .reply = private_reply },
    };
    struct ecr_world w;
    struct sw_ecr_token token = { 0 };
    ecr_world_init(&w, steps, SW_COUNT(steps));
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_ecr_token_get(w.aws, NULL, &token, &err));
    assert_string_equal(token.user, "AWS");
    assert_string_equal(token.password, "pass:word");
    assert_int_equal(token.expires_ms, 1440981360250);
    assert_string_equal(token.host, "123456789012.dkr.ecr.us-west-2.amazonaws.com");
    sw_ecr_token_release(&token);
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, 100);
    sw_redact(&text, SW_STR("pass:word " TOKEN));
    assert_string_equal(text.ptr, "**** ****");
    ecr_world_done(&w);
}

struct endpoint_case {
    const char *host;
    const char *url;
    const char *scope; /* part of the signature's credential */
};

static void test_token__goes_to_the_hosts_own_endpoint(void **state)
{
    (void)state;
    static const struct endpoint_case cases[] = {
        { "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
          "https://api.ecr.eu-central-1.amazonaws.com/", "/eu-central-1/ecr/" },
        { "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
          "https://api.ecr-fips.us-east-1.amazonaws.com/", "/us-east-1/ecr/" },
        { "123456789012.dkr-ecr.us-east-1.on.aws", "https://ecr.us-east-1.api.aws/",
          "/us-east-1/ecr/" },
        { "123456789012.dkr-ecr-fips.us-east-1.on.aws", "https://ecr-fips.us-east-1.api.aws/",
          "/us-east-1/ecr/" },
        { "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
          "https://api.ecr.cn-north-1.amazonaws.com.cn/", "/cn-north-1/ecr/" },
        { "public.ecr.aws", "https://api.ecr-public.us-east-1.amazonaws.com/",
          "/us-east-1/ecr-public/" },
        { "ecr-public.aws.com", "https://ecr-public.us-east-1.api.aws/", "/us-east-1/ecr-public/" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_ecr_host host;
        struct sw_ecr_token token = { 0 };
        struct ecr_world w;
        struct sw_err err = SW_ERR_INIT;
        assert_true(sw_ecr_host_parse(sw_str(cases[i].host), &host));
        bool is_public = host.kind == SW_ECR_PUBLIC;
        const struct fake_http_step step = {
            .method = "POST",
            .url = cases[i].url,
            .headers = { { "X-Amz-Target", is_public ? PUBLIC_TARGET "GetAuthorizationToken"
                                                     : PRIVATE_TARGET "GetAuthorizationToken" } },
            .reply = is_public ? public_reply : private_reply,
        };
        ecr_world_init(&w, &step, 1);
        assert_ok(sw_ecr_token_get(w.aws, &host, &token, &err));
        assert_string_equal(token.password, "pass:word");
        if (is_public) {
            assert_string_equal(token.host, "public.ecr.aws");
        }
        assert_non_null(
            strstr(fake_http_request_header(&w.fake.requests[0], "Authorization"), cases[i].scope));
        sw_ecr_token_release(&token);
        ecr_world_done(&w);
    }
}

static void test_token__nonsense_is_no_login(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{}", "AWS's answer has no \"authorizationData\" with a token" },
        { "{\"authorizationData\":[]}", "AWS's answer has no \"authorizationData\" with a token" },
        { "{\"authorizationData\":[{\"authorizationToken\":7}]}",
          "AWS's answer has no \"authorizationData\" with a token" },
        { "{\"authorizationData\":[{\"authorizationToken\":\"*\"}]}",
          "AWS's answer has no usable token: not base64" },
        { "{\"authorizationData\":[{\"authorizationToken\":\"bm9jb2xvbg==\"}]}",
          "AWS's answer has no usable token: not \"user:password\"" },
        { "{\"authorizationData\":[{\"authorizationToken\":\"OnBhc3M=\"}]}",
          "AWS's answer has no usable token: not \"user:password\"" },
        { "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOg==\"}]}",
          "AWS's answer has no usable token: not \"user:password\"" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step step = { .method = "POST", .reply = cases[i][0] };
        char *text SW_CLEANUP(sw_free_str) =
            sw_xasprintf("cannot get a login token for Amazon ECR: %s", cases[i][1]);
        struct sw_ecr_token token = { 0 };
        struct ecr_world w;
        struct sw_err err = SW_ERR_INIT;
        ecr_world_init(&w, &step, 1);
        assert_fails(sw_ecr_token_get(w.aws, NULL, &token, &err), SW_E_UNAVAILABLE, text);
        assert_null(token.user);
        ecr_world_done(&w);
    }
}

static void test_token__odd_extras_do_no_harm(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN "\"}]}",
        "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN
        "\",\"expiresAt\":\"soon\",\"proxyEndpoint\":\"ftp://x\"}]}",
        "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN
        "\",\"expiresAt\":1e300,\"proxyEndpoint\":\"https:///\"}]}",
        "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN "\",\"expiresAt\":-5}]}",
        "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN "\",\"expiresAt\":1440938159}]}",
    };
    for (size_t i = 0; i < SW_COUNT(replies); i++) {
        const struct fake_http_step step = { .method = "POST", .reply = replies[i] };
        struct sw_ecr_token token = { 0 };
        struct ecr_world w;
        struct sw_err err = SW_ERR_INIT;
        ecr_world_init(&w, &step, 1);
        assert_ok(sw_ecr_token_get(w.aws, NULL, &token, &err));
        assert_int_equal(token.expires_ms, 0);
        assert_null(token.host);
        sw_ecr_token_release(&token);
        ecr_world_done(&w);
    }
}

static void test_token__refusal_carries_awss_words(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .status = 400,
          .reply_headers = { { "x-amzn-RequestId", "r-1" } },
          .reply = "{\"__type\":\"AccessDeniedException\",\"message\":\"User x is not authorized "
                   "to perform: ecr-public:GetAuthorizationToken\"}" },
    };
    struct sw_ecr_host host;
    struct sw_ecr_token token = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_true(sw_ecr_host_parse(SW_STR("public.ecr.aws"), &host));
    assert_int_equal(sw_ecr_token_get(w.aws, &host, &token, &err), SW_E_DENIED);
    assert_non_null(strstr(err.msg, "cannot get a login token for Amazon ECR Public: "));
    assert_non_null(strstr(err.msg, "ecr-public:GetAuthorizationToken"));
    assert_non_null(strstr(err.msg, "r-1"));
    ecr_world_done(&w);
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    (void)ctx;
    fake_http_expect(fake, &(struct fake_http_step){ .method = "POST", .reply = private_reply });
}

static enum sw_status sweep_run_token(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_token token = { 0 };
    (void)ctx;
    test_env_set(t, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_env_set(t, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    test_env_set(t, "AWS_REGION", "us-west-2");
    enum sw_status status = sw_aws_new(&t->env, NULL, &aws, err);
    if (status == SW_OK) {
        status = sw_ecr_token_get(aws, NULL, &token, err);
    }
    assert_true(status != SW_OK || strcmp(token.password, "pass:word") == 0);
    sw_ecr_token_release(&token);
    return status;
}

static void test_token__survives_every_fault(void **state)
{
    (void)state;
    const struct sweep sweep = { .name = "token", .setup = sweep_setup, .run = sweep_run_token };
    sweep_all(&sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token__private_registry_of_the_caller),
        cmocka_unit_test(test_token__goes_to_the_hosts_own_endpoint),
        cmocka_unit_test(test_token__nonsense_is_no_login),
        cmocka_unit_test(test_token__odd_extras_do_no_harm),
        cmocka_unit_test(test_token__refusal_carries_awss_words),
        cmocka_unit_test(test_token__survives_every_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
