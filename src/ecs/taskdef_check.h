#ifndef SLIPWAY_ECS_TASKDEF_CHECK_H
#define SLIPWAY_ECS_TASKDEF_CHECK_H

/* The parts of sw_taskdef_check(). */

#include "ecs.h"

struct ecs_check {
    const json_t *definition;
    const json_t *containers;
    int64_t cpu; /* of the task, in units; 0 when not given, ECS_SIZE_BAD when it is no size */
    int64_t memory;
    bool fargate;
    struct sw_strs *problems;
};

/* What ECS takes for a number. */
struct ecs_limit {
    const char *key;
    int64_t least, most;
};
/* Of a container's health check. */
enum { ECS_HEALTH_LIMITS = 4 };
extern const struct ecs_limit ecs_health_limits[ECS_HEALTH_LIMITS];

/* Adds a problem, once. */
void ecs_problem(const struct ecs_check *check, const char *fmt, ...) SW_PRINTF(2, 3);
/* A problem for each text that two items of the list have under `key`: "<what> "text" ...". */
void ecs_check_unique(const struct ecs_check *check, const json_t *list, const char *key,
                      const char *what);
/* The rules about each container. */
void ecs_check_containers(const struct ecs_check *check);

#endif
