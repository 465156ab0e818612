#include "deliver.h"

#include "tagging.h"

#include <slipway/alloc.h>

#include <string.h>

void sw_copy_result_release(struct sw_copy_result *result)
{
    free(result->media_type);
    free(result->written);
    *result = (struct sw_copy_result){ 0 };
}

struct delivery {
    struct sw_push_world *world;
    const struct sw_copy_options *options;
    struct sw_places places;
    struct sw_tagging *tags;
    size_t tag_count;
};

static enum sw_status set_targets(struct delivery *delivery, const struct sw_ref *targets,
                                  size_t count, struct sw_err *err)
{
    const struct sw_registry_options options = { .auth = delivery->options->auth,
                                                 .policy = delivery->options->policy,
                                                 .plain_http = delivery->options->plain_http,
                                                 .push = true };

    delivery->tags = sw_xcalloc(count + 1, sizeof(*delivery->tags));
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        enum sw_status status = sw_places_add(&delivery->places, &delivery->world->env, &targets[i],
                                              &options, &at, err);

        if (status != SW_OK) {
            return status;
        }
        sw_tagging_init(&delivery->tags[delivery->tag_count++], delivery->places.items[at].registry,
                        &targets[i]);
    }
    return SW_OK;
}

static void fill_result(const struct delivery *delivery, const struct sw_tree_document *root,
                        const struct sw_transfer_sum *sum, struct sw_copy_result *ret)
{
    *ret = (struct sw_copy_result){ .media_type = sw_xstrdup(root->media_type),
                                    .count = delivery->tag_count,
                                    .bytes_sent = sum->bytes_sent,
                                    .bytes_mounted = sum->bytes_mounted,
                                    .bytes_skipped = sum->bytes_skipped };
    memcpy(ret->digest, root->digest, SW_DIGEST_SIZE);
    ret->written = sw_xcalloc(delivery->tag_count + 1, sizeof(*ret->written));
    for (size_t i = 0; i < delivery->tag_count; i++) {
        ret->written[i] = delivery->tags[i].written;
    }
}

static enum sw_status run(struct delivery *delivery, const struct sw_tree *tree,
                          const struct sw_store *store, const char *done,
                          struct sw_transfer_sum *sum, struct sw_err *err)
{
    const struct sw_tree_document *root = &tree->documents[0];
    const struct sw_tagged_manifest manifest = { root->media_type, sw_buf_str(&root->bytes),
                                                 root->digest };
    const struct sw_transfer_options options = { delivery->options->transfers,
                                                 &delivery->options->mount_from };
    enum sw_status status = sw_tagging_look(delivery->tags, delivery->tag_count, err);

    if (status == SW_OK) {
        status = sw_transfer(delivery->world, tree, store, &delivery->places, &options, sum, err);
    }
    if (status == SW_OK) {
        status = sw_tagging_write(delivery->world->outer, delivery->tags, delivery->tag_count,
                                  &manifest, done, err);
    }
    return status == SW_OK ? SW_OK : sw_tagging_explain(delivery->tags, delivery->tag_count, err);
}

enum sw_status sw_deliver(struct sw_push_world *world, const struct sw_tree *tree,
                          const struct sw_store *store, const struct sw_ref *targets,
                          size_t target_count, const struct sw_copy_options *options,
                          const char *done, struct sw_copy_result *ret, struct sw_err *err)
{
    struct delivery delivery = { .world = world, .options = options };
    struct sw_transfer_sum sum = { 0 };
    enum sw_status status = set_targets(&delivery, targets, target_count, err);

    if (status == SW_OK) {
        status = run(&delivery, tree, store, done, &sum, err);
    }
    if (status == SW_OK) {
        sw_places_tell_sum(world->outer, sum.bytes_sent, sum.bytes_mounted, sum.bytes_skipped);
        fill_result(&delivery, &tree->documents[0], &sum, ret);
    }
    for (size_t i = 0; i < delivery.tag_count; i++) {
        sw_tagging_release(&delivery.tags[i]);
    }
    free(delivery.tags);
    sw_places_release(&delivery.places);
    return status;
}
