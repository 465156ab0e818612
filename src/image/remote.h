#ifndef SLIPWAY_IMAGE_REMOTE_H
#define SLIPWAY_IMAGE_REMOTE_H

/* Manifests as registries have them. */

#include <slipway/buf.h>
#include <slipway/digest.h>
#include <slipway/manifest.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

/* A manifest or an index. */
struct sw_remote {
    struct sw_buf bytes;
    char *media_type; /* owned */
    char digest[SW_DIGEST_SIZE];
};

/*
 * Gets the manifest `object` (a tag or a digest) of ref's repository: a JSON object that has a
 * media type. SW_E_UNAVAILABLE when the registry gives something else. *ret is the caller's on
 * success.
 */
SW_NODISCARD enum sw_status sw_remote_get(struct sw_registry *registry, const struct sw_ref *ref,
                                          const char *object, struct sw_remote *ret,
                                          struct sw_err *err);
/* Reads the configuration of a manifest; *ret is the caller's on success. */
SW_NODISCARD enum sw_status sw_remote_config(struct sw_registry *registry, const char *repository,
                                             const struct sw_remote *manifest,
                                             struct sw_image_config *ret, struct sw_err *err);
/* A zeroed one is fine. */
void sw_remote_release(struct sw_remote *remote);

#endif
