#include "commands.h"
#include "ecs_options.h"

#include <slipway/fs.h>
#include <slipway/yaml.h>

struct render_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_running running;
    struct sw_cli_ecs_changes changes;
    const char *output_file;
    const char *output;
};

static const struct sw_opt render_opts[] = {
    SW_CLI_COMMON(struct render_args, common),
    SW_CLI_ECS_SOURCE(struct render_args, source),
    SW_CLI_ECS_RUNNING(struct render_args, running),
    SW_CLI_ECS_CHANGES(struct render_args, changes),
    { .kind = SW_OPT_STR,
      .name = "output-file",
      .offset = offsetof(struct render_args, output_file),
      .value = "FILE",
      .help = "write the result to this file, readable for its owner alone" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct render_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "json|yaml" },
    SW_CLI_AWS(struct render_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct render_args *args = args_;
    args->output = "json";
}

static enum sw_status write_definition(json_t *definition, const char *format, struct sw_buf *out,
                                       struct sw_err *err)
{
    if (strcmp(format, "json") == 0) {
        sw_json_dump(definition, 2, out);
        sw_buf_add_char(out, '\n');
        return sw_buf_check(out, "the definition", err);
    }
    struct sw_yaml_pool *pool SW_CLEANUP(sw_yaml_pool_cleanup) = sw_yaml_pool_new();
    return sw_yaml_emit(sw_yaml_from_json(pool, definition, NULL), out, err);
}

static enum sw_status print_definition(struct sw_cli *cli, const struct render_args *args,
                                       json_t *definition, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    const char *file = sw_cli_text_or_null(args->output_file);
    sw_buf_init(&text, SW_JSON_MAX);
    enum sw_status status = write_definition(definition, args->output, &text, err);
    if (status == SW_OK && file) {
        status = sw_fs_write_atomic(file, sw_buf_str(&text), 0600, err);
        return status == SW_OK ? SW_OK : sw_wrap(err, "--output-file");
    }
    if (status == SW_OK) {
        sw_cli_out(cli, "%s", text.ptr);
    }
    return status;
}

static enum sw_status run_render(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct render_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_cli_ecs_edit edit = { .before = NULL };
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status =
            sw_cli_ecs_edit(aws, &args->source, &args->running, &args->changes, false, &edit, err);
    }
    if (status == SW_OK) {
        sw_cli_ecs_edit_warn(cli, &edit);
        status = print_definition(cli, args, edit.taskdef.definition, err);
    }
    sw_cli_ecs_edit_release(&edit);
    return status;
}

const struct sw_command sw_cmd_ecs_render = {
    .name = "ecs render",
    .summary = "print a task definition with changes applied",
    .description =
        "Reads a task definition, applies the changes and prints the result, as JSON or YAML in "
        "the form that RegisterTaskDefinition takes, environment values included. Nothing is "
        "registered; what ECS would refuse is warned of. What the changes do not name stays as it "
        "is, whatever it is.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .operands = "",
    .example = "slipway ecs render --family web --image web=nginx:1.27 --output-file web.json\n"
               "slipway ecs render --file task-definition.json --env web:LEVEL=info",
    .opts = render_opts,
    .args_size = sizeof(struct render_args),
    .defaults = set_defaults,
    .run = run_render,
};
