#include <slipway/ecr.h>

#include <slipway/alloc.h>

enum { TEXT_MAX = 64 * 1024 };

void sw_ecr_tags_release(struct sw_ecr_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        free(tags->items[i].key);
        free(tags->items[i].value);
    }
    free(tags->items);
    *tags = (struct sw_ecr_tags){ 0 };
}

static enum sw_status add_tag(struct sw_ecr_tags *tags, struct sw_str key, struct sw_str value,
                              struct sw_err *err)
{
    if (key.len == 0 || sw_utf8_count(key) > SW_ECR_TAG_KEY_MAX ||
        sw_utf8_count(value) > SW_ECR_TAG_VALUE_MAX) {
        return sw_fail(err, SW_E_INPUT,
                       "tag \"%.*s\": a key has 1 to %d characters, a value at most %d",
                       SW_STR_ARG(sw_str_first(key, SW_ECR_TAG_KEY_MAX)), SW_ECR_TAG_KEY_MAX,
                       SW_ECR_TAG_VALUE_MAX);
    }
    if (!sw_str_is_utf8(key) || !sw_str_is_utf8(value)) {
        return sw_fail(err, SW_E_INPUT, "a tag is not UTF-8 text");
    }
    for (size_t i = 0; i < tags->count; i++) {
        if (sw_str_is(key, tags->items[i].key)) {
            return sw_fail(err, SW_E_INPUT,
                           "tag \"%s\" is given more than once; a key has one value",
                           tags->items[i].key);
        }
    }
    if (tags->count == SW_ECR_TAGS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "more than %d tags", SW_ECR_TAGS_MAX);
    }
    tags->items = sw_grow(tags->items, tags->count, &tags->capacity, sizeof(*tags->items));
    tags->items[tags->count++] =
        (struct sw_ecr_tag){ .key = sw_str_dup(key), .value = sw_str_dup(value) };
    return SW_OK;
}

static enum sw_status add_json(struct sw_ecr_tags *tags, struct sw_str text, struct sw_err *err)
{
    struct sw_buf plain SW_CLEANUP(sw_buf_release) = { 0 };
    json_auto_t *list = NULL;
    size_t i = 0;
    const json_t *item = NULL;
    bool escaped = sw_str_find_str(text, SW_STR("{\\\"")) >= 0;
    sw_buf_init(&plain, TEXT_MAX);
    for (size_t at = 0; at < text.len; at++) {
        if (!escaped || text.ptr[at] != '\\' || at + 1 >= text.len || text.ptr[at + 1] != '"') {
            sw_buf_add(&plain, text.ptr + at, 1);
        }
    }
    enum sw_status status = sw_buf_check(&plain, "the tags", err);
    if (status == SW_OK) {
        status = sw_json_parse(sw_buf_str(&plain), "tags", &list, err);
    }
    if (status != SW_OK) {
        return status;
    }
    json_array_foreach(list, i, item)
    {
        const char *key = sw_json_str(item, "Key", sw_json_str(item, "key", NULL));
        const char *value = sw_json_str(item, "Value", sw_json_str(item, "value", NULL));
        if (!key || !value) {
            return sw_fail(err, SW_E_INPUT, "tags: entry %zu lacks \"Key\" or \"Value\"", i + 1);
        }
        status = add_tag(tags, sw_str(key), sw_str(value), err);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* Where ",Value=" is in "Key=K,Value=V"; -1 when it is not that form. ECS writes it in lower case.
 */
static ptrdiff_t find_value(struct sw_str word)
{
    if (sw_str_starts(word, "Key=")) {
        return sw_str_find_str(word, SW_STR(",Value="));
    }
    return sw_str_starts(word, "key=") ? sw_str_find_str(word, SW_STR(",value=")) : -1;
}

/* "Key=K,Value=V", several of them separated by blanks; values hold no blanks in this form. */
static enum sw_status add_shorthand(struct sw_ecr_tags *tags, struct sw_str text,
                                    struct sw_err *err)
{
    while (text.ptr) {
        struct sw_str word = sw_str_trim(sw_str_cut(&text, ' '));
        ptrdiff_t value = find_value(word);
        if (word.len == 0) {
            continue;
        }
        if (value < 0) {
            return sw_fail(err, SW_E_INPUT, "\"%.*s\" is not a tag; write \"Key=K,Value=V\"",
                           SW_STR_ARG(word));
        }
        size_t key_end = (size_t)value;
        struct sw_str key = sw_str_from(sw_str_first(word, key_end), strlen("Key="));
        enum sw_status status =
            add_tag(tags, key, sw_str_from(word, key_end + strlen(",Value=")), err);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

enum sw_status sw_ecr_tags_add(struct sw_ecr_tags *tags, const char *text, struct sw_err *err)
{
    struct sw_str trimmed = sw_str_trim(sw_str(text));
    ptrdiff_t equals = sw_str_find(trimmed, '=');
    if (sw_str_starts(trimmed, "[")) {
        return add_json(tags, trimmed, err);
    }
    if (find_value(trimmed) >= 0) {
        return add_shorthand(tags, trimmed, err);
    }
    if (equals <= 0) {
        return sw_fail(err, SW_E_INPUT, "\"%.*s\" is not a tag; write \"KEY=VALUE\"",
                       SW_STR_ARG(trimmed));
    }
    /* Here the value is byte for byte what was written, blanks at its end included. */
    struct sw_str value =
        sw_str_from(sw_str(text), (size_t)(trimmed.ptr - text) + (size_t)equals + 1);
    return add_tag(tags, sw_str_first(trimmed, (size_t)equals), value, err);
}
