#include "connect.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { POLL_MS = 100 /* how often a wish to stop is noticed */ };

static bool refused(struct sw_http_failure *failure, int os_error)
{
    failure->kind = SW_HTTP_NOT_CONNECTED;
    failure->os_error = os_error;
    return false;
}

/* Waits until a connection stands or has failed. */
static bool await(struct sw_http_exchange *x, int fd, int64_t until_ms,
                  struct sw_http_failure *failure)
{
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    int os_error = 0;
    socklen_t len = sizeof(os_error);

    while (poll(&wait, 1, POLL_MS) <= 0) {
        if (sw_http_exchange_must_end(x, 0, /* waiting= */ false)) {
            return false;
        }
        if (sw_env_mono_ms(x->env) >= until_ms) {
            failure->kind = SW_HTTP_CONNECT_TIMEOUT;
            failure->limit_ms = sw_http_exchange_connect_limit(x);
            return false;
        }
    }
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &os_error, &len);
    return os_error == 0 || refused(failure, os_error);
}

static bool connect_to(struct sw_http_exchange *x, const struct sockaddr *address, socklen_t len,
                       int64_t until_ms, int *ret_fd, struct sw_http_failure *failure)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return refused(failure, errno);
    }
    if (connect(fd, address, len) == 0 ||
        (errno == EINPROGRESS ? await(x, fd, until_ms, failure) : refused(failure, errno))) {
        *ret_fd = fd;
        return true;
    }
    sw_close_fd(&fd);
    return false;
}

static bool connect_to_socket(struct sw_http_exchange *x, int64_t until_ms, int *ret_fd,
                              struct sw_http_failure *failure)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct sw_str path = sw_str(x->request->unix_socket);

    if (path.len >= sizeof(address.sun_path)) {
        return refused(failure, ENAMETOOLONG);
    }
    memcpy(address.sun_path, path.ptr, path.len);
    return connect_to(x, (const struct sockaddr *)&address, sizeof(address), until_ms, ret_fd,
                      failure);
}

static bool connect_to_host(struct sw_http_exchange *x, int64_t until_ms, int *ret_fd,
                            struct sw_http_failure *failure)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    char *host SW_CLEANUP(sw_free_str) = sw_str_dup(x->url.host);
    char *port SW_CLEANUP(sw_free_str) = sw_xasprintf("%d", x->url.port);
    struct addrinfo *found = NULL;
    bool connected = false;

    if (getaddrinfo(host, port, &hints, &found) != 0) {
        failure->kind = SW_HTTP_NO_SUCH_HOST;
        return false;
    }
    for (const struct addrinfo *at = found; at && !connected && x->own_status == SW_OK;
         at = at->ai_next) {
        connected = connect_to(x, at->ai_addr, at->ai_addrlen, until_ms, ret_fd, failure);
    }
    freeaddrinfo(found);
    return connected;
}

bool sw_http_connect(struct sw_http_exchange *x, int *ret_fd, struct sw_http_failure *ret_failure)
{
    const int64_t until_ms = sw_env_mono_ms(x->env) + sw_http_exchange_connect_limit(x);

    return x->request->unix_socket ? connect_to_socket(x, until_ms, ret_fd, ret_failure)
                                   : connect_to_host(x, until_ms, ret_fd, ret_failure);
}
