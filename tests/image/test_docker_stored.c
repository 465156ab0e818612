#include "test.h"

#include "fake_engine.h"
#include "image_file.h"
#include "multi_image.h"
#include "tar_file.h"

#include <slipway/image.h>
#include <slipway/manifest.h>

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

enum {
    MORE = 6 * 1024 * 1024, /* of no use, behind what is needed */
    AHEAD_MAX = 1024 * 1024 /* what may lie between the engine and the reader */
};

/* An engine with the containerd image store, and a registry. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct fake_engine engine;
    struct image_file file;   /* of one platform */
    struct multi_image multi; /* of two */
    struct sw_buf manifest;   /* of the image with layers that are not packed */
    struct sw_push_options options;
    struct sw_push_result result;
    char id[SW_DIGEST_SIZE];
};

static void make_world(struct world *world)
{
    *world = (struct world){ .options = { .uploads = 2, .workers = 1 } };
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    fake_engine_init(&world->engine, &world->registry);
    world->fake.handler = fake_engine_answer;
    world->fake.handler_ctx = &world->engine;
    image_file_build(&world->file, IMAGE_CONTAINERD, IMAGE_FINE);
    multi_image_build(&world->multi);
    sw_buf_init(&world->manifest, SW_BUF_TEXT_MAX);
    world->engine.archive = sw_buf_str(&world->file.tar);
}

static void world_release(struct world *world)
{
    sw_push_result_release(&world->result);
    sw_buf_release(&world->manifest);
    multi_image_release(&world->multi);
    image_file_release(&world->file);
    fake_engine_release(&world->engine);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

static void store_manifest(struct world *world, const struct sw_buf *manifest)
{
    fake_engine_add(&world->engine, sw_buf_str(manifest));
    sw_digest_of(sw_buf_str(manifest), world->id);
    fake_engine_set(&world->engine, SW_MEDIA_OCI_MANIFEST, world->id, "amd64");
}

/* An image as it is pulled or built: its layers are packed. */
static void world_init(struct world *world)
{
    make_world(world);
    fake_engine_add(&world->engine, sw_buf_str(&world->file.config));
    for (size_t i = 0; i < 2; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&world->file.packed[i]));
    }
    store_manifest(world, &world->file.manifest);
}

/* One as "docker load" takes it from an archive: they are not. */
static void world_init_unpacked(struct world *world)
{
    make_world(world);
    fake_engine_add(&world->engine, sw_buf_str(&world->file.config));
    sw_buf_addf(&world->manifest,
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\","
                "\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
                SW_MEDIA_DOCKER_MANIFEST, SW_MEDIA_DOCKER_CONFIG, world->file.config_digest,
                world->file.config.len);
    for (size_t i = 0; i < 2; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&world->file.layers[i]));
        sw_buf_addf(&world->manifest,
                    "%s{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar\","
                    "\"digest\":\"%s\",\"size\":%zu}",
                    i ? "," : "", world->file.diff_ids[i], world->file.layers[i].len);
    }
    sw_buf_add_cstr(&world->manifest, "]}");
    store_manifest(world, &world->manifest);
}

/* One of two platforms, all of which is there. */
static void world_init_multi(struct world *world)
{
    const struct multi_image *multi = &world->multi;

    make_world(world);
    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&multi->blobs[i]));
    }
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&multi->manifests[i]));
    }
    fake_engine_add(&world->engine, sw_buf_str(&multi->index));
    fake_engine_set(&world->engine, SW_MEDIA_OCI_INDEX, multi->index_digest, "amd64");
}

static enum sw_status push_to(struct world *world, const char *platform, const char *tag,
                              struct sw_err *err)
{
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf(HOST "/app:%s", tag);
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };
    enum sw_status status =
        sw_image_source_open(&world->t.env, "docker-daemon:web:v1", platform, &source, err);

    sw_push_result_release(&world->result);
    assert_int_equal(sw_ref_parse(sw_str(text), &target, err), SW_OK);
    return status == SW_OK ? sw_image_push(&world->t.env, source, &target, 1, &world->options,
                                           &world->result, err)
                           : status;
}

static enum sw_status push(struct world *world, struct sw_err *err)
{
    return push_to(world, NULL, "v1", err);
}

static void assert_tag(const struct world *world, const char *tag, const struct sw_buf *manifest)
{
    const struct fake_registry_item *item = fake_registry_tag(&world->registry, "app", tag);

    assert_non_null(item);
    assert_true(sw_str_eq(sw_buf_str(&item->bytes), sw_buf_str(manifest)));
}

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

/* Older engines, and what stands between: the export has to do. */
static void test_docker_stored__leaves_it_to_the_export_where_there_are_no_blobs(void **state)
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
static void test_docker_stored__needs_no_export_of_a_manifest_that_is_there(void **state)
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
static void test_docker_stored__ends_the_export_in_whatever_order_it_comes(void **state)
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
static void test_docker_stored__waits_only_for_what_is_not_there(void **state)
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
static void test_docker_stored__steps_over_what_is_there(void **state)
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
static void test_docker_stored__does_not_learn_other_layers_into_a_manifest(void **state)
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
static void test_docker_stored__ends_the_export_of_an_index(void **state)
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

static void test_docker_stored__finds_out_that_an_export_has_another_platform(void **state)
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

static enum sw_status push_all(struct world *world, struct sw_copy_result *result,
                               struct sw_err *err)
{
    const struct sw_copy_options options = { .transfers = 1 };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };

    assert_int_equal(sw_ref_parse(SW_STR(HOST "/shop:v1"), &target, err), SW_OK);
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
        cmocka_unit_test(test_docker_stored__leaves_it_to_the_export_where_there_are_no_blobs),
        cmocka_unit_test(test_docker_stored__needs_no_export_of_a_manifest_that_is_there),
        cmocka_unit_test(test_docker_stored__ends_the_export_in_whatever_order_it_comes),
        cmocka_unit_test(test_docker_stored__waits_only_for_what_is_not_there),
        cmocka_unit_test(test_docker_stored__steps_over_what_is_there),
        cmocka_unit_test(test_docker_stored__does_not_learn_other_layers_into_a_manifest),
        cmocka_unit_test(test_docker_stored__ends_the_export_of_an_index),
        cmocka_unit_test(test_docker_stored__finds_out_that_an_export_has_another_platform),
        cmocka_unit_test(test_docker_stored__pushes_all_platforms),
        cmocka_unit_test(test_docker_stored__needs_all_platforms_for_that),
        cmocka_unit_test(test_docker_stored__says_when_an_engine_has_one_platform_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
