#ifndef SLIPWAY_IMAGE_TAGGING_H
#define SLIPWAY_IMAGE_TAGGING_H

/*
 * Giving tags to a manifest, the last step of a push and all of a new tag: tags are looked at
 * first, one that names the manifest already is left alone, and a refusal to move an immutable tag
 * names both digests.
 */

#include <slipway/env.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

/* A tag that is to be written. */
struct sw_tagging {
    struct sw_registry *registry; /* borrowed */
    const struct sw_ref *ref;     /* borrowed; the tag is sw_ref_object() of it */
    char *text;                   /* "HOST/REPOSITORY:TAG" */
    char *before;                 /* the digest it names now; NULL when there is none, or it cannot
                                     be asked */
    bool keep;                    /* an image that has the tag now keeps it */
    bool kept;                    /* it names another image, and stays */
    bool written;                 /* false: it names the manifest already, or was kept */
    bool in_place;                /* it names the manifest */
};

/* What the tags are to name. */
struct sw_tagged_manifest {
    const char *media_type;
    struct sw_str bytes;
    const char *digest;
};

void sw_tagging_init(struct sw_tagging *tagging, struct sw_registry *registry,
                     const struct sw_ref *ref);
void sw_tagging_release(struct sw_tagging *tagging);

/*
 * Asks what the tags name, all registries at once. Not to be allowed to know is no failure; of
 * several failures that of the first tag is told.
 */
SW_NODISCARD enum sw_status sw_tagging_look(struct sw_tagging *tags, size_t count,
                                            struct sw_err *err);
/*
 * Writes those tags that name something else, in order, and says of each what became of it with
 * the word `done` ("pushed"). SW_E_CONFLICT for an immutable tag that names another image.
 */
SW_NODISCARD enum sw_status sw_tagging_write(const struct sw_env *env, struct sw_tagging *tags,
                                             size_t count,
                                             const struct sw_tagged_manifest *manifest,
                                             const char *done, struct sw_err *err);
/*
 * Tells after a failure, looking or later, what stands: in err->resumes, and in the message how
 * many tags are in place, in each repository where there are several. Returns err->status.
 */
enum sw_status sw_tagging_explain(const struct sw_tagging *tags, size_t count, struct sw_err *err);

#endif
