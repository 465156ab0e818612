#include <slipway/retag.h>

#include "remote.h"
#include "tagging.h"

#include <slipway/alloc.h>

#include <string.h>

void sw_retag_result_release(struct sw_retag_result *result)
{
    free(result->media_type);
    free(result->written);
    free(result->kept);
    *result = (struct sw_retag_result){ 0 };
}

static enum sw_status write_tags(const struct sw_env *env, struct sw_registry *registry,
                                 const struct sw_ref *refs, const struct sw_retag *retag,
                                 const struct sw_tagged_manifest *manifest,
                                 struct sw_retag_result *result, struct sw_err *err)
{
    const struct sw_strs *tags = retag->tags;
    struct sw_tagging *taggings = sw_xcalloc(tags->count + 1, sizeof(*taggings));
    enum sw_status status;

    for (size_t i = 0; i < tags->count; i++) {
        sw_tagging_init(&taggings[i], registry, &refs[i]);
        taggings[i].keep = retag->keep;
    }
    status = sw_tagging_look(taggings, tags->count, err);
    if (status == SW_OK) {
        status = sw_tagging_write(env, taggings, tags->count, manifest, "tagged", err);
    }
    if (status != SW_OK) {
        (void)sw_tagging_explain(taggings, tags->count, err);
    }
    result->written = sw_xcalloc(tags->count + 1, sizeof(*result->written));
    result->kept = sw_xcalloc(tags->count + 1, sizeof(*result->kept));
    result->count = tags->count;
    for (size_t i = 0; i < tags->count; i++) {
        result->written[i] = taggings[i].written;
        result->kept[i] = taggings[i].kept;
        sw_tagging_release(&taggings[i]);
    }
    free(taggings);
    return status;
}

static enum sw_status tag_all(const struct sw_env *env, struct sw_registry *registry,
                              const struct sw_retag *retag, const struct sw_remote *image,
                              struct sw_retag_result *result, struct sw_err *err)
{
    const struct sw_strs *tags = retag->tags;
    struct sw_ref *refs = sw_xcalloc(tags->count + 1, sizeof(*refs));
    const struct sw_tagged_manifest manifest = { image->media_type, sw_buf_str(&image->bytes),
                                                 image->digest };
    enum sw_status status;

    for (size_t i = 0; i < tags->count; i++) {
        refs[i].host = retag->source->host;
        refs[i].repository = retag->source->repository;
        refs[i].tag = tags->items[i];
    }
    status = write_tags(env, registry, refs, retag, &manifest, result, err);
    free(refs);
    return status;
}

enum sw_status sw_image_retag(const struct sw_env *env, struct sw_registry *registry,
                              const struct sw_retag *retag, struct sw_retag_result *ret,
                              struct sw_err *err)
{
    SW_CLEANUP(sw_remote_release) struct sw_remote image = { 0 };
    struct sw_retag_result result = { 0 };
    enum sw_status status =
        sw_remote_get(registry, retag->source, sw_ref_object(retag->source), &image, err);

    if (status == SW_OK) {
        status = tag_all(env, registry, retag, &image, &result, err);
    }
    if (status != SW_OK) {
        sw_retag_result_release(&result);
        return status;
    }
    memcpy(result.digest, image.digest, sizeof(result.digest));
    result.media_type = SW_TAKE(image.media_type);
    *ret = result;
    return SW_OK;
}
