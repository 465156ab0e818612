#ifndef SLIPWAY_IMAGE_ORIGIN_H
#define SLIPWAY_IMAGE_ORIGIN_H

/* Repositories that an image comes from: its documents are read there, and its blobs streamed. */

#include "transfer.h"

/* A document whose repository is known. */
struct sw_origin {
    char digest[SW_DIGEST_SIZE];
    size_t place;        /* an index into places.items */
    struct sw_buf bytes; /* empty: it was not read yet */
};

struct sw_origins {
    struct sw_places places;
    struct sw_origin *documents; /* any other is in the first place */
    size_t count;
    size_t capacity;
    const struct sw_tree
        *tree; /* what the blobs belong to, borrowed; set it before they are read */
};

void sw_origins_release(struct sw_origins *origins);
/*
 * Says that a document is in the place of that index; with its bytes, which are copied, it is not
 * read again.
 */
void sw_origins_note(struct sw_origins *origins, const char *digest, size_t place,
                     struct sw_str bytes);

/* Reads documents; borrows `origins`. */
struct sw_tree_reader sw_origins_reader(struct sw_origins *origins);
/* Streams blobs (feed.h); borrows `origins`. */
struct sw_store sw_origins_store(struct sw_origins *origins);

/* A store whose `open` gives a sw_feed, which is the store's then. */
struct sw_store
sw_feed_store(enum sw_status (*open)(void *ctx, const struct sw_descriptor *blob, size_t readers,
                                     void **ret_handle, struct sw_err *err),
              const struct sw_push_place *(*home)(void *ctx, const struct sw_descriptor *blob),
              void *ctx);

#endif
