#ifndef SLIPWAY_TLS_SERVER_H
#define SLIPWAY_TLS_SERVER_H

/*
 * An HTTPS server on 127.0.0.1 with a certificate made for the occasion, which is its own
 * authority. It answers each request with 200 and the body "ok".
 */

#include <stdbool.h>

struct tls_server_options {
    const char *name;     /* the DNS name in the certificate */
    bool expired;         /* it ended yesterday */
    bool tls_1_1_only;    /* offers nothing newer */
    const char *pem_path; /* the certificate is written here, as a CA bundle */
};

struct tls_server;

struct tls_server *tls_server_start(const struct tls_server_options *options);
void tls_server_stop(struct tls_server *server);
int tls_server_port(const struct tls_server *server);
/* Requests that got through the handshake. */
unsigned tls_server_requests(const struct tls_server *server);

#endif
