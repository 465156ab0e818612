#include "taskdef_type.h"

#include <slipway/alloc.h>

#include <stdio.h>

enum { PATH_BYTES = 512, NEAR = 3 };

const struct ecs_type *ecs_type_member(const struct ecs_type *type, const char *name)
{
    if (!type) {
        return NULL;
    }
    if (type->kind == ECS_MAP) {
        return type->item;
    }
    for (const struct ecs_member *member = type->members; member && member->name; member++) {
        if (strcmp(member->name, name) == 0) {
            return member->type;
        }
    }
    return NULL;
}

/* The known member whose name is nearest to `name`; NULL when none is near. */
static const char *nearest_member(const struct ecs_type *type, const char *name)
{
    const char *nearest = NULL;
    size_t best = NEAR + 1;
    for (const struct ecs_member *member = type ? type->members : NULL; member && member->name;
         member++) {
        bool same = sw_str_eq_nocase(sw_str(member->name), sw_str(name));
        size_t distance = same ? 0 : sw_str_distance(sw_str(member->name), sw_str(name), best);
        if (distance < best) {
            best = distance;
            nearest = member->name;
        }
    }
    return nearest;
}

const char *ecs_type_expected(const struct ecs_type *type)
{
    switch (type->kind) {
    case ECS_TEXT:
        return "a text";
    case ECS_INT:
        return "a whole number";
    case ECS_BOOL:
        return "true or false";
    case ECS_LIST:
        return type->item->kind == ECS_TEXT ? "a list of texts" : "a list";
    case ECS_MAP:
    case ECS_OBJECT:
        break;
    }
    return "an object";
}

/* A scalar where a whole number is wanted: only plain decimals are one in every reader's eyes. */
static json_t *number_from_yaml(const struct sw_yaml *node)
{
    int64_t number = 0;
    if (node->type == SW_YAML_NULL) {
        return json_null();
    }
    bool canonical = sw_parse_int(sw_str_n(node->text, node->len), INT64_MIN, INT64_MAX, &number) &&
                     node->type == SW_YAML_INT && node->integer == number;
    return canonical ? json_integer(number) : json_stringn(node->text, node->len);
}

static json_t *list_from_yaml(const struct ecs_type *type, const struct sw_yaml *node)
{
    json_t *list = json_array();
    for (size_t i = 0; i < node->count; i++) {
        const struct ecs_type *item = type && type->kind == ECS_LIST ? type->item : NULL;
        (void)json_array_append_new(list, ecs_type_from_yaml(item, node->items[i]));
    }
    return list;
}

json_t *ecs_type_from_yaml(const struct ecs_type *type, const struct sw_yaml *node)
{
    if (node->type == SW_YAML_SEQ) {
        return list_from_yaml(type, node);
    }
    if (node->type == SW_YAML_MAP) {
        json_t *object = json_object();
        for (size_t i = 0; i < node->count; i++) {
            const char *key = node->keys[i]->text;
            (void)json_object_set_new(
                object, key, ecs_type_from_yaml(ecs_type_member(type, key), node->items[i]));
        }
        return object;
    }
    if (type && type->kind == ECS_TEXT && node->type != SW_YAML_NULL) {
        return json_stringn(node->text, node->len);
    }
    if (type && type->kind == ECS_INT) {
        return number_from_yaml(node);
    }
    return sw_yaml_to_json(node);
}

static json_t *text_of(const json_t *value)
{
    char text[32];
    if (json_is_boolean(value)) {
        return json_string(json_is_true(value) ? "true" : "false");
    }
    if (!json_is_integer(value)) {
        return NULL;
    }
    (void)snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
    return json_string(text);
}

static json_t *number_of(const json_t *value)
{
    int64_t number = 0;
    struct sw_str text =
        sw_str_n(json_string_value(value), json_is_string(value) ? json_string_length(value) : 0);
    /* A leading zero is octal to some readers and decimal to others. */
    bool zero_first = text.len > 1 && text.ptr[text.ptr[0] == '-'] == '0';
    return !zero_first && sw_parse_int(text, INT64_MIN, INT64_MAX, &number) ? json_integer(number)
                                                                            : NULL;
}

static json_t *boolean_of(const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(text, "true") == 0) {
        return json_true();
    }
    return strcmp(text, "false") == 0 ? json_false() : NULL;
}

