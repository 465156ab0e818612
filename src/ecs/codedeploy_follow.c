#include "codedeploy.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

/* What was told to go on may be Ready for a moment yet. */
enum { READY_SETTLES_MS = 10000 };
/* How long a deployment is waited for when nobody says: minutes. */
enum { MARGIN_MIN = 10, LIMIT_LEAST_MIN = 30, LIMIT_MOST_MIN = 360, MINUTE_MS = 60 * 1000 };

static void keep_text(char **text, const char *value)
{
    char *copy = sw_xstrdup(value);
    free(*text);
    *text = copy;
}

static enum sw_rollout_verdict say(struct codedeploy_watch *watch, enum sw_rollout_verdict verdict,
                                   const char *text)
{
    struct sw_rollout_state *state = &watch->follower.result->state;
    (void)snprintf(state->reason, sizeof(state->reason), "%s", text);
    return verdict;
}

/* ---- What tasks do meanwhile ---- */

/* Whether the deployment made the task set; without a word of that, whether it runs the same. */
static bool is_ours(const struct codedeploy_watch *watch, const json_t *set)
{
    const char *maker = sw_json_str(set, "externalId", NULL);
    const char *wanted = watch->follower.target.task_definition;
    if (maker) {
        return strcmp(maker, watch->id) == 0;
    }
    return wanted && strcmp(sw_json_str(set, "taskDefinition", ""), wanted) == 0;
}

/* The newest task set that is ours, and how many tasks all others run. */
static const json_t *our_task_set(const struct codedeploy_watch *watch, const json_t *service,
                                  int64_t *ret_others)
{
    const json_t *ours = NULL;
    size_t index = 0;
    const json_t *set = NULL;
    int64_t all = 0;
    json_array_foreach(sw_json_array(service, "taskSets"), index, set)
    {
        bool match = is_ours(watch, set);
        all += sw_json_count(set, "runningCount", 0);
        if (match &&
            (!ours || sw_json_number(set, "createdAt", 0) > sw_json_number(ours, "createdAt", 0))) {
            ours = set;
        }
    }
    *ret_others = all - sw_json_count(ours, "runningCount", 0);
    return ours;
}

/* Counters and stopped tasks; they never end anything. */
static void take_tasks(struct codedeploy_watch *watch, const json_t *service)
{
    struct follower *follower = &watch->follower;
    struct sw_rollout_state *state = &follower->result->state;
    const struct sw_rollout_state before = *state;
    int64_t started_before = follower->started;
    const json_t *set = our_task_set(watch, service, &state->old_running);
    if (!set) {
        return;
    }
    (void)snprintf(watch->set_id, sizeof(watch->set_id), "%s", sw_json_str(set, "id", ""));
    follower->target.deployment_id = watch->set_id;
    if (!follower->target.task_definition) {
        (void)snprintf(watch->definition, sizeof(watch->definition), "%s",
                       sw_json_str(set, "taskDefinition", "?"));
        follower->target.task_definition = watch->definition;
    }
    state->seen = true;
    state->created_ms = sw_json_time_ms(set, "createdAt");
    state->desired = sw_json_count(set, "computedDesiredCount", 0);
    state->running = sw_json_count(set, "runningCount", 0);
    state->pending = sw_json_count(set, "pendingCount", 0);
    /* Task sets have no count of failed tasks. */
    bool bad = follow_events(follower, service) || state->running < state->desired;
    follow_say_counters(follower);
    follow_look_closer(follower, &before, started_before, bad);
}

/* ---- The verdict ---- */

static void keep_reason(struct codedeploy_watch *watch, const json_t *info, const char *status)
{
    const json_t *error = sw_json_object(info, "errorInformation");
    const char *code = sw_json_str(error, "code", "");
    const char *message = sw_json_str(error, "message", "");
    (void)snprintf(watch->reason, sizeof(watch->reason), "CodeDeploy deployment %s %s%s%s%s%s",
                   watch->id, status, *code ? ": " : "", code, *message ? ": " : "", message);
}

