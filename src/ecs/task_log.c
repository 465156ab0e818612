#include "task_wait.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

/* Pages of one stream in one look, and bytes of a line that are shown. */
enum { PAGES_MAX = 50, LINE_BYTES = 8000 };

static void add_stream(struct task_watch *watch, const char *task, const char *container)
{
    const json_t *options = NULL;
    char *stream = ecs_log_stream(watch->run->definition, container, task, &options);
    if (!stream) {
        return;
    }
    watch->streams = sw_grow(watch->streams, watch->stream_count, &watch->stream_capacity,
                             sizeof(*watch->streams));
    watch->streams[watch->stream_count++] = (struct task_stream){
        .task = sw_xstrdup(task),
        .container = sw_xstrdup(container),
        .stream = stream,
        .options = options,
    };
}

void task_log_init(struct task_watch *watch)
{
    size_t index = 0;
    const json_t *task = NULL;
    if (watch->options->no_logs) {
        return;
    }
    json_array_foreach(watch->run->tasks, index, task)
    {
        size_t at = 0;
        const json_t *container = NULL;
        json_array_foreach(sw_json_array(watch->run->definition, "containerDefinitions"), at,
                           container)
        {
            add_stream(watch, sw_json_str(task, "taskArn", ""), sw_json_str(container, "name", ""));
        }
    }
}

void task_log_release(struct task_watch *watch)
{
    for (size_t i = 0; i < watch->stream_count; i++) {
        free(watch->streams[i].task);
        free(watch->streams[i].container);
        free(watch->streams[i].stream);
        free(watch->streams[i].token);
    }
    free(watch->streams);
    watch->streams = NULL;
    watch->stream_count = 0;
}

static void show(const struct task_watch *watch, const struct task_stream *stream,
                 const json_t *events)
{
    bool many = json_array_size(watch->run->tasks) > 1;
    size_t index = 0;
    const json_t *event = NULL;
    json_array_foreach(events, index, event)
    {
        struct sw_str line = sw_str_trim(sw_str(sw_json_str(event, "message", "")));
        line = sw_str_first(line, LINE_BYTES);
        sw_say(watch->env, "%s%s%s | %.*s", many ? ecs_last_part(stream->task) : "",
               many ? "/" : "", stream->container, SW_STR_ARG(line));
    }
}

/* One page; *ret_more says whether another one may follow at once. */
static enum sw_status read_page(struct task_watch *watch, struct task_stream *stream, bool *ret_new,
                                bool *ret_more, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    json_t *input = json_pack("{s:s, s:b}", "logStreamName", stream->stream, "startFromHead", 1);
    if (stream->token) {
        (void)json_object_set_new(input, "nextToken", json_string(stream->token));
    }
    enum sw_status status = ecs_log_events(watch->aws, stream->options, input, &answer, err);
    if (status != SW_OK) {
        return status;
    }
    const json_t *events = sw_json_array(answer, "events");
    const char *token = sw_json_str(answer, "nextForwardToken", NULL);
    show(watch, stream, events);
    *ret_new = *ret_new || json_array_size(events) > 0;
    /* The end of a stream answers the token that it was asked with. */
    *ret_more = token && json_array_size(events) > 0 &&
                (!stream->token || strcmp(token, stream->token) != 0);
    if (token) {
        free(stream->token);
        stream->token = sw_xstrdup(token);
    }
    return SW_OK;
}

static bool read_stream(struct task_watch *watch, struct task_stream *stream)
{
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = SW_OK;
    bool more = true;
    bool new = false;
    for (unsigned page = 0; page < PAGES_MAX && more && status == SW_OK; page++) {
        more = false;
        status = read_page(watch, stream, &new, &more, &err);
    }
    if (status == SW_E_DENIED) {
        watch->logs_denied = true;
        sw_say(watch->env, "logs of containers are not shown: the right logs:GetLogEvents is "
                           "missing");
    } else if (status != SW_OK) {
        /* Until something is logged there is no stream. */
        sw_debug(watch->env, "ecs", "the log %s cannot be read: %s", stream->stream, err.msg);
    }
    return new;
}

/* Whether its containers may have logged something. */
static bool has_started(const json_t *tasks, const char *arn)
{
    static const char *const before[] = { "", "PROVISIONING", "PENDING", "ACTIVATING" };
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(tasks, index, task)
    {
        if (strcmp(sw_json_str(task, "taskArn", ""), arn) != 0) {
            continue;
        }
        for (size_t i = 0; i < SW_COUNT(before); i++) {
            if (strcmp(sw_json_str(task, "lastStatus", ""), before[i]) == 0) {
                return false;
            }
        }
    }
    return true;
}

bool task_log_read(struct task_watch *watch)
{
    bool new = false;
    for (size_t i = 0; i < watch->stream_count && !watch->logs_denied; i++) {
        if (has_started(watch->run->tasks, watch->streams[i].task) &&
            !sw_env_stop_wanted(watch->env)) {
            new = read_stream(watch, &watch->streams[i]) || new;
        }
    }
    return new;
}
