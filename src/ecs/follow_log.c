#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

/* What is shown of a log: enough to see why, little enough to read. */
enum { LOG_LINES = 10, LOG_LINE_BYTES = 300 };

/* The definition that is rolled out, asked for once; NULL when it cannot be had. */
static const json_t *definition_of(struct follower *follower)
{
    const char *arn = follower->target.task_definition;
    if (!follower->asked_definition && arn) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *answer = NULL;
        follower->asked_definition = true;
        if (ecs_call(follower->aws, "DescribeTaskDefinition",
                     json_pack("{s:s}", "taskDefinition", arn), &sw_aws_once, &answer,
                     &err) == SW_OK) {
            follower->definition = json_incref(sw_json_object(answer, "taskDefinition"));
        }
    }
    return follower->definition;
}

/* Joins the messages; a line that tells more than the exit code changes the cause's class. */
static void keep_lines(struct sw_cause *cause, const json_t *answer)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    size_t index = 0;
    const json_t *event = NULL;
    json_array_foreach(sw_json_array(answer, "events"), index, event)
    {
        const char *message = sw_json_str(event, "message", "");
        const struct sw_cause_class *klass = sw_cause_of_log(message);
        struct sw_str line = sw_str_trim(sw_str(message));
        sw_buf_addf(&text, "%s%.*s", text.len ? "\n" : "",
                    SW_STR_ARG(sw_str_first(line, LOG_LINE_BYTES)));
        cause->klass = klass ? klass : cause->klass;
    }
    if (text.len > 0) {
        cause->log = sw_buf_take(&text);
    }
}

void follow_name_object(struct follower *follower, struct sw_cause *cause)
{
    bool group = strcmp(cause->klass->id, "log-group") == 0;
    bool platform = strcmp(cause->klass->id, "platform") == 0;
    if (cause->object || !cause->container || (!group && !platform)) {
        return;
    }
    const json_t *container = sw_taskdef_container(definition_of(follower), cause->container);
    const json_t *options =
        sw_json_object(sw_json_object(container, "logConfiguration"), "options");
    const char *name =
        group ? sw_json_str(options, "awslogs-group", NULL) : sw_json_str(container, "image", NULL);
    cause->object = name ? sw_xstrdup(name) : NULL;
}

void follow_read_log(struct follower *follower, struct sw_cause *cause)
{
    /* Only a container that ran has a log, and only the awslogs driver's can be read. */
    if (follower->options->no_logs || follower->logs_denied || cause->exit_code < 0 ||
        !cause->container || !cause->task) {
        return;
    }
    const json_t *options = NULL;
    SW_CLEANUP(sw_free_str)
    char *stream = ecs_log_stream(definition_of(follower), cause->container, cause->task, &options);
    if (!stream) {
        return;
    }
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    enum sw_status status = ecs_log_events(follower->aws, options,
                                           json_pack("{s:s, s:i, s:b}", "logStreamName", stream,
                                                     "limit", LOG_LINES, "startFromHead", 0),
                                           &answer, &err);
    if (status == SW_OK) {
        keep_lines(cause, answer);
    } else if (status == SW_E_DENIED) {
        follower->logs_denied = true;
        sw_say(follower->env, "logs of containers are not shown: the right logs:GetLogEvents is "
                              "missing");
    } else {
        sw_debug(follower->env, "ecs", "the log cannot be read: %s", err.msg);
    }
}
