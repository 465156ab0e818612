#include "request.h"

const struct sw_retry_policy sw_retry_default = {
    .max_tries = 8,
    .base_delay_ms = 200,
    .max_delay_ms = 20000,
    .budget_ms = 120000,
};

const struct sw_retry_policy sw_retry_never = {
    .max_tries = 1,
};

bool sw_http_parse_retry_after(const char *text, int64_t now_wall_ms, int64_t *ret_ms)
{
    /* A year: beyond it nobody waits, and the sum cannot overflow. */
    static const int64_t max_seconds = (int64_t)366 * 24 * 3600;
    struct sw_str value = sw_str_trim(sw_str(text));
    int64_t seconds = 0;
    if (value.len > 0 && sw_is_digit(value.ptr[0])) {
        if (!sw_parse_int(value, 0, INT64_MAX, &seconds)) {
            return false;
        }
        *ret_ms = (seconds > max_seconds ? max_seconds : seconds) * 1000;
        return true;
    }
    int64_t date_ms = 0;
    if (!sw_time_parse(text, &date_ms)) {
        return false;
    }
    int64_t delay = date_ms > now_wall_ms ? date_ms - now_wall_ms : 0;
    *ret_ms = delay > max_seconds * 1000 ? max_seconds * 1000 : delay;
    return true;
}

int64_t sw_retry_delay_ms(const struct sw_env *env, const struct sw_retry_policy *policy,
                          int try_number, const struct sw_http_reply *reply)
{
    const char *retry_after = reply ? sw_http_reply_header(reply, "Retry-After") : NULL;
    int64_t asked = 0;
    if (retry_after && sw_http_parse_retry_after(retry_after, sw_env_wall_ms(env), &asked)) {
        return asked > policy->max_delay_ms ? policy->max_delay_ms : asked;
    }
    int64_t delay = policy->base_delay_ms;
    for (int i = 1; i < try_number && delay < policy->max_delay_ms; i++) {
        delay *= 2;
    }
    if (delay > policy->max_delay_ms) {
        delay = policy->max_delay_ms;
    }
    if (delay <= 0) {
        return 0;
    }
    uint32_t bound = delay < UINT32_MAX ? (uint32_t)delay + 1 : UINT32_MAX;
    /* Full jitter: evenly spread over 0..delay, so that many clients do not come back at once. */
    return delay - (int64_t)sw_env_random(env, bound);
}

static bool is_transient(long status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

/* Whether the answer says that the request was turned away before anything was done. */
static bool turned_away(const struct sw_http_reply *reply)
{
    return reply->status == 429 ||
           (reply->status == 503 && sw_http_reply_header(reply, "Retry-After") != NULL);
}

bool sw_http_wants_retry(const struct sw_retry_policy *policy,
                         const struct sw_http_request *request, const struct sw_http_try *last)
{
    if ((request->body && !request->body->rewind) || last->sink_written) {
        return false;
    }
    bool repeatable = policy->unsafe_methods || sw_http_is_idempotent(request->method);
    if (last->status != SW_OK) {
        return last->status == SW_E_NETWORK && last->err->retryable &&
               (repeatable || last->err->not_sent);
    }
    if (policy->retry_reply && policy->retry_reply(policy->ctx, last->reply)) {
        return true;
    }
    return is_transient(last->reply->status) && (repeatable || turned_away(last->reply));
}
