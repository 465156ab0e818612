#include "ecs.h"

#include <slipway/alloc.h>

char *ecs_log_stream(const json_t *definition, const char *container, const char *task,
                     const json_t **ret_options)
{
    const json_t *log =
        sw_json_object(sw_taskdef_container(definition, container), "logConfiguration");
    const json_t *options = sw_json_object(log, "options");
    const char *prefix = sw_json_str(options, "awslogs-stream-prefix", NULL);
    if (strcmp(sw_json_str(log, "logDriver", ""), "awslogs") != 0 || !prefix) {
        return NULL;
    }
    *ret_options = options;
    return sw_xasprintf("%s/%s/%s", prefix, container, ecs_last_part(task));
}

enum sw_status ecs_log_events(struct sw_aws *aws, const json_t *options, json_t *input,
                              json_t **ret, struct sw_err *err)
{
    struct sw_aws *other SW_CLEANUP(sw_aws_cleanup) = NULL;
    json_auto_t *owned = input;
    const char *region = sw_json_str(options, "awslogs-region", NULL);
    if (region && sw_aws_with_region(aws, region, &other, err) != SW_OK) {
        return err->status;
    }
    (void)json_object_set_new(owned, "logGroupName",
                              json_string(sw_json_str(options, "awslogs-group", "")));
    return sw_aws_json(other ? other : aws, "logs", "Logs_20140328.GetLogEvents", owned,
                       &sw_aws_once, ret, err);
}
