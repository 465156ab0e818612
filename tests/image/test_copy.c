#include "test.h"

#include "fake_registry.h"
#include "http_gate.h"
#include "multi_image.h"
#include "ref_list.h"
#include "sweep.h"

#include <slipway/copy.h>
#include <slipway/manifest.h>

/* Two registries, told apart by their hosts. */
#define HOST_A "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define HOST_B "123456789012.dkr.ecr.us-east-1.amazonaws.com"

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry a;
    struct fake_registry b;
    struct multi_image image;
};

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct world *world = ctx;
    const bool is_a = strstr(request->url, HOST_A) != NULL;

    fake_registry_answer(is_a ? &world->a : &world->b, request, answer);
}

/* HOST_A/team/app:multi is the image. */
static void world_init(struct world *world)
{
    test_env_init(&world->t);
    fake_http_init(&world->fake);
    fake_registry_init(&world->a);
    fake_registry_init(&world->b);
    multi_image_build(&world->image);
    multi_image_put(&world->image, &world->a, "team/app", "multi");
    world->fake.handler = answer;
    world->fake.handler_ctx = world;
    world->t.env.http = &world->fake.transport;
}

static void world_release(struct world *world)
{
    multi_image_release(&world->image);
    fake_registry_release(&world->a);
    fake_registry_release(&world->b);
    fake_http_done(&world->fake);
    test_env_release(&world->t);
}

/* Copies `source` to the comma list of references, one blob at a time. */
static enum sw_status copy_to(const struct sw_env *env, const char *source, const char *refs,
                              const struct sw_copy_options *more, struct sw_copy_result *result,
                              struct sw_err *err)
{
    struct sw_copy_options options = more ? *more : (struct sw_copy_options){ 0 };
    SW_CLEANUP(sw_ref_release) struct sw_ref from = { 0 };
    SW_CLEANUP(ref_list_release) struct ref_list targets = { 0 };
    enum sw_status status;

    options.transfers = 1;
    assert_int_equal(sw_ref_parse(sw_str(source), &from, err), SW_OK);
    ref_list_init(&targets, refs);
    status = sw_image_copy(env, &from, targets.items, targets.count, &options, result, err);
    return status;
}

static void test_copy__copies_an_index_whole_and_byte_for_byte(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", NULL, &result,
                      &err));
    assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "v1"));
    assert_string_equal(result.digest, world.image.index_digest);
    assert_string_equal(result.media_type, SW_MEDIA_OCI_INDEX);
    assert_int_equal(result.count, 1);
    assert_true(result.written[0]);
    assert_true(result.bytes_sent > 0);
    assert_int_equal(result.bytes_skipped, 0);
    assert_int_equal(result.bytes_mounted, 0);
    assert_int_equal(fake_http_count(&world.fake, 0, "GET", "/blobs/"), MULTI_BLOBS);
    assert_int_equal(fake_http_count(&world.fake, 0, "POST", "mount="), 0);
    sw_copy_result_release(&result);
    world_release(&world);
}

/* Some registries want the subject of an attestation to be there when it comes. */
static void test_copy__writes_subjects_before_what_is_about_them(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    size_t at = 0;

    (void)state;
    world_init(&world);
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", NULL, &result,
                      &err));
    for (size_t i = 0; i < world.fake.request_count; i++) {
        const struct fake_http_request *request = &world.fake.requests[i];
        const char *name = strstr(request->url, "/manifests/");

        if (strcmp(request->method, "PUT") == 0 && name) {
            name += strlen("/manifests/");
            assert_string_equal(name,
                                at < MULTI_MANIFESTS ? world.image.manifest_digests[at] : "v1");
            at++;
        }
    }
    assert_int_equal(at, MULTI_MANIFESTS + 1);
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_copy__reads_each_blob_once_for_several_registries(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi",
                      HOST_B "/shop/web:v1," HOST_A "/other:v1," HOST_B "/shop/web:latest", NULL,
                      &result, &err));
    assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "v1"));
    assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "latest"));
    assert_true(multi_image_is_at(&world.image, &world.a, "other", "v1"));
    assert_int_equal(fake_http_count(&world.fake, 0, "GET", "/blobs/"), MULTI_BLOBS);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/blobs/"), 2 * MULTI_BLOBS);
    assert_int_equal(test_env_said(&world.t, " in " HOST_B "/shop/web, "), MULTI_BLOBS);
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_copy__again_sends_nothing(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    int64_t sent;

    (void)state;
    world_init(&world);
    for (int round = 0; round < 2; round++) {
        assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", NULL,
                          &result, &err));
        sw_copy_result_release(&result);
    }
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/blobs/"), MULTI_BLOBS);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/manifests/"), MULTI_MANIFESTS + 1);
    assert_int_equal(test_env_said(&world.t, HOST_B "/shop/web:v1 is this image already\n"), 1);

    /* Another tag needs one request to write it. */
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v2", NULL, &result,
                      &err));
    sent = result.bytes_sent;
    sw_copy_result_release(&result);
    assert_int_equal(sent, 0);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/blobs/"), MULTI_BLOBS);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/manifests/"), MULTI_MANIFESTS + 2);
    world_release(&world);
}

