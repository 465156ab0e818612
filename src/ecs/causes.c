#include "cause.h"

#include <slipway/alloc.h>
#include <slipway/env.h>
#include <slipway/rollout.h>

/* What a long rollout may make us remember. */
enum { SEEN_MAX = 5000, CAUSES_MAX = 100 };

void sw_causes_release(struct sw_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        free(causes->items[i].example);
        free(causes->items[i].container);
        free(causes->items[i].task);
        free(causes->items[i].log);
        free(causes->items[i].object);
    }
    free(causes->items);
    sw_strs_release(&causes->seen);
    *causes = (struct sw_causes){ .items = NULL };
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Words that nobody knows are all kept, the others by their first example. */
static bool same_words(const struct sw_cause *cause, const char *text)
{
    return strcmp(cause->klass->id, "other") != 0 || strcmp(cause->example, text) == 0;
}

/* Answers are not ordered by time. */
static void widen(struct sw_cause *cause, int64_t at_ms)
{
    if (at_ms > 0 && (cause->first_ms == 0 || at_ms < cause->first_ms)) {
        cause->first_ms = at_ms;
    }
    if (at_ms > cause->last_ms) {
        cause->last_ms = at_ms;
    }
}

/* `seen` has the class, object, exit code, time and whether a target says it; other texts are
 * copied when it is the first. */
static void count(struct sw_causes *causes, const struct sw_cause *seen, const char *text,
                  const char *container, const char *task)
{
    for (size_t i = 0; i < causes->count; i++) {
        struct sw_cause *cause = &causes->items[i];
        if (cause->exit_code == seen->exit_code && cause->seen_as == seen->seen_as &&
            same_text(cause->container, container) && same_words(cause, text)) {
            cause->count++;
            widen(cause, seen->first_ms);
            return;
        }
    }
    if (causes->count >= CAUSES_MAX) {
        return;
    }
    char *named = ecs_cause_object(seen->klass, text);
    if (!named && seen->object) {
        named = sw_xstrdup(seen->object);
    }
    causes->items =
        sw_grow(causes->items, causes->count, &causes->capacity, sizeof(*causes->items));
    causes->items[causes->count++] = (struct sw_cause){
        .klass = seen->klass,
        .seen_as = seen->seen_as,
        .count = 1,
        .example = sw_xstrdup(text),
        .container = container ? sw_xstrdup(container) : NULL,
        .task = task ? sw_xstrdup(task) : NULL,
        .exit_code = seen->exit_code,
        .first_ms = seen->first_ms,
        .last_ms = seen->first_ms,
        .target = seen->target,
        .object = named,
    };
}

/* Whether `id` is new; remembers it. */
static bool is_new(struct sw_causes *causes, const char *id)
{
    struct sw_str text = sw_str(id);
    if (causes->seen.count >= SEEN_MAX || sw_strs_has(&causes->seen, text)) {
        return false;
    }
    sw_strs_add(&causes->seen, text);
    return true;
}

/* Failures of images are about the container's, also when AWS's words do not name it. */
static char *image_of(const struct sw_cause_class *klass, const json_t *task, const char *container)
{
    static const char *const about[] = { "image-", "registry-" };
    const json_t *found =
        container ? sw_json_find(sw_json_array(task, "containers"), "name", container) : NULL;
    const char *image = sw_json_str(found, "image", NULL);
    bool is_about = strcmp(klass->id, "platform") == 0;
    for (size_t i = 0; i < SW_COUNT(about); i++) {
        is_about = is_about || strncmp(klass->id, about[i], strlen(about[i])) == 0;
    }
    return image && is_about ? sw_xstrdup(image) : NULL;
}

void sw_causes_add_tasks(struct sw_causes *causes, const json_t *answer, const char *deployment_id)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(sw_json_array(answer, "tasks"), index, task)
    {
        const char *arn = sw_json_str(task, "taskArn", "");
        if (strcmp(sw_json_str(task, "startedBy", ""), deployment_id) != 0 ||
            !is_new(causes, arn)) {
            continue;
        }
        const char *text = NULL;
        const char *container = NULL;
        int64_t exit_code = -1;
        const struct sw_cause_class *klass = sw_cause_of_task(task, &text, &container, &exit_code);
        if (klass) {
            char *image SW_CLEANUP(sw_free_str) = image_of(klass, task, container);
            const struct sw_cause seen = {
                .klass = klass,
                .seen_as = klass,
                .exit_code = exit_code,
                .first_ms = sw_json_time_ms(task, "stoppedAt"),
                .object = image,
            };
            count(causes, &seen, text, container, arn);
        }
    }
}

static bool has_task(const struct sw_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        if (causes->items[i].task) {
            return true;
        }
    }
    return false;
}

void sw_causes_add_event(struct sw_causes *causes, const char *id, const char *message,
                         int64_t at_ms)
{
    const struct sw_cause_class *klass = sw_cause_of_event(message);
    /* That tasks keep stopping is no news when it is known why. */
    if (klass == &ecs_causes[CAUSE_THROTTLED] && has_task(causes)) {
        return;
    }
    if (klass && is_new(causes, id)) {
        const struct sw_cause seen = {
            .klass = klass, .seen_as = klass, .exit_code = -1, .first_ms = at_ms
        };
        count(causes, &seen, message, NULL, NULL);
    }
}

