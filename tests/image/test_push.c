#include "archive_world.h"
#include "image/push_private.h"
#include "sweep.h"

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

/* Requests so far as lines "METHOD path", the registry's origin and queries taken off. */
static void print_requests(const struct world *world, struct sw_buf *out)
{
    for (size_t i = 0; i < world->fake.request_count; i++) {
        const struct fake_http_request *request = &world->fake.requests[i];
        struct sw_str url = sw_str(request->url + strlen("https://" HOST "/v2/"));
        struct sw_str path = sw_str_cut(&url, '?');

        sw_buf_addf(out, "%s %.*s\n", request->method, SW_STR_ARG(path));
    }
}

static void test_push__sends_blobs_then_the_manifest(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_registry_item *manifest;
    struct sw_buf expected;
    struct sw_buf actual;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    sw_buf_init(&expected, SW_BUF_TEXT_MAX);
    sw_buf_init(&actual, SW_BUF_TEXT_MAX);
    assert_ok(push_to(&world, HOST "/team/app:v1", &result, &err));
    assert_int_equal(result.layer_count, 2);

    sw_buf_addf(
        &expected,
        "HEAD team/app/manifests/v1\n"
        "HEAD team/app/blobs/%s\nPOST team/app/blobs/uploads/\nPUT team/app/blobs/uploads/session\n"
        "HEAD team/app/blobs/%s\nPOST team/app/blobs/uploads/\nPUT team/app/blobs/uploads/session\n"
        "HEAD team/app/blobs/%s\nPOST team/app/blobs/uploads/\nPUT team/app/blobs/uploads/session\n"
        "PUT team/app/manifests/v1\n",
        world.file.config_digest, result.layers[0].digest, result.layers[1].digest);
    print_requests(&world, &actual);
    assert_string_equal(actual.ptr, expected.ptr);

    sw_buf_clear(&expected);
    sw_buf_addf(
        &expected,
        "{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_DOCKER_MANIFEST
        "\",\"config\":{\"mediaType\":\"" SW_MEDIA_DOCKER_CONFIG
        "\",\"size\":%zu,\"digest\":\"%s\"},\"layers\":[{\"mediaType\":\"" SW_MEDIA_DOCKER_LAYER
        "\",\"size\":%lld,\"digest\":\"%s\"},{\"mediaType\":\"" SW_MEDIA_DOCKER_LAYER
        "\",\"size\":%lld,\"digest\":\"%s\"}]}",
        world.file.config.len, world.file.config_digest, (long long)result.layers[0].size,
        result.layers[0].digest, (long long)result.layers[1].size, result.layers[1].digest);
    manifest = fake_registry_tag(&world.registry, "team/app", "v1");
    assert_non_null(manifest);
    assert_string_equal(manifest->bytes.ptr, expected.ptr);
    assert_string_equal(manifest->media_type, SW_MEDIA_DOCKER_MANIFEST);
    sw_buf_release(&expected);
    sw_buf_release(&actual);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_push__tells_what_it_does(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    char shown[3][SW_DIGEST_SHORT_SIZE];
    char expected[2048];

    (void)state;
    world_init(&world, IMAGE_CONTAINERD, IMAGE_FINE);
    sw_digest_short(world.file.config_digest, shown[0]);
    sw_digest_short(world.file.digests[0], shown[1]);
    sw_digest_short(world.file.digests[1], shown[2]);
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    (void)snprintf(expected, sizeof(expected),
                   "configuration %s: sent, %zu B in 0.0 s\nlayer %s: sent, %zu B in 0.0 s\n"
                   "layer %s: sent, %zu B in 0.0 s\npushed " HOST
                   "/app:v1\n%zu B sent, 0 B already there\n",
                   shown[0], world.file.config.len, shown[1], world.file.packed[0].len, shown[2],
                   world.file.packed[1].len,
                   world.file.config.len + world.file.packed[0].len + world.file.packed[1].len);
    assert_string_equal(world.t.said.ptr, expected);
    assert_int_equal(result.bytes_sent,
                     world.file.config.len + world.file.packed[0].len + world.file.packed[1].len);
    assert_int_equal(result.bytes_skipped, 0);
    assert_true(result.layers[0].sent);
    sw_push_result_release(&result);

    /* Again: all blobs are there, and the tag names this image. */
    sw_buf_clear(&world.t.said);
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    (void)snprintf(expected, sizeof(expected),
                   "configuration %s: already there, %zu B\nlayer %s: already there, %zu B\n"
                   "layer %s: already there, %zu B\n" HOST
                   "/app:v1 is this image already\n0 B sent, %zu B already there\n",
                   shown[0], world.file.config.len, shown[1], world.file.packed[0].len, shown[2],
                   world.file.packed[1].len,
                   world.file.config.len + world.file.packed[0].len + world.file.packed[1].len);
    assert_string_equal(world.t.said.ptr, expected);
    assert_false(result.layers[0].sent);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_push__writes_several_tags_and_repositories(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_25, IMAGE_FINE);
    assert_ok(push_to(&world, HOST "/app:v1," HOST "/app:latest," HOST "/other:v1", &result, &err));
    check_stored(&world, "app", "v1", false, "v1");
    check_stored(&world, "app", "latest", false, "latest");
    check_stored(&world, "other", "v1", false, "other");
    /* Three blobs for each of two repositories. */
    assert_int_equal(world.registry.sessions, 6);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_push__accepts_an_immutable_tag_of_the_same_image(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    world.registry.immutable = true;
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    sw_push_result_release(&result);
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_push__names_both_digests_of_an_immutable_tag(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    char old[SW_DIGEST_SIZE];
    char new[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    world_init(&world, IMAGE_CONTAINERD, IMAGE_FINE);
    world.registry.immutable = true;
    fake_registry_put(&world.registry, "app", "v1", "{\"another\":1}");
    sw_digest_of(SW_STR("{\"another\":1}"), old);
    sw_digest_of(sw_buf_str(&world.file.manifest), new);
    expected =
        sw_xasprintf("tag \"v1\" of \"" HOST "/app\" is immutable: it names %s, and this image "
                     "is %s; use another tag",
                     old, new);
    assert_fails(push_to(&world, HOST "/app:v1", &result, &err), SW_E_CONFLICT, expected);
    assert_int_equal(err.http_status, 400);
    assert_string_equal(err.code, "TAG_INVALID");
    world_release(&world);
}

static void test_push__names_a_missing_repository(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    world.registry.missing = true;
    expected = sw_xasprintf(
        "cannot start the upload of blob %s in \"" HOST
        "/team/app\": repository \"team/app\" does not exist in registry \"" HOST
        "\"; create it with create_repo in the orb, or with: slipway ecr create-repository team/app",
        world.file.config_digest);
    assert_fails(push_to(&world, HOST "/team/app:v1", &result, &err), SW_E_NOT_FOUND, expected);
    world_release(&world);
}

static void test_push__starts_a_new_session_for_a_broken_upload(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    world.registry.drop_bodies = 2;
    assert_ok(push_to(&world, HOST "/app:v1", &result, &err));
    check_stored(&world, "app", "v1", false, "after two broken uploads");
    assert_int_equal(world.registry.sessions, 5);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_push__gives_up_after_the_policy_s_tries(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    world.registry.drop_bodies = 1000;
    assert_int_equal(push_to(&world, HOST "/app:v1", &result, &err), SW_E_UNAVAILABLE);
    assert_int_equal(world.registry.sessions, sw_retry_default.max_tries);
    assert_int_equal(world.registry.manifest_count, 0);
    world_release(&world);
}

/* The first upload that fails for good ends the others' waiting for their next try. */
static void test_push__does_not_wait_once_an_upload_has_failed(void **state)
{
    struct test_env t;
    struct sw_push_world world;

    (void)state;
    test_env_init(&t);
    sw_push_world_init(&world, &t.env);
    sw_env_sleep_ms(&world.env, 1500);
    assert_int_equal(t.slept_ms, 1500);
    assert_false(sw_env_stop_wanted(&world.env));
    assert_int_equal(sw_env_mono_ms(&world.env), sw_env_mono_ms(&t.env));
    atomic_store(&world.failed, true);
    assert_true(sw_env_stop_wanted(&world.env));
    sw_env_sleep_ms(&world.env, 1500);
    assert_int_equal(t.slept_ms, 1500);
    atomic_store(&world.failed, false);
    t.stop = true;
    assert_true(sw_env_stop_wanted(&world.env));
    test_env_release(&t);
}

static enum sw_status give_login(SW_UNUSED void *ctx, const char *host, char **ret_user,
                                 char **ret_secret, SW_UNUSED struct sw_err *err)
{
    assert_string_equal(host, HOST);
    *ret_user = sw_xstrdup("AWS");
    *ret_secret = sw_xstrdup("very-secret");
    return SW_OK;
}

static void test_push__logs_in(void **state)
{
    const struct sw_registry_auth auth = { give_login, NULL };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *source = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_24, IMAGE_FINE);
    world.registry.authorization = "Basic QVdTOnZlcnktc2VjcmV0";
    world.registry.challenge = "Basic realm=\"https://" HOST "/\",service=\"ecr.amazonaws.com\"";
    source = sw_xasprintf("docker-archive:%s", world.path);
    assert_ok(push_source(&world.t.env, source, HOST "/app:v1", NULL, &auth, &result, &err));
    for (size_t i = 0; i < world.fake.request_count; i++) {
        assert_string_equal(fake_http_request_header(&world.fake.requests[i], "Authorization"),
                            "Basic QVdTOnZlcnktc2VjcmV0");
    }
    sw_push_result_release(&result);
    world_release(&world);
}

/* The fault sweep: whatever call goes wrong, no tag is written unless everything is there. */
struct swept {
    struct fake_registry registry;
    struct image_file file;
    char *path;
};

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct swept *swept = ctx;

    fake_registry_renew(&swept->registry, fake);
}

static enum sw_status sweep_run(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct swept *swept = ctx;
    struct sw_push_result result = { 0 };
    SW_CLEANUP(sw_free_str) char *source = sw_xasprintf("docker-archive:%s", swept->path);
    enum sw_status status = push_source(&t->env, source, HOST "/app:v1", NULL, NULL, &result, err);

    sw_push_result_release(&result);
    return status;
}

static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const struct swept *swept = ctx;
    bool tagged = fake_registry_tag(&swept->registry, "app", "v1") != NULL;
    bool at_manifest = strncmp(run->what, "PUT https://" HOST "/v2/app/manifests/", 40) == 0;

    if (run->status == SW_OK) {
        assert_true(tagged);
        /* The double refuses manifests whose blobs are missing: all are there. */
        assert_int_equal(swept->registry.blob_count, 3);
    } else if (!at_manifest) {
        assert_false(tagged);
    }
}

static void test_push__survives_every_fault(void **state)
{
    struct swept swept = { 0 };
    const struct sweep sweep = { .name = "push",
                                 .setup = sweep_setup,
                                 .run = sweep_run,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_is_denied_look,
                                 .ctx = &swept };

    (void)state;
    image_file_build(&swept.file, IMAGE_DOCKER_24, IMAGE_FINE);
    swept.path = image_file_write(sw_buf_str(&swept.file.tar));
    sweep_all(&sweep);
    (void)unlink(swept.path);
    free(swept.path);
    image_file_release(&swept.file);
    fake_registry_release(&swept.registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push__sends_blobs_then_the_manifest),
        cmocka_unit_test(test_push__tells_what_it_does),
        cmocka_unit_test(test_push__writes_several_tags_and_repositories),
        cmocka_unit_test(test_push__accepts_an_immutable_tag_of_the_same_image),
        cmocka_unit_test(test_push__names_both_digests_of_an_immutable_tag),
        cmocka_unit_test(test_push__names_a_missing_repository),
        cmocka_unit_test(test_push__starts_a_new_session_for_a_broken_upload),
        cmocka_unit_test(test_push__gives_up_after_the_policy_s_tries),
        cmocka_unit_test(test_push__does_not_wait_once_an_upload_has_failed),
        cmocka_unit_test(test_push__logs_in),
        cmocka_unit_test(test_push__survives_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
