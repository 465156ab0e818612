#include "fake_http.h"

#include "test.h"

#include "http/request.h"

#include <slipway/json.h>

/* Bodies beyond this are a mistake of the test. */
#define BODY_MAX ((size_t)256 * 1024 * 1024)
enum { SINK_PIECE = 16 * 1024 };

static enum sw_status fail_network(struct sw_err *err, bool retryable, bool not_sent,
                                   const char *what)
{
    enum sw_status status = sw_fail(err, SW_E_NETWORK, "%s", what);
    err->retryable = retryable;
    err->not_sent = not_sent;
    return status;
}

static void request_release(struct fake_http_request *request)
{
    struct sw_http_reply headers = { .headers = request->headers,
                                     .header_count = request->header_count };
    sw_http_reply_release(&headers);
    sw_buf_release(&request->body);
    free(request->method);
    free(request->url);
    free(request->unix_socket);
}

const char *fake_http_request_header(const struct fake_http_request *request, const char *name)
{
    const struct sw_http_reply headers = { .headers = request->headers,
                                           .header_count = request->header_count };
    return sw_http_reply_header(&headers, name);
}

size_t fake_http_count(const struct fake_http *fake, size_t from, const char *method,
                       const char *text)
{
    size_t count = 0;

    for (size_t i = from; i < fake->request_count; i++) {
        const struct fake_http_request *request = &fake->requests[i];

        count += strcmp(request->method, method) == 0 && strstr(request->url, text) != NULL;
    }
    return count;
}

/* Pulls at most `limit` bytes of the request's body. */
static enum sw_status pull_body(const struct sw_http_request *request, int64_t limit,
                                struct sw_buf *out, struct sw_err *err)
{
    if (!request->body) {
        sw_buf_add_str(out, sw_str_first(request->data, (size_t)limit));
        return SW_OK;
    }
    char chunk[4096];
    while ((int64_t)out->len < limit) {
        size_t want = sizeof(chunk);
        if (limit - (int64_t)out->len < (int64_t)want) {
            want = (size_t)(limit - (int64_t)out->len);
        }
        size_t len = 0;
        enum sw_status status = request->body->read(request->body->ctx, chunk, want, &len, err);
        if (status != SW_OK) {
            return status;
        }
        if (len == 0) {
            break;
        }
        sw_buf_add(out, chunk, len);
    }
    return SW_OK;
}

/* Copies everything but the body. */
static void record(const struct sw_http_request *request, struct fake_http_request *into)
{
    struct sw_http_reply headers = { .headers = NULL }; /* no body: only its headers are taken */
    for (size_t i = 0; i < request->header_count; i++) {
        sw_http_reply_add_header(&headers, sw_str(request->headers[i].name),
                                 sw_str(request->headers[i].value));
    }
    *into = (struct fake_http_request){
        .method = sw_xstrdup(request->method),
        .url = sw_xstrdup(request->url),
        .headers = headers.headers,
        .header_count = headers.header_count,
        .body_length = request->body ? request->body->length : (int64_t)request->data.len,
        .unix_socket = request->unix_socket ? sw_xstrdup(request->unix_socket) : NULL,
    };
    sw_buf_init(&into->body, BODY_MAX);
}

static bool same_json(const char *expected, struct sw_str body)
{
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *a = NULL;
    json_auto_t *b = NULL;
    if (sw_json_parse(sw_str(expected), "expected", &a, &ignored) != SW_OK ||
        sw_json_parse(body, "body", &b, &ignored) != SW_OK) {
        return false;
    }
    return json_equal(a, b) != 0;
}

/* Appends what differs between the step and the request; nothing when they match. */
static void compare_headers(const struct fake_http_step *step,
                            const struct fake_http_request *request, struct sw_buf *out)
{
    for (size_t i = 0; i < SW_COUNT(step->headers) && step->headers[i].name; i++) {
        const struct sw_http_header *wanted = &step->headers[i];
        const char *value = fake_http_request_header(request, wanted->name);
        if (wanted->value ? !value || strcmp(value, wanted->value) != 0 : value != NULL) {
            sw_buf_addf(out, "    header %s: expected %s%s\n", wanted->name,
                        wanted->value ? wanted->value : "(absent)", value ? "" : ", absent");
            if (value) {
                sw_buf_addf(out, "    %*s  arrived  %s\n", (int)strlen(wanted->name) + 7, "",
                            value);
            }
        }
    }
}

