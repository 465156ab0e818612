/* Making, sharing and freeing clients. */
#include "client.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

#include <stdlib.h>

static char *dup_given(const char *text)
{
    return text && text[0] ? sw_xstrdup(text) : NULL;
}

static void identity_unref(struct aws_identity *identity)
{
    if (--identity->refs > 0) {
        return;
    }
    free(identity->region);
    free(identity->profile);
    free(identity->endpoint_url);
    free(identity->access_key_var);
    free(identity->secret_key_var);
    free(identity->session_token_var);
    free(identity->role_arn);
    free(identity->role_session_name);
    aws_profiles_release(&identity->profiles);
    sw_credentials_release(&identity->credentials);
    free(identity);
}

static enum sw_status check_variable_name(const char *option, const char *name, struct sw_err *err)
{
    if (!name || sw_is_env_name(sw_str(name))) {
        return SW_OK;
    }
    /* What stands there is likely the key itself: it must not get into the message. */
    return sw_fail(err, SW_E_INPUT, "%s takes the name of an environment variable, not its value",
                   option);
}

struct sw_str aws_next_role(struct sw_str *rest)
{
    struct sw_str text = sw_str_trim(*rest);
    size_t end = 0;
    /* A role's name may hold commas: only what goes on with another ARN ends one. */
    for (; end < text.len; end++) {
        struct sw_str after = sw_str_trim(sw_str_from(text, end + 1));
        bool cut = text.ptr[end] == ',' || sw_is_space(text.ptr[end]);
        if (cut && sw_str_starts(after, "arn:")) {
            *rest = after;
            return sw_str_trim(sw_str_first(text, end));
        }
    }
    *rest = (struct sw_str){ NULL, 0 };
    return text;
}

/* arn:PARTITION:iam::ACCOUNT:role/NAME */
static bool is_role_arn(struct sw_str arn)
{
    struct sw_str rest = arn;
    bool is_arn = sw_str_is(sw_str_cut(&rest, ':'), "arn");
    bool has_partition = sw_str_cut(&rest, ':').len > 0;
    bool is_iam = sw_str_is(sw_str_cut(&rest, ':'), "iam");
    bool no_region = sw_str_cut(&rest, ':').len == 0;
    bool has_account = sw_str_cut(&rest, ':').len > 0;
    return is_arn && has_partition && is_iam && no_region && has_account &&
           sw_str_starts(rest, "role/");
}

static enum sw_status check_role_arns(const char *arns, struct sw_err *err)
{
    size_t count = 0;
    for (struct sw_str rest = sw_str(arns ? arns : ""); arns && rest.ptr; count++) {
        struct sw_str arn = aws_next_role(&rest);
        if (count == AWS_ROLES_MAX) {
            return sw_fail(err, SW_E_INPUT, "more than %d roles one after the other",
                           AWS_ROLES_MAX);
        }
        if (!is_role_arn(arn)) {
            return sw_fail(err, SW_E_INPUT,
                           "\"%.*s\" is not the ARN of a role; one looks like "
                           "\"arn:aws:iam::123456789012:role/deploy\"",
                           SW_STR_ARG(arn));
        }
    }
    return SW_OK;
}

static enum sw_status check_options(const struct sw_aws_options *options, struct sw_err *err)
{
    enum sw_status status = check_variable_name("--access-key-var", options->access_key_var, err);
    if (status == SW_OK) {
        status = check_variable_name("--secret-key-var", options->secret_key_var, err);
    }
    if (status == SW_OK) {
        status = check_variable_name("--session-token-var", options->session_token_var, err);
    }
    if (status == SW_OK) {
        status = check_role_arns(options->role_arn, err);
    }
    return status;
}

enum sw_status sw_aws_new(const struct sw_env *env, const struct sw_aws_options *options,
                          struct sw_aws **ret, struct sw_err *err)
{
    static const struct sw_aws_options none = { 0 };
    options = options ? options : &none;
    struct aws_identity *identity = sw_xcalloc(1, sizeof(*identity));
    *identity = (struct aws_identity){
        .refs = 1,
        .env = env,
        .region = dup_given(options->region),
        .profile = dup_given(options->profile),
        .endpoint_url = dup_given(options->endpoint_url),
        .access_key_var = dup_given(options->access_key_var),
        .secret_key_var = dup_given(options->secret_key_var),
        .session_token_var = dup_given(options->session_token_var),
        .role_arn = dup_given(options->role_arn),
        .role_session_name = dup_given(options->role_session_name),
        .use_fips = options->use_fips,
        .use_dualstack = options->use_dualstack,
    };
    struct sw_aws_options given = *options;
    given.access_key_var = identity->access_key_var;
    given.secret_key_var = identity->secret_key_var;
    given.session_token_var = identity->session_token_var;
    given.role_arn = identity->role_arn;
    enum sw_status status = check_options(&given, err);
    if (status != SW_OK) {
        identity_unref(identity);
        return status;
    }
    struct sw_aws *aws = sw_xcalloc(1, sizeof(*aws));
    aws->identity = identity;
    *ret = aws;
    return SW_OK;
}

void sw_aws_free(struct sw_aws *aws)
{
    if (!aws) {
        return;
    }
    identity_unref(aws->identity);
    free(aws->region);
    free(aws);
}

enum sw_status sw_aws_with_region(struct sw_aws *aws, const char *region, struct sw_aws **ret,
                                  struct sw_err *err)
{
    return sw_aws_with_endpoint(aws, region, false, false, ret, err);
}

enum sw_status sw_aws_with_endpoint(struct sw_aws *aws, const char *region, bool use_fips,
                                    bool use_dualstack, struct sw_aws **ret, struct sw_err *err)
{
    enum sw_status status = sw_region_check(sw_str(region), err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_aws *sibling = sw_xcalloc(1, sizeof(*sibling));
    sibling->identity = aws->identity;
    sibling->identity->refs++;
    sibling->region = sw_xstrdup(region);
    sibling->use_fips = aws->use_fips || use_fips;
    sibling->use_dualstack = aws->use_dualstack || use_dualstack;
    *ret = sibling;
    return SW_OK;
}

const struct sw_env *sw_aws_env(const struct sw_aws *aws)
{
    return aws->identity->env;
}

int64_t aws_now_ms(const struct sw_aws *aws)
{
    return sw_env_wall_ms(aws->identity->env) + aws->identity->clock_offset_ms;
}
