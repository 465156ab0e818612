#ifndef SLIPWAY_REGISTRY_H
#define SLIPWAY_REGISTRY_H

/*
 * Client of one registry's HTTP API: https://github.com/opencontainers/distribution-spec and, for
 * the token exchange, https://distribution.github.io/distribution/spec/auth/token/.
 *
 * Choices, made for Amazon ECR and good everywhere:
 *  - a blob travels as one request body; ECR's chunked upload breaks the specification;
 *  - an upload that failed is started anew, in a new session, after a look whether it arrived;
 *  - what the challenge says decides between Basic and Bearer, not the host's name; an account's
 *    registry at Amazon ECR, where every request needs it, gets Basic with the first one already;
 *  - credentials go to the registry's own origin and to https (or loopback) token services only;
 *  - answers that ECR words badly, or not at all, are told as what they mean.
 *
 * A client is safe for use by several threads at once. Statuses: SW_E_CREDENTIALS (no or refused
 * login), SW_E_DENIED (a right is missing), SW_E_NOT_FOUND (repository, manifest or blob),
 * SW_E_CONFLICT (immutable tag), SW_E_UNAVAILABLE, SW_E_NETWORK, SW_E_FAILED.
 */

#include <slipway/attr.h>
#include <slipway/buf.h>
#include <slipway/env.h>
#include <slipway/http.h>
#include <slipway/registry_auth.h>

struct sw_registry_options {
    const struct sw_registry_auth *auth;  /* NULL: anonymous */
    const struct sw_retry_policy *policy; /* NULL: sw_retry_default */
    bool plain_http;                      /* http:// although the host is not loopback */
    bool push;                            /* ask for push rights in token scopes */
};

struct sw_registry;

/*
 * A client for `host` ("HOST[:PORT]"; "docker.io" is Docker Hub). Loopback hosts speak plain HTTP,
 * all others HTTPS unless options->plain_http. Nothing is sent yet. `env` and options->auth are
 * borrowed. The client is the caller's.
 */
SW_NODISCARD enum sw_status sw_registry_new(const struct sw_env *env, const char *host,
                                            const struct sw_registry_options *options,
                                            struct sw_registry **ret, struct sw_err *err);
void sw_registry_free(struct sw_registry *registry);
/* Whether this client has got a blob or a manifest there: what a failure later on leaves. */
bool sw_registry_wrote(const struct sw_registry *registry);
SW_DEFINE_CLEANUP(sw_registry_cleanup, struct sw_registry, sw_registry_free)

/* What a HEAD or GET of a manifest tells; the strings are the caller's. */
struct sw_manifest_info {
    char *digest;
    char *media_type;
    int64_t size; /* -1 when the registry does not say */
};
void sw_manifest_info_release(struct sw_manifest_info *info);

/*
 * Asks for a manifest by tag or digest. SW_E_NOT_FOUND when there is none; whether the repository
 * exists is then not known.
 */
SW_NODISCARD enum sw_status sw_registry_head_manifest(struct sw_registry *registry,
                                                      const char *repository, const char *object,
                                                      struct sw_manifest_info *ret,
                                                      struct sw_err *err);
/*
 * Gets a manifest into `out` (at most SW_MANIFEST_MAX bytes). The digest in *ret is computed from
 * the bytes; a digest asked for, or one the registry claims, that differs is SW_E_UNAVAILABLE.
 */
SW_NODISCARD enum sw_status
sw_registry_get_manifest(struct sw_registry *registry, const char *repository, const char *object,
                         struct sw_buf *out, struct sw_manifest_info *ret, struct sw_err *err);
/* Writes a manifest under a tag or its digest. */
SW_NODISCARD enum sw_status sw_registry_put_manifest(struct sw_registry *registry,
                                                     const char *repository, const char *object,
                                                     const char *media_type, struct sw_str bytes,
                                                     struct sw_err *err);

/*
 * Adds at most `max` (up to 1000) tags of the repository to *ret, in the registry's order, which
 * means nothing on Amazon ECR.
 */
SW_NODISCARD enum sw_status sw_registry_list_tags(struct sw_registry *registry,
                                                  const char *repository, unsigned max,
                                                  struct sw_strs *ret, struct sw_err *err);

/* Whether the repository has the blob. */
SW_NODISCARD enum sw_status sw_registry_has_blob(struct sw_registry *registry,
                                                 const char *repository, const char *digest,
                                                 bool *ret, struct sw_err *err);
/*
 * The first of `repositories`, other than `but`, that has the blob, in *ret (borrowed; NULL: none),
 * to share it from. One that may not be asked, or is not there, has none. A single one is not
 * asked.
 */
SW_NODISCARD enum sw_status sw_registry_find_blob(struct sw_registry *registry,
                                                  const struct sw_strs *repositories,
                                                  const char *but, const char *digest,
                                                  const char **ret, struct sw_err *err);
/* Gets a small blob (a configuration) into `out`, whose maximum is the limit; checks its digest. */
SW_NODISCARD enum sw_status sw_registry_get_blob(struct sw_registry *registry,
                                                 const char *repository, const char *digest,
                                                 struct sw_buf *out, struct sw_err *err);
/*
 * Reads a blob of any size into `sink`, as it comes: nothing is checked but the answer. A failure
 * after the first bytes is not tried again.
 */
SW_NODISCARD enum sw_status sw_registry_read_blob(struct sw_registry *registry,
                                                  const char *repository, const char *digest,
                                                  const struct sw_http_sink *sink,
                                                  struct sw_err *err);

/*
 * Asks the registry to share a blob of its repository `from`, so that nothing travels. When it does
 * not, *ret_mounted is false and *ret_session may be the upload that it opened instead, the
 * caller's, for sw_registry_put_blob(); else NULL. That mounting is refused or unknown there is no
 * failure: uploading is the answer to it, and finds out what is wrong.
 */
SW_NODISCARD enum sw_status sw_registry_mount_blob(struct sw_registry *registry,
                                                   const char *repository, const char *digest,
                                                   const char *from, bool *ret_mounted,
                                                   char **ret_session, struct sw_err *err);

/*
 * Uploads a blob; body->length is its size and body->rewind is needed. Tried as a whole as often
 * as the policy says, each time in a new session; `session` (may be NULL) is one for the first
 * try. *ret_present is set when, between two tries, the blob turned out to be there.
 */
SW_NODISCARD enum sw_status sw_registry_put_blob(struct sw_registry *registry,
                                                 const char *repository, const char *digest,
                                                 const struct sw_http_body *body,
                                                 const char *session, bool *ret_present,
                                                 struct sw_err *err);
/*
 * The same for a blob that is still being made: body->length is negative. `digest_of` tells the
 * digest once the body has been read to its end, and NULL before; the text is borrowed. Bytes that
 * the registry has already are sent nevertheless.
 */
SW_NODISCARD enum sw_status sw_registry_stream_blob(struct sw_registry *registry,
                                                    const char *repository,
                                                    const struct sw_http_body *body,
                                                    const char *(*digest_of)(void *body_ctx),
                                                    bool *ret_present, struct sw_err *err);

#endif
