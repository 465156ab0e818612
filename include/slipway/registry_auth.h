#ifndef SLIPWAY_REGISTRY_AUTH_H
#define SLIPWAY_REGISTRY_AUTH_H

/*
 * Where a registry client gets user names and secrets from: one function, so that the client knows
 * nothing of Docker's configuration or of AWS. The ready-made one is sw_ecr_auth (ecr.h).
 */

#include <slipway/err.h>

/* User name that marks the secret as an OAuth identity (refresh) token instead of a password. */
#define SW_REGISTRY_TOKEN_USER "<token>"

struct sw_registry_auth {
    /*
     * Credentials for the registry `host` ("name" or "name:port", no scheme, no path).
     * SW_E_NOT_FOUND means that there are none and the registry is to be asked anonymously; every
     * other failure is one. Both results are the caller's, the secret to be freed with
     * sw_free_secret(); the redactor knows the secret already.
     */
    enum sw_status (*get)(void *ctx, const char *host, char **ret_user, char **ret_secret,
                          struct sw_err *err);
    void *ctx;
};

#endif