/* The rollback's own end is the end of all. */
static enum sw_rollout_verdict judge_rollback(struct codedeploy_watch *watch, const json_t *info,
                                              const char *status)
{
    char text[SW_ROLLOUT_REASON_MAX * 2];
    struct sw_str reason = ecs_without_stop(watch->reason);
    if (strcmp(status, "Succeeded") == 0) {
        (void)snprintf(text, sizeof(text), "%.*s; deployment %s rolled it back", SW_STR_ARG(reason),
                       watch->id);
        return say(watch, SW_ROLLOUT_ROLLED_BACK, text);
    }
    if (strcmp(status, "Failed") == 0 || strcmp(status, "Stopped") == 0) {
        const json_t *error = sw_json_object(info, "errorInformation");
        (void)snprintf(text, sizeof(text), "%.*s; the rollback by deployment %s %s as well: %s",
                       SW_STR_ARG(reason), watch->id, status,
                       sw_json_str(error, "message", "no reason given"));
        return say(watch, SW_ROLLOUT_FAILED, text);
    }
    return SW_ROLLOUT_ROLLING_BACK;
}

/* It ended without success; CodeDeploy may have started another deployment that goes back. */
static enum sw_rollout_verdict judge_end(struct codedeploy_watch *watch, const json_t *info,
                                         const char *status)
{
    const char *back =
        sw_json_str(sw_json_object(info, "rollbackInfo"), "rollbackDeploymentId", NULL);
    keep_reason(watch, info, status);
    watch->over = true;
    if (!back || strcmp(back, watch->id) == 0) {
        return say(watch, SW_ROLLOUT_FAILED, watch->reason);
    }
    sw_say(watch->follower.env, "%s; deployment %s rolls it back", watch->reason, back);
    keep_text(&watch->id, back);
    watch->rolling_back = true;
    watch->follower.result->state.failed = true;
    return say(watch, SW_ROLLOUT_ROLLING_BACK, watch->reason);
}

/* Ready: the new tasks run, and the traffic waits for an approval or for a time. */
static enum sw_rollout_verdict judge_ready(struct codedeploy_watch *watch, const json_t *info)
{
    const json_t *option = sw_json_object(sw_json_object(info, "blueGreenDeploymentConfiguration"),
                                          "deploymentReadyOption");
    char text[SW_ROLLOUT_REASON_MAX];
    int64_t now_ms = sw_env_mono_ms(watch->follower.env);
    watch->ready_ms = watch->ready_ms > 0 ? watch->ready_ms : now_ms;
    if (strcmp(sw_json_str(option, "actionOnTimeout", ""), "STOP_DEPLOYMENT") != 0 ||
        now_ms - watch->ready_ms < READY_SETTLES_MS) {
        return SW_ROLLOUT_RUNNING;
    }
    (void)snprintf(text, sizeof(text),
                   "CodeDeploy deployment %s is Ready and waits %lld min for somebody to have the "
                   "traffic shifted, then it is stopped; go on with slipway ecs continue --cluster "
                   "%s --service %s, or back with --rollback",
                   watch->id, (long long)sw_json_int(option, "waitTimeInMinutes", 0),
                   watch->follower.options->cluster, watch->follower.options->service);
    return say(watch, SW_ROLLOUT_PAUSED, text);
}

static enum sw_rollout_verdict judge(struct codedeploy_watch *watch, const json_t *info)
{
    const char *status = sw_json_str(info, "status", "");
    if (strcmp(status, watch->status) != 0) {
        (void)snprintf(watch->status, sizeof(watch->status), "%s", status);
        sw_say(watch->follower.env, "CodeDeploy deployment %s: %s", watch->id, status);
    }
    if (watch->rolling_back) {
        return judge_rollback(watch, info, status);
    }
    if (strcmp(status, "Succeeded") == 0) {
        return say(watch, SW_ROLLOUT_DONE, "CodeDeploy ended the deployment with Succeeded");
    }
    if (strcmp(status, "Failed") == 0 || strcmp(status, "Stopped") == 0) {
        return judge_end(watch, info, status);
    }
    return strcmp(status, "Ready") == 0 ? judge_ready(watch, info) : SW_ROLLOUT_RUNNING;
}

