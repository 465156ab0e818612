#ifndef SLIPWAY_CLI_ECS_ROLLOUT_H
#define SLIPWAY_CLI_ECS_ROLLOUT_H

/* What the commands that start a rollout do once it is started: tell, follow, report. */

#include "cli.h"

#include <slipway/service.h>

struct sw_cli_ecs_rollout {
    bool wait;
    bool fail_on_timeout;
    bool logs;
    int64_t timeout_ms;
    int64_t poll_interval_ms;
    int64_t max_poll_attempts;
    int64_t fail_fast;
    const char *export_env;
    const char *report;
    const char *summary;
    const char *output;
};
extern const struct sw_opt sw_cli_ecs_rollout_opts[];
void sw_cli_ecs_rollout_defaults(struct sw_cli_ecs_rollout *options);

/* What is waited for, and what is done when it does not come. */
struct sw_cli_ecs_outcome {
    const char *wait_for;
    const char *on_failure;
};
extern const struct sw_opt sw_cli_ecs_outcome_opts[];
void sw_cli_ecs_outcome_defaults(struct sw_cli_ecs_outcome *options);
enum sw_on_failure sw_cli_ecs_on_failure(const struct sw_cli_ecs_outcome *options);

/* To be asked before anything is changed: whether the options can be followed. */
SW_NODISCARD enum sw_status sw_cli_ecs_rollout_check(const struct sw_cli_ecs_rollout *options,
                                                     struct sw_err *err);

/* How to follow, as the options say; what is followed is set by the caller. */
struct sw_follow_options sw_cli_ecs_follow_options(const struct sw_cli_ecs_rollout *options);

/*
 * Writes the facts to the files that the options name, whatever happened; the first failure, which
 * `status` is, stays the command's.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_write_files(const struct sw_env *env,
                                                   const struct sw_cli_ecs_rollout *options,
                                                   const json_t *facts, enum sw_status status,
                                                   struct sw_err *err);

#define SW_CLI_ECS_ROLLOUT(type, member)                                                 \
    {                                                                                    \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),                        \
        .include = sw_cli_ecs_rollout_opts, .help = "following the rollout, and reports" \
    }

#define SW_CLI_ECS_OUTCOME(type, member)                                                 \
    {                                                                                    \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),                        \
        .include = sw_cli_ecs_outcome_opts, .help = "following the rollout, and reports" \
    }

/* What the descriptions of these commands say about the end of a rollout. */
#define SW_CLI_ECS_ROLLOUT_HELP                                                                 \
    "A rollout is judged by its own deployment: exit 10 when it failed, 11 when ECS rolled it " \
    "back, 12 when a newer deployment took over, 13 when it is not done in time, 14 when it "   \
    "waits for an action, 15 when the waiting was interrupted."

/* One run of such a command; members are borrowed unless said otherwise. */
struct sw_cli_ecs_run {
    struct sw_cli *cli;
    const struct sw_cli_ecs_rollout *options;
    struct sw_aws *aws;
    const char *cluster;
    bool until_drained;
    enum sw_on_failure on_failure;
    bool until_running;              /* the number of wanted tasks was set as well */
    struct sw_deployment deployment; /* owned: filled by the command */
    struct sw_follow_result follow;  /* owned */
    bool followed;
    struct sw_err *err;
};
/*
 * After the start, which ended with `status`: prints the result, follows the rollout when asked to,
 * and writes the facts. Returns the command's status.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_run_end(struct sw_cli_ecs_run *run, enum sw_status status);
void sw_cli_ecs_run_release(struct sw_cli_ecs_run *run);

#endif
