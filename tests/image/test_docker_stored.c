/* Images read from an engine's store, blob by blob. */

#include "stored_world.h"

#include <slipway/manifest.h>

static void test_docker_stored__pushes_packed_layers_as_they_are(void **state)
{
    static const size_t pieces[] = { 1, 7, 100, 1000, 1000000 };

    (void)state;
    for (size_t p = 0; p < SW_COUNT(pieces); p++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        world.engine.piece = pieces[p];
        assert_ok(push(&world, &err));
        assert_tag(&world, "v1", &world.file.manifest);
        assert_string_equal(world.result.digest, world.id);
        for (size_t i = 0; i < 2; i++) {
            assert_true(world.result.layers[i].sent);
            assert_string_equal(world.result.layers[i].diff_id, world.file.diff_ids[i]);
            assert_string_equal(world.result.layers[i].digest, world.file.digests[i]);
            assert_int_equal(fake_engine_reads(&world.engine, world.file.digests[i]), 1);
        }
        assert_int_equal(world.engine.exports, 0);
        world_release(&world);
    }
}

/* The manifest is there, and with it all else: nothing but documents is read, and one look is it.
 */
static void test_docker_stored__reads_no_layer_of_a_manifest_that_is_there(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    size_t before;

    (void)state;
    world_init(&world);
    assert_ok(push(&world, &err));
    before = world.fake.request_count;
    assert_ok(push_to(&world, NULL, "v2", &err));
    assert_tag(&world, "v2", &world.file.manifest);
    assert_int_equal(world.result.bytes_sent, 0);
    assert_int_equal(world.result.bytes_skipped,
                     world.file.packed[0].len + world.file.packed[1].len + world.file.config.len);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fake_engine_reads(&world.engine, world.file.digests[i]), 1);
    }
    assert_int_equal(fake_http_count(&world.fake, before, "HEAD", "/blobs/"), 0);
    assert_int_equal(fake_http_count(&world.fake, before, "HEAD", "/manifests/sha256"), 1);
    assert_int_equal(fake_http_count(&world.fake, before, "PUT", ""), 1);
    assert_int_equal(world.engine.exports, 0);
    world_release(&world);
}

static void test_docker_stored__reads_only_the_layer_that_is_new(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    fake_registry_put_blob(&world.registry, "app", sw_buf_str(&world.file.packed[0]));
    assert_ok(push(&world, &err));
    assert_tag(&world, "v1", &world.file.manifest);
    assert_false(world.result.layers[0].sent);
    assert_true(world.result.layers[1].sent);
    assert_int_equal(fake_engine_reads(&world.engine, world.file.digests[0]), 0);
    assert_int_equal(fake_engine_reads(&world.engine, world.file.digests[1]), 1);
    world_release(&world);
}

/* An upload that broke is started over, and the layer read once more. */
static void test_docker_stored__reads_again_what_has_to_be_sent_again(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    world.options.uploads = 1;
    fake_registry_put_blob(&world.registry, "app", sw_buf_str(&world.file.config));
    fake_registry_put_blob(&world.registry, "app", sw_buf_str(&world.file.packed[0]));
    world.registry.drop_bodies = 1;
    assert_ok(push(&world, &err));
    assert_tag(&world, "v1", &world.file.manifest);
    assert_int_equal(fake_engine_reads(&world.engine, world.file.digests[1]), 2);
    world_release(&world);
}

/* The configuration's digest stays; the manifest is written anew, and learned from the next time.
 */
static void test_docker_stored__packs_layers_that_are_not(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_registry_item *item;

    (void)state;
    world_init_unpacked(&world);
    assert_ok(push(&world, &err));
    item = fake_registry_tag(&world.registry, "app", "v1");
    assert_non_null(item);
    assert_string_equal(item->media_type, SW_MEDIA_DOCKER_MANIFEST);
    assert_non_null(strstr(item->bytes.ptr, world.file.config_digest));
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(world.result.layers[i].diff_id, world.file.diff_ids[i]);
        assert_string_not_equal(world.result.layers[i].digest, world.file.diff_ids[i]);
        assert_int_equal(fake_engine_reads(&world.engine, world.file.diff_ids[i]), 1);
    }
    assert_ok(push_to(&world, NULL, "v2", &err));
    assert_tag(&world, "v2", &item->bytes);
    assert_int_equal(world.result.bytes_sent, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fake_engine_reads(&world.engine, world.file.diff_ids[i]), 1);
    }
    assert_int_equal(world.engine.exports, 0);
    world_release(&world);
}

