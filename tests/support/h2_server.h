#ifndef SLIPWAY_H2_SERVER_H
#define SLIPWAY_H2_SERVER_H

/*
 * A server of HTTP/2 on a unix socket, by script: it keeps what it was asked, and answers with the
 * frames that a test wants. The protocol is nghttp2's.
 *
 *     static const struct h2_step steps[] = {
 *         { .body = "abcdef", .frame = 2, .trailers = { { "grpc-status", "0" } } },
 *         { .body = "abc", .then = H2_RESET, .reason = 2 },
 *     };
 *     struct h2_server *server = h2_server_start(path, steps, SW_COUNT(steps), 0);
 *     ...
 *     h2_server_stop(server);
 *
 * Steps are taken in order by requests, whatever connection they arrive on; each connection has
 * its own thread. A request beyond the script is answered with 599.
 */

#include <slipway/buf.h>
#include <slipway/http.h>

#include <stdbool.h>
#include <stdint.h>

enum { H2_HEADERS_MAX = 4 };

/* What follows the answer. */
enum h2_then {
    H2_END = 0, /* its proper end */
    H2_LAST,    /* the same, but the connection takes no further request (GOAWAY) */
    H2_RESET,   /* in the place of an end: RST_STREAM with the `reason` */
    H2_REFUSE,  /* in the place of an answer: GOAWAY, which says that nothing was done */
    H2_DROP,    /* in the place of an answer: the connection is closed */
    H2_CLOSE,   /* in the place of an end: the same */
    H2_HOLD,    /* no end, and nothing more, until the client or the server goes */
};

struct h2_step {
    const char *status; /* NULL: "200" */
    struct sw_http_header headers[H2_HEADERS_MAX];
    const char *body; /* NULL: none */
    size_t body_len;  /* 0: up to the NUL */
    size_t frame;     /* bytes in each DATA frame; 0: as many as fit */
    struct sw_http_header trailers[H2_HEADERS_MAX];
    enum h2_then then;
    uint32_t reason;
};

/* A request as it arrived. */
struct h2_request {
    struct sw_buf head; /* "name: value" and a line feed for each, in order of arrival */
    struct sw_buf body;
    unsigned connection; /* from 1 */
};

struct h2_server;

/*
 * Starts on a unix socket at that path. The steps are borrowed. `window` is how many bytes of a
 * request the client may send before it is told to go on; 0: 65535.
 */
struct h2_server *h2_server_start(const char *path, const struct h2_step *steps, size_t count,
                                  uint32_t window);
/* Ends all connections and threads, frees everything. */
void h2_server_stop(struct h2_server *server);
/* Requests that have arrived to their end so far, and the n-th (from 0), which must be there. */
size_t h2_server_request_count(struct h2_server *server);
/* Waits until so many have arrived. */
void h2_server_await(struct h2_server *server, size_t count);
const struct h2_request *h2_server_request(struct h2_server *server, size_t n);
/* Connections accepted so far. */
unsigned h2_server_connections(struct h2_server *server);
/* The value of a setting that a client has sent, by its number; 0: it has not. */
uint32_t h2_server_setting(struct h2_server *server, uint16_t number);

#endif
