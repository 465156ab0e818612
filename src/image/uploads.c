#include "push_private.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

#include <string.h>

/* How often a wish to stop is noticed while a layer is compressed. */
enum { SPOOL_WAIT_MS = 100 };

/* The content of a blob as a request body. */
struct body {
    struct sw_uploads *uploads;
    const struct sw_blob *blob;
    int64_t at;
    int row; /* of the meter */
};

static const char *kind_of(const struct sw_blob *blob)
{
    return blob->is_layer ? "layer" : "configuration";
}

/* Reads from a spool, waiting for more as long as that makes sense. */
static enum sw_status read_spool(const struct body *body, char *data, size_t size, size_t *ret_len,
                                 struct sw_err *err)
{
    struct sw_spool *spool = body->blob->spool;

    for (;;) {
        bool growing = sw_spool_state(spool) == SW_SPOOL_GROWING;
        enum sw_status status =
            sw_spool_read(spool, body->at, data, size, SPOOL_WAIT_MS, ret_len, err);

        if (status != SW_OK || *ret_len > 0) {
            return status;
        }
        if (!growing) {
            break;
        }
        status = sw_uploads_check(body->uploads, err);
        if (status != SW_OK) {
            return status;
        }
    }
    if (sw_spool_state(spool) == SW_SPOOL_BROKEN) {
        return sw_fail(err, SW_E_STOPPED, "the layer could not be read to its end");
    }
    return SW_OK;
}

static enum sw_status read_file(const struct body *body, char *data, size_t size, size_t *ret_len,
                                struct sw_err *err)
{
    const struct sw_blob *blob = body->blob;
    struct sw_file_part part = { blob->fd, blob->offset + body->at, blob->offset + blob->size };
    const struct sw_reader reader = sw_file_part_reader(&part);

    if (reader.read(reader.ctx, data, size, ret_len, err) != SW_OK) {
        return sw_wrap(err, "cannot send blob %s", blob->digest);
    }
    return SW_OK;
}

static enum sw_status read_memory(const struct body *body, char *data, size_t size, size_t *ret_len)
{
    const struct sw_blob *blob = body->blob;
    size_t left = (size_t)(blob->size - body->at);

    *ret_len = size < left ? size : left;
    if (*ret_len > 0) {
        memcpy(data, blob->bytes + body->at, *ret_len);
    }
    return SW_OK;
}

static enum sw_status read_feed(const struct body *body, char *data, size_t size, size_t *ret_len,
                                struct sw_err *err)
{
    const struct sw_http_body *feed = sw_feed_body(body->blob->feed, 0);

    return feed->read(feed->ctx, data, size, ret_len, err);
}

static enum sw_status body_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                struct sw_err *err)
{
    struct body *body = ctx;
    enum sw_status status = sw_uploads_check(body->uploads, err);

    if (status != SW_OK) {
        return status;
    }
    if (body->blob->feed) {
        status = read_feed(body, data, size, ret_len, err);
    } else if (body->blob->spool) {
        status = read_spool(body, data, size, ret_len, err);
    } else if (body->blob->bytes) {
        status = read_memory(body, data, size, ret_len);
    } else {
        status = read_file(body, data, size, ret_len, err);
    }
    if (status != SW_OK) {
        return status;
    }
    body->at += (int64_t)*ret_len;
    sw_meter_add(&body->uploads->meter, body->row, (int64_t)*ret_len);
    return SW_OK;
}

/* A feed goes on where it is, other contents are read by position. */
static enum sw_status rewind_feed(const struct sw_blob *blob, struct sw_err *err)
{
    const struct sw_http_body *feed = blob->feed ? sw_feed_body(blob->feed, 0) : NULL;

    return feed ? feed->rewind(feed->ctx, err) : SW_OK;
}

static enum sw_status body_rewind(void *ctx, struct sw_err *err)
{
    struct body *body = ctx;

    if (body->blob->spool && sw_spool_forsake(body->blob->spool)) {
        return sw_fail(err, SW_E_STOPPED, "the layer has to be read again");
    }
    sw_meter_add(&body->uploads->meter, body->row, -body->at);
    body->at = 0;
    return rewind_feed(body->blob, err);
}

