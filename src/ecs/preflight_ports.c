#include "preflight.h"

#include <slipway/alloc.h>

#include <stdio.h>

/* Checks of ports: what containers map, and what instances have taken. */

const json_t *preflight_mapping(const json_t *container, int64_t port)
{
    size_t index = 0;
    const json_t *mapping = NULL;
    json_array_foreach(sw_json_array(container, "portMappings"), index, mapping)
    {
        if (sw_json_int(mapping, "containerPort", 0) == port) {
            return mapping;
        }
    }
    return NULL;
}

int64_t preflight_host_port_of(const struct preflight *preflight, const json_t *mapping)
{
    if (strcmp(preflight->mode, "host") == 0) {
        return sw_json_int(mapping, "containerPort", 0);
    }
    return strcmp(preflight->mode, "awsvpc") == 0 ? 0 : sw_json_int(mapping, "hostPort", 0);
}

/*
 * Whether the port is taken on the instance. Of "remainingResources", PORTS lists what is taken,
 * its name notwithstanding: the agent's own ports and the fixed host ports of running tasks.
 */
static bool is_taken(const json_t *instance, const char *which, bool udp, int64_t port)
{
    const json_t *ports = preflight_resource(instance, which, udp ? "PORTS_UDP" : "PORTS");
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)port);
    return preflight_has(sw_json_array(ports, "stringSetValue"), text);
}

/* A fixed host port, and where it is. */
struct fixed_port {
    const char *container;
    int64_t port;
    bool udp;
    int64_t instances; /* that could run the task */
    int64_t taken;     /* ... on which the port is taken now */
    int64_t reserved;  /* ... on which it is never free */
};

static void advise_port(struct preflight *preflight)
{
    preflight_advise(preflight,
                     "one of: hostPort 0 with a target group of type instance; percentages 0/100 "
                     "(a short outage); one instance more than tasks; networkMode awsvpc with a "
                     "target group of type ip");
    preflight_command(preflight,
                      "aws ecs update-service --cluster %s --service %s --deployment-configuration "
                      "minimumHealthyPercent=0,maximumPercent=100",
                      preflight->options->cluster,
                      sw_json_str(preflight->service, "serviceName", "SERVICE"));
}

/* Own tasks hold the port now, if what runs maps it already: as many as run. */
static int64_t held_by_others(const struct preflight *preflight, const struct fixed_port *fixed)
{
    int64_t running = sw_json_count(preflight->service, "runningCount", 0);
    return fixed->taken > running ? fixed->taken - running : 0;
}

static void judge_port(struct preflight *preflight, const struct fixed_port *fixed)
{
    long long desired = preflight->steps.desired;
    long long instances = fixed->instances;
    if (fixed->instances == 0) {
        return; /* the check of instances says so */
    }
    if (fixed->reserved == fixed->instances) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "container \"%s\" wants host port %lld, which every instance keeps for "
                       "itself",
                       fixed->container, (long long)fixed->port);
        preflight_advise(preflight, "use another host port, or hostPort 0");
    } else if (preflight->steps.desired > fixed->instances) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "container \"%s\" has the fixed host port %lld, so each instance can run "
                       "one task: %lld tasks are wanted and %lld instance%s could run one",
                       fixed->container, (long long)fixed->port, desired, instances,
                       instances == 1 ? "" : "s");
        advise_port(preflight);
    } else if (held_by_others(preflight, fixed) == fixed->instances) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "host port %lld of container \"%s\" is taken by other services on every "
                       "instance",
                       (long long)fixed->port, fixed->container);
        preflight_advise(preflight, "use another host port, or hostPort 0");
    } else if (preflight->rolls && fixed->instances == fixed->taken &&
               preflight->steps.low >= preflight->steps.desired) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "container \"%s\" has the fixed host port %lld, which is taken on %s: "
                       "with minimumHealthyPercent %lld ECS may not stop an old task, "
                       "and cannot start a new one beside it",
                       fixed->container, (long long)fixed->port,
                       instances == 1 ? "the only instance" : "every instance",
                       (long long)preflight->steps.minimum);
        advise_port(preflight);
    } else if (preflight->rolls && preflight->steps.low == 0 &&
               fixed->instances <= preflight->steps.desired) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "container \"%s\" has the fixed host port %lld: old tasks stop before new "
                       "ones start, which is an outage",
                       fixed->container, (long long)fixed->port);
        preflight_advise(preflight,
                         "for none, use hostPort 0 with a target group of type instance");
    }
}

