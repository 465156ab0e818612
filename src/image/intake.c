#include "intake.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/progress.h>

#include <string.h>

enum {
    READ_SIZE = 256 * 1024, /* small enough to be hashed from the cache */
    /* A layer that packs to less is not worth the haste: its digest is there in no time. */
    STREAM_MIN = 1024 * 1024,
};

void sw_blob_drop_content(struct sw_blob *blob)
{
    if (blob->owns_fd) {
        sw_close_fd(&blob->fd);
    }
    if (blob->spool) {
        sw_spool_drop(blob->spool);
    }
    sw_feed_free(blob->feed);
    blob->feed = NULL;
    blob->fd = -1;
    blob->owns_fd = false;
}

static struct sw_blob *new_blob(struct sw_intake *intake)
{
    struct sw_blob *blob = sw_xcalloc(1, sizeof(*blob));

    blob->fd = -1;
    blob->origin.fd = -1;
    intake->blobs = sw_grow(intake->blobs, intake->blob_count, &intake->blob_capacity,
                            sizeof(struct sw_blob *));
    intake->blobs[intake->blob_count++] = blob;
    return blob;
}

void sw_intake_release(struct sw_intake *intake)
{
    for (size_t i = 0; i < intake->blob_count; i++) {
        sw_blob_drop_content(intake->blobs[i]);
        sw_spool_free(intake->blobs[i]->spool);
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
    const struct sw_intake_source *source;
    struct sw_blob *blob;
    char head[SW_PACKING_HEAD]; /* bytes read ahead to tell the packing */
    size_t head_len;
    size_t head_at;
    int64_t written;     /* bytes of the packed layer */
    const char *passing; /* bytes of it that are stored and not hashed yet */
    size_t passing_len;
    struct sw_sha256 *packed;   /* hash of what is stored */
    struct sw_sha256 *unpacked; /* hash of the layer itself */
};

/* Takes bytes of the packed layer. */
static enum sw_status store(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct making *making = ctx;

    making->written += (int64_t)len;
    return making->blob->spool ? sw_spool_add(making->blob->spool, data, len, err) : SW_OK;
}

/* The layer as the source has it, the bytes read ahead included. */
static enum sw_status read_source(void *ctx, char *data, size_t size, size_t *ret_len,
                                  struct sw_err *err)
{
    struct making *making = ctx;
    const struct sw_reader *in = &making->source->in;
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
    return in->read(in->ctx, data, size, ret_len, err);
}

/* Hashes bytes of the layer itself, and beside them what was stored meanwhile. */
static void hash(struct making *making, const char *data, size_t len)
{
    sw_sha256_add_two(making->unpacked, data, len, making->packed, making->passing,
                      making->passing_len);
    making->passing_len = 0;
}

/* The same, for a packed layer: what passes is what is stored. */
static enum sw_status read_and_store(void *ctx, char *data, size_t size, size_t *ret_len,
                                     struct sw_err *err)
{
    struct making *making = ctx;
    enum sw_status status;

    hash(making, NULL, 0);
    status = read_source(ctx, data, size, ret_len, err);
    if (status == SW_OK) {
        making->passing = data;
        making->passing_len = *ret_len;
        status = store(ctx, data, *ret_len, err);
    }
    return status;
}

/* Hands a layer on that is being compressed, once it proves to be large. */
static enum sw_status stream(struct making *making, struct sw_err *err)
{
    struct sw_intake *intake = making->intake;

    if (making->blob->handed_on || !making->source->needed || !intake->may_stream ||
        sw_spool_size(making->blob->spool) < STREAM_MIN || !intake->may_stream(intake->ctx)) {
        return SW_OK;
    }
    return sw_intake_hand_on(intake, making->blob, err);
}

static enum sw_status compress_layer(struct making *making, struct sw_err *err)
{
    struct sw_packer *packer = making->intake->packer;
    const struct sw_gzip_sink sink = { store, making, making->unpacked, making->packed };
    enum sw_status status = SW_OK;

    sw_packer_begin(packer, &sink);
    while (status == SW_OK) {
        size_t room = 0;
        size_t size;
        size_t len = 0;
        char *into = sw_packer_room(packer, &room);

        /* After the head, whose length is odd, reads come back to multiples of READ_SIZE. */
        size = room % READ_SIZE ? room % READ_SIZE : READ_SIZE;
        status = read_source(making, into, size, &len, err);
        if (status == SW_OK && len == 0) {
            return sw_packer_end(packer, err);
        }
        if (status == SW_OK) {
            status = sw_packer_fill(packer, len, err);
        }
        if (status == SW_OK) {
            status = stream(making, err);
        }
    }
    sw_packer_stop(packer); /* it still writes to us */
    return status;
}

/* A packed layer, or one that is to be stored unpacked. */
static enum sw_status keep_layer(struct making *making, enum sw_packing packing, struct sw_err *err)
{
    const struct sw_reader source = { read_and_store, NULL, making };
    SW_CLEANUP(sw_unpack_cleanup) struct sw_unpack *unpack = sw_unpack_new(packing, source);
    const struct sw_reader reader = sw_unpack_reader(unpack);
    SW_CLEANUP(sw_free_str) char *data = sw_xmalloc(READ_SIZE);

    for (;;) {
        size_t len = 0;
        enum sw_status status = reader.read(reader.ctx, data, READ_SIZE, &len, err);

        if (status != SW_OK || len == 0) {
            return status;
        }
        hash(making, data, len);
    }
}

/* The layer was read: the blob is whole. */
static void finish(struct making *making, enum sw_packing packing)
{
    const struct sw_file_part *origin = making->source->origin;
    struct sw_blob *blob = making->blob;

    blob->packing = packing;
    blob->size = making->written;
    sw_sha256_take(making->packed, blob->digest);
    sw_sha256_take(making->unpacked, blob->diff_id);
    if (blob->spool) {
        sw_spool_end(blob->spool, /* whole= */ true);
    } else {
        blob->fd = origin->fd;
        blob->offset = origin->offset;
    }
}

static enum sw_status make(struct making *making, struct sw_err *err)
{
    enum sw_packing packing = sw_packing_of(making->head, making->head_len);
    const struct sw_packer *packer = making->intake->packer;
    bool packs = packing == SW_PACKING_NONE && packer;
    enum sw_status status = SW_OK;

    if (packs || !making->source->origin) {
        making->blob->spool = sw_spool_new(sw_env_get(making->intake->env, "TMPDIR"),
                                           making->intake->keep || !making->source->origin);
    }
    status = packs ? compress_layer(making, err) : keep_layer(making, packing, err);
    if (status == SW_OK) {
        finish(making, packs ? sw_packer_packing(packer) : packing);
    } else if (making->blob->spool) {
        sw_spool_end(making->blob->spool, /* whole= */ false);
    }
    return status;
}

/* Reads a layer into a blob that has no content yet. */
static enum sw_status take_layer(struct sw_intake *intake, const struct sw_intake_source *source,
                                 struct sw_blob *blob, struct sw_err *err)
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *packed = sw_sha256_new();
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *unpacked = sw_sha256_new();
    struct making making = {
        .intake = intake, .source = source, .blob = blob, .packed = packed, .unpacked = unpacked
    };
    enum sw_status status =
        sw_reader_fill(&source->in, making.head, sizeof(making.head), &making.head_len, err);

    return status == SW_OK ? make(&making, err) : status;
}

