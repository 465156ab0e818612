#include "commands.h"

#include <slipway/task.h>
#include <slipway/taskdef.h>

struct run_task_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *cluster;
    const char *task_definition;
    int64_t count;
    const char *launch_type;
    struct sw_strs capacity_providers;
    const char *subnets;
    const char *security_groups;
    enum sw_switch public_ip;
    struct sw_strs placement_constraints;
    struct sw_strs placement_strategies;
    const char *overrides;
    struct sw_strs commands;
    struct sw_strs env;
    const char *cpu;
    const char *memory;
    const char *task_role;
    const char *execution_role;
    int64_t ephemeral_storage;
    struct sw_strs tags;
    const char *started_by;
    const char *group;
    const char *platform_version;
    bool enable_execute_command;
    bool propagate_tags;
    bool managed_tags;
    const char *settings;
    bool wait;
    int64_t timeout_ms;
    int64_t poll_interval_ms;
    const char *exit_code_from;
    bool logs;
    bool stop_on_cancel;
    const char *output;
};

#define TEXT(option, member, placeholder, text)                                                 \
    {                                                                                           \
        .kind = SW_OPT_STR, .name = (option), .offset = offsetof(struct run_task_args, member), \
        .value = (placeholder), .help = (text)                                                  \
    }
#define LIST(option, member, placeholder, text)                                                  \
    {                                                                                            \
        .kind = SW_OPT_LIST, .name = (option), .offset = offsetof(struct run_task_args, member), \
        .value = (placeholder), .help = (text)                                                   \
    }
#define FLAG(option, member, text)                                                               \
    {                                                                                            \
        .kind = SW_OPT_FLAG, .name = (option), .offset = offsetof(struct run_task_args, member), \
        .help = (text)                                                                           \
    }
#define DURATION(option, member, text)                                                        \
    {                                                                                         \
        .kind = SW_OPT_DURATION, .name = (option),                                            \
        .offset = offsetof(struct run_task_args, member), .value = "DURATION", .help = (text) \
    }

static const struct sw_opt run_task_opts[] = {
    SW_CLI_COMMON(struct run_task_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct run_task_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "task-definition",
      .offset = offsetof(struct run_task_args, task_definition),
      .value = "REVISION",
      .help = "what to run: FAMILY (its newest revision), FAMILY:REVISION or ARN",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_INT,
      .name = "count",
      .offset = offsetof(struct run_task_args, count),
      .value = "NUMBER",
      .help = "how many tasks to run; default 1",
      .min = 1,
      .max = SW_TASK_COUNT_MAX },
    TEXT("launch-type", launch_type, "TYPE",
         "FARGATE, EC2, EXTERNAL or MANAGED_INSTANCES; default: as the cluster says, else EC2"),
    LIST("capacity-provider", capacity_providers, "NAME[:WEIGHT[:BASE]]",
         "use this capacity provider instead of a launch type"),
    TEXT("subnets", subnets, "LIST", "subnets, separated by commas, for the network mode awsvpc"),
    TEXT("security-groups", security_groups, "LIST", "security groups, separated by commas"),
    { .kind = SW_OPT_SWITCH,
      .name = "public-ip",
      .offset = offsetof(struct run_task_args, public_ip),
      .help = "give the task a public IP address; default: no" },
    LIST("placement-constraint", placement_constraints, "TYPE[:EXPRESSION]",
         "place the task so: distinctInstance, memberOf:EXPRESSION"),
    LIST("placement-strategy", placement_strategies, "TYPE[:FIELD]",
         "choose instances so: random, spread:FIELD, binpack:FIELD"),
    TEXT("overrides", overrides, "JSON", "what differs from the task definition, or @FILE"),
    LIST("command", commands, "CONTAINER=WORDS",
         "run this command in the container; WORDS may be a JSON array"),
    LIST("env", env, "CONTAINER:NAME=VALUE", "set an environment variable for this run"),
    TEXT("cpu", cpu, "CPU", "CPU units of the task, e.g. 512 or 0.5 vCPU"),
    TEXT("memory", memory, "MEMORY", "memory of the task, e.g. 1024 or 1 GB"),
    TEXT("task-role", task_role, "ARN", "role of the task's containers"),
    TEXT("execution-role", execution_role, "ARN", "role that pulls images and writes logs"),
    { .kind = SW_OPT_INT,
      .name = "ephemeral-storage",
      .offset = offsetof(struct run_task_args, ephemeral_storage),
      .value = "GIB",
      .help = "size of the task's disk on Fargate",
      .min = 1,
      .max = 10000 },
    TEXT("started-by", started_by, "TEXT", "mark the tasks as started by this"),
    TEXT("group", group, "GROUP", "the task group"),
    LIST("tags", tags, "KEY=VALUE", "set a tag of the tasks"),
    TEXT("platform-version", platform_version, "VERSION", "the Fargate platform version"),
    FLAG("enable-execute-command", enable_execute_command, "allow ECS Exec into the tasks"),
    FLAG("propagate-tags", propagate_tags, "copy the task definition's tags to the tasks"),
    FLAG("managed-tags", managed_tags, "let ECS tag the tasks with the cluster's name"),
    TEXT("task-settings", settings, "JSON", "further members of RunTask, or @FILE"),
    FLAG("wait", wait, "wait until the tasks have stopped, and fail when one failed"),
    DURATION("timeout", timeout_ms,
             "with --wait: give up after this long, e.g. 90s or 1.5h; default 1h"),
    DURATION("poll-interval", poll_interval_ms,
             "with --wait: time between two looks; default 5s, after a minute 10s"),
    TEXT("exit-code-from", exit_code_from, "CONTAINER",
         "wait, and exit with this container's exit code"),
    FLAG("logs", logs, "with --wait: show the containers' logs as they come; on by default"),
    FLAG("stop-on-cancel", stop_on_cancel,
         "with --wait: stop the tasks when the waiting is interrupted"),
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct run_task_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct run_task_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct run_task_args *args = args_;
    args->count = 1;
    args->logs = true;
    args->output = "text";
}

