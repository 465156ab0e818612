#include "commands.h"
#include "config_options.h"

/* slipway orb validate FILE|DIR */

struct validate_args {
    struct sw_cli_common common;
    bool strict;
    struct sw_cli_config config; /* only --orb can be given */
};

static const struct sw_opt validate_opts[] = {
    SW_CLI_COMMON(struct validate_args, common),
    { SW_OPT_LIST, "orb", 0, offsetof(struct validate_args, config.orbs), "REF=PATH",
      "take an orb that this one imports from a packed file or a source folder", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_FLAG, "strict", 0, offsetof(struct validate_args, strict), NULL,
      "fail on warnings too", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

static enum sw_status run_validate(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct validate_args *args = data;
    const char *path = cli->operands.items[0];
    enum sw_status status =
        sw_cli_check_orb(cli, &args->config, path, args->common.quiet, args->strict, err);
    if (status == SW_OK) {
        sw_cli_out(cli, "Orb at \"%s\" is valid.\n", path);
    }
    return status;
}

const struct sw_command sw_cmd_orb_validate = {
    .name = "orb validate",
    .summary = "check an orb, without the service",
    .description =
        "Checks the orb in a packed FILE (\"-\" is standard input) or a source folder DIR: its\n"
        "shape, every command, job and executor expanded with its own parameters, and every\n"
        "usage example compiled with this orb in the place of the published one. Mistakes are\n"
        "printed with file, line and column; those in examples and missing descriptions are\n"
        "warnings, which --strict makes count.",
    .operands = "FILE|DIR",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway orb validate orb\n"
               "slipway orb pack orb | slipway orb validate -",
    .opts = validate_opts,
    .args_size = sizeof(struct validate_args),
    .run = run_validate,
};
