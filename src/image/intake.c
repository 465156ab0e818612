#include "intake.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { COPY_SIZE = 256 * 1024 };

void sw_blob_drop_content(struct sw_blob *blob)
{
    if (blob->owns_fd) {
        sw_close_fd(&blob->fd);
    }
    blob->fd = -1;
    blob->owns_fd = false;
}

static struct sw_blob *new_blob(struct sw_intake *intake)
{
    struct sw_blob *blob = sw_xcalloc(1, sizeof(*blob));

    blob->fd = -1;
    intake->blobs = sw_grow(intake->blobs, intake->blob_count, &intake->blob_capacity,
                            sizeof(struct sw_blob *));
    intake->blobs[intake->blob_count++] = blob;
    return blob;
}

void sw_intake_release(struct sw_intake *intake)
{
    for (size_t i = 0; i < intake->blob_count; i++) {
        sw_blob_drop_content(intake->blobs[i]);
        free(intake->blobs[i]->bytes);
        free(intake->blobs[i]->learned_from);
        free(intake->blobs[i]);
    }
    free(intake->blobs);
    intake->blobs = NULL;
    intake->blob_count = 0;
}

/* A layer on its way into a blob. */
struct making {
    struct sw_intake *intake;
    struct sw_reader in;
    char head[SW_PACKING_HEAD]; /* bytes read ahead to tell the packing */
    size_t head_len;
    size_t head_at;
    int fd;                     /* where the content goes; -1: nowhere */
    int64_t written;            /* bytes of the packed layer */
    struct sw_sha256 *packed;   /* hash of what is stored */
    struct sw_sha256 *unpacked; /* hash of the layer itself */
};

static enum sw_status write_all(int fd, int64_t offset, const char *data, size_t len,
                                struct sw_err *err)
{
    while (len > 0) {
        ssize_t put = pwrite(fd, data, len, offset);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return sw_fail(err, SW_E_FAILED, "cannot write to a temporary file: %s%s",
                           strerror(errno),
                           errno == ENOSPC ? "; set TMPDIR to a folder with more room" : "");
        }
        data += put;
        len -= (size_t)put;
        offset += put;
    }
    return SW_OK;
}

/* Takes bytes of the packed layer. */
static enum sw_status store(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct making *making = ctx;
    enum sw_status status = SW_OK;

    sw_sha256_add(making->packed, data, len);
    if (making->fd >= 0) {
        status = write_all(making->fd, making->written, data, len, err);
    }
    making->written += (int64_t)len;
    return status;
}

/* The layer as the source has it, the bytes read ahead included. */
static enum sw_status read_source(void *ctx, char *data, size_t size, size_t *ret_len,
                                  struct sw_err *err)
{
    struct making *making = ctx;
    size_t left = making->head_len - making->head_at;
    enum sw_status status = making->intake->check(making->intake->ctx, err);

    if (status != SW_OK) {
        return status;
    }
    if (left > 0) {
        *ret_len = left < size ? left : size;
        memcpy(data, making->head + making->head_at, *ret_len);
        making->head_at += *ret_len;
        return SW_OK;
    }
    return making->in.read(making->in.ctx, data, size, ret_len, err);
}

/* The same, for a packed layer: what passes is what is stored. */
static enum sw_status read_and_store(void *ctx, char *data, size_t size, size_t *ret_len,
                                     struct sw_err *err)
{
    enum sw_status status = read_source(ctx, data, size, ret_len, err);

    return status == SW_OK ? store(ctx, data, *ret_len, err) : status;
}

/* Reads to the end, hashing the unpacked layer, and compressing it when a compressor is given. */
static enum sw_status run(struct making *making, const struct sw_reader *reader,
                          struct sw_gzip *gzip, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *data = sw_xmalloc(COPY_SIZE);

    for (;;) {
        size_t len = 0;
        enum sw_status status = reader->read(reader->ctx, data, COPY_SIZE, &len, err);

        if (status != SW_OK || len == 0) {
            return status;
        }
        sw_sha256_add(making->unpacked, data, len);
        if (gzip) {
            status = sw_gzip_add(gzip, data, len, err);
        }
        if (status != SW_OK) {
            return status;
        }
    }
}

static enum sw_status compress_layer(struct making *making, struct sw_err *err)
{
    const struct sw_reader reader = { read_source, NULL, making };
    const struct sw_gzip_sink sink = { store, making };
    enum sw_status status;

    sw_gzip_begin(making->intake->gzip, &sink);
    status = run(making, &reader, making->intake->gzip, err);
    return status == SW_OK ? sw_gzip_end(making->intake->gzip, err) : status;
}

static enum sw_status check_packed_layer(struct making *making, enum sw_packing packing,
                                         struct sw_err *err)
{
    const struct sw_reader source = { read_and_store, NULL, making };
    SW_CLEANUP(sw_unpack_cleanup) struct sw_unpack *unpack = sw_unpack_new(packing, source);
    const struct sw_reader reader = sw_unpack_reader(unpack);

