#ifndef SLIPWAY_IMAGE_INTAKE_H
#define SLIPWAY_IMAGE_INTAKE_H

/*
 * What lies between a source of images and the push: blobs, and the intake that turns layers into
 * them. A source reads its layers in whatever order it can and hands each blob on as soon as it is
 * complete, so that reading, compressing and uploading overlap.
 */

#include "feed.h"
#include "packer.h"
#include "spool.h"

#include <slipway/digest.h>
#include <slipway/env.h>
#include <slipway/manifest.h>
#include <slipway/stream.h>

#include <stdbool.h>

/*
 * Content that a registry stores: a packed layer or a configuration. It lies in memory (`bytes`),
 * in a temporary file (`spool`), in the file it came with (`fd`), or where a feed reads it when it
 * is sent; without any of these the registry has it. Digest, diff id and size of a spooled blob are
 * set when the spool is whole: a layer may be handed on while it is still being compressed.
 */
struct sw_blob {
    char digest[SW_DIGEST_SIZE];
    char diff_id[SW_DIGEST_SIZE]; /* of the unpacked layer; "" when it was not looked at */
    bool is_layer;
    enum sw_packing packing;
    int64_t size;
    char *bytes;                /* owned */
    struct sw_spool *spool;     /* owned */
    struct sw_feed *feed;       /* of one reader; owned */
    struct sw_file_part origin; /* where a spooled layer was read; fd -1: it passed by */
    bool owns_origin;           /* its file is closed with the blob */
    int fd;                     /* -1: none */
    bool owns_fd;               /* it is closed as soon as it is not needed */
    int64_t offset;             /* of the content in the file of fd */
    bool handed_on;             /* sw_intake.ready was called */
    bool looked_for;            /* set by the push: the only target was asked for it */
    bool there;                 /* and has it */
    bool sent;                  /* set by the push: uploaded in this run */
    char *learned_from;         /* the image that told of it; NULL otherwise. Owned */
    const char *shared_from;    /* see sw_known_layer */
};

/* Gives up the content of a blob. Nobody is making it or reading it then. */
void sw_blob_drop_content(struct sw_blob *blob);

/* A layer as an image that the targets have tells it; see learn.h. */
struct sw_known_layer {
    char diff_id[SW_DIGEST_SIZE];
    char digest[SW_DIGEST_SIZE];
    int64_t size;
    enum sw_packing packing;
    char *from;              /* the image that told it, for messages: "tag v1" */
    const char *shared_from; /* the repository that a target has it from by now; NULL: none */
};

/* A layer of the image that is pushed. */
struct sw_wanted_layer {
    const char *diff_id;
    int64_t size; /* bytes to be read, and sent packed, where it is not there; -1: not known */
};
/* What is known of an image before any of its layers is read. */
struct sw_wanted {
    struct sw_wanted_layer *layers; /* a diff id may come twice */
    size_t count;
    const char *config; /* its digest, where nothing has to be read if all is there; else NULL */
};

struct sw_intake {
    const struct sw_env *env;
    /*
     * Pack the layers that are not packed; the first NULL: they stay as they are, the second NULL:
     * one layer is read after the other. Two layers may be growing at a time: whoever takes blobs
     * by `ready` must not need both of them whole for taking others.
     */
    struct sw_packer *packers[SW_PACKERS_MAX];
    /* SW_OK while it makes sense to go on: no stop is wanted and no upload has failed. */
    enum sw_status (*check)(void *ctx, struct sw_err *err);
    /* Whether all targets have the blob already. */
    enum sw_status (*has)(void *ctx, const char *digest, bool *ret, struct sw_err *err);
    /* Finds out which of these blobs all targets have, for `has` to say. The member may be NULL. */
    enum sw_status (*look)(void *ctx, const struct sw_strs *digests, struct sw_err *err);
    /* Finds out which layers the targets have, as images there tell. The member may be NULL. */
    enum sw_status (*learn)(void *ctx, const struct sw_wanted *wanted, struct sw_err *err);
    /*
     * The layer of that diff id, when that found it and all targets have it by now; else NULL.
     * Borrowed until the next call of `learn`. NULL when that member is.
     */
    const struct sw_known_layer *(*learned)(void *ctx, const char *diff_id);
    /* Whether all targets have the manifest, and with it all that it names. */
    enum sw_status (*has_image)(void *ctx, const char *digest, bool *ret, struct sw_err *err);
    /* Gets a manifest that the targets have, by its digest. */
    enum sw_status (*fetch_image)(void *ctx, const char *digest, struct sw_buf *out,
                                  struct sw_err *err);
    /* Gets a configuration that the targets have. */
    enum sw_status (*fetch)(void *ctx, const char *digest, struct sw_buf *out, struct sw_err *err);
    /* The blob belongs to the image, and is whole or a spool that grows: upload it. It stays the
     * intake's. */
    enum sw_status (*ready)(void *ctx, struct sw_blob *blob, struct sw_err *err);
    /*
     * Whether a layer that is needed may be handed on before its digest is known. That saves time,
     * but a layer that the targets turn out to have is then sent again. The member may be NULL: no.
     */
    bool (*may_stream)(void *ctx);
    /* Blobs are sent more than once: all of what is spooled is kept until they are dropped. */
    bool keep;
    void *ctx;

    struct sw_blob **blobs; /* all that were made, owned */
    size_t blob_count;
    size_t blob_capacity;
};

/* Frees all blobs. */
void sw_intake_release(struct sw_intake *intake);

