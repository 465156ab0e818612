#include "ecs.h"
#include "taskdef_type.h"

#include <slipway/alloc.h>

/* JSON pointers into task definitions: RFC 6901, and names for the elements of lists. */

#define POINTER_MAX ((size_t)4096)

/* A place: what holds it, and the last token, which says where in there. */
struct place {
    const struct sw_change *change;
    struct sw_strs *notes;
    struct sw_err *err;
    const struct ecs_type *type; /* of `parent`; NULL when ECS documents none */
    json_t *parent;              /* an object or a list; borrowed */
    char *token;                 /* owned */
    char *path;                  /* owned; the pointer up to `parent`, for messages */
};

static void place_release(struct place *place)
{
    free(place->token);
    free(place->path);
}

static enum sw_status fail_at(const struct place *place, const char *problem)
{
    return sw_fail(place->err, SW_E_INPUT, "pointer \"%s\": %s", place->change->name, problem);
}

/* ~1 is '/', ~0 is '~'; false for any other '~'. */
static bool unescape(struct sw_str text, char **ret)
{
    struct sw_buf out;
    sw_buf_init(&out, POINTER_MAX);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '~') {
            char next = '\0';
            if (i + 1 < text.len) {
                next = text.ptr[++i];
            }
            if (next != '0' && next != '1') {
                sw_buf_release(&out);
                return false;
            }
            if (next == '0') {
                c = '~';
            } else {
                c = '/';
            }
        }
        sw_buf_add_char(&out, c);
    }
    *ret = sw_buf_take(&out);
    return true;
}

/* The index that the token means; the list's size when it means no element. */
static size_t list_index(const json_t *list, const char *token)
{
    int64_t number = 0;
    struct sw_str text = sw_str(token);
    bool zero_first = text.len > 1 && text.ptr[0] == '0';
    if (!zero_first && sw_parse_int(text, 0, INT32_MAX, &number)) {
        size_t size = json_array_size(list);
        return (size_t)number < size ? (size_t)number : size;
    }
    return ecs_find_item(list, token);
}

static const struct ecs_type *type_below(const struct place *place)
{
    if (json_is_array(place->parent)) {
        return place->type && place->type->kind == ECS_LIST ? place->type->item : NULL;
    }
    return ecs_type_member(place->type, place->token);
}

/* What is at the place; NULL when nothing is. */
static json_t *value_at(const struct place *place)
{
    return json_is_array(place->parent)
               ? json_array_get(place->parent, list_index(place->parent, place->token))
               : json_object_get(place->parent, place->token);
}

static enum sw_status nothing_there(const struct place *place)
{
    (void)sw_fail(place->err, SW_E_INPUT, "pointer \"%s\": \"%s\" is not in %s",
                  place->change->name, place->token,
                  *place->path ? place->path : "the task definition");
    ecs_append_known(place->parent, place->err);
    return place->err->status;
}

/* A documented object or list that is missing, made so that something can be put into it. */
static json_t *make_below(const struct place *place)
{
    const struct ecs_type *type = type_below(place);
    bool can_hold = type && type->kind >= ECS_LIST;
    if (!can_hold || json_is_array(place->parent)) {
        return NULL;
    }
    json_t *value = type->kind == ECS_LIST ? json_array() : json_object();
    (void)json_object_set_new(place->parent, place->token, value);
    return value;
}

/* Goes one step down, to where `next` is looked for. */
static enum sw_status descend(struct place *place, char *next, bool make)
{
    json_t *below = value_at(place);
    if (!below && make) {
        below = make_below(place);
    }
    if (!below) {
        free(next);
        return nothing_there(place);
    }
    if (!json_is_object(below) && !json_is_array(below)) {
        free(next);
        return sw_fail(place->err, SW_E_INPUT, "pointer \"%s\": %s/%s is %s, which has no members",
                       place->change->name, place->path, place->token, sw_json_type_name(below));
    }
    char *path = sw_xasprintf("%s/%s", place->path, place->token);
    place->type = type_below(place);
    place->parent = below;
    free(place->path);
    free(place->token);
    place->path = path;
    place->token = next;
    return SW_OK;
}

