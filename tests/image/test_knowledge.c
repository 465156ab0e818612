#include "test.h"

#include "fake_registry.h"
#include "gzip_add.h"
#include "image_file.h"
#include "ref_list.h"
#include "sweep.h"

#include <slipway/image.h>
#include <slipway/manifest.h>

#include <unistd.h>

/* Sharing with other repositories, checking what was learned, and several registries at once. */

#define HOST_A "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define HOST_B "123456789012.dkr.ecr.us-east-1.amazonaws.com"

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry a;
    struct fake_registry b;
    struct image_file file;
};

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct world *world = ctx;

    fake_registry_answer(strstr(request->url, HOST_A) ? &world->a : &world->b, request, answer);
}

static void world_init(struct world *world)
{
    test_env_init(&world->t);
    fake_http_init(&world->fake);
    fake_registry_init(&world->a);
    fake_registry_init(&world->b);
    world->fake.handler = answer;
    world->fake.handler_ctx = world;
    world->t.env.http = &world->fake.transport;
    image_file_build(&world->file, IMAGE_DOCKER_24, IMAGE_FINE);
}

static void world_release(struct world *world)
{
    image_file_release(&world->file);
    fake_registry_release(&world->a);
    fake_registry_release(&world->b);
    fake_http_done(&world->fake);
    test_env_release(&world->t);
}

/* Pushes the archive to a comma list of references. */
static enum sw_status push(struct world *world, const char *refs, struct sw_push_options options,
                           struct sw_push_result *result, struct sw_err *err)
{
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_free_str) char *path = image_file_write(sw_buf_str(&world->file.tar));
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("docker-archive:%s", path);
    SW_CLEANUP(ref_list_release) struct ref_list targets = { 0 };
    enum sw_status status;

    options.uploads = 1;
    options.workers = 1;
    ref_list_init(&targets, refs);
    status = sw_image_source_open(&world->t.env, text, NULL, &source, err);
    if (status == SW_OK) {
        status = sw_image_push(&world->t.env, source, targets.items, targets.count, &options,
                               result, err);
    }
    (void)unlink(path);
    return status;
}

/* A push that only prepares the scene; its requests and words are forgotten by their number. */
static size_t push_before(struct world *world, const char *ref)
{
    const struct sw_push_options options = { .no_learn = true };
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;

    assert_ok(push(world, ref, options, &result, &err));
    sw_push_result_release(&result);
    sw_buf_clear(&world->t.said);
    return world->fake.request_count;
}

/* The layers of team/base:latest are recognised, and shared without being read or sent. */
static void test_knowledge__shares_what_another_repository_has(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_push_options options = { 0 };
    size_t before;

    (void)state;
    world_init(&world);
    world.a.mounts = true;
    before = push_before(&world, HOST_A "/team/base:latest");
    sw_strs_add(&options.mount_from, SW_STR("team/base"));
    assert_ok(push(&world, HOST_A "/team/new:v1", options, &result, &err));
    assert_int_equal(result.bytes_sent, 0);
    assert_true(result.bytes_mounted > 0);
    assert_int_equal(result.bytes_skipped, 0);
    assert_false(result.layers[0].sent || result.layers[1].sent);
    assert_int_equal(fake_http_count(&world.fake, before, "POST", "&from=team%2Fbase"), 3);
    assert_int_equal(fake_http_count(&world.fake, before, "PUT", "/blobs/"), 0);
    assert_int_equal(test_env_said(&world.t, ": mounted from team/base, "), 3);
    assert_int_equal(test_env_said(&world.t, " mounted, 0 B already there\n"), 1);
    assert_string_equal(fake_registry_tag(&world.a, "team/new", "v1")->bytes.ptr,
                        fake_registry_tag(&world.a, "team/base", "latest")->bytes.ptr);
    sw_push_result_release(&result);

    /* Once more there is nothing to share. */
    before = world.fake.request_count;
    assert_ok(push(&world, HOST_A "/team/new:v2", options, &result, &err));
    assert_int_equal(fake_http_count(&world.fake, before, "POST", "/"), 0);
    assert_int_equal(result.bytes_mounted, 0);
    sw_push_result_release(&result);
    sw_strs_release(&options.mount_from);
    world_release(&world);
}

/* A registry that does not share opens an upload instead (202). */
static void test_knowledge__sends_what_is_not_shared(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    struct sw_push_options options = { 0 };
    size_t before;

    (void)state;
    for (int no_learn = 0; no_learn < 2; no_learn++) {
        world_init(&world);
        before = push_before(&world, HOST_A "/team/base:latest");
        options.no_learn = no_learn;
        sw_strs_add(&options.mount_from, SW_STR("team/base"));
        assert_ok(push(&world, HOST_A "/team/new:v1", options, &result, &err));
        assert_true(result.bytes_sent > 0);
        assert_int_equal(result.bytes_mounted, 0);
        assert_int_equal(fake_http_count(&world.fake, before, "PUT", "/team/new/blobs/"), 3);
        if (no_learn) {
            /* Each is asked for once, and the upload that opens is the one that is used. */
            assert_int_equal(fake_http_count(&world.fake, before, "POST", "/"), 3);
            assert_int_equal(fake_http_count(&world.fake, before, "POST", "mount="), 3);
        }
        assert_string_equal(fake_registry_tag(&world.a, "team/new", "v1")->bytes.ptr,
                            fake_registry_tag(&world.a, "team/base", "latest")->bytes.ptr);
        sw_push_result_release(&result);
        sw_strs_release(&options.mount_from);
        world_release(&world);
    }
}

