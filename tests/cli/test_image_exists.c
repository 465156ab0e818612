/* slipway image exists through the command line: exact requests, answers, and faults in turn. */
#include "cli.h"
#include "fake_registry.h"
#include "sweep.h"
#include "test.h"

#include <slipway/log.h>

/* A registry on this machine needs no AWS login; it lets everybody in. */
#define HOST "127.0.0.1:5000"
#define BASE "http://" HOST "/v2/team/app/manifests/"
#define DIGEST_A \
    "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862" /* {"a":1} */

struct said {
    char *out;
    char *err;
};

static void said_release(struct said *said)
{
    free(said->out);
    free(said->err);
}

/* Runs "slipway image exists WORDS" (a blank between words); returns the exit code. */
static int run(struct test_env *t, const char *words, struct said *said)
{
    struct sw_strs argv = { 0 };
    size_t out_len = 0;
    size_t err_len = 0;
    FILE *out = open_memstream(&said->out, &out_len);
    FILE *err = open_memstream(&said->err, &err_len);
    int code;

    sw_strs_add(&argv, SW_STR("slipway"));
    sw_strs_add(&argv, SW_STR("image"));
    sw_strs_add(&argv, SW_STR("exists"));
    for (struct sw_str rest = sw_str(words); rest.ptr && rest.len > 0;) {
        sw_strs_add(&argv, sw_str_cut(&rest, ' '));
    }
    test_env_set(t, "DOCKER_CONFIG", "/nonexistent");
    test_env_set(t, "AWS_EC2_METADATA_DISABLED", "true");
    code = sw_cli_main(&t->env, (int)argv.count, argv.items, out, err);
    (void)fclose(out);
    (void)fclose(err);
    sw_strs_release(&argv);
    sw_redact_reset();
    return code;
}

static void fill(struct fake_registry *registry)
{
    fake_registry_put(registry, "team/app", "v1.2", "{\"a\":1}");
    fake_registry_put(registry, "team/app", "latest", "{\"a\":1}");
}

static const struct exists_case {
    const char *words;
    int code;
    const char *requests; /* objects asked for with HEAD, each with a blank after it */
    const char *out;
    const char *err; /* a part of it; "" for nothing at all */
} cases[] = {
    { HOST "/team/app:v1.2", 0, "v1.2 ", HOST "/team/app:v1.2@" DIGEST_A "\n", "" },
    { HOST "/team/app", 0, "latest ", HOST "/team/app:latest@" DIGEST_A "\n", "" },
    { HOST "/team/app@" DIGEST_A, 0, DIGEST_A " ", HOST "/team/app@" DIGEST_A "\n", "" },
    /* Parts of tags are no tags. */
    { HOST "/team/app:v1", 1, "v1 ", "", "image \"" HOST "/team/app:v1\" does not exist" },
    { HOST "/team/app:1.2", 1, "1.2 ", "", "image \"" HOST "/team/app:1.2\" does not exist" },
    { "--registry " HOST " --repo team/app --tag v1.2,latest", 0, "v1.2 latest ",
      HOST "/team/app:v1.2@" DIGEST_A "\n" HOST "/team/app:latest@" DIGEST_A "\n", "" },
    { "--registry " HOST " --repo team/app --tag v1,v1.2,v2", 1, "v1 v1.2 v2 ",
      HOST "/team/app:v1.2@" DIGEST_A "\n",
      "2 of 3 images do not exist: \"" HOST "/team/app:v1\", \"" HOST "/team/app:v2\"" },
    { "--no-all --registry " HOST " --repo team/app --tag v1,v1.2", 0, "v1 v1.2 ",
      HOST "/team/app:v1.2@" DIGEST_A "\n", "" },
    { "--no-all " HOST "/team/app:a " HOST "/team/app:b", 1, "a b ", "",
      "2 of 2 images do not exist: \"" HOST "/team/app:a\", \"" HOST "/team/app:b\"" },
    { "", 2, "", "", "nothing to look for" },
    { HOST "/team/app:a+b", 2, "", "", "'+' at position 2" },
};

static void test_image_exists__asks_for_exactly_these_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct fake_registry registry;
        struct fake_http fake;
        struct test_env t;
        struct said said = { 0 };
        struct sw_buf asked;

        print_message("%s\n", cases[i].words);
        fake_registry_set_up(&registry, &fake, &t);
        fill(&registry);
        assert_int_equal(run(&t, cases[i].words, &said), cases[i].code);
        assert_string_equal(said.out, cases[i].out);
        assert_non_null(strstr(said.err, cases[i].err));
        assert_int_equal(said.err[0] == '\0', cases[i].err[0] == '\0');
        sw_buf_init(&asked, SW_BUF_TEXT_MAX);
        for (size_t at = 0; at < fake.request_count; at++) {
            assert_string_equal(fake.requests[at].method, "HEAD");
            assert_int_equal(strncmp(fake.requests[at].url, BASE, strlen(BASE)), 0);
            sw_buf_addf(&asked, "%s ", fake.requests[at].url + strlen(BASE));
        }
        assert_string_equal(asked.ptr, cases[i].requests);
        sw_buf_release(&asked);
        said_release(&said);
        fake_registry_tear_down(&registry, &fake, &t);
    }
}

/* The exit code stands for an answer only when there was one. */
static void test_image_exists__tells_no_from_no_answer(void **state)
{
    static const struct {
        struct fake_http_step step;
        int code;
    } answers[] = {
        { { .status = 404 }, 1 },
        { { .status = 403, .reply = "{}" }, 3 },
        { { .status = 400 }, 1 }, /* as any refusal, with another text */
        { { .status = 503, .times = 100 }, 4 },
        { { .failure = FAKE_REFUSED, .times = 100 }, 4 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(answers); i++) {
        struct fake_http fake;
        struct test_env t;
        struct said said = { 0 };

        test_env_init(&t);
        fake_http_init(&fake);
        fake_http_expect(&fake, &answers[i].step);
        t.env.http = &fake.transport;
        assert_int_equal(run(&t, HOST "/team/app:v1 --output json", &said), answers[i].code);
        assert_int_equal(strstr(said.err, "does not exist") != NULL, i == 0);
        assert_int_equal(strstr(said.out, "\"exists\": false") != NULL, i == 0);
        said_release(&said);
        fake_http_release(&fake);
        test_env_release(&t);
    }
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct fake_registry *registry = ctx;

    fake_registry_renew(registry, fake);
    fill(registry);
}

static enum sw_status sweep_run(SW_UNUSED void *ctx, struct test_env *t, struct sw_err *err)
{
    struct said said = { 0 };
    int code = run(t, HOST "/team/app:v1.2 " HOST "/team/app", &said);
    enum sw_status status = SW_OK;

    /* Whatever happens, the images are there: it must never be said that they are not. */
    assert_null(strstr(said.err, "not exist"));
    if (code != 0) {
        assert_string_equal(said.out, "");
        status = sw_fail(err, SW_E_FAILED, "exit code %d: %s", code, said.err);
    }
    said_release(&said);
    return status;
}

static void test_image_exists__survives_every_fault(void **state)
{
    struct fake_registry registry = { 0 };
    const struct sweep sweep = {
        .name = "image exists", .setup = sweep_setup, .run = sweep_run, .ctx = &registry
    };

    (void)state;
    sweep_all(&sweep);
    fake_registry_release(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_exists__asks_for_exactly_these_tags),
        cmocka_unit_test(test_image_exists__tells_no_from_no_answer),
        cmocka_unit_test(test_image_exists__survives_every_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
