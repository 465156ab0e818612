#ifndef SLIPWAY_ECS_PRIVATE_H
#define SLIPWAY_ECS_PRIVATE_H

/* Shared inside src/ecs. */

#include <slipway/json.h>
#include <slipway/taskdef.h>

/* The ECS API's name in X-Amz-Target values. */
#define ECS_TARGET(action) "AmazonEC2ContainerServiceV20141113." action

/*
 * A copy in which equal meanings are equal texts: sizes as plain numbers, sets of texts sorted, and
 * without what ECS fills in when it is absent. For comparing only. The caller's.
 */
json_t *ecs_taskdef_normal(const json_t *definition);

#endif
