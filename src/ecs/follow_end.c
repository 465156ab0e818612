#include "follow.h"

#include <slipway/progress.h>

enum { LAST_LINE_BYTES = 200 };

static const struct {
    enum sw_rollout_verdict verdict;
    enum sw_status status;
    const char *text; /* "the rollout of X to service Y <text>: reason" */
} ends[] = {
    { SW_ROLLOUT_FAILED, SW_E_ROLLOUT_FAILED, "failed" },
    { SW_ROLLOUT_ROLLED_BACK, SW_E_ROLLED_BACK, "failed and was rolled back" },
    { SW_ROLLOUT_ROLLING_BACK, SW_E_ROLLED_BACK, "failed and is being rolled back" },
    { SW_ROLLOUT_SUPERSEDED, SW_E_SUPERSEDED, "was superseded" },
    { SW_ROLLOUT_GONE, SW_E_NOT_FOUND, "ended" },
    { SW_ROLLOUT_PAUSED, SW_E_PAUSED, "is paused" },
};

/* What is rolled out, for messages. */
static const char *what(const struct follower *follower)
{
    const char *arn = follower->target.task_definition;
    return arn ? sw_taskdef_short_name(arn) : follower->target.deployment_id;
}

/* What a container said last often says why it ended. */
static void append_last_line(const struct follower *follower, const char *log)
{
    struct sw_str rest = sw_str(log ? log : "");
    struct sw_str last = { NULL, 0 };
    while (rest.ptr) {
        struct sw_str line = sw_str_trim(sw_str_cut(&rest, '\n'));
        last = line.len > 0 ? line : last;
    }
    if (last.len > 0) {
        (void)sw_append(follower->err, "; its log ends with: %.*s",
                        SW_STR_ARG(sw_str_first(last, LAST_LINE_BYTES)));
    }
}

/* A rollout that stands still without a word of ECS. */
static void append_no_step(const struct follower *follower)
{
    const struct sw_rollout_state *state = &follower->result->state;
    const struct sw_cause_class *klass = sw_cause_class_find("percentages");
    bool stands_still = state->running == 0 && state->pending == 0 && state->old_running > 0;
    if (klass && state->no_step && stands_still) {
        (void)sw_append(follower->err, "; most likely: %s; %s", klass->title, klass->advice);
    }
}

static void append_cause(const struct follower *follower)
{
    const struct sw_cause *cause = sw_causes_main(&follower->result->causes);
    if (!cause) {
        append_no_step(follower);
        return;
    }
    (void)sw_append(follower->err, "; most likely: ");
    if (cause->container) {
        (void)sw_append(follower->err, "container \"%s\": ", cause->container);
    }
    (void)sw_append(follower->err, "%s", cause->klass->title);
    if (cause->object) {
        (void)sw_append(follower->err, ": \"%s\"", cause->object);
    }
    if (cause->exit_code >= 0) {
        (void)sw_append(follower->err, " (exit code %lld)", (long long)cause->exit_code);
    }
    append_last_line(follower, cause->log);
    (void)sw_append(follower->err, "; %s", cause->klass->advice);
    if (strncmp(cause->klass->id, "elb-", 4) == 0 && follower->result->state.no_grace) {
        (void)sw_append(follower->err,
                        "; the service has no health check grace period: "
                        "--health-check-grace-period gives tasks that start slowly the time");
    }
}

static enum sw_status succeeded(struct follower *follower)
{
    const struct sw_rollout_state *state = &follower->result->state;
    if (state->seen && state->desired == 0 && state->daemon) {
        sw_warn(follower->env,
                "service \"%s\" is a daemon and no container instance is eligible: nothing was "
                "started",
                follower->options->service);
    } else if (state->seen && state->desired == 0) {
        sw_warn(follower->env,
                "service \"%s\" wants 0 tasks: the rollout was accepted, but nothing was started; "
                "--desired-count starts some",
                follower->options->service);
    }
    char waited[SW_SIZE_TEXT_MAX];
    sw_format_duration(ecs_pace_elapsed_ms(&follower->pace), waited);
    sw_say(follower->env, "the rollout of %s to service \"%s\" completed after %s", what(follower),
           follower->options->service, waited);
    *follower->err = (struct sw_err)SW_ERR_INIT;
    return SW_OK;
}

enum sw_status follow_conclude(struct follower *follower)
{
    enum sw_rollout_verdict verdict = follower->result->verdict;
    if (verdict == SW_ROLLOUT_DONE) {
        return succeeded(follower);
    }
    enum sw_status status = SW_E_ROLLOUT_FAILED;
    const char *text = "failed";
    for (size_t i = 0; i < SW_COUNT(ends); i++) {
        if (ends[i].verdict == verdict) {
            status = ends[i].status;
            text = ends[i].text;
        }
    }
    struct sw_str reason = ecs_without_stop(follower->result->state.reason);
    (void)sw_fail(follower->err, status, "the rollout of %s to service \"%s\" %s: %.*s",
                  what(follower), follower->options->service, text, SW_STR_ARG(reason));
    for (size_t i = 0; i < follower->shift.alarms.count; i++) {
        (void)sw_append(follower->err, "%s \"%s\"", i ? "," : "; raised: alarm",
                        follower->shift.alarms.items[i]);
    }
    if (status == SW_E_ROLLOUT_FAILED || status == SW_E_ROLLED_BACK) {
        append_cause(follower);
    }
    return status;
}

/* Where the rollout stands when the waiting ends before it does. */
static void append_standing(const struct follower *follower, bool goes_on)
{
    const struct sw_rollout_state *state = &follower->result->state;
    if (!state->seen) {
        (void)sw_append(follower->err, "; nothing of it was seen yet");
        return;
    }
    (void)sw_append(follower->err, "; it stands at %lld/%lld running, %lld pending, %lld failed%s",
                    (long long)state->running, (long long)state->desired, (long long)state->pending,
                    (long long)state->failed_tasks, goes_on ? ", and goes on" : "");
}

enum sw_status follow_stopped(struct follower *follower)
{
    (void)sw_fail(follower->err, SW_E_STOPPED,
                  "stopped waiting for the rollout of %s to service \"%s\"", what(follower),
                  follower->options->service);
    append_standing(follower, true);
    return SW_E_STOPPED;
}

enum sw_status follow_timed_out(struct follower *follower)
{
    follow_stopped_tasks(follower);
    if (follower->result->state.failed) {
        follower->result->verdict = SW_ROLLOUT_ROLLING_BACK;
        return follow_conclude(follower);
    }
    char waited[SW_SIZE_TEXT_MAX];
    sw_format_duration(follower->pace.timeout_ms, waited);
    (void)sw_fail(follower->err, SW_E_TIMEOUT,
                  "the rollout of %s to service \"%s\" is not done after %s", what(follower),
                  follower->options->service, waited);
    append_standing(follower, follower->options->on_failure == SW_ON_FAILURE_NOTHING);
    const struct sw_strs *events = &follower->result->events;
    if (events->count > 0 && !sw_causes_main(&follower->result->causes)) {
        (void)sw_append(follower->err, "; last event: %s", events->items[events->count - 1]);
    }
    append_cause(follower);
    return SW_E_TIMEOUT;
}
