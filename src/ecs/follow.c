#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

void sw_follow_result_release(struct sw_follow_result *result)
{
    sw_causes_release(&result->causes);
    sw_strs_release(&result->events);
    free(result->repair);
    free(result->standing);
}

void follow_status_line(const void *ctx)
{
    const struct follower *follower = ctx;
    const struct sw_rollout_state *state = &follower->result->state;
    char waited[SW_SIZE_TEXT_MAX];
    ecs_pace_elapsed_text(&follower->pace, waited);
    sw_status_line(follower->env,
                   "waiting for %s: %lld/%lld running, %lld pending, %lld failed, %lld old "
                   "(%s)",
                   follower->options->service, (long long)state->running, (long long)state->desired,
                   (long long)state->pending, (long long)state->failed_tasks,
                   (long long)state->old_running, waited);
}

enum sw_status follow_cannot_watch(const struct follower *follower)
{
    return sw_wrap(follower->err,
                   "the deployment of service \"%s\" goes on, but its state is not known",
                   follower->options->service);
}

/*
 * One look. *ret_service (owned) stays NULL and *ret_answered false when ECS could not be asked
 * this time; the next look may succeed.
 */
static enum sw_status look_at_service(struct follower *follower, json_t **ret_service,
                                      bool *ret_answered)
{
    json_auto_t *answer = NULL;
    enum sw_status status =
        ecs_call(follower->aws, "DescribeServices",
                 json_pack("{s:s, s:[s]}", "cluster", follower->options->cluster, "services",
                           follower->options->service),
                 &sw_aws_once, &answer, follower->err);
    json_t *service = json_array_get(sw_json_array(answer, "services"), 0);
    bool missing =
        strcmp(sw_json_str(json_array_get(sw_json_array(answer, "failures"), 0), "reason", ""),
               "MISSING") == 0;
    if (status == SW_OK && (json_is_object(service) || missing)) {
        ecs_pace_recover(&follower->pace);
        *ret_answered = true;
        *ret_service = json_is_object(service) ? json_incref(service) : NULL;
        return SW_OK;
    }
    if (status == SW_E_STOPPED) {
        return SW_OK; /* noticed by the loop */
    }
    if (status == SW_OK || status == SW_E_NETWORK || status == SW_E_UNAVAILABLE) {
        ecs_pace_slower(&follower->pace);
        sw_status_line(follower->env, "ECS cannot be asked just now (%s); trying again",
                       status == SW_OK ? "no service in the answer" : follower->err->msg);
        return SW_OK;
    }
    return follow_cannot_watch(follower);
}

/* A service deployment that was STOPPED while ours still is PRIMARY was not superseded. */
static enum sw_rollout_verdict stopped_by_hand(const struct sw_rollout_state *state,
                                               const struct sw_rollout_target *target,
                                               enum sw_rollout_verdict verdict)
{
    bool primary = strcmp(state->primary_id, target->deployment_id) == 0;
    return verdict == SW_ROLLOUT_SUPERSEDED && primary ? SW_ROLLOUT_FAILED : verdict;
}

/* Our deployment is not listed, or its kind is judged by the witness alone. */
static enum sw_rollout_verdict judge_by_witness(struct follower *follower, const json_t *service)
{
    const struct sw_rollout_target *target = &follower->target;
    struct sw_rollout_state *state = &follower->result->state;
    enum sw_rollout_verdict verdict = SW_ROLLOUT_RUNNING;
    if (follow_ask_witness(follower, &verdict) || sw_rollout_witness(target, state)) {
        return stopped_by_hand(state, target, verdict);
    }
    /* Traffic shifts are judged like other rollouts then, from the next look on. */
    if (state->native_shift && state->unseen == 0) {
        return SW_ROLLOUT_RUNNING;
    }
    return sw_rollout_judge_absent(service, target, state);
}

