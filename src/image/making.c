#include "making.h"

#include <slipway/alloc.h>

#include <string.h>

enum {
    READ_SIZE = 256 * 1024, /* small enough to be hashed from the cache */
    READ_STEP = 32 * 1024,  /* reads begin where a page does */
    /* A layer that packs to less is not worth the haste: its digest is there in no time. */
    STREAM_MIN = 1024 * 1024,
};

struct sw_making {
    struct sw_intake *intake;
    const struct sw_intake_source *source;
    struct sw_blob *blob;
    struct sw_packer *packer; /* NULL: what is read is what is stored */
    bool closed;              /* all is read, and packed soon */
    bool done;
    char head[SW_PACKING_HEAD]; /* bytes read ahead to tell the packing */
    size_t head_len;
    size_t head_at;
    int64_t taken;       /* bytes of the source */
    int64_t written;     /* bytes of the packed layer */
    const char *passing; /* bytes of it that are stored and not hashed yet */
    size_t passing_len;
    struct sw_sha256 *packed;   /* hash of what is stored */
    struct sw_sha256 *unpacked; /* hash of the layer itself */
};

static enum sw_status of_layer(const struct sw_making *making, struct sw_err *err)
{
    return making->source->name ? sw_wrap(err, "\"%s\"", making->source->name) : err->status;
}

/* Takes bytes of the packed layer. */
static enum sw_status store(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct sw_making *making = ctx;

    making->written += (int64_t)len;
    return making->blob->spool ? sw_spool_add(making->blob->spool, data, len, err) : SW_OK;
}

/* The layer as the source has it, the bytes read ahead included. */
static enum sw_status read_source(void *ctx, char *data, size_t size, size_t *ret_len,
                                  struct sw_err *err)
{
    struct sw_making *making = ctx;
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
static void hash(struct sw_making *making, const char *data, size_t len)
{
    const struct sw_sha256_part parts[] = {
        { making->unpacked, data, len },
        { making->packed, making->passing, making->passing_len },
    };

    sw_sha256_add_all(parts, SW_COUNT(parts));
    making->passing_len = 0;
}

/* The same, for a packed layer: what passes is what is stored. */
static enum sw_status read_and_store(void *ctx, char *data, size_t size, size_t *ret_len,
                                     struct sw_err *err)
{
    struct sw_making *making = ctx;
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
static enum sw_status stream(const struct sw_making *making, struct sw_err *err)
{
    struct sw_intake *intake = making->intake;

    if (making->blob->handed_on || !making->source->needed || !intake->may_stream ||
        sw_spool_size(making->blob->spool) < STREAM_MIN || !intake->may_stream(intake->ctx)) {
        return SW_OK;
    }
    return sw_intake_hand_on(intake, making->blob, err);
}

/* The layer was read: the blob is whole. */
static void finish(struct sw_making *making, enum sw_packing packing)
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
    making->done = true;
}

/* A packed layer, or one that is to be stored unpacked. */
static enum sw_status keep_layer(struct sw_making *making, struct sw_err *err)
{
    const enum sw_packing packing = sw_packing_of(making->head, making->head_len);
    const struct sw_reader source = { read_and_store, NULL, making };
    SW_CLEANUP(sw_unpack_cleanup) struct sw_unpack *unpack = sw_unpack_new(packing, source);
    const struct sw_reader reader = sw_unpack_reader(unpack);
    SW_CLEANUP(sw_free_str) char *data = sw_xmalloc(READ_SIZE);
    size_t len = 0;

    do {
        enum sw_status status = reader.read(reader.ctx, data, READ_SIZE, &len, err);

        if (status != SW_OK) {
            return status;
        }
        hash(making, data, len);
    } while (len > 0);
    finish(making, packing);
    return SW_OK;
}

/* What is left of a layer to be read; -1: that is not known. */
static int64_t left_of(const struct sw_making *making)
{
    const struct sw_file_part *origin = making->source->origin;

    return origin ? origin->end - origin->offset - making->taken : -1;
}

/*
 * How much of a layer is read at a time beside one of which `most` is left: their shares are such
 * that both end together, because the rest of one would be hashed alone.
 */
static size_t share_of(const struct sw_making *making, int64_t most)
{
    const int64_t left = left_of(making);
    const int64_t steps = READ_SIZE / READ_STEP;

    if (left >= most) {
        return READ_SIZE;
    }
    return (size_t)(1 + left * (steps - 1) / most) * READ_STEP;
}

/* Reads a chunk into the packer's room; at the layer's end *ret_len is 0. */
static enum sw_status read_chunk(struct sw_making *making, size_t share, size_t *ret_len,
                                 struct sw_err *err)
{
    size_t room = 0;
    char *into = sw_packer_room(making->packer, &room);
    /* After the head, whose length is odd, reads come back to whole steps. */
    size_t size = room % READ_STEP ? room % READ_STEP : share;
    enum sw_status status = read_source(making, into, size < room ? size : room, ret_len, err);

