#include "awaited.h"

#include "oci_walk.h"

#include <slipway/alloc.h>

#include <string.h>

enum { INDEXES_MAX = 4 };

void sw_awaited_init(struct sw_awaited *awaited, const struct sw_archive_wish *wish,
                     struct sw_intake *intake)
{
    *awaited = (struct sw_awaited){
        .wish = wish, .intake = intake, .config = true, .left = 1 + wish->awaited.count
    };
    awaited->layers = sw_xcalloc(wish->awaited.count + 1, sizeof(bool));
    if (wish->root) {
        memcpy(awaited->document, wish->root, SW_DIGEST_SIZE);
    }
}

void sw_awaited_release(struct sw_awaited *awaited)
{
    free(awaited->layers);
    sw_manifest_release(&awaited->manifest);
    *awaited = (struct sw_awaited){ 0 };
}

/* Whether the document is a configuration: the digest may also be that of a manifest. */
static bool is_config(const struct sw_archive_file *file)
{
    struct sw_image_config config = { 0 };
    struct sw_err ignored = SW_ERR_INIT;
    bool is = file->bytes && sw_image_config_parse(sw_str_n(file->bytes, (size_t)file->size),
                                                   file->path, &config, &ignored) == SW_OK;

    sw_image_config_release(&config);
    return is;
}

/* A configuration and layers, which are known unpacked. */
static void note_content(struct sw_awaited *awaited, const struct sw_archive_file *file)
{
    const struct sw_archive_wish *wish = awaited->wish;
    const char *digest = file->blob ? file->blob->diff_id : file->digest;

    if (!digest) {
        return;
    }
    if (awaited->config && strcmp(wish->config, digest) == 0 && is_config(file)) {
        awaited->config = false;
        awaited->left--;
    }
    for (size_t i = 0; i < wish->awaited.count; i++) {
        if (!awaited->layers[i] && strcmp(wish->awaited.items[i], digest) == 0) {
            awaited->layers[i] = true;
            awaited->left--;
        }
    }
}

/* The file that passed with exactly that content. */
static const struct sw_archive_file *find_stored(const struct sw_archive *archive,
                                                 const char *digest)
{
    for (size_t i = 0; i < archive->count; i++) {
        const struct sw_archive_file *file = &archive->files[i];
        const char *actual = file->blob ? file->blob->digest : file->digest;

        if (actual && strcmp(actual, digest) == 0) {
            return file;
        }
    }
    return NULL;
}

/* The manifest of an index that is wished for, or that the engine would choose. */
static void follow_index(struct sw_awaited *awaited, struct sw_str bytes)
{
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };
    const struct sw_descriptor *entry = NULL;
    struct sw_err ignored = SW_ERR_INIT;

    if (!awaited->wish->platform || sw_index_parse(bytes, "index", &entries, &ignored) != SW_OK ||
        sw_index_pick(&entries, awaited->wish->platform, &entry, &ignored) != SW_OK) {
        awaited->lost = true;
        return;
    }
    memcpy(awaited->document, entry->digest, SW_DIGEST_SIZE);
}

/* Goes on from document to document, as far as they have passed. */
static void find_manifest(struct sw_awaited *awaited, struct sw_archive *archive)
{
    for (int i = 0; i < INDEXES_MAX && !awaited->found && !awaited->lost; i++) {
        const struct sw_archive_file *file = find_stored(archive, awaited->document);
        struct sw_err ignored = SW_ERR_INIT;
        struct sw_str bytes;

        if (!file || !file->bytes) {
            return;
        }
        bytes = sw_str_n(file->bytes, (size_t)file->size);
        if (sw_manifest_parse(bytes, "manifest", &awaited->manifest, &ignored) == SW_OK) {
            awaited->found = true;
            memcpy(archive->manifest, awaited->document, SW_DIGEST_SIZE);
        } else {
            follow_index(awaited, bytes);
        }
    }
}

/* A layer that the targets have need not pass: it stands among the files as if it had. */
static enum sw_status look_for_layer(const struct sw_awaited *awaited, struct sw_archive *archive,
                                     const struct sw_descriptor *layer, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = sw_oci_blob_path(layer->digest);
    const struct sw_tar_entry entry = {
        .type = SW_TAR_FILE, .path = path, .link = "", .size = layer->size
    };
    const enum sw_packing packing = sw_media_packing(layer->media_type);
    struct sw_intake *intake = awaited->intake;
    struct sw_archive_file *file = NULL;
    bool there = false;
    enum sw_status status = SW_OK;

    if (packing == SW_PACKING_NONE || find_stored(archive, layer->digest)) {
        return SW_OK;
    }
    status = intake->has(intake->ctx, layer->digest, &there, err);
    if (status == SW_OK && there) {
        status = sw_archive_add(archive, &entry, &file, err);
    }
    if (status == SW_OK && there) {
        file->blob = sw_intake_known_layer(intake, layer->digest, layer->size, packing);
    }
    return status;
}

static enum sw_status look_for_layers(struct sw_awaited *awaited, struct sw_archive *archive,
                                      struct sw_err *err)
{
    const struct sw_descriptors *layers = &awaited->manifest.layers;
    enum sw_status status = SW_OK;

    for (size_t i = 0; status == SW_OK && i < layers->count; i++) {
        status = look_for_layer(awaited, archive, &layers->items[i], err);
    }
    awaited->looked = true;
    return status;
}

/* Whether all parts of the manifest have passed. */
static bool is_whole(const struct sw_awaited *awaited, const struct sw_archive *archive)
{
    const struct sw_manifest *manifest = &awaited->manifest;
    bool whole = find_stored(archive, manifest->config.digest) != NULL;

    for (size_t i = 0; whole && i < manifest->layers.count; i++) {
        const struct sw_descriptor *layer = &manifest->layers.items[i];

        whole = sw_media_is_foreign(layer->media_type) || find_stored(archive, layer->digest);
    }
    return whole;
}

static enum sw_status note_document(struct sw_awaited *awaited, struct sw_archive *archive,
                                    struct sw_err *err)
{
    enum sw_status status = SW_OK;

    find_manifest(awaited, archive);
    if (awaited->found && !awaited->looked) {
        status = look_for_layers(awaited, archive, err);
    }
    archive->complete = status == SW_OK && awaited->found && is_whole(awaited, archive);
    return status;
}

enum sw_status sw_awaited_note(struct sw_awaited *awaited, struct sw_archive *archive,
                               struct sw_archive_file *file, struct sw_err *err)
{
    const struct sw_archive_wish *wish = awaited->wish;
    char digest[SW_DIGEST_SIZE];

    if (!wish->config && !wish->root) {
        return SW_OK;
    }
    if (file->bytes &&
        (wish->root || sw_packing_of(file->bytes, (size_t)file->size) == SW_PACKING_NONE)) {
        sw_digest_of(sw_str_n(file->bytes, (size_t)file->size), digest);
        file->digest = sw_xstrdup(digest);
    }
    if (wish->root) {
        return note_document(awaited, archive, err);
    }
    note_content(awaited, file);
    archive->complete = awaited->left == 0;
    return SW_OK;
}
