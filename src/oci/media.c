#include <slipway/manifest.h>

#include <string.h>

bool sw_media_is_index(const char *media_type)
{
    return strcmp(media_type, SW_MEDIA_OCI_INDEX) == 0 ||
           strcmp(media_type, SW_MEDIA_DOCKER_LIST) == 0;
}

bool sw_media_is_manifest(const char *media_type)
{
    return strcmp(media_type, SW_MEDIA_OCI_MANIFEST) == 0 ||
           strcmp(media_type, SW_MEDIA_DOCKER_MANIFEST) == 0;
}

bool sw_descriptor_is_attestation(const struct sw_descriptor *descriptor)
{
    return descriptor->platform && sw_str_starts(sw_str(descriptor->platform), "unknown/");
}

bool sw_platform_is(const char *text)
{
    enum { PARTS_MIN = 2, PARTS_MAX = 3 };
    struct sw_str rest = sw_str(text);
    int parts = 0;

    while (rest.ptr) {
        struct sw_str part = sw_str_cut(&rest, '/');

        parts++;
        for (size_t i = 0; i < part.len; i++) {
            if (!sw_is_alnum(part.ptr[i]) || sw_lower(part.ptr[i]) != part.ptr[i]) {
                return false;
            }
        }
        if (part.len == 0) {
            return false;
        }
    }
    return parts >= PARTS_MIN && parts <= PARTS_MAX;
}

bool sw_platform_matches(const char *want, const char *have)
{
    size_t len = strlen(want);

    if (!have || strncmp(want, have, len) != 0) {
        return false;
    }
    return have[len] == '\0' || have[len] == '/';
}

enum sw_status sw_platform_check(const char *want, const char *have, const char *name,
                                 enum sw_status failure, struct sw_err *err)
{
    if (!want || sw_platform_matches(want, have)) {
        return SW_OK;
    }
    return sw_fail(err, failure, "%s%s%s is for %s, not for %s", name ? "image \"" : "the image",
                   name ? name : "", name ? "\"" : "", have ? have : "no platform", want);
}

bool sw_media_is_foreign(const char *media_type)
{
    const struct sw_str type = sw_str(media_type);

    return sw_str_starts(type, "application/vnd.docker.image.rootfs.foreign.") ||
           sw_str_starts(type, "application/vnd.oci.image.layer.nondistributable.");
}

enum sw_packing sw_media_packing(const char *media_type)
{
    const struct sw_str type = sw_str(media_type);

    if (sw_str_ends(type, "gzip")) {
        return SW_PACKING_GZIP;
    }
    return sw_str_ends(type, "zstd") ? SW_PACKING_ZSTD : SW_PACKING_NONE;
}

static enum sw_status no_platform(const struct sw_descriptors *entries, const char *platform,
                                  struct sw_err *err)
{
    const char *separator = "";

    (void)sw_fail(err, SW_E_NOT_FOUND, "the index has no image for %s; it has: ", platform);
    for (size_t i = 0; i < entries->count; i++) {
        if (!sw_descriptor_is_attestation(&entries->items[i]) && entries->items[i].platform) {
            (void)sw_append(err, "%s%s", separator, entries->items[i].platform);
            separator = ", ";
        }
    }
    return separator[0] ? err->status : sw_append(err, "none");
}

enum sw_status sw_index_pick(const struct sw_descriptors *entries, const char *platform,
                             const struct sw_descriptor **ret, struct sw_err *err)
{
    const struct sw_descriptor *fits = NULL;

    for (size_t i = 0; i < entries->count; i++) {
        const struct sw_descriptor *entry = &entries->items[i];

        if (entry->platform && strcmp(entry->platform, platform) == 0) {
            *ret = entry;
            return SW_OK;
        }
        if (!fits && sw_platform_matches(platform, entry->platform)) {
            fits = entry;
        }
    }
    *ret = fits;
    return fits ? SW_OK : no_platform(entries, platform, err);
}
