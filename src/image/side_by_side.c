#include "side_by_side.h"

#include <pthread.h>

enum { CONNECTIONS_MAX = 6 };

struct crew {
    size_t count;
    bool (*work)(void *ctx, size_t index);
    void *ctx;
    pthread_mutex_t lock; /* guards the next one */
    size_t next;
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

static void end(struct crew *crew)
{
    (void)pthread_mutex_lock(&crew->lock);
    crew->next = crew->count;
    (void)pthread_mutex_unlock(&crew->lock);
}

static void *toil(void *ctx)
{
    struct crew *crew = ctx;
    size_t index;

    while ((index = take(crew)) < crew->count) {
        if (!crew->work(crew->ctx, index)) {
            end(crew);
        }
    }
    return NULL;
}

void sw_side_by_side(size_t count, size_t threads, bool (*work)(void *ctx, size_t index), void *ctx)
{
    struct crew crew = { .count = count, .work = work, .ctx = ctx };
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
}

size_t sw_threads_for(size_t requests)
{
    const size_t threads = (requests + 1) / 2;

    return threads < CONNECTIONS_MAX ? threads : CONNECTIONS_MAX;
}
