#include "layout_world.h"

#include "sweep.h"

#define BASE "https://" LAYOUT_HOST "/v2/app/"

static void remove_blob(const struct world *world, const char *digest)
{
    SW_CLEANUP(sw_free_str)
    char *path = sw_xasprintf("%s/blobs/sha256/%s", world->dir, digest + 7);

    assert_int_equal(unlink(path), 0);
}

/* The manifest stored as app:v1 is the layout's own, and its blobs are there. */
static void check_kept(const struct world *world)
{
    const struct fake_registry_item *item = fake_registry_tag(&world->registry, "app", "v1");

    assert_non_null(item);
    assert_string_equal(item->bytes.ptr, world->file.manifest.ptr);
    assert_string_equal(item->media_type, SW_MEDIA_OCI_MANIFEST);
    assert_non_null(fake_registry_blob(&world->registry, "app", world->file.config_digest));
    assert_non_null(fake_registry_blob(&world->registry, "app", world->file.digests[0]));
    assert_non_null(fake_registry_blob(&world->registry, "app", world->file.digests[1]));
}

/* How often the request was made; `object` is added to the path. */
static size_t times(const struct world *world, const char *method, const char *path,
                    const char *object)
{
    SW_CLEANUP(sw_free_str) char *url = sw_xasprintf(BASE "%s%s", path, object);
    size_t count = 0;

    for (size_t i = 0; i < world->fake.request_count; i++) {
        const struct fake_http_request *request = &world->fake.requests[i];
        struct sw_str rest = sw_str(request->url);

        count += strcmp(request->method, method) == 0 && sw_str_is(sw_str_cut(&rest, '?'), url);
    }
    return count;
}

/* Each blob is looked for once, by the reader or by the uploader. */
static void check_requests(const struct world *world)
{
    assert_int_equal(times(world, "HEAD", "manifests/", "v1"), 1);
    assert_int_equal(times(world, "HEAD", "blobs/", world->file.config_digest), 1);
    assert_int_equal(times(world, "HEAD", "blobs/", world->file.digests[0]), 1);
    assert_int_equal(times(world, "HEAD", "blobs/", world->file.digests[1]), 1);
    assert_int_equal(times(world, "POST", "blobs/uploads/", ""), 3);
    assert_int_equal(times(world, "PUT", "blobs/uploads/", "session"), 3);
    assert_int_equal(times(world, "PUT", "manifests/", "v1"), 1);
    assert_int_equal(world->fake.request_count, 11);
}

static void test_oci_layout__is_sent_as_it_is(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *source = NULL;
    size_t before;

    (void)state;
    world_init(&world, IMAGE_OCI, IMAGE_FINE);
    before = open_files();
    source = sw_xasprintf("oci:%s", world.dir);
    assert_ok(push(&world.t.env, source, NULL, &result, &err));
    assert_int_equal(open_files(), before);
    check_kept(&world);
    check_requests(&world);
    assert_int_equal(world.registry.sessions, 3);
    sw_push_result_release(&result);

    /* Again: nothing is sent. */
    assert_ok(push(&world.t.env, source, NULL, &result, &err));
    assert_int_equal(world.registry.sessions, 3);
    assert_int_equal(open_files(), before);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_oci_layout__does_not_mind_other_files(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *source = NULL;

    (void)state;
    world_init(&world, IMAGE_OCI, IMAGE_FINE);
    write_file(&world, "manifest.json", "[{");
    write_file(&world, "blobs/sha256/unfinished.tmp", "x");
    write_file(&world, "repositories", "{}");
    source = sw_xasprintf("oci:%s", world.dir);
    assert_ok(push(&world.t.env, source, "linux/amd64", &result, &err));
    check_kept(&world);
    sw_push_result_release(&result);
    world_release(&world);
}

/* The same packed with tar; a manifest.json beside the index does not count. */
static void test_oci_layout__may_be_an_archive(void **state)
{
    static const struct {
        enum image_layout layout;
        enum image_fault fault;
    } cases[] = {
        { IMAGE_OCI, IMAGE_FINE },
        { IMAGE_CONTAINERD, IMAGE_FINE },
        { IMAGE_CONTAINERD, IMAGE_MANIFEST_GARBAGE },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *source = NULL;

        world_init(&world, cases[i].layout, cases[i].fault);
        source = sw_xasprintf("oci-archive:%s:acme/app:v1", world.path);
        assert_ok(push(&world.t.env, source, NULL, &result, &err));
        check_kept(&world);
        sw_push_result_release(&result);
        world_release(&world);
    }
}

/* Unpacked layers are compressed, so that the manifest is a new one. */
static void test_oci_layout__compresses_unpacked_layers(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_registry_item *item;
    SW_CLEANUP(sw_free_str) char *source = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_25, IMAGE_FINE);
    source = sw_xasprintf("oci:%s", world.dir);
    assert_ok(push(&world.t.env, source, NULL, &result, &err));
    item = fake_registry_tag(&world.registry, "app", "v1");
    assert_non_null(item);
    assert_string_equal(item->media_type, SW_MEDIA_DOCKER_MANIFEST);
    assert_string_equal(result.layers[1].diff_id, world.file.diff_ids[1]);
    sw_push_result_release(&result);
    world_release(&world);
}