static void compare_line(const struct fake_http_step *step, const struct fake_http_request *request,
                         struct sw_buf *out)
{
    if (step->method && strcmp(step->method, request->method) != 0) {
        sw_buf_addf(out, "    method: expected %s\n            arrived  %s\n", step->method,
                    request->method);
    }
    if (step->url && strcmp(step->url, request->url) != 0) {
        sw_buf_addf(out, "    url: expected %s\n         arrived  %s\n", step->url, request->url);
    }
    if (step->url_prefix && !sw_str_starts(sw_str(request->url), step->url_prefix)) {
        sw_buf_addf(out, "    url: expected %s...\n         arrived  %s\n", step->url_prefix,
                    request->url);
    }
}

static void compare(const struct fake_http_step *step, const struct fake_http_request *request,
                    struct sw_buf *out)
{
    compare_line(step, request, out);
    compare_headers(step, request, out);
    /* A refused request's body is not looked at: nothing of it was sent. */
    bool has_body = step->failure == FAKE_ANSWER || step->failure == FAKE_TIMEOUT;
    struct sw_str body = sw_buf_str(&request->body);
    if (has_body && step->body && !sw_str_is(body, step->body)) {
        sw_buf_addf(out, "    body: expected %s\n          arrived  %.*s\n", step->body,
                    SW_STR_ARG(body));
    }
    if (has_body && step->body_json && !same_json(step->body_json, body)) {
        sw_buf_addf(out, "    body: expected JSON %s\n          arrived       %.*s\n",
                    step->body_json, SW_STR_ARG(body));
    }
    const char *problem = step->check ? step->check(step->ctx, request) : NULL;
    if (problem) {
        sw_buf_addf(out, "    check: %s\n", problem);
    }
}

static unsigned times_of(const struct fake_http_step *step)
{
    return step->times ? step->times : 1;
}

/* The steps' own index of the first one that is not used up, at or after `from`. */
static size_t next_unused(const struct fake_http *fake, size_t from)
{
    size_t i = from;
    while (i < fake->step_count && fake->used[i] >= times_of(&fake->steps[i])) {
        i++;
    }
    return i;
}

/*
 * The step that fits the request, or NULL with *out saying why none does. In order, only the next
 * one is looked at.
 */
static const struct fake_http_step *
find_step(struct fake_http *fake, const struct fake_http_request *request, struct sw_buf *out)
{
    size_t i = next_unused(fake, 0);
    for (; i < fake->step_count; i = next_unused(fake, i + 1)) {
        size_t before = out->len;
        compare(&fake->steps[i], request, out);
        if (out->len == before) {
            fake->used[i]++;
            sw_buf_clear(out);
            return &fake->steps[i];
        }
        if (!fake->unordered) {
            return NULL;
        }
    }
    return NULL;
}

static void note_problem(struct fake_http *fake, const struct fake_http_request *request,
                         const char *details)
{
    size_t start = fake->problems.len;
    sw_buf_addf(&fake->problems, "  unexpected request %zu: %s %s\n%s", fake->request_count,
                request->method, request->url,
                details[0] ? details : "    no step is left for it\n");
    if (!fake->quiet && !fake->problems.overflowed) {
        print_error("fake_http:%s", fake->problems.ptr + start);
    }
}

