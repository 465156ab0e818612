/* What is sent of a service beside its task definition, and what the service becomes by it. */
#include "deploy.h"
#include "request.h"

/* Adds the members that the service has and the settings do not name. */
static void keep(json_t *wanted, const json_t *present)
{
    if (json_is_object(wanted) && json_is_object(present)) {
        json_auto_t *copy = json_deep_copy(present);
        (void)json_object_update_missing(wanted, copy);
    }
}

/* The structures that ECS takes as a whole only. */
static void keep_structures(json_t *settings, const json_t *service)
{
    const json_t *present = sw_json_object(service, "deploymentConfiguration");
    json_t *wanted = sw_json_object(settings, "deploymentConfiguration");
    keep(sw_json_object(wanted, "deploymentCircuitBreaker"),
         sw_json_object(present, "deploymentCircuitBreaker"));
    keep(sw_json_object(wanted, "alarms"), sw_json_object(present, "alarms"));
    keep(sw_json_object(sw_json_object(settings, "networkConfiguration"), "awsvpcConfiguration"),
         sw_json_object(sw_json_object(service, "networkConfiguration"), "awsvpcConfiguration"));
}

static enum sw_status check_network(const json_t *settings, struct sw_err *err)
{
    const json_t *vpc =
        sw_json_object(sw_json_object(settings, "networkConfiguration"), "awsvpcConfiguration");
    if (vpc && !sw_json_array(vpc, "subnets")) {
        return sw_fail(err, SW_E_USAGE,
                       "%s needs --subnets: the service has no network configuration to keep them "
                       "from",
                       json_object_get(vpc, "securityGroups") ? "--security-groups"
                                                              : "--public-ip");
    }
    return SW_OK;
}

static enum sw_status check_daemon(const struct deploy *deploy)
{
    bool daemon = strcmp(sw_json_str(deploy->service, "schedulingStrategy", ""), "DAEMON") == 0;
    if (daemon && json_object_get(deploy->settings, "desiredCount")) {
        return sw_fail(deploy->err, SW_E_USAGE,
                       "service \"%s\" is a daemon: ECS runs one task on every instance, so leave "
                       "out --desired-count",
                       sw_json_str(deploy->service, "serviceName", "?"));
    }
    return SW_OK;
}

/* A new service wants a number of tasks, and no public addresses unless they are asked for. */
static void add_defaults(json_t *settings, const json_t *creation)
{
    json_t *vpc =
        sw_json_object(sw_json_object(settings, "networkConfiguration"), "awsvpcConfiguration");
    bool daemon = strcmp(sw_json_str(creation, "schedulingStrategy", ""), "DAEMON") == 0;
    json_auto_t *copy = json_deep_copy(creation);
    (void)json_object_update(settings, copy);
    if (!daemon && !json_object_get(settings, "desiredCount")) {
        (void)json_object_set_new(settings, "desiredCount", json_integer(1));
    }
    if (vpc && !json_object_get(vpc, "assignPublicIp")) {
        ecs_set_text(vpc, "assignPublicIp", "DISABLED");
    }
}

enum sw_status deploy_settings(struct deploy *deploy)
{
    const json_t *settings = deploy->options->settings;
    deploy->settings = settings ? json_deep_copy(settings) : json_object();
    if (deploy->create) {
        add_defaults(deploy->settings, deploy->options->creation);
    } else {
        keep_structures(deploy->settings, deploy->service);
    }
    enum sw_status status = check_network(deploy->settings, deploy->err);
    return status == SW_OK ? check_daemon(deploy) : status;
}

json_t *deploy_future_service(const struct deploy *deploy)
{
    if (!deploy->service && !deploy->create) {
        return NULL;
    }
    json_t *future = deploy->service ? json_deep_copy(deploy->service) : json_object();
    json_auto_t *changes = json_deep_copy(deploy->settings);
    (void)json_object_update_recursive(future, changes);
    return future;
}
