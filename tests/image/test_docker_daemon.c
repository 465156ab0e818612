#include "test.h"

#include "fake_registry.h"
#include "image_file.h"

#include <slipway/image.h>

#include <unistd.h>

#define HOST   "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define IMAGE  HOST "/app:v1"
#define SOCKET "/var/run/docker.sock"
#define ID     "sha256:1111111111111111111111111111111111111111111111111111111111111111"

/* A world with an engine that has one image, and a registry. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct image_file file;
    struct sw_buf inspect;
    struct sw_push_result result;
};

static void world_init(struct world *world, enum image_layout layout)
{
    *world = (struct world){ 0 };
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    world->fake.unordered = true;
    image_file_build(&world->file, layout, IMAGE_FINE);
    sw_buf_init(&world->inspect, SW_BUF_TEXT_MAX);
    sw_buf_addf(&world->inspect,
                "{\"Id\":\"" ID "\",\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"%s\",\"%s\"]}}",
                world->file.diff_ids[0], world->file.diff_ids[1]);
}

static void world_release(struct world *world)
{
    sw_push_result_release(&world->result);
    sw_buf_release(&world->inspect);
    image_file_release(&world->file);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

static void expect_inspect(struct world *world, const char *url)
{
    const struct fake_http_step step = { .method = "GET", .url = url, .reply = world->inspect.ptr };

    fake_http_expect(&world->fake, &step);
}

static void expect_export(struct world *world, const char *url, size_t len)
{
    const struct fake_http_step step = {
        .method = "GET", .url = url, .reply = world->file.tar.ptr, .reply_len = len
    };

    fake_http_expect(&world->fake, &step);
}

static enum sw_status push(struct world *world, const char *source, struct sw_err *err)
{
    const struct sw_push_options options = { .uploads = 2, .workers = 1 };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *opened = NULL;
    struct sw_ref target = { 0 };
    enum sw_status status = sw_image_source_open(&world->t.env, source, NULL, &opened, err);

    assert_int_equal(sw_ref_parse(SW_STR(IMAGE), &target, err), SW_OK);
    if (status == SW_OK) {
        status = sw_image_push(&world->t.env, opened, &target, 1, &options, &world->result, err);
    }
    sw_ref_release(&target);
    return status;
}

static void test_docker_daemon__pushes_what_the_engine_exports(void **state)
{
    (void)state;
    for (int layout = 0; layout < IMAGE_OCI; layout++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world, (enum image_layout)layout);
        expect_inspect(&world, "http://docker/images/web%3Av1/json");
        expect_export(&world, "http://docker/images/web%3Av1/get", world.file.tar.len);
        assert_ok(push(&world, "docker-daemon:web:v1", &err));
        assert_string_equal(world.result.layers[1].diff_id, world.file.diff_ids[1]);
        assert_non_null(fake_registry_tag(&world.registry, "app", "v1"));
        for (size_t i = 0; i < world.fake.request_count; i++) {
            bool engine = strncmp(world.fake.requests[i].url, "http://docker/", 14) == 0;

            assert_int_equal(world.fake.requests[i].unix_socket != NULL, engine);
            if (engine) {
                assert_string_equal(world.fake.requests[i].unix_socket, SOCKET);
            }
        }
        world_release(&world);
    }
}

/* By repository alone the engine would export all its tags. */
static void test_docker_daemon__asks_for_an_untagged_name_by_id(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24);
    expect_inspect(&world, "http://docker/images/team/web/json");
    expect_export(&world,
                  "http://docker/images/sha256%3A"
                  "1111111111111111111111111111111111111111"
                  "111111111111111111111111/get",
                  world.file.tar.len);
    assert_ok(push(&world, "docker-daemon:team/web", &err));
    world_release(&world);
}

