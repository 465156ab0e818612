#ifndef SLIPWAY_HTTP_H2_H
#define SLIPWAY_HTTP_H2_H

/*
 * HTTP/2 from the first byte (RFC 9113), for what libcurl cannot ask for: frames so large that an
 * engine which sends hundreds of megabytes has few of them to write. A connection serves one
 * exchange at a time: so each can be waited for, and given up, without regard to others; what
 * is sent side by side uses several.
 */

#include "exchange.h"
#include "failure.h"

struct sw_h2;

/* Takes over a connected socket that does not block. */
struct sw_h2 *sw_h2_new(int fd);
void sw_h2_free(struct sw_h2 *h2);
/* False when the exchange failed: own_status says so, or *ret_failure why. */
bool sw_h2_exchange(struct sw_h2 *h2, struct sw_http_exchange *x,
                    struct sw_http_failure *ret_failure);
/* Whether the other side would take another request, as far as it has said. */
bool sw_h2_is_usable(struct sw_h2 *h2);

/* Connections that are open and idle, for several threads. */
struct sw_h2_pool;
struct sw_h2_pool *sw_h2_pool_new(void);
/* After all exchanges have ended. */
void sw_h2_pool_free(struct sw_h2_pool *pool);
/* One exchange, over an idle connection or a new one; the result is as of a transport. */
enum sw_status sw_h2_perform(struct sw_h2_pool *pool, struct sw_http_exchange *x);

#endif
