#include "request.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>
#include <slipway/fs.h>

enum { WEIGHT_MAX = 1000, BASE_MAX = 100000, PORT_MAX = 65535, LIST_MAX = 16, FIELDS_MAX = 4 };
#define REQUEST_JSON_MAX ((size_t)256 * 1024)

/* A member of a structure that is written as a text. */
struct field {
    const char *key;
    char end;    /* what ends it in our own form; 0: it goes to the end */
    int64_t max; /* of a number; 0: it is a text */
};

static const struct shape {
    const char *form;
    size_t required; /* how many of the fields must be there, from the first */
    struct field fields[FIELDS_MAX];
} shapes[] = {
    [ECS_CAPACITY_PROVIDER] = { "NAME[:WEIGHT[:BASE]], e.g. FARGATE_SPOT:1",
                                1,
                                { { "capacityProvider", ':', 0 },
                                  { "weight", ':', WEIGHT_MAX },
                                  { "base", 0, BASE_MAX } } },
    [ECS_PLACEMENT_CONSTRAINT] = { "distinctInstance or memberOf:EXPRESSION",
                                   1,
                                   { { "type", ':', 0 }, { "expression", 0, 0 } } },
    [ECS_PLACEMENT_STRATEGY] = { "random, spread:FIELD or binpack:FIELD, e.g. "
                                 "spread:attribute:ecs.availability-zone",
                                 1,
                                 { { "type", ':', 0 }, { "field", 0, 0 } } },
    [ECS_LOAD_BALANCER] = { "CONTAINER:PORT=TARGET-GROUP-ARN, e.g. web:80=arn:aws:...",
                            3,
                            { { "containerName", ':', 0 },
                              { "containerPort", '=', PORT_MAX },
                              { "targetGroupArn", 0, 0 } } },
    [ECS_SERVICE_REGISTRY] = { "ARN or CONTAINER:PORT=ARN",
                               3,
                               { { "containerName", ':', 0 },
                                 { "containerPort", '=', PORT_MAX },
                                 { "registryArn", 0, 0 } } },
};

void ecs_set_text(json_t *object, const char *key, const char *text)
{
    if (text) {
        (void)json_object_set_new(object, key, json_string(text));
    }
}

void ecs_set_switch(json_t *object, const char *key, enum sw_switch value)
{
    if (value != SW_SWITCH_UNSET) {
        (void)json_object_set_new(object, key, json_boolean(value == SW_SWITCH_ON));
    }
}

