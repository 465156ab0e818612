#include <slipway/stream.h>

#include <slipway/alloc.h>

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <string.h>

enum { IN_SIZE = 128 * 1024 };

struct sw_unpack {
    enum sw_packing packing;
    struct sw_reader in;
    struct inflate_state *gzip;
    ZSTD_DStream *zstd;
    bool open;  /* inside a gzip member or a zstd frame */
    bool ended; /* the input has ended */
    size_t at;  /* input not used yet: in[at..len) */
    size_t len;
    char bytes[IN_SIZE];
};

enum sw_packing sw_packing_of(const char *head, size_t len)
{
    static const char gzip[] = "\x1f\x8b\x08";
    static const char zstd[] = "\x28\xb5\x2f\xfd";

    if (len >= 3 && memcmp(head, gzip, 3) == 0) {
        return SW_PACKING_GZIP;
    }
    if (len >= 4 && memcmp(head, zstd, 4) == 0) {
        return SW_PACKING_ZSTD;
    }
    return SW_PACKING_NONE;
}

static void open_member(struct sw_unpack *unpack)
{
    if (unpack->packing == SW_PACKING_GZIP) {
        isal_inflate_init(unpack->gzip);
        unpack->gzip->crc_flag = ISAL_GZIP;
    } else if (unpack->packing == SW_PACKING_ZSTD) {
        (void)ZSTD_initDStream(unpack->zstd);
    }
    unpack->open = true;
}

struct sw_unpack *sw_unpack_new(enum sw_packing packing, struct sw_reader in)
{
    struct sw_unpack *unpack = sw_xmalloc(sizeof(*unpack));

    *unpack = (struct sw_unpack){ .packing = packing, .in = in };
    if (packing == SW_PACKING_GZIP) {
        unpack->gzip = sw_xmalloc(sizeof(*unpack->gzip));
    } else if (packing == SW_PACKING_ZSTD) {
        unpack->zstd = ZSTD_createDStream();
        if (!unpack->zstd) {
            abort();
        }
    }
    open_member(unpack);
    return unpack;
}

void sw_unpack_free(struct sw_unpack *unpack)
{
    if (unpack) {
        free(unpack->gzip);
        (void)ZSTD_freeDStream(unpack->zstd);
        free(unpack);
    }
}

static enum sw_status refill(struct sw_unpack *unpack, struct sw_err *err)
{
    enum sw_status status;

    if (unpack->at < unpack->len || unpack->ended) {
        return SW_OK;
    }
    unpack->at = 0;
    status = unpack->in.read(unpack->in.ctx, unpack->bytes, IN_SIZE, &unpack->len, err);
    if (status == SW_OK && unpack->len == 0) {
        unpack->ended = true;
    }
    return status;
}

static enum sw_status step_gzip(struct sw_unpack *unpack, uint8_t *data, size_t size,
                                size_t *ret_len, struct sw_err *err)
{
    struct inflate_state *state = unpack->gzip;
    int result;

    state->next_in = (uint8_t *)unpack->bytes + unpack->at;
    state->avail_in = (uint32_t)(unpack->len - unpack->at);
    state->next_out = data;
    state->avail_out = (uint32_t)size;
    result = isal_inflate(state);
    unpack->at = unpack->len - state->avail_in;
    *ret_len = size - state->avail_out;
    if (result < ISAL_DECOMP_OK) {
        return sw_fail(err, SW_E_INPUT, "the gzip data is damaged");
    }
    if (state->block_state == ISAL_BLOCK_FINISH) {
        unpack->open = false;
    }
    return SW_OK;
}

static enum sw_status step_zstd(struct sw_unpack *unpack, void *data, size_t size, size_t *ret_len,
                                struct sw_err *err)
{
    ZSTD_inBuffer in = { unpack->bytes, unpack->len, unpack->at };
    ZSTD_outBuffer out = { data, size, 0 };
    size_t result = ZSTD_decompressStream(unpack->zstd, &out, &in);

    unpack->at = in.pos;
    *ret_len = out.pos;
    if (ZSTD_isError(result)) {
        return sw_fail(err, SW_E_INPUT, "the zstd data is damaged (%s)", ZSTD_getErrorName(result));
    }
    unpack->open = result != 0;
    return SW_OK;
}

static enum sw_status step(struct sw_unpack *unpack, char *data, size_t size, size_t *ret_len,
                           struct sw_err *err)
{
    if (unpack->packing == SW_PACKING_GZIP) {
        return step_gzip(unpack, (uint8_t *)data, size, ret_len, err);
    }
    if (unpack->packing == SW_PACKING_ZSTD) {
        return step_zstd(unpack, data, size, ret_len, err);
    }
    *ret_len = size < unpack->len - unpack->at ? size : unpack->len - unpack->at;
    memcpy(data, unpack->bytes + unpack->at, *ret_len);
    unpack->at += *ret_len;
    unpack->open = false;
    return SW_OK;
}

static enum sw_status read_unpacked(void *ctx, char *data, size_t size, size_t *ret_len,
                                    struct sw_err *err)
{
    struct sw_unpack *unpack = ctx;
    enum sw_status status;

    *ret_len = 0;
    if (size > IN_SIZE) {
        size = IN_SIZE;
    }
    for (;;) {
        status = refill(unpack, err);
        if (status != SW_OK) {
            return status;
        }
        if (unpack->ended && !unpack->open) {
            return SW_OK;
        }
        if (!unpack->open) {
            open_member(unpack); /* members and frames may follow one another */
        }
        status = step(unpack, data, size, ret_len, err);
        if (status != SW_OK || *ret_len > 0) {
            return status;
        }
        if (unpack->ended && unpack->open) {
            return sw_fail(err, SW_E_INPUT, "the compressed data is truncated");
        }
    }
}

struct sw_reader sw_unpack_reader(struct sw_unpack *unpack)
{
    return (struct sw_reader){ read_unpacked, NULL, unpack };
}
