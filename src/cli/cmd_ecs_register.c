#include "commands.h"
#include "ecs_facts.h"
#include "ecs_options.h"

#include <slipway/alloc.h>

struct register_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_running running;
    struct sw_cli_ecs_changes changes;
    bool allow_unchanged;
    const char *export_env;
    const char *output;
};

static const struct sw_opt register_opts[] = {
    SW_CLI_COMMON(struct register_args, common),
    SW_CLI_ECS_SOURCE(struct register_args, source),
    SW_CLI_ECS_RUNNING(struct register_args, running),
    SW_CLI_ECS_CHANGES(struct register_args, changes),
    { .kind = SW_OPT_FLAG,
      .name = "allow-unchanged",
      .offset = offsetof(struct register_args, allow_unchanged),
      .help = "an update that changes nothing is success: the present revision is the result" },
    { .kind = SW_OPT_STR,
      .name = "export-env",
      .offset = offsetof(struct register_args, export_env),
      .value = "FILE",
      .help = "append the revision's ARN as a shell variable, e.g. for $BASH_ENV" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct register_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct register_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct register_args *args = args_;
    args->output = "text";
}

static enum sw_status register_edit(struct sw_aws *aws, const struct register_args *args,
                                    struct sw_cli_ecs_edit *edit, char **ret_arn, bool *ret_new,
                                    struct sw_err *err)
{
    bool changed = !edit->before || edit->taskdef.inactive ||
                   !sw_taskdef_equal(edit->before, edit->taskdef.definition, false);
    *ret_new = changed;
    if (changed) {
        return sw_taskdef_register(aws, &edit->taskdef, ret_arn, err);
    }
    if (args->allow_unchanged) {
        sw_say(sw_aws_env(aws), "nothing changed: %s is what is wanted already",
               edit->before_label);
        *ret_arn = sw_xstrdup(edit->before_arn);
        return SW_OK;
    }
    return sw_fail(err, SW_E_UNCHANGED,
                   "an update that changes nothing: %s is what is wanted already; "
                   "--allow-unchanged accepts it",
                   edit->before_label);
}

static enum sw_status print_result(struct sw_cli *cli, const struct register_args *args,
                                   const char *family, const char *arn, bool is_new,
                                   struct sw_err *err)
{
    const char *export_env = sw_cli_text_or_null(args->export_env);
    if (is_new) {
        sw_say(cli->env, "registered %s", sw_taskdef_short_name(arn));
    }
    if (strcmp(args->output, "json") == 0) {
        json_auto_t *facts = json_pack("{s:s, s:s, s:b}", "family", family, "taskDefinition", arn,
                                       "registered", (int)is_new);
        sw_cli_out_json(cli, facts);
    } else {
        sw_cli_out(cli, "%s\n", arn);
    }
    return export_env ? sw_cli_ecs_export(export_env, arn, NULL, NULL, err) : SW_OK;
}

static enum sw_status run_register(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct register_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_cli_ecs_edit edit = { .before = NULL };
    SW_CLEANUP(sw_free_str) char *arn = NULL;
    bool is_new = false;
    enum sw_status status =
        sw_cli_ecs_check_files(sw_cli_text_or_null(args->export_env), NULL, NULL, err);
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    if (status == SW_OK) {
        status =
            sw_cli_ecs_edit(aws, &args->source, &args->running, &args->changes, true, &edit, err);
    }
    if (status == SW_OK) {
        status = register_edit(aws, args, &edit, &arn, &is_new, err);
    }
    if (status == SW_OK) {
        status = print_result(cli, args, edit.taskdef.family, arn, is_new, err);
    }
    sw_cli_ecs_edit_release(&edit);
    return status;
}

const struct sw_command sw_cmd_ecs_register = {
    .name = "ecs register",
    .summary = "register a new revision of a task definition",
    .description =
        "Reads a task definition, applies the changes and registers the result. What the changes "
        "do not name is registered as it was. The result is the new revision's ARN. An update "
        "that changes nothing registers nothing and is an error unless --allow-unchanged is "
        "given.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .json = "family, taskDefinition, registered (whether it is new).",
    .operands = "",
    .example = "slipway ecs register --family web --image web=nginx:1.27\n"
               "slipway ecs register --file task-definition.json --allow-unchanged",
    .opts = register_opts,
    .args_size = sizeof(struct register_args),
    .defaults = set_defaults,
    .run = run_register,
};
