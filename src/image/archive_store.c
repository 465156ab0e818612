#include "archive_store.h"

#include "oci_walk.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <string.h>

/* One upload's view of a blob. */
struct reader {
    const struct open_blob *blob;
    struct sw_file_part part;
    struct sw_sha256 *hash;
    struct sw_http_body body;
};

/* A blob that is being sent. */
struct open_blob {
    const struct sw_archive *archive;
    const char *digest; /* borrowed from the tree */
    int64_t size;
    struct sw_file_part part;
    bool opened;
    struct reader *readers;
    size_t reader_count;
};

/* The last bytes go out only when the digest of all is right. */
static enum sw_status check_content(struct reader *reader, const char *data, size_t len,
                                    struct sw_err *err)
{
    const struct open_blob *blob = reader->blob;
    char actual[SW_DIGEST_SIZE];

    sw_sha256_add(reader->hash, data, len);
    if (reader->part.offset < reader->part.end) {
        return SW_OK;
    }
    sw_sha256_take(reader->hash, actual);
    if (strcmp(actual, blob->digest) != 0) {
        return sw_fail(err, SW_E_INPUT, "the %s is damaged: blob %s is %s",
                       sw_archive_word(blob->archive), blob->digest, actual);
    }
    return SW_OK;
}

static enum sw_status body_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                struct sw_err *err)
{
    struct reader *reader = ctx;
    const struct sw_reader file = sw_file_part_reader(&reader->part);
    enum sw_status status = file.read(file.ctx, data, size, ret_len, err);

    if (status == SW_OK && *ret_len > 0) {
        status = check_content(reader, data, *ret_len, err);
    }
    return status;
}

static enum sw_status body_rewind(void *ctx, SW_UNUSED struct sw_err *err)
{
    struct reader *reader = ctx;

    sw_sha256_free(reader->hash);
    reader->hash = sw_sha256_new();
    reader->part = reader->blob->part;
    return SW_OK;
}

static void close_blob(void *handle)
{
    struct open_blob *blob = handle;

    for (size_t i = 0; i < blob->reader_count; i++) {
        sw_sha256_free(blob->readers[i].hash);
    }
    if (blob->opened) {
        sw_close_fd(&blob->part.fd);
    }
    free(blob->readers);
    free(blob);
}

static enum sw_status find_blob(struct open_blob *blob, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = sw_oci_blob_path(blob->digest);
    const struct sw_archive_file *file = sw_archive_find(blob->archive, path);

    if (!file) {
        return sw_fail(err, SW_E_INPUT, "blob %s, a part of the image, is missing from the %s",
                       blob->digest, sw_archive_word(blob->archive));
    }
    if (file->size != blob->size) {
        return sw_fail(err, SW_E_INPUT, "the %s is damaged: blob %s has %lld bytes instead of %lld",
                       sw_archive_word(blob->archive), blob->digest, (long long)file->size,
                       (long long)blob->size);
    }
    return sw_archive_part(blob->archive, file, &blob->part, &blob->opened, err);
}

static enum sw_status open_blob(void *ctx, const struct sw_descriptor *descriptor, size_t readers,
                                void **ret_handle, struct sw_err *err)
{
    struct open_blob *blob = sw_xcalloc(1, sizeof(*blob));

    blob->archive = ctx;
    blob->digest = descriptor->digest;
    blob->size = descriptor->size;
    if (find_blob(blob, err) != SW_OK) {
        close_blob(blob);
        return err->status;
    }
    blob->readers = sw_xcalloc(readers, sizeof(*blob->readers));
    blob->reader_count = readers;
    for (size_t i = 0; i < readers; i++) {
        struct reader *reader = &blob->readers[i];

        *reader = (struct reader){ .blob = blob, .part = blob->part, .hash = sw_sha256_new() };
        reader->body = (struct sw_http_body){ blob->size, body_read, body_rewind, reader };
    }
    *ret_handle = blob;
    return SW_OK;
}

static const struct sw_http_body *blob_body(void *handle, size_t reader)
{
    struct open_blob *blob = handle;

    return &blob->readers[reader].body;
}

/* Readers do not wait for each other. */
static void leave(SW_UNUSED void *handle, SW_UNUSED size_t reader)
{
}

/* No repository holds the blobs yet. */
static const struct sw_push_place *home(SW_UNUSED void *ctx,
                                        SW_UNUSED const struct sw_descriptor *blob)
{
    return NULL;
}

struct sw_store sw_archive_store(struct sw_archive *archive)
{
    return (struct sw_store){ open_blob, blob_body, leave, close_blob, home, archive };
}
