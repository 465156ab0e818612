#ifndef SLIPWAY_IMAGE_DELIVER_H
#define SLIPWAY_IMAGE_DELIVER_H

/* The second half of moving an image as it is: from a loaded tree to tags in its places. */

#include "transfer.h"

#include <slipway/copy.h>

/*
 * Moves the tree to the repositories of all `targets`, then gives its root their tags, saying of
 * each what became of it with the word `done`. *ret is the caller's on success.
 */
SW_NODISCARD enum sw_status sw_deliver(struct sw_push_world *world, const struct sw_tree *tree,
                                       const struct sw_store *store, const struct sw_ref *targets,
                                       size_t target_count, const struct sw_copy_options *options,
                                       const char *done, struct sw_copy_result *ret,
                                       struct sw_err *err);

#endif
