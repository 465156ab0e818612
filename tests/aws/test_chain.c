/* Where credentials come from, in which order, and what is said when there are none. */
#include "aws_world.h"
#include "sweep.h"

#include "aws/client.h"

/* What a row ends with: these keys from that source, or that failure. */
struct row {
    const char *name;
    struct world_setup setup;
    enum sw_status status;
    const char *expected; /* "KEY SECRET TOKEN source" or the message */
};

#define STS_URL "https://sts.us-east-1.amazonaws.com/"
#define ASSUMED(key)                                                                             \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>" \
    "<Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>S2</SecretAccessKey>"       \
    "<SessionToken>T2</SessionToken><Expiration>2015-08-30T13:36:00Z</Expiration></Credentials>" \
    "</AssumeRoleResult></AssumeRoleResponse>"
#define ROLE      "arn:aws:iam::123456789012:role/deploy"
#define ROLE_FORM "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdeploy"

static void check(const struct row *row)
{
    struct world w;
    world_init(&w, &row->setup);
    const struct sw_credentials *found = NULL;
    enum sw_status status = aws_credentials_get(w.aws, &found, &w.err);
    char *got = status == SW_OK
                    ? sw_xasprintf("%s %s %s %s", found->access_key_id, found->secret_access_key,
                                   found->session_token ? found->session_token : "-", found->source)
                    : sw_xstrdup(w.err.msg);
    if (status != row->status || strcmp(got, row->expected) != 0) {
        fail_msg("%s:\n expected %s \"%s\"\n got      %s \"%s\"", row->name,
                 sw_status_name(row->status), row->expected, sw_status_name(status), got);
    }
    free(got);
    world_done(&w);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(&rows[i]);
    }
}

static void test_chain__environment_keys(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "two keys",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" } } },
          SW_OK,
          "AKID SECRET - environment variables" },
        { "with a session token, newlines from pasting",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID\n" },
                      { "AWS_SECRET_ACCESS_KEY", " SECRET " },
                      { "AWS_SESSION_TOKEN", "TOKEN" } } },
          SW_OK,
          "AKID SECRET TOKEN environment variables" },
        { "key without secret",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" } } },
          SW_E_CREDENTIALS,
          "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not; set both in the CircleCI "
          "project's environment variables or in a context" },
        { "secret without key, the key being empty",
          { .vars = { { "AWS_SECRET_ACCESS_KEY", "S" }, { "AWS_ACCESS_KEY_ID", "" } } },
          SW_E_CREDENTIALS,
          "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not; set both in the CircleCI "
          "project's environment variables or in a context" },
        { "go before the files",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" },
                      { "AWS_SECRET_ACCESS_KEY", "SECRET" },
                      { "AWS_PROFILE", "dev" } },
            .credentials = "[dev]\naws_access_key_id=P\naws_secret_access_key=Q\n" },
          SW_OK,
          "AKID SECRET - environment variables" },
        { "go before CircleCI's token",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" },
                      { "AWS_SECRET_ACCESS_KEY", "SECRET" },
                      { "AWS_ROLE_ARN", ROLE },
                      { "CIRCLE_OIDC_TOKEN", "oidc-token" } } },
          SW_OK,
          "AKID SECRET - environment variables" },
    };
    check_rows(rows, SW_COUNT(rows));
}

static void test_chain__named_variables(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "other names; the ordinary session token belongs to another key",
          { .vars = { { "DEV_KEY", "AKID" },
                      { "DEV_SECRET", "SECRET" },
                      { "AWS_ACCESS_KEY_ID", "OTHER" },
                      { "AWS_SECRET_ACCESS_KEY", "OTHER" },
                      { "AWS_SESSION_TOKEN", "OTHER" } },
            .options = { .access_key_var = "DEV_KEY", .secret_key_var = "DEV_SECRET" } },
          SW_OK,
          "AKID SECRET - the named environment variables" },
        { "all three",
          { .vars = { { "DEV_KEY", "AKID" }, { "DEV_SECRET", "SECRET" }, { "DEV_TOKEN", "T" } },
            .options = { .access_key_var = "DEV_KEY",
                         .secret_key_var = "DEV_SECRET",
                         .session_token_var = "DEV_TOKEN" } },
          SW_OK,
          "AKID SECRET T the named environment variables" },
        { "one that is not set",
          { .vars = { { "DEV_KEY", "AKID" } },
            .options = { .access_key_var = "DEV_KEY", .secret_key_var = "DEV_SECRET" } },
          SW_E_CREDENTIALS,
          "the environment variable \"DEV_SECRET\" (--secret-key-var) is not set; set it in the "
          "CircleCI project's environment variables or in a context" },
        { "a token that is not set",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "S" } },
            .options = { .session_token_var = "DEV_TOKEN" } },
          SW_E_CREDENTIALS,
          "the environment variable \"DEV_TOKEN\" (--session-token-var) is not set; set it in the "
          "CircleCI project's environment variables or in a context" },
        { "the ordinary names given as options are the ordinary case",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" } },
            .options = { .access_key_var = "AWS_ACCESS_KEY_ID",
                         .secret_key_var = "AWS_SECRET_ACCESS_KEY",
                         .session_token_var = "AWS_SESSION_TOKEN" } },
          SW_OK,
          "AKID SECRET - environment variables" },
    };
    check_rows(rows, SW_COUNT(rows));
}