/* Fills in the answer to the request that was just recorded; false: nothing fits it. */
static bool choose(struct fake_http *fake, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct sw_buf details SW_CLEANUP(sw_buf_release);
    sw_buf_init(&details, SW_BUF_TEXT_MAX);
    const struct fake_http_step *step = find_step(fake, request, &details);
    if (step) {
        *answer = (struct fake_http_answer){
            .failure = step->failure,
            .status = step->status ? step->status : 200,
            .body = step->reply,
            .body_len = step->reply_len,
        };
        memcpy(answer->headers, step->reply_headers, sizeof(answer->headers));
        return true;
    }
    if (fake->handler) {
        *answer = (struct fake_http_answer){ .status = 200 };
        fake->handler(fake->handler_ctx, request, answer);
        return true;
    }
    note_problem(fake, request, details.ptr);
    return false;
}

/* A body comes in pieces; the one that the sink fails with is the last. */
static enum sw_status give_sink(struct fake_http *fake, const struct sw_http_sink *sink,
                                struct sw_str body, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    while (status == SW_OK && body.len > 0) {
        struct sw_str piece = sw_str_first(body, SINK_PIECE);

        status = sink->write(sink->ctx, piece.ptr, piece.len, err);
        if (status == SW_OK) {
            (void)pthread_mutex_lock(&fake->lock);
            fake->sunk_bytes += piece.len;
            (void)pthread_mutex_unlock(&fake->lock);
        }
        body = sw_str_from(body, piece.len);
    }
    return status;
}

static enum sw_status give_body(struct fake_http *fake, const struct sw_http_request *request,
                                struct sw_str body, struct sw_http_reply *reply, struct sw_err *err)
{
    bool good = reply->status >= 200 && reply->status < 300;
    if (good && request->sink) {
        return give_sink(fake, request->sink, body, err);
    }
    size_t max = request->reply_max ? request->reply_max : SW_HTTP_BODY_MAX;
    if (body.len > max && good) {
        return sw_fail(err, SW_E_TOO_LARGE, "fake answer larger than %zu bytes", max);
    }
    sw_buf_add_str(&reply->body, sw_str_first(body, max));
    return SW_OK;
}

static enum sw_status give(struct fake_http *fake, const struct sw_http_request *request,
                           const struct fake_http_answer *answer, struct sw_http_reply *ret_reply,
                           struct sw_err *err)
{
    struct sw_str body =
        answer->body_len ? sw_str_n(answer->body, answer->body_len) : sw_str(answer->body);
    if (strcmp(request->method, "HEAD") == 0) {
        body.len = 0;
    }
    if (answer->failure == FAKE_CUT_SHORT) {
        body.len /= 2;
    }
    struct sw_http_reply reply;
    sw_http_reply_init(&reply);
    reply.status = answer->status;
    for (size_t i = 0; i < SW_COUNT(answer->headers) && answer->headers[i].name; i++) {
        sw_http_reply_add_header(&reply, sw_str(answer->headers[i].name),
                                 sw_str(answer->headers[i].value));
    }
    enum sw_status status = give_body(fake, request, body, &reply, err);
    if (status == SW_OK && answer->failure == FAKE_CUT_SHORT) {
        status = fail_network(err, true, false, "fake connection broke in the middle");
    }
    if (status == SW_OK) {
        *ret_reply = reply;
    } else {
        sw_http_reply_release(&reply);
    }
    return status;
}

/* Whether the request goes out at all, judged before its body is pulled. */
static bool next_is_refused(const struct fake_http *fake)
{
    size_t i = next_unused(fake, 0);
    return !fake->unordered && i < fake->step_count && fake->steps[i].failure == FAKE_REFUSED;
}

static bool next_is_cut_short(const struct fake_http *fake)
{
    size_t i = next_unused(fake, 0);
    return !fake->unordered && i < fake->step_count && fake->steps[i].failure == FAKE_CUT_SHORT;
}

/* How much of the body the world takes. */
static int64_t body_limit(struct fake_http *fake, const struct sw_http_request *request)
{
    int64_t length = request->body ? request->body->length : (int64_t)request->data.len;
    int64_t limit = length >= 0 ? length : (int64_t)BODY_MAX;
    (void)pthread_mutex_lock(&fake->lock);
    if (next_is_refused(fake)) {
        limit = 0;
    } else if (next_is_cut_short(fake)) {
        limit = length / 2;
    }
    (void)pthread_mutex_unlock(&fake->lock);
    return limit;
}

