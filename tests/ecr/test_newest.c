/* Which images were pushed last: what AWS is asked, and what is made of its answers. */
#include "ecr_world.h"

#include <slipway/ecr.h>

#define HOST "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
#define URL  "https://api.ecr.eu-west-1.amazonaws.com/"

#define FIRST_PAGE                                                                          \
    "{\"repositoryName\":\"team/app\",\"registryId\":\"210987654321\",\"maxResults\":1000," \
    "\"filter\":{\"tagStatus\":\"TAGGED\"}}"
#define SECOND_PAGE                                                                         \
    "{\"repositoryName\":\"team/app\",\"registryId\":\"210987654321\",\"maxResults\":1000," \
    "\"filter\":{\"tagStatus\":\"TAGGED\"},\"nextToken\":\"more\"}"

static const char token_reply[] =
    "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOmZyb20tZWNy\"}]}";

struct world {
    struct ecr_world w;
    struct sw_ecr_auth auth;
    struct sw_strs tags;
    struct sw_err err;
};

/* Signs in to `host` as a push does before it learns. */
static void sign_in(struct world *world, const char *host)
{
    char *user SW_CLEANUP(sw_free_str) = NULL;
    char *secret SW_CLEANUP(sw_free_secret_str) = NULL;
    assert_int_equal(
        world->auth.callback.get(world->auth.callback.ctx, host, &user, &secret, &world->err),
        SW_OK);
}

static void world_init(struct world *world, const struct fake_http_step *steps, size_t count)
{
    *world = (struct world){ .err = SW_ERR_INIT };
    ecr_world_init(&world->w, steps, count);
    sw_ecr_auth_init(&world->auth, world->w.aws);
}

static void world_done(struct world *world)
{
    sw_strs_release(&world->tags);
    sw_ecr_auth_release(&world->auth);
    ecr_world_done(&world->w);
}

static enum sw_status list(struct world *world, const char *host, size_t max)
{
    return world->auth.newest.list(world->auth.newest.ctx, host, "team/app", max, &world->tags,
                                   &world->err);
}

static void assert_tags(const struct world *world, const char *expected)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < world->tags.count; i++) {
        sw_buf_addf(&text, "%s%s", i ? " " : "", world->tags.items[i]);
    }
    assert_string_equal(text.ptr, expected);
}

/* The pages come in no order; an image is known by its first tag. */
static void test_newest__is_what_was_pushed_last_on_any_page(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = URL, .reply = token_reply },
        { .url = URL,
          .headers = { { "X-Amz-Target", PRIVATE_TARGET "DescribeImages" } },
          .body_json = FIRST_PAGE,
          .reply = "{\"imageDetails\":["
                   "{\"imageTags\":[\"old\"],\"imagePushedAt\":1500000000},"
                   "{\"imageTags\":[\"newest\",\"also\"],\"imagePushedAt\":1700000000.25},"
                   "{\"imagePushedAt\":1800000000},"
                   "{\"imageTags\":[],\"imagePushedAt\":1800000000},"
                   "{\"imageTags\":[\"never\"]}],\"nextToken\":\"more\"}" },
        { .url = URL,
          .body_json = SECOND_PAGE,
          .reply = "{\"imageDetails\":["
                   "{\"imageTags\":[\"newer\"],\"imagePushedAt\":1650000000},"
                   "{\"imageTags\":[\"last\"],\"imagePushedAt\":1700000000.5}]}" },
    };
    struct world world;
    world_init(&world, steps, SW_COUNT(steps));
    sign_in(&world, HOST);
    assert_int_equal(list(&world, HOST, 4), SW_OK);
    assert_tags(&world, "last newest newer old");
    world_done(&world);
}

static void test_newest__are_images_only(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = URL, .reply = token_reply },
        { .url = URL,
          .reply = "{\"imageDetails\":["
                   "{\"imageTags\":[\"docker\"],\"imagePushedAt\":1,\"artifactMediaType\":"
                   "\"application/vnd.docker.container.image.v1+json\"},"
                   "{\"imageTags\":[\"oci\"],\"imagePushedAt\":2,\"artifactMediaType\":"
                   "\"application/vnd.oci.image.config.v1+json\"},"
                   "{\"imageTags\":[\"chart\"],\"imagePushedAt\":3,\"artifactMediaType\":"
                   "\"application/vnd.cncf.helm.config.v1+json\"},"
                   "{\"imageTags\":[\"signature\"],\"imagePushedAt\":4,\"subjectManifestDigest\":"
                   "\"sha256:1\"},"
                   "{\"imageTags\":[\"index\"],\"imagePushedAt\":5},"
                   "17,{\"imageTags\":[3]},{\"imageTags\":\"text\"}]}" },
    };
    struct world world;
    world_init(&world, steps, SW_COUNT(steps));
    sign_in(&world, HOST);
    assert_int_equal(list(&world, HOST, 9), SW_OK);
    assert_tags(&world, "index oci docker");
    world_done(&world);
}

