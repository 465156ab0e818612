#include "archive_world.h"
#include "image/packer.h"

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

static const struct parse_case {
    const char *kind;
    const char *level;
    enum sw_packing packing;
    int value;
    const char *message; /* NULL: it works */
} parse_cases[] = {
    { NULL, NULL, SW_PACKING_GZIP, 1, NULL },
    { "gzip", NULL, SW_PACKING_GZIP, 1, NULL },
    { NULL, "3", SW_PACKING_GZIP, 3, NULL },
    { "gzip", "0", SW_PACKING_GZIP, 0, NULL },
    { "zstd", NULL, SW_PACKING_ZSTD, 3, NULL },
    { "zstd", "19", SW_PACKING_ZSTD, 19, NULL },
    { "none", NULL, SW_PACKING_NONE, 0, NULL },
    { "gzip", "4", 0, 0, "\"4\" is no level of gzip, which has 0 (fastest) to 3 (smallest)" },
    { "zstd", "0", 0, 0, "\"0\" is no level of zstd, which has 1 (fastest) to 19 (smallest)" },
    { "zstd", "20", 0, 0, "\"20\" is no level of zstd, which has 1 (fastest) to 19 (smallest)" },
    { NULL, "-1", 0, 0, "\"-1\" is no level of gzip, which has 0 (fastest) to 3 (smallest)" },
    { NULL, "best", 0, 0, "\"best\" is no level of gzip, which has 0 (fastest) to 3 (smallest)" },
    { "none", "1", 0, 0, "without compression there is no level; leave \"1\" out" },
    { "lz4", NULL, 0, 0, "there is no compression \"lz4\"; there are: gzip, zstd, none" },
};

static void test_compression__knows_kinds_and_levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(parse_cases); i++) {
        const struct parse_case *c = &parse_cases[i];
        struct sw_compression compression;
        struct sw_err err = SW_ERR_INIT;

        if (c->message) {
            assert_fails(sw_compression_parse(c->kind, c->level, &compression, &err), SW_E_USAGE,
                         c->message);
            continue;
        }
        assert_ok(sw_compression_parse(c->kind, c->level, &compression, &err));
        assert_int_equal(compression.packing, c->packing);
        assert_int_equal(compression.level, c->value);
    }
}

static enum sw_status collect(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

/* Packs the data in steps of at most `step` bytes. */
static void pack(const struct sw_compression *compression, unsigned workers, struct sw_str data,
                 size_t step, struct sw_buf *out)
{
    struct sw_packer *packer = sw_packer_new(compression, workers);
    const struct sw_gzip_sink sink = { .write = collect, .ctx = out };
    struct sw_err err = SW_ERR_INIT;

    /* What an unfinished stream had is dropped. */
    sw_packer_begin(packer, &sink);
    sw_packer_stop(packer);
    sw_packer_begin(packer, &sink);
    while (data.len > 0) {
        size_t room = 0;
        char *into = sw_packer_room(packer, &room);
        struct sw_str part = sw_str_first(data, room < step ? room : step);
        const struct sw_packer_input input = { packer, part.len };

        memcpy(into, part.ptr, part.len);
        assert_ok(sw_packer_fill(&input, 1, &err));
        data = sw_str_from(data, part.len);
    }
    assert_ok(sw_packer_end(packer, &err));
    assert_int_equal(sw_packer_packing(packer), compression->packing);
    sw_packer_free(packer);
}

static void make_data(struct sw_buf *out, size_t len)
{
    sw_buf_init(out, SW_BUF_TEXT_MAX);
    for (unsigned i = 0; out->len < len; i++) {
        sw_buf_addf(out, "line %u of %zu: %x\n", i * 7919U, len, i * 2654435761U);
    }
    sw_buf_truncate(out, len);
}

/* Unpacks everything with this program's own reader, which test_gzip.c holds against zlib. */
static void check_unpacks(enum sw_packing packing, struct sw_str packed, struct sw_str expected)
{
    struct sw_memory_part part = { packed.ptr, packed.len };
    SW_CLEANUP(sw_unpack_cleanup)
    struct sw_unpack *unpack = sw_unpack_new(packing, sw_memory_reader(&part));
    const struct sw_reader reader = sw_unpack_reader(unpack);
    SW_CLEANUP(sw_free_str) char *text = sw_xmalloc(expected.len + 1);
    struct sw_err err = SW_ERR_INIT;
    size_t len = 0;

    assert_ok(sw_reader_fill(&reader, text, expected.len + 1, &len, &err));
    assert_int_equal(len, expected.len);
    assert_memory_equal(text, expected.ptr, len);
}

static const struct sw_compression packers[] = {
    { SW_PACKING_GZIP, 0 }, { SW_PACKING_GZIP, 1 }, { SW_PACKING_GZIP, 2 }, { SW_PACKING_GZIP, 3 },
    { SW_PACKING_ZSTD, 1 }, { SW_PACKING_ZSTD, 3 }, { SW_PACKING_ZSTD, 9 },
};

static void test_compression__gives_the_same_bytes_on_any_number_of_processors(void **state)
{
    struct sw_buf data;

    (void)state;
    make_data(&data, (size_t)5 * 1024 * 1024 + 321);
    for (size_t i = 0; i < SW_COUNT(packers); i++) {
        struct sw_buf first;
        struct sw_buf second;

        sw_buf_init(&first, SW_BUF_TEXT_MAX);
        sw_buf_init(&second, SW_BUF_TEXT_MAX);
        pack(&packers[i], 1, sw_buf_str(&data), SW_BUF_TEXT_MAX, &first);
        pack(&packers[i], 4, sw_buf_str(&data), 77777, &second);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.ptr, second.ptr, first.len);
        assert_true(first.len < data.len / 2);
        check_unpacks(packers[i].packing, sw_buf_str(&first), sw_buf_str(&data));
        sw_buf_release(&first);
        sw_buf_release(&second);
    }
    sw_buf_release(&data);
}

