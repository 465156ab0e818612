#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>
#include <slipway/progress.h>
#include <slipway/service.h>

/* Whether the change is what gave the container its image. */
static bool is_of(const struct sw_change *change, const json_t *container)
{
    const char *image = sw_json_str(container, "image", "");
    if (change->container) {
        return strcmp(change->container, sw_json_str(container, "name", "")) == 0;
    }
    return sw_str_is(sw_image_split(sw_str(image)).tag, change->value) ||
           strcmp(image, change->value) == 0;
}

/* Whether the changes name this container's image. */
static bool is_named(const struct sw_changes *changes, const json_t *container, bool *ret_any)
{
    bool named = false;
    for (size_t i = 0; i < changes->count; i++) {
        const struct sw_change *change = &changes->items[i];
        bool image = change->kind == SW_CHANGE_IMAGE || change->kind == SW_CHANGE_IMAGE_NAME ||
                     change->kind == SW_CHANGE_IMAGE_TAG;
        *ret_any = *ret_any || image;
        named = named || (image && is_of(change, container));
    }
    return named;
}

static enum sw_status verify(struct sw_aws *aws, const struct sw_registry_auth *auth,
                             const char *container, const char *image, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *digest = NULL;
    enum sw_status status = ecs_image_digest(aws, auth, image, &digest, err);
    if (status == SW_E_NOT_FOUND) {
        struct sw_err cause = *err;
        return sw_fail(err, SW_E_PREFLIGHT,
                       "image \"%s\" of container \"%s\" does not exist: %s; nothing was "
                       "registered; was it pushed by an earlier job, and under this tag?",
                       image, container, cause.msg);
    }
    if (status == SW_E_STOPPED) {
        return status;
    }
    if (status != SW_OK) {
        sw_warn(sw_aws_env(aws), "whether image \"%s\" exists cannot be checked: %s", image,
                err->msg);
        *err = (struct sw_err)SW_ERR_INIT;
    }
    return SW_OK;
}

enum sw_status sw_deploy_verify_images(void *ctx, const json_t *definition,
                                       const struct sw_changes *changes, struct sw_err *err)
{
    struct sw_aws *aws = ctx;
    struct sw_ecr_auth auth;
    sw_ecr_auth_init(&auth, aws);
    enum sw_status status = SW_OK;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(definition, "containerDefinitions"), index, container)
    {
        const char *name = sw_json_str(container, "name", "");
        bool any = false;
        bool wanted = is_named(changes, container, &any) || !any;
        if (wanted && status == SW_OK) {
            status = verify(aws, &auth.callback, name, sw_json_str(container, "image", ""), err);
        }
    }
    sw_ecr_auth_release(&auth);
    return status;
}
