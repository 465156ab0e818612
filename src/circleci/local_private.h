#ifndef SLIPWAY_CIRCLECI_LOCAL_PRIVATE_H
#define SLIPWAY_CIRCLECI_LOCAL_PRIVATE_H

/*
 * The parts of local execution: local_load.c finds the job, local_job.c reads it, local_env.c makes
 * its environment, local_mask.c keeps secrets out of its output, local_run.c runs "run" steps,
 * local_steps.c the others, and local.c goes through them.
 */

#include <slipway/json.h>
#include <slipway/local.h>
#include <slipway/proc.h>
#include <slipway/progress.h>

#include <pthread.h>

enum local_kind {
    LOCAL_RUN,
    LOCAL_CHECKOUT,
    LOCAL_PERSIST,
    LOCAL_ATTACH,
    LOCAL_ARTIFACTS,
    LOCAL_TEST_RESULTS,
    LOCAL_NOTICE, /* nothing is done but to say why */
};
enum local_when { LOCAL_ON_SUCCESS, LOCAL_ALWAYS, LOCAL_ON_FAIL };

enum {
    LOCAL_STEPS_MAX = 1000,
    LOCAL_RERUNS_MAX = 5,
    LOCAL_NO_OUTPUT_MS = 600000,
    LOCAL_RERUN_DELAY_MS = 10000,
    LOCAL_RERUN_DELAY_MAX_MS = 600000,
};

struct local_step {
    enum local_kind kind;
    enum local_when when;
    char *name;
    json_t *args;       /* the step's map, borrowed; NULL for a plain word */
    const char *notice; /* LOCAL_NOTICE */
    /* LOCAL_RUN */
    const char *command;
    const char *shell; /* NULL: the job's */
    const char *working_directory;
    json_t *environment;
    bool background;
    int64_t silence_ms;
    int64_t reruns;
    int64_t rerun_delay_ms;
};

/* A job as it runs; strings are borrowed from `document`. */
struct local_job {
    json_t *document;
    const char *name;
    const char *working_directory;
    const char *shell;
    json_t *environment;
    json_t *image_environment; /* of the primary container */
    json_t *spec;
    struct local_step *steps;
    size_t step_count;
};

/* Finds the job of that name in ret->document and reads its steps. */
SW_NODISCARD enum sw_status local_job_read(struct local_job *job, const char *name,
                                           struct sw_err *err);
/* Whether every one of `names` is a step's; SW_E_INPUT lists the steps otherwise. */
SW_NODISCARD enum sw_status local_job_check_names(const struct local_job *job,
                                                  const struct sw_strs *names, struct sw_err *err);
void local_job_release(struct local_job *job);
/* "10m", "1.5h", "30s", "5" (seconds) as milliseconds. */
SW_NODISCARD bool local_parse_duration(const char *text, int64_t *ret_ms);
/* A value of an "environment" as the shell sees it. */
void local_value_text(const json_t *value, struct sw_buf *out);

/* Masks secrets in a stream; bytes that may begin one are held back. */
struct local_mask {
    struct sw_strs secrets;
    struct sw_buf held;
    size_t longest;
    bool begins[256]; /* whether a secret begins with this byte */
};
void local_mask_init(struct local_mask *mask);
void local_mask_release(struct local_mask *mask);
/* Values under 4 bytes and true/false are no secrets. */
void local_mask_add(struct local_mask *mask, const char *secret);
/* Appends what is safe to show to `out`. */
void local_mask_feed(struct local_mask *mask, struct sw_str data, struct sw_buf *out);
/* Appends what was held back. */
void local_mask_finish(struct local_mask *mask, struct sw_buf *out);

/* Running state of one job. */
struct local_run {
    const struct sw_env *env;
    const struct sw_local_options *options;
    struct local_job job;
    char *state_dir; /* scripts, $BASH_ENV, the "circleci" on PATH */
    char *work_dir;  /* absolute */
    char *source;    /* absolute */
    bool source_is_git;
    struct sw_strs environ; /* of every step, without the step's own */
    struct sw_strs secrets;
    struct local_background *backgrounds;
    pthread_mutex_t lock; /* the log */
    bool line_open;       /* the log's last line is not ended */
    bool failed;
    bool timed_out;
    bool halted;
    int exit_code;
};

/* Writes to the log, one writer at a time. */
void local_log(struct local_run *run, const char *fmt, ...) SW_PRINTF(2, 3);
void local_log_bytes(struct local_run *run, struct sw_str data);

/* Fills run->environ and run->secrets from all but the job; the folders are known. */
SW_NODISCARD enum sw_status local_env_start(struct local_run *run, struct sw_err *err);
/* Adds what the job says. */
SW_NODISCARD enum sw_status local_env_finish(struct local_run *run, struct sw_err *err);
/* Sets what an "environment" (a map, or a list of maps) says. */
SW_NODISCARD enum sw_status local_env_apply(struct sw_strs *list, json_t *environment,
                                            const char *where, struct sw_err *err);
/*
 * Compiles or reads the configuration and reads the job into run->job. Pipeline values come from
 * run->environ: the branch is the one that the steps see.
 */
SW_NODISCARD enum sw_status local_job_load(struct local_run *run, struct sw_err *err);
/* Puts $BASH_ENV and the programs of a job into run->state_dir. */
SW_NODISCARD enum sw_status local_env_prepare(struct local_run *run, struct sw_err *err);
/* Whether the job asked to end. */
bool local_env_halted(const struct local_run *run);

/* What git says, trimmed; the caller's. NULL when it fails. */
char *local_git(const struct sw_env *env, const char *dir, const char *const *args);

/*
 * A path of a step: "~/project" and the job's own working_directory stand for the folder it runs
 * in,
 * "~" for the home, the rest is relative to `base`. The caller's.
 */
char *local_path(const struct local_run *run, const char *base, const char *path);

/*
 * Runs a "run" step. SW_OK: *ret_exit says how it ended (0 for a background step). SW_E_TIMEOUT
 * after too long a silence; SW_E_STOPPED.
 */
SW_NODISCARD enum sw_status local_run_step(struct local_run *run, size_t index, int *ret_exit,
                                           struct sw_err *err);
/* Ends the background steps. */
void local_run_end_backgrounds(struct local_run *run);

/* Runs a step of another kind. */
SW_NODISCARD enum sw_status local_other_step(struct local_run *run, const struct local_step *step,
                                             struct sw_err *err);

#endif
