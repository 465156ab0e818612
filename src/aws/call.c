/* One call to AWS: sign, send, repeat where that helps. */
#include "client.h"
#include "fault.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/sigv4.h>

#include <stdlib.h>

enum { CALL_HEADERS_MAX = 8 };

const struct sw_aws_call_options sw_aws_once = { .policy = &sw_retry_never };

/* One try: everything that the transport borrows. */
struct attempt {
    struct sw_endpoint endpoint;
    char *url;
    char *host; /* as it goes into the Host header */
    struct sw_http_header headers[CALL_HEADERS_MAX];
    size_t header_count;
    struct sw_sigv4_signed sig;
};

static void attempt_release(struct attempt *attempt)
{
    sw_endpoint_release(&attempt->endpoint);
    sw_sigv4_signed_release(&attempt->sig);
    free(attempt->url);
    free(attempt->host);
}

static void add_header(struct attempt *attempt, const char *name, const char *value)
{
    attempt->headers[attempt->header_count++] = (struct sw_http_header){ name, value };
}

/* "host" or, when the port is not the scheme's own, "host:port". The caller's. */
static char *host_header(const struct sw_url *url)
{
    bool https = sw_str_is(url->scheme, "https");
    bool ipv6 = sw_str_find(url->host, ':') >= 0;
    struct sw_buf host SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&host, SW_BUF_TEXT_MAX);
    sw_buf_addf(&host, ipv6 ? "[%.*s]" : "%.*s", SW_STR_ARG(url->host));
    if (url->port != (https ? 443 : 80)) {
        sw_buf_addf(&host, ":%d", url->port);
    }
    return sw_buf_take(&host);
}

static const char *method_of(const struct aws_call *call)
{
    return call->method ? call->method : "POST";
}

static enum sw_status sign(const struct sw_aws *aws, const struct aws_call *call,
                           const struct sw_credentials *credentials, struct attempt *attempt,
                           const struct sw_url *url, struct sw_err *err)
{
    const struct sw_service *service = sw_service_find(call->service);
    struct sw_http_header to_sign[CALL_HEADERS_MAX];
    size_t count = 0;
    to_sign[count++] = (struct sw_http_header){ "Host", attempt->host };
    for (size_t i = 0; i < attempt->header_count; i++) {
        to_sign[count++] = attempt->headers[i];
    }
    struct sw_sigv4_request request = {
        .method = sw_str(method_of(call)),
        .path = url->path,
        .query = url->query,
        .headers = to_sign,
        .header_count = count,
        .body = call->body,
    };
    struct sw_sigv4_options options = {
        .mode = SW_SIGV4_HEADER,
        .region = attempt->endpoint.signing_region,
        .service = service ? service->signing_name : call->service,
        .wall_ms = aws_now_ms(aws),
    };
    enum sw_status status = sw_sigv4_sign(&request, &options, credentials, &attempt->sig, err);
    for (size_t i = 0; status == SW_OK && i < attempt->sig.header_count; i++) {
        add_header(attempt, attempt->sig.headers[i].name, attempt->sig.headers[i].value);
    }
    return status;
}

/* Fills an attempt; `credentials` NULL leaves it unsigned. */
static enum sw_status prepare(struct sw_aws *aws, const struct aws_call *call,
                              const struct sw_credentials *credentials, struct attempt *attempt,
                              struct sw_err *err)
{
    struct sw_url url;
    enum sw_status status = aws_endpoint_for(aws, call->service, &attempt->endpoint, err);
    if (status != SW_OK) {
        return status;
    }
    attempt->url = sw_xasprintf("%s%s", attempt->endpoint.url, call->path ? call->path : "/");
    status = sw_url_parse(attempt->url, &url, err);
    if (status != SW_OK) {
        return status;
    }
    attempt->host = host_header(&url);
    if (call->content_type) {
        add_header(attempt, "Content-Type", call->content_type);
    }
    if (call->target) {
        add_header(attempt, "X-Amz-Target", call->target);
    }
    return credentials ? sign(aws, call, credentials, attempt, &url, err) : SW_OK;
}

struct callers_policy {
    const struct sw_retry_policy *policy;
    struct sw_aws *aws;
    const struct aws_call *call;
};

