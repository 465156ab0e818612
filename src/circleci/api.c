#include "api.h"

#include <slipway/alloc.h>
#include <slipway/http.h>
#include <slipway/log.h>

enum { ANSWER_TIMEOUT_MS = 120 * 1000 }; /* a publication is compiled before it is answered */

void sw_circleci_release(struct sw_circleci *api)
{
    free(api->url);
    sw_free_secret_str(&api->token);
    *api = (struct sw_circleci){ 0 };
}

/* Sets the token and the name of the variable that holds it. */
static enum sw_status find_token(struct sw_circleci *api, const char *token_var, struct sw_err *err)
{
    static const char *const names[] = { "CIRCLECI_CLI_TOKEN", "CIRCLE_TOKEN" };
    const char *const *look = token_var != NULL ? &token_var : names;
    size_t count = token_var != NULL ? 1 : SW_COUNT(names);
    const char *value = NULL;
    for (size_t i = 0; i < count && value == NULL; i++) {
        api->token_var = look[i];
        value = sw_env_get(api->env, look[i]);
    }
    if (value == NULL) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "there is no token for CircleCI: put a personal API token (User Settings, "
                       "Personal API Tokens) into the variable %s",
                       token_var != NULL ? token_var : names[0]);
    }
    struct sw_str token = sw_str_trim(sw_str(value));
    sw_redact_add(token);
    for (size_t i = 0; i < token.len; i++) {
        if ((unsigned char)token.ptr[i] <= ' ' || (unsigned char)token.ptr[i] >= 0x7f) {
            return sw_fail(err, SW_E_CREDENTIALS,
                           "the value of %s is no token: it holds blanks or other characters that "
                           "no token has",
                           api->token_var);
        }
    }
    api->token = sw_str_dup(token);
    return SW_OK;
}

enum sw_status sw_circleci_init(struct sw_circleci *api, const struct sw_env *env, const char *host,
                                const char *token_var, struct sw_err *err)
{
    struct sw_url url;
    *api = (struct sw_circleci){ .env = env };
    if (host == NULL) {
        host = sw_env_get(env, "CIRCLECI_CLI_HOST");
    }
    if (host == NULL) {
        host = SW_CIRCLECI_HOST;
    }
    if (sw_url_parse(host, &url, err) != SW_OK) {
        return sw_wrap(err, "the CircleCI host \"%s\"", host);
    }
    api->url =
        sw_xasprintf("%s%sgraphql-unstable", host, sw_str_ends(sw_str(host), "/") ? "" : "/");
    return find_token(api, token_var, err);
}

/* The "message" of each error; control characters of a remote's text become blanks. */
static char *join_messages(const json_t *errors)
{
    struct sw_buf text;
    size_t i;
    const json_t *error;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    json_array_foreach(errors, i, error)
    {
        sw_buf_addf(&text, "%s%s", i > 0 ? "; " : "", sw_json_str(error, "message", "no message"));
    }
    char *joined = sw_buf_take(&text);
    sw_blank_controls(joined, strlen(joined), "");
    return joined;
}

static bool says(const char *text, const char *part)
{
    struct sw_str rest = sw_str(text);
    struct sw_str wanted = sw_str(part);
    for (; rest.len >= wanted.len; rest = sw_str_from(rest, 1)) {
        if (sw_str_eq_nocase(sw_str_first(rest, wanted.len), wanted)) {
            return true;
        }
    }
    return false;
}

/* What the texts of the API mean. */
static enum sw_status fail_with_messages(const struct sw_circleci *api, const json_t *errors,
                                         struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) text = join_messages(errors);
    if (says(text, "must log in")) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "CircleCI says \"%s\": is the token in %s still valid?", text,
                       api->token_var);
    }
    if (says(text, "AUTHORIZATION_FAILURE") || says(text, "does not have access")) {
        return sw_fail(err, SW_E_DENIED,
                       "CircleCI says \"%s\": the user of the token in %s lacks the right; members "
                       "of the organisation that owns the namespace publish development versions, "
                       "its owners and admins everything else",
                       text, api->token_var);
    }
    return sw_fail(err, SW_E_FAILED, "CircleCI says: %s", text);
}

