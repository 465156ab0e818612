#include <slipway/ecr.h>

#include <slipway/buf.h>
#include <slipway/endpoint.h>
#include <slipway/str.h>

#include <stdio.h>

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

static bool is_account(struct sw_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!sw_is_digit(text.ptr[i])) {
            return false;
        }
    }
    return text.len == SW_ECR_ACCOUNT_LEN;
}

/* Regions begin with two to four letters; so other names with numbers are not taken for one. */
bool sw_ecr_is_region(struct sw_str text)
{
    ptrdiff_t dash = sw_str_find(text, '-');
    return dash >= 2 && dash <= 4 && text.len < SW_ECR_REGION_MAX && sw_is_region(text);
}

static const char *suffix_of(const struct sw_partition *partition, bool dualstack)
{
    return dualstack ? partition->registry_dual_stack_suffix : partition->dns_suffix;
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
    if (!is_account(account)) {
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
    const struct sw_partition *partition = sw_partition_of(region);
    const char *suffix = suffix_of(partition, service->dualstack);
    if (!sw_str_is(rest, suffix)) {
        return false;
    }
    *ret = (struct sw_ecr_host){ .kind = SW_ECR_PRIVATE,
                                 .partition = partition->id,
                                 .suffix = suffix,
                                 .fips = service->fips,
                                 .dualstack = service->dualstack };
    (void)snprintf(ret->account, sizeof(ret->account), "%.*s", SW_STR_ARG(account));
    (void)snprintf(ret->region, sizeof(ret->region), "%.*s", SW_STR_ARG(region));
    return true;
}

void sw_ecr_host_in_region(const struct sw_ecr_host *host, struct sw_str region, struct sw_buf *out)
{
    for (size_t i = 0; i < SW_COUNT(services); i++) {
        if (services[i].fips == host->fips && services[i].dualstack == host->dualstack) {
            sw_buf_addf(out, "%s.%s%.*s.%s", host->account, services[i].text, SW_STR_ARG(region),
                        suffix_of(sw_partition_of(region), host->dualstack));
        }
    }
}
