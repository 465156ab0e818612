#include <slipway/alloc.h>
#include <slipway/taskdef.h>

/* Docker label keys, variable names and tag keys are short; this bounds what messages quote. */
enum { NAME_MAX_BYTES = 512, CONTAINER_MAX_BYTES = 255 };

void sw_changes_release(struct sw_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->items[i].container);
        free(changes->items[i].name);
        free(changes->items[i].value);
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

/* What one option's text looks like. */
struct form {
    bool container; /* begins with the container's name */
    bool name;      /* has a name: behind ':' with a container, else in front of '=' */
    bool value;     /* has a value behind '=' */
    const char *expected;
};

static struct form form_of(enum sw_change_kind kind)
{
    switch (kind) {
    case SW_CHANGE_IMAGE:
        return (struct form){ true, false, true, "CONTAINER=IMAGE, e.g. web=nginx:1.27" };
    case SW_CHANGE_IMAGE_NAME:
        return (struct form){ true, false, true, "CONTAINER=IMAGE, e.g. web=nginx" };
    case SW_CHANGE_IMAGE_TAG:
        return (struct form){ true, false, true, "CONTAINER=TAG, e.g. web=1.27" };
    case SW_CHANGE_ENV:
        return (struct form){ true, true, true, "CONTAINER:NAME=VALUE, e.g. web:LOG_LEVEL=info" };
    case SW_CHANGE_SECRET:
        return (struct form){ true, true, true,
                              "CONTAINER:NAME=ARN, e.g. web:PASSWORD=arn:aws:ssm:..." };
    case SW_CHANGE_ENV_REMOVE:
    case SW_CHANGE_SECRET_REMOVE:
        return (struct form){ true, true, false, "CONTAINER:NAME, e.g. web:LOG_LEVEL" };
    case SW_CHANGE_LABEL:
        return (struct form){ true, true, true, "CONTAINER:KEY=VALUE, e.g. web:team=shop" };
    case SW_CHANGE_TAG:
        break;
    }
    return (struct form){ false, true, true, "KEY=VALUE, e.g. team=shop" };
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

struct change_texts {
    struct sw_str container;
    struct sw_str name;
    struct sw_str value;
};

static bool parse_form(const struct form *form, struct sw_str text, struct change_texts *ret)
{
    /* The value is cut off first: it may hold every character. */
    struct sw_str head = text;
    if (form->value) {
        ptrdiff_t equals = sw_str_find(text, '=');
        if (equals < 0) {
            return false;
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

enum sw_status sw_changes_add_option(struct sw_changes *changes, enum sw_change_kind kind,
                                     const char *option, const char *text, struct sw_err *err)
{
    struct form form = form_of(kind);
    struct change_texts texts = { .value = { NULL, 0 } };
    if (!parse_form(&form, sw_str(text), &texts)) {
        return sw_fail(err, SW_E_INPUT, "%s: expected %s", option, form.expected);
    }
    if (changes->count >= SW_CHANGES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: more than %d changes", option, SW_CHANGES_MAX);
    }
    enum sw_status status = SW_OK;
    if (kind == SW_CHANGE_IMAGE) {
        status = sw_image_check(texts.value, err);
    } else if (kind == SW_CHANGE_IMAGE_TAG) {
        status = sw_image_check_tag(texts.value, err);
    } else if (kind == SW_CHANGE_SECRET && texts.value.len == 0) {
        status = sw_fail(err, SW_E_INPUT,
                         "secret \"%.*s\" has an empty ARN; is a variable in it "
                         "unset?",
                         SW_STR_ARG(texts.name));
    }
    if (status != SW_OK) {
        return sw_wrap(err, "%s: container \"%.*s\"", option, SW_STR_ARG(texts.container));
    }
    sw_changes_add(changes, kind, texts.container, texts.name, texts.value);
    return SW_OK;
}