static enum sw_status read_answer(const struct sw_circleci *api, const struct sw_http_reply *reply,
                                  json_t **ret, struct sw_err *err)
{
    if (reply->status == 401 || reply->status == 403) {
        return sw_fail(err, reply->status == 401 ? SW_E_CREDENTIALS : SW_E_DENIED,
                       "CircleCI does not accept the token in %s (HTTP status %ld)", api->token_var,
                       reply->status);
    }
    if (reply->status != 200) {
        enum sw_status class = sw_http_status_class(reply->status);
        bool theirs = class == SW_E_UNAVAILABLE; /* a host of CircleCI's may say so for a while */
        (void)sw_fail(err, class == SW_OK ? SW_E_UNAVAILABLE : class,
                      "%s answers HTTP status %ld (%s)%s", api->url, reply->status,
                      sw_http_status_text(reply->status),
                      theirs ? "" : "; is this a CircleCI host?");
        err->http_status = reply->status;
        return err->status;
    }
    struct sw_err bad = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    if (sw_json_parse(sw_buf_str(&reply->body), "answer", &answer, &bad) != SW_OK) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "%s does not answer in JSON (%s); is this a CircleCI host?", api->url,
                       bad.msg);
    }
    const json_t *errors = sw_json_array(answer, "errors");
    if (json_array_size(errors) > 0) {
        return fail_with_messages(api, errors, err);
    }
    json_t *data = sw_json_object(answer, "data");
    if (data == NULL) {
        return sw_fail(err, SW_E_UNAVAILABLE, "the answer of %s has no data", api->url);
    }
    *ret = json_incref(data);
    return SW_OK;
}

static enum sw_status send(const struct sw_circleci *api, const char *query, json_t *variables,
                           bool repeatable, json_t **ret, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) body = { 0 };
    struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
    json_auto_t *question = json_pack("{s:s, s:O}", "query", query, "variables", variables);
    const struct sw_http_header headers[] = {
        { "Authorization", api->token }, /* the token itself, without a scheme */
        { "Content-Type", "application/json; charset=utf-8" },
        { "Accept", "application/json; charset=utf-8" },
    };
    *ret = NULL;
    sw_buf_init(&body, SW_JSON_MAX);
    sw_json_dump(question, 0, &body);
    struct sw_http_request request = {
        .method = "POST",
        .url = api->url,
        .headers = headers,
        .header_count = SW_COUNT(headers),
        .data = sw_buf_str(&body),
        .reply_max = SW_JSON_MAX,
        .stall_timeout_ms = ANSWER_TIMEOUT_MS,
    };
    struct sw_retry_policy policy = sw_retry_default;
    policy.unsafe_methods = repeatable;
    enum sw_status status = sw_http_send(api->env, &request, &policy, &reply, err);
    return status == SW_OK ? read_answer(api, &reply, ret, err) : status;
}

enum sw_status cci_ask(const struct sw_circleci *api, const char *query, json_t *variables,
                       json_t **ret, struct sw_err *err)
{
    return send(api, query, variables, true, ret, err);
}

enum sw_status cci_change(const struct sw_circleci *api, const char *query, json_t *variables,
                          const char *field, json_t **ret, struct sw_err *err)
{
    json_auto_t *data = NULL;
    *ret = NULL;
    enum sw_status status = send(api, query, variables, false, &data, err);
    const json_t *result = sw_json_object(data, field);
    if (status == SW_OK && result == NULL) {
        status = sw_fail(err, SW_E_UNAVAILABLE, "the answer of %s has no \"%s\"", api->url, field);
    }
    if (status != SW_OK) {
        return sw_err_may_be_done(err)
                   ? sw_append(err,
                               "; whether it was done is not known, so look before trying again")
                   : status;
    }
    const json_t *errors = sw_json_array(result, "errors");
    if (json_array_size(errors) > 0) {
        return fail_with_messages(api, errors, err);
    }
    *ret = json_incref(data);
    return SW_OK;
}
