#include "test.h"

#include "image/intake.h"

/* Layers that are read and packed side by side. */

enum {
    LAYERS_MAX = 5,
    NOTES_MAX = 64,
};
#define KIB ((size_t)1024)

/* A layer of so many bytes that no other layer begins with. */
struct layer {
    struct sw_intake_source source; /* first: sources are cast back */
    struct sw_memory_part left;
    struct sw_file_part origin; /* where it would lie in a file */
    struct sw_buf bytes;
    size_t fails_at; /* bytes that can be read; 0: all */
    const struct layer *other;
    size_t beside; /* what was left of the other when this one had been read */
    struct sw_blob *blob;
};

/* Some layers, and a push that only takes notes: "<n" begun, "+" one handed on, ">n" made. */
struct scene {
    struct test_env t;
    struct sw_intake intake;
    struct layer layers[LAYERS_MAX];
    size_t count;
    size_t begun;
    size_t made;
    size_t most;  /* that were begun and not made at a time */
    bool refuses; /* what is made */
    char notes[NOTES_MAX];
};

static void note(struct scene *scene, const char *what)
{
    size_t len = strlen(scene->notes);

    (void)snprintf(scene->notes + len, sizeof(scene->notes) - len, "%s ", what);
}

static enum sw_status go_on(SW_UNUSED void *ctx, SW_UNUSED struct sw_err *err)
{
    return SW_OK;
}

static enum sw_status take(void *ctx, SW_UNUSED struct sw_blob *blob, SW_UNUSED struct sw_err *err)
{
    note(ctx, "+");
    return SW_OK;
}

static bool may_stream(SW_UNUSED void *ctx)
{
    return true;
}

static enum sw_status read_layer(void *ctx, char *data, size_t size, size_t *ret_len,
                                 struct sw_err *err)
{
    struct layer *layer = ctx;
    const struct sw_reader memory = sw_memory_reader(&layer->left);

    if (layer->fails_at > 0 && layer->bytes.len - layer->left.len >= layer->fails_at) {
        return sw_fail(err, SW_E_FAILED, "cannot read: disk on fire");
    }
    return memory.read(memory.ctx, data, size, ret_len, err);
}

/* A layer that packs to about half of its size. */
static void add_layer(struct scene *scene, size_t size)
{
    static char names[LAYERS_MAX][8];
    struct layer *layer = &scene->layers[scene->count];
    uint32_t seed = 4711 + (uint32_t)scene->count;

    sw_buf_init(&layer->bytes, SW_BUF_TEXT_MAX);
    while (layer->bytes.len < size) {
        const size_t left = size - layer->bytes.len;
        char word[8];

        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        memset(word, '.', 4);
        memcpy(word + 4, &seed, 4);
        sw_buf_add(&layer->bytes, word, left < sizeof(word) ? left : sizeof(word));
    }
    (void)snprintf(names[scene->count], sizeof(names[0]), "layer-%zu", scene->count);
    layer->left = (struct sw_memory_part){ layer->bytes.ptr, layer->bytes.len };
    layer->origin = (struct sw_file_part){ .fd = -1, .end = (int64_t)size };
    layer->source =
        (struct sw_intake_source){ .in = { read_layer, NULL, layer }, .name = names[scene->count] };
    scene->count++;
}

static void scene_init(struct scene *scene, size_t packers, const size_t *sizes, size_t count)
{
    *scene = (struct scene){ 0 };
    test_env_init(&scene->t);
    scene->intake = (struct sw_intake){
        .env = &scene->t.env, .check = go_on, .ready = take, .may_stream = may_stream, .ctx = scene
    };
    for (size_t i = 0; i < packers; i++) {
        scene->intake.packers[i] = sw_packer_new(&sw_compression_default, 2);
    }
    for (size_t i = 0; i < count; i++) {
        add_layer(scene, sizes[i]);
    }
}

static void scene_release(struct scene *scene)
{
    for (size_t i = 0; i < SW_PACKERS_MAX; i++) {
        sw_packer_free(scene->intake.packers[i]);
    }
    sw_intake_release(&scene->intake);
    for (size_t i = 0; i < scene->count; i++) {
        sw_buf_release(&scene->layers[i].bytes);
    }
    test_env_release(&scene->t);
}

