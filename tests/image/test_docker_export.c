#include "test.h"

#include "fake_registry.h"
#include "fault_server.h"
#include "image_file.h"
#include "tar_file.h"
#include "temp_dir.h"

#include <slipway/image.h>

#include <pthread.h>

#define IMAGE   "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1"
#define JSON    "http://docker/images/web%3Av1/json"
#define HISTORY "http://docker/images/web%3Av1/history"
#define EXPORT  "http://docker/images/web%3Av1/get"

enum {
    MORE = 6 * 1024 * 1024, /* of no use, behind what is needed */
    AHEAD_MAX = 1024 * 1024 /* what may lie between the engine and the reader */
};

/* A world with an engine, which knows its image by the digest of the configuration. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct image_file file;
    struct sw_buf inspect;
    struct sw_buf more;
    struct sw_push_options options;
    struct sw_push_result result;
    const char *platform;
};

static void set_id(struct world *world, const char *id)
{
    sw_buf_clear(&world->inspect);
    sw_buf_addf(&world->inspect,
                "{\"Id\":\"%s\",\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"%s\",\"%s\"]}}", id,
                world->file.diff_ids[0], world->file.diff_ids[1]);
}

static void world_init(struct world *world, enum image_layout layout, enum image_fault fault)
{
    *world = (struct world){ .options = { .uploads = 2, .workers = 1 } };
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    world->fake.unordered = true;
    image_file_build(&world->file, layout, fault);
    sw_buf_init(&world->inspect, SW_BUF_TEXT_MAX);
    set_id(world, world->file.config_digest);
    sw_buf_init(&world->more, MORE);
    for (size_t i = 0; i < MORE; i++) {
        sw_buf_add_char(&world->more, (char)(i * i / 257));
    }
}

static void world_release(struct world *world)
{
    sw_push_result_release(&world->result);
    sw_buf_release(&world->more);
    sw_buf_release(&world->inspect);
    image_file_release(&world->file);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

/* Puts a layer that the image does not have at the end of the archive. */
static void add_more(struct world *world)
{
    sw_buf_truncate(&world->file.tar, world->file.tar.len - 1024);
    tar_file_add(&world->file.tar, "zzzz/layer.tar", sw_buf_str(&world->more));
    tar_file_end(&world->file.tar);
}

static void expect_inspect(struct world *world)
{
    const struct fake_http_step step = { .url = JSON, .reply = world->inspect.ptr };

    fake_http_expect(&world->fake, &step);
}

static void expect_sizes(struct world *world)
{
    const struct fake_http_step step = { .url = HISTORY,
                                         .reply =
                                             "[{\"Size\":8},{\"Size\":0},{\"Size\":90000000}]" };

    fake_http_expect(&world->fake, &step);
}

static void expect_engine(struct world *world)
{
    const struct fake_http_step step = { .url = EXPORT,
                                         .reply = world->file.tar.ptr,
                                         .reply_len = world->file.tar.len };

    expect_inspect(world);
    fake_http_expect(&world->fake, &step);
}

static enum sw_status push(struct world *world, struct sw_err *err)
{
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    struct sw_ref target = { 0 };
    enum sw_status status =
        sw_image_source_open(&world->t.env, "docker-daemon:web:v1", world->platform, &source, err);

    assert_int_equal(sw_ref_parse(SW_STR(IMAGE), &target, err), SW_OK);
    if (status == SW_OK) {
        status =
            sw_image_push(&world->t.env, source, &target, 1, &world->options, &world->result, err);
    }
    sw_ref_release(&target);
    return status;
}

static void assert_pushed(const struct world *world)
{
    assert_non_null(fake_registry_tag(&world->registry, "app", "v1"));
    assert_int_equal(world->result.layer_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(world->result.layers[i].diff_id, world->file.diff_ids[i]);
        assert_non_null(
            fake_registry_blob(&world->registry, "app", world->result.layers[i].digest));
    }
    assert_non_null(fake_registry_blob(&world->registry, "app", world->file.config_digest));
}

static void test_docker_export__stops_after_the_last_part_of_the_image(void **state)
{
    static const enum image_layout layouts[] = { IMAGE_DOCKER_24, IMAGE_DOCKER_25 };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(layouts); i++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world, layouts[i], IMAGE_FINE);
        add_more(&world);
        expect_engine(&world);
        assert_ok(push(&world, &err));
        assert_pushed(&world);
        assert_true(world.fake.sunk_bytes < AHEAD_MAX);
        world_release(&world);
    }
}

