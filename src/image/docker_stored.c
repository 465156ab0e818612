#include "docker_stored.h"

#include "oci_walk.h"
#include "origin.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

#include <string.h>

enum { LIST_MAX = 1024 };

/* An image on its way from the engine's store. */
struct stored {
    struct sw_tree_reader documents;
    const struct sw_engine_blobs *blobs;
    const struct sw_engine_image *image;
    const char *name;
    const char *platform;
    struct sw_intake *intake;
    struct sw_image *ret;
    struct sw_oci_choice manifest;
};

/* One of an index; *ret_there is false when the engine does not have it. */
static enum sw_status read_document(const struct stored *self, const char *digest,
                                    struct sw_buf *out, bool *ret_there, struct sw_err *err)
{
    enum sw_status status = self->documents.read(self->documents.ctx, digest, out, err);

    *ret_there = status == SW_OK;
    return status == SW_E_NOT_FOUND ? SW_OK : status;
}

/* Takes bytes over as the image's manifest. */
static enum sw_status take_manifest(struct stored *self, const char *media_type,
                                    struct sw_buf *bytes, struct sw_err *err)
{
    struct sw_oci_choice *choice = &self->manifest;
    enum sw_status status =
        sw_manifest_parse(sw_buf_str(bytes), "the image's manifest", &choice->parsed, err);

    if (status == SW_OK) {
        choice->found = true;
        choice->media_type =
            sw_xstrdup(choice->parsed.media_type[0] ? choice->parsed.media_type : media_type);
        choice->bytes = *bytes;
        sw_buf_init(bytes, SW_MANIFEST_MAX);
    }
    return status;
}

/* The manifests of an index that the engine has: those of other platforms are often missing. */
struct present {
    struct sw_descriptors entries;
    struct sw_buf *bytes; /* of each */
    size_t capacity;
};

static void release_present(struct present *present)
{
    for (size_t i = 0; i < present->entries.count; i++) {
        sw_buf_release(&present->bytes[i]);
    }
    free(present->bytes);
    sw_descriptors_release(&present->entries);
}

static void add_present(struct present *present, const struct sw_descriptor *entry,
                        struct sw_buf *bytes)
{
    const size_t at = present->entries.count;

    present->bytes = sw_grow(present->bytes, at, &present->capacity, sizeof(*present->bytes));
    present->bytes[at] = *bytes;
    sw_buf_init(bytes, SW_MANIFEST_MAX);
    sw_descriptors_add(&present->entries, entry->media_type, entry->digest, entry->size);
    present->entries.items[at].platform = entry->platform ? sw_xstrdup(entry->platform) : NULL;
}

/* Leaves out what is there without its layers: a manifest outlives them. */
static enum sw_status keep_available(const struct stored *self, struct present *present,
                                     struct sw_err *err)
{
    SW_CLEANUP(sw_strs_release) struct sw_strs available = { 0 };
    struct present kept = { 0 };
    enum sw_status status =
        sw_engine_available(self->blobs->env, self->blobs->engine, self->name, &available, err);

    if (status != SW_OK) {
        return status;
    }
    for (size_t i = 0; i < present->entries.count; i++) {
        if (sw_strs_has(&available, sw_str(present->entries.items[i].digest))) {
            add_present(&kept, &present->entries.items[i], &present->bytes[i]);
        }
    }
    release_present(present);
    *present = kept;
    return SW_OK;
}

static enum sw_status find_present(const struct stored *self, const struct sw_descriptors *entries,
                                   struct present *ret, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    for (size_t i = 0; status == SW_OK && i < entries->count; i++) {
        SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
        const struct sw_descriptor *entry = &entries->items[i];
        bool there = false;

        if (sw_descriptor_is_attestation(entry) || sw_media_is_index(entry->media_type)) {
            continue;
        }
        sw_buf_init(&bytes, SW_MANIFEST_MAX);
        status = read_document(self, entry->digest, &bytes, &there, err);
        if (status == SW_OK && there) {
            add_present(ret, entry, &bytes);
        }
    }
    return status;
}

static enum sw_status no_platform(const struct stored *self, const struct present *present,
                                  struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf list = { 0 };

    sw_buf_init(&list, LIST_MAX);
    for (size_t i = 0; i < present->entries.count; i++) {
        const char *platform = present->entries.items[i].platform;

        sw_buf_addf(&list, "%s%s", i > 0 ? ", " : "", platform ? platform : "no platform");
    }
    if (!self->platform && present->entries.count > 0) {
        return sw_fail(err, SW_E_INPUT,
                       "image \"%s\" is for several platforms (%s); pick one with --platform",
                       self->name, list.ptr);
    }
    return sw_fail(err, SW_E_INPUT,
                   "the Docker engine at %s does not have image \"%s\"%s%s; it has: %s",
                   self->blobs->engine->shown, self->name, self->platform ? " for " : "",
                   self->platform ? self->platform : "", list.len ? list.ptr : "no platform of it");
}

