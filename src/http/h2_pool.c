#include "connect.h"
#include "h2.h"

#include <slipway/alloc.h>

#include <pthread.h>

/* A connection that waits for its next request. */
struct idle {
    struct idle *next;
    char *peer;
    struct sw_h2 *h2;
};

struct sw_h2_pool {
    pthread_mutex_t lock;
    struct idle *idle; /* last used first */
};

struct sw_h2_pool *sw_h2_pool_new(void)
{
    struct sw_h2_pool *pool = sw_xcalloc(1, sizeof(*pool));

    (void)pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

void sw_h2_pool_free(struct sw_h2_pool *pool)
{
    while (pool->idle) {
        struct idle *idle = pool->idle;

        pool->idle = idle->next;
        sw_h2_free(idle->h2);
        free(idle->peer);
        free(idle);
    }
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* An idle connection to the peer; NULL when there is none. */
static struct sw_h2 *take(struct sw_h2_pool *pool, const char *peer)
{
    struct sw_h2 *h2 = NULL;
    struct idle *found;
    struct idle **at = &pool->idle;

    (void)pthread_mutex_lock(&pool->lock);
    while (*at && strcmp((*at)->peer, peer) != 0) {
        at = &(*at)->next;
    }
    found = *at;
    if (found) {
        *at = found->next;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    if (found) {
        h2 = found->h2;
        free(found->peer);
        free(found);
    }
    return h2;
}

static void give_back(struct sw_h2_pool *pool, struct sw_h2 *h2, char *peer)
{
    struct idle *idle = sw_xcalloc(1, sizeof(*idle));

    idle->peer = peer;
    idle->h2 = h2;
    (void)pthread_mutex_lock(&pool->lock);
    idle->next = pool->idle;
    pool->idle = idle;
    (void)pthread_mutex_unlock(&pool->lock);
}

/* One that still stands, or a new one; NULL when it fails. */
static struct sw_h2 *open_connection(struct sw_h2_pool *pool, const char *peer,
                                     struct sw_http_exchange *x, struct sw_http_failure *failure)
{
    struct sw_h2 *h2;
    int fd = -1;

    while ((h2 = take(pool, peer)) != NULL) {
        if (sw_h2_is_usable(h2)) {
            return h2;
        }
        sw_h2_free(h2);
    }
    return sw_http_connect(x, &fd, failure) ? sw_h2_new(fd) : NULL;
}

enum sw_status sw_h2_perform(struct sw_h2_pool *pool, struct sw_http_exchange *x)
{
    const char *socket = x->request->unix_socket;
    struct sw_http_failure failure = {
        .host = x->url.host, .port = x->url.port, .unix_socket = socket, .expected = -1
    };
    char *peer SW_CLEANUP(sw_free_str) =
        socket ? sw_xstrdup(socket) : sw_xasprintf("%.*s:%d", SW_STR_ARG(x->url.host), x->url.port);
    struct sw_h2 *h2 = open_connection(pool, peer, x, &failure);
    const bool good = h2 && sw_h2_exchange(h2, x, &failure);

    if (good && sw_h2_is_usable(h2)) {
        give_back(pool, h2, SW_TAKE(peer));
    } else {
        sw_h2_free(h2);
    }
    if (good) {
        return SW_OK;
    }
    return x->own_status == SW_OK ? sw_http_fail(&failure, x->err) : x->own_status;
}
