#ifndef SLIPWAY_IMAGE_FEED_H
#define SLIPWAY_IMAGE_FEED_H

/*
 * A blob of a registry on its way to others: read once, passed to several uploads side by side,
 * through a small buffer. The slowest upload sets the pace; one that has to start over reads the
 * blob anew, alone. The last bytes are passed on only when the digest of all is right, so that no
 * upload can end well with other content.
 */

#include <slipway/http.h>
#include <slipway/registry.h>

/* What is read; the texts are borrowed. */
struct sw_feed_source {
    struct sw_registry *registry;
    const char *repository;
    const char *digest;
    int64_t size;
};

struct sw_feed;

/* Nothing is read before the first reader asks. The caller's. */
struct sw_feed *sw_feed_new(const struct sw_feed_source *source, size_t readers);
/* After all readers have left. */
void sw_feed_free(struct sw_feed *feed);
SW_DEFINE_CLEANUP(sw_feed_cleanup, struct sw_feed, sw_feed_free)

/* The n-th reader's request body, borrowed. Each is used by one thread at a time. */
const struct sw_http_body *sw_feed_body(struct sw_feed *feed, size_t reader);
/* This reader needs no more; the others do not wait for it any longer. */
void sw_feed_leave(struct sw_feed *feed, size_t reader);

#endif
