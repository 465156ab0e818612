#include "h2.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <nghttp2/nghttp2.h>

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum {
    POLL_MS = 100, /* how often a wish to stop and a stall are noticed */
    READ_SIZE = 256 * 1024,
    FRAME_MAX = 1024 * 1024, /* nothing of this size is held: it is how much comes at once */
    /* What may be on its way. There is one exchange, so that the socket holds back the sender. */
    WINDOW = 16 * 1024 * 1024,
    PSEUDO_HEADERS = 5, /* with the name of this program */
};

struct sw_h2 {
    int fd;
    nghttp2_session *session;
    bool heard;         /* something has come ... */
    bool greeted;       /* ... and it was HTTP/2 */
    const uint8_t *out; /* to be sent; nghttp2's */
    size_t out_len;

    /* The exchange on its way. */
    struct sw_http_exchange *x;
    int32_t stream;
    int64_t moved;
    bool answered;   /* to the end */
    bool closed;     /* the stream is gone */
    uint32_t reason; /* why */
    char *data;      /* READ_SIZE bytes */
};

/* nghttp2's callbacks. */

static bool is_ours(const struct sw_h2 *h2, int32_t stream)
{
    return h2->x && stream == h2->stream;
}

static int on_header(SW_UNUSED nghttp2_session *session, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len,
                     SW_UNUSED uint8_t flags, void *ctx)
{
    struct sw_h2 *h2 = ctx;
    char *line SW_CLEANUP(sw_free_str) = NULL;

    if (!is_ours(h2, frame->hd.stream_id)) {
        return 0;
    }
    if (sw_str_is(sw_str_n((const char *)name, name_len), ":status")) {
        line = sw_xasprintf("HTTP/2 %.*s", (int)value_len, (const char *)value);
    } else {
        line = sw_xasprintf("%.*s: %.*s", (int)name_len, (const char *)name, (int)value_len,
                            (const char *)value);
    }
    return sw_http_exchange_header(h2->x, sw_str(line)) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_data(SW_UNUSED nghttp2_session *session, SW_UNUSED uint8_t flags, int32_t stream,
                   const uint8_t *data, size_t len, void *ctx)
{
    struct sw_h2 *h2 = ctx;

    if (!is_ours(h2, stream)) {
        return 0;
    }
    h2->moved += (int64_t)len;
    return sw_http_exchange_write(h2->x, (const char *)data, len) ? 0
                                                                  : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_frame(SW_UNUSED nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct sw_h2 *h2 = ctx;

    h2->greeted = h2->greeted || frame->hd.type == NGHTTP2_SETTINGS;
    if (!is_ours(h2, frame->hd.stream_id)) {
        return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && !sw_http_exchange_header(h2->x, SW_STR(""))) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        h2->answered = true;
    }
    return 0;
}

static int on_close(SW_UNUSED nghttp2_session *session, int32_t stream, uint32_t reason, void *ctx)
{
    struct sw_h2 *h2 = ctx;

    if (is_ours(h2, stream)) {
        h2->closed = true;
        h2->reason = reason;
    }
    return 0;
}

static ssize_t on_read(SW_UNUSED nghttp2_session *session, SW_UNUSED int32_t stream, uint8_t *into,
                       size_t room, uint32_t *flags, SW_UNUSED nghttp2_data_source *source,
                       void *ctx)
{
    struct sw_h2 *h2 = ctx;
    size_t len = 0;

    if (!sw_http_exchange_read(h2->x, (char *)into, room, &len)) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    h2->moved += (int64_t)len;
    *flags |= h2->x->body_ended ? NGHTTP2_DATA_FLAG_EOF : 0;
    return (ssize_t)len;
}

static void greet(struct sw_h2 *h2)
{
    static const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW },
        { NGHTTP2_SETTINGS_MAX_FRAME_SIZE, FRAME_MAX },
    };

    if (nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, SW_COUNT(settings)) !=
            0 ||
        nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, WINDOW) != 0) {
        abort(); /* out of memory, as in sw_xmalloc */
    }
}

struct sw_h2 *sw_h2_new(int fd)
{
    struct sw_h2 *h2 = sw_xcalloc(1, sizeof(*h2));
    nghttp2_session_callbacks *callbacks = NULL;

