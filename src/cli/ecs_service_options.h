#ifndef SLIPWAY_CLI_ECS_SERVICE_OPTIONS_H
#define SLIPWAY_CLI_ECS_SERVICE_OPTIONS_H

/* Options that change a service beside its task definition, or make one. */

#include "cli.h"

#include <slipway/service.h>

struct sw_cli_ecs_service {
    int64_t desired_count;
    int64_t minimum_healthy_percent;
    int64_t maximum_percent;
    int64_t grace_period_ms;
    enum sw_switch circuit_breaker;
    enum sw_switch breaker_rollback;
    struct sw_strs alarms;
    enum sw_switch alarm_rollback;
    const char *subnets;
    const char *security_groups;
    enum sw_switch public_ip;
    struct sw_strs capacity_providers;
    const char *platform_version;
    struct sw_strs load_balancers;
    struct sw_strs service_registries;
    const char *propagate_tags;
    enum sw_switch managed_tags;
    enum sw_switch execute_command;
    struct sw_strs placement_constraints;
    struct sw_strs placement_strategies;
    enum sw_switch zone_rebalancing;
    const char *settings;
    bool create;
    bool daemon;
    const char *launch_type;
    struct sw_strs tags;
};
extern const struct sw_opt sw_cli_ecs_service_opts[];
void sw_cli_ecs_service_defaults(struct sw_cli_ecs_service *options);

#define SW_CLI_ECS_SERVICE(type, member)                                     \
    {                                                                        \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),            \
        .include = sw_cli_ecs_service_opts, .help = "changes to the service" \
    }

/* What the options ask for, as sw_deploy_options takes it; both are the caller's. */
SW_NODISCARD enum sw_status sw_cli_ecs_service_read(const struct sw_cli_ecs_service *options,
                                                    json_t **ret_settings, json_t **ret_creation,
                                                    struct sw_err *err);

#endif
