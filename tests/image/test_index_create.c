#include "test.h"

#include "fake_registry.h"
#include "multi_image.h"
#include "ref_list.h"
#include "sweep.h"

#include <slipway/index.h>
#include <slipway/json.h>
#include <slipway/manifest.h>

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct multi_image image;
};

/* What the images are: tags of team/app. */
static void fill(struct world *world)
{
    world->registry.mounts = true;
    multi_image_put(&world->image, &world->registry, "team/app", "multi");
    fake_registry_put_as(&world->registry, "team/app", "amd64", SW_MEDIA_OCI_MANIFEST,
                         world->image.manifests[0].ptr);
    fake_registry_put_as(&world->registry, "team/app", "arm64", SW_MEDIA_OCI_MANIFEST,
                         world->image.manifests[1].ptr);
}

static void world_init(struct world *world)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    multi_image_build(&world->image);
    fill(world);
}

static void world_release(struct world *world)
{
    multi_image_release(&world->image);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

/* Puts the images of one comma list together under the references of another. */
static enum sw_status create(const struct sw_env *env, const char *images, const char *targets,
                             bool drop, struct sw_index_result *result, struct sw_err *err)
{
    const struct sw_index_options options = { .copy = { .transfers = 1 },
                                              .drop_attestations = drop };
    SW_CLEANUP(ref_list_release) struct ref_list from = { 0 };
    SW_CLEANUP(ref_list_release) struct ref_list to = { 0 };

    ref_list_init(&from, images);
    ref_list_init(&to, targets);
    return sw_image_index_create(env, from.items, from.count, to.items, to.count, &options, result,
                                 err);
}

/* The manifest of a tag as JSON; the caller's. */
static json_t *document(const struct world *world, const char *repository, const char *tag)
{
    const struct fake_registry_item *item = fake_registry_tag(&world->registry, repository, tag);
    struct sw_err err = SW_ERR_INIT;
    json_t *doc = NULL;

    assert_non_null(item);
    assert_ok(sw_json_parse(sw_buf_str(&item->bytes), "index", &doc, &err));
    return doc;
}

static void assert_json(const json_t *actual, const char *expected)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *wanted = NULL;
    struct sw_buf text;

    assert_ok(sw_json_parse(sw_str(expected), "expected", &wanted, &err));
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_json_dump(actual, 0, &text);
    if (!json_equal(actual, wanted)) {
        fail_msg("%s\nwhere this was expected:\n%s", text.ptr, expected);
    }
    sw_buf_release(&text);
}

static void test_index__puts_images_together(void **state)
{
    struct world world;
    struct sw_index_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *expected = NULL;
    char digest[SW_DIGEST_SIZE];

    (void)state;
    world_init(&world);
    assert_ok(create(&world.t.env, HOST "/team/app:amd64," HOST "/team/app:arm64",
                     HOST "/team/app:v1," HOST "/team/app:latest", false, &result, &err));
    expected = sw_xasprintf(
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":["
        "{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\","
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
        "{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\","
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}}]}",
        SW_MEDIA_OCI_INDEX, SW_MEDIA_OCI_MANIFEST, world.image.manifests[0].len,
        world.image.manifest_digests[0], SW_MEDIA_OCI_MANIFEST, world.image.manifests[1].len,
        world.image.manifest_digests[1]);
    json_auto_t *doc = document(&world, "team/app", "v1");

    assert_json(doc, expected);
    sw_digest_of(sw_buf_str(&fake_registry_tag(&world.registry, "team/app", "latest")->bytes),
                 digest);
    assert_string_equal(result.copy.digest, digest);
    assert_string_equal(result.copy.media_type, SW_MEDIA_OCI_INDEX);
    assert_int_equal(result.entry_count, 2);
    assert_string_equal(result.entries[0].platform, "linux/amd64");
    assert_string_equal(result.entries[1].platform, "linux/arm64/v8");
    assert_string_equal(result.entries[1].digest, world.image.manifest_digests[1]);
    assert_int_equal(result.copy.bytes_sent, 0);
    /* Each of the two was read once. */
    assert_int_equal(fake_http_count(&world.fake, 0, "GET", "/manifests/"), 2);
    sw_index_result_release(&result);
    world_release(&world);
}