void sw_causes_add_target(struct sw_causes *causes, const char *id, const char *state,
                          const char *reason, const char *description)
{
    const struct sw_cause_class *klass = sw_cause_of_target(state, reason, description);
    if (klass && is_new(causes, id)) {
        const struct sw_cause seen = {
            .klass = klass, .seen_as = klass, .exit_code = -1, .target = true
        };
        char *text SW_CLEANUP(sw_free_str) = sw_xasprintf("target is %s: %s%s%s", state, reason,
                                                          *description ? ", " : "", description);
        count(causes, &seen, text, NULL, NULL);
    }
}

/*
 * What explains more stands higher: facts of ECS, why tasks stopped, what a load balancer says,
 * events that will not heal, other events, and what explains nothing by itself.
 */
enum rank {
    RANK_RESULT,
    RANK_EMPTY,
    RANK_EVENT,
    RANK_FATAL_EVENT,
    RANK_TARGET,
    RANK_TASK,
    RANK_FACT
};

static const struct {
    const char *id;
    enum rank rank;
} special_ranks[] = {
    { "alarm", RANK_FACT },
    { "hook", RANK_FACT },
    /* That the deployment failed is a fact, but not its cause. */
    { "deployment-failed", RANK_RESULT },
    { "other", RANK_EMPTY },
    { "throttled", RANK_EMPTY },
    { "api-throttled", RANK_EMPTY },
    { "stopped-by-user", RANK_EMPTY },
    { "infrastructure", RANK_EMPTY },
    { "exit-terminated", RANK_EMPTY },
    /* The load balancer's verdict without its reason: any reason is better. */
    { "elb-health", RANK_EVENT },
};

static enum rank rank_of(const struct sw_cause *cause)
{
    for (size_t i = 0; i < SW_COUNT(special_ranks); i++) {
        if (strcmp(cause->klass->id, special_ranks[i].id) == 0) {
            return special_ranks[i].rank;
        }
    }
    if (cause->task) {
        return RANK_TASK;
    }
    if (cause->target || strncmp(cause->klass->id, "elb-", 4) == 0) {
        return RANK_TARGET;
    }
    return cause->klass->fatal ? RANK_FATAL_EVENT : RANK_EVENT;
}

/* Whether `a` explains more than `b`. */
static bool tells_more(const struct sw_cause *a, const struct sw_cause *b)
{
    enum rank rank_a = rank_of(a);
    enum rank rank_b = rank_of(b);
    if (rank_a != rank_b) {
        return rank_a > rank_b;
    }
    if (a->klass->fatal != b->klass->fatal) {
        return a->klass->fatal;
    }
    return a->count > b->count;
}

const struct sw_cause *sw_causes_main(const struct sw_causes *causes)
{
    const struct sw_cause *best = NULL;
    for (size_t i = 0; i < causes->count; i++) {
        if (!best || tells_more(&causes->items[i], best)) {
            best = &causes->items[i];
        }
    }
    return best;
}

static void print_times(const struct sw_cause *cause, struct sw_buf *out)
{
    char first[SW_TIME_TEXT_MAX];
    char last[SW_TIME_TEXT_MAX];
    if (cause->first_ms == 0 || cause->first_ms == cause->last_ms) {
        return;
    }
    sw_time_format(cause->first_ms, SW_TIME_CLOCK, first);
    sw_time_format(cause->last_ms, SW_TIME_CLOCK, last);
    sw_buf_addf(out, "\n   from %s to %s UTC", first, last);
}

static void print_log(const char *log, struct sw_buf *out)
{
    sw_buf_add_cstr(out, "\n   its log ends with:");
    for (struct sw_str rest = sw_str(log); rest.ptr;) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        sw_buf_addf(out, "\n   | %.*s", SW_STR_ARG(line));
    }
}

void sw_causes_print(const struct sw_causes *causes, struct sw_buf *out)
{
    for (size_t i = 0; i < causes->count; i++) {
        const struct sw_cause *cause = &causes->items[i];
        sw_buf_addf(out, "%s%ux ", i ? "\n" : "", cause->count);
        if (cause->container) {
            sw_buf_addf(out, "container \"%s\": ", cause->container);
        }
        sw_buf_add_cstr(out, cause->klass->title);
        if (cause->object) {
            sw_buf_addf(out, ": \"%s\"", cause->object);
        }
        if (cause->exit_code >= 0) {
            sw_buf_addf(out, " (exit code %lld)", (long long)cause->exit_code);
        }
        print_times(cause, out);
        bool was_shown = causes->events_shown && !cause->task && !cause->target;
        if (*cause->example && !was_shown) {
            sw_buf_addf(out, "\n   AWS says: %s", cause->example);
        }
        if (cause->log) {
            print_log(cause->log, out);
        }
        sw_buf_addf(out, "\n   next: %s", cause->klass->advice);
        char *command SW_CLEANUP(sw_free_str) = sw_cause_command(causes, cause);
        if (command) {
            sw_buf_addf(out, "\n   command: %s", command);
        }
    }
}
