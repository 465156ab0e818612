#ifndef SLIPWAY_CLI_ECS_CODEDEPLOY_OPTIONS_H
#define SLIPWAY_CLI_ECS_CODEDEPLOY_OPTIONS_H

/* Options of deployments by CodeDeploy. */

#include "cli.h"

#include <slipway/codedeploy.h>

struct sw_cli_ecs_codedeploy {
    const char *application;
    const char *group;
    const char *config;
    const char *appspec;
    const char *container;
    int64_t port;
    const char *capacity_provider;
};
extern const struct sw_opt sw_cli_ecs_codedeploy_opts[];

#define SW_CLI_ECS_CODEDEPLOY(type, member)                                               \
    {                                                                                     \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),                         \
        .include = sw_cli_ecs_codedeploy_opts, .help = "services that CodeDeploy deploys" \
    }

/*
 * The options as the library takes them, borrowed. SW_E_USAGE when only one of application and
 * group is given.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_codedeploy_read(const struct sw_cli_ecs_codedeploy *options,
                                                       struct sw_codedeploy_options *ret,
                                                       struct sw_err *err);

#endif
