#ifndef SLIPWAY_HTTP_EXCHANGE_H
#define SLIPWAY_HTTP_EXCHANGE_H

/*
 * One exchange from the inside: what is sent piece by piece, and what arrives piece by piece, with
 * the limits of http.h. It knows nothing of connections. When a step returns false the transfer
 * has to end; own_status says why, and *err what people are told.
 */

#include <slipway/http.h>

struct sw_http_exchange {
    const struct sw_env *env;
    const struct sw_http_request *request;
    struct sw_url url;
    struct sw_err *err;

    bool has_body;
    int64_t body_length; /* negative: unknown */
    int64_t body_sent;

    struct sw_http_reply reply;
    size_t header_bytes;
    bool headers_done; /* those of the final answer */
    bool body_cut;     /* an error answer's body was longer than anyone wants */
    size_t body_max;

    enum sw_status own_status; /* SW_OK: nothing on our side ended the transfer */
    int64_t last_progress_ms;  /* when bytes last moved, or we were busy ourselves */
    int64_t last_progress;
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
 * Whether nothing has moved for the request's stall timeout, now that `moved` bytes have been
 * moved in all; `waiting` is false while there is no connection yet.
 */
bool sw_http_exchange_stalled(struct sw_http_exchange *x, int64_t moved, bool waiting);
int64_t sw_http_exchange_stall_limit(const struct sw_http_exchange *x);

#endif
