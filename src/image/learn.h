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
 * nothing and says so at debug level only. At most SW_LEARN_IMAGES_MAX images are asked, and at
 * most SW_LEARN_TRIES_MAX tags: those that were added, then those of the newest images where
 * somebody knows them (newest.h), else the last of the registry's list, in which versions and dates
 * often come in their order. They are asked one at a time until one has told its layers, since that
 * one knows most of them as a rule; then the others at once. Whichever comes first in that order is
 * the one that counts.
 *
 * Asking ends when every layer is known, and also where one more image costs more than it can save:
 * it takes two requests, three with the redirect to where Amazon ECR keeps configurations. So once
 * an image has told some layers of ours, and those that are not known have less than
 * SW_LEARN_SPARE_MAX bytes together, they are left to be sent. That holds neither for the tags that
 * people named, nor where nothing would have to be read at all if all layers were known: that is so
 * when the repository has this very image's configuration, which is looked for meanwhile.
 */

#include "intake.h"
#include "lookout.h"

#include <slipway/buf.h>
#include <slipway/newest.h>
#include <slipway/registry.h>

enum {
    SW_LEARN_IMAGES_MAX = 4,
    SW_LEARN_TRIES_MAX = 12,
    SW_LEARN_TAGS_MAX = 100,
    /* Unpacked. Half of it or less travels: in the time of three requests, at 100 Mbit/s. */
    SW_LEARN_SPARE_MAX = 8 * 1024 * 1024,
};

/* A layer that a push wants to know. */
struct sw_sought_layer {
    char diff_id[SW_DIGEST_SIZE];
    int64_t size;                 /* see sw_wanted_layer */
    bool found;                   /* an image told of it, and all targets have it */
    struct sw_known_layer answer; /* then; its texts are borrowed */
};
struct sw_quest {
    struct sw_sought_layer *layers;
    size_t count;
    size_t capacity;
    char config[SW_DIGEST_SIZE]; /* see sw_wanted; "": none */
};

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
    size_t named;                   /* so many of them are asked whatever it costs */
    size_t next_wish;
    bool listed;              /* the repository's own list was asked for */
    struct sw_lookout config; /* for the configuration of the image that is pushed */
    bool refused;             /* reading is not allowed: nothing more is asked */
    struct sw_strs digests;   /* manifests read so far */
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
/* The same for one that people named, before any other is added. */
void sw_learn_add_named(struct sw_learn *learn, const char *tag);
/* Asks images for the layers that are not found yet, as long as it is worth it. */
void sw_learn_ask(struct sw_learn *learn, const struct sw_quest *quest);
/* The layer with that diff id as an image told it; else NULL. Borrowed until images are asked. */
const struct sw_known_layer *sw_learn_find(const struct sw_learn *learn, const char *diff_id);
/* The configuration with that digest when it was read; else NULL. Nothing is asked. Borrowed. */
const struct sw_buf *sw_learn_config(const struct sw_learn *learn, const char *digest);

#endif
