#ifndef SLIPWAY_IMAGE_TRANSFER_H
#define SLIPWAY_IMAGE_TRANSFER_H

/*
 * Moving a tree to several places at once. What a place has already is left out: documents that
 * are there need none of their blobs. Other blobs are looked for, shared from another repository of
 * the same registry where that works, else sent; each is read once, however many places want it.
 * Documents follow when all blobs are there, the root's tags last and elsewhere (tagging.h).
 */

#include "place.h"
#include "push_private.h"
#include "tree.h"

/* What holds the blobs. */
struct sw_store {
    /* Starts giving a blob to so many uploads side by side. */
    enum sw_status (*open)(void *ctx, const struct sw_descriptor *blob, size_t readers,
                           void **ret_handle, struct sw_err *err);
    const struct sw_http_body *(*body)(void *handle, size_t reader);
    void (*leave)(void *handle, size_t reader); /* that upload is over */
    void (*close)(void *handle);
    /* The repository that holds a blob, to share it from; NULL when none does. */
    const struct sw_push_place *(*home)(void *ctx, const struct sw_descriptor *blob);
    void *ctx;
};

struct sw_transfer_options {
    unsigned transfers;               /* blobs in flight; 0: 3 */
    const struct sw_strs *mount_from; /* further repositories to share from; may be NULL */
};

/* What became of the blobs, over all places. */
struct sw_transfer_sum {
    int64_t bytes_sent;
    int64_t bytes_mounted;
    int64_t bytes_skipped; /* that were there; those of documents that were there included */
};

/*
 * Moves all blobs and all documents but the root. `world` is the one that the registries of places
 * and store were made with: it is told of the first failure.
 */
SW_NODISCARD enum sw_status sw_transfer(struct sw_push_world *world, const struct sw_tree *tree,
                                        const struct sw_store *store,
                                        const struct sw_places *places,
                                        const struct sw_transfer_options *options,
                                        struct sw_transfer_sum *ret, struct sw_err *err);

#endif
