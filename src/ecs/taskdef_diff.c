#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

/* The walk through two documents. */
struct walk {
    struct sw_taskdef_diff *diff;
    const char *owner; /* the key of the object or list that is compared; "" for the whole */
    bool secret;       /* below an environment list, or a value whose name speaks of secrets */
};

static void compare(const struct walk *walk, const char *path, json_t *from, json_t *to);

static void add(const struct walk *walk, const char *path, json_t *from, json_t *to)
{
    struct sw_taskdef_diff *diff = walk->diff;
    diff->items = sw_grow(diff->items, diff->count, &diff->capacity, sizeof(*diff->items));
    char op = '~';
    if (!from) {
        op = '+';
    } else if (!to) {
        op = '-';
    }
    diff->items[diff->count++] = (struct sw_taskdef_change){
        .op = op,
        .path = sw_xstrdup(path),
        .from = from ? json_deep_copy(from) : NULL,
        .to = to ? json_deep_copy(to) : NULL,
        .secret = walk->secret,
    };
}

bool ecs_is_secret_member(const char *owner, const char *key)
{
    static const char *const free_maps[] = { "options", "dockerLabels", "driverOpts", "labels" };
    if (strcmp(key, "environment") == 0) {
        return true;
    }
    for (size_t i = 0; i < SW_COUNT(free_maps); i++) {
        if (strcmp(owner, free_maps[i]) == 0) {
            return sw_names_secret(sw_str(key));
        }
    }
    return false;
}

static void compare_member(const struct walk *walk, const char *path, const char *key, json_t *from,
                           json_t *to)
{
    const struct walk below = { .diff = walk->diff,
                                .owner = key,
                                .secret = walk->secret || ecs_is_secret_member(walk->owner, key) };
    SW_CLEANUP(sw_free_str) char *name = sw_xasprintf("%s%s%s", path, *path ? "." : "", key);
    compare(&below, name, from, to);
}

static void compare_objects(const struct walk *walk, const char *path, json_t *from, json_t *to)
{
    const char *key = NULL;
    json_t *item = NULL;
    json_object_foreach(from, key, item)
    {
        compare_member(walk, path, key, item, json_object_get(to, key));
    }
    json_object_foreach(to, key, item)
    {
        if (!json_object_get(from, key)) {
            compare_member(walk, path, key, NULL, item);
        }
    }
}

/* The identities of all elements; false when one has none or two are the same. */
static bool identities(json_t *list, struct sw_strs *ret)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char *text = ecs_item_identity(json_array_get(list, i));
        if (!text) {
            return false;
        }
        bool known = sw_strs_has(ret, sw_str(text));
        sw_strs_take(ret, text);
        if (known) {
            return false;
        }
    }
    return true;
}

static json_t *by_identity(json_t *list, const struct sw_strs *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return json_array_get(list, i);
        }
    }
    return NULL;
}

static void compare_named(const struct walk *walk, const char *path, json_t *from, json_t *to,
                          const struct sw_strs *left, const struct sw_strs *right)
{
    for (size_t i = 0; i < left->count; i++) {
        SW_CLEANUP(sw_free_str) char *name = sw_xasprintf("%s[%s]", path, left->items[i]);
        compare(walk, name, json_array_get(from, i), by_identity(to, right, left->items[i]));
    }
    for (size_t i = 0; i < right->count; i++) {
        if (!by_identity(from, left, right->items[i])) {
            SW_CLEANUP(sw_free_str) char *name = sw_xasprintf("%s[%s]", path, right->items[i]);
            compare(walk, name, NULL, json_array_get(to, i));
        }
    }
}

static bool has_objects(json_t *list)
{
    return json_is_object(json_array_get(list, 0));
}

static void compare_arrays(const struct walk *walk, const char *path, json_t *from, json_t *to)
{
    struct sw_strs left = { .items = NULL };
    struct sw_strs right = { .items = NULL };
    bool named = identities(from, &left) && identities(to, &right);
    if (named) {
        compare_named(walk, path, from, to, &left, &right);
    } else if (has_objects(from) && has_objects(to)) {
        size_t count = json_array_size(from) > json_array_size(to) ? json_array_size(from)
                                                                   : json_array_size(to);
        for (size_t i = 0; i < count; i++) {
            SW_CLEANUP(sw_free_str) char *name = sw_xasprintf("%s[%zu]", path, i);
            compare(walk, name, json_array_get(from, i), json_array_get(to, i));
        }
    } else if (!json_equal(from, to)) {
        add(walk, path, from, to);
    }
    sw_strs_release(&left);
    sw_strs_release(&right);
}

/* Whether an absent list or map at `path` counts as an empty one, so that one variable is one line.
 */
static bool unfolds(const char *path, const json_t *present)
{
    static const char *const unfolded[] = { "environment", "secrets", "tags", "dockerLabels" };
    const char *dot = strrchr(path, '.');
    const char *key = dot ? dot + 1 : path;
    for (size_t i = 0; i < SW_COUNT(unfolded); i++) {
        if (strcmp(key, unfolded[i]) == 0) {
            return json_is_array(present) || json_is_object(present);
        }
    }
    return false;
}

/* One of the two is NULL. */
static void compare_absent(const struct walk *walk, const char *path, json_t *from, json_t *to)
{
    json_t *present = from ? from : to;
    if (!unfolds(path, present)) {
        add(walk, path, from, to);
        return;
    }
    json_auto_t *empty = json_is_array(present) ? json_array() : json_object();
    compare(walk, path, from ? from : empty, to ? to : empty);
}

static void compare(const struct walk *walk, const char *path, json_t *from, json_t *to)
{
    if (!from || !to) {
        compare_absent(walk, path, from, to);
    } else if (json_typeof(from) == JSON_OBJECT && json_typeof(to) == JSON_OBJECT) {
        compare_objects(walk, path, from, to);
    } else if (json_typeof(from) == JSON_ARRAY && json_typeof(to) == JSON_ARRAY) {
        compare_arrays(walk, path, from, to);
    } else if (!json_equal(from, to)) {
        add(walk, path, from, to);
    }
}

void sw_taskdef_diff(const json_t *from, const json_t *to, struct sw_taskdef_diff *ret)
{
    *ret = (struct sw_taskdef_diff){ .items = NULL };
    json_auto_t *left = ecs_taskdef_normal(from);
    json_auto_t *right = ecs_taskdef_normal(to);
    const struct walk walk = { .diff = ret, .owner = "" };
    compare(&walk, "", left, right);
}

void sw_taskdef_diff_release(struct sw_taskdef_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        free(diff->items[i].path);
        json_decref(diff->items[i].from);
        json_decref(diff->items[i].to);
    }
    free(diff->items);
    *diff = (struct sw_taskdef_diff){ .items = NULL };
}

bool sw_taskdef_equal(const json_t *a, const json_t *b, bool ignore_tags)
{
    json_auto_t *left = json_deep_copy(a);
    json_auto_t *right = json_deep_copy(b);
    if (ignore_tags) {
        (void)json_object_del(left, "tags");
        (void)json_object_del(right, "tags");
    }
    struct sw_taskdef_diff diff;
    sw_taskdef_diff(left, right, &diff);
    bool equal = diff.count == 0;
    sw_taskdef_diff_release(&diff);
    return equal;
}
