#include "test.h"

#include "fake_registry.h"
#include "image_file.h"

#include <slipway/image.h>
#include <slipway/manifest.h>

#include <unistd.h>

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct image_file file;
};

static void world_init(struct world *world)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    image_file_build(&world->file, IMAGE_DOCKER_24, IMAGE_FINE);
}

static void world_release(struct world *world)
{
    image_file_release(&world->file);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

/* Pushes the world's archive to one tag, and forgets the requests made for it. */
static enum sw_status push(struct world *world, const char *tag, struct sw_push_options options,
                           struct sw_push_result *result, struct sw_err *err)
{
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_free_str) char *path = image_file_write(sw_buf_str(&world->file.tar));
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("docker-archive:%s", path);
    SW_CLEANUP(sw_free_str) char *ref_text = sw_xasprintf(HOST "/team/app:%s", tag);
    struct sw_ref ref = { 0 };
    enum sw_status status;

    options.uploads = 1;
    options.workers = 1;
    assert_int_equal(sw_ref_parse(sw_str(ref_text), &ref, err), SW_OK);
    status = sw_image_source_open(&world->t.env, text, NULL, &source, err);
    if (status == SW_OK) {
        status = sw_image_push(&world->t.env, source, &ref, 1, &options, result, err);
    }
    sw_ref_release(&ref);
    (void)unlink(path);
    return status;
}

/* The same for a push that only prepares the scene. */
static void push_before(struct world *world, const char *tag)
{
    const struct sw_push_options options = { .no_learn = true };
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    assert_ok(push(world, tag, options, &result, &err));
    sw_push_result_release(&result);
    sw_buf_clear(&world->t.said);
}

/* Spoils all of the layers' bytes: they can only be right when nobody reads them. */
static void spoil_layers(struct world *world)
{
    for (size_t i = 0; i < 2; i++) {
        struct sw_str layer = sw_str_first(sw_buf_str(&world->file.layers[i]), 64);
        ptrdiff_t at = sw_str_find_str(sw_buf_str(&world->file.tar), layer);

        assert_true(at > 0);
        memset(world->file.tar.ptr + at, '#', 16);
    }
}

/*
 * Requests from number `from` on as lines "METHOD path". The look for the configuration is left
 * out: it is made by another thread, at any time.
 */
static void print_requests(const struct world *world, size_t from, struct sw_buf *out)
{
    sw_buf_init(out, SW_BUF_TEXT_MAX);
    for (size_t i = from; i < world->fake.request_count; i++) {
        const struct fake_http_request *request = &world->fake.requests[i];

        if (strcmp(request->method, "HEAD") == 0 &&
            strstr(request->url, world->file.config_digest)) {
            continue;
        }

        sw_buf_addf(out, "%s %s\n", request->method,
                    request->url + strlen("https://" HOST "/v2/team/app/"));
    }
}

