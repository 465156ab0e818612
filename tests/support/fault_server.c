#include "fault_server.h"

#include "listener.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

enum { REQUESTS_MAX = 1024, HEAD_MAX = 256 * 1024 };
#define BODY_KEPT ((size_t)1024 * 1024)

struct connection {
    struct fault_server *server;
    int fd;
    unsigned number;
    char input[16384]; /* read, not yet consumed */
    size_t input_len;
};

struct fault_server {
    struct listener *listener;
    struct fault_step *steps; /* copies, answers included: threads use them to the very end */
    size_t step_count;
    pthread_mutex_t lock; /* guards everything below */
    size_t step;          /* the current one ... */
    unsigned used;        /* ... and how often it was used */
    struct fault_request *requests[REQUESTS_MAX];
    size_t request_count;
};

/* Reading */

/* Reads more into the connection's input; false at the end or on failure. */
static bool fill(struct connection *c)
{
    if (c->input_len == sizeof(c->input)) {
        return false;
    }
    ssize_t len = 0;
    do {
        len = recv(c->fd, c->input + c->input_len, sizeof(c->input) - c->input_len, 0);
    } while (len < 0 && errno == EINTR);
    if (len <= 0) {
        return false;
    }
    c->input_len += (size_t)len;
    return true;
}

static void consume(struct connection *c, size_t len)
{
    memmove(c->input, c->input + len, c->input_len - len);
    c->input_len -= len;
}

/* Takes one line, with its end, out of the input and appends it to `out`. */
static bool read_line(struct connection *c, struct sw_buf *out)
{
    for (;;) {
        const char *end = memchr(c->input, '\n', c->input_len);
        if (end) {
            size_t len = (size_t)(end - c->input) + 1;
            sw_buf_add(out, c->input, len);
            consume(c, len);
            return true;
        }
        /* A line may be longer than the input buffer. */
        if (c->input_len == sizeof(c->input)) {
            sw_buf_add(out, c->input, c->input_len);
            c->input_len = 0;
        }
        if (!fill(c)) {
            return false;
        }
    }
}

static bool read_exactly(struct connection *c, size_t len, struct fault_request *request)
{
    while (len > 0) {
        if (c->input_len == 0 && !fill(c)) {
            return false;
        }
        size_t part = c->input_len < len ? c->input_len : len;
        struct sw_str room = sw_str_n(c->input, part);
        sw_buf_add_str(&request->body, sw_str_first(room, BODY_KEPT - request->body.len));
        request->body_len += part;
        consume(c, part);
        len -= part;
    }
    return true;
}

