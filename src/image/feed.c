#include "feed.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>

#include <pthread.h>
#include <string.h>

enum { RING_SIZE = 1024 * 1024 };

/* One reading of the blob, by a thread of its own. */
struct stream {
    const struct sw_feed_source *source;
    size_t reader_count;

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    bool ended; /* nothing more comes */
    struct sw_err err;
    char *ring;
    int64_t passed;   /* bytes that readers may have */
    int64_t *at;      /* of each reader */
    bool *attached;   /* readers that are waited for */
    int64_t received; /* the reading thread's own */
    struct sw_sha256 *hash;
};

/* A reader: of the common stream, or of its own once it had to start over. */
struct reader {
    struct sw_feed *feed;
    size_t index;
    struct stream *own;
    struct sw_http_body body;
};

struct sw_feed {
    struct sw_feed_source source;
    struct stream *common;
    size_t reader_count;
    struct reader *readers;
};

static struct stream *stream_new(const struct sw_feed_source *source, size_t readers)
{
    struct stream *stream = sw_xcalloc(1, sizeof(*stream));

    stream->source = source;
    stream->reader_count = readers;
    stream->at = sw_xcalloc(readers, sizeof(*stream->at));
    stream->attached = sw_xcalloc(readers, sizeof(*stream->attached));
    for (size_t i = 0; i < readers; i++) {
        stream->attached[i] = true;
    }
    stream->hash = sw_sha256_new();
    (void)pthread_mutex_init(&stream->lock, NULL);
    (void)pthread_cond_init(&stream->changed, NULL);
    return stream;
}

static void stream_leave(struct stream *stream, size_t reader)
{
    (void)pthread_mutex_lock(&stream->lock);
    stream->attached[reader] = false;
    (void)pthread_cond_broadcast(&stream->changed);
    (void)pthread_mutex_unlock(&stream->lock);
}

static void stream_free(struct stream *stream)
{
    if (!stream) {
        return;
    }
    for (size_t i = 0; i < stream->reader_count; i++) {
        stream_leave(stream, i);
    }
    if (stream->started) {
        (void)pthread_join(stream->thread, NULL);
    }
    (void)pthread_cond_destroy(&stream->changed);
    (void)pthread_mutex_destroy(&stream->lock);
    sw_sha256_free(stream->hash);
    free(stream->ring);
    free(stream->at);
    free(stream->attached);
    free(stream);
}

/* How much the slowest reader still has to take; negative when nobody reads. The lock is held. */
static int64_t backlog(const struct stream *stream)
{
    int64_t most = -1;

    for (size_t i = 0; i < stream->reader_count; i++) {
        int64_t left = stream->passed - stream->at[i];

        if (stream->attached[i] && left > most) {
            most = left;
        }
    }
    return most;
}

/* Waits for room in the ring; 0 when nobody reads any more. The lock is held. */
static size_t wait_room(struct stream *stream)
{
    int64_t used = backlog(stream);

    while (used == RING_SIZE) {
        (void)pthread_cond_wait(&stream->changed, &stream->lock);
        used = backlog(stream);
    }
    return used < 0 ? 0 : (size_t)(RING_SIZE - used);
}

/* Whether what has come may be passed on, `data` included. */
static enum sw_status check_content(struct stream *stream, const char *data, size_t len,
                                    struct sw_err *err)
{
    const struct sw_feed_source *source = stream->source;
    char actual[SW_DIGEST_SIZE];

    sw_sha256_add(stream->hash, data, len);
    stream->received += (int64_t)len;
    if (stream->received > source->size) {
        return sw_fail(err, SW_E_UNAVAILABLE, "it is longer than its %lld bytes",
                       (long long)source->size);
    }
    if (stream->received < source->size) {
        return SW_OK;
    }
    sw_sha256_take(stream->hash, actual);
    if (strcmp(actual, source->digest) != 0) {
        return sw_fail(err, SW_E_UNAVAILABLE, "it came as %s", actual);
    }
    return SW_OK;
}

static enum sw_status take(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct stream *stream = ctx;
    enum sw_status status = check_content(stream, data, len, err);

    (void)pthread_mutex_lock(&stream->lock);
    while (status == SW_OK && len > 0) {
        size_t at = (size_t)(stream->passed % RING_SIZE);
        size_t part = wait_room(stream);

        if (part == 0) {
            status = sw_fail(err, SW_E_STOPPED, "stopped");
            break;
        }
        part = part > len ? len : part;
        part = part > RING_SIZE - at ? RING_SIZE - at : part;
        memcpy(stream->ring + at, data, part);
        stream->passed += (int64_t)part;
        data += part;
        len -= part;
        (void)pthread_cond_broadcast(&stream->changed);
    }
    (void)pthread_mutex_unlock(&stream->lock);
    return status;
}

static void *run(void *ctx)
{
    struct stream *stream = ctx;
    const struct sw_feed_source *source = stream->source;
    const struct sw_http_sink sink = { take, stream };
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = source->read(source->ctx, source->digest, &sink, &err);

    if (status == SW_OK && stream->received < source->size) {
        (void)sw_fail(&err, SW_E_UNAVAILABLE, "blob %s of \"%s\" has %lld bytes instead of %lld",
                      source->digest, source->where, (long long)stream->received,
                      (long long)source->size);
    }
    (void)pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    stream->err = err;
    (void)pthread_cond_broadcast(&stream->changed);
    (void)pthread_mutex_unlock(&stream->lock);
    return NULL;
}

