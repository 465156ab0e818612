#include "preflight.h"

#include <slipway/alloc.h>

/* Checks of the service's target groups and their load balancers. */

const json_t *preflight_balanced_mapping(const struct preflight *preflight, const char *group_arn)
{
    const json_t *item = sw_json_find(sw_json_array(preflight->service, "loadBalancers"),
                                      "targetGroupArn", group_arn);
    if (!item) {
        return NULL;
    }
    const json_t *container =
        sw_taskdef_container(preflight->definition, sw_json_str(item, "containerName", ""));
    return preflight_mapping(container, sw_json_int(item, "containerPort", 0));
}

static const char *name_of(const json_t *group)
{
    return sw_json_str(group, "TargetGroupName", "?");
}

static const char *arn_of(const json_t *group)
{
    return sw_json_str(group, "TargetGroupArn", "?");
}

/* Whether the service sends through target groups at all; else there is nothing to check. */
static bool is_balanced(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(preflight->service, "loadBalancers"), index, item)
    {
        if (*sw_json_str(item, "targetGroupArn", "")) {
            return true;
        }
    }
    preflight_idle(preflight);
    return false;
}

static const json_t *groups_of(struct preflight *preflight)
{
    return is_balanced(preflight) ? preflight_fact(preflight, FACT_TARGET_GROUPS) : NULL;
}

static bool is_awsvpc(const struct preflight *preflight)
{
    return strcmp(preflight->mode, "awsvpc") == 0;
}

void preflight_target_group(struct preflight *preflight)
{
    const json_t *groups = groups_of(preflight);
    const struct sw_err *err = &preflight->facts[FACT_TARGET_GROUPS].err;
    if (groups || strcmp(err->code, "TargetGroupNotFound") != 0) {
        return;
    }
    preflight_find(preflight, SW_CHECK_BLOCK, "a target group of the service does not exist: %s",
                   err->msg);
    preflight_advise(preflight, "create it anew and set it at the service");
    preflight_command(preflight,
                      "aws ecs update-service --cluster %s --service %s --load-balancers "
                      "targetGroupArn=TARGET_GROUP_ARN,containerName=NAME,containerPort=PORT",
                      preflight->options->cluster,
                      sw_json_str(preflight->service, "serviceName", "?"));
}

void preflight_target_type(struct preflight *preflight)
{
    const char *wanted = is_awsvpc(preflight) ? "ip" : "instance";
    size_t index = 0;
    const json_t *group = NULL;
    json_array_foreach(groups_of(preflight), index, group)
    {
        const char *type = sw_json_str(group, "TargetType", wanted);
        if (strcmp(type, wanted) != 0) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "target group \"%s\" has target type %s; network mode %s needs type %s",
                           name_of(group), type, preflight->mode, wanted);
            preflight_advise(preflight, "create another target group: the type cannot be changed");
            preflight_command(preflight,
                              "aws elbv2 create-target-group --name %s-%s --target-type %s "
                              "--protocol HTTP --port 80 --vpc-id %s",
                              name_of(group), wanted, wanted,
                              sw_json_str(group, "VpcId", "VPC_ID"));
        }
    }
}

void preflight_target_vpc(struct preflight *preflight)
{
    const json_t *groups = groups_of(preflight);
    const char *vpc = groups ? preflight_vpc(preflight) : NULL;
    size_t index = 0;
    const json_t *group = NULL;
    if (!vpc) {
        return;
    }
    json_array_foreach(groups, index, group)
    {
        const char *own = sw_json_str(group, "VpcId", vpc);
        if (strcmp(own, vpc) != 0) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "target group \"%s\" lies in %s, but the tasks run in %s",
                           name_of(group), own, vpc);
            preflight_advise(preflight,
                             "create a target group and load balancer in %s: the VPC of "
                             "a target group cannot be changed",
                             vpc);
            preflight_command(preflight,
                              "aws elbv2 create-target-group --name %s-2 --target-type %s "
                              "--protocol HTTP --port 80 --vpc-id %s",
                              name_of(group), is_awsvpc(preflight) ? "ip" : "instance", vpc);
        }
    }
}