/* What looks like a newer deployment may be a rollback that ECS words in a new way. */
static enum sw_rollout_verdict check_superseded(struct follower *follower)
{
    struct sw_rollout_state *state = &follower->result->state;
    char reason[SW_ROLLOUT_REASON_MAX];
    (void)snprintf(reason, sizeof(reason), "%s", state->reason);
    enum sw_rollout_verdict verdict = SW_ROLLOUT_SUPERSEDED;
    bool told = follow_ask_witness(follower, &verdict);
    if (told && verdict == SW_ROLLOUT_DONE) {
        return verdict;
    }
    if (told && (verdict == SW_ROLLOUT_ROLLING_BACK || verdict == SW_ROLLOUT_ROLLED_BACK)) {
        state->failed = true;
        (void)snprintf(state->rollback_id, sizeof(state->rollback_id), "%s", state->primary_id);
        return verdict;
    }
    (void)snprintf(state->reason, sizeof(state->reason), "%s", reason);
    return SW_ROLLOUT_SUPERSEDED;
}

void follow_say_counters(struct follower *follower)
{
    const struct sw_rollout_state *state = &follower->result->state;
    const int64_t now[] = { state->desired, state->running, state->pending, state->failed_tasks,
                            state->old_running };
    if (memcmp(now, follower->counters, sizeof(now)) == 0 || !state->seen) {
        return;
    }
    memcpy(follower->counters, now, sizeof(now));
    if (follower->options->brief) {
        return;
    }
    sw_say(follower->env, "%lld/%lld running, %lld pending, %lld failed, %lld old",
           (long long)state->running, (long long)state->desired, (long long)state->pending,
           (long long)state->failed_tasks, (long long)state->old_running);
}

/* Something happened to tasks: time to look why they stopped. */
static bool tasks_stopped(const struct follower *follower, int64_t failed_before,
                          int64_t running_before, int64_t started_before)
{
    const struct sw_rollout_state *state = &follower->result->state;
    bool restarted =
        follower->started > started_before && follower->started > state->desired && state->seen;
    return state->failed_tasks > failed_before || state->running < running_before || restarted;
}

void follow_look_closer(struct follower *follower, const struct sw_rollout_state *before,
                        int64_t started_before, bool bad)
{
    const struct sw_rollout_state *state = &follower->result->state;
    if (bad || tasks_stopped(follower, before->failed_tasks, before->running, started_before)) {
        follow_stopped_tasks(follower);
    }
    bool counts = state->breaker && state->failed_tasks > before->failed_tasks;
    bool alarms = state->alarms && bad;
    if ((counts || alarms) && !state->native_shift) {
        enum sw_rollout_verdict ignored = SW_ROLLOUT_RUNNING;
        char reason[SW_ROLLOUT_REASON_MAX];
        (void)snprintf(reason, sizeof(reason), "%s", state->reason);
        (void)follow_ask_witness(follower, &ignored);
        (void)snprintf(follower->result->state.reason, sizeof(reason), "%s", reason);
    }
    /* Trouble is looked at more often: it may be over soon. */
    follower->pace.eager = state->failed_tasks > 0 || follow_tasks_fail(follower);
}

static enum sw_rollout_verdict judge(struct follower *follower, const json_t *service)
{
    struct sw_rollout_state *state = &follower->result->state;
    const struct sw_rollout_state before = *state;
    int64_t started_before = follower->started;
    enum sw_rollout_verdict verdict = sw_rollout_judge(service, &follower->target, state);
    bool bad_event = follow_events(follower, service);
    follow_say_counters(follower);
    if (verdict == SW_ROLLOUT_ASK) {
        verdict = judge_by_witness(follower, service);
    } else if (verdict == SW_ROLLOUT_SUPERSEDED) {
        verdict = check_superseded(follower);
    }
    bool failed = verdict != SW_ROLLOUT_RUNNING && verdict != SW_ROLLOUT_DONE;
    follow_look_closer(follower, &before, started_before, bad_event || failed);
    follow_targets(follower, service);
    if (verdict == SW_ROLLOUT_RUNNING &&
        follow_hopeless(follower,
                        state->breaker
                            ? "the circuit breaker does not count such failures, so ECS tries for "
                              "ever"
                            : "without a circuit breaker ECS tries for ever")) {
        verdict = SW_ROLLOUT_FAILED;
    }
    if (verdict == SW_ROLLOUT_ROLLING_BACK && !follower->said_rollback) {
        follower->said_rollback = true;
        sw_say(follower->env, "the rollout failed; %s", state->reason);
    }
    return verdict;
}

