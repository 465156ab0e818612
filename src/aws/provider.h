#ifndef SLIPWAY_AWS_PROVIDER_H
#define SLIPWAY_AWS_PROVIDER_H

/*
 * One link of the credential chain each. get() returns SW_OK with *ret filled; SW_E_NOT_FOUND when
 * nothing is configured for it, err->msg saying what is missing in a few words, or "" when that is
 * not worth a word; any other status when it is configured and failed, which ends the chain.
 */

#include "client.h"

struct aws_provider {
    const char *name; /* for the list of what was tried */
    enum sw_status (*get)(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err);
};

extern const struct aws_provider aws_provider_named_vars;
extern const struct aws_provider aws_provider_named_profile;
extern const struct aws_provider aws_provider_environment;
extern const struct aws_provider aws_provider_web_identity;
extern const struct aws_provider aws_provider_profile;
extern const struct aws_provider aws_provider_container;
extern const struct aws_provider aws_provider_imds;

/* SW_E_NOT_FOUND turned into SW_E_CREDENTIALS: something that is configured is not there. */
enum sw_status aws_configured_but_missing(struct sw_err *err);

/*
 * Fills *ret from the members of a credentials document; `what` names it in errors. Names of the
 * token and the expiry differ between the sources. SW_E_CREDENTIALS when a member is missing.
 */
struct aws_credential_keys {
    const char *token;   /* "Token", "SessionToken" */
    const char *expires; /* "Expiration" */
};
SW_NODISCARD enum sw_status aws_credentials_from_json(const json_t *document,
                                                      const struct aws_credential_keys *keys,
                                                      const char *what, const char *source,
                                                      struct sw_credentials *ret,
                                                      struct sw_err *err);

/* ---- web identity (creds_web_identity.c) ---- */

/* Whether the environment holds an OpenID Connect token, by file or value. */
bool aws_has_web_identity_token(const struct sw_env *env);
/* AssumeRoleWithWebIdentity with the token of the environment. */
SW_NODISCARD enum sw_status aws_web_identity_assume(struct sw_aws *aws, const char *role_arn,
                                                    struct sw_credentials *ret, struct sw_err *err);

/* A token from a file of one line, made known to the redactor; the caller's (sw_free_secret). */
enum { AWS_TOKEN_MAX = 64 * 1024 };
SW_NODISCARD enum sw_status aws_read_token_file(const char *path, char **ret, struct sw_err *err);

/* ---- STS (sts.c) ---- */

struct aws_role {
    const char *arn;
    const char *session_name; /* NULL: that of the options, the environment, or our own */
    const char *external_id;  /* may be NULL */
    const char *duration_s;   /* may be NULL: one hour */
};
SW_NODISCARD enum sw_status aws_sts_assume_role(struct sw_aws *aws, const struct aws_role *role,
                                                const struct sw_credentials *with,
                                                struct sw_credentials *ret, struct sw_err *err);
SW_NODISCARD enum sw_status aws_sts_web_identity(struct sw_aws *aws, const struct aws_role *role,
                                                 const char *token, struct sw_credentials *ret,
                                                 struct sw_err *err);

/* ---- credential_process (creds_process.c) ---- */

SW_NODISCARD enum sw_status aws_process_get(const struct sw_env *env, const char *command,
                                            const char *profile, struct sw_credentials *ret,
                                            struct sw_err *err);
#endif
