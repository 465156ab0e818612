#include "ecs.h"

#include <slipway/alloc.h>

enum { NAMES_SHOWN = 10 };

enum sw_status ecs_call(struct sw_aws *aws, const char *action, json_t *input,
                        const struct sw_aws_call_options *options, json_t **ret_output,
                        struct sw_err *err)
{
    json_auto_t *owned = input;
    SW_CLEANUP(sw_free_str)
    char *target = sw_xasprintf("AmazonEC2ContainerServiceV20141113.%s", action);
    return sw_aws_json(aws, "ecs", target, owned, options, ret_output, err);
}

const char *ecs_last_part(const char *arn)
{
    const char *slash = strrchr(arn, '/');
    return slash ? slash + 1 : arn;
}

void ecs_append_names(struct sw_aws *aws, const char *action, json_t *input, const char *key,
                      const char *what, struct sw_err *err)
{
    struct sw_err ignored = SW_ERR_INIT;
    const struct sw_aws_call_options once = { .policy = &sw_retry_never };
    json_auto_t *output = NULL;
    if (ecs_call(aws, action, input, &once, &output, &ignored) != SW_OK) {
        return;
    }
    const json_t *names = sw_json_array(output, key);
    size_t count = json_array_size(names);
    if (count == 0) {
        (void)sw_append(err, "; there are no %s", what);
        return;
    }
    (void)sw_append(err, "; %s: ", what);
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
        const json_t *name = json_array_get(names, i);
        if (json_is_string(name)) {
            (void)sw_append(err, "%s%s", i ? ", " : "", ecs_last_part(json_string_value(name)));
        }
    }
    if (count > NAMES_SHOWN || sw_json_str(output, "nextToken", NULL)) {
        (void)sw_append(err, ", ...");
    }
}