static void test_docker_stored__puts_the_media_type_in(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_registry_item *item;

    (void)state;
    world_init(&world);
    image_file_release(&world.file);
    image_file_build(&world.file, IMAGE_CONTAINERD, IMAGE_NO_MEDIA_TYPE);
    store_manifest(&world, &world.file.manifest);
    world.engine.blobs[0].bytes = sw_buf_str(&world.file.config);
    world.engine.blobs[1].bytes = sw_buf_str(&world.file.packed[0]);
    world.engine.blobs[2].bytes = sw_buf_str(&world.file.packed[1]);
    assert_ok(push(&world, &err));
    item = fake_registry_tag(&world.registry, "app", "v1");
    assert_non_null(strstr(item->bytes.ptr, "\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\""));
    assert_ok(push_to(&world, NULL, "v2", &err));
    assert_int_equal(world.result.bytes_sent, 0);
    world_release(&world);
}

/* Which manifest of an index is pushed. */
static const struct pick_case {
    const char *name;
    const char *platform; /* that is wished for */
    const char *engine;   /* architecture that the engine would choose */
    int missing;          /* bits: manifests that the engine does not have */
    int bare;             /* bits: those that it has without their layers */
    int picked;           /* -1: none */
    const char *message;
} pick_cases[] = {
    { "the engine's own", NULL, "amd64", 0, 0, 0, NULL },
    { "the engine's own is the other", NULL, "arm64", 0, 0, 1, NULL },
    { "the only one", NULL, "amd64", 1, 0, 1, NULL },
    { "the one wished for", "linux/arm64", "amd64", 0, 0, 1, NULL },
    { "none that the engine would choose", NULL, "s390x", 0, 0, -1,
      "image \"web:v1\" is for several platforms (linux/amd64, linux/arm64/v8); pick one with "
      "--platform" },
    { "not in the image", "linux/s390x", "amd64", 0, 0, -1,
      "the Docker engine at unix:///var/run/docker.sock does not have image \"web:v1\" for "
      "linux/s390x; it has: linux/amd64, linux/arm64/v8" },
    { "in the image, not in the engine", "linux/arm64", "amd64", 2, 0, -1,
      "the Docker engine at unix:///var/run/docker.sock does not have image \"web:v1\" for "
      "linux/arm64; it has: linux/amd64" },
    { "the only one with layers", NULL, "", 0, 1, 1, NULL },
    { "the one wished for has no layers", "linux/arm64", "amd64", 0, 2, -1,
      "the Docker engine at unix:///var/run/docker.sock does not have image \"web:v1\" for "
      "linux/arm64; it has: linux/amd64" },
    { "nothing there", NULL, "", 3, 0, -1,
      "the Docker engine at unix:///var/run/docker.sock does not have image \"web:v1\"; it has: "
      "no platform of it" },
};

static void set_platforms(struct world *world, const struct pick_case *c)
{
    const char *available[2];
    size_t count = 0;

    fake_engine_set(&world->engine, SW_MEDIA_OCI_INDEX, world->multi.index_digest, c->engine);
    for (int m = 0; m < 2; m++) {
        if (c->missing >> m & 1) {
            fake_engine_remove(&world->engine, world->multi.manifest_digests[m]);
        }
        if (!(c->bare >> m & 1)) {
            available[count++] = world->multi.manifest_digests[m];
        }
    }
    fake_engine_set_available(&world->engine, available, count);
}

static void test_docker_stored__picks_one_platform_of_several(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(pick_cases); i++) {
        const struct pick_case *c = &pick_cases[i];
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", c->name);
        world_init_multi(&world);
        set_platforms(&world, c);
        if (c->picked >= 0) {
            assert_ok(push_to(&world, c->platform, "v1", &err));
            assert_tag(&world, "v1", &world.multi.manifests[c->picked]);
        } else {
            assert_fails(push_to(&world, c->platform, "v1", &err), SW_E_INPUT, c->message);
            assert_int_equal(world.registry.manifest_count, 0);
        }
        world_release(&world);
    }
}

static void test_docker_stored__refuses_another_platform(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    assert_fails(push_to(&world, "linux/arm64", "v1", &err), SW_E_INPUT,
                 "image \"web:v1\" is for linux/amd64, not for linux/arm64");
    world_release(&world);
}

