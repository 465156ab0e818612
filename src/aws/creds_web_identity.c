/* OpenID Connect: a token of the CI service is exchanged for a role's credentials. */
#include "provider.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/log.h>

#include <stdlib.h>

static const char file_variable[] = "AWS_WEB_IDENTITY_TOKEN_FILE";
/* CircleCI's, newest first. */
static const char *const token_variables[] = { "CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN" };

static const char *token_value(const struct sw_env *env)
{
    for (size_t i = 0; i < SW_COUNT(token_variables); i++) {
        const char *value = sw_env_get(env, token_variables[i]);
        if (value) {
            return value;
        }
    }
    return NULL;
}

bool aws_has_web_identity_token(const struct sw_env *env)
{
    return sw_env_get(env, file_variable) || token_value(env);
}

enum sw_status aws_read_token_file(const char *path, char **ret, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&text, AWS_TOKEN_MAX);
    enum sw_status status = sw_fs_read(path, &text, err);
    if (status != SW_OK) {
        (void)aws_configured_but_missing(err);
        return sw_wrap(err, "cannot read the token file");
    }
    struct sw_str token = sw_str_trim(sw_buf_str(&text));
    if (token.len == 0 || sw_str_find(token, '\n') >= 0 || sw_str_find(token, '\r') >= 0) {
        return sw_fail(err, SW_E_CREDENTIALS, "the token file \"%s\" %s", path,
                       token.len == 0 ? "is empty" : "has more than one line");
    }
    sw_redact_add(token);
    *ret = sw_str_dup(token);
    return SW_OK;
}

enum sw_status aws_web_identity_assume(struct sw_aws *aws, const char *role_arn,
                                       struct sw_credentials *ret, struct sw_err *err)
{
    const struct sw_env *env = aws->identity->env;
    const struct aws_role role = { .arn = role_arn };
    const char *path = sw_env_get(env, file_variable);
    char *token SW_CLEANUP(sw_free_secret_str) = NULL;
    if (path) {
        enum sw_status status = aws_read_token_file(path, &token, err);
        if (status != SW_OK) {
            return sw_wrap(err, "%s", file_variable);
        }
    } else {
        token = sw_str_dup(sw_str_trim(sw_str(token_value(env))));
        sw_redact_add(sw_str(token));
    }
    enum sw_status status = aws_sts_web_identity(aws, &role, token, ret, err);
    if (status == SW_OK) {
        ret->source = "OpenID Connect";
    }
    return status;
}

static enum sw_status get(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    const struct sw_env *env = aws->identity->env;
    const char *role_arn = aws->identity->role_arn;
    role_arn = role_arn ? role_arn : sw_env_get(env, "AWS_ROLE_ARN");
    bool has_token = aws_has_web_identity_token(env);
    if (has_token && role_arn) {
        return aws_web_identity_assume(aws, role_arn, ret, err);
    }
    if (sw_env_get(env, file_variable)) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "%s is set, but no role: set AWS_ROLE_ARN or pass --role-arn",
                       file_variable);
    }
    if (has_token) {
        return sw_fail(err, SW_E_NOT_FOUND, "a CircleCI token is there, but no role ARN");
    }
    return sw_fail(err, SW_E_NOT_FOUND, "no token");
}

const struct aws_provider aws_provider_web_identity = { "OpenID Connect", get };
