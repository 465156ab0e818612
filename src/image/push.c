#include "knowledge.h"
#include "push_private.h"
#include "side_by_side.h"
#include "tagging.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

#include <string.h>
#include <unistd.h>

enum { UPLOADS_DEFAULT = 5 };

struct push {
    const struct sw_env *env;
    struct sw_push_world world;
    const struct sw_push_options *options;
    struct sw_tagging *targets;
    size_t target_count;
    struct sw_places places;
    struct sw_uploads uploads;
    struct sw_knowledge knowledge;
    struct sw_strs there;   /* digests of blobs that all places have, as far as that was asked */
    struct sw_strs lacking; /* and of those that one of them lacks */
    struct sw_intake intake;
    struct sw_image image;
};

static void push_release(struct push *push)
{
    for (size_t i = 0; i < push->target_count; i++) {
        sw_tagging_release(&push->targets[i]);
    }
    sw_places_release(&push->places);
    free(push->targets);
    sw_knowledge_release(&push->knowledge);
    sw_strs_release(&push->there);
    sw_strs_release(&push->lacking);
    for (size_t i = 0; i < SW_PACKERS_MAX; i++) {
        sw_packer_free(push->intake.packers[i]);
    }
    sw_intake_release(&push->intake);
    sw_image_release(&push->image);
}

void sw_push_result_release(struct sw_push_result *result)
{
    free(result->layers);
    *result = (struct sw_push_result){ 0 };
}

static enum sw_status check_ref(const struct sw_ref *ref, struct sw_err *err)
{
    if (ref->digest) {
        return sw_fail(err, SW_E_USAGE, "\"%s/%s@%s\" has a digest; an image is pushed to a tag",
                       ref->host, ref->repository, ref->digest);
    }
    return SW_OK;
}

static enum sw_status set_targets(struct push *push, const struct sw_ref *refs, size_t count,
                                  struct sw_err *err)
{
    const struct sw_registry_options options = { .auth = push->options->auth,
                                                 .policy = push->options->policy,
                                                 .plain_http = push->options->plain_http,
                                                 .push = true };

    push->targets = sw_xcalloc(count ? count : 1, sizeof(*push->targets));
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        enum sw_status status = check_ref(&refs[i], err);

        if (status == SW_OK) {
            status = sw_places_add(&push->places, &push->world.env, &refs[i], &options, &at, err);
        }
        if (status != SW_OK) {
            return status;
        }
        sw_tagging_init(&push->targets[push->target_count++], push->places.items[at].registry,
                        &refs[i]);
    }
    return SW_OK;
}

static enum sw_status intake_check(void *ctx, struct sw_err *err)
{
    struct push *push = ctx;

    return sw_uploads_check(&push->uploads, err);
}

/* Whether all places have the blob, in *ret, where that was asked before; false when it was not. */
static bool is_known(struct push *push, const char *digest, bool *ret)
{
    *ret = sw_strs_has(&push->there, sw_str(digest));
    return *ret || sw_strs_has(&push->lacking, sw_str(digest)) ||
           sw_knowledge_tells(&push->knowledge, digest, ret);
}

/* A look for a blob, beside others. */
struct search {
    const struct push *push;
    const char *digest;
    bool there;
};

static enum sw_status look_everywhere(void *ctx, size_t index, struct sw_err *err)
{
    struct search *search = (struct search *)ctx + index;
    const struct sw_places *places = &search->push->places;
    enum sw_status status = SW_OK;

    search->there = true;
    for (size_t i = 0; search->there && status == SW_OK && i < places->count; i++) {
        status = sw_registry_has_blob(places->items[i].registry, places->items[i].repository,
                                      search->digest, &search->there, err);
    }
    return status;
}

static enum sw_status intake_look(void *ctx, const struct sw_strs *digests, struct sw_err *err)
{
    struct push *push = ctx;
    struct search *searches = sw_xcalloc(digests->count + 1, sizeof(*searches));
    enum sw_status status;

