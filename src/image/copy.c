#include <slipway/copy.h>

#include "deliver.h"
#include "origin.h"
#include "remote.h"

#include <slipway/alloc.h>

#include <string.h>

struct copy {
    struct sw_push_world world;
    const struct sw_copy_options *options;
    const struct sw_ref *source;
    struct sw_origins origins;
    struct sw_tree tree;
};

static struct sw_registry *source_registry(const struct copy *copy)
{
    return copy->origins.places.items[0].registry;
}

/* Goes on from an index to its image of the wanted platform. */
static enum sw_status pick_platform(const struct copy *copy, struct sw_remote *root,
                                    struct sw_err *err)
{
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };
    struct sw_remote child = { 0 };
    const struct sw_descriptor *entry = NULL;
    enum sw_status status = sw_index_parse(sw_buf_str(&root->bytes), "index", &entries, err);

    if (status == SW_OK) {
        status = sw_index_pick(&entries, copy->options->platform, &entry, err);
    }
    if (status == SW_OK) {
        status = sw_remote_get(source_registry(copy), copy->source, entry->digest, &child, err);
    }
    if (status == SW_OK) {
        sw_remote_release(root);
        *root = child;
    }
    return status;
}

/* An image that is no index has one platform, which its configuration tells. */
static enum sw_status check_platform(const struct copy *copy, const struct sw_remote *root,
                                     struct sw_err *err)
{
    struct sw_image_config config = { 0 };
    enum sw_status status =
        sw_remote_config(source_registry(copy), copy->source->repository, root, &config, err);

    if (status == SW_OK) {
        status =
            sw_platform_check(copy->options->platform, config.platform, NULL, SW_E_NOT_FOUND, err);
    }
    sw_image_config_release(&config);
    return status;
}

/* Reads what the source names, and all that belongs to it. */
static enum sw_status read_source(struct copy *copy, struct sw_err *err)
{
    SW_CLEANUP(sw_remote_release) struct sw_remote root = { 0 };
    const struct sw_tree_reader reader = sw_origins_reader(&copy->origins);
    enum sw_status status =
        sw_remote_get(source_registry(copy), copy->source, sw_ref_object(copy->source), &root, err);

    if (status == SW_OK && copy->options->platform) {
        status = sw_media_is_index(root.media_type) ? pick_platform(copy, &root, err)
                                                    : check_platform(copy, &root, err);
    }
    if (status == SW_OK) {
        status = sw_tree_load(&reader, sw_buf_str(&root.bytes), root.media_type, &copy->tree, err);
    }
    if (status != SW_OK) {
        return sw_wrap(err, "image \"%s/%s\"", copy->source->host, copy->source->repository);
    }
    copy->origins.tree = &copy->tree;
    return SW_OK;
}

static enum sw_status open_source(struct copy *copy, struct sw_err *err)
{
    const struct sw_registry_options options = { .auth = copy->options->auth,
                                                 .policy = copy->options->policy,
                                                 .plain_http = copy->options->plain_http };
    size_t at = 0;

    return sw_places_add(&copy->origins.places, &copy->world.env, copy->source, &options, &at, err);
}

enum sw_status sw_image_copy(const struct sw_env *env, const struct sw_ref *source,
                             const struct sw_ref *targets, size_t target_count,
                             const struct sw_copy_options *options, struct sw_copy_result *ret,
                             struct sw_err *err)
{
    struct copy copy = { .options = options, .source = source };
    const struct sw_store store = sw_origins_store(&copy.origins);
    enum sw_status status;

    sw_push_world_init(&copy.world, env);
    status = open_source(&copy, err);
    if (status == SW_OK) {
        status = read_source(&copy, err);
    }
    if (status == SW_OK) {
        status = sw_deliver(&copy.world, &copy.tree, &store, targets, target_count, options,
                            "copied", ret, err);
    }
    sw_tree_release(&copy.tree);
    sw_origins_release(&copy.origins);
    return status;
}
