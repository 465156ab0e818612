#include "transfer.h"

#include "meter.h"
#include "side_by_side.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

#include <pthread.h>
#include <string.h>

enum { TRANSFERS_DEFAULT = 3 };

/* A blob and the places that are to have it. */
struct task {
    const struct sw_descriptor *blob;
    bool is_layer;
    bool *wanted; /* for each place */
};

struct transfer {
    const struct sw_env *env;
    struct sw_push_world *world;
    const struct sw_tree *tree;
    const struct sw_store *store;
    const struct sw_places *places;
    const struct sw_transfer_options *options;
    bool *present; /* for each document, for each place */
    struct task *tasks;
    size_t task_count;
    size_t task_capacity;

    pthread_mutex_t lock; /* guards everything below */
    struct sw_transfer_sum sum;
    struct sw_meter meter;
};

static bool *present_at(const struct transfer *transfer, size_t document, size_t place)
{
    return &transfer->present[document * transfer->places->count + place];
}

/* A look for a document in a place. */
struct search {
    const struct sw_push_place *place;
    const char *digest;
    bool *present;
};

static enum sw_status look_for_document(void *ctx, size_t index, struct sw_err *err)
{
    struct search *search = (struct search *)ctx + index;

    return sw_place_has_manifest(search->place, search->digest, search->present, err);
}

/* Looks what documents the places have. */
static enum sw_status look_for_documents(struct transfer *transfer, struct sw_err *err)
{
    const size_t place_count = transfer->places->count;
    const size_t count = transfer->tree->count * place_count;
    struct search *searches = sw_xcalloc(count + 1, sizeof(*searches));
    enum sw_status status;

    for (size_t i = 0; i < count; i++) {
        const size_t document = i / place_count;
        const size_t place = i % place_count;

        searches[i] = (struct search){ .place = &transfer->places->items[place],
                                       .digest = transfer->tree->documents[document].digest,
                                       .present = present_at(transfer, document, place) };
    }
    status = sw_side_by_side(count, sw_threads_for(count), look_for_document, searches, err);
    free(searches);
    return status;
}

static struct task *task_of(struct transfer *transfer, const struct sw_descriptor *blob)
{
    struct task *task;

    for (size_t i = 0; i < transfer->task_count; i++) {
        if (strcmp(transfer->tasks[i].blob->digest, blob->digest) == 0) {
            return &transfer->tasks[i];
        }
    }
    transfer->tasks = sw_grow(transfer->tasks, transfer->task_count, &transfer->task_capacity,
                              sizeof(*transfer->tasks));
    task = &transfer->tasks[transfer->task_count++];
    *task =
        (struct task){ .blob = blob, .wanted = sw_xcalloc(transfer->places->count, sizeof(bool)) };
    return task;
}

static void tell_foreign(const struct transfer *transfer, const struct sw_descriptor *blob)
{
    char digest[SW_DIGEST_SHORT_SIZE];

    sw_digest_short(blob->digest, digest);
    sw_say(transfer->env, "layer %s: not moved, it is a foreign layer (%s)", digest,
           blob->media_type);
}

/* Adds the blobs of a manifest to what each place wants that does not have it. */
static void plan_manifest(struct transfer *transfer, size_t document)
{
    const struct sw_descriptors *blobs = &transfer->tree->documents[document].blobs;

    for (size_t i = 0; i < blobs->count; i++) {
        const struct sw_descriptor *blob = &blobs->items[i];
        struct task *task;

        if (i > 0 && sw_media_is_foreign(blob->media_type)) {
            tell_foreign(transfer, blob);
            continue;
        }
        task = task_of(transfer, blob);
        task->is_layer = task->is_layer || i > 0;
        for (size_t p = 0; p < transfer->places->count; p++) {
            if (*present_at(transfer, document, p)) {
                transfer->sum.bytes_skipped += blob->size;
            } else {
                task->wanted[p] = true;
            }
        }
    }
}

