#include "ecs.h"

#include <slipway/env.h>
#include <slipway/rollout.h>
#include <slipway/service.h>

#include <stdarg.h>
#include <stdio.h>

/*
 * DescribeServices is eventually consistent: right after an update it may not show the new
 * deployment yet, and an answer may be older than the one before. So many answers in a row without
 * our deployment are not believed, before it was seen and after.
 */
enum { UNSEEN_MAX = 6, GONE_MAX = 1, SETTLED_MIN = 2 };

static enum sw_rollout_verdict say(struct sw_rollout_state *state, enum sw_rollout_verdict verdict,
                                   const char *fmt, ...) SW_PRINTF(3, 4);

static enum sw_rollout_verdict say(struct sw_rollout_state *state, enum sw_rollout_verdict verdict,
                                   const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(state->reason, sizeof(state->reason), fmt, args);
    va_end(args);
    return verdict;
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
    return strcmp(sw_json_str(object, key, ""), text) == 0;
}

static bool text_has(const json_t *object, const char *key, const char *part)
{
    return strstr(sw_json_str(object, key, ""), part) != NULL;
}

/* AWS's own reason, or a text when it gave none. */
static const char *reason_of(const json_t *deployment, const char *fallback)
{
    const char *reason = sw_json_str(deployment, "rolloutStateReason", "");
    return *reason ? reason : fallback;
}

/* Whether the percentages let the service neither start a task nor stop one. */
static bool allows_no_step(const json_t *service)
{
    struct ecs_steps steps;
    return ecs_steps_of(service, &steps) && steps.desired > 0 && steps.low >= steps.desired &&
           steps.high <= steps.desired;
}

/* Reads what people want to see, whatever the verdict will be. */
static void read_counters(const json_t *service, const json_t *ours, struct sw_rollout_state *state)
{
    const json_t *configuration = sw_json_object(service, "deploymentConfiguration");
    const json_t *breaker = sw_json_object(configuration, "deploymentCircuitBreaker");
    state->breaker = sw_json_bool(breaker, "enable", false);
    state->breaker_rollback = state->breaker && sw_json_bool(breaker, "rollback", false);
    const char *strategy = sw_json_str(configuration, "strategy", "ROLLING");
    state->native_shift = strcmp(strategy, "ROLLING") != 0;
    state->alarms = sw_json_bool(sw_json_object(configuration, "alarms"), "enable", false);
    state->daemon = text_is(service, "schedulingStrategy", "DAEMON");
    state->no_grace = sw_json_int(service, "healthCheckGracePeriodSeconds", 0) == 0;
    state->no_step = !state->daemon && allows_no_step(service);
    state->old_running = 0;
    state->deployments = 0;
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(sw_json_array(service, "deployments"), index, deployment)
    {
        state->deployments++;
        if (deployment != ours) {
            state->old_running += sw_json_count(deployment, "runningCount", 0);
        }
    }
    const json_t *primary = sw_service_primary(service);
    (void)snprintf(state->primary_id, sizeof(state->primary_id), "%s",
                   sw_json_str(primary, "id", ""));
    if (ours) {
        state->desired = sw_json_count(ours, "desiredCount", 0);
        state->running = sw_json_count(ours, "runningCount", 0);
        state->pending = sw_json_count(ours, "pendingCount", 0);
        state->failed_tasks = sw_json_count(ours, "failedTasks", 0);
        state->created_ms = sw_json_time_ms(ours, "createdAt");
        (void)snprintf(state->rollout_state, sizeof(state->rollout_state), "%s",
                       sw_json_str(ours, "rolloutState", ""));
    }
}

