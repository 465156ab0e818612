#include "orb_options.h"

const struct sw_opt sw_cli_registry_opts[] = {
    { SW_OPT_STR, "host", 0, offsetof(struct sw_cli_registry, host), "URL",
      "CircleCI server; default CIRCLECI_CLI_HOST, else https://circleci.com", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_STR, "token-var", 0, offsetof(struct sw_cli_registry, token_var), "NAME",
      "variable with the API token; default CIRCLECI_CLI_TOKEN, else CIRCLE_TOKEN", SW_OPT_RAW,
      NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct sw_cli_registry, output), "text|json",
      "form of the result; default text", 0, "text|json", 0, 0, NULL },
    { .kind = SW_OPT_END },
};

enum sw_status sw_cli_registry_open(struct sw_cli *cli, const struct sw_cli_registry *options,
                                    struct sw_circleci *ret, struct sw_err *err)
{
    const char *token_var = sw_cli_text_or_null(options->token_var);
    *ret = (struct sw_circleci){ 0 };
    if (token_var != NULL && !sw_is_env_name(sw_str(token_var))) {
        /* It may be a token that somebody pasted: it is not repeated. */
        return sw_fail(err, SW_E_USAGE,
                       "option \"--token-var\" takes the name of an environment variable, not a "
                       "token; put the token into a variable");
    }
    return sw_circleci_init(ret, cli->env, sw_cli_text_or_null(options->host), token_var, err);
}

bool sw_cli_registry_json(const struct sw_cli_registry *options)
{
    return options->output != NULL && strcmp(options->output, "json") == 0;
}
