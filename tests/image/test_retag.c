#include "test.h"

#include "fake_registry.h"
#include "sweep.h"

#include <slipway/manifest.h>
#include <slipway/retag.h>

#define HOST   "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define PREFIX "https://" HOST "/v2/team/app/manifests/"

/* Indented: a document that is read and written anew would come out with other bytes. */
#define MANIFEST                                                                                \
    "{\n  \"schemaVersion\": 2,\n  \"config\": {\"mediaType\": \"" SW_MEDIA_OCI_CONFIG "\","    \
    " \"digest\": \"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"," \
    " \"size\": 2},\n  \"layers\": []\n}\n"
#define INDEX \
    "{ \"schemaVersion\": 2, \"mediaType\": \"" SW_MEDIA_OCI_INDEX "\", \"manifests\": [] }"

struct world {
    struct fake_registry registry;
    struct fake_http fake;
    struct test_env t;
};

/* team/app:v1 is an image, team/app:multi an index. */
static void fill(struct fake_registry *registry)
{
    fake_registry_put_blob(registry, "team/app", SW_STR("{}"));
    fake_registry_put_as(registry, "team/app", "v1", SW_MEDIA_OCI_MANIFEST, MANIFEST);
    fake_registry_put_as(registry, "team/app", "multi", SW_MEDIA_OCI_INDEX, INDEX);
}

static void world_init(struct world *world)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    fill(&world->registry);
}

static void world_release(struct world *world)
{
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

/* Tags `source` with the comma list `tags`; with `keep`, those that are free. */
static enum sw_status retag_some(bool keep, const struct sw_env *env, const char *source,
                                 const char *tags, struct sw_retag_result *result,
                                 struct sw_err *err)
{
    const struct sw_registry_options options = { .push = true };
    SW_CLEANUP(sw_registry_cleanup) struct sw_registry *registry = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref ref = { 0 };
    SW_CLEANUP(sw_strs_release) struct sw_strs list = { 0 };

    for (struct sw_str rest = sw_str(tags); rest.ptr;) {
        sw_strs_add(&list, sw_str_cut(&rest, ','));
    }
    assert_int_equal(sw_ref_parse(sw_str(source), &ref, err), SW_OK);
    assert_int_equal(sw_registry_new(env, ref.host, &options, &registry, err), SW_OK);
    const struct sw_retag what = { .source = &ref, .tags = &list, .keep = keep };

    return sw_image_retag(env, registry, &what, result, err);
}

static enum sw_status retag(const struct sw_env *env, const char *source, const char *tags,
                            struct sw_retag_result *result, struct sw_err *err)
{
    return retag_some(/* keep= */ false, env, source, tags, result, err);
}

/* All requests as lines "METHOD URL", the manifests' common prefix taken off. */
static char *requests(const struct world *world)
{
    struct sw_buf out;

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < world->fake.request_count; i++) {
        const struct fake_http_request *request = &world->fake.requests[i];

        assert_int_equal(strncmp(request->url, PREFIX, strlen(PREFIX)), 0);
        sw_buf_addf(&out, "%s %s\n", request->method, request->url + strlen(PREFIX));
    }
    return sw_buf_take(&out);
}

static void test_retag__writes_the_same_bytes_under_each_tag(void **state)
{
    static const struct {
        const char *source;
        const char *bytes;
        const char *media_type;
    } cases[] = {
        { HOST "/team/app:v1", MANIFEST, SW_MEDIA_OCI_MANIFEST },
        { HOST "/team/app:multi", INDEX, SW_MEDIA_OCI_INDEX },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_retag_result result;
        struct sw_err err = SW_ERR_INIT;
        char digest[SW_DIGEST_SIZE];
        SW_CLEANUP(sw_free_str) char *expected = NULL;
        SW_CLEANUP(sw_free_str) char *actual = NULL;

        print_message("%s\n", cases[i].source);
        world_init(&world);
        sw_digest_of(sw_str(cases[i].bytes), digest);
        assert_ok(retag(&world.t.env, cases[i].source, "new,latest", &result, &err));
        assert_string_equal(result.digest, digest);
        assert_string_equal(result.media_type, cases[i].media_type);
        assert_int_equal(result.count, 2);
        assert_true(result.written[0] && result.written[1]);
        expected = sw_xasprintf("GET %s\nHEAD new\nHEAD latest\nPUT new\nPUT latest\n",
                                strrchr(cases[i].source, ':') + 1);
        actual = requests(&world);
        assert_string_equal(actual, expected);
        for (size_t at = 3; at < 5; at++) {
            const struct fake_http_request *put = &world.fake.requests[at];

            assert_string_equal(put->body.ptr, cases[i].bytes);
            assert_string_equal(fake_http_request_header(put, "Content-Type"), cases[i].media_type);
        }
        assert_string_equal(world.t.said.ptr, "tagged " HOST "/team/app:new\n"
                                              "tagged " HOST "/team/app:latest\n");
        sw_retag_result_release(&result);
        world_release(&world);
    }
}