    for (size_t i = 0; i < digests->count; i++) {
        searches[i] = (struct search){ .push = push, .digest = digests->items[i] };
    }
    status = sw_side_by_side(digests->count, sw_threads_for(digests->count), look_everywhere,
                             searches, err);
    for (size_t i = 0; i < digests->count && status == SW_OK; i++) {
        sw_strs_add(searches[i].there ? &push->there : &push->lacking, sw_str(searches[i].digest));
    }
    free(searches);
    return status;
}

static enum sw_status intake_has(void *ctx, const char *digest, bool *ret, struct sw_err *err)
{
    struct search search = { .push = ctx, .digest = digest };
    enum sw_status status;

    if (is_known(ctx, digest, ret)) {
        return SW_OK;
    }
    status = look_everywhere(&search, 0, err);
    *ret = search.there;
    return status;
}

static enum sw_status intake_has_image(void *ctx, const char *digest, bool *ret, struct sw_err *err)
{
    struct push *push = ctx;
    enum sw_status status = SW_OK;

    *ret = true;
    for (size_t i = 0; *ret && status == SW_OK && i < push->places.count; i++) {
        status = sw_place_has_manifest(&push->places.items[i], digest, ret, err);
    }
    return status;
}

static enum sw_status intake_learn(void *ctx, const struct sw_wanted *wanted, struct sw_err *err)
{
    struct push *push = ctx;

    return sw_knowledge_learn(&push->knowledge, wanted, err);
}

static const struct sw_known_layer *intake_learned(void *ctx, const char *diff_id)
{
    const struct push *push = ctx;

    return sw_knowledge_find(&push->knowledge, diff_id);
}

static enum sw_status intake_fetch(void *ctx, const char *digest, struct sw_buf *out,
                                   struct sw_err *err)
{
    struct push *push = ctx;
    const struct sw_push_place *place = &push->places.items[0];
    const struct sw_buf *known = sw_knowledge_config(&push->knowledge, digest);

    if (known) {
        sw_buf_add_str(out, sw_buf_str(known));
        return SW_OK;
    }
    return sw_registry_get_blob(place->registry, place->repository, digest, out, err);
}

static enum sw_status intake_fetch_image(void *ctx, const char *digest, struct sw_buf *out,
                                         struct sw_err *err)
{
    struct push *push = ctx;
    const struct sw_push_place *place = &push->places.items[0];
    struct sw_manifest_info info = { 0 };
    enum sw_status status =
        sw_registry_get_manifest(place->registry, place->repository, digest, out, &info, err);

    if (status == SW_OK) {
        sw_manifest_info_release(&info);
    }
    return status;
}

static enum sw_status intake_ready(void *ctx, struct sw_blob *blob, struct sw_err *err)
{
    struct push *push = ctx;

    /* A layer that is being packed has no digest yet; and of several places each is asked. */
    blob->looked_for = push->places.count == 1 && is_known(push, blob->digest, &blob->there);
    return sw_uploads_add(&push->uploads, blob, err);
}

/*
 * Layers may be sent before their digest is known where nothing but learning could have told that
 * the repository has them, and learning was possible.
 */
static bool intake_may_stream(void *ctx)
{
    struct push *push = ctx;

    return !push->options->no_learn && !sw_knowledge_refused(&push->knowledge) &&
           !sw_uploads_found(&push->uploads);
}

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : (unsigned)count;
}

/*
 * Two layers are packed at a time where an upload is left for those that are whole: the others wait
 * for the layers that are being packed. No thread hashes faster than half of the workers that a
 * packer may have can pack. One libzstd takes as much memory as two gzips.
 */
static void start_packers(struct push *push)
{
    const struct sw_compression *compression =
        push->options->compression ? push->options->compression : &sw_compression_default;
    unsigned workers = push->options->workers ? push->options->workers : processors();
    size_t count = 1;

    if (compression->packing == SW_PACKING_NONE) {
        return;
    }
    if (compression->packing == SW_PACKING_GZIP && push->uploads.thread_count > SW_PACKERS_MAX) {
        count = SW_PACKERS_MAX;
        workers = workers > SW_GZIP_WORKERS_MAX / 2 ? SW_GZIP_WORKERS_MAX / 2 : workers;
    }
    for (size_t i = 0; i < count; i++) {
        push->intake.packers[i] = sw_packer_new(compression, workers);
    }
}

