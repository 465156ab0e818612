#include "preflight.h"

#include <slipway/alloc.h>

/* Checks of where tasks can run: the cluster's instances and what they have left. */

const char *preflight_attribute(const json_t *instance, const char *name)
{
    const json_t *attribute = sw_json_find(sw_json_array(instance, "attributes"), "name", name);
    return attribute ? sw_json_str(attribute, "value", "") : NULL;
}

const json_t *preflight_resource(const json_t *instance, const char *which, const char *name)
{
    return sw_json_find(sw_json_array(instance, which), "name", name);
}

/* Whether the instance belongs to a capacity provider of the service, if that names any. */
static bool is_of_strategy(const json_t *service, const json_t *instance)
{
    const json_t *strategy = sw_json_array(service, "capacityProviderStrategy");
    const char *provider = sw_json_str(instance, "capacityProviderName", "");
    return json_array_size(strategy) == 0 ||
           sw_json_find(strategy, "capacityProvider", provider) != NULL;
}

json_t *preflight_eligible(struct preflight *preflight)
{
    if (!preflight->on_ec2) {
        preflight_idle(preflight);
        return NULL;
    }
    const json_t *all = preflight_fact(preflight, FACT_INSTANCES);
    if (!all) {
        return NULL;
    }
    json_t *eligible = json_array();
    size_t index = 0;
    json_t *instance = NULL;
    json_array_foreach(all, index, instance)
    {
        if (strcmp(sw_json_str(instance, "status", "ACTIVE"), "ACTIVE") == 0 &&
            sw_json_bool(instance, "agentConnected", false) &&
            is_of_strategy(preflight->service, instance)) {
            (void)json_array_append(eligible, instance);
        }
    }
    return eligible;
}

static void find_no_instances(struct preflight *preflight, const json_t *all)
{
    size_t disconnected = 0;
    size_t index = 0;
    const json_t *instance = NULL;
    const char *example = "INSTANCE";
    json_array_foreach(all, index, instance)
    {
        if (!sw_json_bool(instance, "agentConnected", false)) {
            disconnected++;
            example = sw_json_str(instance, "ec2InstanceId", example);
        }
    }
    if (json_array_size(all) == 0) {
        preflight_find(preflight, SW_CHECK_BLOCK, "cluster \"%s\" has no instances",
                       preflight->options->cluster);
        preflight_advise(
            preflight,
            "start one with the ECS AMI, the role AmazonEC2ContainerServiceforEC2Role, "
            "outbound port 443, and ECS_CLUSTER=%s in /etc/ecs/ecs.config",
            ecs_last_part(preflight->options->cluster));
        preflight_command(preflight, "aws ecs list-container-instances --cluster %s",
                          preflight->options->cluster);
    } else if (disconnected == json_array_size(all)) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the ECS agent of no instance is connected (%zu of %zu are not)",
                       disconnected, json_array_size(all));
        preflight_cause(preflight, "agent");
        preflight_advise(preflight,
                         "on %s: sudo systemctl restart ecs; then check its role, its "
                         "outbound port 443 and ECS_CLUSTER in /etc/ecs/ecs.config",
                         example);
        preflight_command(preflight, "aws ssm start-session --target %s", example);
    } else {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "none of the cluster's %zu instances may run the service's tasks: they are "
                       "draining, disconnected, or of another capacity provider",
                       json_array_size(all));
        preflight_advise(preflight, "set an instance ACTIVE, or change the service's capacity "
                                    "provider strategy");
        preflight_command(preflight,
                          "aws ecs update-container-instances-state --cluster %s --status ACTIVE "
                          "--container-instances ID",
                          preflight->options->cluster);
    }
}

void preflight_instances(struct preflight *preflight)
{
    json_auto_t *eligible = preflight_eligible(preflight);
    if (!eligible) {
        return;
    }
    const json_t *all = preflight_fact(preflight, FACT_INSTANCES);
    /* A capacity provider can start instances when they are needed. */
    bool scales =
        json_array_size(sw_json_array(preflight->service, "capacityProviderStrategy")) > 0;
    if (json_array_size(eligible) == 0 && !scales) {
        find_no_instances(preflight, all);
    }
}

/* ---- Memory and CPU ---- */

/* What one task reserves of an instance. */
static int64_t needed(const struct preflight *preflight, bool memory)
{
    int64_t whole = ecs_task_size_of(preflight->definition, memory ? "memory" : "cpu");
    int64_t sum = 0;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        int64_t soft = sw_json_count(container, "memoryReservation", 0);
        if (!memory) {
            sum += sw_json_count(container, "cpu", 0);
        } else {
            sum += soft > 0 ? soft : sw_json_count(container, "memory", 0);
        }
    }
    return whole > 0 ? whole : sum;
}

struct best {
    const char *instance;
    int64_t registered, remaining; /* the most that one instance has */
};

