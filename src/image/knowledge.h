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
    struct sw_known_layer answer; /* the last one; its texts are borrowed */
    struct sw_strs checked;       /* "DIGEST DIFF_ID" of layers that are what they are said to be */
    struct sw_strs distrusted;    /* and of those that are not */
};

/* Starts with nothing known. There is at least one place. */
void sw_knowledge_init(struct sw_knowledge *knowledge, const struct sw_env *env,
                       const struct sw_places *places, const struct sw_strs *from);
void sw_knowledge_release(struct sw_knowledge *knowledge);
/* A tag of the first target's repository to ask before others. */
void sw_knowledge_add(struct sw_knowledge *knowledge, const char *tag);
/* Has somebody asked for the newest images of each repository, after those that were added. */
void sw_knowledge_use_newest(struct sw_knowledge *knowledge, const struct sw_newest *newest);
/* Whether learning was not permitted. */
bool sw_knowledge_refused(const struct sw_knowledge *knowledge);

/*
 * The packed layer with that diff id that all targets have, or have by now, because a repository
 * shares it; *ret is NULL when there is none. Borrowed until the next call.
 */
SW_NODISCARD enum sw_status sw_knowledge_find(struct sw_knowledge *knowledge, const char *diff_id,
                                              const struct sw_known_layer **ret,
                                              struct sw_err *err);
/* The configuration with that digest when an image that was asked has it; else NULL. Borrowed. */
const struct sw_buf *sw_knowledge_config(const struct sw_knowledge *knowledge, const char *digest);

#endif