static void test_chain__profiles_with_keys(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "default profile",
          { .credentials = "[default]\naws_access_key_id = P\naws_secret_access_key = Q\n" },
          SW_OK,
          "P Q - a profile's keys" },
        { "AWS_PROFILE, in the config file, with a token",
          { .vars = { { "AWS_PROFILE", "dev" } },
            .config = "[profile dev]\naws_access_key_id=P\naws_secret_access_key=Q\n"
                      "aws_session_token=R\n" },
          SW_OK,
          "P Q R a profile's keys" },
        { "the credentials file wins",
          { .config = "[default]\naws_access_key_id=X\naws_secret_access_key=Y\n",
            .credentials = "[default]\naws_access_key_id=P\naws_secret_access_key=Q\n" },
          SW_OK,
          "P Q - a profile's keys" },
        { "a profile named by option goes before the environment",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" } },
            .credentials = "[dev]\naws_access_key_id=P\naws_secret_access_key=Q\n",
            .options = { .profile = "dev" } },
          SW_OK,
          "P Q - a profile's keys" },
        { "half a key",
          { .credentials = "[default]\naws_access_key_id=P\n" },
          SW_E_CREDENTIALS,
          "profile \"default\" has aws_access_key_id, but no aws_secret_access_key" },
        { "no such profile",
          { .credentials = "[default]\n[dev]\n", .options = { .profile = "prod" } },
          SW_E_INPUT,
          "there is no AWS profile \"prod\"; there are: default, dev" },
        { "no such profile, by variable, no files",
          { .vars = { { "AWS_PROFILE", "prod" } } },
          SW_E_INPUT,
          "there is no AWS profile \"prod\"; the AWS config and credentials files are empty or "
          "missing" },
        { "a named profile without credentials",
          { .config = "[profile dev]\nregion=eu-west-1\n", .options = { .profile = "dev" } },
          SW_E_CREDENTIALS,
          "profile \"dev\" holds no credentials" },
        { "sign-in by browser",
          { .vars = { { "AWS_PROFILE", "dev" } },
            .config = "[profile dev]\nsso_session=corp\n[sso-session corp]\nsso_region=x\n" },
          SW_E_CREDENTIALS,
          "profile \"dev\" signs in through a browser (sso_session), which is not possible here; "
          "export its credentials with \"aws configure export-credentials\", or use OpenID "
          "Connect with --role-arn" },
        { "a broken file", { .config = "[default\n" }, SW_E_INPUT, NULL },
    };
    check_rows(rows, SW_COUNT(rows) - 1);
    struct world w;
    world_init(&w, &rows[SW_COUNT(rows) - 1].setup);
    const struct sw_credentials *found = NULL;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_E_INPUT);
    assert_non_null(
        strstr(w.err.msg, ".aws/config\" line 1: a section's title has no closing bracket"));
    world_done(&w);
}