/* An engine with containerd's store calls the image by its manifest: all of the archive counts. */
static void test_docker_export__reads_all_when_the_id_is_no_configuration(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    char digest[SW_DIGEST_SIZE];

    (void)state;
    world_init(&world, IMAGE_CONTAINERD, IMAGE_FINE);
    sw_digest_of(sw_buf_str(&world.file.manifest), digest);
    set_id(&world, digest);
    add_more(&world);
    expect_engine(&world);
    assert_ok(push(&world, &err));
    assert_pushed(&world);
    assert_string_equal(world.result.digest, digest);
    assert_int_equal(world.fake.sunk_bytes, world.file.tar.len);
    world_release(&world);
}

/* What the repository has need not come. */
static void test_docker_export__does_not_wait_for_known_layers(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    size_t before;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    expect_engine(&world);
    assert_ok(push(&world, &err));
    sw_push_result_release(&world.result);
    world.fake.sunk_bytes = 0;

    /* The same image, but for its last layer. */
    sw_buf_truncate(&world.file.layers[1], 0);
    tar_file_add(&world.file.layers[1], "etc/two", SW_STR("changed\n"));
    tar_file_end(&world.file.layers[1]);
    sw_digest_of(sw_buf_str(&world.file.layers[1]), world.file.diff_ids[1]);
    sw_buf_clear(&world.file.config);
    sw_buf_addf(&world.file.config,
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
                "\"diff_ids\":[\"%s\",\"%s\"]}}",
                world.file.diff_ids[0], world.file.diff_ids[1]);
    sw_digest_of(sw_buf_str(&world.file.config), world.file.config_digest);
    set_id(&world, world.file.config_digest);
    sw_buf_clear(&world.file.tar);
    tar_file_add(&world.file.tar, "aaaa/layer.tar", sw_buf_str(&world.file.layers[1]));
    tar_file_add(&world.file.tar, "bbbb.json", sw_buf_str(&world.file.config));
    tar_file_add(&world.file.tar, "cccc/layer.tar", sw_buf_str(&world.more));
    /* Here the known one would come, and manifest.json: the archive ends in the middle instead. */
    expect_engine(&world);
    expect_sizes(&world);
    before = world.fake.request_count;
    assert_ok(push(&world, &err));
    /* The layer is small, and the configuration is new: no further image is asked. */
    assert_int_equal(fake_http_count(&world.fake, before, "GET", "/manifests/"), 1);
    assert_int_equal(fake_http_count(&world.fake, before, "GET", "/tags/list"), 0);
    assert_int_equal(fake_http_count(&world.fake, before, "HEAD", world.file.config_digest), 1);
    assert_pushed(&world);
    assert_false(world.result.layers[0].sent);
    assert_true(world.result.layers[1].sent);
    assert_true(world.fake.sunk_bytes < AHEAD_MAX);
    world_release(&world);
}

/* Everything is there: no export, and the configuration, which tells of the layers, comes once. */
static void test_docker_export__is_not_asked_for_when_all_is_known(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    size_t before;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    expect_engine(&world);
    assert_ok(push(&world, &err));
    sw_push_result_release(&world.result);
    before = world.fake.request_count;
    expect_inspect(&world);
    assert_ok(push(&world, &err));
    assert_pushed(&world);
    assert_int_equal(fake_http_count(&world.fake, before, "GET", world.file.config_digest), 1);
    assert_int_equal(fake_http_count(&world.fake, before, "GET", "/blobs/"), 1);
    world_release(&world);
}

static void test_docker_export__refuses_what_is_not_the_image(void **state)
{
    static const enum image_layout layouts[] = { IMAGE_DOCKER_24, IMAGE_DOCKER_25 };
    static const enum image_fault faults[] = { IMAGE_WRONG_DIFF_ID,  IMAGE_LAYER_MISSING,
                                               IMAGE_CONFIG_MISSING, IMAGE_CONFIG_CHANGED,
                                               IMAGE_NO_MANIFEST,    IMAGE_MANIFEST_GARBAGE };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(layouts) * SW_COUNT(faults); i++) {
        enum image_fault fault = faults[i / SW_COUNT(layouts)];
        /* What says how the layers belong together is not needed when the digests say it. */
        bool fine = fault == IMAGE_NO_MANIFEST || fault == IMAGE_MANIFEST_GARBAGE;
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        print_message("layout %d fault %d\n", layouts[i % SW_COUNT(layouts)], fault);
        world_init(&world, layouts[i % SW_COUNT(layouts)], fault);
        expect_engine(&world);
        assert_int_equal(push(&world, &err) == SW_OK, fine);
        assert_int_equal(fake_registry_tag(&world.registry, "app", "v1") != NULL, fine);
        world_release(&world);
    }
}

