#ifndef SLIPWAY_IMAGE_SIDE_BY_SIDE_H
#define SLIPWAY_IMAGE_SIDE_BY_SIDE_H

/* Requests that do not depend on each other, several at a time. */

#include <slipway/err.h>

#include <stddef.h>

enum { SW_SIDE_BY_SIDE_MAX = 16 };

/*
 * Calls `work` once for each index below `count`, in their order, on so many threads, one of which
 * is this one, and SW_SIDE_BY_SIDE_MAX at most. Returns when all calls have. A call that fails is
 * followed by none of a higher index that has not begun. What is returned is the failure of the
 * lowest index; one that was stopped (SW_E_STOPPED), maybe for another's failure, yields to others.
 */
enum sw_status sw_side_by_side(size_t count, size_t threads,
                               enum sw_status (*work)(void *ctx, size_t index, struct sw_err *err),
                               void *ctx, struct sw_err *err);

/*
 * How many threads so many requests to one registry are worth, six at most. A thread more is a
 * connection more, and to open that takes as long as two requests or three; there is one already.
 */
size_t sw_threads_for(size_t requests);

#endif
