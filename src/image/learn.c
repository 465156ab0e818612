#include "learn.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

#include <string.h>

void sw_learn_init(struct sw_learn *learn, const struct sw_env *env, struct sw_registry *registry,
                   const char *repository)
{
    *learn = (struct sw_learn){ .env = env, .registry = registry, .repository = repository };
}

void sw_learn_release(struct sw_learn *learn)
{
    for (size_t i = 0; i < learn->count; i++) {
        free(learn->layers[i].from);
    }
    for (size_t i = 0; i < learn->config_count; i++) {
        sw_buf_release(&learn->configs[i].bytes);
    }
    free(learn->configs);
    free(learn->layers);
    sw_strs_release(&learn->wishes);
    sw_strs_release(&learn->digests);
    *learn = (struct sw_learn){ 0 };
}

void sw_learn_add(struct sw_learn *learn, const char *tag)
{
    if (!sw_strs_has(&learn->wishes, sw_str(tag))) {
        sw_strs_add(&learn->wishes, sw_str(tag));
    }
}

/* How a layer is packed by its media type; false for what this program does not write itself. */
static bool packing_of_type(const char *media_type, enum sw_packing *ret)
{
    static const struct {
        const char *media_type;
        enum sw_packing packing;
    } known[] = {
        { SW_MEDIA_DOCKER_LAYER, SW_PACKING_GZIP },
        { SW_MEDIA_OCI_LAYER_GZIP, SW_PACKING_GZIP },
        { SW_MEDIA_OCI_LAYER_ZSTD, SW_PACKING_ZSTD },
        { SW_MEDIA_OCI_LAYER, SW_PACKING_NONE },
    };

    for (size_t i = 0; i < SW_COUNT(known); i++) {
        if (strcmp(media_type, known[i].media_type) == 0) {
            *ret = known[i].packing;
            return true;
        }
    }
    return false;
}

static const struct sw_known_layer *find(const struct sw_learn *learn, const char *diff_id)
{
    for (size_t i = 0; i < learn->count; i++) {
        if (strcmp(learn->layers[i].diff_id, diff_id) == 0) {
            return &learn->layers[i];
        }
    }
    return NULL;
}

/* What messages call an image: "tag v1", "image sha256:...", "team/base:v1". The caller's. */
static char *name_of(const struct sw_learn *learn, const char *object)
{
    const bool is_digest = sw_digest_is_valid(sw_str(object));

    if (learn->elsewhere) {
        return sw_xasprintf("%s%s%s", learn->repository, is_digest ? "@" : ":", object);
    }
    return sw_xasprintf("%s %s", is_digest ? "image" : "tag", object);
}

static void remember(struct sw_learn *learn, const char *diff_id,
                     const struct sw_descriptor *descriptor, const char *from)
{
    enum sw_packing packing;
    struct sw_known_layer *layer;

    if (!packing_of_type(descriptor->media_type, &packing) || find(learn, diff_id)) {
        return;
    }
    learn->layers = sw_grow(learn->layers, learn->count, &learn->capacity, sizeof(*learn->layers));
    layer = &learn->layers[learn->count++];
    *layer = (struct sw_known_layer){ .size = descriptor->size, .packing = packing };
    memcpy(layer->diff_id, diff_id, SW_DIGEST_SIZE);
    memcpy(layer->digest, descriptor->digest, SW_DIGEST_SIZE);
    layer->from = name_of(learn, from);
}

/* Gets a configuration and keeps it. */
static enum sw_status read_config(struct sw_learn *learn, const char *digest, const char *from,
                                  struct sw_image_config *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
    struct sw_learned_config *kept;

    sw_buf_init(&bytes, SW_CONFIG_MAX);
    if (sw_registry_get_blob(learn->registry, learn->repository, digest, &bytes, err) != SW_OK ||
        sw_image_config_parse(sw_buf_str(&bytes), from, ret, err) != SW_OK) {
        return err->status;
    }
    learn->configs = sw_grow(learn->configs, learn->config_count, &learn->config_capacity,
                             sizeof(*learn->configs));
    kept = &learn->configs[learn->config_count++];
    memcpy(kept->digest, digest, SW_DIGEST_SIZE);
    kept->bytes = bytes;
    sw_buf_init(&bytes, 0);
    return SW_OK;
}

/* Pairs the layers of a manifest with the diff ids of its configuration. */
static enum sw_status read_image(struct sw_learn *learn, const struct sw_buf *bytes,
                                 const char *from, struct sw_err *err)
{
    struct sw_image_config config = { 0 };
    struct sw_manifest manifest = { 0 };
    enum sw_status status = sw_manifest_parse(sw_buf_str(bytes), from, &manifest, err);

    if (status != SW_OK) {
        return status;
    }
    status = read_config(learn, manifest.config.digest, from, &config, err);
    if (status == SW_OK && config.diff_id_count == manifest.layers.count) {
        for (size_t i = 0; i < manifest.layers.count; i++) {
            remember(learn, config.diff_ids[i], &manifest.layers.items[i], from);
        }
    }
    sw_image_config_release(&config);
    sw_manifest_release(&manifest);
    return status;
}

