#include "commands.h"
#include "config_options.h"

/* slipway config process [FILE] */

struct process_args {
    struct sw_cli_common common;
    struct sw_cli_config config;
    const char *output;
};

static const struct sw_opt process_opts[] = {
    SW_CLI_COMMON(struct process_args, common),
    { .kind = SW_OPT_INCLUDE,
      .offset = offsetof(struct process_args, config),
      .include = sw_cli_config_opts },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct process_args, output), "FORMAT",
      "form of the result; default text, which is YAML", 0, "text|json", 0, 0, NULL },
    { .kind = SW_OPT_END },
};

/* Says what the user's few lines stand for; `text` is the compiled document. */
static void say_lines(struct sw_cli *cli, const char *path, const struct sw_config *config,
                      struct sw_str text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' ? 1 : 0;
    }
    size_t before = sw_config_source_lines(config);
    sw_say(cli->env, "compiled %s: %zu line%s became %zu", path, before, before == 1 ? "" : "s",
           lines);
}

static enum sw_status print_compiled(struct sw_cli *cli, const struct process_args *args,
                                     const char *path, const struct sw_config *config,
                                     struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    enum sw_status status = sw_config_write(config, &text, err);
    if (status != SW_OK) {
        return status;
    }
    if (args->output != NULL && strcmp(args->output, "json") == 0) {
        json_auto_t *json = sw_config_compiled_json(config);
        sw_cli_out_json(cli, json);
    } else {
        (void)fwrite(text.ptr, 1, text.len, cli->out); /* a failure shows when main flushes */
    }
    say_lines(cli, path, config, sw_buf_str(&text));
    return SW_OK;
}

static enum sw_status run_process(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct process_args *args = data;
    const char *path = cli->operands.count > 0 ? cli->operands.items[0] : ".circleci/config.yml";
    struct sw_cli_compile compile;
    struct sw_config_problems problems = { 0 };
    SW_CLEANUP(sw_config_cleanup) struct sw_config *config = NULL;
    enum sw_status status = sw_cli_compile_init(&compile, &args->config, path, err);
    if (status == SW_OK) {
        status = sw_config_compile(cli->env, &compile.options, &problems, &config, err);
        sw_cli_print_problems(cli, &problems, args->common.quiet);
        status = status == SW_OK ? print_compiled(cli, args, path, config, err)
                                 : sw_cli_invalid(err, "config file", path, &problems);
    }
    sw_config_problems_release(&problems);
    sw_cli_compile_release(&compile);
    return status;
}

const struct sw_command sw_cmd_config_process = {
    .name = "config process",
    .summary = "print what a CircleCI configuration compiles to, without the service",
    .description =
        "Reads FILE (default .circleci/config.yml, \"-\" is standard input) and prints the plain\n"
        "jobs and workflows that run: orbs, parameters, logic and matrices resolved. Orbs are\n"
        "taken from local files: --orb names a packed file or an orb's source folder for each.\n\n"
        "Pipeline values that --pipeline-value does not give are made up, as the service's own\n"
        "program does; branch, tag and revision come from CIRCLE_BRANCH, CIRCLE_TAG and\n"
        "CIRCLE_SHA1 where these are set.\n\n"
        "All mistakes are printed with file, line and column, those inside an orb with the place\n"
        "in its source folder, and with the calls that led there.",
    .json = "the compiled configuration.",
    .operands = "[FILE]",
    .operands_max = 1,
    .example = "slipway config process --orb acme/slipway@1.0.0=orb\n"
               "slipway config process --pipeline-value git.branch=main -o json",
    .opts = process_opts,
    .args_size = sizeof(struct process_args),
    .run = run_process,
};
