#include <slipway/manifest.h>

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/json.h>

#include <stddef.h>

static void descriptor_release(struct sw_descriptor *descriptor)
{
    free(descriptor->media_type);
    free(descriptor->digest);
    free(descriptor->platform);
    free(descriptor->name);
    free(descriptor->ref_name);
    *descriptor = (struct sw_descriptor){ 0 };
}

static struct sw_descriptor *descriptors_grow(struct sw_descriptors *list)
{
    struct sw_descriptor *item;

    list->items = sw_grow(list->items, list->count, &list->capacity, sizeof(*list->items));
    item = &list->items[list->count++];
    *item = (struct sw_descriptor){ 0 };
    return item;
}

void sw_descriptors_add(struct sw_descriptors *list, const char *media_type, const char *digest,
                        int64_t size)
{
    struct sw_descriptor *item = descriptors_grow(list);

    item->media_type = sw_xstrdup(media_type);
    item->digest = sw_xstrdup(digest);
    item->size = size;
}

void sw_descriptors_release(struct sw_descriptors *list)
{
    for (size_t i = 0; i < list->count; i++) {
        descriptor_release(&list->items[i]);
    }
    free(list->items);
    *list = (struct sw_descriptors){ 0 };
}

/* "os/architecture[/variant]"; NULL when there is no such thing. The caller's. */
static char *platform_text(const json_t *object)
{
    const char *os = sw_json_str(object, "os", "");
    const char *architecture = sw_json_str(object, "architecture", "");
    const char *variant = sw_json_str(object, "variant", "");

    if (!os[0] || !architecture[0]) {
        return NULL;
    }
    return sw_xasprintf("%s/%s%s%s", os, architecture, variant[0] ? "/" : "", variant);
}

static enum sw_status read_descriptor(const json_t *object, const char *where,
                                      struct sw_descriptor *into, struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "mediaType", SW_JSON_STR, offsetof(struct sw_descriptor, media_type), false },
        { "digest", SW_JSON_STR, offsetof(struct sw_descriptor, digest), true },
        { "size", SW_JSON_INT, offsetof(struct sw_descriptor, size), true },
    };
    struct sw_descriptor raw = { 0 };
    const json_t *annotations;
    const char *name;
    const char *ref_name;
    enum sw_status status = sw_json_read(object, where, fields, SW_COUNT(fields), &raw, err);

    if (status != SW_OK) {
        return status;
    }
    if (!sw_digest_is_valid(sw_str(raw.digest))) {
        return sw_fail(err, SW_E_INPUT, "%s: \"%s\" is no sha256 digest", where, raw.digest);
    }
    if (raw.size < 0) {
        return sw_fail(err, SW_E_INPUT, "%s: the size of %s is negative", where, raw.digest);
    }
    annotations = sw_json_object(object, "annotations");
    name = sw_json_str(annotations, "io.containerd.image.name", NULL);
    ref_name = sw_json_str(annotations, "org.opencontainers.image.ref.name", NULL);
    *into = (struct sw_descriptor){
        .media_type = sw_xstrdup(raw.media_type ? raw.media_type : ""),
        .digest = sw_xstrdup(raw.digest),
        .size = raw.size,
        .platform = platform_text(sw_json_object(object, "platform")),
        .name = name ? sw_xstrdup(name) : NULL,
        .ref_name = ref_name ? sw_xstrdup(ref_name) : NULL,
    };
    return SW_OK;
}

static enum sw_status read_descriptors(const json_t *array, const char *where, size_t max,
                                       struct sw_descriptors *into, struct sw_err *err)
{
    if (json_array_size(array) > max) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s has %zu entries; the limit is %zu", where,
                       json_array_size(array), max);
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        enum sw_status status =
            read_descriptor(json_array_get(array, i), where, descriptors_grow(into), err);

        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

static enum sw_status load(struct sw_str bytes, size_t max, const char *where, json_t **ret,
                           struct sw_err *err)
{
    if (bytes.len > max) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s has %zu bytes; the limit is %zu", where, bytes.len,
                       max);
    }
    return sw_json_parse(bytes, where, ret, err);
}

struct raw_manifest {
    const char *media_type;
    json_t *subject;
    json_t *config;
    json_t *layers;
    json_t *annotations;
};

static enum sw_status read_manifest(const json_t *doc, const char *where, struct sw_manifest *into,
                                    struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "mediaType", SW_JSON_STR, offsetof(struct raw_manifest, media_type), false },
        { "subject", SW_JSON_OBJECT, offsetof(struct raw_manifest, subject), false },
        { "config", SW_JSON_OBJECT, offsetof(struct raw_manifest, config), true },
        { "layers", SW_JSON_ARRAY, offsetof(struct raw_manifest, layers), true },
        { "annotations", SW_JSON_OBJECT, offsetof(struct raw_manifest, annotations), false },
    };
    struct raw_manifest raw = { 0 };
    enum sw_status status = sw_json_read(doc, where, fields, SW_COUNT(fields), &raw, err);

    if (status != SW_OK) {
        return status;
    }
    into->media_type = sw_xstrdup(raw.media_type ? raw.media_type : "");
    if (sw_digest_is_valid(sw_str(sw_json_str(raw.subject, "digest", "")))) {
        into->subject = sw_xstrdup(sw_json_str(raw.subject, "digest", ""));
    }
    if (json_object_size(raw.annotations) > 0) {
        into->annotations = json_dumps(raw.annotations, JSON_COMPACT);
    }
    status = read_descriptor(raw.config, where, &into->config, err);
    if (status != SW_OK) {
        return status;
    }
    return read_descriptors(raw.layers, where, SW_LAYERS_MAX, &into->layers, err);
}

