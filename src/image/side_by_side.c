#include "side_by_side.h"

#include <pthread.h>

enum { CONNECTIONS_MAX = 6 };

struct crew {
    size_t count;
    enum sw_status (*work)(void *ctx, size_t index, struct sw_err *err);
    void *ctx;
    pthread_mutex_t lock; /* guards everything below */
    size_t next;
    size_t failed; /* the index of `err` */
    struct sw_err *err;
    enum sw_status status;
};

/* The next index; `count` when there is none. */
static size_t take(struct crew *crew)
{
    size_t index;

    (void)pthread_mutex_lock(&crew->lock);
    index = crew->next;
    if (index < crew->count) {
        crew->next++;
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return index;
}

/* Whether a failure says more than the one that is known. */
static bool says_more(const struct crew *crew, size_t index, enum sw_status status)
{
    if (crew->status == SW_OK) {
        return true;
    }
    if ((crew->status == SW_E_STOPPED) != (status == SW_E_STOPPED)) {
        return crew->status == SW_E_STOPPED;
    }
    return index < crew->failed;
}

static void fail(struct crew *crew, size_t index, enum sw_status status, const struct sw_err *err)
{
    (void)pthread_mutex_lock(&crew->lock);
    crew->next = crew->count;
    if (says_more(crew, index, status)) {
        crew->failed = index;
        crew->status = status;
        *crew->err = *err;
    }
    (void)pthread_mutex_unlock(&crew->lock);
}

static void *toil(void *ctx)
{
    struct crew *crew = ctx;
    size_t index;

    while ((index = take(crew)) < crew->count) {
        struct sw_err err = SW_ERR_INIT;
        enum sw_status status = crew->work(crew->ctx, index, &err);

        if (status != SW_OK) {
            fail(crew, index, status, &err);
        }
    }
    return NULL;
}

enum sw_status sw_side_by_side(size_t count, size_t threads,
                               enum sw_status (*work)(void *ctx, size_t index, struct sw_err *err),
                               void *ctx, struct sw_err *err)
{
    struct crew crew = { .count = count, .work = work, .ctx = ctx, .err = err };
    pthread_t others[SW_SIDE_BY_SIDE_MAX];
    size_t other_count = 0;

    threads = threads < count ? threads : count;
    threads = threads < SW_SIDE_BY_SIDE_MAX ? threads : SW_SIDE_BY_SIDE_MAX;
    (void)pthread_mutex_init(&crew.lock, NULL);
    /* Where no thread can be had, this one does it all. */
    while (other_count + 1 < threads &&
           pthread_create(&others[other_count], NULL, toil, &crew) == 0) {
        other_count++;
    }
    (void)toil(&crew);
    for (size_t i = 0; i < other_count; i++) {
        (void)pthread_join(others[i], NULL);
    }
    (void)pthread_mutex_destroy(&crew.lock);
    return crew.status;
}

size_t sw_threads_for(size_t requests)
{
    const size_t threads = (requests + 1) / 2;

    return threads < CONNECTIONS_MAX ? threads : CONNECTIONS_MAX;
}
