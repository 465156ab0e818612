#include "task_wait.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

enum {
    MISSING_MAX_MS = 120000, /* ECS may take a while to know its own new tasks */
    LOG_TAIL_READS = 3,      /* what containers wrote last arrives a little later */
    LOG_TAIL_PAUSE_MS = 2000,
};

/* "STOPPED", or gone already. */
static bool is_stopped(const json_t *task)
{
    const char *status = sw_json_str(task, "lastStatus", "");
    return strcmp(status, "STOPPED") == 0 || strcmp(status, "DELETED") == 0;
}

const char *task_id(const json_t *task)
{
    return ecs_last_part(sw_json_str(task, "taskArn", "?"));
}

static void show_status(const void *ctx)
{
    const struct task_watch *watch = ctx;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(watch->run->tasks, index, task)
    {
        sw_buf_addf(&text, "%s%s %s", index ? ", " : "", task_id(task),
                    sw_json_str(task, "lastStatus", "?"));
    }
    char waited[SW_SIZE_TEXT_MAX];
    ecs_pace_elapsed_text(&watch->pace, waited);
    sw_status_line(watch->env, "waiting for %s (%s)", text.ptr, waited);
}

/* What ends the waiting although the tasks go on. */
static enum sw_status cannot_watch(const struct task_watch *watch)
{
    return sw_wrap(watch->err, "the tasks of %s go on, but how they end is not known",
                   sw_taskdef_short_name(watch->run->task_definition));
}

/* Takes over what ECS says; false when it says nothing of some task. */
static bool update(struct task_watch *watch, const json_t *answer)
{
    json_t *tasks = watch->run->tasks;
    bool complete = true;
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const json_t *before = json_array_get(tasks, i);
        json_t *now = sw_json_find(sw_json_array(answer, "tasks"), "taskArn",
                                   sw_json_str(before, "taskArn", ""));
        if (!now) {
            complete = complete && is_stopped(before);
            continue;
        }
        const char *status = sw_json_str(now, "lastStatus", "");
        if (*status && strcmp(status, sw_json_str(before, "lastStatus", "")) != 0) {
            sw_say(watch->env, "task %s is %s", task_id(now), status);
        }
        (void)json_array_set(tasks, i, now);
    }
    return complete;
}

/* Tasks that ECS does not know are waited for a while, then given up. */
static enum sw_status note_missing(struct task_watch *watch, bool complete)
{
    int64_t now_ms = ecs_pace_elapsed_ms(&watch->pace);
    if (complete) {
        watch->missing_since_ms = -1;
        return SW_OK;
    }
    if (watch->missing_since_ms < 0) {
        watch->missing_since_ms = now_ms;
    }
    if (now_ms - watch->missing_since_ms < MISSING_MAX_MS) {
        return SW_OK;
    }
    return sw_fail(watch->err, SW_E_NOT_FOUND,
                   "ECS does not know all tasks of %s any more, so how they ended is not known",
                   sw_taskdef_short_name(watch->run->task_definition));
}

static json_t *describe_input(const struct task_watch *watch)
{
    json_t *arns = json_array();
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(watch->run->tasks, index, task)
    {
        (void)json_array_append_new(arns, json_string(sw_json_str(task, "taskArn", "")));
    }
    return json_pack("{s:s, s:o}", "cluster", watch->options->cluster, "tasks", arns);
}

/* One look; a failure only when nothing better can be expected of the next one. */
static enum sw_status look(struct task_watch *watch)
{
    json_auto_t *answer = NULL;
    enum sw_status status = ecs_call(watch->aws, "DescribeTasks", describe_input(watch),
                                     &sw_aws_once, &answer, watch->err);
    if (status == SW_OK) {
        ecs_pace_recover(&watch->pace);
        return note_missing(watch, update(watch, answer));
    }
    if (status == SW_E_STOPPED) {
        return SW_OK; /* noticed by the loop */
    }
    if (status == SW_E_NETWORK || status == SW_E_UNAVAILABLE) {
        ecs_pace_slower(&watch->pace);
        sw_status_line(watch->env, "ECS cannot be asked just now (%s); trying again",
                       watch->err->msg);
        return SW_OK;
    }
    return cannot_watch(watch);
}

static bool all_stopped(const json_t *tasks)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(tasks, index, task)
    {
        if (!is_stopped(task)) {
            return false;
        }
    }
    return true;
}

static void read_log_tail(struct task_watch *watch)
{
    bool new = task_log_read(watch);
    for (unsigned i = 1; i < LOG_TAIL_READS && watch->stream_count > 0 && !watch->logs_denied;
         i++) {
        if (i > 1 && !new) {
            return;
        }
        sw_env_sleep_ms(watch->env, LOG_TAIL_PAUSE_MS);
        new = task_log_read(watch);
    }
}

static enum sw_status wait_for_end(struct task_watch *watch)
{
    for (;;) {
        enum sw_status status = SW_OK;
        if (!sw_env_stop_wanted(watch->env)) {
            status = look(watch);
        }
        if (status != SW_OK) {
            return status;
        }
        if (all_stopped(watch->run->tasks)) {
            read_log_tail(watch);
            return task_conclude(watch);
        }
        (void)task_log_read(watch);
        if (sw_env_stop_wanted(watch->env)) {
            return task_stopped(watch);
        }
        if (ecs_pace_over(&watch->pace)) {
            return task_timed_out(watch);
        }
        ecs_pace_pause(&watch->pace, show_status, watch);
    }
}

enum sw_status sw_task_wait(struct sw_aws *aws, const struct sw_task_wait_options *options,
                            struct sw_task_run *run, struct sw_err *err)
{
    struct task_watch watch = {
        .aws = aws,
        .env = sw_aws_env(aws),
        .options = options,
        .run = run,
        .err = err,
        .missing_since_ms = -1,
    };
    ecs_pace_init(&watch.pace, watch.env,
                  options->timeout_ms > 0 ? options->timeout_ms : SW_TASK_TIMEOUT_MS,
                  options->poll_interval_ms);
    task_log_init(&watch);
    enum sw_status status = wait_for_end(&watch);
    run->waited_ms = ecs_pace_elapsed_ms(&watch.pace);
    task_log_release(&watch);
    return status;
}