static void count_instances(struct fixed_port *fixed, const json_t *instances)
{
    size_t index = 0;
    const json_t *instance = NULL;
    json_array_foreach(instances, index, instance)
    {
        fixed->instances++;
        fixed->taken += is_taken(instance, "remainingResources", fixed->udp, fixed->port) ? 1 : 0;
        fixed->reserved +=
            is_taken(instance, "registeredResources", fixed->udp, fixed->port) ? 1 : 0;
    }
}

void preflight_host_port(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        size_t at = 0;
        const json_t *mapping = NULL;
        json_array_foreach(sw_json_array(container, "portMappings"), at, mapping)
        {
            struct fixed_port fixed = {
                .container = sw_json_str(container, "name", "?"),
                .port = preflight_host_port_of(preflight, mapping),
                .udp = strcmp(sw_json_str(mapping, "protocol", "tcp"), "udp") == 0,
            };
            json_auto_t *instances = fixed.port > 0 ? preflight_eligible(preflight) : NULL;
            if (instances) {
                count_instances(&fixed, instances);
                judge_port(preflight, &fixed);
            }
        }
    }
}

/* The first container that maps a port; NULL when none does. */
static const json_t *serving_container(const struct preflight *preflight, int64_t *ret_port)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const json_t *mapping = json_array_get(sw_json_array(container, "portMappings"), 0);
        if (mapping) {
            *ret_port = sw_json_int(mapping, "containerPort", 0);
            return container;
        }
    }
    return NULL;
}

/* Whether something leads to the tasks of the service. */
static bool is_found(const json_t *service)
{
    static const char *const lists[] = { "loadBalancers", "serviceRegistries",
                                         "vpcLatticeConfigurations" };
    for (size_t i = 0; i < SW_COUNT(lists); i++) {
        if (json_array_size(sw_json_array(service, lists[i])) > 0) {
            return true;
        }
    }
    const json_t *connect = sw_json_object(json_array_get(sw_json_array(service, "deployments"), 0),
                                           "serviceConnectConfiguration");
    return sw_json_bool(connect, "enabled", false);
}

void preflight_load_balancer(struct preflight *preflight)
{
    int64_t port = 0;
    const json_t *container = serving_container(preflight, &port);
    if (!preflight->service || !container) {
        preflight_idle(preflight);
        return;
    }
    if (is_found(preflight->service)) {
        return;
    }
    const char *name = sw_json_str(container, "name", "?");
    const json_t *mapping = preflight_mapping(container, port);
    int64_t host_port = preflight_host_port_of(preflight, mapping);
    if (host_port > 0) {
        preflight_find(
            preflight, SW_CHECK_WARN,
            "the service has no load balancer: port %lld of container \"%s\" is found at "
            "port %lld of whichever instance runs it",
            (long long)port, name, (long long)host_port);
    } else {
        preflight_find(
            preflight, SW_CHECK_WARN,
            "the service has no load balancer and no service discovery: nothing leads to "
            "port %lld of container \"%s\"%s",
            (long long)port, name,
            strcmp(preflight->mode, "bridge") == 0 ? ", whose host port changes with "
                                                     "each task"
                                                   : "");
    }
    preflight_advise(preflight, "attach a target group to the service");
    preflight_command(preflight,
                      "aws ecs update-service --cluster %s --service %s --load-balancers "
                      "targetGroupArn=TARGET_GROUP_ARN,containerName=%s,containerPort=%lld",
                      preflight->options->cluster ? preflight->options->cluster : "CLUSTER",
                      sw_json_str(preflight->service, "serviceName", "?"), name, (long long)port);
}