static bool has_content(const struct sw_blob *blob)
{
    return blob->bytes || blob->spool || blob->feed || blob->fd >= 0;
}

static bool is_growing(const struct sw_blob *blob)
{
    return blob->spool && sw_spool_state(blob->spool) == SW_SPOOL_GROWING;
}

static bool is_broken(const struct sw_blob *blob)
{
    return blob->spool && sw_spool_state(blob->spool) == SW_SPOOL_BROKEN;
}

static bool is_forsaken(const struct sw_blob *blob)
{
    return blob->spool && sw_spool_is_forsaken(blob->spool);
}

static const char *body_digest(void *ctx)
{
    const struct body *body = ctx;

    return is_growing(body->blob) ? NULL : body->blob->digest;
}

/* Keeps whether a blob was found although no image had told of it. */
static void tell_fate(struct sw_uploads *uploads, bool there)
{
    (void)pthread_mutex_lock(&uploads->lock);
    uploads->looked = true;
    uploads->found = uploads->found || there;
    (void)pthread_cond_broadcast(&uploads->changed);
    (void)pthread_mutex_unlock(&uploads->lock);
}

bool sw_uploads_found(struct sw_uploads *uploads)
{
    bool found;

    (void)pthread_mutex_lock(&uploads->lock);
    while (uploads->added && !uploads->looked && !uploads->failed) {
        (void)pthread_cond_wait(&uploads->changed, &uploads->lock);
    }
    found = uploads->found;
    (void)pthread_mutex_unlock(&uploads->lock);
    return found;
}

/* What became of a blob in a place. */
struct fate {
    bool sent;
    const char *shared_from; /* repository; NULL: it was not shared */
};

/* Sends the blob; one that is still being compressed has neither digest nor size yet. */
static enum sw_status send_blob(struct sw_uploads *uploads, const struct sw_blob *blob,
                                const struct sw_push_place *place, const char *session,
                                struct sw_err *err)
{
    const bool growing = is_growing(blob);
    struct body content = { .uploads = uploads, .blob = blob };
    const struct sw_http_body body = { growing ? -1 : blob->size, body_read, body_rewind,
                                       &content };
    bool there = false;
    enum sw_status status = rewind_feed(blob, err); /* another place may have had it */

    if (status != SW_OK) {
        return status;
    }
    content.row =
        sw_meter_begin(&uploads->meter, kind_of(blob), growing ? "" : blob->digest, body.length);
    if (growing) {
        status = sw_registry_stream_blob(place->registry, place->repository, &body, body_digest,
                                         &there, err);
    } else {
        status = sw_registry_put_blob(place->registry, place->repository, blob->digest, &body,
                                      session, &there, err);
    }
    sw_meter_end(&uploads->meter, content.row, status == SW_OK && !there);
    return status;
}

/* Looks for the blob, unless that was done before. */
static enum sw_status look_for(struct sw_uploads *uploads, const struct sw_blob *blob,
                               const struct sw_push_place *place, bool *ret, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    *ret = blob->there;
    if (!blob->looked_for) {
        status = sw_registry_has_blob(place->registry, place->repository, blob->digest, ret, err);
    }
    tell_fate(uploads, *ret);
    return status;
}

/* Looks for the blob, or for one to share, and sends it when there is none. */
static enum sw_status put(struct sw_uploads *uploads, const struct sw_blob *blob,
                          const struct sw_push_place *place, struct fate *fate, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *session = NULL;
    bool there = false;
    enum sw_status status = SW_OK;

    if (!has_content(blob)) {
        fate->shared_from = blob->shared_from;
        return SW_OK;
    }
    if (is_growing(blob)) {
        tell_fate(uploads, /* there= */ false);
    } else {
        status = look_for(uploads, blob, place, &there, err);
        if (status == SW_OK && !there) {
            status = sw_place_share(place, uploads->mount_from, blob->digest, &fate->shared_from,
                                    &session, err);
        }
    }
    if (status != SW_OK || there || fate->shared_from) {
        return status;
    }
    fate->sent = true;
    return send_blob(uploads, blob, place, session, err);
}

