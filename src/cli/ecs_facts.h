#ifndef SLIPWAY_CLI_ECS_FACTS_H
#define SLIPWAY_CLI_ECS_FACTS_H

/* What the ecs commands hand to later steps: JSON facts and shell variables. */

#include "cli.h"

#include <slipway/service.h>

/*
 * The facts of a deployment: what was done, how the rollout ended (`follow` may be NULL: it was not
 * followed), and the command's own status. The caller's.
 */
json_t *sw_cli_ecs_facts(const char *cluster, const struct sw_deployment *deployment,
                         const struct sw_follow_result *follow, const struct sw_err *err);

/* The causes as a list of objects: "id", "title", "advice", "count", and what is known. */
json_t *sw_cli_ecs_cause_facts(const struct sw_causes *causes);

/* Tells people what the checks found, if there were any: all but what is fine. */
void sw_cli_ecs_say_checks(const struct sw_cli *cli, const struct sw_check_report *report);

/* Writes the facts to a file, indented. */
SW_NODISCARD enum sw_status sw_cli_ecs_write_report(const char *path, const json_t *facts,
                                                    struct sw_err *err);

/*
 * Whether the files can be written, to be asked before anything is changed in ECS; each may be
 * NULL. A missing `export_env` is made, empty.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_check_files(const char *export_env, const char *report,
                                                   const char *summary, struct sw_err *err);

/*
 * Appends export lines for the ARN that was registered (or is used in its place) and, unless NULL,
 * the one that was deployed and CodeDeploy's deployment; the names are those of CircleCI's aws-ecs
 * orb.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_export(const char *path, const char *registered,
                                              const char *deployed, const char *codedeploy,
                                              struct sw_err *err);

#endif
