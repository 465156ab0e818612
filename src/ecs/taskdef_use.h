#ifndef SLIPWAY_ECS_TASKDEF_USE_H
#define SLIPWAY_ECS_TASKDEF_USE_H

/* Which revisions of task definitions are in use, and by whom. */

#include "ecs.h"

struct ecs_uses {
    struct sw_strs arns;
    struct sw_strs users; /* "service web in cluster prod", for the ARN of the same index */
};
void ecs_uses_release(struct ecs_uses *uses);
/* Who uses the revision, borrowed; NULL when nobody does. */
const char *ecs_user_of(const struct ecs_uses *uses, const char *arn);

/*
 * All ARNs that a List action gives under `key`, page after page; `input` (borrowed) gets the
 * tokens. `what` names them in errors.
 */
SW_NODISCARD enum sw_status ecs_list_all(struct sw_aws *aws, const char *action, json_t *input,
                                         const char *key, struct sw_strs *ret, struct sw_err *err);

/*
 * Adds what the services of the clusters (all clusters when `clusters` is NULL or empty) run or are
 * deploying, and what their tasks of that family run.
 */
SW_NODISCARD enum sw_status ecs_find_uses(struct sw_aws *aws, const char *family,
                                          const struct sw_strs *clusters, struct ecs_uses *ret,
                                          struct sw_err *err);

#endif
