#include "taskdef_use.h"

#include <slipway/alloc.h>

enum { PAGES_MAX = 1000, PAGE_SIZE = 100, SERVICES_A_CALL = 10, TASKS_A_CALL = 100 };

/* A cluster that is looked at. */
struct look {
    struct sw_aws *aws;
    const char *cluster;
    const char *family;
    struct ecs_uses *uses;
    struct sw_err *err;
};

void ecs_uses_release(struct ecs_uses *uses)
{
    sw_strs_release(&uses->arns);
    sw_strs_release(&uses->users);
}

const char *ecs_user_of(const struct ecs_uses *uses, const char *arn)
{
    for (size_t i = 0; i < uses->arns.count; i++) {
        if (strcmp(uses->arns.items[i], arn) == 0) {
            return uses->users.items[i];
        }
    }
    return NULL;
}

static void add_use(const struct look *look, const json_t *owner, const char *key, const char *kind,
                    const char *name)
{
    const char *arn = sw_json_str(owner, key, NULL);
    if (arn && !ecs_user_of(look->uses, arn)) {
        sw_strs_add(&look->uses->arns, sw_str(arn));
        sw_strs_take(&look->uses->users,
                     sw_xasprintf("%s %s in cluster %s", kind, ecs_last_part(name),
                                  ecs_last_part(look->cluster)));
    }
}

enum sw_status ecs_list_all(struct sw_aws *aws, const char *action, json_t *input, const char *key,
                            struct sw_strs *ret, struct sw_err *err)
{
    for (int page = 0; page < PAGES_MAX; page++) {
        json_auto_t *answer = NULL;
        enum sw_status status = ecs_call(aws, action, json_incref(input), NULL, &answer, err);
        if (status != SW_OK) {
            return status;
        }
        size_t index = 0;
        const json_t *item = NULL;
        json_array_foreach(sw_json_array(answer, key), index, item)
        {
            if (json_is_string(item)) {
                sw_strs_add(ret, sw_str(json_string_value(item)));
            }
        }
        const char *token = sw_json_str(answer, "nextToken", NULL);
        if (!token) {
            return SW_OK;
        }
        (void)json_object_set_new(input, "nextToken", json_string(token));
    }
    return sw_fail(err, SW_E_TOO_LARGE, "%s has more than %d pages", action, PAGES_MAX);
}

/* What was listed and is gone by now is no failure; anything else that is not told is. */
static enum sw_status check_failures(const struct look *look, const json_t *answer)
{
    size_t index = 0;
    const json_t *failure = NULL;
    json_array_foreach(sw_json_array(answer, "failures"), index, failure)
    {
        const char *reason = sw_json_str(failure, "reason", "?");
        if (strcmp(reason, "MISSING") != 0) {
            return sw_fail(look->err, SW_E_FAILED, "%s cannot be looked at: %s",
                           sw_json_str(failure, "arn", "?"), reason);
        }
    }
    return SW_OK;
}

/* A Describe call for some of the ARNs. */
static enum sw_status describe(const struct look *look, const char *action, const char *key,
                               const struct sw_strs *arns, size_t first, size_t count, json_t **ret)
{
    json_t *list = json_array();
    for (size_t i = first; i < arns->count && i < first + count; i++) {
        (void)json_array_append_new(list, json_string(arns->items[i]));
    }
    enum sw_status status =
        ecs_call(look->aws, action, json_pack("{s:s, s:o}", "cluster", look->cluster, key, list),
                 NULL, ret, look->err);
    if (status == SW_OK && !sw_json_array(*ret, key)) {
        status =
            sw_fail(look->err, SW_E_UNAVAILABLE, "%s answered without a list of %s", action, key);
    }
    return status == SW_OK ? check_failures(look, *ret) : status;
}

static void add_service(const struct look *look, const json_t *service)
{
    static const char *const parts[] = { "deployments", "taskSets" };
    const char *name = sw_json_str(service, "serviceName", "?");
    if (strcmp(sw_json_str(service, "status", ""), "INACTIVE") == 0) {
        return;
    }
    add_use(look, service, "taskDefinition", "service", name);
    for (size_t i = 0; i < SW_COUNT(parts); i++) {
        size_t index = 0;
        const json_t *part = NULL;
        json_array_foreach(sw_json_array(service, parts[i]), index, part)
        {
            add_use(look, part, "taskDefinition", "service", name);
        }
    }
}

static enum sw_status look_at_services(const struct look *look)
{
    struct sw_strs arns SW_CLEANUP(sw_strs_release) = { 0 };
    json_auto_t *input = json_pack("{s:s, s:i}", "cluster", look->cluster, "maxResults", PAGE_SIZE);
    enum sw_status status =
        ecs_list_all(look->aws, "ListServices", input, "serviceArns", &arns, look->err);
    for (size_t i = 0; status == SW_OK && i < arns.count; i += SERVICES_A_CALL) {
        json_auto_t *answer = NULL;
        status = describe(look, "DescribeServices", "services", &arns, i, SERVICES_A_CALL, &answer);
        size_t index = 0;
        const json_t *service = NULL;
        json_array_foreach(sw_json_array(answer, "services"), index, service)
        {
            add_service(look, service);
        }
    }
    return status;
}

static enum sw_status look_at_tasks(const struct look *look)
{
    struct sw_strs arns SW_CLEANUP(sw_strs_release) = { 0 };
    json_auto_t *input = json_pack("{s:s, s:s, s:i}", "cluster", look->cluster, "family",
                                   look->family, "maxResults", PAGE_SIZE);
    enum sw_status status =
        ecs_list_all(look->aws, "ListTasks", input, "taskArns", &arns, look->err);
    for (size_t i = 0; status == SW_OK && i < arns.count; i += TASKS_A_CALL) {
        json_auto_t *answer = NULL;
        status = describe(look, "DescribeTasks", "tasks", &arns, i, TASKS_A_CALL, &answer);
        size_t index = 0;
        const json_t *task = NULL;
        json_array_foreach(sw_json_array(answer, "tasks"), index, task)
        {
            add_use(look, task, "taskDefinitionArn", "task", sw_json_str(task, "taskArn", "?"));
        }
    }
    return status;
}

enum sw_status ecs_find_uses(struct sw_aws *aws, const char *family, const struct sw_strs *clusters,
                             struct ecs_uses *ret, struct sw_err *err)
{
    struct sw_strs all SW_CLEANUP(sw_strs_release) = { 0 };
    enum sw_status status = SW_OK;
    if (!clusters || clusters->count == 0) {
        json_auto_t *input = json_pack("{s:i}", "maxResults", PAGE_SIZE);
        status = ecs_list_all(aws, "ListClusters", input, "clusterArns", &all, err);
        clusters = &all;
    }
    for (size_t i = 0; status == SW_OK && i < clusters->count; i++) {
        const struct look look = {
            .aws = aws, .cluster = clusters->items[i], .family = family, .uses = ret, .err = err
        };
        status = look_at_services(&look);
        if (status == SW_OK) {
            status = look_at_tasks(&look);
        }
    }
    return status;
}
