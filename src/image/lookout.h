#ifndef SLIPWAY_IMAGE_LOOKOUT_H
#define SLIPWAY_IMAGE_LOOKOUT_H

/*
 * Looking for one blob while other requests are made. That takes a connection of its own, which the
 * uploads find open.
 */

#include <slipway/digest.h>
#include <slipway/registry.h>

#include <pthread.h>

struct sw_lookout {
    struct sw_registry *registry; /* borrowed */
    const char *repository;       /* borrowed */
    char digest[SW_DIGEST_SIZE];  /* "": nothing is looked for */
    pthread_t thread;
    bool running;
    bool there;
    enum sw_status status;
    struct sw_err err;
};

/* Begins to look. A zeroed one looks for nothing; one that looks already goes on. */
void sw_lookout_begin(struct sw_lookout *lookout, struct sw_registry *registry,
                      const char *repository, const char *digest);
/*
 * Whether the repository has the blob; waits for the answer. False when it is not what is looked
 * for, or the registry does not say; then *ret is false as well.
 */
bool sw_lookout_tells(struct sw_lookout *lookout, const char *digest, bool *ret);
void sw_lookout_release(struct sw_lookout *lookout);

#endif
