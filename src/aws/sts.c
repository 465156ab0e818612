/* Roles: temporary credentials from STS. */
#include "provider.h"

#include <slipway/alloc.h>
#include <slipway/json.h>

static const char sts_version[] = "2011-06-15";
static const char one_hour[] = "3600";

/* "slipway-<repository>-<build>" in CircleCI, so that CloudTrail says which build it was. */
static char *own_session_name(const struct sw_env *env)
{
    const char *repository = sw_env_get(env, "CIRCLE_PROJECT_REPONAME");
    const char *build = sw_env_get(env, "CIRCLE_BUILD_NUM");
    if (!repository || !build) {
        return sw_xstrdup("slipway");
    }
    /* The number tells builds apart: it must survive the cut at 64 bytes. */
    enum { REPOSITORY_MAX = 40 };
    struct sw_str cut = sw_str_first(sw_str(repository), REPOSITORY_MAX);
    return sw_xasprintf("slipway-%.*s-%s", SW_STR_ARG(cut), build);
}

/* From the profile, the options, the environment, or our own; the caller's. */
static char *session_name(const struct sw_aws *aws, const struct aws_role *role)
{
    const struct aws_identity *identity = aws->identity;
    const char *name = role->session_name ? role->session_name : identity->role_session_name;
    name = name ? name : sw_env_get(identity->env, "AWS_ROLE_SESSION_NAME");
    if (name) {
        return sw_role_session_name(sw_str(name));
    }
    char *own SW_CLEANUP(sw_free_str) = own_session_name(identity->env);
    return sw_role_session_name(sw_str(own));
}

static enum sw_status call_sts(struct sw_aws *aws, const struct aws_call *how,
                               const struct sw_aws_param *params, size_t count,
                               const char *role_arn, struct sw_credentials *ret, struct sw_err *err)
{
    static const struct aws_credential_keys keys = { "SessionToken", "Expiration" };
    json_auto_t *output = NULL;
    enum sw_status status = aws_query_as(aws, how, sts_version, params, count, &output, err);
    if (status == SW_OK) {
        status = aws_credentials_from_json(sw_json_object(output, "Credentials"), &keys,
                                           "the answer of STS", "an assumed role", ret, err);
    }
    if (status != SW_OK) {
        (void)aws_configured_but_missing(err);
        return sw_wrap(err, "cannot assume role \"%s\"", role_arn);
    }
    return SW_OK;
}

enum sw_status aws_sts_assume_role(struct sw_aws *aws, const struct aws_role *role,
                                   const struct sw_credentials *with, struct sw_credentials *ret,
                                   struct sw_err *err)
{
    char *name SW_CLEANUP(sw_free_str) = session_name(aws, role);
    struct sw_aws_param params[4] = {
        { "RoleArn", role->arn },
        { "RoleSessionName", name },
        { "DurationSeconds", role->duration_s ? role->duration_s : one_hour },
    };
    size_t count = 3;
    if (role->external_id) {
        params[count++] = (struct sw_aws_param){ "ExternalId", role->external_id };
    }
    const struct aws_call how = {
        .service = "sts", .operation = "AssumeRole", .auth = AWS_AUTH_GIVEN, .given = with
    };
    return call_sts(aws, &how, params, count, role->arn, ret, err);
}

enum sw_status aws_sts_web_identity(struct sw_aws *aws, const struct aws_role *role,
                                    const char *token, struct sw_credentials *ret,
                                    struct sw_err *err)
{
    char *name SW_CLEANUP(sw_free_str) = session_name(aws, role);
    const struct sw_aws_param params[] = {
        { "RoleArn", role->arn },
        { "RoleSessionName", name },
        { "DurationSeconds", role->duration_s ? role->duration_s : one_hour },
        { "WebIdentityToken", token },
    };
    const struct aws_call how = { .service = "sts",
                                  .operation = "AssumeRoleWithWebIdentity",
                                  .auth = AWS_AUTH_NONE };
    return call_sts(aws, &how, params, SW_COUNT(params), role->arn, ret, err);
}
