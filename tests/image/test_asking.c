#include "test.h"

#include "fake_registry.h"
#include "http_gate.h"

#include "image/knowledge.h"

#include <slipway/manifest.h>

/* Which images of a repository are asked for layers, and when asking ends. */

#define HOST       "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define REPOSITORY "team/app"
#define LARGE      ((int64_t)SW_LEARN_SPARE_MAX)

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry at;
    struct http_gate gate;
    struct sw_registry *registry;
    struct sw_learn learn;
};

static void world_init(struct world *world, const char *held, unsigned wanted)
{
    const struct sw_registry_options options = { .push = true };
    struct sw_err err = SW_ERR_INIT;

    fake_registry_set_up(&world->at, &world->fake, &world->t);
    http_gate_init(&world->gate, &world->fake.transport, "GET", held, wanted);
    world->t.env.http = &world->gate.transport;
    assert_ok(sw_registry_new(&world->t.env, HOST, &options, &world->registry, &err));
    sw_learn_init(&world->learn, &world->t.env, world->registry, REPOSITORY);
}

static void world_release(struct world *world)
{
    sw_learn_release(&world->learn);
    sw_registry_free(world->registry);
    http_gate_release(&world->gate);
    fake_registry_tear_down(&world->at, &world->fake, &world->t);
}

/* The layer called 'a', unpacked or as a builder packs it. */
static void digest_of(const char *builder, char layer, char out[SW_DIGEST_SIZE])
{
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("%s %c", builder, layer);

    sw_digest_of(sw_str(text), out);
}

static void config_of(const char *layers, struct sw_buf *out)
{
    char digest[SW_DIGEST_SIZE];

    sw_buf_init(out, SW_BUF_TEXT_MAX);
    sw_buf_addf(out, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
                     "\"diff_ids\":[");
    for (size_t i = 0; layers[i]; i++) {
        digest_of("unpacked", layers[i], digest);
        sw_buf_addf(out, "%s\"%s\"", i > 0 ? "," : "", digest);
    }
    sw_buf_addf(out, "]}}");
}

/* Puts an image with these layers, one letter each, under a tag. */
static void put_image(struct world *world, const char *tag, const char *layers, const char *builder)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf config = { 0 };
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
    char manifest_type[] = SW_MEDIA_DOCKER_MANIFEST;
    struct sw_manifest manifest = { .media_type = manifest_type };
    char config_digest[SW_DIGEST_SIZE];
    char digest[SW_DIGEST_SIZE];
    char type[] = SW_MEDIA_DOCKER_CONFIG;

    config_of(layers, &config);
    sw_digest_of(sw_buf_str(&config), config_digest);
    fake_registry_put_blob(&world->at, REPOSITORY, sw_buf_str(&config));
    manifest.config = (struct sw_descriptor){ .media_type = type,
                                              .digest = config_digest,
                                              .size = (int64_t)config.len };
    for (size_t i = 0; layers[i]; i++) {
        digest_of(builder, layers[i], digest);
        sw_descriptors_add(&manifest.layers, SW_MEDIA_DOCKER_LAYER, digest, 1000);
    }
    sw_buf_init(&bytes, SW_BUF_TEXT_MAX);
    sw_manifest_write(&manifest, &bytes);
    fake_registry_put(&world->at, REPOSITORY, tag, bytes.ptr);
    sw_descriptors_release(&manifest.layers);
}

/* A layer and what it takes to send it. */
struct wanted {
    char layer;
    int64_t size;
};

static void quest_of(const struct wanted *wanted, struct sw_quest *quest)
{
    for (size_t i = 0; wanted[i].layer; i++) {
        struct sw_sought_layer *sought;

        quest->layers =
            sw_grow(quest->layers, quest->count, &quest->capacity, sizeof(*quest->layers));
        sought = &quest->layers[quest->count++];
        *sought = (struct sw_sought_layer){ .size = wanted[i].size };
        digest_of("unpacked", wanted[i].layer, sought->diff_id);
    }
}

