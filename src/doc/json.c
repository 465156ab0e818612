#include <slipway/json.h>

#include <slipway/alloc.h>

/* The widest indent that jansson knows. */
enum { INDENT_MAX = 31 };

static int dump_chunk(const char *data, size_t len, void *ctx)
{
    struct sw_buf *out = ctx;
    sw_buf_add(out, data, len);
    return 0;
}

/*
 * jansson ends most messages with the text it stumbled over. That text may be part of a password
 * in a malformed config.json, and line and column say where it is, so it is cut off. The name of a
 * duplicate key is worth keeping.
 */
static struct sw_str error_text(const json_error_t *error)
{
    struct sw_str text = sw_str(error->text);
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return text;
    case json_error_null_character:
        return SW_STR("\\u0000 is not allowed");
    default:
        break;
    }
    ptrdiff_t near = sw_str_find_str(text, SW_STR(" near "));
    return near < 0 ? text : sw_str_first(text, (size_t)near);
}

enum sw_status sw_json_parse(struct sw_str text, const char *where, json_t **ret,
                             struct sw_err *err)
{
    if (text.len > SW_JSON_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: larger than %zu MiB", where, SW_JSON_MAX >> 20u);
    }
    if (sw_str_trim(text).len == 0) {
        return sw_fail(err, SW_E_INPUT, "%s: empty, expected JSON", where);
    }
    json_error_t error = { .line = 0 };
    json_t *value =
        json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value) {
        return sw_fail(err, SW_E_INPUT, "%s:%d:%d: %.*s", where, error.line, error.column,
                       SW_STR_ARG(error_text(&error)));
    }
    *ret = value;
    return SW_OK;
}

void sw_json_dump(const json_t *value, int indent, struct sw_buf *out)
{
    size_t width = indent > INDENT_MAX ? INDENT_MAX : (size_t)(indent < 0 ? 0 : indent);
    size_t flags = width ? JSON_INDENT(width) : JSON_COMPACT;
    /* It fails only for a value that contains itself, which is our own mistake; then nothing more
     * is appended, as with an overflowing buffer. */
    if (json_dump_callback(value, dump_chunk, out, flags | JSON_ENCODE_ANY) != 0) {
        out->overflowed = true;
    }
}

const char *sw_json_str(const json_t *object, const char *key, const char *fallback)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : fallback;
}

int64_t sw_json_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

int64_t sw_json_count(const json_t *object, const char *key, int64_t fallback)
{
    int64_t value = sw_json_int(object, key, fallback);
    return value >= 0 && value <= INT32_MAX ? value : fallback;
}

double sw_json_number(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

int64_t sw_json_time_ms(const json_t *object, const char *key)
{
    static const double end_s = 253402300800.0; /* 10000-01-01 */
    double seconds = sw_json_number(object, key, 0);
    return seconds > 0 && seconds < end_s ? (int64_t)(seconds * 1000) : 0;
}

bool sw_json_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *sw_json_array(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_array(value) ? value : NULL;
}

json_t *sw_json_find(const json_t *list, const char *key, const char *text)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (strcmp(sw_json_str(item, key, ""), text) == 0) {
            return item;
        }
    }
    return NULL;
}

bool sw_json_are_texts(const json_t *list)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return json_array_size(list) > 0;
}

json_t *sw_json_object(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_object(value) ? value : NULL;
}

const char *sw_json_type_name(const json_t *value)
{
    if (!value) {
        return "null";
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "real";
    case JSON_TRUE:
    case JSON_FALSE:
        return "boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* What each field kind is called in errors. */
static const char *kind_name(enum sw_json_kind kind)
{
    static const char *const names[] = {
        [SW_JSON_STR] = "a string",    [SW_JSON_INT] = "an integer",
        [SW_JSON_NUMBER] = "a number", [SW_JSON_BOOL] = "true or false",
        [SW_JSON_ARRAY] = "an array",  [SW_JSON_OBJECT] = "an object",
    };
    return names[kind];
}

/* The same for what was found. */
static const char *found_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a real number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* Stores `value` at `slot` when it has the type that `kind` asks for. */
static bool store(json_t *value, enum sw_json_kind kind, void *slot)
{
    switch (kind) {
    case SW_JSON_STR:
        if (json_is_string(value)) {
            *(const char **)slot = json_string_value(value);
            return true;
        }
        return false;
    case SW_JSON_INT:
        if (json_is_integer(value)) {
            *(int64_t *)slot = (int64_t)json_integer_value(value);
            return true;
        }
        return false;
    case SW_JSON_NUMBER:
        if (json_is_number(value)) {
            *(double *)slot = json_number_value(value);
            return true;
        }
        return false;
    case SW_JSON_BOOL:
        if (json_is_boolean(value)) {
            *(bool *)slot = json_is_true(value);
            return true;
        }
        return false;
    case SW_JSON_ARRAY:
    case SW_JSON_OBJECT:
        if (kind == SW_JSON_ARRAY ? json_is_array(value) : json_is_object(value)) {
            *(json_t **)slot = value;
            return true;
        }
        return false;
    }
    return false;
}

enum sw_status sw_json_read(const json_t *object, const char *where,
                            const struct sw_json_field *fields, size_t count, void *into,
                            struct sw_err *err)
{
    if (!json_is_object(object)) {
        return sw_fail(err, SW_E_INPUT, "%s: expected an object, found %s", where,
                       object ? found_name(object) : "nothing");
    }
    for (size_t i = 0; i < count; i++) {
        const struct sw_json_field *field = &fields[i];
        json_t *value = json_object_get(object, field->key);
        if (!value || json_is_null(value)) {
            if (field->required) {
                return sw_fail(err, SW_E_INPUT, "%s: \"%s\" is missing; expected %s", where,
                               field->key, kind_name(field->kind));
            }
            continue;
        }
        if (!store(value, field->kind, (char *)into + field->offset)) {
            return sw_fail(err, SW_E_INPUT, "%s: \"%s\" must be %s, not %s", where, field->key,
                           kind_name(field->kind), found_name(value));
        }
    }
    return SW_OK;
}
