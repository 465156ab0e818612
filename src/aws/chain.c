/* The order in which credentials are looked for, and how long they are kept. */
#include "provider.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

/* Temporary credentials are renewed this long before they expire. */
enum { REFRESH_BEFORE_MS = 5 * 60 * 1000 };

/* A profile that was named on the command line goes before what happens to be in the environment.
 */
static const struct aws_provider *const chain[] = {
    &aws_provider_named_vars,   &aws_provider_named_profile, &aws_provider_environment,
    &aws_provider_web_identity, &aws_provider_profile,       &aws_provider_container,
    &aws_provider_imds,
};

enum sw_status aws_configured_but_missing(struct sw_err *err)
{
    if (err->status == SW_E_NOT_FOUND) {
        err->status = SW_E_CREDENTIALS;
    }
    return err->status;
}

static enum sw_status nothing_found(const char *tried, struct sw_err *err)
{
    return sw_fail(
        err, SW_E_CREDENTIALS,
        "no AWS credentials found; in CircleCI, set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY under Project Settings > Environment Variables, or use "
        "OpenID Connect with --role-arn (role_arn in the orb) and a context; looked in: %s",
        tried);
}

/* The first provider that has something. */
static enum sw_status walk(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    struct sw_buf tried SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&tried, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < SW_COUNT(chain); i++) {
        enum sw_status status = chain[i]->get(aws, ret, err);
        if (status != SW_E_NOT_FOUND) {
            return status;
        }
        if (err->msg[0]) {
            sw_debug(aws->identity->env, "aws", "credentials: %s: %s", chain[i]->name, err->msg);
            sw_buf_addf(&tried, "%s%s (%s)", tried.len > 0 ? ", " : "", chain[i]->name, err->msg);
        }
    }
    return nothing_found(tried.ptr, err);
}

/* Web identity needs no other credentials; a role without it is assumed with those found. */
static enum sw_status assume_first(struct sw_aws *aws, const char *arn, struct sw_credentials *ret,
                                   struct sw_err *err)
{
    if (aws_has_web_identity_token(aws->identity->env)) {
        return aws_web_identity_assume(aws, arn, ret, err);
    }
    struct sw_credentials base = { 0 };
    enum sw_status status = walk(aws, &base, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot assume role \"%s\"", arn);
    }
    sw_credentials_redact(&base);
    const struct aws_role role = { .arn = arn };
    status = aws_sts_assume_role(aws, &role, &base, ret, err);
    sw_credentials_release(&base);
    return status;
}

/* The role behind the one whose credentials *ret holds takes their place. */
static enum sw_status assume_next(struct sw_aws *aws, const char *arn, struct sw_credentials *ret,
                                  struct sw_err *err)
{
    const struct aws_role role = { .arn = arn };
    struct sw_credentials next = { 0 };
    sw_credentials_redact(ret);
    enum sw_status status = aws_sts_assume_role(aws, &role, ret, &next, err);
    sw_credentials_release(ret);
    if (status == SW_OK) {
        *ret = next;
    }
    return status;
}

static enum sw_status resolve(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    const struct aws_identity *identity = aws->identity;
    if (!identity->role_arn) {
        return walk(aws, ret, err);
    }
    struct sw_str rest = sw_str(identity->role_arn);
    char *first SW_CLEANUP(sw_free_str) = sw_str_dup(aws_next_role(&rest));
    enum sw_status status = assume_first(aws, first, ret, err);
    while (status == SW_OK && rest.ptr) {
        char *next SW_CLEANUP(sw_free_str) = sw_str_dup(aws_next_role(&rest));
        status = assume_next(aws, next, ret, err);
    }
    return status;
}

static bool is_fresh(const struct sw_aws *aws, int64_t margin_ms)
{
    const struct sw_credentials *have = &aws->identity->credentials;
    return have->access_key_id &&
           (have->expires_ms == 0 || have->expires_ms - margin_ms > aws_now_ms(aws));
}

enum sw_status aws_credentials_get(struct sw_aws *aws, const struct sw_credentials **ret,
                                   struct sw_err *err)
{
    struct aws_identity *identity = aws->identity;
    if (!is_fresh(aws, REFRESH_BEFORE_MS)) {
        struct sw_credentials found = { 0 };
        enum sw_status status = resolve(aws, &found, err);
        if (status == SW_OK) {
            sw_credentials_redact(&found);
            sw_debug(identity->env, "aws", "credentials from %s, key id %s", found.source,
                     found.access_key_id);
            sw_credentials_release(&identity->credentials);
            identity->credentials = found;
        } else if (is_fresh(aws, 0)) {
            sw_debug(identity->env, "aws", "cannot renew credentials yet: %s", err->msg);
        } else {
            return status;
        }
    }
    *ret = &identity->credentials;
    return SW_OK;
}

bool aws_credentials_drop(struct sw_aws *aws)
{
    if (aws->identity->credentials.expires_ms == 0) {
        return false;
    }
    sw_credentials_release(&aws->identity->credentials);
    return true;
}
