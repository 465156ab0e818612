#include "preflight.h"

#include <slipway/alloc.h>

#include <stdio.h>

/* Reading what the checks share: the sources, the query protocol, and what ECS knows. */

const struct preflight_source preflight_sources[FACT_COUNT] = {
    [FACT_CLUSTER] = { "ecs:DescribeClusters", preflight_read_cluster },
    [FACT_INSTANCES] = { "ecs:ListContainerInstances and ecs:DescribeContainerInstances",
                         preflight_read_instances },
    [FACT_CURRENT] = { "ecs:DescribeTaskDefinition", preflight_read_current },
    [FACT_PROVIDERS] = { "ecs:DescribeCapacityProviders", preflight_read_providers },
    [FACT_TARGET_GROUPS] = { "elasticloadbalancing:DescribeTargetGroups",
                             preflight_read_target_groups },
    [FACT_DELAYS] = { "elasticloadbalancing:DescribeTargetGroupAttributes", preflight_read_delays },
    [FACT_BALANCERS] = { "elasticloadbalancing:DescribeLoadBalancers", preflight_read_balancers },
    [FACT_TARGETS] = { "elasticloadbalancing:DescribeTargetHealth", preflight_read_targets },
    [FACT_MACHINES] = { "ec2:DescribeInstances", preflight_read_machines },
    [FACT_TYPES] = { "ec2:DescribeInstanceTypes", preflight_read_types },
    [FACT_GROUPS] = { "ec2:DescribeSecurityGroups", preflight_read_groups },
    [FACT_SUBNETS] = { "ec2:DescribeSubnets", preflight_read_subnets },
    [FACT_ROUTES] = { "ec2:DescribeRouteTables", preflight_read_routes },
    [FACT_ENDPOINTS] = { "ec2:DescribeVpcEndpoints", preflight_read_endpoints },
    [FACT_EXECUTION_ROLE] = { "iam:GetRole", preflight_read_execution_role },
    [FACT_TASK_ROLE] = { "iam:GetRole", preflight_read_task_role },
    [FACT_RIGHTS] = { "iam:SimulatePrincipalPolicy", preflight_read_rights },
    [FACT_SERVICE_ROLE] = { "iam:GetRole", preflight_read_service_role },
    [FACT_PASS_ROLE] = { "iam:SimulatePrincipalPolicy", preflight_read_pass_role },
    [FACT_ALARMS] = { "cloudwatch:DescribeAlarms", preflight_read_alarms },
    [FACT_SCALING] = { "application-autoscaling:DescribeScalableTargets", preflight_read_scaling },
    [FACT_PARAMETERS] = { "ssm:DescribeParameters", preflight_read_parameters },
    [FACT_IMAGES] = { "ecr:BatchGetImage", preflight_read_images },
};

/* A look before is worth a few tries, not the minutes that a deployment itself is. */
static const struct sw_retry_policy few_tries = {
    .max_tries = 3, .base_delay_ms = 200, .max_delay_ms = 2000, .budget_ms = 15000
};
const struct sw_aws_call_options preflight_patience = { .policy = &few_tries };

/* ---- The query protocol ---- */

static const struct {
    const char *service;
    const char *version;
} versions[] = {
    { "ec2", "2016-11-15" }, { "elasticloadbalancing", "2015-12-01" },
    { "iam", "2010-05-08" }, { "monitoring", "2010-08-01" },
    { "sts", "2011-06-15" },
};

static const char *version_of(const char *service)
{
    for (size_t i = 0; i < SW_COUNT(versions); i++) {
        if (strcmp(versions[i].service, service) == 0) {
            return versions[i].version;
        }
    }
    return "";
}

void preflight_add_list(json_t *params, const char *prefix, const json_t *texts)
{
    size_t index = 0;
    const json_t *text = NULL;
    json_array_foreach(texts, index, text)
    {
        char *name SW_CLEANUP(sw_free_str) = sw_xasprintf("%s%zu", prefix, index + 1);
        (void)json_object_set_new(params, name, json_string(json_string_value(text)));
    }
}

enum sw_status preflight_query(struct preflight *preflight, const char *service, const char *action,
                               json_t *params, const char *key, json_t **ret, struct sw_err *err)
{
    json_auto_t *owned = params;
    json_auto_t *answer = NULL;
    size_t count = 0;
    const char *name = NULL;
    json_t *value = NULL;
    struct sw_aws_param *list = sw_xcalloc(json_object_size(owned) + 1, sizeof(*list));
    json_object_foreach(owned, name, value)
    {
        list[count++] = (struct sw_aws_param){ name, json_string_value(value) };
    }
    enum sw_status status = sw_aws_query(preflight->aws, service, action, version_of(service), list,
                                         count, &preflight_patience, &answer, err);
    free(list);
    if (status != SW_OK) {
        return status;
    }
    const json_t *found = sw_json_array(answer, key);
    *ret = found ? json_deep_copy(found) : json_array();
    return SW_OK;
}

