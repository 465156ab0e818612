/* Region, profile and endpoint: where each comes from, and which wins. */
#include "aws_world.h"

#include "aws/client.h"
#include "aws/provider.h"

struct region_row {
    const char *name;
    struct world_setup setup;
    enum sw_status status;
    const char *expected; /* region or message */
};

static void test_settings__region(void **state)
{
    (void)state;
    static const struct region_row rows[] = {
        { "option first",
          { .vars = { { "AWS_REGION", "eu-west-1" } }, .options = { .region = "eu-west-2" } },
          SW_OK,
          "eu-west-2" },
        { "AWS_REGION",
          { .vars = { { "AWS_REGION", "eu-west-1" }, { "AWS_DEFAULT_REGION", "eu-west-3" } } },
          SW_OK,
          "eu-west-1" },
        { "AWS_DEFAULT_REGION",
          { .vars = { { "AWS_REGION", "" }, { "AWS_DEFAULT_REGION", "eu-west-3" } },
            .config = "[default]\nregion=eu-north-1\n" },
          SW_OK,
          "eu-west-3" },
        { "profile",
          { .vars = { { "AWS_REGION", NULL }, { "AWS_PROFILE", "dev" } },
            .config = "[profile dev]\nregion=eu-north-1\n" },
          SW_OK,
          "eu-north-1" },
        { "none",
          { .vars = { { "AWS_REGION", NULL } } },
          SW_E_USAGE,
          "no AWS region is set; pass --region or set AWS_REGION" },
        { "malformed",
          { .vars = { { "AWS_REGION", "us-east-1b" } } },
          SW_E_INPUT,
          "\"us-east-1b\" is an availability zone; its region is \"us-east-1\"" },
        { "of a profile that does not exist",
          { .vars = { { "AWS_REGION", NULL } }, .options = { .profile = "nope" } },
          SW_E_INPUT,
          "there is no AWS profile \"nope\"; the AWS config and credentials files are empty or "
          "missing" },
    };
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct world w;
        world_init(&w, &rows[i].setup);
        const char *region = NULL;
        enum sw_status status = sw_aws_region(w.aws, &region, &w.err);
        const char *got = status == SW_OK ? region : w.err.msg;
        if (status != rows[i].status || strcmp(got, rows[i].expected) != 0) {
            fail_msg("%s: expected %s \"%s\", got %s \"%s\"", rows[i].name,
                     sw_status_name(rows[i].status), rows[i].expected, sw_status_name(status), got);
        }
        world_done(&w);
    }
}

struct endpoint_row {
    const char *name;
    const char *service;
    struct world_setup setup;
    enum sw_status status;
    const char *expected; /* URL or message */
};

#define PROFILE_ENDPOINTS                                              \
    "[profile dev]\nservices=local\nendpoint_url=http://localhost:9\n" \
    "[services local]\ncloudwatch_logs=\n  endpoint_url=http://localhost:8\n"

