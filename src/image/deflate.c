#include "deflate.h"

#include <slipway/gzip.h>

#include <isa-l/igzip_lib.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 64 * 1024,          /* is stored or packed as a whole */
    STORED_MAX = BLOCK / 2,     /* fits the length of a stored block */
    SAMPLES = 32,               /* of each block, */
    SAMPLE = 16,                /* so many bytes long */
    STORING_LEVELS = 2,         /* who asks for more wants the last byte */
    TELLING = SAMPLES * SAMPLE, /* less than that tells nothing */
    TWIN = 8,                   /* equal bytes that are no accident */
    HEAD = 16,                  /* bytes of a stream that are stored, see pack_head() */
};

/*
 * What ISA-L needs at each level besides the stream itself. At the level that most use, more is
 * faster, since fewer codes are made, and the result half a percent longer.
 */
static const uint32_t memory_sizes[SW_GZIP_LEVEL_MAX + 1] = {
    ISAL_DEF_LVL0_DEFAULT,
    ISAL_DEF_LVL1_EXTRA_LARGE,
    ISAL_DEF_LVL2_DEFAULT,
    ISAL_DEF_LVL3_DEFAULT,
};

size_t sw_deflate_memory(int level)
{
    return memory_sizes[level] + (size_t)1;
}

/*
 * Whether bytes look as if each were thrown with a die. The measure is the sum of the squares of
 * how often each value comes: for dice it is near N + N * (N - 1) / 256 with N bytes, 1534 here,
 * and hardly ever 10% more; 20% more means that a code for single bytes saves less than a
 * twentieth.
 */
static bool is_noise(const unsigned char *data, size_t len)
{
    enum { DICE = TELLING + TELLING * (TELLING - 1) / 256 };
    const size_t step = len / SAMPLES;
    uint16_t counts[256] = { 0 };
    unsigned sum = 0;

    if (len < TELLING) {
        return false;
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t j = 0; j < SAMPLE; j++) {
            /* (n + 1)^2 = n^2 + 2n + 1 */
            sum += 2U * counts[data[i * step + j]]++ + 1U;
        }
    }
    return sum < DICE + DICE / 5;
}

/* Whether bytes from the middle come before it, too: what is there again is worth finding. */
static bool repeats(const unsigned char *data, size_t len)
{
    const unsigned char *middle = data + len / 2;
    const unsigned char *at = data;

    while ((at = memchr(at, *middle, (size_t)(middle - at))) != NULL) {
        if (memcmp(at, middle, TWIN) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

/* The length of the blocks from `at` on that are all noise, or all not. */
static size_t measure_run(const struct sw_deflate_piece *piece, size_t at, int level,
                          bool *ret_noise)
{
    size_t end = at;

    *ret_noise = false;
    if (level >= STORING_LEVELS) {
        return piece->in_len - at;
    }
    while (end < piece->in_len) {
        const size_t left = piece->in_len - end;
        const size_t len = left < BLOCK ? left : BLOCK;
        const bool noise = is_noise(piece->in + end, len) && !repeats(piece->in + end, len);

        if (end > at && noise != *ret_noise) {
            break;
        }
        *ret_noise = noise;
        end += len;
    }
    return end - at;
}

/* RFC 1951, 3.2.4; what comes before ends with a byte. */
static size_t store(const unsigned char *in, size_t len, bool last, unsigned char *out)
{
    unsigned char *to = out;

    while (len > 0) {
        const size_t part = len < STORED_MAX ? len : STORED_MAX;

        *to++ = last && part == len;
        *to++ = (unsigned char)part;
        *to++ = (unsigned char)(part >> 8);
        *to++ = (unsigned char)~part;
        *to++ = (unsigned char)(~part >> 8);
        memcpy(to, in, part);
        to += part;
        in += part;
        len -= part;
    }
    return (size_t)(to - out);
}

/* Packs bytes after so many that are known, so that what comes next begins with a byte. */
static size_t pack(const struct sw_deflate_piece *run, size_t window_len, int level,
                   unsigned char *memory, unsigned char *out, size_t out_size)
{
    struct isal_zstream stream;

    isal_deflate_init(&stream);
    stream.level = (uint32_t)level;
    stream.level_buf = memory;
    stream.level_buf_size = memory_sizes[level];
    stream.gzip_flag = IGZIP_DEFLATE;
    stream.end_of_stream = run->last;
    stream.flush = run->last ? NO_FLUSH : SYNC_FLUSH;
    (void)isal_deflate_set_dict(&stream, run->window, (uint32_t)window_len);
    stream.next_in = run->in;
    stream.avail_in = (uint32_t)run->in_len;
    stream.next_out = out;
    stream.avail_out = (uint32_t)out_size;
    /* Cannot fail with these settings and that much room. */
    if (isal_deflate(&stream) != COMP_OK || stream.avail_in > 0 || stream.avail_out == 0) {
        abort();
    }
    return out_size - stream.avail_out;
}

/*
 * Packs what nothing comes before. Without any history ISA-L 2.30 takes one of its hashes from a
 * register that nobody has set: what it makes of a stream depends on where that lies in memory. So
 * the first bytes are stored, and are the history of the others.
 */
static size_t pack_head(const struct sw_deflate_piece *run, int level, unsigned char *memory,
                        unsigned char *out, size_t out_size)
{
    const size_t head = run->in_len < HEAD ? run->in_len : HEAD;
    const struct sw_deflate_piece rest = {
        .in = run->in + head,
        .in_len = run->in_len - head,
        .window = run->in,
        .last = run->last,
    };
    size_t used = store(run->in, head, run->last && rest.in_len == 0, out);

    if (rest.in_len > 0 || head == 0) {
        used += pack(&rest, head, level, memory, out + used, out_size - used);
    }
    return used;
}

size_t sw_deflate(const struct sw_deflate_piece *piece, int level, unsigned char *memory,
                  unsigned char *out, size_t out_size)
{
    size_t at = 0;
    size_t used = 0;

    do {
        bool noise;
        const size_t len = measure_run(piece, at, level, &noise);
        const struct sw_deflate_piece run = {
            .in = piece->in + at,
            .in_len = len,
            .window = at == 0 ? piece->window : piece->in + at - SW_DEFLATE_WINDOW,
            .last = piece->last && at + len == piece->in_len,
        };

        if (noise) {
            used += store(run.in, len, run.last, out + used);
        } else if (run.window) {
            used += pack(&run, SW_DEFLATE_WINDOW, level, memory, out + used, out_size - used);
        } else {
            used += pack_head(&run, level, memory, out + used, out_size - used);
        }
        at += len;
    } while (at < piece->in_len);
    return used;
}