/* The word for a request: the tag of a manifest, "list", or "config". */
static const char *word_of(const struct fake_http_request *request)
{
    const char *manifest = strstr(request->url, "/manifests/");

    if (manifest) {
        return manifest + strlen("/manifests/");
    }
    return strstr(request->url, "/tags/list") ? "list" : "config";
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * The requests as words. Manifests that follow each other may come in any order, and are sorted;
 * the look for the image's own configuration comes at any time, and stands at the end.
 */
static char *requests_of(const struct world *world)
{
    const size_t heads = fake_http_count(&world->fake, 0, "HEAD", "/");
    const char *words[32];
    struct sw_buf out;
    size_t count = 0;
    size_t run = 0; /* where the last run of manifests begins */

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    assert_true(world->fake.request_count < SW_COUNT(words));
    for (size_t i = 0; i < world->fake.request_count; i++) {
        const struct fake_http_request *request = &world->fake.requests[i];

        if (strcmp(request->method, "HEAD") == 0) {
            continue;
        }
        words[count++] = word_of(request);
        if (!strstr(request->url, "/manifests/")) {
            qsort((void *)(words + run), count - 1 - run, sizeof(words[0]), compare);
            run = count;
        }
    }
    for (size_t i = 0; i < count; i++) {
        sw_buf_addf(&out, "%s%s", i > 0 ? " " : "", words[i]);
    }
    sw_buf_add_cstr(&out, heads > 0 ? " HEAD" : "");
    return out.len > 0 ? sw_buf_take(&out) : sw_xstrdup("");
}

/* Which of the layers are known, and from which tags: "a:v1 b:latest". */
static char *answers_of(const struct world *world, const struct sw_quest *quest,
                        const struct wanted *wanted)
{
    struct sw_buf out;

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < quest->count; i++) {
        const struct sw_known_layer *known = sw_learn_find(&world->learn, quest->layers[i].diff_id);
        char digest[SW_DIGEST_SIZE];

        if (known) {
            assert_memory_equal(known->from, "tag ", 4);
            digest_of(known->from + 4, wanted[i].layer, digest);
            assert_string_equal(known->digest, digest);
            sw_buf_addf(&out, "%s%c:%s", out.len > 0 ? " " : "", wanted[i].layer, known->from + 4);
        }
    }
    return out.len > 0 ? sw_buf_take(&out) : sw_xstrdup("");
}

enum { IMAGES_MAX = 6, WANTED_MAX = 6 };

