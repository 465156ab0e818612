#include "test.h"

#include "image/archive.h"
#include "tar_file.h"

/* Archives that pass by, layer after layer, and what becomes of each. */

enum { LARGE = 10 * 1024 * 1024 }; /* more than a compressor holds */

/* An archive of one layer, as Docker up to 24 names it, and a push that only takes notes. */
struct scene {
    struct test_env t;
    struct sw_intake intake;
    struct sw_archive archive;
    struct sw_buf layer;
    struct sw_buf tar;
    struct sw_strs wanted; /* its diff id */
    struct sw_known_layer known;
    bool is_known;
    struct sw_blob *handed_on;
    size_t handed_count;
    bool whole; /* the blob that was handed on had a digest */
};

static enum sw_status go_on(SW_UNUSED void *ctx, SW_UNUSED struct sw_err *err)
{
    return SW_OK;
}

static enum sw_status has_all(SW_UNUSED void *ctx, SW_UNUSED const char *digest, bool *ret,
                              SW_UNUSED struct sw_err *err)
{
    *ret = true;
    return SW_OK;
}

static const struct sw_known_layer *learned(void *ctx, const char *diff_id)
{
    const struct scene *scene = ctx;
    bool known = scene->is_known && strcmp(diff_id, scene->known.diff_id) == 0;

    return known ? &scene->known : NULL;
}

static enum sw_status take(void *ctx, struct sw_blob *blob, SW_UNUSED struct sw_err *err)
{
    struct scene *scene = ctx;

    scene->handed_on = blob;
    scene->handed_count++;
    scene->whole = blob->digest[0] != '\0';
    return SW_OK;
}

static bool may_stream(SW_UNUSED void *ctx)
{
    return true;
}

static void scene_init(struct scene *scene)
{
    char digest[SW_DIGEST_SIZE];
    uint32_t seed = 4711;

    *scene = (struct scene){ .archive = { .fd = -1 } };
    test_env_init(&scene->t);
    scene->intake = (struct sw_intake){ .env = &scene->t.env,
                                        .packers = { sw_packer_new(&sw_compression_default, 2) },
                                        .check = go_on,
                                        .has = has_all,
                                        .learned = learned,
                                        .ready = take,
                                        .may_stream = may_stream,
                                        .ctx = scene };
    sw_buf_init(&scene->layer, SW_BUF_TEXT_MAX);
    while (scene->layer.len < LARGE) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        sw_buf_add(&scene->layer, &seed, sizeof(seed));
    }
    sw_digest_of(sw_buf_str(&scene->layer), digest);
    sw_strs_add(&scene->wanted, sw_str(digest));
    memcpy(scene->known.diff_id, digest, sizeof(digest));
    sw_digest_of(SW_STR("packed elsewhere"), scene->known.digest);
    scene->known.size = 1234;
    scene->known.packing = SW_PACKING_GZIP;
    scene->known.from = sw_xstrdup("latest");
    sw_buf_init(&scene->tar, SW_BUF_TEXT_MAX);
    tar_file_add(&scene->tar, "aaaa/layer.tar", sw_buf_str(&scene->layer));
    tar_file_end(&scene->tar);
}

static void scene_release(struct scene *scene)
{
    free(scene->known.from);
    sw_strs_release(&scene->wanted);
    sw_buf_release(&scene->tar);
    sw_buf_release(&scene->layer);
    sw_archive_release(&scene->archive);
    sw_packer_free(scene->intake.packers[0]);
    sw_intake_release(&scene->intake);
    test_env_release(&scene->t);
}

static void pass(struct scene *scene, bool all_needed)
{
    struct sw_memory_part part = { scene->tar.ptr, scene->tar.len };
    const struct sw_archive_wish wish = { .layers = &scene->wanted, .all_needed = all_needed };
    struct sw_err err = SW_ERR_INIT;

    assert_ok(
        sw_archive_take(&scene->archive, sw_memory_reader(&part), &scene->intake, &wish, &err));
    assert_int_equal(scene->handed_count, 1);
    assert_ptr_equal(sw_archive_find(&scene->archive, "aaaa/layer.tar")->blob, scene->handed_on);
    assert_string_equal(scene->handed_on->diff_id, scene->wanted.items[0]);
}

static void test_passing__a_needed_layer_is_handed_on_before_it_has_passed(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    pass(&scene, true);
    assert_false(scene.whole);
    assert_true(scene.handed_on->digest[0] != '\0');
    scene_release(&scene);
}

static void test_passing__a_layer_that_may_be_known_is_awaited(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    pass(&scene, false);
    assert_true(scene.whole);
    scene_release(&scene);
}

/* Its name does not tell what it is; what was made of it is dropped. */
static void test_passing__a_layer_that_turns_out_to_be_known_is_not_sent(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    scene.is_known = true;
    pass(&scene, false);
    assert_string_equal(scene.handed_on->digest, scene.known.digest);
    assert_string_equal(scene.handed_on->learned_from, "latest");
    assert_int_equal(scene.handed_on->size, 1234);
    scene_release(&scene);
}

static void test_passing__a_layer_of_another_image_is_kept_back(void **state)
{
    struct scene scene;
    struct sw_memory_part part;
    const struct sw_strs nothing = { 0 };
    const struct sw_archive_wish wish = { .layers = &nothing };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    scene_init(&scene);
    part = (struct sw_memory_part){ scene.tar.ptr, scene.tar.len };
    assert_ok(sw_archive_take(&scene.archive, sw_memory_reader(&part), &scene.intake, &wish, &err));
    assert_int_equal(scene.handed_count, 0);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passing__a_needed_layer_is_handed_on_before_it_has_passed),
        cmocka_unit_test(test_passing__a_layer_that_may_be_known_is_awaited),
        cmocka_unit_test(test_passing__a_layer_that_turns_out_to_be_known_is_not_sent),
        cmocka_unit_test(test_passing__a_layer_of_another_image_is_kept_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
