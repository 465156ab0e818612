#ifndef SLIPWAY_GZIP_H
#define SLIPWAY_GZIP_H

/*
 * Compressing streams to gzip on all processors (ISA-L). The input is cut into pieces of fixed size
 * that are compressed side by side, each knowing the end of the piece before it, and joined into
 * one gzip member (RFC 1952) without time and name: the same input gives the same bytes on any
 * number of processors.
 *
 * A compressor is used by one thread at a time, for one stream after the other; its memory
 * depends on the number of workers only.
 */

#include <slipway/attr.h>
#include <slipway/digest.h>
#include <slipway/err.h>

#include <stddef.h>

enum {
    SW_GZIP_WORKERS_MAX = 8,
    /* Levels: 0 is the fastest and largest, 3 the slowest and smallest. */
    SW_GZIP_LEVEL_MAX = 3,
    SW_GZIP_LEVEL_DEFAULT = 1,
    SW_GZIP_PARTS = 2, /* to be hashed at a time */
};

/*
 * Where the compressed bytes go, in order: called by one thread at a time, which may be a worker.
 */
struct sw_gzip_sink {
    enum sw_status (*write)(void *ctx, const char *data, size_t len, struct sw_err *err);
    void *ctx;
    /*
     * Hashes that get what comes in and what is written, and have all of it when the stream has
     * ended. Borrowed; both or none are NULL.
     */
    struct sw_sha256 *unpacked;
    struct sw_sha256 *packed;
};

struct sw_gzip;

/* A compressor with that many threads (limited to 1..SW_GZIP_WORKERS_MAX). The caller's. */
struct sw_gzip *sw_gzip_new(unsigned workers, int level);
void sw_gzip_free(struct sw_gzip *gzip);
SW_DEFINE_CLEANUP(sw_gzip_cleanup, struct sw_gzip, sw_gzip_free)

/* Starts a stream; what an unfinished one had is dropped. `sink` is copied. */
void sw_gzip_begin(struct sw_gzip *gzip, const struct sw_gzip_sink *sink);
/* Room for input, at least a byte: fill *ret_room bytes of it or less, and add them in place. */
char *sw_gzip_room(struct sw_gzip *gzip, size_t *ret_room);
/*
 * What the caller hashes before it adds the first `len` bytes of the room: those, and what was
 * written earlier. Gives how many parts there are; none without hashes in the sink. That hashing is
 * left to the caller lets it hash for several streams side by side.
 */
size_t sw_gzip_to_hash(struct sw_gzip *gzip, size_t len,
                       struct sw_sha256_part ret_parts[SW_GZIP_PARTS]);
/*
 * Adds the first `len` bytes of the room. Fails only with what sink.write returned, maybe for
 * earlier input.
 */
SW_NODISCARD enum sw_status sw_gzip_fill(struct sw_gzip *gzip, size_t len, struct sw_err *err);
/* Breaks the stream off: on return nobody writes to the sink any more. */
void sw_gzip_stop(struct sw_gzip *gzip);
/* Says that nothing more is added, without waiting for what is being compressed. */
SW_NODISCARD enum sw_status sw_gzip_close(struct sw_gzip *gzip, struct sw_err *err);
/* Whether anything is being compressed, or waits for that. */
bool sw_gzip_is_busy(struct sw_gzip *gzip);
/* Ends the stream: everything is compressed and written on return. */
SW_NODISCARD enum sw_status sw_gzip_end(struct sw_gzip *gzip, struct sw_err *err);

#endif