/* Finds the place that the pointer of the change names; with `make`, what leads to it is made. */
static enum sw_status find_place(struct place *place, bool make)
{
    struct sw_str rest = sw_str(place->change->name);
    if (rest.len < 2 || rest.ptr[0] != '/' || rest.len > POINTER_MAX) {
        return fail_at(place, "a pointer begins with '/', e.g. /containerDefinitions/web/cpu");
    }
    rest = sw_str_from(rest, 1);
    while (rest.ptr) {
        char *token = NULL;
        if (!unescape(sw_str_cut(&rest, '/'), &token)) {
            return fail_at(place, "behind '~' comes 0 (for ~) or 1 (for /)");
        }
        if (!place->token) {
            place->token = token;
            continue;
        }
        enum sw_status status = descend(place, token, make);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* The value as the type that the API wants; values may be secret, so they are not quoted. */
static enum sw_status read_value(const struct place *place, const struct ecs_type *type,
                                 json_t **ret)
{
    struct sw_str text = sw_str(place->change->value);
    struct sw_err ignored = SW_ERR_INIT;
    bool structured = !type || type->kind >= ECS_LIST;
    if (!structured || sw_json_parse(text, "value", ret, &ignored) != SW_OK) {
        *ret = json_stringn(text.ptr, text.len);
    }
    if (!ecs_type_convert(type, ret)) {
        (void)sw_fail(place->err, SW_E_INPUT, "pointer \"%s\": the value is not %s%s",
                      place->change->name, ecs_type_expected(type), structured ? " in JSON" : "");
        return place->err->status;
    }
    enum sw_status status =
        type ? ecs_type_convert_all(type, *ret, place->change->name, place->notes, place->err)
             : SW_OK;
    return status;
}

static enum sw_status put_in_list(const struct place *place, json_t *value)
{
    json_t *list = place->parent;
    size_t size = json_array_size(list);
    size_t index = list_index(list, place->token);
    if (index < size) {
        (void)json_array_set(list, index, value);
        return SW_OK;
    }
    SW_CLEANUP(sw_free_str) char *next = sw_xasprintf("%zu", size);
    if (strcmp(place->token, "-") != 0 && strcmp(place->token, next) != 0) {
        (void)nothing_there(place);
        return sw_append(place->err, "; \"-\" appends");
    }
    (void)json_array_append(list, value);
    return SW_OK;
}

static enum sw_status put(const struct place *place)
{
    json_auto_t *value = NULL;
    const struct ecs_type *type = type_below(place);
    if (json_is_object(place->parent) && !type && place->type) {
        enum sw_status status = ecs_type_name_unknown(
            place->type, place->token, place->change->name, place->notes, place->err);
        if (status != SW_OK) {
            return status;
        }
    }
    enum sw_status status = read_value(place, type, &value);
    if (status != SW_OK) {
        return status;
    }
    if (json_is_array(place->parent)) {
        return put_in_list(place, value);
    }
    (void)json_object_set(place->parent, place->token, value);
    return SW_OK;
}

static enum sw_status take(const struct place *place)
{
    if (!value_at(place)) {
        if (json_is_array(place->parent) || !type_below(place)) {
            return nothing_there(place);
        }
        sw_strs_take(place->notes, sw_xasprintf("there is no %s to remove", place->change->name));
        return SW_OK;
    }
    if (json_is_array(place->parent)) {
        (void)json_array_remove(place->parent, list_index(place->parent, place->token));
    } else {
        (void)json_object_del(place->parent, place->token);
    }
    return SW_OK;
}

static enum sw_status change_at(json_t *definition, const struct sw_change *change, bool set,
                                struct sw_strs *notes, struct sw_err *err)
{
    struct place place = { .change = change,
                           .notes = notes,
                           .err = err,
                           .type = &ecs_taskdef_type,
                           .parent = definition,
                           .path = sw_xstrdup("") };
    enum sw_status status = find_place(&place, set);
    if (status == SW_OK) {
        status = set ? put(&place) : take(&place);
    }
    place_release(&place);
    return status;
}

enum sw_status ecs_pointer_set(json_t *definition, const struct sw_change *change,
                               struct sw_strs *notes, struct sw_err *err)
{
    return change_at(definition, change, true, notes, err);
}

enum sw_status ecs_pointer_unset(json_t *definition, const struct sw_change *change,
                                 struct sw_strs *notes, struct sw_err *err)
{
    return change_at(definition, change, false, notes, err);
}