static void test_settings__endpoint(void **state)
{
    (void)state;
    static const struct endpoint_row rows[] = {
        { "by rule",
          "ecs",
          { .vars = { { "X", "y" } } },
          SW_OK,
          "https://ecs.us-east-1.amazonaws.com" },
        { "option first",
          "ecs",
          { .vars = { { "AWS_ENDPOINT_URL_ECS", "http://localhost:2" },
                      { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true" } },
            .options = { .endpoint_url = "http://localhost:1///" } },
          SW_OK,
          "http://localhost:1" },
        { "variable of the service",
          "logs",
          { .vars = { { "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://localhost:2" },
                      { "AWS_ENDPOINT_URL", "http://localhost:3" } } },
          SW_OK,
          "http://localhost:2" },
        { "variable of a service with a dash",
          "ecr-public",
          { .vars = { { "AWS_ENDPOINT_URL_ECR_PUBLIC", "http://localhost:2" } } },
          SW_OK,
          "http://localhost:2" },
        { "variable of a service that is not listed",
          "x-ray",
          { .vars = { { "AWS_ENDPOINT_URL_X_RAY", "http://localhost:2" } } },
          SW_OK,
          "http://localhost:2" },
        { "variable for all before the profile",
          "logs",
          { .vars = { { "AWS_ENDPOINT_URL", "http://localhost:3/base/" },
                      { "AWS_PROFILE", "dev" } },
            .config = PROFILE_ENDPOINTS },
          SW_OK,
          "http://localhost:3/base" },
        { "services section of the profile",
          "logs",
          { .vars = { { "AWS_PROFILE", "dev" } }, .config = PROFILE_ENDPOINTS },
          SW_OK,
          "http://localhost:8" },
        { "endpoint_url of the profile",
          "ecs",
          { .vars = { { "AWS_PROFILE", "dev" } }, .config = PROFILE_ENDPOINTS },
          SW_OK,
          "http://localhost:9" },
        { "ignored",
          "ecs",
          { .vars = { { "AWS_PROFILE", "dev" },
                      { "AWS_ENDPOINT_URL", "http://localhost:3" },
                      { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE" } },
            .config = PROFILE_ENDPOINTS },
          SW_OK,
          "https://ecs.us-east-1.amazonaws.com" },
        { "fips by variable",
          "ecs",
          { .vars = { { "AWS_USE_FIPS_ENDPOINT", "true" } } },
          SW_OK,
          "https://ecs-fips.us-east-1.amazonaws.com" },
        { "dual-stack by profile",
          "ecr",
          { .config = "[default]\nuse_dualstack_endpoint = true\n" },
          SW_OK,
          "https://ecr.us-east-1.api.aws" },
        { "both by option",
          "ecr",
          { .options = { .use_fips = true, .use_dualstack = true } },
          SW_OK,
          "https://ecr-fips.us-east-1.api.aws" },
        { "fips and a URL",
          "ecr",
          { .options = { .use_fips = true, .endpoint_url = "http://localhost:1" } },
          SW_E_INPUT,
          "FIPS and dual-stack endpoints cannot be had together with the endpoint URL "
          "\"http://localhost:1\"; leave one of them away" },
        { "a URL with a query",
          "ecr",
          { .options = { .endpoint_url = "http://localhost:1/?x" } },
          SW_E_INPUT,
          "bad AWS endpoint URL: \"http://localhost:1/?x\" has a query" },
    };
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct world w;
        world_init(&w, &rows[i].setup);
        struct sw_endpoint endpoint = { 0 };
        enum sw_status status = aws_endpoint_for(w.aws, rows[i].service, &endpoint, &w.err);
        const char *got = status == SW_OK ? endpoint.url : w.err.msg;
        if (status != rows[i].status || strcmp(got, rows[i].expected) != 0) {
            fail_msg("%s: expected %s \"%s\", got %s \"%s\"", rows[i].name,
                     sw_status_name(rows[i].status), rows[i].expected, sw_status_name(status), got);
        }
        sw_endpoint_release(&endpoint);
        world_done(&w);
    }
}

static void test_settings__files_elsewhere(void **state)
{
    (void)state;
    const struct world_setup setup = { .vars = { { "AWS_REGION", NULL },
                                                 { "AWS_CONFIG_FILE", "~/my/config" } } };
    struct world w;
    world_init(&w, &setup);
    free(world_write(&w, "my/config", "[default]\nregion = sa-east-1\n"));
    char *path = world_write(&w, "keys",
                             "[default]\naws_access_key_id=P\n"
                             "aws_secret_access_key=Q\n");
    test_env_set(&w.t, "AWS_SHARED_CREDENTIALS_FILE", path);
    const char *region = NULL;
    const struct sw_credentials *found = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_aws_region(w.aws, &region, &err));
    assert_string_equal(region, "sa-east-1");
    assert_ok(aws_credentials_get(w.aws, &found, &err));
    assert_string_equal(found->access_key_id, "P");
    free(path);
    world_done(&w);
}

static void test_settings__refuses_malformed_options(void **state)
{
    (void)state;
    static const struct {
        struct sw_aws_options options;
        const char *message;
    } rows[] = {
        { { .access_key_var = "AKIA/SECRET" },
          "--access-key-var takes the name of an environment variable, not its value" },
        { { .secret_key_var = "wJalr+" },
          "--secret-key-var takes the name of an environment variable, not its value" },
        { { .session_token_var = "a b" },
          "--session-token-var takes the name of an environment variable, not its value" },
        { { .role_arn = "deploy" },
          "\"deploy\" is not the ARN of a role; one looks like "
          "\"arn:aws:iam::123456789012:role/deploy\"" },
        { { .role_arn = "arn:aws:iam::123456789012:role/a, arn:aws:iam::123456789012:user/b" },
          "\"arn:aws:iam::123456789012:user/b\" is not the ARN of a role; one looks like "
          "\"arn:aws:iam::123456789012:role/deploy\"" },
        { { .role_arn = "arn:aws:iam::1:role/a arn:aws:iam::1:role/b arn:aws:iam::1:role/c "
                        "arn:aws:iam::1:role/d arn:aws:iam::1:role/e arn:aws:iam::1:role/f "
                        "arn:aws:iam::1:role/g arn:aws:iam::1:role/h arn:aws:iam::1:role/i" },
          "more than 8 roles one after the other" },
        { { .role_arn = "arn:aws:iam::123456789012:user/deploy" },
          "\"arn:aws:iam::123456789012:user/deploy\" is not the ARN of a role; one looks like "
          "\"arn:aws:iam::123456789012:role/deploy\"" },
    };
    struct test_env t;
    struct sw_err err = SW_ERR_INIT;
    test_env_init(&t);
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct sw_aws *aws = NULL;
        assert_fails(sw_aws_new(&t.env, &rows[i].options, &aws, &err), SW_E_INPUT, rows[i].message);
        assert_null(aws);
    }
    /* Empty texts, as unset parameters of an orb arrive, are none. */
    const struct sw_aws_options empty = { .access_key_var = "", .role_arn = "", .region = "" };
    struct sw_aws *aws = NULL;
    assert_ok(sw_aws_new(&t.env, &empty, &aws, &err));
    sw_aws_free(aws);
    test_env_release(&t);
}

static void test_settings__siblings_share_an_identity(void **state)
{
    (void)state;
    const struct world_setup setup = { .vars = { { "X", "y" } } };
    struct world w;
    world_init(&w, &setup);
    struct sw_aws *other = NULL;
    struct sw_err err = SW_ERR_INIT;
    const char *region = NULL;
    assert_fails(sw_aws_with_region(w.aws, "nowhere", &other, &err), SW_E_INPUT,
                 "\"nowhere\" is not a region name; one looks like \"us-east-1\" or "
                 "\"eu-central-1\"");
    assert_ok(sw_aws_with_region(w.aws, "eu-west-1", &other, &err));
    sw_aws_free(w.aws);
    w.aws = NULL;
    assert_ok(sw_aws_region(other, &region, &err));
    assert_string_equal(region, "eu-west-1");
    assert_ptr_equal(sw_aws_env(other), &w.t.env);
    sw_aws_free(other);
    world_done(&w);
}

/* The host name of a registry asks for the FIPS endpoint; a stand-in's URL goes before that. */
static void test_settings__a_configured_endpoint_beats_the_hosts_variant(void **state)
{
    (void)state;
    const struct world_setup setup = { .vars = { { "AWS_ENDPOINT_URL", "http://localhost:1" } } };
    struct world w;
    world_init(&w, &setup);
    struct sw_aws *other = NULL;
    struct sw_err err = SW_ERR_INIT;
    struct sw_endpoint endpoint = { 0 };
    assert_ok(sw_aws_with_endpoint(w.aws, "eu-west-1", true, false, &other, &err));
    assert_ok(aws_endpoint_for(other, "ecr", &endpoint, &err));
    assert_string_equal(endpoint.url, "http://localhost:1");
    sw_endpoint_release(&endpoint);
    test_env_set(&w.t, "AWS_ENDPOINT_URL", NULL);
    assert_ok(aws_endpoint_for(other, "ecr", &endpoint, &err));
    assert_string_equal(endpoint.url, "https://api.ecr-fips.eu-west-1.amazonaws.com");
    sw_endpoint_release(&endpoint);
    sw_aws_free(other);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings__region),
        cmocka_unit_test(test_settings__endpoint),
        cmocka_unit_test(test_settings__files_elsewhere),
        cmocka_unit_test(test_settings__refuses_malformed_options),
        cmocka_unit_test(test_settings__siblings_share_an_identity),
        cmocka_unit_test(test_settings__a_configured_endpoint_beats_the_hosts_variant),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