static enum sw_status build(const struct run_task_args *args, json_t **ret, struct sw_err *err)
{
    const struct sw_task_request request = {
        .cluster = args->cluster,
        .task_definition = args->task_definition,
        .count = args->count,
        .launch_type = sw_cli_text_or_null(args->launch_type),
        .capacity_providers = &args->capacity_providers,
        .subnets = sw_cli_text_or_null(args->subnets),
        .security_groups = sw_cli_text_or_null(args->security_groups),
        .public_ip = args->public_ip,
        .placement_constraints = &args->placement_constraints,
        .placement_strategies = &args->placement_strategies,
        .overrides = sw_cli_text_or_null(args->overrides),
        .commands = &args->commands,
        .env = &args->env,
        .cpu = sw_cli_text_or_null(args->cpu),
        .memory = sw_cli_text_or_null(args->memory),
        .task_role = sw_cli_text_or_null(args->task_role),
        .execution_role = sw_cli_text_or_null(args->execution_role),
        .ephemeral_storage_gib = args->ephemeral_storage,
        .tags = &args->tags,
        .started_by = sw_cli_text_or_null(args->started_by),
        .group = sw_cli_text_or_null(args->group),
        .platform_version = sw_cli_text_or_null(args->platform_version),
        .enable_execute_command = args->enable_execute_command,
        .propagate_tags = args->propagate_tags,
        .managed_tags = args->managed_tags,
        .settings = sw_cli_text_or_null(args->settings),
    };
    return sw_task_request_build(&request, ret, err);
}

/* The tasks' ARNs, one per line, as soon as they are known. */
static void tell(struct sw_cli *cli, const struct run_task_args *args,
                 const struct sw_task_run *run)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(run->tasks, index, task)
    {
        const char *arn = sw_json_str(task, "taskArn", "?");
        sw_say(cli->env, "started task %s of %s", sw_taskdef_short_name(arn),
               sw_taskdef_short_name(run->task_definition));
        if (strcmp(args->output, "text") == 0) {
            sw_cli_out(cli, "%s\n", arn);
        }
    }
    (void)fflush(cli->out);
}

/* The wish to stop has been heard: the last calls are made in spite of it. */
static void stop_tasks(struct sw_cli *cli, struct sw_aws *aws, const struct run_task_args *args,
                       const struct sw_task_run *run, struct sw_err *err)
{
    struct sw_err failed = SW_ERR_INIT;
    cli->env->stop_wanted = NULL;
    if (sw_task_stop(aws, args->cluster, run, "slipway ecs run-task was interrupted", &failed) ==
        SW_OK) {
        (void)sw_append(err, "; they are being stopped");
    } else {
        (void)sw_append(err, "; %s", failed.msg);
    }
}

static enum sw_status wait_for_end(struct sw_cli *cli, struct sw_aws *aws,
                                   const struct run_task_args *args, struct sw_task_run *run,
                                   struct sw_err *err)
{
    const struct sw_task_wait_options options = {
        .cluster = args->cluster,
        .timeout_ms = args->timeout_ms,
        .poll_interval_ms = args->poll_interval_ms,
        .no_logs = !args->logs,
    };
    enum sw_status status = sw_task_wait(aws, &options, run, err);
    if (status == SW_E_STOPPED && args->stop_on_cancel) {
        stop_tasks(cli, aws, args, run, err);
    }
    if (status == SW_E_FAILED && sw_cli_text_or_null(args->exit_code_from) && run->exit_code > 0) {
        cli->exit_code = (int)(run->exit_code & 0xff);
    }
    return status;
}

