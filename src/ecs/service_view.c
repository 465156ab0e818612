#include "codedeploy.h"
#include "deploy.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/service.h>

/* A service at a glance: what five calls tell of it. */

enum { TASKS_MAX = 100, GROUPS_MAX = 5 };

void sw_service_view_release(struct sw_service_view *view)
{
    json_decref(view->service);
    json_decref(view->deployments);
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

/* A task set as DescribeServices shows a deployment. The caller's. */
static json_t *set_facts(const json_t *set)
{
    static const char *const names[][2] = {
        { "id", "id" },
        { "status", "status" },
        { "taskDefinition", "taskDefinition" },
        { "computedDesiredCount", "desiredCount" },
        { "runningCount", "runningCount" },
        { "pendingCount", "pendingCount" },
        { "stabilityStatus", "rolloutState" },
        { "externalId", "externalId" },
    };
    json_t *facts = json_object();
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        json_t *value = json_object_get(set, names[i][0]);
        if (value) {
            (void)json_object_set(facts, names[i][1], value);
        }
    }
    return facts;
}

/* How the newest deployment by CodeDeploy stands, as the reason of its task set's state. */
static void add_codedeploy(struct sw_aws *aws, struct sw_service_view *view)
{
    const char *id = sw_codedeploy_newest(view->service);
    json_t *set = id ? sw_json_find(view->deployments, "externalId", id) : NULL;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *info = NULL;
    if (!set || codedeploy_get(aws, id, &sw_aws_once, &info, &err) != SW_OK) {
        note(view, sw_aws_env(aws), "CodeDeploy's deployment", "codedeploy:GetDeployment", &err);
        return;
    }
    const char *message = sw_json_str(sw_json_object(info, "errorInformation"), "message", "");
    (void)json_object_set_new(set, "rolloutStateReason",
                              json_sprintf("CodeDeploy deployment %s: %s%s%s", id,
                                           sw_json_str(info, "status", "?"), *message ? ": " : "",
                                           message));
}

static void add_deployments(struct sw_aws *aws, struct sw_service_view *view)
{
    size_t index = 0;
    const json_t *set = NULL;
    view->deployments = json_array();
    (void)json_array_extend(view->deployments, sw_json_array(view->service, "deployments"));
    json_array_foreach(sw_json_array(view->service, "taskSets"), index, set)
    {
        (void)json_array_append_new(view->deployments, set_facts(set));
    }
    add_codedeploy(aws, view);
}

static void add_images(struct sw_aws *aws, struct sw_service_view *view)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    const char *arn = sw_json_str(deploy_running_set(view->service), "taskDefinition", NULL);
    size_t index = 0;
    const json_t *container = NULL;
    if (arn && ecs_call(aws, "DescribeTaskDefinition", json_pack("{s:s}", "taskDefinition", arn),
                        &sw_aws_once, &answer, &err) != SW_OK) {
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
                         1, &sw_aws_once, &answer, &err) == SW_OK) {
            (void)json_array_append_new(
                view->targets, group_facts(group, sw_json_array(answer, "TargetHealthDescriptions"),
                                           &view->causes));
        }
        note(view, sw_aws_env(aws), "targets", "elasticloadbalancing:DescribeTargetHealth", &err);
    }
}

/* The id of what rolls out tasks last: the PRIMARY, or the task set that CodeDeploy made last. */
static const char *newest_deployment(const struct sw_service_view *view)
{
    const char *made_by = sw_codedeploy_newest(view->service);
    const json_t *deployment = made_by ? sw_json_find(view->deployments, "externalId", made_by)
                                       : sw_json_find(view->deployments, "status", "PRIMARY");
    return sw_json_str(deployment, "id", "");
}

static void add_stopped(struct sw_aws *aws, const char *cluster, struct sw_service_view *view)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    if (ecs_list_tasks(aws,
                       json_pack("{s:s, s:s, s:s, s:i}", "cluster", cluster, "serviceName",
                                 sw_json_str(view->service, "serviceName", ""), "desiredStatus",
                                 "STOPPED", "maxResults", TASKS_MAX),
                       &answer, &err) != SW_OK) {
        note(view, sw_aws_env(aws), "stopped tasks", "ecs:ListTasks and ecs:DescribeTasks", &err);
    }
    sw_causes_add_tasks(&view->causes, answer, newest_deployment(view));
}

enum sw_status sw_service_look(struct sw_aws *aws, const char *cluster, const char *service,
                               struct sw_service_view *ret, struct sw_err *err)
{
    *ret = (struct sw_service_view){ .service = NULL };
    enum sw_status status = sw_service_describe(aws, cluster, service, &ret->service, err);
    if (status != SW_OK) {
        return status;
    }
    ret->causes.cluster = cluster;
    ret->causes.service = sw_json_str(ret->service, "serviceName", service);
    ret->images = json_array();
    ret->targets = json_array();
    add_deployments(aws, ret);
    add_images(aws, ret);
    add_targets(aws, ret);
    add_stopped(aws, cluster, ret);
    return SW_OK;
}
