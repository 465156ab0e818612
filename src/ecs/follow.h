#ifndef SLIPWAY_ECS_FOLLOW_H
#define SLIPWAY_ECS_FOLLOW_H

/* The parts of sw_rollout_follow: the loop, what it shows, and how it ends. */

#include "ecs.h"
#include "pace.h"

#include <slipway/rollout.h>

#include <stdio.h>

enum { FOLLOW_COUNTERS = 5 };

struct follower {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_follow_options *options;
    struct sw_rollout_target target; /* loses its service deployment when that may not be asked */
    struct sw_follow_result *result;
    struct sw_err *err;
    struct ecs_pace pace;
    int64_t counters[FOLLOW_COUNTERS];
    struct sw_strs event_ids; /* shown already */
    size_t causes_said;
    bool said_rollback;
    bool tasks_denied;
    bool logs_denied;
    bool asked_definition;
    json_t *definition; /* owned: what is rolled out, once it was asked for */
};

/* One look and its verdict; *ret_over when there is nothing more to wait for. */
SW_NODISCARD enum sw_status follow_poll(struct follower *follower, bool *ret_over);

/* Shows events of this deployment that were not shown yet; true when one reports a failure. */
bool follow_events(struct follower *follower, const json_t *service);
/* Looks up why tasks of this deployment stopped and shows causes that are new. */
void follow_stopped_tasks(struct follower *follower);

/* Adds the end of the failed container's log to the cause, and what it tells, when it can be had.
 */
void follow_read_log(struct follower *follower, struct sw_cause *cause);

/* The ends: by verdict, by the user, by the clock. Each returns err->status (or SW_OK). */
enum sw_status follow_conclude(struct follower *follower);
enum sw_status follow_stopped(struct follower *follower);
enum sw_status follow_timed_out(struct follower *follower);

#endif