static void test_chain__profiles_with_roles(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "source profile, external id, duration, session name",
          { .vars = { { "AWS_PROFILE", "deploy" } },
            .config = "[profile deploy]\nrole_arn=" ROLE "\nsource_profile=base\n"
                      "external_id=x1\nduration_seconds=900\nrole_session_name=my name\n",
            .credentials = "[base]\naws_access_key_id=P\naws_secret_access_key=Q\n",
            .steps = { { .url = STS_URL,
                         .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=" ROLE_FORM
                                 "&RoleSessionName=my-name&DurationSeconds=900&ExternalId=x1",
                         .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 an assumed role" },
        { "a role on a role",
          { .vars = { { "AWS_PROFILE", "two" } },
            .config = "[profile two]\nrole_arn=" ROLE "\nsource_profile=one\n"
                      "[profile one]\nrole_arn=" ROLE "1\nsource_profile=base\n",
            .credentials = "[base]\naws_access_key_id=P\naws_secret_access_key=Q\n",
            .steps = { { .url = STS_URL,
                         .body = "Action=AssumeRole&Version=2011-06-15&RoleArn=" ROLE_FORM
                                 "1&RoleSessionName=slipway&DurationSeconds=3600",
                         .headers = { { "X-Amz-Security-Token", NULL } },
                         .reply = ASSUMED("ASIA1") },
                       { .url = STS_URL,
                         .headers = { { "X-Amz-Security-Token", "T2" } },
                         .reply = ASSUMED("ASIA2") } } },
          SW_OK,
          "ASIA2 S2 T2 an assumed role" },
        { "a profile's role with its own keys",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=default\n"
                      "aws_access_key_id=P\naws_secret_access_key=Q\n",
            .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 an assumed role" },
        { "a circle",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=b\n"
                      "[profile b]\nrole_arn=" ROLE "\nsource_profile=default\n" },
          SW_E_INPUT,
          "the source_profile entries go round in a circle: \"default\", \"b\", \"default\"" },
        { "a circle of one, without keys",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=default\n" },
          SW_E_INPUT,
          "the source_profile entries go round in a circle: \"default\", \"default\"" },
        { "an unknown source profile",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=nope\n" },
          SW_E_INPUT,
          "source_profile of profile \"default\": there is no AWS profile \"nope\"; there are: "
          "default" },
        { "nothing to assume it with",
          { .config = "[default]\nrole_arn=" ROLE "\n" },
          SW_E_INPUT,
          "profile \"default\" has role_arn, but none of source_profile, credential_source and "
          "web_identity_token_file" },
        { "two sources",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=x\n"
                      "credential_source=Environment\n" },
          SW_E_INPUT,
          "profile \"default\" has both source_profile and credential_source; one of them must go" },
        { "MFA",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=x\nmfa_serial=arn:x\n" },
          SW_E_CREDENTIALS,
          "profile \"default\" asks for a code of an MFA device (mfa_serial), which nobody can "
          "enter here; use a role without that condition" },
        { "credential_source environment",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "SECRET" } },
            .config = "[profile p]\nrole_arn=" ROLE "\ncredential_source=Environment\n",
            .options = { .profile = "p" },
            .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA") } } },
          SW_OK,
          "ASIA S2 T2 an assumed role" },
        { "credential_source that is not there",
          { .config = "[default]\nrole_arn=" ROLE "\ncredential_source=EcsContainer\n" },
          SW_E_CREDENTIALS,
          "profile \"default\": credential_source EcsContainer: no endpoint" },
        { "credential_source nobody knows",
          { .config = "[default]\nrole_arn=" ROLE "\ncredential_source=Magic\n" },
          SW_E_INPUT,
          "profile \"default\": unknown credential_source \"Magic\"; there are Environment, "
          "Ec2InstanceMetadata and EcsContainer" },
        { "keys that AWS does not know",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=base\n"
                      "[profile base]\naws_access_key_id=P\naws_secret_access_key=Q\n",
            .steps = { { .url = STS_URL,
                         .status = 403,
                         .reply = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code>"
                                  "</Error></ErrorResponse>" } } },
          SW_E_CREDENTIALS,
          "profile \"default\": cannot assume role \"" ROLE
          "\": STS AssumeRole: InvalidClientTokenId; AWS does not know this access key id or "
          "session token (credentials from a profile's keys)" },
        { "a role that must not be assumed",
          { .config = "[default]\nrole_arn=" ROLE "\nsource_profile=base\n"
                      "[profile base]\naws_access_key_id=P\naws_secret_access_key=Q\n",
            .steps = { { .url = STS_URL,
                         .status = 403,
                         .reply = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: "
                                  "arn:aws:iam::1:user/ci is not authorized to perform: "
                                  "sts:AssumeRole on resource: x</Message></Error><RequestId>r9"
                                  "</RequestId></ErrorResponse>" } } },
          SW_E_DENIED,
          "profile \"default\": cannot assume role \"" ROLE
          "\": STS AssumeRole: AccessDenied: User: arn:aws:iam::1:user/ci is not authorized to "
          "perform: sts:AssumeRole on resource: x (request id r9); allow \"sts:AssumeRole\" in "
          "this identity's IAM policy" },
    };
    check_rows(rows, SW_COUNT(rows));
}

static void test_chain__web_identity(void **state)
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

static void test_chain__token_files(void **state)
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