/* Ours is PRIMARY: rows 2, 3, 7 and 8 of the decision table. */
static enum sw_rollout_verdict judge_primary(const json_t *ours,
                                             const struct sw_rollout_target *target,
                                             struct sw_rollout_state *state)
{
    if (strcmp(state->rollout_state, "FAILED") == 0) {
        state->failed = true;
        return say(state, SW_ROLLOUT_FAILED, "%s",
                   reason_of(ours, "ECS marked the deployment as failed"));
    }
    bool drained = state->deployments == 1;
    if (strcmp(state->rollout_state, "COMPLETED") == 0) {
        bool short_of_tasks = target->until_running && state->running < state->desired;
        if ((target->until_drained && !drained) || short_of_tasks) {
            return SW_ROLLOUT_RUNNING;
        }
        return say(state, SW_ROLLOUT_DONE, "%s",
                   reason_of(ours, "ECS marked the deployment as completed"));
    }
    /* Behind a Classic Load Balancer there is no rolloutState: only counts that stay can tell. */
    bool settled = state->rollout_state[0] == '\0' && drained && state->running == state->desired &&
                   state->pending == 0;
    state->settled = settled ? state->settled + 1 : 0;
    if (state->settled >= SETTLED_MIN) {
        return say(state, SW_ROLLOUT_DONE,
                   "all %lld tasks run and no other deployment is left (ECS gives no rollout state "
                   "for this service)",
                   (long long)state->desired);
    }
    return SW_ROLLOUT_RUNNING;
}

/* What is older than ours and leads again was gone back to. */
static bool is_older(const json_t *primary, const struct sw_rollout_state *state)
{
    int64_t created_ms = sw_json_time_ms(primary, "createdAt");
    return created_ms > 0 && created_ms < state->created_ms;
}

static bool is_rollback(const json_t *primary, const struct sw_rollout_target *target,
                        const struct sw_rollout_state *state)
{
    const char *id = sw_json_str(primary, "id", "");
    return is_older(primary, state) || text_has(primary, "rolloutStateReason", "rolling back") ||
           (target->previous_id && strcmp(id, target->previous_id) == 0) ||
           (*id && strcmp(id, state->rollback_id) == 0);
}

/* "web:12" */
static const char *revision_of(const json_t *deployment)
{
    return sw_taskdef_short_name(
        sw_json_str(deployment, "taskDefinition", "an unknown task definition"));
}

/* How far the rollback of our failed deployment is, seen from the deployment that is PRIMARY now.
 */
static enum sw_rollout_verdict judge_rollback(const json_t *primary,
                                              const struct sw_rollout_target *target,
                                              struct sw_rollout_state *state)
{
    const char *id = sw_json_str(primary, "id", "?");
    if (!is_rollback(primary, target, state)) {
        return say(state, SW_ROLLOUT_FAILED, "deployment %s failed, then deployment %s took over",
                   target->deployment_id, id);
    }
    (void)snprintf(state->rollback_id, sizeof(state->rollback_id), "%s", id);
    if (text_is(primary, "rolloutState", "COMPLETED")) {
        return say(state, SW_ROLLOUT_ROLLED_BACK, "%s is back (deployment %s)",
                   revision_of(primary), id);
    }
    if (text_is(primary, "rolloutState", "FAILED")) {
        return say(state, SW_ROLLOUT_FAILED, "deployment %s failed, and so did the rollback to %s",
                   target->deployment_id, id);
    }
    return say(state, SW_ROLLOUT_ROLLING_BACK, "%s",
               reason_of(primary, "ECS is rolling the service back"));
}

/* Another one than ours is PRIMARY: rows 4 and 5. */
static enum sw_rollout_verdict judge_replaced(const json_t *primary,
                                              const struct sw_rollout_target *target,
                                              struct sw_rollout_state *state)
{
    if (!primary) {
        return SW_ROLLOUT_RUNNING; /* a moment between two states */
    }
    if (strcmp(state->rollout_state, "COMPLETED") == 0) {
        return say(state, SW_ROLLOUT_DONE, "deployment %s was completed before %s took over",
                   target->deployment_id, sw_json_str(primary, "id", "another"));
    }
    state->failed = state->failed || strcmp(state->rollout_state, "FAILED") == 0 ||
                    is_rollback(primary, target, state);
    if (state->failed) {
        return judge_rollback(primary, target, state);
    }
    return say(state, SW_ROLLOUT_SUPERSEDED, "%s (deployment %s) took over", revision_of(primary),
               sw_json_str(primary, "id", "?"));
}

