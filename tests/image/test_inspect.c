#include "test.h"

#include "fake_registry.h"
#include "sweep.h"

#include <slipway/inspect.h>
#include <slipway/manifest.h>

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define BASE "https://" HOST "/v2/app/"
#define DIFF "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define ZERO "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const char config_text[] =
    "{\"architecture\":\"arm\",\"variant\":\"v7\",\"os\":\"linux\",\"created\":\"2024-05-06T07:08:"
    "09Z\","
    "\"config\":{\"Env\":[\"PATH=/bin\",\"TOKEN=hunter2=x\",\"EMPTY\"],\"Entrypoint\":[\"/web\"],"
    "\"Cmd\":null,\"User\":\"\",\"WorkingDir\":\"/srv\",\"ExposedPorts\":{\"80/tcp\":{}},"
    "\"Labels\":{\"team\":\"blue\"}},"
    "\"history\":[{\"created\":\"2024-05-06T07:08:09Z\",\"created_by\":\"ARG "
    "SECRET=hunter2\",\"empty_layer\":true,\"other\":1},3],"
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF "\"]}}";

/* What is in the registry: app:v1, an image; app:multi, an index of it; app:chart, an artifact. */
struct texts {
    char config_digest[SW_DIGEST_SIZE];
    char *image;
    char image_digest[SW_DIGEST_SIZE];
    char *index;
    char index_digest[SW_DIGEST_SIZE];
};

static void texts_init(struct texts *texts)
{
    sw_digest_of(sw_str(config_text), texts->config_digest);
    texts->image = sw_xasprintf("{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST
                                "\",\"config\":{\"mediaType\":\"" SW_MEDIA_OCI_CONFIG
                                "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
                                "\"" SW_MEDIA_OCI_LAYER_GZIP "\",\"digest\":\"" DIFF
                                "\",\"size\":1000},{\"mediaType\":\"" SW_MEDIA_OCI_LAYER_ZSTD
                                "\",\"digest\":\"" ZERO "\",\"size\":234}]}",
                                texts->config_digest, strlen(config_text));
    sw_digest_of(sw_str(texts->image), texts->image_digest);
    texts->index = sw_xasprintf(
        "{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_OCI_INDEX "\",\"manifests\":["
        "{\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"" ZERO "\",\"size\":7,"
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
        "{\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}},"
        "{\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"" DIFF "\",\"size\":9,"
        "\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}",
        texts->image_digest, strlen(texts->image));
    sw_digest_of(sw_str(texts->index), texts->index_digest);
}

static void texts_release(struct texts *texts)
{
    free(texts->image);
    free(texts->index);
}

static void fill(struct fake_registry *registry, const struct texts *texts)
{
    fake_registry_put_blob(registry, "app", sw_str(config_text));
    fake_registry_put_as(registry, "app", "v1", SW_MEDIA_OCI_MANIFEST, texts->image);
    fake_registry_put_as(registry, "app", "multi", SW_MEDIA_OCI_INDEX, texts->index);
    fake_registry_put_as(registry, "app", "chart", SW_MEDIA_OCI_MANIFEST,
                         "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/x\","
                         "\"digest\":\"" DIFF "\",\"size\":2},\"layers\":[]}");
}

struct world {
    struct texts texts;
    struct fake_registry registry;
    struct fake_http fake;
    struct test_env t;
};

static void world_init(struct world *world)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    texts_init(&world->texts);
    fill(&world->registry, &world->texts);
}

static void world_release(struct world *world)
{
    texts_release(&world->texts);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

static enum sw_status inspect(const struct sw_env *env, const char *text,
                              const struct sw_inspect_options *options, json_t **ret,
                              struct sw_err *err)
{
    const struct sw_registry_options anonymous = { .auth = NULL };
    SW_CLEANUP(sw_registry_cleanup) struct sw_registry *registry = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref ref = { 0 };

    assert_int_equal(sw_ref_parse(sw_str(text), &ref, err), SW_OK);
    assert_int_equal(sw_registry_new(env, ref.host, &anonymous, &registry, err), SW_OK);
    return sw_image_inspect(registry, &ref, options, ret, err);
}

static void check_facts(const json_t *facts, const char *expected)
{
    struct sw_buf text;

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_json_dump(facts, 0, &text);
    assert_string_equal(text.ptr, expected);
    sw_buf_release(&text);
}

/* The requests' methods and URLs, the repository's common part taken off. */
static void check_requests(const struct world *world, const char *expected)
{
    struct sw_buf text;

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < world->fake.request_count; i++) {
        assert_int_equal(strncmp(world->fake.requests[i].url, BASE, strlen(BASE)), 0);
        sw_buf_addf(&text, "%s %s\n", world->fake.requests[i].method,
                    world->fake.requests[i].url + strlen(BASE));
    }
    assert_string_equal(text.ptr, expected);
    sw_buf_release(&text);
}

