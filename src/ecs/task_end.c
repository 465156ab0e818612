#include "task_wait.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>
#include <slipway/rollout.h>

/* The only essential container, else the first; without the definition the first of the task. */
static const char *choose_container(const struct sw_task_run *run)
{
    const json_t *definitions = sw_json_array(run->definition, "containerDefinitions");
    const json_t *only = NULL;
    size_t essential = 0;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(definitions, index, container)
    {
        if (sw_json_bool(container, "essential", true)) {
            only = container;
            essential++;
        }
    }
    if (essential != 1) {
        const json_t *of_task = sw_json_array(json_array_get(run->tasks, 0), "containers");
        only = json_array_get(definitions ? definitions : of_task, 0);
    }
    return sw_json_str(only, "name", "");
}

/*
 * With several essential containers the first one's end may be due to another one's failure; that
 * one is returned, borrowed, else `chosen`. Killed (137) and terminated (143) are what follows of
 * the first end.
 */
static const char *failed_essential(const struct sw_task_run *run, const json_t *task,
                                    const char *chosen)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(task, "containers"), index, container)
    {
        const char *name = sw_json_str(container, "name", "");
        int64_t code = sw_json_int(container, "exitCode", 0);
        const json_t *definition = sw_taskdef_container(run->definition, name);
        if (code > 0 && code != 137 && code != 143 && sw_json_bool(definition, "essential", true)) {
            return name;
        }
    }
    return chosen;
}

/* Stopped by somebody or by AWS, not by its own end. */
static bool from_outside(const json_t *task)
{
    static const char *const codes[] = { "UserInitiated", "SpotInterruption", "TerminationNotice",
                                         "ServiceSchedulerInitiated" };
    for (size_t i = 0; i < SW_COUNT(codes); i++) {
        if (strcmp(sw_json_str(task, "stopCode", ""), codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The task as if it had that container only: why others ended says nothing of this one. */
static json_t *narrowed(const json_t *task, const json_t *container)
{
    json_auto_t *list = json_array();
    json_t *copy = json_deep_copy(task);
    (void)json_array_append_new(list, json_deep_copy(container));
    (void)json_object_set(copy, "containers", list);
    return copy;
}

static void append_advice(const struct sw_cause_class *cause, struct sw_err *err)
{
    bool gone = strcmp(cause->id, "infrastructure") == 0;
    if (strcmp(cause->id, "exit-zero") == 0) {
        return; /* bad for a service only */
    }
    if (strcmp(cause->id, "exit-code") != 0) {
        (void)sw_append(err, "; %s", cause->title);
    }
    (void)sw_append(err, "; %s", gone ? "run it again" : cause->advice);
}

/* Adds what is known of the cause, and what to do. */
static void append_cause(const json_t *task, const json_t *container, int64_t code,
                         struct sw_err *err)
{
    json_auto_t *one = code > 0 ? narrowed(task, container) : NULL;
    const char *text = NULL;
    const char *about = NULL;
    int64_t exit_code = -1;
    const struct sw_cause_class *cause =
        sw_cause_of_task(one ? one : task, &text, &about, &exit_code);
    if (code <= 0) {
        bool other = about && strcmp(about, sw_json_str(container, "name", "")) != 0;
        (void)sw_append(err, ": %s%s%s%s", other ? "container \"" : "", other ? about : "",
                        other ? "\": " : "", text && *text ? text : "ECS gives no reason");
    }
    if (cause) {
        append_advice(cause, err);
    }
}

/* How one task ended; *ret_code is the deciding container's exit code or -1. */
static enum sw_status judge(const json_t *task, const char *name, int64_t *ret_code,
                            struct sw_err *err)
{
    const json_t *container = sw_json_find(sw_json_array(task, "containers"), "name", name);
    int64_t code = sw_json_int(container, "exitCode", -1);
    *ret_code = code;
    if (code == 0 && !from_outside(task)) {
        return SW_OK;
    }
    if (code == 0) {
        (void)sw_fail(
            err, SW_E_FAILED,
            "task %s was stopped before it was done (%s); container \"%s\" ended with exit "
            "code 0",
            task_id(task), sw_json_str(task, "stopCode", ""), name);
    } else if (code > 0) {
        (void)sw_fail(err, SW_E_FAILED, "container \"%s\" of task %s ended with exit code %lld",
                      name, task_id(task), (long long)code);
    } else if (json_object_get(task, "startedAt") && container) {
        (void)sw_fail(err, SW_E_FAILED, "container \"%s\" of task %s ended without an exit code",
                      name, task_id(task));
    } else {
        (void)sw_fail(err, SW_E_FAILED, "container \"%s\" of task %s never started", name,
                      task_id(task));
    }
    append_cause(task, container, code, err);
    return err->status;
}

enum sw_status task_conclude(struct task_watch *watch)
{
    struct sw_task_run *run = watch->run;
    size_t failed = 0;
    size_t index = 0;
    const json_t *task = NULL;
    const char *decided = NULL;
    bool chosen = run->container != NULL;
    if (!chosen) {
        run->container = sw_xstrdup(choose_container(run));
    }
    *watch->err = (struct sw_err)SW_ERR_INIT;
    json_array_foreach(run->tasks, index, task)
    {
        struct sw_err err = SW_ERR_INIT;
        int64_t code = -1;
        const char *name = chosen ? run->container : failed_essential(run, task, run->container);
        if (judge(task, name, &code, &err) == SW_OK) {
            run->exit_code = failed ? run->exit_code : code;
            continue;
        }
        if (failed++ == 0) {
            run->exit_code = code;
            decided = name;
            *watch->err = err;
        }
    }
    if (failed > 0 && index > 1) {
        (void)sw_append(watch->err, "; %zu of %zu tasks failed", failed, index);
    }
    if (decided) {
        char *name = sw_xstrdup(decided);
        free(run->container);
        run->container = name;
        return watch->err->status;
    }
    char waited[SW_SIZE_TEXT_MAX];
    sw_format_duration(ecs_pace_elapsed_ms(&watch->pace), waited);
    sw_say(watch->env, "%s of %s ended well after %s: exit code 0 of container \"%s\"",
           index > 1 ? "all tasks" : "the task", sw_taskdef_short_name(run->task_definition),
           waited, run->container);
    return SW_OK;
}

/* Where they stand when the waiting ends before they do. */
static void append_standing(const struct task_watch *watch)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(watch->run->tasks, index, task)
    {
        (void)sw_append(watch->err, "%s%s is %s", index ? ", " : "; task ", task_id(task),
                        sw_json_str(task, "lastStatus", "not known"));
    }
}

enum sw_status task_stopped(struct task_watch *watch)
{
    (void)sw_fail(watch->err, SW_E_STOPPED, "stopped waiting for the tasks of %s",
                  sw_taskdef_short_name(watch->run->task_definition));
    append_standing(watch);
    return SW_E_STOPPED;
}

enum sw_status task_timed_out(struct task_watch *watch)
{
    char waited[SW_SIZE_TEXT_MAX];
    sw_format_duration(watch->pace.timeout_ms, waited);
    (void)sw_fail(watch->err, SW_E_TIMEOUT, "the tasks of %s have not stopped after %s and go on",
                  sw_taskdef_short_name(watch->run->task_definition), waited);
    append_standing(watch);
    return SW_E_TIMEOUT;
}
