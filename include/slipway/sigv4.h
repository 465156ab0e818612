#ifndef SLIPWAY_SIGV4_H
#define SLIPWAY_SIGV4_H

/*
 * AWS Signature Version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html), as pure steps:
 * canonical request, string to sign, signing key, signature, and the signed request. Nothing here
 * reads a clock, the environment or the network: equal inputs give equal bytes.
 *
 * Header mode (SW_SIGV4_HEADER) adds X-Amz-Date, X-Amz-Security-Token, x-amz-content-sha256 and
 * Authorization to a request; query mode (SW_SIGV4_QUERY) makes a presigned query string.
 *
 * Usual order: sw_sigv4_sign() alone; the other functions are its steps, for tests and for
 * explaining a refused signature.
 *
 * Limits: SW_SIGV4_ITEMS_MAX headers and query parameters each, SW_SIGV4_TEXT_MAX bytes of query,
 * of canonical request, and of each text that is made (SW_E_TOO_LARGE beyond). SW_E_FAILED when
 * OpenSSL lacks SHA-256. Does not do: SigV4A, chunked bodies.
 */

#include <slipway/buf.h>
#include <slipway/creds.h>
#include <slipway/http.h>

enum {
    SW_SIGV4_ITEMS_MAX = 512,
    SW_SIGV4_TEXT_MAX = 1024 * 1024,
    SW_SIGV4_KEY_SIZE = 32,
    SW_SIGV4_SIGNATURE_SIZE = 65, /* 64 hex digits and NUL */
};

enum sw_sigv4_mode { SW_SIGV4_HEADER, SW_SIGV4_QUERY };

struct sw_sigv4_request {
    struct sw_str method;
    struct sw_str path;  /* as it goes on the wire; "" means "/" */
    struct sw_str query; /* as it goes on the wire, without '?' */
    /* Those that go on the wire, Host included. User-Agent, Connection, Expect, Transfer-Encoding,
     * X-Amzn-Trace-Id and Authorization are not signed: proxies change them. */
    const struct sw_http_header *headers;
    size_t header_count;
    struct sw_str body; /* its digest is always part of the signature */
};

struct sw_sigv4_options {
    enum sw_sigv4_mode mode;
    const char *region;
    const char *service; /* signing name */
    int64_t wall_ms;     /* time of signing, since 1970 */
    int64_t expires_s;   /* SW_SIGV4_QUERY only: how long the query is good for */
    bool raw_path;       /* do not collapse "//", "." and ".." in the path */
    bool single_encode;  /* S3 only: the wire path is signed as it is, not encoded once more */
    bool sign_body;      /* SW_SIGV4_HEADER only: add and sign x-amz-content-sha256 (S3 wants it) */
    bool omit_session_token; /* send the session token, but do not sign it */
};

/*
 * Step 1: appends the canonical request to `out`. It covers the items that the mode adds, so
 * `credentials` are needed for the key id and the token; the secret is not read.
 */
SW_NODISCARD enum sw_status sw_sigv4_canonical_request(const struct sw_sigv4_request *request,
                                                       const struct sw_sigv4_options *options,
                                                       const struct sw_credentials *credentials,
                                                       struct sw_buf *out, struct sw_err *err);

/* Step 2: appends algorithm, time, scope and the digest of the canonical request to `out`. */
SW_NODISCARD enum sw_status sw_sigv4_string_to_sign(const struct sw_sigv4_options *options,
                                                    struct sw_str canonical_request,
                                                    struct sw_buf *out, struct sw_err *err);

/* Step 3: the key for one secret, day, region and service. The caller wipes it after use. */
SW_NODISCARD enum sw_status sw_sigv4_signing_key(const struct sw_sigv4_options *options,
                                                 struct sw_str secret_access_key,
                                                 unsigned char ret_key[SW_SIGV4_KEY_SIZE],
                                                 struct sw_err *err);

/* Step 4: the signature of a string to sign, in lower-case hex. */
SW_NODISCARD enum sw_status sw_sigv4_signature(const unsigned char key[SW_SIGV4_KEY_SIZE],
                                               struct sw_str string_to_sign,
                                               char ret_signature[SW_SIGV4_SIGNATURE_SIZE],
                                               struct sw_err *err);

/* What signing adds to a request. */
enum { SW_SIGV4_ADDED_MAX = 4 };
struct sw_sigv4_signed {
    /* SW_SIGV4_HEADER: headers to send besides the request's own, in order. */
    struct {
        const char *name; /* static */
        char *value;      /* owned */
    } headers[SW_SIGV4_ADDED_MAX];
    size_t header_count;
    /* SW_SIGV4_QUERY: the whole query string to send, without '?'; owned. Else NULL. */
    char *query;
};
/* Wipes and frees what is held. A zeroed struct is fine. */
void sw_sigv4_signed_release(struct sw_sigv4_signed *sig);

/* All steps. *ret is written on success only and is the caller's. */
SW_NODISCARD enum sw_status sw_sigv4_sign(const struct sw_sigv4_request *request,
                                          const struct sw_sigv4_options *options,
                                          const struct sw_credentials *credentials,
                                          struct sw_sigv4_signed *ret, struct sw_err *err);

#endif