/* ---- Polling ---- */

/* What the group waits by itself, and a margin. */
static int64_t limit_ms(const json_t *info)
{
    const json_t *blue_green = sw_json_object(info, "blueGreenDeploymentConfiguration");
    int64_t minutes =
        MARGIN_MIN +
        sw_json_count(sw_json_object(blue_green, "terminateBlueInstancesOnDeploymentSuccess"),
                      "terminationWaitTimeInMinutes", 0) +
        sw_json_count(sw_json_object(blue_green, "deploymentReadyOption"), "waitTimeInMinutes", 0);
    minutes = minutes < LIMIT_LEAST_MIN ? LIMIT_LEAST_MIN : minutes;
    return (minutes > LIMIT_MOST_MIN ? LIMIT_MOST_MIN : minutes) * MINUTE_MS;
}

enum sw_status codedeploy_watch_ask(struct codedeploy_watch *watch, json_t **ret)
{
    struct follower *follower = &watch->follower;
    enum sw_status status =
        codedeploy_get(follower->aws, watch->id, &sw_aws_once, ret, follower->err);
    if (status == SW_OK) {
        ecs_pace_recover(&follower->pace);
        return SW_OK;
    }
    if (status == SW_E_NETWORK || status == SW_E_UNAVAILABLE || status == SW_E_STOPPED) {
        ecs_pace_slower(&follower->pace);
        return SW_OK;
    }
    return follow_cannot_watch(follower);
}

bool codedeploy_watch_take(struct codedeploy_watch *watch, const json_t *info,
                           const json_t *service)
{
    struct follower *follower = &watch->follower;
    if (!watch->limit_known) {
        watch->limit_known = true;
        follower->pace.timeout_ms = limit_ms(info);
    }
    if (!watch->rolling_back) {
        take_tasks(watch, service);
    }
    enum sw_rollout_verdict verdict = judge(watch, info);
    if (verdict == SW_ROLLOUT_RUNNING &&
        follow_hopeless(follower, "CodeDeploy would go on trying")) {
        verdict = SW_ROLLOUT_FAILED;
    }
    follower->result->verdict = verdict;
    return verdict != SW_ROLLOUT_RUNNING && verdict != SW_ROLLOUT_ROLLING_BACK;
}

/* DescribeServices, as far as the service may be looked at; the caller's. */
static json_t *see_service(const struct codedeploy_watch *watch)
{
    const struct follower *follower = &watch->follower;
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    enum sw_status status =
        ecs_call(follower->aws, "DescribeServices",
                 json_pack("{s:s, s:[s]}", "cluster", follower->options->cluster, "services",
                           follower->options->service),
                 &sw_aws_once, &answer, &ignored);
    return status != SW_OK ? NULL
                           : json_incref(json_array_get(sw_json_array(answer, "services"), 0));
}

static enum sw_status poll(void *ctx, bool *ret_over)
{
    struct codedeploy_watch *watch = ctx;
    json_auto_t *info = NULL;
    enum sw_status status = codedeploy_watch_ask(watch, &info);
    *ret_over = status != SW_OK;
    if (info) {
        json_auto_t *service = watch->rolling_back ? NULL : see_service(watch);
        *ret_over = codedeploy_watch_take(watch, info, service);
    }
    return status;
}

static enum sw_status to_the_end(struct codedeploy_watch *watch)
{
    return follow_looks(&watch->follower, poll, watch);
}

/* ---- What is done about a failure ---- */

