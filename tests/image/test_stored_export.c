/* Exports of an engine with an image store, which end when all of the image has come. */

#include "stored_world.h"
#include "tar_file.h"

#include <slipway/manifest.h>

enum {
    MORE = 6 * 1024 * 1024, /* of no use, behind what is needed */
    AHEAD_MAX = 1024 * 1024 /* what may lie between the engine and the reader */
};

/* Older engines, and what stands between: the export has to do. */
static void test_stored_export__leaves_it_to_the_export_where_there_are_no_blobs(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        world.engine.silent = i == 0;
        world.engine.status = i == 1 ? 505 : 0;
        if (i == 2) {
            fake_engine_remove(&world.engine, world.id);
        }
        assert_ok(push(&world, &err));
        assert_tag(&world, "v1", &world.file.manifest);
        assert_int_equal(world.engine.exports, 1);
        world_release(&world);
    }
}

/* The targets have the image's very manifest: that is read there, and no export is needed. */
static void test_stored_export__needs_no_export_of_a_manifest_that_is_there(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    world.engine.silent = true;
    assert_ok(push(&world, &err));
    assert_int_equal(world.engine.exports, 1);
    assert_ok(push_to(&world, NULL, "v2", &err));
    assert_tag(&world, "v2", &world.file.manifest);
    assert_int_equal(world.result.bytes_sent, 0);
    assert_int_equal(world.engine.exports, 1);
    assert_fails(push_to(&world, "linux/arm64", "v3", &err), SW_E_INPUT,
                 "image \"web:v1\" is for linux/amd64, not for linux/arm64");
    world_release(&world);
}

static void add_file(struct sw_buf *tar, const struct sw_buf *bytes)
{
    SW_CLEANUP(sw_free_str) char *path = NULL;
    char digest[SW_DIGEST_SIZE];

    sw_digest_of(sw_buf_str(bytes), digest);
    path = sw_xasprintf("blobs/sha256/%s", digest + strlen("sha256:"));
    tar_file_add(tar, path, sw_buf_str(bytes));
}

/* Another archive to be exported, begun. */
static void begin_archive(struct world *world)
{
    sw_buf_clear(&world->file.tar);
    world->engine.silent = true;
}

/* What is not needed, and no end: all that is needed came before. */
static void end_archive(struct world *world)
{
    static char more[MORE];
    struct sw_buf *tar = &world->file.tar;

    for (size_t i = 0; i < sizeof(more); i++) {
        more[i] = (char)(i * i / 257);
    }
    tar_file_add(tar, "blobs/sha256/other", sw_str_n(more, sizeof(more)));
    world->engine.archive = sw_buf_str(tar);
}

/* The engine sorts by digest, so that everything comes in any order. */
static void test_stored_export__ends_the_export_in_whatever_order_it_comes(void **state)
{
    (void)state;
    for (int order = 0; order < 24; order++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        const struct sw_buf *parts[4] = { &world.file.manifest, &world.file.config,
                                          &world.file.packed[0], &world.file.packed[1] };

        begin_archive(&world);
        for (int left = 4, rest = order; left > 0; rest /= left--) {
            const struct sw_buf *part = parts[rest % left];

            add_file(&world.file.tar, part);
            parts[rest % left] = parts[left - 1];
        }
        end_archive(&world);
        assert_ok(push(&world, &err));
        assert_tag(&world, "v1", &world.file.manifest);
        assert_string_equal(world.result.layers[1].diff_id, world.file.diff_ids[1]);
        assert_true(world.fake.sunk_bytes < AHEAD_MAX);
        world_release(&world);
    }
}

/* A layer that the targets have is not waited for. */
static void test_stored_export__waits_only_for_what_is_not_there(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    fake_registry_put_blob(&world.registry, "app", sw_buf_str(&world.file.packed[0]));
    begin_archive(&world);
    add_file(&world.file.tar, &world.file.packed[1]);
    add_file(&world.file.tar, &world.file.config);
    add_file(&world.file.tar, &world.file.manifest);
    end_archive(&world);
    assert_ok(push(&world, &err));
    assert_tag(&world, "v1", &world.file.manifest);
    assert_false(world.result.layers[0].sent);
    assert_true(world.result.layers[1].sent);
    assert_true(world.fake.sunk_bytes < AHEAD_MAX);
    world_release(&world);
}

/* A large layer that the targets have passes by unread: what is here is not even a layer. */
static void test_stored_export__steps_over_what_is_there(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf large;
    char digest[SW_DIGEST_SIZE];

    (void)state;
    world_init(&world);
    sw_buf_init(&large, (size_t)16 * 1024 * 1024);
    sw_buf_add(&large, "\x1f\x8b\x08\0", 4);
    while (large.len <= SW_CONFIG_MAX) {
        sw_buf_add_cstr(&large, "no gzip, and large");
    }
    sw_digest_of(sw_buf_str(&large), digest);
    sw_buf_addf(&world.manifest,
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\","
                "\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":\"%s\","
                "\"digest\":\"%s\",\"size\":%zu},{\"mediaType\":\"%s\",\"digest\":\"%s\","
                "\"size\":%zu}]}",
                SW_MEDIA_OCI_MANIFEST, SW_MEDIA_OCI_CONFIG, world.file.config_digest,
                world.file.config.len, SW_MEDIA_OCI_LAYER_GZIP, digest, large.len,
                SW_MEDIA_OCI_LAYER_GZIP, world.file.digests[1], world.file.packed[1].len);
    store_manifest(&world, &world.manifest);
    fake_registry_put_blob(&world.registry, "app", sw_buf_str(&large));
    begin_archive(&world);
    add_file(&world.file.tar, &large);
    add_file(&world.file.tar, &world.file.packed[1]);
    add_file(&world.file.tar, &world.file.config);
    add_file(&world.file.tar, &world.manifest);
    end_archive(&world);
    assert_ok(push(&world, &err));
    assert_tag(&world, "v1", &world.manifest);
    assert_false(world.result.layers[0].sent);
    sw_buf_release(&large);
    world_release(&world);
}