static void test_learn__known_layers_are_neither_read_nor_sent(void **state)
{
    const struct sw_push_options options = { 0 };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf SW_CLEANUP(sw_buf_release) actual = { 0 };
    SW_CLEANUP(sw_free_str) char *expected = NULL;
    size_t before;

    (void)state;
    world_init(&world);
    push_before(&world, "v1");
    spoil_layers(&world);
    before = world.fake.request_count;
    assert_ok(push(&world, "v2", options, &result, &err));
    assert_int_equal(result.bytes_sent, 0);
    assert_false(result.layers[0].sent);
    expected =
        sw_xasprintf("HEAD manifests/v2\n"
                     "GET manifests/latest\n"
                     "GET tags/list?n=100\n"
                     "GET manifests/v1\n"
                     "GET blobs/%s\n"
                     "HEAD blobs/%s\n"
                     "HEAD blobs/%s\n"
                     "PUT manifests/v2\n",
                     world.file.config_digest, result.layers[0].digest, result.layers[1].digest);
    print_requests(&world, before, &actual);
    assert_string_equal(actual.ptr, expected);
    assert_non_null(strstr(world.t.said.ptr, "(learned from tag v1)"));
    /* The very manifest of the first push. */
    assert_string_equal(fake_registry_tag(&world.registry, "team/app", "v2")->bytes.ptr,
                        fake_registry_tag(&world.registry, "team/app", "v1")->bytes.ptr);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_learn__without_it_the_spoiled_layers_are_noticed(void **state)
{
    const struct sw_push_options options = { .no_learn = true };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    push_before(&world, "v1");
    spoil_layers(&world);
    assert_int_equal(push(&world, "v2", options, &result, &err), SW_E_INPUT);
    assert_non_null(strstr(err.msg, "the archive is damaged"));
    assert_null(fake_registry_tag(&world.registry, "team/app", "v2"));
    world_release(&world);
}

static void test_learn__named_tags_are_asked_first(void **state)
{
    struct sw_push_options options = { 0 };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf SW_CLEANUP(sw_buf_release) actual = { 0 };
    size_t before;

    (void)state;
    world_init(&world);
    push_before(&world, "v1");
    sw_strs_add(&options.learn_from, SW_STR("v1"));
    before = world.fake.request_count;
    assert_ok(push(&world, "v2", options, &result, &err));
    print_requests(&world, before, &actual);
    assert_null(strstr(actual.ptr, "GET manifests/latest"));
    assert_null(strstr(actual.ptr, "tags/list"));
    assert_non_null(strstr(actual.ptr, "GET manifests/v1"));
    sw_push_result_release(&result);
    sw_strs_release(&options.learn_from);
    world_release(&world);
}

/* Somebody who knows the newest images, or does not. */
struct newest {
    const char *tags[4];
    unsigned asked;
};

static enum sw_status tell_newest(void *ctx, const char *host, const char *repository, size_t max,
                                  struct sw_strs *ret, struct sw_err *err)
{
    struct newest *newest = ctx;

    newest->asked++;
    assert_string_equal(host, HOST);
    assert_string_equal(repository, "team/app");
    assert_true(max >= SW_COUNT(newest->tags));
    for (size_t i = 0; i < SW_COUNT(newest->tags) && newest->tags[i]; i++) {
        sw_strs_add(ret, sw_str(newest->tags[i]));
    }
    return newest->tags[0] ? SW_OK : sw_fail(err, SW_E_DENIED, "not authorized");
}

static const struct newest_case {
    const char *name;
    struct newest newest;
    const char *asked; /* requests before the layers */
} newest_cases[] = {
    { "the newest, in order, without signatures",
      { .tags = { "sha256-1111111111111111111111111111111111111111111111111111111111111111.sig",
                  "gone", "v1", "older" } },
      "HEAD manifests/v2\nGET manifests/latest\nGET manifests/gone\nGET manifests/v1\n" },
    { "an image by a tag that looks like one",
      { .tags = { "sha256-1111", "v1" } },
      "HEAD manifests/v2\nGET manifests/latest\nGET manifests/sha256-1111\n"
      "GET manifests/v1\n" },
    { "nobody knows",
      { .tags = { NULL } },
      "HEAD manifests/v2\nGET manifests/latest\nGET tags/list?n=100\nGET manifests/v1\n" },
};

static void test_learn__the_newest_images_are_asked_where_they_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(newest_cases); i++) {
        struct newest newest = newest_cases[i].newest;
        const struct sw_newest callback = { tell_newest, &newest };
        const struct sw_push_options options = { .newest = &callback };
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf SW_CLEANUP(sw_buf_release) actual = { 0 };
        size_t before;

        print_message("%s\n", newest_cases[i].name);
        world_init(&world);
        push_before(&world, "v1");
        before = world.fake.request_count;
        assert_ok(push(&world, "v2", options, &result, &err));
        print_requests(&world, before, &actual);
        assert_memory_equal(actual.ptr, newest_cases[i].asked, strlen(newest_cases[i].asked));
        assert_int_equal(newest.asked, 1);
        assert_int_equal(result.bytes_sent, 0);
        assert_null(strstr(world.t.said.ptr, "not authorized"));
        sw_push_result_release(&result);
        world_release(&world);
    }
}