/* Picks what is wished for, the only one, or the one that the engine would run. */
static enum sw_status pick(const struct stored *self, const struct present *present, size_t *ret,
                           struct sw_err *err)
{
    const char *wish = self->platform ? self->platform : self->image->platform;
    const struct sw_descriptor *found = NULL;

    *ret = 0;
    if (!self->platform && present->entries.count == 1) {
        return SW_OK;
    }
    if (!wish || sw_index_pick(&present->entries, wish, &found, err) != SW_OK) {
        return no_platform(self, present, err);
    }
    *ret = (size_t)(found - present->entries.items);
    return SW_OK;
}

static enum sw_status choose_of_index(struct stored *self, const struct sw_buf *index,
                                      struct sw_err *err)
{
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };
    struct present SW_CLEANUP(release_present) present = { 0 };
    size_t at = 0;
    enum sw_status status = sw_index_parse(sw_buf_str(index), "the image's index", &entries, err);

    if (status == SW_OK) {
        status = find_present(self, &entries, &present, err);
    }
    if (status == SW_OK && present.entries.count > 1) {
        status = keep_available(self, &present, err);
    }
    if (status == SW_OK) {
        status = pick(self, &present, &at, err);
    }
    if (status != SW_OK || !present.bytes) {
        return status;
    }
    return take_manifest(self, present.entries.items[at].media_type, &present.bytes[at], err);
}

static enum sw_status read_config(struct stored *self, struct sw_err *err)
{
    struct sw_image *image = self->ret;
    const struct sw_manifest *manifest = &self->manifest.parsed;
    enum sw_status status =
        self->documents.read(self->documents.ctx, manifest->config.digest, &image->config, err);