/* Which images may tell of layers: those that the tags name now, the latest, and those named. */
static void start_learning(struct push *push)
{
    const struct sw_push_place *place = &push->places.items[0];
    struct sw_knowledge *knowledge = &push->knowledge;

    sw_knowledge_init(knowledge, push->env, &push->places, &push->options->mount_from);
    sw_knowledge_use_newest(knowledge, push->options->newest);
    knowledge->verify = push->options->verify_learned;
    knowledge->wanted = push->options->compression;
    for (size_t i = 0; i < push->options->learn_from.count; i++) {
        sw_knowledge_add_named(knowledge, push->options->learn_from.items[i]);
    }
    for (size_t i = 0; i < push->target_count; i++) {
        if (push->targets[i].registry == place->registry && push->targets[i].before) {
            sw_knowledge_add(knowledge, sw_ref_object(push->targets[i].ref));
        }
    }
    sw_knowledge_add(knowledge, "latest");
}

/* Sends the layers once more of which sending broke when their beginning was gone. */
static enum sw_status send_again(struct push *push, struct sw_err *err)
{
    enum sw_status status = SW_OK;
    bool again = false;

    for (size_t i = 0; status == SW_OK && i < push->intake.blob_count; i++) {
        struct sw_blob *blob = push->intake.blobs[i];

        if (blob->spool && sw_spool_is_forsaken(blob->spool)) {
            again = true;
            status = sw_intake_again(&push->intake, blob, err);
            if (status == SW_OK) {
                status = sw_uploads_again(&push->uploads, blob, err);
            }
        }
    }
    return status == SW_OK && again ? sw_uploads_wait(&push->uploads, err) : status;
}

/* Reads the image and gets all its blobs to all places. */
static enum sw_status move_blobs(struct push *push, struct sw_image_source *source,
                                 struct sw_err *err)
{
    unsigned threads = push->options->uploads ? push->options->uploads : UPLOADS_DEFAULT;
    enum sw_status status;

    push->intake = (struct sw_intake){
        .env = push->env,
        .check = intake_check,
        .look = intake_look,
        .has = intake_has,
        .has_image = intake_has_image,
        .fetch_image = intake_fetch_image,
        .learn = push->options->no_learn ? NULL : intake_learn,
        .learned = push->options->no_learn ? NULL : intake_learned,
        .fetch = intake_fetch,
        .ready = intake_ready,
        .may_stream = intake_may_stream,
        .keep = push->places.count > 1,
        .ctx = push,
    };
    start_learning(push);
    status = sw_uploads_start(&push->uploads, &push->world, push->places.items, push->places.count,
                              threads, err);
    push->uploads.mount_from = &push->options->mount_from;
    if (status != SW_OK) {
        return status;
    }
    start_packers(push);
    status = source->load(source, &push->intake, &push->image, err);
    if (status == SW_OK) {
        status = sw_uploads_wait(&push->uploads, err);
        if (status == SW_OK) {
            status = send_again(push, err);
        }
    } else if (sw_uploads_check(&push->uploads, err) != SW_OK) {
        status = err->status; /* a failed upload ended the reading: its words, not the source's */
    }
    sw_uploads_stop(&push->uploads, /* cut= */ status != SW_OK);
    return status;
}

static bool all_gzip(const struct sw_image *image)
{
    for (size_t i = 0; i < image->layer_count; i++) {
        if (image->layers[i]->packing != SW_PACKING_GZIP) {
            return false;
        }
    }
    return true;
}

static const char *layer_type(enum sw_packing packing, bool oci)
{
    switch (packing) {
    case SW_PACKING_ZSTD:
        return SW_MEDIA_OCI_LAYER_ZSTD;
    case SW_PACKING_NONE:
        return SW_MEDIA_OCI_LAYER;
    case SW_PACKING_GZIP:
    default:
        return oci ? SW_MEDIA_OCI_LAYER_GZIP : SW_MEDIA_DOCKER_LAYER;
    }
}