/* The zones in which tasks can run. */
static json_t *task_zones(struct preflight *preflight)
{
    json_t *zones = json_array();
    size_t index = 0;
    const json_t *item = NULL;
    const json_t *mine = preflight_awsvpc(preflight, "subnets");
    if (json_array_size(mine) > 0) {
        json_array_foreach(preflight_fact(preflight, FACT_SUBNETS), index, item)
        {
            if (preflight_has(mine, sw_json_str(item, "subnetId", ""))) {
                preflight_add_once(zones, sw_json_str(item, "availabilityZone", ""));
            }
        }
        return zones;
    }
    json_auto_t *instances = preflight_eligible(preflight);
    json_array_foreach(instances, index, item)
    {
        const char *zone = preflight_attribute(item, "ecs.availability-zone");
        preflight_add_once(zones, zone ? zone : "");
    }
    return zones;
}

static void judge_zones(struct preflight *preflight, const json_t *balancer, const json_t *zones)
{
    json_auto_t *served = json_array();
    json_auto_t *missing = json_array();
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(balancer, "AvailabilityZones"), index, item)
    {
        preflight_add_once(served, sw_json_str(item, "ZoneName", ""));
    }
    json_array_foreach(zones, index, item)
    {
        if (!preflight_has(served, json_string_value(item))) {
            preflight_add_once(missing, json_string_value(item));
        }
    }
    if (json_array_size(missing) == 0 || json_array_size(served) == 0) {
        return;
    }
    char *there SW_CLEANUP(sw_free_str) = preflight_joined(missing);
    char *here SW_CLEANUP(sw_free_str) = preflight_joined(served);
    preflight_find(preflight, SW_CHECK_WARN,
                   "tasks can run in %s, which load balancer \"%s\" does not serve (it serves %s)",
                   there, sw_json_str(balancer, "LoadBalancerName", "?"), here);
    preflight_advise(preflight, "add a subnet of that zone to the load balancer; its present ones "
                                "must be named, too");
    preflight_command(preflight, "aws elbv2 set-subnets --load-balancer-arn %s --subnets SUBNET...",
                      sw_json_str(balancer, "LoadBalancerArn", "?"));
}

void preflight_target_zone(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *balancer = NULL;
    if (!is_balanced(preflight)) {
        return;
    }
    const json_t *balancers = preflight_fact(preflight, FACT_BALANCERS);
    json_auto_t *zones = balancers ? task_zones(preflight) : NULL;
    json_array_foreach(balancers, index, balancer)
    {
        judge_zones(preflight, balancer, zones);
    }
}

void preflight_listener(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(groups_of(preflight), index, item)
    {
        if (json_array_size(sw_json_array(item, "LoadBalancerArns")) == 0) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "no listener of any load balancer sends to target group \"%s\"",
                           name_of(item));
            preflight_advise(preflight, "add a rule that forwards to it, or make it a listener's "
                                        "default");
            preflight_command(preflight,
                              "aws elbv2 create-listener --load-balancer-arn LOAD_BALANCER_ARN "
                              "--protocol HTTP --port 80 --default-actions "
                              "Type=forward,TargetGroupArn=%s",
                              arn_of(item));
        }
    }
    if (!is_balanced(preflight)) {
        return;
    }
    json_array_foreach(preflight_fact(preflight, FACT_BALANCERS), index, item)
    {
        const char *state = sw_json_str(sw_json_object(item, "State"), "Code", "active");
        if (strcmp(state, "failed") == 0 || strcmp(state, "provisioning") == 0) {
            preflight_find(preflight, SW_CHECK_WARN, "load balancer \"%s\" is %s",
                           sw_json_str(item, "LoadBalancerName", "?"), state);
            preflight_advise(preflight, "wait until it is active, or create another");
        }
    }
}

