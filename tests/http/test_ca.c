#include "temp_dir.h"
#include "test.h"

#include "http/ca.h"

#include <slipway/fs.h>

/* A bundle file in the test's folder; the caller's. */
static char *make_bundle(const char *dir, const char *name)
{
    struct sw_err err = SW_ERR_INIT;
    char *path = sw_fs_join(dir, name);
    assert_ok(sw_fs_write_atomic(path, SW_STR("-----BEGIN CERTIFICATE-----\n"), 0600, &err));
    return path;
}

static void test_ca__prefers_what_is_named(void **state)
{
    const char *dir = *state;
    char *a = make_bundle(dir, "a.pem");
    char *b = make_bundle(dir, "b.pem");
    char *c = make_bundle(dir, "c.pem");
    char *list SW_CLEANUP(sw_free_str) = sw_xasprintf("/nonexistent:%s", dir);
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
        { NULL, NULL, NULL, list, NULL, list },
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

#define ADVICE \
    "; name a file of PEM certificates there, or unset it to trust what this machine trusts"

/* Whoever names a bundle is told which variable does, what is wrong with it, and what to do. */
static void test_ca__refuses_a_named_place_that_is_none(void **state)
{
    static const struct {
        const char *variable;
        const char *path;    /* in a new folder; "": the folder itself */
        const char *content; /* NULL: there is none */
        const char *says;
    } cases[] = {
        { "AWS_CA_BUNDLE", "no.pem", NULL, "does not exist" ADVICE },
        { "SSL_CERT_FILE", "no.pem", NULL, "does not exist" ADVICE },
        { "SSL_CERT_FILE", "empty.pem", "", "holds no PEM certificate" ADVICE },
        { "AWS_CA_BUNDLE", "key.pem", "-----BEGIN PRIVATE KEY-----\n",
          "holds no PEM certificate" ADVICE },
        { "AWS_CA_BUNDLE", "some.der", "\x30\x82\x03", "holds no PEM certificate" ADVICE },
        { "AWS_CA_BUNDLE", "", NULL, "is a folder" ADVICE },
        { "SSL_CERT_DIR", "no", NULL,
          "is no folder; name a folder of certificates there, or unset it to trust what this machine "
          "trusts" },
        { "SSL_CERT_DIR", "file", "x",
          "is no folder; name a folder of certificates there, or unset it to trust what this machine "
          "trusts" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct test_env t;
        struct sw_http_ca ca;
        test_env_init(&t);
        char *dir = temp_dir_new();
        char *path SW_CLEANUP(sw_free_str) =
            *cases[i].path ? sw_fs_join(dir, cases[i].path) : sw_xstrdup(dir);
        if (cases[i].content) {
            assert_ok(sw_fs_write_atomic(path, sw_str(cases[i].content), 0600, &err));
        }
        test_env_set(&t, cases[i].variable, path);
        char *msg SW_CLEANUP(sw_free_str) =
            sw_xasprintf("%s names \"%s\", which %s", cases[i].variable, path, cases[i].says);
        assert_fails(sw_http_ca_find(&t.env, NULL, &ca, &err), SW_E_INPUT, msg);
        temp_dir_free(dir);
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
        cmocka_unit_test(test_ca__refuses_a_named_place_that_is_none),
        cmocka_unit_test(test_ca__finds_the_system_bundle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
