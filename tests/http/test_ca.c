#include "temp_dir.h"
#include "test.h"

#include "http/ca.h"

#include <slipway/fs.h>

/* A bundle file in the test's folder; the caller's. */
static char *make_bundle(const char *dir, const char *name)
{
    struct sw_err err = SW_ERR_INIT;
    char *path = sw_fs_join(dir, name);
    assert_ok(sw_fs_write_atomic(path, SW_STR("x"), 0600, &err));
    return path;
}

static void test_ca__prefers_what_is_named(void **state)
{
    const char *dir = *state;
    char *a = make_bundle(dir, "a.pem");
    char *b = make_bundle(dir, "b.pem");
    char *c = make_bundle(dir, "c.pem");
    const struct {
        const char *cafile;
        const char *aws;
        const char *ssl_file;
        const char *ssl_dir;
        const char *file;
        const char *folder;
    } cases[] = {
        { a, b, c, dir, a, NULL },
        { NULL, b, c, dir, b, NULL },
        { NULL, NULL, c, dir, c, dir },
        { NULL, NULL, c, NULL, c, NULL },
        { NULL, NULL, NULL, dir, NULL, dir },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct test_env t;
        test_env_init(&t);
        test_env_set(&t, "AWS_CA_BUNDLE", cases[i].aws);
        test_env_set(&t, "SSL_CERT_FILE", cases[i].ssl_file);
        test_env_set(&t, "SSL_CERT_DIR", cases[i].ssl_dir);
        struct sw_http_ca ca;
        assert_ok(sw_http_ca_find(&t.env, cases[i].cafile, &ca, &err));
        assert_string_equal(ca.file ? ca.file : "-", cases[i].file ? cases[i].file : "-");
        assert_string_equal(ca.dir ? ca.dir : "-", cases[i].folder ? cases[i].folder : "-");
        sw_http_ca_release(&ca);
        test_env_release(&t);
    }
    free(a);
    free(b);
    free(c);
}

static void test_ca__refuses_a_named_place_that_is_not_there(void **state)
{
    (void)state;
    static const struct {
        const char *variable;
        const char *msg;
    } cases[] = {
        { "AWS_CA_BUNDLE",
          "no CA certificates at \"/nonexistent.pem\", which AWS_CA_BUNDLE names" },
        { "SSL_CERT_FILE",
          "no CA certificates at \"/nonexistent.pem\", which SSL_CERT_FILE names" },
        { "SSL_CERT_DIR", "no CA certificates at \"/nonexistent.pem\", which SSL_CERT_DIR names" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct test_env t;
        test_env_init(&t);
        test_env_set(&t, cases[i].variable, "/nonexistent.pem");
        struct sw_http_ca ca;
        assert_fails(sw_http_ca_find(&t.env, NULL, &ca, &err), SW_E_INPUT, cases[i].msg);
        test_env_release(&t);
    }
}

static void test_ca__finds_the_system_bundle(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    struct test_env t;
    test_env_init(&t);
    struct sw_http_ca ca;
    assert_ok(sw_http_ca_find(&t.env, NULL, &ca, &err));
    /* A machine without any has neither; where there is one, it exists. */
    assert_true(!ca.file || sw_fs_exists(ca.file));
    assert_true(!ca.dir || sw_fs_is_dir(ca.dir));
    sw_http_ca_release(&ca);
    test_env_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ca__prefers_what_is_named, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test(test_ca__refuses_a_named_place_that_is_not_there),
        cmocka_unit_test(test_ca__finds_the_system_bundle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
