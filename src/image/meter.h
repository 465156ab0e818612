#ifndef SLIPWAY_IMAGE_METER_H
#define SLIPWAY_IMAGE_METER_H

/*
 * What is on its way: a live line for each blob that is being sent, and one for all of them with
 * rate and time left. Without a terminal it is the last line only, now and then. Safe for use by
 * several threads.
 *
 *     layer sha256:0123456789ab  12.3 MB of 40.0 MB
 *     layer sha256:456789abcdef  3.4 MB so far
 *     all  15.7 MB of 61.0 MB, 9.8 MB/s, 4.6 s left
 */

#include <slipway/digest.h>
#include <slipway/env.h>

#include <pthread.h>
#include <stddef.h>

enum { SW_METER_ROWS_MAX = 16 };

struct sw_meter_row {
    bool used;
    const char *kind;                /* "layer" or "configuration" */
    char name[SW_DIGEST_SHORT_SIZE]; /* "" while the digest is not known */
    int64_t size;                    /* negative while it is not known */
    int64_t sent;
    unsigned order; /* of the beginning */
};

struct sw_meter {
    const struct sw_env *env;
    pthread_mutex_t lock; /* guards everything below */
    struct sw_meter_row rows[SW_METER_ROWS_MAX];
    unsigned begun;
    int64_t started_ms; /* when the first one began; negative before */
    int64_t drawn_ms;
    int64_t sent;        /* by all, also those that are not complete */
    int64_t expected;    /* sizes of all that began, and of those announced */
    unsigned open_ended; /* rows whose size is not known */
};

void sw_meter_init(struct sw_meter *meter, const struct sw_env *env);
void sw_meter_release(struct sw_meter *meter);

/*
 * A blob begins to be sent; `digest` may be "" and `size` negative when they are not known yet. The
 * result names the row; it is negative when there are too many, which the others accept.
 */
int sw_meter_begin(struct sw_meter *meter, const char *kind, const char *digest, int64_t size);
/* So many bytes more; negative when a try starts over. */
void sw_meter_add(struct sw_meter *meter, int row, int64_t bytes);
/* It is over. What was sent of a blob that did not arrive does not count. */
void sw_meter_end(struct sw_meter *meter, int row, bool arrived);

#endif
