#include "preflight.h"

#include <slipway/alloc.h>

/* Reading what the load balancers and the network are. */

#define ELB "elasticloadbalancing"

/* The ARNs of the service's target groups. The caller's. */
static json_t *target_group_arns(const struct preflight *preflight)
{
    json_t *arns = json_array();
    size_t index = 0;
    const json_t *balancer = NULL;
    json_array_foreach(sw_json_array(preflight->service, "loadBalancers"), index, balancer)
    {
        preflight_add_once(arns, sw_json_str(balancer, "targetGroupArn", ""));
    }
    return arns;
}

PREFLIGHT_READER(target_groups)
{
    json_auto_t *arns = target_group_arns(preflight);
    json_t *params = json_object();
    if (json_array_size(arns) == 0) {
        json_decref(params);
        *ret = json_array();
        return SW_OK;
    }
    preflight_add_list(params, "TargetGroupArns.member.", arns);
    return preflight_query(preflight, ELB, "DescribeTargetGroups", params, "TargetGroups", ret,
                           err);
}

PREFLIGHT_READER(delays)
{
    json_auto_t *arns = target_group_arns(preflight);
    const char *arn = json_string_value(json_array_get(arns, 0));
    return preflight_query(preflight, ELB, "DescribeTargetGroupAttributes",
                           json_pack("{s:s}", "TargetGroupArn", arn ? arn : ""), "Attributes", ret,
                           err);
}

PREFLIGHT_READER(targets)
{
    json_auto_t *arns = target_group_arns(preflight);
    const char *arn = json_string_value(json_array_get(arns, 0));
    return preflight_query(preflight, ELB, "DescribeTargetHealth",
                           json_pack("{s:s}", "TargetGroupArn", arn ? arn : ""),
                           "TargetHealthDescriptions", ret, err);
}

PREFLIGHT_READER(balancers)
{
    const json_t *groups = preflight_base_fact(preflight, FACT_TARGET_GROUPS, err);
    if (!groups) {
        return err->status;
    }
    json_auto_t *arns = json_array();
    size_t index = 0;
    const json_t *group = NULL;
    json_array_foreach(groups, index, group)
    {
        size_t at = 0;
        const json_t *arn = NULL;
        json_array_foreach(sw_json_array(group, "LoadBalancerArns"), at, arn)
        {
            preflight_add_once(arns, json_is_string(arn) ? json_string_value(arn) : "");
        }
    }
    if (json_array_size(arns) == 0) {
        *ret = json_array();
        return SW_OK;
    }
    json_t *params = json_object();
    preflight_add_list(params, "LoadBalancerArns.member.", arns);
    return preflight_query(preflight, ELB, "DescribeLoadBalancers", params, "LoadBalancers", ret,
                           err);
}

/* ---- EC2 ---- */

enum { MACHINES_PER_CALL = 100, IDS_MAX = 200 };

/* The list of a call for some ids, in batches. *ret is the caller's. */
static enum sw_status ec2_by_ids(struct preflight *preflight, const char *action,
                                 const char *prefix, const json_t *ids, const char *key,
                                 json_t **ret, struct sw_err *err)
{
    size_t count = json_array_size(ids);
    enum sw_status status = SW_OK;
    *ret = json_array();
    for (size_t from = 0; status == SW_OK && from < count; from += MACHINES_PER_CALL) {
        json_auto_t *batch = json_array();
        json_auto_t *found = NULL;
        for (size_t i = from; i < count && i < from + MACHINES_PER_CALL; i++) {
            (void)json_array_append(batch, json_array_get(ids, i));
        }
        json_t *params = json_object();
        preflight_add_list(params, prefix, batch);
        status = preflight_query(preflight, "ec2", action, params, key, &found, err);
        (void)json_array_extend(*ret, found);
    }
    return status;
}

PREFLIGHT_READER(machines)
{
    const json_t *instances = preflight_base_fact(preflight, FACT_INSTANCES, err);
    if (!instances) {
        return err->status;
    }
    json_auto_t *ids = json_array();
    json_auto_t *reservations = NULL;
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(instances, index, item)
    {
        preflight_add_once(ids, sw_json_str(item, "ec2InstanceId", ""));
    }
    enum sw_status status = ec2_by_ids(preflight, "DescribeInstances", "InstanceId.", ids,
                                       "reservationSet", &reservations, err);
    *ret = json_array();
    json_array_foreach(reservations, index, item)
    {
        (void)json_array_extend(*ret, sw_json_array(item, "instancesSet"));
    }
    return status;
}