    h2->fd = fd;
    h2->data = sw_xmalloc(READ_SIZE);
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        abort();
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    if (nghttp2_session_client_new(&h2->session, callbacks, h2) != 0) {
        abort();
    }
    nghttp2_session_callbacks_del(callbacks);
    greet(h2);
    return h2;
}

void sw_h2_free(struct sw_h2 *h2)
{
    if (!h2) {
        return;
    }
    nghttp2_session_del(h2->session);
    sw_close_fd(&h2->fd);
    free(h2->data);
    free(h2);
}

/* The request. */

static nghttp2_nv pair(const char *name, const char *value)
{
    nghttp2_nv nv = { .namelen = strlen(name), .valuelen = strlen(value) };

    /* nghttp2 copies both. */
    memcpy(&nv.name, &name, sizeof(name));
    memcpy(&nv.value, &value, sizeof(value));
    return nv;
}

static char *lower(const char *name)
{
    char *copy = sw_xstrdup(name);

    for (char *at = copy; *at; at++) {
        *at = sw_lower(*at);
    }
    return copy;
}

/* The host and, where it is not the usual one, the port. The caller's. */
static char *authority_of(const struct sw_url *url)
{
    const bool bare = sw_str_find(url->host, ':') >= 0;
    const char *open = bare ? "[" : "";
    const char *close = bare ? "]" : "";

    return url->port == 80
               ? sw_xasprintf("%s%.*s%s", open, SW_STR_ARG(url->host), close)
               : sw_xasprintf("%s%.*s%s:%d", open, SW_STR_ARG(url->host), close, url->port);
}

/* The path and the query as they are. The caller's. */
static char *path_of(const struct sw_url *url)
{
    const struct sw_str path = url->path.len > 0 ? url->path : SW_STR("/");

    return sw_xasprintf("%.*s%s%.*s", SW_STR_ARG(path), url->query.len > 0 ? "?" : "",
                        SW_STR_ARG(url->query));
}

static bool submit(struct sw_h2 *h2)
{
    const struct sw_http_request *request = h2->x->request;
    const nghttp2_data_provider body = { .read_callback = on_read };
    char *authority SW_CLEANUP(sw_free_str) = authority_of(&h2->x->url);
    char *path SW_CLEANUP(sw_free_str) = path_of(&h2->x->url);
    char **names = sw_xcalloc(request->header_count + 1, sizeof(*names));
    nghttp2_nv *fields = sw_xcalloc(request->header_count + PSEUDO_HEADERS, sizeof(*fields));
    size_t count = 0;

    fields[count++] = pair(":method", request->method);
    fields[count++] = pair(":scheme", "http");
    fields[count++] = pair(":authority", authority);
    fields[count++] = pair(":path", path);
    fields[count++] = pair("user-agent", "slipway/" SLIPWAY_VERSION);
    for (size_t i = 0; i < request->header_count; i++) {
        names[i] = lower(request->headers[i].name);
        fields[count++] = pair(names[i], request->headers[i].value);
    }
    h2->stream = nghttp2_submit_request(h2->session, NULL, fields, count,
                                        h2->x->has_body ? &body : NULL, NULL);
    for (size_t i = 0; i < request->header_count; i++) {
        free(names[i]);
    }
    free(names);
    free(fields);
    return h2->stream > 0;
}

/* The exchange. */

static bool fail(struct sw_http_failure *failure, enum sw_http_failure_kind kind, int os_error)
{
    failure->kind = kind;
    failure->os_error = os_error;
    return false;
}

static bool is_passing(int os_error)
{
    return os_error == EAGAIN || os_error == EWOULDBLOCK || os_error == EINTR;
}

/* Sends what there is to send and the socket takes. */
static bool send_some(struct sw_h2 *h2, struct sw_http_failure *failure)
{
    for (;;) {
        ssize_t len = 0;

        if (h2->out_len == 0) {
            len = nghttp2_session_mem_send(h2->session, &h2->out);
            if (len <= 0) {
                return len == 0 || fail(failure, SW_HTTP_OTHER, 0);
            }
            h2->out_len = (size_t)len;
        }
        len = send(h2->fd, h2->out, h2->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0) {
            return is_passing(errno) || fail(failure, SW_HTTP_BROKEN, errno);
        }
        h2->out += len;
        h2->out_len -= (size_t)len;
    }
}

