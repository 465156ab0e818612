#include "ecs_rollout.h"

#include "ecs_facts.h"
#include "ecs_summary.h"

enum { DEFAULT_ATTEMPT_INTERVAL_MS = 20000 };

const struct sw_opt sw_cli_ecs_rollout_opts[] = {
    { .kind = SW_OPT_FLAG,
      .name = "wait",
      .offset = offsetof(struct sw_cli_ecs_rollout, wait),
      .help = "follow the rollout to its end" },
    { .kind = SW_OPT_DURATION,
      .name = "timeout",
      .offset = offsetof(struct sw_cli_ecs_rollout, timeout_ms),
      .value = "DURATION",
      .help = "with --wait: give up after this long, e.g. 90s or 1.5h; default 20m" },
    { .kind = SW_OPT_DURATION,
      .name = "poll-interval",
      .offset = offsetof(struct sw_cli_ecs_rollout, poll_interval_ms),
      .value = "DURATION",
      .help = "with --wait: time between two looks; default 5s, after a minute 10s" },
    { .kind = SW_OPT_INT,
      .name = "max-poll-attempts",
      .offset = offsetof(struct sw_cli_ecs_rollout, max_poll_attempts),
      .value = "NUMBER",
      .help =
          "with --wait: the timeout as so many poll intervals (of 20s unless given); not that of "
          "CodeDeploy, whose deployment group says how long it waits",
      .min = 0,
      .max = 100000 },
    { .kind = SW_OPT_FLAG,
      .name = "fail-on-timeout",
      .offset = offsetof(struct sw_cli_ecs_rollout, fail_on_timeout),
      .help = "a rollout that is not done in time is a failure; on by default" },
    { .kind = SW_OPT_INT,
      .name = "fail-fast",
      .offset = offsetof(struct sw_cli_ecs_rollout, fail_fast),
      .value = "NUMBER",
      .help = "with --wait: give up when so many tasks stopped for the same lasting reason, none "
              "runs and the service has no circuit breaker; default 3, 0 never",
      .min = 0,
      .max = 1000 },
    { .kind = SW_OPT_FLAG,
      .name = "logs",
      .offset = offsetof(struct sw_cli_ecs_rollout, logs),
      .help = "with --wait: show the last log lines of containers that failed; on by default" },
    { .kind = SW_OPT_STR,
      .name = "export-env",
      .offset = offsetof(struct sw_cli_ecs_rollout, export_env),
      .value = "FILE",
      .help = "append the revision's ARN as shell variables, e.g. for $BASH_ENV" },
    { .kind = SW_OPT_STR,
      .name = "report",
      .offset = offsetof(struct sw_cli_ecs_rollout, report),
      .value = "FILE",
      .help = "write the facts as JSON, also on failure" },
    { .kind = SW_OPT_STR,
      .name = "summary",
      .offset = offsetof(struct sw_cli_ecs_rollout, summary),
      .value = "FILE",
      .help = "write them as Markdown for people, also on failure" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct sw_cli_ecs_rollout, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    { .kind = SW_OPT_END },
};

const struct sw_opt sw_cli_ecs_outcome_opts[] = {
    { .kind = SW_OPT_ENUM,
      .name = "wait-for",
      .offset = offsetof(struct sw_cli_ecs_outcome, wait_for),
      .value = "WHAT",
      .help = "stable: the new tasks run; drained: and the old ones are gone",
      .choices = "stable|drained" },
    { .kind = SW_OPT_ENUM,
      .name = "on-failure",
      .offset = offsetof(struct sw_cli_ecs_outcome, on_failure),
      .value = "ACTION",
      .help = "what to do about a rollout that failed or is not done in time: rollback to what ran "
              "before, stop it as it stands, or nothing (the default)",
      .choices = "rollback|stop|nothing" },
    { .kind = SW_OPT_END },
};

enum sw_on_failure sw_cli_ecs_on_failure(const struct sw_cli_ecs_outcome *options)
{
    if (strcmp(options->on_failure, "rollback") == 0) {
        return SW_ON_FAILURE_ROLLBACK;
    }
    return strcmp(options->on_failure, "stop") == 0 ? SW_ON_FAILURE_STOP : SW_ON_FAILURE_NOTHING;
}

void sw_cli_ecs_outcome_defaults(struct sw_cli_ecs_outcome *options)
{
    options->wait_for = "stable";
    options->on_failure = "nothing";
}

void sw_cli_ecs_rollout_defaults(struct sw_cli_ecs_rollout *options)
{
    options->output = "text";
    options->timeout_ms = -1; /* what is followed knows */
    options->fail_on_timeout = true;
    options->logs = true;
    options->fail_fast = SW_ROLLOUT_FAIL_FAST;
}

enum sw_status sw_cli_ecs_rollout_check(const struct sw_cli_ecs_rollout *options,
                                        struct sw_err *err)
{
    if (options->timeout_ms == 0) {
        return sw_cli_usage(err, "--timeout is 0; leave --wait out to wait for nothing");
    }
    return sw_cli_ecs_check_files(sw_cli_text_or_null(options->export_env),
                                  sw_cli_text_or_null(options->report),
                                  sw_cli_text_or_null(options->summary), err);
}

/*
 * A changed definition starts from the family's newest revision, as the orbs always did, and that
 * need not be what the service runs: a rollout that failed leaves its revision behind.
 */
static bool starts_elsewhere(const struct sw_deployment *deployment, const char *previous)
{
    return deployment->registered && deployment->previous &&
           strcmp(deployment->base, previous) != 0;
}

static void say_summary(const struct sw_cli_ecs_run *run)
{
    const struct sw_deployment *deployment = &run->deployment;
    const struct sw_env *env = run->cli->env;
    const char *previous = deployment->previous ? sw_taskdef_short_name(deployment->previous) : "?";
    size_t index = 0;
    const json_t *image = NULL;
    const char *followed = deployment->codedeploy_deployment ? deployment->codedeploy_deployment
                                                             : deployment->deployment_id;
    if (!deployment->updated) {
        return;
    }
    if (starts_elsewhere(deployment, previous)) {
        sw_say(env, "%s is %s with the changes; the service ran %s",
               sw_taskdef_short_name(deployment->task_definition), deployment->base, previous);
    }
    sw_say(env, "service %s: %s -> %s%s%s", deployment->service,
           deployment->created ? "(new service)" : previous,
           sw_taskdef_short_name(deployment->task_definition), followed ? ", deployment " : "",
           followed ? followed : "");
    json_array_foreach(deployment->images, index, image)
    {
        const char *now = sw_json_str(image, "image", "");
        const char *was = sw_json_str(image, "previousImage", "(new container)");
        if (strcmp(now, was) != 0) {
            sw_say(env, "  %s: %s -> %s", sw_json_str(image, "container", ""), was, now);
        }
    }
}

/* What the command did, for people, for the next command, and for later steps. */
static enum sw_status tell(struct sw_cli_ecs_run *run)
{
    const char *arn = run->deployment.task_definition;
    const char *export_env = sw_cli_text_or_null(run->options->export_env);
    say_summary(run);
    if (strcmp(run->options->output, "text") == 0) {
        sw_cli_out(run->cli, "%s\n", arn);
        (void)fflush(run->cli->out);
    }
    return export_env ? sw_cli_ecs_export(export_env, arn, arn,
                                          run->deployment.codedeploy_deployment, run->err)
                      : SW_OK;
}

static enum sw_status timed_out(struct sw_cli_ecs_run *run)
{
    if (run->err->status != SW_E_TIMEOUT || run->options->fail_on_timeout) {
        return run->err->status;
    }
    sw_warn(run->cli->env, "%s", run->err->msg);
    *run->err = (struct sw_err)SW_ERR_INIT;
    return SW_OK;
}

struct sw_follow_options sw_cli_ecs_follow_options(const struct sw_cli_ecs_rollout *options)
{
    struct sw_follow_options follow = {
        .timeout_ms = options->timeout_ms,
        .poll_interval_ms = options->poll_interval_ms,
        .fail_fast = (unsigned)options->fail_fast,
        .no_logs = !options->logs,
    };
    if (options->max_poll_attempts > 0) {
        int64_t interval =
            options->poll_interval_ms > 0 ? options->poll_interval_ms : DEFAULT_ATTEMPT_INTERVAL_MS;
        follow.poll_interval_ms = interval;
        follow.timeout_ms = interval * options->max_poll_attempts;
        follow.ecs_timeout = true;
    }
    return follow;
}

static enum sw_status follow(struct sw_cli_ecs_run *run)
{
    const struct sw_deployment *deployment = &run->deployment;
    const char *codedeploy = deployment->codedeploy_deployment;
    bool by_tool = !deployment->deployment_id && !codedeploy;
    if (by_tool && !deployment->updated) {
        return SW_OK; /* the traffic goes to this revision already: no more can be known */
    }
    if (by_tool) {
        return sw_fail(run->err, SW_E_UNAVAILABLE,
                       "service \"%s\" was updated, but ECS named no deployment to wait for",
                       deployment->service);
    }
    struct sw_follow_options options = sw_cli_ecs_follow_options(run->options);
    options.cluster = run->cluster;
    options.service = deployment->service;
    options.target = (struct sw_rollout_target){
        .deployment_id = deployment->deployment_id,
        .task_definition = deployment->task_definition,
        .previous_id = deployment->previous_id,
        .service_deployment = deployment->service_deployment,
        .previous_service_deployment = deployment->previous_service_deployment,
        .until_drained = run->until_drained,
        .until_running = run->until_running,
    };
    options.on_failure = run->on_failure;
    options.previous_definition = deployment->previous;
    run->followed = true;
    enum sw_status status =
        codedeploy ? sw_codedeploy_follow(run->aws, &options, codedeploy, &run->follow, run->err)
                   : sw_rollout_follow(run->aws, &options, &run->follow, run->err);
    return status == SW_OK ? SW_OK : timed_out(run);
}

/* A failure of writing: the command's own, or a warning when it has one already. */
static enum sw_status keep_first(const struct sw_env *env, enum sw_status status,
                                 const struct sw_err *found, struct sw_err *err)
{
    if (status == SW_OK) {
        *err = *found;
        return found->status;
    }
    sw_warn(env, "%s", found->msg);
    return status;
}

enum sw_status sw_cli_ecs_write_files(const struct sw_env *env,
                                      const struct sw_cli_ecs_rollout *options, const json_t *facts,
                                      enum sw_status status, struct sw_err *err)
{
    const char *report = sw_cli_text_or_null(options->report);
    const char *summary = sw_cli_text_or_null(options->summary);
    struct sw_err own = SW_ERR_INIT;
    if (report && sw_cli_ecs_write_report(report, facts, &own) != SW_OK) {
        status = keep_first(env, status, &own, err);
    }
    if (summary && sw_cli_ecs_write_summary(summary, facts, &own) != SW_OK) {
        status = keep_first(env, status, &own, err);
    }
    return status;
}

/* The facts are written whatever happened; the first failure is the command's. */
static enum sw_status write_facts(struct sw_cli_ecs_run *run, enum sw_status status)
{
    const struct sw_cli_ecs_rollout *args = run->options;
    run->deployment.ended_ms = sw_env_wall_ms(run->cli->env);
    if (status == SW_OK) {
        *run->err = (struct sw_err)SW_ERR_INIT; /* forgets failures that were got over */
    }
    json_auto_t *facts = sw_cli_ecs_facts(run->cluster, &run->deployment,
                                          run->followed ? &run->follow : NULL, run->err);
    if (strcmp(args->output, "json") == 0 && run->deployment.task_definition) {
        sw_cli_out_json(run->cli, facts);
    }
    return sw_cli_ecs_write_files(run->cli->env, args, facts, status, run->err);
}

/* What is worth saying of a rollout that succeeded. */
static void tell_end(struct sw_cli_ecs_run *run, enum sw_status status)
{
    const struct sw_check_report *hints = &run->deployment.hints;
    for (size_t i = 0; status == SW_OK && i < hints->count; i++) {
        sw_warn(run->cli->env, "%s; %s: %s", hints->items[i].text, hints->items[i].advice,
                hints->items[i].command);
    }
    if (status == SW_OK &&
        (sw_cli_text_or_null(run->options->report) || sw_cli_text_or_null(run->options->summary) ||
         strcmp(run->options->output, "json") == 0)) {
        sw_deployment_read_digests(run->aws, run->cluster, &run->deployment);
    }
}

/* Success means here that ECS has taken the update; who reads it must not take it for more. */
static void say_not_followed(const struct sw_cli_ecs_run *run, enum sw_status status)
{
    bool follows = run->options->wait && status == SW_OK;
    if (run->deployment.updated && run->deployment.deployment_id && !follows) {
        sw_say(run->cli->env,
               "the rollout is not followed; to see how it ends: slipway ecs wait --cluster %s "
               "--service %s",
               run->cluster, run->deployment.service);
    }
}

/* A file that cannot be written must not look like a deployment that was not made. */
static enum sw_status not_written(const struct sw_cli_ecs_run *run)
{
    if (run->deployment.updated) {
        (void)sw_append(run->err, "; the service was updated all the same");
    }
    return run->err->status;
}

enum sw_status sw_cli_ecs_run_end(struct sw_cli_ecs_run *run, enum sw_status status)
{
    if (status == SW_OK) {
        status = tell(run) == SW_OK ? SW_OK : not_written(run);
        say_not_followed(run, status);
    }
    if (status == SW_OK && run->options->wait) {
        status = follow(run);
        tell_end(run, status);
    }
    enum sw_status written = write_facts(run, status);
    return status == SW_OK && written != SW_OK ? not_written(run) : written;
}

void sw_cli_ecs_run_release(struct sw_cli_ecs_run *run)
{
    sw_deployment_release(&run->deployment);
    sw_follow_result_release(&run->follow);
}
