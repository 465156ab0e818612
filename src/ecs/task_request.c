#include "change_rule.h"
#include "ecs.h"
#include "request.h"

#include <slipway/alloc.h>
#include <slipway/task.h>

#define OVERRIDES_EXAMPLE "{\"containerOverrides\": [{\"name\": \"web\", \"command\": [\"true\"]}]}"

/* Tasks get no public address unless it is asked for. */
static enum sw_status add_network(const struct sw_task_request *request, json_t *input,
                                  struct sw_err *err)
{
    struct ecs_network network = {
        .subnets = request->subnets,
        .security_groups = request->security_groups,
        .public_ip = request->public_ip,
    };
    if (network.subnets && network.public_ip == SW_SWITCH_UNSET) {
        network.public_ip = SW_SWITCH_OFF;
    } else if (!network.subnets && network.security_groups) {
        return sw_fail(err, SW_E_USAGE, "--security-groups needs --subnets");
    } else if (!network.subnets && network.public_ip == SW_SWITCH_ON) {
        return sw_fail(err, SW_E_USAGE, "--public-ip needs --subnets");
    } else if (!network.subnets) {
        network.public_ip = SW_SWITCH_UNSET;
    }
    return ecs_set_network(input, &network, err);
}

static enum sw_status add_capacity(const struct sw_task_request *request, json_t *input,
                                   struct sw_err *err)
{
    bool providers = request->capacity_providers && request->capacity_providers->count > 0;
    if (providers && request->launch_type) {
        return sw_fail(
            err, SW_E_USAGE,
            "--launch-type and --capacity-provider exclude each other; give one of them");
    }
    ecs_set_text(input, "launchType", request->launch_type);
    return ecs_set_structures(input, "capacityProviderStrategy", ECS_CAPACITY_PROVIDER,
                              "--capacity-provider", request->capacity_providers, false, err);
}

static enum sw_status add_placement(const struct sw_task_request *request, json_t *input,
                                    struct sw_err *err)
{
    enum sw_status status =
        ecs_set_structures(input, "placementConstraints", ECS_PLACEMENT_CONSTRAINT,
                           "--placement-constraint", request->placement_constraints, false, err);
    if (status != SW_OK) {
        return status;
    }
    return ecs_set_structures(input, "placementStrategy", ECS_PLACEMENT_STRATEGY,
                              "--placement-strategy", request->placement_strategies, false, err);
}

static enum sw_status load_overrides(const char *text, json_t **ret, struct sw_err *err)
{
    json_auto_t *value = NULL;
    if (ecs_json_option("--overrides", text, OVERRIDES_EXAMPLE, &value, err) != SW_OK) {
        return err->status;
    }
    const json_t *containers = json_object_get(value, "containerOverrides");
    if (containers && !json_is_array(containers)) {
        return sw_fail(err, SW_E_INPUT, "--overrides: expected an object such as %s",
                       OVERRIDES_EXAMPLE);
    }
    *ret = json_incref(value);
    return SW_OK;
}

/* The override of that container, made when it is missing; borrowed. */
static json_t *override_of(json_t *overrides, struct sw_str container)
{
    json_t *list = sw_json_array(overrides, "containerOverrides");
    if (!list) {
        list = json_array();
        (void)json_object_set_new(overrides, "containerOverrides", list);
    }
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (sw_str_is(container, sw_json_str(item, "name", ""))) {
            return item;
        }
    }
    item = json_object();
    (void)json_object_set_new(item, "name", ecs_json_text(container));
    (void)json_array_append_new(list, item);
    return item;
}

static enum sw_status add_command(json_t *overrides, const char *text, struct sw_err *err)
{
    struct ecs_change_texts texts = { .value = sw_str(text) };
    json_auto_t *command = NULL;
    texts.container = sw_str_cut(&texts.value, '=');
    if (texts.container.len == 0 || sw_str_trim(texts.value).len == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "--command: expected CONTAINER=WORDS, e.g. web=rake db:migrate");
    }
    if (ecs_parse_words(&texts, &command, err) != SW_OK) {
        return sw_wrap(err, "--command: container \"%.*s\"", SW_STR_ARG(texts.container));
    }
    (void)json_object_set(override_of(overrides, texts.container), "command", command);
    return SW_OK;
}

/* A variable replaces one of the same name that the overrides have already. */
static void set_variable(json_t *override, struct sw_str name, struct sw_str value)
{
    json_t *list = sw_json_array(override, "environment");
    if (!list) {
        list = json_array();
        (void)json_object_set_new(override, "environment", list);
    }
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (sw_str_is(name, sw_json_str(item, "name", ""))) {
            (void)json_object_set_new(item, "value", ecs_json_text(value));
            return;
        }
    }
    (void)json_array_append_new(
        list, json_pack("{s:o, s:o}", "name", ecs_json_text(name), "value", ecs_json_text(value)));
}

