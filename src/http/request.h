#ifndef SLIPWAY_HTTP_REQUEST_H
#define SLIPWAY_HTTP_REQUEST_H

/* What transports, sending and retrying share; not for other folders. */

#include <slipway/http.h>

/*
 * What every transport checks before it does anything: method and header texts that cannot break
 * out of their line, a well-formed URL, and plain HTTP only where it is allowed. SW_E_INPUT.
 * The parts in *ret_url are borrowed from the request.
 */
SW_NODISCARD enum sw_status sw_http_check_request(const struct sw_http_request *request,
                                                  struct sw_url *ret_url, struct sw_err *err);

/* Forgets the headers of a reply under construction, e.g. those of an interim 1xx answer. */
void sw_http_reply_clear_headers(struct sw_http_reply *reply);

/* GET, HEAD, PUT, DELETE, OPTIONS, TRACE: doing it twice is the same as doing it once. */
bool sw_http_is_idempotent(const char *method);

/*
 * The delay that a Retry-After value asks for: seconds, or an HTTP date seen from `now_wall_ms`;
 * never negative. False when it is neither.
 */
SW_NODISCARD bool sw_http_parse_retry_after(const char *text, int64_t now_wall_ms, int64_t *ret_ms);

/* How one try ended, as the retry policy sees it. */
struct sw_http_try {
    enum sw_status status;
    const struct sw_http_reply *reply; /* when status is SW_OK */
    const struct sw_err *err;          /* when it is not */
    bool sink_written;                 /* part of an answer went to the sink already */
};
/* Whether the policy wants, and the request permits, another try after this one. */
bool sw_http_wants_retry(const struct sw_retry_policy *policy,
                         const struct sw_http_request *request, const struct sw_http_try *last);

#endif
