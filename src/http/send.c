#include "request.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

/* A pause that is shown as 0.0 s is none. */
enum { SHOWN_DELAY_MS = 50 };

/* The request of one hop, and what was allocated for it. */
struct hop {
    struct sw_http_request request;
    struct sw_http_header *headers; /* filtered copy; NULL while the caller's are sent */
    char *url;                      /* NULL while the caller's is sent */
};

static void hop_release(struct hop *hop)
{
    free(hop->headers);
    free(hop->url);
}

/* Notes that something reached the caller's sink; then the request cannot be repeated. */
struct watched_sink {
    const struct sw_http_sink *inner;
    bool written;
};

static enum sw_status watch_write(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct watched_sink *sink = ctx;
    sink->written = true;
    return sink->inner->write(sink->inner->ctx, data, len, err);
}

/* Who is being talked to, as people know it. */
static void add_peer(struct sw_buf *out, const struct sw_http_request *request)
{
    if (request->unix_socket) {
        sw_buf_addf(out, "\"%s\"", request->unix_socket);
        return;
    }
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_url url;
    if (sw_url_parse(request->url, &url, &ignored) != SW_OK) {
        sw_buf_add_cstr(out, "the server");
        return;
    }
    sw_buf_addf(out, "\"%.*s", SW_STR_ARG(url.host));
    if (url.port != (url.scheme.len == 5 ? 443 : 80)) {
        sw_buf_addf(out, ":%d", url.port);
    }
    sw_buf_add_char(out, '"');
}

static bool is_redirect(const struct sw_http_request *request, const struct sw_http_reply *reply)
{
    bool method = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    bool status = reply->status == 301 || reply->status == 302 || reply->status == 303 ||
                  reply->status == 307 || reply->status == 308;
    return request->follow_redirects && method && status &&
           sw_http_reply_header(reply, "Location") != NULL;
}

static bool is_credential(const char *name)
{
    static const char *const names[] = { "Authorization", "Cookie", "Proxy-Authorization",
                                         "X-Amz-Security-Token", "X-Registry-Auth" };
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        if (sw_str_eq_nocase(sw_str(name), sw_str(names[i]))) {
            return true;
        }
    }
    return false;
}

/* Credentials belong to the origin they were made for, and so does a Host header. */
static void drop_credentials(struct hop *hop)
{
    struct sw_http_header *kept =
        sw_xcalloc(hop->request.header_count + 1, sizeof(struct sw_http_header));
    size_t count = 0;
    for (size_t i = 0; i < hop->request.header_count; i++) {
        const struct sw_http_header *header = &hop->request.headers[i];
        if (!is_credential(header->name) &&
            !sw_str_eq_nocase(sw_str(header->name), SW_STR("Host"))) {
            kept[count++] = *header;
        }
    }
    free(hop->headers);
    hop->headers = kept;
    hop->request.headers = kept;
    hop->request.header_count = count;
}

/* Turns `hop` into the request that follows `location`. */
static enum sw_status follow(struct hop *hop, const char *location, struct sw_err *err)
{
    char *target SW_CLEANUP(sw_free_str) = NULL;
    struct sw_url from;
    struct sw_url to;
    enum sw_status status = sw_url_resolve(hop->request.url, location, &target, err);
    if (status == SW_OK) {
        status = sw_url_parse(hop->request.url, &from, err);
    }
    if (status == SW_OK) {
        status = sw_url_parse(target, &to, err);
    }
    if (status != SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return sw_wrap(err, "redirect to an unusable location");
    }
    if (!sw_url_same_origin(&from, &to)) {
        if (from.scheme.len == 5 && to.scheme.len == 4 && !hop->request.plain_http_ok) {
            return sw_fail(err, SW_E_UNAVAILABLE,
                           "refusing to follow a redirect from https to plain http at \"%.*s\"",
                           SW_STR_ARG(to.host));
        }
        if (hop->request.unix_socket) {
            return sw_fail(err, SW_E_UNAVAILABLE,
                           "refusing to follow a redirect from socket \"%s\" to \"%.*s\"",
                           hop->request.unix_socket, SW_STR_ARG(to.host));
        }
        drop_credentials(hop);
    }
    free(hop->url);
    hop->url = SW_TAKE(target);
    hop->request.url = hop->url;
    return SW_OK;
}

static void log_try(const struct sw_env *env, const struct sw_http_request *request,
                    enum sw_status status, const struct sw_http_reply *reply,
                    const struct sw_err *err, int64_t started_ms)
{
    if (!sw_log_wants(env, "http")) {
        return;
    }
    char *url SW_CLEANUP(sw_free_str) = sw_url_display(request->url);
    char took[SW_SIZE_TEXT_MAX];
    sw_format_duration(sw_env_mono_ms(env) - started_ms, took);
    if (status == SW_OK) {
        sw_debug(env, "http", "%s %s: %ld, %zu bytes, %s", request->method, url, reply->status,
                 reply->body.len, took);
    } else {
        sw_debug(env, "http", "%s %s: %s, %s", request->method, url, err->msg, took);
    }
}