static const struct asking_case {
    const char *name;
    struct {
        const char *tag;
        const char *layers;
        const char *as; /* the tag whose image it is, too */
    } images[IMAGES_MAX];
    struct wanted wanted[WANTED_MAX];
    const char *named[3];   /* by people */
    const char *tags[3];    /* asked before the list */
    const char *configured; /* layers of the image that is pushed, when its id is known */
    const char *requests;
    const char *answers;
} asking_cases[] = {
    { .name = "the first image knows all",
      .images = { { "v1", "ab", NULL }, { "v2", "ab", NULL } },
      .wanted = { { 'a', LARGE }, { 'b', LARGE } },
      .requests = "list v2 config",
      .answers = "a:v2 b:v2" },
    { .name = "the rest is small",
      .images = { { "v1", "abc", NULL }, { "v2", "ab", NULL } },
      .wanted = { { 'a', LARGE }, { 'b', LARGE }, { 'c', LARGE - 1 } },
      .requests = "list v2 config",
      .answers = "a:v2 b:v2" },
    { .name = "the rest is large: the others are asked together",
      .images = { { "v1", "abc", NULL }, { "v2", "ab", NULL }, { "v3", "ab", NULL } },
      .wanted = { { 'a', 1 }, { 'b', 1 }, { 'c', LARGE } },
      .requests = "list v3 config v1 v2 config config",
      .answers = "a:v3 b:v3 c:v1" },
    { .name = "the rest is large together",
      .images = { { "v1", "abcd", NULL }, { "v2", "ab", NULL } },
      .wanted = { { 'a', 1 }, { 'b', 1 }, { 'c', LARGE / 2 }, { 'd', LARGE / 2 } },
      .requests = "list v2 config v1 config",
      .answers = "a:v2 b:v2 c:v1 d:v1" },
    { .name = "how large the rest is nobody knows",
      .images = { { "v1", "abc", NULL }, { "v2", "ab", NULL } },
      .wanted = { { 'a', 1 }, { 'b', 1 }, { 'c', -1 } },
      .requests = "list v2 config v1 config",
      .answers = "a:v2 b:v2 c:v1" },
    { .name = "an image of another service shares nothing",
      .images = { { "v1", "ab", NULL }, { "v2", "xy", NULL } },
      .wanted = { { 'a', 1 }, { 'b', 1 } },
      .requests = "list v2 config v1 config",
      .answers = "a:v1 b:v1" },
    { .name = "the whole image is there, under the third tag",
      .images = { { "v1", "abc", NULL }, { "v2", "abd", NULL }, { "v3", "abe", NULL } },
      .wanted = { { 'a', LARGE }, { 'b', LARGE }, { 'c', 1 } },
      .configured = "abc",
      .requests = "list v3 config v1 v2 config config HEAD",
      .answers = "a:v3 b:v3 c:v1" },
    { .name = "the whole image is not there",
      .images = { { "v1", "abcd", NULL }, { "v2", "ab", NULL } },
      .wanted = { { 'a', LARGE }, { 'b', LARGE }, { 'c', 1 } },
      .configured = "abc",
      .requests = "list v2 config HEAD",
      .answers = "a:v2 b:v2" },
    { .name = "named images are asked for the smallest layer, before others",
      .images = { { "v1", "abc", NULL }, { "v2", "ab", NULL }, { "v3", "abc", NULL } },
      .wanted = { { 'a', 1 }, { 'b', 1 }, { 'c', 1 } },
      .named = { "v2", "v1" },
      .tags = { "v3" },
      .requests = "v1 v2 config config",
      .answers = "a:v2 b:v2 c:v1" },
    { .name = "one at a time until one has told its layers",
      .images = { { "v1", "ab", NULL } },
      .wanted = { { 'a', LARGE } },
      .tags = { "gone", "latest" },
      .requests = "gone latest list v1 config",
      .answers = "a:v1" },
    { .name = "two tags of one image",
      .images = { { "v1", "ac", NULL }, { "v2", "ab", NULL }, { "v3", "ab", .as = "v2" } },
      .wanted = { { 'a', 1 }, { 'b', 1 }, { 'c', LARGE } },
      .tags = { "v2" },
      .requests = "v2 config list v1 v3 config",
      .answers = "a:v2 b:v2 c:v1" },
    { .name = "four images at most",
      .images = { { "v1", "b", NULL },
                  { "v2", "a", NULL },
                  { "v3", "ax", NULL },
                  { "v4", "ay", NULL },
                  { "v5", "az", NULL } },
      .wanted = { { 'a', LARGE }, { 'b', LARGE } },
      .requests = "list v5 config v2 v3 v4 config config config",
      .answers = "a:v5" },
    { .name = "nothing is wanted",
      .images = { { "v1", "ab", NULL } },
      .requests = "",
      .answers = "" },
};