/* An index may be there although one of its images was deleted. */
static void test_copy__mends_an_index_with_a_hole(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    fake_registry_put_as(&world.b, "shop/web", "v1", SW_MEDIA_OCI_INDEX, world.image.index.ptr);
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", NULL, &result,
                      &err));
    assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "v1"));
    assert_false(result.written[0]);
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_copy__shares_blobs_within_a_registry(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (int mounts = 0; mounts < 2; mounts++) {
        world_init(&world);
        world.a.mounts = mounts;
        assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_A "/shop/web:v1", NULL,
                          &result, &err));
        assert_true(multi_image_is_at(&world.image, &world.a, "shop/web", "v1"));
        assert_int_equal(fake_http_count(&world.fake, 0, "POST", "&from=team%2Fapp"), MULTI_BLOBS);
        /* What is not shared is uploaded in the session that was opened instead. */
        assert_int_equal(fake_http_count(&world.fake, 0, "POST", "/blobs/uploads/"), MULTI_BLOBS);
        assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/blobs/"),
                         mounts ? 0 : MULTI_BLOBS);
        assert_int_equal(fake_http_count(&world.fake, 0, "GET", "/blobs/"),
                         mounts ? 0 : MULTI_BLOBS);
        assert_int_equal(result.bytes_sent > 0, !mounts);
        assert_int_equal(result.bytes_mounted > 0, mounts);
        assert_int_equal(test_env_said(&world.t, ": mounted from team/app, "),
                         mounts ? MULTI_BLOBS : 0);
        sw_copy_result_release(&result);
        world_release(&world);
    }
}

/* With several repositories to share from, the one that has the blob is looked for first. */
static void test_copy__shares_from_the_repository_that_has_it(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_copy_options options = { 0 };

    (void)state;
    world_init(&world);
    world.b.mounts = true;
    fake_registry_put_blob(&world.b, "base/two", sw_buf_str(&world.image.blobs[2]));
    sw_strs_add(&options.mount_from, SW_STR("base/one"));
    sw_strs_add(&options.mount_from, SW_STR("shop/web"));
    sw_strs_add(&options.mount_from, SW_STR("base/two"));
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", &options,
                      &result, &err));
    assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "v1"));
    assert_int_equal(fake_http_count(&world.fake, 0, "POST", "mount="), 1);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", "/blobs/"), MULTI_BLOBS - 1);
    assert_int_equal(result.bytes_mounted, world.image.blobs[2].len);
    sw_strs_release(&options.mount_from);
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_copy__takes_one_platform(void **state)
{
    static const struct {
        const char *platform;
        int manifest;
    } cases[] = { { "linux/amd64", 0 }, { "linux/arm64", 1 }, { "linux/arm64/v8", 1 } };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_copy_options options = { .platform = cases[i].platform };
        struct world world;
        struct sw_copy_result result;
        struct sw_err err = SW_ERR_INIT;

        world_init(&world);
        assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", &options,
                          &result, &err));
        assert_string_equal(result.digest, world.image.manifest_digests[cases[i].manifest]);
        assert_string_equal(fake_registry_tag(&world.b, "shop/web", "v1")->bytes.ptr,
                            world.image.manifests[cases[i].manifest].ptr);
        assert_int_equal(world.b.blob_count, 3);
        sw_copy_result_release(&result);
        world_release(&world);
    }
}

static void test_copy__refuses_a_platform_that_is_not_there(void **state)
{
    const struct sw_copy_options options = { .platform = "linux/s390x" };
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *single = NULL;

    (void)state;
    world_init(&world);
    assert_fails(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", &options,
                         &result, &err),
                 SW_E_NOT_FOUND,
                 "image \"" HOST_A "/team/app\": the index has no image for linux/s390x; it has: "
                 "linux/amd64, linux/arm64/v8");
    single = sw_xasprintf("%s/team/app@%s", HOST_A, world.image.manifest_digests[1]);
    assert_fails(copy_to(&world.t.env, single, HOST_B "/shop/web:v1", &options, &result, &err),
                 SW_E_NOT_FOUND,
                 "image \"" HOST_A "/team/app\": the image is for linux/arm64/v8, not for "
                 "linux/s390x");
    assert_int_equal(world.b.manifest_count, 0);
    world_release(&world);
}