static void test_learn__a_missing_right_costs_one_request_and_no_words(void **state)
{
    const struct sw_push_options options = { 0 };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf SW_UNUSED SW_CLEANUP(sw_buf_release) actual = { 0 };
    size_t before;
    size_t gets = 0;

    (void)state;
    world_init(&world);
    push_before(&world, "v1");
    world.registry.reading_denied = true;
    before = world.fake.request_count;
    assert_ok(push(&world, "v2", options, &result, &err));
    for (size_t i = before; i < world.fake.request_count; i++) {
        gets += strcmp(world.fake.requests[i].method, "GET") == 0;
    }
    assert_int_equal(gets, 1);
    assert_null(strstr(world.t.said.ptr, "not authorized"));
    assert_null(strstr(world.t.said.ptr, "learned"));
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_learn__what_an_image_tells_is_not_believed_without_the_blob(void **state)
{
    const struct sw_push_options options = { 0 };
    const struct fake_registry_item *manifest;
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    char digest[] = "sha256:";

    (void)state;
    world_init(&world);
    push_before(&world, "v1");
    /* The manifest now names a layer that is not there. */
    manifest = fake_registry_tag(&world.registry, "team/app", "v1");
    char *layers = strstr(manifest->bytes.ptr, "\"layers\"");
    char *at = strstr(layers, digest) + strlen(digest);
    *at = *at == '0' ? '1' : '0';
    assert_ok(push(&world, "v2", options, &result, &err));
    assert_null(strstr(fake_registry_tag(&world.registry, "team/app", "v2")->bytes.ptr, at - 8));
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_learn__odd_manifests_teach_nothing(void **state)
{
    static const char *const manifests[] = {
        "{}", "not json",
        "{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_OCI_INDEX "\",\"manifests\":[]}",
        "{\"schemaVersion\":1,\"fsLayers\":[]}"
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(manifests); i++) {
        const struct sw_push_options options = { 0 };
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;

        print_message("manifest %s\n", manifests[i]);
        world_init(&world);
        fake_registry_put(&world.registry, "team/app", "latest", manifests[i]);
        assert_ok(push(&world, "v2", options, &result, &err));
        assert_true(result.layers[0].sent);
        assert_true(result.layers[1].sent);
        sw_push_result_release(&result);
        world_release(&world);
    }
}

static void
test_learn__an_image_with_more_layers_than_its_configuration_teaches_nothing(void **state)
{
    const struct sw_push_options options = { 0 };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_buf_release) struct sw_buf config = { 0 };
    SW_CLEANUP(sw_buf_release) struct sw_buf manifest = { 0 };
    char digest[SW_DIGEST_SIZE];

    (void)state;
    world_init(&world);
    push_before(&world, "v1");
    const struct fake_registry_item *v1 = fake_registry_tag(&world.registry, "team/app", "v1");
    const char *layers = strstr(v1->bytes.ptr, "\"layers\"");
    /* Its only unpacked layer is our second one; the manifest's first layer would be paired. */
    sw_buf_init(&config, SW_BUF_TEXT_MAX);
    sw_buf_addf(&config,
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
                "\"diff_ids\":[\"%s\"]}}",
                world.file.diff_ids[1]);
    sw_digest_of(sw_buf_str(&config), digest);
    fake_registry_put_blob(&world.registry, "team/app", sw_buf_str(&config));
    sw_buf_init(&manifest, SW_BUF_TEXT_MAX);
    sw_buf_addf(&manifest,
                "{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_DOCKER_MANIFEST
                "\",\"config\":{\"mediaType\":\"" SW_MEDIA_DOCKER_CONFIG
                "\",\"size\":%zu,\"digest\":\"%s\"},%s",
                config.len, digest, layers);
    fake_registry_put(&world.registry, "team/app", "latest", manifest.ptr);
    assert_ok(push(&world, "v2", options, &result, &err));
    assert_string_equal(fake_registry_tag(&world.registry, "team/app", "v2")->bytes.ptr,
                        fake_registry_tag(&world.registry, "team/app", "v1")->bytes.ptr);
    sw_push_result_release(&result);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learn__known_layers_are_neither_read_nor_sent),
        cmocka_unit_test(test_learn__without_it_the_spoiled_layers_are_noticed),
        cmocka_unit_test(test_learn__named_tags_are_asked_first),
        cmocka_unit_test(test_learn__the_newest_images_are_asked_where_they_are_known),
        cmocka_unit_test(test_learn__a_missing_right_costs_one_request_and_no_words),
        cmocka_unit_test(test_learn__what_an_image_tells_is_not_believed_without_the_blob),
        cmocka_unit_test(test_learn__odd_manifests_teach_nothing),
        cmocka_unit_test(
            test_learn__an_image_with_more_layers_than_its_configuration_teaches_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