static void ask(const struct asking_case *c)
{
    SW_CLEANUP(sw_free_str) char *requests = NULL;
    SW_CLEANUP(sw_free_str) char *answers = NULL;
    SW_CLEANUP(sw_buf_release) struct sw_buf config = { 0 };
    struct sw_quest quest = { 0 };
    struct world world;

    print_message("%s\n", c->name);
    world_init(&world, "", 0);
    for (size_t i = 0; i < IMAGES_MAX && c->images[i].tag; i++) {
        const char *as = c->images[i].as;

        put_image(&world, c->images[i].tag, c->images[i].layers, as ? as : c->images[i].tag);
    }
    for (size_t i = 0; i < SW_COUNT(c->named) && c->named[i]; i++) {
        sw_learn_add_named(&world.learn, c->named[i]);
    }
    for (size_t i = 0; i < SW_COUNT(c->tags) && c->tags[i]; i++) {
        sw_learn_add(&world.learn, c->tags[i]);
    }
    if (c->configured) {
        config_of(c->configured, &config);
        sw_digest_of(sw_buf_str(&config), quest.config);
    }
    quest_of(c->wanted, &quest);
    sw_learn_ask(&world.learn, &quest);
    requests = requests_of(&world);
    answers = answers_of(&world, &quest, c->wanted);
    assert_string_equal(requests, c->requests);
    assert_string_equal(answers, c->answers);
    free(quest.layers);
    world_release(&world);
}

static void test_asking__ends_where_it_costs_more_than_it_saves(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(asking_cases); i++) {
        ask(&asking_cases[i]);
    }
}

/* Three images are asked side by side; the first in the order counts, whichever answers first. */
static void test_asking__the_first_image_counts_however_the_answers_come(void **state)
{
    static const struct wanted wanted[] = { { 'a', 1 }, { 'b', LARGE }, { 'c', LARGE }, { 0, 0 } };
    static const char *const held[] = { "/manifests/v", "/blobs/" };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(held); i++) {
        SW_CLEANUP(sw_free_str) char *answers = NULL;
        struct sw_quest quest = { 0 };
        struct world world;

        /* The first request for each is made alone, and must not be held. */
        world_init(&world, "nothing", 2);
        put_image(&world, "v1", "abc", "v1");
        put_image(&world, "v2", "abc", "v2");
        put_image(&world, "v3", "ab", "v3");
        put_image(&world, "main", "a", "main");
        sw_learn_add(&world.learn, "main");
        quest_of(wanted, &quest);
        world.learn.listed = true;
        sw_learn_ask(&world.learn, &quest);
        world.learn.listed = false;
        world.gate.part = held[i];
        sw_learn_ask(&world.learn, &quest);
        answers = answers_of(&world, &quest, wanted);
        assert_string_equal(answers, "a:main b:v3 c:v2");
        assert_true(world.gate.open);
        assert_int_equal(world.gate.most, 2);
        free(quest.layers);
        world_release(&world);
    }
}

static void refuse_reading(void *ctx, const struct fake_http_request *request,
                           struct fake_http_answer *answer)
{
    struct world *world = ctx;

    if (strstr(request->url, "/manifests/v2")) {
        answer->status = 403;
        answer->body = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not for you\"}]}";
        return;
    }
    fake_registry_answer(&world->at, request, answer);
}

/* What was asked behind a refusal does not count, and nothing more is asked. */
static void test_asking__a_refusal_ends_it(void **state)
{
    static const struct wanted wanted[] = {
        { 'a', LARGE }, { 'b', LARGE }, { 'c', LARGE }, { 'd', LARGE }, { 0, 0 }
    };
    SW_CLEANUP(sw_free_str) char *answers = NULL;
    struct sw_quest quest = { 0 };
    struct world world;
    size_t before;

    (void)state;
    world_init(&world, "", 0);
    world.fake.handler = refuse_reading;
    world.fake.handler_ctx = &world;
    put_image(&world, "v1", "abcd", "v1");
    put_image(&world, "v2", "abc", "v2");
    put_image(&world, "v3", "ab", "v3");
    put_image(&world, "v4", "a", "v4");
    quest_of(wanted, &quest);
    sw_learn_ask(&world.learn, &quest);
    answers = answers_of(&world, &quest, wanted);
    assert_string_equal(answers, "a:v4 b:v3");
    assert_true(world.learn.refused);
    before = world.fake.request_count;
    sw_learn_ask(&world.learn, &quest);
    assert_int_equal(world.fake.request_count, before);
    free(quest.layers);
    world_release(&world);
}

