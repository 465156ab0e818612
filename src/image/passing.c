#include "awaited.h"
#include "docker_manifest.h"

#include <slipway/alloc.h>

#include <string.h>

/* An archive that passes by: what is small is kept, what is large is made into blobs at once. */

enum { SMALL_FILE = 64 * 1024 /* kept whatever it is */ };
/* All that is kept in memory. */
#define HELD_MAX ((size_t)32 * 1024 * 1024)

/* Reads a small file into memory. */
static enum sw_status hold(struct sw_archive *archive, struct sw_archive_file *file,
                           const struct sw_reader *reader, struct sw_err *err)
{
    size_t size = (size_t)file->size;
    size_t len = 0;
    enum sw_status status;

    if (size > HELD_MAX - archive->held_bytes) {
        return sw_fail(err, SW_E_TOO_LARGE,
                       "the small files of the archive have more than %zu bytes", HELD_MAX);
    }
    archive->held_bytes += size;
    file->bytes = sw_xcalloc(size + 1, 1);
    status = sw_reader_fill(reader, file->bytes, size, &len, err);
    return status;
}

/* Whether held bytes may be a document; a layer that looks like one is made when it is asked for.
 */
static bool may_be_document(const struct sw_archive_file *file)
{
    return file->size <= SMALL_FILE || file->bytes[0] == '{' || file->bytes[0] == '[';
}

static void let_go(struct sw_archive *archive, struct sw_archive_file *file)
{
    free(file->bytes);
    file->bytes = NULL;
    archive->held_bytes -= (size_t)file->size;
}

/*
 * The diff id that a passing file claims by its name ("blobs/sha256/<hex>"), when it is one that is
 * wanted; else NULL. Docker 25 and later name unpacked layers so.
 */
static const char *claimed_diff_id(const struct sw_archive_file *file,
                                   const struct sw_archive_wish *wish)
{
    const struct sw_strs *wanted = wish->layers;
    ptrdiff_t slash = sw_str_rfind(sw_str(file->path), '/');
    struct sw_str name = sw_str_from(sw_str(file->path), (size_t)(slash + 1));

    for (size_t i = 0; i < wanted->count; i++) {
        if (sw_str_eq(name, sw_str_from(sw_str(wanted->items[i]), strlen("sha256:")))) {
            return wanted->items[i];
        }
    }
    return NULL;
}

/* Makes the blob of a file that is too large or no document. */
static enum sw_status take_layer(struct sw_archive *archive, struct sw_archive_file *file,
                                 struct sw_reader reader, bool needed, struct sw_intake *intake,
                                 struct sw_err *err)
{
    struct sw_memory_part part = { file->bytes, (size_t)file->size };
    struct sw_intake_source source = { .in = reader, .needed = needed, .name = file->path };
    enum sw_status status;

    if (file->bytes) {
        source.in = sw_memory_reader(&part);
    }
    status = sw_intake_layer(intake, &source, &file->blob, err);
    if (file->bytes) {
        let_go(archive, file);
    }
    return status;
}

/*
 * Hands a layer on that is of the image. One whose name did not tell what it is may turn out to be
 * known: then what was made of it is not needed.
 */
static enum sw_status pass_on(struct sw_archive_file *file, struct sw_intake *intake,
                              const struct sw_archive_wish *wish, struct sw_err *err)
{
    struct sw_blob *known = NULL;

    if (!sw_strs_has(wish->layers, sw_str(file->blob->diff_id))) {
        return SW_OK;
    }
    /* Of a manifest that is kept the layers are those that it names, and no others. */
    if (!file->blob->handed_on && !wish->root) {
        known = sw_intake_learned(intake, file->blob->diff_id);
    }
    if (known) {
        sw_blob_drop_content(file->blob);
        file->blob = known;
    }
    return sw_intake_hand_on(intake, file->blob, err);
}

/*
 * A packed layer that the targets have need not be looked at. Its name, a digest, says which that
 * is; whether it is one of the image, the manifest does.
 */
static enum sw_status step_over(struct sw_archive_file *file, const struct sw_reader *reader,
                                struct sw_intake *intake, struct sw_err *err)
{
    char digest[SW_DIGEST_SIZE];
    char head[SW_PACKING_HEAD];
    size_t len = 0;
    bool there = false;
    enum sw_packing packing;
    enum sw_status status;

    if (!sw_config_path_digest(file->path, digest)) {
        return SW_OK;
    }
    status = intake->has(intake->ctx, digest, &there, err);
    if (status != SW_OK || !there) {
        return status;
    }
    status = sw_reader_fill(reader, head, sizeof(head), &len, err);
    packing = sw_packing_of(head, len);
    file->blob = sw_intake_known_layer(intake, digest, file->size, packing);
    return status;
}

static enum sw_status take_file(struct sw_archive *archive, struct sw_archive_file *file,
                                struct sw_tar *tar, struct sw_intake *intake,
                                const struct sw_archive_wish *wish, struct sw_err *err)
{
    const struct sw_reader reader = sw_tar_reader(tar);
    const char *diff_id;
    enum sw_status status;

    if (file->type != SW_TAR_FILE) {
        return SW_OK;
    }
    diff_id = claimed_diff_id(file, wish);
    if (diff_id) {
        file->blob = sw_intake_learned(intake, diff_id);
        if (file->blob) {
            return SW_OK;
        }
    }
    if (file->size <= (int64_t)SW_CONFIG_MAX) {
        status = hold(archive, file, &reader, err);
        if (status != SW_OK || may_be_document(file)) {
            return status;
        }
    }
    if (wish->root && !file->bytes && !diff_id) {
        status = step_over(file, &reader, intake, err);
        if (status != SW_OK || file->blob) {
            return status;
        }
    }
    status = take_layer(archive, file, reader, diff_id || wish->all_needed, intake, err);
    return status == SW_OK ? pass_on(file, intake, wish, err) : status;
}

/* Takes all files, or those up to the last that is awaited. */
static enum sw_status take_files(struct sw_archive *archive, struct sw_tar *tar,
                                 struct sw_awaited *awaited, struct sw_err *err)
{
    const struct sw_tar_entry *entry = NULL;
    struct sw_archive_file *file;
    enum sw_status status;

    do {
        status = sw_tar_next(tar, &entry, err);
        if (status == SW_OK && entry) {
            status = sw_archive_add(archive, entry, &file, err);
        }
        if (status == SW_OK && entry && file) {
            status = take_file(archive, file, tar, awaited->intake, awaited->wish, err);
        }
        if (status == SW_OK && entry && file) {
            status = sw_awaited_note(awaited, archive, file, err);
        }
    } while (status == SW_OK && entry && !archive->complete);
    return status;
}

enum sw_status sw_archive_take(struct sw_archive *archive, struct sw_reader in,
                               struct sw_intake *intake, const struct sw_archive_wish *wish,
                               struct sw_err *err)
{
    SW_CLEANUP(sw_tar_cleanup) struct sw_tar *tar = sw_tar_new(in);
    struct sw_awaited SW_CLEANUP(sw_awaited_release) awaited = { 0 };
    enum sw_status status;

    archive->fd = -1;
    sw_awaited_init(&awaited, wish, intake);
    status = take_files(archive, tar, &awaited, err);
    sw_archive_sort(archive);
    return status;
}