/*
 * A layout of two images: "v1" and "latest" for amd64 are one, "other" for arm64 is the second,
 * which is put into arm64 as the bytes of its manifest.
 */
static char *write_two_images(const struct world *world)
{
    char config_digest[SW_DIGEST_SIZE];
    char manifest_digest[SW_DIGEST_SIZE];
    char amd64_digest[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str)
    char *config = sw_xasprintf("{\"architecture\":\"arm64\",\"os\":\"linux\",\"rootfs\":{"
                                "\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                                world->file.diff_ids[0]);
    SW_CLEANUP(sw_free_str) char *index = NULL;
    char *manifest;

    write_blob(world, config, config_digest);
    manifest = sw_xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST
                            "\",\"config\":{\"mediaType\":\"" SW_MEDIA_OCI_CONFIG
                            "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
                            "\"" SW_MEDIA_OCI_LAYER_GZIP "\",\"digest\":\"%s\",\"size\":%zu}]}",
                            config_digest, strlen(config), world->file.digests[0],
                            world->file.packed[0].len);
    write_blob(world, manifest, manifest_digest);
    sw_digest_of(sw_buf_str(&world->file.manifest), amd64_digest);
    index =
        sw_xasprintf("{\"schemaVersion\":2,\"manifests\":["
                     "{\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":1,"
                     "\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\","
                     "\"io.containerd.image.name\":\"docker.io/acme/app:v1\"}},"
                     "{\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":1,"
                     "\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\"}},"
                     "{\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":1,"
                     "\"annotations\":{\"org.opencontainers.image.ref.name\":\"other\"}}]}",
                     amd64_digest, amd64_digest, manifest_digest);
    write_file(world, "index.json", index);
    return manifest;
}

static const struct pick_case {
    const char *suffix;
    const char *platform;
    bool arm64;
    const char *message; /* NULL: it works */
} picks[] = {
    { ":v1", NULL, false, NULL },
    { ":latest", NULL, false, NULL },
    { ":acme/app:v1", NULL, false, NULL },
    { ":other", NULL, true, NULL },
    { ":other", "linux/arm64", true, NULL },
    { "", "linux/arm64", true, NULL },
    { "", "linux/amd64", false, NULL },
    { "", NULL, false,
      "the layout has 2 images (linux/amd64 v1, linux/arm64 other); pick one by name, by digest or with "
      "--platform" },
    { ":v", NULL, false, "image \"v\" is not in the layout; it has: v1, latest, other" },
    { "", "linux/s390x", false,
      "the layout has no image for linux/s390x; it has: linux/amd64, linux/arm64" },
    { ":v1", "linux/arm64", false, "the layout has no image for linux/arm64; it has: linux/amd64" },
};

static void test_oci_layout__picks_by_name_and_platform(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(picks); i++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *source = NULL;
        SW_CLEANUP(sw_free_str) char *arm64 = NULL;
        SW_CLEANUP(sw_free_str) char *expected = NULL;

        print_message("\"%s\" %s\n", picks[i].suffix, picks[i].platform ? picks[i].platform : "");
        world_init(&world, IMAGE_OCI, IMAGE_FINE);
        arm64 = write_two_images(&world);
        source = sw_xasprintf("oci:%s%s", world.dir, picks[i].suffix);
        if (picks[i].message) {
            expected = sw_xasprintf("layout \"%s\": %s", world.dir, picks[i].message);
            assert_fails(push(&world.t.env, source, picks[i].platform, &result, &err), SW_E_INPUT,
                         expected);
            assert_int_equal(world.registry.manifest_count, 0);
        } else {
            assert_ok(push(&world.t.env, source, picks[i].platform, &result, &err));
            assert_string_equal(fake_registry_tag(&world.registry, "app", "v1")->bytes.ptr,
                                picks[i].arm64 ? arm64 : world.file.manifest.ptr);
            sw_push_result_release(&result);
        }
        world_release(&world);
    }
}

enum damage { NO_LAYER, NO_CONFIG, NO_MANIFEST, NO_INDEX, NO_BLOBS, OTHER_LAYER, NO_FOLDER };

static void damage_layout(const struct world *world, enum damage damage)
{
    char manifest[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str) char *command = NULL;

    switch (damage) {
    case NO_LAYER:
        remove_blob(world, world->file.digests[1]);
        break;
    case NO_CONFIG:
        remove_blob(world, world->file.config_digest);
        break;
    case NO_MANIFEST:
        sw_digest_of(sw_buf_str(&world->file.manifest), manifest);
        remove_blob(world, manifest);
        break;
    case NO_INDEX:
        command = sw_xasprintf("rm '%s/index.json'", world->dir);
        break;
    case NO_BLOBS:
        command = sw_xasprintf("rm -r '%s/blobs'", world->dir);
        break;
    case OTHER_LAYER:
        command = sw_xasprintf("cd '%s/blobs/sha256' && cp %s %s", world->dir,
                               world->file.digests[0] + 7, world->file.digests[1] + 7);
        break;
    case NO_FOLDER:
        command = sw_xasprintf("rm -r '%s'", world->dir);
        break;
    }
    if (command) {
        shell(command);
    }
}

