#include "exchange.h"

#include "request.h"

enum { CONNECT_TIMEOUT_MS = 10 * 1000, STALL_TIMEOUT_MS = 60 * 1000 };

/* GET, HEAD and DELETE without a body have no Content-Length either; others say "0". */
static bool sends_body(const struct sw_http_request *request)
{
    if (request->body || request->data.len > 0) {
        return true;
    }
    return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0 &&
           strcmp(request->method, "DELETE") != 0;
}

void sw_http_exchange_init(struct sw_http_exchange *x, const struct sw_env *env,
                           const struct sw_http_request *request, const struct sw_url *url,
                           struct sw_err *err)
{
    *x = (struct sw_http_exchange){
        .env = env,
        .request = request,
        .url = *url,
        .err = err,
        .has_body = sends_body(request),
        .body_length = request->body ? request->body->length : (int64_t)request->data.len,
        .body_max = request->reply_max ? request->reply_max : SW_HTTP_BODY_MAX,
        .mark_ms = sw_env_mono_ms(env),
    };
    sw_http_reply_init(&x->reply);
    x->reply.body.max = x->body_max;
}

/* Producing or storing data may have taken long; the peer is not to blame for that. */
static void leave_out_time(struct sw_http_exchange *x, int64_t since_ms)
{
    x->mark_ms += sw_env_mono_ms(x->env) - since_ms;
}

/* Pulls from the caller's body; it must not end before its announced length. */
static bool pull(struct sw_http_exchange *x, char *into, size_t room, size_t *ret_len)
{
    const struct sw_http_body *body = x->request->body;
    int64_t started_ms = sw_env_mono_ms(x->env);
    if (x->body_length >= 0 && x->body_length - x->body_sent < (int64_t)room) {
        room = (size_t)(x->body_length - x->body_sent);
    }
    *ret_len = 0;
    if (room > 0) {
        x->own_status = body->read(body->ctx, into, room, ret_len, x->err);
    }
    if (x->own_status == SW_OK && *ret_len == 0 && x->body_sent < x->body_length) {
        x->own_status =
            sw_fail(x->err, SW_E_FAILED, "the request body ended after %lld of %lld bytes",
                    (long long)x->body_sent, (long long)x->body_length);
    }
    leave_out_time(x, started_ms);
    return x->own_status == SW_OK;
}

bool sw_http_exchange_read(struct sw_http_exchange *x, char *into, size_t room, size_t *ret_len)
{
    if (x->request->body) {
        if (!pull(x, into, room, ret_len)) {
            return false;
        }
    } else {
        struct sw_str part =
            sw_str_first(sw_str_from(x->request->data, (size_t)x->body_sent), room);
        if (part.len > 0) {
            memcpy(into, part.ptr, part.len);
        }
        *ret_len = part.len;
    }
    x->body_sent += (int64_t)*ret_len;
    x->body_ended = *ret_len == 0 || x->body_sent == x->body_length;
    return true;
}

bool sw_http_exchange_rewind(struct sw_http_exchange *x)
{
    const struct sw_http_body *body = x->request->body;
    /* What must not be done twice is left to the retry policy. */
    if (!sw_http_is_idempotent(x->request->method) || (body && !body->rewind)) {
        return false;
    }
    if (body) {
        x->own_status = body->rewind(body->ctx, x->err);
    }
    x->body_sent = 0;
    x->body_ended = false;
    return x->own_status == SW_OK;
}

/* The status in "HTTP/1.1 200 OK"; 0 when it is none. */
static long parse_status(struct sw_str line)
{
    ptrdiff_t blank = sw_str_find(line, ' ');
    struct sw_str rest = blank < 0 ? SW_STR("") : sw_str_from(line, (size_t)blank + 1);
    int64_t status = 0;
    if (!sw_parse_int(sw_str_first(rest, 3), 100, 999, &status)) {
        return 0;
    }
    return (long)status;
}

static bool add_header(struct sw_http_exchange *x, struct sw_str line)
{
    x->header_bytes += line.len;
    if (x->reply.header_count >= SW_HTTP_HEADERS_MAX ||
        x->header_bytes > SW_HTTP_HEADER_BYTES_MAX) {
        x->own_status =
            sw_fail(x->err, SW_E_TOO_LARGE,
                    "\"%.*s\" answered with more than %d header lines or %d bytes of "
                    "them",
                    SW_STR_ARG(x->url.host), SW_HTTP_HEADERS_MAX, SW_HTTP_HEADER_BYTES_MAX);
        return false;
    }
    ptrdiff_t colon = sw_str_find(line, ':');
    if (colon > 0) {
        sw_http_reply_add_header(&x->reply, sw_str_first(line, (size_t)colon),
                                 sw_str_trim(sw_str_from(line, (size_t)colon + 1)));
    }
    return true;
}