/* ---- Small things ---- */

int64_t preflight_number(const json_t *object, const char *key, int64_t fallback)
{
    int64_t number = 0;
    const char *text = sw_json_str(object, key, NULL);
    if (text) {
        return sw_parse_int(sw_str(text), -1, INT32_MAX, &number) ? number : fallback;
    }
    return sw_json_count(object, key, fallback);
}

bool preflight_has(const json_t *texts, const char *text)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(texts, index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

void preflight_add_once(json_t *texts, const char *text)
{
    if (*text && !preflight_has(texts, text)) {
        (void)json_array_append_new(texts, json_string(text));
    }
}

char *preflight_joined(const json_t *texts)
{
    enum { SHOWN = 10 };
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(texts, index, item)
    {
        if (index == SHOWN) {
            sw_buf_add_cstr(&out, ", ...");
            break;
        }
        sw_buf_addf(&out, "%s%s", index ? ", " : "",
                    json_is_string(item) ? json_string_value(item) : "?");
    }
    return sw_buf_take(&out);
}

/* ---- ECS ---- */

PREFLIGHT_READER(cluster)
{
    json_auto_t *answer = NULL;
    enum sw_status status = ecs_call(preflight->aws, "DescribeClusters",
                                     json_pack("{s:[s]}", "clusters", preflight->options->cluster),
                                     &preflight_patience, &answer, err);
    json_t *cluster = json_array_get(sw_json_array(answer, "clusters"), 0);
    if (status == SW_OK && !json_is_object(cluster)) {
        status = sw_fail(err, SW_E_NOT_FOUND, "cluster \"%s\" does not exist",
                         preflight->options->cluster);
    }
    *ret = json_incref(cluster);
    return status;
}

enum { INSTANCES_PER_CALL = 100, INSTANCE_PAGES_MAX = 20 };

/* Appends the container instances of a list of ARNs. */
static enum sw_status describe_instances(struct preflight *preflight, const json_t *arns,
                                         json_t *instances, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    if (json_array_size(arns) == 0) {
        return SW_OK;
    }
    enum sw_status status = ecs_call(
        preflight->aws, "DescribeContainerInstances",
        json_pack("{s:s, s:O}", "cluster", preflight->options->cluster, "containerInstances", arns),
        &preflight_patience, &answer, err);
    (void)json_array_extend(instances, sw_json_array(answer, "containerInstances"));
    return status;
}

PREFLIGHT_READER(instances)
{
    char *token SW_CLEANUP(sw_free_str) = NULL;
    enum sw_status status = SW_OK;
    *ret = json_array();
    for (size_t page = 0; status == SW_OK && page < INSTANCE_PAGES_MAX; page++) {
        json_auto_t *answer = NULL;
        status = ecs_call(preflight->aws, "ListContainerInstances",
                          json_pack("{s:s, s:i, s:s*}", "cluster", preflight->options->cluster,
                                    "maxResults", INSTANCES_PER_CALL, "nextToken", token),
                          &preflight_patience, &answer, err);
        if (status == SW_OK) {
            status = describe_instances(preflight, sw_json_array(answer, "containerInstanceArns"),
                                        *ret, err);
        }
        const char *next = sw_json_str(answer, "nextToken", NULL);
        if (!next) {
            break;
        }
        free(token);
        token = sw_xstrdup(next);
    }
    return status;
}

PREFLIGHT_READER(current)
{
    json_auto_t *answer = NULL;
    const char *arn = sw_json_str(preflight->service, "taskDefinition", NULL);
    if (!arn) {
        return sw_fail(err, SW_E_NOT_FOUND, "the service runs no task definition yet");
    }
    enum sw_status status =
        ecs_call(preflight->aws, "DescribeTaskDefinition",
                 json_pack("{s:s}", "taskDefinition", arn), &preflight_patience, &answer, err);
    json_t *found = sw_json_object(answer, "taskDefinition");
    if (status == SW_OK && !found) {
        return sw_fail(err, SW_E_UNAVAILABLE, "DescribeTaskDefinition answered without one");
    }
    *ret = json_incref(found);
    return status;
}

PREFLIGHT_READER(providers)
{
    json_auto_t *names = json_array();
    json_auto_t *answer = NULL;
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(preflight->service, "capacityProviderStrategy"), index, item)
    {
        preflight_add_once(names, sw_json_str(item, "capacityProvider", ""));
    }
    enum sw_status status =
        ecs_call(preflight->aws, "DescribeCapacityProviders",
                 json_pack("{s:O}", "capacityProviders", names), &preflight_patience, &answer, err);
    const json_t *found = sw_json_array(answer, "capacityProviders");
    *ret = found ? json_deep_copy(found) : json_array();
    return status;
}