enum sw_status sw_intake_layer(struct sw_intake *intake, const struct sw_intake_source *source,
                               struct sw_blob **ret, struct sw_err *err)
{
    struct sw_blob *blob = new_blob(intake);
    enum sw_status status;

    blob->is_layer = true;
    if (source->origin) {
        blob->origin = *source->origin;
    }
    status = take_layer(intake, source, blob, err);
    if (status == SW_OK) {
        *ret = blob;
    }
    return status;
}

enum sw_status sw_intake_again(struct sw_intake *intake, struct sw_blob *blob, struct sw_err *err)
{
    struct sw_file_part part = blob->origin;
    const struct sw_intake_source source = { .in = sw_file_part_reader(&part) };
    char digest[SW_DIGEST_SIZE];
    char diff_id[SW_DIGEST_SIZE];
    enum sw_status status;

    memcpy(digest, blob->digest, SW_DIGEST_SIZE);
    memcpy(diff_id, blob->diff_id, SW_DIGEST_SIZE);
    sw_spool_free(blob->spool);
    blob->spool = NULL;
    status = take_layer(intake, &source, blob, err);
    if (status == SW_OK && strcmp(digest, blob->digest) != 0) {
        status = sw_fail(err, SW_E_INPUT, "layer %s has changed while it was read", diff_id);
    }
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

struct sw_blob *sw_intake_known_config(struct sw_intake *intake, const char *digest, int64_t size)
{
    struct sw_blob *blob = new_blob(intake);

