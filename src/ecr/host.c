#include <slipway/ecr.h>

#include <slipway/buf.h>
#include <slipway/str.h>

#include <stdio.h>

/* A partition's names; the first whose region prefix fits wins. */
struct partition {
    const char *name;
    const char *region_prefix;
    const char *suffix;
    const char *dualstack_suffix;
};

static const struct partition partitions[] = {
    { "aws-cn", "cn-", "amazonaws.com.cn", "on.amazonwebservices.com.cn" },
    { "aws-us-gov", "us-gov-", "amazonaws.com", "on.aws" },
    { "aws-eusc", "eusc-", "amazonaws.eu", "on.amazonwebservices.eu" },
    { "aws-iso", "us-iso-", "c2s.ic.gov", "on.aws.ic.gov" },
    { "aws-iso-b", "us-isob-", "sc2s.sgov.gov", "on.aws.scloud" },
    { "aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "on.cloud-aws.adc-e.uk" },
    { "aws-iso-f", "us-isof-", "csp.hci.ic.gov", "on.aws.hci.ic.gov" },
};
static const struct partition commercial = { "aws", "", "amazonaws.com", "on.aws" };

/* The labels between account and region, and what they say. */
struct service {
    const char *text;
    bool fips;
    bool dualstack;
};

static const struct service services[] = {
    { "dkr.ecr.", false, false },
    { "dkr.ecr-fips.", true, false },
    { "dkr-ecr.", false, true },
    { "dkr-ecr-fips.", true, true },
};

static bool all_between(struct sw_str s, size_t min, size_t max, bool (*is)(char c))
{
    if (s.len < min || s.len > max) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!is(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* us-east-1, us-gov-west-1, eusc-de-east-1: two to four letters, words, one or two digits. */
bool sw_ecr_is_region(struct sw_str text)
{
    if (text.len >= SW_ECR_REGION_MAX) {
        return false;
    }
    struct sw_str rest = text;
    if (!all_between(sw_str_cut(&rest, '-'), 2, 4, is_lower)) {
        return false;
    }
    size_t words = 0;
    while (rest.ptr) {
        struct sw_str label = sw_str_cut(&rest, '-');
        if (!rest.ptr) {
            return words > 0 && all_between(label, 1, 2, sw_is_digit);
        }
        if (!all_between(label, 1, SW_ECR_REGION_MAX, is_lower)) {
            return false;
        }
        words++;
    }
    return false;
}

static const struct partition *partition_of(struct sw_str region)
{
    for (size_t i = 0; i < SW_COUNT(partitions); i++) {
        if (sw_str_starts(region, partitions[i].region_prefix)) {
            return &partitions[i];
        }
    }
    return &commercial;
}

static const struct service *service_of(struct sw_str s)
{
    for (size_t i = 0; i < SW_COUNT(services); i++) {
        if (sw_str_starts(s, services[i].text)) {
            return &services[i];
        }
    }
    return NULL;
}

static void fill_public(struct sw_ecr_host *ret, const char *suffix, bool dualstack)
{
    *ret = (struct sw_ecr_host){ .kind = SW_ECR_PUBLIC,
                                 .region = SW_ECR_PUBLIC_REGION,
                                 .partition = "aws",
                                 .suffix = suffix,
                                 .dualstack = dualstack };
}

bool sw_ecr_host_parse(struct sw_str host, struct sw_ecr_host *ret)
{
    if (sw_str_is(host, SW_ECR_PUBLIC_HOST)) {
        fill_public(ret, "ecr.aws", false);
        return true;
    }
    if (sw_str_is(host, "ecr-public.aws.com")) {
        fill_public(ret, "aws.com", true);
        return true;
    }
    struct sw_str rest = host;
    struct sw_str account = sw_str_cut(&rest, '.');
    if (!all_between(account, SW_ECR_ACCOUNT_LEN, SW_ECR_ACCOUNT_LEN, sw_is_digit)) {
        return false;
    }
    const struct service *service = service_of(rest);
    if (!service) {
        return false;
    }
    rest = sw_str_from(rest, strlen(service->text));
    struct sw_str region = sw_str_cut(&rest, '.');
    if (!sw_ecr_is_region(region)) {
        return false;
    }
    const struct partition *partition = partition_of(region);
    const char *suffix = service->dualstack ? partition->dualstack_suffix : partition->suffix;
    if (!sw_str_is(rest, suffix)) {
        return false;
    }
    *ret = (struct sw_ecr_host){ .kind = SW_ECR_PRIVATE,
                                 .partition = partition->name,
                                 .suffix = suffix,
                                 .fips = service->fips,
                                 .dualstack = service->dualstack };
    (void)snprintf(ret->account, sizeof(ret->account), "%.*s", SW_STR_ARG(account));
    (void)snprintf(ret->region, sizeof(ret->region), "%.*s", SW_STR_ARG(region));
    return true;
}

void sw_ecr_host_in_region(const struct sw_ecr_host *host, struct sw_str region, struct sw_buf *out)
{
    const struct partition *partition = partition_of(region);

    for (size_t i = 0; i < SW_COUNT(services); i++) {
        if (services[i].fips == host->fips && services[i].dualstack == host->dualstack) {
            sw_buf_addf(out, "%s.%s%.*s.%s", host->account, services[i].text, SW_STR_ARG(region),
                        host->dualstack ? partition->dualstack_suffix : partition->suffix);
        }
    }
}