/* Ours is not in the list: row 6. A PRIMARY that is the one before ours means a rollback. */
static enum sw_rollout_verdict judge_missing(const json_t *primary,
                                             const struct sw_rollout_target *target,
                                             struct sw_rollout_state *state)
{
    unsigned patience = state->seen ? GONE_MAX : UNSEEN_MAX;
    bool believed = ++state->unseen > patience || state->failed;
    if (!believed || !primary) {
        return SW_ROLLOUT_RUNNING;
    }
    state->failed = state->failed || (state->seen && is_rollback(primary, target, state));
    if (state->failed) {
        return judge_rollback(primary, target, state);
    }
    return say(state, SW_ROLLOUT_ASK, "deployment %s is not listed any more",
               target->deployment_id);
}

const char *sw_rollout_witness(const struct sw_rollout_target *target,
                               const struct sw_rollout_state *state)
{
    if (state->witness_denied) {
        return NULL;
    }
    if (target->service_deployment) {
        return target->service_deployment;
    }
    return state->service_deployment[0] ? state->service_deployment : NULL;
}

/*
 * The service names its present service deployment. It is ours when ours is PRIMARY, unless the
 * answer still names the one before.
 */
static void keep_service_deployment(const json_t *service, const struct sw_rollout_target *target,
                                    struct sw_rollout_state *state)
{
    const char *arn = sw_json_str(service, "currentServiceDeployment", "");
    const char *before = target->previous_service_deployment;
    if (*arn && strlen(arn) < sizeof(state->service_deployment) &&
        (!before || strcmp(arn, before) != 0)) {
        (void)snprintf(state->service_deployment, sizeof(state->service_deployment), "%s", arn);
    }
}

enum sw_rollout_verdict sw_rollout_judge(const json_t *service,
                                         const struct sw_rollout_target *target,
                                         struct sw_rollout_state *state)
{
    state->reason[0] = '\0';
    if (!state->seen && target->created_ms > 0) {
        state->seen = true;
        state->created_ms = target->created_ms;
    }
    if (!service) {
        return say(state, SW_ROLLOUT_GONE, "the service does not exist any more");
    }
    const char *status = sw_json_str(service, "status", "ACTIVE");
    if (strcmp(status, "ACTIVE") != 0) {
        return say(state, SW_ROLLOUT_GONE, "the service is %s: it is being or was deleted", status);
    }
    const json_t *ours =
        sw_json_find(sw_json_array(service, "deployments"), "id", target->deployment_id);
    const json_t *primary = sw_service_primary(service);
    state->rollout_state[0] = '\0';
    read_counters(service, ours, state);
    if (ours) {
        state->seen = true;
        state->unseen = 0;
    }
    if (ours && ours == primary) {
        keep_service_deployment(service, target, state);
    }
    if (state->native_shift && sw_rollout_witness(target, state)) {
        return say(state, SW_ROLLOUT_ASK, "the service shifts traffic in steps");
    }
    if (!ours) {
        return judge_missing(primary, target, state);
    }
    if (ours == primary) {
        return judge_primary(ours, target, state);
    }
    return judge_replaced(primary, target, state);
}

/* A lifecycle hook that waits for somebody; NULL when there is none. Borrowed. */
static const json_t *waiting_hook(const json_t *service_deployment)
{
    size_t index = 0;
    const json_t *hook = NULL;
    json_array_foreach(sw_json_array(service_deployment, "lifecycleHookDetails"), index, hook)
    {
        if (text_is(hook, "status", "AWAITING_ACTION")) {
            return hook;
        }
    }
    return NULL;
}

/* Cluster and service of "...:service-deployment/CLUSTER/SERVICE/ID"; false when it has none. */
static bool split_arn(const char *arn, struct sw_str *ret_cluster, struct sw_str *ret_service)
{
    static const char kind[] = ":service-deployment/";
    ptrdiff_t at = sw_str_find_str(sw_str(arn), sw_str(kind));
    struct sw_str rest = sw_str(at < 0 ? "" : arn + at + strlen(kind));
    *ret_cluster = sw_str_cut(&rest, '/');
    *ret_service = sw_str_cut(&rest, '/');
    return ret_service->len > 0 && rest.len > 0;
}

