#include "commands.h"
#include "ecs_facts.h"
#include "ecs_options.h"

enum { DEFAULT_ATTEMPT_INTERVAL_MS = 20000 };

struct deploy_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_changes changes;
    const char *cluster;
    const char *service;
    bool force;
    bool allow_unchanged;
    bool verify_image;
    bool logs;
    bool circuit_breaker;
    int64_t desired_count;
    bool wait;
    bool fail_on_timeout;
    int64_t timeout_ms;
    int64_t poll_interval_ms;
    int64_t max_poll_attempts;
    int64_t fail_fast;
    const char *export_env;
    const char *report;
    const char *output;
};

static const struct sw_opt deploy_opts[] = {
    SW_CLI_COMMON(struct deploy_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct deploy_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct deploy_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service; default: named like the family" },
    SW_CLI_ECS_SOURCE(struct deploy_args, source),
    SW_CLI_ECS_CHANGES(struct deploy_args, changes),
    { .kind = SW_OPT_FLAG,
      .name = "force",
      .offset = offsetof(struct deploy_args, force),
      .help = "start a new deployment even when nothing changed" },
    { .kind = SW_OPT_FLAG,
      .name = "allow-unchanged",
      .offset = offsetof(struct deploy_args, allow_unchanged),
      .help = "nothing to deploy is success" },
    { .kind = SW_OPT_FLAG,
      .name = "verify-image",
      .offset = offsetof(struct deploy_args, verify_image),
      .help = "check that the new images exist before anything is registered" },
    { .kind = SW_OPT_INT,
      .name = "desired-count",
      .offset = offsetof(struct deploy_args, desired_count),
      .value = "NUMBER",
      .help = "set the number of tasks as well; default: left as it is",
      .min = 0,
      .max = 100000 },
    { .kind = SW_OPT_FLAG,
      .name = "circuit-breaker",
      .offset = offsetof(struct deploy_args, circuit_breaker),
      .help = "switch the service's circuit breaker on as well, with rollback" },
    { .kind = SW_OPT_FLAG,
      .name = "wait",
      .offset = offsetof(struct deploy_args, wait),
      .help = "follow the rollout to its end" },
    { .kind = SW_OPT_DURATION,
      .name = "timeout",
      .offset = offsetof(struct deploy_args, timeout_ms),
      .value = "DURATION",
      .help = "with --wait: give up after this long; default 20m" },
    { .kind = SW_OPT_DURATION,
      .name = "poll-interval",
      .offset = offsetof(struct deploy_args, poll_interval_ms),
      .value = "DURATION",
      .help = "with --wait: time between two looks; default 5s, after a minute 10s" },
    { .kind = SW_OPT_INT,
      .name = "max-poll-attempts",
      .offset = offsetof(struct deploy_args, max_poll_attempts),
      .value = "NUMBER",
      .help = "with --wait: the timeout as so many poll intervals (of 20s unless given)",
      .min = 0,
      .max = 100000 },
    { .kind = SW_OPT_FLAG,
      .name = "fail-on-timeout",
      .offset = offsetof(struct deploy_args, fail_on_timeout),
      .help = "a rollout that is not done in time is a failure; on by default" },
    { .kind = SW_OPT_INT,
      .name = "fail-fast",
      .offset = offsetof(struct deploy_args, fail_fast),
      .value = "NUMBER",
      .help = "with --wait: give up when so many tasks stopped for the same lasting reason, none "
              "runs and the service has no circuit breaker; default 3, 0 never",
      .min = 0,
      .max = 1000 },
    { .kind = SW_OPT_FLAG,
      .name = "logs",
      .offset = offsetof(struct deploy_args, logs),
      .help = "with --wait: show the last log lines of containers that failed; on by default" },
    { .kind = SW_OPT_STR,
      .name = "export-env",
      .offset = offsetof(struct deploy_args, export_env),
      .value = "FILE",
      .help = "append the revision's ARN as shell variables, e.g. for $BASH_ENV" },
    { .kind = SW_OPT_STR,
      .name = "report",
      .offset = offsetof(struct deploy_args, report),
      .value = "FILE",
      .help = "write the facts as JSON, also on failure" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .offset = offsetof(struct deploy_args, output),
      .value = "FORMAT",
      .help = "form of the result, text or json",
      .choices = "text|json" },
    SW_CLI_AWS(struct deploy_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct deploy_args *args = args_;
    args->output = "text";
    args->fail_on_timeout = true;
    args->desired_count = -1;
    args->logs = true;
    args->fail_fast = SW_ROLLOUT_FAIL_FAST;
}

/* One run of the command. */
struct run {
    struct sw_cli *cli;
    const struct deploy_args *args;
    struct sw_aws *aws;
    struct sw_deployment deployment;
    struct sw_follow_result follow;
    bool followed;
    struct sw_err *err;
};

/*
 * A changed definition starts from the family's newest revision, as the orbs always did, and that
 * need not be what the service runs: a rollout that failed leaves its revision behind.
 */
static bool starts_elsewhere(const struct sw_deployment *deployment, const char *previous)
{
    return deployment->registered && deployment->previous &&
           strcmp(deployment->base, previous) != 0;
}

static void say_summary(const struct run *run)
{
    const struct sw_deployment *deployment = &run->deployment;
    const struct sw_env *env = run->cli->env;
    const char *previous = deployment->previous ? sw_taskdef_short_name(deployment->previous) : "?";
    size_t index = 0;
    const json_t *image = NULL;
    if (!deployment->updated) {
        return;
    }
    if (starts_elsewhere(deployment, previous)) {
        sw_say(env, "%s is %s with the changes; the service ran %s",
               sw_taskdef_short_name(deployment->task_definition), deployment->base, previous);
    }
    sw_say(env, "service %s: %s -> %s%s%s", deployment->service, previous,
           sw_taskdef_short_name(deployment->task_definition),
           deployment->deployment_id ? ", deployment " : "",
           deployment->deployment_id ? deployment->deployment_id : "");
    json_array_foreach(deployment->images, index, image)
    {
        const char *now = sw_json_str(image, "image", "");
        const char *was = sw_json_str(image, "previousImage", "(new container)");
        if (strcmp(now, was) != 0) {
            sw_say(env, "  %s: %s -> %s", sw_json_str(image, "container", ""), was, now);
        }
    }
}

static enum sw_status deploy(struct run *run, const struct sw_changes *changes)
{
    const struct deploy_args *args = run->args;
    const struct sw_deploy_options options = {
        .cluster = args->cluster,
        .service = sw_cli_text_or_null(args->service),
        .family = sw_cli_text_or_null(args->source.family),
        .task_definition = sw_cli_text_or_null(args->source.task_definition),
        .file = sw_cli_text_or_null(args->source.file),
        .changes = changes,
        .force = args->force,
        .set_desired = args->desired_count >= 0,
        .desired = args->desired_count,
        .circuit_breaker = args->circuit_breaker,
        .allow_unchanged = args->allow_unchanged,
        .verify = args->verify_image ? sw_deploy_verify_images : NULL,
        .verify_ctx = run->aws,
    };
    enum sw_status status = sw_service_deploy(run->aws, &options, &run->deployment, run->err);
    const char *arn = run->deployment.task_definition;
    const char *export_env = sw_cli_text_or_null(args->export_env);
    if (status != SW_OK) {
        return status;
    }
    say_summary(run);
    if (strcmp(args->output, "text") == 0) {
        sw_cli_out(run->cli, "%s\n", arn);
        (void)fflush(run->cli->out);
    }
    return export_env ? sw_cli_ecs_export(export_env, arn, arn, run->err) : SW_OK;
}

static enum sw_status timed_out(struct run *run)
{
    if (run->err->status != SW_E_TIMEOUT || run->args->fail_on_timeout) {
        return run->err->status;
    }
    sw_warn(run->cli->env, "%s", run->err->msg);
    *run->err = (struct sw_err)SW_ERR_INIT;
    return SW_OK;
}

static enum sw_status follow(struct run *run)
{
    const struct deploy_args *args = run->args;
    const struct sw_deployment *deployment = &run->deployment;
    if (!deployment->deployment_id) {
        return sw_fail(run->err, SW_E_UNAVAILABLE,
                       "service \"%s\" was updated, but ECS named no deployment to wait for",
                       deployment->service);
    }
    struct sw_follow_options options = {
        .cluster = args->cluster,
        .service = deployment->service,
        .target = { .deployment_id = deployment->deployment_id,
                    .task_definition = deployment->task_definition,
                    .previous_id = deployment->previous_id,
                    .service_deployment = deployment->service_deployment,
                    .until_running = args->desired_count >= 0 },
        .timeout_ms = args->timeout_ms,
        .poll_interval_ms = args->poll_interval_ms,
        .fail_fast = (unsigned)args->fail_fast,
        .no_logs = !args->logs,
    };
    if (args->max_poll_attempts > 0) {
        int64_t interval =
            args->poll_interval_ms > 0 ? args->poll_interval_ms : DEFAULT_ATTEMPT_INTERVAL_MS;
        options.poll_interval_ms = interval;
        options.timeout_ms = interval * args->max_poll_attempts;
    }
    run->followed = true;
    if (sw_rollout_follow(run->aws, &options, &run->follow, run->err) == SW_OK) {
        return SW_OK;
    }
    return timed_out(run);
}

/* The facts are written whatever happened; the first failure is the command's. */
static enum sw_status write_facts(struct run *run, enum sw_status status)
{
    const struct deploy_args *args = run->args;
    const char *report = sw_cli_text_or_null(args->report);
    struct sw_err report_err = SW_ERR_INIT;
    if (status == SW_OK) {
        *run->err = (struct sw_err)SW_ERR_INIT; /* forgets failures that were got over */
    }
    json_auto_t *facts = sw_cli_ecs_facts(args->cluster, &run->deployment,
                                          run->followed ? &run->follow : NULL, run->err);
    if (strcmp(args->output, "json") == 0 && run->deployment.task_definition) {
        sw_cli_out_json(run->cli, facts);
    }
    if (!report || sw_cli_ecs_write_report(report, facts, &report_err) == SW_OK) {
        return status;
    }
    if (status == SW_OK) {
        *run->err = report_err;
        return report_err.status;
    }
    sw_warn(run->cli->env, "%s", report_err.msg);
    return status;
}

static enum sw_status run_all(struct run *run)
{
    struct sw_changes changes;
    enum sw_status status = sw_cli_ecs_changes_read(&run->args->changes, &changes, run->err);
    if (status != SW_OK) {
        return status;
    }
    status = deploy(run, &changes);
    sw_changes_release(&changes);
    if (status == SW_OK && run->args->wait) {
        status = follow(run);
    }
    return write_facts(run, status);
}

static enum sw_status run_deploy(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct deploy_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct run run = { .cli = cli, .args = args, .err = err };
    if (!sw_cli_text_or_null(args->cluster)) {
        return sw_cli_usage(err, "--cluster is empty");
    }
    if (!sw_cli_text_or_null(args->service) && !sw_cli_text_or_null(args->source.family) &&
        !sw_cli_text_or_null(args->source.task_definition) &&
        !sw_cli_text_or_null(args->source.file)) {
        return sw_cli_usage(err, "what to deploy is not known; give --family or --service");
    }
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        run.aws = aws;
        status = run_all(&run);
    }
    sw_deployment_release(&run.deployment);
    sw_follow_result_release(&run.follow);
    return status;
}

const struct sw_command sw_cmd_ecs_deploy = {
    .name = "ecs deploy",
    .summary = "deploy a changed task definition to a service",
    .description =
        "Reads the task definition, applies the changes, registers a new revision and updates the "
        "service to it; with --wait, follows the rollout to its end. Everything is checked before "
        "anything is registered. The result is the revision's ARN.\n\n"
        "The starting point is the newest active revision of the family. Without --family, "
        "--task-definition and --file it is what the service runs. When the changes give what is "
        "registered already, no new revision is made; when the service already runs it, there is "
        "nothing to deploy, which is an error (exit 1) unless --allow-unchanged or --force is "
        "given.\n\n"
        "A rollout is judged by its own deployment: exit 10 when it failed, 11 when ECS rolled it "
        "back, 12 when a newer deployment took over, 13 when it is not done in time, 14 when it "
        "waits for an action, 15 when the waiting was interrupted. Nothing is rolled back by "
        "slipway.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .operands = "",
    .example = "slipway ecs deploy --cluster prod --family web --image web=nginx:1.27 --wait\n"
               "slipway ecs deploy --cluster prod --service web --tag-image web=v2 --wait\n"
               "slipway ecs deploy --cluster prod --family web --env-updates "
               "'container=web,name=HOSTS,value=\"a,b\"'",
    .opts = deploy_opts,
    .args_size = sizeof(struct deploy_args),
    .defaults = set_defaults,
    .run = run_deploy,
};