static void tell(const struct sw_uploads *uploads, const struct sw_blob *blob,
                 const struct sw_push_place *place, const struct fate *fate, int64_t took_ms)
{
    SW_CLEANUP(sw_free_str) char *in = sw_place_suffix(place, uploads->place_count);
    char digest[SW_DIGEST_SHORT_SIZE];
    char size[SW_SIZE_TEXT_MAX];
    char took[SW_SIZE_TEXT_MAX];
    const char *what = kind_of(blob);

    sw_digest_short(blob->digest, digest);
    sw_format_size(blob->size, size);
    sw_format_duration(took_ms, took);
    if (fate->sent) {
        sw_say(uploads->env, "%s %s: sent%s, %s in %s", what, digest, in, size, took);
    } else if (fate->shared_from) {
        sw_say(uploads->env, "%s %s: mounted from %s%s, %s", what, digest, fate->shared_from, in,
               size);
    } else if (blob->learned_from) {
        sw_say(uploads->env, "%s %s: already there%s, %s (learned from %s)", what, digest, in, size,
               blob->learned_from);
    } else {
        sw_say(uploads->env, "%s %s: already there%s, %s", what, digest, in, size);
    }
}

static void count(struct sw_uploads *uploads, struct sw_blob *blob, const struct fate *fate)
{
    (void)pthread_mutex_lock(&uploads->lock);
    if (fate->sent) {
        blob->sent = true;
        uploads->bytes_sent += blob->size;
    } else if (fate->shared_from) {
        uploads->bytes_mounted += blob->size;
    } else {
        uploads->bytes_skipped += blob->size;
    }
    (void)pthread_mutex_unlock(&uploads->lock);
}

static enum sw_status upload_to(struct sw_uploads *uploads, struct sw_blob *blob,
                                const struct sw_push_place *place, struct sw_err *err)
{
    int64_t started_ms = sw_env_mono_ms(uploads->env);
    struct fate fate = { .sent = false };
    enum sw_status status = put(uploads, blob, place, &fate, err);

    if (status == SW_OK) {
        count(uploads, blob, &fate);
        tell(uploads, blob, place, &fate, sw_env_mono_ms(uploads->env) - started_ms);
    }
    return status;
}

static enum sw_status upload(struct sw_uploads *uploads, struct sw_blob *blob, struct sw_err *err)
{
    for (size_t i = 0; i < uploads->place_count; i++) {
        enum sw_status status = upload_to(uploads, blob, &uploads->places[i], err);

        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* The next blob, or NULL when there is nothing more to do. The lock is held. */
static struct sw_blob *next_blob(struct sw_uploads *uploads)
{
    struct sw_blob *blob;

    while (uploads->queued == 0 && !uploads->closing && !uploads->failed) {
        (void)pthread_cond_wait(&uploads->changed, &uploads->lock);
    }
    if (uploads->queued == 0 || uploads->failed) {
        return NULL;
    }
    blob = uploads->queue[0];
    uploads->queued--;
    memmove(uploads->queue, uploads->queue + 1, uploads->queued * sizeof(struct sw_blob *));
    return blob;
}

static void fail(struct sw_uploads *uploads, const struct sw_err *err)
{
    if (!uploads->failed) {
        uploads->failed = true;
        uploads->err = *err;
        atomic_store(&uploads->world->failed, true);
    }
}

static void *work(void *ctx)
{
    struct sw_uploads *uploads = ctx;
    struct sw_blob *blob;

    (void)pthread_mutex_lock(&uploads->lock);
    while ((blob = next_blob(uploads)) != NULL) {
        struct sw_err err = SW_ERR_INIT;
        enum sw_status status;

        uploads->busy++;
        (void)pthread_cond_broadcast(&uploads->changed);
        (void)pthread_mutex_unlock(&uploads->lock);
        status = upload(uploads, blob, &err);
        if (!is_growing(blob)) {
            sw_blob_drop_content(blob);
        }
        (void)pthread_mutex_lock(&uploads->lock);
        uploads->busy--;
        /* When the layer could not be read, or has to be read again, that is the reading thread's.
         */
        if (status != SW_OK && !is_broken(blob) && !is_forsaken(blob)) {
            fail(uploads, &err);
        }
        (void)pthread_cond_broadcast(&uploads->changed);
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    return NULL;
}

enum sw_status sw_uploads_start(struct sw_uploads *uploads, struct sw_push_world *world,
                                const struct sw_push_place *places, size_t place_count,
                                unsigned threads, struct sw_err *err)
{
    *uploads = (struct sw_uploads){
        .env = world->outer, .world = world, .places = places, .place_count = place_count
    };
    threads = threads > SW_PUSH_THREADS_MAX ? SW_PUSH_THREADS_MAX : threads;
    (void)pthread_mutex_init(&uploads->lock, NULL);
    sw_meter_init(&uploads->meter, world->outer);
    (void)pthread_cond_init(&uploads->changed, NULL);
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&uploads->threads[i], NULL, work, uploads) != 0) {
            break;
        }
        uploads->thread_count++;
    }
    if (uploads->thread_count == 0) {
        sw_uploads_stop(uploads, /* cut= */ true);
        return sw_fail(err, SW_E_FAILED, "cannot start a thread");
    }
    return SW_OK;
}

