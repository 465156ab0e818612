/* slipway ecr login through the command line, with everything on the wire going wrong in turn. */
#include "cli.h"
#include "sweep.h"
#include "temp_dir.h"
#include "test.h"

#include <slipway/fs.h>
#include <slipway/log.h>

#define HOST_A "123456789012.dkr.ecr.us-west-2.amazonaws.com"
#define HOST_B "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"
/* base64 of "AWS:secret-of-a" and "AWS:secret-of-b" */
#define TOKEN_A "QVdTOnNlY3JldC1vZi1h"
#define TOKEN_B "QVdTOnNlY3JldC1vZi1i"

struct world {
    char *dir; /* DOCKER_CONFIG, a new one for each run */
};

static void set_up(void *ctx, struct fake_http *fake)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = "https://api.ecr.us-west-2.amazonaws.com/",
          .reply = "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN_A "\"}]}" },
        { .method = "POST",
          .url = "https://api.ecr-fips.us-east-1.amazonaws.com/",
          .reply = "{\"authorizationData\":[{\"authorizationToken\":\"" TOKEN_B "\"}]}" },
    };
    struct world *w = ctx;
    if (w->dir) {
        temp_dir_free(w->dir);
    }
    w->dir = temp_dir_new();
    fake_http_expect_all(fake, steps, SW_COUNT(steps));
}

/* The status that an exit code stands for, as far as the sweep looks at it. */
static enum sw_status status_of(int code, const char *said, struct sw_err *err)
{
    if (code == 0) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_FAILED, "exit code %d: %s", code, said);
}

static enum sw_status run(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct world *w = ctx;
    char *words[] = { sw_xstrdup("slipway"), sw_xstrdup("ecr"), sw_xstrdup("login"),
                      sw_xstrdup(HOST_A), sw_xstrdup(HOST_B) };
    char *out_text SW_CLEANUP(sw_free_str) = NULL;
    char *err_text SW_CLEANUP(sw_free_str) = NULL;
    size_t out_len = 0;
    size_t err_len = 0;
    FILE *out = open_memstream(&out_text, &out_len);
    FILE *err_stream = open_memstream(&err_text, &err_len);
    test_env_set(t, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_env_set(t, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    test_env_set(t, "DOCKER_CONFIG", w->dir);
    int code = sw_cli_main(&t->env, SW_COUNT(words), words, out, err_stream);
    (void)fclose(out);
    (void)fclose(err_stream);
    for (size_t i = 0; i < SW_COUNT(words); i++) {
        free(words[i]);
    }
    assert_true(code != 0 || strcmp(out_text, HOST_A "\n" HOST_B "\n") == 0);
    assert_null(strstr(out_text, "secret-of"));
    assert_null(strstr(err_text, "secret-of"));
    assert_null(strstr(err_text, TOKEN_A));
    assert_null(strstr(t->said.ptr, "secret-of"));
    sw_redact_reset();
    return status_of(code, err_text, err);
}

/* The configuration holds the logins that were announced, and no half of one. */
static void verify(void *ctx, const struct sweep_run *run)
{
    struct world *w = ctx;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_err err = SW_ERR_INIT;
    char *path SW_CLEANUP(sw_free_str) = sw_fs_join(w->dir, "config.json");
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    bool there = sw_fs_read(path, &text, &err) == SW_OK;
    if (run->status != SW_OK && run->call == 1) {
        assert_false(there);
        return;
    }
    assert_non_null(strstr(text.ptr, "\"auth\": \"" TOKEN_A "\""));
    assert_true((run->status == SW_OK) == (strstr(text.ptr, "\"auth\": \"" TOKEN_B "\"") != NULL));
    assert_true((run->status == SW_OK) == (strstr(text.ptr, HOST_B) != NULL));
}

static void test_ecr_login__survives_every_fault(void **state)
{
    struct world w = { 0 };
    const struct sweep sweep = {
        .name = "ecr login", .setup = set_up, .run = run, .verify = verify, .ctx = &w
    };
    (void)state;
    sweep_all(&sweep);
    temp_dir_free(w.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ecr_login__survives_every_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
