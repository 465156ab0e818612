#ifndef SLIPWAY_CLI_REGISTRIES_H
#define SLIPWAY_CLI_REGISTRIES_H

/* Registries that options name: the host of one, and further ones that get the same. */

#include "cli.h"

#include <slipway/ecr.h>

/* How many further registries there may be. */
enum { SW_CLI_REGISTRIES_MAX = 64 };

struct sw_cli_more_registries {
    struct sw_strs texts; /* comma lists of hosts, and of regions of the first registry's account */
};
extern const struct sw_opt sw_cli_more_registries_opts[];

#define SW_CLI_MORE_REGISTRIES(type, member)                      \
    {                                                             \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), \
        .include = sw_cli_more_registries_opts                    \
    }

/*
 * A host as people write it, in *ret: a slash at its end is fine, a scheme or a path is not.
 * `option` names the option in errors.
 */
SW_NODISCARD enum sw_status sw_cli_registry_host(const char *text, const char *option,
                                                 struct sw_str *ret, struct sw_err *err);
/*
 * Appends the hosts of the further registries to `hosts`, each once; a region becomes the host of
 * `first`'s account there. SW_E_INPUT for a region when `first` is no private ECR registry.
 */
SW_NODISCARD enum sw_status sw_cli_more_hosts(const struct sw_cli_more_registries *more,
                                              struct sw_str first, struct sw_strs *hosts,
                                              struct sw_err *err);

/* Something that is done to the registry of one account in one region. */
struct sw_cli_registry_job {
    enum sw_status (*run)(void *ctx, struct sw_aws *aws, const char *account, struct sw_err *err);
    void *ctx;
};
/*
 * Does the job for the caller's own registry (`account` NULL) in `aws`'s region, then for each of
 * the further ones, in its region. All are looked at before the first is done.
 */
SW_NODISCARD enum sw_status sw_cli_each_registry(const struct sw_cli_more_registries *more,
                                                 struct sw_aws *aws,
                                                 const struct sw_cli_registry_job *job,
                                                 struct sw_err *err);

#endif