/* Makes a packed layer too large for a document: empty members unpack to nothing. */
static void enlarge(struct world *world, size_t layer)
{
    static const char member[] = "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0";
    struct sw_buf *packed = &world->file.packed[layer];

    packed->max = MORE;
    while (packed->len < (size_t)128 * 1024) {
        sw_buf_add(packed, member, sizeof(member) - 1);
    }
    sw_digest_of(sw_buf_str(packed), world->file.digests[layer]);
}

/* Layers of a kept manifest are its own, also where images tell of others with the same content. */
static void test_stored_export__does_not_learn_other_layers_into_a_manifest(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init_unpacked(&world);
    assert_ok(push(&world, &err));
    sw_buf_clear(&world.manifest);
    sw_buf_addf(&world.manifest,
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\","
                "\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
                SW_MEDIA_OCI_MANIFEST, SW_MEDIA_OCI_CONFIG, world.file.config_digest,
                world.file.config.len);
    begin_archive(&world);
    for (size_t i = 0; i < 2; i++) {
        enlarge(&world, i);
        add_file(&world.file.tar, &world.file.packed[i]);
        sw_buf_addf(&world.manifest, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
                    i ? "," : "", SW_MEDIA_OCI_LAYER_GZIP, world.file.digests[i],
                    world.file.packed[i].len);
    }
    sw_buf_add_cstr(&world.manifest, "]}");
    add_file(&world.file.tar, &world.file.config);
    add_file(&world.file.tar, &world.manifest);
    end_archive(&world);
    sw_digest_of(sw_buf_str(&world.manifest), world.id);
    sw_buf_clear(&world.engine.inspect);
    sw_buf_addf(&world.engine.inspect,
                "{\"Id\":\"%s\",\"Descriptor\":{\"mediaType\":\"%s\",\"digest\":\"%s\"},"
                "\"RootFS\":{\"Layers\":[\"%s\",\"%s\"]}}",
                world.id, SW_MEDIA_OCI_MANIFEST, world.id, world.file.diff_ids[0],
                world.file.diff_ids[1]);
    assert_ok(push(&world, &err));
    assert_tag(&world, "v1", &world.manifest);
    assert_int_equal(world.engine.exports, 1);
    world_release(&world);
}

/* Of an exported index the engine's own platform is taken, or the one wished for. */
static void test_stored_export__ends_the_export_of_an_index(void **state)
{
    static const char *const wishes[] = { NULL, "linux/arm64" };

    (void)state;
    for (size_t w = 0; w < SW_COUNT(wishes); w++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init_multi(&world);
        begin_archive(&world);
        /* These layers are none that could be unpacked, so the targets have them. */
        for (size_t i = 2; i < MULTI_BLOBS; i++) {
            fake_registry_put_blob(&world.registry, "app", sw_buf_str(&world.multi.blobs[i]));
        }
        for (size_t i = 0; i < 2; i++) {
            add_file(&world.file.tar, &world.multi.blobs[i]);
            add_file(&world.file.tar, &world.multi.manifests[i]);
        }
        add_file(&world.file.tar, &world.multi.index);
        end_archive(&world);
        assert_ok(push_to(&world, wishes[w], "v1", &err));
        assert_tag(&world, "v1", &world.multi.manifests[w]);
        assert_true(world.fake.sunk_bytes < AHEAD_MAX);
        world_release(&world);
    }
}

static void test_stored_export__finds_out_that_an_export_has_another_platform(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    begin_archive(&world);
    add_file(&world.file.tar, &world.file.manifest);
    add_file(&world.file.tar, &world.file.config);
    add_file(&world.file.tar, &world.file.packed[0]);
    add_file(&world.file.tar, &world.file.packed[1]);
    end_archive(&world);
    assert_fails(push_to(&world, "linux/arm64", "v1", &err), SW_E_INPUT,
                 "the image is for linux/amd64, not for linux/arm64");
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_export__leaves_it_to_the_export_where_there_are_no_blobs),
        cmocka_unit_test(test_stored_export__needs_no_export_of_a_manifest_that_is_there),
        cmocka_unit_test(test_stored_export__ends_the_export_in_whatever_order_it_comes),
        cmocka_unit_test(test_stored_export__waits_only_for_what_is_not_there),
        cmocka_unit_test(test_stored_export__steps_over_what_is_there),
        cmocka_unit_test(test_stored_export__does_not_learn_other_layers_into_a_manifest),
        cmocka_unit_test(test_stored_export__ends_the_export_of_an_index),
        cmocka_unit_test(test_stored_export__finds_out_that_an_export_has_another_platform),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