static void test_index__gets_images_of_other_repositories(void **state)
{
    struct world world;
    struct sw_index_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (int mounts = 0; mounts < 2; mounts++) {
        world_init(&world);
        world.registry.mounts = mounts;
        assert_ok(create(&world.t.env, HOST "/team/app:amd64," HOST "/team/app:arm64",
                         HOST "/shop:one", false, &result, &err));
        sw_index_result_release(&result);
        assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/v2/shop/manifests/sha256:"), 2);
        assert_int_equal(fake_http_count(&world.fake, 0, "POST", "&from=team%2Fapp"), 5);
        assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/v2/shop/blobs/"), mounts ? 0 : 5);
        world_release(&world);
    }
}

/* Attestations stay with what they are about, annotations and all, or are left out. */
static void test_index__keeps_or_drops_attestations(void **state)
{
    static const bool drops[] = { false, true };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(drops); i++) {
        struct world world;
        struct sw_index_result result;
        struct sw_err err = SW_ERR_INIT;
        const json_t *list;

        world_init(&world);
        assert_ok(
            create(&world.t.env, HOST "/team/app:multi", HOST "/shop:v1", drops[i], &result, &err));
        json_auto_t *doc = document(&world, "shop", "v1");

        list = sw_json_array(doc, "manifests");
        assert_int_equal(json_array_size(list), drops[i] ? 2 : 4);
        assert_int_equal(result.entry_count, drops[i] ? 2 : 4);
        if (!drops[i]) {
            const json_t *entry = json_array_get(list, 0);

            assert_string_equal(sw_json_str(entry, "digest", ""), world.image.manifest_digests[2]);
            assert_string_equal(sw_json_str(sw_json_object(entry, "annotations"),
                                            "vnd.docker.reference.digest", ""),
                                world.image.manifest_digests[0]);
            assert_string_equal(result.entries[0].platform, "unknown/unknown");
        }
        sw_index_result_release(&result);
        world_release(&world);
    }
}

static void test_index__refuses_two_images_for_a_platform(void **state)
{
    static const struct {
        const char *images;
        const char *message;
    } cases[] = {
        { HOST "/team/app:amd64," HOST "/team/app:amd64",
          "\"" HOST "/team/app:amd64\" and \"" HOST "/team/app:amd64\" both have an image for "
          "linux/amd64" },
        { HOST "/team/app:arm64," HOST "/team/app:multi",
          "\"" HOST "/team/app:arm64\" and \"" HOST "/team/app:multi\" both have an image for "
          "linux/arm64/v8" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_index_result result;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        assert_fails(create(&world.t.env, cases[i].images, HOST "/shop:v1", false, &result, &err),
                     SW_E_INPUT, cases[i].message);
        assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/"), 0);
        world_release(&world);
    }
}

/* Images of Windows are told apart by the version of the system. */
static void put_windows(struct world *world, const char *tag, const char *version)
{
    SW_CLEANUP(sw_free_str)
    char *config = sw_xasprintf("{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":"
                                "\"%s\",\"os.features\":[\"win32k\"],\"rootfs\":{\"diff_ids\":[]}}",
                                version);
    SW_CLEANUP(sw_free_str) char *manifest = NULL;
    char digest[SW_DIGEST_SIZE];

    sw_digest_of(sw_str(config), digest);
    manifest =
        sw_xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":"
                     "\"%s\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[]}",
                     SW_MEDIA_DOCKER_MANIFEST, SW_MEDIA_DOCKER_CONFIG, digest, strlen(config));
    fake_registry_put_blob(&world->registry, "win", sw_str(config));
    fake_registry_put(&world->registry, "win", tag, manifest);
}

