#include <slipway/ref.h>
#include <slipway/taskdef.h>

enum { IMAGE_MAX = 255 };

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
    return sw_ref_check_tag(tag, err);
}

enum sw_status sw_image_check(struct sw_str image, struct sw_err *err)
{
    struct sw_image_parts parts = sw_image_split(image);
    if (parts.name.len == 0 || parts.name.ptr[0] == '/') {
        return sw_fail(err, SW_E_INPUT,
                       "image \"%.*s\" has an empty registry or name; is a variable in it unset?",
                       SW_STR_ARG(image));
    }
    if (parts.tag.ptr && parts.tag.len == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "image \"%.*s\" has an empty tag; is a variable in it unset?",
                       SW_STR_ARG(image));
    }
    if (image.len > IMAGE_MAX) {
        return sw_fail(err, SW_E_INPUT, "image reference of %zu characters; ECS takes %d at most",
                       image.len, IMAGE_MAX);
    }
    struct sw_ref ref = { .host = NULL };
    enum sw_status status = sw_ref_parse(image, &ref, err);
    sw_ref_release(&ref);
    return status;
}
