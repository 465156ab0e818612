#include "test.h"

#include "fake_registry.h"
#include "multi_image.h"
#include "sweep.h"
#include "tar_file.h"
#include "temp_dir.h"

#include <slipway/fs.h>
#include <slipway/image.h>
#include <slipway/manifest.h>

#include <sys/stat.h>

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

/* A registry, and a layout "DIR/layout" and an archive "DIR/image.tar" of the same image. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct multi_image image;
    char *dir;
    struct sw_buf tar;
};

static char *blob_path(const char *digest)
{
    return sw_xasprintf("blobs/sha256/%s", digest + strlen("sha256:"));
}

/* Puts a file into the layout and the archive. */
static void add_file(struct world *world, const char *path, struct sw_str bytes)
{
    SW_CLEANUP(sw_free_str) char *whole = sw_xasprintf("%s/layout/%s", world->dir, path);
    struct sw_err err = SW_ERR_INIT;

    assert_ok(sw_fs_write_atomic(whole, bytes, 0600, &err));
    tar_file_add(&world->tar, path, bytes);
}

static void add_blob(struct world *world, const char *digest, const struct sw_buf *bytes)
{
    SW_CLEANUP(sw_free_str) char *path = blob_path(digest);

    add_file(world, path, sw_buf_str(bytes));
}

/* index.json with these entries. */
static void add_index(struct world *world, const char *entries)
{
    SW_CLEANUP(sw_free_str)
    char *text = sw_xasprintf("{\"schemaVersion\":2,\"manifests\":[%s]}", entries);

    add_file(world, "index.json", sw_str(text));
}

static char *entry(const char *digest, const char *media_type, const char *name)
{
    return sw_xasprintf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1,\"annotations\":{"
                        "\"org.opencontainers.image.ref.name\":\"%s\"}}",
                        media_type, digest, name);
}

static void write_archive(struct world *world)
{
    SW_CLEANUP(sw_free_str) char *path = sw_xasprintf("%s/image.tar", world->dir);
    struct sw_err err = SW_ERR_INIT;

    tar_file_end(&world->tar);
    assert_ok(sw_fs_write_atomic(path, sw_buf_str(&world->tar), 0600, &err));
}

static void make_world(struct world *world)
{
    SW_CLEANUP(sw_free_str) char *blobs = NULL;
    struct sw_err err = SW_ERR_INIT;

    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    multi_image_build(&world->image);
    world->dir = temp_dir_new();
    sw_buf_init(&world->tar, SW_BUF_TEXT_MAX);
    blobs = sw_xasprintf("%s/layout/blobs/sha256", world->dir);
    assert_ok(sw_fs_mkdirs(blobs, 0700, &err));
    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        add_blob(world, world->image.blob_digests[i], &world->image.blobs[i]);
    }
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        add_blob(world, world->image.manifest_digests[i], &world->image.manifests[i]);
    }
    add_blob(world, world->image.index_digest, &world->image.index);
}

/* The image stands in index.json under two names. */
static void world_init(struct world *world)
{
    SW_CLEANUP(sw_free_str) char *one = NULL;
    SW_CLEANUP(sw_free_str) char *two = NULL;
    SW_CLEANUP(sw_free_str) char *both = NULL;

    make_world(world);
    one = entry(world->image.index_digest, SW_MEDIA_OCI_INDEX, "v1");
    two = entry(world->image.index_digest, "", "latest");
    both = sw_xasprintf("%s,%s", one, two);
    add_index(world, both);
    write_archive(world);
}

static void world_release(struct world *world)
{
    temp_dir_free(world->dir);
    sw_buf_release(&world->tar);
    multi_image_release(&world->image);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

/* Pushes "KIND:DIR/PATH[:NAME]" to HOST/shop:v1. */
static enum sw_status push(const struct sw_env *env, const struct world *world, const char *kind,
                           const char *path, struct sw_copy_result *result, struct sw_err *err)
{
    const struct sw_copy_options options = { .transfers = 1 };
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("%s:%s/%s", kind, world->dir, path);
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };

    assert_int_equal(sw_ref_parse(SW_STR(HOST "/shop:v1"), &target, err), SW_OK);
    assert_int_equal(sw_image_source_open(env, text, NULL, &source, err), SW_OK);
    return sw_image_push_all(env, source, &target, 1, &options, result, err);
}

