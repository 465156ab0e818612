#ifndef SLIPWAY_IMAGE_PUSH_PRIVATE_H
#define SLIPWAY_IMAGE_PUSH_PRIVATE_H

/* What the files of the push share; see slipway/image.h. */

#include "intake.h"
#include "meter.h"
#include "place.h"

#include <slipway/image.h>
#include <slipway/registry.h>

#include <pthread.h>
#include <stdatomic.h>

enum {
    SW_PUSH_THREADS_MAX = 16,
    SW_PUSH_QUEUE_MAX = 3, /* what waits to be sent takes memory: see spool.c */
};

/*
 * The world as registry clients of a push see it: a stop is also wanted once an upload has failed,
 * so that the others neither wait for their next try nor start it.
 */
struct sw_push_world {
    struct sw_env env; /* pass &world.env */
    struct sw_clock clock;
    const struct sw_env *outer;
    atomic_bool failed;
};
void sw_push_world_init(struct sw_push_world *world, const struct sw_env *outer);

/*
 * Uploads in the background. Blobs are added by the reading thread; each is looked for and, when
 * it is missing, sent to every place. The first failure ends it all and is kept.
 */
struct sw_uploads {
    const struct sw_env *env;
    struct sw_push_world *world; /* is told of the first failure */
    const struct sw_push_place *places;
    size_t place_count;
    const struct sw_strs *mount_from; /* repositories to share blobs with; may be NULL */

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    struct sw_blob *queue[SW_PUSH_QUEUE_MAX];
    size_t queued;
    size_t busy; /* threads at work */
    bool closing;
    bool failed;
    bool added;  /* a blob with content */
    bool looked; /* the registry was asked for such a blob */
    bool found;  /* it had one */
    struct sw_err err;
    const char **seen; /* digests added so far, borrowed from the blobs */
    size_t seen_count;
    size_t seen_capacity;
    int64_t bytes_sent;
    int64_t bytes_mounted;
    int64_t bytes_skipped;

    struct sw_meter meter;
    pthread_t threads[SW_PUSH_THREADS_MAX];
    unsigned thread_count;
};

SW_NODISCARD enum sw_status sw_uploads_start(struct sw_uploads *uploads,
                                             struct sw_push_world *world,
                                             const struct sw_push_place *places, size_t place_count,
                                             unsigned threads, struct sw_err *err);
/* Adds a blob, waiting for room; one whose digest was added before is left out. */
SW_NODISCARD enum sw_status sw_uploads_add(struct sw_uploads *uploads, struct sw_blob *blob,
                                           struct sw_err *err);
/* Adds a blob once more that sw_intake_again() has made. */
SW_NODISCARD enum sw_status sw_uploads_again(struct sw_uploads *uploads, struct sw_blob *blob,
                                             struct sw_err *err);
/* SW_OK while no upload has failed and no stop is wanted. */
SW_NODISCARD enum sw_status sw_uploads_check(struct sw_uploads *uploads, struct sw_err *err);
/*
 * Whether a registry had a blob that no image told of, as after a push that was cut off. Waits
 * until the first blob was looked for: that is the configuration as a rule.
 */
bool sw_uploads_found(struct sw_uploads *uploads);
/*
 * Waits until everything added is there, but for blobs whose spool is forsaken; the first failure
 * otherwise.
 */
SW_NODISCARD enum sw_status sw_uploads_wait(struct sw_uploads *uploads, struct sw_err *err);
/* Ends the threads; uploads under way are cut off when `cut`. */
void sw_uploads_stop(struct sw_uploads *uploads, bool cut);

#endif
