#include "packer.h"

#include <slipway/alloc.h>

#include <zstd.h>

enum {
    IN_SIZE = 256 * 1024,
    /* What one thread takes at a time: libzstd's own choice would be four times as much memory. */
    JOB_SIZE = 2 * 1024 * 1024,
    ZSTD_WORKERS_MAX = 4,
};

struct sw_packer {
    enum sw_packing packing;
    struct sw_gzip *gzip; /* the rest is for zstd */
    ZSTD_CCtx *zstd;
    struct sw_gzip_sink sink;
    char *in;
    char *out;
    size_t out_size;
};

/* libzstd fails here only when memory is exhausted. */
static size_t must(size_t result)
{
    if (ZSTD_isError(result)) {
        abort();
    }
    return result;
}

static void start_zstd(struct sw_packer *packer, int level, unsigned workers)
{
    workers = workers < 1 ? 1 : workers;
    workers = workers > ZSTD_WORKERS_MAX ? ZSTD_WORKERS_MAX : workers;
    packer->zstd = ZSTD_createCCtx();
    if (!packer->zstd) {
        abort();
    }
    (void)must(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, level));
    (void)must(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1));
    /*
     * Refused by a libzstd without threads. With threads the output does not depend on their
     * number, as long as it is one at least.
     */
    (void)ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_nbWorkers, (int)workers);
    (void)ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_jobSize, JOB_SIZE);
    packer->in = sw_xmalloc(IN_SIZE);
    packer->out_size = ZSTD_CStreamOutSize();
    packer->out = sw_xmalloc(packer->out_size);
}

struct sw_packer *sw_packer_new(const struct sw_compression *compression, unsigned workers)
{
    struct sw_packer *packer = sw_xcalloc(1, sizeof(*packer));

    packer->packing = compression->packing;
    if (compression->packing == SW_PACKING_ZSTD) {
        start_zstd(packer, compression->level, workers);
    } else {
        packer->gzip = sw_gzip_new(workers, compression->level);
    }
    return packer;
}

void sw_packer_free(struct sw_packer *packer)
{
    if (packer) {
        sw_gzip_free(packer->gzip);
        (void)ZSTD_freeCCtx(packer->zstd);
        free(packer->in);
        free(packer->out);
        free(packer);
    }
}

enum sw_packing sw_packer_packing(const struct sw_packer *packer)
{
    return packer->packing;
}

void sw_packer_begin(struct sw_packer *packer, const struct sw_gzip_sink *sink)
{
    if (packer->gzip) {
        sw_gzip_begin(packer->gzip, sink);
        return;
    }
    (void)must(ZSTD_CCtx_reset(packer->zstd, ZSTD_reset_session_only));
    packer->sink = *sink;
}

char *sw_packer_room(struct sw_packer *packer, size_t *ret_room)
{
    if (packer->gzip) {
        return sw_gzip_room(packer->gzip, ret_room);
    }
    *ret_room = IN_SIZE;
    return packer->in;
}

/* Gives libzstd input and writes what it has; *ret_left is what it still keeps. */
static enum sw_status step_zstd(struct sw_packer *packer, ZSTD_inBuffer *in,
                                ZSTD_EndDirective directive, size_t *ret_left, struct sw_err *err)
{
    ZSTD_outBuffer out = { packer->out, packer->out_size, 0 };

    *ret_left = must(ZSTD_compressStream2(packer->zstd, &out, in, directive));
    if (out.pos == 0) {
        return SW_OK;
    }
    if (packer->sink.packed) {
        sw_sha256_add(packer->sink.packed, packer->out, out.pos);
    }
    return packer->sink.write(packer->sink.ctx, packer->out, out.pos, err);
}

/* What is to be hashed of an input before it is added. */
static size_t to_hash(const struct sw_packer_input *input,
                      struct sw_sha256_part parts[SW_GZIP_PARTS])
{
    const struct sw_packer *packer = input->packer;

    if (packer->gzip) {
        return sw_gzip_to_hash(packer->gzip, input->len, parts);
    }
    parts[0] = (struct sw_sha256_part){ packer->sink.unpacked, packer->in, input->len };
    return packer->sink.unpacked ? 1 : 0;
}

static enum sw_status add(const struct sw_packer_input *input, struct sw_err *err)
{
    struct sw_packer *packer = input->packer;
    ZSTD_inBuffer in = { packer->in, input->len, 0 };
    enum sw_status status = SW_OK;
    size_t left = 0;

    if (packer->gzip) {
        return sw_gzip_fill(packer->gzip, input->len, err);
    }
    while (in.pos < in.size && status == SW_OK) {
        status = step_zstd(packer, &in, ZSTD_e_continue, &left, err);
    }
    return status;
}

enum sw_status sw_packer_fill(const struct sw_packer_input *inputs, size_t count,
                              struct sw_err *err)
{
    struct sw_sha256_part parts[SW_PACKERS_MAX * SW_GZIP_PARTS];
    size_t part_count = 0;
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < count; i++) {
        part_count += to_hash(&inputs[i], parts + part_count);
    }
    sw_sha256_add_all(parts, part_count);
    for (size_t i = 0; i < count && status == SW_OK; i++) {
        status = add(&inputs[i], err);
    }
    return status;
}

/* libzstd is busy only when it is called. */
enum sw_status sw_packer_close(struct sw_packer *packer, struct sw_err *err)
{
    return packer->gzip ? sw_gzip_close(packer->gzip, err) : SW_OK;
}

bool sw_packer_is_busy(struct sw_packer *packer)
{
    return packer->gzip && sw_gzip_is_busy(packer->gzip);
}

enum sw_status sw_packer_end(struct sw_packer *packer, struct sw_err *err)
{
    ZSTD_inBuffer in = { packer->in, 0, 0 };
    enum sw_status status;
    size_t left = 0;

    if (packer->gzip) {
        return sw_gzip_end(packer->gzip, err);
    }
    do {
        status = step_zstd(packer, &in, ZSTD_e_end, &left, err);
    } while (left > 0 && status == SW_OK);
    return status;
}

void sw_packer_stop(struct sw_packer *packer)
{
    /* libzstd writes only when it is called. */
    if (packer->gzip) {
        sw_gzip_stop(packer->gzip);
    }
}
