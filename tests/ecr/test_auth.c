/* Credentials for a registry client: who is asked, in what order, how often. */
#include "ecr_world.h"

#include <slipway/dockerconfig.h>
#include <slipway/ecr.h>
#include <slipway/fs.h>

#include <unistd.h>

#define ECR_HOST "123456789012.dkr.ecr.us-west-2.amazonaws.com"

/* "AWS:from-ecr", good for an hour and for a quarter of one at the world's start. */
static const char hour_reply[] =
    "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOmZyb20tZWNy\","
    "\"expiresAt\":1440941760}]}";
static const char quarter_reply[] =
    "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOmZyb20tZWNy\","
    "\"expiresAt\":1440939060}]}";
static const char denied_reply[] =
    "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized\"}";

static enum sw_status get(struct sw_ecr_auth *auth, const char *host, const char *user,
                          const char *secret, struct sw_err *err)
{
    char *got_user SW_CLEANUP(sw_free_str) = NULL;
    char *got_secret SW_CLEANUP(sw_free_secret_str) = NULL;
    enum sw_status status =
        auth->callback.get(auth->callback.ctx, host, &got_user, &got_secret, err);
    if (status == SW_OK) {
        assert_string_equal(got_user, user);
        assert_string_equal(got_secret, secret);
    }
    return status;
}

static void test_auth__ecr_host_gets_one_token_for_all_asks(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = { { .url = PRIVATE_URL, .reply = hour_reply } };
    struct sw_ecr_auth auth;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    ecr_world_docker_config(&w, "{\"auths\":{\"" ECR_HOST "\":{\"auth\":\"dTpvbGQ=\"}}}");
    sw_ecr_auth_init(&auth, w.aws);
    assert_ok(get(&auth, ECR_HOST, "AWS", "from-ecr", &err));
    assert_ok(get(&auth, ECR_HOST, "AWS", "from-ecr", &err));
    sw_ecr_auth_release(&auth);
    ecr_world_done(&w);
}

static void test_auth__token_about_to_end_is_renewed(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = PRIVATE_URL, .reply = quarter_reply },
        { .url = PRIVATE_URL, .reply = hour_reply },
    };
    struct sw_ecr_auth auth;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    sw_ecr_auth_init(&auth, w.aws);
    assert_ok(get(&auth, ECR_HOST, "AWS", "from-ecr", &err));
    assert_ok(get(&auth, ECR_HOST, "AWS", "from-ecr", &err));
    assert_ok(get(&auth, ECR_HOST, "AWS", "from-ecr", &err));
    sw_ecr_auth_release(&auth);
    ecr_world_done(&w);
}

static void test_auth__other_hosts_are_dockers(void **state)
{
    (void)state;
    struct sw_ecr_auth auth;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, NULL, 0);
    ecr_world_docker_config(&w, "{\"auths\":{\"a.example\":{\"auth\":\"dTpvbGQ=\"}}}");
    sw_ecr_auth_init(&auth, w.aws);
    assert_ok(get(&auth, "a.example", "u", "old", &err));
    assert_int_equal(get(&auth, "b.example", "", "", &err), SW_E_NOT_FOUND);
    assert_int_equal(get(&auth, "127.0.0.1:5000", "", "", &err), SW_E_NOT_FOUND);
    sw_ecr_auth_release(&auth);
    ecr_world_done(&w);
}

static void test_auth__dockers_login_helps_without_aws_credentials(void **state)
{
    (void)state;
    struct sw_ecr_auth auth;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, NULL, 0);
    test_env_set(&w.t, "AWS_ACCESS_KEY_ID", NULL);
    test_env_set(&w.t, "AWS_SECRET_ACCESS_KEY", NULL);
    test_env_set(&w.t, "AWS_EC2_METADATA_DISABLED", "true");
    sw_ecr_auth_init(&auth, w.aws);
    assert_int_equal(get(&auth, ECR_HOST, "", "", &err), SW_E_CREDENTIALS);
    ecr_world_docker_config(&w, "{\"auths\":{\"" ECR_HOST "\":{\"auth\":\"dTpvbGQ=\"}}}");
    assert_ok(get(&auth, ECR_HOST, "u", "old", &err));
    sw_ecr_auth_release(&auth);
    ecr_world_done(&w);
}

static void test_auth__refusal_by_ecr_is_final(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = { { .status = 400, .reply = denied_reply } };
    struct sw_ecr_auth auth;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    ecr_world_docker_config(&w, "{\"auths\":{\"" ECR_HOST "\":{\"auth\":\"dTpvbGQ=\"}}}");
    sw_ecr_auth_init(&auth, w.aws);
    assert_int_equal(get(&auth, ECR_HOST, "", "", &err), SW_E_DENIED);
    sw_ecr_auth_release(&auth);
    ecr_world_done(&w);
}

