#include <slipway/retag.h>

#include "tagging.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/manifest.h>

#include <string.h>

void sw_retag_result_release(struct sw_retag_result *result)
{
    free(result->media_type);
    free(result->written);
    *result = (struct sw_retag_result){ 0 };
}

/*
 * The media type to write a manifest with. The document's own word counts, since registries hold
 * it against the header; older documents have none, then the registry's counts.
 */
static enum sw_status find_media_type(const struct sw_ref *source, struct sw_str bytes,
                                      const struct sw_manifest_info *info, char **ret,
                                      struct sw_err *err)
{
    json_auto_t *doc = NULL;
    struct sw_err ignored = SW_ERR_INIT;
    const char *type = "";

    if (sw_json_parse(bytes, "manifest", &doc, &ignored) == SW_OK && json_is_object(doc)) {
        type = sw_json_str(doc, "mediaType", info->media_type);
    }
    if (!sw_str_starts(sw_str(type), "application/")) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "what registry \"%s\" gives as %s of \"%s\" is no manifest", source->host,
                       sw_ref_object(source), source->repository);
    }
    *ret = sw_xstrdup(type);
    return SW_OK;
}

static enum sw_status write_tags(const struct sw_env *env, struct sw_registry *registry,
                                 const struct sw_ref *refs, const struct sw_strs *tags,
                                 const struct sw_tagged_manifest *manifest,
                                 struct sw_retag_result *result, struct sw_err *err)
{
    struct sw_tagging *taggings = sw_xcalloc(tags->count + 1, sizeof(*taggings));
    enum sw_status status;

    for (size_t i = 0; i < tags->count; i++) {
        sw_tagging_init(&taggings[i], registry, &refs[i]);
    }
    status = sw_tagging_look(taggings, tags->count, err);
    if (status == SW_OK) {
        status = sw_tagging_write(env, taggings, tags->count, manifest, "tagged", err);
    }
    result->written = sw_xcalloc(tags->count + 1, sizeof(*result->written));
    result->count = tags->count;
    for (size_t i = 0; i < tags->count; i++) {
        result->written[i] = taggings[i].written;
        sw_tagging_release(&taggings[i]);
    }
    free(taggings);
    return status;
}

static enum sw_status retag(const struct sw_env *env, struct sw_registry *registry,
                            const struct sw_ref *source, const struct sw_strs *tags,
                            const struct sw_buf *bytes, struct sw_retag_result *result,
                            struct sw_err *err)
{
    struct sw_ref *refs = sw_xcalloc(tags->count + 1, sizeof(*refs));
    const struct sw_tagged_manifest manifest = { result->media_type, sw_buf_str(bytes),
                                                 result->digest };
    enum sw_status status;

    for (size_t i = 0; i < tags->count; i++) {
        refs[i].host = source->host;
        refs[i].repository = source->repository;
        refs[i].tag = tags->items[i];
    }
    status = write_tags(env, registry, refs, tags, &manifest, result, err);
    free(refs);
    return status;
}

enum sw_status sw_image_retag(const struct sw_env *env, struct sw_registry *registry,
                              const struct sw_ref *source, const struct sw_strs *tags,
                              struct sw_retag_result *ret, struct sw_err *err)
{
    struct sw_buf bytes;
    struct sw_manifest_info info = { .size = -1 };
    struct sw_retag_result result = { 0 };
    enum sw_status status;

    sw_buf_init(&bytes, SW_MANIFEST_MAX);
    status = sw_registry_get_manifest(registry, source->repository, sw_ref_object(source), &bytes,
                                      &info, err);
    if (status == SW_OK) {
        memcpy(result.digest, info.digest, sizeof(result.digest));
        status = find_media_type(source, sw_buf_str(&bytes), &info, &result.media_type, err);
    }
    if (status == SW_OK) {
        status = retag(env, registry, source, tags, &bytes, &result, err);
    }
    if (status == SW_OK) {
        *ret = result;
    } else {
        sw_retag_result_release(&result);
    }
    sw_manifest_info_release(&info);
    sw_buf_release(&bytes);
    return status;
}
