#ifndef SLIPWAY_TEST_MULTI_IMAGE_H
#define SLIPWAY_TEST_MULTI_IMAGE_H

/*
 * An image of two platforms as buildx makes it: an index of two manifests that share a layer, and
 * an attestation about each. Documents are indented, so that one that is written anew shows.
 */

#include "fake_registry.h"

#include <slipway/buf.h>
#include <slipway/digest.h>

enum { MULTI_BLOBS = 7, MULTI_MANIFESTS = 4 };

struct multi_image {
    /* Two configurations, a common layer, a layer of each platform, what both attestations share
     * as configuration, and their layer. */
    struct sw_buf blobs[MULTI_BLOBS];
    char blob_digests[MULTI_BLOBS][SW_DIGEST_SIZE];
    /* linux/amd64, linux/arm64/v8 and the attestations about them. */
    struct sw_buf manifests[MULTI_MANIFESTS];
    char manifest_digests[MULTI_MANIFESTS][SW_DIGEST_SIZE];
    struct sw_buf index;
    char index_digest[SW_DIGEST_SIZE];
};

void multi_image_build(struct multi_image *image);
void multi_image_release(struct multi_image *image);
/* Puts all of it into a repository, the index under `tag`. */
void multi_image_put(const struct multi_image *image, struct fake_registry *registry,
                     const char *repository, const char *tag);
/* Whether a repository has every byte of it, the index under `tag`. */
bool multi_image_is_at(const struct multi_image *image, const struct fake_registry *registry,
                       const char *repository, const char *tag);

#endif
