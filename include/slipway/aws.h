#ifndef SLIPWAY_AWS_H
#define SLIPWAY_AWS_H

/*
 * Talking to AWS: settings, credentials (creds.h), endpoints (endpoint.h), SigV4 (sigv4.h) and one
 * call function per protocol (JSON 1.1, query, REST-JSON). An sw_aws is one identity in one region;
 * it and its siblings (sw_aws_with_region) share that identity and are used by one thread at a
 * time.
 *
 * Wire contracts: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html, its siblings
 * aws-query-protocol and aws-restjson1-protocol. Requests are JSON built by the caller and travel
 * as they are: nothing is filtered through a model, so fields that AWS adds tomorrow work today.
 * Calls of the ECS API keep to its documented rates: those beyond wait.
 */

#include <slipway/env.h>
#include <slipway/http.h>
#include <slipway/json.h>

struct sw_aws;

/* What the user chose on the command line; NULL or false members fall back to the environment. */
struct sw_aws_options {
    const char *region;            /* else AWS_REGION, AWS_DEFAULT_REGION, profile's region */
    const char *profile;           /* else AWS_PROFILE, AWS_DEFAULT_PROFILE, "default" */
    const char *endpoint_url;      /* else AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, profile */
    const char *access_key_var;    /* name of the variable holding the access key id */
    const char *secret_key_var;    /* ... the secret access key */
    const char *session_token_var; /* ... the session token */
    const char *role_arn;          /* assume this role: by web identity when a token is there, else
                                      with the credentials found; of several, between commas or
                                      blanks, each with the one before it */
    const char *role_session_name;
    bool use_fips;      /* else AWS_USE_FIPS_ENDPOINT, profile */
    bool use_dualstack; /* else AWS_USE_DUALSTACK_ENDPOINT, profile */
};

/*
 * Makes a client. Strings in `options` are copied. Nothing is looked up on the network yet;
 * credentials are found at the first call. SW_E_INPUT on malformed settings.
 */
SW_NODISCARD enum sw_status sw_aws_new(const struct sw_env *env,
                                       const struct sw_aws_options *options, struct sw_aws **ret,
                                       struct sw_err *err);
void sw_aws_free(struct sw_aws *aws);
SW_DEFINE_CLEANUP(sw_aws_cleanup, struct sw_aws, sw_aws_free)

/*
 * The region, borrowed from the client. SW_E_USAGE with advice when none is set, SW_E_INPUT when
 * it is no region name.
 */
SW_NODISCARD enum sw_status sw_aws_region(struct sw_aws *aws, const char **ret, struct sw_err *err);
/* The same identity for another region, e.g. that of a registry host. The caller's. */
SW_NODISCARD enum sw_status sw_aws_with_region(struct sw_aws *aws, const char *region,
                                               struct sw_aws **ret, struct sw_err *err);
/*
 * Like sw_aws_with_region, with FIPS and dual-stack endpoints switched on where asked; what the
 * settings switched on already stays on.
 */
SW_NODISCARD enum sw_status sw_aws_with_endpoint(struct sw_aws *aws, const char *region,
                                                 bool use_fips, bool use_dualstack,
                                                 struct sw_aws **ret, struct sw_err *err);
const struct sw_env *sw_aws_env(const struct sw_aws *aws);

/* How one call differs from the ordinary; a zeroed one is the ordinary. */
struct sw_aws_call_options {
    /* Not safe to repeat once it may have been acted upon (UpdateService with force, RunTask):
     * only refusals that say "not done" (throttling, connection refused) are retried. */
    bool not_idempotent;
    const struct sw_retry_policy *policy; /* NULL: sw_retry_default */
};
/* Of a call that is not repeated: what it tells is asked again later, or can be done without. */
extern const struct sw_aws_call_options sw_aws_once;

/*
 * One JSON-1.1 call. `service` is the endpoint prefix and signing name ("ecs", "ecr",
 * "ecr-public", "sts", "logs", "events"), `target` the X-Amz-Target value, `input` the request
 * object (borrowed). *ret_output is the caller's; NULL ret_output drops it. `options` may be NULL.
 *
 * Errors carry AWS's own words: "ECS DescribeServices: ClusterNotFoundException: Cluster not
 * found. (request id ...)", err->code is the bare code ("ClusterNotFoundException").
 * Status by code: SW_E_CREDENTIALS for missing, wrong or expired credentials, SW_E_DENIED for
 * missing rights, SW_E_NOT_FOUND for *NotFound*, SW_E_UNAVAILABLE for 5xx and throttling that
 * outlast the retries, SW_E_NETWORK, else SW_E_FAILED. A skewed clock is corrected from the
 * answer's Date and the call repeated once.
 */
SW_NODISCARD enum sw_status sw_aws_json(struct sw_aws *aws, const char *service, const char *target,
                                        const json_t *input,
                                        const struct sw_aws_call_options *options,
                                        json_t **ret_output, struct sw_err *err);

/*
 * One REST-JSON call (EventBridge Scheduler). `path` begins with '/' and is percent-encoded, as is
 * the query behind its '?'; `input` NULL sends no body. Answer and errors as sw_aws_json.
 */
SW_NODISCARD enum sw_status sw_aws_rest(struct sw_aws *aws, const char *service,
                                        const char *operation, const char *method, const char *path,
                                        const json_t *input,
                                        const struct sw_aws_call_options *options,
                                        json_t **ret_output, struct sw_err *err);

/* A name and a value of the query protocol. */
struct sw_aws_param {
    const char *name;
    const char *value;
};
/*
 * One query-protocol call (STS, ELB, EC2, ...). The XML answer comes back as JSON: an element with
 * children is an object, repeated elements or lists (<member>, <item>) are arrays, text is a
 * string. The outermost *Response and *Result elements are taken off. Errors as sw_aws_json.
 */
SW_NODISCARD enum sw_status sw_aws_query(struct sw_aws *aws, const char *service,
                                         const char *action, const char *version,
                                         const struct sw_aws_param *params, size_t count,
                                         const struct sw_aws_call_options *options,
                                         json_t **ret_output, struct sw_err *err);

#endif
