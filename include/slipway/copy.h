#ifndef SLIPWAY_COPY_H
#define SLIPWAY_COPY_H

/*
 * Copying an image between repositories or registries as it is: manifests, indexes and layers keep
 * their bytes, so digests stay. Layers are streamed from registry to registry through memory, read
 * once for all targets, and not sent where they are already; a repository of the same registry
 * shares them when the registry can do that (mounting). Tags are written last: one never names an
 * image that is not complete. Foreign layers, which runtimes get from addresses of their own, are
 * left out and named.
 */

#include <slipway/attr.h>
#include <slipway/digest.h>
#include <slipway/env.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

struct sw_copy_options {
    const struct sw_registry_auth *auth;
    const struct sw_retry_policy *policy; /* NULL: sw_retry_default */
    bool plain_http;
    const char *platform;      /* of an index: only the image of this platform; NULL: all */
    struct sw_strs mount_from; /* further repositories of the targets' registries; borrowed */
    unsigned transfers;        /* blobs in flight; 0: 3 */
};

struct sw_copy_result {
    char digest[SW_DIGEST_SIZE]; /* what the tags name */
    char *media_type;            /* owned */
    bool *written;               /* for each target: false when it named the image already. Owned */
    size_t count;
    int64_t bytes_sent;
    int64_t bytes_mounted; /* shared by the registry */
    int64_t bytes_skipped; /* that were there already */
};
void sw_copy_result_release(struct sw_copy_result *result);

/*
 * Copies `source` (by tag or digest) to all `targets`, each with a tag. Statuses: those of
 * registry.h; SW_E_NOT_FOUND also when there is no image for the platform; SW_E_INPUT for what is
 * no kind of image; SW_E_STOPPED. *ret is the caller's on success.
 */
SW_NODISCARD enum sw_status sw_image_copy(const struct sw_env *env, const struct sw_ref *source,
                                          const struct sw_ref *targets, size_t target_count,
                                          const struct sw_copy_options *options,
                                          struct sw_copy_result *ret, struct sw_err *err);

#endif