/* Takes what has come, if anything; *ret_some says so. */
static bool receive_some(struct sw_h2 *h2, bool *ret_some, struct sw_http_failure *failure)
{
    const ssize_t len = recv(h2->fd, h2->data, READ_SIZE, MSG_DONTWAIT);

    *ret_some = len > 0;
    if (len < 0) {
        return is_passing(errno) || fail(failure, SW_HTTP_BROKEN, errno);
    }
    if (len == 0) {
        return fail(failure, h2->x && h2->x->headers_done ? SW_HTTP_INCOMPLETE : SW_HTTP_NO_ANSWER,
                    0);
    }
    h2->heard = true;
    return nghttp2_session_mem_recv(h2->session, (const uint8_t *)h2->data, (size_t)len) == len ||
           fail(failure, SW_HTTP_OTHER, 0);
}

/* Whether it has taken too long altogether, or must end for other reasons. */
static bool must_end(const struct sw_h2 *h2, int64_t started_ms, struct sw_http_failure *failure)
{
    struct sw_http_exchange *x = h2->x;
    const int64_t total_ms = x->request->total_timeout_ms;

    if (sw_http_exchange_must_end(x, h2->moved, /* waiting= */ true)) {
        failure->kind = SW_HTTP_STALLED;
        failure->limit_ms = sw_http_exchange_stall_limit(x);
        failure->got = sw_http_exchange_stall_moved(x);
        return true;
    }
    if (total_ms > 0 && sw_env_mono_ms(x->env) - started_ms >= total_ms) {
        failure->kind = SW_HTTP_TOTAL_TIMEOUT;
        failure->limit_ms = total_ms;
        return true;
    }
    return false;
}

/* Until the answer is there, or will not come. */
static bool drive(struct sw_h2 *h2, struct sw_http_failure *failure)
{
    const int64_t started_ms = sw_env_mono_ms(h2->x->env);

    while (!h2->answered && !h2->closed) {
        bool some = false;

        if (!send_some(h2, failure)) {
            return false;
        }
        /* nghttp2 wants no more after what breaks the rules, once it has said so. */
        if (!nghttp2_session_want_read(h2->session)) {
            return fail(failure, SW_HTTP_OTHER, 0);
        }
        if (!receive_some(h2, &some, failure) || must_end(h2, started_ms, failure)) {
            return false;
        }
        if (!some) {
            struct pollfd wait = { .fd = h2->fd,
                                   .events = (short)(POLLIN | (h2->out_len > 0 ? POLLOUT : 0)) };

            (void)poll(&wait, 1, POLL_MS);
        }
    }
    return true;
}

static bool judge(const struct sw_h2 *h2, struct sw_http_failure *failure)
{
    if (h2->answered && h2->x->headers_done) {
        return true;
    }
    failure->detail = nghttp2_http2_strerror(h2->reason);
    failure->request_began = h2->reason != NGHTTP2_REFUSED_STREAM;
    return fail(failure, SW_HTTP_GIVEN_UP, 0);
}

bool sw_h2_exchange(struct sw_h2 *h2, struct sw_http_exchange *x,
                    struct sw_http_failure *ret_failure)
{
    bool good;

    h2->x = x;
    h2->moved = 0;
    h2->answered = false;
    h2->closed = false;
    ret_failure->request_began = true;
    ret_failure->detail = "it broke the rules of HTTP/2";
    good = submit(h2) && drive(h2, ret_failure) && judge(h2, ret_failure);
    h2->x = NULL;
    if (h2->heard && !h2->greeted) {
        ret_failure->kind = SW_HTTP_NOT_HTTP2;
    }
    /* Nobody wants more of an error answer's body than there is room for. */
    return good || x->body_cut;
}

bool sw_h2_is_usable(struct sw_h2 *h2)
{
    struct sw_http_failure ignored;
    bool good = h2->closed;
    bool some = true;

    while (good && some) {
        good = receive_some(h2, &some, &ignored);
    }
    return good && nghttp2_session_check_request_allowed(h2->session);
}