/* "a:80, b" style names of what the definition has. The caller's. */
static char *port_names(const struct preflight *preflight)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        sw_buf_addf(&text, "%s%s", index ? ", " : "", sw_json_str(container, "name", "?"));
        size_t at = 0;
        const json_t *mapping = NULL;
        json_array_foreach(sw_json_array(container, "portMappings"), at, mapping)
        {
            sw_buf_addf(&text, ":%lld", (long long)sw_json_int(mapping, "containerPort", 0));
        }
    }
    return sw_buf_take(&text);
}

/* What sends to a container and port by name; ECS refuses a definition that lacks them. */
static void judge_named(struct preflight *preflight, const json_t *item, const char *what)
{
    const char *name = sw_json_str(item, "containerName", NULL);
    int64_t port = sw_json_int(item, "containerPort", 0);
    const json_t *container = name ? sw_taskdef_container(preflight->definition, name) : NULL;
    if (!name || (container && (port == 0 || preflight_mapping(container, port)))) {
        return;
    }
    char *names SW_CLEANUP(sw_free_str) = port_names(preflight);
    preflight_find(preflight, SW_CHECK_BLOCK,
                   "the service's %s sends to container \"%s\" port %lld, which task "
                   "definition %s does not have; it has: %s",
                   what, name, (long long)port, preflight->options->label, names);
    preflight_advise(preflight,
                     "give the container that name and port mapping, or change the "
                     "service's %s",
                     what);
}

void preflight_balanced_container(struct preflight *preflight)
{
    static const struct {
        const char *list, *what;
    } places[] = {
        { "loadBalancers", "load balancer" },
        { "serviceRegistries", "service registry" },
    };
    bool any = false;
    for (size_t i = 0; i < SW_COUNT(places); i++) {
        size_t index = 0;
        const json_t *item = NULL;
        json_array_foreach(sw_json_array(preflight->service, places[i].list), index, item)
        {
            judge_named(preflight, item, places[i].what);
            any = true;
        }
    }
    if (!any) {
        preflight_idle(preflight);
    }
}

void preflight_duplicate_ports(struct preflight *preflight)
{
    json_auto_t *seen = json_object();
    size_t index = 0;
    const json_t *container = NULL;
    bool host = strcmp(preflight->mode, "bridge") != 0;
    json_array_foreach(preflight->containers, index, container)
    {
        size_t at = 0;
        const json_t *mapping = NULL;
        json_array_foreach(sw_json_array(container, "portMappings"), at, mapping)
        {
            const char *name = sw_json_str(container, "name", "?");
            int64_t port = sw_json_int(mapping, host ? "containerPort" : "hostPort", 0);
            char *key SW_CLEANUP(sw_free_str) =
                sw_xasprintf("%lld/%s", (long long)port, sw_json_str(mapping, "protocol", "tcp"));
            const char *other = sw_json_str(seen, key, NULL);
            if (port > 0 && other) {
                preflight_find(preflight, SW_CHECK_BLOCK,
                               "containers \"%s\" and \"%s\" both map port %s, which they share in "
                               "network mode %s",
                               other, name, key, preflight->mode);
                preflight_advise(preflight, "give one of them another port");
            }
            (void)json_object_set_new(seen, key, json_string(name));
        }
    }
}

void preflight_low_port(struct preflight *preflight)
{
    enum { LOW_PORT_END = 1024 };
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const char *user = sw_json_str(container, "user", "");
        bool root = !*user || strcmp(user, "root") == 0 || strcmp(user, "0") == 0 ||
                    strncmp(user, "0:", 2) == 0 || strncmp(user, "root:", 5) == 0;
        const json_t *mapping = json_array_get(sw_json_array(container, "portMappings"), 0);
        int64_t port = sw_json_int(mapping, "containerPort", LOW_PORT_END);
        if (!root && port < LOW_PORT_END && strcmp(preflight->mode, "host") == 0) {
            preflight_find(
                preflight, SW_CHECK_WARN,
                "container \"%s\" runs as user \"%s\" and may not listen on port %lld of "
                "the instance",
                sw_json_str(container, "name", "?"), user, (long long)port);
            preflight_advise(preflight, "use a port above 1023");
        }
    }
}
