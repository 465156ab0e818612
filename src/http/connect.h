#ifndef SLIPWAY_HTTP_CONNECT_H
#define SLIPWAY_HTTP_CONNECT_H

/* Connections that libcurl does not make. */

#include "exchange.h"
#include "failure.h"

/*
 * Connects to whom the request is for, without a proxy. *ret_fd is the caller's and does not block.
 * False when it did not work: own_status says so, or *ret_failure why.
 */
bool sw_http_connect(struct sw_http_exchange *x, int *ret_fd, struct sw_http_failure *ret_failure);

#endif