static void test_compression__the_highest_level_is_smaller_than_the_lowest(void **state)
{
    struct sw_buf data;
    size_t last = SIZE_MAX;

    (void)state;
    make_data(&data, (size_t)2 * 1024 * 1024);
    for (int level = 0; level <= SW_GZIP_LEVEL_MAX; level += SW_GZIP_LEVEL_MAX) {
        const struct sw_compression compression = { SW_PACKING_GZIP, level };
        struct sw_buf out;

        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        pack(&compression, 2, sw_buf_str(&data), SW_BUF_TEXT_MAX, &out);
        assert_true(out.len < last);
        last = out.len;
        sw_buf_release(&out);
    }
    sw_buf_release(&data);
}

static void test_compression__nothing_is_a_stream_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(packers); i++) {
        struct sw_buf out;

        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        pack(&packers[i], 2, SW_STR(""), 1, &out);
        assert_true(out.len > 0);
        check_unpacks(packers[i].packing, sw_buf_str(&out), SW_STR(""));
        sw_buf_release(&out);
    }
}

/* Pushes. */

static void push(struct world *world, const char *tag, const struct sw_compression *compression,
                 struct sw_push_result *result)
{
    const struct sw_push_options options = { .uploads = 1,
                                             .workers = 1,
                                             .compression = compression };
    SW_CLEANUP(sw_free_str) char *source = sw_xasprintf("docker-archive:%s", world->path);
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf(HOST "/app:%s", tag);
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *opened = NULL;
    struct sw_ref target = { 0 };
    struct sw_err err = SW_ERR_INIT;

    assert_ok(sw_image_source_open(&world->t.env, source, NULL, &opened, &err));
    assert_ok(sw_ref_parse(sw_str(text), &target, &err));
    assert_ok(sw_image_push(&world->t.env, opened, &target, 1, &options, result, &err));
    sw_ref_release(&target);
}

/* The manifest of a tag, which must be of that type. */
static void read_manifest(const struct world *world, const char *tag, const char *type,
                          struct sw_manifest *into)
{
    const struct fake_registry_item *item = fake_registry_tag(&world->registry, "app", tag);
    struct sw_err err = SW_ERR_INIT;

    assert_non_null(item);
    assert_string_equal(item->media_type, type);
    assert_ok(sw_manifest_parse(sw_buf_str(&item->bytes), "manifest", into, &err));
    assert_string_equal(into->media_type, type);
}

static const struct push_case {
    struct sw_compression compression;
    const char *manifest_type;
    const char *config_type;
    const char *layer_type;
} push_cases[] = {
    { { SW_PACKING_GZIP, 3 },
      SW_MEDIA_DOCKER_MANIFEST,
      SW_MEDIA_DOCKER_CONFIG,
      SW_MEDIA_DOCKER_LAYER },
    { { SW_PACKING_ZSTD, 3 }, SW_MEDIA_OCI_MANIFEST, SW_MEDIA_OCI_CONFIG, SW_MEDIA_OCI_LAYER_ZSTD },
    { { SW_PACKING_NONE, 0 }, SW_MEDIA_OCI_MANIFEST, SW_MEDIA_OCI_CONFIG, SW_MEDIA_OCI_LAYER },
};

