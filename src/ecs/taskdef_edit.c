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

json_t *sw_taskdef_container(const json_t *definition, const char *name)
{
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach(json_object_get(definition, "containerDefinitions"), index, container)
    {
        if (strcmp(sw_json_str(container, "name", ""), name) == 0) {
            return container;
        }
    }
    return NULL;
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

/* The index in `list` of the object whose `key` is `name`; the list's size when there is none. */
static size_t find_named(const json_t *list, const char *key, const char *name)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (strcmp(sw_json_str(item, key, ""), name) == 0) {
            return index;
        }
    }
    return index;
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
             change->container, SW_STR_ARG(parts.digest));
    }
    (void)json_object_set_new(container, "image", json_string(image.ptr));
    sw_buf_release(&image);
}

/* Removes every entry of that name; returns whether there was one. */
static bool remove_named(json_t *container, const char *list_key, const char *name)
{
    json_t *list = sw_json_array(container, list_key);
    bool removed = false;
    size_t index = find_named(list, "name", name);
    while (index < json_array_size(list)) {
        (void)json_array_remove(list, index);
        removed = true;
        index = find_named(list, "name", name);
    }
    return removed;
}

/*
 * Sets list[name].value_key: in place when it is there, else at the end. Later entries of the same
 * name go, as names are unique.
 */
static void set_named(json_t *owner, const char *list_key, const char *name_key, const char *name,
                      const char *value_key, const char *value)
{
    json_t *list = sw_json_array(owner, list_key);
    if (!list) {
        list = json_array();
        (void)json_object_set_new(owner, list_key, list);
    }
    size_t index = find_named(list, name_key, name);
    if (index == json_array_size(list)) {
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s}", name_key, name, value_key, value));
        return;
    }
    (void)json_object_set_new(json_array_get(list, index), value_key, json_string(value));
    for (size_t later = json_array_size(list) - 1; later > index; later--) {
        if (strcmp(sw_json_str(json_array_get(list, later), name_key, ""), name) == 0) {
            (void)json_array_remove(list, later);
        }
    }
}

static void set_variable(const struct edit *edit, json_t *container, const struct sw_change *change)
{
    bool secret = change->kind == SW_CHANGE_SECRET;
    if (remove_named(container, secret ? "environment" : "secrets", change->name)) {
        note(edit, "container \"%s\": \"%s\" was a%s and becomes a%s", change->container,
             change->name, secret ? "n environment variable" : " secret",
             secret ? " secret" : "n environment variable");
    }
    set_named(container, secret ? "secrets" : "environment", "name", change->name,
              secret ? "valueFrom" : "value", change->value);
}

static void remove_variable(const struct edit *edit, json_t *container,
                            const struct sw_change *change)
{
    bool secret = change->kind == SW_CHANGE_SECRET_REMOVE;
    if (!remove_named(container, secret ? "secrets" : "environment", change->name)) {
        note(edit, "container \"%s\" has no %s \"%s\" to remove", change->container,
             secret ? "secret" : "environment variable", change->name);
    }
}

static void set_label(json_t *container, const struct sw_change *change)
{
    json_t *labels = sw_json_object(container, "dockerLabels");
    if (!labels) {
        labels = json_object();
        (void)json_object_set_new(container, "dockerLabels", labels);
    }
    (void)json_object_set_new(labels, change->name, json_string(change->value));
}

static void change_container(const struct edit *edit, json_t *container,
                             const struct sw_change *change)
{
    switch (change->kind) {
    case SW_CHANGE_IMAGE:
    case SW_CHANGE_IMAGE_NAME:
    case SW_CHANGE_IMAGE_TAG:
        set_image(edit, container, change);
        break;
    case SW_CHANGE_ENV:
    case SW_CHANGE_SECRET:
        set_variable(edit, container, change);
        break;
    case SW_CHANGE_ENV_REMOVE:
    case SW_CHANGE_SECRET_REMOVE:
        remove_variable(edit, container, change);
        break;
    case SW_CHANGE_LABEL:
        set_label(container, change);
        break;
    case SW_CHANGE_TAG:
        break;
    }
}

/* A tag edit needs a name to put the tag on: an image that a file left out cannot get one. */
static enum sw_status check_image_edit(const struct edit *edit, const json_t *container,
                                       const struct sw_change *change)
{
    if (change->kind == SW_CHANGE_IMAGE_TAG && !*sw_json_str(container, "image", "")) {
        return sw_fail(edit->err, SW_E_INPUT,
                       "container \"%s\" of task definition %s has no image whose tag could be "
                       "changed; give the whole image",
                       change->container, edit->label);
    }
    return SW_OK;
}

enum sw_status sw_taskdef_apply(json_t *definition, const struct sw_changes *changes,
                                const char *label, struct sw_strs *notes, struct sw_err *err)
{
    const struct edit edit = {
        .definition = definition, .label = label, .notes = notes, .err = err
    };
    for (size_t i = 0; i < changes->count; i++) {
        const struct sw_change *change = &changes->items[i];
        if (change->kind == SW_CHANGE_TAG) {
            set_named(definition, "tags", "key", change->name, "value", change->value);
            continue;
        }
        json_t *container = sw_taskdef_container(definition, change->container);
        if (!container) {
            return unknown_container(&edit, change->container);
        }
        enum sw_status status = check_image_edit(&edit, container, change);
        if (status != SW_OK) {
            return status;
        }
        change_container(&edit, container, change);
    }
    return SW_OK;
}
