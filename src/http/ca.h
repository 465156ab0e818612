#ifndef SLIPWAY_HTTP_CA_H
#define SLIPWAY_HTTP_CA_H

/* Where this machine keeps the certificates it trusts. */

#include <slipway/env.h>
#include <slipway/err.h>

struct sw_http_ca {
    char *file;         /* a PEM bundle; NULL: none */
    char *dir;          /* a folder with hashed names; NULL: none */
    const char *source; /* the variable that names the file; NULL: it is the system's. Static */
};

/* What to do about a bundle that somebody named. */
#define SW_HTTP_CA_ADVICE \
    "name a file of PEM certificates there, or unset it to trust what this machine trusts"

/*
 * `cafile` when given, else AWS_CA_BUNDLE, else SSL_CERT_FILE and SSL_CERT_DIR, else the first
 * place that a known distribution uses. SW_E_INPUT, naming the
 * variable, when what was named is no such place.
 * Neither may be found: then the TLS library's own default is left.
 */
SW_NODISCARD enum sw_status sw_http_ca_find(const struct sw_env *env, const char *cafile,
                                            struct sw_http_ca *ret, struct sw_err *err);
void sw_http_ca_release(struct sw_http_ca *ca);

#endif