static void test_auth__stand_in_gets_the_token_after_docker(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = "http://127.0.0.1:4566/", .reply = hour_reply },
    };
    struct sw_ecr_auth auth;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    test_env_set(&w.t, "AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    ecr_world_docker_config(&w, "{\"auths\":{\"127.0.0.1:5000\":{\"auth\":\"dTpvbGQ=\"}}}");
    sw_ecr_auth_init(&auth, w.aws);
    assert_ok(get(&auth, "127.0.0.1:5000", "u", "old", &err));
    assert_ok(get(&auth, "127.0.0.1:5001", "AWS", "from-ecr", &err));
    assert_int_equal(get(&auth, "a.example", "", "", &err), SW_E_NOT_FOUND);
    sw_ecr_auth_release(&auth);
    ecr_world_done(&w);
}

static void test_auth__stand_ins_are_on_this_machine(void **state)
{
    (void)state;
    static const char *const here[] = { "127.0.0.1:5000", "localhost:5000", "localhost",
                                        "[::1]:1" };
    static const char *const elsewhere[] = { "a.example",         "127.0.0.1.example:5000",
                                             "localhost.example", "[::2]:1",
                                             "10.0.0.1:5000",     "" };
    struct test_env t;
    test_env_init(&t);
    for (size_t i = 0; i < SW_COUNT(here); i++) {
        test_env_set(&t, "AWS_ENDPOINT_URL", NULL);
        test_env_set(&t, "AWS_ENDPOINT_URL_ECR", NULL);
        assert_true(sw_ecr_is_loopback(here[i]));
        assert_false(sw_ecr_is_stand_in(&t.env, here[i]));
        test_env_set(&t, "AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        assert_true(sw_ecr_is_stand_in(&t.env, here[i]));
        test_env_set(&t, "AWS_ENDPOINT_URL", NULL);
        test_env_set(&t, "AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:1");
        assert_true(sw_ecr_is_stand_in(&t.env, here[i]));
    }
    for (size_t i = 0; i < SW_COUNT(elsewhere); i++) {
        assert_false(sw_ecr_is_stand_in(&t.env, elsewhere[i]));
    }
    test_env_release(&t);
}

static void test_auth__helper_link_is_made_where_docker_looks(void **state)
{
    (void)state;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    char target[256];
    ecr_world_init(&w, NULL, 0);
    char *program SW_CLEANUP(sw_free_str) = sw_fs_join(w.dir, "slipway");
    char *expected SW_CLEANUP(sw_free_str) = sw_fs_join(w.dir, "docker-credential-slipway");
    char *path SW_CLEANUP(sw_free_str) = sw_xasprintf("/nowhere:%s", w.dir);
    char *text SW_CLEANUP(sw_free_str) = sw_xasprintf(
        "docker would not find docker-credential-slipway: it is not on PATH, nor is the folder of "
        "\"%s\"; link it into a folder that is: ln -s %s "
        "/usr/local/bin/docker-credential-slipway",
        program, program);
    char *link SW_CLEANUP(sw_free_str) = NULL;
    assert_ok(sw_fs_write_atomic(program, SW_STR("#!/bin/sh\n"), 0755, &err));
    test_env_set(&w.t, "PATH", "/nowhere");
    assert_fails(sw_ecr_helper_link(&w.t.env, program, &link, &err), SW_E_FAILED, text);
    test_env_set(&w.t, "PATH", path);
    assert_ok(sw_ecr_helper_link(&w.t.env, program, &link, &err));
    assert_string_equal(link, expected);
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    assert_true(len > 0);
    target[len] = '\0';
    assert_string_equal(target, program);
    free(link);
    assert_ok(sw_ecr_helper_link(&w.t.env, program, &link, &err));
    assert_null(link);
    ecr_world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth__ecr_host_gets_one_token_for_all_asks),
        cmocka_unit_test(test_auth__token_about_to_end_is_renewed),
        cmocka_unit_test(test_auth__other_hosts_are_dockers),
        cmocka_unit_test(test_auth__dockers_login_helps_without_aws_credentials),
        cmocka_unit_test(test_auth__refusal_by_ecr_is_final),
        cmocka_unit_test(test_auth__stand_in_gets_the_token_after_docker),
        cmocka_unit_test(test_auth__stand_ins_are_on_this_machine),
        cmocka_unit_test(test_auth__helper_link_is_made_where_docker_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
