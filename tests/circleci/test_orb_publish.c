/* What is asked of CircleCI's orb registry, and what its failures come to. */
#include "fake_http.h"
#include "test.h"

#include <slipway/alloc.h>
#include <slipway/orbpublish.h>

#define URL "https://circleci.com/graphql-unstable"

struct world {
    struct test_env t;
    struct fake_http fake;
    struct sw_circleci api;
    struct sw_orb_ref ref;
};

static void setup(struct world *w, const char *ref)
{
    struct sw_err err = SW_ERR_INIT;
    test_env_init(&w->t);
    fake_http_init(&w->fake);
    w->t.env.http = &w->fake.transport;
    test_env_set(&w->t, "CIRCLECI_CLI_TOKEN", "a-token-of-mine");
    assert_ok(sw_circleci_init(&w->api, &w->t.env, NULL, NULL, &err));
    assert_ok(sw_orb_ref_parse(ref, &w->ref, &err));
}

static void teardown(struct world *w)
{
    sw_orb_ref_release(&w->ref);
    sw_circleci_release(&w->api);
    fake_http_done(&w->fake);
    test_env_release(&w->t);
}

static const struct fake_http_step known_orb = {
    .method = "POST",
    .url = URL,
    .headers = { { "Authorization", "a-token-of-mine" },
                 { "Content-Type", "application/json; charset=utf-8" } },
    .reply = "{\"data\":{\"orb\":{\"id\":\"o\",\"isPrivate\":true,\"versions\":[{\"version\":"
             "\"1.2.3\"}]},\"registryNamespace\":{\"id\":\"n\"}}}",
};

static void test_orb_publish__a_development_version(void **state)
{
    (void)state;
    struct world w;
    struct sw_orb_published published;
    struct sw_err err = SW_ERR_INIT;
    setup(&w, "acme/slipway@dev:main");
    fake_http_expect(&w.fake, &known_orb);
    fake_http_expect(&w.fake, &(struct fake_http_step){
                                  .url = URL,
                                  .reply = "{\"data\":{\"publishOrb\":{\"orb\":{\"version\":"
                                           "\"dev:main\"},\"errors\":[]}}}" });
    assert_ok(sw_orb_publish(&w.api, &w.ref, SW_STR("version: 2.1\n"), false, &published, &err));
    assert_string_equal(published.version, "dev:main");
    assert_true(published.is_private);
    assert_false(published.unchanged);
    const char *sent = w.fake.requests[1].body.ptr;
    assert_non_null(strstr(sent,
                           "\"variables\":{\"config\":\"version: 2.1\\n\",\"orbName\":"
                           "\"slipway\",\"namespaceName\":\"acme\",\"version\":\"dev:main\"}"));
    sw_orb_published_release(&published);
    teardown(&w);
}

