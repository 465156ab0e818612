#include "test.h"

#include "fake_registry.h"
#include "image_file.h"
#include "tar_file.h"

#include <slipway/image.h>
#include <slipway/manifest.h>

#include <unistd.h>

/* Layers that are not plainly there: links to others, and foreign ones. */

#define HOST    "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define FOREIGN "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
#define AAAA    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct sw_buf tar;
};

static void world_init(struct world *world)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    sw_buf_init(&world->tar, SW_BUF_TEXT_MAX);
}

static void world_release(struct world *world)
{
    sw_buf_release(&world->tar);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

/* Pushes the archive as a source of that kind to HOST/app:v1. */
static enum sw_status push(struct world *world, const char *kind, struct sw_push_result *result,
                           struct sw_err *err)
{
    const struct sw_push_options options = { .no_learn = true, .uploads = 1, .workers = 1 };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };
    SW_CLEANUP(sw_free_str) char *path = image_file_write(sw_buf_str(&world->tar));
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("%s:%s", kind, path);
    enum sw_status status;

    assert_int_equal(sw_ref_parse(SW_STR(HOST "/app:v1"), &target, err), SW_OK);
    assert_int_equal(sw_image_source_open(&world->t.env, text, NULL, &source, err), SW_OK);
    (void)unlink(path);
    status = sw_image_push(&world->t.env, source, &target, 1, &options, result, err);
    return status;
}

/* A tar with one file: a layer. */
static void make_layer(struct sw_buf *out, const char *text)
{
    sw_buf_init(out, SW_BUF_TEXT_MAX);
    tar_file_add(out, "file", sw_str(text));
    tar_file_end(out);
}

static void add_config(struct world *world, const char *path, const char *first, const char *second)
{
    SW_CLEANUP(sw_free_str)
    char *config = sw_xasprintf("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{"
                                "\"diff_ids\":[\"%s\",\"%s\"]}}",
                                first, second);

    tar_file_add(&world->tar, path, sw_str(config));
}

/* What "docker save" up to version 24 wrote: a layer that comes twice is a link to the first; the
 * link may come before what it points to. */
static void test_layers__may_be_links(void **state)
{
    static const struct {
        const char *name;
        char type;
        const char *target;
        bool first; /* the link comes first */
    } cases[] = {
        { "symbolic", '2', "../a/layer.tar", false },
        { "hard", '1', "a/layer.tar", false },
        { "symbolic, ahead", '2', "../a/layer.tar", true },
        { "from the top", '2', "/a/layer.tar", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf layer;
        char diff_id[SW_DIGEST_SIZE];

        print_message("%s\n", cases[i].name);
        world_init(&world);
        make_layer(&layer, "content");
        sw_digest_of(sw_buf_str(&layer), diff_id);
        if (cases[i].first) {
            tar_file_link(&world.tar, "b/layer.tar", cases[i].type, cases[i].target);
        }
        tar_file_add(&world.tar, "a/layer.tar", sw_buf_str(&layer));
        if (!cases[i].first) {
            tar_file_link(&world.tar, "b/layer.tar", cases[i].type, cases[i].target);
        }
        add_config(&world, "config.json", diff_id, diff_id);
        tar_file_add(&world.tar, "manifest.json",
                     SW_STR("[{\"Config\":\"config.json\",\"RepoTags\":null,\"Layers\":["
                            "\"a/layer.tar\",\"b/layer.tar\"]}]"));
        tar_file_end(&world.tar);
        assert_ok(push(&world, "docker-archive", &result, &err));
        assert_int_equal(result.layer_count, 2);
        assert_string_equal(result.layers[0].digest, result.layers[1].digest);
        assert_int_equal(world.registry.blob_count, 2);
        sw_push_result_release(&result);
        sw_buf_release(&layer);
        world_release(&world);
    }
}

static void test_layers__that_link_to_nothing_are_missing(void **state)
{
    static const struct {
        char type;
        const char *target;
    } cases[] = { { '2', "../c/layer.tar" },
                  { '2', "layer.tar" },
                  { '2', "../../../etc/passwd" },
                  { '1', "c/layer.tar" } };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        tar_file_link(&world.tar, "a/layer.tar", cases[i].type, cases[i].target);
        tar_file_link(&world.tar, "b/layer.tar", '2', "../a/layer.tar");
        add_config(&world, "config.json", AAAA, AAAA);
        tar_file_add(&world.tar, "manifest.json",
                     SW_STR("[{\"Config\":\"config.json\",\"RepoTags\":null,\"Layers\":["
                            "\"a/layer.tar\",\"b/layer.tar\"]}]"));
        tar_file_end(&world.tar);
        assert_int_equal(push(&world, "docker-archive", &result, &err), SW_E_INPUT);
        assert_non_null(strstr(err.msg, "layer \"a/layer.tar\" is missing from the archive"));
        assert_int_equal(world.registry.manifest_count, 0);
        world_release(&world);
    }
}

