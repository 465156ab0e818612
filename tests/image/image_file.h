#ifndef SLIPWAY_TEST_IMAGE_FILE_H
#define SLIPWAY_TEST_IMAGE_FILE_H

/*
 * Image archives in all layouts that tools write, made in memory: an image of two layers, one file
 * each. What is wrong with an archive is a flag.
 */

#include <slipway/buf.h>
#include <slipway/digest.h>

enum image_layout {
    IMAGE_DOCKER_24,  /* <id>/layer.tar before manifest.json; a repeated layer is a link */
    IMAGE_DOCKER_25,  /* blobs/sha256, uncompressed layers, LayerSources */
    IMAGE_CONTAINERD, /* blobs/sha256, gzip layers, nested index with an attestation */
    IMAGE_OCI,        /* the same without manifest.json */
    IMAGE_LAYOUT_COUNT
};

enum image_fault {
    IMAGE_FINE = 0,
    IMAGE_WRONG_DIFF_ID, /* the second layer is another one */
    IMAGE_LAYER_MISSING,
    IMAGE_CONFIG_MISSING,
    IMAGE_CONFIG_CHANGED,  /* its name is the digest of something else */
    IMAGE_LAYERS_TOO_MANY, /* listed in manifest.json, not in the configuration */
    IMAGE_MANIFEST_GARBAGE,
    IMAGE_NO_MANIFEST,
    IMAGE_NO_MEDIA_TYPE, /* the OCI manifest does not say what it is; no fault in itself */
    IMAGE_LARGE,         /* the layers cannot be taken for documents; no fault in itself */
};

struct image_file {
    struct sw_buf tar;
    struct sw_buf layers[2]; /* uncompressed */
    struct sw_buf packed[2]; /* gzip, as in the archive; IMAGE_CONTAINERD and IMAGE_OCI */
    char diff_ids[2][SW_DIGEST_SIZE];
    char digests[2][SW_DIGEST_SIZE]; /* of the packed layers */
    struct sw_buf config;
    char config_digest[SW_DIGEST_SIZE];
    struct sw_buf manifest; /* of the OCI layouts */
};

/* Makes the archive; its image is "acme/app:v1" for linux/amd64. */
void image_file_build(struct image_file *file, enum image_layout layout, enum image_fault fault);
void image_file_release(struct image_file *file);
/* The archive of `tar` in a temporary file; returns its path, the caller's (unlink, free). */
char *image_file_write(struct sw_str tar);

#endif