/* However large the repository is. */
static void test_newest__asks_three_times_at_most(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = URL, .reply = token_reply },
        { .url = URL,
          .times = 3,
          .reply = "{\"imageDetails\":[{\"imageTags\":[\"a\"],\"imagePushedAt\":1}],"
                   "\"nextToken\":\"more\"}" },
    };
    struct world world;
    world_init(&world, steps, SW_COUNT(steps));
    sign_in(&world, HOST);
    assert_int_equal(list(&world, HOST, 2), SW_OK);
    assert_tags(&world, "a a");
    world_done(&world);
}

/* It can be done without: no second try, and what one page said is not half an answer. */
static void test_newest__is_not_known_when_aws_does_not_tell(void **state)
{
    static const struct {
        struct fake_http_step answer;
        enum sw_status status;
    } cases[] = {
        { { .status = 400,
            .reply = "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized\"}" },
          SW_E_DENIED },
        { { .status = 400, .reply = "{\"__type\":\"ThrottlingException\"}" }, SW_E_UNAVAILABLE },
        { { .status = 503, .reply = "" }, SW_E_UNAVAILABLE },
        { { .failure = FAKE_TIMEOUT }, SW_E_NETWORK },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step steps[] = {
            { .url = URL, .reply = token_reply },
            { .url = URL,
              .reply = "{\"imageDetails\":[{\"imageTags\":[\"a\"],\"imagePushedAt\":1}],"
                       "\"nextToken\":\"more\"}" },
            cases[i].answer,
        };
        struct world world;
        world_init(&world, steps, SW_COUNT(steps));
        sign_in(&world, HOST);
        assert_int_equal(list(&world, HOST, 4), cases[i].status);
        assert_tags(&world, "");
        assert_int_equal(world.w.t.sleeps, 0);
        world_done(&world);
    }
}

/* Whoever signed in by other means, or elsewhere, is not asked for AWS credentials. */
static void test_newest__are_not_asked_for_without_an_ecr_login(void **state)
{
    static const char *const hosts[] = { HOST, "public.ecr.aws", "registry.example.com",
                                         "127.0.0.1:5000" };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(hosts); i++) {
        struct world world;
        world_init(&world, NULL, 0);
        assert_int_equal(list(&world, hosts[i], 4), SW_E_NOT_FOUND);
        world_done(&world);
    }
}

/* A registry on this machine that stands in for ECR has its images where AWS_ENDPOINT_URL says. */
static void test_newest__of_a_stand_in_are_asked_for_where_aws_is(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = "http://127.0.0.1:4566/", .reply = token_reply },
        { .url = "http://127.0.0.1:4566/",
          .body_json = "{\"repositoryName\":\"team/app\",\"maxResults\":1000,"
                       "\"filter\":{\"tagStatus\":\"TAGGED\"}}",
          .reply = "{\"imageDetails\":[{\"imageTags\":[\"a\"],\"imagePushedAt\":1}]}" },
    };
    struct world world;
    world_init(&world, steps, SW_COUNT(steps));
    test_env_set(&world.w.t, "AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    sign_in(&world, "127.0.0.1:5000");
    assert_int_equal(list(&world, "127.0.0.1:5000", 4), SW_OK);
    assert_tags(&world, "a");
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest__is_what_was_pushed_last_on_any_page),
        cmocka_unit_test(test_newest__are_images_only),
        cmocka_unit_test(test_newest__asks_three_times_at_most),
        cmocka_unit_test(test_newest__is_not_known_when_aws_does_not_tell),
        cmocka_unit_test(test_newest__are_not_asked_for_without_an_ecr_login),
        cmocka_unit_test(test_newest__of_a_stand_in_are_asked_for_where_aws_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
