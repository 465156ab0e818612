#ifndef SLIPWAY_IMAGE_LEARN_H
#define SLIPWAY_IMAGE_LEARN_H

/*
 * Learning from the repository what it already holds.
 *
 * A layer is known here by its diff id, the digest of its unpacked bytes; a registry knows it by
 * the digest of its packed bytes. Packing it again just to learn that digest is most of the work of
 * a push. But every image of the repository tells it for free: its configuration lists the diff
 * ids, its manifest the packed layers, in the same order. A layer that an image there has is looked
 * for with one HEAD and then neither read, nor packed, nor sent.
 *
 * Trust. Who may write the repository could pair a diff id with a foreign blob. The image that is
 * then pushed does not run: runtimes compare each unpacked layer with the diff id in the
 * configuration, which is always the source's own. Such a writer can move tags anyway. Whoever
 * signs what is pushed, or pushes to immutable tags out of others' reach, may want to switch it
 * off.
 *
 * Reading is best effort: what cannot be read (no right, no such tag, an odd manifest) teaches
 * nothing and says so at debug level only. Images are asked one at a time, as long as a layer is
 * not known yet, at most SW_LEARN_IMAGES_MAX of them, and at most SW_LEARN_TRIES_MAX tags: those
 * that were added, then those of the newest images where somebody knows them (newest.h), else the
 * last of the registry's list, in which versions and dates often come in their order.
 */

#include "intake.h"

#include <slipway/buf.h>
#include <slipway/newest.h>
#include <slipway/registry.h>

enum { SW_LEARN_IMAGES_MAX = 4, SW_LEARN_TRIES_MAX = 12, SW_LEARN_TAGS_MAX = 100 };

/* A configuration that was read, kept because the image that is pushed may have the same one. */
struct sw_learned_config {
    char digest[SW_DIGEST_SIZE];
    struct sw_buf bytes;
};

struct sw_learn {
    const struct sw_env *env;
    struct sw_registry *registry;   /* borrowed */
    const char *repository;         /* borrowed */
    const struct sw_newest *newest; /* NULL: the registry's list of tags has to do. Borrowed */
    const char *host;               /* for it; borrowed */
    bool elsewhere;                 /* it is no target: messages name it */
    struct sw_strs wishes;          /* tags and digests to ask, in order */
    size_t next_wish;
    bool listed;            /* the repository's own list was asked for */
    bool refused;           /* reading is not allowed: nothing more is asked */
    struct sw_strs digests; /* manifests read so far */
    struct sw_learned_config *configs;
    size_t config_count;
    size_t config_capacity;
    struct sw_known_layer *layers;
    size_t count;
    size_t capacity;
};

/* Starts with nothing known; the first repository that is pushed to is the one to ask. */
void sw_learn_init(struct sw_learn *learn, const struct sw_env *env, struct sw_registry *registry,
                   const char *repository);
void sw_learn_release(struct sw_learn *learn);
/* A tag whose image may share layers; asked in the order added, once each. */
void sw_learn_add(struct sw_learn *learn, const char *tag);
/*
 * The layer with that diff id, asking further images until it is found; NULL when none has it.
 * Borrowed until the next call.
 */
const struct sw_known_layer *sw_learn_find(struct sw_learn *learn, const char *diff_id);
/* The configuration with that digest when it was read; else NULL. Nothing is asked. Borrowed. */
const struct sw_buf *sw_learn_config(const struct sw_learn *learn, const char *digest);

#endif
