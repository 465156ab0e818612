#ifndef SLIPWAY_IMAGE_DEFLATE_H
#define SLIPWAY_IMAGE_DEFLATE_H

/*
 * Pieces of a deflate stream (RFC 1951), each packed alone with ISA-L so that several processors
 * can work side by side, and joined by putting them one behind the other.
 *
 * At the fast levels what looks like noise, that is files that are compressed already, is not
 * packed but stored: a few samples tell, at a fraction of the time. What is stored depends on the
 * bytes of the piece only.
 */

#include <stdbool.h>
#include <stddef.h>

enum { SW_DEFLATE_WINDOW = 32 * 1024 };

struct sw_deflate_piece {
    unsigned char *in; /* is not written to, nor is the window: ISA-L knows no const */
    size_t in_len;
    /* The last SW_DEFLATE_WINDOW bytes before the piece; NULL at the beginning of the stream. */
    unsigned char *window;
    bool last; /* of the stream */
};

/* Bytes of working memory that packing at a level of gzip.h takes. */
size_t sw_deflate_memory(int level);
/*
 * Packs a piece into `out`, which has room for twice the input and a kibibyte; the result is the
 * length.
 */
size_t sw_deflate(const struct sw_deflate_piece *piece, int level, unsigned char *memory,
                  unsigned char *out, size_t out_size);

#endif
