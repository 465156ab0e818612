#ifndef SLIPWAY_TASK_H
#define SLIPWAY_TASK_H

/*
 * One-off ECS tasks: run some, follow them to their end, and tell how their containers ended.
 *
 * In call order: sw_task_request_build() makes the request of RunTask, sw_task_run() sends it,
 * sw_task_wait() polls DescribeTasks until all have stopped, showing their logs as they come.
 * sw_task_stop() ends them early. Reference: Amazon ECS API, RunTask, DescribeTasks, StopTask.
 */

#include <slipway/aws.h>
#include <slipway/json.h>

enum { SW_TASK_COUNT_MAX = 10, SW_TASK_TIMEOUT_MS = 60 * 60 * 1000 };
/* What to run. Texts are borrowed; those that are NULL are left out. */
struct sw_task_request {
    const char *cluster;
    const char *task_definition; /* family, family:revision or ARN */
    int64_t count;               /* 1 to SW_TASK_COUNT_MAX */
    const char *launch_type;     /* FARGATE, EC2, ... */
    /* Lists of structures; each also in AWS's shorthand (key=value,key=value) and as JSON. */
    const struct sw_strs *capacity_providers;    /* NAME[:WEIGHT[:BASE]] */
    const struct sw_strs *placement_constraints; /* distinctInstance, memberOf:EXPRESSION */
    const struct sw_strs *placement_strategies;  /* random, spread:FIELD, binpack:FIELD */
    const char *subnets;                         /* comma list */
    const char *security_groups;                 /* comma list */
    enum sw_switch public_ip;
    const char *overrides;          /* RunTask's overrides as JSON, or @FILE */
    const struct sw_strs *commands; /* CONTAINER=WORDS (quotes as in a shell) or a JSON array */
    const struct sw_strs *env;      /* CONTAINER:NAME=VALUE */
    const char *cpu;                /* of the whole task, as the next four */
    const char *memory;
    const char *task_role;
    const char *execution_role;
    int64_t ephemeral_storage_gib; /* 0: as the definition says */
    const struct sw_strs *tags;    /* KEY=VALUE, and the forms of AWS's tools */
    const char *started_by;
    const char *group;
    const char *platform_version;
    bool enable_execute_command;
    bool propagate_tags; /* from the task definition */
    bool managed_tags;
    const char *settings; /* further members of RunTask as JSON, or @FILE */
};
/*
 * The request of RunTask but for its clientToken; *ret is the caller's. What overrides the
 * definition is merged into the overrides. SW_E_USAGE and SW_E_INPUT name the option and what it
 * expects.
 */
SW_NODISCARD enum sw_status sw_task_request_build(const struct sw_task_request *request,
                                                  json_t **ret, struct sw_err *err);

/* Tasks that were run, and how they ended. */
struct sw_task_run {
    json_t *definition;    /* as ECS describes it; NULL when it may not be read */
    char *task_definition; /* its ARN; as the user wrote it when that is not known */
    json_t *tasks;         /* what ECS last said of each */
    json_t *failures;      /* of RunTask */
    char *container;       /* whose exit code decides; NULL: not chosen yet */
    int64_t exit_code;     /* of that container, in the task that failed first; -1: none */
    int64_t waited_ms;
};
void sw_task_run_release(struct sw_task_run *run);

/*
 * Runs the tasks of `request`, which gets a clientToken so that a retry starts nothing twice. The
 * definition is read beforehand, where that is allowed: containers that it lacks, a missing network
 * and INACTIVE revisions are refused (SW_E_INPUT, SW_E_USAGE, SW_E_CONFLICT) before anything is
 * started. `container` is the one whose exit code is to decide, or NULL.
 *
 * SW_E_FAILED when ECS could not start all of them, saying why, what to do, and which were started
 * and go on. *ret is filled as far as it came and is released by the caller in any case.
 */
SW_NODISCARD enum sw_status sw_task_run(struct sw_aws *aws, json_t *request, const char *container,
                                        struct sw_task_run *ret, struct sw_err *err);

struct sw_task_wait_options {
    const char *cluster;
    int64_t timeout_ms;       /* 0: SW_TASK_TIMEOUT_MS */
    int64_t poll_interval_ms; /* 0: 5 s in the first minute, then 10 s */
    bool no_logs;             /* do not show the containers' logs */
};
/*
 * Waits until all tasks have stopped. The container that decides is the one that sw_task_run() was
 * told, else the only essential one, else the first, unless another essential one failed. SW_OK
 * when the deciding container of each ended with code 0 and nobody stopped it from outside;
 * SW_E_FAILED with code, reason and advice otherwise, also when a container never started;
 * SW_E_TIMEOUT and SW_E_STOPPED with where they stand, while they go on; SW_E_CREDENTIALS and
 * SW_E_DENIED when they cannot be watched. Throttling, 5xx and broken connections never end the
 * waiting.
 */
SW_NODISCARD enum sw_status sw_task_wait(struct sw_aws *aws,
                                         const struct sw_task_wait_options *options,
                                         struct sw_task_run *run, struct sw_err *err);

/* Stops those of the tasks that have not stopped. The first failure is reported after the last. */
SW_NODISCARD enum sw_status sw_task_stop(struct sw_aws *aws, const char *cluster,
                                         const struct sw_task_run *run, const char *reason,
                                         struct sw_err *err);

#endif