/* Whatever the engine gives that has not the digest, or not all of it, never becomes an image. */
static void test_docker_stored__refuses_what_has_another_digest(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        const char *const digests[] = { world.id, world.file.config_digest, world.file.digests[0],
                                        world.file.digests[1] };

        *(i % 2 ? &world.engine.changed : &world.engine.cut) = digests[i / 2];
        print_message("%s of %d\n", i % 2 ? "another byte" : "less", i / 2);
        assert_int_equal(push(&world, &err), SW_E_UNAVAILABLE);
        assert_int_equal(world.registry.manifest_count, 0);
        assert_int_equal(world.engine.exports, 0);
        world_release(&world);
    }
}

/* An unpacked layer that is another one than the configuration says. */
static void test_docker_stored__refuses_a_layer_of_another_configuration(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    char *swap;

    (void)state;
    world_init_unpacked(&world);
    /* The manifest names the first layer twice. */
    swap = strstr(world.manifest.ptr, world.file.diff_ids[1]);
    memcpy(swap, world.file.diff_ids[0], SW_DIGEST_SIZE - 1);
    store_manifest(&world, &world.manifest);
    assert_int_equal(push(&world, &err), SW_E_INPUT);
    assert_non_null(strstr(err.msg, "image \"web:v1\" is damaged: layer sha256:"));
    assert_int_equal(world.registry.manifest_count, 0);
    world_release(&world);
}

static enum sw_status push_all(struct world *world, struct sw_copy_result *result,
                               struct sw_err *err)
{
    const struct sw_copy_options options = { .transfers = 1 };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };

    assert_int_equal(sw_ref_parse(SW_STR(STORED_HOST "/shop:v1"), &target, err), SW_OK);
    assert_int_equal(
        sw_image_source_open(&world->t.env, "docker-daemon:web:v1", NULL, &source, err), SW_OK);
    return sw_image_push_all(&world->t.env, source, &target, 1, &options, result, err);
}

static void test_docker_stored__pushes_all_platforms(void **state)
{
    struct world world;
    struct sw_copy_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init_multi(&world);
    assert_ok(push_all(&world, &result, &err));
    assert_true(multi_image_is_at(&world.multi, &world.registry, "shop", "v1"));
    assert_string_equal(result.digest, world.multi.index_digest);
    sw_copy_result_release(&result);
    assert_ok(push_all(&world, &result, &err));
    assert_int_equal(result.bytes_sent, 0);
    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        assert_int_equal(fake_engine_reads(&world.engine, world.multi.blob_digests[i]), 1);
    }
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_docker_stored__needs_all_platforms_for_that(void **state)
{
    struct world world;
    struct sw_copy_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init_multi(&world);
    fake_engine_remove(&world.engine, world.multi.manifest_digests[1]);
    assert_int_equal(push_all(&world, &result, &err), SW_E_INPUT);
    assert_non_null(strstr(err.msg, world.multi.manifest_digests[1]));
    assert_non_null(strstr(err.msg, "the Docker engine does not hold all images of the index: push "
                                    "those that are there with --platform"));
    assert_int_equal(world.registry.manifest_count, 0);
    world_release(&world);
}

static void test_docker_stored__says_when_an_engine_has_one_platform_only(void **state)
{
    struct world world;
    struct sw_copy_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init_multi(&world);
    world.engine.silent = true;
    assert_fails(push_all(&world, &result, &err), SW_E_INPUT,
                 "the Docker engine at unix:///var/run/docker.sock exports images of one platform; "
                 "--all-platforms needs one with the containerd image store, as Docker 29 has it, "
                 "or oci:DIR, oci-archive:FILE or docker-archive:FILE");
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docker_stored__pushes_packed_layers_as_they_are),
        cmocka_unit_test(test_docker_stored__reads_no_layer_of_a_manifest_that_is_there),
        cmocka_unit_test(test_docker_stored__reads_only_the_layer_that_is_new),
        cmocka_unit_test(test_docker_stored__reads_again_what_has_to_be_sent_again),
        cmocka_unit_test(test_docker_stored__packs_layers_that_are_not),
        cmocka_unit_test(test_docker_stored__puts_the_media_type_in),
        cmocka_unit_test(test_docker_stored__picks_one_platform_of_several),
        cmocka_unit_test(test_docker_stored__refuses_another_platform),
        cmocka_unit_test(test_docker_stored__refuses_what_has_another_digest),
        cmocka_unit_test(test_docker_stored__refuses_a_layer_of_another_configuration),
        cmocka_unit_test(test_docker_stored__pushes_all_platforms),
        cmocka_unit_test(test_docker_stored__needs_all_platforms_for_that),
        cmocka_unit_test(test_docker_stored__says_when_an_engine_has_one_platform_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
