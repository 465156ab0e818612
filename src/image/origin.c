#include "origin.h"

#include "feed.h"

#include <slipway/alloc.h>

#include <string.h>

void sw_origins_release(struct sw_origins *origins)
{
    sw_places_release(&origins->places);
    for (size_t i = 0; i < origins->count; i++) {
        sw_buf_release(&origins->documents[i].bytes);
    }
    free(origins->documents);
    *origins = (struct sw_origins){ 0 };
}

void sw_origins_note(struct sw_origins *origins, const char *digest, size_t place,
                     struct sw_str bytes)
{
    struct sw_origin *document;

    origins->documents = sw_grow(origins->documents, origins->count, &origins->capacity,
                                 sizeof(*origins->documents));
    document = &origins->documents[origins->count++];
    *document = (struct sw_origin){ .place = place };
    memcpy(document->digest, digest, SW_DIGEST_SIZE);
    sw_buf_init(&document->bytes, SW_MANIFEST_MAX);
    sw_buf_add_str(&document->bytes, bytes);
}

static const struct sw_origin *find(const struct sw_origins *origins, const char *digest)
{
    for (size_t i = 0; i < origins->count; i++) {
        if (strcmp(origins->documents[i].digest, digest) == 0) {
            return &origins->documents[i];
        }
    }
    return NULL;
}

static const struct sw_push_place *place_of(const struct sw_origins *origins, const char *digest)
{
    const struct sw_origin *document = find(origins, digest);

    return &origins->places.items[document ? document->place : 0];
}

static enum sw_status read_document(void *ctx, const char *digest, struct sw_buf *out,
                                    struct sw_err *err)
{
    const struct sw_push_place *place = place_of(ctx, digest);
    const struct sw_origin *document = find(ctx, digest);
    struct sw_manifest_info info;
    enum sw_status status;

    if (document && document->bytes.len > 0) {
        sw_buf_add_str(out, sw_buf_str(&document->bytes));
        return SW_OK;
    }
    status = sw_registry_get_manifest(place->registry, place->repository, digest, out, &info, err);
    if (status == SW_OK) {
        sw_manifest_info_release(&info);
    }
    return status;
}

struct sw_tree_reader sw_origins_reader(struct sw_origins *origins)
{
    return (struct sw_tree_reader){ read_document, origins };
}

/* The repository of the first document that names the blob. */
static const struct sw_push_place *home(void *ctx, const struct sw_descriptor *blob)
{
    const struct sw_origins *origins = ctx;

    for (size_t i = 0; i < origins->tree->count; i++) {
        const struct sw_tree_document *document = &origins->tree->documents[i];

        for (size_t b = 0; b < document->blobs.count; b++) {
            if (strcmp(document->blobs.items[b].digest, blob->digest) == 0) {
                return place_of(origins, document->digest);
            }
        }
    }
    return &origins->places.items[0];
}

static enum sw_status open_feed(void *ctx, const struct sw_descriptor *blob, size_t readers,
                                void **ret_handle, SW_UNUSED struct sw_err *err)
{
    const struct sw_feed_source source =
        sw_feed_from_place(home(ctx, blob), blob->digest, blob->size);

    *ret_handle = sw_feed_new(&source, readers);
    return SW_OK;
}

static const struct sw_http_body *feed_body(void *handle, size_t reader)
{
    return sw_feed_body(handle, reader);
}

static void feed_leave(void *handle, size_t reader)
{
    sw_feed_leave(handle, reader);
}

static void feed_close(void *handle)
{
    sw_feed_free(handle);
}

struct sw_store
sw_feed_store(enum sw_status (*open)(void *ctx, const struct sw_descriptor *blob, size_t readers,
                                     void **ret_handle, struct sw_err *err),
              const struct sw_push_place *(*home_of)(void *ctx, const struct sw_descriptor *blob),
              void *ctx)
{
    return (struct sw_store){ open, feed_body, feed_leave, feed_close, home_of, ctx };
}

struct sw_store sw_origins_store(struct sw_origins *origins)
{
    return sw_feed_store(open_feed, home, origins);
}