bool sw_http_exchange_header(struct sw_http_exchange *x, struct sw_str line)
{
    line = sw_str_trim(line);
    if (sw_str_starts(line, "HTTP/")) {
        /* The first line of an answer; what was before it belonged to an interim one. */
        sw_http_reply_clear_headers(&x->reply);
        x->header_bytes = 0;
        x->headers_done = false;
        x->reply.status = parse_status(line);
        return true;
    }
    if (line.len == 0) {
        x->headers_done = x->reply.status >= 200;
        return true;
    }
    if (x->headers_done && !x->request->http2) {
        return true; /* a trailer, which only gRPC has a use for */
    }
    return add_header(x, line);
}

bool sw_http_exchange_succeeded(const struct sw_http_exchange *x)
{
    return x->reply.status >= 200 && x->reply.status < 300;
}

bool sw_http_exchange_write(struct sw_http_exchange *x, const char *data, size_t len)
{
    const struct sw_http_sink *sink = x->request->sink;
    bool success = sw_http_exchange_succeeded(x);
    if (success && sink) {
        int64_t started_ms = sw_env_mono_ms(x->env);
        x->own_status = sink->write(sink->ctx, data, len, x->err);
        leave_out_time(x, started_ms);
        return x->own_status == SW_OK;
    }
    size_t room = x->body_max - x->reply.body.len;
    if (len <= room) {
        sw_buf_add(&x->reply.body, data, len);
        return true;
    }
    if (success) {
        x->own_status =
            sw_fail(x->err, SW_E_TOO_LARGE, "\"%.*s\" answered with more than %zu bytes",
                    SW_STR_ARG(x->url.host), x->body_max);
    } else {
        sw_buf_add(&x->reply.body, data, room);
        x->body_cut = true;
    }
    return false;
}

static enum sw_http_phase phase_of(const struct sw_http_exchange *x)
{
    if (x->headers_done) {
        return SW_HTTP_RECEIVING;
    }
    return x->has_body && !x->body_ended ? SW_HTTP_SENDING : SW_HTTP_AWAITING;
}

int64_t sw_http_exchange_stall_limit(const struct sw_http_exchange *x)
{
    if (x->phase == SW_HTTP_AWAITING && x->request->answer_timeout_ms) {
        return x->request->answer_timeout_ms;
    }
    return x->request->stall_timeout_ms ? x->request->stall_timeout_ms : STALL_TIMEOUT_MS;
}

int64_t sw_http_exchange_stall_moved(const struct sw_http_exchange *x)
{
    return x->moved - x->mark;
}

bool sw_http_exchange_stalled(struct sw_http_exchange *x, int64_t moved, bool waiting)
{
    int64_t now_ms = sw_env_mono_ms(x->env);
    enum sw_http_phase phase = phase_of(x);
    /* An interim answer, or a part of a head, shows that somebody is there. */
    int64_t enough = phase == SW_HTTP_AWAITING ? 1 : SW_HTTP_STALL_BYTES;
    x->moved = moved + (int64_t)x->header_bytes;
    /* A head starts to count anew. */
    if (!waiting || phase != x->phase || x->moved < x->mark || x->moved - x->mark >= enough) {
        x->phase = phase;
        x->mark = x->moved;
        x->mark_ms = now_ms;
        return false;
    }
    return now_ms - x->mark_ms >= sw_http_exchange_stall_limit(x);
}

bool sw_http_exchange_must_end(struct sw_http_exchange *x, int64_t moved, bool waiting)
{
    const struct sw_env *stop = x->request->stop;

    if (sw_env_stop_wanted(x->env) || (stop && sw_env_stop_wanted(stop))) {
        x->own_status = sw_fail(x->err, SW_E_STOPPED, "stopped");
        return true;
    }
    x->stalled = sw_http_exchange_stalled(x, moved, waiting);
    return x->stalled;
}

int64_t sw_http_exchange_connect_limit(const struct sw_http_exchange *x)
{
    return x->request->connect_timeout_ms ? x->request->connect_timeout_ms : CONNECT_TIMEOUT_MS;
}
