#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/task.h>

enum { WEIGHT_MAX = 1000, BASE_MAX = 100000, LIST_MAX = 16 };

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text) {
        (void)json_object_set_new(object, key, json_string(text));
    }
}

static json_t *text_of(struct sw_str text)
{
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

/* "a, b" as ["a","b"]; empty pieces do not count. The caller's. */
static json_t *comma_list(const char *text)
{
    json_t *list = json_array();
    for (struct sw_str rest = sw_str(text); rest.ptr;) {
        struct sw_str piece = sw_str_trim(sw_str_cut(&rest, ','));
        if (piece.len > 0) {
            (void)json_array_append_new(list, text_of(piece));
        }
    }
    return list;
}

static enum sw_status add_network(const struct sw_task_request *request, json_t *input,
                                  struct sw_err *err)
{
    if (!request->subnets) {
        if (request->security_groups || request->public_ip) {
            return sw_fail(err, SW_E_USAGE, "%s needs --subnets",
                           request->public_ip ? "--public-ip" : "--security-groups");
        }
        return SW_OK;
    }
    json_auto_t *subnets = comma_list(request->subnets);
    json_auto_t *groups =
        request->security_groups ? comma_list(request->security_groups) : json_array();
    if (json_array_size(subnets) == 0 || json_array_size(subnets) > LIST_MAX) {
        return sw_fail(err, SW_E_USAGE,
                       "--subnets: expected 1 to %d subnets, e.g. subnet-1,subnet-2", LIST_MAX);
    }
    json_t *vpc = json_pack("{s:O, s:s}", "subnets", subnets, "assignPublicIp",
                            request->public_ip ? "ENABLED" : "DISABLED");
    if (json_array_size(groups) > 0) {
        (void)json_object_set(vpc, "securityGroups", groups);
    }
    (void)json_object_set_new(input, "networkConfiguration",
                              json_pack("{s:o}", "awsvpcConfiguration", vpc));
    return SW_OK;
}

/* NAME[:WEIGHT[:BASE]]. The caller's; NULL when it is none. */
static json_t *provider_of(const char *text)
{
    struct sw_str rest = sw_str(text);
    struct sw_str name = sw_str_cut(&rest, ':');
    json_auto_t *provider = json_object();
    int64_t weight = 0;
    int64_t base = 0;
    if (name.len == 0) {
        return NULL;
    }
    (void)json_object_set_new(provider, "capacityProvider", text_of(name));
    if (rest.ptr) {
        struct sw_str number = sw_str_cut(&rest, ':');
        if (!sw_parse_int(number, 0, WEIGHT_MAX, &weight)) {
            return NULL;
        }
        (void)json_object_set_new(provider, "weight", json_integer(weight));
    }
    if (rest.ptr) {
        if (!sw_parse_int(rest, 0, BASE_MAX, &base)) {
            return NULL;
        }
        (void)json_object_set_new(provider, "base", json_integer(base));
    }
    return json_incref(provider);
}

static enum sw_status add_capacity(const struct sw_task_request *request, json_t *input,
                                   struct sw_err *err)
{
    const struct sw_strs *texts = request->capacity_providers;
    if (!texts || texts->count == 0) {
        set_text(input, "launchType", request->launch_type);
        return SW_OK;
    }
    if (request->launch_type) {
        return sw_fail(
            err, SW_E_USAGE,
            "--launch-type and --capacity-provider exclude each other; give one of them");
    }
    json_auto_t *providers = json_array();
    for (size_t i = 0; i < texts->count; i++) {
        json_t *provider = provider_of(texts->items[i]);
        if (!provider) {
            return sw_fail(err, SW_E_INPUT,
                           "--capacity-provider: expected NAME[:WEIGHT[:BASE]], e.g. "
                           "FARGATE_SPOT:1, got \"%s\"",
                           texts->items[i]);
        }
        (void)json_array_append_new(providers, provider);
    }
    (void)json_object_set(input, "capacityProviderStrategy", providers);
    return SW_OK;
}

/* The text of --overrides or of the file that it names. */
static enum sw_status load_overrides(const char *text, json_t **ret, struct sw_err *err)
{
    json_auto_t *value = NULL;
    struct sw_buf file SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_str json = sw_str(text);
    sw_buf_init(&file, SW_TASK_OVERRIDES_MAX);
    if (text[0] == '@') {
        if (sw_fs_read(text + 1, &file, err) != SW_OK) {
            err->status = err->status == SW_E_NOT_FOUND ? SW_E_INPUT : err->status;
            return sw_wrap(err, "--overrides");
        }
        json = sw_buf_str(&file);
    }
    if (sw_json_parse(json, "--overrides", &value, err) != SW_OK) {
        return err->status;
    }
    const json_t *containers = json_object_get(value, "containerOverrides");
    if (!json_is_object(value) || (containers && !json_is_array(containers))) {
        return sw_fail(
            err, SW_E_INPUT,
            "--overrides: expected an object such as {\"containerOverrides\": [{\"name\": "
            "\"web\", \"command\": [\"true\"]}]}");
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
    (void)json_object_set_new(item, "name", text_of(container));
    (void)json_array_append_new(list, item);
    return item;
}

/* Words at blanks; what needs quotes is to be written as JSON. NULL when it is that. */
static json_t *words_of(struct sw_str text)
{
    json_auto_t *words = json_array();
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("'\"\\", text.ptr[i])) {
            return NULL;
        }
    }
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && !sw_is_space(text.ptr[i])) {
            i++;
        }
        if (i > start) {
            (void)json_array_append_new(words, text_of(sw_str_n(text.ptr + start, i - start)));
        }
        i += i < text.len;
    }
    return json_array_size(words) > 0 ? json_incref(words) : NULL;
}