/* Uploads to one registry that fail are tried again without those to the other. */
static void test_copy__starts_over_for_one_target(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    world.b.drop_bodies = 2;
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi",
                      HOST_A "/other:v1," HOST_B "/shop/web:v1", NULL, &result, &err));
    assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "v1"));
    assert_true(multi_image_is_at(&world.image, &world.a, "other", "v1"));
    assert_int_equal(fake_http_count(&world.fake, 0, "GET", "/blobs/"), MULTI_BLOBS + 2);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", HOST_A "/v2/other/blobs/"),
                     MULTI_BLOBS);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", HOST_B "/v2/shop/web/blobs/"),
                     MULTI_BLOBS + 2);
    sw_copy_result_release(&result);
    world_release(&world);
}

/* The end of a blob with the wrong digest never leaves this machine. */
static void test_copy__passes_no_damaged_blob_on(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *expected = NULL;
    char actual[SW_DIGEST_SIZE];

    (void)state;
    world_init(&world);
    for (size_t i = 0; i < world.a.blob_count; i++) {
        if (strstr(world.a.blobs[i].key, world.image.blob_digests[3])) {
            world.a.blobs[i].bytes.ptr[0] = 'X';
            sw_digest_of(sw_buf_str(&world.a.blobs[i].bytes), actual);
        }
    }
    expected = sw_xasprintf("cannot upload blob %s in \"%s/shop/web\": cannot read blob %s in "
                            "\"%s/team/app\": it came as %s",
                            world.image.blob_digests[3], HOST_B, world.image.blob_digests[3],
                            HOST_A, actual);
    assert_fails(
        copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", NULL, &result, &err),
        SW_E_UNAVAILABLE, expected);
    assert_null(fake_registry_tag(&world.b, "shop/web", "v1"));
    world_release(&world);
}

static void test_copy__names_a_manifest_that_is_missing(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *expected = NULL;

    (void)state;
    world_init(&world);
    fake_registry_put_as(&world.a, "sparse", "v1", SW_MEDIA_OCI_INDEX, world.image.index.ptr);
    expected = sw_xasprintf("image \"%s/sparse\": manifest %s (unknown/unknown) of the index: "
                            "cannot read manifest %s in \"%s/sparse\": registry \"%s\" does not "
                            "have it (MANIFEST_UNKNOWN: manifest unknown)",
                            HOST_A, world.image.manifest_digests[2],
                            world.image.manifest_digests[2], HOST_A, HOST_A);
    assert_fails(
        copy_to(&world.t.env, HOST_A "/sparse:v1", HOST_B "/shop/web:v1", NULL, &result, &err),
        SW_E_NOT_FOUND, expected);
    world_release(&world);
}

#define FOREIGN_TYPE   "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
#define FOREIGN_DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FOREIGN_MANIFEST                                                                        \
    "{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_DOCKER_MANIFEST                            \
    "\",\"config\":{\"mediaType\":\"" SW_MEDIA_DOCKER_CONFIG                                    \
    "\",\"digest\":\"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"" \
    ",\"size\":2},\"layers\":[{\"mediaType\":\"" FOREIGN_TYPE "\",\"digest\":\"" FOREIGN_DIGEST \
    "\",\"size\":9,\"urls\":[\"https://example.com/layer\"]}]}"

static void test_copy__leaves_foreign_layers_where_they_are(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    fake_registry_put_blob(&world.a, "windows", SW_STR("{}"));
    fake_registry_put(&world.a, "windows", "v1", FOREIGN_MANIFEST);
    /* The fake wants all layers; a registry that knows foreign ones does not. */
    fake_registry_put_blob(&world.b, "shop/web", SW_STR("{}"));
    world.b.foreign_layers = true;
    assert_ok(
        copy_to(&world.t.env, HOST_A "/windows:v1", HOST_B "/shop/web:v1", NULL, &result, &err));
    assert_string_equal(fake_registry_tag(&world.b, "shop/web", "v1")->bytes.ptr, FOREIGN_MANIFEST);
    assert_int_equal(fake_http_count(&world.fake, 0, "HEAD", FOREIGN_DIGEST), 0);
    assert_int_equal(test_env_said(&world.t,
                                   "layer sha256:aaaaaaaaaaaa: not moved, it is a foreign layer "
                                   "(" FOREIGN_TYPE ")\n"),
                     1);
    sw_copy_result_release(&result);
    world_release(&world);
}