static char *damage_message(const struct world *world, enum damage damage)
{
    char manifest[SW_DIGEST_SIZE];
    const char *dir = world->dir;

    switch (damage) {
    case NO_LAYER:
        return sw_xasprintf("layout \"%s\": layer \"blobs/sha256/%s\" is missing from the layout",
                            dir, world->file.digests[1] + 7);
    case NO_CONFIG:
        return sw_xasprintf(
            "layout \"%s\": blob %s, a part of the image, is missing from the layout", dir,
            world->file.config_digest);
    case NO_MANIFEST:
        sw_digest_of(sw_buf_str(&world->file.manifest), manifest);
        return sw_xasprintf(
            "layout \"%s\": blob %s, a part of the image, is missing from the layout", dir,
            manifest);
    case NO_BLOBS:
        return sw_xasprintf(
            "layout \"%s\": cannot open \"%s/blobs/sha256\": No such file or directory", dir, dir);
    case OTHER_LAYER:
        return sw_xasprintf("layout \"%s\": the layout is damaged: layer \"blobs/sha256/%s\" "
                            "unpacks to %s although the configuration says %s",
                            dir, world->file.digests[1] + 7, world->file.diff_ids[0],
                            world->file.diff_ids[1]);
    default:
        return sw_xasprintf("layout \"%s\": this is no OCI layout: it has no index.json", dir);
    }
}

static void test_oci_layout__names_what_is_missing(void **state)
{
    (void)state;
    for (int damage = NO_LAYER; damage <= NO_FOLDER; damage++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *source = NULL;
        SW_CLEANUP(sw_free_str) char *expected = NULL;

        world_init(&world, IMAGE_OCI, IMAGE_FINE);
        source = sw_xasprintf("oci:%s", world.dir);
        expected = damage_message(&world, (enum damage)damage);
        damage_layout(&world, (enum damage)damage);
        assert_fails(push(&world.t.env, source, "linux/amd64", &result, &err), SW_E_INPUT,
                     expected);
        assert_int_equal(world.registry.manifest_count, 0);
        world_release(&world);
    }
}

static void test_oci_layout__needs_a_name(void **state)
{
    static const struct {
        const char *source;
        const char *message;
    } cases[] = {
        { "oci:", "oci: names no folder" },
        { "oci::v1", "oci: names no folder" },
        { "oci-archive:", "oci-archive: names no file" },
        { "ocidir:x", "\"ocidir:x\" is no image source; there are docker-daemon:NAME, "
                      "docker-archive:FILE[:NAME], oci-archive:FILE[:NAME] and oci:DIR[:NAME]" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct test_env t;
        struct sw_image_source *source = NULL;
        struct sw_err err = SW_ERR_INIT;

        test_env_init(&t);
        assert_fails(sw_image_source_open(&t.env, cases[i].source, NULL, &source, &err), SW_E_USAGE,
                     cases[i].message);
        test_env_release(&t);
    }
}

struct swept {
    struct fake_registry registry;
    char *source;
};

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct swept *swept = ctx;

    fake_registry_renew(&swept->registry, fake);
}

static enum sw_status sweep_run(void *ctx, struct test_env *t, struct sw_err *err)
{
    const struct swept *swept = ctx;
    struct sw_push_result result = { 0 };
    enum sw_status status = push(&t->env, swept->source, NULL, &result, err);

    sw_push_result_release(&result);
    return status;
}

static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const struct swept *swept = ctx;

    /* The double refuses manifests whose blobs are missing: with the tag all are there. */
    assert_true(run->status != SW_OK || fake_registry_tag(&swept->registry, "app", "v1"));
}

static void test_oci_layout__survives_every_fault(void **state)
{
    struct swept swept = { 0 };
    struct image_file file;
    char *path = NULL;
    char *dir = NULL;
    const struct sweep sweep = { .name = "oci layout",
                                 .setup = sweep_setup,
                                 .run = sweep_run,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_is_denied_look,
                                 .ctx = &swept };
    size_t before = open_files();

    (void)state;
    image_file_build(&file, IMAGE_OCI, IMAGE_FINE);
    unpack(&file, &path, &dir);
    swept.source = sw_xasprintf("oci:%s", dir);
    sweep_all(&sweep);
    assert_int_equal(open_files(), before);
    (void)unlink(path);
    free(path);
    temp_dir_free(dir);
    free(swept.source);
    image_file_release(&file);
    fake_registry_release(&swept.registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oci_layout__is_sent_as_it_is),
        cmocka_unit_test(test_oci_layout__does_not_mind_other_files),
        cmocka_unit_test(test_oci_layout__may_be_an_archive),
        cmocka_unit_test(test_oci_layout__compresses_unpacked_layers),
        cmocka_unit_test(test_oci_layout__picks_by_name_and_platform),
        cmocka_unit_test(test_oci_layout__names_what_is_missing),
        cmocka_unit_test(test_oci_layout__needs_a_name),
        cmocka_unit_test(test_oci_layout__survives_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