static void test_chain__credential_process(void **state)
{
    (void)state;
#define PROCESS(script) "[default]\ncredential_process = /bin/sh -c \"" script "\"\n"
    static const struct row rows[] = {
        { "its output",
          { .config = PROCESS("echo '{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"K\\\","
                              "\\\"SecretAccessKey\\\":\\\"S\\\",\\\"SessionToken\\\":\\\"T\\\","
                              "\\\"Expiration\\\":\\\"2015-08-30T13:36:00Z\\\"}'") },
          SW_OK,
          "K S T a credential process" },
        { "another version",
          { .config = PROCESS("echo '{\\\"Version\\\":2}'") },
          SW_E_CREDENTIALS,
          "credential_process of profile \"default\": its output is not of \"Version\": 1" },
        { "a failure",
          { .config = PROCESS("exit 3") },
          SW_E_CREDENTIALS,
          "credential_process of profile \"default\": \"/bin/sh\" ended with exit code 3" },
        { "no key in it",
          { .config = PROCESS("echo '{\\\"Version\\\":1}'") },
          SW_E_CREDENTIALS,
          "credential_process of profile \"default\": its output holds no \"AccessKeyId\"" },
        { "an open quote",
          { .config = "[default]\ncredential_process = x 'y\n" },
          SW_E_INPUT,
          "credential_process of profile \"default\": a quote ' is not closed" },
    };
    check_rows(rows, SW_COUNT(rows));
}

#define CONTAINER_ANSWER                                                \
    "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"S\",\"Token\":\"T\"," \
    "\"Expiration\":\"2015-08-30T18:36:00Z\"}"

static void test_chain__container(void **state)
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

#define IMDS       "http://169.254.169.254"
#define IMDS_ROLES IMDS "/latest/meta-data/iam/security-credentials/"
#define IMDS_TOKEN                                                                                \
    {                                                                                             \
        .method = "PUT", .url = IMDS "/latest/api/token",                                         \
        .headers = { { "X-aws-ec2-metadata-token-ttl-seconds", "21600" } }, .reply = "imds-token" \
    }
#define NO_CREDENTIALS(imds)                                                                       \
    "no AWS credentials found; in CircleCI, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "      \
    "under Project Settings > Environment Variables, or use OpenID Connect with --role-arn and a " \
    "context; looked in: environment variables (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are "  \
    "not set), OpenID Connect (no token), shared config files (there is no profile \"default\"), " \
    "container credentials (no endpoint), instance metadata (" imds ")"

static void test_chain__instance_metadata(void **state)
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
}

static void test_chain__temporary_credentials_are_renewed_in_time(void **state)
{
    (void)state;
    const struct world_setup setup = {
        .vars = { { "CIRCLE_OIDC_TOKEN", "token" } },
        .options = { .role_arn = ROLE },
        .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA1") },
                   { .url = STS_URL, .reply = ASSUMED("ASIA2") } },
    };
    struct world w;
    world_init(&w, &setup);
    const struct sw_credentials *found = NULL;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    w.t.wall_ms += (int64_t)54 * 60 * 1000;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    assert_string_equal(found->access_key_id, "ASIA1");
    w.t.wall_ms += (int64_t)2 * 60 * 1000;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    assert_string_equal(found->access_key_id, "ASIA2");
    world_done(&w);
}

static void test_chain__a_refused_token_is_renewed_once(void **state)
{
    (void)state;
#define EXPIRED "{\"__type\":\"ExpiredTokenException\",\"message\":\"expired\"}"
    const struct world_setup setup = {
        .vars = { { "CIRCLE_OIDC_TOKEN", "token" } },
        .options = { .role_arn = ROLE },
        .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA1") },
                   { .url = "https://ecs.us-east-1.amazonaws.com/",
                     .status = 400,
                     .reply = EXPIRED },
                   { .url = STS_URL, .reply = ASSUMED("ASIA2") },
                   { .url = "https://ecs.us-east-1.amazonaws.com/", .reply = "{}" },
                   { .url = "https://ecs.us-east-1.amazonaws.com/",
                     .status = 400,
                     .reply = EXPIRED },
                   { .url = STS_URL, .reply = ASSUMED("ASIA3") },
                   { .url = "https://ecs.us-east-1.amazonaws.com/",
                     .status = 400,
                     .reply = EXPIRED } },
    };
    struct world w;
    world_init(&w, &setup);
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_aws_json(w.aws, "ecs", "X.ListClusters", NULL, NULL, NULL, &err));
    assert_fails(sw_aws_json(w.aws, "ecs", "X.ListClusters", NULL, NULL, NULL, &err),
                 SW_E_CREDENTIALS,
                 "ECS ListClusters: ExpiredTokenException: expired; the session token has expired: "
                 "get new credentials (credentials from OpenID Connect)");
    world_done(&w);
}

