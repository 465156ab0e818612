/* Access keys in environment variables: the SDKs' names, or names chosen on the command line. */
#include "provider.h"

#include <slipway/alloc.h>

static const char default_key[] = "AWS_ACCESS_KEY_ID";
static const char default_secret[] = "AWS_SECRET_ACCESS_KEY";
static const char default_token[] = "AWS_SESSION_TOKEN";

const char aws_source_environment[] = "environment variables";

struct variables {
    const char *key;
    const char *secret;
    const char *token;
    bool token_required;
};

/* The usual slips when keys are pasted into a form; a value never gets into the message. */
static enum sw_status check_values(const struct variables *names,
                                   const struct sw_credentials *credentials, struct sw_err *err)
{
    static const char quotes[] = "\"'";
    struct sw_str key = sw_str(credentials->access_key_id);
    for (size_t i = 0; i < key.len; i++) {
        if (!sw_is_alnum(key.ptr[i]) && !strchr("-_", key.ptr[i])) {
            return sw_fail(err, SW_E_CREDENTIALS,
                           "%s holds characters that no access key id has; is it quoted, or is "
                           "the secret in its place?",
                           names->key);
        }
    }
    for (const char *c = credentials->secret_access_key; *c; c++) {
        if ((unsigned char)*c <= ' ' || strchr(quotes, *c)) {
            return sw_fail(err, SW_E_CREDENTIALS, "%s holds quotes, blanks or line breaks",
                           names->secret);
        }
    }
    for (const char *c = credentials->session_token; c && *c; c++) {
        if ((unsigned char)*c <= ' ' || strchr(quotes, *c)) {
            return sw_fail(err, SW_E_CREDENTIALS, "%s holds quotes, blanks or line breaks",
                           names->token);
        }
    }
    return SW_OK;
}

static enum sw_status fill(const struct sw_env *env, const struct variables *names,
                           const char *source, struct sw_credentials *ret, struct sw_err *err)
{
    const char *token = names->token ? sw_env_get(env, names->token) : NULL;
    /* People paste keys with a newline at the end. */
    struct sw_credentials found = {
        .access_key_id = sw_str_dup(sw_str_trim(sw_str(sw_env_get(env, names->key)))),
        .secret_access_key = sw_str_dup(sw_str_trim(sw_str(sw_env_get(env, names->secret)))),
        .session_token = token ? sw_str_dup(sw_str_trim(sw_str(token))) : NULL,
        .source = source,
    };
    sw_credentials_redact(&found);
    enum sw_status status = check_values(names, &found, err);
    if (status != SW_OK) {
        sw_credentials_release(&found);
        return status;
    }
    *ret = found;
    return SW_OK;
}

static bool same(const char *a, const char *fallback)
{
    return !a || strcmp(a, fallback) == 0;
}

static enum sw_status get_named(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    const struct aws_identity *identity = aws->identity;
    if (same(identity->access_key_var, default_key) &&
        same(identity->secret_key_var, default_secret) &&
        same(identity->session_token_var, default_token)) {
        return sw_fail(err, SW_E_NOT_FOUND, "%s", "");
    }
    struct variables names = {
        .key = identity->access_key_var ? identity->access_key_var : default_key,
        .secret = identity->secret_key_var ? identity->secret_key_var : default_secret,
        /* Another key's session token would only spoil this one. */
        .token = identity->session_token_var
                     ? identity->session_token_var
                     : (same(identity->access_key_var, default_key) ? default_token : NULL),
        .token_required = !same(identity->session_token_var, default_token),
    };
    const char *needed[] = { names.key, names.secret, names.token_required ? names.token : NULL };
    static const char *const options[] = { "--access-key-var", "--secret-key-var",
                                           "--session-token-var" };
    for (size_t i = 0; i < SW_COUNT(needed); i++) {
        if (needed[i] && !sw_env_get(aws->identity->env, needed[i])) {
            return sw_fail(err, SW_E_CREDENTIALS,
                           "the environment variable \"%s\" (%s) is not set; set it in the "
                           "CircleCI project's environment variables or in a context",
                           needed[i], options[i]);
        }
    }
    return fill(aws->identity->env, &names, "the named environment variables", ret, err);
}

static enum sw_status get_standard(struct sw_aws *aws, struct sw_credentials *ret,
                                   struct sw_err *err)
{
    static const struct variables names = { default_key, default_secret, default_token, false };
    const struct sw_env *env = aws->identity->env;
    bool has_key = sw_env_get(env, default_key) != NULL;
    bool has_secret = sw_env_get(env, default_secret) != NULL;
    if (!has_key && !has_secret) {
        return sw_fail(err, SW_E_NOT_FOUND, "%s and %s are not set", default_key, default_secret);
    }
    if (!has_key || !has_secret) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "%s is set, but %s is not; set both in the CircleCI project's environment "
                       "variables or in a context",
                       has_key ? default_key : default_secret,
                       has_key ? default_secret : default_key);
    }
    return fill(env, &names, aws_source_environment, ret, err);
}

const struct aws_provider aws_provider_named_vars = { "named variables", get_named };
const struct aws_provider aws_provider_environment = { "environment variables", get_standard };