/* Some gateways change the header; what the document calls itself is what registries check. */
static void test_retag__believes_the_document_more_than_the_header(void **state)
{
    static const char *const headers[] = { "application/json", "", SW_MEDIA_DOCKER_LIST };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(headers); i++) {
        struct world world;
        struct sw_retag_result result;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        fake_registry_put_as(&world.registry, "team/app", "multi", headers[i], INDEX);
        assert_ok(retag(&world.t.env, HOST "/team/app:multi", "new", &result, &err));
        assert_string_equal(fake_registry_tag(&world.registry, "team/app", "new")->media_type,
                            SW_MEDIA_OCI_INDEX);
        sw_retag_result_release(&result);
        world_release(&world);
    }
}

static void test_retag__takes_an_image_by_its_digest(void **state)
{
    struct world world;
    struct sw_retag_result result;
    struct sw_err err = SW_ERR_INIT;
    char digest[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str) char *source = NULL;

    (void)state;
    world_init(&world);
    sw_digest_of(sw_str(MANIFEST), digest);
    /* The digest counts, whatever the tag beside it says. */
    source = sw_xasprintf(HOST "/team/app:multi@%s", digest);
    assert_ok(retag(&world.t.env, source, "new", &result, &err));
    assert_string_equal(fake_registry_tag(&world.registry, "team/app", "new")->bytes.ptr, MANIFEST);
    sw_retag_result_release(&result);
    world_release(&world);
}

static void test_retag__leaves_a_tag_of_this_image_alone(void **state)
{
    struct world world;
    struct sw_retag_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *actual = NULL;

    (void)state;
    world_init(&world);
    world.registry.immutable = true;
    assert_ok(retag(&world.t.env, HOST "/team/app:v1", "v1,new", &result, &err));
    actual = requests(&world);
    assert_string_equal(actual, "GET v1\nHEAD v1\nHEAD new\nPUT new\n");
    assert_false(result.written[0]);
    assert_true(result.written[1]);
    assert_string_equal(world.t.said.ptr, HOST "/team/app:v1 is this image already\n"
                                               "tagged " HOST "/team/app:new\n");
    sw_retag_result_release(&result);
    world_release(&world);
}

static void test_retag__names_both_digests_of_an_immutable_tag(void **state)
{
    struct world world;
    struct sw_retag_result result;
    struct sw_err err = SW_ERR_INIT;
    char image[SW_DIGEST_SIZE];
    char other[SW_DIGEST_SIZE];
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    world_init(&world);
    world.registry.immutable = true;
    sw_digest_of(sw_str(MANIFEST), image);
    sw_digest_of(sw_str(INDEX), other);
    expected = sw_xasprintf("tag \"multi\" of \"" HOST "/team/app\" is immutable: it names %s, and "
                            "this image is %s; use another tag (tags in place: 1 of 3)",
                            other, image);
    assert_fails(retag(&world.t.env, HOST "/team/app:v1", "new,multi,last", &result, &err),
                 SW_E_CONFLICT, expected);
    assert_string_equal(err.code, "TAG_INVALID");
    assert_non_null(fake_registry_tag(&world.registry, "team/app", "new"));
    assert_null(fake_registry_tag(&world.registry, "team/app", "last"));
    world_release(&world);
}

