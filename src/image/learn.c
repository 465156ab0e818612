#include "learn.h"

#include "side_by_side.h"

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
    sw_lookout_release(&learn->config);
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

void sw_learn_add_named(struct sw_learn *learn, const char *tag)
{
    sw_learn_add(learn, tag);
    learn->named = learn->wishes.count;
}

/* Whether this program writes layers of that media type itself. */
static bool is_written_here(const char *media_type)
{
    static const char *const types[] = { SW_MEDIA_DOCKER_LAYER, SW_MEDIA_OCI_LAYER_GZIP,
                                         SW_MEDIA_OCI_LAYER_ZSTD, SW_MEDIA_OCI_LAYER };

    for (size_t i = 0; i < SW_COUNT(types); i++) {
        if (strcmp(media_type, types[i]) == 0) {
            return true;
        }
    }
    return false;
}

const struct sw_known_layer *sw_learn_find(const struct sw_learn *learn, const char *diff_id)
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
    struct sw_known_layer *layer;

    if (!is_written_here(descriptor->media_type) || sw_learn_find(learn, diff_id)) {
        return;
    }
    learn->layers = sw_grow(learn->layers, learn->count, &learn->capacity, sizeof(*learn->layers));
    layer = &learn->layers[learn->count++];
    *layer = (struct sw_known_layer){ .size = descriptor->size,
                                      .packing = sw_media_packing(descriptor->media_type) };
    memcpy(layer->diff_id, diff_id, SW_DIGEST_SIZE);
    memcpy(layer->digest, descriptor->digest, SW_DIGEST_SIZE);
    layer->from = name_of(learn, from);
}

/* An image on its way from the repository. */
struct inquiry {
    struct sw_learn *learn;
    const char *object; /* tag or digest */
    struct sw_manifest_info info;
    struct sw_buf bytes; /* of the manifest */
    struct sw_manifest manifest;
    bool is_image; /* that was not read before */
    struct sw_buf config;
    enum sw_status status;
    struct sw_err err;
};

static void inquiry_release(struct inquiry *inquiry)
{
    sw_manifest_info_release(&inquiry->info);
    sw_buf_release(&inquiry->bytes);
    sw_manifest_release(&inquiry->manifest);
    sw_buf_release(&inquiry->config);
}

/* What fails is nothing learned, no more; only a refusal holds for all that would be asked yet. */
static enum sw_status refusal(const struct inquiry *inquiry, struct sw_err *err)
{
    if (inquiry->status != SW_E_DENIED) {
        return SW_OK;
    }
    *err = inquiry->err;
    return SW_E_DENIED;
}

static enum sw_status get_manifest(void *ctx, size_t index, struct sw_err *err)
{
    struct inquiry *inquiry = (struct inquiry *)ctx + index;
    const struct sw_learn *learn = inquiry->learn;

    inquiry->status = sw_registry_get_manifest(learn->registry, learn->repository, inquiry->object,
                                               &inquiry->bytes, &inquiry->info, &inquiry->err);
    return refusal(inquiry, err);
}

static enum sw_status get_config(void *ctx, size_t index, struct sw_err *err)
{
    struct inquiry *inquiry = ((struct inquiry **)ctx)[index];
    const struct sw_learn *learn = inquiry->learn;

