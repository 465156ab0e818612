#ifndef SLIPWAY_ECS_TASKDEF_CHECK_H
#define SLIPWAY_ECS_TASKDEF_CHECK_H

/* The parts of sw_taskdef_check(). */

#include "ecs.h"

struct ecs_check {
    const json_t *definition;
    const json_t *containers;
    int64_t cpu; /* of the task, in units; 0 when not given */
    int64_t memory;
    bool fargate;
    struct sw_strs *problems;
};

/* Adds a problem, once. */
void ecs_problem(const struct ecs_check *check, const char *fmt, ...) SW_PRINTF(2, 3);
/* A problem for each text that two items of the list have under `key`: "<what> "text" ...". */
void ecs_check_unique(const struct ecs_check *check, const json_t *list, const char *key,
                      const char *what);
/* The rules about each container. */
void ecs_check_containers(const struct ecs_check *check);

#endif
