#ifndef SLIPWAY_ECS_TASK_WAIT_H
#define SLIPWAY_ECS_TASK_WAIT_H

/* The parts of sw_task_wait: the loop, the logs, and how it ends. */

#include "ecs.h"
#include "pace.h"

#include <slipway/task.h>

/* The log of one container of one task. Texts are owned. */
struct task_stream {
    char *task; /* ARN */
    char *container;
    char *stream;
    char *token;           /* where the next read goes on; NULL: at the head */
    const json_t *options; /* of its log driver, borrowed from the definition */
};

struct task_watch {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_task_wait_options *options;
    struct sw_task_run *run;
    struct sw_err *err;
    struct ecs_pace pace;
    int64_t missing_since_ms; /* ECS does not know a task that it should; -1: it knows all */
    struct task_stream *streams;
    size_t stream_count;
    size_t stream_capacity;
    bool logs_denied;
};

/* The part of its ARN that people know it by, borrowed. */
const char *task_id(const json_t *task);

/* Lists the containers' logs that can be read. */
void task_log_init(struct task_watch *watch);
void task_log_release(struct task_watch *watch);
/* Shows what was logged since the last time; true when there was something. */
bool task_log_read(struct task_watch *watch);

/* The ends: all have stopped, the user wants to stop, the time is up. Each returns err->status. */
enum sw_status task_conclude(struct task_watch *watch);
enum sw_status task_stopped(struct task_watch *watch);
enum sw_status task_timed_out(struct task_watch *watch);

#endif
