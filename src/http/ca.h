#ifndef SLIPWAY_HTTP_CA_H
#define SLIPWAY_HTTP_CA_H

/* Where this machine keeps the certificates it trusts. */

#include <slipway/env.h>
#include <slipway/err.h>

struct sw_http_ca {
    char *file; /* a PEM bundle; NULL: none */
    char *dir;  /* a folder with hashed names; NULL: none */
};

/*
 * `cafile` when given, else AWS_CA_BUNDLE, else SSL_CERT_FILE and SSL_CERT_DIR, else the first
 * place that a known distribution uses. SW_E_INPUT when a place that was named does not exist.
 * Neither may be found: then the TLS library's own default is left.
 */
SW_NODISCARD enum sw_status sw_http_ca_find(const struct sw_env *env, const char *cafile,
                                            struct sw_http_ca *ret, struct sw_err *err);
void sw_http_ca_release(struct sw_http_ca *ca);

#endif
