#include <slipway/yaml.h>

#include <slipway/alloc.h>

#include <math.h>

const char *sw_yaml_type_name(const struct sw_yaml *node)
{
    static const char *const names[] = {
        [SW_YAML_NULL] = "null",    [SW_YAML_BOOL] = "boolean", [SW_YAML_INT] = "integer",
        [SW_YAML_FLOAT] = "number", [SW_YAML_STR] = "string",   [SW_YAML_SEQ] = "sequence",
        [SW_YAML_MAP] = "mapping",
    };
    return names[node->type];
}

bool sw_yaml_is_scalar(const struct sw_yaml *node)
{
    return node->type != SW_YAML_SEQ && node->type != SW_YAML_MAP;
}

bool sw_yaml_is_str(const struct sw_yaml *node, const char *text)
{
    return node != NULL && node->type == SW_YAML_STR && strcmp(node->text, text) == 0;
}

/* Index of a key, or count. */
static size_t key_index(const struct sw_yaml *map, const char *key)
{
    size_t i = 0;
    while (i < map->count && strcmp(map->keys[i]->text, key) != 0) {
        i++;
    }
    return i;
}

struct sw_yaml *sw_yaml_get(const struct sw_yaml *map, const char *key)
{
    if (map == NULL || map->type != SW_YAML_MAP) {
        return NULL;
    }
    size_t i = key_index(map, key);
    return i < map->count ? map->items[i] : NULL;
}

struct sw_yaml *sw_yaml_get_key(const struct sw_yaml *map, const char *key)
{
    if (map == NULL || map->type != SW_YAML_MAP) {
        return NULL;
    }
    size_t i = key_index(map, key);
    return i < map->count ? map->keys[i] : NULL;
}

