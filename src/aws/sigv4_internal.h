#ifndef SLIPWAY_AWS_SIGV4_INTERNAL_H
#define SLIPWAY_AWS_SIGV4_INTERNAL_H

/* What the two halves of SigV4 share: canonical form (sigv4_canonical.c) and signing (sigv4.c). */

#include <slipway/sigv4.h>

enum {
    SIGV4_DATE_LEN = 8,       /* "20150830" */
    SIGV4_DIGEST_HEX_MAX = 65 /* SHA-256 in hex and NUL */
};

/* The SHA-256 of `data` in lower-case hex. */
SW_NODISCARD enum sw_status sigv4_digest_hex(struct sw_str data, char out[SIGV4_DIGEST_HEX_MAX],
                                             struct sw_err *err);
/* Appends "date/region/service/aws4_request". `date` has at least SIGV4_DATE_LEN bytes. */
void sigv4_add_scope(struct sw_buf *out, const struct sw_sigv4_options *options, const char *date);
/* Whether the session token is sent at all, and whether it is signed. */
bool sigv4_sends_token(const struct sw_credentials *credentials);
/*
 * Appends "a;b;c", the names of the headers that get signed, sorted, each once: the request's own
 * and, in header mode, the added ones.
 */
SW_NODISCARD enum sw_status sigv4_add_signed_names(const struct sw_sigv4_request *request,
                                                   const struct sw_sigv4_options *options,
                                                   const struct sw_credentials *credentials,
                                                   struct sw_buf *out, struct sw_err *err);
/*
 * Appends the query parameters that query mode adds before the signature, in the order in which
 * they go on the wire; with `signed_only` the session token is left out when it is not signed.
 */
SW_NODISCARD enum sw_status sigv4_add_query_params(const struct sw_sigv4_request *request,
                                                   const struct sw_sigv4_options *options,
                                                   const struct sw_credentials *credentials,
                                                   bool signed_only, struct sw_buf *out,
                                                   struct sw_err *err);

#endif
