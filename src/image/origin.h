#ifndef SLIPWAY_IMAGE_ORIGIN_H
#define SLIPWAY_IMAGE_ORIGIN_H

/* Repositories that an image comes from: its documents are read there, and its blobs streamed. */

#include "transfer.h"

struct sw_origins {
    struct sw_places places;
    struct sw_strs digests; /* documents whose repository is known; any other is in the first one */
    size_t *of;             /* for each of them, an index into places.items */
    size_t capacity;
    const struct sw_tree
        *tree; /* what the blobs belong to, borrowed; set it before they are read */
};

void sw_origins_release(struct sw_origins *origins);
/* Says that a document is in the repository of that index. */
void sw_origins_note(struct sw_origins *origins, const char *digest, size_t place);

/* Reads documents; borrows `origins`. */
struct sw_tree_reader sw_origins_reader(struct sw_origins *origins);
/* Streams blobs (feed.h); borrows `origins`. */
struct sw_store sw_origins_store(struct sw_origins *origins);

#endif
