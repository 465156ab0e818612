#ifndef SLIPWAY_IMAGE_KNOWLEDGE_H
#define SLIPWAY_IMAGE_KNOWLEDGE_H

/*
 * What a push knows of packed layers: learned (learn.h) from the first target's repository, then
 * from those that it may share layers with; checked by unpacking when that is asked for; and at all
 * targets before anybody relies on it.
 */

#include "learn.h"
#include "place.h"

#include <slipway/compression.h>

struct sw_knowledge {
    const struct sw_env *env;
    const struct sw_places *places; /* the targets; borrowed */
    const struct sw_strs *from;     /* repositories to share with; borrowed */
    bool verify;
    const struct sw_compression *wanted; /* how layers are to be packed; NULL: any way */
    struct sw_learn *learns;             /* of the first target, then of each of `from` */
    size_t count;
    struct sw_quest quest; /* what was asked for so far, and the answers */
};

/* Starts with nothing known. There is at least one place. */
void sw_knowledge_init(struct sw_knowledge *knowledge, const struct sw_env *env,
                       const struct sw_places *places, const struct sw_strs *from);
void sw_knowledge_release(struct sw_knowledge *knowledge);
/* A tag of the first target's repository to ask before others. */
void sw_knowledge_add(struct sw_knowledge *knowledge, const char *tag);
/* The same for one that people named: it is asked whatever it costs. To be added first. */
void sw_knowledge_add_named(struct sw_knowledge *knowledge, const char *tag);
/* Has somebody asked for the newest images of each repository, after those that were added. */
void sw_knowledge_use_newest(struct sw_knowledge *knowledge, const struct sw_newest *newest);
/* Whether learning was not permitted. */
bool sw_knowledge_refused(const struct sw_knowledge *knowledge);

/*
 * Finds those of the layers that all targets have packed, or have by now, because a repository
 * shares them. What was wanted before is not asked for again.
 */
SW_NODISCARD enum sw_status sw_knowledge_learn(struct sw_knowledge *knowledge,
                                               const struct sw_wanted *wanted, struct sw_err *err);
/* The layer of that diff id when it was found; else NULL. Borrowed until more are wanted. */
const struct sw_known_layer *sw_knowledge_find(const struct sw_knowledge *knowledge,
                                               const char *diff_id);
/*
 * Whether the only target has the configuration of the image that is pushed, where that was looked
 * for and is `digest`; false when it is not known.
 */
bool sw_knowledge_tells(struct sw_knowledge *knowledge, const char *digest, bool *ret);
/* The configuration with that digest when an image that was asked has it; else NULL. Borrowed. */
const struct sw_buf *sw_knowledge_config(const struct sw_knowledge *knowledge, const char *digest);

#endif
