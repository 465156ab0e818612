#include "ecs.h"

#include <slipway/ref.h>
#include <slipway/registry.h>

enum sw_status ecs_image_open(struct sw_aws *aws, const struct sw_registry_auth *auth,
                              const char *image, const struct sw_retry_policy *policy,
                              struct sw_ref *ret_ref, struct sw_registry **ret, struct sw_err *err)
{
    const struct sw_registry_options options = { .auth = auth, .policy = policy };
    enum sw_status status = sw_ref_parse(sw_str(image), ret_ref, err);
    if (status == SW_OK) {
        status = sw_registry_new(sw_aws_env(aws), ret_ref->host, &options, ret, err);
    }
    return status;
}

enum sw_status ecs_image_digest(struct sw_aws *aws, const struct sw_registry_auth *auth,
                                const char *image, char **ret_digest, struct sw_err *err)
{
    struct sw_ref ref = { .host = NULL };
    struct sw_registry *registry SW_CLEANUP(sw_registry_cleanup) = NULL;
    struct sw_manifest_info info = { .digest = NULL };
    enum sw_status status = ecs_image_open(aws, auth, image, NULL, &ref, &registry, err);
    if (status == SW_OK) {
        status =
            sw_registry_head_manifest(registry, ref.repository, sw_ref_object(&ref), &info, err);
    }
    if (status == SW_OK) {
        *ret_digest = SW_TAKE(info.digest);
    }
    sw_manifest_info_release(&info);
    sw_ref_release(&ref);
    return status;
}
