#ifndef SLIPWAY_IMAGE_PACKER_H
#define SLIPWAY_IMAGE_PACKER_H

/*
 * Packs layers, one after the other, on several processors: gzip.h or libzstd behind one face. The
 * same input gives the same bytes on any number of processors. Used by one thread at a time.
 */

#include <slipway/compression.h>
#include <slipway/gzip.h>

struct sw_packer;

/* `compression` is not "none". The caller's. */
struct sw_packer *sw_packer_new(const struct sw_compression *compression, unsigned workers);
void sw_packer_free(struct sw_packer *packer);
enum sw_packing sw_packer_packing(const struct sw_packer *packer);

/*
 * As in gzip.h: begin, then fill the room again and again, then end, or stop; close before the end
 * where something else can be done meanwhile.
 */
void sw_packer_begin(struct sw_packer *packer, const struct sw_gzip_sink *sink);
char *sw_packer_room(struct sw_packer *packer, size_t *ret_room);
/* Input in the first bytes of the room of a packer. */
struct sw_packer_input {
    struct sw_packer *packer;
    size_t len;
};
enum { SW_PACKERS_MAX = 2 };
/* Adds inputs, hashing them side by side: SW_PACKERS_MAX at most, each for another packer. */
SW_NODISCARD enum sw_status sw_packer_fill(const struct sw_packer_input *inputs, size_t count,
                                           struct sw_err *err);
SW_NODISCARD enum sw_status sw_packer_close(struct sw_packer *packer, struct sw_err *err);
bool sw_packer_is_busy(struct sw_packer *packer);
SW_NODISCARD enum sw_status sw_packer_end(struct sw_packer *packer, struct sw_err *err);
void sw_packer_stop(struct sw_packer *packer);

#endif
