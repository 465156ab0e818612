#ifndef SLIPWAY_ECS_SCHEDULE_H
#define SLIPWAY_ECS_SCHEDULE_H

/* What the two kinds of scheduled tasks have in common. */

#include "ecs.h"

#include <slipway/schedule.h>

enum { SCHEDULE_PAGES_MAX = 100 };

/* One call of sw_schedule_*. Members are borrowed. */
struct schedule_job {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_schedule_plan *plan;
    json_t *facts;
    struct sw_err *err;
};

/* What a target has to do with the plan. */
enum schedule_match {
    SCHEDULE_OTHER,   /* another cluster, another family, or no ECS task at all */
    SCHEDULE_NEWEST,  /* names no revision: runs the newest one by itself */
    SCHEDULE_CURRENT, /* runs the wanted revision */
    SCHEDULE_OLD,     /* to be changed */
};
enum schedule_match schedule_match(const struct sw_schedule_plan *plan, const json_t *target);
/* The task definition that a target runs, borrowed; NULL when it runs none. */
const char *schedule_task_definition(const json_t *target);
/* Gives the target the wanted revision. */
void schedule_set(const struct sw_schedule_plan *plan, json_t *target);

/*
 * Tells of a target and appends its fact. `target_id` may be NULL; `updated` is false when it was
 * left alone.
 */
void schedule_tell(const struct schedule_job *job, const char *kind, const char *name,
                   const char *target_id, const char *from, enum schedule_match match);
/* SW_E_NOT_FOUND: none of the targets fits; says what they run. */
enum sw_status schedule_no_match(const struct schedule_job *job, const char *kind, const char *name,
                                 const json_t *targets);
/* The cluster's ARN, of the task definition's region and account when it is given by name. */
char *schedule_cluster_arn(const struct sw_schedule_plan *plan);

/* All that fits; what does not is passed over. */
SW_NODISCARD enum sw_status schedule_all_rules(const struct schedule_job *job);
SW_NODISCARD enum sw_status schedule_all_schedules(const struct schedule_job *job);

#endif