static struct best best_of(const json_t *instances, const char *name)
{
    struct best best = { "?", -1, -1 };
    size_t index = 0;
    const json_t *instance = NULL;
    json_array_foreach(instances, index, instance)
    {
        int64_t whole = sw_json_int(preflight_resource(instance, "registeredResources", name),
                                    "integerValue", 0);
        int64_t left = sw_json_int(preflight_resource(instance, "remainingResources", name),
                                   "integerValue", 0);
        best.registered = whole > best.registered ? whole : best.registered;
        if (left > best.remaining) {
            best.remaining = left;
            best.instance = sw_json_str(instance, "ec2InstanceId", "?");
        }
    }
    return best;
}

static void judge_resource(struct preflight *preflight, const char *name, const char *unit,
                           int64_t need)
{
    json_auto_t *instances = preflight_eligible(preflight);
    if (json_array_size(instances) == 0 || need <= 0) {
        return;
    }
    struct best best = best_of(instances, name);
    if (best.registered < need) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "a task needs %lld %s, and the largest instance has %lld altogether",
                       (long long)need, unit, (long long)best.registered);
        preflight_advise(preflight, "lower the task's reservation, or use larger instances");
    } else if (best.remaining < need && preflight->steps.low >= preflight->steps.desired) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "a task needs %lld %s; instance %s has %lld left, no other has more, and "
                       "minimumHealthyPercent %lld lets no old task stop first",
                       (long long)need, unit, best.instance, (long long)best.remaining,
                       (long long)preflight->steps.minimum);
        preflight_advise(preflight, "add an instance, lower the reservation, or lower "
                                    "minimumHealthyPercent");
    }
}

void preflight_memory(struct preflight *preflight)
{
    judge_resource(preflight, "MEMORY", "MiB of memory", needed(preflight, true));
}

void preflight_cpu(struct preflight *preflight)
{
    judge_resource(preflight, "CPU", "CPU units", needed(preflight, false));
}

/* ---- Capacity ---- */

void preflight_providers(struct preflight *preflight)
{
    const json_t *strategy = sw_json_array(preflight->service, "capacityProviderStrategy");
    size_t index = 0;
    const json_t *provider = NULL;
    if (json_array_size(strategy) == 0 || !preflight->on_ec2) {
        preflight_idle(preflight);
        return;
    }
    json_auto_t *eligible = preflight_eligible(preflight);
    json_array_foreach(preflight_fact(preflight, FACT_PROVIDERS), index, provider)
    {
        const json_t *scaling =
            sw_json_object(sw_json_object(provider, "autoScalingGroupProvider"), "managedScaling");
        const char *name = sw_json_str(provider, "name", "?");
        if (strcmp(sw_json_str(provider, "status", "ACTIVE"), "ACTIVE") != 0) {
            preflight_find(preflight, SW_CHECK_BLOCK, "capacity provider \"%s\" is %s", name,
                           sw_json_str(provider, "status", "?"));
            preflight_advise(preflight, "use another in the service's strategy");
        } else if (strcmp(sw_json_str(scaling, "status", "DISABLED"), "ENABLED") != 0 &&
                   json_array_size(eligible) == 0) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "capacity provider \"%s\" has no instance, and its managed scaling is "
                           "off",
                           name);
            preflight_advise(preflight, "switch managed scaling on, or start instances");
            preflight_command(preflight,
                              "aws ecs update-capacity-provider --name %s "
                              "--auto-scaling-group-provider managedScaling={status=ENABLED}",
                              name);
        }
    }
}

/* The most network interfaces that a type of instance can have; 0 when not known. */
static int64_t interface_limit(const json_t *types, const char *type)
{
    const json_t *item = sw_json_find(types, "instanceType", type);
    return preflight_number(sw_json_object(item, "networkInfo"), "maximumNetworkInterfaces", 0);
}

void preflight_interfaces(struct preflight *preflight)
{
    if (strcmp(preflight->mode, "awsvpc") != 0 || !preflight->on_ec2) {
        preflight_idle(preflight);
        return;
    }
    json_auto_t *instances = preflight_eligible(preflight);
    if (preflight_having(instances, "ecs.awsvpc-trunk-id", NULL) > 0) {
        return; /* many more interfaces than by the type alone */
    }
    const json_t *machines = preflight_fact(preflight, FACT_MACHINES);
    const json_t *types = preflight_fact(preflight, FACT_TYPES);
    int64_t free_interfaces = 0;
    size_t index = 0;
    const json_t *machine = NULL;
    json_array_foreach(machines, index, machine)
    {
        int64_t limit = interface_limit(types, sw_json_str(machine, "instanceType", ""));
        int64_t used = (int64_t)json_array_size(sw_json_array(machine, "networkInterfaceSet"));
        free_interfaces += limit > used ? limit - used : 0;
    }
    if (types && json_array_size(machines) > 0 && free_interfaces == 0) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "no instance has a free network interface for a task of network mode "
                       "awsvpc");
        preflight_advise(preflight, "switch trunking on and start new instances, or add instances");
        preflight_command(preflight, "aws ecs put-account-setting-default --name awsvpcTrunking "
                                     "--value enabled");
    }
}
