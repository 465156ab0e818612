#ifndef SLIPWAY_CLI_ORB_OPTIONS_H
#define SLIPWAY_CLI_ORB_OPTIONS_H

/* What the commands that talk to CircleCI's orb registry share. */

#include "cli.h"

#include <slipway/orbpublish.h>

/* --host, --token-var, --output */
struct sw_cli_registry {
    const char *host;
    const char *token_var;
    const char *output;
};
extern const struct sw_opt sw_cli_registry_opts[];

/* In a command's table: SW_CLI_REGISTRY(struct publish_args, registry) */
#define SW_CLI_REGISTRY(type, member)                                                             \
    {                                                                                             \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), .include = sw_cli_registry_opts \
    }

SW_NODISCARD enum sw_status sw_cli_registry_open(struct sw_cli *cli,
                                                 const struct sw_cli_registry *options,
                                                 struct sw_circleci *ret, struct sw_err *err);
/* Whether facts are to be printed as JSON. */
bool sw_cli_registry_json(const struct sw_cli_registry *options);

#endif
