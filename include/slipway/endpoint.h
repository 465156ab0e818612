#ifndef SLIPWAY_ENDPOINT_H
#define SLIPWAY_ENDPOINT_H

/*
 * Where an AWS service is reached and in which region a request to it is signed. The rules are
 * those of the AWS SDKs' endpoint rule sets, for every partition (aws, aws-cn, aws-us-gov,
 * aws-eusc, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f), with FIPS and dual-stack variants. A service
 * that is not listed follows the common form https://<service>.<region>.<suffix>.
 */

#include <slipway/err.h>
#include <slipway/str.h>

struct sw_partition {
    const char *id;         /* "aws-cn" */
    const char *dns_suffix; /* "amazonaws.com.cn" */
    const char *dual_stack_suffix;
    const char *registry_dual_stack_suffix; /* of image registries: "on.aws" */
};
/* The partition of a region; regions nobody knows yet belong to "aws". Static. */
const struct sw_partition *sw_partition_of(struct sw_str region);

/* Whether `region` has the form of a region name, e.g. "eu-central-1". */
bool sw_is_region(struct sw_str region);
/*
 * The same as an error: SW_E_INPUT with a hint for the usual slips, an availability zone or a
 * variable that was not expanded.
 */
SW_NODISCARD enum sw_status sw_region_check(struct sw_str region, struct sw_err *err);

struct sw_service {
    const char *prefix;       /* endpoint prefix as the callers of aws.h name it: "ecs", "logs" */
    const char *label;        /* for people: "ECS", "CloudWatch Logs" */
    const char *id;           /* in AWS_ENDPOINT_URL_<ID> and, lower case, in [services] */
    const char *host;         /* first part of the host name; usually the prefix */
    const char *signing_name; /* in the scope of signatures; usually the prefix */
};
/* What is known of a service; NULL for one that is not listed. Static. */
const struct sw_service *sw_service_find(const char *prefix);

struct sw_endpoint {
    char *url;            /* "https://ecs.us-east-1.amazonaws.com", no slash at the end; owned */
    char *signing_region; /* owned; differs from the asked one for global services */
};
void sw_endpoint_release(struct sw_endpoint *endpoint);

/* The endpoint by the rules. `region` is well-formed. The caller's (sw_endpoint_release). */
void sw_endpoint_of(const char *service, const char *region, bool fips, bool dual_stack,
                    struct sw_endpoint *ret);

#endif
