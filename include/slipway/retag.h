#ifndef SLIPWAY_RETAG_H
#define SLIPWAY_RETAG_H

/*
 * New tags for an image that its registry has: its manifest (or index) is read once and written
 * under each tag, byte for byte and with its media type. No layer moves.
 */

#include <slipway/attr.h>
#include <slipway/digest.h>
#include <slipway/env.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

struct sw_retag {
    const struct sw_ref *source; /* an image, by tag or digest */
    const struct sw_strs *tags;  /* for its repository; checked by the caller (ref.h) */
    bool keep;                   /* tags that name another image now are left alone */
};

struct sw_retag_result {
    char digest[SW_DIGEST_SIZE];
    char *media_type; /* owned */
    bool *written;    /* for each tag: false when it was left alone. Owned */
    bool *kept;       /* for each tag: true when it names another image still. Owned */
    size_t count;
};
void sw_retag_result_release(struct sw_retag_result *result);

/*
 * Writes the tags through `registry`, a client of the source's host. A tag that names the image
 * already is left alone. Statuses: those of
 * registry.h; SW_E_CONFLICT, naming both digests, for an immutable tag of another image;
 * SW_E_STOPPED. A failure says how many tags were written before it. *ret is the caller's on
 * success.
 */
SW_NODISCARD enum sw_status sw_image_retag(const struct sw_env *env, struct sw_registry *registry,
                                           const struct sw_retag *retag,
                                           struct sw_retag_result *ret, struct sw_err *err);

#endif
