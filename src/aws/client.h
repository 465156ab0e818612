#ifndef SLIPWAY_AWS_CLIENT_H
#define SLIPWAY_AWS_CLIENT_H

/*
 * The inside of a client: one identity (options, profile files, credentials, clock correction),
 * shared by all clients that sw_aws_with_region() makes from one another, and a region each.
 */

#include "bucket.h"
#include "profile.h"

#include <slipway/aws.h>
#include <slipway/creds.h>
#include <slipway/endpoint.h>

struct aws_identity {
    unsigned refs;
    const struct sw_env *env;
    /* The options, copied; NULL when not given. */
    char *region;
    char *profile;
    char *endpoint_url;
    char *access_key_var;
    char *secret_key_var;
    char *session_token_var;
    char *role_arn; /* one, or several that are assumed one after the other */
    char *role_session_name;
    bool use_fips;
    bool use_dualstack;

    struct aws_profiles profiles;
    bool profiles_read;
    struct sw_credentials credentials; /* access_key_id is NULL when there are none yet */
    int64_t clock_offset_ms;           /* what to add to our clock to get AWS's */
};

struct sw_aws {
    struct aws_identity *identity;
    char *region; /* NULL until it was found */
    struct aws_bucket_level buckets[AWS_BUCKETS];
    /* Switched on for this client in addition to the identity's. */
    bool use_fips;
    bool use_dualstack;
};

/* How many roles may be assumed one after the other. */
enum { AWS_ROLES_MAX = 8 };
/* Takes the next ARN off a list with commas or blanks; rest->ptr is NULL behind the last one. */
struct sw_str aws_next_role(struct sw_str *rest);

/* ---- settings (settings.c) ---- */

/* Name of the profile in use; never NULL. */
const char *aws_profile_name(const struct aws_identity *identity);
/* Whether the profile was asked for by name, by option or variable. */
bool aws_profile_is_named(const struct aws_identity *identity);
/*
 * The profile in use; *ret is NULL when there is none by that name, which is an error (SW_E_INPUT)
 * only when options.profile names it.
 */
SW_NODISCARD enum sw_status aws_profile_in_use(struct aws_identity *identity,
                                               const struct aws_section **ret, struct sw_err *err);
/* SW_E_INPUT: there is no such profile; lists those that exist. */
enum sw_status aws_no_such_profile(const struct aws_identity *identity, const char *name,
                                   struct sw_err *err);
/* A whole number from `min` to `max`; *ret is left alone when it is not set. SW_E_INPUT otherwise.
 */
SW_NODISCARD enum sw_status aws_setting_int(struct aws_identity *identity, const char *variable,
                                            const char *key, int64_t min, int64_t max, int64_t *ret,
                                            struct sw_err *err);
/* The endpoint of a service as configured or by the rules. The caller's. */
SW_NODISCARD enum sw_status aws_endpoint_for(struct sw_aws *aws, const char *service,
                                             struct sw_endpoint *ret, struct sw_err *err);

/* ---- credentials (chain.c) ---- */

/* sw_credentials.source of keys in the SDKs' own variables; advice can name those. */
extern const char aws_source_environment[];

/* The identity's credentials, found or refreshed as needed; borrowed until the next call. */
SW_NODISCARD enum sw_status
aws_credentials_get(struct sw_aws *aws, const struct sw_credentials **ret, struct sw_err *err);
/* Forgets them if they can be had anew; false when asking again would give the same. */
bool aws_credentials_drop(struct sw_aws *aws);

/* ---- calls (call.c) ---- */

enum aws_auth_kind {
    AWS_AUTH_IDENTITY, /* the identity's credentials */
    AWS_AUTH_GIVEN,    /* those of the call; used to get the identity's */
    AWS_AUTH_NONE,     /* unsigned */
};
struct aws_call {
    const char *service;
    const char *operation;    /* "DescribeServices" */
    const char *target;       /* X-Amz-Target; JSON-1.1 only */
    const char *method;       /* NULL: POST */
    const char *path;         /* encoded, with its query; NULL: "/" */
    const char *content_type; /* NULL: there is no body */
    struct sw_str body;
    enum aws_auth_kind auth;
    const struct sw_credentials *given;
    const struct sw_aws_call_options *options; /* may be NULL */
};
/*
 * Sends one call, with retries, clock correction and renewed credentials. SW_OK is an answer of
 * 2xx, which is the caller's; everything else is an error as aws.h says.
 */
SW_NODISCARD enum sw_status aws_call_send(struct sw_aws *aws, const struct aws_call *call,
                                          struct sw_http_reply *ret_reply, struct sw_err *err);

/*
 * aws_call_send() for JSON both ways: `input` becomes the call's body, NULL leaves it empty;
 * *ret_output is the caller's, NULL drops it.
 */
SW_NODISCARD enum sw_status aws_call_json(struct sw_aws *aws, const struct aws_call *how,
                                          const json_t *input, json_t **ret_output,
                                          struct sw_err *err);

/* sw_aws_query() with other credentials than the identity's. */
SW_NODISCARD enum sw_status aws_query_as(struct sw_aws *aws, const struct aws_call *how,
                                         const char *version, const struct sw_aws_param *params,
                                         size_t count, json_t **ret_output, struct sw_err *err);

/* Wall clock with the correction learned from AWS. */
int64_t aws_now_ms(const struct sw_aws *aws);

#endif