PREFLIGHT_READER(types)
{
    const json_t *machines = preflight_base_fact(preflight, FACT_MACHINES, err);
    if (!machines) {
        return err->status;
    }
    json_auto_t *names = json_array();
    size_t index = 0;
    const json_t *machine = NULL;
    json_array_foreach(machines, index, machine)
    {
        preflight_add_once(names, sw_json_str(machine, "instanceType", ""));
    }
    return ec2_by_ids(preflight, "DescribeInstanceTypes", "InstanceType.", names, "instanceTypeSet",
                      ret, err);
}

/* Adds the texts of a list, or the member `key` of its objects. */
static void add_all(json_t *ids, const json_t *list, const char *key)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        const char *text = key ? sw_json_str(item, key, "") : json_string_value(item);
        if (text && json_array_size(ids) < IDS_MAX) {
            preflight_add_once(ids, text);
        }
    }
}

/* What the tasks or their machines, and the load balancers, have of a kind. */
static enum sw_status collect_ids(struct preflight *preflight, bool groups, json_t *ids,
                                  struct sw_err *err)
{
    size_t index = 0;
    const json_t *item = NULL;
    const json_t *balancers = preflight_base_fact(preflight, FACT_BALANCERS, err);
    if (!balancers) {
        return err->status;
    }
    json_array_foreach(balancers, index, item)
    {
        add_all(ids, sw_json_array(item, groups ? "SecurityGroups" : "AvailabilityZones"),
                groups ? NULL : "SubnetId");
    }
    add_all(ids, preflight_awsvpc(preflight, groups ? "securityGroups" : "subnets"), NULL);
    if (strcmp(preflight->mode, "awsvpc") == 0 || !preflight->on_ec2) {
        return SW_OK;
    }
    const json_t *machines = preflight_base_fact(preflight, FACT_MACHINES, err);
    json_array_foreach(machines, index, item)
    {
        if (groups) {
            add_all(ids, sw_json_array(item, "groupSet"), "groupId");
        } else if (json_array_size(ids) < IDS_MAX) {
            preflight_add_once(ids, sw_json_str(item, "subnetId", ""));
        }
    }
    return machines ? SW_OK : err->status;
}

PREFLIGHT_READER(groups)
{
    json_auto_t *ids = json_array();
    enum sw_status status = collect_ids(preflight, true, ids, err);
    return status == SW_OK ? ec2_by_ids(preflight, "DescribeSecurityGroups", "GroupId.", ids,
                                        "securityGroupInfo", ret, err)
                           : status;
}

PREFLIGHT_READER(subnets)
{
    json_auto_t *ids = json_array();
    enum sw_status status = collect_ids(preflight, false, ids, err);
    return status == SW_OK
               ? ec2_by_ids(preflight, "DescribeSubnets", "SubnetId.", ids, "subnetSet", ret, err)
               : status;
}

/* What the VPC of the tasks has of a kind, in one call. */
static enum sw_status of_vpc(struct preflight *preflight, const char *action, const char *key,
                             json_t **ret, struct sw_err *err)
{
    const json_t *subnets = preflight_base_fact(preflight, FACT_SUBNETS, err);
    const char *vpc = preflight_vpc(preflight);
    if (!subnets || !vpc) {
        return subnets ? sw_fail(err, SW_E_NOT_FOUND, "the tasks' VPC is not known") : err->status;
    }
    return preflight_query(
        preflight, "ec2", action,
        json_pack("{s:s, s:s}", "Filter.1.Name", "vpc-id", "Filter.1.Value.1", vpc), key, ret, err);
}

PREFLIGHT_READER(routes)
{
    return of_vpc(preflight, "DescribeRouteTables", "routeTableSet", ret, err);
}

PREFLIGHT_READER(endpoints)
{
    return of_vpc(preflight, "DescribeVpcEndpoints", "vpcEndpointSet", ret, err);
}

json_t *preflight_awsvpc(const struct preflight *preflight, const char *key)
{
    const json_t *configuration = sw_json_object(preflight->service, "networkConfiguration");
    return sw_json_array(sw_json_object(configuration, "awsvpcConfiguration"), key);
}

const char *preflight_vpc(struct preflight *preflight)
{
    const json_t *mine = preflight_awsvpc(preflight, "subnets");
    size_t index = 0;
    const json_t *item = NULL;
    if (json_array_size(mine) == 0) {
        json_array_foreach(preflight_fact(preflight, FACT_INSTANCES), index, item)
        {
            const char *vpc = preflight_attribute(item, "ecs.vpc-id");
            if (vpc) {
                return vpc;
            }
        }
        return sw_json_str(json_array_get(preflight_fact(preflight, FACT_MACHINES), 0), "vpcId",
                           NULL);
    }
    json_array_foreach(preflight_fact(preflight, FACT_SUBNETS), index, item)
    {
        if (preflight_has(mine, sw_json_str(item, "subnetId", ""))) {
            return sw_json_str(item, "vpcId", NULL);
        }
    }
    return NULL;
}
