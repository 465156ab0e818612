#include "change_rule.h"
#include "ecs.h"

#include <slipway/alloc.h>

#include <stdarg.h>
#include <stdio.h>

/* One apply call. */
struct edit {
    json_t *definition;
    const char *label;
    struct sw_strs *notes;
    struct sw_err *err;
};

static void note(const struct edit *edit, const char *fmt, ...) SW_PRINTF(2, 3);

static void note(const struct edit *edit, const char *fmt, ...)
{
    char line[SW_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    sw_strs_take(edit->notes, sw_xstrdup(line));
}

/* "container "web"" or "task definition kim:1": whose part the change is about. The caller's. */
static char *owner_text(const struct edit *edit, const struct sw_change *change)
{
    return change->container ? sw_xasprintf("container \"%s\"", change->container)
                             : sw_xasprintf("task definition %s", edit->label);
}

static void note_absent(const struct edit *edit, const struct sw_change *change, const char *name)
{
    const char *noun = ecs_change_rule(change->kind)->noun;
    SW_CLEANUP(sw_free_str) char *owner = owner_text(edit, change);
    if (noun) {
        note(edit, "%s has no %s \"%s\" to remove", owner, noun, name);
    }
}

json_t *sw_taskdef_container(const json_t *definition, const char *name)
{
    const json_t *containers = sw_json_array(definition, "containerDefinitions");
    return json_array_get(containers, ecs_find_item(containers, name));
}

static enum sw_status unknown_container(const struct edit *edit, const char *name)
{
    (void)sw_fail(edit->err, SW_E_INPUT, "container \"%s\" is not in task definition %s; ", name,
                  edit->label);
    size_t index = 0;
    const json_t *container = NULL;
    const json_t *containers = json_object_get(edit->definition, "containerDefinitions");
    (void)sw_append(edit->err, json_array_size(containers) ? "it has: " : "it has no containers");
    json_array_foreach(containers, index, container)
    {
        (void)sw_append(edit->err, "%s%s", index ? ", " : "", sw_json_str(container, "name", "?"));
    }
    return edit->err->status;
}

static void set_image(const struct edit *edit, json_t *container, const struct sw_change *change)
{
    const char *old = sw_json_str(container, "image", "");
    struct sw_image_parts parts = sw_image_split(sw_str(old));
    struct sw_buf image;
    sw_buf_init(&image, SW_BUF_TEXT_MAX);
    if (change->kind == SW_CHANGE_IMAGE_TAG) {
        sw_buf_add_str(&image, parts.name);
        sw_buf_add_char(&image, ':');
    }
    sw_buf_add_cstr(&image, change->value);
    if (change->kind == SW_CHANGE_IMAGE_NAME && parts.tag.len > 0) {
        sw_buf_add_char(&image, ':');
        sw_buf_add_str(&image, parts.tag);
    }
    if (change->kind != SW_CHANGE_IMAGE && parts.digest.len > 0) {
        note(edit, "container \"%s\": the digest @%.*s of the present image is dropped",
             sw_json_str(container, "name", "?"), SW_STR_ARG(parts.digest));
    }
    (void)json_object_set_new(container, "image", json_string(image.ptr));
    sw_buf_release(&image);
}

/* The list `key` of the object, made when it is missing; borrowed. */
static json_t *list_of(json_t *owner, const char *key)
{
    json_t *list = sw_json_array(owner, key);
    if (!list) {
        list = json_array();
        (void)json_object_set_new(owner, key, list);
    }
    return list;
}

/* Removes every item of that identity from `start` on; returns whether there was one. */
static bool remove_items(json_t *list, const char *identity, size_t start)
{
    bool removed = false;
    for (size_t i = json_array_size(list); i > start; i--) {
        SW_CLEANUP(sw_free_str) char *own = ecs_item_identity(json_array_get(list, i - 1));
        const char *name = own ? own : sw_json_str(json_array_get(list, i - 1), "value", "");
        if (strcmp(name, identity) == 0) {
            (void)json_array_remove(list, i - 1);
            removed = true;
        }
    }
    return removed;
}

/*
 * Puts the item in the place of the one that has its identity, or its members into that one, or at
 * the end. Later ones of the same identity go: it is unique.
 */
static void put_item(json_t *list, json_t *item, bool merge)
{
    SW_CLEANUP(sw_free_str) char *own = ecs_item_identity(item);
    const char *identity = own ? own : sw_json_str(item, "value", "");
    size_t index = ecs_find_item(list, identity);
    json_t *present = json_array_get(list, index);
    if (!present) {
        json_auto_t *copy = json_deep_copy(item);
        (void)json_array_append(list, copy);
    } else if (merge) {
        json_auto_t *copy = json_deep_copy(item);
        (void)json_object_update(present, copy);
    } else {
        (void)json_array_set_new(list, index, json_deep_copy(item));
    }
    (void)remove_items(list, identity, index + 1);
}

static void set_variable(const struct edit *edit, json_t *container, const struct sw_change *change)
{
    bool secret = change->kind == SW_CHANGE_SECRET;
    json_t *other = sw_json_array(container, secret ? "environment" : "secrets");
    if (remove_items(other, change->name, 0)) {
        note(edit, "container \"%s\": \"%s\" was a%s and becomes a%s", change->container,
             change->name, secret ? "n environment variable" : " secret",
             secret ? " secret" : "n environment variable");
    }
    json_auto_t *item = json_pack("{s:s, s:s}", "name", change->name,
                                  secret ? "valueFrom" : "value", change->value);
    put_item(list_of(container, secret ? "secrets" : "environment"), item, true);
}

static void remove_variable(const struct edit *edit, json_t *container,
                            const struct sw_change *change)
{
    bool secret = change->kind == SW_CHANGE_SECRET_REMOVE;
    json_t *list = sw_json_array(container, secret ? "secrets" : "environment");
    if (!remove_items(list, change->name, 0)) {
        note_absent(edit, change, change->name);
    }
}

/*
 * The object at a path of members separated by '.', with the missing ones made; with `last` all but
 * the last member, which it returns through `last`. Without `make` NULL when one is missing.
 */
static json_t *object_at(json_t *owner, const char *path, bool make, const char **last)
{
    struct sw_str rest = sw_str(path);
    while (rest.ptr && rest.len > 0) {
        const char *start = rest.ptr;
        SW_CLEANUP(sw_free_str) char *key = sw_str_dup(sw_str_cut(&rest, '.'));
        if (last && !rest.ptr) {
            *last = start;
            return owner;
        }
        json_t *below = sw_json_object(owner, key);
        if (!below && !make) {
            return NULL;
        }
        if (!below) {
            below = json_object();
            (void)json_object_set_new(owner, key, below);
        }
        owner = below;
    }
    return owner;
}

static void set_member(json_t *owner, const char *path, json_t *value)
{
    const char *last = path;
    json_t *object = object_at(owner, path, true, &last);
    (void)json_object_set_new(object, last, json_deep_copy(value));
}

static void set_key(json_t *owner, const char *path, const struct sw_change *change)
{
    json_t *object = object_at(owner, path, true, NULL);
    (void)json_object_set_new(object, change->name,
                              change->json ? json_deep_copy(change->json)
                                           : json_string(change->value));
}

static void remove_key(const struct edit *edit, json_t *owner, const char *path,
                       const struct sw_change *change)
{
    json_t *object = object_at(owner, path, false, NULL);
    if (json_object_del(object, change->name) != 0) {
        note_absent(edit, change, change->name);
    }
}

static void remove_item(const struct edit *edit, json_t *owner, const char *path,
                        const struct sw_change *change)
{
    const char *identity = json_string_value(change->json);
    if (!remove_items(sw_json_array(owner, path), identity, 0)) {
        note_absent(edit, change, identity);
    }
}

static enum sw_status apply_change(const struct edit *edit, json_t *owner,
                                   const struct sw_change *change)
{
    const struct ecs_change_rule *rule = ecs_change_rule(change->kind);
    switch (rule->op) {
    case ECS_OP_IMAGE:
        set_image(edit, owner, change);
        break;
    case ECS_OP_VARIABLE:
        set_variable(edit, owner, change);
        break;
    case ECS_OP_VARIABLE_REMOVE:
        remove_variable(edit, owner, change);
        break;
    case ECS_OP_SET:
        set_member(owner, rule->path, change->json);
        break;
    case ECS_OP_SET_KEY:
        set_key(owner, rule->path, change);
        break;
    case ECS_OP_REMOVE_KEY:
        remove_key(edit, owner, rule->path, change);
        break;
    case ECS_OP_MERGE:
    case ECS_OP_REPLACE:
        put_item(list_of(owner, rule->path), change->json, rule->op == ECS_OP_MERGE);
        break;
    case ECS_OP_REMOVE_ITEM:
        remove_item(edit, owner, rule->path, change);
        break;
    case ECS_OP_POINTER_SET:
        return ecs_pointer_set(edit->definition, change, edit->notes, edit->err);
    case ECS_OP_POINTER_UNSET:
        return ecs_pointer_unset(edit->definition, change, edit->notes, edit->err);
    }
    return SW_OK;
}

/* A tag edit needs a name to put the tag on: an image that a file left out cannot get one. */
static enum sw_status check_image_edit(const struct edit *edit, const json_t *container,
                                       const struct sw_change *change)
{
    if (change->kind == SW_CHANGE_IMAGE_TAG && !*sw_json_str(container, "image", "")) {
        return sw_fail(edit->err, SW_E_INPUT,
                       "container \"%s\" of task definition %s has no image whose tag could be "
                       "changed; give the whole image",
                       sw_json_str(container, "name", "?"), edit->label);
    }
    return SW_OK;
}

/* The container of an image that names none, which people are told. */
static json_t *find_container(const struct edit *edit, const struct sw_change *change)
{
    json_t *owner = ecs_image_owner(edit->definition, change, edit->label, edit->err);
    if (owner) {
        note(edit, "the image goes to container \"%s\" of task definition %s",
             sw_json_str(owner, "name", "?"), edit->label);
    }
    return owner;
}

enum sw_status sw_taskdef_apply(json_t *definition, const struct sw_changes *changes,
                                const char *label, struct sw_strs *notes, struct sw_err *err)
{
    const struct edit edit = {
        .definition = definition, .label = label, .notes = notes, .err = err
    };
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < changes->count; i++) {
        const struct sw_change *change = &changes->items[i];
        json_t *owner = definition;
        if (change->container) {
            owner = sw_taskdef_container(definition, change->container);
            status = owner ? SW_OK : unknown_container(&edit, change->container);
        } else if (ecs_change_rule(change->kind)->op == ECS_OP_IMAGE) {
            owner = find_container(&edit, change);
            status = owner ? SW_OK : err->status;
        }
        if (status == SW_OK) {
            status = check_image_edit(&edit, owner, change);
        }
        if (status == SW_OK) {
            status = apply_change(&edit, owner, change);
        }
    }
    return status;
}