    if (status == SW_OK) {
        status = sw_image_config_parse(sw_buf_str(&image->config), "the image's configuration",
                                       &image->parsed, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (image->parsed.diff_id_count != manifest->layers.count) {
        return sw_fail(err, SW_E_INPUT,
                       "image \"%s\" is damaged: its manifest lists %zu layers and its "
                       "configuration %zu",
                       self->name, manifest->layers.count, image->parsed.diff_id_count);
    }
    return sw_platform_check(self->platform, image->parsed.platform, self->name, SW_E_INPUT, err);
}

/* Whether the manifest is pushed as it is: then every layer has to be packed. */
static bool keeps_manifest(const struct stored *self)
{
    const struct sw_descriptors *layers = &self->manifest.parsed.layers;

    for (size_t i = 0; i < layers->count; i++) {
        if (!sw_media_is_foreign(layers->items[i].media_type) &&
            sw_media_packing(layers->items[i].media_type) == SW_PACKING_NONE) {
            return false;
        }
    }
    return true;
}

static struct sw_feed_source source_of(const struct stored *self, const struct sw_descriptor *layer)
{
    return (struct sw_feed_source){ sw_engine_blob_read, self->blobs, self->name, layer->digest,
                                    layer->size };
}

/* Reads an unpacked layer, which is packed on the way. */
static enum sw_status pack_layer(const struct stored *self, const struct sw_descriptor *layer,
                                 const char *diff_id, struct sw_blob **ret, struct sw_err *err)
{
    const struct sw_feed_source from = source_of(self, layer);
    SW_CLEANUP(sw_feed_cleanup) struct sw_feed *feed = sw_feed_new(&from, 1);
    const struct sw_intake_source source = { .in = sw_feed_reader(feed, 0), .needed = true };
    enum sw_status status = sw_intake_layer(self->intake, &source, ret, err);

    if (status == SW_OK && strcmp((*ret)->diff_id, diff_id) != 0) {
        status = sw_fail(err, SW_E_INPUT,
                         "image \"%s\" is damaged: layer %s unpacks to %s although the "
                         "configuration says %s",
                         self->name, layer->digest, (*ret)->diff_id, diff_id);
    }
    return status;
}

static enum sw_status load_layer(const struct stored *self, size_t index, bool kept, bool there,
                                 struct sw_err *err)
{
    const struct sw_descriptor *layer = &self->manifest.parsed.layers.items[index];
    const char *diff_id = self->ret->parsed.diff_ids[index];
    const struct sw_feed_source source = source_of(self, layer);
    const enum sw_packing packing = sw_media_packing(layer->media_type);
    struct sw_blob **slot = &self->ret->layers[index];
    enum sw_status status = SW_OK;

    if (kept && sw_media_is_foreign(layer->media_type)) {
        *slot = sw_intake_foreign_layer(self->intake, layer);
        return SW_OK;
    }
    if (there) {
        *slot = sw_intake_known_layer(self->intake, layer->digest, layer->size, packing);
    } else if (kept) {
        *slot = sw_intake_feed_layer(self->intake, &source, packing);
    } else {
        *slot = sw_intake_learned(self->intake, diff_id);
    }
    if (status == SW_OK && !*slot && packing != SW_PACKING_NONE) {
        *slot = sw_intake_feed_layer(self->intake, &source, packing);
    } else if (status == SW_OK && !*slot) {
        status = pack_layer(self, layer, diff_id, slot, err);
    }
    return status == SW_OK ? sw_intake_hand_on(self->intake, *slot, err) : status;
}

/* Finds out which layers of a manifest that is written anew the targets have. */
static enum sw_status learn_layers(const struct stored *self, struct sw_err *err)
{
    const struct sw_manifest *manifest = &self->manifest.parsed;
    struct sw_wanted wanted = {
        .layers = sw_xcalloc(manifest->layers.count + 1, sizeof(*wanted.layers)),
        .count = manifest->layers.count,
    };
    enum sw_status status;

    for (size_t i = 0; i < wanted.count; i++) {
        wanted.layers[i] = (struct sw_wanted_layer){ self->ret->parsed.diff_ids[i],
                                                     manifest->layers.items[i].size };
    }
    status = sw_intake_learn(self->intake, &wanted, err);
    free(wanted.layers);
    return status;
}

static enum sw_status load_blobs(const struct stored *self, bool kept, bool there,
                                 struct sw_err *err)
{
    struct sw_image *image = self->ret;
    const struct sw_descriptor *config = &self->manifest.parsed.config;
    const struct sw_descriptors *layers = &self->manifest.parsed.layers;
    enum sw_status status;

    image->config_blob = there ? sw_intake_known_config(self->intake, config->digest, config->size)
                               : sw_intake_bytes(self->intake, sw_buf_str(&image->config));
    status = sw_intake_hand_on(self->intake, image->config_blob, err);
    if (status == SW_OK && !kept) {
        status = learn_layers(self, err);
    }
    image->layers = sw_xcalloc(layers->count + 1, sizeof(struct sw_blob *));
    for (size_t i = 0; status == SW_OK && i < layers->count; i++) {
        status = load_layer(self, i, kept, there, err);
        image->layer_count += status == SW_OK;
    }
    return status;
}

static enum sw_status load_image(const struct stored *self, struct sw_err *err)
{
    const bool kept = keeps_manifest(self);
    char digest[SW_DIGEST_SIZE];
    bool there = false;
    enum sw_status status = SW_OK;

    if (kept) {
        status = sw_oci_keep_manifest(&self->manifest, self->ret, err);
    }
    if (status == SW_OK && kept) {
        sw_digest_of(sw_buf_str(&self->ret->manifest), digest);
        status = self->intake->has_image(self->intake->ctx, digest, &there, err);
    }
    return status == SW_OK ? load_blobs(self, kept, there, err) : status;
}

/* Reads what the id names; *ret_done is false when the engine does not give it. */
static enum sw_status read_root(const struct sw_engine_blobs *blobs,
                                const struct sw_engine_image *image, struct sw_buf *out,
                                bool *ret_done, struct sw_err *err)
{
    enum sw_status status = sw_engine_document(blobs, image->id, out, err);

    *ret_done = status == SW_OK;
    if (status == SW_E_NOT_FOUND || status == SW_E_NETWORK) {
        sw_debug(blobs->env, "push", "the engine does not give its blobs: %s", err->msg);
        *err = (struct sw_err)SW_ERR_INIT;
        return SW_OK;
    }
    return status;
}

static enum sw_status tree_document(void *ctx, const char *digest, struct sw_buf *out,
                                    struct sw_err *err)
{
    return sw_engine_document(ctx, digest, out, err);
}

enum sw_status sw_docker_stored_load(struct sw_engine_blobs *blobs,
                                     const struct sw_engine_image *stored, const char *name,
                                     const char *platform, bool *ret_done, struct sw_intake *intake,
                                     struct sw_image *ret, struct sw_err *err)
{
    struct stored self = { .documents = { tree_document, blobs },
                           .blobs = blobs,
                           .image = stored,
                           .name = name,
                           .platform = platform,
                           .intake = intake,
                           .ret = ret };
    SW_CLEANUP(sw_buf_release) struct sw_buf root = { 0 };
    enum sw_status status;

    sw_buf_init(&root, SW_MANIFEST_MAX);
    status = read_root(blobs, stored, &root, ret_done, err);
    if (status != SW_OK || !*ret_done) {
        return status;
    }
    status = sw_media_is_index(stored->media_type)
                 ? choose_of_index(&self, &root, err)
                 : take_manifest(&self, stored->media_type, &root, err);
    if (status == SW_OK) {
        status = read_config(&self, err);
    }
    if (status == SW_OK) {
        status = load_image(&self, err);
    }
    sw_oci_choice_release(&self.manifest);
    return status;
}

/* Gets the manifest from the targets; *ret_done is false when they do not have this very one. */
static enum sw_status fetch_manifest(struct stored *self, bool *ret_done, struct sw_err *err)
{
    const struct sw_engine_image *image = self->image;
    const struct sw_intake *intake = self->intake;
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
    struct sw_err none = SW_ERR_INIT;
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = intake->has_image(intake->ctx, image->id, ret_done, err);

    sw_buf_init(&bytes, SW_MANIFEST_MAX);
    if (status != SW_OK || !*ret_done) {
        return status;
    }
    *ret_done = intake->fetch_image(intake->ctx, image->id, &bytes, &none) == SW_OK;
    if (*ret_done) {
        sw_digest_of(sw_buf_str(&bytes), actual);
        *ret_done = strcmp(actual, image->id) == 0 &&
                    take_manifest(self, image->media_type, &bytes, &none) == SW_OK &&
                    self->manifest.parsed.media_type[0] && keeps_manifest(self);
    }
    return SW_OK;
}

enum sw_status sw_docker_known_load(const struct sw_engine_image *stored, const char *name,
                                    const char *platform, bool *ret_done, struct sw_intake *intake,
                                    struct sw_image *ret, struct sw_err *err)
{
    struct stored self = { .documents = { intake->fetch, intake->ctx },
                           .image = stored,
                           .name = name,
                           .platform = platform,
                           .intake = intake,
                           .ret = ret };
    enum sw_status status = SW_OK;

    *ret_done = false;
    if (sw_media_is_manifest(stored->media_type)) {
        status = fetch_manifest(&self, ret_done, err);
    }
    if (status == SW_OK && *ret_done) {
        status = read_config(&self, err);
    }
    if (status == SW_OK && *ret_done) {
        status = sw_oci_keep_manifest(&self.manifest, ret, err);
    }
    if (status == SW_OK && *ret_done) {
        status = load_blobs(&self, /* kept= */ true, /* there= */ true, err);
    }
    sw_oci_choice_release(&self.manifest);
    return status;
}

static enum sw_status open_feed(void *ctx, const struct sw_descriptor *blob, size_t readers,
                                void **ret_handle, SW_UNUSED struct sw_err *err)
{
    const struct sw_engine_blobs *blobs = ctx;
    const struct sw_feed_source source = { sw_engine_blob_read, blobs, blobs->engine->shown,
                                           blob->digest, blob->size };

    *ret_handle = sw_feed_new(&source, readers);
    return SW_OK;
}

/* No repository holds the blobs yet. */
static const struct sw_push_place *home(SW_UNUSED void *ctx,
                                        SW_UNUSED const struct sw_descriptor *blob)
{
    return NULL;
}

enum sw_status sw_docker_stored_tree(struct sw_engine_blobs *blobs,
                                     const struct sw_engine_image *stored, bool *ret_done,
                                     struct sw_tree *ret, struct sw_store *ret_store,
                                     struct sw_err *err)
{
    const struct sw_tree_reader reader = { tree_document, blobs };
    SW_CLEANUP(sw_buf_release) struct sw_buf root = { 0 };
    enum sw_status status;

    sw_buf_init(&root, SW_MANIFEST_MAX);
    *ret_store = sw_feed_store(open_feed, home, blobs);
    status = read_root(blobs, stored, &root, ret_done, err);
    if (status != SW_OK || !*ret_done) {
        return status;
    }
    status = sw_tree_load(&reader, sw_buf_str(&root), stored->media_type, ret, err);
    return status == SW_OK ? SW_OK : sw_tree_explain("Docker engine", err);
}