enum sw_status sw_manifest_parse(struct sw_str bytes, const char *where, struct sw_manifest *ret,
                                 struct sw_err *err)
{
    json_auto_t *doc = NULL;
    struct sw_manifest manifest = { 0 };
    enum sw_status status = load(bytes, SW_MANIFEST_MAX, where, &doc, err);

    if (status == SW_OK) {
        status = read_manifest(doc, where, &manifest, err);
    }
    if (status != SW_OK) {
        sw_manifest_release(&manifest);
        return status;
    }
    *ret = manifest;
    return SW_OK;
}

void sw_manifest_release(struct sw_manifest *manifest)
{
    free(manifest->media_type);
    free(manifest->subject);
    free(manifest->annotations);
    manifest->media_type = NULL;
    manifest->subject = NULL;
    manifest->annotations = NULL;
    descriptor_release(&manifest->config);
    sw_descriptors_release(&manifest->layers);
}

struct raw_index {
    json_t *manifests;
};

enum sw_status sw_index_parse(struct sw_str bytes, const char *where, struct sw_descriptors *ret,
                              struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "manifests", SW_JSON_ARRAY, offsetof(struct raw_index, manifests), true },
    };
    json_auto_t *doc = NULL;
    struct raw_index raw = { 0 };
    struct sw_descriptors entries = { 0 };
    enum sw_status status = load(bytes, SW_MANIFEST_MAX, where, &doc, err);

    if (status == SW_OK) {
        status = sw_json_read(doc, where, fields, SW_COUNT(fields), &raw, err);
    }
    if (status == SW_OK) {
        status = read_descriptors(raw.manifests, where, SW_INDEX_ENTRIES_MAX, &entries, err);
    }
    if (status != SW_OK) {
        sw_descriptors_release(&entries);
        return status;
    }
    *ret = entries;
    return SW_OK;
}

static json_t *descriptor_json(const struct sw_descriptor *descriptor)
{
    return json_pack("{s:s, s:I, s:s}", "mediaType", descriptor->media_type, "size",
                     (json_int_t)descriptor->size, "digest", descriptor->digest);
}

void sw_manifest_write(const struct sw_manifest *manifest, struct sw_buf *out)
{
    json_auto_t *layers = json_array();
    json_auto_t *doc = NULL;

    for (size_t i = 0; i < manifest->layers.count; i++) {
        (void)json_array_append_new(layers, descriptor_json(&manifest->layers.items[i]));
    }
    doc = json_pack("{s:i, s:s, s:o, s:O}", "schemaVersion", 2, "mediaType", manifest->media_type,
                    "config", descriptor_json(&manifest->config), "layers", layers);
    if (manifest->annotations) {
        (void)json_object_set_new(doc, "annotations", json_loads(manifest->annotations, 0, NULL));
    }
    sw_json_dump(doc, 0, out);
}

struct raw_config {
    const char *os;
    const char *architecture;
    json_t *rootfs;
};
struct raw_rootfs {
    json_t *diff_ids;
};

static enum sw_status read_diff_ids(const json_t *array, const char *where,
                                    struct sw_image_config *into, struct sw_err *err)
{
    size_t count = json_array_size(array);

    if (count > SW_LAYERS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s has %zu layers; the limit is %d", where, count,
                       SW_LAYERS_MAX);
    }
    into->diff_ids = sw_xcalloc(count ? count : 1, sizeof(*into->diff_ids));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));

        if (!text || !sw_digest_is_valid(sw_str(text))) {
            return sw_fail(err, SW_E_INPUT, "%s: rootfs.diff_ids[%zu] is no sha256 digest", where,
                           i);
        }
        into->diff_ids[into->diff_id_count++] = sw_xstrdup(text);
    }
    return SW_OK;
}

static enum sw_status read_config(const json_t *doc, const char *where,
                                  struct sw_image_config *into, struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "os", SW_JSON_STR, offsetof(struct raw_config, os), true },
        { "architecture", SW_JSON_STR, offsetof(struct raw_config, architecture), true },
        { "rootfs", SW_JSON_OBJECT, offsetof(struct raw_config, rootfs), true },
    };
    static const struct sw_json_field rootfs_fields[] = {
        { "diff_ids", SW_JSON_ARRAY, offsetof(struct raw_rootfs, diff_ids), true },
    };
    struct raw_config raw = { 0 };
    struct raw_rootfs rootfs = { 0 };
    enum sw_status status = sw_json_read(doc, where, fields, SW_COUNT(fields), &raw, err);

    if (status == SW_OK) {
        status =
            sw_json_read(raw.rootfs, where, rootfs_fields, SW_COUNT(rootfs_fields), &rootfs, err);
    }
    if (status != SW_OK) {
        return status;
    }
    into->platform = platform_text(doc);
    return read_diff_ids(rootfs.diff_ids, where, into, err);
}

enum sw_status sw_image_config_parse(struct sw_str bytes, const char *where,
                                     struct sw_image_config *ret, struct sw_err *err)
{
    json_auto_t *doc = NULL;
    struct sw_image_config config = { 0 };
    enum sw_status status = load(bytes, SW_CONFIG_MAX, where, &doc, err);

    if (status == SW_OK) {
        status = read_config(doc, where, &config, err);
    }
    if (status != SW_OK) {
        sw_image_config_release(&config);
        return status;
    }
    *ret = config;
    return SW_OK;
}

void sw_image_config_release(struct sw_image_config *config)
{
    for (size_t i = 0; i < config->diff_id_count; i++) {
        free(config->diff_ids[i]);
    }
    free(config->diff_ids);
    free(config->platform);
    *config = (struct sw_image_config){ 0 };
}
