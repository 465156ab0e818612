#include "cli.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

#include <stdarg.h>

const struct sw_opt sw_cli_common_opts[] = {
    { SW_OPT_FLAG, "help", 'h', offsetof(struct sw_cli_common, help), NULL, "show this help", 0,
      NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "debug", 0, offsetof(struct sw_cli_common, debug), NULL,
      "log each request and decision to stderr, secrets masked", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "quiet", 'q', offsetof(struct sw_cli_common, quiet), NULL,
      "print nothing but results and errors", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "expand", 0, offsetof(struct sw_cli_common, expand), NULL,
      "expand ${VAR} in all values and operands as a shell would, executing nothing", 0, NULL, 0, 0,
      NULL },
    { .kind = SW_OPT_END },
};

const struct sw_opt sw_cli_aws_opts[] = {
    { SW_OPT_STR, "region", 0, offsetof(struct sw_cli_aws, region), "REGION",
      "AWS region; default AWS_REGION, AWS_DEFAULT_REGION or the profile's", SW_OPT_NAME, NULL, 0,
      0, NULL },
    { SW_OPT_STR, "profile", 0, offsetof(struct sw_cli_aws, profile), "NAME",
      "profile in the shared AWS configuration files; default AWS_PROFILE, else default", 0, NULL,
      0, 0, NULL },
    { SW_OPT_STR, "endpoint-url", 0, offsetof(struct sw_cli_aws, endpoint_url), "URL",
      "send AWS calls here instead of to AWS; default AWS_ENDPOINT_URL", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "access-key-var", 0, offsetof(struct sw_cli_aws, access_key_var), "NAME",
      "name of the variable that holds the access key id; default AWS_ACCESS_KEY_ID", SW_OPT_RAW,
      NULL, 0, 0, NULL },
    { SW_OPT_STR, "secret-key-var", 0, offsetof(struct sw_cli_aws, secret_key_var), "NAME",
      "name of the variable that holds the secret access key; default AWS_SECRET_ACCESS_KEY",
      SW_OPT_RAW, NULL, 0, 0, NULL },
    { SW_OPT_STR, "session-token-var", 0, offsetof(struct sw_cli_aws, session_token_var), "NAME",
      "name of the variable that holds the session token; default AWS_SESSION_TOKEN", SW_OPT_RAW,
      NULL, 0, 0, NULL },
    { SW_OPT_STR, "role-arn", 0, offsetof(struct sw_cli_aws, role_arn), "ARN[,...]",
      "assume this role, with CircleCI's OIDC token when there is one; several, one after the other",
      0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "role-session-name", 0, offsetof(struct sw_cli_aws, role_session_name), "NAME",
      "session name to assume the role with; default AWS_ROLE_SESSION_NAME, else one that names project and build",
      0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "fips", 0, offsetof(struct sw_cli_aws, use_fips), NULL, "use FIPS endpoints", 0,
      NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "dualstack", 0, offsetof(struct sw_cli_aws, use_dualstack), NULL,
      "use dual-stack (IPv4 and IPv6) endpoints", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

void sw_cli_out(struct sw_cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vfprintf(cli->out, fmt, args);
    va_end(args);
}

void sw_cli_out_json(struct sw_cli *cli, const json_t *value)
{
    (void)json_dumpf(value, cli->out, JSON_INDENT(2) | JSON_ENCODE_ANY);
    (void)fputc('\n', cli->out);
}

/* A variable's name out of NAME, $NAME or ${NAME}; the 2019 orbs took all three. */
static enum sw_status variable_name(const char *option, const char *text, char **ret,
                                    struct sw_err *err)
{
    struct sw_str name = sw_str_trim(sw_str(text));

    *ret = NULL;
    if (name.len == 0) {
        return SW_OK;
    }
    if (sw_str_starts(name, "${") && sw_str_ends(name, "}")) {
        name = sw_str_n(name.ptr + 2, name.len - 3);
    } else if (sw_str_starts(name, "$")) {
        name = sw_str_from(name, 1);
    }
    if (!sw_is_env_name(name)) {
        /* The text itself may be a key somebody pasted: it is not repeated. */
        sw_redact_add(sw_str(text));
        return sw_fail(err, SW_E_USAGE,
                       "option \"--%s\" takes the name of an environment variable, not a value; "
                       "put the value into a variable in the project settings or a context",
                       option);
    }
    *ret = sw_str_dup(name);
    return SW_OK;
}

enum sw_status sw_cli_aws_new(struct sw_cli *cli, const struct sw_cli_aws *options,
                              struct sw_aws **ret, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) access_key = NULL;
    char *SW_CLEANUP(sw_free_str) secret_key = NULL;
    char *SW_CLEANUP(sw_free_str) session_token = NULL;
    struct sw_aws_options aws;

    if (variable_name("access-key-var", options->access_key_var, &access_key, err) ||
        variable_name("secret-key-var", options->secret_key_var, &secret_key, err) ||
        variable_name("session-token-var", options->session_token_var, &session_token, err)) {
        return err->status;
    }
    aws = (struct sw_aws_options){
        .region = options->region,
        .profile = options->profile,
        .endpoint_url = options->endpoint_url,
        .access_key_var = access_key,
        .secret_key_var = secret_key,
        .session_token_var = session_token,
        .role_arn = options->role_arn,
        .role_session_name = options->role_session_name,
        .use_fips = options->use_fips,
        .use_dualstack = options->use_dualstack,
    };
    return sw_aws_new(cli->env, &aws, ret, err);
}

enum sw_status sw_cli_usage(struct sw_err *err, const char *fmt, ...)
{
    char text[SW_ERR_MSG_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return sw_fail(err, SW_E_USAGE, "%s", text);
}

const char *sw_cli_text_or_null(const char *text)
{
    return text && text[0] != '\0' ? text : NULL;
}