static enum sw_status add_variable(json_t *overrides, const char *text, struct sw_err *err)
{
    struct sw_str rest = sw_str(text);
    struct sw_str key = sw_str_cut(&rest, '=');
    struct sw_str name = key;
    struct sw_str container = sw_str_cut(&name, ':');
    if (!rest.ptr || container.len == 0 || name.len == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "--env: expected CONTAINER:NAME=VALUE, e.g. web:LEVEL=debug");
    }
    set_variable(override_of(overrides, container), name, rest);
    return SW_OK;
}

/* What differs for the whole task. */
static void add_task_overrides(const struct sw_task_request *request, json_t *overrides)
{
    ecs_set_text(overrides, "cpu", request->cpu);
    ecs_set_text(overrides, "memory", request->memory);
    ecs_set_text(overrides, "taskRoleArn", request->task_role);
    ecs_set_text(overrides, "executionRoleArn", request->execution_role);
    if (request->ephemeral_storage_gib > 0) {
        (void)json_object_set_new(
            overrides, "ephemeralStorage",
            json_pack("{s:I}", "sizeInGiB", (json_int_t)request->ephemeral_storage_gib));
    }
}

/* AWS would refuse it without a word about the option. */
static enum sw_status check_task_size(const json_t *overrides, const char *key, bool own_option,
                                      struct sw_err *err)
{
    if (ecs_task_size_of(overrides, key) != ECS_SIZE_BAD) {
        return SW_OK;
    }
    char *text SW_CLEANUP(sw_free_str) =
        json_dumps(json_object_get(overrides, key), JSON_ENCODE_ANY);
    (void)sw_fail(err, SW_E_INPUT, "%s is no size; ECS takes %s", text, ecs_task_size_forms(key));
    return own_option ? sw_wrap(err, "--%s", key) : sw_wrap(err, "--overrides: \"%s\"", key);
}

static enum sw_status add_overrides(const struct sw_task_request *request, json_t *input,
                                    struct sw_err *err)
{
    json_auto_t *overrides = NULL;
    enum sw_status status = SW_OK;
    if (request->overrides) {
        status = load_overrides(request->overrides, &overrides, err);
    } else {
        overrides = json_object();
    }
    for (size_t i = 0; status == SW_OK && request->commands && i < request->commands->count; i++) {
        status = add_command(overrides, request->commands->items[i], err);
    }
    for (size_t i = 0; status == SW_OK && request->env && i < request->env->count; i++) {
        status = add_variable(overrides, request->env->items[i], err);
    }
    if (status == SW_OK) {
        add_task_overrides(request, overrides);
        status = check_task_size(overrides, "cpu", request->cpu != NULL, err);
    }
    if (status == SW_OK) {
        status = check_task_size(overrides, "memory", request->memory != NULL, err);
    }
    if (status == SW_OK && json_object_size(overrides) > 0) {
        (void)json_object_set(input, "overrides", overrides);
    }
    return status;
}

/* Members of RunTask that have no option of their own; those that have one win. */
static enum sw_status add_settings(const struct sw_task_request *request, json_t *input,
                                   struct sw_err *err)
{
    json_auto_t *settings = NULL;
    if (request->settings &&
        ecs_json_option("--task-settings", request->settings, "{\"volumeConfigurations\": [...]}",
                        &settings, err) != SW_OK) {
        return err->status;
    }
    (void)json_object_update_missing(input, settings);
    ecs_set_text(input, "startedBy", request->started_by);
    ecs_set_text(input, "group", request->group);
    ecs_set_text(input, "platformVersion", request->platform_version);
    if (request->enable_execute_command) {
        ecs_set_switch(input, "enableExecuteCommand", SW_SWITCH_ON);
    }
    if (request->managed_tags) {
        ecs_set_switch(input, "enableECSManagedTags", SW_SWITCH_ON);
    }
    if (request->propagate_tags) {
        ecs_set_text(input, "propagateTags", "TASK_DEFINITION");
    }
    return SW_OK;
}

enum sw_status sw_task_request_build(const struct sw_task_request *request, json_t **ret,
                                     struct sw_err *err)
{
    static enum sw_status (*const parts[])(const struct sw_task_request *, json_t *,
                                           struct sw_err *) = {
        add_capacity, add_network, add_placement, add_overrides, add_settings,
    };
    json_auto_t *input = json_pack("{s:s, s:s, s:I}", "cluster", request->cluster, "taskDefinition",
                                   request->task_definition, "count", (json_int_t)request->count);
    for (size_t i = 0; i < SW_COUNT(parts); i++) {
        if (parts[i](request, input, err) != SW_OK) {
            return err->status;
        }
    }
    if (ecs_set_tags(input, "--tags", request->tags, err) != SW_OK) {
        return err->status;
    }
    *ret = json_incref(input);
    return SW_OK;
}
