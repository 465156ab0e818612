#ifndef SLIPWAY_CREDS_H
#define SLIPWAY_CREDS_H

/*
 * AWS credentials: an access key, where it came from, and until when it is good. How they are found
 * is decided by the chain of providers (src/aws/chain.c), in the order of the AWS SDKs:
 *
 *   1. the variables named by access_key_var, secret_key_var, session_token_var (aws.h)
 *   2. a profile named explicitly (options.profile)
 *   3. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *   4. web identity: AWS_WEB_IDENTITY_TOKEN_FILE or CircleCI's CIRCLE_OIDC_TOKEN_V2 /
 *      CIRCLE_OIDC_TOKEN, with a role from options.role_arn or AWS_ROLE_ARN
 *   5. the profile of AWS_PROFILE, AWS_DEFAULT_PROFILE, or "default"
 *   6. the container's credentials endpoint
 *   7. the instance metadata service, version 2 only
 *
 * The first provider that is configured answers; when it fails, the chain stops with its error
 * rather than using an identity nobody asked for. options.role_arn puts AssumeRole on top of what
 * was found; with a web identity token it goes first and uses AssumeRoleWithWebIdentity.
 */

#include <slipway/env.h>
#include <slipway/err.h>
#include <slipway/str.h>

struct sw_credentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* NULL when there is none */
    int64_t expires_ms;  /* wall clock; 0: they do not expire */
    const char *source;  /* name of the provider, static */
};

/* Wipes and frees the members; the struct is zeroed. A zeroed struct is fine. */
void sw_credentials_release(struct sw_credentials *credentials);
/* Makes all secret parts known to the redactor. */
void sw_credentials_redact(const struct sw_credentials *credentials);

/*
 * A role session name from free text: characters outside [A-Za-z0-9+=,.@_-] become '-', cut at 64
 * bytes; text of fewer than two characters gives "slipway". The caller's.
 */
char *sw_role_session_name(struct sw_str text);

#endif
