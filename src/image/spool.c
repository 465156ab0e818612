#include "spool.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS (1000L * 1000L)
#define NS_PER_S  (1000L * NS_PER_MS)

struct sw_spool {
    int fd;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t grown;
    int64_t size;
    enum sw_spool_state state;
};

enum sw_status sw_spool_new(const char *tmpdir, struct sw_spool **ret, struct sw_err *err)
{
    struct sw_spool *spool;
    int fd = -1;
    enum sw_status status = sw_fs_temp(tmpdir, &fd, err);

    if (status != SW_OK) {
        return status;
    }
    spool = sw_xcalloc(1, sizeof(*spool));
    spool->fd = fd;
    (void)pthread_mutex_init(&spool->lock, NULL);
    (void)pthread_cond_init(&spool->grown, NULL);
    *ret = spool;
    return SW_OK;
}

void sw_spool_free(struct sw_spool *spool)
{
    if (spool) {
        sw_spool_drop(spool);
        (void)pthread_cond_destroy(&spool->grown);
        (void)pthread_mutex_destroy(&spool->lock);
        free(spool);
    }
}

void sw_spool_drop(struct sw_spool *spool)
{
    sw_close_fd(&spool->fd);
}

static enum sw_status write_all(int fd, int64_t offset, const char *data, size_t len,
                                struct sw_err *err)
{
    while (len > 0) {
        ssize_t put = pwrite(fd, data, len, offset);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return sw_fail(err, SW_E_FAILED, "cannot write to a temporary file: %s%s",
                           strerror(errno),
                           errno == ENOSPC ? "; set TMPDIR to a folder with more room" : "");
        }
        data += put;
        len -= (size_t)put;
        offset += put;
    }
    return SW_OK;
}

enum sw_status sw_spool_add(struct sw_spool *spool, const char *data, size_t len,
                            struct sw_err *err)
{
    /* Only this thread changes the size. */
    enum sw_status status = write_all(spool->fd, spool->size, data, len, err);

    if (status == SW_OK) {
        (void)pthread_mutex_lock(&spool->lock);
        spool->size += (int64_t)len;
        (void)pthread_cond_broadcast(&spool->grown);
        (void)pthread_mutex_unlock(&spool->lock);
    }
    return status;
}

int64_t sw_spool_size(struct sw_spool *spool)
{
    int64_t size;

    (void)pthread_mutex_lock(&spool->lock);
    size = spool->size;
    (void)pthread_mutex_unlock(&spool->lock);
    return size;
}

void sw_spool_end(struct sw_spool *spool, bool whole)
{
    (void)pthread_mutex_lock(&spool->lock);
    spool->state = whole ? SW_SPOOL_WHOLE : SW_SPOOL_BROKEN;
    (void)pthread_cond_broadcast(&spool->grown);
    (void)pthread_mutex_unlock(&spool->lock);
}

enum sw_spool_state sw_spool_state(struct sw_spool *spool)
{
    enum sw_spool_state state;

    (void)pthread_mutex_lock(&spool->lock);
    state = spool->state;
    (void)pthread_mutex_unlock(&spool->lock);
    return state;
}

/* The bytes there are at `offset`, after a wait for some. */
static int64_t wait_for(struct sw_spool *spool, int64_t offset, int wait_ms)
{
    struct timespec until;
    int64_t there;
    int result = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += wait_ms * NS_PER_MS;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    (void)pthread_mutex_lock(&spool->lock);
    while (spool->size == offset && spool->state == SW_SPOOL_GROWING && result == 0) {
        result = pthread_cond_timedwait(&spool->grown, &spool->lock, &until);
    }
    there = spool->size - offset;
    (void)pthread_mutex_unlock(&spool->lock);
    return there;
}

enum sw_status sw_spool_read(struct sw_spool *spool, int64_t offset, char *data, size_t size,
                             int wait_ms, size_t *ret_len, struct sw_err *err)
{
    int64_t there = wait_for(spool, offset, wait_ms);
    ssize_t got;

    *ret_len = 0;
    if ((int64_t)size > there) {
        size = (size_t)there;
    }
    if (size == 0) {
        return SW_OK;
    }
    do {
        got = pread(spool->fd, data, size, offset);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return sw_fail(err, SW_E_FAILED, "cannot read a temporary file: %s",
                       got < 0 ? strerror(errno) : "it has become shorter");
    }
    *ret_len = (size_t)got;
    return SW_OK;
}
