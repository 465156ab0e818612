#include "test.h"

#include "fake_registry.h"
#include "http_gate.h"

#include "image/tagging.h"

/* Looking at tags of several registries. */

#define HOST_A "a.example.com"
#define HOST_B "b.example.com"
#define IMAGE  "sha256:1111111111111111111111111111111111111111111111111111111111111111"

enum { TAGS = 6 };

struct world {
    struct test_env t;
    struct fake_http fake;
    struct http_gate gate;
    struct sw_registry *registries[2];
    struct sw_ref refs[TAGS];
    struct sw_tagging tags[TAGS];
};

/* "aN" of the first registry and "bN" of the second one name an image when N is even; "x" fails. */
static void answer(SW_UNUSED void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    const char *tag = strrchr(request->url, '/') + 1;

    if (!fake_http_request_header(request, "Authorization")) {
        answer->status = 401;
        answer->headers[0] = (struct sw_http_header){ "WWW-Authenticate", "Basic realm=\"x\"" };
    } else if (tag[1] == 'x') {
        answer->status = tag[0] == 'a' ? 403 : 400;
    } else if (strcmp(request->method, "PUT") == 0) {
        answer->status = 201;
    } else if ((tag[1] - '0') % 2 == 0) {
        answer->headers[0] = (struct sw_http_header){ "Docker-Content-Digest", IMAGE };
    } else {
        answer->status = 404;
    }
}

static enum sw_status login(SW_UNUSED void *ctx, SW_UNUSED const char *host, char **ret_user,
                            char **ret_secret, SW_UNUSED struct sw_err *err)
{
    *ret_user = sw_xstrdup("AWS");
    *ret_secret = sw_xstrdup("secret-of-the-test");
    return SW_OK;
}

/* Looks at tags, those that start with "b" in the second registry. */
static enum sw_status look(struct world *world, const char *const *tags, unsigned wanted,
                           struct sw_err *err)
{
    const struct sw_registry_auth auth = { login, NULL };
    const struct sw_registry_options options = { .auth = &auth };
    size_t count = 0;

    test_env_init(&world->t);
    fake_http_init(&world->fake);
    world->fake.handler = answer;
    http_gate_init(&world->gate, &world->fake.transport, "HEAD", "/manifests/", wanted);
    world->t.env.http = &world->gate.transport;
    assert_int_equal(sw_registry_new(&world->t.env, HOST_A, &options, &world->registries[0], err),
                     SW_OK);
    assert_int_equal(sw_registry_new(&world->t.env, HOST_B, &options, &world->registries[1], err),
                     SW_OK);
    for (; count < TAGS && tags[count]; count++) {
        const bool second = tags[count][0] == 'b';
        SW_CLEANUP(sw_free_str)
        char *text = sw_xasprintf("%s/app:%s", second ? HOST_B : HOST_A, tags[count]);

        assert_int_equal(sw_ref_parse(sw_str(text), &world->refs[count], err), SW_OK);
        sw_tagging_init(&world->tags[count], world->registries[second], &world->refs[count]);
    }
    return sw_tagging_look(world->tags, count, err);
}

static void world_release(struct world *world)
{
    for (size_t i = 0; i < TAGS; i++) {
        sw_tagging_release(&world->tags[i]);
        sw_ref_release(&world->refs[i]);
    }
    sw_registry_free(world->registries[0]);
    sw_registry_free(world->registries[1]);
    http_gate_release(&world->gate);
    fake_http_done(&world->fake);
    test_env_release(&world->t);
}

static void test_tagging__registries_are_asked_side_by_side(void **state)
{
    static const char *const tags[TAGS] = { "a1", "a2", "a3", "b1", "b2", "b3" };
    struct world world = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    /* The first of each holds the other up. */
    assert_ok(look(&world, tags, 2, &err));
    assert_true(world.gate.open);
    for (size_t i = 0; i < TAGS; i++) {
        assert_true((world.tags[i].before != NULL) == (i % 3 == 1));
    }
    /* Each registry asked for the login once. */
    assert_int_equal(world.fake.request_count, TAGS + 2);
    world_release(&world);
}

static void test_tagging__the_first_failure_is_told(void **state)
{
    static const struct {
        const char *tags[TAGS];
        enum sw_status status;
        size_t requests; /* 0: what is asked beside the failure may have begun or not */
    } cases[] = {
        { { "a1", "ax", "b1" }, SW_OK, 5 }, /* not to be allowed to know is no failure */
        { { "bx", "a1", "a2" }, SW_E_FAILED, 0 },
        { { "b1", "bx", "a1" }, SW_E_FAILED, 5 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world = { 0 };
        struct sw_err err = SW_ERR_INIT;

        assert_int_equal(look(&world, cases[i].tags, 0, &err), cases[i].status);
        if (cases[i].requests > 0) {
            assert_int_equal(world.fake.request_count, cases[i].requests);
        }
        world_release(&world);
    }
}

static void test_tagging__a_failure_tells_what_stands(void **state)
{
    static const struct {
        const char *tags[TAGS];
        bool resumes;
        const char *end; /* of the message */
    } cases[] = {
        { { "ax", "a1" }, false, "" },
        { { "a1", "ax" }, true, " (tags in place: 1 of 2)" },
        { { "ax", "b1" }, false, " (no tag was written)" },
        { { "a1", "b1", "ax", "b3" },
          true,
          " (tags in place: 1 of 2 in \"" HOST_A "/app\", 1 of 2 in \"" HOST_B "/app\")" },
        { { "b2", "ax" }, /* named the image before */
          false,
          " (tags in place: 1 of 1 in \"" HOST_B "/app\", none of 1 in \"" HOST_A "/app\")" },
    };
    static const struct sw_tagged_manifest manifest = { "type", { "{}", 2 }, IMAGE };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world world = { 0 };
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str)
        char *expected = sw_xasprintf("cannot write manifest ax in \"" HOST_A "/app\": registry "
                                      "\"" HOST_A "\" denies access to repository \"app\" (no "
                                      "reason given); does it exist, and may this login read it?%s",
                                      cases[i].end);
        size_t count = 0;

        assert_ok(look(&world, cases[i].tags, 0, &err));
        while (count < TAGS && cases[i].tags[count]) {
            count++;
        }
        assert_int_equal(
            sw_tagging_write(&world.t.env, world.tags, count, &manifest, "pushed", &err),
            SW_E_DENIED);
        assert_int_equal(sw_tagging_explain(world.tags, count, &err), SW_E_DENIED);
        assert_string_equal(err.msg, expected);
        assert_true(err.resumes == cases[i].resumes);
        world_release(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tagging__registries_are_asked_side_by_side),
        cmocka_unit_test(test_tagging__the_first_failure_is_told),
        cmocka_unit_test(test_tagging__a_failure_tells_what_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