/* ---- Health checks ---- */

/* The path that a container's own health check asks for, in `path`; false when it asks for none. */
static bool path_in_command(const json_t *container, struct sw_str *ret)
{
    const json_t *command = sw_json_array(sw_json_object(container, "healthCheck"), "command");
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(command, index, item)
    {
        const char *text = json_is_string(item) ? json_string_value(item) : "";
        const char *host = strstr(text, "http://");
        const char *slash = host ? strchr(host + strlen("http://"), '/') : NULL;
        if (slash) {
            *ret = sw_str_n(slash, strcspn(slash, " \"'|;"));
            return true;
        }
    }
    return false;
}

static const json_t *balanced_container(const struct preflight *preflight, const json_t *group)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(preflight->service, "loadBalancers"), index, item)
    {
        if (strcmp(sw_json_str(item, "targetGroupArn", ""), arn_of(group)) == 0) {
            return sw_taskdef_container(preflight->definition,
                                        sw_json_str(item, "containerName", ""));
        }
    }
    return NULL;
}

static void judge_path(struct preflight *preflight, const json_t *group)
{
    struct sw_str own = { NULL, 0 };
    const char *path = sw_json_str(group, "HealthCheckPath", "/");
    if (!path_in_command(balanced_container(preflight, group), &own) || sw_str_is(own, path)) {
        return;
    }
    preflight_find(preflight, SW_CHECK_WARN,
                   "target group \"%s\" asks for \"%s\", the container's own health check for "
                   "\"%.*s\"",
                   name_of(group), path, SW_STR_ARG(own));
    preflight_advise(preflight, "ask both for the path that answers 200");
    preflight_command(preflight,
                      "aws elbv2 modify-target-group --target-group-arn %s --health-check-path "
                      "%.*s",
                      arn_of(group), SW_STR_ARG(own));
}

static void judge_check_port(struct preflight *preflight, const json_t *group)
{
    const char *port = sw_json_str(group, "HealthCheckPort", "traffic-port");
    const json_t *mapping = preflight_balanced_mapping(preflight, arn_of(group));
    bool fixed = strcmp(port, "traffic-port") != 0;
    if (fixed && mapping && !is_awsvpc(preflight) &&
        preflight_host_port_of(preflight, mapping) == 0) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "target group \"%s\" checks port %s, but the tasks' host ports change with "
                       "each task",
                       name_of(group), port);
        preflight_advise(preflight, "check the traffic port");
        preflight_command(preflight,
                          "aws elbv2 modify-target-group --target-group-arn %s --health-check-port "
                          "traffic-port",
                          arn_of(group));
    }
}

static void judge_times(struct preflight *preflight, const json_t *group)
{
    enum { HURRY_S = 30 };
    int64_t interval = preflight_number(group, "HealthCheckIntervalSeconds", 30);
    int64_t timeout = preflight_number(group, "HealthCheckTimeoutSeconds", 5);
    int64_t threshold = preflight_number(group, "UnhealthyThresholdCount", 2);
    int64_t grace = sw_json_int(preflight->service, "healthCheckGracePeriodSeconds", 0);
    if (timeout >= interval) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "target group \"%s\" waits %lld s for an answer and asks every %lld s",
                       name_of(group), (long long)timeout, (long long)interval);
        preflight_advise(preflight, "make the timeout shorter than the interval");
    }
    const long long patience = interval * threshold;
    if (grace == 0 && patience < HURRY_S) {
        preflight_find(
            preflight, SW_CHECK_WARN,
            "the service has no health check grace period: a task that is not ready after "
            "%lld s is stopped",
            patience);
        preflight_advise(preflight, "give it the time that the app needs to start");
        preflight_command(preflight,
                          "aws ecs update-service --cluster %s --service %s "
                          "--health-check-grace-period-seconds 60",
                          preflight->options->cluster,
                          sw_json_str(preflight->service, "serviceName", "?"));
    }
}