/* The images of an index are asked like further tags; attestations are not. */
static enum sw_status read_index(struct sw_learn *learn, const struct sw_buf *bytes,
                                 const char *from, struct sw_err *err)
{
    struct sw_descriptors entries = { 0 };
    enum sw_status status = sw_index_parse(sw_buf_str(bytes), from, &entries, err);

    for (size_t i = 0; status == SW_OK && i < entries.count; i++) {
        if (!sw_descriptor_is_attestation(&entries.items[i])) {
            sw_learn_add(learn, entries.items[i].digest);
        }
    }
    sw_descriptors_release(&entries);
    return status;
}

static enum sw_status consult(struct sw_learn *learn, const char *object, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
    struct sw_manifest_info info = { 0 };
    enum sw_status status;

    sw_buf_init(&bytes, SW_MANIFEST_MAX);
    status =
        sw_registry_get_manifest(learn->registry, learn->repository, object, &bytes, &info, err);
    if (status != SW_OK) {
        return status;
    }
    if (!sw_strs_has(&learn->digests, sw_str(info.digest))) {
        sw_strs_add(&learn->digests, sw_str(info.digest));
        status = sw_media_is_index(info.media_type) ? read_index(learn, &bytes, object, err)
                                                    : read_image(learn, &bytes, object, err);
    }
    sw_manifest_info_release(&info);
    return status;
}

/* Signatures and attestations have tags after the image that they belong to: "sha256-<hex>". */
static bool is_of_referrer(const char *tag)
{
    char digest[SW_DIGEST_SIZE] = "sha256:";
    struct sw_str hex = sw_str_first(sw_str_from(sw_str(tag), strlen("sha256-")), 64);

    if (!sw_str_starts(sw_str(tag), "sha256-")) {
        return false;
    }
    memcpy(digest + strlen("sha256:"), hex.ptr, hex.len);
    return sw_digest_is_valid(sw_str(digest));
}

static void add_image(struct sw_learn *learn, const char *tag)
{
    if (!is_of_referrer(tag)) {
        sw_learn_add(learn, tag);
    }
}

/* Adds the tags of the newest images; false when nobody knows them. */
static bool add_newest(struct sw_learn *learn)
{
    SW_CLEANUP(sw_strs_release) struct sw_strs tags = { 0 };
    struct sw_err err = SW_ERR_INIT;

    if (!learn->newest) {
        return false;
    }
    if (learn->newest->list(learn->newest->ctx, learn->host, learn->repository, SW_LEARN_TAGS_MAX,
                            &tags, &err) != SW_OK) {
        sw_debug(learn->env, "push", "the newest images are not known: %s", err.msg);
    }
    for (size_t i = 0; i < tags.count; i++) {
        add_image(learn, tags.items[i]);
    }
    return tags.count > 0;
}

/* Adds the repository's own tags, the last of the list first: versions and dates sort that way. */
static void add_listed(struct sw_learn *learn)
{
    struct sw_strs tags = { 0 };
    struct sw_err err = SW_ERR_INIT;

    learn->listed = true;
    if (add_newest(learn)) {
        return;
    }
    if (sw_registry_list_tags(learn->registry, learn->repository, SW_LEARN_TAGS_MAX, &tags, &err)) {
        sw_debug(learn->env, "push", "no list of tags to learn from: %s", err.msg);
        return;
    }
    for (size_t i = tags.count; i > 0; i--) {
        add_image(learn, tags.items[i - 1]);
    }
    sw_strs_release(&tags);
}

/* Asks the next image; false when there is none left, or enough were asked. */
static bool ask_next(struct sw_learn *learn)
{
    struct sw_err err = SW_ERR_INIT;
    const char *object;

    if (learn->refused || learn->digests.count >= SW_LEARN_IMAGES_MAX ||
        learn->next_wish >= SW_LEARN_TRIES_MAX || sw_env_stop_wanted(learn->env)) {
        return false;
    }
    if (learn->next_wish == learn->wishes.count && !learn->listed) {
        add_listed(learn);
    }
    if (learn->next_wish == learn->wishes.count) {
        return false;
    }
    object = learn->wishes.items[learn->next_wish++];
    if (consult(learn, object, &err) != SW_OK) {
        sw_debug(learn->env, "push", "nothing learned from \"%s\": %s", object, err.msg);
        learn->refused = err.status == SW_E_DENIED;
    }
    return true;
}

const struct sw_known_layer *sw_learn_find(struct sw_learn *learn, const char *diff_id)
{
    const struct sw_known_layer *layer = find(learn, diff_id);

    while (!layer && ask_next(learn)) {
        layer = find(learn, diff_id);
    }
    return layer;
}

const struct sw_buf *sw_learn_config(const struct sw_learn *learn, const char *digest)
{
    for (size_t i = 0; i < learn->config_count; i++) {
        if (strcmp(learn->configs[i].digest, digest) == 0) {
            return &learn->configs[i].bytes;
        }
    }
    return NULL;
}
