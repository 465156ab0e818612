#ifndef SLIPWAY_ECS_FOLLOW_H
#define SLIPWAY_ECS_FOLLOW_H

/* The parts of sw_rollout_follow: the loop, what it shows, and how it ends. */

#include "ecs.h"
#include "pace.h"

#include <slipway/rollout.h>

#include <stdio.h>

enum { FOLLOW_COUNTERS = 5 };

/* What was shown of a service deployment. */
struct follow_shift {
    char stage[64];
    int64_t production, test; /* per cent of the traffic that goes to the new tasks */
    int64_t failures;         /* of the circuit breaker */
    struct sw_strs hooks;     /* "ID STATUS" */
    struct sw_strs alarms;    /* names of those that were raised */
};

struct follower {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_follow_options *options;
    struct sw_rollout_target target;
    struct sw_follow_result *result;
    struct sw_err *err;
    struct ecs_pace pace;
    int64_t counters[FOLLOW_COUNTERS];
    struct sw_strs event_ids; /* shown already */
    struct follow_shift shift;
    int64_t started;         /* tasks that events say were started */
    int64_t longest_life_ms; /* from start to end, of tasks that failed */
    int64_t newest_ms;       /* the newest time that AWS's clock is known to have shown */
    size_t causes_said;
    bool said_rollback;
    bool doubted; /* it looked hopeless, but the circuit breaker may see it too */
    bool tasks_denied;
    bool logs_denied;
    bool targets_denied;
    unsigned target_looks; /* at what the load balancer says */
    bool asked_definition;
    json_t *definition;  /* owned: what is rolled out, once it was asked for */
    json_t *deployments; /* owned: of the service, as the last look showed them; NULL: not known */
};

/*
 * Takes in what a look at the service showed; NULL: it is missing. True when there is nothing more
 * to wait for.
 */
bool follow_take(struct follower *follower, const json_t *service);
/* What ends the following although the rollout goes on. */
enum sw_status follow_cannot_watch(const struct follower *follower);
/* Tells the counters of the result's state when they changed. */
void follow_say_counters(struct follower *follower);
/*
 * After the state was read anew: looks at what it does not tell, when it changed since `before` or
 * something is bad.
 */
void follow_look_closer(struct follower *follower, const struct sw_rollout_state *before,
                        int64_t started_before, bool bad);

/* Shows events of this deployment that were not shown yet; true when one reports a failure. */
bool follow_events(struct follower *follower, const json_t *service);
/*
 * DescribeTasks of the service's tasks that are to run or to stop; NULL when there are none or they
 * cannot be asked. The caller's.
 */
json_t *follow_tasks(struct follower *follower, const char *desired_status, struct sw_err *err);
/* Looks up why tasks of this deployment stopped and shows causes that are new. */
void follow_stopped_tasks(struct follower *follower);
/* Asks the load balancer why targets are not healthy, when nobody else says why. */
void follow_targets(struct follower *follower, const json_t *service);
/* Shows causes that are new. */
void follow_say_causes(struct follower *follower);

/*
 * Asks the second witness, the service deployment, and shows what it tells; false when it does not
 * answer. Without the right to, it is not asked again.
 */
bool follow_ask_witness(struct follower *follower, enum sw_rollout_verdict *ret);

/* Whether tasks of ours stopped for a reason. */
bool follow_tasks_fail(const struct follower *follower);
/*
 * Whether the rollout cannot succeed any more: enough tasks stopped for the same lasting reason,
 * none is healthy, and no circuit breaker counts them. Says why in state->reason then, and what
 * would happen otherwise.
 */
bool follow_hopeless(struct follower *follower, const char *otherwise);

/*
 * What options->on_failure asks for, after the following ended with `status`; follower->err says
 * what was done. Returns the status that counts then.
 */
enum sw_status follow_repair(struct follower *follower, enum sw_status status);
/* A follower at its start; what it holds is freed by follow_release(). */
struct follower follow_new(struct sw_aws *aws, const struct sw_follow_options *options,
                           struct sw_follow_result *result, struct sw_err *err);
void follow_release(struct follower *follower);
/* Keeps what was done about a failure, and whether that it worked was seen; returns `status`. */
enum sw_status follow_repaired(struct follower *follower, enum sw_status status, bool done,
                               const char *fmt, ...) SW_PRINTF(4, 5);
/* The error that counts then: the failure and what was done about it. Returns `status`. */
enum sw_status follow_tell_repair(struct follower *follower, const struct sw_err *failure,
                                  enum sw_status status);
/* One look; *ret_over when there is nothing more to wait for. */
typedef enum sw_status follow_look(void *ctx, bool *ret_over);
/* Looks until there is an end; the follower's clock runs already. */
enum sw_status follow_looks(struct follower *follower, follow_look *look, void *ctx);
/* The same with looks at the service. */
enum sw_status follow_to_the_end(struct follower *follower);
/* Gives a sign of life; ctx is the follower. */
void follow_status_line(const void *ctx);
/* Starts, or restarts, the follower's clock. */
void follow_begin(struct follower *follower, int64_t timeout_ms);

/* Adds the end of the failed container's log to the cause, and what it tells, when it can be had.
 */
void follow_read_log(struct follower *follower, struct sw_cause *cause);
/* What AWS's words do not name, and the task definition does: the log group, or the image. */
void follow_name_object(struct follower *follower, struct sw_cause *cause);

/* The ends: by verdict, by the user, by the clock. Each returns err->status (or SW_OK). */
enum sw_status follow_conclude(struct follower *follower);
enum sw_status follow_stopped(struct follower *follower);
enum sw_status follow_timed_out(struct follower *follower);
/*
 * After the last word about a rollout that did not succeed: says what the service runs now, and
 * which command goes back or waits on where that is for somebody to decide.
 */
void follow_say_standing(struct follower *follower, enum sw_status status);

#endif
