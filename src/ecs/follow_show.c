#include "cause.h"
#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

enum { EVENT_IDS_MAX = 2000, EVENTS_KEPT = 50, TASKS_MAX = 100 };

/*
 * The event without the "(service NAME) " in front, which says nothing new, and the pointer to a
 * guide behind, which says nothing at all.
 */
static struct sw_str event_text(const char *message)
{
    const char *begin = message;
    if (strncmp(message, "(service ", 9) == 0) {
        const char *end = strstr(message, ") ");
        begin = end ? end + 2 : message;
    }
    const char *guide = strstr(begin, " For more information, see ");
    return guide ? sw_str_n(begin, (size_t)(guide - begin)) : sw_str(begin);
}

/* The N of "has started N tasks: ..."; 0 for other events. */
static int64_t tasks_started(struct sw_str text)
{
    static const char begin[] = "has started ";
    int64_t count = 0;
    if (!sw_str_starts(text, begin)) {
        return 0;
    }
    struct sw_str rest = sw_str_from(text, sizeof(begin) - 1);
    ptrdiff_t blank = sw_str_find(rest, ' ');
    bool number =
        blank > 0 && sw_parse_int(sw_str_first(rest, (size_t)blank), 0, INT32_MAX, &count);
    return number ? count : 0;
}

static void keep_newest(struct follower *follower, int64_t at_ms)
{
    if (at_ms > follower->newest_ms) {
        follower->newest_ms = at_ms;
    }
}

static bool show_event(struct follower *follower, const json_t *event)
{
    const char *id = sw_json_str(event, "id", "");
    const char *message = sw_json_str(event, "message", "");
    int64_t created_ms = sw_json_time_ms(event, "createdAt");
    /* Only server times are compared with each other: our clock may be wrong. */
    if (created_ms < follower->result->state.created_ms ||
        sw_strs_has(&follower->event_ids, sw_str(id))) {
        return false;
    }
    if (follower->event_ids.count < EVENT_IDS_MAX) {
        sw_strs_add(&follower->event_ids, sw_str(id));
    }
    struct sw_str text = event_text(message);
    follower->started += tasks_started(text);
    keep_newest(follower, created_ms);
    char clock[SW_TIME_TEXT_MAX];
    sw_time_format(created_ms, SW_TIME_CLOCK, clock);
    if (!follower->options->brief || sw_cause_of_event(message)) {
        sw_say(follower->env, "%s  %.*s", clock, SW_STR_ARG(text));
    }
    if (follower->result->events.count < EVENTS_KEPT) {
        sw_strs_take(&follower->result->events, sw_xasprintf("%s %.*s", clock, SW_STR_ARG(text)));
    }
    sw_causes_add_event(&follower->result->causes, id, message, created_ms);
    return sw_cause_of_event(message) != NULL;
}

bool follow_events(struct follower *follower, const json_t *service)
{
    const json_t *events = sw_json_array(service, "events");
    bool bad = false;
    if (follower->result->state.created_ms == 0) {
        return false; /* which events are ours is not known yet */
    }
    for (size_t i = json_array_size(events); i > 0; i--) { /* the newest stands first */
        bad = show_event(follower, json_array_get(events, i - 1)) || bad;
    }
    return bad;
}

json_t *follow_tasks(struct follower *follower, const char *desired_status, struct sw_err *err)
{
    json_t *answer = NULL;
    json_t *input = json_pack("{s:s, s:s, s:s, s:i}", "cluster", follower->options->cluster,
                              "serviceName", ecs_last_part(follower->options->service),
                              "desiredStatus", desired_status, "maxResults", TASKS_MAX);
    return ecs_list_tasks(follower->aws, input, &answer, err) == SW_OK ? answer : NULL;
}

/* How long tasks of ours lived before they stopped. */
static void keep_lives(struct follower *follower, const json_t *answer)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(sw_json_array(answer, "tasks"), index, task)
    {
        int64_t started_ms = sw_json_time_ms(task, "startedAt");
        int64_t life_ms = sw_json_time_ms(task, "stoppedAt") - started_ms;
        bool ours = strcmp(sw_json_str(task, "startedBy", ""), follower->target.deployment_id) == 0;
        keep_newest(follower, sw_json_time_ms(task, "stoppedAt"));
        if (ours && started_ms > 0 && life_ms > follower->longest_life_ms) {
            follower->longest_life_ms = life_ms;
        }
    }
}

/* What only says that tasks stopped: its event was shown, and what matters is why they did. */
static bool is_result(const struct sw_cause *cause)
{
    return cause->klass == &ecs_causes[CAUSE_THROTTLED] ||
           cause->klass == &ecs_causes[CAUSE_DEPLOYMENT_FAILED];
}

static void say_cause(const struct follower *follower, struct sw_cause *cause)
{
    const struct sw_causes *causes = &follower->result->causes;
    const struct sw_causes alone = {
        .items = cause,
        .count = 1,
        .cluster = causes->cluster,
        .service = causes->service,
        .events_shown = true,
    };
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_causes_print(&alone, &text);
    sw_say(follower->env, "%s", text.ptr);
    sw_buf_release(&text);
}

void follow_say_causes(struct follower *follower)
{
    const struct sw_causes *causes = &follower->result->causes;
    if (follower->causes_said >= causes->count) {
        return;
    }
    for (size_t i = follower->causes_said; i < causes->count; i++) {
        follow_read_log(follower, &causes->items[i]);
        follow_name_object(follower, &causes->items[i]);
    }
    for (size_t i = follower->causes_said; i < causes->count; i++) {
        if (!is_result(&causes->items[i])) {
            say_cause(follower, &causes->items[i]);
        }
    }
    follower->causes_said = causes->count;
}

void follow_stopped_tasks(struct follower *follower)
{
    struct sw_err err = SW_ERR_INIT;
    if (!follower->tasks_denied) {
        json_auto_t *answer = follow_tasks(follower, "STOPPED", &err);
        sw_causes_add_tasks(&follower->result->causes, answer, follower->target.deployment_id);
        keep_lives(follower, answer);
    }
    if (err.status == SW_E_DENIED) {
        follower->tasks_denied = true;
        sw_say(follower->env, "why tasks stopped is not shown: the right ecs:ListTasks or "
                              "ecs:DescribeTasks is missing");
    } else if (err.status != SW_OK) {
        sw_debug(follower->env, "ecs", "stopped tasks cannot be asked: %s", err.msg);
    }
    follow_say_causes(follower);
}
