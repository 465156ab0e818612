#include "listener.h"

#include "test.h"

#include <slipway/fs.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, WAITING_MAX = 64 };

struct connection {
    struct listener *listener;
    pthread_t thread;
    int fd;
    unsigned number;
};

struct listener {
    void (*serve)(void *ctx, int fd, unsigned number);
    void *ctx;
    int fd;
    int port;
    char *unix_path;
    pthread_t thread;
    pthread_mutex_t lock; /* guards everything below, and the connections' sockets */
    struct connection *connections[CONNECTIONS_MAX];
    unsigned connection_count;
    bool stopping;
};

static void *connection_main(void *arg)
{
    struct connection *c = arg;
    struct listener *listener = c->listener;

    listener->serve(listener->ctx, c->fd, c->number);
    (void)pthread_mutex_lock(&listener->lock);
    sw_close_fd(&c->fd);
    (void)pthread_mutex_unlock(&listener->lock);
    return NULL;
}

/* Takes over an accepted connection; false: no more are wanted. */
static bool add_connection(struct listener *listener, int fd)
{
    bool good;

    (void)pthread_mutex_lock(&listener->lock);
    good = !listener->stopping && listener->connection_count < CONNECTIONS_MAX;
    if (good) {
        struct connection *c = sw_xcalloc(1, sizeof(*c));

        c->listener = listener;
        c->fd = fd;
        c->number = listener->connection_count + 1;
        listener->connections[listener->connection_count++] = c;
        if (pthread_create(&c->thread, NULL, connection_main, c) != 0) {
            abort(); /* no assertion may leave this thread */
        }
    }
    (void)pthread_mutex_unlock(&listener->lock);
    if (!good) {
        (void)close(fd);
    }
    return good;
}

static void *listener_main(void *arg)
{
    struct listener *listener = arg;
    int fd;

    do {
        fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
    } while ((fd < 0 && errno == EINTR) || (fd >= 0 && add_connection(listener, fd)));
    return NULL;
}

static int listen_at(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, address, size), 0);
    assert_int_equal(listen(fd, WAITING_MAX), 0);
    return fd;
}

static int listen_tcp(int *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(address);
    int fd = listen_at((struct sockaddr *)&address, size);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    return listen_at((struct sockaddr *)&address, sizeof(address));
}

struct listener *listener_start(const char *unix_path,
                                void (*serve)(void *ctx, int fd, unsigned number), void *ctx)
{
    struct listener *listener = sw_xcalloc(1, sizeof(*listener));

    listener->serve = serve;
    listener->ctx = ctx;
    listener->unix_path = unix_path ? sw_xstrdup(unix_path) : NULL;
    listener->fd = unix_path ? listen_unix(unix_path) : listen_tcp(&listener->port);
    (void)pthread_mutex_init(&listener->lock, NULL);
    assert_int_equal(pthread_create(&listener->thread, NULL, listener_main, listener), 0);
    return listener;
}

void listener_stop(struct listener *listener)
{
    (void)pthread_mutex_lock(&listener->lock);
    listener->stopping = true;
    (void)shutdown(listener->fd, SHUT_RDWR);
    for (unsigned i = 0; i < listener->connection_count; i++) {
        if (listener->connections[i]->fd >= 0) {
            (void)shutdown(listener->connections[i]->fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&listener->lock);
    (void)pthread_join(listener->thread, NULL);
    for (unsigned i = 0; i < listener->connection_count; i++) {
        (void)pthread_join(listener->connections[i]->thread, NULL);
        free(listener->connections[i]);
    }
    sw_close_fd(&listener->fd);
    if (listener->unix_path) {
        (void)unlink(listener->unix_path);
    }
    free(listener->unix_path);
    (void)pthread_mutex_destroy(&listener->lock);
    free(listener);
}

int listener_port(const struct listener *listener)
{
    return listener->port;
}

unsigned listener_connections(struct listener *listener)
{
    unsigned count;

    (void)pthread_mutex_lock(&listener->lock);
    count = listener->connection_count;
    (void)pthread_mutex_unlock(&listener->lock);
    return count;
}

int listener_closed_port(void)
{
    int port = 0;
    int fd = listen_tcp(&port);

    (void)close(fd);
    return port;
}