/* A publication is sent once; what is not known to have failed is said so. */
static void test_orb_publish__says_when_it_may_be_done(void **state)
{
    static const struct {
        struct fake_http_step step;
        enum sw_status want;
        bool unknown;
    } cases[] = {
        { { .failure = FAKE_TIMEOUT }, SW_E_NETWORK, true },
        { { .failure = FAKE_CUT_SHORT, .reply = "{\"data\":{}}" }, SW_E_NETWORK, true },
        { { .failure = FAKE_REFUSED, .times = 8 }, SW_E_NETWORK, false },
        { { .status = 500, .reply = "no" }, SW_E_UNAVAILABLE, true },
        { { .status = 502, .reply = "" }, SW_E_UNAVAILABLE, true },
        { { .status = 504, .reply = "" }, SW_E_UNAVAILABLE, true },
        { { .status = 429, .reply = "", .times = 8 }, SW_E_UNAVAILABLE, false },
        { { .status = 400, .reply = "" }, SW_E_FAILED, false },
        { { .reply = "{\"data\":{\"publishOrb\":" }, SW_E_UNAVAILABLE, true },
        { { .reply = "{}" }, SW_E_UNAVAILABLE, true },
        { { .reply = "{\"data\":{}}" }, SW_E_UNAVAILABLE, true },
        { { .reply = "{\"errors\":[{\"message\":\"no\"}]}" }, SW_E_FAILED, false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world w;
        struct sw_orb_published published;
        struct sw_err err = SW_ERR_INIT;
        struct fake_http_step step = cases[i].step;
        step.url = URL;
        setup(&w, "acme/slipway@dev:main");
        fake_http_expect(&w.fake, &known_orb);
        fake_http_expect(&w.fake, &step);
        assert_int_equal(
            sw_orb_publish(&w.api, &w.ref, SW_STR("version: 2.1\n"), false, &published, &err),
            cases[i].want);
        print_message("case %zu: %s\n", i, err.msg);
        assert_int_equal(
            strstr(err.msg, "; whether it was done is not known, so look before trying again") !=
                NULL,
            cases[i].unknown);
        sw_orb_published_release(&published);
        teardown(&w);
    }
}

static void test_orb_publish__a_question_is_asked_again(void **state)
{
    (void)state;
    struct world w;
    struct sw_orb_created created;
    struct sw_err err = SW_ERR_INIT;
    setup(&w, "acme/slipway");
    fake_http_expect(&w.fake, &(struct fake_http_step){ .url = URL, .failure = FAKE_TIMEOUT });
    fake_http_expect(&w.fake, &known_orb);
    assert_ok(sw_orb_create(&w.api, &w.ref, true, NULL, &created, &err));
    assert_false(created.orb_created);
    teardown(&w);
}

static void test_orb_publish__answers_that_are_none(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *reply;
        enum sw_status want;
        const char *says;
    } cases[] = {
        { 401, "", SW_E_CREDENTIALS, "does not accept the token in CIRCLECI_CLI_TOKEN" },
        { 403, "", SW_E_DENIED, "does not accept the token" },
        { 404, "", SW_E_NOT_FOUND, "is this a CircleCI host?" },
        { 301, "", SW_E_FAILED, "HTTP status 301" },
        { 200, "{", SW_E_UNAVAILABLE, "does not answer in JSON" },
        { 200, "{}", SW_E_UNAVAILABLE, "has no data" },
        { 200, "[1]", SW_E_UNAVAILABLE, "has no data" },
        { 200, "{\"data\":null,\"errors\":[{\"message\":\"one\\n\\u001b[31m\"},{}]}", SW_E_FAILED,
          "CircleCI says: one  [31m; no message" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct world w;
        struct sw_orb_created created;
        struct sw_err err = SW_ERR_INIT;
        setup(&w, "acme/slipway");
        fake_http_expect(&w.fake, &(struct fake_http_step){ .url = URL,
                                                            .status = cases[i].status,
                                                            .reply = cases[i].reply });
        assert_int_equal(sw_orb_create(&w.api, &w.ref, true, NULL, &created, &err), cases[i].want);
        assert_non_null(strstr(err.msg, cases[i].says));
        assert_null(strstr(err.msg, "a-token-of-mine"));
        teardown(&w);
    }
}

/* Orbs with many faults get long answers; their beginning says most. */
static void test_orb_publish__a_long_refusal_is_cut_not_lost(void **state)
{
    (void)state;
    struct world w;
    struct sw_orb_created created;
    struct sw_err err = SW_ERR_INIT;
    char *text SW_CLEANUP(sw_free_str) =
        sw_xasprintf("{\"data\":null,\"errors\":[{\"message\":\"bad key%04000d\"}]}", 0);
    setup(&w, "acme/slipway");
    fake_http_expect(&w.fake, &(struct fake_http_step){ .url = URL, .reply = text });
    assert_int_equal(sw_orb_create(&w.api, &w.ref, true, NULL, &created, &err), SW_E_FAILED);
    assert_non_null(strstr(err.msg, "CircleCI says: bad key0000"));
    teardown(&w);
}

static void test_orb_publish__what_is_too_large_is_not_sent(void **state)
{
    (void)state;
    struct world w;
    struct sw_orb_published published;
    struct sw_err err = SW_ERR_INIT;
    struct sw_str large = { "", SW_ORB_SOURCE_MAX + 1 };
    setup(&w, "acme/slipway@1.0.0");
    assert_int_equal(sw_orb_publish(&w.api, &w.ref, large, false, &published, &err),
                     SW_E_TOO_LARGE);
    sw_orb_published_release(&published);
    teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orb_publish__a_development_version),
        cmocka_unit_test(test_orb_publish__says_when_it_may_be_done),
        cmocka_unit_test(test_orb_publish__a_question_is_asked_again),
        cmocka_unit_test(test_orb_publish__answers_that_are_none),
        cmocka_unit_test(test_orb_publish__a_long_refusal_is_cut_not_lost),
        cmocka_unit_test(test_orb_publish__what_is_too_large_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