    memcpy(blob->digest, digest, SW_DIGEST_SIZE);
    blob->size = size;
    return blob;
}

struct sw_blob *sw_intake_known_layer(struct sw_intake *intake, const char *digest, int64_t size,
                                      enum sw_packing packing)
{
    struct sw_blob *blob = sw_intake_known_config(intake, digest, size);

    blob->is_layer = true;
    blob->packing = packing;
    return blob;
}

struct sw_blob *sw_intake_foreign_layer(struct sw_intake *intake,
                                        const struct sw_descriptor *descriptor)
{
    char digest[SW_DIGEST_SHORT_SIZE];

    sw_digest_short(descriptor->digest, digest);
    sw_say(intake->env, "layer %s: not moved, it is a foreign layer (%s)", digest,
           descriptor->media_type);
    return sw_intake_known_layer(intake, descriptor->digest, descriptor->size, SW_PACKING_NONE);
}

struct sw_blob *sw_intake_feed_layer(struct sw_intake *intake, const struct sw_feed_source *source,
                                     enum sw_packing packing)
{
    struct sw_blob *blob = sw_intake_known_layer(intake, source->digest, source->size, packing);
    struct sw_feed_source kept = *source;

    kept.digest = blob->digest;
    blob->feed = sw_feed_new(&kept, 1);
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

enum sw_status sw_intake_learn(struct sw_intake *intake, const struct sw_wanted *wanted,
                               struct sw_err *err)
{
    return intake->learn ? intake->learn(intake->ctx, wanted, err) : SW_OK;
}

struct sw_blob *sw_intake_learned(struct sw_intake *intake, const char *diff_id)
{
    struct sw_blob *blob = find_learned(intake, diff_id);
    const struct sw_known_layer *known = NULL;

    if (!blob && intake->learned) {
        known = intake->learned(intake->ctx, diff_id);
    }
    if (known) {
        blob = sw_intake_known_layer(intake, known->digest, known->size, known->packing);
        memcpy(blob->diff_id, diff_id, SW_DIGEST_SIZE);
        blob->learned_from = sw_xstrdup(known->from);
        blob->shared_from = known->shared_from;
    }
    return blob;
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

enum sw_status sw_image_check_platform(const struct sw_image *image, const char *name,
                                       const char *platform, struct sw_err *err)
{
    const char *has = image->parsed.platform ? image->parsed.platform : "no platform";

    if (platform && !sw_platform_matches(platform, image->parsed.platform)) {
        return sw_fail(err, SW_E_INPUT, "image \"%s\" is for %s, not for %s", name, has, platform);
    }
    return SW_OK;
}

void sw_image_release(struct sw_image *image)
{
    sw_buf_release(&image->config);
    sw_buf_release(&image->manifest);
    sw_image_config_release(&image->parsed);
    free(image->layers);
    free(image->manifest_type);
    free(image->annotations);
    *image = (struct sw_image){ 0 };
}
