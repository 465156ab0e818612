#include "registries.h"

#include <slipway/ref.h>

static const char option_name[] = "--more-registries";

const struct sw_opt sw_cli_more_registries_opts[] = {
    { .kind = SW_OPT_LIST,
      .name = "more-registries",
      .offset = offsetof(struct sw_cli_more_registries, texts),
      .value = "HOST|REGION[,...]",
      .help = "further registries that get the same: hosts, or regions of the same account" },
    { .kind = SW_OPT_END },
};

enum sw_status sw_cli_registry_host(const char *text, const char *option, struct sw_str *ret,
                                    struct sw_err *err)
{
    *ret = sw_str_trim(sw_str(text));
    while (sw_str_ends(*ret, "/")) {
        *ret = sw_str_first(*ret, ret->len - 1);
    }
    if (sw_str_find_str(*ret, SW_STR("://")) >= 0) {
        return sw_fail(err, SW_E_INPUT,
                       "%s: \"%s\" is an address; give the host alone, without \"https://\"",
                       option, text);
    }
    if (sw_str_find(*ret, '/') >= 0) {
        return sw_fail(
            err, SW_E_INPUT,
            "%s: \"%s\" has a path; give the host alone and put the path in front of the "
            "name in --repo",
            option, text);
    }
    if (ret->len == 0) {
        return SW_OK; /* an image of this machine, or of Docker Hub */
    }
    return sw_ref_check_host(*ret, err) ? sw_wrap(err, "%s", option) : SW_OK;
}

/* The items of the comma lists, blanks around them taken off. */
static enum sw_status split(const struct sw_cli_more_registries *more, struct sw_strs *ret,
                            struct sw_err *err)
{
    for (size_t i = 0; i < more->texts.count; i++) {
        sw_strs_add_parts(ret, sw_str(more->texts.items[i]), ',');
    }
    if (ret->count > SW_CLI_REGISTRIES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: more than %d registries", option_name,
                       SW_CLI_REGISTRIES_MAX);
    }
    return SW_OK;
}

/* The host of one item, in `host`. */
static enum sw_status find_host(const char *item, struct sw_str first, struct sw_buf *host,
                                struct sw_err *err)
{
    struct sw_ecr_host parsed;
    struct sw_str text;

    if (!sw_ecr_is_region(sw_str(item))) {
        if (sw_cli_registry_host(item, option_name, &text, err) != SW_OK) {
            return err->status;
        }
        sw_buf_add_str(host, text);
        return SW_OK;
    }
    if (!sw_ecr_host_parse(first, &parsed) || parsed.kind != SW_ECR_PRIVATE) {
        return sw_fail(err, SW_E_INPUT,
                       "%s: %s is a region, and the first registry, \"%.*s\", is no private one of "
                       "Amazon ECR that could be in another region; give the host",
                       option_name, item, SW_STR_ARG(first));
    }
    sw_ecr_host_in_region(&parsed, sw_str(item), host);
    return SW_OK;
}

enum sw_status sw_cli_more_hosts(const struct sw_cli_more_registries *more, struct sw_str first,
                                 struct sw_strs *hosts, struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) items = { 0 };
    enum sw_status status = split(more, &items, err);

    for (size_t i = 0; status == SW_OK && i < items.count; i++) {
        struct sw_buf SW_CLEANUP(sw_buf_release) host = { 0 };

        sw_buf_init(&host, SW_BUF_TEXT_MAX);
        status = find_host(items.items[i], first, &host, err);
        if (status == SW_OK && host.len > 0 && !sw_strs_has(hosts, sw_buf_str(&host))) {
            sw_strs_add(hosts, sw_buf_str(&host));
        }
    }
    return status;
}

/* Where one item is: a region, and the account when the item names it. */
static enum sw_status find_place(const char *item, struct sw_ecr_host *ret, struct sw_err *err)
{
    *ret = (struct sw_ecr_host){ .region = "" };
    if (sw_ecr_is_region(sw_str(item))) {
        (void)snprintf(ret->region, sizeof(ret->region), "%s", item);
        return SW_OK;
    }
    if (sw_ecr_is_loopback(item) ||
        (sw_ecr_host_parse(sw_str(item), ret) && ret->kind == SW_ECR_PRIVATE)) {
        return SW_OK;
    }
    return sw_fail(
        err, SW_E_INPUT,
        "%s: \"%s\" is neither a region nor the host of a private registry of Amazon ECR",
        option_name, item);
}

static enum sw_status run_at(const struct sw_ecr_host *place, struct sw_aws *aws,
                             const struct sw_cli_registry_job *job, struct sw_err *err)
{
    struct sw_aws *there SW_CLEANUP(sw_aws_cleanup) = NULL;
    const char *account = place->account[0] ? place->account : NULL;

    if (place->region[0] && sw_aws_with_region(aws, place->region, &there, err) != SW_OK) {
        return err->status;
    }
    return job->run(job->ctx, there ? there : aws, account, err);
}

enum sw_status sw_cli_each_registry(const struct sw_cli_more_registries *more, struct sw_aws *aws,
                                    const struct sw_cli_registry_job *job, struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) items = { 0 };
    struct sw_ecr_host place;
    enum sw_status status = split(more, &items, err);

    for (size_t i = 0; status == SW_OK && i < items.count; i++) {
        status = find_place(items.items[i], &place, err);
    }
    if (status == SW_OK) {
        status = job->run(job->ctx, aws, NULL, err);
    }
    for (size_t i = 0; status == SW_OK && i < items.count; i++) {
        status = find_place(items.items[i], &place, err);
        if (status == SW_OK) {
            status = run_at(&place, aws, job, err);
        }
        if (status != SW_OK) {
            return sw_wrap(err, "registry %s", items.items[i]);
        }
    }
    return status;
}
