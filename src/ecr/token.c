#include <slipway/ecr.h>

#include <slipway/alloc.h>
#include <slipway/log.h>

#include "ecr_internal.h"

/* A token is about 3 kB; what is beyond this is none. */
enum { TOKEN_MAX = 64 * 1024, TEXT_MAX = 300 };

void sw_ecr_token_release(struct sw_ecr_token *token)
{
    free(token->user);
    sw_free_secret(token->password);
    free(token->host);
    *token = (struct sw_ecr_token){ 0 };
}

/* The first entry of an array (private), or the object itself (public). */
static const json_t *authorization_data(const json_t *answer)
{
    const json_t *data = json_object_get(answer, "authorizationData");
    return json_is_array(data) ? json_array_get(data, 0) : data;
}

/* The host of "https://HOST" as AWS writes it; NULL when it is none. */
static char *endpoint_host(const char *endpoint)
{
    struct sw_str rest = sw_str(endpoint);
    if (!sw_str_starts(rest, "https://")) {
        return NULL;
    }
    rest = sw_str_from(rest, strlen("https://"));
    struct sw_str host = sw_str_cut(&rest, '/');
    return host.len > 0 && host.len <= TEXT_MAX ? sw_str_dup(host) : NULL;
}

/* "user:password"; a password may hold colons. */
static enum sw_status split_token(const char *text, struct sw_ecr_token *token, struct sw_err *err)
{
    struct sw_buf pair SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&pair, TOKEN_MAX);
    if (!sw_buf_add_base64_decoded(&pair, sw_str(text)) || pair.overflowed) {
        return sw_fail(err, SW_E_UNAVAILABLE, "AWS's answer has no usable token: not base64");
    }
    ptrdiff_t colon = sw_str_find(sw_buf_str(&pair), ':');
    size_t after = (size_t)colon + 1;
    if (colon <= 0 || after == pair.len || sw_str_find(sw_buf_str(&pair), '\0') >= 0) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "AWS's answer has no usable token: not \"user:password\"");
    }
    token->user = sw_xstrndup(pair.ptr, (size_t)colon);
    token->password = sw_xstrndup(pair.ptr + after, pair.len - after);
    sw_redact_add(sw_str(token->password));
    return SW_OK;
}

/* When a token ends. An end in the past says only that the clocks differ. */
static int64_t expiry_ms(const json_t *data, int64_t now_ms)
{
    int64_t millis = sw_json_time_ms(data, "expiresAt");
    return millis > now_ms ? millis : 0;
}

static enum sw_status read_answer(const json_t *answer, bool is_public, int64_t now_ms,
                                  struct sw_ecr_token *token, struct sw_err *err)
{
    const json_t *data = authorization_data(answer);
    const char *text = sw_json_str(data, "authorizationToken", NULL);
    if (!text) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "AWS's answer has no \"authorizationData\" with a token");
    }
    sw_redact_add(sw_str(text));
    enum sw_status status = split_token(text, token, err);
    if (status != SW_OK) {
        return status;
    }
    token->expires_ms = expiry_ms(data, now_ms);
    token->host = is_public ? sw_xstrdup(SW_ECR_PUBLIC_HOST)
                            : endpoint_host(sw_json_str(data, "proxyEndpoint", ""));
    return SW_OK;
}

enum sw_status sw_ecr_token_get(struct sw_aws *aws, const struct sw_ecr_host *host,
                                struct sw_ecr_token *ret, struct sw_err *err)
{
    struct sw_aws *client SW_CLEANUP(sw_aws_cleanup) = NULL;
    json_auto_t *input = json_object();
    json_auto_t *answer = NULL;
    struct sw_ecr_token token = { 0 };
    enum sw_ecr_kind kind = host ? host->kind : SW_ECR_PRIVATE;
    enum sw_status status = SW_OK;
    if (host) {
        status = sw_aws_with_endpoint(aws, host->region, host->fips, host->dualstack, &client, err);
    }
    if (status == SW_OK) {
        status =
            sw_ecr_call(client ? client : aws, kind, "GetAuthorizationToken", input, &answer, err);
    }
    if (status == SW_OK) {
        status = read_answer(answer, kind == SW_ECR_PUBLIC, sw_env_wall_ms(sw_aws_env(aws)), &token,
                             err);
    }
    if (status != SW_OK) {
        sw_ecr_token_release(&token);
        return sw_wrap(err, "cannot get a login token for %s",
                       kind == SW_ECR_PUBLIC ? "Amazon ECR Public" : "Amazon ECR");
    }
    *ret = token;
    return SW_OK;
}