/* A health check in another protocol than the container's port speaks, as far as that shows. */
static void judge_protocol(struct preflight *preflight, const json_t *group)
{
    const json_t *mapping = preflight_balanced_mapping(preflight, arn_of(group));
    int64_t port = sw_json_int(mapping, "containerPort", 0);
    const char *protocol = sw_json_str(group, "Protocol", "HTTP");
    const char *speaks = sw_json_str(mapping, "appProtocol", "");
    const char *version = sw_json_str(group, "ProtocolVersion", "HTTP1");
    bool plain_port = port == 80 || port == 8080 || port == 3000 || port == 5000 || port == 8000;
    if (strcmp(protocol, "HTTPS") == 0 && plain_port) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "target group \"%s\" speaks HTTPS to port %lld, which apps use for HTTP",
                       name_of(group), (long long)port);
        preflight_cause(preflight, "elb-refused");
        preflight_advise(preflight, "use a target group of protocol HTTP: the load balancer ends "
                                    "TLS itself");
    } else if (strcmp(speaks, "grpc") == 0 && strcmp(version, "GRPC") != 0) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "the port speaks gRPC, target group \"%s\" has protocol version %s",
                       name_of(group), version);
        preflight_cause(preflight, "elb-refused");
        preflight_advise(preflight, "create a target group of protocol version GRPC");
    }
}

void preflight_health_check(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *group = NULL;
    json_array_foreach(groups_of(preflight), index, group)
    {
        judge_path(preflight, group);
        judge_check_port(preflight, group);
        judge_times(preflight, group);
        judge_protocol(preflight, group);
    }
}

/* What the load balancer says now of the targets it has; the next tasks may share their fate. */
void preflight_target_health(struct preflight *preflight)
{
    size_t sick = 0;
    size_t index = 0;
    const json_t *item = NULL;
    const struct sw_cause_class *worst = NULL;
    const char *words = "";
    const char *reason = "";
    const json_t *targets = is_balanced(preflight) ? preflight_fact(preflight, FACT_TARGETS) : NULL;
    json_array_foreach(targets, index, item)
    {
        const json_t *health = sw_json_object(item, "TargetHealth");
        const struct sw_cause_class *klass =
            sw_cause_of_target(sw_json_str(health, "State", ""), sw_json_str(health, "Reason", ""),
                               sw_json_str(health, "Description", ""));
        if (klass) {
            sick++;
            worst = worst ? worst : klass;
            reason = *reason ? reason : sw_json_str(health, "Reason", "");
            words = *words ? words : sw_json_str(health, "Description", "");
        }
    }
    if (!worst) {
        return;
    }
    preflight_find(preflight, SW_CHECK_WARN,
                   "%zu of %zu targets of the present tasks are not well: %s (%s: %s)", sick,
                   json_array_size(targets), worst->title, reason, words);
    preflight_cause(preflight, worst->id);
    preflight_advise(preflight, "%s", worst->advice);
    if (worst->command) {
        preflight_command(preflight, "%s", worst->command);
    }
}

void preflight_delay(struct preflight *preflight)
{
    enum { LONG_S = 120 };
    size_t index = 0;
    const json_t *item = NULL;
    if (!is_balanced(preflight) || !preflight->rolls) {
        return;
    }
    json_array_foreach(preflight_fact(preflight, FACT_DELAYS), index, item)
    {
        int64_t seconds = preflight_number(item, "Value", 0);
        if (strcmp(sw_json_str(item, "Key", ""), "deregistration_delay.timeout_seconds") == 0 &&
            seconds >= LONG_S) {
            preflight_find(preflight, SW_CHECK_OK,
                           "each old task takes %lld s to leave the load balancer (its "
                           "deregistration delay): the rollout is slow, not stuck",
                           (long long)seconds);
        }
    }
}