static void test_asking__a_wish_to_stop_ends_it(void **state)
{
    static const struct wanted wanted[] = { { 'a', LARGE }, { 0, 0 } };
    struct sw_quest quest = { 0 };
    struct world world;

    (void)state;
    world_init(&world, "", 0);
    put_image(&world, "v1", "a", "v1");
    quest_of(wanted, &quest);
    world.t.stop = true;
    sw_learn_ask(&world.learn, &quest);
    assert_int_equal(world.fake.request_count, 0);
    free(quest.layers);
    world_release(&world);
}

/* What an image tells of eight layers, seven of which are there. */
static enum sw_status learn_eight(struct world *world, struct sw_knowledge *knowledge,
                                  struct sw_err *err)
{
    struct sw_push_place place = { world->registry, HOST, REPOSITORY };
    const struct sw_places places = { .items = &place, .count = 1 };
    const struct sw_strs none = { 0 };
    struct sw_wanted_layer layers[8] = { 0 };
    const struct sw_wanted wanted = { .layers = layers, .count = SW_COUNT(layers) };
    char diff_ids[8][SW_DIGEST_SIZE];
    enum sw_status status;

    put_image(world, "latest", "abcdefgh", "latest");
    for (size_t i = 0; i < SW_COUNT(layers); i++) {
        const char layer = (char)('a' + (char)i);
        SW_CLEANUP(sw_free_str) char *bytes = sw_xasprintf("latest %c", layer);

        digest_of("unpacked", layer, diff_ids[i]);
        layers[i] = (struct sw_wanted_layer){ diff_ids[i], LARGE };
        if (layer != 'c') {
            fake_registry_put_blob(&world->at, REPOSITORY, sw_str(bytes));
        }
    }
    sw_knowledge_init(knowledge, &world->t.env, &places, &none);
    sw_knowledge_add(knowledge, "latest");
    status = sw_knowledge_learn(knowledge, &wanted, err);
    for (size_t i = 0; status == SW_OK && i < SW_COUNT(layers); i++) {
        const struct sw_known_layer *known = sw_knowledge_find(knowledge, diff_ids[i]);

        assert_true((known != NULL) == (i != 2));
    }
    return status;
}

static void test_asking__known_layers_are_looked_for_side_by_side(void **state)
{
    struct sw_knowledge knowledge;
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, "/blobs/", 4);
    world.gate.method = "HEAD";
    assert_ok(learn_eight(&world, &knowledge, &err));
    assert_true(world.gate.open);
    assert_int_equal(world.gate.most, 4);
    assert_int_equal(fake_http_count(&world.fake, 0, "HEAD", "/blobs/"), 8);
    sw_knowledge_release(&knowledge);
    world_release(&world);
}

static void refuse_looking(void *ctx, const struct fake_http_request *request,
                           struct fake_http_answer *answer)
{
    struct world *world = ctx;
    char forbidden[SW_DIGEST_SIZE];
    char odd[SW_DIGEST_SIZE];

    digest_of("latest", 'b', forbidden);
    digest_of("latest", 'g', odd);
    fake_registry_answer(&world->at, request, answer);
    if (strstr(request->url, forbidden)) {
        answer->status = 403;
    }
    if (strstr(request->url, odd)) {
        answer->status = 400;
    }
}

/* Of several failures the first in the image's order is told. */
static void test_asking__the_first_failure_is_told(void **state)
{
    struct sw_knowledge knowledge;
    struct world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    world_init(&world, "", 0);
    world.fake.handler = refuse_looking;
    world.fake.handler_ctx = &world;
    assert_int_equal(learn_eight(&world, &knowledge, &err), SW_E_DENIED);
    sw_knowledge_release(&knowledge);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asking__ends_where_it_costs_more_than_it_saves),
        cmocka_unit_test(test_asking__the_first_image_counts_however_the_answers_come),
        cmocka_unit_test(test_asking__a_refusal_ends_it),
        cmocka_unit_test(test_asking__a_wish_to_stop_ends_it),
        cmocka_unit_test(test_asking__known_layers_are_looked_for_side_by_side),
        cmocka_unit_test(test_asking__the_first_failure_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
