#ifndef SLIPWAY_IMAGE_FEED_H
#define SLIPWAY_IMAGE_FEED_H

/*
 * A blob on its way from where it is kept, a registry or the Docker engine, to registries: read
 * once, passed to several uploads side by side, through a small buffer. The slowest upload sets the
 * pace; one that has to start over reads the blob anew, alone. The last bytes are passed on only
 * when the digest of all is right, so that no upload can end well with other content.
 */

#include "place.h"

#include <slipway/http.h>
#include <slipway/stream.h>

/* What is read; all is borrowed. */
struct sw_feed_source {
    /* Passes the blob to the sink from its first byte on; on a thread of the feed's. */
    enum sw_status (*read)(const void *ctx, const char *digest, const struct sw_http_sink *sink,
                           struct sw_err *err);
    const void *ctx;
    const char *where; /* what messages call the place: a repository's name */
    const char *digest;
    int64_t size;
};

/* A blob of a repository. Borrows `place`. */
struct sw_feed_source sw_feed_from_place(const struct sw_push_place *place, const char *digest,
                                         int64_t size);

struct sw_feed;

/* Nothing is read before the first reader asks. The caller's. */
struct sw_feed *sw_feed_new(const struct sw_feed_source *source, size_t readers);
/* After all readers have left. */
void sw_feed_free(struct sw_feed *feed);
SW_DEFINE_CLEANUP(sw_feed_cleanup, struct sw_feed, sw_feed_free)

/* The n-th reader's request body, borrowed. Each is used by one thread at a time. */
const struct sw_http_body *sw_feed_body(struct sw_feed *feed, size_t reader);
/* The same as a stream, for who does not send it. It reads once. */
struct sw_reader sw_feed_reader(struct sw_feed *feed, size_t reader);
/* This reader needs no more; the others do not wait for it any longer. */
void sw_feed_leave(struct sw_feed *feed, size_t reader);

#endif
