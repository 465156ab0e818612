#include "follow.h"

/*
 * When a rollout cannot succeed any more. ECS itself never gives up without a circuit breaker, and
 * the breaker does not count tasks that ran before they failed when no health check watches them.
 */

/* A task without any health check is taken for healthy once it has run so long. */
enum { PROVEN_MS = 40 * 1000 };

/* The first reason that stopped enough tasks and will not heal. */
static const struct sw_cause *lasting_cause(const struct follower *follower)
{
    const struct sw_causes *causes = &follower->result->causes;
    for (size_t i = 0; i < causes->count; i++) {
        const struct sw_cause *cause = &causes->items[i];
        if (cause->task && cause->klass->fatal && cause->count >= follower->options->fail_fast) {
            return cause;
        }
    }
    return NULL;
}

/*
 * Whether the task outlived those that failed. Ages are told by AWS's own times only: the newest
 * that is known is not later than now.
 */
static bool is_proven(const struct follower *follower, const json_t *task)
{
    const char *health = sw_json_str(task, "healthStatus", "UNKNOWN");
    int64_t started_ms = sw_json_time_ms(task, "startedAt");
    int64_t wanted_ms = follower->longest_life_ms * 3 / 2;
    if (strcmp(health, "HEALTHY") == 0) {
        return true;
    }
    wanted_ms = wanted_ms > PROVEN_MS ? wanted_ms : PROVEN_MS;
    return strcmp(health, "UNHEALTHY") != 0 && started_ms > 0 &&
           follower->newest_ms - started_ms > wanted_ms;
}

/* Whether one of our tasks is healthy; also when that cannot be asked. */
static bool any_healthy(struct follower *follower)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = follow_tasks(follower, "RUNNING", &err);
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(sw_json_array(answer, "tasks"), index, task)
    {
        bool ours = strcmp(sw_json_str(task, "startedBy", ""), follower->target.deployment_id) == 0;
        if (ours && is_proven(follower, task)) {
            return true;
        }
    }
    return err.status != SW_OK;
}

bool follow_tasks_fail(const struct follower *follower)
{
    const struct sw_causes *causes = &follower->result->causes;
    for (size_t i = 0; i < causes->count; i++) {
        if (causes->items[i].task) {
            return true;
        }
    }
    return false;
}

/*
 * Whether the circuit breaker counts these failures, so that ECS ends the rollout by itself. An
 * answer of DescribeServices may be too old to show it; the service deployment knows, and without
 * it a second look must do.
 */
static bool breaker_counts(struct follower *follower)
{
    const struct sw_rollout_state *state = &follower->result->state;
    enum sw_rollout_verdict verdict = SW_ROLLOUT_RUNNING;
    if (!state->breaker || state->failed_tasks > 0) {
        return state->breaker;
    }
    if (follow_ask_witness(follower, &verdict)) {
        return verdict != SW_ROLLOUT_RUNNING || follower->shift.failures > 0;
    }
    bool first = !follower->doubted;
    follower->doubted = true;
    return first;
}

/* Ours is what ECS works on, as far as the last answer tells. */
static bool is_leading(const struct follower *follower)
{
    const struct sw_rollout_state *state = &follower->result->state;
    return !state->failed && state->unseen == 0 &&
           (state->primary_id[0] == '\0' ||
            strcmp(state->primary_id, follower->target.deployment_id) == 0);
}

bool follow_hopeless(struct follower *follower, const char *otherwise)
{
    struct sw_rollout_state *state = &follower->result->state;
    bool wanted = follower->options->fail_fast > 0 && is_leading(follower);
    const struct sw_cause *cause = wanted ? lasting_cause(follower) : NULL;
    if (!cause || (state->running > 0 && any_healthy(follower)) || breaker_counts(follower)) {
        return false;
    }
    (void)snprintf(state->reason, sizeof(state->reason),
                   "%u tasks stopped for the same reason and none is %s; %s", cause->count,
                   state->running > 0 ? "healthy" : "running", otherwise);
    return true;
}
