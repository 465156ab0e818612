/* Archives of every layout that tools write, and of none, as they are pushed. */

#include "archive_world.h"

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

static void test_push_archives__reads_every_layout(void **state)
{
    static const char *const names[] = { "Docker 24", "Docker 25", "containerd store", "OCI" };

    (void)state;
    for (int layout = 0; layout < IMAGE_LAYOUT_COUNT; layout++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        bool packed = layout == IMAGE_CONTAINERD || layout == IMAGE_OCI;

        world_init(&world, (enum image_layout)layout, IMAGE_FINE);
        assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
        check_stored(&world, "app", "v1", packed, names[layout]);
        assert_string_equal(result.layers[1].diff_id, world.file.diff_ids[1]);
        sw_push_result_release(&result);
        world_release(&world);
    }
}

/* Amazon ECR refuses manifests that do not say what they are. */
static void test_push_archives__puts_a_missing_media_type_in(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_registry_item *item;
    struct sw_manifest manifest = { 0 };

    (void)state;
    world_init(&world, IMAGE_OCI, IMAGE_NO_MEDIA_TYPE);
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    item = fake_registry_tag(&world.registry, "app", "v1");
    assert_non_null(item);
    assert_string_equal(item->media_type, SW_MEDIA_OCI_MANIFEST);
    assert_ok(sw_manifest_parse(sw_buf_str(&item->bytes), "manifest", &manifest, &err));
    assert_string_equal(manifest.media_type, SW_MEDIA_OCI_MANIFEST);
    assert_string_equal(manifest.layers.items[1].digest, world.file.digests[1]);
    sw_manifest_release(&manifest);
    sw_push_result_release(&result);
    world_release(&world);
}

/*
 * The same archive as a pipe sees it, where nothing can be looked up before it has passed; then
 * once more, when the repository tells of its layers.
 */
static void push_passing(enum image_layout layout, enum image_fault fault)
{
    const bool packed = layout == IMAGE_CONTAINERD || layout == IMAGE_OCI;
    SW_CLEANUP(sw_free_str) char *command = NULL;
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    world_init(&world, layout, fault);
    command = sw_xasprintf("gzip -f %s && mv %s.gz %s", world.path, world.path, world.path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of our own */
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    check_stored(&world, "app", "v1", packed, "packed");
    sw_push_result_release(&result);
    assert_ok(push_to(&world, HOST "/app:v2", &result, &err));
    check_stored(&world, "app", "v2", packed, "again");
    assert_int_equal(result.bytes_sent, 0);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_push_archives__reads_every_layout_packed_as_a_whole(void **state)
{
    (void)state;
    for (int layout = 0; layout < IMAGE_LAYOUT_COUNT; layout++) {
        push_passing((enum image_layout)layout, IMAGE_FINE);
        push_passing((enum image_layout)layout, IMAGE_LARGE);
    }
}

static const struct damage_case {
    enum image_layout layout;
    enum image_fault fault;
    const char *message; /* with the archive's name before it; "%d0".. are digests */
} damage_cases[] = {
    { IMAGE_DOCKER_24, IMAGE_WRONG_DIFF_ID,
      "the archive is damaged: layer \"bbbb/layer.tar\" unpacks "
      "to D0 although the configuration says D1" },
    { IMAGE_DOCKER_24, IMAGE_LAYER_MISSING,
      "layer \"bbbb/layer.tar\" is missing from the archive" },
    { IMAGE_DOCKER_24, IMAGE_CONFIG_MISSING, "the archive has no file \"CFG.json\"" },
    { IMAGE_DOCKER_24, IMAGE_LAYERS_TOO_MANY,
      "the archive is damaged: it lists 3 layers and the configuration 2" },
    { IMAGE_DOCKER_24, IMAGE_NO_MANIFEST,
      "this is no image archive: it has neither manifest.json nor "
      "an image in index.json" },
    { IMAGE_DOCKER_25, IMAGE_LAYER_MISSING,
      "layer \"blobs/sha256/H1\" is missing from the archive" },
    { IMAGE_CONTAINERD, IMAGE_WRONG_DIFF_ID,
      "the archive is damaged: layer \"blobs/sha256/P1\" unpacks to D0 although the configuration "
      "says D1" },
};

/* Replaces the first `word` in *text, an owned string. */
static void replace(char **text, const char *word, const char *by)
{
    char *at = strstr(*text, word);

    if (at) {
        char *whole = sw_xasprintf("%.*s%s%s", (int)(at - *text), *text, by, at + strlen(word));

        free(*text);
        *text = whole;
    }
}

static void test_push_archives__refuses_damaged_archives(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(damage_cases); i++) {
        const struct damage_case *c = &damage_cases[i];
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *message = sw_xstrdup(c->message);
        SW_CLEANUP(sw_free_str) char *expected = NULL;

        world_init(&world, c->layout, c->fault);
        replace(&message, "D0", world.file.diff_ids[0]);
        replace(&message, "D1", world.file.diff_ids[1]);
        replace(&message, "H1", world.file.diff_ids[1] + 7);
        replace(&message, "P1", world.file.digests[1] + 7);
        replace(&message, "CFG", world.file.config_digest + 7);
        /* The path last: its random part may hold any of these words. */
        expected = sw_xasprintf("archive \"%s\": %s", world.path, message);
        (void)push_to(&world, HOST "/app:v1", &result, &err);
        assert_string_equal(err.msg, expected);
        assert_int_equal(world.registry.manifest_count, 0);
        world_release(&world);
    }
}

static const struct name_case {
    const char *suffix;
    const char *platform;
    const char *message; /* NULL: it works */
} name_cases[] = {
    { ":acme/app:v1", NULL, NULL },
    { ":docker.io/acme/app:v1", NULL, NULL },
    { ":acme/app", NULL, "image \"acme/app\" is not in the archive; it has: acme/app:v1" },
    { ":other:v1", NULL, "image \"other:v1\" is not in the archive; it has: acme/app:v1" },
    { "", "linux/amd64", NULL },
    { "", "linux/arm64", "the image is for linux/amd64, not for linux/arm64" },
};

static void test_push_archives__picks_image_and_platform(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(name_cases); i++) {
        const struct name_case *c = &name_cases[i];
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *source = NULL;
        SW_CLEANUP(sw_free_str) char *expected = NULL;

        world_init(&world, IMAGE_CONTAINERD, IMAGE_FINE);
        source = sw_xasprintf("docker-archive:%s%s", world.path, c->suffix);
        if (c->message) {
            expected = sw_xasprintf("archive \"%s\": %s", world.path, c->message);
            assert_fails(
                push_source(&world.t.env, source, HOST "/app:v1", c->platform, NULL, &result, &err),
                SW_E_INPUT, expected);
        } else {
            assert_ok(push_source(&world.t.env, source, HOST "/app:v1", c->platform, NULL, &result,
                                  &err));
            sw_push_result_release(&result);
        }
        world_release(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_archives__reads_every_layout),
        cmocka_unit_test(test_push_archives__puts_a_missing_media_type_in),
        cmocka_unit_test(test_push_archives__reads_every_layout_packed_as_a_whole),
        cmocka_unit_test(test_push_archives__refuses_damaged_archives),
        cmocka_unit_test(test_push_archives__picks_image_and_platform),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