/* The engine's two answers must be about the same layers. */
static void test_docker_export__refuses_a_configuration_of_other_layers(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    sw_buf_clear(&world.inspect);
    sw_buf_addf(&world.inspect, "{\"Id\":\"%s\",\"RootFS\":{\"Layers\":[\"%s\",\"%s\"]}}",
                world.file.config_digest, world.file.diff_ids[1], world.file.diff_ids[0]);
    expect_engine(&world);
    assert_int_equal(push(&world, &err), SW_E_INPUT);
    assert_string_equal(
        err.msg, "the Docker engine lists other layers of image \"web:v1\" than its configuration");
    assert_int_equal(world.registry.manifest_count, 0);
    world_release(&world);
}

static void test_docker_export__refuses_another_platform(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    world.platform = "linux/arm64";
    expect_engine(&world);
    assert_int_equal(push(&world, &err), SW_E_INPUT);
    assert_string_equal(err.msg, "image \"web:v1\" is for linux/amd64, not for linux/arm64");
    assert_int_equal(world.registry.manifest_count, 0);
    world_release(&world);
}

/* The registry's answers come from memory, the engine's over its socket. */
struct two_ways {
    struct sw_http_transport transport;
    const struct sw_http_transport *fake;
    const struct sw_http_transport *curl;
};

static enum sw_status perform(void *ctx, const struct sw_http_request *request,
                              struct sw_http_reply *ret, struct sw_err *err)
{
    const struct two_ways *ways = ctx;
    const struct sw_http_transport *way = request->unix_socket ? ways->curl : ways->fake;

    return way->perform(way->ctx, request, ret, err);
}

/* An engine that has sent all that is needed, and then says nothing for ever, holds nobody up. */
static void test_docker_export__leaves_an_engine_that_is_silent(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    struct sw_http_transport *curl = NULL;
    struct two_ways ways = { .transport = { .perform = perform, .ctx = &ways } };
    SW_CLEANUP(sw_free_str) char *path = sw_xasprintf("%s/engine.sock", (char *)*state);
    SW_CLEANUP(sw_free_str) char *host = sw_xasprintf("unix://%s", path);
    struct sw_buf answers[2];
    struct fault_step steps[] = { { .then = FAULT_KEEP },
                                  { .answer = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" },
                                  { .then = FAULT_IDLE } };
    struct fault_server *server;

    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    for (size_t i = 0; i < 2; i++) {
        const struct sw_buf *body = i == 0 ? &world.inspect : &world.file.tar;

        sw_buf_init(&answers[i], SW_BUF_TEXT_MAX);
        sw_buf_addf(&answers[i], "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                    body->len + (i == 0 ? 0 : MORE));
        sw_buf_add(&answers[i], body->ptr, body->len - (i == 0 ? 0 : 1024));
        steps[2 * i].answer = answers[i].ptr;
        steps[2 * i].answer_len = answers[i].len;
    }
    server = fault_server_start(path, steps, SW_COUNT(steps));
    test_env_set(&world.t, "DOCKER_HOST", host);
    assert_int_equal(sw_http_curl_new(&world.t.env, NULL, &curl, &err), SW_OK);
    ways.fake = &world.fake.transport;
    ways.curl = curl;
    world.t.env.http = &ways.transport;
    assert_ok(push(&world, &err));
    assert_pushed(&world);
    sw_http_curl_free(curl);
    fault_server_stop(server);
    sw_buf_release(&answers[0]);
    sw_buf_release(&answers[1]);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docker_export__stops_after_the_last_part_of_the_image),
        cmocka_unit_test(test_docker_export__reads_all_when_the_id_is_no_configuration),
        cmocka_unit_test(test_docker_export__does_not_wait_for_known_layers),
        cmocka_unit_test(test_docker_export__is_not_asked_for_when_all_is_known),
        cmocka_unit_test(test_docker_export__refuses_what_is_not_the_image),
        cmocka_unit_test(test_docker_export__refuses_a_configuration_of_other_layers),
        cmocka_unit_test(test_docker_export__refuses_another_platform),
        cmocka_unit_test_setup_teardown(test_docker_export__leaves_an_engine_that_is_silent,
                                        temp_dir_setup, temp_dir_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
