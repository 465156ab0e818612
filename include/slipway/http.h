#ifndef SLIPWAY_HTTP_H
#define SLIPWAY_HTTP_H

/*
 * HTTP as one function: a request goes in, a reply comes out (RFC 9110). The transport behind it is
 * libcurl in the program, nghttp2 where HTTP/2 is asked for, and a script in tests. On top of it
 * sw_http_send() adds redirects and the one retry policy.
 *
 * Security: HTTPS with verified certificates, except plain HTTP to a loopback address (127.0.0.0/8,
 * ::1, localhost) or when the request says plain_http_ok (link-local metadata addresses,
 * --plain-http). Credentials never cross an origin: on a redirect to another scheme, host or port,
 * Authorization, Cookie, Proxy-Authorization, X-Amz-Security-Token and X-Registry-Auth headers are
 * dropped. A redirect from https to http is refused unless plain_http_ok.
 */

#include <slipway/buf.h>
#include <slipway/env.h>

/* Limits of what a reply may make us hold. */
enum {
    SW_HTTP_HEADERS_MAX = 256,            /* header lines of a reply */
    SW_HTTP_HEADER_BYTES_MAX = 64 * 1024, /* their sum */
    SW_HTTP_REDIRECTS_MAX = 5,
    SW_HTTP_STALL_BYTES = 4096, /* what of a body has to move within stall_timeout_ms */
};
#define SW_HTTP_BODY_MAX ((size_t)8 * 1024 * 1024) /* default for collected bodies */

struct sw_http_header {
    const char *name; /* borrowed */
    const char *value;
};

/*
 * A request body that is pulled, so that nothing needs to be held. `read` fills up to `size` bytes
 * and sets *ret_len; 0 means the end. `rewind` starts over; when NULL the request cannot be
 * repeated. Both are called on the sending thread.
 */
struct sw_http_body {
    int64_t length; /* bytes; negative: unknown, sent chunked */
    enum sw_status (*read)(void *ctx, char *data, size_t size, size_t *ret_len, struct sw_err *err);
    enum sw_status (*rewind)(void *ctx, struct sw_err *err);
    void *ctx;
};

/* Where the body of a 2xx answer goes when it is not to be collected. */
struct sw_http_sink {
    enum sw_status (*write)(void *ctx, const char *data, size_t len, struct sw_err *err);
    void *ctx;
};

struct sw_http_request {
    const char *method; /* "GET", ... */
    const char *url;    /* absolute, http or https, without user information */
    const struct sw_http_header *headers;
    size_t header_count;
    struct sw_str data;              /* body held in memory; used when `body` is NULL */
    const struct sw_http_body *body; /* NULL: `data` (may be empty) */
    const struct sw_http_sink *sink; /* NULL: collected into the reply. Used for 2xx answers only */
    /* Limit of a collected body; 0: SW_HTTP_BODY_MAX. A longer 2xx body is SW_E_TOO_LARGE, the
     * body of another answer is cut there. */
    size_t reply_max;
    const char *unix_socket; /* connect here instead of to the URL's host (Docker Engine) */
    bool plain_http_ok;      /* allow http:// beyond loopback */
    bool follow_redirects;   /* sw_http_send only: GET and HEAD follow 301, 302, 303, 307, 308 */
    /* Speak HTTP/2 from the first byte, http:// only (gRPC without TLS). The reply has the trailers
     * among its headers. SW_E_NETWORK when the other side does not speak it. */
    bool http2;
    int64_t connect_timeout_ms; /* 0: 10 s */
    /* 0: 60 s. Without a byte for so long, or with less than SW_HTTP_STALL_BYTES of a body, a
     * transfer has stalled. Time that body.read and sink.write take does not count. */
    int64_t stall_timeout_ms;
    /* How long the answer to a request that has been sent may take to begin; 0: as above. */
    int64_t answer_timeout_ms;
    int64_t total_timeout_ms; /* 0: none */
    /* A world whose wish to stop ends the exchange, besides the transport's; may be NULL. */
    const struct sw_env *stop;
};

struct sw_http_reply {
    long status;
    struct sw_http_header *headers; /* owned, in arrival order, names as received */
    size_t header_count;
    struct sw_buf body; /* collected body; always initialised */
    char *url;          /* final URL after redirects; owned, may be NULL */
};

/*
 * Performs exactly one exchange. SW_OK whenever a complete HTTP answer arrived, whatever its
 * status; *ret_reply is then the caller's (sw_http_reply_release). Failures: SW_E_NETWORK
 * (err->retryable says whether another try makes sense), SW_E_TOO_LARGE, SW_E_STOPPED, SW_E_INPUT
 * (bad URL, plain HTTP refused), or whatever body.read / sink.write returned.
 */
struct sw_http_transport {
    enum sw_status (*perform)(void *ctx, const struct sw_http_request *request,
                              struct sw_http_reply *ret_reply, struct sw_err *err);
    void *ctx;
};

