#include "layout_world.h"

#include "image/intake.h"

/* Layers whose sending broke when their beginning was gone, and that are made once more. */

enum {
    MIB = 1024 * 1024,
    LAYER_SIZE = 8 * MIB, /* packs to more than a spool holds in memory */
    TAKEN = 64 * 1024,
};

/* A push that takes the first bytes of each layer that grows, and then no more. */
struct taker {
    struct test_env t;
    struct sw_intake intake;
    unsigned grown;
};

static enum sw_status go_on(SW_UNUSED void *ctx, SW_UNUSED struct sw_err *err)
{
    return SW_OK;
}

static bool may_stream(SW_UNUSED void *ctx)
{
    return true;
}

static enum sw_status take(void *ctx, struct sw_blob *blob, struct sw_err *err)
{
    struct taker *taker = ctx;
    char data[TAKEN];
    size_t len = 0;
    enum sw_status status = SW_OK;

    if (!blob->spool || sw_spool_state(blob->spool) != SW_SPOOL_GROWING) {
        return SW_OK;
    }
    taker->grown++;
    for (int64_t at = 0; at < 2 * (int64_t)TAKEN && status == SW_OK; at += TAKEN) {
        status = sw_spool_read(blob->spool, at, data, TAKEN, 0, &len, err);
        assert_int_equal(len, TAKEN);
    }
    return status;
}

static void taker_init(struct taker *taker)
{
    *taker = (struct taker){ .grown = 0 };
    test_env_init(&taker->t);
    taker->intake = (struct sw_intake){ .env = &taker->t.env,
                                        .check = go_on,
                                        .ready = take,
                                        .may_stream = may_stream,
                                        .packers = { sw_packer_new(&sw_compression_default, 2) },
                                        .ctx = taker };
}

static void taker_release(struct taker *taker)
{
    sw_packer_free(taker->intake.packers[0]);
    sw_intake_release(&taker->intake);
    test_env_release(&taker->t);
}

/* Text that packs to three quarters. */
static char *make_layer(uint32_t seed)
{
    char *text = sw_xmalloc(LAYER_SIZE + 1);

    for (size_t i = 0; i < LAYER_SIZE; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        text[i] = (char)('0' + seed % 64);
    }
    text[LAYER_SIZE] = '\0';
    return text;
}

/* Makes the folder a layout of one image, of one layer that is not packed. */
static void write_layout(const struct world *world, char layer_digest[SW_DIGEST_SIZE])
{
    char digest[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str) char *layer = make_layer(4711);
    SW_CLEANUP(sw_free_str) char *config = NULL;
    SW_CLEANUP(sw_free_str) char *manifest = NULL;
    SW_CLEANUP(sw_free_str) char *index = NULL;

    write_blob(world, layer, layer_digest);
    config = sw_xasprintf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
                          "\"layers\",\"diff_ids\":[\"%s\"]}}",
                          layer_digest);
    write_blob(world, config, digest);
    manifest = sw_xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST
                            "\",\"config\":{\"mediaType\":\"" SW_MEDIA_OCI_CONFIG
                            "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
                            "\"" SW_MEDIA_OCI_LAYER "\",\"digest\":\"%s\",\"size\":%d}]}",
                            digest, strlen(config), layer_digest, LAYER_SIZE);
    write_blob(world, manifest, digest);
    index = sw_xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
                         "\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu}]}",
                         digest, strlen(manifest));
    write_file(world, "index.json", index);
}

/* All of the spool is there, and it is the blob. */
static void check_blob(const struct sw_blob *blob)
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *hash = sw_sha256_new();
    struct sw_err err = SW_ERR_INIT;
    static char data[TAKEN];
    char digest[SW_DIGEST_SIZE];
    int64_t at = 0;
    size_t len;

    do {
        assert_ok(sw_spool_read(blob->spool, at, data, TAKEN, 0, &len, &err));
        sw_sha256_add(hash, data, len);
        at += (int64_t)len;
    } while (len > 0);
    sw_sha256_take(hash, digest);
    assert_int_equal(at, blob->size);
    assert_string_equal(digest, blob->digest);
}

/* The file of the layer in the layout is read again, although reading the image has ended. */
static void test_again__a_layer_of_a_layout_is_made(void **state)
{
    struct world world;
    struct taker taker;
    struct sw_image image;
    struct sw_image_source *source = NULL;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *name = NULL;
    char layer[SW_DIGEST_SIZE];
    char digest[SW_DIGEST_SIZE];
    size_t before;

    (void)state;
    world_init(&world, IMAGE_OCI, IMAGE_FINE);
    write_layout(&world, layer);
    name = sw_xasprintf("oci:%s", world.dir);
    before = open_files();
    taker_init(&taker);
    sw_image_init(&image);
    assert_ok(sw_image_source_open(&taker.t.env, name, NULL, &source, &err));
    assert_ok(source->load(source, &taker.intake, &image, &err));
    assert_int_equal(taker.grown, 1);
    assert_true(sw_spool_forsake(image.layers[0]->spool));
    memcpy(digest, image.layers[0]->digest, SW_DIGEST_SIZE);

    assert_ok(sw_intake_again(&taker.intake, image.layers[0], &err));
    assert_string_equal(image.layers[0]->digest, digest);
    assert_string_equal(image.layers[0]->diff_id, layer);
    check_blob(image.layers[0]);
    sw_image_release(&image);
    sw_image_source_free(source);
    taker_release(&taker);
    assert_int_equal(open_files(), before);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again__a_layer_of_a_layout_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