static void print_facts(struct sw_cli *cli, const struct run_task_args *args,
                        const struct sw_task_run *run, const struct sw_err *err)
{
    json_auto_t *facts =
        json_pack("{s:s, s:s}", "cluster", args->cluster, "taskDefinition",
                  run->task_definition ? run->task_definition : args->task_definition);
    (void)json_object_set_new(facts, "tasks", run->tasks ? json_incref(run->tasks) : json_array());
    (void)json_object_set_new(facts, "failures",
                              run->failures ? json_incref(run->failures) : json_array());
    if (run->container) {
        (void)json_object_set_new(facts, "container", json_string(run->container));
    }
    if (run->exit_code >= 0) {
        (void)json_object_set_new(facts, "containerExitCode", json_integer(run->exit_code));
    }
    (void)json_object_set_new(facts, "waitedSeconds", json_integer(run->waited_ms / 1000));
    (void)json_object_set_new(facts, "status", json_string(sw_status_name(err->status)));
    if (err->msg[0]) {
        (void)json_object_set_new(facts, "message", json_string(err->msg));
    }
    sw_cli_out_json(cli, facts);
}

static enum sw_status run_all(struct sw_cli *cli, struct sw_aws *aws,
                              const struct run_task_args *args, json_t *request, struct sw_err *err)
{
    const char *container = sw_cli_text_or_null(args->exit_code_from);
    struct sw_task_run run;
    enum sw_status status = sw_task_run(aws, request, container, &run, err);
    tell(cli, args, &run);
    if (status == SW_OK && (args->wait || container)) {
        status = wait_for_end(cli, aws, args, &run, err);
    }
    if (status == SW_OK) {
        *err = (struct sw_err)SW_ERR_INIT; /* forgets failures that were got over */
    }
    if (strcmp(args->output, "json") == 0 && run.tasks) {
        print_facts(cli, args, &run, err);
    }
    sw_task_run_release(&run);
    return status;
}

static enum sw_status run_run_task(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct run_task_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    json_auto_t *request = NULL;
    if (!sw_cli_text_or_null(args->cluster) || !sw_cli_text_or_null(args->task_definition)) {
        return sw_cli_usage(err, "--cluster or --task-definition is empty");
    }
    enum sw_status status = build(args, &request, err);
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    return status == SW_OK ? run_all(cli, aws, args, request, err) : status;
}

const struct sw_command sw_cmd_ecs_run_task = {
    .name = "ecs run-task",
    .summary = "run one-off tasks, and wait for their end with logs and exit code",
    .description =
        "Runs tasks of a task definition, e.g. for a database migration. The result is the tasks' "
        "ARNs. That ECS could not start one of them is a failure, also when others were started. "
        "The call carries a token, so that a retry starts nothing twice.\n\n"
        "With --wait it waits until all tasks have stopped, showing the logs of containers that "
        "log with awslogs and have a stream prefix. One container decides: the one that "
        "--exit-code-from names, else the only essential one, else the first, unless another "
        "essential one failed. Exit 0 when it ended with code 0 in every task; exit 1 with its "
        "code in the message when it ended with another one, when it never started, or when the "
        "task was stopped from outside. With --exit-code-from the exit code is the container's "
        "own. Exit 13 when the tasks have not stopped in time, 15 when the waiting was "
        "interrupted; they go on then, unless --stop-on-cancel stops them.\n\n"
        "The WORDS of --command are split as a shell splits them, with nothing expanded, as by ecs "
        "deploy.\n\n"
        "It needs ecs:RunTask, and iam:PassRole for the roles of the task; ecs:DescribeTasks to wait, and ecs:StopTask "
        "with --stop-on-cancel. Used when they are there: ecs:DescribeTaskDefinition, to check before anything is "
        "started, and logs:GetLogEvents, to show what it logs.",
    .json = "cluster, taskDefinition, tasks, failures, container, containerExitCode, "
            "waitedSeconds, status, message.",
    .operands = "",
    .example =
        "slipway ecs run-task --cluster prod --task-definition web --command 'web=rake db:migrate' "
        "--wait\n"
        "slipway ecs run-task --cluster prod --task-definition web:12 --launch-type FARGATE "
        "--subnets subnet-1,subnet-2 --security-groups sg-1 --exit-code-from web",
    .opts = run_task_opts,
    .args_size = sizeof(struct run_task_args),
    .defaults = set_defaults,
    .run = run_run_task,
};
