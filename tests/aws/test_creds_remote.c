/* Credentials from elsewhere: tokens for roles, container and instance metadata. */
#include "chain_rows.h"

#include <slipway/log.h>

#define IMDS_TOKEN                                                                                \
    {                                                                                             \
        .method = "PUT", .url = IMDS "/latest/api/token",                                         \
        .headers = { { "X-aws-ec2-metadata-token-ttl-seconds", "21600" } }, .reply = "imds-token" \
    }
#define NO_CREDENTIALS(imds)                                                                                                  \
    "no AWS credentials found; in CircleCI, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "                                 \
    "under Project Settings > Environment Variables, or use OpenID Connect with --role-arn "                                  \
    "(role_arn in the orb) and a context; looked in: environment variables (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are " \
    "not set), OpenID Connect (no token), shared config files (there is no profile \"default\"), "                            \
    "container credentials (no endpoint), instance metadata (" imds ")"

static void test_creds_remote__web_identity(void **state)
{
    (void)state;
#define WEB_BODY(name, token)                                                \
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" ROLE_FORM \
    "&RoleSessionName=" name "&DurationSeconds=3600&WebIdentityToken=" token
    static const struct row rows[] = {
        { "CircleCI's newer token, role by option; unsigned; named after the build",
          { .vars = { { "CIRCLE_OIDC_TOKEN_V2", "token-v2" },
                      { "CIRCLE_OIDC_TOKEN", "token-v1" },
                      { "CIRCLE_PROJECT_REPONAME", "my repo" },
                      { "CIRCLE_BUILD_NUM", "42" },
                      { "AWS_ACCESS_KEY_ID", "AKID" },
                      { "AWS_SECRET_ACCESS_KEY", "SECRET" } },
            .options = { .role_arn = ROLE },
            .steps = { { .url = STS_URL,
                         .headers = { { "Authorization", NULL } },
                         .body = WEB_BODY("slipway-my-repo-42", "token-v2"),
                         .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 OpenID Connect" },
        { "one role after the other; commas are part of names",
          { .vars = { { "CIRCLE_OIDC_TOKEN_V2", "token-v2" } },
            .options = { .role_arn = ROLE ",x , " ROLE "2\n" ROLE "3" },
            .steps = { { .url = STS_URL,
                         .body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&"
                                 "RoleArn=" ROLE_FORM "%2Cx&RoleSessionName=slipway&"
                                 "DurationSeconds=3600&WebIdentityToken=token-v2",
                         .reply = ASSUMED("ASIA1") },
                       { .url = STS_URL,
                         .headers = { { "X-Amz-Security-Token", "T2" } },
                         .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=" ROLE_FORM
                                 "2&RoleSessionName=slipway&DurationSeconds=3600",
                         .reply = ASSUMED("ASIA2") },
                       { .url = STS_URL,
                         .headers = { { "X-Amz-Security-Token", "T2" } },
                         .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=" ROLE_FORM
                                 "3&RoleSessionName=slipway&DurationSeconds=3600",
                         .reply = ASSUMED("ASIA3") } } },
          SW_OK,
          "ASIA3 S2 T2 an assumed role" },
        { "a second role that must not be assumed",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" } },
            .options = { .role_arn = ROLE "," ROLE "2" },
            .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA1") },
                       { .url = STS_URL,
                         .status = 403,
                         .reply = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no"
                                  "</Message></Error></ErrorResponse>" } } },
          SW_E_DENIED,
          "cannot assume role \"" ROLE "2\": STS AssumeRole: AccessDenied: no; allow "
          "\"sts:AssumeRole\" in this identity's IAM policy" },
        { "role by variable, older token, name by variable",
          { .vars = { { "CIRCLE_OIDC_TOKEN", "token-v1" },
                      { "AWS_ROLE_ARN", ROLE },
                      { "AWS_ROLE_SESSION_NAME", "from/env" } },
            .steps = { { .url = STS_URL,
                         .body = WEB_BODY("from-env", "token-v1"),
                         .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 OpenID Connect" },
        { "a token without a role is passed over",
          { .vars = { { "CIRCLE_OIDC_TOKEN", "token-v1" } },
            .credentials = "[default]\naws_access_key_id=P\naws_secret_access_key=Q\n" },
          SW_OK,
          "P Q - a profile's keys" },
        { "a token file without a role",
          { .vars = { { "AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere" } } },
          SW_E_CREDENTIALS,
          "AWS_WEB_IDENTITY_TOKEN_FILE is set, but no role: set AWS_ROLE_ARN or pass --role-arn" },
        { "a trust policy that does not fit",
          { .vars = { { "CIRCLE_OIDC_TOKEN", "token-v1" } },
            .options = { .role_arn = ROLE },
            .steps = { { .url = STS_URL,
                         .status = 403,
                         .reply = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not "
                                  "authorized to perform sts:AssumeRoleWithWebIdentity</Message>"
                                  "</Error></ErrorResponse>" } } },
          SW_E_DENIED,
          "cannot assume role \"" ROLE
          "\": STS AssumeRoleWithWebIdentity: AccessDenied: Not authorized to perform "
          "sts:AssumeRoleWithWebIdentity; the role's trust policy must allow this CircleCI "
          "organization's OIDC provider, audience and subject" },
        { "a token that is too old",
          { .vars = { { "CIRCLE_OIDC_TOKEN", "token-v1" } },
            .options = { .role_arn = ROLE },
            .steps = { { .url = STS_URL,
                         .status = 400,
                         .reply = "<ErrorResponse><Error><Code>ExpiredTokenException</Code>"
                                  "<Message>Token expired</Message></Error></ErrorResponse>" } } },
          SW_E_CREDENTIALS,
          "cannot assume role \"" ROLE
          "\": STS AssumeRoleWithWebIdentity: ExpiredTokenException: Token expired; the OIDC token "
          "has expired: CircleCI's is good for one hour from the start of the job" },
        { "an identity provider that is late is asked again",
          { .vars = { { "CIRCLE_OIDC_TOKEN", "token-v1" } },
            .options = { .role_arn = ROLE },
            .steps = { { .url = STS_URL,
                         .status = 400,
                         .reply = "<ErrorResponse><Error><Code>IDPCommunicationError</Code>"
                                  "</Error></ErrorResponse>" },
                       { .url = STS_URL, .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 OpenID Connect" },
        { "role by option with keys: AssumeRole",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" } },
            .options = { .role_arn = ROLE, .role_session_name = "ci" },
            .steps = { { .url = STS_URL,
                         .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=" ROLE_FORM
                                 "&RoleSessionName=ci&DurationSeconds=3600",
                         .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 an assumed role" },
    };
    check_rows(rows, SW_COUNT(rows));
}

static void test_creds_remote__token_files(void **state)
{
    (void)state;
    const struct world_setup setup = {
        .vars = { { "AWS_ROLE_ARN", ROLE } },
        .steps = { { .url = STS_URL,
                     .body = WEB_BODY("slipway", "from-file"),
                     .reply = ASSUMED("ASIA") } },
    };
    struct world w;
    world_init(&w, &setup);
    char *path = world_write(&w, "token", "from-file\n");
    test_env_set(&w.t, "AWS_WEB_IDENTITY_TOKEN_FILE", path);
    const struct sw_credentials *found = NULL;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    assert_string_equal(found->access_key_id, "ASIA");
    world_done(&w);

    const struct world_setup none = { .vars = { { "AWS_ROLE_ARN", ROLE } } };
    world_init(&w, &none);
    test_env_set(&w.t, "AWS_WEB_IDENTITY_TOKEN_FILE", path);
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_E_CREDENTIALS);
    assert_non_null(strstr(w.err.msg, "AWS_WEB_IDENTITY_TOKEN_FILE: cannot read the token file: "));
    free(path);
    path = world_write(&w, "token", " \n");
    test_env_set(&w.t, "AWS_WEB_IDENTITY_TOKEN_FILE", path);
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_E_CREDENTIALS);
    assert_non_null(strstr(w.err.msg, "is empty"));
    free(path);
    world_done(&w);
}

static void test_creds_remote__container(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "relative",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1" } },
            .steps = { { .method = "GET",
                         .url = "http://169.254.170.2/v2/credentials/1",
                         .headers = { { "Authorization", NULL } },
                         .reply = CONTAINER_ANSWER } } },
          SW_OK,
          "K S T the container's role" },
        { "full, with a token",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/c" },
                      { "AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok" } },
            .steps = { { .url = "http://169.254.170.23/v1/c",
                         .headers = { { "Authorization", "tok" } },
                         .reply = CONTAINER_ANSWER } } },
          SW_OK,
          "K S T the container's role" },
        { "full, elsewhere over http",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/c" } } },
          SW_E_INPUT,
          "AWS_CONTAINER_CREDENTIALS_FULL_URI: credentials are not asked for over plain HTTP at "
          "\"10.0.0.1\"; allowed are https, loopback, and the addresses of ECS and EKS" },
        { "full, elsewhere over https",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://creds.example.com/c" } },
            .steps = { { .url = "https://creds.example.com/c", .reply = CONTAINER_ANSWER } } },
          SW_OK,
          "K S T the container's role" },
        { "a token that would make a second header",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://creds.example.com/c" },
                      { "AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX: y" } } },
          SW_E_CREDENTIALS,
          "AWS_CONTAINER_AUTHORIZATION_TOKEN has more than one line" },
        { "refused",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x" } },
            .steps = { { .url = "http://169.254.170.2/x",
                         .status = 400,
                         .reply = "{\"code\":\"InvalidId\",\"message\":\"no such id\"}" } } },
          SW_E_CREDENTIALS,
          "container credentials from \"http://169.254.170.2/x\": HTTP status 400: no such id" },
        { "not reached",
          { .vars = { { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x" } },
            .steps = { { .url = "http://169.254.170.2/x", .failure = FAKE_REFUSED, .times = 3 } } },
          SW_E_NETWORK,
          NULL },
    };
    check_rows(rows, SW_COUNT(rows) - 1);
    struct world w;
    world_init(&w, &rows[SW_COUNT(rows) - 1].setup);
    const struct sw_credentials *found = NULL;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_E_NETWORK);
    world_done(&w);
}

static void test_creds_remote__instance_metadata(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "three steps",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL } },
            .steps = { IMDS_TOKEN,
                       { .method = "GET",
                         .url = IMDS_ROLES,
                         .headers = { { "X-aws-ec2-metadata-token", "imds-token" } },
                         .reply = "my-role\n" },
                       { .method = "GET",
                         .url = IMDS_ROLES "my-role",
                         .headers = { { "X-aws-ec2-metadata-token", "imds-token" } },
                         .reply = CONTAINER_ANSWER } } },
          SW_OK,
          "K S T the instance's role" },
        { "another address",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL },
                      { "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9/" } },
            .steps = { { .url = "http://127.0.0.1:9/latest/api/token", .status = 404 } } },
          SW_E_CREDENTIALS,
          NO_CREDENTIALS("http://127.0.0.1:9 answered with HTTP status 404") },
        { "nobody there, asked twice",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL } },
            .steps = { { .url = IMDS "/latest/api/token", .failure = FAKE_TIMEOUT, .times = 2 } } },
          SW_E_CREDENTIALS,
          NO_CREDENTIALS("no answer from " IMDS) },
        { "by IPv6",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL },
                      { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6" } },
            .steps = { { .url = "http://[fd00:ec2::254]/latest/api/token", .status = 403 } } },
          SW_E_CREDENTIALS,
          NO_CREDENTIALS("http://[fd00:ec2::254] answered with HTTP status 403") },
        { "no role",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL } },
            .steps = { IMDS_TOKEN, { .url = IMDS_ROLES, .status = 404 } } },
          SW_E_CREDENTIALS,
          NO_CREDENTIALS("this instance has no role") },
        { "a role's name that is a path",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL } },
            .steps = { IMDS_TOKEN, { .url = IMDS_ROLES, .reply = "../x" } } },
          SW_E_UNAVAILABLE,
          "instance metadata at \"" IMDS "\": it names no role" },
        { "a failure in words",
          { .vars = { { "AWS_EC2_METADATA_DISABLED", NULL } },
            .steps = { IMDS_TOKEN,
                       { .url = IMDS_ROLES, .reply = "r" },
                       { .url = IMDS_ROLES "r",
                         .reply = "{\"Code\":\"Failed\",\"Message\":\"not yet\"}" } } },
          SW_E_CREDENTIALS,
          "instance metadata at \"" IMDS "\": Failed: not yet" },
        { "switched off",
          { .vars = { { "X", "y" } } },
          SW_E_CREDENTIALS,
          NO_CREDENTIALS("switched off by AWS_EC2_METADATA_DISABLED") },
    };
    check_rows(rows, SW_COUNT(rows));
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, 100);
    sw_redact(&text, SW_STR("an imds-token"));
    assert_string_equal(text.ptr, "an ****");
}

