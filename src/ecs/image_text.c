#include <slipway/taskdef.h>

enum { IMAGE_MAX = 255, TAG_MAX = 128 };

struct sw_image_parts sw_image_split(struct sw_str image)
{
    struct sw_image_parts parts = { .name = image };
    ptrdiff_t at = sw_str_find(parts.name, '@');
    if (at >= 0) {
        parts.digest = sw_str_from(parts.name, (size_t)at + 1);
        parts.name = sw_str_first(parts.name, (size_t)at);
    }
    ptrdiff_t colon = sw_str_rfind(parts.name, ':');
    if (colon > sw_str_rfind(parts.name, '/')) {
        parts.tag = sw_str_from(parts.name, (size_t)colon + 1);
        parts.name = sw_str_first(parts.name, (size_t)colon);
    }
    return parts;
}

enum sw_status sw_image_check_tag(struct sw_str tag, struct sw_err *err)
{
    if (tag.len == 0) {
        return sw_fail(err, SW_E_INPUT, "the tag is empty; is a variable in it unset?");
    }
    bool good = tag.len <= TAG_MAX && tag.ptr[0] != '.' && tag.ptr[0] != '-';
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.ptr[i];
        good = good && (sw_is_alnum(c) || c == '_' || c == '.' || c == '-');
    }
    if (!good) {
        return sw_fail(err, SW_E_INPUT,
                       "\"%.*s\" is no image tag: up to %d letters, digits, '_', '.' and '-', the "
                       "first no '.' or '-'",
                       SW_STR_ARG(tag), TAG_MAX);
    }
    return SW_OK;
}

static enum sw_status check_digest(struct sw_str digest, struct sw_err *err)
{
    ptrdiff_t colon = sw_str_find(digest, ':');
    bool good = colon > 0;
    struct sw_str hex = sw_str_from(digest, (size_t)(colon + 1));
    good = good && hex.len >= 32;
    for (size_t i = 0; i < hex.len; i++) {
        good = good && sw_is_hex(hex.ptr[i]);
    }
    if (!good) {
        return sw_fail(err, SW_E_INPUT,
                       "\"%.*s\" is no image digest; expected sha256: and 64 hexadecimal digits",
                       SW_STR_ARG(digest));
    }
    return SW_OK;
}

static bool good_name(struct sw_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!sw_is_alnum(c) && !strchr("-_.:/+#[]", c)) {
            return false;
        }
    }
    return sw_is_alnum(name.ptr[0]) || name.ptr[0] == '[';
}

enum sw_status sw_image_check(struct sw_str image, struct sw_err *err)
{
    struct sw_image_parts parts = sw_image_split(image);
    if (parts.name.len == 0 || parts.name.ptr[0] == '/') {
        return sw_fail(err, SW_E_INPUT,
                       "image \"%.*s\" has an empty registry or name; is a variable in it unset?",
                       SW_STR_ARG(image));
    }
    if (parts.name.ptr[parts.name.len - 1] == '/' || !good_name(parts.name)) {
        return sw_fail(err, SW_E_INPUT,
                       "\"%.*s\" is no image reference; expected [host[:port]/]name[:tag][@digest]",
                       SW_STR_ARG(image));
    }
    if (image.len > IMAGE_MAX) {
        return sw_fail(err, SW_E_INPUT, "image reference of %zu characters; ECS takes %d at most",
                       image.len, IMAGE_MAX);
    }
    /* A colon or '@' that is there wants something behind it. */
    bool has_tag = parts.tag.ptr && parts.tag.ptr > image.ptr;
    bool has_digest = parts.digest.ptr && parts.digest.ptr > image.ptr;
    if (has_tag && sw_image_check_tag(parts.tag, err) != SW_OK) {
        return sw_wrap(err, "image \"%.*s\"", SW_STR_ARG(image));
    }
    if (has_digest && check_digest(parts.digest, err) != SW_OK) {
        return sw_wrap(err, "image \"%.*s\"", SW_STR_ARG(image));
    }
    return SW_OK;
}