/* The lock is held. A layer that is being made has no digest yet. */
static bool seen_before(struct sw_uploads *uploads, const struct sw_blob *blob)
{
    for (size_t i = 0; i < uploads->seen_count; i++) {
        if (blob->digest[0] && strcmp(uploads->seen[i], blob->digest) == 0) {
            return true;
        }
    }
    uploads->seen =
        sw_grow(uploads->seen, uploads->seen_count, &uploads->seen_capacity, sizeof(const char *));
    uploads->seen[uploads->seen_count++] = blob->digest;
    return false;
}

/* Waits for room. The lock is held. */
static void enqueue(struct sw_uploads *uploads, struct sw_blob *blob)
{
    while (uploads->queued == SW_PUSH_QUEUE_MAX && !uploads->failed) {
        (void)pthread_cond_wait(&uploads->changed, &uploads->lock);
    }
    if (!uploads->failed) {
        uploads->queue[uploads->queued++] = blob;
        uploads->added = uploads->added || has_content(blob);
        (void)pthread_cond_broadcast(&uploads->changed);
    }
}

enum sw_status sw_uploads_add(struct sw_uploads *uploads, struct sw_blob *blob, struct sw_err *err)
{
    (void)pthread_mutex_lock(&uploads->lock);
    if (!seen_before(uploads, blob)) {
        enqueue(uploads, blob);
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    return sw_uploads_check(uploads, err);
}

enum sw_status sw_uploads_again(struct sw_uploads *uploads, struct sw_blob *blob,
                                struct sw_err *err)
{
    (void)pthread_mutex_lock(&uploads->lock);
    enqueue(uploads, blob);
    (void)pthread_mutex_unlock(&uploads->lock);
    return sw_uploads_check(uploads, err);
}

enum sw_status sw_uploads_check(struct sw_uploads *uploads, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    (void)pthread_mutex_lock(&uploads->lock);
    if (uploads->failed) {
        *err = uploads->err;
        status = uploads->err.status;
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    if (status == SW_OK && sw_env_stop_wanted(uploads->env)) {
        return sw_fail(err, SW_E_STOPPED, "stopped");
    }
    return status;
}

enum sw_status sw_uploads_wait(struct sw_uploads *uploads, struct sw_err *err)
{
    (void)pthread_mutex_lock(&uploads->lock);
    while ((uploads->queued > 0 || uploads->busy > 0) && !uploads->failed) {
        (void)pthread_cond_wait(&uploads->changed, &uploads->lock);
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    return sw_uploads_check(uploads, err);
}

void sw_uploads_stop(struct sw_uploads *uploads, bool cut)
{
    (void)pthread_mutex_lock(&uploads->lock);
    uploads->closing = true;
    if (cut) {
        const struct sw_err cut_off = { .status = SW_E_STOPPED, .msg = "the push has failed" };

        fail(uploads, &cut_off);
    }
    (void)pthread_cond_broadcast(&uploads->changed);
    (void)pthread_mutex_unlock(&uploads->lock);
    for (unsigned i = 0; i < uploads->thread_count; i++) {
        (void)pthread_join(uploads->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&uploads->changed);
    (void)pthread_mutex_destroy(&uploads->lock);
    sw_meter_release(&uploads->meter);
    free((void *)uploads->seen);
    uploads->seen = NULL;
    uploads->thread_count = 0;
}