/* An empty reply that may be released. */
void sw_http_reply_init(struct sw_http_reply *reply);
void sw_http_reply_release(struct sw_http_reply *reply);
/* Appends a header to a reply under construction (transports and tests). */
void sw_http_reply_add_header(struct sw_http_reply *reply, struct sw_str name, struct sw_str value);
/* The first header of that name (any case), borrowed; NULL when absent. */
const char *sw_http_reply_header(const struct sw_http_reply *reply, const char *name);
/* The n-th (from 0) header of that name; NULL when there are fewer. */
const char *sw_http_reply_header_at(const struct sw_http_reply *reply, const char *name, size_t n);

/* A status in words, e.g. "service unavailable" for 503; never NULL. */
const char *sw_http_status_text(long status);
/*
 * What an HTTP status means when the caller knows no better: SW_OK for 2xx, SW_E_CREDENTIALS for
 * 401, SW_E_DENIED for 403, SW_E_NOT_FOUND for 404, SW_E_CONFLICT for 409, SW_E_UNAVAILABLE for
 * 408, 429 and 5xx, else SW_E_FAILED.
 */
enum sw_status sw_http_status_class(long status);

/*
 * The retry policy: tries, backoff and what counts as worth repeating.
 * Always retried, when the request can be repeated: connection failures, time-outs, 408, 429, 500,
 * 502, 503, 504. A POST or PATCH (see unsafe_methods) can be repeated after 429, 503 with
 * Retry-After, what retry_reply says, and failures before anything was sent (err->not_sent).
 * Nothing is repeated once part of an answer went to the request's sink. Retry-After (seconds or
 * date, capped at max_delay_ms) wins over the computed delay, which doubles from base_delay_ms to
 * max_delay_ms with full jitter. budget_ms bounds the sum of all tries and delays: when the next
 * delay would pass it, the last failure is returned.
 */
struct sw_retry_policy {
    int max_tries;       /* at least 1 */
    int unreached_tries; /* the same while nobody is reached (err->not_sent); 0: max_tries */
    int64_t base_delay_ms;
    int64_t max_delay_ms;
    int64_t budget_ms;   /* 0: none */
    bool unsafe_methods; /* also repeat POST/PATCH after the request may have been acted upon */
    /* Further answers worth repeating, e.g. HTTP 400 with a throttling code; may be NULL. */
    bool (*retry_reply)(void *ctx, const struct sw_http_reply *reply);
    void *ctx;
    /* Adds the remote's own words for such an answer ("ThrottlingException: Rate exceeded") to
     * `out`; may add nothing, and may be NULL. People are told them instead of the HTTP status. */
    void (*explain)(void *ctx, const struct sw_http_reply *reply, struct sw_buf *out);
};
/* 8 tries, 0.2 s doubling to 20 s, within 2 minutes, unsafe_methods off. */
extern const struct sw_retry_policy sw_retry_default;
/* One try only. */
extern const struct sw_retry_policy sw_retry_never;

/*
 * Sends with redirects and retries; policy NULL means sw_retry_default. Returns like
 * transport.perform: an HTTP error status that persists is SW_OK with that reply. Each try is
 * logged at debug level ("http"); from the second on sw_say() tells people that it is being tried
 * again, why, and in how long.
 */
SW_NODISCARD enum sw_status sw_http_send(const struct sw_env *env,
                                         const struct sw_http_request *request,
                                         const struct sw_retry_policy *policy,
                                         struct sw_http_reply *ret_reply, struct sw_err *err);

/*
 * The delay before the next try of a job that is repeated as a whole, e.g. a blob upload whose
 * sessions cannot be resumed: what `reply` (may be NULL) asks for by Retry-After, else exponential
 * with full jitter as in the policy. `try_number` is that of the try that failed, from 1 on.
 */
int64_t sw_retry_delay_ms(const struct sw_env *env, const struct sw_retry_policy *policy,
                          int try_number, const struct sw_http_reply *reply);

/* Parts of an absolute URL, borrowed from the text. */
struct sw_url {
    struct sw_str scheme;
    struct sw_str host;  /* without brackets */
    int port;            /* explicit, or the scheme's default */
    struct sw_str path;  /* from '/', without query; "" when absent */
    struct sw_str query; /* without '?' */
};
/* RFC 3986 subset: http and https, no user information, no fragment. */
SW_NODISCARD enum sw_status sw_url_parse(const char *text, struct sw_url *ret, struct sw_err *err);
/* Resolves `location` (absolute, //host, /path or relative) against `base`. The caller's. */
SW_NODISCARD enum sw_status sw_url_resolve(const char *base, const char *location, char **ret,
                                           struct sw_err *err);
/* The URL without its query, for people: queries may hold signatures. The caller's. */
char *sw_url_display(const char *url);
bool sw_url_same_origin(const struct sw_url *a, const struct sw_url *b);
/* 127.0.0.0/8, ::1, or localhost. */
bool sw_host_is_loopback(struct sw_str host);

/*
 * The libcurl transport. One instance serves several threads: each perform() takes an idle easy
 * handle, one that has talked to that server if there is one, so connections are reused. Proxies
 * follow libcurl's environment variables. `cafile` NULL finds the system's CA bundle. The transport
 * is freed after all performs have ended.
 */
SW_NODISCARD enum sw_status sw_http_curl_new(const struct sw_env *env, const char *cafile,
                                             struct sw_http_transport **ret, struct sw_err *err);
void sw_http_curl_free(struct sw_http_transport *transport);

#endif
