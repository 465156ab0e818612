#include "commands.h"
#include "ecs_options.h"
#include "ecs_rollout.h"

struct wait_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *cluster;
    const char *service;
    const char *deployment;
    const char *task_definition;
    int64_t timeout_ms;
    int64_t poll_interval_ms;
    int64_t fail_fast;
    bool logs;
    struct sw_cli_ecs_outcome outcome;
};

static const struct sw_opt wait_opts[] = {
    SW_CLI_COMMON(struct wait_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct wait_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct wait_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "deployment",
      .offset = offsetof(struct wait_args, deployment),
      .value = "ID",
      .help = "the deployment to follow, e.g. ecs-svc/123, or d-ABC123 of CodeDeploy; default: the "
              "newest" },
    { .kind = SW_OPT_STR,
      .name = "task-definition",
      .offset = offsetof(struct wait_args, task_definition),
      .value = "ARN",
      .help = "follow the deployment of this revision" },
    { .kind = SW_OPT_DURATION,
      .name = "timeout",
      .offset = offsetof(struct wait_args, timeout_ms),
      .value = "DURATION",
      .help = "give up after this long, e.g. 90s or 1.5h; default 20m" },
    { .kind = SW_OPT_DURATION,
      .name = "poll-interval",
      .offset = offsetof(struct wait_args, poll_interval_ms),
      .value = "DURATION",
      .help = "time between two looks; default 5s, after a minute 10s" },
    { .kind = SW_OPT_INT,
      .name = "fail-fast",
      .offset = offsetof(struct wait_args, fail_fast),
      .value = "NUMBER",
      .help = "give up when so many tasks stopped for the same lasting reason, none runs and the "
              "service has no circuit breaker; default 3, 0 never",
      .min = 0,
      .max = 1000 },
    { .kind = SW_OPT_FLAG,
      .name = "logs",
      .offset = offsetof(struct wait_args, logs),
      .help = "show the last log lines of containers that failed; on by default" },
    { .kind = SW_OPT_INCLUDE, /* among its own, which are all about following */
      .offset = offsetof(struct wait_args, outcome),
      .include = sw_cli_ecs_outcome_opts },
    SW_CLI_AWS(struct wait_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct wait_args *args = args_;
    sw_cli_ecs_outcome_defaults(&args->outcome);
    args->timeout_ms = -1; /* what is followed knows */
    args->fail_fast = SW_ROLLOUT_FAIL_FAST;
    args->logs = true;
}

/* Whether a deployment rolls out what the user wrote: an ARN, or family:revision. */
static bool rolls_out(const json_t *deployment, const char *wanted)
{
    const char *arn = sw_json_str(deployment, "taskDefinition", "");
    return strcmp(arn, wanted) == 0 ||
           (!strchr(wanted, '/') && strcmp(sw_taskdef_short_name(arn), wanted) == 0);
}

/* The deployment to follow, borrowed from `service`. */
static enum sw_status choose(const struct wait_args *args, const json_t *service,
                             const json_t **ret, struct sw_err *err)
{
    const char *id = sw_cli_text_or_null(args->deployment);
    const char *wanted = sw_cli_text_or_null(args->task_definition);
    size_t index = 0;
    const json_t *deployment = NULL;
    const json_t *primary = sw_service_primary(service);
    if (!id && !wanted && primary) {
        *ret = primary;
        return SW_OK;
    }
    json_array_foreach(sw_json_array(service, "deployments"), index, deployment)
    {
        if (id ? strcmp(sw_json_str(deployment, "id", ""), id) == 0
               : wanted && rolls_out(deployment, wanted)) {
            *ret = deployment;
            return SW_OK;
        }
    }
    if (!primary) {
        return sw_fail(err, SW_E_NOT_FOUND, "service \"%s\" has no deployment", args->service);
    }
    return sw_fail(err, SW_E_ROLLOUT_FAILED,
                   "service \"%s\" has no deployment of %s: it was rolled back or replaced; the "
                   "service now runs %s under deployment %s",
                   args->service, id ? id : wanted,
                   sw_taskdef_short_name(sw_json_str(primary, "taskDefinition", "?")),
                   sw_json_str(primary, "id", "?"));
}

/* What a deployment that was completed, and is still there, runs; NULL: none. Borrowed. */
static const char *previous_definition(const json_t *service, const json_t *followed)
{
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(sw_json_array(service, "deployments"), index, deployment)
    {
        if (deployment != followed &&
            strcmp(sw_json_str(deployment, "rolloutState", ""), "COMPLETED") == 0) {
            return sw_json_str(deployment, "taskDefinition", NULL);
        }
    }
    return NULL;
}

static enum sw_status follow(struct sw_aws *aws, const struct wait_args *args,
                             const json_t *service, struct sw_err *err)
{
    const json_t *deployment = NULL;
    enum sw_status status = choose(args, service, &deployment, err);
    if (status != SW_OK) {
        return status;
    }
    bool newest = deployment == sw_service_primary(service);
    const struct sw_follow_options options = {
        .cluster = args->cluster,
        .service = sw_json_str(service, "serviceName", args->service),
        .target = { .deployment_id = sw_json_str(deployment, "id", ""),
                    .task_definition = sw_json_str(deployment, "taskDefinition", NULL),
                    .service_deployment =
                        newest ? sw_json_str(service, "currentServiceDeployment", NULL) : NULL,
                    .created_ms = sw_json_time_ms(deployment, "createdAt"),
                    .until_drained = strcmp(args->outcome.wait_for, "drained") == 0 },
        .timeout_ms = args->timeout_ms,
        .poll_interval_ms = args->poll_interval_ms,
        .fail_fast = (unsigned)args->fail_fast,
        .no_logs = !args->logs,
        .on_failure = sw_cli_ecs_on_failure(&args->outcome),
        .previous_definition = previous_definition(service, deployment),
    };
    struct sw_follow_result result;
    status = sw_rollout_follow(aws, &options, &result, err);
    sw_follow_result_release(&result);
    return status;
}

/* "d-ABC123" is a deployment of CodeDeploy, "ecs-svc/123" one of ECS. */
static bool is_codedeploy(const char *id)
{
    return id && strncmp(id, "d-", 2) == 0;
}

static enum sw_status follow_codedeploy(struct sw_aws *aws, const struct wait_args *args,
                                        const char *id, struct sw_err *err)
{
    const struct sw_follow_options options = {
        .cluster = args->cluster,
        .service = args->service,
        .target = { .task_definition = sw_cli_text_or_null(args->task_definition) },
        .timeout_ms = args->timeout_ms,
        .poll_interval_ms = args->poll_interval_ms,
        .fail_fast = (unsigned)args->fail_fast,
        .no_logs = !args->logs,
        .on_failure = sw_cli_ecs_on_failure(&args->outcome),
    };
    struct sw_follow_result result;
    enum sw_status status = sw_codedeploy_follow(aws, &options, id, &result, err);
    sw_follow_result_release(&result);
    return status;
}

/* What the service's newest deployment is depends on who deploys it. */
static enum sw_status follow_newest(struct sw_aws *aws, const struct wait_args *args,
                                    const json_t *service, struct sw_err *err)
{
    if (!sw_codedeploy_deploys(service)) {
        enum sw_status status = sw_service_check_controller(service, err);
        return status == SW_OK ? follow(aws, args, service, err) : status;
    }
    const char *id = sw_codedeploy_newest(service);
    if (!id) {
        return sw_fail(err, SW_E_CONFLICT,
                       "service \"%s\" is deployed by AWS CodeDeploy, and which deployment is its "
                       "newest is not known; name it, --deployment d-...",
                       args->service);
    }
    return follow_codedeploy(aws, args, id, err);
}

static enum sw_status run_wait(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct wait_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    json_auto_t *service = NULL;
    if (args->timeout_ms == 0) {
        return sw_cli_usage(err, "--timeout is 0; 'slipway ecs status' tells how things stand");
    }
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK && is_codedeploy(args->deployment)) {
        return follow_codedeploy(aws, args, args->deployment, err);
    }
    if (status == SW_OK) {
        status = sw_service_describe(aws, args->cluster, args->service, &service, err);
    }
    return status == SW_OK ? follow_newest(aws, args, service, err) : status;
}

const struct sw_command sw_cmd_ecs_wait = {
    .name = "ecs wait",
    .summary = "follow a service's rollout to its end",
    .description =
        "Waits for a deployment of the service, telling about every change, event and stopped "
        "task. Without --deployment and --task-definition the newest one is followed. The rollout "
        "is judged by that deployment, not by the number of running tasks, so a rollback is a "
        "failure.\n\n"
        "Exit 0 when it succeeded, 10 when it failed, 11 when it was rolled back, 12 when a newer "
        "deployment took over, 13 when it is not done in time, 14 when it waits for an action, 15 "
        "when the waiting was interrupted.",
    .operands = "",
    .example = "slipway ecs wait --cluster prod --service web --timeout 10m --wait-for drained",
    .opts = wait_opts,
    .args_size = sizeof(struct wait_args),
    .defaults = set_defaults,
    .run = run_wait,
};