/*
 * Writes the image's manifest: Docker's schema 2, which every registry and runtime reads; OCI's
 * for what schema 2 has no word for: layers by zstd and unpacked ones, and annotations.
 */
static enum sw_status write_manifest(struct sw_image *image, struct sw_err *err)
{
    bool oci = !all_gzip(image) || image->annotations;
    char config_type[] = SW_MEDIA_OCI_CONFIG;
    char docker_type[] = SW_MEDIA_DOCKER_CONFIG;
    struct sw_manifest manifest = { 0 };

    if (image->manifest.len > 0) {
        return SW_OK;
    }
    image->manifest_type = sw_xstrdup(oci ? SW_MEDIA_OCI_MANIFEST : SW_MEDIA_DOCKER_MANIFEST);
    manifest.media_type = image->manifest_type;
    manifest.annotations = image->annotations;
    manifest.config = (struct sw_descriptor){ .media_type = oci ? config_type : docker_type,
                                              .digest = image->config_blob->digest,
                                              .size = image->config_blob->size };
    for (size_t i = 0; i < image->layer_count; i++) {
        const struct sw_blob *layer = image->layers[i];

        sw_descriptors_add(&manifest.layers, layer_type(layer->packing, oci), layer->digest,
                           layer->size);
    }
    sw_manifest_write(&manifest, &image->manifest);
    sw_descriptors_release(&manifest.layers);
    return sw_buf_check(&image->manifest, "the image's manifest", err);
}

static void fill_result(const struct push *push, struct sw_push_result *ret)
{
    ret->bytes_sent = push->uploads.bytes_sent;
    ret->bytes_mounted = push->uploads.bytes_mounted;
    ret->bytes_skipped = push->uploads.bytes_skipped;
    ret->layer_count = push->image.layer_count;
    ret->layers = sw_xcalloc(ret->layer_count ? ret->layer_count : 1, sizeof(*ret->layers));
    for (size_t i = 0; i < ret->layer_count; i++) {
        const struct sw_blob *blob = push->image.layers[i];
        struct sw_push_layer *layer = &ret->layers[i];

        memcpy(layer->digest, blob->digest, SW_DIGEST_SIZE);
        memcpy(layer->diff_id, push->image.parsed.diff_ids[i], SW_DIGEST_SIZE);
        layer->size = blob->size;
        layer->sent = blob->sent;
    }
}

static enum sw_status run(struct push *push, struct sw_image_source *source,
                          struct sw_push_result *result, struct sw_err *err)
{
    enum sw_status status = sw_tagging_look(push->targets, push->target_count, err);

    if (status == SW_OK) {
        status = move_blobs(push, source, err);
    }
    if (status == SW_OK) {
        status = write_manifest(&push->image, err);
    }
    if (status != SW_OK) {
        return status;
    }
    sw_digest_of(sw_buf_str(&push->image.manifest), result->digest);
    const struct sw_tagged_manifest manifest = { push->image.manifest_type,
                                                 sw_buf_str(&push->image.manifest),
                                                 result->digest };

    status =
        sw_tagging_write(push->env, push->targets, push->target_count, &manifest, "pushed", err);
    if (status == SW_OK) {
        sw_places_tell_sum(push->env, push->uploads.bytes_sent, push->uploads.bytes_mounted,
                           push->uploads.bytes_skipped);
        fill_result(push, result);
    }
    return status;
}

enum sw_status sw_image_push(const struct sw_env *env, struct sw_image_source *source,
                             const struct sw_ref *targets, size_t target_count,
                             const struct sw_push_options *options, struct sw_push_result *ret,
                             struct sw_err *err)
{
    struct push push = { .env = env, .options = options };
    struct sw_push_result result = { 0 };
    enum sw_status status;

    sw_push_world_init(&push.world, env);
    sw_image_init(&push.image);
    status = set_targets(&push, targets, target_count, err);
    if (status == SW_OK && run(&push, source, &result, err) != SW_OK) {
        status = sw_tagging_explain(push.targets, push.target_count, err);
    }
    if (status == SW_OK) {
        *ret = result;
    }
    push_release(&push);
    return status;
}