/* The facts of app:v1, between what an index puts before them and what options add. */
static char *image_facts(const struct texts *texts, const char *before, const char *env,
                         const char *after)
{
    return sw_xasprintf(
        "{%s\"digest\":\"%s\",\"media_type\":\"" SW_MEDIA_OCI_MANIFEST
        "\",\"layers\":[{\"digest\":\"" DIFF "\",\"media_type\":\"" SW_MEDIA_OCI_LAYER_GZIP
        "\",\"size\":1000},{\"digest\":\"" ZERO "\",\"media_type\":\"" SW_MEDIA_OCI_LAYER_ZSTD
        "\",\"size\":234}],\"layers_size\":1234,\"config\":{\"digest\":\"%s\",\"media_type\":"
        "\"" SW_MEDIA_OCI_CONFIG
        "\",\"size\":%zu},\"platform\":\"linux/arm/v7\",\"created\":\"2024-05-06T07:08:09Z\","
        "\"labels\":{\"team\":\"blue\"},\"entrypoint\":[\"/web\"],\"working_dir\":\"/srv\","
        "\"exposed_ports\":[\"80/tcp\"],\"env\":[%s]%s}",
        before, texts->image_digest, texts->config_digest, strlen(config_text), env, after);
}

static void test_inspect__tells_of_an_image(void **state)
{
    static const struct {
        struct sw_inspect_options options;
        const char *env;
        const char *after;
    } cases[] = {
        { { .platform = NULL }, "\"PATH\",\"TOKEN\",\"EMPTY\"", "" },
        { { .platform = "linux/arm" }, "\"PATH\",\"TOKEN\",\"EMPTY\"", "" },
        { { .show_env = true }, "\"PATH=/bin\",\"TOKEN=hunter2=x\",\"EMPTY\"", "" },
        { { .history = true },
          "\"PATH\",\"TOKEN\",\"EMPTY\"",
          ",\"history\":[{\"created\":\"2024-05-06T07:08:09Z\",\"created_by\":\"ARG "
          "SECRET=hunter2\",\"empty_layer\":true},{}]" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *facts = NULL;
        SW_CLEANUP(sw_free_str) char *expected = NULL;
        SW_CLEANUP(sw_free_str) char *requests = NULL;

        world_init(&world);
        assert_ok(inspect(&world.t.env, HOST "/app:v1", &cases[i].options, &facts, &err));
        expected = image_facts(&world.texts, "", cases[i].env, cases[i].after);
        check_facts(facts, expected);
        requests = sw_xasprintf("GET manifests/v1\nGET blobs/%s\n", world.texts.config_digest);
        check_requests(&world, requests);
        world_release(&world);
    }
}

static void test_inspect__lists_the_platforms_of_an_index(void **state)
{
    const struct sw_inspect_options options = { .platform = NULL };
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *facts = NULL;
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    world_init(&world);
    assert_ok(inspect(&world.t.env, HOST "/app:multi", &options, &facts, &err));
    expected = sw_xasprintf(
        "{\"digest\":\"%s\",\"media_type\":\"" SW_MEDIA_OCI_INDEX "\",\"platforms\":["
        "{\"digest\":\"" ZERO "\",\"media_type\":\"" SW_MEDIA_OCI_MANIFEST
        "\",\"size\":7,\"platform\":\"linux/amd64\"},{\"digest\":\"%s\",\"media_type\":"
        "\"" SW_MEDIA_OCI_MANIFEST "\",\"size\":%zu,\"platform\":\"linux/arm/v7\"}],"
        "\"attestations\":1}",
        world.texts.index_digest, world.texts.image_digest, strlen(world.texts.image));
    check_facts(facts, expected);
    check_requests(&world, "GET manifests/multi\n");
    world_release(&world);
}

static void test_inspect__goes_on_to_a_platform(void **state)
{
    const struct sw_inspect_options options = { .platform = "linux/arm" };
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *facts = NULL;
    SW_CLEANUP(sw_free_str) char *before = NULL;
    SW_CLEANUP(sw_free_str) char *expected = NULL;
    SW_CLEANUP(sw_free_str) char *requests = NULL;

    (void)state;
    world_init(&world);
    assert_ok(inspect(&world.t.env, HOST "/app:multi", &options, &facts, &err));
    before =
        sw_xasprintf("\"index\":{\"digest\":\"%s\",\"media_type\":\"" SW_MEDIA_OCI_INDEX "\"},",
                     world.texts.index_digest);
    expected = image_facts(&world.texts, before, "\"PATH\",\"TOKEN\",\"EMPTY\"", "");
    check_facts(facts, expected);
    requests = sw_xasprintf("GET manifests/multi\nGET manifests/%s\nGET blobs/%s\n",
                            world.texts.image_digest, world.texts.config_digest);
    check_requests(&world, requests);
    world_release(&world);
}

/* What is no container image has layers, but nothing that runs. */
static void test_inspect__leaves_other_artifacts_configuration_alone(void **state)
{
    const struct sw_inspect_options options = { .platform = NULL };
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *facts = NULL;

    (void)state;
    world_init(&world);
    assert_ok(inspect(&world.t.env, HOST "/app:chart", &options, &facts, &err));
    assert_string_equal(sw_json_str(facts, "media_type", ""), SW_MEDIA_OCI_MANIFEST);
    assert_null(json_object_get(facts, "env"));
    check_requests(&world, "GET manifests/chart\n");
    world_release(&world);
}

static void test_inspect__names_what_is_wrong(void **state)
{
    static const struct {
        const char *ref;
        const char *platform;
        enum sw_status status;
        const char *message;
    } cases[] = {
        { HOST "/app:none", NULL, SW_E_NOT_FOUND,
          "cannot read manifest none in \"" HOST "/app\": registry \"" HOST
          "\" does not have it (MANIFEST_UNKNOWN: manifest unknown)" },
        { HOST "/app:multi", "linux/s390x", SW_E_NOT_FOUND,
          "the index has no image for linux/s390x; it has: linux/amd64, linux/arm/v7" },
        { HOST "/app:v1", "linux/amd64", SW_E_NOT_FOUND,
          "the image is for linux/arm/v7, not for linux/amd64" },
        { HOST "/app:chart", "linux/amd64", SW_E_NOT_FOUND,
          "the image is for no platform, not for linux/amd64" },
        { HOST "/app:odd", NULL, SW_E_UNAVAILABLE,
          "image \"" HOST "/app\": manifest: \"config\" is missing; expected an object" },
        { HOST "/app:oddindex", NULL, SW_E_UNAVAILABLE,
          "image \"" HOST "/app\": index: \"manifests\" is missing; expected an array" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_inspect_options options = { .platform = cases[i].platform };
        struct world world;
        struct sw_err err = SW_ERR_INIT;
        json_t *facts = NULL;

        world_init(&world);
        fake_registry_put_as(&world.registry, "app", "odd", SW_MEDIA_OCI_MANIFEST, "{}");
        fake_registry_put_as(&world.registry, "app", "oddindex", SW_MEDIA_OCI_INDEX, "{}");
        assert_fails(inspect(&world.t.env, cases[i].ref, &options, &facts, &err), cases[i].status,
                     cases[i].message);
        assert_null(facts);
        world_release(&world);
    }
}

struct swept {
    struct texts texts;
    struct fake_registry registry;
};

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct swept *swept = ctx;

    fake_registry_renew(&swept->registry, fake);
    fill(&swept->registry, &swept->texts);
}

static enum sw_status sweep_run(SW_UNUSED void *ctx, struct test_env *t, struct sw_err *err)
{
    const struct sw_inspect_options options = { .platform = "linux/arm/v7" };
    json_auto_t *facts = NULL;
    enum sw_status status = inspect(&t->env, HOST "/app:multi", &options, &facts, err);

    assert_true((status == SW_OK) == (facts != NULL));
    return status;
}

static void test_inspect__survives_every_fault(void **state)
{
    struct swept swept = { 0 };
    const struct sweep sweep = {
        .name = "inspect", .setup = sweep_setup, .run = sweep_run, .ctx = &swept
    };

    (void)state;
    texts_init(&swept.texts);
    sweep_all(&sweep);
    texts_release(&swept.texts);
    fake_registry_release(&swept.registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspect__tells_of_an_image),
        cmocka_unit_test(test_inspect__lists_the_platforms_of_an_index),
        cmocka_unit_test(test_inspect__goes_on_to_a_platform),
        cmocka_unit_test(test_inspect__leaves_other_artifacts_configuration_alone),
        cmocka_unit_test(test_inspect__names_what_is_wrong),
        cmocka_unit_test(test_inspect__survives_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
