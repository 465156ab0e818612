#include "cause.h"

#include <slipway/json.h>

/* How much an exit code tells: the others of a task end by SIGTERM or SIGKILL when one ends. */
static unsigned telling(int64_t code)
{
    enum { SIGKILLED = 137, SIGTERMED = 143 };
    if (code < 0) {
        return 0;
    }
    if (code == SIGTERMED) {
        return 1;
    }
    if (code == 0) {
        return 2;
    }
    return code == SIGKILLED ? 3 : 4;
}

/* The container whose end most likely ended the task; NULL when none ended. */
static const json_t *ended_container(const json_t *task)
{
    const json_t *ended = NULL;
    unsigned most = 0;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(task, "containers"), index, container)
    {
        unsigned tells = telling(sw_json_int(container, "exitCode", -1));
        if (tells > most) {
            most = tells;
            ended = container;
        }
    }
    return ended;
}

static enum cause cause_of_exit(int64_t code)
{
    switch (code) {
    case 0:
        return CAUSE_EXIT_ZERO;
    case 125:
        return CAUSE_START;
    case 126:
    case 127:
        return CAUSE_COMMAND;
    case 134:
    case 139:
        return CAUSE_EXIT_CRASH;
    case 137:
        return CAUSE_EXIT_KILLED;
    case 143:
        return CAUSE_EXIT_TERMINATED;
    default:
        return CAUSE_EXIT_CODE;
    }
}

/*
 * The first container whose reason is known; a failed dependency points at another container, whose
 * own reason is better. CAUSE_NONE when none is known.
 */
static enum cause cause_of_reasons(const json_t *task, const char **ret_text,
                                   const char **ret_container, int64_t *ret_exit)
{
    enum cause best = CAUSE_NONE;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(task, "containers"), index, container)
    {
        const char *reason = sw_json_str(container, "reason", "");
        enum cause found = ecs_cause_of_reason(reason);
        if (found == CAUSE_NONE || (best != CAUSE_NONE && best != CAUSE_DEPENDENCY)) {
            continue;
        }
        best = found;
        *ret_text = reason;
        *ret_container = sw_json_str(container, "name", NULL);
        *ret_exit = sw_json_int(container, "exitCode", -1);
    }
    return best;
}

/* What the stop code says when no reason is known. */
static enum cause cause_of_code(const char *code)
{
    if (strcmp(code, "UserInitiated") == 0) {
        return CAUSE_BY_USER;
    }
    if (strcmp(code, "SpotInterruption") == 0 || strcmp(code, "TerminationNotice") == 0) {
        return CAUSE_INFRASTRUCTURE;
    }
    return CAUSE_NONE;
}

/* A container's reason that no rule knows is still the better text. */
static void keep_unknown_reason(const json_t *task, const char **ret_text,
                                const char **ret_container)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(task, "containers"), index, container)
    {
        const char *reason = sw_json_str(container, "reason", "");
        if (*reason) {
            *ret_text = reason;
            *ret_container = sw_json_str(container, "name", NULL);
            return;
        }
    }
}

const struct sw_cause_class *sw_cause_of_task(const json_t *task, const char **ret_text,
                                              const char **ret_container, int64_t *ret_exit)
{
    const char *reason = sw_json_str(task, "stoppedReason", "");
    const char *code = sw_json_str(task, "stopCode", "");
    *ret_text = reason;
    *ret_container = NULL;
    *ret_exit = -1;
    if (strstr(reason, "Scaling activity initiated by")) {
        return NULL;
    }
    enum cause found = cause_of_reasons(task, ret_text, ret_container, ret_exit);
    if (found == CAUSE_NONE) {
        found = ecs_cause_of_reason(reason);
    }
    if (found == CAUSE_NONE) {
        found = cause_of_code(code);
    }
    if (found != CAUSE_NONE) {
        return &ecs_causes[found];
    }
    /* When the scheduler stops a task, its exit code says nothing about the program. */
    bool stopped = strcmp(code, "ServiceSchedulerInitiated") == 0;
    const json_t *ended = stopped ? NULL : ended_container(task);
    if (!ended) {
        keep_unknown_reason(task, ret_text, ret_container);
        return &ecs_causes[CAUSE_OTHER];
    }
    *ret_container = sw_json_str(ended, "name", NULL);
    *ret_exit = sw_json_int(ended, "exitCode", -1);
    const char *own = sw_json_str(ended, "reason", "");
    *ret_text = *own ? own : reason;
    return &ecs_causes[cause_of_exit(*ret_exit)];
}
