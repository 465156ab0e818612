#include "request.h"

#include <slipway/service.h>

#include <string.h>

static void set_number(json_t *object, const char *key, int64_t number)
{
    if (number >= 0) {
        (void)json_object_set_new(object, key, json_integer(number));
    }
}

static bool is_none(const struct sw_strs *list)
{
    return list->count == 1 && strcmp(list->items[0], "none") == 0;
}

static enum sw_status add_breaker(const struct sw_service_request *request, json_t *configuration,
                                  struct sw_err *err)
{
    bool on = request->circuit_breaker == SW_SWITCH_ON;
    if (request->breaker_rollback != SW_SWITCH_UNSET && !on) {
        return sw_fail(err, SW_E_USAGE, "--breaker-rollback needs --circuit-breaker");
    }
    if (request->circuit_breaker != SW_SWITCH_UNSET) {
        bool rollback = on && request->breaker_rollback != SW_SWITCH_OFF;
        (void)json_object_set_new(
            configuration, "deploymentCircuitBreaker",
            json_pack("{s:b, s:b}", "enable", (int)on, "rollback", (int)rollback));
    }
    return SW_OK;
}

static enum sw_status add_alarms(const struct sw_service_request *request, json_t *configuration,
                                 struct sw_err *err)
{
    const struct sw_strs *names = request->alarms;
    if (!names || names->count == 0) {
        if (request->alarm_rollback != SW_SWITCH_UNSET) {
            return sw_fail(err, SW_E_USAGE, "--alarm-rollback needs --alarm");
        }
        return SW_OK;
    }
    bool none = is_none(names);
    json_t *list = json_array();
    for (size_t i = 0; !none && i < names->count; i++) {
        (void)json_array_append_new(list, json_string(names->items[i]));
    }
    bool rollback = !none && request->alarm_rollback != SW_SWITCH_OFF;
    (void)json_object_set_new(configuration, "alarms",
                              json_pack("{s:o, s:b, s:b}", "alarmNames", list, "enable", (int)!none,
                                        "rollback", (int)rollback));
    return SW_OK;
}

static enum sw_status add_configuration(const struct sw_service_request *request, json_t *settings,
                                        struct sw_err *err)
{
    json_auto_t *configuration = json_object();
    set_number(configuration, "minimumHealthyPercent", request->minimum_healthy_percent);
    set_number(configuration, "maximumPercent", request->maximum_percent);
    if (add_breaker(request, configuration, err) || add_alarms(request, configuration, err)) {
        return err->status;
    }
    json_t *further = sw_json_object(settings, "deploymentConfiguration");
    if (further) {
        (void)json_object_update(further, configuration);
    } else if (json_object_size(configuration) > 0) {
        (void)json_object_set(settings, "deploymentConfiguration", configuration);
    }
    return SW_OK;
}

static enum sw_status add_network(const struct sw_service_request *request, json_t *settings,
                                  struct sw_err *err)
{
    const struct ecs_network network = {
        .subnets = request->subnets,
        .security_groups = request->security_groups,
        .public_ip = request->public_ip,
    };
    return ecs_set_network(settings, &network, err);
}

static enum sw_status add_lists(const struct sw_service_request *request, json_t *settings,
                                struct sw_err *err)
{
    const struct {
        const char *key;
        enum ecs_structure kind;
        const char *option;
        const struct sw_strs *texts;
    } lists[] = {
        { "capacityProviderStrategy", ECS_CAPACITY_PROVIDER, "--capacity-provider",
          request->capacity_providers },
        { "loadBalancers", ECS_LOAD_BALANCER, "--load-balancer", request->load_balancers },
        { "serviceRegistries", ECS_SERVICE_REGISTRY, "--service-registry",
          request->service_registries },
        { "placementConstraints", ECS_PLACEMENT_CONSTRAINT, "--placement-constraint",
          request->placement_constraints },
        { "placementStrategy", ECS_PLACEMENT_STRATEGY, "--placement-strategy",
          request->placement_strategies },
    };
    for (size_t i = 0; i < SW_COUNT(lists); i++) {
        if (ecs_set_structures(settings, lists[i].key, lists[i].kind, lists[i].option,
                               lists[i].texts, true, err) != SW_OK) {
            return err->status;
        }
    }
    return SW_OK;
}

static void add_members(const struct sw_service_request *request, json_t *settings)
{
    set_number(settings, "desiredCount", request->desired);
    set_number(settings, "healthCheckGracePeriodSeconds", request->grace_period_s);
    ecs_set_text(settings, "platformVersion", request->platform_version);
    ecs_set_text(settings, "propagateTags", request->propagate_tags);
    ecs_set_switch(settings, "enableECSManagedTags", request->managed_tags);
    ecs_set_switch(settings, "enableExecuteCommand", request->execute_command);
    if (request->zone_rebalancing != SW_SWITCH_UNSET) {
        ecs_set_text(settings, "availabilityZoneRebalancing",
                     request->zone_rebalancing == SW_SWITCH_ON ? "ENABLED" : "DISABLED");
    }
}

static enum sw_status check_creation(const struct sw_service_request *request, struct sw_err *err)
{
    bool tags = request->tags && request->tags->count > 0;
    bool providers = request->capacity_providers && request->capacity_providers->count > 0;
    if (!request->create && (request->launch_type || request->daemon || tags)) {
        return sw_fail(err, SW_E_USAGE, "%s needs --create: it is for a service that is made",
                       request->launch_type ? "--launch-type"
                       : request->daemon    ? "--daemon"
                                            : "--service-tags");
    }
    if (request->launch_type && providers) {
        return sw_fail(
            err, SW_E_USAGE,
            "--launch-type and --capacity-provider exclude each other; give one of them");
    }
    if (request->daemon && request->desired >= 0) {
        return sw_fail(err, SW_E_USAGE,
                       "--daemon and --desired-count exclude each other: a daemon runs once on "
                       "every instance");
    }
    return SW_OK;
}

static enum sw_status build_creation(const struct sw_service_request *request, json_t **ret,
                                     struct sw_err *err)
{
    json_auto_t *creation = json_object();
    ecs_set_text(creation, "launchType", request->launch_type);
    ecs_set_text(creation, "schedulingStrategy", request->daemon ? "DAEMON" : NULL);
    if (ecs_set_tags(creation, "--service-tags", request->tags, err) != SW_OK) {
        return err->status;
    }
    *ret = json_incref(creation);
    return SW_OK;
}

enum sw_status sw_service_request_build(const struct sw_service_request *request,
                                        json_t **ret_settings, json_t **ret_creation,
                                        struct sw_err *err)
{
    json_auto_t *settings = NULL;
    enum sw_status status = check_creation(request, err);
    if (status == SW_OK && request->settings) {
        status = ecs_json_option("--service-settings", request->settings,
                                 "{\"serviceConnectConfiguration\": {\"enabled\": false}}",
                                 &settings, err);
    } else {
        settings = json_object();
    }
    if (status == SW_OK) {
        status = add_configuration(request, settings, err);
    }
    if (status == SW_OK) {
        status = add_network(request, settings, err);
    }
    if (status == SW_OK) {
        status = add_lists(request, settings, err);
    }
    if (status == SW_OK && request->create) {
        status = build_creation(request, ret_creation, err);
    }
    if (status == SW_OK) {
        add_members(request, settings);
        *ret_settings = json_incref(settings);
    }
    return status;
}