    return run(making, &reader, NULL, err);
}

/* Reads the layer through; *making has the hashes and the length then. */
static enum sw_status make(struct making *making, enum sw_packing packing, bool keep,
                           struct sw_err *err)
{
    enum sw_status status = SW_OK;

    if (keep) {
        status = sw_fs_temp(sw_env_get(making->intake->env, "TMPDIR"), &making->fd, err);
    }
    if (status != SW_OK) {
        return status;
    }
    return packing == SW_PACKING_NONE ? compress_layer(making, err)
                                      : check_packed_layer(making, packing, err);
}

/* The blob of a layer that was read; takes the temporary file over. */
static struct sw_blob *finish(struct making *making, enum sw_packing packing,
                              const struct sw_file_part *origin)
{
    struct sw_blob *blob = new_blob(making->intake);

    blob->is_layer = true;
    blob->packing = packing == SW_PACKING_NONE ? SW_PACKING_GZIP : packing;
    blob->size = making->written;
    blob->fd = making->fd;
    blob->owns_fd = making->fd >= 0;
    making->fd = -1;
    if (!blob->owns_fd && origin) {
        blob->fd = origin->fd;
        blob->offset = origin->offset;
    }
    sw_sha256_take(making->packed, blob->digest);
    sw_sha256_take(making->unpacked, blob->diff_id);
    return blob;
}

enum sw_status sw_intake_layer(struct sw_intake *intake, struct sw_reader in,
                               const struct sw_file_part *origin, struct sw_blob **ret,
                               struct sw_err *err)
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *packed = sw_sha256_new();
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *unpacked = sw_sha256_new();
    struct making making = {
        .intake = intake, .in = in, .fd = -1, .packed = packed, .unpacked = unpacked
    };
    enum sw_packing packing;
    enum sw_status status =
        sw_reader_fill(&in, making.head, sizeof(making.head), &making.head_len, err);

    if (status != SW_OK) {
        return status;
    }
    packing = sw_packing_of(making.head, making.head_len);
    status = make(&making, packing, packing == SW_PACKING_NONE || !origin, err);
    if (status == SW_OK) {
        *ret = finish(&making, packing, origin);
    }
    sw_close_fd(&making.fd);
    return status;
}

struct sw_blob *sw_intake_bytes(struct sw_intake *intake, struct sw_str bytes)
{
    struct sw_blob *blob = new_blob(intake);

    sw_digest_of(bytes, blob->digest);
    blob->size = (int64_t)bytes.len;
    blob->bytes = sw_str_dup(bytes);
    return blob;
}

struct sw_blob *sw_intake_known_layer(struct sw_intake *intake, const char *digest, int64_t size,
                                      enum sw_packing packing)
{
    struct sw_blob *blob = new_blob(intake);

    memcpy(blob->digest, digest, SW_DIGEST_SIZE);
    blob->is_layer = true;
    blob->packing = packing;
    blob->size = size;
    return blob;
}

/* A layer that was learned before: a diff id may come twice. */
static struct sw_blob *find_learned(const struct sw_intake *intake, const char *diff_id)
{
    for (size_t i = 0; i < intake->blob_count; i++) {
        struct sw_blob *blob = intake->blobs[i];

        if (blob->learned_from && strcmp(blob->diff_id, diff_id) == 0) {
            return blob;
        }
    }
    return NULL;
}

enum sw_status sw_intake_learned(struct sw_intake *intake, const char *diff_id,
                                 struct sw_blob **ret, struct sw_err *err)
{
    struct sw_blob *blob = find_learned(intake, diff_id);
    const struct sw_known_layer *known = NULL;
    bool there = false;
    enum sw_status status = SW_OK;

    *ret = blob;
    if (!blob && intake->learned) {
        known = intake->learned(intake->ctx, diff_id);
    }
    if (known) {
        status = intake->has(intake->ctx, known->digest, &there, err);
    }
    if (status == SW_OK && there) {
        blob = sw_intake_known_layer(intake, known->digest, known->size, known->packing);
        memcpy(blob->diff_id, diff_id, SW_DIGEST_SIZE);
        blob->learned_from = sw_xstrdup(known->from);
        *ret = blob;
    }
    return status;
}

enum sw_status sw_intake_hand_on(struct sw_intake *intake, struct sw_blob *blob, struct sw_err *err)
{
    if (blob->handed_on) {
        return SW_OK;
    }
    blob->handed_on = true;
    return intake->ready(intake->ctx, blob, err);
}

void sw_image_init(struct sw_image *image)
{
    *image = (struct sw_image){ 0 };
    sw_buf_init(&image->config, SW_CONFIG_MAX);
    sw_buf_init(&image->manifest, SW_MANIFEST_MAX);
}

void sw_image_release(struct sw_image *image)
{
    sw_buf_release(&image->config);
    sw_buf_release(&image->manifest);
    sw_image_config_release(&image->parsed);
    free(image->layers);
    free(image->manifest_type);
    *image = (struct sw_image){ 0 };
}