static enum sw_status next(void *ctx, struct sw_intake_source **ret, SW_UNUSED struct sw_err *err)
{
    static const char *const begun[LAYERS_MAX] = { "<0", "<1", "<2", "<3", "<4" };
    struct scene *scene = ctx;

    if (scene->begun < scene->count) {
        note(scene, begun[scene->begun]);
        *ret = &scene->layers[scene->begun++].source;
        if (scene->begun - scene->made > scene->most) {
            scene->most = scene->begun - scene->made;
        }
    }
    return SW_OK;
}

static enum sw_status made(void *ctx, struct sw_intake_source *source, struct sw_blob *blob,
                           struct sw_err *err)
{
    struct scene *scene = ctx;
    static const char *const done[LAYERS_MAX] = { ">0", ">1", ">2", ">3", ">4" };
    struct layer *layer = (struct layer *)source;
    const size_t index = (size_t)(layer - scene->layers);

    note(scene, done[index]);
    scene->made++;
    layer->blob = blob;
    return scene->refuses ? sw_fail(err, SW_E_INPUT, "not this one") : SW_OK;
}

static enum sw_status make_all(struct scene *scene, struct sw_err *err)
{
    const struct sw_intake_layers layers = { next, made, scene };

    return sw_intake_layers(&scene->intake, &layers, err);
}

/* The blob that a layer makes alone. */
static void assert_made_alone(struct layer *layer)
{
    const size_t size = layer->bytes.len;
    struct scene alone;
    struct sw_blob *blob = NULL;
    struct sw_err err = SW_ERR_INIT;
    char diff_id[SW_DIGEST_SIZE];
    struct sw_memory_part part = { layer->bytes.ptr, size };
    const struct sw_intake_source source = { .in = sw_memory_reader(&part) };

    scene_init(&alone, 1, NULL, 0);
    assert_ok(sw_intake_layer(&alone.intake, &source, &blob, &err));
    sw_digest_of(sw_buf_str(&layer->bytes), diff_id);
    assert_string_equal(layer->blob->diff_id, diff_id);
    assert_string_equal(layer->blob->digest, blob->digest);
    assert_int_equal(layer->blob->size, blob->size);
    assert_int_equal(sw_spool_state(layer->blob->spool), SW_SPOOL_WHOLE);
    assert_int_equal(sw_spool_size(layer->blob->spool), blob->size);
    scene_release(&alone);
}

static const size_t sizes[] = { 3000 * KIB, 500 * KIB, 0, 2000 * KIB, 100 };

static void test_making__layers_advance_side_by_side_and_come_out_as_alone(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, sizes, SW_COUNT(sizes));
    assert_ok(make_all(&scene, &err));
    /* Which of two is whole first is a matter of threads. */
    assert_memory_equal(scene.notes, "<0 <1 >", 7);
    assert_int_equal(strlen(scene.notes), SW_COUNT(sizes) * 2 * 3);
    assert_int_equal(scene.most, 2);
    for (size_t i = 0; i < scene.count; i++) {
        assert_made_alone(&scene.layers[i]);
    }
    scene_release(&scene);
}

/* A layer that is read to its end tells how much of the other is left. */
static enum sw_status read_to_end(void *ctx, char *data, size_t size, size_t *ret_len,
                                  struct sw_err *err)
{
    struct layer *layer = ctx;
    const enum sw_status status = read_layer(ctx, data, size, ret_len, err);

    if (*ret_len == 0) {
        layer->beside = layer->other->left.len;
    }
    return status;
}

static void test_making__layers_of_a_file_end_together(void **state)
{
    static const size_t unequal[] = { 3000 * KIB, 1000 * KIB };
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, unequal, SW_COUNT(unequal));
    for (size_t i = 0; i < scene.count; i++) {
        scene.layers[i].source.origin = &scene.layers[i].origin;
        scene.layers[i].source.in.read = read_to_end;
        scene.layers[i].other = &scene.layers[1 - i];
    }
    assert_ok(make_all(&scene, &err));
    for (size_t i = 0; i < scene.count; i++) {
        assert_in_range(scene.layers[i].beside, 0, 256 * KIB);
        assert_made_alone(&scene.layers[i]);
    }
    scene_release(&scene);
}