/* A new value of that type; NULL when there is no way from one to the other. */
static json_t *converted(enum ecs_kind kind, const json_t *value)
{
    switch (kind) {
    case ECS_TEXT:
        return text_of(value);
    case ECS_INT:
        return number_of(value);
    case ECS_BOOL:
        return boolean_of(value);
    case ECS_LIST:
    case ECS_MAP:
    case ECS_OBJECT:
        break;
    }
    return NULL;
}

static bool has_kind(enum ecs_kind kind, const json_t *value)
{
    switch (kind) {
    case ECS_TEXT:
        return json_is_string(value);
    case ECS_INT:
        return json_is_integer(value);
    case ECS_BOOL:
        return json_is_boolean(value);
    case ECS_LIST:
        return json_is_array(value);
    case ECS_MAP:
    case ECS_OBJECT:
        break;
    }
    return json_is_object(value);
}

bool ecs_type_convert(const struct ecs_type *type, json_t **value)
{
    if (!type || has_kind(type->kind, *value)) {
        return true;
    }
    json_t *result = converted(type->kind, *value);
    if (!result) {
        return false;
    }
    json_decref(*value);
    *value = result;
    return true;
}

/* Values may be secrets, so only their type is told. */
static enum sw_status wrong_type(const struct ecs_type *type, const json_t *value, const char *path,
                                 struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT, "%s is %s; expected %s%s", path, sw_json_type_name(value),
                   ecs_type_expected(type),
                   type->kind == ECS_TEXT && json_is_real(value) ? ": put it in quotes" : "");
}

/* What holds the converted value gets it, when it is another one. */
static enum sw_status convert_below(const struct ecs_type *type, json_t *item, const char *path,
                                    json_t **ret, struct sw_strs *unknown, struct sw_err *err)
{
    *ret = json_incref(item);
    if (!ecs_type_convert(type, ret)) {
        return wrong_type(type, item, path, err);
    }
    return ecs_type_convert_all(type, *ret, path, unknown, err);
}

enum sw_status ecs_type_name_unknown(const struct ecs_type *type, const char *key, const char *path,
                                     struct sw_strs *unknown, struct sw_err *err)
{
    const char *nearest = nearest_member(type, key);
    if (nearest && sw_str_eq_nocase(sw_str(nearest), sw_str(key))) {
        return sw_fail(err, SW_E_INPUT, "%s: the field is spelled \"%s\"", path, nearest);
    }
    sw_strs_take(unknown, sw_xasprintf("%s is not a field that ECS documents%s%s%s; it is sent as "
                                       "it is",
                                       path, nearest ? " (\"" : "", nearest ? nearest : "",
                                       nearest ? "\" is)" : ""));
    return SW_OK;
}

static enum sw_status convert_list(const struct ecs_type *type, json_t *list, const char *path,
                                   struct sw_strs *unknown, struct sw_err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char below[PATH_BYTES];
        json_auto_t *item = NULL;
        (void)snprintf(below, sizeof(below), "%s[%zu]", path, i);
        enum sw_status status =
            convert_below(type->item, json_array_get(list, i), below, &item, unknown, err);
        if (status != SW_OK) {
            return status;
        }
        (void)json_array_set(list, i, item);
    }
    return SW_OK;
}

static enum sw_status convert_object(const struct ecs_type *type, json_t *object, const char *path,
                                     struct sw_strs *unknown, struct sw_err *err)
{
    const char *key = NULL;
    void *next = NULL;
    json_t *item = NULL;
    json_object_foreach_safe(object, next, key, item)
    {
        char below[PATH_BYTES];
        json_auto_t *result = NULL;
        const struct ecs_type *member = ecs_type_member(type, key);
        (void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
        enum sw_status status = member ? convert_below(member, item, below, &result, unknown, err)
                                       : ecs_type_name_unknown(type, key, below, unknown, err);
        if (status != SW_OK) {
            return status;
        }
        if (member) {
            (void)json_object_set(object, key, result);
        }
    }
    return SW_OK;
}

enum sw_status ecs_type_convert_all(const struct ecs_type *type, json_t *value, const char *path,
                                    struct sw_strs *unknown, struct sw_err *err)
{
    if (type && json_is_array(value)) {
        return convert_list(type, value, path, unknown, err);
    }
    if (type && json_is_object(value)) {
        return convert_object(type, value, path, unknown, err);
    }
    return SW_OK;
}