static enum sw_status fake_perform(void *ctx, const struct sw_http_request *request,
                                   struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct fake_http *fake = ctx;
    struct sw_url url;
    enum sw_status status = sw_http_check_request(request, &url, err);
    if (status != SW_OK) {
        return status;
    }
    struct fake_http_request recorded;
    record(request, &recorded);
    status = pull_body(request, body_limit(fake, request), &recorded.body, err);
    struct fake_http_answer answer = { .status = 0 };
    (void)pthread_mutex_lock(&fake->lock);
    fake->requests = sw_grow(fake->requests, fake->request_count, &fake->request_capacity,
                             sizeof(*fake->requests));
    fake->requests[fake->request_count++] = recorded;
    bool fits = status == SW_OK && choose(fake, &recorded, &answer);
    (void)pthread_mutex_unlock(&fake->lock);
    if (status != SW_OK) {
        return status;
    }
    if (!fits) {
        return fail_network(err, false, false, "unexpected request to the fake world");
    }
    switch (answer.failure) {
    case FAKE_REFUSED:
        return fail_network(err, true, true, "cannot connect to the fake: connection refused");
    case FAKE_NO_HOST:
        return fail_network(err, false, true, "cannot find host \"fake.example.com\"");
    case FAKE_TIMEOUT:
        return fail_network(err, true, false, "the fake did not answer in time");
    case FAKE_STOPPED:
        return sw_fail(err, SW_E_STOPPED, "stopped");
    case FAKE_ANSWER:
    case FAKE_CUT_SHORT:
        break;
    }
    return give(fake, request, &answer, ret_reply, err);
}

void fake_http_init(struct fake_http *fake)
{
    *fake = (struct fake_http){ .transport = { .perform = fake_perform } };
    fake->transport.ctx = fake;
    sw_buf_init(&fake->problems, SW_BUF_TEXT_MAX);
    (void)pthread_mutex_init(&fake->lock, NULL);
}

void fake_http_expect(struct fake_http *fake, const struct fake_http_step *step)
{
    fake->steps =
        sw_grow(fake->steps, fake->step_count, &fake->step_capacity, sizeof(*fake->steps));
    fake->used = sw_grow(fake->used, fake->step_count, &fake->used_capacity, sizeof(*fake->used));
    fake->steps[fake->step_count] = *step;
    fake->used[fake->step_count] = 0;
    fake->step_count++;
}

void fake_http_expect_all(struct fake_http *fake, const struct fake_http_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fake_http_expect(fake, &steps[i]);
    }
}

void fake_http_release(struct fake_http *fake)
{
    for (size_t i = 0; i < fake->request_count; i++) {
        request_release(&fake->requests[i]);
    }
    free(fake->requests);
    free(fake->steps);
    free(fake->used);
    sw_buf_release(&fake->problems);
    (void)pthread_mutex_destroy(&fake->lock);
    *fake = (struct fake_http){ .step_count = 0 };
}

void fake_http_done(struct fake_http *fake)
{
    for (size_t i = 0; i < fake->step_count; i++) {
        const struct fake_http_step *step = &fake->steps[i];
        if (fake->used[i] < times_of(step)) {
            const char *url = step->url ? step->url : step->url_prefix;
            sw_buf_addf(&fake->problems, "  step %zu was used %u of %u times: %s %s\n", i,
                        fake->used[i], times_of(step), step->method ? step->method : "(any)",
                        url ? url : "(any)");
        }
    }
    struct sw_buf problems = fake->problems;
    sw_buf_init(&fake->problems, 0);
    fake_http_release(fake);
    if (problems.len > 0) {
        /* Printed and released first: fail_msg does not come back. */
        print_error("fake_http:\n%s", problems.ptr);
        sw_buf_release(&problems);
        fail_msg("the HTTP requests were not the expected ones (see above)");
    }
    sw_buf_release(&problems);
}