/* Only a repository of the same registry can share. */
static void test_knowledge__reads_and_compresses_once_for_several_registries(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct sw_push_options options = { 0 };
    const struct fake_registry_item *one;
    const struct fake_registry_item *two;

    (void)state;
    world_init(&world);
    assert_ok(push(&world, HOST_A "/team/app:v1," HOST_B "/shop:v1," HOST_B "/shop:latest", options,
                   &result, &err));
    one = fake_registry_tag(&world.a, "team/app", "v1");
    two = fake_registry_tag(&world.b, "shop", "v1");
    assert_string_equal(one->bytes.ptr, two->bytes.ptr);
    assert_string_equal(fake_registry_tag(&world.b, "shop", "latest")->bytes.ptr, one->bytes.ptr);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", HOST_A "/v2/team/app/blobs/"), 3);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", HOST_B "/v2/shop/blobs/"), 3);
    assert_int_equal(test_env_said(&world.t, ": sent in " HOST_A "/team/app, "), 3);
    assert_int_equal(test_env_said(&world.t, ": sent in " HOST_B "/shop, "), 3);
    sw_push_result_release(&result);

    /* One that has it and one that has not: read once more, sent to one only. */
    assert_ok(push(&world, HOST_A "/team/app:v2," HOST_B "/other:v2", options, &result, &err));
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", HOST_A "/v2/team/app/blobs/"), 3);
    assert_int_equal(fake_http_count(&world.fake, 0, "PUT", HOST_B "/v2/other/blobs/"), 3);
    assert_true(result.bytes_sent > 0 && result.bytes_sent == result.bytes_skipped);
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_knowledge__checks_what_it_learned(void **state)
{
    const struct sw_push_options options = { .verify_learned = true };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    size_t before;

    (void)state;
    world_init(&world);
    before = push_before(&world, HOST_A "/team/app:v1");
    assert_ok(push(&world, HOST_A "/team/app:v2", options, &result, &err));
    assert_int_equal(result.bytes_sent, 0);
    /* The configuration, and both layers. */
    assert_int_equal(fake_http_count(&world.fake, before, "GET", "/blobs/"), 3);
    assert_int_equal(test_env_said(&world.t, "warning"), 0);
    assert_int_equal(test_env_said(&world.t, "(learned from tag v1)"), 2);
    sw_push_result_release(&result);
    world_release(&world);
}

/* Puts an image that pairs the diff ids of the archive with layers that are something else. */
static void plant(struct world *world, struct sw_str packed, const char *digest, size_t size)
{
    SW_CLEANUP(sw_free_str) char *manifest = NULL;

    fake_registry_put_blob(&world->a, "team/app", packed);
    fake_registry_put_blob(&world->a, "team/app", sw_buf_str(&world->file.config));
    manifest =
        sw_xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":"
                     "\"%s\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
                     "\"%s\",\"digest\":\"%s\",\"size\":%zu},{\"mediaType\":\"%s\","
                     "\"digest\":\"%s\",\"size\":%zu}]}",
                     SW_MEDIA_DOCKER_MANIFEST, SW_MEDIA_DOCKER_CONFIG, world->file.config_digest,
                     world->file.config.len, SW_MEDIA_DOCKER_LAYER, digest, size,
                     SW_MEDIA_DOCKER_LAYER, digest, size);
    fake_registry_put(&world->a, "team/app", "latest", manifest);
}

