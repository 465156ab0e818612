#ifndef SLIPWAY_IMAGE_H
#define SLIPWAY_IMAGE_H

/*
 * Pushing an image from where it is to one or several references.
 *
 * Sources:
 *   docker-archive:FILE[:NAME]  what "docker save", "docker buildx --output type=docker|oci" and
 *                               podman write; plain, or packed with gzip or zstd; "-" is standard
 *                               input, which is read to its end. NAME picks one of several images;
 *                               an image's id, "sha256:...", does so too.
 *   oci-archive:FILE[:NAME]     an OCI layout packed with tar: index.json says what is in it. NAME
 *                               is an image's name there, its org.opencontainers.image.ref.name, or
 *                               the digest of its manifest.
 *   oci:DIR[:NAME]              an OCI layout in a folder: of buildx, skopeo or crane.
 *   docker-daemon:NAME          an image of the Docker engine that DOCKER_HOST names.
 *
 * Order of work: the tags are looked at, then blobs travel while the source is still being read
 * (read, hashed, compressed and uploaded side by side; memory does not grow with the image), then,
 * only when every blob is there and every layer has the diff id that the configuration says, the
 * manifest is written under each tag. A layer that an image of the repository has (the tags about
 * to be written, learn_from, "latest", one of the newest, or one of the repository's list) is found
 * by that image's manifest and configuration and is then neither read, nor compressed, nor sent;
 * the Docker engine's export is read up to the last part that is needed, and not begun when
 * everything is there, nor where the engine gives what it has stored blob by blob (Docker 29). A
 * large layer that no image tells of is sent while it is being compressed, unless learning is off
 * or refused, or the repository has blobs of a push that was cut off: then its digest is awaited
 * and looked for first. A push that fails leaves all tags as they were, or, when it is a later tag
 * that fails, says which ones are written. Layers are compressed with gzip in a way that gives the
 * same bytes each time; layers that are compressed already travel as they are, and so does the
 * manifest that came with them, unless it lacks its mediaType: Amazon ECR insists on that, so it is
 * put in.
 */

#include <slipway/attr.h>
#include <slipway/compression.h>
#include <slipway/copy.h>
#include <slipway/digest.h>
#include <slipway/env.h>
#include <slipway/newest.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

struct sw_image_source;

/* Whether the text starts with the name of a source. */
bool sw_image_source_is(const char *text);
/*
 * A source by its text. `platform` ("linux/arm64"; NULL: what there is) must be that of the image,
 * and picks one when there are several. Nothing big happens yet. The source is the caller's.
 */
SW_NODISCARD enum sw_status sw_image_source_open(const struct sw_env *env, const char *text,
                                                 const char *platform, struct sw_image_source **ret,
                                                 struct sw_err *err);
void sw_image_source_free(struct sw_image_source *source);
SW_DEFINE_CLEANUP(sw_image_source_cleanup, struct sw_image_source, sw_image_source_free)

struct sw_push_options {
    const struct sw_registry_auth *auth;
    const struct sw_retry_policy *policy; /* NULL: sw_retry_default */
    bool plain_http;
    bool no_learn;             /* compress every layer instead of learning from images there */
    bool verify_learned;       /* unpack a learned layer before relying on it */
    struct sw_strs learn_from; /* tags to learn from first; borrowed */
    const struct sw_newest
        *newest;               /* tells of the newest images; NULL: the list of tags has to do */
    struct sw_strs mount_from; /* repositories of the registries to share layers with; borrowed */
    /* How unpacked layers are stored, those learned included; NULL: gzip, and learned layers are
     * welcome however they are stored. */
    const struct sw_compression *compression;
    unsigned uploads; /* blobs in flight; 0: 5 */
    unsigned workers; /* compressing threads; 0: one for each processor */
};

struct sw_push_layer {
    char digest[SW_DIGEST_SIZE];
    char diff_id[SW_DIGEST_SIZE];
    int64_t size; /* as stored */
    bool sent;
};

struct sw_push_result {
    char digest[SW_DIGEST_SIZE]; /* of the manifest */
    struct sw_push_layer *layers;
    size_t layer_count;
    int64_t bytes_sent;    /* layers and configuration that travelled */
    int64_t bytes_mounted; /* that the registry shared */
    int64_t bytes_skipped; /* that were there already */
};
void sw_push_result_release(struct sw_push_result *result);

/*
 * Pushes the image of `source` to all `targets` (each with a tag, none with a digest). *ret is the
 * caller's on success. Statuses: those of registry.h; SW_E_INPUT for a damaged archive;
 * SW_E_NOT_FOUND for an image the engine does not have; SW_E_STOPPED.
 */
SW_NODISCARD enum sw_status sw_image_push(const struct sw_env *env, struct sw_image_source *source,
                                          const struct sw_ref *targets, size_t target_count,
                                          const struct sw_push_options *options,
                                          struct sw_push_result *ret, struct sw_err *err);

/*
 * Pushes all that the source has of the image, for all platforms and with attestations, byte for
 * byte: an index and what belongs to it. Only OCI layouts, archives that are one, and images of a
 * Docker engine that gives its blobs can be pushed so, SW_E_INPUT otherwise and when a part is
 * missing. options->platform is not used. *ret is the caller's on success.
 */
SW_NODISCARD enum sw_status sw_image_push_all(const struct sw_env *env,
                                              struct sw_image_source *source,
                                              const struct sw_ref *targets, size_t target_count,
                                              const struct sw_copy_options *options,
                                              struct sw_copy_result *ret, struct sw_err *err);

#endif