/* After StopDeployment: sees the deployment end, and its rollback if there is one. */
static enum sw_status see_it_stop(struct codedeploy_watch *watch, bool back)
{
    struct follower *follower = &watch->follower;
    follower->result->state.failed = true; /* no second look whether there is hope */
    follow_begin(follower, follower->pace.timeout_ms);
    enum sw_status status = to_the_end(watch);
    if (status == SW_OK) {
        return SW_OK; /* it succeeded just before */
    }
    bool stopped = watch->over && (!back || status == SW_E_ROLLED_BACK);
    if (stopped && status == SW_E_ROLLED_BACK) {
        return follow_repaired(follower, status, true,
                               "slipway stopped it, and deployment %s rolled it back (Succeeded)",
                               watch->id);
    }
    if (stopped) {
        return follow_repaired(follower, SW_E_ROLLOUT_FAILED, true, "slipway stopped it");
    }
    return follow_repaired(follower, status == SW_E_STOPPED ? status : SW_E_ROLLOUT_FAILED, false,
                           "slipway stopped it, but %s: %s",
                           back ? "no rollback was seen to succeed" : "that was not seen to happen",
                           follower->err->msg);
}

static enum sw_status stop(struct codedeploy_watch *watch, bool back)
{
    struct follower *follower = &watch->follower;
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = codedeploy_call(
        follower->aws, "StopDeployment",
        json_pack("{s:s, s:b}", "deploymentId", watch->id, "autoRollbackEnabled", back), NULL, NULL,
        &err);
    if (status != SW_OK && strcmp(err.code, "DeploymentAlreadyCompletedException") != 0) {
        return follow_repaired(follower, SW_E_ROLLOUT_FAILED, false, "it was not stopped: %s",
                               err.msg);
    }
    return see_it_stop(watch, back);
}

enum sw_status codedeploy_watch_repair(struct codedeploy_watch *watch, enum sw_status status)
{
    struct follower *follower = &watch->follower;
    struct sw_err failure = *follower->err;
    bool back = follower->options->on_failure == SW_ON_FAILURE_ROLLBACK;
    if (follower->options->on_failure == SW_ON_FAILURE_NOTHING ||
        (status != SW_E_ROLLOUT_FAILED && status != SW_E_TIMEOUT)) {
        return status;
    }
    if (watch->over && (!back || watch->rolling_back)) {
        return status;
    }
    if (watch->over) {
        status = follow_repaired(follower, status, false, "CodeDeploy started no rollback");
    } else {
        sw_say(follower->env, "%s", failure.msg);
        status = stop(watch, back);
    }
    return status == SW_OK ? SW_OK : follow_tell_repair(follower, &failure, status);
}

void codedeploy_watch_init(struct codedeploy_watch *watch, struct sw_aws *aws,
                           const struct sw_follow_options *options, const char *id,
                           struct sw_follow_result *result, struct sw_err *err)
{
    *watch = (struct codedeploy_watch){
        .follower = follow_new(aws, options, result, err),
        .id = sw_xstrdup(id),
        .limit_known = options->timeout_ms > 0 && !options->ecs_timeout,
    };
    watch->follower.target.deployment_id = id;
    follow_begin(&watch->follower,
                 watch->limit_known ? options->timeout_ms : (int64_t)LIMIT_MOST_MIN * MINUTE_MS);
}

void codedeploy_watch_release(struct codedeploy_watch *watch)
{
    follow_release(&watch->follower);
    free(watch->id);
}

enum sw_status sw_codedeploy_follow(struct sw_aws *aws, const struct sw_follow_options *options,
                                    const char *deployment_id, struct sw_follow_result *ret,
                                    struct sw_err *err)
{
    struct codedeploy_watch watch;
    int64_t start_ms = sw_env_mono_ms(sw_aws_env(aws));
    codedeploy_watch_init(&watch, aws, options, deployment_id, ret, err);
    enum sw_status status = codedeploy_watch_repair(&watch, to_the_end(&watch));
    ret->waited_ms = sw_env_mono_ms(watch.follower.env) - start_ms;
    codedeploy_watch_release(&watch);
    return status;
}
