#ifndef SLIPWAY_MANIFEST_H
#define SLIPWAY_MANIFEST_H

/*
 * Image manifests, indexes and configurations:
 * https://github.com/opencontainers/image-spec (manifest.md, image-index.md, config.md) and
 * https://distribution.github.io/distribution/spec/manifest-v2-2/.
 *
 * A document that has a digest is bytes and never written again from its parts; these readers only
 * look into it. Readers fail with SW_E_INPUT and name `where` and the member.
 */

#include <slipway/attr.h>
#include <slipway/buf.h>
#include <slipway/stream.h>

#define SW_MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define SW_MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define SW_MEDIA_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"
#define SW_MEDIA_DOCKER_LAYER    "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define SW_MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define SW_MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define SW_MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define SW_MEDIA_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define SW_MEDIA_OCI_LAYER_GZIP  "application/vnd.oci.image.layer.v1.tar+gzip"
#define SW_MEDIA_OCI_LAYER_ZSTD  "application/vnd.oci.image.layer.v1.tar+zstd"

/* What registries accept (distribution specification, ECR's PutImage). */
#define SW_MANIFEST_MAX ((size_t)4 * 1024 * 1024)
#define SW_CONFIG_MAX   ((size_t)8 * 1024 * 1024)
enum { SW_LAYERS_MAX = 1024, SW_INDEX_ENTRIES_MAX = 4096 };

struct sw_descriptor {
    char *media_type; /* "" when the document has none */
    char *digest;     /* valid */
    int64_t size;     /* not negative */
    char *platform;   /* "linux/amd64", "linux/arm/v7"; NULL when there is none */
    char *name;       /* annotation io.containerd.image.name, else NULL */
    char *ref_name;   /* annotation org.opencontainers.image.ref.name, else NULL */
};

struct sw_descriptors {
    struct sw_descriptor *items;
    size_t count;
    size_t capacity;
};

struct sw_manifest {
    char *media_type; /* "" when the document has none */
    char *subject;    /* digest of the manifest that it is about; NULL when there is none */
    struct sw_descriptor config;
    struct sw_descriptors layers;
    char *annotations; /* what it says of the image, as JSON text; NULL when it says nothing */
};

/* What a push needs of an image's configuration. */
struct sw_image_config {
    char *platform;  /* "os/architecture[/variant]" */
    char **diff_ids; /* of the uncompressed layers, bottom first; valid digests */
    size_t diff_id_count;
};

/* Appends a descriptor; the texts are copied. */
void sw_descriptors_add(struct sw_descriptors *list, const char *media_type, const char *digest,
                        int64_t size);
void sw_descriptors_release(struct sw_descriptors *list);

/* Reads an image manifest. *ret is the caller's. */
SW_NODISCARD enum sw_status sw_manifest_parse(struct sw_str bytes, const char *where,
                                              struct sw_manifest *ret, struct sw_err *err);
void sw_manifest_release(struct sw_manifest *manifest);
/* Reads an index or manifest list: *ret gets its entries, the caller's. */
SW_NODISCARD enum sw_status sw_index_parse(struct sw_str bytes, const char *where,
                                           struct sw_descriptors *ret, struct sw_err *err);
/*
 * The entry of an index that is exactly for `platform`, else the first that satisfies it, borrowed
 * from `entries`. SW_E_NOT_FOUND lists the platforms that there are.
 */
SW_NODISCARD enum sw_status sw_index_pick(const struct sw_descriptors *entries,
                                          const char *platform, const struct sw_descriptor **ret,
                                          struct sw_err *err);
/* Writes a new manifest: always with its mediaType, which Amazon ECR insists on; no subject. */
void sw_manifest_write(const struct sw_manifest *manifest, struct sw_buf *out);

SW_NODISCARD enum sw_status sw_image_config_parse(struct sw_str bytes, const char *where,
                                                  struct sw_image_config *ret, struct sw_err *err);
void sw_image_config_release(struct sw_image_config *config);

/* Whether a media type names an index, or an image manifest. */
bool sw_media_is_index(const char *media_type);
bool sw_media_is_manifest(const char *media_type);
/*
 * Whether a layer is a foreign one: it is not to be passed on, and runtimes get it from addresses
 * that its descriptor names.
 */
bool sw_media_is_foreign(const char *media_type);
/* How a layer is packed, as its media type says. */
enum sw_packing sw_media_packing(const char *media_type);
/* Whether an entry of an index is an attestation: they are stored as platform unknown/unknown. */
bool sw_descriptor_is_attestation(const struct sw_descriptor *descriptor);
/* Whether the text has the form of a platform: OS/ARCH or OS/ARCH/VARIANT, in lower case. */
bool sw_platform_is(const char *text);
/* Whether an image of platform `have` satisfies the wish `want`; a missing variant matches any. */
bool sw_platform_matches(const char *want, const char *have);
/*
 * The same as a result (want NULL: any will do): else `failure`, naming both, and the image where
 * `name` is not NULL. An image that tells no platform (have NULL) satisfies none.
 */
SW_NODISCARD enum sw_status sw_platform_check(const char *want, const char *have, const char *name,
                                              enum sw_status failure, struct sw_err *err);

#endif
