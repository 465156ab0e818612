#ifndef SLIPWAY_AWS_FAULT_H
#define SLIPWAY_AWS_FAULT_H

/* Errors that AWS answers with: reading them, judging them, telling people what to do. */

#include <slipway/http.h>

struct aws_call;

enum { AWS_REQUEST_ID_MAX = 128 };

/* AWS's own words. Members are "" when the answer did not hold them. */
struct aws_fault {
    char code[SW_ERR_CODE_MAX]; /* bare: "ClusterNotFoundException" */
    char message[SW_ERR_MSG_MAX / 2];
    char request_id[AWS_REQUEST_ID_MAX];
};

/* Reads code, message and request id from an answer in JSON or XML, or from its headers. */
void aws_fault_read(const struct sw_http_reply *reply, struct aws_fault *ret);

/* Come again later. */
bool aws_fault_is_throttling(const struct aws_fault *fault);
/* Our clock and AWS's differ too much. */
bool aws_fault_is_clock_skew(const struct aws_fault *fault);
/* The session token was good once. */
bool aws_fault_is_expired(const struct aws_fault *fault);

/*
 * Sets *err from a fault: status, code, AWS's words and advice. `source` names where the
 * credentials came from; NULL for an unsigned call. Returns the status, never SW_OK.
 */
enum sw_status aws_fault_report(const struct aws_fault *fault, const struct aws_call *call,
                                long http_status, const char *source, struct sw_err *err);

/* "ECS DescribeServices" at the front of *err; returns its status. */
enum sw_status aws_wrap_call(const struct aws_call *call, struct sw_err *err);

#endif
