#ifndef SLIPWAY_NEWEST_H
#define SLIPWAY_NEWEST_H

/*
 * Which images of a repository are the newest. A registry's own list of tags is in no order that
 * would tell; some registries have another way. The ready-made one is sw_ecr_auth (ecr.h).
 */

#include <slipway/err.h>
#include <slipway/str.h>

struct sw_newest {
    /*
     * Appends a tag of each of the `max` images of `repository` at `host` that were pushed last,
     * the newest first. Best effort: every failure means that it is not known.
     */
    enum sw_status (*list)(void *ctx, const char *host, const char *repository, size_t max,
                           struct sw_strs *ret, struct sw_err *err);
    void *ctx;
};

#endif