/* Where it is paused, until when, and how it goes on. */
static enum sw_rollout_verdict say_paused(const json_t *service_deployment, const json_t *hook,
                                          struct sw_rollout_state *state)
{
    struct sw_str cluster = { NULL, 0 };
    struct sw_str service = { NULL, 0 };
    int64_t expires_ms = sw_json_time_ms(hook, "expiresAt");
    char until[SW_TIME_TEXT_MAX + 64] = "";
    if (expires_ms > 0) {
        char when[SW_TIME_TEXT_MAX];
        sw_time_format(expires_ms, SW_TIME_ISO, when);
        (void)snprintf(until, sizeof(until), " until %s, then %.20s", when,
                       sw_json_str(hook, "timeoutAction", "ROLLBACK"));
    }
    if (!split_arn(sw_json_str(service_deployment, "serviceDeploymentArn", ""), &cluster,
                   &service)) {
        cluster = SW_STR("CLUSTER");
        service = SW_STR("SERVICE");
    }
    return say(state, SW_ROLLOUT_PAUSED,
               "a hook of stage %.40s waits for an action%s; go on with slipway ecs continue "
               "--cluster %.*s --service %.*s, or back with --rollback",
               sw_json_str(service_deployment, "lifecycleStage", "UNKNOWN"), until,
               SW_STR_ARG(cluster), SW_STR_ARG(service));
}

enum sw_rollout_verdict sw_rollout_judge_deployment(const json_t *service_deployment,
                                                    struct sw_rollout_state *state)
{
    static const struct {
        const char *status;
        enum sw_rollout_verdict verdict;
    } known[] = {
        { "SUCCESSFUL", SW_ROLLOUT_DONE },
        { "STOPPED", SW_ROLLOUT_SUPERSEDED },
        { "ROLLBACK_SUCCESSFUL", SW_ROLLOUT_ROLLED_BACK },
        { "ROLLBACK_FAILED", SW_ROLLOUT_FAILED },
        { "ROLLBACK_REQUESTED", SW_ROLLOUT_ROLLING_BACK },
        { "ROLLBACK_IN_PROGRESS", SW_ROLLOUT_ROLLING_BACK },
    };
    const char *status = sw_json_str(service_deployment, "status", "");
    const char *reason = sw_json_str(service_deployment, "statusReason", "");
    for (size_t i = 0; i < SW_COUNT(known); i++) {
        if (strcmp(status, known[i].status) == 0) {
            state->failed = state->failed || known[i].verdict == SW_ROLLOUT_ROLLING_BACK;
            return say(state, known[i].verdict, "service deployment %s%s%s", status,
                       *reason ? ": " : "", reason);
        }
    }
    const json_t *hook = waiting_hook(service_deployment);
    return hook ? say_paused(service_deployment, hook, state) : SW_ROLLOUT_RUNNING;
}

enum sw_rollout_verdict sw_rollout_judge_absent(const json_t *service,
                                                const struct sw_rollout_target *target,
                                                struct sw_rollout_state *state)
{
    const json_t *primary = sw_service_primary(service);
    const char *runs = sw_json_str(primary, "taskDefinition", "");
    if (target->task_definition && strcmp(runs, target->task_definition) == 0) {
        return say(state, SW_ROLLOUT_SUPERSEDED,
                   "deployment %s rolls out the same task definition anew",
                   sw_json_str(primary, "id", "?"));
    }
    return say(state, SW_ROLLOUT_FAILED,
               "deployment %s was rolled back or replaced: the service now runs %s",
               target->deployment_id, *runs ? runs : "an unknown task definition");
}

const char *sw_rollout_verdict_name(enum sw_rollout_verdict verdict)
{
    static const char *const names[] = {
        [SW_ROLLOUT_RUNNING] = "in progress",
        [SW_ROLLOUT_ASK] = "in progress",
        [SW_ROLLOUT_DONE] = "succeeded",
        [SW_ROLLOUT_FAILED] = "failed",
        [SW_ROLLOUT_ROLLING_BACK] = "rolling back",
        [SW_ROLLOUT_ROLLED_BACK] = "rolled back",
        [SW_ROLLOUT_SUPERSEDED] = "superseded",
        [SW_ROLLOUT_GONE] = "service gone",
        [SW_ROLLOUT_PAUSED] = "paused",
    };
    return names[verdict];
}
