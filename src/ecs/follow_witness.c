#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

/* What the service deployment tells: the second witness of a rollout, the only one of a shift. */

static void show_stage(struct follower *follower, const json_t *record)
{
    struct follow_shift *shown = &follower->shift;
    const char *stage = sw_json_str(record, "lifecycleStage", "");
    if (!*stage || strcmp(stage, shown->stage) == 0) {
        return;
    }
    (void)snprintf(shown->stage, sizeof(shown->stage), "%s", stage);
    int64_t bake_min =
        sw_json_int(sw_json_object(record, "deploymentConfiguration"), "bakeTimeInMinutes", 0);
    if (strcmp(stage, "BAKE_TIME") == 0 && bake_min > 0) {
        sw_say(follower->env, "stage BAKE_TIME: both sets of tasks run for %lld min more",
               (long long)bake_min);
        return;
    }
    sw_say(follower->env, "stage %s", stage);
}

static void show_traffic(struct follower *follower, const json_t *record)
{
    struct follow_shift *shown = &follower->shift;
    const json_t *target = sw_json_object(record, "targetServiceRevision");
    int64_t production = (int64_t)sw_json_number(target, "requestedProductionTrafficWeight", 0);
    int64_t test = (int64_t)sw_json_number(target, "requestedTestTrafficWeight", 0);
    if (production == shown->production && test == shown->test) {
        return;
    }
    shown->production = production;
    shown->test = test;
    sw_say(follower->env, "traffic to the new tasks: production %lld %%, test %lld %%",
           (long long)production, (long long)test);
}

static void show_hooks(struct follower *follower, const json_t *record)
{
    size_t index = 0;
    const json_t *hook = NULL;
    json_array_foreach(sw_json_array(record, "lifecycleHookDetails"), index, hook)
    {
        const char *status = sw_json_str(hook, "status", "?");
        SW_CLEANUP(sw_free_str)
        char *key = sw_xasprintf("%s %s", sw_json_str(hook, "hookId", "?"), status);
        if (!sw_strs_has(&follower->shift.hooks, sw_str(key))) {
            sw_strs_add(&follower->shift.hooks, sw_str(key));
            sw_say(follower->env, "hook %s: %s",
                   sw_json_str(hook, "targetArn", sw_json_str(hook, "targetType", "?")), status);
        }
    }
}

static void show_breaker(struct follower *follower, const json_t *record)
{
    const json_t *breaker = sw_json_object(record, "deploymentCircuitBreaker");
    int64_t failures = sw_json_int(breaker, "failureCount", 0);
    bool on = strcmp(sw_json_str(breaker, "status", "DISABLED"), "DISABLED") != 0;
    if (on && failures != follower->shift.failures) {
        follower->shift.failures = failures;
        sw_say(follower->env, "circuit breaker: %lld of %lld failed tasks", (long long)failures,
               (long long)sw_json_int(breaker, "threshold", 0));
    }
}

static void show_alarms(struct follower *follower, const json_t *record)
{
    size_t index = 0;
    const json_t *name = NULL;
    json_array_foreach(sw_json_array(sw_json_object(record, "alarms"), "triggeredAlarmNames"),
                       index, name)
    {
        const char *text = json_is_string(name) ? json_string_value(name) : "?";
        if (!sw_strs_has(&follower->shift.alarms, sw_str(text))) {
            sw_strs_add(&follower->shift.alarms, sw_str(text));
            sw_say(follower->env, "alarm \"%s\" was raised", text);
        }
    }
}

/* How far traffic has shifted, hooks and the circuit breaker, as far as that is new. */
static void show_shift(struct follower *follower, const json_t *service_deployment)
{
    show_stage(follower, service_deployment);
    show_traffic(follower, service_deployment);
    show_hooks(follower, service_deployment);
    show_breaker(follower, service_deployment);
    show_alarms(follower, service_deployment);
}

bool follow_ask_witness(struct follower *follower, enum sw_rollout_verdict *ret)
{
    struct sw_rollout_state *state = &follower->result->state;
    const char *arn = sw_rollout_witness(&follower->target, state);
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    if (!arn) {
        return false;
    }
    enum sw_status status =
        ecs_call(follower->aws, "DescribeServiceDeployments",
                 json_pack("{s:[s]}", "serviceDeploymentArns", arn), &sw_aws_once, &answer, &err);
    const json_t *found = json_array_get(sw_json_array(answer, "serviceDeployments"), 0);
    if (status == SW_OK && json_is_object(found)) {
        show_shift(follower, found);
        *ret = sw_rollout_judge_deployment(found, state);
        return true;
    }
    bool refused = json_array_size(sw_json_array(answer, "failures")) > 0 ||
                   status == SW_E_DENIED || status == SW_E_NOT_FOUND || status == SW_E_FAILED;
    if (refused) {
        sw_debug(follower->env, "ecs", "the service deployment cannot be asked: %s", err.msg);
        state->witness_denied = true;
    } else {
        ecs_pace_slower(&follower->pace);
    }
    return false;
}