/* One blob on its way to one place. */
struct upload {
    struct transfer *transfer;
    const struct task *task;
    size_t place;
    char *session; /* that a mount opened instead; owned */
    struct sw_http_body counted;
    const struct sw_http_body *content;
    void *handle; /* of the store's blob, and which of its readers this is */
    size_t reader;
    int row;    /* of the meter */
    int64_t at; /* bytes that this try has sent */
    int64_t started_ms;
    pthread_t thread;
    bool threaded;
    enum sw_status status;
    struct sw_err err;
};

static enum sw_status counted_read(void *ctx, char *data, size_t size, size_t *ret_len,
                                   struct sw_err *err)
{
    struct upload *upload = ctx;
    enum sw_status status = upload->content->read(upload->content->ctx, data, size, ret_len, err);

    if (status == SW_OK) {
        upload->at += (int64_t)*ret_len;
        sw_meter_add(&upload->transfer->meter, upload->row, (int64_t)*ret_len);
    }
    return status;
}

static enum sw_status counted_rewind(void *ctx, struct sw_err *err)
{
    struct upload *upload = ctx;

    sw_meter_add(&upload->transfer->meter, upload->row, -upload->at);
    upload->at = 0;
    return upload->content->rewind(upload->content->ctx, err);
}

static const char *kind_of(const struct task *task)
{
    return task->is_layer ? "layer" : "configuration";
}

/* "layer sha256:0123456789ab: WHAT in HOST/REPOSITORY, 3.4 MB[ in 0.2 s]" */
static void tell(const struct transfer *transfer, const struct task *task, size_t place,
                 const char *what, int64_t took_ms)
{
    SW_CLEANUP(sw_free_str)
    char *in = sw_place_suffix(&transfer->places->items[place], transfer->places->count);
    char digest[SW_DIGEST_SHORT_SIZE];
    char size[SW_SIZE_TEXT_MAX];
    char took[SW_SIZE_TEXT_MAX];

    sw_digest_short(task->blob->digest, digest);
    sw_format_size(task->blob->size, size);
    sw_format_duration(took_ms, took);
    sw_say(transfer->env, "%s %s: %s%s, %s%s%s", kind_of(task), digest, what, in, size,
           took_ms < 0 ? "" : " in ", took_ms < 0 ? "" : took);
}

static void add_to(struct transfer *transfer, int64_t *counter, int64_t bytes)
{
    (void)pthread_mutex_lock(&transfer->lock);
    *counter += bytes;
    (void)pthread_mutex_unlock(&transfer->lock);
}

/* The repository that has the blob for certain, else those that may have it. */
static struct sw_strs sharers(const struct upload *upload)
{
    const struct sw_store *store = upload->transfer->store;
    const struct sw_push_place *home = store->home(store->ctx, upload->task->blob);
    const struct sw_push_place *place = &upload->transfer->places->items[upload->place];
    const struct sw_strs *more = upload->transfer->options->mount_from;
    struct sw_strs list = { 0 };

    if (home && strcmp(home->host, place->host) == 0 &&
        strcmp(home->repository, place->repository) != 0) {
        sw_strs_add(&list, sw_str(home->repository));
        return list;
    }
    for (size_t i = 0; more && i < more->count; i++) {
        sw_strs_add(&list, sw_str(more->items[i]));
    }
    return list;
}

static enum sw_status try_mounts(struct upload *upload, bool *ret_mounted, struct sw_err *err)
{
    struct transfer *transfer = upload->transfer;
    SW_CLEANUP(sw_strs_release) struct sw_strs list = sharers(upload);
    const char *from = NULL;
    enum sw_status status =
        sw_place_share(&transfer->places->items[upload->place], &list, upload->task->blob->digest,
                       &from, &upload->session, err);

    *ret_mounted = from != NULL;
    if (from) {
        SW_CLEANUP(sw_free_str) char *what = sw_xasprintf("mounted from %s", from);

        add_to(transfer, &transfer->sum.bytes_mounted, upload->task->blob->size);
        tell(transfer, upload->task, upload->place, what, -1);
    }
    return status;
}

