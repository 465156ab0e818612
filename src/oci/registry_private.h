#ifndef SLIPWAY_REGISTRY_PRIVATE_H
#define SLIPWAY_REGISTRY_PRIVATE_H

/* What the files of the registry client share; see slipway/registry.h for the contract. */

#include <slipway/challenge.h>
#include <slipway/registry.h>

#include <pthread.h>
#include <stdatomic.h>

/* A bearer token for one scope. */
struct sw_registry_token {
    char *scope;
    char *authorization; /* "Bearer ..." */
};

struct sw_registry {
    const struct sw_env *env;
    struct sw_registry_auth auth;
    struct sw_retry_policy policy;
    char *host;   /* as the user wrote it, for messages and logins */
    char *origin; /* "https://registry-1.docker.io" */
    bool plain_http;
    bool push;
    bool loopback;
    bool wants_login;     /* with every request, as "Basic": the first need not find that out */
    atomic_bool answered; /* ever: what was there and is gone may come back */
    atomic_bool wrote;    /* a blob or a manifest that was sent, or mounted, is there */

    pthread_mutex_t lock; /* guards everything below */
    bool login_known;     /* auth.get was asked */
    char *user;           /* NULL: anonymous */
    char *secret;
    char *basic; /* "Basic ..." once the registry asked for it */
    struct sw_registry_token *tokens;
    size_t token_count;
    size_t token_capacity;
    unsigned generation; /* counts what was learned, so that threads do not learn it twice */
};

/* One request to the registry, in the terms of its messages. */
struct sw_registry_call {
    const char *repository;
    const char *action;         /* "cannot start the upload of blob sha256:..." without its end */
    const char *right;          /* the right that Amazon ECR wants for it, "ecr:PutImage" */
    const char *object;         /* tag or digest; NULL when there is none */
    bool missing_is_repository; /* a 404 here says that the repository is missing */
};

/*
 * Sends with the Authorization that is known for `repository` (or two with a blank between
 * them, for a mount); a 401 is answered once by logging in. The request has at most 5 headers.
 * Everything but network failures, and successes that are web pages, is SW_OK with the reply.
 */
SW_NODISCARD enum sw_status sw_registry_send(struct sw_registry *registry, const char *repository,
                                             const struct sw_http_request *request,
                                             const struct sw_retry_policy *policy,
                                             struct sw_http_reply *ret_reply, struct sw_err *err);

/* Sends a request that can be repeated; everything but 2xx is an error. */
SW_NODISCARD enum sw_status sw_registry_ask(struct sw_registry *registry,
                                            const struct sw_registry_call *call,
                                            const struct sw_http_request *request,
                                            struct sw_http_reply *ret_reply, struct sw_err *err);

/* The address of an upload session that the answer to a POST to `url` opened. The caller's. */
SW_NODISCARD enum sw_status sw_registry_session(const struct sw_registry *registry, const char *url,
                                                const struct sw_http_reply *reply, char **ret,
                                                struct sw_err *err);

/* The header value for requests about `repository`; NULL when none is known. The caller's. */
char *sw_registry_authorization(struct sw_registry *registry, const char *repository,
                                unsigned *ret_generation);
/* Gets the login ready where it is known to be wanted. */
SW_NODISCARD enum sw_status sw_registry_prepare(struct sw_registry *registry, struct sw_err *err);
/*
 * Learns from a 401 what to send. `generation` is the state the refused request was made in: when
 * another thread has learned since, nothing is done.
 */
SW_NODISCARD enum sw_status sw_registry_login(struct sw_registry *registry, const char *repository,
                                              const struct sw_http_reply *reply,
                                              unsigned generation, struct sw_err *err);

/* Whether the answer is a web page, which somebody else sends in a registry's place. */
bool sw_registry_is_web_page(const struct sw_http_reply *reply);
/* Turns an answer that is not a success into an error. */
enum sw_status sw_registry_refused(const struct sw_registry *registry,
                                   const struct sw_registry_call *call,
                                   const struct sw_http_reply *reply, struct sw_err *err);
/* Adds what a broken connection means on Amazon ECR to a network error. */
enum sw_status sw_registry_broken(const struct sw_registry *registry,
                                  const struct sw_registry_call *call, struct sw_err *err);
/* Whether the host is one of Amazon ECR, and of an account's own there. */
bool sw_registry_is_ecr(const char *host);
bool sw_registry_is_private_ecr(const char *host);

#endif
