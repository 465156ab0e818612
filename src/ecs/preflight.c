#include "preflight.h"

#include <slipway/progress.h>
#include <slipway/service.h>

/* Whether the container maps that port. */
static bool maps_port(const json_t *container, int64_t port)
{
    size_t index = 0;
    const json_t *mapping = NULL;
    json_array_foreach(sw_json_array(container, "portMappings"), index, mapping)
    {
        if (sw_json_int(mapping, "containerPort", 0) == port) {
            return true;
        }
    }
    return false;
}

/* Adds ": a:80, b" style names of what the definition has. */
static void append_ports(const json_t *definition, struct sw_err *err)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(definition, "containerDefinitions"), index, container)
    {
        (void)sw_append(err, "%s%s", index ? ", " : "", sw_json_str(container, "name", "?"));
        size_t at = 0;
        const json_t *mapping = NULL;
        json_array_foreach(sw_json_array(container, "portMappings"), at, mapping)
        {
            (void)sw_append(err, ":%lld", (long long)sw_json_int(mapping, "containerPort", 0));
        }
    }
}

/* The load balancer sends to a container and port by name; ECS refuses what lacks them. */
static enum sw_status check_load_balancer(const json_t *balancer, const json_t *definition,
                                          const char *label, struct sw_err *err)
{
    const char *name = sw_json_str(balancer, "containerName", NULL);
    int64_t port = sw_json_int(balancer, "containerPort", 0);
    const json_t *container = name ? sw_taskdef_container(definition, name) : NULL;
    if (!name || (container && (port == 0 || maps_port(container, port)))) {
        return SW_OK;
    }
    (void)sw_fail(err, SW_E_PREFLIGHT,
                  "the service's load balancer sends to container \"%s\" port %lld, which task "
                  "definition %s does not have; it has: ",
                  name, (long long)port, label);
    append_ports(definition, err);
    return err->status;
}

/* minimumHealthyPercent and maximumPercent may leave no room for a single step. */
static void check_percentages(const struct sw_env *env, const json_t *service)
{
    const json_t *configuration = sw_json_object(service, "deploymentConfiguration");
    int64_t desired = sw_json_int(service, "desiredCount", 0);
    int64_t minimum = sw_json_int(configuration, "minimumHealthyPercent", 100);
    int64_t maximum = sw_json_int(configuration, "maximumPercent", 200);
    bool replicas = strcmp(sw_json_str(service, "schedulingStrategy", "REPLICA"), "REPLICA") == 0;
    if (!replicas || desired < 1 || desired > 100000 || minimum < 0 || minimum > 100 ||
        maximum < 0 || maximum > 10000) {
        return;
    }
    int64_t low = (desired * minimum + 99) / 100;
    int64_t high = desired * maximum / 100;
    if (low >= desired && high <= desired) {
        sw_warn(env,
                "the rollout cannot take a step: of %lld wanted task%s at least %lld must stay "
                "(minimumHealthyPercent %lld) and at most %lld may run (maximumPercent %lld); use "
                "100/200, or 0/100 with a short outage",
                (long long)desired, desired == 1 ? "" : "s", (long long)low, (long long)minimum,
                (long long)high, (long long)maximum);
    }
}

enum sw_status ecs_preflight(const struct sw_env *env, const json_t *service,
                             const json_t *definition, const char *label, struct sw_err *err)
{
    size_t index = 0;
    const json_t *balancer = NULL;
    json_array_foreach(sw_json_array(service, "loadBalancers"), index, balancer)
    {
        enum sw_status status = check_load_balancer(balancer, definition, label, err);
        if (status != SW_OK) {
            return status;
        }
    }
    if (service) {
        check_percentages(env, service);
    }
    return SW_OK;
}
