#ifndef SLIPWAY_IMAGE_MAKING_H
#define SLIPWAY_IMAGE_MAKING_H

/*
 * Layers on their way into blobs: read, hashed, packed, and stored in a spool. Several advance side
 * by side, chunk by chunk, in one thread, since hashing two takes hardly longer than one; the
 * packers behind them keep all processors busy.
 */

#include "intake.h"

struct sw_making;

/*
 * Begins to read a layer into `blob`, which has no content yet and stays the intake's; `source` is
 * borrowed. `packer`, this layer's alone until the making is freed, packs it unless it is packed;
 * NULL keeps it as it is.
 */
SW_NODISCARD enum sw_status sw_making_begin(struct sw_intake *intake,
                                            const struct sw_intake_source *source,
                                            struct sw_packer *packer, struct sw_blob *blob,
                                            struct sw_making **ret, struct sw_err *err);
/*
 * Reads a chunk of each layer, or the whole of one that is not packed here; waits for the packer of
 * one only when there is nothing to read in any. At most SW_PACKERS_MAX layers, one at least, none
 * of them done. Errors name the layer where they are one's.
 */
SW_NODISCARD enum sw_status sw_making_advance(struct sw_making *const *makings, size_t count,
                                              struct sw_err *err);
/* Whether the layer was read to its end, and its blob is whole. */
bool sw_making_is_done(const struct sw_making *making);
/* Breaks off what is not done: the blob's spool is broken then. */
void sw_making_free(struct sw_making *making);
SW_DEFINE_CLEANUP(sw_making_cleanup, struct sw_making, sw_making_free)

#endif