static void test_compression__decides_the_media_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(push_cases); i++) {
        const struct push_case *c = &push_cases[i];
        struct sw_push_result result;
        struct sw_manifest manifest = { 0 };
        struct world world;

        world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
        push(&world, "v1", &c->compression, &result);
        read_manifest(&world, "v1", c->manifest_type, &manifest);
        assert_string_equal(manifest.config.media_type, c->config_type);
        for (size_t j = 0; j < 2; j++) {
            const struct sw_descriptor *layer = &manifest.layers.items[j];
            const struct fake_registry_item *blob =
                fake_registry_blob(&world.registry, "app", layer->digest);

            assert_string_equal(layer->media_type, c->layer_type);
            assert_int_equal(layer->size, blob->bytes.len);
            check_unpacks(c->compression.packing, sw_buf_str(&blob->bytes),
                          sw_buf_str(&world.file.layers[j]));
        }
        sw_manifest_release(&manifest);
        sw_push_result_release(&result);
        world_release(&world);
    }
}

/* Unpacked layers that pass through a pipe are kept as well. */
static void test_compression__none_works_for_a_pipe(void **state)
{
    const struct sw_compression none = { SW_PACKING_NONE, 0 };
    struct sw_push_result result;
    struct world world;
    SW_CLEANUP(sw_free_str) char *command = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    command = sw_xasprintf("gzip -f %s && mv %s.gz %s", world.path, world.path, world.path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of our own */
    push(&world, "v1", &none, &result);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(result.layers[i].digest, world.file.diff_ids[i]);
        assert_non_null(fake_registry_blob(&world.registry, "app", world.file.diff_ids[i]));
    }
    sw_push_result_release(&result);
    world_release(&world);
}

/* Layers that come packed are not packed again. */
static void test_compression__leaves_packed_layers_alone(void **state)
{
    const struct sw_compression zstd = { SW_PACKING_ZSTD, 3 };
    struct sw_push_result result;
    struct world world;

    (void)state;
    world_init(&world, IMAGE_CONTAINERD, IMAGE_FINE);
    push(&world, "v1", &zstd, &result);
    assert_string_equal(fake_registry_tag(&world.registry, "app", "v1")->bytes.ptr,
                        world.file.manifest.ptr);
    assert_string_equal(result.layers[0].digest, world.file.digests[0]);
    sw_push_result_release(&result);
    world_release(&world);
}

/* Learning: whoever asks for a compression gets it, others take what is there. */
static const struct learn_case {
    const char *name;
    struct sw_compression first;
    const struct sw_compression *second; /* NULL: nothing is said */
    bool sent;                           /* the layers, by the second push */
    const char *layer_type;              /* of its manifest */
} learn_cases[] = {
    { "zstd is as good", { SW_PACKING_ZSTD, 3 }, NULL, false, SW_MEDIA_OCI_LAYER_ZSTD },
    { "unpacked is not", { SW_PACKING_NONE, 0 }, NULL, true, SW_MEDIA_DOCKER_LAYER },
    { "gzip to zstd", { SW_PACKING_GZIP, 1 }, &packers[5], true, SW_MEDIA_OCI_LAYER_ZSTD },
    { "zstd to gzip", { SW_PACKING_ZSTD, 3 }, &packers[1], true, SW_MEDIA_DOCKER_LAYER },
    { "gzip of another level", { SW_PACKING_GZIP, 3 }, &packers[1], false, SW_MEDIA_DOCKER_LAYER },
};

static void test_compression__decides_what_is_learned(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(learn_cases); i++) {
        const struct learn_case *c = &learn_cases[i];
        struct sw_push_result result;
        struct sw_manifest manifest = { 0 };
        struct world world;

        print_message("%s\n", c->name);
        world_init(&world, IMAGE_DOCKER_25, IMAGE_FINE);
        push(&world, "v1", &c->first, &result);
        sw_push_result_release(&result);
        push(&world, "v2", c->second, &result);
        assert_int_equal(result.layers[0].sent, c->sent);
        read_manifest(&world, "v2",
                      strcmp(c->layer_type, SW_MEDIA_DOCKER_LAYER) == 0 ? SW_MEDIA_DOCKER_MANIFEST
                                                                        : SW_MEDIA_OCI_MANIFEST,
                      &manifest);
        assert_string_equal(manifest.layers.items[0].media_type, c->layer_type);
        sw_manifest_release(&manifest);
        sw_push_result_release(&result);
        world_release(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compression__knows_kinds_and_levels),
        cmocka_unit_test(test_compression__gives_the_same_bytes_on_any_number_of_processors),
        cmocka_unit_test(test_compression__the_highest_level_is_smaller_than_the_lowest),
        cmocka_unit_test(test_compression__nothing_is_a_stream_too),
        cmocka_unit_test(test_compression__decides_the_media_types),
        cmocka_unit_test(test_compression__none_works_for_a_pipe),
        cmocka_unit_test(test_compression__leaves_packed_layers_alone),
        cmocka_unit_test(test_compression__decides_what_is_learned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
