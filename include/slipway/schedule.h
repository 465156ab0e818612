#ifndef SLIPWAY_SCHEDULE_H
#define SLIPWAY_SCHEDULE_H

/*
 * Scheduled ECS tasks: what EventBridge rules and EventBridge Scheduler run, pointed at another
 * revision of its task definition.
 *
 * Only targets that run the same family in the same cluster are touched, and of those nothing but
 * the revision: both APIs replace what they are given as a whole, so everything is read first and
 * sent back, members that AWS adds tomorrow included. Reference: Amazon EventBridge API,
 * ListTargetsByRule, ListRuleNamesByTarget, PutTargets; Amazon EventBridge Scheduler API,
 * ListSchedules, GetSchedule, UpdateSchedule.
 */

#include <slipway/aws.h>
#include <slipway/json.h>

/* What is to be run from now on. Texts are borrowed. */
struct sw_schedule_plan {
    const char *cluster;         /* name or ARN; NULL, but not for sw_schedule_all(): any */
    const char *task_definition; /* ARN of a revision */
    bool dry_run;                /* say what would be done */
};

/*
 * Each function appends what it found to the array `facts`, one object per target: "kind" ("rule"
 * or "schedule"), "name" with its event bus or group, "target" (rules), "from", "to", "updated".
 * Targets that run the newest revision by themselves, or that one already, are left as they are.
 * People are told of each target, and in a dry run of what would be done. Failures besides those
 * that are named are those of sw_aws_json(); what was changed before one stays changed.
 */

/*
 * The rule's targets; `rule` is NAME or BUS/NAME, else SW_E_INPUT. SW_E_NOT_FOUND when it does not
 * exist, naming some that do, or has no such target, naming what it runs. SW_E_FAILED with
 * EventBridge's words when it did not take one.
 */
SW_NODISCARD enum sw_status sw_schedule_rule(struct sw_aws *aws,
                                             const struct sw_schedule_plan *plan, const char *rule,
                                             json_t *facts, struct sw_err *err);
/* A schedule of EventBridge Scheduler; `schedule` is NAME or GROUP/NAME. Failures likewise. */
SW_NODISCARD enum sw_status sw_schedule_schedule(struct sw_aws *aws,
                                                 const struct sw_schedule_plan *plan,
                                                 const char *schedule, json_t *facts,
                                                 struct sw_err *err);
/*
 * All rules of the default event bus, and all schedules, that run the family in the cluster. That
 * there are none is no failure.
 */
SW_NODISCARD enum sw_status sw_schedule_all(struct sw_aws *aws, const struct sw_schedule_plan *plan,
                                            json_t *facts, struct sw_err *err);

#endif
