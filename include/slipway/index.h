#ifndef SLIPWAY_INDEX_H
#define SLIPWAY_INDEX_H

/*
 * Putting images of one platform each together to one image of several: an OCI index, or a manifest
 * list of Docker when all of them are in Docker's format. The images stay what they are, byte for
 * byte, and are copied (copy.h) into the repository of the index when they are in another one.
 */

#include <slipway/copy.h>

struct sw_index_options {
    struct sw_copy_options copy; /* `platform` is not used */
    bool drop_attestations;      /* leave out what indexes say about their images */
};

/* One entry of the new index. */
struct sw_index_entry {
    char digest[SW_DIGEST_SIZE];
    char *platform; /* "linux/arm64/v8"; "unknown/unknown" for attestations. Owned */
};

struct sw_index_result {
    struct sw_copy_result copy;
    struct sw_index_entry *entries; /* owned */
    size_t entry_count;
};
void sw_index_result_release(struct sw_index_result *result);

/*
 * Makes the index of what `manifests` name, images or indexes of them (by tag or digest), and
 * writes it to all `targets`, each with a tag. Platforms come from the images' configurations.
 * Statuses: those of registry.h; SW_E_INPUT, naming both, when two are for the same platform, and
 * for what is no image. *ret is the caller's on success.
 */
SW_NODISCARD enum sw_status sw_image_index_create(const struct sw_env *env,
                                                  const struct sw_ref *manifests,
                                                  size_t manifest_count,
                                                  const struct sw_ref *targets, size_t target_count,
                                                  const struct sw_index_options *options,
                                                  struct sw_index_result *ret, struct sw_err *err);

#endif
