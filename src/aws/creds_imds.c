/*
 * The role of the EC2 instance, from the instance metadata service, version 2 only: version 1 can
 * be reached through a confused proxy
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html).
 * Most machines that run this are no EC2 instances, so nothing waits for long and nobody is told.
 */
#include "provider.h"

#include <slipway/alloc.h>
#include <slipway/http.h>
#include <slipway/json.h>
#include <slipway/log.h>

enum { IMDS_TIMEOUT_MS = 1000, IMDS_TRIES = 2, IMDS_ANSWER_MAX = 64 * 1024 };

static const char role_path[] = "/latest/meta-data/iam/security-credentials/";

/* *ret is the caller's, without slash at the end. */
static enum sw_status find_endpoint(const struct sw_env *env, char **ret, struct sw_err *err)
{
    const char *disabled = sw_env_get(env, "AWS_EC2_METADATA_DISABLED");
    const char *endpoint = sw_env_get(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = sw_env_get(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (sw_str_eq_nocase(sw_str(disabled), SW_STR("true"))) {
        return sw_fail(err, SW_E_NOT_FOUND, "switched off by AWS_EC2_METADATA_DISABLED");
    }
    if (!endpoint) {
        bool ipv6 = sw_str_eq_nocase(sw_str(mode), SW_STR("ipv6"));
        endpoint = ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
    struct sw_str text = sw_str(endpoint);
    while (sw_str_ends(text, "/")) {
        text.len--;
    }
    *ret = sw_str_dup(text);
    return SW_OK;
}

/* One request, tried twice; the answer is the caller's. */
static enum sw_status ask(const struct sw_env *env, const char *method, const char *endpoint,
                          const char *path, const struct sw_http_header *header,
                          struct sw_http_reply *ret, struct sw_err *err)
{
    char *url SW_CLEANUP(sw_free_str) = sw_xasprintf("%s%s", endpoint, path);
    const struct sw_http_request request = {
        .method = method,
        .url = url,
        .headers = header,
        .header_count = 1,
        .reply_max = IMDS_ANSWER_MAX,
        .plain_http_ok = true,
        .connect_timeout_ms = IMDS_TIMEOUT_MS,
        .stall_timeout_ms = IMDS_TIMEOUT_MS,
        .total_timeout_ms = IMDS_TIMEOUT_MS,
    };
    enum sw_status status = SW_OK;
    for (int i = 0; i < IMDS_TRIES; i++) {
        struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
        status = sw_http_send(env, &request, &sw_retry_never, &reply, err);
        bool again = status == SW_E_NETWORK || (status == SW_OK && reply.status >= 500);
        if (again && i + 1 < IMDS_TRIES) {
            continue;
        }
        if (status == SW_OK) {
            *ret = reply;
            reply = (struct sw_http_reply){ 0 };
        }
        break;
    }
    return status;
}

/* The text of a 200 answer; SW_E_NOT_FOUND for anything else. The caller's. */
static enum sw_status ask_text(const struct sw_env *env, const char *method, const char *endpoint,
                               const char *path, const struct sw_http_header *header, char **ret,
                               struct sw_err *err)
{
    struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
    enum sw_status status = ask(env, method, endpoint, path, header, &reply, err);
    if (status == SW_E_STOPPED) {
        return status;
    }
    if (status != SW_OK) {
        sw_debug(env, "aws", "instance metadata: %s", err->msg);
        return sw_fail(err, SW_E_NOT_FOUND, "no answer from %s", endpoint);
    }
    struct sw_str text = sw_str_trim(sw_buf_str(&reply.body));
    if (reply.status != 200 || text.len == 0) {
        sw_fail(err, SW_E_NOT_FOUND, "%s answered with HTTP status %ld", endpoint, reply.status);
        err->http_status = reply.status;
        return err->status;
    }
    *ret = sw_str_dup(text);
    return SW_OK;
}

static enum sw_status read_credentials(struct sw_str text, struct sw_credentials *ret,
                                       struct sw_err *err)
{
    static const struct aws_credential_keys keys = { "Token", "Expiration" };
    json_auto_t *document = NULL;
    enum sw_status status = sw_json_parse(text, "answer", &document, err);
    if (status != SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return err->status;
    }
    const char *code = sw_json_str(document, "Code", "Success");
    if (strcmp(code, "Success") != 0) {
        return sw_fail(err, SW_E_CREDENTIALS, "%s: %s", code,
                       sw_json_str(document, "Message", "no message"));
    }
    return aws_credentials_from_json(document, &keys, "the answer", "the instance's role", ret,
                                     err);
}

/* A role's name becomes a part of a path. */
static bool is_role_name(struct sw_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!sw_is_alnum(name.ptr[i]) && sw_str_find(SW_STR("+=,.@_-"), name.ptr[i]) < 0) {
            return false;
        }
    }
    return name.len > 0;
}

static enum sw_status get(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    static const struct sw_http_header ttl = { "X-aws-ec2-metadata-token-ttl-seconds", "21600" };
    const struct sw_env *env = aws->identity->env;
    char *endpoint SW_CLEANUP(sw_free_str) = NULL;
    char *token SW_CLEANUP(sw_free_secret_str) = NULL;
    char *role SW_CLEANUP(sw_free_str) = NULL;
    char *answer SW_CLEANUP(sw_free_secret_str) = NULL;
    enum sw_status status = find_endpoint(env, &endpoint, err);
    if (status == SW_OK) {
        status = ask_text(env, "PUT", endpoint, "/latest/api/token", &ttl, &token, err);
    }
    if (status != SW_OK) {
        return status;
    }
    sw_redact_add(sw_str(token));
    const struct sw_http_header header = { "X-aws-ec2-metadata-token", token };
    status = ask_text(env, "GET", endpoint, role_path, &header, &role, err);
    if (status == SW_E_NOT_FOUND) {
        return err->http_status == 404 ? sw_fail(err, SW_E_NOT_FOUND, "this instance has no role")
                                       : status;
    }
    if (status == SW_OK && !is_role_name(sw_str(role))) {
        status = sw_fail(err, SW_E_UNAVAILABLE, "it names no role");
    }
    if (status == SW_OK) {
        char *path SW_CLEANUP(sw_free_str) = sw_xasprintf("%s%s", role_path, role);
        status = ask_text(env, "GET", endpoint, path, &header, &answer, err);
    }
    if (status == SW_OK) {
        status = read_credentials(sw_str(answer), ret, err);
    }
    if (status != SW_OK) {
        (void)aws_configured_but_missing(err);
        return sw_wrap(err, "instance metadata at \"%s\"", endpoint);
    }
    return SW_OK;
}

const struct aws_provider aws_provider_imds = { "instance metadata", get };