json_t *ecs_json_text(struct sw_str text)
{
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

json_t *ecs_json_list(struct sw_str text)
{
    json_t *list = json_array();
    for (struct sw_str rest = text; rest.ptr;) {
        struct sw_str piece = sw_str_trim(sw_str_cut(&rest, ','));
        if (piece.len > 0) {
            (void)json_array_append_new(list, ecs_json_text(piece));
        }
    }
    return list;
}

/* Sets the member to the text or the number in it; false when it is neither. */
static bool set_field(json_t *structure, const struct field *field, struct sw_str text)
{
    int64_t number = 0;
    if (field->max > 0) {
        if (!sw_parse_int(text, 0, field->max, &number)) {
            return false;
        }
        return json_object_set_new(structure, field->key, json_integer(number)) == 0;
    }
    return text.len > 0 && json_object_set_new(structure, field->key, ecs_json_text(text)) == 0;
}

/* Our own form. The caller's; NULL when it is none. */
static json_t *from_own_form(const struct shape *shape, struct sw_str text)
{
    json_auto_t *structure = json_object();
    size_t i = 0;
    for (; i < FIELDS_MAX && shape->fields[i].key && text.ptr; i++) {
        const struct field *field = &shape->fields[i];
        struct sw_str value = text;
        if (field->end) {
            value = sw_str_cut(&text, field->end);
        } else {
            text = (struct sw_str){ NULL, 0 };
        }
        if (!set_field(structure, field, value)) {
            return NULL;
        }
    }
    return i >= shape->required && !text.ptr ? json_incref(structure) : NULL;
}

static const struct field *field_named(const struct shape *shape, struct sw_str name)
{
    for (size_t i = 0; i < FIELDS_MAX && shape->fields[i].key; i++) {
        if (sw_str_is(name, shape->fields[i].key)) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

/* The member that "key=..." begins with; NULL when it is none. */
static const struct field *field_at(const struct shape *shape, struct sw_str text)
{
    return sw_str_find(text, '=') < 0 ? NULL : field_named(shape, sw_str_cut(&text, '='));
}

/* Where the shorthand's next "key=" begins, behind a comma; the end when there is none. */
static size_t value_end(const struct shape *shape, struct sw_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ',' && field_at(shape, sw_str_from(text, i + 1))) {
            return i;
        }
    }
    return text.len;
}

static struct sw_str without_quotes(struct sw_str text)
{
    bool quoted =
        text.len >= 2 && strchr("\"'", text.ptr[0]) && text.ptr[0] == text.ptr[text.len - 1];
    return quoted ? sw_str_n(text.ptr + 1, text.len - 2) : text;
}

/* AWS's shorthand; a value may hold commas when no member's name follows. */
static json_t *from_shorthand(const struct shape *shape, struct sw_str text)
{
    json_auto_t *structure = json_object();
    while (text.len > 0) {
        const struct field *field = field_at(shape, text);
        if (!field) {
            return NULL;
        }
        (void)sw_str_cut(&text, '=');
        size_t end = value_end(shape, text);
        if (!set_field(structure, field, without_quotes(sw_str_trim(sw_str_first(text, end))))) {
            return NULL;
        }
        text = sw_str_from(text, end + 1);
    }
    return json_incref(structure);
}

/* What is special about a kind. */
static bool finish(enum ecs_structure kind, json_t *structure)
{
    const char *target = sw_json_str(structure, "targetGroupArn", NULL);
    if (kind == ECS_LOAD_BALANCER && target && !sw_str_starts(sw_str(target), "arn:")) {
        ecs_set_text(structure, "loadBalancerName", target);
        (void)json_object_del(structure, "targetGroupArn");
    }
    return json_object_size(structure) > 0;
}

static json_t *structure_of(enum ecs_structure kind, struct sw_str text)
{
    const struct shape *shape = &shapes[kind];
    if (field_at(shape, text)) {
        return from_shorthand(shape, text);
    }
    if (kind == ECS_SERVICE_REGISTRY && sw_str_starts(text, "arn:")) {
        return json_pack("{s:o}", "registryArn", ecs_json_text(text));
    }
    return from_own_form(shape, text);
}

/* A JSON structure or a list of them, appended to `list`. */
static enum sw_status add_json(json_t *list, const char *option, struct sw_str text,
                               struct sw_err *err)
{
    json_auto_t *value = NULL;
    if (sw_json_parse(text, option, &value, err) != SW_OK) {
        return err->status;
    }
    if (json_is_object(value)) {
        (void)json_array_append(list, value);
        return SW_OK;
    }
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        if (!json_is_object(item)) {
            return sw_fail(err, SW_E_INPUT, "%s: entry %zu of the JSON list is no object", option,
                           index + 1);
        }
        (void)json_array_append(list, item);
    }
    return SW_OK;
}

static enum sw_status add_structure(json_t *list, enum ecs_structure kind, const char *option,
                                    const char *text, struct sw_err *err)
{
    struct sw_str trimmed = sw_str_trim(sw_str(text));
    if (sw_str_starts(trimmed, "{") || sw_str_starts(trimmed, "[")) {
        return add_json(list, option, trimmed, err);
    }
    json_auto_t *structure = structure_of(kind, trimmed);
    if (!structure || !finish(kind, structure)) {
        return sw_fail(err, SW_E_INPUT, "%s: expected %s, got \"%s\"", option, shapes[kind].form,
                       text);
    }
    (void)json_array_append(list, structure);
    return SW_OK;
}

enum sw_status ecs_set_structures(json_t *object, const char *key, enum ecs_structure kind,
                                  const char *option, const struct sw_strs *texts, bool can_be_none,
                                  struct sw_err *err)
{
    json_auto_t *list = json_array();
    bool none = can_be_none && texts && texts->count == 1 && strcmp(texts->items[0], "none") == 0;
    for (size_t i = 0; texts && !none && i < texts->count; i++) {
        enum sw_status status = add_structure(list, kind, option, texts->items[i], err);
        if (status != SW_OK) {
            return status;
        }
    }
    if (none || json_array_size(list) > 0) {
        (void)json_object_set(object, key, list);
    }
    return SW_OK;
}

