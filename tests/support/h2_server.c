#include "h2_server.h"

#include "listener.h"
#include "test.h"

#include <nghttp2/nghttp2.h>

#include <pthread.h>
#include <sys/socket.h>

enum {
    REQUESTS_MAX = 64,
    SETTINGS_MAX = 16,
    READ_SIZE = 16384,
    HEAD_MAX = 64 * 1024,
    BODY_MAX = 1024 * 1024,
};

struct connection {
    struct h2_server *server;
    int fd;
    unsigned number;
    nghttp2_session *session;
    struct h2_request *request; /* that arrives */
    struct h2_step step;        /* that is being answered ... */
    size_t at;                  /* ... so much of its body */
    bool given;                 /* all of it */
    bool cut;                   /* it is time to close */
};

struct h2_server {
    struct listener *listener;
    uint32_t window;
    const struct h2_step *steps;
    size_t step_count;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    size_t step;
    struct h2_request *requests[REQUESTS_MAX];
    size_t request_count;
    uint32_t settings[SETTINGS_MAX];
};

/* Answering. */

static nghttp2_nv field(const char *name, const char *value)
{
    nghttp2_nv nv = { .namelen = strlen(name), .valuelen = strlen(value) };

    memcpy(&nv.name, &name, sizeof(name));
    memcpy(&nv.value, &value, sizeof(value));
    return nv;
}

/* Adds headers behind the `count` that are there; returns how many there are. */
static size_t add_fields(nghttp2_nv *fields, size_t count, const struct sw_http_header *headers)
{
    for (size_t i = 0; i < H2_HEADERS_MAX && headers[i].name; i++) {
        fields[count++] = field(headers[i].name, headers[i].value);
    }
    return count;
}

static size_t body_length(const struct h2_step *step)
{
    if (!step->body) {
        return 0;
    }
    return step->body_len ? step->body_len : strlen(step->body);
}

static bool ends_properly(const struct h2_step *step)
{
    return step->then == H2_END || step->then == H2_LAST;
}

static ssize_t give_body(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room,
                         uint32_t *flags, SW_UNUSED nghttp2_data_source *source, void *ctx)
{
    struct connection *c = ctx;
    size_t len = body_length(&c->step) - c->at;

    len = c->step.frame && len > c->step.frame ? c->step.frame : len;
    len = len > room ? room : len;
    if (len == 0 && !ends_properly(&c->step)) {
        return NGHTTP2_ERR_DEFERRED;
    }
    if (len > 0) {
        memcpy(into, c->step.body + c->at, len);
    }
    c->at += len;
    if (c->at == body_length(&c->step) && ends_properly(&c->step)) {
        nghttp2_nv fields[H2_HEADERS_MAX];
        const size_t count = add_fields(fields, 0, c->step.trailers);

        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (count > 0) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            (void)nghttp2_submit_trailer(session, stream, fields, count);
        }
    }
    return (ssize_t)len;
}

/* Keeps a request that has arrived and gives the step for it: who waits for the request may rely
 * on it that no other will get that step. */
static struct h2_step next_step(struct h2_server *server, struct h2_request *request)
{
    struct h2_step step = { .status = "599" };

    (void)pthread_mutex_lock(&server->lock);
    if (server->request_count == REQUESTS_MAX) {
        abort(); /* no assertion may leave this thread */
    }
    server->requests[server->request_count++] = request;
    if (server->step < server->step_count) {
        step = server->steps[server->step++];
    }
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
    return step;
}

static void answer(struct connection *c, int32_t stream)
{
    const nghttp2_data_provider body = { .read_callback = give_body };
    nghttp2_nv fields[H2_HEADERS_MAX + 1];
    size_t count;
    bool bare;

    c->step = next_step(c->server, c->request);
    c->request = NULL;
    c->at = 0;
    c->given = false;
    c->cut = c->step.then == H2_DROP;
    if (c->cut) {
        return;
    }
    if (c->step.then == H2_REFUSE) {
        (void)nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
        return;
    }
    if (c->step.then == H2_LAST) {
        (void)nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR, NULL,
                                    0);
    }
    fields[0] = field(":status", c->step.status ? c->step.status : "200");
    count = add_fields(fields, 1, c->step.headers);
    bare = body_length(&c->step) == 0 && !c->step.trailers[0].name && ends_properly(&c->step);
    (void)nghttp2_submit_response(c->session, stream, fields, count, bare ? NULL : &body);
}

/* What follows an answer that has no proper end, once all of it has left. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct connection *c = ctx;

    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) || c->given ||
        c->at < body_length(&c->step)) {
        return 0;
    }
    c->given = true;
    if (c->step.then == H2_RESET) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                        c->step.reason);
    }
    c->cut = c->step.then == H2_CLOSE;
    return 0;
}

/* Reading. */

