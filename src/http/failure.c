#include "failure.h"

#include "ca.h"

#include <slipway/progress.h>

#include <errno.h>
#include <stdio.h>

enum { PEER_MAX = 320, REASON_MAX = 160 };

/* "host" port 443, or the socket's path; `verb` is what is done to it. */
static void format_peer(const struct sw_http_failure *failure, char out[PEER_MAX])
{
    if (failure->unix_socket) {
        (void)snprintf(out, PEER_MAX, "socket \"%.256s\"", failure->unix_socket);
    } else {
        (void)snprintf(out, PEER_MAX, "\"%.*s\" port %d", SW_STR_ARG(failure->host), failure->port);
    }
}

/* ": connection refused", or nothing when the system gave no reason. */
static void format_reason(int os_error, char out[REASON_MAX])
{
    out[0] = '\0';
    if (os_error != 0) {
        int len = snprintf(out, REASON_MAX, ": %s", strerror(os_error));
        if (len > 2) {
            out[2] = sw_lower(out[2]);
        }
    }
}

/*
 * The TLS library's words without its ornaments: "SSL certificate problem: self-signed certificate"
 * and "error:0A00010B:SSL routines::wrong version number" keep their last part.
 */
static struct sw_str tls_reason(const char *detail)
{
    static const struct sw_str problem = { "SSL certificate problem: ", 25 };
    struct sw_str text = sw_str_trim(sw_str(detail));
    if (sw_str_starts(text, problem.ptr)) {
        text = sw_str_from(text, problem.len);
    }
    ptrdiff_t at = sw_str_find_str(text, SW_STR("::"));
    while (at >= 0) {
        text = sw_str_from(text, (size_t)at + 2);
        at = sw_str_find_str(text, SW_STR("::"));
    }
    return text.len ? text : SW_STR("no reason given");
}

static enum sw_status fail_bundle(const struct sw_http_failure *failure, struct sw_err *err)
{
    (void)sw_fail(err, SW_E_NETWORK, "cannot use the CA bundle \"%s\"",
                  failure->detail ? failure->detail : "");
    if (!failure->source) {
        return sw_append(err, "; name one of PEM certificates in SSL_CERT_FILE");
    }
    return sw_append(err, ", which %s names: its certificates cannot be read; %s", failure->source,
                     SW_HTTP_CA_ADVICE);
}

/* In which variable another bundle would be heeded. */
static const char *ca_variable(const struct sw_http_failure *failure)
{
    static const char first[] = "AWS_CA_BUNDLE";
    return failure->source && strcmp(failure->source, first) == 0 ? first : "SSL_CERT_FILE";
}

static enum sw_status fail_tls(const struct sw_http_failure *failure, const char *peer,
                               struct sw_err *err)
{
    struct sw_str reason = tls_reason(failure->detail);
    if (failure->kind == SW_HTTP_TLS_UNTRUSTED &&
        sw_str_find_str(reason, SW_STR("subject name")) >= 0) {
        return sw_fail(err, SW_E_NETWORK,
                       "the certificate of %s is for another host; is the name right?", peer);
    }
    switch (failure->kind) {
    case SW_HTTP_TLS_UNTRUSTED:
        return sw_fail(err, SW_E_NETWORK,
                       "the certificate of %s is not trusted: %.*s; if it is right, name a bundle "
                       "with its authority in %s",
                       peer, SW_STR_ARG(reason), ca_variable(failure));
    case SW_HTTP_TLS_BUNDLE:
        return fail_bundle(failure, err);
    case SW_HTTP_NOT_TLS:
        return sw_fail(err, SW_E_NETWORK, "%s does not speak TLS; is it plain HTTP?", peer);
    default:
        return sw_fail(err, SW_E_NETWORK, "no TLS connection to %s: %.*s", peer,
                       SW_STR_ARG(reason));
    }
}

static enum sw_status fail_time(const struct sw_http_failure *failure, const char *peer,
                                struct sw_err *err)
{
    char limit[SW_SIZE_TEXT_MAX];
    sw_format_duration(failure->limit_ms, limit);
    switch (failure->kind) {
    case SW_HTTP_CONNECT_TIMEOUT:
        return sw_fail(err, SW_E_NETWORK, "cannot connect to %s: no answer within %s", peer, limit);
    case SW_HTTP_STALLED:
        if (failure->got > 0) {
            return sw_fail(err, SW_E_NETWORK, "%s is too slow: %lld bytes within %s", peer,
                           (long long)failure->got, limit);
        }
        return sw_fail(err, SW_E_NETWORK, "%s is silent: not a byte within %s", peer, limit);
    default:
        return sw_fail(err, SW_E_NETWORK, "%s took longer than the permitted %s", peer, limit);
    }
}