/* Gets a blob to a place without sending it; *ret_there false: it has to be sent. */
static enum sw_status spare(struct upload *upload, bool *ret_there, struct sw_err *err)
{
    struct transfer *transfer = upload->transfer;
    const struct sw_push_place *place = &transfer->places->items[upload->place];
    enum sw_status status = sw_registry_has_blob(place->registry, place->repository,
                                                 upload->task->blob->digest, ret_there, err);

    if (status == SW_OK && *ret_there) {
        add_to(transfer, &transfer->sum.bytes_skipped, upload->task->blob->size);
        tell(transfer, upload->task, upload->place, "already there", -1);
        return SW_OK;
    }
    return status == SW_OK ? try_mounts(upload, ret_there, err) : status;
}

static void *send(void *ctx)
{
    struct upload *upload = ctx;
    struct transfer *transfer = upload->transfer;
    const struct sw_push_place *place = &transfer->places->items[upload->place];
    bool there = false;

    upload->row = sw_meter_begin(&transfer->meter, kind_of(upload->task),
                                 upload->task->blob->digest, upload->task->blob->size);
    upload->status =
        sw_registry_put_blob(place->registry, place->repository, upload->task->blob->digest,
                             &upload->counted, upload->session, &there, &upload->err);
    sw_meter_end(&transfer->meter, upload->row, upload->status == SW_OK && !there);
    if (upload->status == SW_OK) {
        add_to(transfer, there ? &transfer->sum.bytes_skipped : &transfer->sum.bytes_sent,
               upload->task->blob->size);
        tell(transfer, upload->task, upload->place, there ? "already there" : "sent",
             there ? -1 : sw_env_mono_ms(transfer->env) - upload->started_ms);
    }
    transfer->store->leave(upload->handle, upload->reader);
    return NULL;
}

/* Sends to all, side by side: the slowest sets the pace. */
static void send_all(struct upload *uploads, size_t count, void *handle)
{
    const struct sw_store *store = uploads[0].transfer->store;

    for (size_t i = 0; i < count; i++) {
        struct upload *upload = &uploads[i];

        upload->handle = handle;
        upload->reader = i;
        upload->content = store->body(handle, i);
        upload->counted =
            (struct sw_http_body){ upload->content->length, counted_read, counted_rewind, upload };
    }
    for (size_t i = 1; i < count; i++) {
        uploads[i].threaded = pthread_create(&uploads[i].thread, NULL, send, &uploads[i]) == 0;
        if (!uploads[i].threaded) {
            store->leave(handle, i);
            uploads[i].status = sw_fail(&uploads[i].err, SW_E_FAILED, "cannot start a thread");
        }
    }
    (void)send(&uploads[0]);
    for (size_t i = 1; i < count; i++) {
        if (uploads[i].threaded) {
            (void)pthread_join(uploads[i].thread, NULL);
        }
    }
}

/* The first failure that is no consequence of another one. */
static enum sw_status first_failure(const struct upload *uploads, size_t count, struct sw_err *err)
{
    const struct upload *failed = NULL;

    for (size_t i = 0; i < count; i++) {
        if (uploads[i].status != SW_OK && (!failed || failed->status == SW_E_STOPPED)) {
            failed = &uploads[i];
        }
    }
    if (!failed) {
        return SW_OK;
    }
    *err = failed->err;
    return failed->status;
}

static enum sw_status send_blob(struct transfer *transfer, const struct task *task,
                                struct upload *uploads, size_t count, struct sw_err *err)
{
    const struct sw_store *store = transfer->store;
    void *handle = NULL;
    enum sw_status status = store->open(store->ctx, task->blob, count, &handle, err);

    if (status != SW_OK) {
        return status;
    }
    send_all(uploads, count, handle);
    store->close(handle);
    return first_failure(uploads, count, err);
}

static enum sw_status move_blob(struct transfer *transfer, const struct task *task,
                                struct sw_err *err)
{
    const size_t place_count = transfer->places->count;
    struct upload *uploads = sw_xcalloc(place_count, sizeof(*uploads));
    enum sw_status status = SW_OK;
    size_t count = 0;