/* Adds a blob to the OCI archive that is being made; its digest is put into `digest`. */
static void add_blob(struct world *world, struct sw_str bytes, char digest[SW_DIGEST_SIZE])
{
    SW_CLEANUP(sw_free_str) char *path = NULL;

    sw_digest_of(bytes, digest);
    path = sw_xasprintf("blobs/sha256/%s", digest + strlen("sha256:"));
    tar_file_add(&world->tar, path, bytes);
}

/* An image whose lower layer is foreign, its upper one that of image_file; the manifest's bytes. */
static void make_foreign(struct world *world, struct sw_buf *manifest)
{
    struct image_file file;
    char layer[SW_DIGEST_SIZE];
    char config[SW_DIGEST_SIZE];
    char digest[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str) char *config_text = NULL;
    SW_CLEANUP(sw_free_str) char *index = NULL;

    image_file_build(&file, IMAGE_OCI, IMAGE_FINE);
    config_text = sw_xasprintf("{\"os\":\"windows\",\"architecture\":\"amd64\",\"rootfs\":{"
                               "\"diff_ids\":[\"%s\",\"%s\"]}}",
                               AAAA, file.diff_ids[0]);
    add_blob(world, sw_buf_str(&file.packed[0]), layer);
    add_blob(world, sw_str(config_text), config);
    sw_buf_init(manifest, SW_BUF_TEXT_MAX);
    sw_buf_addf(manifest,
                "{ \"schemaVersion\": 2, \"mediaType\": \"%s\", \"config\": {\"mediaType\": \"%s\","
                " \"digest\": \"%s\", \"size\": %zu}, \"layers\": [{\"mediaType\": \"%s\", "
                "\"digest\": \"%s\", \"size\": 9, \"urls\": [\"https://example.com/base\"]}, "
                "{\"mediaType\": \"%s\", \"digest\": \"%s\", \"size\": %zu}] }",
                SW_MEDIA_OCI_MANIFEST, SW_MEDIA_OCI_CONFIG, config, strlen(config_text), FOREIGN,
                AAAA, SW_MEDIA_OCI_LAYER_GZIP, layer, file.packed[0].len);
    add_blob(world, sw_buf_str(manifest), digest);
    index = sw_xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":"
                         "\"%s\",\"size\":%zu}]}",
                         SW_MEDIA_OCI_MANIFEST, digest, manifest->len);
    tar_file_add(&world->tar, "index.json", sw_str(index));
    tar_file_end(&world->tar);
    image_file_release(&file);
}

static void test_layers__that_are_foreign_stay_where_they_are(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf manifest;

    (void)state;
    world_init(&world);
    world.registry.foreign_layers = true;
    make_foreign(&world, &manifest);
    assert_ok(push(&world, "oci-archive", &result, &err));
    assert_string_equal(fake_registry_tag(&world.registry, "app", "v1")->bytes.ptr, manifest.ptr);
    assert_int_equal(world.registry.blob_count, 2);
    assert_int_equal(result.layer_count, 2);
    assert_string_equal(result.layers[0].digest, AAAA);
    assert_false(result.layers[0].sent);
    assert_true(result.layers[1].sent);
    assert_non_null(strstr(world.t.said.ptr,
                           "layer sha256:aaaaaaaaaaaa: not moved, it is a foreign "
                           "layer (" FOREIGN ")\n"));
    sw_push_result_release(&result);
    sw_buf_release(&manifest);
    world_release(&world);
}

/* Docker's own archives leave foreign layers out and say so in LayerSources. */
static void test_layers__that_are_foreign_are_named_when_an_archive_lacks_them(void **state)
{
    static const struct {
        const char *media_type;
        const char *message;
    } cases[] = {
        { "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
          "layer " AAAA " is a foreign layer, which this archive leaves out; push the image from "
          "an OCI layout, which says where it is" },
        { "application/vnd.oci.image.layer.v1.tar",
          "layer \"a/layer.tar\" is missing from the archive" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *list = NULL;

        world_init(&world);
        add_config(&world, "config.json", AAAA, AAAA);
        list = sw_xasprintf("[{\"Config\":\"config.json\",\"RepoTags\":null,\"Layers\":["
                            "\"a/layer.tar\",\"a/layer.tar\"],\"LayerSources\":{\"%s\":{"
                            "\"mediaType\":\"%s\",\"size\":9,\"digest\":\"%s\"}}}]",
                            AAAA, cases[i].media_type, AAAA);
        tar_file_add(&world.tar, "manifest.json", sw_str(list));
        tar_file_end(&world.tar);
        assert_int_equal(push(&world, "docker-archive", &result, &err), SW_E_INPUT);
        assert_non_null(strstr(err.msg, cases[i].message));
        assert_int_equal(world.registry.manifest_count, 0);
        world_release(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers__may_be_links),
        cmocka_unit_test(test_layers__that_link_to_nothing_are_missing),
        cmocka_unit_test(test_layers__that_are_foreign_stay_where_they_are),
        cmocka_unit_test(test_layers__that_are_foreign_are_named_when_an_archive_lacks_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