static enum sw_status fail_incomplete(const struct sw_http_failure *failure, const char *peer,
                                      struct sw_err *err)
{
    if (failure->expected < 0) {
        return sw_fail(err, SW_E_NETWORK, "%s closed the connection in the middle of its answer",
                       peer);
    }
    return sw_fail(err, SW_E_NETWORK,
                   "%s closed the connection in the middle of its answer, after %lld of %lld bytes",
                   peer, (long long)failure->got, (long long)failure->expected);
}

/* Libraries do not tell whether a proxy was in the way of a connection that did not come about. */
static void add_proxy(const struct sw_http_failure *failure, struct sw_err *err)
{
    const enum sw_http_failure_kind kind = failure->kind;
    if (failure->proxy_variable && !failure->request_began &&
        (kind == SW_HTTP_NOT_CONNECTED || kind == SW_HTTP_CONNECT_TIMEOUT ||
         kind == SW_HTTP_BROKEN || kind == SW_HTTP_NO_ANSWER)) {
        (void)sw_append(err, "; %s names a proxy: is it right, or does NO_PROXY lack the host?",
                        failure->proxy_variable);
    }
}

static enum sw_status say(const struct sw_http_failure *failure, struct sw_err *err)
{
    char peer[PEER_MAX];
    char reason[REASON_MAX];
    format_peer(failure, peer);
    if (failure->proxy_status) {
        return sw_fail(err, SW_E_NETWORK,
                       "the proxy in %s does not connect to %s: it answered %ld (%s)",
                       failure->proxy_variable ? failure->proxy_variable : "the environment", peer,
                       failure->proxy_status, sw_http_status_text(failure->proxy_status));
    }
    format_reason(failure->os_error, reason);
    switch (failure->kind) {
    case SW_HTTP_NO_SUCH_HOST:
        return sw_fail(err, SW_E_NETWORK, "cannot find host \"%.*s\"", SW_STR_ARG(failure->host));
    case SW_HTTP_NO_SUCH_PROXY:
        return sw_fail(err, SW_E_NETWORK, "cannot find the host of the proxy for \"%.*s\"%s%s",
                       SW_STR_ARG(failure->host), failure->proxy_variable ? ", which is in " : "",
                       failure->proxy_variable ? failure->proxy_variable : "");
    case SW_HTTP_NOT_CONNECTED:
        return sw_fail(err, SW_E_NETWORK, "cannot connect to %s%s", peer, reason);
    case SW_HTTP_TLS_UNTRUSTED:
    case SW_HTTP_TLS_FAILED:
    case SW_HTTP_NOT_TLS:
    case SW_HTTP_TLS_BUNDLE:
        return fail_tls(failure, peer, err);
    case SW_HTTP_BROKEN:
        return sw_fail(err, SW_E_NETWORK, "the connection to %s broke%s", peer, reason);
    case SW_HTTP_NO_ANSWER:
        return sw_fail(err, SW_E_NETWORK, "%s closed the connection without an answer", peer);
    case SW_HTTP_INCOMPLETE:
        return fail_incomplete(failure, peer, err);
    case SW_HTTP_CONNECT_TIMEOUT:
    case SW_HTTP_STALLED:
    case SW_HTTP_TOTAL_TIMEOUT:
        return fail_time(failure, peer, err);
    case SW_HTTP_NOT_HTTP:
        return sw_fail(err, SW_E_NETWORK, "%s does not speak HTTP", peer);
    case SW_HTTP_NOT_HTTP2:
        return sw_fail(err, SW_E_NETWORK, "%s does not speak HTTP/2", peer);
    case SW_HTTP_GIVEN_UP:
        return sw_fail(err, SW_E_NETWORK, "%s gave up the request: %s", peer, failure->detail);
    case SW_HTTP_OTHER:
        break;
    }
    return sw_fail(err, SW_E_NETWORK, "the request to %s failed: %s", peer,
                   failure->detail ? failure->detail : "no reason given");
}

/* Whether the same request may succeed in a moment. */
static bool is_passing(const struct sw_http_failure *failure)
{
    if (failure->proxy_status) {
        return failure->proxy_status >= 500;
    }
    switch (failure->kind) {
    case SW_HTTP_TLS_UNTRUSTED:
    case SW_HTTP_NOT_TLS:
    case SW_HTTP_TLS_BUNDLE:
    case SW_HTTP_NOT_HTTP:
    case SW_HTTP_NOT_HTTP2:
    case SW_HTTP_OTHER:
        return false;
    case SW_HTTP_NOT_CONNECTED:
        /* A socket file that is not there, or not ours, will not change by waiting. */
        return failure->os_error != ENOENT && failure->os_error != EACCES &&
               failure->os_error != EPERM;
    default:
        return true;
    }
}

enum sw_status sw_http_fail(const struct sw_http_failure *failure, struct sw_err *err)
{
    enum sw_status status = say(failure, err);
    if (!failure->proxy_status) {
        add_proxy(failure, err);
    }
    err->retryable = is_passing(failure);
    err->not_sent = !failure->request_began;
    return status;
}