bool follow_take(struct follower *follower, const json_t *service)
{
    enum sw_rollout_verdict verdict = judge(follower, service);
    json_decref(follower->deployments);
    follower->deployments = json_incref(sw_json_array(service, "deployments"));
    follower->result->verdict = verdict;
    return verdict != SW_ROLLOUT_RUNNING && verdict != SW_ROLLOUT_ROLLING_BACK;
}

/* One look at the service and its verdict. */
static enum sw_status poll(void *ctx, bool *ret_over)
{
    struct follower *follower = ctx;
    json_auto_t *service = NULL;
    bool answered = false;
    enum sw_status status = look_at_service(follower, &service, &answered);
    *ret_over = status != SW_OK;
    if (status != SW_OK || !answered) {
        return status;
    }
    *ret_over = follow_take(follower, service);
    return SW_OK;
}

enum sw_status follow_looks(struct follower *follower, follow_look *look, void *ctx)
{
    for (;;) {
        bool over = false;
        enum sw_status status = SW_OK;
        if (!sw_env_stop_wanted(follower->env)) {
            status = look(ctx, &over);
        }
        if (status != SW_OK) {
            return status;
        }
        if (over) {
            return follow_conclude(follower);
        }
        if (sw_env_stop_wanted(follower->env)) {
            return follow_stopped(follower);
        }
        if (ecs_pace_over(&follower->pace)) {
            return follow_timed_out(follower);
        }
        ecs_pace_pause(&follower->pace, follow_status_line, follower);
    }
}

enum sw_status follow_to_the_end(struct follower *follower)
{
    return follow_looks(follower, poll, follower);
}

void follow_begin(struct follower *follower, int64_t timeout_ms)
{
    ecs_pace_init(&follower->pace, follower->env, timeout_ms, follower->options->poll_interval_ms);
}

struct follower follow_new(struct sw_aws *aws, const struct sw_follow_options *options,
                           struct sw_follow_result *result, struct sw_err *err)
{
    *result = (struct sw_follow_result){
        .verdict = SW_ROLLOUT_RUNNING,
        .causes = { .cluster = options->cluster, .service = options->service },
    };
    struct follower follower = {
        .aws = aws,
        .env = sw_aws_env(aws),
        .options = options,
        .target = options->target,
        .result = result,
        .err = err,
    };
    follow_begin(&follower, options->timeout_ms > 0 ? options->timeout_ms : SW_ROLLOUT_TIMEOUT_MS);
    return follower;
}

void follow_release(struct follower *follower)
{
    sw_strs_release(&follower->event_ids);
    sw_strs_release(&follower->shift.hooks);
    sw_strs_release(&follower->shift.alarms);
    json_decref(follower->definition);
    json_decref(follower->deployments);
}

enum sw_status sw_rollout_follow(struct sw_aws *aws, const struct sw_follow_options *options,
                                 struct sw_follow_result *ret, struct sw_err *err)
{
    int64_t start_ms = sw_env_mono_ms(sw_aws_env(aws));
    struct follower follower = follow_new(aws, options, ret, err);
    enum sw_status status = follow_to_the_end(&follower);
    if (options->on_failure != SW_ON_FAILURE_NOTHING) {
        status = follow_repair(&follower, status);
    }
    follow_say_standing(&follower, status);
    ret->waited_ms = sw_env_mono_ms(follower.env) - start_ms;
    follow_release(&follower);
    return status;
}
