#include <slipway/ecr.h>

#include <slipway/alloc.h>
#include <slipway/progress.h>

#include "ecr_internal.h"

static const char *const severities[] = {
    [SW_ECR_UNDEFINED] = "UNDEFINED",
    [SW_ECR_INFORMATIONAL] = "INFORMATIONAL",
    [SW_ECR_LOW] = "LOW",
    [SW_ECR_MEDIUM] = "MEDIUM",
    [SW_ECR_HIGH] = "HIGH",
    [SW_ECR_CRITICAL] = "CRITICAL",
};

const char *sw_ecr_severity_name(enum sw_ecr_severity severity)
{
    return severities[severity];
}

void sw_ecr_scan_release(struct sw_ecr_scan *scan)
{
    free(scan->status);
    *scan = (struct sw_ecr_scan){ 0 };
}

/* One wait. */
struct wait {
    struct sw_aws *aws;
    const struct sw_ecr_scan_options *options;
    json_t *image; /* {"repositoryName", "imageId"} */
    char *name;    /* "web:1", for people */
    char *state;   /* what AWS said last */
    int64_t deadline_ms;
    bool started; /* a scan was asked for */
};

static enum sw_ecr_severity severity_of(const char *name)
{
    for (size_t i = 0; i < SW_COUNT(severities); i++) {
        if (strcmp(severities[i], name) == 0) {
            return (enum sw_ecr_severity)i;
        }
    }
    return SW_ECR_UNDEFINED;
}

/* Counts that cannot be read are no reason to take an image for clean. */
static enum sw_status count_findings(const json_t *answer, struct sw_ecr_scan *scan,
                                     struct sw_err *err)
{
    const json_t *findings = sw_json_object(answer, "imageScanFindings");
    const char *name = NULL;
    json_t *count = NULL;
    if (!findings && strcmp(scan->status, "COMPLETE") == 0) {
        return sw_fail(err, SW_E_UNAVAILABLE, "AWS's answer has no \"imageScanFindings\"");
    }
    json_object_foreach(json_object_get(findings, "findingSeverityCounts"), name, count)
    {
        if (!json_is_integer(count) || json_integer_value(count) < 0) {
            return sw_fail(err, SW_E_UNAVAILABLE,
                           "AWS's answer has a count of %s findings that is no number", name);
        }
        scan->findings[severity_of(name)] += json_integer_value(count);
    }
    return SW_OK;
}

/* *ret_done is false when there is more to wait for. */
static enum sw_status read_answer(struct wait *wait, const json_t *answer, bool *ret_done,
                                  struct sw_ecr_scan *scan, struct sw_err *err)
{
    static const char *const done[] = { "COMPLETE", "ACTIVE" };
    static const char *const pending[] = { "PENDING", "IN_PROGRESS" };
    const json_t *state = sw_json_object(answer, "imageScanStatus");
    const char *status = sw_json_str(state, "status", NULL);
    if (!status) {
        return sw_fail(err, SW_E_UNAVAILABLE, "AWS's answer has no scan status");
    }
    free(wait->state);
    wait->state = sw_xstrdup(status);
    *ret_done = sw_is_one_of(status, done, SW_COUNT(done));
    if (*ret_done) {
        scan->status = sw_xstrdup(status);
        return count_findings(answer, scan, err);
    }
    if (sw_is_one_of(status, pending, SW_COUNT(pending))) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_FAILED, "the scan ended as %s: %s", status,
                   sw_json_str(state, "description", "AWS says no more"));
}

/* There is no scan yet: one on push takes a moment to appear, or one is asked for. */
static enum sw_status start_if_wanted(struct wait *wait, struct sw_err *err)
{
    if (!wait->options->start || wait->started) {
        return SW_OK;
    }
    wait->started = true;
    return sw_ecr_call(wait->aws, SW_ECR_PRIVATE, "StartImageScan", wait->image, NULL, err);
}

static enum sw_status look(struct wait *wait, bool *ret_done, struct sw_ecr_scan *scan,
                           struct sw_err *err)
{
    json_auto_t *answer = NULL;
    struct sw_err look_err = SW_ERR_INIT;
    enum sw_status status = sw_ecr_call(wait->aws, SW_ECR_PRIVATE, "DescribeImageScanFindings",
                                        wait->image, &answer, &look_err);
    if (status == SW_OK) {
        return read_answer(wait, answer, ret_done, scan, err);
    }
    if (strcmp(look_err.code, "ScanNotFoundException") == 0) {
        return start_if_wanted(wait, err);
    }
    *err = look_err;
    return status;
}

static enum sw_status time_is_up(const struct wait *wait, struct sw_err *err)
{
    char waited[SW_SIZE_TEXT_MAX];
    sw_format_duration(wait->options->timeout_ms, waited);
    if (!wait->state) {
        return sw_fail(err, SW_E_FAILED,
                       "there was no scan within %s; turn on scan on push, or use --start", waited);
    }
    return sw_fail(err, SW_E_FAILED, "the scan was still %s after %s", wait->state, waited);
}

static enum sw_status poll(struct wait *wait, struct sw_ecr_scan *scan, struct sw_err *err)
{
    const struct sw_env *env = sw_aws_env(wait->aws);
    bool done = false;
    for (;;) {
        enum sw_status status = look(wait, &done, scan, err);
        if (status != SW_OK || done) {
            return status;
        }
        if (sw_env_mono_ms(env) + wait->options->poll_interval_ms > wait->deadline_ms) {
            return time_is_up(wait, err);
        }
        sw_status_line(env, "scan of %s: %s", wait->name,
                       wait->state ? wait->state : "not there yet");
        sw_env_sleep_ms(env, wait->options->poll_interval_ms);
        if (sw_env_stop_wanted(env)) {
            return sw_fail(err, SW_E_STOPPED, "stopped while waiting");
        }
    }
}

enum sw_status sw_ecr_scan_wait(struct sw_aws *aws, const struct sw_ecr_scan_options *options,
                                struct sw_ecr_scan *ret, struct sw_err *err)
{
    struct sw_ecr_scan scan = { 0 };
    enum sw_status status = sw_ecr_repository_check(options->repository, SW_ECR_PRIVATE, err);
    if (status != SW_OK) {
        return status;
    }
    struct wait wait = {
        .aws = aws,
        .options = options,
        .image =
            json_pack("{s:s*, s:s, s:{s:s}}", "registryId", options->account, "repositoryName",
                      options->repository, "imageId", options->digest ? "imageDigest" : "imageTag",
                      options->digest ? options->digest : options->tag),
        .name = sw_xasprintf("%s%s%s", options->repository, options->digest ? "@" : ":",
                             options->digest ? options->digest : options->tag),
        .deadline_ms = sw_env_mono_ms(sw_aws_env(aws)) + options->timeout_ms,
    };
    status = poll(&wait, &scan, err);
    if (status == SW_OK) {
        *ret = scan;
    } else {
        (void)sw_wrap(err, "scan of \"%s\"", wait.name);
        sw_ecr_scan_release(&scan);
    }
    json_decref(wait.image);
    free(wait.name);
    free(wait.state);
    return status;
}