static void test_index__knows_versions_and_makes_lists_for_docker(void **state)
{
    struct world world;
    struct sw_index_result result;
    struct sw_err err = SW_ERR_INIT;
    const json_t *list;

    (void)state;
    world_init(&world);
    put_windows(&world, "2019", "10.0.17763.1");
    put_windows(&world, "2022", "10.0.20348.2");
    assert_ok(create(&world.t.env, HOST "/win:2019," HOST "/win:2022", HOST "/win:v1", false,
                     &result, &err));
    assert_string_equal(result.copy.media_type, SW_MEDIA_DOCKER_LIST);
    assert_string_equal(result.entries[1].platform, "windows/amd64 10.0.20348.2");
    json_auto_t *doc = document(&world, "win", "v1");

    assert_string_equal(sw_json_str(doc, "mediaType", ""), SW_MEDIA_DOCKER_LIST);
    list = sw_json_array(doc, "manifests");
    assert_json(json_object_get(json_array_get(list, 0), "platform"),
                "{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0.17763.1\","
                "\"os.features\":[\"win32k\"]}");
    sw_index_result_release(&result);
    /* Together with an OCI image it becomes an OCI index. */
    assert_ok(create(&world.t.env, HOST "/win:2019," HOST "/team/app:amd64", HOST "/win:v2", false,
                     &result, &err));
    assert_string_equal(result.copy.media_type, SW_MEDIA_OCI_INDEX);
    sw_index_result_release(&result);
    world_release(&world);
}

static void test_index__names_what_does_not_fit(void **state)
{
    struct world world;
    struct sw_index_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *nested = NULL;
    SW_CLEANUP(sw_free_str) char *attestation = NULL;

    (void)state;
    world_init(&world);
    nested = sw_xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":"
                          "\"%s\",\"digest\":\"%s\",\"size\":%zu}]}",
                          SW_MEDIA_OCI_INDEX, SW_MEDIA_OCI_INDEX, world.image.index_digest,
                          world.image.index.len);
    fake_registry_put_as(&world.registry, "team/app", "nested", SW_MEDIA_OCI_INDEX, nested);
    fake_registry_put_as(&world.registry, "team/app", "empty", SW_MEDIA_OCI_INDEX,
                         "{\"schemaVersion\":2,\"manifests\":[]}");
    assert_fails(create(&world.t.env, HOST "/team/app:nested", HOST "/x:v1", false, &result, &err),
                 SW_E_INPUT,
                 "image \"" HOST "/team/app:nested\": it has an index within the index; name the "
                 "images themselves");
    assert_fails(create(&world.t.env, HOST "/team/app:empty", HOST "/x:v1", false, &result, &err),
                 SW_E_INPUT, "image \"" HOST "/team/app:empty\" is an index without an image");
    attestation = sw_xasprintf("%s/team/app@%s", HOST, world.image.manifest_digests[2]);
    assert_int_equal(create(&world.t.env, attestation, HOST "/x:v1", false, &result, &err),
                     SW_E_INPUT);
    assert_non_null(strstr(err.msg, "its configuration names no platform"));
    assert_int_equal(
        create(&world.t.env, HOST "/team/app:none", HOST "/x:v1", false, &result, &err),
        SW_E_NOT_FOUND);
    world_release(&world);
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct world *world = ctx;

    fake_registry_renew(&world->registry, fake);
    fill(world);
}

static enum sw_status sweep_run_create(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_index_result result;
    enum sw_status status;

    (void)ctx;
    status = create(&t->env, HOST "/team/app:amd64," HOST "/team/app:arm64", HOST "/shop:v1", false,
                    &result, err);
    if (status == SW_OK) {
        sw_index_result_release(&result);
    }
    return status;
}

/* A mount that fails becomes an upload. */
static bool sweep_tolerates(void *ctx, const struct sweep_run *run)
{
    return strstr(run->what, "POST ") || sweep_is_denied_look(ctx, run) ||
           (run->fault >= SWEEP_GARBAGE && !strstr(run->what, "GET "));
}

static void test_index__notices_every_fault(void **state)
{
    struct world world;
    const struct sweep sweep = { .name = "index",
                                 .setup = sweep_setup,
                                 .run = sweep_run_create,
                                 .tolerates = sweep_tolerates,
                                 .ctx = &world };

    (void)state;
    world_init(&world);
    sweep_all(&sweep);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index__puts_images_together),
        cmocka_unit_test(test_index__gets_images_of_other_repositories),
        cmocka_unit_test(test_index__keeps_or_drops_attestations),
        cmocka_unit_test(test_index__refuses_two_images_for_a_platform),
        cmocka_unit_test(test_index__knows_versions_and_makes_lists_for_docker),
        cmocka_unit_test(test_index__names_what_does_not_fit),
        cmocka_unit_test(test_index__notices_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
