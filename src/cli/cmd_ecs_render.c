#include "commands.h"
#include "ecs_options.h"

struct render_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_changes changes;
};

static const struct sw_opt render_opts[] = {
    SW_CLI_COMMON(struct render_args, common),
    SW_CLI_ECS_SOURCE(struct render_args, source),
    SW_CLI_ECS_CHANGES(struct render_args, changes),
    SW_CLI_AWS(struct render_args, aws),
    { .kind = SW_OPT_END },
};

static enum sw_status run_render(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct render_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_cli_ecs_edit edit = { .before = NULL };
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = sw_cli_ecs_edit(aws, &args->source, &args->changes, false, &edit, err);
    }
    if (status == SW_OK) {
        sw_cli_out_json(cli, edit.taskdef.definition);
    }
    sw_cli_ecs_edit_release(&edit);
    return status;
}

const struct sw_command sw_cmd_ecs_render = {
    .name = "ecs render",
    .summary = "print a task definition with changes applied",
    .description =
        "Reads a task definition, applies the changes and prints the result as JSON in the form "
        "that RegisterTaskDefinition takes, environment values included. Nothing is registered. "
        "What the changes do not name stays as it is, whatever it is.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .operands = "",
    .example = "slipway ecs render --family web --image web=nginx:1.27 > task-definition.json\n"
               "slipway ecs render --file task-definition.json --env web:LEVEL=info",
    .opts = render_opts,
    .args_size = sizeof(struct render_args),
    .run = run_render,
};
