#include "change_rule.h"

#include <slipway/alloc.h>
#include <slipway/dotenv.h>
#include <slipway/fs.h>

/* Docker label keys, variable names and tag keys are short; this bounds what messages quote. */
enum { NAME_MAX_BYTES = 512, CONTAINER_MAX_BYTES = 255 };

void sw_changes_release(struct sw_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->items[i].container);
        free(changes->items[i].name);
        free(changes->items[i].value);
        json_decref(changes->items[i].json);
    }
    free(changes->items);
    *changes = (struct sw_changes){ .items = NULL };
}

static char *copy_or_null(struct sw_str s)
{
    return s.ptr ? sw_str_dup(s) : NULL;
}

void sw_changes_add(struct sw_changes *changes, enum sw_change_kind kind, struct sw_str container,
                    struct sw_str name, struct sw_str value)
{
    changes->items =
        sw_grow(changes->items, changes->count, &changes->capacity, sizeof(*changes->items));
    changes->items[changes->count++] = (struct sw_change){
        .kind = kind,
        .container = copy_or_null(container),
        .name = copy_or_null(name),
        .value = copy_or_null(value),
    };
}

/* Cuts `*text` at `sep` into *ret; false when there is no `sep` or nothing in front of it. */
static bool cut_at(struct sw_str *text, char sep, struct sw_str *ret)
{
    if (sw_str_find(*text, sep) <= 0) {
        return false;
    }
    *ret = sw_str_cut(text, sep);
    return true;
}

static bool parse_form(const struct ecs_change_rule *form, struct sw_str text,
                       struct ecs_change_texts *ret)
{
    if (!form->container && !form->name) {
        ret->value = text;
        return true;
    }
    /* The value is cut off first: it may hold every character. */
    struct sw_str head = text;
    if (form->value) {
        ptrdiff_t equals = sw_str_find(text, '=');
        if (equals < 0) {
            ret->value = text;
            return form->finds_container;
        }
        head = sw_str_first(text, (size_t)equals);
        ret->value = sw_str_from(text, (size_t)equals + 1);
    }
    if (form->container && form->name) {
        if (!cut_at(&head, ':', &ret->container)) {
            return false;
        }
    } else if (form->container) {
        ret->container = head;
        return head.len > 0 && head.len <= CONTAINER_MAX_BYTES;
    }
    ret->name = head;
    return head.len > 0 && head.len <= NAME_MAX_BYTES && ret->container.len <= CONTAINER_MAX_BYTES;
}

static enum sw_status check_count(const struct sw_changes *changes, const char *option,
                                  struct sw_err *err)
{
    if (changes->count >= SW_CHANGES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: more than %d changes", option, SW_CHANGES_MAX);
    }
    return SW_OK;
}

/* A word alone is rather a container whose image was forgotten than an image of Docker Hub. */
static bool says_image(struct sw_str text)
{
    return sw_str_find(text, '/') >= 0 || sw_str_find(text, ':') >= 0 ||
           sw_str_find(text, '@') >= 0;
}

/* Checks the texts, and makes JSON of the value where the kind wants that. */
static enum sw_status read_value(enum sw_change_kind kind, const struct ecs_change_texts *texts,
                                 json_t **ret, struct sw_err *err)
{
    const struct ecs_change_rule *rule = ecs_change_rule(kind);
    if (kind == SW_CHANGE_IMAGE && !texts->container.ptr && !says_image(texts->value)) {
        return sw_fail(err, SW_E_INPUT, "expected %s", rule->expected);
    }
    if (kind == SW_CHANGE_IMAGE) {
        return sw_image_check(texts->value, err);
    }
    if (kind == SW_CHANGE_IMAGE_TAG) {
        return sw_image_check_tag(texts->value, err);
    }
    if (kind == SW_CHANGE_SECRET && texts->value.len == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "secret \"%.*s\" has an empty ARN; is a variable in it unset?",
                       SW_STR_ARG(texts->name));
    }
    return rule->parse ? rule->parse(texts, ret, err) : SW_OK;
}

