/*
 * Credentials of a profile in the shared config and credentials files: keys in it, a role that is
 * assumed with another profile's or the machine's credentials or with a token, a process.
 */
#include "provider.h"

#include <slipway/alloc.h>

#include <stdlib.h>

/* Profiles that were entered on the way, so that a circle is noticed. */
enum { PROFILE_CHAIN_MAX = 16 };
struct walk {
    struct sw_aws *aws;
    const struct aws_section *entered[PROFILE_CHAIN_MAX];
    size_t depth;
};

static enum sw_status from_section(struct walk *walk, const struct aws_section *profile,
                                   struct sw_credentials *ret, struct sw_err *err);

static bool has_keys(const struct aws_section *profile)
{
    return aws_section_get(profile, "aws_access_key_id") ||
           aws_section_get(profile, "aws_secret_access_key");
}

static enum sw_status from_keys(const struct aws_section *profile, struct sw_credentials *ret,
                                struct sw_err *err)
{
    const char *key = aws_section_get(profile, "aws_access_key_id");
    const char *secret = aws_section_get(profile, "aws_secret_access_key");
    const char *token = aws_section_get(profile, "aws_session_token");
    if (!key || !secret) {
        return sw_fail(err, SW_E_CREDENTIALS, "profile \"%s\" has %s, but no %s", profile->name,
                       key ? "aws_access_key_id" : "aws_secret_access_key",
                       key ? "aws_secret_access_key" : "aws_access_key_id");
    }
    *ret = (struct sw_credentials){
        .access_key_id = sw_xstrdup(key),
        .secret_access_key = sw_xstrdup(secret),
        .session_token = token ? sw_xstrdup(token) : NULL,
        .source = "a profile's keys",
    };
    sw_credentials_redact(ret);
    return SW_OK;
}

/* ---- the credentials with which a role is assumed ---- */

static enum sw_status from_credential_source(struct sw_aws *aws, const struct aws_section *profile,
                                             const char *source, struct sw_credentials *ret,
                                             struct sw_err *err)
{
    static const struct {
        const char *name;
        const struct aws_provider *provider;
    } sources[] = {
        { "Environment", &aws_provider_environment },
        { "Ec2InstanceMetadata", &aws_provider_imds },
        { "EcsContainer", &aws_provider_container },
    };
    for (size_t i = 0; i < SW_COUNT(sources); i++) {
        if (sw_str_eq_nocase(sw_str(source), sw_str(sources[i].name))) {
            enum sw_status status = sources[i].provider->get(aws, ret, err);
            if (status != SW_OK) {
                (void)aws_configured_but_missing(err);
                return sw_wrap(err, "profile \"%s\": credential_source %s", profile->name,
                               sources[i].name);
            }
            return SW_OK;
        }
    }
    return sw_fail(err, SW_E_INPUT,
                   "profile \"%s\": unknown credential_source \"%s\"; there are Environment, "
                   "Ec2InstanceMetadata and EcsContainer",
                   profile->name, source);
}

static enum sw_status from_source_profile(struct walk *walk, const struct aws_section *profile,
                                          const char *source, struct sw_credentials *ret,
                                          struct sw_err *err)
{
    const struct aws_identity *identity = walk->aws->identity;
    const struct aws_section *next =
        aws_profiles_find(&identity->profiles, AWS_SECTION_PROFILE, source);
    if (!next) {
        aws_no_such_profile(identity, source, err);
        return sw_wrap(err, "source_profile of profile \"%s\"", profile->name);
    }
    /* A profile may name itself: its role is then assumed with its own keys. */
    if (next == profile && has_keys(profile)) {
        return from_keys(profile, ret, err);
    }
    return from_section(walk, next, ret, err);
}

static enum sw_status check_role(const struct aws_section *profile, struct sw_err *err)
{
    bool source = aws_section_get(profile, "source_profile") != NULL;
    bool machine = aws_section_get(profile, "credential_source") != NULL;
    if (aws_section_get(profile, "mfa_serial")) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "profile \"%s\" asks for a code of an MFA device (mfa_serial), which "
                       "nobody can enter here; use a role without that condition",
                       profile->name);
    }
    if (source && machine) {
        return sw_fail(err, SW_E_INPUT,
                       "profile \"%s\" has both source_profile and credential_source; one of them "
                       "must go",
                       profile->name);
    }
    if (!source && !machine) {
        return sw_fail(err, SW_E_INPUT,
                       "profile \"%s\" has role_arn, but none of source_profile, "
                       "credential_source and web_identity_token_file",
                       profile->name);
    }
    return SW_OK;
}

static struct aws_role role_of(const struct aws_section *profile)
{
    return (struct aws_role){
        .arn = aws_section_get(profile, "role_arn"),
        .session_name = aws_section_get(profile, "role_session_name"),
        .external_id = aws_section_get(profile, "external_id"),
        .duration_s = aws_section_get(profile, "duration_seconds"),
    };
}