/* ---- sweeps ---- */

static enum sw_status sweep_run(void *ctx, struct test_env *t, struct sw_err *err)
{
    const struct world_setup *setup = ctx;
    const struct sw_credentials *found = NULL;
    test_env_set(t, "AWS_REGION", "us-east-1");
    for (size_t i = 0; i < WORLD_VARS_MAX && setup->vars[i].name; i++) {
        test_env_set(t, setup->vars[i].name, setup->vars[i].value);
    }
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    enum sw_status status = sw_aws_new(&t->env, &setup->options, &aws, err);
    if (status == SW_OK) {
        status = aws_credentials_get(aws, &found, err);
    }
    if (status == SW_OK) {
        assert_string_equal(found->session_token, setup->steps[0].ctx ? "T" : "T2");
    }
    return status;
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    const struct world_setup *setup = ctx;
    for (size_t i = 0; i < WORLD_STEPS_MAX && setup->steps[i].url; i++) {
        fake_http_expect(fake, &setup->steps[i]);
    }
}

/* The metadata service's session token is any text. */
static bool sweep_tolerates(void *ctx, const struct sweep_run *run)
{
    const struct world_setup *setup = ctx;
    bool imds = setup->steps[0].method != NULL;
    return imds && run->call == 1 && run->fault >= SWEEP_GARBAGE;
}

static void test_chain__every_remote_source_survives_every_fault(void **state)
{
    (void)state;
    static int marks_t;
    struct world_setup setups[] = {
        { .vars = { { "CIRCLE_OIDC_TOKEN", "token" }, { "AWS_EC2_METADATA_DISABLED", "true" } },
          .options = { .role_arn = ROLE },
          .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA") } } },
        { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" },
                    { "AWS_SECRET_ACCESS_KEY", "SECRET" },
                    { "AWS_EC2_METADATA_DISABLED", "true" } },
          .options = { .role_arn = ROLE },
          .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA") } } },
        { .vars = { { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x" },
                    { "AWS_EC2_METADATA_DISABLED", "true" } },
          .steps = { { .url = "http://169.254.170.2/x",
                       .ctx = &marks_t,
                       .reply = CONTAINER_ANSWER } } },
        { .steps = { { .method = "PUT",
                       .url = IMDS "/latest/api/token",
                       .ctx = &marks_t,
                       .reply = "imds-token" },
                     { .url = IMDS_ROLES, .reply = "my-role" },
                     { .url_prefix = IMDS_ROLES,
                       .url = IMDS_ROLES "my-role",
                       .reply = CONTAINER_ANSWER } } },
    };
    static const char *const names[] = { "web identity", "assume role", "container", "imds" };
    for (size_t i = 0; i < SW_COUNT(setups); i++) {
        const struct sweep sweep = { .name = names[i],
                                     .setup = sweep_setup,
                                     .run = sweep_run,
                                     .tolerates = sweep_tolerates,
                                     .ctx = &setups[i] };
        sweep_all(&sweep);
    }
}

static void test_chain__session_names_are_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name;
    } rows[] = {
        { "plain", "plain" },
        { "a b/c:d\xc3\xa9", "a-b-c-d--" },
        { "keep=,.@_-+", "keep=,.@_-+" },
        { "x", "slipway" },
        { "", "slipway" },
        { "0123456789012345678901234567890123456789012345678901234567890123456789",
          "0123456789012345678901234567890123456789012345678901234567890123" },
    };
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        char *name = sw_role_session_name(sw_str(rows[i].text));
        assert_string_equal(name, rows[i].name);
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain__environment_keys),
        cmocka_unit_test(test_chain__named_variables),
        cmocka_unit_test(test_chain__profiles_with_keys),
        cmocka_unit_test(test_chain__profiles_with_roles),
        cmocka_unit_test(test_chain__web_identity),
        cmocka_unit_test(test_chain__token_files),
        cmocka_unit_test(test_chain__credential_process),
        cmocka_unit_test(test_chain__container),
        cmocka_unit_test(test_chain__instance_metadata),
        cmocka_unit_test(test_chain__temporary_credentials_are_renewed_in_time),
        cmocka_unit_test(test_chain__a_refused_token_is_renewed_once),
        cmocka_unit_test(test_chain__every_remote_source_survives_every_fault),
        cmocka_unit_test(test_chain__session_names_are_cleaned),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
