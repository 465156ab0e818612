#include <slipway/image.h>

#include "deliver.h"
#include "intake.h"

#include <string.h>

/*
 * An image of one platform whose layers are not compressed, as "docker save" may write it, is
 * better off with an ordinary push.
 */
static enum sw_status check_packed(const struct sw_tree *tree, struct sw_err *err)
{
    const struct sw_tree_document *root = &tree->documents[0];

    for (size_t i = 0; !root->is_index && i < root->blobs.count; i++) {
        if (strcmp(root->blobs.items[i].media_type, SW_MEDIA_OCI_LAYER) == 0) {
            return sw_fail(err, SW_E_INPUT,
                           "the image is of one platform, and its layers are not compressed: push "
                           "it without --all-platforms");
        }
    }
    return SW_OK;
}

enum sw_status sw_image_push_all(const struct sw_env *env, struct sw_image_source *source,
                                 const struct sw_ref *targets, size_t target_count,
                                 const struct sw_copy_options *options, struct sw_copy_result *ret,
                                 struct sw_err *err)
{
    struct sw_push_world world;
    struct sw_tree tree = { 0 };
    struct sw_store store;
    enum sw_status status;

    status = source->load_all(source, &tree, &store, err);
    if (status != SW_OK) {
        return status;
    }
    sw_push_world_init(&world, env);
    status = check_packed(&tree, err);
    if (status == SW_OK) {
        status =
            sw_deliver(&world, &tree, &store, targets, target_count, options, "pushed", ret, err);
    }
    sw_tree_release(&tree);
    return status;
}
