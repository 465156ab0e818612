/* Where credentials come from, in which order, and what is said when there are none. */
#include "chain_rows.h"
#include "sweep.h"

#include <slipway/log.h>

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
        { "a key in quotes",
          { .vars = { { "AWS_ACCESS_KEY_ID", "\"AKID\"" }, { "AWS_SECRET_ACCESS_KEY", "S" } } },
          SW_E_CREDENTIALS,
          "AWS_ACCESS_KEY_ID holds characters that no access key id has; is it quoted, or is the "
          "secret in its place?" },
        { "a secret in quotes",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "'S'" } } },
          SW_E_CREDENTIALS,
          "AWS_SECRET_ACCESS_KEY holds quotes, blanks or line breaks" },
        { "a token of two lines",
          { .vars = { { "AWS_ACCESS_KEY_ID", "AKID" },
                      { "AWS_SECRET_ACCESS_KEY", "S" },
                      { "AWS_SESSION_TOKEN", "a\nX-Other: b" } } },
          SW_E_CREDENTIALS,
          "AWS_SESSION_TOKEN holds quotes, blanks or line breaks" },
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

static void test_chain__secrets_become_known_to_the_redactor(void **state)
{
    (void)state;
    const struct world_setup setup = {
        .vars = { { "AWS_ACCESS_KEY_ID", "AKID" },
                  { "AWS_SECRET_ACCESS_KEY", "hard-to-guess" },
                  { "AWS_SESSION_TOKEN", "hardly-guessed" } },
    };
    struct world w;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    const struct sw_credentials *found = NULL;
    world_init(&w, &setup);
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    sw_buf_init(&text, 100);
    sw_redact(&text, SW_STR("a hard-to-guess b hardly-guessed c"));
    assert_string_equal(text.ptr, "a **** b **** c");
    world_done(&w);
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

static void test_chain__credentials_that_cannot_be_renewed_are_used_to_their_end(void **state)
{
    (void)state;
    const struct world_setup setup = {
        .vars = { { "CIRCLE_OIDC_TOKEN", "token" } },
        .options = { .role_arn = ROLE },
        .steps = { { .url = STS_URL, .reply = ASSUMED("ASIA1") },
                   { .url = STS_URL, .status = 400, .times = 2 } },
    };
    struct world w;
    world_init(&w, &setup);
    const struct sw_credentials *found = NULL;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    w.t.wall_ms += (int64_t)59 * 60 * 1000;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_OK);
    assert_string_equal(found->access_key_id, "ASIA1");
    w.t.wall_ms += (int64_t)60 * 1000;
    assert_int_equal(aws_credentials_get(w.aws, &found, &w.err), SW_E_UNAVAILABLE);
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
        cmocka_unit_test(test_chain__secrets_become_known_to_the_redactor),
        cmocka_unit_test(test_chain__temporary_credentials_are_renewed_in_time),
        cmocka_unit_test(test_chain__credentials_that_cannot_be_renewed_are_used_to_their_end),
        cmocka_unit_test(test_chain__a_refused_token_is_renewed_once),
        cmocka_unit_test(test_chain__every_remote_source_survives_every_fault),
        cmocka_unit_test(test_chain__session_names_are_cleaned),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