    making->taken += (int64_t)*ret_len;
    if (status == SW_OK && *ret_len == 0) {
        making->closed = true;
        status = sw_packer_close(making->packer, err);
    }
    return status;
}

static enum sw_status end_layer(struct sw_making *making, struct sw_err *err)
{
    enum sw_status status = sw_packer_end(making->packer, err);

    if (status == SW_OK) {
        finish(making, sw_packer_packing(making->packer));
    }
    return status;
}

/* Reads on; *ret_len is what came for the packer. */
static enum sw_status read_on(struct sw_making *making, int64_t most, size_t *ret_len,
                              struct sw_err *err)
{
    enum sw_status status = SW_OK;

    if (!making->packer) {
        status = keep_layer(making, err);
    } else if (!making->closed) {
        status = read_chunk(making, share_of(making, most), ret_len, err);
    } else if (!sw_packer_is_busy(making->packer)) {
        status = end_layer(making, err);
    }
    return status == SW_OK ? SW_OK : of_layer(making, err);
}

/* What is left of the layer that has most; -1: that is not known. */
static int64_t most_left(struct sw_making *const *makings, size_t count)
{
    int64_t most = -1;

    for (size_t i = 0; i < count; i++) {
        const int64_t left = left_of(makings[i]);

        if (left < 0) {
            return -1;
        }
        most = left > most ? left : most;
    }
    return most;
}

enum sw_status sw_making_advance(struct sw_making *const *makings, size_t count, struct sw_err *err)
{
    struct sw_packer_input inputs[SW_PACKERS_MAX];
    const struct sw_making *growing[SW_PACKERS_MAX];
    size_t input_count = 0;
    const int64_t most = most_left(makings, count);
    bool idle = true;
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < count && status == SW_OK; i++) {
        size_t len = 0;

        status = read_on(makings[i], most, &len, err);
        idle = idle && len == 0 && !makings[i]->done;
        if (len > 0) {
            growing[input_count] = makings[i];
            inputs[input_count++] = (struct sw_packer_input){ makings[i]->packer, len };
        }
    }
    if (status == SW_OK && idle) {
        /* All is read: wait for the oldest. */
        return end_layer(makings[0], err) == SW_OK ? SW_OK : of_layer(makings[0], err);
    }
    if (status == SW_OK) {
        status = sw_packer_fill(inputs, input_count, err);
    }
    for (size_t i = 0; i < input_count && status == SW_OK; i++) {
        status = stream(growing[i], err);
    }
    return status;
}

bool sw_making_is_done(const struct sw_making *making)
{
    return making->done;
}

void sw_making_free(struct sw_making *making)
{
    if (!making) {
        return;
    }
    if (making->packer && !making->done) {
        sw_packer_stop(making->packer); /* it still writes to us */
    }
    if (making->blob->spool && !making->done) {
        sw_spool_end(making->blob->spool, /* whole= */ false);
    }
    sw_sha256_free(making->packed);
    sw_sha256_free(making->unpacked);
    free(making);
}

/* Whether the layer is packed here, or kept, decides where its bytes go. */
static void choose(struct sw_making *making, struct sw_packer *packer)
{
    struct sw_intake *intake = making->intake;
    const bool passes = !making->source->origin;

    if (packer && sw_packing_of(making->head, making->head_len) == SW_PACKING_NONE) {
        const struct sw_gzip_sink sink = { store, making, making->unpacked, making->packed };

        making->packer = packer;
        sw_packer_begin(packer, &sink);
    }
    if (making->packer || passes) {
        making->blob->spool =
            sw_spool_new(sw_env_get(intake->env, "TMPDIR"), intake->keep || passes);
    }
}

enum sw_status sw_making_begin(struct sw_intake *intake, const struct sw_intake_source *source,
                               struct sw_packer *packer, struct sw_blob *blob,
                               struct sw_making **ret, struct sw_err *err)
{
    struct sw_making *making = sw_xcalloc(1, sizeof(*making));

    *making = (struct sw_making){ .intake = intake,
                                  .source = source,
                                  .blob = blob,
                                  .packed = sw_sha256_new(),
                                  .unpacked = sw_sha256_new() };
    *ret = making;
    if (sw_reader_fill(&source->in, making->head, sizeof(making->head), &making->head_len, err) !=
        SW_OK) {
        return of_layer(making, err);
    }
    choose(making, packer);
    return SW_OK;
}