/* What the caller's policy repeats, and throttling under any HTTP status. */
static bool worth_repeating(void *ctx, const struct sw_http_reply *reply)
{
    const struct callers_policy *callers = ctx;
    const struct sw_retry_policy *policy = callers->policy;
    struct aws_fault fault;
    if (reply->status >= 200 && reply->status < 300) {
        return false;
    }
    aws_fault_read(reply, &fault);
    if (aws_fault_is_throttling(&fault)) {
        aws_bucket_drain(callers->aws->buckets, callers->aws->identity->env, callers->call->service,
                         callers->call->operation);
        return true;
    }
    return policy->retry_reply && policy->retry_reply(policy->ctx, reply);
}

static void explain(void *ctx, const struct sw_http_reply *reply, struct sw_buf *out)
{
    struct aws_fault fault;
    (void)ctx;
    aws_fault_read(reply, &fault);
    if (fault.code[0]) {
        sw_buf_addf(out, "%s%s%s", fault.code, fault.message[0] ? ": " : "", fault.message);
    }
}

/* The callers' policies are considered ones; only the default one bends to AWS_MAX_ATTEMPTS. */
static enum sw_status bend_to_settings(struct sw_aws *aws, struct sw_retry_policy *policy,
                                       struct sw_err *err)
{
    enum { ATTEMPTS_MAX = 100 };
    int64_t tries = policy->max_tries;
    enum sw_status status = aws_setting_int(aws->identity, "AWS_MAX_ATTEMPTS", "max_attempts", 1,
                                            ATTEMPTS_MAX, &tries, err);
    policy->max_tries = (int)tries;
    return status;
}