static size_t parse_hex(struct sw_str s)
{
    size_t value = 0;
    for (size_t i = 0; i < s.len && sw_is_hex(s.ptr[i]); i++) {
        char digit = sw_lower(s.ptr[i]);
        value = value * 16 + (size_t)(sw_is_digit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    return value;
}

static bool read_chunked(struct connection *c, struct fault_request *request)
{
    for (;;) {
        struct sw_buf line SW_CLEANUP(sw_buf_release);
        sw_buf_init(&line, 1024);
        if (!read_line(c, &line)) {
            return false;
        }
        size_t len = parse_hex(sw_buf_str(&line));
        if (len > 0 && !read_exactly(c, len, request)) {
            return false;
        }
        sw_buf_clear(&line);
        if (!read_line(c, &line)) {
            return false;
        }
        if (len == 0) {
            return true;
        }
    }
}

char *fault_request_header(const struct fault_request *request, const char *name)
{
    struct sw_str rest = sw_str(request->head);
    while (rest.ptr) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        struct sw_str key = sw_str_cut(&line, ':');
        if (line.ptr && sw_str_eq_nocase(key, sw_str(name))) {
            return sw_str_dup(sw_str_trim(line));
        }
    }
    return NULL;
}

static bool read_body(struct connection *c, struct fault_request *request)
{
    char *coding SW_CLEANUP(sw_free_str) = fault_request_header(request, "Transfer-Encoding");
    if (coding) {
        return read_chunked(c, request);
    }
    char *length SW_CLEANUP(sw_free_str) = fault_request_header(request, "Content-Length");
    int64_t len = 0;
    if (length && !sw_parse_int(sw_str(length), 0, INT64_MAX, &len)) {
        return false;
    }
    return read_exactly(c, (size_t)len, request);
}

/* The head up to the blank line; NULL when the client goes. */
static struct fault_request *read_head(struct connection *c)
{
    struct sw_buf head SW_CLEANUP(sw_buf_release);
    sw_buf_init(&head, HEAD_MAX);
    for (;;) {
        size_t before = head.len;
        if (!read_line(c, &head) || head.overflowed) {
            return NULL;
        }
        if (head.len - before <= 2) {
            sw_buf_truncate(&head, before);
            break;
        }
    }
    struct fault_request *request = sw_xcalloc(1, sizeof(*request));
    request->head = sw_buf_take(&head);
    request->connection = c->number;
    sw_buf_init(&request->body, BODY_KEPT);
    return request;
}

/* Answering */

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool send_answer(const struct connection *c, const struct fault_step *step)
{
    static const struct timespec pause = { .tv_nsec = 1000000L };
    struct sw_str left =
        step->answer_len ? sw_str_n(step->answer, step->answer_len) : sw_str(step->answer);
    while (left.len > 0) {
        struct sw_str part = sw_str_first(left, step->drip ? step->drip : left.len);
        if (!send_all(c->fd, part.ptr, part.len)) {
            return false;
        }
        left = sw_str_from(left, part.len);
        if (step->drip) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return true;
}

/* Reads and drops until the client, or fault_server_stop(), ends it. */
static void drain(struct connection *c)
{
    do {
        c->input_len = 0;
    } while (fill(c));
}

/* Waits, reading nothing, until fault_server_stop() shuts the connection down. */
static void hold(const struct connection *c)
{
    struct pollfd end = { .fd = c->fd };
    while (!(end.revents & POLLHUP) && (poll(&end, 1, -1) >= 0 || errno == EINTR)) {
    }
}

/* What the step wants done with the connection; true: it goes on. */
static bool finish(struct connection *c, enum fault_then then)
{
    const struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    switch (then) {
    case FAULT_KEEP:
        return true;
    case FAULT_CLOSE:
        break;
    case FAULT_DRAIN:
        (void)shutdown(c->fd, SHUT_WR);
        drain(c);
        break;
    case FAULT_RESET:
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        break;
    case FAULT_HOLD:
        hold(c);
        break;
    case FAULT_IDLE:
        drain(c);
        break;
    }
    return false;
}

/* The step for the next request; it is used up by this when `take` is set. */
static const struct fault_step *current_step(struct fault_server *server, bool take)
{
    static const struct fault_step beyond = {
        .answer = "HTTP/1.1 599 Beyond Script\r\nContent-Length: 0\r\n\r\n",
    };
    (void)pthread_mutex_lock(&server->lock);
    const struct fault_step *step = &beyond;
    if (server->step < server->step_count) {
        step = &server->steps[server->step];
        if (take && ++server->used >= (step->times ? step->times : 1)) {
            server->step++;
            server->used = 0;
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
    return step;
}

static void keep(struct fault_server *server, struct fault_request *request)
{
    (void)pthread_mutex_lock(&server->lock);
    if (server->request_count == REQUESTS_MAX) {
        abort(); /* no assertion may leave this thread */
    }
    server->requests[server->request_count++] = request;
    (void)pthread_mutex_unlock(&server->lock);
}

/* One request; true: the connection stays. */
static bool serve(struct connection *c)
{
    if (current_step(c->server, false)->unread) {
        const struct fault_step *hasty = current_step(c->server, true);
        return send_answer(c, hasty) && finish(c, hasty->then);
    }
    struct fault_request *request = read_head(c);
    if (!request) {
        return false;
    }
    const struct fault_step *step = current_step(c->server, true);
    request->complete = !step->early && read_body(c, request);
    bool answers = step->early || request->complete;
    keep(c->server, request);
    return answers && send_answer(c, step) && finish(c, step->then);
}

static void serve_connection(void *ctx, int fd, unsigned number)
{
    struct connection c = { .server = ctx, .fd = fd, .number = number };
    while (serve(&c)) {
    }
}

/* Starting and stopping */

static void copy_steps(struct fault_server *server, const struct fault_step *steps, size_t count)
{
    server->steps = sw_xcalloc(count + 1, sizeof(*steps));
    server->step_count = count;
    for (size_t i = 0; i < count; i++) {
        struct sw_str answer = steps[i].answer_len ? sw_str_n(steps[i].answer, steps[i].answer_len)
                                                   : sw_str(steps[i].answer);
        server->steps[i] = steps[i];
        server->steps[i].answer = sw_str_dup(answer);
        server->steps[i].answer_len = answer.len;
    }
}

static void free_steps(struct fault_server *server)
{
    for (size_t i = 0; i < server->step_count; i++) {
        char *answer = NULL;
        memcpy(&answer, &server->steps[i].answer, sizeof(answer));
        free(answer);
    }
    free(server->steps);
}

struct fault_server *fault_server_start(const char *unix_path, const struct fault_step *steps,
                                        size_t count)
{
    struct fault_server *server = sw_xcalloc(1, sizeof(*server));
    copy_steps(server, steps, count);
    (void)pthread_mutex_init(&server->lock, NULL);
    server->listener = listener_start(unix_path, serve_connection, server);
    return server;
}

static void request_free(struct fault_request *request)
{
    free(request->head);
    sw_buf_release(&request->body);
    free(request);
}

void fault_server_stop(struct fault_server *server)
{
    listener_stop(server->listener);
    for (size_t i = 0; i < server->request_count; i++) {
        request_free(server->requests[i]);
    }
    free_steps(server);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

int fault_server_port(const struct fault_server *server)
{
    return listener_port(server->listener);
}

char *fault_server_url(const struct fault_server *server, const char *path)
{
    return sw_xasprintf("http://127.0.0.1:%d%s", fault_server_port(server), path);
}

size_t fault_server_request_count(struct fault_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

const struct fault_request *fault_server_request(struct fault_server *server, size_t n)
{
    (void)pthread_mutex_lock(&server->lock);
    const struct fault_request *request = n < server->request_count ? server->requests[n] : NULL;
    (void)pthread_mutex_unlock(&server->lock);
    assert_non_null(request);
    return request;
}

unsigned fault_server_connections(struct fault_server *server)
{
    return listener_connections(server->listener);
}