static void test_creds_remote__a_profile_names_the_token_file(void **state)
{
    (void)state;
    const struct world_setup setup = {
        .vars = { { "AWS_PROFILE", "web" } },
        .steps = { { .url = STS_URL,
                     .headers = { { "Authorization", NULL } },
                     .body = WEB_BODY("ci", "from-file"),
                     .reply = ASSUMED("ASIA") } },
    };
    struct world w;
    world_init(&w, &setup);
    char *path = world_write(&w, "token", "from-file");
    char *config = sw_xasprintf("[profile web]\nrole_arn=" ROLE "\nrole_session_name=ci\n"
                                "web_identity_token_file=%s\n",
                                path);
    free(world_write(&w, ".aws/config", config));
    const struct sw_credentials *found = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(aws_credentials_get(w.aws, &found, &err));
    assert_string_equal(found->access_key_id, "ASIA");
    free(config);
    free(path);
    world_done(&w);
}

static void test_creds_remote__a_container_token_comes_from_a_file(void **state)
{
    (void)state;
    const struct world_setup setup = {
        .vars = { { "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[fd00:ec2::23]/v1/c" },
                  { "AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one" } },
        .steps = { { .url = "http://[fd00:ec2::23]/v1/c",
                     .headers = { { "Authorization", "from-file" } },
                     .reply = CONTAINER_ANSWER } },
    };
    struct world w;
    world_init(&w, &setup);
    char *path = world_write(&w, "token", "from-file\n");
    test_env_set(&w.t, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
    const struct sw_credentials *found = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(aws_credentials_get(w.aws, &found, &err));
    assert_string_equal(found->source, "the container's role");
    assert_true(found->expires_ms == INT64_C(1440959760000));
    free(path);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creds_remote__web_identity),
        cmocka_unit_test(test_creds_remote__token_files),
        cmocka_unit_test(test_creds_remote__a_profile_names_the_token_file),
        cmocka_unit_test(test_creds_remote__container),
        cmocka_unit_test(test_creds_remote__a_container_token_comes_from_a_file),
        cmocka_unit_test(test_creds_remote__instance_metadata),
    };
    return cmocka_run_group_tests_name("creds_remote", tests, NULL, NULL);
}