static bool scalars_equal(const struct sw_yaml *a, const struct sw_yaml *b)
{
    switch (a->type) {
    case SW_YAML_BOOL:
        return a->boolean == b->boolean;
    case SW_YAML_INT:
        return a->integer == b->integer;
    case SW_YAML_FLOAT:
        return !(a->number < b->number || a->number > b->number) &&
               isnan(a->number) == isnan(b->number);
    case SW_YAML_STR:
        return strcmp(a->text, b->text) == 0;
    default:
        return true;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by the parser. */
bool sw_yaml_equal(const struct sw_yaml *a, const struct sw_yaml *b)
{
    if (a->type != b->type || a->count != b->count) {
        return false;
    }
    if (sw_yaml_is_scalar(a)) {
        return scalars_equal(a, b);
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct sw_yaml *other =
            a->type == SW_YAML_SEQ ? b->items[i] : sw_yaml_get(b, a->keys[i]->text);
        if (other == NULL || !sw_yaml_equal(a->items[i], other)) {
            return false;
        }
    }
    return true;
}

static struct sw_yaml *scalar_from_json(struct sw_yaml_pool *pool, const json_t *json,
                                        const struct sw_yaml *at)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return sw_yaml_new_str(pool, sw_str_n(json_string_value(json), json_string_length(json)),
                               at);
    case JSON_INTEGER:
        return sw_yaml_new_int(pool, json_integer_value(json), at);
    case JSON_TRUE:
    case JSON_FALSE:
        return sw_yaml_new_bool(pool, json_is_true(json), at);
    case JSON_REAL: {
        struct sw_yaml *node = sw_yaml_new_null(pool, at);
        node->type = SW_YAML_FLOAT;
        node->number = json_real_value(json);
        return node;
    }
    default:
        return sw_yaml_new_null(pool, at);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): jansson limits the depth. */
struct sw_yaml *sw_yaml_from_json(struct sw_yaml_pool *pool, json_t *json, const struct sw_yaml *at)
{
    if (json_is_object(json)) {
        struct sw_yaml *map = sw_yaml_new_map(pool, at);
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(json, key, value)
        {
            sw_yaml_set(pool, map, key, sw_yaml_from_json(pool, value, at));
        }
        return map;
    }
    if (json_is_array(json)) {
        struct sw_yaml *seq = sw_yaml_new_seq(pool, at);
        for (size_t i = 0; i < json_array_size(json); i++) {
            sw_yaml_add(pool, seq, sw_yaml_from_json(pool, json_array_get(json, i), at));
        }
        return seq;
    }
    return scalar_from_json(pool, json, at);
}

static json_t *scalar_to_json(const struct sw_yaml *node)
{
    switch (node->type) {
    case SW_YAML_BOOL:
        return json_boolean(node->boolean);
    case SW_YAML_INT:
        return json_integer(node->integer);
    case SW_YAML_FLOAT: /* JSON has no infinity */
        return isfinite(node->number) ? json_real(node->number) : json_string(node->text);
    case SW_YAML_STR:
        return json_stringn(node->text, node->len);
    default:
        return json_null();
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by the parser. */
json_t *sw_yaml_to_json(const struct sw_yaml *node)
{
    if (sw_yaml_is_scalar(node)) {
        return scalar_to_json(node);
    }
    json_t *json = node->type == SW_YAML_MAP ? json_object() : json_array();
    for (size_t i = 0; i < node->count; i++) {
        json_t *value = sw_yaml_to_json(node->items[i]);
        int failed = node->type == SW_YAML_MAP
                         ? json_object_set_new(json, node->keys[i]->text, value)
                         : json_array_append_new(json, value);
        (void)failed; /* only running out of memory, which ends the process */
    }
    return json;
}

/* Compares the digit runs at the start of both texts as numbers. */
static int compare_digits(const char *a, const char *b)
{
    while (*a == '0') {
        a++;
    }
    while (*b == '0') {
        b++;
    }
    size_t a_len = strspn(a, "0123456789");
    size_t b_len = strspn(b, "0123456789");
    if (a_len != b_len) {
        return a_len < b_len ? -1 : 1;
    }
    return strncmp(a, b, a_len);
}

static int compare_keys(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i]) {
        i++;
    }
    if (a[i] == '\0' || b[i] == '\0') {
        return a[i] == b[i] ? 0 : (a[i] == '\0' ? -1 : 1);
    }
    if (sw_is_digit(a[i]) && sw_is_digit(b[i])) {
        size_t start = i;
        while (start > 0 && sw_is_digit(a[start - 1])) {
            start--;
        }
        int order = compare_digits(a + start, b + start);
        return order != 0 ? order : strcmp(a, b);
    }
    bool a_alpha = sw_is_alpha(a[i]);
    if (a_alpha != sw_is_alpha(b[i])) {
        /* Letters come last, except behind a number: "v1a" stands before "v1-a". */
        bool after_digit = i > 0 && sw_is_digit(a[i - 1]);
        return a_alpha == after_digit ? -1 : 1;
    }
    return strcmp(a, b);
}

static int compare_indirect(const void *a, const void *b, void *ctx)
{
    struct sw_yaml *const *keys = ctx;
    return compare_keys(keys[*(const size_t *)a]->text, keys[*(const size_t *)b]->text);
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by the parser. */
struct sw_yaml *sw_yaml_sorted(struct sw_yaml_pool *pool, struct sw_yaml *node)
{
    if (sw_yaml_is_scalar(node)) {
        return node;
    }
    struct sw_yaml *copy = sw_yaml_copy(pool, node);
    if (node->type == SW_YAML_MAP && node->count > 0) {
        size_t *order = sw_xcalloc(node->count, sizeof(*order));
        for (size_t i = 0; i < node->count; i++) {
            order[i] = i;
        }
        qsort_r(order, node->count, sizeof(*order), compare_indirect, node->keys);
        for (size_t i = 0; i < node->count; i++) {
            copy->keys[i] = node->keys[order[i]];
            copy->items[i] = node->items[order[i]];
        }
        free(order);
    }
    for (size_t i = 0; i < copy->count; i++) {
        copy->items[i] = sw_yaml_sorted(pool, copy->items[i]);
    }
    return copy;
}
