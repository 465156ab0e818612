#include "commands.h"

#include "config_options.h"

#include <slipway/local.h>

#include <limits.h>
#include <unistd.h>

/* slipway local execute JOB */

struct local_args {
    struct sw_cli_common common;
    struct sw_cli_config compile;
    const char *config;
    const char *workdir;
    struct sw_strs env;
    struct sw_strs env_files;
    const char *checkout;
    const char *workspace;
    const char *artifacts;
    struct sw_strs skip;
    const char *timings;
};

static const struct sw_opt local_opts[] = {
    SW_CLI_COMMON(struct local_args, common),
    { .kind = SW_OPT_INCLUDE,
      .offset = offsetof(struct local_args, compile),
      .include = sw_cli_config_opts },
    { SW_OPT_STR, "config", 'c', offsetof(struct local_args, config), "FILE",
      "configuration, compiled or not; default .circleci/config.yml", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "workdir", 0, offsetof(struct local_args, workdir), "DIR",
      "working directory of the job; default a temporary one", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "env", 'e', offsetof(struct local_args, env), "NAME[=VALUE]",
      "variable for the steps; without a value the caller's", SW_OPT_RAW, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "env-file", 0, offsetof(struct local_args, env_files), "FILE",
      "file of NAME=value lines; the values are masked in the output", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "checkout", 0, offsetof(struct local_args, checkout), "DIR",
      "source that the checkout step copies; default the repository here", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "workspace", 0, offsetof(struct local_args, workspace), "DIR",
      "folder that keeps the workspace from job to job; default: it is not kept", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_STR, "artifacts", 0, offsetof(struct local_args, artifacts), "DIR",
      "folder for artifacts and test results; default: they are not kept", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "skip", 0, offsetof(struct local_args, skip), "NAME",
      "leave the step of this name out", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "timings", 0, offsetof(struct local_args, timings), "FILE",
      "write name, seconds and status of each step as JSON", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

static void write_out(void *ctx, const char *data, size_t len)
{
    struct sw_cli *cli = ctx;

    (void)fwrite(data, 1, len, cli->out);
    (void)fflush(cli->out);
}

static enum sw_status run_local(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct local_args *args = data;
    struct sw_cli_compile compile;
    char program[PATH_MAX] = "slipway";
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    enum sw_status status = sw_cli_compile_init(&compile, &args->compile, args->config, err);

    program[len > 0 ? len : (ssize_t)strlen("slipway")] = '\0';
    if (status == SW_OK) {
        const struct sw_local_options options = {
            .config = compile.options,
            .job = cli->operands.items[0],
            .source = args->checkout,
            .workdir = args->workdir,
            .workspace = args->workspace,
            .artifacts = args->artifacts,
            .timings = args->timings,
            .program = program,
            .env_files = &args->env_files,
            .env = &args->env,
            .skip = &args->skip,
            .write = write_out,
            .write_ctx = cli,
        };

        status = sw_local_execute(cli->env, &options, &cli->exit_code, err);
    }
    sw_cli_compile_release(&compile);
    return status;
}

const struct sw_command sw_cmd_local_execute = {
    .name = "local execute",
    .summary = "run the steps of a job on this machine",
    .description =
        "Compiles the configuration, or reads a compiled one, and runs the steps of JOB, a name of\n"
        "the compiled configuration such as \"build\" or \"aws-ecr/build_and_push_image\". Executors\n"
        "are not started: what is in the image must be on this machine. \"checkout\" copies the\n"
        "files that git knows or does not ignore. $BASH_ENV is fresh, and \"circleci env subst\" and\n"
        "\"circleci step halt\" work in steps; the first expands as slipway env subst does, which\n"
        "knows more than CircleCI's own: only $NAME, ${NAME}, ${NAME:-text} and ${NAME:=text} are\n"
        "the same there.\n\n"
        "Variables come from the caller, --env-file and --env; values of --env-file, and of\n"
        "variables named like secrets, are masked in the output of the steps.\n\n"
        "The exit code is 0 when the job passed, else the failing step's own (124 when it was ended\n"
        "because it printed nothing for the time of its no_output_timeout).",
    .operands = "JOB",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway local execute build --env-file .env.ci --workdir /tmp/build\n"
               "slipway local execute aws-ecr/build_and_push_image --orb acme/slipway=orb",
    .opts = local_opts,
    .args_size = sizeof(struct local_args),
    .run = run_local,
};