static void test_retag__says_when_there_is_no_such_image(void **state)
{
    struct world world;
    struct sw_retag_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    assert_fails(retag(&world.t.env, HOST "/team/app:v9", "new", &result, &err), SW_E_NOT_FOUND,
                 "cannot read manifest v9 in \"" HOST "/team/app\": registry \"" HOST
                 "\" does not have it (MANIFEST_UNKNOWN: manifest unknown)");
    assert_int_equal(world.fake.request_count, 1);
    world_release(&world);
}

static void test_retag__needs_a_media_type(void **state)
{
    static const struct {
        const char *media_type;
        const char *bytes;
    } cases[] = {
        { "text/html", "{\"a\":1}" },
        { "", "{\"a\":1}" },
        { SW_MEDIA_OCI_INDEX, "[]" },
        { SW_MEDIA_OCI_INDEX, "<" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world;
        struct sw_retag_result result;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        fake_registry_put_as(&world.registry, "team/app", "odd", cases[i].media_type,
                             cases[i].bytes);
        assert_fails(retag(&world.t.env, HOST "/team/app:odd", "new", &result, &err),
                     SW_E_UNAVAILABLE,
                     "what registry \"" HOST "\" gives as odd of \"team/app\" is no manifest");
        world_release(&world);
    }
}

static void test_retag__stops_between_tags(void **state)
{
    struct world world;
    struct sw_retag_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    world.t.stop = true;
    assert_int_equal(retag(&world.t.env, HOST "/team/app:v1", "new", &result, &err), SW_E_STOPPED);
    assert_null(fake_registry_tag(&world.registry, "team/app", "new"));
    world_release(&world);
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct fake_registry *registry = ctx;

    fake_registry_renew(registry, fake);
    fill(registry);
}

static enum sw_status sweep_run(SW_UNUSED void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_retag_result result = { 0 };
    enum sw_status status = retag(&t->env, HOST "/team/app:v1", "new,latest", &result, err);

    sw_retag_result_release(&result);
    return status;
}

static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    static const char *const tags[] = { "new", "latest" };

    for (size_t i = 0; i < SW_COUNT(tags); i++) {
        const struct fake_registry_item *item = fake_registry_tag(ctx, "team/app", tags[i]);

        assert_true(item || run->status != SW_OK);
        if (item) {
            assert_string_equal(item->bytes.ptr, MANIFEST);
            assert_string_equal(item->media_type, SW_MEDIA_OCI_MANIFEST);
        }
    }
}

static void test_retag__survives_every_fault(void **state)
{
    struct fake_registry registry = { 0 };
    const struct sweep sweep = { .name = "retag",
                                 .setup = sweep_setup,
                                 .run = sweep_run,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_is_denied_look,
                                 .ctx = &registry };

    (void)state;
    sweep_all(&sweep);
    fake_registry_release(&registry);
}

static void test_retag__tags_that_are_there_can_be_kept(void **state)
{
    struct world world;
    struct sw_retag_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    assert_ok(retag_some(/* keep= */ true, &world.t.env, HOST "/team/app:v1", "multi,new,v1",
                         &result, &err));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(result.kept[i], i == 0);
        assert_int_equal(result.written[i], i == 1);
    }
    sw_retag_result_release(&result);
    assert_ok(retag(&world.t.env, HOST "/team/app:v1", "multi", &result, &err));
    assert_true(result.written[0]);
    assert_false(result.kept[0]);
    sw_retag_result_release(&result);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retag__writes_the_same_bytes_under_each_tag),
        cmocka_unit_test(test_retag__believes_the_document_more_than_the_header),
        cmocka_unit_test(test_retag__takes_an_image_by_its_digest),
        cmocka_unit_test(test_retag__leaves_a_tag_of_this_image_alone),
        cmocka_unit_test(test_retag__names_both_digests_of_an_immutable_tag),
        cmocka_unit_test(test_retag__says_when_there_is_no_such_image),
        cmocka_unit_test(test_retag__needs_a_media_type),
        cmocka_unit_test(test_retag__stops_between_tags),
        cmocka_unit_test(test_retag__survives_every_fault),
        cmocka_unit_test(test_retag__tags_that_are_there_can_be_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