static void test_making__one_packer_makes_one_after_the_other(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 1, sizes, SW_COUNT(sizes));
    assert_ok(make_all(&scene, &err));
    assert_string_equal(scene.notes, "<0 >0 <1 >1 <2 >2 <3 >3 <4 >4 ");
    for (size_t i = 0; i < scene.count; i++) {
        assert_made_alone(&scene.layers[i]);
    }
    scene_release(&scene);
}

static void test_making__no_layers_are_no_work(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, NULL, 0);
    assert_ok(make_all(&scene, &err));
    assert_string_equal(scene.notes, "");
    assert_int_equal(scene.intake.blob_count, 0);
    scene_release(&scene);
}

static void test_making__a_layer_that_cannot_be_read_breaks_the_other_off(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, sizes, SW_COUNT(sizes));
    scene.layers[1].fails_at = 300 * KIB;
    assert_fails(make_all(&scene, &err), SW_E_FAILED, "\"layer-1\": cannot read: disk on fire");
    assert_string_equal(scene.notes, "<0 <1 ");
    assert_int_equal(sw_spool_state(scene.intake.blobs[0]->spool), SW_SPOOL_BROKEN);
    assert_int_equal(sw_spool_state(scene.intake.blobs[1]->spool), SW_SPOOL_BROKEN);
    /* The packers can be used again. */
    scene.layers[0].left = (struct sw_memory_part){ "again", 5 };
    scene.begun = 0;
    scene.count = 1;
    assert_ok(make_all(&scene, &err));
    assert_int_equal(scene.layers[0].blob->packing, SW_PACKING_GZIP);
    scene.count = SW_COUNT(sizes);
    scene_release(&scene);
}

static void test_making__what_was_made_before_a_failure_stays_whole(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 1, sizes, SW_COUNT(sizes));
    scene.layers[3].fails_at = 1;
    assert_fails(make_all(&scene, &err), SW_E_FAILED, "\"layer-3\": cannot read: disk on fire");
    assert_string_equal(scene.notes, "<0 >0 <1 >1 <2 >2 <3 ");
    assert_int_equal(sw_spool_state(scene.intake.blobs[2]->spool), SW_SPOOL_WHOLE);
    assert_int_equal(sw_spool_state(scene.intake.blobs[3]->spool), SW_SPOOL_BROKEN);
    scene_release(&scene);
}

static void test_making__what_is_made_may_be_refused(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, sizes, 2);
    scene.refuses = true;
    assert_fails(make_all(&scene, &err), SW_E_INPUT, "not this one");
    assert_int_equal(scene.made, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sw_spool_state(scene.intake.blobs[i]->spool),
                         scene.layers[i].blob ? SW_SPOOL_WHOLE : SW_SPOOL_BROKEN);
    }
    scene_release(&scene);
}

static void test_making__both_may_be_handed_on_before_they_are_whole(void **state)
{
    static const size_t large[] = { 6000 * KIB, 6000 * KIB };
    struct sw_err err = SW_ERR_INIT;
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, large, SW_COUNT(large));
    scene.layers[0].source.needed = true;
    scene.layers[1].source.needed = true;
    assert_ok(make_all(&scene, &err));
    assert_memory_equal(scene.notes, "<0 <1 + ", 8);
    assert_int_equal(scene.made, 2);
    assert_true(scene.layers[0].blob->handed_on);
    assert_true(scene.layers[1].blob->handed_on);
    assert_made_alone(&scene.layers[0]);
    assert_made_alone(&scene.layers[1]);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_making__layers_advance_side_by_side_and_come_out_as_alone),
        cmocka_unit_test(test_making__layers_of_a_file_end_together),
        cmocka_unit_test(test_making__one_packer_makes_one_after_the_other),
        cmocka_unit_test(test_making__no_layers_are_no_work),
        cmocka_unit_test(test_making__a_layer_that_cannot_be_read_breaks_the_other_off),
        cmocka_unit_test(test_making__what_was_made_before_a_failure_stays_whole),
        cmocka_unit_test(test_making__what_is_made_may_be_refused),
        cmocka_unit_test(test_making__both_may_be_handed_on_before_they_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