/* One exchange, with the redirects that follow from it. */
static enum sw_status exchange(const struct sw_env *env, const struct sw_http_request *request,
                               struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct hop hop SW_CLEANUP(hop_release) = { .request = *request };
    for (int redirects = 0;; redirects++) {
        int64_t started_ms = sw_env_mono_ms(env);
        struct sw_http_reply reply;
        enum sw_status status = env->http->perform(env->http->ctx, &hop.request, &reply, err);
        log_try(env, &hop.request, status, &reply, err, started_ms);
        if (status != SW_OK) {
            char *url SW_CLEANUP(sw_free_str) = redirects > 0 ? sw_url_display(request->url) : NULL;
            return url ? sw_append(err, " (sent there by \"%s\")", url) : status;
        }
        if (!is_redirect(&hop.request, &reply)) {
            free(reply.url);
            reply.url = sw_xstrdup(hop.request.url);
            *ret_reply = reply;
            return SW_OK;
        }
        if (redirects == SW_HTTP_REDIRECTS_MAX) {
            status = sw_fail(err, SW_E_UNAVAILABLE, "redirected more than %d times",
                             SW_HTTP_REDIRECTS_MAX);
        } else {
            status = follow(&hop, sw_http_reply_header(&reply, "Location"), err);
        }
        sw_http_reply_release(&reply);
        if (status != SW_OK) {
            char *url SW_CLEANUP(sw_free_str) = sw_url_display(request->url);
            return sw_wrap(err, "%s \"%s\"", request->method, url);
        }
    }
}

static void add_answer(struct sw_buf *line, const struct sw_retry_policy *policy,
                       const struct sw_http_reply *reply)
{
    struct sw_buf words SW_CLEANUP(sw_buf_release);
    sw_buf_init(&words, SW_ERR_MSG_MAX);
    if (policy->explain) {
        policy->explain(policy->ctx, reply, &words);
    }
    if (words.len > 0) {
        sw_buf_addf(line, " answered %s", words.ptr);
    } else {
        sw_buf_addf(line, " answered %ld (%s)", reply->status, sw_http_status_text(reply->status));
    }
}

/* How many tries there are when the last one went like this. */
static int tries_of(const struct sw_retry_policy *policy, const struct sw_http_try *last)
{
    bool unreached = last->err && last->err->not_sent;
    return unreached && policy->unreached_tries > 0 ? policy->unreached_tries : policy->max_tries;
}

/* "host" answered 503 (service unavailable); trying again in 1.6 s (try 2 of 8) */
static void announce(const struct sw_env *env, const struct sw_http_request *request,
                     const struct sw_retry_policy *policy, const struct sw_http_try *last,
                     int64_t delay_ms, int next_try)
{
    struct sw_buf line SW_CLEANUP(sw_buf_release);
    sw_buf_init(&line, (size_t)2 * SW_ERR_MSG_MAX);
    if (last->status == SW_OK) {
        add_peer(&line, request);
        add_answer(&line, policy, last->reply);
    } else {
        sw_buf_add_cstr(&line, last->err->msg);
    }
    char delay[SW_SIZE_TEXT_MAX];
    bool at_once = delay_ms < SHOWN_DELAY_MS;
    sw_format_duration(delay_ms, delay);
    sw_say(env, "%s; trying again %s%s (try %d of %d)", line.ptr, at_once ? "at once" : "in ",
           at_once ? "" : delay, next_try, tries_of(policy, last));
}

static enum sw_status stopped(struct sw_err *err)
{
    return sw_fail(err, SW_E_STOPPED, "stopped");
}

/* Sleeps before the next try and puts the body back to its start. */
static enum sw_status prepare_next(const struct sw_env *env, const struct sw_http_request *request,
                                   int64_t delay_ms, struct sw_err *err)
{
    sw_env_sleep_ms(env, delay_ms);
    if (sw_env_stop_wanted(env)) {
        return stopped(err);
    }
    return request->body ? request->body->rewind(request->body->ctx, err) : SW_OK;
}

/* Whether another try is due after `last`; *ret_delay_ms is the wait before it. */
static bool plan_next(const struct sw_env *env, const struct sw_retry_policy *policy,
                      const struct sw_http_request *request, const struct sw_http_try *last,
                      int try_number, int64_t started_ms, int64_t *ret_delay_ms)
{
    if (try_number >= tries_of(policy, last) || !sw_http_wants_retry(policy, request, last)) {
        return false;
    }
    int64_t delay_ms = sw_retry_delay_ms(env, policy, try_number, last->reply);
    int64_t spent_ms = sw_env_mono_ms(env) - started_ms;
    if (policy->budget_ms > 0 && spent_ms + delay_ms > policy->budget_ms) {
        return false;
    }
    *ret_delay_ms = delay_ms;
    return true;
}

enum sw_status sw_http_send(const struct sw_env *env, const struct sw_http_request *request,
                            const struct sw_retry_policy *policy, struct sw_http_reply *ret_reply,
                            struct sw_err *err)
{
    policy = policy ? policy : &sw_retry_default;
    struct sw_http_request watched = *request;
    struct watched_sink watch = { .inner = request->sink };
    const struct sw_http_sink sink = { .write = watch_write, .ctx = &watch };
    watched.sink = request->sink ? &sink : NULL;

    int64_t started_ms = sw_env_mono_ms(env);
    for (int try_number = 1;; try_number++) {
        if (sw_env_stop_wanted(env)) {
            return stopped(err);
        }
        struct sw_http_reply reply;
        enum sw_status status = exchange(env, &watched, &reply, err);
        struct sw_http_try last = { .status = status,
                                    .reply = status == SW_OK ? &reply : NULL,
                                    .err = status == SW_OK ? NULL : err,
                                    .sink_written = watch.written };
        int64_t delay_ms = 0;
        if (!plan_next(env, policy, request, &last, try_number, started_ms, &delay_ms)) {
            if (status == SW_OK) {
                *ret_reply = reply;
            } else if (try_number > 1 && status == SW_E_NETWORK) {
                sw_append(err, " (gave up after %d tries)", try_number);
            }
            return status;
        }
        announce(env, request, policy, &last, delay_ms, try_number + 1);
        if (status == SW_OK) {
            sw_http_reply_release(&reply);
        }
        status = prepare_next(env, request, delay_ms, err);
        if (status != SW_OK) {
            return status;
        }
    }
}