static void test_copy__refuses_what_is_no_image(void **state)
{
    struct world world;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    fake_registry_put_as(&world.a, "old", "v1",
                         "application/vnd.docker.distribution.manifest.v1+prettyjws",
                         "{\"schemaVersion\":1,\"name\":\"old\"}");
    assert_int_equal(
        copy_to(&world.t.env, HOST_A "/old:v1", HOST_B "/shop/web:v1", NULL, &result, &err),
        SW_E_INPUT);
    assert_non_null(strstr(err.msg, "image \"" HOST_A "/old\": "
                                    "\"application/vnd.docker.distribution.manifest.v1+prettyjws\" "
                                    "is no kind of manifest that can be moved: sha256:"));
    world_release(&world);
}

/* The sweep's scenario: from one registry to two places. */
static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct world *world = ctx;

    fake_registry_release(&world->a);
    fake_registry_release(&world->b);
    fake_registry_init(&world->a);
    fake_registry_init(&world->b);
    multi_image_put(&world->image, &world->a, "team/app", "multi");
    fake->handler = answer;
    fake->handler_ctx = world;
}

static enum sw_status sweep_run_copy(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_copy_result result;
    enum sw_status status;

    (void)ctx;
    status = copy_to(&t->env, HOST_A "/team/app:multi", HOST_B "/shop/web:v1", NULL, &result, err);
    if (status == SW_OK) {
        sw_copy_result_release(&result);
    }
    return status;
}

/* A tag is there only when everything is. */
static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const struct world *world = ctx;
    const bool whole = multi_image_is_at(&world->image, &world->b, "shop/web", "v1");

    if (run->status == SW_OK) {
        assert_true(whole);
    } else if (fake_registry_tag(&world->b, "shop/web", "v1")) {
        assert_true(whole);
    }
}

/* Bodies that nobody reads may be anything. */
static bool sweep_tolerates(void *ctx, const struct sweep_run *run)
{
    return sweep_is_denied_look(ctx, run) ||
           (run->fault >= SWEEP_GARBAGE && !strstr(run->what, "GET ")) ||
           /* The blob "{}" has no members to go wrong. */
           (run->fault >= SWEEP_WRONG_MEMBERS && strstr(run->what, "/blobs/sha256:44136fa355b3"));
}

static void test_copy__notices_every_fault(void **state)
{
    struct world world;
    const struct sweep sweep = { .name = "copy",
                                 .setup = sweep_setup,
                                 .run = sweep_run_copy,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_tolerates,
                                 .ctx = &world };

    (void)state;
    world_init(&world);
    sweep_all(&sweep);
    world_release(&world);
}

/* Whether its documents are there is asked of both registries side by side. */
static void test_copy__documents_are_looked_for_side_by_side(void **state)
{
    struct world world;
    struct http_gate gate;
    struct sw_copy_result result;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world);
    http_gate_init(&gate, &world.fake.transport, "HEAD", "/manifests/sha256:", 3);
    world.t.env.http = &gate.transport;
    assert_ok(copy_to(&world.t.env, HOST_A "/team/app:multi", HOST_A "/copy:v1," HOST_B "/copy:v1",
                      NULL, &result, &err));
    assert_true(gate.open);
    assert_true(multi_image_is_at(&world.image, &world.a, "copy", "v1"));
    assert_true(multi_image_is_at(&world.image, &world.b, "copy", "v1"));
    sw_copy_result_release(&result);
    http_gate_release(&gate);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy__documents_are_looked_for_side_by_side),
        cmocka_unit_test(test_copy__copies_an_index_whole_and_byte_for_byte),
        cmocka_unit_test(test_copy__writes_subjects_before_what_is_about_them),
        cmocka_unit_test(test_copy__reads_each_blob_once_for_several_registries),
        cmocka_unit_test(test_copy__again_sends_nothing),
        cmocka_unit_test(test_copy__mends_an_index_with_a_hole),
        cmocka_unit_test(test_copy__shares_blobs_within_a_registry),
        cmocka_unit_test(test_copy__shares_from_the_repository_that_has_it),
        cmocka_unit_test(test_copy__takes_one_platform),
        cmocka_unit_test(test_copy__refuses_a_platform_that_is_not_there),
        cmocka_unit_test(test_copy__starts_over_for_one_target),
        cmocka_unit_test(test_copy__passes_no_damaged_blob_on),
        cmocka_unit_test(test_copy__names_a_manifest_that_is_missing),
        cmocka_unit_test(test_copy__leaves_foreign_layers_where_they_are),
        cmocka_unit_test(test_copy__refuses_what_is_no_image),
        cmocka_unit_test(test_copy__notices_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