enum sw_status ecs_set_tags(json_t *object, const char *option, const struct sw_strs *texts,
                            struct sw_err *err)
{
    struct sw_ecr_tags tags = { .items = NULL };
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && texts && i < texts->count; i++) {
        status = sw_ecr_tags_add(&tags, texts->items[i], err);
    }
    if (status == SW_OK && tags.count > 0) {
        json_t *list = json_array();
        for (size_t i = 0; i < tags.count; i++) {
            (void)json_array_append_new(list, json_pack("{s:s, s:s}", "key", tags.items[i].key,
                                                        "value", tags.items[i].value));
        }
        (void)json_object_set_new(object, "tags", list);
    }
    sw_ecr_tags_release(&tags);
    return status == SW_OK ? SW_OK : sw_wrap(err, "%s", option);
}

enum sw_status ecs_set_network(json_t *object, const struct ecs_network *network,
                               struct sw_err *err)
{
    json_auto_t *vpc = json_object();
    if (network->subnets) {
        json_t *subnets = ecs_json_list(sw_str(network->subnets));
        (void)json_object_set_new(vpc, "subnets", subnets);
        if (json_array_size(subnets) == 0 || json_array_size(subnets) > LIST_MAX) {
            return sw_fail(err, SW_E_USAGE,
                           "--subnets: expected 1 to %d subnets, e.g. subnet-1,subnet-2", LIST_MAX);
        }
    }
    if (network->security_groups) {
        (void)json_object_set_new(vpc, "securityGroups",
                                  ecs_json_list(sw_str(network->security_groups)));
    }
    if (network->public_ip != SW_SWITCH_UNSET) {
        ecs_set_text(vpc, "assignPublicIp",
                     network->public_ip == SW_SWITCH_ON ? "ENABLED" : "DISABLED");
    }
    if (json_object_size(vpc) > 0) {
        (void)json_object_set_new(object, "networkConfiguration",
                                  json_pack("{s:O}", "awsvpcConfiguration", vpc));
    }
    return SW_OK;
}

enum sw_status ecs_check_network(const json_t *definition, const char *label, bool has_network,
                                 struct sw_err *err)
{
    bool awsvpc = strcmp(sw_json_str(definition, "networkMode", ""), "awsvpc") == 0;
    if (awsvpc && !has_network) {
        return sw_fail(err, SW_E_USAGE,
                       "task definition %s has the network mode awsvpc: give --subnets (and "
                       "--security-groups)",
                       label);
    }
    if (!awsvpc && has_network) {
        return sw_fail(
            err, SW_E_USAGE,
            "task definition %s has not the network mode awsvpc: leave out --subnets (in "
            "the orb, run_task has awsvpc: false for that)",
            label);
    }
    return SW_OK;
}

enum sw_status ecs_json_option(const char *option, const char *text, const char *example,
                               json_t **ret, struct sw_err *err)
{
    json_auto_t *value = NULL;
    struct sw_buf file SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_str json = sw_str(text);
    sw_buf_init(&file, REQUEST_JSON_MAX);
    if (text[0] == '@') {
        if (sw_fs_read_input(text + 1, &file, err) != SW_OK) {
            return sw_wrap(err, "%s", option);
        }
        json = sw_buf_str(&file);
    }
    if (sw_json_parse(json, option, &value, err) != SW_OK) {
        return err->status;
    }
    if (!json_is_object(value)) {
        return sw_fail(err, SW_E_INPUT, "%s: expected an object such as %s", option, example);
    }
    *ret = json_incref(value);
    return SW_OK;
}

char *ecs_client_token(const struct sw_env *env)
{
    return sw_xasprintf("slipway-%011llx-%08x%08x",
                        (unsigned long long)sw_env_wall_ms(env) & 0xfffffffffff,
                        sw_env_random(env, UINT32_MAX), sw_env_random(env, UINT32_MAX));
}