/* The lock is held. */
static enum sw_status start(struct stream *stream, struct sw_err *err)
{
    if (stream->started) {
        return SW_OK;
    }
    stream->ring = sw_xmalloc(RING_SIZE);
    if (pthread_create(&stream->thread, NULL, run, stream) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot start a thread");
    }
    stream->started = true;
    return SW_OK;
}

/* Copies what has come, waiting for it. The lock is held. */
static enum sw_status receive(struct stream *stream, size_t reader, char *data, size_t size,
                              size_t *ret_len, struct sw_err *err)
{
    int64_t *at = &stream->at[reader];
    size_t from = (size_t)(*at % RING_SIZE);
    size_t len;

    while (*at == stream->passed && !stream->ended) {
        (void)pthread_cond_wait(&stream->changed, &stream->lock);
    }
    if (*at == stream->passed) {
        *err = stream->err;
        return err->status;
    }
    len = (size_t)(stream->passed - *at);
    len = len > size ? size : len;
    len = len > RING_SIZE - from ? RING_SIZE - from : len;
    memcpy(data, stream->ring + from, len);
    *at += (int64_t)len;
    *ret_len = len;
    (void)pthread_cond_broadcast(&stream->changed);
    return SW_OK;
}

static enum sw_status stream_read(struct stream *stream, size_t reader, char *data, size_t size,
                                  size_t *ret_len, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    *ret_len = 0;
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->at[reader] < stream->source->size) {
        status = start(stream, err);
        if (status == SW_OK) {
            status = receive(stream, reader, data, size, ret_len, err);
        }
    }
    (void)pthread_mutex_unlock(&stream->lock);
    return status;
}

static struct stream *stream_of(const struct reader *reader)
{
    return reader->own ? reader->own : reader->feed->common;
}

static size_t index_of(const struct reader *reader)
{
    return reader->own ? 0 : reader->index;
}

static enum sw_status body_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                struct sw_err *err)
{
    const struct reader *reader = ctx;

    return stream_read(stream_of(reader), index_of(reader), data, size, ret_len, err);
}

/* Whether nothing has been taken yet of a stream that still runs. */
static bool is_fresh(const struct reader *reader)
{
    struct stream *stream = stream_of(reader);
    size_t index = index_of(reader);
    bool fresh;

    (void)pthread_mutex_lock(&stream->lock);
    fresh = stream->attached[index] && stream->at[index] == 0 && stream->err.status == SW_OK;
    (void)pthread_mutex_unlock(&stream->lock);
    return fresh;
}

static enum sw_status body_rewind(void *ctx, SW_UNUSED struct sw_err *err)
{
    struct reader *reader = ctx;

    if (is_fresh(reader)) {
        return SW_OK;
    }
    stream_leave(stream_of(reader), index_of(reader));
    stream_free(reader->own);
    reader->own = stream_new(&reader->feed->source, 1);
    return SW_OK;
}

static enum sw_status read_place(const void *ctx, const char *digest,
                                 const struct sw_http_sink *sink, struct sw_err *err)
{
    const struct sw_push_place *place = ctx;

    return sw_registry_read_blob(place->registry, place->repository, digest, sink, err);
}

struct sw_feed_source sw_feed_from_place(const struct sw_push_place *place, const char *digest,
                                         int64_t size)
{
    return (struct sw_feed_source){ read_place, place, place->repository, digest, size };
}

struct sw_feed *sw_feed_new(const struct sw_feed_source *source, size_t readers)
{
    struct sw_feed *feed = sw_xcalloc(1, sizeof(*feed));

    feed->source = *source;
    feed->common = stream_new(&feed->source, readers);
    feed->readers = sw_xcalloc(readers, sizeof(*feed->readers));
    feed->reader_count = readers;
    for (size_t i = 0; i < readers; i++) {
        struct reader *reader = &feed->readers[i];

        reader->feed = feed;
        reader->index = i;
        reader->body = (struct sw_http_body){ source->size, body_read, body_rewind, reader };
    }
    return feed;
}

void sw_feed_free(struct sw_feed *feed)
{
    if (!feed) {
        return;
    }
    for (size_t i = 0; i < feed->reader_count; i++) {
        stream_free(feed->readers[i].own);
    }
    stream_free(feed->common);
    free(feed->readers);
    free(feed);
}

const struct sw_http_body *sw_feed_body(struct sw_feed *feed, size_t reader)
{
    return &feed->readers[reader].body;
}

struct sw_reader sw_feed_reader(struct sw_feed *feed, size_t reader)
{
    return (struct sw_reader){ body_read, NULL, &feed->readers[reader] };
}

void sw_feed_leave(struct sw_feed *feed, size_t reader)
{
    const struct reader *self = &feed->readers[reader];

    stream_leave(stream_of(self), index_of(self));
}
