#ifndef SLIPWAY_LOCAL_H
#define SLIPWAY_LOCAL_H

/*
 * Running the steps of one job of a CircleCI configuration on this machine, after the rules of
 * https://circleci.com/docs/configuration-reference/#steps.
 *
 * The configuration is compiled first (config.h), unless it is a compiled one already ("version:
 * 2"). Every step is read before the first one runs, so that a step that is unknown stops nothing
 * half-way. Executors are not started: what is in the image must be on this machine.
 *
 * Environment of a step, from weak to strong: the caller's; what CircleCI sets (CI, CIRCLE_JOB,
 * CIRCLE_SHA1 and CIRCLE_BRANCH from git, ...); env_files; env; the job's "environment"; the
 * step's. Values are literal; booleans arrive as 1 and 0. CIRCLE_OIDC_TOKEN is not set: there is
 * nobody to sign it. $BASH_ENV is a fresh file per job. "circleci" and "circleci-agent" on PATH
 * know "env subst" and "step halt".
 *
 * Values of env_files, and of other variables whose name speaks of a secret, are masked in the
 * output of steps when they have 4 bytes or more.
 *
 * A failing step fails the job; later steps run only with "when: always" or "when: on_fail".
 * store_artifacts and store_test_results run always, except after a time-out.
 */

#include <slipway/config.h>

/* Exit code of a step that was ended because it printed nothing for too long, as timeout(1). */
enum { SW_LOCAL_TIMEOUT_EXIT = 124 };

struct sw_local_options {
    struct sw_config_options config;
    const char *job;     /* its name in the compiled configuration */
    const char *source;  /* what "checkout" copies; NULL: the repository around the working
                            directory, else the working directory */
    const char *workdir; /* stands for the job's working directory; NULL: a temporary folder,
                            removed at the end */
    const char
        *workspace; /* for persist_to_workspace and attach_workspace; NULL: they only say so */
    const char *artifacts; /* for store_artifacts and store_test_results; NULL: likewise */
    const char *timings;   /* JSON file with [{"name", "seconds", "status"}]; may be NULL */
    const char *program;   /* path of slipway for the "circleci" on PATH */
    const struct sw_strs *env_files; /* lines NAME=value; may be NULL */
    const struct sw_strs *env;       /* NAME=value, or NAME for the caller's value; may be NULL */
    const struct sw_strs *skip;      /* names of steps; may be NULL */
    /* Receives the log: a header and a result per step, its output, and a table at the end. */
    void (*write)(void *ctx, const char *data, size_t len);
    void *write_ctx;
};

/*
 * Runs the job. SW_OK when it passed (or was halted by "step halt"). SW_E_FAILED when a step
 * failed: *ret_exit is then the exit code of its command, else 0. SW_E_INPUT for a wrong
 * configuration, an unknown job (naming those there are) or an unknown step; SW_E_STOPPED.
 */
SW_NODISCARD enum sw_status sw_local_execute(const struct sw_env *env,
                                             const struct sw_local_options *options, int *ret_exit,
                                             struct sw_err *err);

#endif
