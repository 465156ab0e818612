#include "commands.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>
#include <slipway/ref.h>

#include <inttypes.h>

struct scan_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    bool start;
    const char *fail_on;
    int64_t timeout_ms;
    int64_t poll_interval_ms;
    const char *output;
};

static const struct sw_opt scan_opts[] = {
    SW_CLI_COMMON(struct scan_args, common),
    { .kind = SW_OPT_ENUM,
      .name = "fail-on",
      .offset = offsetof(struct scan_args, fail_on),
      .value = "SEVERITY",
      .help = "fail when there is a finding of this severity or above",
      .choices = "low|medium|high|critical" },
    { .kind = SW_OPT_FLAG,
      .name = "start",
      .offset = offsetof(struct scan_args, start),
      .help = "start a scan when there is none" },
    { .kind = SW_OPT_DURATION,
      .name = "timeout",
      .offset = offsetof(struct scan_args, timeout_ms),
      .value = "DURATION",
      .help = "give up after this long, e.g. 90s or 1.5h" },
    { .kind = SW_OPT_DURATION,
      .name = "poll-interval",
      .offset = offsetof(struct scan_args, poll_interval_ms),
      .value = "DURATION",
      .help = "time between two looks" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct scan_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct scan_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct scan_args *args = args_;
    args->timeout_ms = INT64_C(600000);
    args->poll_interval_ms = INT64_C(5000);
    args->output = "text";
}

/* The client for the registry that the reference names; its host, *ret_host, has no account when it
 * is a stand-in. */
static enum sw_status client_for(struct sw_cli *cli, const struct scan_args *args,
                                 const struct sw_ref *ref, struct sw_ecr_host *ret_host,
                                 struct sw_aws **ret, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_host host = { 0 };
    bool is_ecr = sw_ecr_host_parse(sw_str(ref->host), &host);
    if (is_ecr ? host.kind != SW_ECR_PRIVATE : !sw_ecr_is_loopback(ref->host)) {
        return sw_cli_usage(err,
                            "\"%s\" is not a private Amazon ECR registry; the image's name begins "
                            "with one, as in 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1",
                            ref->host);
    }
    *ret_host = host;
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status != SW_OK || !is_ecr) {
        *ret = SW_TAKE(aws);
        return status;
    }
    return sw_aws_with_endpoint(aws, host.region, host.fips, host.dualstack, ret, err);
}

static void print_scan(struct sw_cli *cli, const struct scan_args *args,
                       const struct sw_ecr_scan *scan)
{
    bool as_json = strcmp(args->output, "json") == 0;
    json_auto_t *counts = json_object();
    for (size_t i = SW_ECR_SEVERITY_COUNT; i-- > 0;) {
        const char *name = sw_ecr_severity_name((enum sw_ecr_severity)i);
        (void)json_object_set_new(counts, name, json_integer(scan->findings[i]));
        if (!as_json) {
            sw_cli_out(cli, "%-14s %" PRId64 "\n", name, scan->findings[i]);
        }
    }
    if (as_json) {
        json_auto_t *facts =
            json_pack("{s:s, s:O}", "status", scan->status, "findingSeverityCounts", counts);
        sw_cli_out_json(cli, facts);
    }
}

/* Whether the findings are too many for --fail-on. */
static enum sw_status judge(const struct scan_args *args, const char *image,
                            const struct sw_ecr_scan *scan, struct sw_err *err)
{
    int64_t count = 0;
    bool counts = false;
    if (!args->fail_on) {
        return SW_OK;
    }
    for (size_t i = 0; i < SW_ECR_SEVERITY_COUNT; i++) {
        const char *name = sw_ecr_severity_name((enum sw_ecr_severity)i);
        counts = counts || sw_str_eq_nocase(sw_str(name), sw_str(args->fail_on));
        count += counts ? scan->findings[i] : 0;
    }
    if (count == 0) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_FAILED,
                   "\"%s\" has %" PRId64 " finding%s of severity %s or above; \"aws ecr "
                   "describe-image-scan-findings\" lists them",
                   image, count, count == 1 ? "" : "s", args->fail_on);
}

static enum sw_status wait_for_scan(struct sw_cli *cli, const struct scan_args *args,
                                    const struct sw_ref *ref, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_scan scan = { 0 };
    struct sw_ecr_host host = { 0 };
    struct sw_ecr_scan_options options = {
        .repository = ref->repository,
        .tag = ref->tag ? ref->tag : "latest",
        .digest = ref->digest,
        .start = args->start,
        .timeout_ms = args->timeout_ms,
        .poll_interval_ms = args->poll_interval_ms,
    };
    enum sw_status status = client_for(cli, args, ref, &host, &aws, err);
    if (status == SW_OK) {
        options.account = sw_cli_text_or_null(host.account);
        status = sw_ecr_scan_wait(aws, &options, &scan, err);
    }
    if (status == SW_OK) {
        print_scan(cli, args, &scan);
        status = judge(args, cli->operands.items[0], &scan, err);
    }
    sw_ecr_scan_release(&scan);
    return status;
}

static enum sw_status run_scan(struct sw_cli *cli, void *args, struct sw_err *err)
{
    struct sw_ref ref = { 0 };
    enum sw_status status = sw_ref_parse(sw_str(cli->operands.items[0]), &ref, err);
    if (status == SW_OK) {
        status = wait_for_scan(cli, args, &ref, err);
    }
    sw_ref_release(&ref);
    return status;
}

const struct sw_command sw_cmd_ecr_wait_scan = {
    .name = "ecr wait-scan",
    .summary = "wait for the vulnerability scan of an image in Amazon ECR",
    .description =
        "Waits until the scan of the image is done and prints how many findings of each severity "
        "there are. With --fail-on, findings of that severity or above are a failure (exit 1). A "
        "repository with scan on push scans by itself; --start starts a scan otherwise.",
    .json = "status, findingSeverityCounts (a number for each severity).",
    .operands = "REF",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway ecr wait-scan 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1 "
               "--fail-on high",
    .opts = scan_opts,
    .args_size = sizeof(struct scan_args),
    .defaults = set_defaults,
    .run = run_scan,
};