static enum sw_status collect(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

/* gzip of some text. */
static void pack(const char *text, struct sw_buf *out)
{
    SW_CLEANUP(sw_gzip_cleanup) struct sw_gzip *gzip = sw_gzip_new(1, SW_GZIP_LEVEL_DEFAULT);
    const struct sw_gzip_sink sink = { .write = collect, .ctx = out };
    struct sw_err err = SW_ERR_INIT;

    sw_buf_init(out, SW_BUF_TEXT_MAX);
    sw_gzip_begin(gzip, &sink);
    assert_ok(gzip_add(gzip, text, strlen(text), &err));
    assert_ok(sw_gzip_end(gzip, &err));
}

/* A gzip of another layer, garbage, and a size that is a lie: each is seen, told and sent anew. */
static void test_knowledge__sends_anew_what_is_not_what_it_was_said_to_be(void **state)
{
    static const struct {
        const char *name;
        bool other_layer;
        int longer;
        const char *message;
    } cases[] = {
        { "another layer", true, 0, "is not used: it unpacks to sha256:" },
        { "no gzip", false, 0, "is not used: " },
        { "cut short", true, 7, "bytes instead of" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_push_options options = { .verify_learned = true };
        struct world world;
        struct sw_push_result result;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_buf_release) struct sw_buf other = { 0 };
        struct sw_str packed = SW_STR("this is no gzip");
        char digest[SW_DIGEST_SIZE];

        print_message("%s\n", cases[i].name);
        world_init(&world);
        pack("not the layer", &other);
        if (cases[i].other_layer) {
            packed = sw_buf_str(&other);
        }
        sw_digest_of(packed, digest);
        plant(&world, packed, digest, packed.len + (size_t)cases[i].longer);
        assert_ok(push(&world, HOST_A "/team/app:v1", options, &result, &err));
        assert_true(result.layers[0].sent && result.layers[1].sent);
        assert_string_not_equal(result.layers[0].digest, digest);
        assert_int_equal(test_env_said(&world.t, "warning: layer sha256:"), 2);
        assert_int_equal(test_env_said(&world.t, ", learned from tag latest, is not used: "), 2);
        assert_true(test_env_said(&world.t, cases[i].message) > 0);
        sw_push_result_release(&result);
        world_release(&world);
    }
}

/* Without the check the same layer is taken: the runtime would notice. */
static void test_knowledge__believes_without_a_check(void **state)
{
    const struct sw_push_options options = { 0 };
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    char digest[SW_DIGEST_SIZE];

    (void)state;
    world_init(&world);
    sw_digest_of(SW_STR("this is no gzip"), digest);
    plant(&world, SW_STR("this is no gzip"), digest, strlen("this is no gzip"));
    assert_ok(push(&world, HOST_A "/team/app:v1", options, &result, &err));
    assert_string_equal(result.layers[0].digest, digest);
    assert_int_equal(result.bytes_sent, 0);
    sw_push_result_release(&result);
    world_release(&world);
}

struct sweeping {
    struct world *world;
    struct sw_push_options options;
};

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct sweeping *sweeping = ctx;
    struct world *world = sweeping->world;
    struct fake_registry *a = &world->a;

    fake_registry_release(a);
    fake_registry_init(a);
    a->mounts = true;
    /* team/base:latest is made of what the archive holds. */
    (void)push_before(world, HOST_A "/team/base:latest");
    fake->handler = answer;
    fake->handler_ctx = world;
}

static enum sw_status sweep_run_push(void *ctx, struct test_env *t, struct sw_err *err)
{
    const struct sweeping *sweeping = ctx;
    const struct sw_http_transport *before = sweeping->world->t.env.http;
    struct sw_push_result result;
    enum sw_status status;

    sweeping->world->t.env.http = t->env.http;
    status = push(sweeping->world, HOST_A "/team/new:v1", sweeping->options, &result, err);
    sweeping->world->t.env.http = before;
    if (status == SW_OK) {
        sw_push_result_release(&result);
    }
    return status;
}

/* Whatever goes wrong with learning and sharing: the image that is pushed is the image. */
static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const struct sweeping *sweeping = ctx;
    const struct fake_registry_item *item =
        fake_registry_tag(&sweeping->world->a, "team/new", "v1");

    if (run->status == SW_OK) {
        assert_non_null(item);
        assert_string_equal(
            item->bytes.ptr,
            fake_registry_tag(&sweeping->world->a, "team/base", "latest")->bytes.ptr);
    }
}

/*
 * Learning, checking and sharing are tries, made on one thread while another one sends: what counts
 * is sweep_verify.
 */
static bool sweep_tolerates(SW_UNUSED void *ctx, SW_UNUSED const struct sweep_run *run)
{
    return true;
}

static void test_knowledge__survives_every_fault(void **state)
{
    struct world world;
    struct sweeping sweeping = { .world = &world, .options = { .verify_learned = true } };
    const struct sweep sweep = { .name = "push with sharing",
                                 .setup = sweep_setup,
                                 .run = sweep_run_push,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_tolerates,
                                 .ctx = &sweeping };

    (void)state;
    world_init(&world);
    sw_strs_add(&sweeping.options.mount_from, SW_STR("team/base"));
    sweep_all(&sweep);
    sw_strs_release(&sweeping.options.mount_from);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knowledge__shares_what_another_repository_has),
        cmocka_unit_test(test_knowledge__sends_what_is_not_shared),
        cmocka_unit_test(test_knowledge__reads_and_compresses_once_for_several_registries),
        cmocka_unit_test(test_knowledge__checks_what_it_learned),
        cmocka_unit_test(test_knowledge__sends_anew_what_is_not_what_it_was_said_to_be),
        cmocka_unit_test(test_knowledge__believes_without_a_check),
        cmocka_unit_test(test_knowledge__survives_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
