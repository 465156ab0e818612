#include "ecs.h"
#include "taskdef_type.h"

#include <slipway/alloc.h>

#include <stdarg.h>
#include <stdio.h>

/* What DescribeTaskDefinition adds and RegisterTaskDefinition refuses. */
static const char *const read_only[] = {
    "taskDefinitionArn", "revision",     "status",         "requiresAttributes", "compatibilities",
    "registeredAt",      "registeredBy", "deregisteredAt", "deleteRequestedAt",
};

enum { PATH_MAX_BYTES = 512 };

/* A document being read, for messages. */
struct shape {
    enum sw_taskdef_origin origin;
    const char *where;
    struct sw_err *err;
};

static enum sw_status bad_shape(const struct shape *shape, const char *fmt, ...) SW_PRINTF(2, 3);

static enum sw_status bad_shape(const struct shape *shape, const char *fmt, ...)
{
    char text[PATH_MAX_BYTES + 512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return sw_fail(shape->err, shape->origin == SW_TASKDEF_FILE ? SW_E_INPUT : SW_E_UNAVAILABLE,
                   "%s: %s", shape->where, text);
}

/*
 * Removes null members of objects, at every depth; a null element of an array has no meaning and
 * is refused with its path.
 */
static enum sw_status drop_nulls(const struct shape *shape, json_t *value, const char *path)
{
    char below[PATH_MAX_BYTES];
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        (void)snprintf(below, sizeof(below), "%s[%zu]", path, index);
        if (json_is_null(item)) {
            return bad_shape(shape, "%s is null; remove it or give it a value", below);
        }
        enum sw_status status = drop_nulls(shape, item, below);
        if (status != SW_OK) {
            return status;
        }
    }
    const char *key = NULL;
    void *next = NULL;
    json_object_foreach_safe(value, next, key, item)
    {
        if (json_is_null(item)) {
            (void)json_object_del(value, key);
            continue;
        }
        (void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
        enum sw_status status = drop_nulls(shape, item, below);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* Refuses the spelling of CloudFormation (ContainerDefinitions) and Terraform by name. */
static enum sw_status check_spelling(const struct shape *shape, json_t *object)
{
    const char *key = NULL;
    json_t *item = NULL;
    json_object_foreach(object, key, item)
    {
        if (key[0] >= 'A' && key[0] <= 'Z') {
            return bad_shape(shape,
                             "\"%s\" is CloudFormation's spelling; a task definition is written as "
                             "in the ECS API, e.g. \"containerDefinitions\" (aws ecs "
                             "describe-task-definition prints that form)",
                             key);
        }
        if (strchr(key, '_')) {
            return bad_shape(shape,
                             "\"%s\" is Terraform's spelling; a task definition is written as in "
                             "the ECS API, e.g. \"containerDefinitions\" (aws ecs "
                             "describe-task-definition prints that form)",
                             key);
        }
    }
    return SW_OK;
}

static enum sw_status check_containers(const struct shape *shape, const json_t *definition)
{
    const json_t *containers = json_object_get(definition, "containerDefinitions");
    if (!json_is_array(containers)) {
        return bad_shape(shape, "\"containerDefinitions\" is %s; expected an array of containers",
                         containers ? sw_json_type_name(containers) : "missing");
    }
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach(containers, index, container)
    {
        if (!json_is_object(container)) {
            return bad_shape(shape, "containerDefinitions[%zu] is no object", index);
        }
        if (shape->origin == SW_TASKDEF_FILE) {
            enum sw_status status = check_spelling(shape, container);
            if (status != SW_OK) {
                return status;
            }
        }
        if (!json_is_string(json_object_get(container, "name"))) {
            return bad_shape(shape, "containerDefinitions[%zu] has no \"name\"", index);
        }
    }
    return SW_OK;
}

static bool reserved_tag(const json_t *tag)
{
    struct sw_str key = sw_str(sw_json_str(tag, "key", ""));
    return sw_str_eq_nocase(sw_str_first(key, 4), SW_STR("aws:"));
}

/* Puts the tags beside or inside the definition where register wants them, without AWS's own. */
static enum sw_status hoist_tags(const struct shape *shape, const json_t *wrapper,
                                 json_t *definition)
{
    const json_t *tags = json_object_get(definition, "tags");
    if (!tags) {
        tags = json_object_get(wrapper, "tags");
    }
    if (!tags || json_is_null(tags)) {
        return SW_OK;
    }
    if (!json_is_array(tags)) {
        return bad_shape(shape, "\"tags\" is %s; expected an array", sw_json_type_name(tags));
    }
    json_auto_t *kept = json_array();
    size_t index = 0;
    json_t *tag = NULL;
    json_array_foreach(tags, index, tag)
    {
        if (!reserved_tag(tag)) {
            (void)json_array_append(kept, tag);
        }
    }
    if (json_array_size(kept) == 0) {
        (void)json_object_del(definition, "tags");
    } else {
        (void)json_object_set(definition, "tags", kept);
    }
    return SW_OK;
}

/* Finds the definition in the document: itself, or its "taskDefinition". */
static enum sw_status find_definition(const struct shape *shape, const json_t *document,
                                      const json_t **ret)
{
    if (!json_is_object(document)) {
        return bad_shape(shape, "the document is %s; expected a task definition object",
                         document ? sw_json_type_name(document) : "empty");
    }
    const json_t *inner = json_object_get(document, "taskDefinition");
    *ret = inner ? inner : document;
    if (!json_is_object(*ret)) {
        return bad_shape(shape, "\"taskDefinition\" is %s; expected an object",
                         sw_json_type_name(*ret));
    }
    return SW_OK;
}

/* The API's types are what people mean: "256" for cpu: 256. */
static enum sw_status convert(const struct shape *shape, json_t *definition,
                              struct sw_strs *unknown)
{
    if (ecs_type_convert_all(&ecs_taskdef_type, definition, "", unknown, shape->err) != SW_OK) {
        return sw_wrap(shape->err, "%s", shape->where);
    }
    return SW_OK;
}

enum sw_status sw_taskdef_from_document(const json_t *document, enum sw_taskdef_origin origin,
                                        const char *where, json_t **ret, struct sw_err *err)
{
    struct sw_strs unknown SW_CLEANUP(sw_strs_release) = { 0 };
    return ecs_taskdef_from_document(document, origin, where, &unknown, ret, err);
}

enum sw_status ecs_taskdef_from_document(const json_t *document, enum sw_taskdef_origin origin,
                                         const char *where, struct sw_strs *unknown, json_t **ret,
                                         struct sw_err *err)
{
    const struct shape shape = { .origin = origin, .where = where, .err = err };
    const json_t *found = NULL;
    enum sw_status status = find_definition(&shape, document, &found);
    if (status != SW_OK) {
        return status;
    }
    json_auto_t *definition = json_deep_copy(found);
    for (size_t i = 0; i < SW_COUNT(read_only); i++) {
        (void)json_object_del(definition, read_only[i]);
    }
    if (origin == SW_TASKDEF_FILE) {
        status = check_spelling(&shape, definition);
    }
    if (status == SW_OK) {
        status = hoist_tags(&shape, found == document ? NULL : document, definition);
    }
    if (status == SW_OK && origin == SW_TASKDEF_FILE) {
        status = drop_nulls(&shape, definition, "");
    }
    if (status == SW_OK) {
        status = check_containers(&shape, definition);
    }
    if (status == SW_OK && origin == SW_TASKDEF_FILE) {
        status = convert(&shape, definition, unknown);
    }
    if (status == SW_OK && !json_is_string(json_object_get(definition, "family"))) {
        status = bad_shape(&shape, "\"family\" is missing; expected the family's name");
    }
    if (status == SW_OK) {
        *ret = SW_TAKE(definition);
    }
    return status;
}