static void test_docker_daemon__goes_where_docker_host_says(void **state)
{
    static const struct {
        const char *value;
        const char *socket; /* NULL: none */
        const char *url;
    } cases[] = {
        { "unix:///run/x/docker.sock", "/run/x/docker.sock", "http://docker/images/w%3A1/json" },
        { "tcp://127.0.0.1:2375", NULL, "http://127.0.0.1:2375/images/w%3A1/json" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;
        const struct fake_http_step step = { .method = "GET", .url = cases[i].url, .status = 404 };

        world_init(&world, IMAGE_DOCKER_24);
        test_env_set(&world.t, "DOCKER_HOST", cases[i].value);
        fake_http_expect(&world.fake, &step);
        assert_int_equal(push(&world, "docker-daemon:w:1", &err), SW_E_NOT_FOUND);
        assert_non_null(strstr(err.msg, cases[i].value));
        for (size_t j = 0; j < world.fake.request_count; j++) {
            if (strcmp(world.fake.requests[j].url, cases[i].url) == 0 && cases[i].socket) {
                assert_string_equal(world.fake.requests[j].unix_socket, cases[i].socket);
            }
        }
        world_release(&world);
    }
}

static const struct failure_case {
    const char *name;
    const char *docker_host;    /* NULL: unset */
    struct fake_http_step step; /* answers the look at the image */
    enum sw_status status;
    const char *message;
} failure_cases[] = {
    { "no such image",
      NULL,
      { .url = "http://docker/images/web%3Av1/json",
        .status = 404,
        .reply = "{\"message\":\"No such image: web:v1\"}" },
      SW_E_NOT_FOUND,
      "image \"web:v1\" is not in the Docker engine at unix://" SOCKET "; build or pull it first" },
    { "engine in trouble",
      NULL,
      { .url = "http://docker/images/web%3Av1/json",
        .status = 500,
        .reply = "{\"message\":\"out of cheese\"}" },
      SW_E_UNAVAILABLE,
      "the Docker engine at unix://" SOCKET
      " answered with HTTP status 500: out of cheese for image \"web:v1\"" },
    { "nonsense",
      NULL,
      { .url = "http://docker/images/web%3Av1/json", .reply = "{\"Id\":5}" },
      SW_E_UNAVAILABLE,
      NULL },
    { "no engine",
      NULL,
      { .url = "http://docker/images/web%3Av1/json", .failure = FAKE_REFUSED },
      SW_E_NETWORK,
      NULL },
    { "a host that is none",
      "fd://",
      { .url = NULL },
      SW_E_INPUT,
      "DOCKER_HOST is \"fd://\"; it is unix:///PATH, tcp://HOST:PORT or ssh://HOST" },
};

static void test_docker_daemon__says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(failure_cases); i++) {
        const struct failure_case *c = &failure_cases[i];
        struct world world;
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", c->name);
        world_init(&world, IMAGE_DOCKER_24);
        test_env_set(&world.t, "DOCKER_HOST", c->docker_host);
        if (c->step.url) {
            fake_http_expect(&world.fake, &c->step);
        }
        assert_int_equal(push(&world, "docker-daemon:web:v1", &err), c->status);
        if (c->message) {
            assert_string_equal(err.msg, c->message);
        }
        if (c->step.failure == FAKE_REFUSED) {
            assert_non_null(
                strstr(err.msg, "the Docker engine at unix://" SOCKET " does not answer"));
            assert_non_null(strstr(err.msg, "setup_remote_docker"));
        }
        assert_int_equal(world.registry.manifest_count, 0);
        world_release(&world);
    }
}

/* An export that ends early, with or without the engine's saying so, never becomes an image. */
static void test_docker_daemon__refuses_half_an_export(void **state)
{
    static const size_t parts[] = { 0, 100, 700, 2000, 5000 };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(parts); i++) {
        for (int failure = 0; failure < 2; failure++) {
            struct world world;
            struct sw_err err = SW_ERR_INIT;
            enum sw_status status;
            struct fake_http_step step;

            world_init(&world, IMAGE_DOCKER_24);
            step = (struct fake_http_step){ .url = "http://docker/images/web%3Av1/get",
                                            .failure = failure ? FAKE_CUT_SHORT : FAKE_ANSWER,
                                            .reply = parts[i] ? world.file.tar.ptr : "",
                                            .reply_len = parts[i] };
            expect_inspect(&world, "http://docker/images/web%3Av1/json");
            fake_http_expect(&world.fake, &step);
            status = push(&world, "docker-daemon:web:v1", &err);
            assert_int_equal(status, failure ? SW_E_NETWORK : SW_E_INPUT);
            assert_int_equal(world.registry.manifest_count, 0);
            world_release(&world);
        }
    }
}

/* The registry's refusal is the message, not the export it ends. */
static void test_docker_daemon__tells_of_the_registry_s_refusal(void **state)
{
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24);
    world.registry.missing = true;
    expect_inspect(&world, "http://docker/images/web%3Av1/json");
    expect_export(&world, "http://docker/images/web%3Av1/get", world.file.tar.len);
    assert_int_equal(push(&world, "docker-daemon:web:v1", &err), SW_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "slipway ecr create-repository app"));
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docker_daemon__pushes_what_the_engine_exports),
        cmocka_unit_test(test_docker_daemon__asks_for_an_untagged_name_by_id),
        cmocka_unit_test(test_docker_daemon__goes_where_docker_host_says),
        cmocka_unit_test(test_docker_daemon__says_what_is_wrong),
        cmocka_unit_test(test_docker_daemon__refuses_half_an_export),
        cmocka_unit_test(test_docker_daemon__tells_of_the_registry_s_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
