#ifndef SLIPWAY_IMAGE_OCI_WALK_H
#define SLIPWAY_IMAGE_OCI_WALK_H

/*
 * Finding one image manifest in an OCI layout, in an archive or a folder: index.json may point to
 * manifests, or to further indexes with one manifest per platform and attestations beside them;
 * blobs may be missing. https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */

#include "archive.h"
#include "tree.h"

/* What is looked for; NULL members do not matter. */
struct sw_oci_wish {
    const char *name;   /* image name of the entry in index.json, where it has one */
    bool named;         /* the entry must have the name: an entry without one is not meant */
    const char *config; /* digest of the configuration */
    const char *platform;
};

struct sw_oci_choice {
    bool found;
    struct sw_buf bytes; /* of the manifest */
    char *media_type;
    struct sw_manifest parsed;
};

/*
 * The manifest that fits the wish, whose configuration is in the archive. Several that fit without
 * a platform wished: SW_E_INPUT naming their platforms. None: ret->found is false.
 */
SW_NODISCARD enum sw_status sw_oci_choose(const struct sw_archive *archive,
                                          const struct sw_oci_wish *wish, struct sw_oci_choice *ret,
                                          struct sw_err *err);
/* The same, but none is SW_E_INPUT as well: it says what is missing, or what there is. */
SW_NODISCARD enum sw_status sw_oci_need(const struct sw_archive *archive,
                                        const struct sw_oci_wish *wish, struct sw_oci_choice *ret,
                                        struct sw_err *err);
void sw_oci_choice_release(struct sw_oci_choice *choice);
/*
 * Makes the chosen manifest the image's, byte for byte; but Amazon ECR refuses one that does not
 * say its media type, so that is put in when it is missing.
 */
SW_NODISCARD enum sw_status sw_oci_keep_manifest(const struct sw_oci_choice *choice,
                                                 struct sw_image *image, struct sw_err *err);

/*
 * The entry of index.json that the wish names (by name alone), with everything below it; without a
 * name there must be one, under however many names. SW_E_INPUT otherwise, saying what there is.
 * *ret is the caller's.
 */
SW_NODISCARD enum sw_status sw_oci_tree(const struct sw_archive *archive, const char *name,
                                        struct sw_tree *ret, struct sw_err *err);

/* "blobs/sha256/<hex>" for a digest. The caller's. */
char *sw_oci_blob_path(const char *digest);
/*
 * Appends the document of that digest. SW_E_NOT_FOUND when the archive lacks it, SW_E_INPUT when it
 * is another one.
 */
SW_NODISCARD enum sw_status sw_oci_document(const struct sw_archive *archive, const char *digest,
                                            struct sw_buf *out, struct sw_err *err);
/* Whether an entry of index.json has the wished name, or digest. */
bool sw_oci_has_name(const struct sw_oci_wish *wish, const struct sw_descriptor *entry);
/* Whether two image names mean the same tag; docker_manifest.c. */
bool sw_image_name_equal(const char *a, const char *b);

#endif
