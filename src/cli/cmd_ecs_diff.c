#include "commands.h"
#include "ecs_options.h"

struct diff_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_running running;
    struct sw_cli_ecs_changes changes;
    bool show_values;
    bool exit_code;
    const char *color;
    const char *output;
};

static const struct sw_opt diff_opts[] = {
    SW_CLI_COMMON(struct diff_args, common),
    SW_CLI_ECS_SOURCE(struct diff_args, source),
    SW_CLI_ECS_RUNNING(struct diff_args, running),
    SW_CLI_ECS_CHANGES(struct diff_args, changes),
    { .kind = SW_OPT_FLAG,
      .name = "show-values",
      .offset = offsetof(struct diff_args, show_values),
      .help = "show values of environment variables, which may be secret" },
    { .kind = SW_OPT_FLAG,
      .name = "exit-code",
      .offset = offsetof(struct diff_args, exit_code),
      .help = "end with exit code 1 when there are differences" },
    { .kind = SW_OPT_ENUM,
      .name = "color",
      .offset = offsetof(struct diff_args, color),
      .value = "WHEN",
      .help = "colour the differences; auto: on a terminal, unless NO_COLOR is set",
      .choices = "auto|always|never" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct diff_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct diff_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct diff_args *args = args_;
    args->output = "text";
    args->color = "auto";
}

static void print_json(struct sw_cli *cli, const struct sw_taskdef_diff *diff, bool show_values)
{
    json_auto_t *list = json_array();
    for (size_t i = 0; i < diff->count; i++) {
        const struct sw_taskdef_change *change = &diff->items[i];
        const char op[2] = { change->op, '\0' };
        json_t *fact = json_pack("{s:s, s:s}", "op", op, "path", change->path);
        if (change->from) {
            (void)json_object_set_new(fact, "from",
                                      sw_taskdef_change_shown(change, change->from, show_values));
        }
        if (change->to) {
            (void)json_object_set_new(fact, "to",
                                      sw_taskdef_change_shown(change, change->to, show_values));
        }
        (void)json_array_append_new(list, fact);
    }
    sw_cli_out_json(cli, list);
}

static bool wants_color(const struct sw_cli *cli, const char *when)
{
    return strcmp(when, "auto") == 0 ? cli->color : strcmp(when, "always") == 0;
}

static void print_text(struct sw_cli *cli, const struct diff_args *args,
                       const struct sw_taskdef_diff *diff)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_JSON_MAX);
    sw_taskdef_diff_print(diff, args->show_values, wants_color(cli, args->color), &text);
    sw_cli_out(cli, "%s", text.ptr);
}

static enum sw_status print_diff(struct sw_cli *cli, const struct diff_args *args,
                                 const struct sw_cli_ecs_edit *edit, struct sw_err *err)
{
    json_auto_t *nothing = json_object();
    struct sw_taskdef_diff diff;
    sw_taskdef_diff(edit->before ? edit->before : nothing, edit->taskdef.definition, &diff);
    if (strcmp(args->output, "json") == 0) {
        print_json(cli, &diff, args->show_values);
    } else {
        print_text(cli, args, &diff);
    }
    size_t count = diff.count;
    sw_taskdef_diff_release(&diff);
    const char *label = edit->before_label ? edit->before_label : "nothing: the family is new";
    if (count > 0 && args->exit_code) {
        return sw_fail(err, SW_E_FAILED, "%zu difference%s to %s", count, count == 1 ? "" : "s",
                       label);
    }
    if (count == 0) {
        sw_say(cli->env, "no difference to %s", label);
    } else {
        sw_say(cli->env, "%zu difference%s to %s", count, count == 1 ? "" : "s", label);
    }
    return SW_OK;
}

static enum sw_status run_diff(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct diff_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_cli_ecs_edit edit = { .before = NULL };
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status =
            sw_cli_ecs_edit(aws, &args->source, &args->running, &args->changes, true, &edit, err);
    }
    if (status == SW_OK) {
        sw_cli_ecs_edit_warn(cli, &edit);
        status = print_diff(cli, args, &edit, err);
    }
    sw_cli_ecs_edit_release(&edit);
    return status;
}

const struct sw_command sw_cmd_ecs_diff = {
    .name = "ecs diff",
    .summary = "show what changes would do to a task definition",
    .description =
        "Prints one line per difference between the revision that is registered and the one that "
        "the changes, or the file, would make: + added, - removed, ~ changed. Containers, "
        "variables and the like are compared by name; what means the same to ECS is no "
        "difference. Values of environment variables are hidden unless asked for, and so are those "
        "of log options and labels whose names speak of secrets. What ECS would refuse is warned "
        "of. Nothing is registered.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .json = "a list of differences: op (+, - or ~), path, from, to.",
    .operands = "",
    .example = "slipway ecs diff --family web --tag-image web=1.27\n"
               "slipway ecs diff --file task-definition.json",
    .opts = diff_opts,
    .args_size = sizeof(struct diff_args),
    .defaults = set_defaults,
    .run = run_diff,
};
