#include "making.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/progress.h>

#include <string.h>

void sw_blob_drop_content(struct sw_blob *blob)
{
    if (blob->owns_fd) {
        sw_close_fd(&blob->fd);
    }
    if (blob->spool) {
        sw_spool_drop(blob->spool);
    }
    sw_feed_free(blob->feed);
    blob->feed = NULL;
    blob->fd = -1;
    blob->owns_fd = false;
}

static struct sw_blob *new_blob(struct sw_intake *intake)
{
    struct sw_blob *blob = sw_xcalloc(1, sizeof(*blob));

    blob->fd = -1;
    blob->origin.fd = -1;
    intake->blobs = sw_grow(intake->blobs, intake->blob_count, &intake->blob_capacity,
                            sizeof(struct sw_blob *));
    intake->blobs[intake->blob_count++] = blob;
    return blob;
}

void sw_intake_release(struct sw_intake *intake)
{
    for (size_t i = 0; i < intake->blob_count; i++) {
        struct sw_blob *blob = intake->blobs[i];

        sw_blob_drop_content(blob);
        if (blob->owns_origin) {
            sw_close_fd(&blob->origin.fd);
        }
        sw_spool_free(blob->spool);
        free(blob->bytes);
        free(blob->learned_from);
        free(blob);
    }
    free(intake->blobs);
    intake->blobs = NULL;
    intake->blob_count = 0;
}

/* Makes one blob, from its source's first byte to its last. */
static enum sw_status make(struct sw_intake *intake, const struct sw_intake_source *source,
                           struct sw_blob *blob, struct sw_err *err)
{
    SW_CLEANUP(sw_making_cleanup) struct sw_making *making = NULL;
    enum sw_status status = sw_making_begin(intake, source, intake->packers[0], blob, &making, err);

    while (status == SW_OK && !sw_making_is_done(making)) {
        status = sw_making_advance(&making, 1, err);
    }
    return status;
}

static struct sw_blob *new_layer(struct sw_intake *intake, const struct sw_intake_source *source)
{
    struct sw_blob *blob = new_blob(intake);

    blob->is_layer = true;
    if (source->origin) {
        blob->origin = *source->origin;
    }
    return blob;
}

enum sw_status sw_intake_layer(struct sw_intake *intake, const struct sw_intake_source *source,
                               struct sw_blob **ret, struct sw_err *err)
{
    struct sw_blob *blob = new_layer(intake, source);
    enum sw_status status = make(intake, source, blob, err);

    if (status == SW_OK) {
        *ret = blob;
    }
    return status;
}

/* One of the layers that advance side by side. */
struct lane {
    struct sw_intake_source *source; /* NULL: free */
    struct sw_blob *blob;
    struct sw_making *making;
};

struct lanes {
    struct sw_intake *intake;
    const struct sw_intake_layers *layers;
    bool more; /* layers may be left */
    struct lane lanes[SW_PACKERS_MAX];
    size_t count;
};

/* Begins the next layer in each free lane. */
static enum sw_status refill(struct lanes *lanes, struct sw_err *err)
{
    const struct sw_intake_layers *layers = lanes->layers;
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < lanes->count && lanes->more && status == SW_OK; i++) {
        struct lane *lane = &lanes->lanes[i];

        if (lane->source) {
            continue;
        }
        status = layers->next(layers->ctx, &lane->source, err);
        lanes->more = lane->source != NULL;
        if (status == SW_OK && lane->source) {
            lane->blob = new_layer(lanes->intake, lane->source);
            status = sw_making_begin(lanes->intake, lane->source, lanes->intake->packers[i],
                                     lane->blob, &lane->making, err);
        }
    }
    return status;
}

/* Reads on in all lanes; *ret_any false: there is nothing left to read. */
static enum sw_status advance(struct lanes *lanes, bool *ret_any, struct sw_err *err)
{
    struct sw_making *makings[SW_PACKERS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->lanes[i].source) {
            makings[count++] = lanes->lanes[i].making;
        }
    }
    *ret_any = count > 0;
    return count > 0 ? sw_making_advance(makings, count, err) : SW_OK;
}

/* Gives out the blobs that are whole. */
static enum sw_status give_out(struct lanes *lanes, struct sw_err *err)
{
    const struct sw_intake_layers *layers = lanes->layers;
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < lanes->count && status == SW_OK; i++) {
        const struct lane lane = lanes->lanes[i];

        if (lane.source && sw_making_is_done(lane.making)) {
            sw_making_free(lane.making);
            lanes->lanes[i] = (struct lane){ .source = NULL };
            status = layers->made(layers->ctx, lane.source, lane.blob, err);
        }
    }
    return status;
}

enum sw_status sw_intake_layers(struct sw_intake *intake, const struct sw_intake_layers *layers,
                                struct sw_err *err)
{
    struct lanes lanes = {
        .intake = intake,
        .layers = layers,
        .more = true,
        .count = intake->packers[1] ? SW_PACKERS_MAX : 1,
    };
    enum sw_status status;
    bool any = false;