static bool are_texts(const json_t *list)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return json_array_size(list) > 0;
}

static enum sw_status add_command(json_t *overrides, const char *text, struct sw_err *err)
{
    struct sw_str rest = sw_str(text);
    struct sw_str container = sw_str_cut(&rest, '=');
    struct sw_str value = sw_str_trim(rest);
    json_auto_t *command = NULL;
    if (container.len > 0 && sw_str_starts(value, "[")) {
        if (sw_json_parse(value, "--command", &command, err) != SW_OK) {
            return err->status;
        }
        if (!are_texts(command)) {
            json_decref(command);
            command = NULL;
        }
    } else if (container.len > 0) {
        command = words_of(value);
    }
    if (!command) {
        return sw_fail(err, SW_E_INPUT,
                       "--command: expected CONTAINER=WORDS, or CONTAINER=[\"WORD\", ...] as JSON "
                       "when words hold blanks, quotes or backslashes");
    }
    (void)json_object_set(override_of(overrides, container), "command", command);
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
            (void)json_object_set_new(item, "value", text_of(value));
            return;
        }
    }
    (void)json_array_append_new(
        list, json_pack("{s:o, s:o}", "name", text_of(name), "value", text_of(value)));
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
    if (status == SW_OK && json_object_size(overrides) > 0) {
        (void)json_object_set(input, "overrides", overrides);
    }
    return status;
}

static enum sw_status add_tags(const struct sw_task_request *request, json_t *input,
                               struct sw_err *err)
{
    json_auto_t *tags = json_array();
    for (size_t i = 0; request->tags && i < request->tags->count; i++) {
        struct sw_str value = sw_str(request->tags->items[i]);
        struct sw_str key = sw_str_cut(&value, '=');
        if (key.len == 0 || !value.ptr) {
            return sw_fail(err, SW_E_INPUT, "--tags: expected KEY=VALUE, e.g. team=shop");
        }
        (void)json_array_append_new(
            tags, json_pack("{s:o, s:o}", "key", text_of(key), "value", text_of(value)));
    }
    if (json_array_size(tags) > 0) {
        (void)json_object_set(input, "tags", tags);
    }
    return SW_OK;
}

static void add_settings(const struct sw_task_request *request, json_t *input)
{
    set_text(input, "startedBy", request->started_by);
    set_text(input, "group", request->group);
    set_text(input, "platformVersion", request->platform_version);
    if (request->enable_execute_command) {
        (void)json_object_set_new(input, "enableExecuteCommand", json_true());
    }
    if (request->managed_tags) {
        (void)json_object_set_new(input, "enableECSManagedTags", json_true());
    }
    if (request->propagate_tags) {
        set_text(input, "propagateTags", "TASK_DEFINITION");
    }
}

enum sw_status sw_task_request_build(const struct sw_task_request *request, json_t **ret,
                                     struct sw_err *err)
{
    json_auto_t *input = json_pack("{s:s, s:s, s:I}", "cluster", request->cluster, "taskDefinition",
                                   request->task_definition, "count", (json_int_t)request->count);
    enum sw_status status = add_capacity(request, input, err);
    if (status == SW_OK) {
        status = add_network(request, input, err);
    }
    if (status == SW_OK) {
        status = add_overrides(request, input, err);
    }
    if (status == SW_OK) {
        status = add_tags(request, input, err);
    }
    if (status == SW_OK) {
        add_settings(request, input);
        *ret = json_incref(input);
    }
    return status;
}
