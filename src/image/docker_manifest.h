#ifndef SLIPWAY_IMAGE_DOCKER_MANIFEST_H
#define SLIPWAY_IMAGE_DOCKER_MANIFEST_H

/* manifest.json, Docker's own list of the images in an archive. */

#include "archive.h"
#include "oci_walk.h"

/* An image as the archive describes it: file names, and the manifest it may come with. */
struct sw_picture {
    char *config;
    struct sw_strs layers;
    struct sw_strs foreign;   /* diff ids of layers that manifest.json says are elsewhere */
    struct sw_oci_choice oci; /* found false: there is no manifest for these files */
};

/* Reads the image of that name or id; NULL: the only one. *into is zeroed, and the caller's. */
SW_NODISCARD enum sw_status sw_picture_read(const struct sw_archive *archive, const char *name,
                                            struct sw_picture *into, struct sw_err *err);
void sw_picture_release(struct sw_picture *picture);

/*
 * The digest of a configuration as the name of its file says it: "<hex>.json", "sha256:<hex>" or
 * "blobs/sha256/<hex>". False when it says none.
 */
bool sw_config_path_digest(const char *path, char ret[SW_DIGEST_SIZE]);

#endif