    do {
        status = refill(&lanes, err);
        if (status == SW_OK) {
            status = advance(&lanes, &any, err);
        }
        if (status == SW_OK) {
            status = give_out(&lanes, err);
        }
    } while (status == SW_OK && any);
    for (size_t i = 0; i < lanes.count; i++) {
        sw_making_free(lanes.lanes[i].making);
    }
    return status;
}

enum sw_status sw_intake_again(struct sw_intake *intake, struct sw_blob *blob, struct sw_err *err)
{
    struct sw_file_part part = blob->origin;
    const struct sw_intake_source source = { .in = sw_file_part_reader(&part) };
    char digest[SW_DIGEST_SIZE];
    char diff_id[SW_DIGEST_SIZE];
    enum sw_status status;

    memcpy(digest, blob->digest, SW_DIGEST_SIZE);
    memcpy(diff_id, blob->diff_id, SW_DIGEST_SIZE);
    sw_spool_free(blob->spool);
    blob->spool = NULL;
    status = make(intake, &source, blob, err);
    if (status == SW_OK && strcmp(digest, blob->digest) != 0) {
        status = sw_fail(err, SW_E_INPUT, "layer %s has changed while it was read", diff_id);
    }
    return status;
}

struct sw_blob *sw_intake_bytes(struct sw_intake *intake, struct sw_str bytes)
{
    struct sw_blob *blob = new_blob(intake);

    sw_digest_of(bytes, blob->digest);
    blob->size = (int64_t)bytes.len;
    blob->bytes = sw_str_dup(bytes);
    return blob;
}

struct sw_blob *sw_intake_known_config(struct sw_intake *intake, const char *digest, int64_t size)
{
    struct sw_blob *blob = new_blob(intake);

    memcpy(blob->digest, digest, SW_DIGEST_SIZE);
    blob->size = size;
    return blob;
}

struct sw_blob *sw_intake_known_layer(struct sw_intake *intake, const char *digest, int64_t size,
                                      enum sw_packing packing)
{
    struct sw_blob *blob = sw_intake_known_config(intake, digest, size);

    blob->is_layer = true;
    blob->packing = packing;
    return blob;
}

struct sw_blob *sw_intake_foreign_layer(struct sw_intake *intake,
                                        const struct sw_descriptor *descriptor)
{
    char digest[SW_DIGEST_SHORT_SIZE];

    sw_digest_short(descriptor->digest, digest);
    sw_say(intake->env, "layer %s: not moved, it is a foreign layer (%s)", digest,
           descriptor->media_type);
    return sw_intake_known_layer(intake, descriptor->digest, descriptor->size, SW_PACKING_NONE);
}

struct sw_blob *sw_intake_feed_layer(struct sw_intake *intake, const struct sw_feed_source *source,
                                     enum sw_packing packing)
{
    struct sw_blob *blob = sw_intake_known_layer(intake, source->digest, source->size, packing);
    struct sw_feed_source kept = *source;

    kept.digest = blob->digest;
    blob->feed = sw_feed_new(&kept, 1);
    return blob;
}

/* A layer that was learned before: a diff id may come twice. */
static struct sw_blob *find_learned(const struct sw_intake *intake, const char *diff_id)
{
    for (size_t i = 0; i < intake->blob_count; i++) {
        struct sw_blob *blob = intake->blobs[i];

        if (blob->learned_from && strcmp(blob->diff_id, diff_id) == 0) {
            return blob;
        }
    }
    return NULL;
}

enum sw_status sw_intake_learn(struct sw_intake *intake, const struct sw_wanted *wanted,
                               struct sw_err *err)
{
    return intake->learn ? intake->learn(intake->ctx, wanted, err) : SW_OK;
}

struct sw_blob *sw_intake_learned(struct sw_intake *intake, const char *diff_id)
{
    struct sw_blob *blob = find_learned(intake, diff_id);
    const struct sw_known_layer *known = NULL;

    if (!blob && intake->learned) {
        known = intake->learned(intake->ctx, diff_id);
    }
    if (known) {
        blob = sw_intake_known_layer(intake, known->digest, known->size, known->packing);
        memcpy(blob->diff_id, diff_id, SW_DIGEST_SIZE);
        blob->learned_from = sw_xstrdup(known->from);
        blob->shared_from = known->shared_from;
    }
    return blob;
}

enum sw_status sw_intake_hand_on(struct sw_intake *intake, struct sw_blob *blob, struct sw_err *err)
{
    if (blob->handed_on) {
        return SW_OK;
    }
    blob->handed_on = true;
    return intake->ready(intake->ctx, blob, err);
}

void sw_image_init(struct sw_image *image)
{
    *image = (struct sw_image){ 0 };
    sw_buf_init(&image->config, SW_CONFIG_MAX);
    sw_buf_init(&image->manifest, SW_MANIFEST_MAX);
}

void sw_image_release(struct sw_image *image)
{
    sw_buf_release(&image->config);
    sw_buf_release(&image->manifest);
    sw_image_config_release(&image->parsed);
    free(image->layers);
    free(image->manifest_type);
    free(image->annotations);
    *image = (struct sw_image){ 0 };
}