    inquiry->status =
        sw_registry_get_blob(learn->registry, learn->repository, inquiry->manifest.config.digest,
                             &inquiry->config, &inquiry->err);
    return refusal(inquiry, err);
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

/* Says what came of an inquiry that failed. */
static void tell_failure(const struct inquiry *inquiry)
{
    struct sw_learn *learn = inquiry->learn;

    if (inquiry->status != SW_OK) {
        sw_debug(learn->env, "push", "nothing learned from \"%s\": %s", inquiry->object,
                 inquiry->err.msg);
        learn->refused = learn->refused || inquiry->status == SW_E_DENIED;
    }
}

/* Reads a manifest that came, unless it did so before under another tag. */
static void read_manifest(struct inquiry *inquiry)
{
    struct sw_learn *learn = inquiry->learn;
    struct sw_err *err = &inquiry->err;

    if (inquiry->status != SW_OK || sw_strs_has(&learn->digests, sw_str(inquiry->info.digest))) {
        return;
    }
    sw_strs_add(&learn->digests, sw_str(inquiry->info.digest));
    if (sw_media_is_index(inquiry->info.media_type)) {
        inquiry->status = read_index(learn, &inquiry->bytes, inquiry->object, err);
        return;
    }
    inquiry->status =
        sw_manifest_parse(sw_buf_str(&inquiry->bytes), inquiry->object, &inquiry->manifest, err);
    inquiry->is_image = inquiry->status == SW_OK;
}

/* Keeps a configuration that came, and pairs its diff ids with the layers of the manifest. */
static void read_config(struct inquiry *inquiry)
{
    struct sw_learn *learn = inquiry->learn;
    const struct sw_descriptors *layers = &inquiry->manifest.layers;
    struct sw_image_config config = { 0 };
    struct sw_learned_config *kept;

    if (inquiry->status == SW_OK) {
        inquiry->status = sw_image_config_parse(sw_buf_str(&inquiry->config), inquiry->object,
                                                &config, &inquiry->err);
    }
    if (inquiry->status != SW_OK) {
        return;
    }
    for (size_t i = 0; config.diff_id_count == layers->count && i < layers->count; i++) {
        remember(learn, config.diff_ids[i], &layers->items[i], inquiry->object);
    }
    sw_image_config_release(&config);
    learn->configs = sw_grow(learn->configs, learn->config_count, &learn->config_capacity,
                             sizeof(*learn->configs));
    kept = &learn->configs[learn->config_count++];
    memcpy(kept->digest, inquiry->manifest.config.digest, SW_DIGEST_SIZE);
    kept->bytes = inquiry->config;
    sw_buf_init(&inquiry->config, 0);
}

/*
 * Gets the manifests, then the configurations of those that are images. What comes of them counts
 * in their order, up to the first that is refused: what comes behind may have been asked or not.
 */
static void consult(struct inquiry *inquiries, size_t count)
{
    struct inquiry **images = sw_xcalloc(count + 1, sizeof(struct inquiry *));
    struct sw_err refused = SW_ERR_INIT; /* told with the inquiry that it belongs to */
    size_t image_count = 0;

    (void)sw_side_by_side(count, sw_threads_for(count), get_manifest, inquiries, &refused);
    for (size_t i = 0; i < count && (i == 0 || inquiries[i - 1].status != SW_E_DENIED); i++) {
        read_manifest(&inquiries[i]);
        tell_failure(&inquiries[i]);
        if (inquiries[i].is_image) {
            images[image_count++] = &inquiries[i];
        }
    }
    (void)sw_side_by_side(image_count, sw_threads_for(image_count), get_config, (void *)images,
                          &refused);
    for (size_t i = 0; i < image_count && (i == 0 || images[i - 1]->status != SW_E_DENIED); i++) {
        read_config(images[i]);
        tell_failure(images[i]);
    }
    free(images);
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

/* Whether more images may be asked. */
static bool may_ask(const struct sw_learn *learn)
{
    return !learn->refused && learn->digests.count < SW_LEARN_IMAGES_MAX &&
           learn->next_wish < SW_LEARN_TRIES_MAX && !sw_env_stop_wanted(learn->env);
}

/* Whether asking one more image may save more than it costs; see learn.h. */
static bool is_worth_it(struct sw_learn *learn, const struct sw_quest *quest)
{
    int64_t spare = SW_LEARN_SPARE_MAX; /* less what is not known */
    bool shares = false;
    bool lacks = false;
    bool is_there = false;

    for (size_t i = 0; i < quest->count; i++) {
        const struct sw_sought_layer *layer = &quest->layers[i];

        if (layer->found || sw_learn_find(learn, layer->diff_id)) {
            shares = true;
            continue;
        }
        lacks = true;
        spare = layer->size < 0 || layer->size > spare ? -1 : spare - layer->size;
    }
    if (lacks && (learn->next_wish < learn->named || !shares || spare <= 0)) {
        return true;
    }
    return lacks && sw_lookout_tells(&learn->config, quest->config, &is_there) && is_there;
}

/* How many images to ask at once. */
static size_t next_count(const struct sw_learn *learn)
{
    const size_t left = learn->wishes.count - learn->next_wish;
    const size_t allowed = SW_LEARN_IMAGES_MAX - learn->digests.count;
    size_t count = learn->config_count > 0 ? left : 1;

    if (learn->next_wish < learn->named) {
        count = learn->named - learn->next_wish;
    }
    count = count < allowed ? count : allowed;
    return count < SW_LEARN_TRIES_MAX - learn->next_wish ? count
                                                         : SW_LEARN_TRIES_MAX - learn->next_wish;
}

static void ask_next(struct sw_learn *learn)
{
    const size_t count = next_count(learn);
    struct inquiry *inquiries = sw_xcalloc(count + 1, sizeof(*inquiries));

    for (size_t i = 0; i < count; i++) {
        struct inquiry *inquiry = &inquiries[i];

        inquiry->learn = learn;
        inquiry->object = learn->wishes.items[learn->next_wish++];
        sw_buf_init(&inquiry->bytes, SW_MANIFEST_MAX);
        sw_buf_init(&inquiry->config, SW_CONFIG_MAX);
    }
    consult(inquiries, count);
    for (size_t i = 0; i < count; i++) {
        inquiry_release(&inquiries[i]);
    }
    free(inquiries);
}

void sw_learn_ask(struct sw_learn *learn, const struct sw_quest *quest)
{
    if (quest->config[0] && !learn->elsewhere) {
        sw_lookout_begin(&learn->config, learn->registry, learn->repository, quest->config);
    }
    while (may_ask(learn) && is_worth_it(learn, quest)) {
        if (learn->next_wish == learn->wishes.count && !learn->listed) {
            add_listed(learn);
        }
        if (learn->next_wish == learn->wishes.count) {
            return;
        }
        ask_next(learn);
    }
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
