#include "verify.h"

#include "feed.h"

#include <slipway/alloc.h>

#include <string.h>

enum { READ_SIZE = 256 * 1024 };

static enum sw_status hash_all(const struct sw_reader *reader, char out[SW_DIGEST_SIZE],
                               struct sw_err *err)
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *hash = sw_sha256_new();
    SW_CLEANUP(sw_free_str) char *data = sw_xmalloc(READ_SIZE);

    for (;;) {
        size_t len = 0;
        enum sw_status status = reader->read(reader->ctx, data, READ_SIZE, &len, err);

        if (status != SW_OK) {
            return status;
        }
        if (len == 0) {
            sw_sha256_take(hash, out);
            return SW_OK;
        }
        sw_sha256_add(hash, data, len);
    }
}

enum sw_status sw_layer_verify(struct sw_registry *registry, const char *repository,
                               const struct sw_known_layer *layer, struct sw_err *err)
{
    const struct sw_push_place place = { .registry = registry, .repository = repository };
    const struct sw_feed_source source = sw_feed_from_place(&place, layer->digest, layer->size);
    SW_CLEANUP(sw_feed_cleanup) struct sw_feed *feed = sw_feed_new(&source, 1);
    const struct sw_reader packed = sw_feed_reader(feed, 0);
    SW_CLEANUP(sw_unpack_cleanup) struct sw_unpack *unpack = sw_unpack_new(layer->packing, packed);
    const struct sw_reader reader = sw_unpack_reader(unpack);
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = hash_all(&reader, actual, err);

    if (status == SW_OK && strcmp(actual, layer->diff_id) != 0) {
        status = sw_fail(err, SW_E_INPUT, "it unpacks to %s instead of %s", actual, layer->diff_id);
    }
    return status;
}