static enum sw_status add_checked(struct sw_changes *changes, enum sw_change_kind kind,
                                  const char *option, const struct ecs_change_texts *texts,
                                  struct sw_err *err)
{
    json_t *json = NULL;
    enum sw_status status = check_count(changes, option, err);
    if (status != SW_OK) {
        return status;
    }
    if (read_value(kind, texts, &json, err) != SW_OK) {
        return texts->container.len > 0
                   ? sw_wrap(err, "%s: container \"%.*s\"", option, SW_STR_ARG(texts->container))
                   : sw_wrap(err, "%s", option);
    }
    sw_changes_add(changes, kind, texts->container, texts->name, texts->value);
    changes->items[changes->count - 1].json = json;
    return SW_OK;
}

enum sw_status sw_changes_add_option(struct sw_changes *changes, enum sw_change_kind kind,
                                     const char *option, const char *text, struct sw_err *err)
{
    const struct ecs_change_rule *rule = ecs_change_rule(kind);
    struct ecs_change_texts texts = { .value = { NULL, 0 } };
    if (!parse_form(rule, sw_str(text), &texts)) {
        return sw_fail(err, SW_E_INPUT, "%s: expected %s", option, rule->expected);
    }
    if (!sw_str_is_utf8(sw_str(text))) {
        return sw_fail(err, SW_E_INPUT, "%s: the text is not UTF-8", option);
    }
    return add_checked(changes, kind, option, &texts, err);
}

enum sw_status sw_changes_add_tag(struct sw_changes *changes, const char *option, const char *key,
                                  const char *value, struct sw_err *err)
{
    const struct ecs_change_texts texts = { .name = sw_str(key), .value = sw_str(value) };
    return add_checked(changes, SW_CHANGE_TAG, option, &texts, err);
}

/* A file of variables being read. */
struct env_file {
    struct sw_changes *changes;
    const char *option;
    struct sw_str container;
};

static enum sw_status add_variable(void *ctx, struct sw_str name, struct sw_str value,
                                   struct sw_err *err)
{
    const struct env_file *file = ctx;
    enum sw_status status = check_count(file->changes, file->option, err);
    if (status == SW_OK) {
        sw_changes_add(file->changes, SW_CHANGE_ENV, file->container, name, value);
    }
    return status;
}

enum sw_status sw_changes_add_set_file(struct sw_changes *changes, const char *option,
                                       const char *text, struct sw_err *err)
{
    struct sw_str path = sw_str(text);
    struct sw_str pointer = sw_str_cut(&path, '=');
    struct sw_buf content SW_CLEANUP(sw_buf_release) = { 0 };
    if (pointer.len == 0 || path.len == 0) {
        return sw_fail(
            err, SW_E_INPUT,
            "%s: expected /POINTER=FILE, e.g. /containerDefinitions/web/command=cmd.json", option);
    }
    sw_buf_init_secret(&content, SW_UPDATES_MAX);
    enum sw_status status = sw_fs_read_input(path.ptr, &content, err);
    if (status == SW_OK && !sw_str_is_utf8(sw_buf_str(&content))) {
        status = sw_fail(err, SW_E_INPUT, "%s: the text is not UTF-8", path.ptr);
    }
    if (status != SW_OK) {
        return sw_wrap(err, "%s", option);
    }
    const struct ecs_change_texts texts = { .name = pointer, .value = sw_buf_str(&content) };
    return add_checked(changes, SW_CHANGE_SET, option, &texts, err);
}

enum sw_status sw_changes_add_env_file(struct sw_changes *changes, const char *option,
                                       const char *text, struct sw_err *err)
{
    struct sw_str path = sw_str(text);
    const struct env_file file = { .changes = changes,
                                   .option = option,
                                   .container = sw_str_cut(&path, '=') };
    struct sw_buf content SW_CLEANUP(sw_buf_release) = { 0 };
    if (file.container.len == 0 || path.len == 0) {
        return sw_fail(err, SW_E_INPUT, "%s: expected CONTAINER=FILE, e.g. web=.env", option);
    }
    sw_buf_init_secret(&content, SW_DOTENV_MAX);
    enum sw_status status = sw_fs_read_input(path.ptr, &content, err);
    if (status == SW_OK) {
        struct env_file reader = file;
        status = sw_dotenv_parse(sw_buf_str(&content), path.ptr, add_variable, &reader, err);
    }
    return status == SW_OK ? SW_OK : sw_wrap(err, "%s", option);
}

bool sw_changes_has(const struct sw_changes *changes, enum sw_change_kind kind)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (changes->items[i].kind == kind) {
            return true;
        }
    }
    return false;
}