    for (size_t p = 0; status == SW_OK && p < place_count; p++) {
        struct upload *upload = &uploads[count];
        bool there = false;

        if (!task->wanted[p]) {
            continue;
        }
        *upload = (struct upload){ .transfer = transfer,
                                   .task = task,
                                   .place = p,
                                   .started_ms = sw_env_mono_ms(transfer->env) };
        status = spare(upload, &there, err);
        count += !there;
    }
    if (status == SW_OK && count > 0) {
        status = send_blob(transfer, task, uploads, count, err);
    }
    for (size_t i = 0; i < place_count; i++) {
        free(uploads[i].session);
    }
    free(uploads);
    return status;
}

static enum sw_status move_task(void *ctx, size_t index, struct sw_err *err)
{
    struct transfer *transfer = ctx;
    enum sw_status status = sw_env_stop_wanted(transfer->env)
                                ? sw_fail(err, SW_E_STOPPED, "stopped")
                                : move_blob(transfer, &transfer->tasks[index], err);

    if (status != SW_OK) {
        atomic_store(&transfer->world->failed, true);
    }
    return status;
}

static enum sw_status move_blobs(struct transfer *transfer, struct sw_err *err)
{
    unsigned wanted =
        transfer->options->transfers ? transfer->options->transfers : TRANSFERS_DEFAULT;

    return sw_side_by_side(transfer->task_count, wanted, move_task, transfer, err);
}

/* Writes the documents below the root under their digests, where they are not there. */
static enum sw_status write_documents(struct transfer *transfer, struct sw_err *err)
{
    const struct sw_tree *tree = transfer->tree;
    size_t *order = sw_tree_order(tree);
    enum sw_status status = SW_OK;

    for (size_t i = 0; status == SW_OK && i + 1 < tree->count; i++) {
        const struct sw_tree_document *document = &tree->documents[order[i]];

        for (size_t p = 0; status == SW_OK && p < transfer->places->count; p++) {
            const struct sw_push_place *place = &transfer->places->items[p];

            if (sw_env_stop_wanted(transfer->env)) {
                status = sw_fail(err, SW_E_STOPPED, "stopped");
            } else if (!*present_at(transfer, order[i], p)) {
                status = sw_registry_put_manifest(place->registry, place->repository,
                                                  document->digest, document->media_type,
                                                  sw_buf_str(&document->bytes), err);
            }
        }
    }
    free(order);
    return status;
}

static enum sw_status run(struct transfer *transfer, struct sw_err *err)
{
    enum sw_status status = look_for_documents(transfer, err);

    for (size_t i = 0; status == SW_OK && i < transfer->tree->count; i++) {
        plan_manifest(transfer, i);
    }
    if (status == SW_OK) {
        status = move_blobs(transfer, err);
    }
    return status == SW_OK ? write_documents(transfer, err) : status;
}

enum sw_status sw_transfer(struct sw_push_world *world, const struct sw_tree *tree,
                           const struct sw_store *store, const struct sw_places *places,
                           const struct sw_transfer_options *options, struct sw_transfer_sum *ret,
                           struct sw_err *err)
{
    struct transfer transfer = { .env = world->outer,
                                 .world = world,
                                 .tree = tree,
                                 .store = store,
                                 .places = places,
                                 .options = options };
    enum sw_status status;

    transfer.present = sw_xcalloc(tree->count * places->count + 1, sizeof(bool));
    (void)pthread_mutex_init(&transfer.lock, NULL);
    sw_meter_init(&transfer.meter, world->outer);
    status = run(&transfer, err);
    sw_meter_release(&transfer.meter);
    (void)pthread_mutex_destroy(&transfer.lock);
    for (size_t i = 0; i < transfer.task_count; i++) {
        free(transfer.tasks[i].wanted);
    }
    free(transfer.tasks);
    free(transfer.present);
    if (status == SW_OK) {
        *ret = transfer.sum;
    }
    return status;
}
