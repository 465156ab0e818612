/* Endpoints by rule. Where they differ from the common form the exceptions are data, below. */
#include <slipway/endpoint.h>

#include <slipway/alloc.h>
#include <slipway/attr.h>

#include <stdlib.h>

static const struct {
    const char *prefix; /* of region names */
    struct sw_partition partition;
} partitions[] = {
    { "cn-",
      { "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
        "on.amazonwebservices.com.cn" } },
    { "us-gov-", { "aws-us-gov", "amazonaws.com", "api.aws", "on.aws" } },
    { "eusc-",
      { "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "on.amazonwebservices.eu" } },
    { "us-iso-", { "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "on.aws.ic.gov" } },
    { "us-isob-", { "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "on.aws.scloud" } },
    { "eu-isoe-",
      { "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "on.cloud-aws.adc-e.uk" } },
    { "us-isof-", { "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "on.aws.hci.ic.gov" } },
    { "", { "aws", "amazonaws.com", "api.aws", "on.aws" } },
};

static const struct sw_service services[] = {
    { "application-autoscaling", "Application Auto Scaling", "APPLICATION_AUTO_SCALING",
      "application-autoscaling", "application-autoscaling" },
    { "codedeploy", "CodeDeploy", "CODEDEPLOY", "codedeploy", "codedeploy" },
    { "ec2", "EC2", "EC2", "ec2", "ec2" },
    { "ecr", "ECR", "ECR", "api.ecr", "ecr" },
    { "ecr-public", "ECR Public", "ECR_PUBLIC", "api.ecr-public", "ecr-public" },
    { "ecs", "ECS", "ECS", "ecs", "ecs" },
    { "elasticloadbalancing", "ELB", "ELASTIC_LOAD_BALANCING_V2", "elasticloadbalancing",
      "elasticloadbalancing" },
    { "events", "EventBridge", "EVENTBRIDGE", "events", "events" },
    { "iam", "IAM", "IAM", "iam", "iam" },
    { "logs", "CloudWatch Logs", "CLOUDWATCH_LOGS", "logs", "logs" },
    { "monitoring", "CloudWatch", "CLOUDWATCH", "monitoring", "monitoring" },
    { "scheduler", "EventBridge Scheduler", "SCHEDULER", "scheduler", "scheduler" },
    { "secretsmanager", "Secrets Manager", "SECRETS_MANAGER", "secretsmanager", "secretsmanager" },
    { "ssm", "SSM", "SSM", "ssm", "ssm" },
    { "sts", "STS", "STS", "sts", "sts" },
};

/* The four forms that a host name can have. */
enum variant { STANDARD, FIPS, DUAL_STACK, FIPS_DUAL_STACK, VARIANTS };

/* IAM is one service per partition; NULL is the common form without region. */
static const struct {
    const char *partition;
    const char *hosts[VARIANTS];
    const char *signing_region;
    const char *fips_signing_region;
} iam_endpoints[] = {
    { "aws",
      { NULL, NULL, "iam.global.api.aws", "iam-fips.global.api.aws" },
      "us-east-1",
      "us-east-1" },
    { "aws-cn",
      { "iam.cn-north-1.amazonaws.com.cn", NULL, "iam.global.api.amazonwebservices.com.cn", NULL },
      "cn-north-1",
      "cn-northwest-1" },
    { "aws-us-gov",
      { "iam.us-gov.amazonaws.com", "iam.us-gov.amazonaws.com", "iam.us-gov.api.aws",
        "iam.us-gov.api.aws" },
      "us-gov-west-1",
      "us-gov-west-1" },
    { "aws-eusc",
      { "iam.eusc-de-east-1.amazonaws.eu", NULL, NULL, NULL },
      "eusc-de-east-1",
      "eusc-de-east-1" },
    { "aws-iso",
      { "iam.us-iso-east-1.c2s.ic.gov", "iam-fips.us-iso-east-1.c2s.ic.gov", NULL, NULL },
      "us-iso-east-1",
      "us-iso-east-1" },
    { "aws-iso-b",
      { "iam.us-isob-east-1.sc2s.sgov.gov", "iam-fips.us-isob-east-1.sc2s.sgov.gov", NULL, NULL },
      "us-isob-east-1",
      "us-isob-east-1" },
    { "aws-iso-e",
      { "iam.eu-isoe-west-1.cloud.adc-e.uk", NULL, NULL, NULL },
      "eu-isoe-west-1",
      "eu-isoe-west-1" },
    { "aws-iso-f",
      { "iam.us-isof-south-1.csp.hci.ic.gov", NULL, NULL, NULL },
      "us-isof-south-1",
      "us-isof-south-1" },
};

/* In aws-us-gov every endpoint of these is a FIPS one, and has no "-fips" in its name ... */
static const char *const gov_plain_fips[] = { "application-autoscaling",
                                              "ec2",
                                              "elasticloadbalancing",
                                              "events",
                                              "logs",
                                              "monitoring",
                                              "ssm",
                                              "sts" };
/* ... and of these with dual-stack, too. */
static const char *const gov_plain_fips_dual_stack[] = { "events", "monitoring" };

const struct sw_partition *sw_partition_of(struct sw_str region)
{
    size_t i = 0;
    while (i + 1 < SW_COUNT(partitions) && !sw_str_starts(region, partitions[i].prefix)) {
        i++;
    }
    return &partitions[i].partition;
}

/* [a-z]{2,}(-[a-z]+)+-[0-9]{1,2} */
bool sw_is_region(struct sw_str region)
{
    enum { REGION_LEN_MAX = 63, NUMBER_LEN_MAX = 2 };
    size_t words = 0;
    if (region.len > REGION_LEN_MAX) {
        return false;
    }
    while (region.ptr) {
        struct sw_str word = sw_str_cut(&region, '-');
        bool last = !region.ptr;
        if (word.len == 0 || (last && word.len > NUMBER_LEN_MAX)) {
            return false;
        }
        for (size_t i = 0; i < word.len; i++) {
            bool fits = last ? sw_is_digit(word.ptr[i]) : word.ptr[i] >= 'a' && word.ptr[i] <= 'z';
            if (!fits) {
                return false;
            }
        }
        words++;
    }
    return words >= 3;
}

enum sw_status sw_region_check(struct sw_str region, struct sw_err *err)
{
    if (sw_is_region(region)) {
        return SW_OK;
    }
    if (sw_str_find(region, '$') >= 0) {
        return sw_fail(err, SW_E_INPUT,
                       "\"%.*s\" is not a region name: the variable in it was not expanded",
                       SW_STR_ARG(region));
    }
    struct sw_str trimmed = sw_str_trim(region);
    struct sw_str zone = trimmed;
    if (zone.len > 0 && sw_is_alpha(zone.ptr[zone.len - 1])) {
        zone.len--;
        if (sw_is_region(zone)) {
            return sw_fail(err, SW_E_INPUT,
                           "\"%.*s\" is an availability zone; its region is \"%.*s\"",
                           SW_STR_ARG(trimmed), SW_STR_ARG(zone));
        }
    }
    return sw_fail(err, SW_E_INPUT,
                   "\"%.*s\" is not a region name; one looks like \"us-east-1\" or "
                   "\"eu-central-1\"",
                   SW_STR_ARG(region));
}

const struct sw_service *sw_service_find(const char *prefix)
{
    for (size_t i = 0; i < SW_COUNT(services); i++) {
        if (strcmp(services[i].prefix, prefix) == 0) {
            return &services[i];
        }
    }
    return NULL;
}

void sw_endpoint_release(struct sw_endpoint *endpoint)
{
    free(endpoint->url);
    free(endpoint->signing_region);
    *endpoint = (struct sw_endpoint){ 0 };
}

static void iam_endpoint(const struct sw_partition *partition, enum variant variant,
                         const char *suffix, struct sw_endpoint *ret)
{
    bool fips = variant == FIPS || variant == FIPS_DUAL_STACK;
    size_t i = 0;
    while (i + 1 < SW_COUNT(iam_endpoints) &&
           strcmp(iam_endpoints[i].partition, partition->id) != 0) {
        i++;
    }
    const char *host = iam_endpoints[i].hosts[variant];
    ret->url = host ? sw_xasprintf("https://%s", host)
                    : sw_xasprintf("https://iam%s.%s", fips ? "-fips" : "", suffix);
    ret->signing_region =
        sw_xstrdup(fips ? iam_endpoints[i].fips_signing_region : iam_endpoints[i].signing_region);
}

/* The first part of the host name. */
static const char *host_of(const char *service, const struct sw_partition *partition,
                           enum variant variant)
{
    const struct sw_service *known = sw_service_find(service);
    bool dual_stack = variant == DUAL_STACK || variant == FIPS_DUAL_STACK;
    if (strcmp(service, "ecr") == 0 && dual_stack) {
        return "ecr";
    }
    if (strcmp(service, "ecr-public") == 0 && variant == DUAL_STACK &&
        strcmp(partition->id, "aws") == 0) {
        return "ecr-public";
    }
    return known ? known->host : service;
}

static bool has_fips_mark(const char *service, const struct sw_partition *partition,
                          enum variant variant)
{
    if (variant != FIPS && variant != FIPS_DUAL_STACK) {
        return false;
    }
    if (strcmp(partition->id, "aws-us-gov") != 0) {
        return true;
    }
    return variant == FIPS ? !sw_is_one_of(service, gov_plain_fips, SW_COUNT(gov_plain_fips))
                           : !sw_is_one_of(service, gov_plain_fips_dual_stack,
                                           SW_COUNT(gov_plain_fips_dual_stack));
}

/* Secrets Manager has both kinds of addresses under its one name, where it is old enough. */
static bool has_one_name(const char *service, const struct sw_partition *partition,
                         enum variant variant)
{
    return strcmp(service, "secretsmanager") == 0 &&
           (strcmp(partition->id, "aws") == 0 || strcmp(partition->id, "aws-us-gov") == 0 ||
            (strcmp(partition->id, "aws-cn") == 0 && variant == DUAL_STACK));
}

void sw_endpoint_of(const char *service, const char *region, bool fips, bool dual_stack,
                    struct sw_endpoint *ret)
{
    const struct sw_partition *partition = sw_partition_of(sw_str(region));
    const char *suffix = dual_stack ? partition->dual_stack_suffix : partition->dns_suffix;
    enum variant variant =
        dual_stack ? (fips ? FIPS_DUAL_STACK : DUAL_STACK) : (fips ? FIPS : STANDARD);
    *ret = (struct sw_endpoint){ 0 };
    if (strcmp(service, "iam") == 0) {
        iam_endpoint(partition, variant, suffix, ret);
        return;
    }
    if (has_one_name(service, partition, variant)) {
        suffix = partition->dns_suffix;
    }
    ret->url =
        sw_xasprintf("https://%s%s.%s.%s", host_of(service, partition, variant),
                     has_fips_mark(service, partition, variant) ? "-fips" : "", region, suffix);
    ret->signing_region = sw_xstrdup(region);
}
