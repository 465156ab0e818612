#include "commands.h"

#include <slipway/alloc.h>
#include <slipway/local.h>

#include <limits.h>
#include <unistd.h>

/* slipway local execute JOB */

struct local_args {
    struct sw_cli_common common;
    const char *config;
    struct sw_strs orbs;
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
    { SW_OPT_STR, "config", 'c', offsetof(struct local_args, config), "FILE",
      "configuration, compiled or not; default .circleci/config.yml", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "orb", 0, offsetof(struct local_args, orbs), "REF=PATH",
      "local file or source folder of an orb", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "workdir", 0, offsetof(struct local_args, workdir), "DIR",
      "working directory of the job; default a temporary one", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "env", 'e', offsetof(struct local_args, env), "NAME[=VALUE]",
      "variable for the steps; without a value the caller's", SW_OPT_RAW, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "env-file", 0, offsetof(struct local_args, env_files), "FILE",
      "file of NAME=value lines; the values are masked in the output", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "checkout", 0, offsetof(struct local_args, checkout), "DIR",
      "source that the checkout step copies; default the repository here", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "workspace", 0, offsetof(struct local_args, workspace), "DIR",
      "folder that keeps the workspace from job to job", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "artifacts", 0, offsetof(struct local_args, artifacts), "DIR",
      "folder for artifacts and test results", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "skip", 0, offsetof(struct local_args, skip), "NAME",
      "leave the step of this name out", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "timings", 0, offsetof(struct local_args, timings), "FILE",
      "write name, seconds and status of each step as JSON", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

/* REF=PATH as the compiler wants it; the texts are borrowed from `copies`. */
static enum sw_status read_orbs(const struct sw_strs *texts, struct sw_strs *copies,
                                struct sw_config_orb *ret, struct sw_err *err)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct sw_str path = sw_str(texts->items[i]);
        struct sw_str ref = sw_str_cut(&path, '=');

        if (ref.len == 0 || path.len == 0) {
            return sw_cli_usage(err, "--orb: \"%s\" is not REF=PATH", texts->items[i]);
        }
        sw_strs_add(copies, ref);
        ret[i] = (struct sw_config_orb){ .ref = copies->items[copies->count - 1],
                                         .path = texts->items[i] + ref.len + 1 };
    }
    return SW_OK;
}

static void write_out(void *ctx, const char *data, size_t len)
{
    struct sw_cli *cli = ctx;

    (void)fwrite(data, 1, len, cli->out);
    (void)fflush(cli->out);
}

static enum sw_status run_local(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct local_args *args = data;
    struct sw_strs SW_CLEANUP(sw_strs_release) refs = { 0 };
    struct sw_config_orb *orbs = NULL;
    char program[PATH_MAX] = "slipway";
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    enum sw_status status;

    program[len > 0 ? len : (ssize_t)strlen("slipway")] = '\0';
    orbs = sw_xcalloc(args->orbs.count + 1, sizeof(*orbs));
    status = read_orbs(&args->orbs, &refs, orbs, err);
    if (status == SW_OK) {
        const struct sw_local_options options = {
            .config = { .path = args->config, .orbs = orbs, .orb_count = args->orbs.count },
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
    free(orbs);
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
        "\"circleci step halt\" work in steps.\n\n"
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
