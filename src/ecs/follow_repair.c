#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>
#include <slipway/service.h>

#include <stdarg.h>

/*
 * What is done about a rollout that failed or is not done in time. Whatever is asked of ECS is
 * followed until it is seen; only then is it said to be done.
 */

/* A stop is quick, or it does not come. */
enum { STOP_TIMEOUT_MS = 2 * 60 * 1000 };

enum sw_status follow_repaired(struct follower *follower, enum sw_status status, bool done,
                               const char *fmt, ...)
{
    char text[SW_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    free(follower->result->repair);
    follower->result->repair = sw_xstrdup(text);
    follower->result->repaired = done;
    return status;
}

enum sw_status follow_tell_repair(struct follower *follower, const struct sw_err *failure,
                                  enum sw_status status)
{
    *follower->err = *failure;
    follower->err->status = status;
    return sw_append(follower->err, "; %s", follower->result->repair);
}

/* StopServiceDeployment; false with the reason in *err when ECS does not do it. */
static bool request_stop(struct follower *follower, const char *how, struct sw_err *err)
{
    const char *arn = sw_rollout_witness(&follower->target, &follower->result->state);
    if (!arn) {
        (void)sw_fail(err, SW_E_NOT_FOUND, "the service deployment is not known");
        return false;
    }
    return ecs_call(follower->aws, "StopServiceDeployment",
                    json_pack("{s:s, s:s}", "serviceDeploymentArn", arn, "stopType", how), NULL,
                    NULL, err) == SW_OK;
}

/* The rollout succeeded before anything was done about it. */
static enum sw_status accept_success(struct follower *follower)
{
    sw_say(follower->env, "it succeeded meanwhile, so nothing is done about it");
    follower->result->verdict = SW_ROLLOUT_DONE;
    *follower->err = (struct sw_err)SW_ERR_INIT;
    return SW_OK;
}

/* Whether that is so, where ECS refused to stop it. */
static bool succeeded_after_all(struct follower *follower)
{
    enum sw_rollout_verdict verdict = SW_ROLLOUT_RUNNING;
    return follow_ask_witness(follower, &verdict) && verdict == SW_ROLLOUT_DONE;
}

/* ECS goes back by itself; the same follower sees how. */
static enum sw_status follow_rollback(struct follower *follower)
{
    const enum sw_rollout_verdict before = follower->result->verdict;
    follower->result->state.failed = true;
    follow_begin(follower, follower->pace.timeout_ms);
    enum sw_status status = follow_to_the_end(follower);
    if (status == SW_OK) {
        return SW_OK;
    }
    if (follower->result->verdict == SW_ROLLOUT_ROLLED_BACK) {
        return follow_repaired(follower, SW_E_ROLLED_BACK, true, "slipway had ECS roll it back: %s",
                               follower->result->state.reason);
    }
    follower->result->verdict = before;
    return follow_repaired(follower, status == SW_E_STOPPED ? status : SW_E_ROLLOUT_FAILED, false,
                           "slipway had ECS roll it back, but that was not seen to end: %s",
                           follower->err->msg);
}

static enum sw_status follow_update(struct follower *follower, const struct sw_deployment *back)
{
    const struct sw_follow_options options = {
        .cluster = follower->options->cluster,
        .service = follower->options->service,
        .target = { .deployment_id = back->deployment_id,
                    .task_definition = back->task_definition,
                    .previous_id = back->previous_id,
                    .service_deployment = back->service_deployment },
        .timeout_ms = follower->pace.timeout_ms,
        .poll_interval_ms = follower->options->poll_interval_ms,
        .no_logs = follower->options->no_logs,
    };
    struct sw_follow_result result;
    struct sw_err err = SW_ERR_INIT;
    const char *name = sw_taskdef_short_name(back->task_definition);
    enum sw_status status = sw_rollout_follow(follower->aws, &options, &result, &err);
    sw_follow_result_release(&result);
    if (status == SW_OK) {
        follower->result->verdict = SW_ROLLOUT_ROLLED_BACK;
        return follow_repaired(follower, SW_E_ROLLED_BACK, true,
                               "slipway rolled the service back to %s (deployment %s, completed)",
                               name, back->deployment_id);
    }
    return follow_repaired(
        follower, status == SW_E_STOPPED ? status : SW_E_ROLLOUT_FAILED, false,
        "slipway updated the service back to %s, but that was not seen to succeed: %s", name,
        err.msg);
}

/* One more update, to what ran before. */
static enum sw_status update_back(struct follower *follower)
{
    const char *previous = follower->options->previous_definition;
    struct sw_err err = SW_ERR_INIT;
    struct sw_deployment back;
    if (!previous) {
        return follow_repaired(
            follower, SW_E_ROLLOUT_FAILED, false,
            "it was not rolled back: what ran before is not known; slipway ecs rollback "
            "--to REVISION does it");
    }
    enum sw_status status =
        sw_service_rollback(follower->aws, follower->options->cluster, follower->options->service,
                            previous, NULL, &back, &err);
    if (status == SW_OK && back.deployment_id) {
        json_decref(follower->deployments); /* they are others now */
        follower->deployments = NULL;
        status = follow_update(follower, &back);
    } else {
        status = follow_repaired(follower, SW_E_ROLLOUT_FAILED, false, "it was not rolled back: %s",
                                 status == SW_OK ? "ECS started no deployment" : err.msg);
    }
    sw_deployment_release(&back);
    return status;
}

static enum sw_status roll_back(struct follower *follower)
{
    struct sw_err err = SW_ERR_INIT;
    if (request_stop(follower, "ROLLBACK", &err)) {
        sw_say(follower->env, "asked ECS to roll the deployment back");
        return follow_rollback(follower);
    }
    if (succeeded_after_all(follower)) {
        return accept_success(follower);
    }
    sw_debug(follower->env, "ecs", "ECS does not roll back by itself: %s", err.msg);
    return update_back(follower);
}

/* Looks once how a stop that ECS accepted ended; false when it has not yet. */
static bool see_stop(struct follower *follower, enum sw_status *ret)
{
    const struct sw_rollout_state *state = &follower->result->state;
    enum sw_rollout_verdict verdict = SW_ROLLOUT_RUNNING;
    if (!follow_ask_witness(follower, &verdict)) {
        return false;
    }
    switch (verdict) {
    case SW_ROLLOUT_SUPERSEDED: /* STOPPED */
        *ret = follow_repaired(follower, SW_E_ROLLOUT_FAILED, true,
                               "slipway stopped it as it stands: %lld/%lld running, %lld old",
                               (long long)state->running, (long long)state->desired,
                               (long long)state->old_running);
        return true;
    case SW_ROLLOUT_DONE:
        *ret = accept_success(follower);
        return true;
    case SW_ROLLOUT_ROLLED_BACK:
        follower->result->verdict = verdict;
        *ret = follow_repaired(follower, SW_E_ROLLED_BACK, false,
                               "it was not stopped: ECS rolled it back first: %s", state->reason);
        return true;
    case SW_ROLLOUT_FAILED:
        follower->result->verdict = verdict;
        *ret = follow_repaired(follower, SW_E_ROLLOUT_FAILED, false, "it was not stopped: %s",
                               state->reason);
        return true;
    default:
        return false;
    }
}

static enum sw_status stop(struct follower *follower)
{
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = SW_OK;
    if (!request_stop(follower, "ABORT", &err) && !sw_err_may_be_done(&err)) {
        return succeeded_after_all(follower) ? accept_success(follower)
                                             : follow_repaired(follower, SW_E_ROLLOUT_FAILED, false,
                                                               "it was not stopped: %s", err.msg);
    }
    follow_begin(follower, STOP_TIMEOUT_MS);
    while (!sw_env_stop_wanted(follower->env) && !ecs_pace_over(&follower->pace)) {
        if (see_stop(follower, &status)) {
            return status;
        }
        if (!sw_rollout_witness(&follower->target, &follower->result->state)) {
            return follow_repaired(follower, SW_E_ROLLOUT_FAILED, false,
                                   "slipway had ECS stop it, but the service deployment cannot be "
                                   "asked whether it did");
        }
        ecs_pace_pause(&follower->pace, follow_status_line, follower);
    }
    return follow_repaired(follower,
                           sw_env_stop_wanted(follower->env) ? SW_E_STOPPED : SW_E_ROLLOUT_FAILED,
                           false, "slipway had ECS stop it, but that was not seen to happen");
}

enum sw_status follow_repair(struct follower *follower, enum sw_status status)
{
    struct sw_err failure = *follower->err;
    if (status != SW_E_ROLLOUT_FAILED && status != SW_E_TIMEOUT) {
        return status;
    }
    sw_say(follower->env, "%s", failure.msg);
    bool back = follower->options->on_failure == SW_ON_FAILURE_ROLLBACK;
    status = back ? roll_back(follower) : stop(follower);
    return status == SW_OK ? SW_OK : follow_tell_repair(follower, &failure, status);
}
