#include <slipway/alloc.h>
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
    }
    free(causes->items);
    sw_strs_release(&causes->seen);
    *causes = (struct sw_causes){ .items = NULL };
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* `seen` has the class, container and exit code; its texts are copied when it is the first. */
static void count(struct sw_causes *causes, const struct sw_cause *seen, const char *text,
                  const char *container, const char *task)
{
    for (size_t i = 0; i < causes->count; i++) {
        struct sw_cause *cause = &causes->items[i];
        if (cause->exit_code == seen->exit_code && cause->seen_as == seen->seen_as &&
            same_text(cause->container, container)) {
            cause->count++;
            return;
        }
    }
    if (causes->count >= CAUSES_MAX) {
        return;
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
            const struct sw_cause seen = { .klass = klass,
                                           .seen_as = klass,
                                           .exit_code = exit_code };
            count(causes, &seen, text, container, arn);
        }
    }
}

void sw_causes_add_event(struct sw_causes *causes, const char *id, const char *message)
{
    const struct sw_cause_class *klass = sw_cause_of_event(message);
    if (klass && is_new(causes, id)) {
        const struct sw_cause seen = { .klass = klass, .seen_as = klass, .exit_code = -1 };
        count(causes, &seen, message, NULL, NULL);
    }
}

/* What explains more: a fatal stop of a task, then a fatal event, then what happens most. */
static unsigned weight(const struct sw_cause *cause)
{
    unsigned value = cause->count < 1000 ? cause->count : 1000;
    if (cause->klass->fatal) {
        value += 2000;
    }
    /* That the deployment failed is a fact, but not its cause. */
    return strcmp(cause->klass->id, "deployment-failed") == 0 ? 0 : value;
}

const struct sw_cause *sw_causes_main(const struct sw_causes *causes)
{
    const struct sw_cause *best = NULL;
    for (size_t i = 0; i < causes->count; i++) {
        if (!best || weight(&causes->items[i]) > weight(best)) {
            best = &causes->items[i];
        }
    }
    return best;
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
        if (cause->exit_code >= 0) {
            sw_buf_addf(out, " (exit code %lld)", (long long)cause->exit_code);
        }
        if (*cause->example) {
            sw_buf_addf(out, "\n   AWS says: %s", cause->example);
        }
        if (cause->log) {
            print_log(cause->log, out);
        }
        sw_buf_addf(out, "\n   next: %s", cause->klass->advice);
    }
}
