#include "ecs.h"

#include <slipway/alloc.h>

#include <stdio.h>

/* A task-level size in the API's plain number; other texts stay as they are. */
static void normal_size(json_t *definition, const char *key)
{
    int64_t size = ecs_task_size_of(definition, key);
    if (json_object_get(definition, key) && size != ECS_SIZE_BAD) {
        SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("%lld", (long long)size);
        (void)json_object_set_new(definition, key, json_string(text));
    }
}

static int by_text(const void *a, const void *b)
{
    const json_t *const *left = a;
    const json_t *const *right = b;
    return strcmp(json_string_value(*left), json_string_value(*right));
}

/* Sorts a list of texts that ECS treats as a set. */
static void sort_texts(json_t *list)
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(list, i))) {
            return;
        }
    }
    if (count < 2) {
        return;
    }
    json_t **items = sw_xcalloc(count, sizeof(json_t *));
    for (size_t i = 0; i < count; i++) {
        items[i] = json_incref(json_array_get(list, i));
    }
    qsort(items, count, sizeof(json_t *), by_text);
    for (size_t i = 0; i < count; i++) {
        (void)json_array_set_new(list, i, items[i]);
    }
    free(items);
}

/* Members that mean the same as their absence: empty lists and objects, and false but for
 * "essential". */
static bool means_nothing(const char *key, const json_t *value)
{
    if (json_is_array(value)) {
        return json_array_size(value) == 0;
    }
    if (json_is_object(value)) {
        return json_object_size(value) == 0;
    }
    return json_is_false(value) && strcmp(key, "essential") != 0;
}

static void prune(json_t *value)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        prune(item);
    }
    const char *key = NULL;
    void *next = NULL;
    json_object_foreach_safe(value, next, key, item)
    {
        prune(item);
        if (means_nothing(key, item)) {
            (void)json_object_del(value, key);
        }
    }
}

static void drop_default_int(json_t *object, const char *key, json_int_t fallback)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) == fallback) {
        (void)json_object_del(object, key);
    }
}

/* ECS answers with hostPort and protocol filled in. */
static void normal_port(json_t *mapping, bool same_host_port)
{
    const json_t *port = json_object_get(mapping, "containerPort");
    if (same_host_port && json_is_integer(port)) {
        drop_default_int(mapping, "hostPort", json_integer_value(port));
    }
    drop_default_int(mapping, "hostPort", 0);
    if (strcmp(sw_json_str(mapping, "protocol", ""), "tcp") == 0) {
        (void)json_object_del(mapping, "protocol");
    }
}

static void normal_container(json_t *container, bool same_host_port)
{
    drop_default_int(container, "cpu", 0);
    if (json_is_true(json_object_get(container, "essential"))) {
        (void)json_object_del(container, "essential");
    }
    size_t index = 0;
    json_t *mapping = NULL;
    json_array_foreach(json_object_get(container, "portMappings"), index, mapping)
    {
        normal_port(mapping, same_host_port);
    }
    json_t *capabilities =
        sw_json_object(sw_json_object(container, "linuxParameters"), "capabilities");
    sort_texts(json_object_get(capabilities, "add"));
    sort_texts(json_object_get(capabilities, "drop"));
}

json_t *ecs_taskdef_normal(const json_t *definition)
{
    json_t *normal = json_deep_copy(definition);
    const char *mode = sw_json_str(normal, "networkMode", "");
    bool same_host_port = strcmp(mode, "awsvpc") == 0 || strcmp(mode, "host") == 0;
    normal_size(normal, "cpu");
    normal_size(normal, "memory");
    sort_texts(json_object_get(normal, "requiresCompatibilities"));
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach(json_object_get(normal, "containerDefinitions"), index, container)
    {
        normal_container(container, same_host_port);
    }
    prune(normal);
    return normal;
}