/* A layer where it is read. */
struct sw_intake_source {
    struct sw_reader in;
    const struct sw_file_part *origin; /* the part of a file that `in` reads; NULL: it passes by */
    bool needed;      /* it is certainly of the image, and the targets are not known to have it */
    const char *name; /* for errors; NULL: they name none */
};
/*
 * Reads a layer to its end and makes its blob: an unpacked layer is compressed into a spool, and
 * handed on while that grows if it is needed; without a packer, or when it is packed, it is kept as
 * it is, in its origin or else in a spool. A packed one is checked by unpacking it. A spool whose
 * layer has an origin forgets what has been sent, unless `keep` is set: see sw_intake_again().
 */
SW_NODISCARD enum sw_status sw_intake_layer(struct sw_intake *intake,
                                            const struct sw_intake_source *source,
                                            struct sw_blob **ret, struct sw_err *err);
/* Layers that are read side by side. */
struct sw_intake_layers {
    /* The next one; *ret stays NULL when there is none. It is good until it was made or all ends.
     */
    enum sw_status (*next)(void *ctx, struct sw_intake_source **ret, struct sw_err *err);
    /* Called for each as soon as its blob is whole. */
    enum sw_status (*made)(void *ctx, struct sw_intake_source *source, struct sw_blob *blob,
                           struct sw_err *err);
    void *ctx;
};
/* Makes the blobs of layers as sw_intake_layer() does, two at a time where there are two packers.
 */
SW_NODISCARD enum sw_status sw_intake_layers(struct sw_intake *intake,
                                             const struct sw_intake_layers *layers,
                                             struct sw_err *err);
/*
 * Makes a layer once more whose sending broke after its spool had forgotten its beginning
 * (sw_spool_forsake): from its origin, and all of it is kept. SW_E_INPUT when it has changed there.
 */
SW_NODISCARD enum sw_status sw_intake_again(struct sw_intake *intake, struct sw_blob *blob,
                                            struct sw_err *err);
/* A blob of bytes, which are copied. */
struct sw_blob *sw_intake_bytes(struct sw_intake *intake, struct sw_str bytes);
/* A layer that the targets have and that was not read. */
struct sw_blob *sw_intake_known_layer(struct sw_intake *intake, const char *digest, int64_t size,
                                      enum sw_packing packing);
/* A configuration that the targets have. */
struct sw_blob *sw_intake_known_config(struct sw_intake *intake, const char *digest, int64_t size);
/* A foreign layer: it stays at the addresses that the manifest names, and is not handed on. */
struct sw_blob *sw_intake_foreign_layer(struct sw_intake *intake,
                                        const struct sw_descriptor *descriptor);
/* A packed layer that is read, byte for byte, when it turns out that it has to be sent. */
struct sw_blob *sw_intake_feed_layer(struct sw_intake *intake, const struct sw_feed_source *source,
                                     enum sw_packing packing);
/* Finds out which of the layers the targets have; to be called before one of them is read. */
SW_NODISCARD enum sw_status sw_intake_learn(struct sw_intake *intake,
                                            const struct sw_wanted *wanted, struct sw_err *err);
/* The layer of that diff id when that told that the targets have it packed; else NULL. */
struct sw_blob *sw_intake_learned(struct sw_intake *intake, const char *diff_id);
/* Hands a blob to the push, once. */
SW_NODISCARD enum sw_status sw_intake_hand_on(struct sw_intake *intake, struct sw_blob *blob,
                                              struct sw_err *err);

/* An image, complete. */
struct sw_image {
    struct sw_buf config;
    struct sw_image_config parsed;
    struct sw_blob *config_blob; /* the intake's */
    struct sw_blob **layers;     /* bottom first; the blobs are the intake's */
    size_t layer_count;
    struct sw_buf manifest; /* the source's own manifest; empty: one is to be written */
    char *manifest_type;    /* its media type; NULL with an empty manifest */
    char *annotations;      /* for a manifest that is to be written; NULL: none */
};

void sw_image_init(struct sw_image *image);
void sw_image_release(struct sw_image *image);

struct sw_store; /* transfer.h */
struct sw_tree;  /* tree.h */

/* A source, one implementation per file; see slipway/image.h. */
struct sw_image_source {
    /* Reads the image, handing blobs on; *ret is initialised and the caller's also on failure. */
    enum sw_status (*load)(struct sw_image_source *source, struct sw_intake *intake,
                           struct sw_image *ret, struct sw_err *err);
    void (*free)(struct sw_image_source *source);
    /*
     * Reads all that the source has of the image, for all platforms, to be sent as it is; *ret is
     * the caller's, and *ret_store is good as long as the source.
     */
    enum sw_status (*load_all)(struct sw_image_source *source, struct sw_tree *ret,
                               struct sw_store *ret_store, struct sw_err *err);
};

/* What follows "docker-archive:", "docker-daemon:", "oci:" and "oci-archive:". */
SW_NODISCARD enum sw_status sw_docker_archive_open(const struct sw_env *env, const char *text,
                                                   const char *platform,
                                                   struct sw_image_source **ret,
                                                   struct sw_err *err);
SW_NODISCARD enum sw_status sw_docker_daemon_open(const struct sw_env *env, const char *text,
                                                  const char *platform,
                                                  struct sw_image_source **ret, struct sw_err *err);
SW_NODISCARD enum sw_status sw_oci_layout_open(const struct sw_env *env, const char *text,
                                               const char *platform, struct sw_image_source **ret,
                                               struct sw_err *err);
SW_NODISCARD enum sw_status sw_oci_archive_open(const struct sw_env *env, const char *text,
                                                const char *platform, struct sw_image_source **ret,
                                                struct sw_err *err);

#endif
