#ifndef SLIPWAY_ECS_PREFLIGHT_H
#define SLIPWAY_ECS_PREFLIGHT_H

#include "ecs.h"

/*
 * What can be told beforehand without asking AWS for more: SW_E_PREFLIGHT when the service's load
 * balancer needs a container or port that the definition lacks; a warning when the service's
 * percentages allow no step. `service` may be NULL: nothing is known. `label` names the definition.
 */
SW_NODISCARD enum sw_status ecs_preflight(const struct sw_env *env, const json_t *service,
                                          const json_t *definition, const char *label,
                                          struct sw_err *err);

#endif