static void begin_request(struct connection *c)
{
    c->request = sw_xcalloc(1, sizeof(*c->request));
    c->request->connection = c->number;
    sw_buf_init(&c->request->head, HEAD_MAX);
    sw_buf_init(&c->request->body, BODY_MAX);
}

static void request_free(struct h2_request *request)
{
    if (request) {
        sw_buf_release(&request->head);
        sw_buf_release(&request->body);
        free(request);
    }
}

static int on_header(SW_UNUSED nghttp2_session *session, SW_UNUSED const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len,
                     SW_UNUSED uint8_t flags, void *ctx)
{
    struct connection *c = ctx;

    if (!c->request) {
        begin_request(c);
    }
    sw_buf_addf(&c->request->head, "%.*s: %.*s\n", (int)name_len, (const char *)name,
                (int)value_len, (const char *)value);
    return 0;
}

static int on_data(SW_UNUSED nghttp2_session *session, SW_UNUSED uint8_t flags,
                   SW_UNUSED int32_t stream, const uint8_t *data, size_t len, void *ctx)
{
    struct connection *c = ctx;

    sw_buf_add(&c->request->body, data, len);
    return 0;
}

static void keep_settings(struct h2_server *server, const nghttp2_settings *settings)
{
    (void)pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < settings->niv; i++) {
        if (settings->iv[i].settings_id < SETTINGS_MAX) {
            server->settings[settings->iv[i].settings_id] = settings->iv[i].value;
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static int on_frame(SW_UNUSED nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct connection *c = ctx;

    if (frame->hd.type == NGHTTP2_SETTINGS) {
        keep_settings(c->server, &frame->settings);
    }
    if (c->request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
        answer(c, frame->hd.stream_id);
    }
    return 0;
}

/* Connections. */

static void make_session(struct connection *c)
{
    const nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                            c->server->window };
    nghttp2_session_callbacks *callbacks = NULL;

    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        abort();
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    if (nghttp2_session_server_new(&c->session, callbacks, c) != 0 ||
        nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &window, 1) != 0) {
        abort();
    }
    nghttp2_session_callbacks_del(callbacks);
}

static bool send_all(struct connection *c)
{
    const uint8_t *data = NULL;
    ssize_t len = 0;

    while ((len = nghttp2_session_mem_send(c->session, &data)) > 0) {
        for (ssize_t sent = 0; len > 0; data += sent, len -= sent) {
            sent = send(c->fd, data, (size_t)len, MSG_NOSIGNAL);
            if (sent < 0) {
                return false;
            }
        }
    }
    return len == 0 && !c->cut;
}

static void serve_connection(void *ctx, int fd, unsigned number)
{
    struct connection c = { .server = ctx, .fd = fd, .number = number };
    uint8_t data[READ_SIZE];
    ssize_t len = 0;

    make_session(&c);
    while (send_all(&c) && (len = recv(fd, data, sizeof(data), 0)) > 0 &&
           nghttp2_session_mem_recv(c.session, data, (size_t)len) == len) {
    }
    if (c.cut) {
        /* What is not read when a socket is closed would reset the connection. */
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, data, sizeof(data), 0) > 0) {
        }
    }
    nghttp2_session_del(c.session);
    request_free(c.request);
}

struct h2_server *h2_server_start(const char *path, const struct h2_step *steps, size_t count,
                                  uint32_t window)
{
    struct h2_server *server = sw_xcalloc(1, sizeof(*server));

    server->steps = steps;
    server->step_count = count;
    server->window = window ? window : 65535;
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->changed, NULL);
    server->listener = listener_start(path, serve_connection, server);
    return server;
}

void h2_server_stop(struct h2_server *server)
{
    listener_stop(server->listener);
    for (size_t i = 0; i < server->request_count; i++) {
        request_free(server->requests[i]);
    }
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

size_t h2_server_request_count(struct h2_server *server)
{
    size_t count;

    (void)pthread_mutex_lock(&server->lock);
    count = server->request_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

void h2_server_await(struct h2_server *server, size_t count)
{
    (void)pthread_mutex_lock(&server->lock);
    while (server->request_count < count) {
        (void)pthread_cond_wait(&server->changed, &server->lock);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

const struct h2_request *h2_server_request(struct h2_server *server, size_t n)
{
    assert_true(n < h2_server_request_count(server));
    return server->requests[n];
}

unsigned h2_server_connections(struct h2_server *server)
{
    return listener_connections(server->listener);
}

uint32_t h2_server_setting(struct h2_server *server, uint16_t number)
{
    uint32_t value;

    assert_true(number < SETTINGS_MAX);
    (void)pthread_mutex_lock(&server->lock);
    value = server->settings[number];
    (void)pthread_mutex_unlock(&server->lock);
    return value;
}
