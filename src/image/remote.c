#include "remote.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/manifest.h>

#include <string.h>

void sw_remote_release(struct sw_remote *remote)
{
    sw_buf_release(&remote->bytes);
    free(remote->media_type);
    *remote = (struct sw_remote){ 0 };
}

/*
 * The document's own word for what it is counts, since registries hold it against the header when
 * it is written; older documents have none, then the registry's counts.
 */
static enum sw_status find_media_type(const struct sw_ref *ref, const char *object,
                                      const struct sw_manifest_info *info, struct sw_remote *remote,
                                      struct sw_err *err)
{
    json_auto_t *doc = NULL;
    struct sw_err ignored = SW_ERR_INIT;
    const char *type = "";

    if (sw_json_parse(sw_buf_str(&remote->bytes), "manifest", &doc, &ignored) == SW_OK &&
        json_is_object(doc)) {
        type = sw_json_str(doc, "mediaType", info->media_type);
    }
    if (!sw_str_starts(sw_str(type), "application/")) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "what registry \"%s\" gives as %s of \"%s\" is no manifest", ref->host,
                       object, ref->repository);
    }
    remote->media_type = sw_xstrdup(type);
    return SW_OK;
}

enum sw_status sw_remote_get(struct sw_registry *registry, const struct sw_ref *ref,
                             const char *object, struct sw_remote *ret, struct sw_err *err)
{
    struct sw_remote remote = { 0 };
    struct sw_manifest_info info = { .size = -1 };
    enum sw_status status;

    sw_buf_init(&remote.bytes, SW_MANIFEST_MAX);
    status = sw_registry_get_manifest(registry, ref->repository, object, &remote.bytes, &info, err);
    if (status == SW_OK) {
        memcpy(remote.digest, info.digest, sizeof(remote.digest));
        status = find_media_type(ref, object, &info, &remote, err);
    }
    sw_manifest_info_release(&info);
    if (status == SW_OK) {
        *ret = remote;
    } else {
        sw_remote_release(&remote);
    }
    return status;
}

enum sw_status sw_remote_config(struct sw_registry *registry, const char *repository,
                                const struct sw_remote *manifest, struct sw_image_config *ret,
                                struct sw_err *err)
{
    struct sw_manifest SW_CLEANUP(sw_manifest_release) parsed = { 0 };
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
    enum sw_status status =
        sw_manifest_parse(sw_buf_str(&manifest->bytes), manifest->digest, &parsed, err);

    if (status != SW_OK) {
        return status;
    }
    sw_buf_init(&bytes, SW_CONFIG_MAX);
    status = sw_registry_get_blob(registry, repository, parsed.config.digest, &bytes, err);
    if (status == SW_OK) {
        status = sw_image_config_parse(sw_buf_str(&bytes), parsed.config.digest, ret, err);
    }
    return status;
}
