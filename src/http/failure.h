#ifndef SLIPWAY_HTTP_FAILURE_H
#define SLIPWAY_HTTP_FAILURE_H

/*
 * What people are told when no HTTP answer arrived. The transport says what happened; the words,
 * and whether another try makes sense, are decided here.
 */

#include <slipway/http.h>

enum sw_http_failure_kind {
    SW_HTTP_NO_SUCH_HOST, /* `detail` unused; another try makes sense */
    SW_HTTP_NO_SUCH_PROXY,
    SW_HTTP_NOT_CONNECTED,   /* os_error says why, if known */
    SW_HTTP_CONNECT_TIMEOUT, /* limit_ms */
    SW_HTTP_TLS_UNTRUSTED,   /* detail: the TLS library's reason */
    SW_HTTP_TLS_FAILED,      /* detail */
    SW_HTTP_NOT_TLS,         /* something else answered to the TLS greeting */
    SW_HTTP_TLS_BUNDLE,      /* detail: the CA bundle that cannot be used; source */
    SW_HTTP_BROKEN,          /* os_error if known */
    SW_HTTP_NO_ANSWER,       /* closed before a byte of the answer */
    SW_HTTP_INCOMPLETE,      /* closed within the body: got of expected bytes */
    SW_HTTP_STALLED,         /* limit_ms; got: the bytes that moved all the same */
    SW_HTTP_TOTAL_TIMEOUT,   /* limit_ms */
    SW_HTTP_NOT_HTTP,
    SW_HTTP_NOT_HTTP2,
    SW_HTTP_GIVEN_UP, /* detail: the other side's reason */
    SW_HTTP_OTHER,    /* detail: the library's words */
};

struct sw_http_failure {
    enum sw_http_failure_kind kind;
    struct sw_str host;
    int port;
    const char *unix_socket; /* NULL: host and port */
    int os_error;            /* errno, 0 when unknown */
    const char *detail;
    const char *source; /* the variable that names the CA bundle; NULL: none does */
    int64_t limit_ms;
    int64_t got;
    int64_t expected;           /* negative: unknown */
    bool request_began;         /* bytes of the request may have reached the server */
    const char *proxy_variable; /* that may lead to a proxy; NULL: none does */
    long proxy_status;          /* with which the proxy refused; 0: it did not */
};

/* Sets *err with status SW_E_NETWORK, retryable and not_sent; returns that status. */
enum sw_status sw_http_fail(const struct sw_http_failure *failure, struct sw_err *err);

#endif
