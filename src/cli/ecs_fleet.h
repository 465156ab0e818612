#ifndef SLIPWAY_CLI_ECS_FLEET_H
#define SLIPWAY_CLI_ECS_FLEET_H

/* ecs deploy for several services: from options, or from a deploy file. */

#include "ecs_codedeploy_options.h"
#include "ecs_options.h"
#include "ecs_rollout.h"
#include "ecs_service_options.h"

#include <slipway/fleet.h>
#include <slipway/yaml.h>

/* One service as options or a file describe it. Texts are borrowed. */
struct sw_cli_ecs_entry {
    const char *cluster;
    const char *service;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_changes changes;
    struct sw_cli_ecs_service settings;
    struct sw_cli_ecs_codedeploy codedeploy;
    bool force;
    bool allow_unchanged;
    int64_t wave;
};
/* What an entry of a deploy file may say: the names of options. */
extern const struct sw_opt sw_cli_ecs_entry_opts[];

/* What holds for the whole command. Members are borrowed. */
struct sw_cli_ecs_fleet_options {
    struct sw_cli *cli;
    const struct sw_cli_ecs_rollout *rollout;
    const struct sw_cli_ecs_outcome *outcome;
    bool verify_image;
    bool check;
    bool keep_going;
    bool one_by_one;
};

struct sw_cli_ecs_fleet;
struct sw_cli_ecs_fleet *sw_cli_ecs_fleet_new(void);
void sw_cli_ecs_fleet_free(struct sw_cli_ecs_fleet *fleet);
SW_DEFINE_CLEANUP(sw_cli_ecs_fleet_cleanup, struct sw_cli_ecs_fleet, sw_cli_ecs_fleet_free)
/* Adds a service. What `entry` points at lives as long as the fleet. */
SW_NODISCARD enum sw_status sw_cli_ecs_fleet_add(struct sw_cli_ecs_fleet *fleet,
                                                 const struct sw_cli_ecs_entry *entry,
                                                 struct sw_err *err);
/* Deploys all, prints the results, and writes the report. */
SW_NODISCARD enum sw_status sw_cli_ecs_fleet_run(struct sw_cli_ecs_fleet *fleet, struct sw_aws *aws,
                                                 const struct sw_cli_ecs_fleet_options *options,
                                                 struct sw_err *err);

/*
 * Adds the services of a deploy file; `base` says what holds for those that say nothing else (its
 * cluster, force, allow_unchanged). With `expand`, ${VAR} in its texts is expanded. Texts live in
 * `pool` and `owned`. Errors begin with "FILE:LINE:COLUMN: ".
 */
SW_NODISCARD enum sw_status sw_cli_ecs_deploy_file(struct sw_cli *cli, const char *path,
                                                   bool expand, const struct sw_cli_ecs_entry *base,
                                                   struct sw_yaml_pool *pool, struct sw_strs *owned,
                                                   struct sw_cli_ecs_fleet *fleet,
                                                   struct sw_err *err);
/* The same for a document that is read already. */
SW_NODISCARD enum sw_status
sw_cli_ecs_deploy_document(const struct sw_env *env, const struct sw_yaml *document, bool expand,
                           const struct sw_cli_ecs_entry *base, struct sw_strs *owned,
                           struct sw_cli_ecs_fleet *fleet, struct sw_err *err);

#endif