static enum sw_status from_role(struct walk *walk, const struct aws_section *profile,
                                struct sw_credentials *ret, struct sw_err *err)
{
    const char *source = aws_section_get(profile, "source_profile");
    const char *machine = aws_section_get(profile, "credential_source");
    struct sw_credentials base = { 0 };
    enum sw_status status = check_role(profile, err);
    if (status == SW_OK) {
        status = source ? from_source_profile(walk, profile, source, &base, err)
                        : from_credential_source(walk->aws, profile, machine, &base, err);
    }
    if (status != SW_OK) {
        return status;
    }
    sw_credentials_redact(&base);
    const struct aws_role role = role_of(profile);
    status = aws_sts_assume_role(walk->aws, &role, &base, ret, err);
    sw_credentials_release(&base);
    return status == SW_OK ? SW_OK : sw_wrap(err, "profile \"%s\"", profile->name);
}

static enum sw_status from_token_file(struct sw_aws *aws, const struct aws_section *profile,
                                      const char *path, struct sw_credentials *ret,
                                      struct sw_err *err)
{
    char *token SW_CLEANUP(sw_free_secret_str) = NULL;
    const struct aws_role role = role_of(profile);
    enum sw_status status = aws_read_token_file(path, &token, err);
    if (status == SW_OK) {
        status = aws_sts_web_identity(aws, &role, token, ret, err);
    }
    return status == SW_OK ? SW_OK : sw_wrap(err, "profile \"%s\"", profile->name);
}

/* Signing in with a browser is nothing for a machine. */
static enum sw_status refuse_sign_in(const struct aws_section *profile, struct sw_err *err)
{
    static const char *const keys[] = { "sso_session", "sso_start_url", "sso_account_id",
                                        "login_session" };
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        if (aws_section_get(profile, keys[i])) {
            return sw_fail(err, SW_E_CREDENTIALS,
                           "profile \"%s\" signs in through a browser (%s), which is not possible "
                           "here; export its credentials with \"aws configure "
                           "export-credentials\", or use OpenID Connect with --role-arn",
                           profile->name, keys[i]);
        }
    }
    return sw_fail(err, SW_E_NOT_FOUND, "profile \"%s\" holds no credentials", profile->name);
}

static enum sw_status enter(struct walk *walk, const struct aws_section *profile,
                            struct sw_err *err)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->entered[i] != profile) {
            continue;
        }
        sw_fail(err, SW_E_INPUT, "the source_profile entries go round in a circle: ");
        for (; i < walk->depth; i++) {
            sw_append(err, "\"%s\", ", walk->entered[i]->name);
        }
        return sw_append(err, "\"%s\"", profile->name);
    }
    if (walk->depth == PROFILE_CHAIN_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "more than %d profiles refer to each other",
                       PROFILE_CHAIN_MAX);
    }
    walk->entered[walk->depth++] = profile;
    return SW_OK;
}

static enum sw_status from_section(struct walk *walk, const struct aws_section *profile,
                                   struct sw_credentials *ret, struct sw_err *err)
{
    const char *role_arn = aws_section_get(profile, "role_arn");
    const char *token_file = aws_section_get(profile, "web_identity_token_file");
    const char *process = aws_section_get(profile, "credential_process");
    enum sw_status status = enter(walk, profile, err);
    if (status != SW_OK) {
        return status;
    }
    if (role_arn && token_file) {
        return from_token_file(walk->aws, profile, token_file, ret, err);
    }
    if (role_arn) {
        return from_role(walk, profile, ret, err);
    }
    if (has_keys(profile)) {
        return from_keys(profile, ret, err);
    }
    if (process) {
        return aws_process_get(walk->aws->identity->env, process, profile->name, ret, err);
    }
    return refuse_sign_in(profile, err);
}

static enum sw_status get(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    struct aws_identity *identity = aws->identity;
    const struct aws_section *profile = NULL;
    enum sw_status status = aws_profile_in_use(identity, &profile, err);
    if (status != SW_OK) {
        return status;
    }
    if (!profile && aws_profile_is_named(identity)) {
        return aws_no_such_profile(identity, aws_profile_name(identity), err);
    }
    if (!profile) {
        return sw_fail(err, SW_E_NOT_FOUND, "there is no profile \"%s\"",
                       aws_profile_name(identity));
    }
    struct walk walk = { .aws = aws };
    status = from_section(&walk, profile, ret, err);
    /* Somebody who names a profile does not want another identity in its place. */
    return status == SW_E_NOT_FOUND && identity->profile ? aws_configured_but_missing(err) : status;
}

static enum sw_status get_named(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    if (!aws->identity->profile) {
        return sw_fail(err, SW_E_NOT_FOUND, "%s", "");
    }
    return get(aws, ret, err);
}

const struct aws_provider aws_provider_named_profile = { "--profile", get_named };
const struct aws_provider aws_provider_profile = { "shared config files", get };
