/* Credentials from the shared files: keys, roles, processes. */
#include "chain_rows.h"

static void test_creds_profile__profiles_with_keys(void **state)
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

static void test_creds_profile__profiles_with_roles(void **state)
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

static void test_creds_profile__credential_process(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creds_profile__profiles_with_keys),
        cmocka_unit_test(test_creds_profile__profiles_with_roles),
        cmocka_unit_test(test_creds_profile__credential_process),
    };
    return cmocka_run_group_tests_name("creds_profile", tests, NULL, NULL);
}
