#include "commands.h"
#include "config_options.h"

/* slipway config validate [FILE] */

struct validate_args {
    struct sw_cli_common common;
    bool strict;
    struct sw_cli_config config;
};

static const struct sw_opt validate_opts[] = {
    SW_CLI_COMMON(struct validate_args, common),
    { .kind = SW_OPT_INCLUDE,
      .offset = offsetof(struct validate_args, config),
      .include = sw_cli_config_opts },
    { SW_OPT_FLAG, "strict", 0, offsetof(struct validate_args, strict), NULL,
      "fail on warnings too", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

static enum sw_status run_validate(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct validate_args *args = data;
    const char *path = cli->operands.count > 0 ? cli->operands.items[0] : ".circleci/config.yml";
    struct sw_cli_compile compile;
    struct sw_config_problems problems = { 0 };
    SW_CLEANUP(sw_config_cleanup) struct sw_config *config = NULL;
    enum sw_status status = sw_cli_compile_init(&compile, &args->config, path, err);
    if (status == SW_OK) {
        compile.options.check_all = true;
        status = sw_config_compile(cli->env, &compile.options, &problems, &config, err);
        sw_cli_print_problems(cli, &problems, args->common.quiet);
        status = status == SW_OK ? status : sw_cli_invalid(err, "config file", path, &problems);
        if (status == SW_OK && args->strict) {
            status = sw_cli_strict(err, "config file", path, &problems);
        }
    }
    if (status == SW_OK) {
        sw_cli_out(cli, "Config file at \"%s\" is valid.\n", path);
    }
    sw_config_problems_release(&problems);
    sw_cli_compile_release(&compile);
    return status;
}

const struct sw_command sw_cmd_config_validate = {
    .name = "config validate",
    .summary = "check a CircleCI configuration, without the service",
    .description =
        "Compiles FILE (default .circleci/config.yml, \"-\" is standard input) as config process\n"
        "does, and also checks what does not run: workflows and steps behind a false condition,\n"
        "and jobs and commands that nothing uses. Orbs are taken from local files (--orb). Odd\n"
        "things that the service lets pass are warnings, which --strict makes count.",
    .operands = "[FILE]",
    .operands_max = 1,
    .example = "slipway config validate --orb acme/slipway@1.0.0=orb",
    .opts = validate_opts,
    .args_size = sizeof(struct validate_args),
    .run = run_validate,
};
