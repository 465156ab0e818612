#include "ecs.h"

#include <slipway/alloc.h>

enum { KNOWN_SHOWN = 20 };

/* A port mapping may have a name, but is told apart by its port. */
static char *port_identity(const json_t *item)
{
    const json_t *port = json_object_get(item, "containerPort");
    const char *range = sw_json_str(item, "containerPortRange", NULL);
    const char *protocol = sw_json_str(item, "protocol", "tcp");
    if (json_is_integer(port)) {
        return sw_xasprintf("%lld/%s", (long long)json_integer_value(port), protocol);
    }
    return range ? sw_xasprintf("%s/%s", range, protocol) : NULL;
}

char *ecs_item_identity(const json_t *item)
{
    static const char *const keys[] = { "name",          "key",      "containerPath",  "namespace",
                                        "containerName", "hostname", "sourceContainer" };
    char *port = port_identity(item);
    if (port) {
        return port;
    }
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        const char *text = sw_json_str(item, keys[i], NULL);
        if (text) {
            return sw_xstrdup(text);
        }
    }
    return NULL;
}

size_t ecs_find_item(const json_t *list, const char *identity)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        SW_CLEANUP(sw_free_str) char *own = ecs_item_identity(item);
        const char *name = own ? own : sw_json_str(item, "value", NULL);
        if (name && strcmp(name, identity) == 0) {
            return index;
        }
    }
    return index;
}

static void append_name(size_t *count, const char *name, struct sw_err *err)
{
    if (*count < KNOWN_SHOWN) {
        (void)sw_append(err, "%s%s", *count ? ", " : "; it has: ", name);
    } else if (*count == KNOWN_SHOWN) {
        (void)sw_append(err, ", ...");
    }
    (*count)++;
}

void ecs_append_known(json_t *value, struct sw_err *err)
{
    size_t count = 0;
    size_t index = 0;
    const char *key = NULL;
    json_t *member = NULL;
    const json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        SW_CLEANUP(sw_free_str) char *name = ecs_item_identity(item);
        SW_CLEANUP(sw_free_str) char *number = sw_xasprintf("%zu", index);
        append_name(&count, name ? name : number, err);
    }
    json_object_foreach(value, key, member)
    {
        append_name(&count, key, err);
    }
    if (count == 0) {
        (void)sw_append(err, "; it is empty");
    }
}
