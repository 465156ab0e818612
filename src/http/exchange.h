#ifndef SLIPWAY_HTTP_EXCHANGE_H
#define SLIPWAY_HTTP_EXCHANGE_H

/*
 * One exchange from the inside: what is sent piece by piece, and what arrives piece by piece, with
 * the limits of http.h. It knows nothing of connections. When a step returns false the transfer
 * has to end; own_status says why, and *err what people are told.
 */

#include <slipway/http.h>

enum sw_http_phase { SW_HTTP_SENDING, SW_HTTP_AWAITING, SW_HTTP_RECEIVING };

struct sw_http_exchange {
    const struct sw_env *env;
    const struct sw_http_request *request;
    struct sw_url url;
    struct sw_err *err;

    bool has_body;
    int64_t body_length; /* negative: unknown */
    int64_t body_sent;
    bool body_ended; /* all of it has been taken; it may not all have left */

    struct sw_http_reply reply;
    size_t header_bytes;
    bool headers_done; /* those of the final answer */
    bool body_cut;     /* an error answer's body was longer than anyone wants */
    size_t body_max;

    enum sw_status own_status; /* SW_OK: nothing on our side ended the transfer */
    enum sw_http_phase phase;  /* when it was last looked for a stall */
    int64_t mark_ms;           /* when enough had last moved; moves on while we are busy */
    int64_t mark;              /* the bytes that had moved by then ... */
    int64_t moved;             /* ... and by now */
    bool stalled;              /* too little had moved for too long when it was last looked */
};

/* Starts on a request that sw_http_check_request() has accepted. */
void sw_http_exchange_init(struct sw_http_exchange *x, const struct sw_env *env,
                           const struct sw_http_request *request, const struct sw_url *url,
                           struct sw_err *err);

/* The next bytes to send; *ret_len 0 is the end. */
bool sw_http_exchange_read(struct sw_http_exchange *x, char *into, size_t room, size_t *ret_len);
/* Goes back to the start of the body, when that is possible and permitted. */
bool sw_http_exchange_rewind(struct sw_http_exchange *x);
/* One line of the answer's head, with or without its line end; the empty one ends it. */
bool sw_http_exchange_header(struct sw_http_exchange *x, struct sw_str line);
/* Some bytes of the answer's body. */
bool sw_http_exchange_write(struct sw_http_exchange *x, const char *data, size_t len);
bool sw_http_exchange_succeeded(const struct sw_http_exchange *x);

/*
 * Whether too little has moved for too long, see stall_timeout_ms, now that `moved` bytes have been
 * moved in all; `waiting` is false while there is no connection yet.
 */
bool sw_http_exchange_stalled(struct sw_http_exchange *x, int64_t moved, bool waiting);
/*
 * Whether the transfer has to end, somebody wanting a stop, which is own_status then, or because it
 * has stalled, as above.
 */
bool sw_http_exchange_must_end(struct sw_http_exchange *x, int64_t moved, bool waiting);
/* The limit that counts at the moment, and what has moved since it began to run. */
int64_t sw_http_exchange_stall_limit(const struct sw_http_exchange *x);
int64_t sw_http_exchange_stall_moved(const struct sw_http_exchange *x);
/* How long connecting may take. */
int64_t sw_http_exchange_connect_limit(const struct sw_http_exchange *x);

#endif