static enum sw_status send(struct sw_aws *aws, const struct aws_call *call,
                           const struct attempt *attempt, struct sw_http_reply *ret_reply,
                           struct sw_err *err)
{
    static const struct sw_aws_call_options ordinary = { 0 };
    const struct sw_aws_call_options *options = call->options ? call->options : &ordinary;
    const struct sw_retry_policy *base = options->policy ? options->policy : &sw_retry_default;
    struct sw_retry_policy policy = *base;
    struct callers_policy callers = { base, aws, call };
    policy.ctx = &callers;
    policy.retry_reply = worth_repeating;
    policy.explain = explain;
    policy.unsafe_methods = !options->not_idempotent;
    enum sw_status status = options->policy ? SW_OK : bend_to_settings(aws, &policy, err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_http_request request = {
        .method = method_of(call),
        .url = attempt->url,
        .headers = attempt->headers,
        .header_count = attempt->header_count,
        .data = call->body,
    };
    return sw_http_send(aws->identity->env, &request, &policy, ret_reply, err);
}

/* Learns the difference of the clocks from an answer; false when there is none worth the name. */
static bool learn_clock(struct sw_aws *aws, const struct sw_http_reply *reply)
{
    enum { SKEW_MIN_MS = 60 * 1000 };
    const char *date = sw_http_reply_header(reply, "Date");
    int64_t theirs = 0;
    if (!date || !sw_time_parse(date, &theirs)) {
        return false;
    }
    int64_t difference = theirs - aws_now_ms(aws);
    if (difference > -SKEW_MIN_MS && difference < SKEW_MIN_MS) {
        return false;
    }
    aws->identity->clock_offset_ms += difference;
    sw_debug(aws->identity->env, "aws", "clock corrected by %lld s",
             (long long)(difference / 1000));
    return true;
}

/* What was already done about a refusal; each is done once. */
struct remedies {
    bool clock;
    bool credentials;
};

static bool can_remedy(struct sw_aws *aws, const struct aws_call *call,
                       const struct sw_http_reply *reply, const struct aws_fault *fault,
                       struct remedies *done)
{
    if (aws_fault_is_clock_skew(fault) && !done->clock && learn_clock(aws, reply)) {
        done->clock = true;
        return true;
    }
    if (aws_fault_is_expired(fault) && !done->credentials && call->auth == AWS_AUTH_IDENTITY &&
        aws_credentials_drop(aws)) {
        done->credentials = true;
        return true;
    }
    return false;
}

static enum sw_status credentials_for(struct sw_aws *aws, const struct aws_call *call,
                                      const struct sw_credentials **ret, struct sw_err *err)
{
    *ret = call->auth == AWS_AUTH_GIVEN ? call->given : NULL;
    return call->auth == AWS_AUTH_IDENTITY ? aws_credentials_get(aws, ret, err) : SW_OK;
}

/* A mistyped region makes the name of a host that does not exist. */
static enum sw_status no_answer(const struct aws_call *call, const struct attempt *attempt,
                                struct sw_err *err)
{
    const char *region = attempt->endpoint.signing_region;
    if (sw_str_starts(sw_str(err->msg), "cannot find host ") && strstr(attempt->url, region)) {
        (void)sw_append(err, "; is the region \"%s\" right, and is there a network?", region);
    }
    return aws_wrap_call(call, err);
}

/* One signed exchange with its retries; *ret_again when it is worth another one, signed anew. */
static enum sw_status exchange(struct sw_aws *aws, const struct aws_call *call,
                               struct remedies *done, bool *ret_again,
                               struct sw_http_reply *ret_reply, struct sw_err *err)
{
    const struct sw_credentials *credentials = NULL;
    *ret_again = false;
    aws_bucket_take(aws->buckets, aws->identity->env, call->service, call->operation);
    enum sw_status status = credentials_for(aws, call, &credentials, err);
    if (status != SW_OK) {
        return status;
    }
    struct attempt attempt SW_CLEANUP(attempt_release) = { 0 };
    struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
    status = prepare(aws, call, credentials, &attempt, err);
    if (status != SW_OK) {
        return status;
    }
    sw_debug(aws->identity->env, "aws", "%s %s at %s, signed for %s", call->service,
             call->operation, attempt.url, attempt.endpoint.signing_region);
    status = send(aws, call, &attempt, &reply, err);
    if (status != SW_OK) {
        return no_answer(call, &attempt, err);
    }
    if (reply.status >= 200 && reply.status < 300) {
        *ret_reply = reply;
        reply = (struct sw_http_reply){ 0 };
        return SW_OK;
    }
    struct aws_fault fault;
    aws_fault_read(&reply, &fault);
    *ret_again = can_remedy(aws, call, &reply, &fault, done);
    return aws_fault_report(&fault, call, reply.status, credentials ? credentials->source : NULL,
                            err);
}

enum sw_status aws_call_send(struct sw_aws *aws, const struct aws_call *call,
                             struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct remedies done = { 0 };
    bool again = false;
    enum sw_status status = exchange(aws, call, &done, &again, ret_reply, err);
    while (status != SW_OK && again) {
        status = exchange(aws, call, &done, &again, ret_reply, err);
    }
    return status;
}

static enum sw_status read_output(const struct aws_call *call, const struct sw_http_reply *reply,
                                  json_t **ret, struct sw_err *err)
{
    struct sw_str body = sw_str_trim(sw_buf_str(&reply->body));
    json_t *output = NULL;
    if (body.len == 0) {
        output = json_object();
    } else {
        enum sw_status status = sw_json_parse(body, "answer", &output, err);
        if (status != SW_OK) {
            err->status = SW_E_UNAVAILABLE;
            return aws_wrap_call(call, err);
        }
    }
    if (!json_is_object(output)) {
        sw_fail(err, SW_E_UNAVAILABLE, "the answer is a JSON %s where an object is expected",
                sw_json_type_name(output));
        json_decref(output);
        return aws_wrap_call(call, err);
    }
    *ret = output;
    return SW_OK;
}

enum sw_status aws_call_json(struct sw_aws *aws, const struct aws_call *how, const json_t *input,
                             json_t **ret_output, struct sw_err *err)
{
    struct sw_buf body SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
    sw_buf_init_secret(&body, SW_JSON_MAX);
    if (input) {
        sw_json_dump(input, 0, &body);
    }
    enum sw_status status = sw_buf_check(&body, "the request", err);
    if (status != SW_OK) {
        return aws_wrap_call(how, err);
    }
    struct aws_call call = *how;
    call.body = sw_buf_str(&body);
    status = aws_call_send(aws, &call, &reply, err);
    if (status != SW_OK) {
        return status;
    }
    json_t *output = NULL;
    status = read_output(&call, &reply, &output, err);
    if (status == SW_OK && ret_output) {
        *ret_output = SW_TAKE(output);
    }
    json_decref(output);
    return status;
}

enum sw_status sw_aws_json(struct sw_aws *aws, const char *service, const char *target,
                           const json_t *input, const struct sw_aws_call_options *options,
                           json_t **ret_output, struct sw_err *err)
{
    const char *dot = strrchr(target, '.');
    json_auto_t *nothing = json_object();
    const struct aws_call call = {
        .service = service,
        .operation = dot ? dot + 1 : target,
        .target = target,
        .content_type = "application/x-amz-json-1.1",
        .auth = AWS_AUTH_IDENTITY,
        .options = options,
    };
    return aws_call_json(aws, &call, input ? input : nothing, ret_output, err);
}
