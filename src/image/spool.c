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

enum {
    /* What one spool holds in memory. A reader that keeps up is never this far behind. */
    WINDOW = 4 * 1024 * 1024,
};

struct sw_spool {
    char *tmpdir; /* NULL: /tmp */
    bool keep;
    int fd;               /* -1 before the file is needed. Only the writer opens it. */
    pthread_mutex_t lock; /* guards what follows; only the writer changes `window` and `size` */
    pthread_cond_t grown;
    char *window;  /* the bytes from `start` on, in a circle; NULL: they are in the file */
    int64_t start; /* what lies before is gone */
    int64_t taken; /* what lies before has been read */
    int64_t size;
    enum sw_spool_state state;
    bool forsaken; /* nobody reads any more */
};

struct sw_spool *sw_spool_new(const char *tmpdir, bool keep)
{
    struct sw_spool *spool = sw_xcalloc(1, sizeof(*spool));

    spool->tmpdir = tmpdir ? sw_xstrdup(tmpdir) : NULL;
    spool->keep = keep;
    spool->fd = -1;
    spool->window = sw_xmalloc(WINDOW);
    (void)pthread_mutex_init(&spool->lock, NULL);
    (void)pthread_cond_init(&spool->grown, NULL);
    return spool;
}

void sw_spool_free(struct sw_spool *spool)
{
    if (spool) {
        sw_spool_drop(spool);
        (void)pthread_cond_destroy(&spool->grown);
        (void)pthread_mutex_destroy(&spool->lock);
        free(spool->tmpdir);
        free(spool);
    }
}

void sw_spool_drop(struct sw_spool *spool)
{
    sw_close_fd(&spool->fd);
    free(spool->window);
    spool->window = NULL;
    spool->start = spool->size;
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

/* The bytes of the window from `offset` on that lie in one piece, `len` at most. */
static size_t piece(int64_t offset, size_t len)
{
    size_t room = WINDOW - (size_t)(offset % WINDOW);

    return len < room ? len : room;
}

static void put(struct sw_spool *spool, int64_t offset, const char *data, size_t len)
{
    size_t first = piece(offset, len);

    memcpy(spool->window + offset % WINDOW, data, first);
    memcpy(spool->window, data + first, len - first);
}

/* The window is full, and goes to the file. */
static enum sw_status spill(struct sw_spool *spool, struct sw_err *err)
{
    size_t len = (size_t)(spool->size - spool->start);
    size_t first = piece(spool->start, len);
    char *window = spool->window;
    enum sw_status status = spool->fd >= 0 ? SW_OK : sw_fs_temp(spool->tmpdir, &spool->fd, err);

    if (status == SW_OK) {
        status = write_all(spool->fd, spool->start, window + spool->start % WINDOW, first, err);
    }
    if (status == SW_OK) {
        status = write_all(spool->fd, spool->start + (int64_t)first, window, len - first, err);
    }
    if (status == SW_OK) {
        (void)pthread_mutex_lock(&spool->lock);
        spool->window = NULL;
        (void)pthread_mutex_unlock(&spool->lock);
        free(window);
    }
    return status;
}

static bool has_room(const struct sw_spool *spool, size_t len)
{
    return spool->window && spool->size + (int64_t)len - spool->start <= WINDOW;
}

/*
 * Whether the window takes so many bytes more. What the reader took makes room; one that has
 * caught up with the file is back at the window.
 */
static bool make_room(struct sw_spool *spool, size_t len)
{
    bool room;

    (void)pthread_mutex_lock(&spool->lock);
    if (!spool->keep && !spool->window && spool->taken == spool->size) {
        spool->window = sw_xmalloc(WINDOW);
        spool->start = spool->taken;
    }
    if (!spool->keep && spool->window && !has_room(spool, len)) {
        spool->start = spool->taken;
    }
    room = has_room(spool, len);
    (void)pthread_mutex_unlock(&spool->lock);
    return room;
}

bool sw_spool_is_forsaken(struct sw_spool *spool)
{
    bool forsaken;

    (void)pthread_mutex_lock(&spool->lock);
    forsaken = spool->forsaken;
    (void)pthread_mutex_unlock(&spool->lock);
    return forsaken;
}

enum sw_status sw_spool_add(struct sw_spool *spool, const char *data, size_t len,
                            struct sw_err *err)
{
    enum sw_status status = SW_OK;

    if (sw_spool_is_forsaken(spool)) {
        return SW_OK;
    }
    if (make_room(spool, len)) {
        put(spool, spool->size, data, len);
    } else {
        status = spool->window ? spill(spool, err) : SW_OK;
        if (status == SW_OK) {
            status = write_all(spool->fd, spool->size, data, len, err);
        }
    }
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

bool sw_spool_forsake(struct sw_spool *spool)
{
    bool gone;

    (void)pthread_mutex_lock(&spool->lock);
    gone = spool->start > 0;
    spool->forsaken = spool->forsaken || gone;
    spool->taken = 0; /* what the reader wants again must not make room before it comes */
    (void)pthread_mutex_unlock(&spool->lock);
    return gone;
}

/* Waits for bytes at `offset`. */
static void wait_for(struct sw_spool *spool, int64_t offset, int wait_ms)
{
    struct timespec until;
    int result = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += wait_ms * NS_PER_MS;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    while (spool->size == offset && spool->state == SW_SPOOL_GROWING && result == 0) {
        result = pthread_cond_timedwait(&spool->grown, &spool->lock, &until);
    }
}

/* Takes what the window has at `offset`; false: that is in the file. */
static bool take(struct sw_spool *spool, int64_t offset, char *data, size_t *size, int wait_ms)
{
    bool in_window;

    (void)pthread_mutex_lock(&spool->lock);
    spool->taken = offset;
    wait_for(spool, offset, wait_ms);
    if ((int64_t)*size > spool->size - offset) {
        *size = (size_t)(spool->size - offset);
    }
    in_window = spool->window != NULL;
    if (in_window) {
        size_t first = piece(offset, *size);

        memcpy(data, spool->window + offset % WINDOW, first);
        memcpy(data + first, spool->window, *size - first);
    }
    (void)pthread_mutex_unlock(&spool->lock);
    return in_window;
}

enum sw_status sw_spool_read(struct sw_spool *spool, int64_t offset, char *data, size_t size,
                             int wait_ms, size_t *ret_len, struct sw_err *err)
{
    ssize_t got = 0;

    *ret_len = 0;
    if (take(spool, offset, data, &size, wait_ms) || size == 0) {
        *ret_len = size;
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