static void test_push_all__sends_an_index_as_it_is(void **state)
{
    static const char *const sources[][2] = {
        { "oci", "layout" },
        { "oci", "layout:v1" },
        { "oci", "layout:latest" },
        { "oci-archive", "image.tar" },
        { "oci-archive", "image.tar:v1" },
        { "docker-archive", "image.tar" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(sources); i++) {
        struct world world;
        struct sw_copy_result result;
        struct sw_err err = SW_ERR_INIT;

        print_message("%s:%s\n", sources[i][0], sources[i][1]);
        world_init(&world);
        assert_ok(push(&world.t.env, &world, sources[i][0], sources[i][1], &result, &err));
        assert_true(multi_image_is_at(&world.image, &world.registry, "shop", "v1"));
        assert_string_equal(result.digest, world.image.index_digest);
        assert_string_equal(result.media_type, SW_MEDIA_OCI_INDEX);
        assert_non_null(strstr(world.t.said.ptr, "pushed " HOST "/shop:v1\n"));
        sw_copy_result_release(&result);
        world_release(&world);
    }
}

static void test_push_all__again_sends_nothing(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    multi_image_put(&world.image, &world.registry, "shop", "v1");
    assert_ok(push(&world.t.env, &world, "oci", "layout", &result, &err));
    assert_int_equal(result.bytes_sent, 0);
    assert_false(result.written[0]);
    for (size_t i = 0; i < world.fake.request_count; i++) {
        assert_string_equal(world.fake.requests[i].method, "HEAD");
    }
    sw_copy_result_release(&result);
    world_release(&world);
}

static void remove_blob(const struct world *world, const char *digest)
{
    SW_CLEANUP(sw_free_str) char *path = blob_path(digest);
    SW_CLEANUP(sw_free_str) char *whole = sw_xasprintf("%s/layout/%s", world->dir, path);

    sw_fs_remove_tree(whole);
}

/* "layout "DIR/layout": " and the formatted text; the caller's. */
static char *in_layout(const struct world *world, char *text)
{
    char *whole = sw_xasprintf("layout \"%s/layout\": %s", world->dir, text);

    free(text);
    return whole;
}

static void test_push_all__names_what_is_missing(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    world_init(&world);
    remove_blob(&world, world.image.blob_digests[4]);
    expected = sw_xasprintf("blob %s, a part of the image, is missing from the layout",
                            world.image.blob_digests[4]);
    assert_fails(push(&world.t.env, &world, "oci", "layout", &result, &err), SW_E_INPUT, expected);
    assert_null(fake_registry_tag(&world.registry, "shop", "v1"));
    free(expected);
    /* What the registry has need not be in the layout. */
    fake_registry_put_blob(&world.registry, "shop", sw_buf_str(&world.image.blobs[4]));
    assert_ok(push(&world.t.env, &world, "oci", "layout", &result, &err));
    sw_copy_result_release(&result);

    remove_blob(&world, world.image.manifest_digests[1]);
    expected = in_layout(
        &world,
        sw_xasprintf("manifest %s (linux/arm64/v8) of the index: the layout has no file "
                     "\"blobs/sha256/%s\"; the layout does not hold all images of the index: push "
                     "those that are there with --platform, and put them together with: slipway "
                     "image index create",
                     world.image.manifest_digests[1],
                     world.image.manifest_digests[1] + strlen("sha256:")));
    assert_fails(push(&world.t.env, &world, "oci", "layout", &result, &err), SW_E_INPUT, expected);
    world_release(&world);
}

static void test_push_all__refuses_damaged_blobs(void **state)
{
    static const struct {
        const char *content;
        const char *message;
    } cases[] = {
        { "the layer of arm64, a bit LONGER", "the layout is damaged: blob %s is sha256:" },
        { "cut", "the layout is damaged: blob %s has 3 bytes instead of 32" },
        { "", "the layout is damaged: blob %s has 0 bytes instead of 32" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_copy_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *path = NULL;
        SW_CLEANUP(sw_free_str) char *whole = NULL;
        struct sw_str message = sw_str(cases[i].message);

        world_init(&world);
        path = blob_path(world.image.blob_digests[4]);
        whole = sw_xasprintf("%s/layout/%s", world.dir, path);
        assert_ok(sw_fs_write_atomic(whole, sw_str(cases[i].content), 0600, &err));
        assert_int_equal(push(&world.t.env, &world, "oci", "layout", &result, &err), SW_E_INPUT);
        while (message.ptr) {
            SW_CLEANUP(sw_free_str) char *part = sw_str_dup(sw_str_cut(&message, '%'));

            assert_non_null(strstr(err.msg, part[0] == 's' ? part + 1 : part));
        }
        assert_non_null(strstr(err.msg, world.image.blob_digests[4]));
        assert_null(fake_registry_tag(&world.registry, "shop", "v1"));
        world_release(&world);
    }
}

/* Two images in one layout. */
static void test_push_all__takes_one_of_several_by_name(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *one = NULL;
    SW_CLEANUP(sw_free_str) char *two = NULL;
    SW_CLEANUP(sw_free_str) char *both = NULL;
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    make_world(&world);
    one = entry(world.image.index_digest, SW_MEDIA_OCI_INDEX, "multi");
    two = entry(world.image.manifest_digests[1], SW_MEDIA_OCI_MANIFEST, "single");
    both = sw_xasprintf("%s,%s", one, two);
    add_index(&world, both);
    expected = in_layout(&world, sw_xstrdup("the layout has several images (multi, single); pick "
                                            "one by name or digest"));
    assert_fails(push(&world.t.env, &world, "oci", "layout", &result, &err), SW_E_INPUT, expected);
    free(expected);
    expected = in_layout(&world, sw_xstrdup("image \"other\" is not in the layout; it has: multi, "
                                            "single"));
    assert_fails(push(&world.t.env, &world, "oci", "layout:other", &result, &err), SW_E_INPUT,
                 expected);
    assert_ok(push(&world.t.env, &world, "oci", "layout:single", &result, &err));
    assert_string_equal(result.digest, world.image.manifest_digests[1]);
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_push_all__refuses_what_cannot_be_sent_as_it_is(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *path = NULL;

    (void)state;
    world_init(&world);
    path = sw_xasprintf("%s/packed.tar.gz", world.dir);
    assert_ok(sw_fs_write_atomic(path, SW_STR("\x1f\x8b\x08\x00"), 0600, &err));
    assert_int_equal(push(&world.t.env, &world, "oci-archive", "packed.tar.gz", &result, &err),
                     SW_E_INPUT);
    assert_non_null(
        strstr(err.msg, "--all-platforms needs an archive in a file that is not compressed"));
    assert_int_equal(world.fake.request_count, 0);
    world_release(&world);
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct world *world = ctx;

    fake_registry_renew(&world->registry, fake);
}

static enum sw_status sweep_run_push(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_copy_result result;
    enum sw_status status = push(&t->env, ctx, "oci", "layout", &result, err);

    if (status == SW_OK) {
        sw_copy_result_release(&result);
    }
    return status;
}

static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const struct world *world = ctx;

    if (run->status == SW_OK || fake_registry_tag(&world->registry, "shop", "v1")) {
        assert_true(multi_image_is_at(&world->image, &world->registry, "shop", "v1"));
    }
}

static void test_push_all__notices_every_fault(void **state)
{
    struct world world;
    const struct sweep sweep = { .name = "push_all",
                                 .setup = sweep_setup,
                                 .run = sweep_run_push,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_is_denied_look,
                                 .ctx = &world };

    (void)state;
    world_init(&world);
    sweep_all(&sweep);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_all__sends_an_index_as_it_is),
        cmocka_unit_test(test_push_all__again_sends_nothing),
        cmocka_unit_test(test_push_all__names_what_is_missing),
        cmocka_unit_test(test_push_all__refuses_damaged_blobs),
        cmocka_unit_test(test_push_all__takes_one_of_several_by_name),
        cmocka_unit_test(test_push_all__refuses_what_cannot_be_sent_as_it_is),
        cmocka_unit_test(test_push_all__notices_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
