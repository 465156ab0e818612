/*
 * Credentials of a container: ECS task roles, EKS pod identities
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
 */
#include "provider.h"

#include <slipway/alloc.h>
#include <slipway/http.h>
#include <slipway/json.h>
#include <slipway/log.h>

static const char relative_variable[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
static const char full_variable[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

enum { CONTAINER_TIMEOUT_MS = 2000, CONTAINER_ANSWER_MAX = 64 * 1024 };

static const struct sw_retry_policy container_policy = { .max_tries = 3,
                                                         .base_delay_ms = 100,
                                                         .max_delay_ms = 1000 };

/* Plain HTTP only to this machine and to the two link-local addresses that AWS uses. */
static bool is_allowed_host(const struct sw_url *url)
{
    static const char *const hosts[] = { "169.254.170.2", "169.254.170.23", "fd00:ec2::23" };
    if (sw_str_is(url->scheme, "https") || sw_host_is_loopback(url->host)) {
        return true;
    }
    for (size_t i = 0; i < SW_COUNT(hosts); i++) {
        if (sw_str_is(url->host, hosts[i])) {
            return true;
        }
    }
    return false;
}

/* *ret is the caller's. */
static enum sw_status find_url(const struct sw_env *env, char **ret, struct sw_err *err)
{
    const char *relative = sw_env_get(env, relative_variable);
    const char *full = sw_env_get(env, full_variable);
    struct sw_url url;
    if (relative) {
        *ret = sw_xasprintf("http://169.254.170.2%s%s", relative[0] == '/' ? "" : "/", relative);
        return SW_OK;
    }
    if (!full) {
        return sw_fail(err, SW_E_NOT_FOUND, "no endpoint");
    }
    enum sw_status status = sw_url_parse(full, &url, err);
    if (status != SW_OK) {
        return sw_wrap(err, "%s", full_variable);
    }
    if (!is_allowed_host(&url)) {
        return sw_fail(err, SW_E_INPUT,
                       "%s: credentials are not asked for over plain HTTP at \"%.*s\"; allowed are "
                       "https, loopback, and the addresses of ECS and EKS",
                       full_variable, SW_STR_ARG(url.host));
    }
    *ret = sw_xstrdup(full);
    return SW_OK;
}

/* *ret stays NULL when no token is configured. */
static enum sw_status find_token(const struct sw_env *env, char **ret, struct sw_err *err)
{
    const char *file = sw_env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = sw_env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (file) {
        enum sw_status status = aws_read_token_file(file, ret, err);
        return status == SW_OK ? SW_OK : sw_wrap(err, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    }
    if (token && strpbrk(token, "\r\n")) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN has more than one line");
    }
    if (token) {
        sw_redact_add(sw_str(token));
        *ret = sw_xstrdup(token);
    }
    return SW_OK;
}

static enum sw_status read_answer(const struct sw_http_reply *reply, struct sw_credentials *ret,
                                  struct sw_err *err)
{
    static const struct aws_credential_keys keys = { "Token", "Expiration" };
    json_auto_t *document = NULL;
    struct sw_err bad_json = SW_ERR_INIT;
    enum sw_status parsed = sw_json_parse(sw_buf_str(&reply->body), "answer", &document, &bad_json);
    if (reply->status != 200) {
        return sw_fail(err, SW_E_CREDENTIALS, "HTTP status %ld: %s", reply->status,
                       sw_json_str(document, "message", "no message"));
    }
    if (parsed != SW_OK) {
        return sw_fail(err, SW_E_UNAVAILABLE, "%s", bad_json.msg);
    }
    return aws_credentials_from_json(document, &keys, "the answer", "the container's role", ret,
                                     err);
}

static enum sw_status get(struct sw_aws *aws, struct sw_credentials *ret, struct sw_err *err)
{
    const struct sw_env *env = aws->identity->env;
    char *url SW_CLEANUP(sw_free_str) = NULL;
    char *token SW_CLEANUP(sw_free_secret_str) = NULL;
    enum sw_status status = find_url(env, &url, err);
    if (status == SW_OK) {
        status = find_token(env, &token, err);
    }
    if (status != SW_OK) {
        return status;
    }
    const struct sw_http_header headers[] = { { "Accept", "application/json" },
                                              { "Authorization", token } };
    struct sw_http_request request = {
        .method = "GET",
        .url = url,
        .headers = headers,
        .header_count = token ? 2 : 1,
        .reply_max = CONTAINER_ANSWER_MAX,
        .plain_http_ok = true,
        .connect_timeout_ms = CONTAINER_TIMEOUT_MS,
        .stall_timeout_ms = CONTAINER_TIMEOUT_MS,
    };
    struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
    status = sw_http_send(env, &request, &container_policy, &reply, err);
    if (status == SW_OK) {
        status = read_answer(&reply, ret, err);
    }
    if (status != SW_OK) {
        (void)aws_configured_but_missing(err);
        return sw_wrap(err, "container credentials from \"%s\"", url);
    }
    return SW_OK;
}

const struct aws_provider aws_provider_container = { "container credentials", get };
