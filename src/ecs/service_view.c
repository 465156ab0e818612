#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/service.h>

/* A service at a glance: what five calls tell of it. */

enum { TASKS_MAX = 100, GROUPS_MAX = 5 };

static const struct sw_aws_call_options once = { .policy = &sw_retry_never };

void sw_service_view_release(struct sw_service_view *view)
{
    json_decref(view->service);
    json_decref(view->images);
    json_decref(view->targets);
    sw_causes_release(&view->causes);
    sw_strs_release(&view->missing);
    *view = (struct sw_service_view){ .service = NULL };
}

/* What could not be looked at, and why. */
static void note(struct sw_service_view *view, const struct sw_env *env, const char *what,
                 const char *right, const struct sw_err *err)
{
    if (err->status == SW_E_DENIED) {
        sw_strs_take(&view->missing, sw_xasprintf("%s: needs the right %s", what, right));
    } else if (err->status != SW_OK) {
        sw_strs_take(&view->missing, sw_xasprintf("%s: %s", what, err->msg));
        sw_debug(env, "ecs", "%s: %s", what, err->msg);
    }
}

static void add_images(struct sw_aws *aws, struct sw_service_view *view)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    const char *arn = sw_json_str(view->service, "taskDefinition", NULL);
    size_t index = 0;
    const json_t *container = NULL;
    if (arn && ecs_call(aws, "DescribeTaskDefinition", json_pack("{s:s}", "taskDefinition", arn),
                        &once, &answer, &err) != SW_OK) {
        note(view, sw_aws_env(aws), "images", "ecs:DescribeTaskDefinition", &err);
    }
    const json_t *definition = sw_json_object(answer, "taskDefinition");
    json_array_foreach(sw_json_array(definition, "containerDefinitions"), index, container)
    {
        (void)json_array_append_new(
            view->images, json_pack("{s:s, s:s}", "container", sw_json_str(container, "name", "?"),
                                    "image", sw_json_str(container, "image", "?")));
    }
}

/* Counts the targets of a group, and keeps what is said of those that are not well. */
static json_t *group_facts(const char *group, const json_t *descriptions, struct sw_causes *causes)
{
    json_t *states = json_object();
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(descriptions, index, item)
    {
        const json_t *health = sw_json_object(item, "TargetHealth");
        const json_t *target = sw_json_object(item, "Target");
        const char *state = sw_json_str(health, "State", "?");
        char *id SW_CLEANUP(sw_free_str) = sw_xasprintf(
            "%s %s:%s", group, sw_json_str(target, "Id", ""), sw_json_str(target, "Port", ""));
        (void)json_object_set_new(states, state, json_integer(sw_json_int(states, state, 0) + 1));
        sw_causes_add_target(causes, id, state, sw_json_str(health, "Reason", ""),
                             sw_json_str(health, "Description", ""));
    }
    return json_pack("{s:s, s:o}", "targetGroupArn", group, "states", states);
}

static void add_targets(struct sw_aws *aws, struct sw_service_view *view)
{
    size_t index = 0;
    const json_t *balancer = NULL;
    json_array_foreach(sw_json_array(view->service, "loadBalancers"), index, balancer)
    {
        const char *group = sw_json_str(balancer, "targetGroupArn", "");
        const struct sw_aws_param param = { "TargetGroupArn", group };
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *answer = NULL;
        if (!*group || index >= GROUPS_MAX) {
            continue;
        }
        if (sw_aws_query(aws, "elasticloadbalancing", "DescribeTargetHealth", "2015-12-01", &param,
                         1, &once, &answer, &err) == SW_OK) {
            (void)json_array_append_new(
                view->targets, group_facts(group, sw_json_array(answer, "TargetHealthDescriptions"),
                                           &view->causes));
        }
        note(view, sw_aws_env(aws), "targets", "elasticloadbalancing:DescribeTargetHealth", &err);
    }
}

static void add_stopped(struct sw_aws *aws, const char *cluster, struct sw_service_view *view)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *list = NULL;
    json_auto_t *answer = NULL;
    if (ecs_call(aws, "ListTasks",
                 json_pack("{s:s, s:s, s:s, s:i}", "cluster", cluster, "serviceName",
                           sw_json_str(view->service, "serviceName", ""), "desiredStatus",
                           "STOPPED", "maxResults", TASKS_MAX),
                 &once, &list, &err) != SW_OK ||
        (json_array_size(sw_json_array(list, "taskArns")) > 0 &&
         ecs_call(
             aws, "DescribeTasks",
             json_pack("{s:s, s:O}", "cluster", cluster, "tasks", sw_json_array(list, "taskArns")),
             &once, &answer, &err) != SW_OK)) {
        note(view, sw_aws_env(aws), "stopped tasks", "ecs:ListTasks and ecs:DescribeTasks", &err);
    }
    const char *primary = sw_json_str(sw_service_primary(view->service), "id", "");
    sw_causes_add_tasks(&view->causes, answer, primary);
}

enum sw_status sw_service_look(struct sw_aws *aws, const char *cluster, const char *service,
                               struct sw_service_view *ret, struct sw_err *err)
{
    *ret = (struct sw_service_view){ .service = NULL };
    enum sw_status status = sw_service_describe(aws, cluster, service, &ret->service, err);
    if (status != SW_OK) {
        return status;
    }
    ret->images = json_array();
    ret->targets = json_array();
    add_images(aws, ret);
    add_targets(aws, ret);
    add_stopped(aws, cluster, ret);
    return SW_OK;
}
