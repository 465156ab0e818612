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

struct sw_str ecs_without_stop(const char *sentence)
{
    struct sw_str text = sw_str(sentence);
    if (sw_str_ends(text, ".")) {
        text.len--;
    }
    return text;
}

const char *ecs_last_part(const char *arn)
{
    const char *slash = strrchr(arn, '/');
    return slash ? slash + 1 : arn;
}

bool ecs_cut_revision(const char *reference, struct sw_str *ret_family, int64_t *ret_revision)
{
    struct sw_str name = sw_str(sw_taskdef_short_name(reference));
    ptrdiff_t colon = sw_str_rfind(name, ':');
    if (colon <= 0) {
        return false;
    }
    *ret_family = sw_str_first(name, (size_t)colon);
    return sw_parse_int(sw_str_from(name, (size_t)colon + 1), 1, INT32_MAX, ret_revision);
}

void ecs_append_list(const json_t *list, const char *key, const char *what, bool more,
                     struct sw_err *err)
{
    size_t count = json_array_size(list);
    if (count == 0) {
        (void)sw_append(err, "; there are no %s", what);
        return;
    }
    (void)sw_append(err, "; %s: ", what);
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
        const json_t *item = json_array_get(list, i);
        const char *name = json_is_string(item) ? ecs_last_part(json_string_value(item))
                                                : sw_json_str(item, key, NULL);
        if (name) {
            (void)sw_append(err, "%s%s", i ? ", " : "", name);
        }
    }
    if (count > NAMES_SHOWN || more) {
        (void)sw_append(err, ", ...");
    }
}

void ecs_append_names(struct sw_aws *aws, const char *action, json_t *input, const char *key,
                      const char *what, struct sw_err *err)
{
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *output = NULL;
    if (ecs_call(aws, action, input, &sw_aws_once, &output, &ignored) == SW_OK) {
        ecs_append_list(sw_json_array(output, key), "", what,
                        sw_json_str(output, "nextToken", NULL) != NULL, err);
    }
}

enum sw_status ecs_list_tasks(struct sw_aws *aws, json_t *input, json_t **ret, struct sw_err *err)
{
    json_auto_t *cluster = json_incref(json_object_get(input, "cluster"));
    json_auto_t *list = NULL;
    *ret = NULL;
    enum sw_status status = ecs_call(aws, "ListTasks", input, &sw_aws_once, &list, err);
    json_t *arns = sw_json_array(list, "taskArns");
    if (status != SW_OK || json_array_size(arns) == 0) {
        return status;
    }
    return ecs_call(aws, "DescribeTasks",
                    json_pack("{s:O, s:O}", "cluster", cluster, "tasks", arns), &sw_aws_once, ret,
                    err);
}

bool ecs_cannot_ask(enum sw_status status)
{
    return status == SW_E_CREDENTIALS || status == SW_E_NETWORK || status == SW_E_UNAVAILABLE ||
           status == SW_E_STOPPED;
}
