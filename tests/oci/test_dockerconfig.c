#include "temp_dir.h"
#include "test.h"

#include <slipway/buf.h>
#include <slipway/dockerconfig.h>
#include <slipway/fs.h>
#include <slipway/log.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A world whose DOCKER_CONFIG and PATH are folders of its own. */
struct world {
    char *dir;    /* DOCKER_CONFIG */
    char *config; /* dir/config.json */
    char *bin;    /* where helpers are put */
    char *path;   /* the PATH before */
    struct test_env t;
};

static int set_up(void **state)
{
    struct world *w = sw_xcalloc(1, sizeof(*w));
    char *dir = temp_dir_new();
    w->dir = dir;
    w->config = sw_fs_join(dir, "config.json");
    w->bin = sw_fs_join(dir, "bin");
    w->path = sw_xstrdup(getenv("PATH"));
    char *path SW_CLEANUP(sw_free_str) = sw_xasprintf("%s:%s", w->bin, w->path);
    struct sw_err err;
    assert_ok(sw_fs_mkdirs(w->bin, 0700, &err));
    assert_int_equal(setenv("PATH", path, 1), 0);
    test_env_init(&w->t);
    test_env_set(&w->t, "DOCKER_CONFIG", dir);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    (void)setenv("PATH", w->path, 1);
    test_env_release(&w->t);
    temp_dir_free(w->dir);
    free(w->config);
    free(w->bin);
    free(w->path);
    free(w);
    sw_redact_reset();
    return 0;
}

static void write_config(const struct world *w, const char *text)
{
    struct sw_err err;
    assert_ok(sw_fs_write_atomic(w->config, sw_str(text), 0644, &err));
}

static void assert_config(const struct world *w, const char *expected)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_err err;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_fs_read(w->config, &text, &err));
    assert_string_equal(text.ptr, expected);
}

/* A helper that keeps what it got in <bin>/<name>.<action> and then runs `body`. */
static void write_helper(const struct world *w, const char *name, const char *body)
{
    char *file SW_CLEANUP(sw_free_str) = sw_xasprintf("%s/docker-credential-%s", w->bin, name);
    char *text SW_CLEANUP(sw_free_str) =
        sw_xasprintf("#!/bin/sh\ncat > %s/%s.$1\n%s\n", w->bin, name, body);
    struct sw_err err;
    assert_ok(sw_fs_write_atomic(file, sw_str(text), 0755, &err));
}

static void assert_helper_got(const struct world *w, const char *name, const char *expected)
{
    char *file SW_CLEANUP(sw_free_str) = sw_fs_join(w->bin, name);
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_err err;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_fs_read(file, &text, &err));
    assert_string_equal(text.ptr, expected);
}

static void assert_login(struct world *w, const char *host, const char *user, const char *secret)
{
    char *got_user SW_CLEANUP(sw_free_str) = NULL;
    char *got_secret SW_CLEANUP(sw_free_secret_str) = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_docker_auth_get(&w->t.env, host, &got_user, &got_secret, &err));
    assert_string_equal(got_user, user);
    assert_string_equal(got_secret, secret);
}

static void assert_no_login(struct world *w, const char *host)
{
    char *user = NULL;
    char *secret = NULL;
    struct sw_err err = SW_ERR_INIT;
    char *text SW_CLEANUP(sw_free_str) =
        sw_xasprintf("no credentials for \"%s\" in %s", host, w->config);
    assert_fails(sw_docker_auth_get(&w->t.env, host, &user, &secret, &err), SW_E_NOT_FOUND, text);
}

static void assert_get_fails(struct world *w, const char *host, enum sw_status status,
                             const char *text)
{
    char *user = NULL;
    char *secret = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_fails(sw_docker_auth_get(&w->t.env, host, &user, &secret, &err), status, text);
}

static void test_dockerconfig__path_follows_docker(void **state)
{
    struct world *w = *state;
    struct sw_err err;
    char *path SW_CLEANUP(sw_free_str) = NULL;
    assert_ok(sw_docker_config_path(&w->t.env, &path, &err));
    assert_string_equal(path, w->config);
    free(path);
    test_env_set(&w->t, "DOCKER_CONFIG", NULL);
    test_env_set(&w->t, "HOME", "/home/ci");
    assert_ok(sw_docker_config_path(&w->t.env, &path, &err));
    assert_string_equal(path, "/home/ci/.docker/config.json");
    test_env_set(&w->t, "HOME", NULL);
    char *none = NULL;
    assert_fails(sw_docker_config_path(&w->t.env, &none, &err), SW_E_INPUT,
                 "no place for docker's configuration: set DOCKER_CONFIG or HOME");
}

static void test_dockerconfig__server_texts_lose_scheme_and_path(void **state)
{
    static const char *const cases[][2] = {
        { "host.example", "host.example" },
        { " https://host.example/v1/ \n", "host.example" },
        { "http://host.example:5000/v2", "host.example:5000" },
        { "127.0.0.1:5000", "127.0.0.1:5000" },
        { "", "" },
    };
    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        char *host SW_CLEANUP(sw_free_str) = sw_str_dup(sw_docker_server_host(sw_str(cases[i][0])));
        assert_string_equal(host, cases[i][1]);
    }
}

/* c2xpcDp3YXk6eA== is slip:way:x */
static void test_dockerconfig__reads_every_kind_of_entry(void **state)
{
    struct world *w = *state;
    write_config(w, "{\"auths\": {"
                    "\"a.example\": {\"auth\": \"c2xpcDp3YXk6eA==\"},"
                    "\"b.example:5000\": {\"auth\": \"\", \"identitytoken\": \"tok-en\"},"
                    "\"c.example\": {\"username\": \"u\", \"password\": \"p\"},"
                    "\"https://d.example/\": {\"auth\": \"dTpkZA==\"},"
                    "\"https://e.example/v1/\": {\"auth\": \"dTplZQ==\"},"
                    "\"http://e2.example:80/v1/\": {\"auth\": \"dTplZQ==\"},"
                    "\"https://index.docker.io/v1/\": {\"auth\": \"dTpodWI=\"},"
                    "\"f.example\": {\"auth\": \"dTpwAAA=\"},"
                    "\"g.example\": {}}}");
    assert_login(w, "a.example", "slip", "way:x");
    assert_login(w, "b.example:5000", "<token>", "tok-en");
    assert_login(w, "c.example", "u", "p");
    assert_login(w, "d.example", "u", "dd");
    assert_login(w, "e.example", "u", "ee");
    assert_login(w, "e2.example:80", "u", "ee");
    assert_login(w, "docker.io", "u", "hub");
    assert_login(w, "registry-1.docker.io", "u", "hub");
    assert_login(w, "f.example", "u", "p");
    assert_no_login(w, "g.example");
    assert_no_login(w, "b.example");
    assert_no_login(w, "xa.example");
}

static void test_dockerconfig__exact_key_wins(void **state)
{
    struct world *w = *state;
    write_config(w, "{\"auths\": {\"https://a.example/v1/\": {\"auth\": \"dTpvbGQ=\"},"
                    "\"a.example\": {\"auth\": \"dTpuZXc=\"}}}");
    assert_login(w, "a.example", "u", "new");
}

static void test_dockerconfig__missing_or_blank_file_has_no_logins(void **state)
{
    struct world *w = *state;
    assert_no_login(w, "a.example");
    write_config(w, " \n");
    assert_no_login(w, "a.example");
    write_config(w, "{\"auths\": null}");
    assert_no_login(w, "a.example");
}

static void test_dockerconfig__without_a_home_there_are_no_logins(void **state)
{
    struct world *w = *state;
    test_env_set(&w->t, "DOCKER_CONFIG", NULL);
    assert_get_fails(w, "a.example", SW_E_NOT_FOUND,
                     "no credentials for \"a.example\": no place for docker's configuration: set "
                     "DOCKER_CONFIG or HOME");
}

static void test_dockerconfig__broken_auth_is_an_error(void **state)
{
    struct world *w = *state;
    write_config(w, "{\"auths\": {\"a.example\": {\"auth\": \"se*cret\"},"
                    "\"b.example\": {\"auth\": \"bm9jb2xvbg==\"},"
                    "\"c.example\": {\"auth\": \"Om5vdXNlcg==\"}}}");
    assert_get_fails(w, "a.example", SW_E_INPUT,
                     "the \"auth\" text for \"a.example\" in docker's configuration is not "
                     "base64; log in to it again");
    assert_get_fails(w, "b.example", SW_E_INPUT,
                     "the \"auth\" text for \"b.example\" in docker's configuration is not "
                     "\"user:password\" in base64; log in to it again");
    assert_get_fails(w, "c.example", SW_E_INPUT,
                     "the \"auth\" text for \"c.example\" in docker's configuration is not "
                     "\"user:password\" in base64; log in to it again");
}

/* A cut password would be refused by the registry for no reason that anybody could see. */
static void test_dockerconfig__gives_no_part_of_a_secret(void **state)
{
    enum { BLOCKS = 100 * 1024 };
    struct world *w = *state;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_DOCKER_CONFIG_MAX);
    sw_buf_add_cstr(&text, "{\"auths\": {\"a.example\": {\"auth\": \"");
    for (int i = 0; i < BLOCKS; i++) {
        sw_buf_add_cstr(&text, "YTph"); /* "a:a" */
    }
    sw_buf_add_cstr(&text, "\"}}}");
    write_config(w, text.ptr);
    assert_get_fails(w, "a.example", SW_E_TOO_LARGE,
                     "the \"auth\" text for \"a.example\" in docker's configuration is larger than "
                     "262144 bytes");
}

static void test_dockerconfig__malformed_file_is_refused_and_kept(void **state)
{
    struct world *w = *state;
    static const char text[] = "{\n  \"auths\": {\n    \"a.example\": {\"auth\": \"c2Vj\" oops}\n";
    write_config(w, text);
    char *expected SW_CLEANUP(sw_free_str) = sw_xasprintf("%s:3:37: '}' expected", w->config);
    assert_get_fails(w, "a.example", SW_E_INPUT, expected);
    struct sw_docker_store_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    assert_fails(sw_docker_auth_store(&w->t.env, "a.example", "u", "p", &result, &err), SW_E_INPUT,
                 expected);
    char *path = NULL;
    bool changed = false;
    assert_fails(sw_docker_helper_set(&w->t.env, "a.example", "slipway", &path, &changed, &err),
                 SW_E_INPUT, expected);
    assert_config(w, text);
}

static void test_dockerconfig__wrong_shapes_are_named(void **state)
{
    struct world *w = *state;
    struct sw_docker_store_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    write_config(w, "[]");
    char *top SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%s: docker's configuration is a JSON object, not array", w->config);
    assert_get_fails(w, "a.example", SW_E_INPUT, top);
    write_config(w, "{\"auths\": 1}");
    char *auths SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%s: \"auths\" is integer, not an object; correct the file", w->config);
    assert_fails(sw_docker_auth_store(&w->t.env, "a.example", "u", "p", &result, &err), SW_E_INPUT,
                 auths);
    assert_config(w, "{\"auths\": 1}");
}

static void test_dockerconfig__variable_comes_first(void **state)
{
    struct world *w = *state;
    write_config(w, "{\"auths\": {\"a.example\": {\"auth\": \"dTpmaWxl\"},"
                    "\"b.example\": {\"auth\": \"dTpmaWxl\"}}}");
    test_env_set(&w->t, "DOCKER_AUTH_CONFIG",
                 "{\"auths\": {\"a.example\": {\"auth\": \"dTplbnY=\"}}}");
    assert_login(w, "a.example", "u", "env");
    assert_login(w, "b.example", "u", "file");
    assert_string_equal(w->t.said.ptr, "");
    assert_true(sw_docker_env_has(&w->t.env, "a.example"));
    assert_false(sw_docker_env_has(&w->t.env, "b.example"));
    test_env_set(&w->t, "DOCKER_AUTH_CONFIG", "{");
    assert_false(sw_docker_env_has(&w->t.env, "a.example"));
    test_env_set(&w->t, "DOCKER_AUTH_CONFIG", NULL);
    assert_false(sw_docker_env_has(&w->t.env, "a.example"));
    assert_string_equal(w->t.said.ptr, "");
}

static void test_dockerconfig__odd_variable_is_ignored_aloud(void **state)
{
    static const char *const cases[][2] = {
        { "{\"auths\": ", "it is not valid JSON" },
        { "[]", "it must be one JSON object with \"auths\" alone" },
        { "{\"auths\": {}, \"credsStore\": \"x\"}",
          "it must be one JSON object with \"auths\" alone" },
        { "{\"auths\": {\"a.example\": {\"auth\": \"dTplbnY=\", \"email\": \"e\"}}}",
          "each host of its \"auths\" must have \"auth\" alone" },
        { "{\"auths\": {\"a.example\": {\"username\": \"u\"}}}",
          "each host of its \"auths\" must have \"auth\" alone" },
    };
    struct world *w = *state;
    write_config(w, "{\"auths\": {\"a.example\": {\"auth\": \"dTpmaWxl\"}}}");
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        char *text SW_CLEANUP(sw_free_str) = sw_xasprintf(
            "warning: DOCKER_AUTH_CONFIG is ignored, as docker does: %s\n", cases[i][1]);
        test_env_set(&w->t, "DOCKER_AUTH_CONFIG", cases[i][0]);
        sw_buf_clear(&w->t.said);
        assert_login(w, "a.example", "u", "file");
        assert_string_equal(w->t.said.ptr, text);
    }
}

static const char two_helpers[] = "{\"auths\": {\"a.example\": {\"auth\": \"dTpzdGFsZQ==\"},"
                                  "\"z.example\": {\"auth\": \"dTpzdGFsZQ==\"}},"
                                  "\"credsStore\": \"store\","
                                  "\"credHelpers\": {\"a.example\": \"own\", \"f.example\": \"\"}}";

static void test_dockerconfig__helpers_answer_in_dockers_order(void **state)
{
    struct world *w = *state;
    write_helper(w, "own",
                 "echo '{\"ServerURL\":\"a\",\"Username\":\"<token>\",\"Secret\":\"refresh\"}'");
    write_helper(w, "store", "echo '{\"ServerURL\":\"a\",\"Username\":\"me\",\"Secret\":\"s1\"}'");
    write_config(w, two_helpers);
    assert_login(w, "a.example", "<token>", "refresh");
    assert_helper_got(w, "own.get", "a.example");
    assert_login(w, "b.example", "me", "s1");
    assert_login(w, "docker.io", "me", "s1");
    assert_helper_got(w, "store.get", "https://index.docker.io/v1/");
    assert_no_login(w, "f.example");
}

static void test_dockerconfig__helper_without_a_login_hides_a_stale_entry(void **state)
{
    struct world *w = *state;
    write_config(w, two_helpers);
    write_helper(w, "own", "echo 'credentials not found in native keychain'; exit 1");
    assert_no_login(w, "a.example");
}

static void test_dockerconfig__helper_failures_speak(void **state)
{
    static const char *const cases[][2] = {
        { "echo 'the keychain is locked'; echo more; exit 1",
          "docker-credential-own get: the keychain is locked" },
        { "exit 3", "docker-credential-own get: failed without a word" },
        { "echo nonsense", "docker-credential-own get: the answer is not JSON" },
        { "echo '{\"Username\":\"u\"}'",
          "docker-credential-own get: the answer lacks \"Username\" or \"Secret\"" },
        { "printf 'a\\033[31mb\\n'; exit 1", "docker-credential-own get: a [31mb" },
    };
    struct world *w = *state;
    write_config(w, two_helpers);
    assert_get_fails(w, "a.example", SW_E_CREDENTIALS,
                     "docker-credential-own, which docker's configuration names, is not on PATH");
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        write_helper(w, "own", cases[i][0]);
        assert_get_fails(w, "a.example", SW_E_CREDENTIALS, cases[i][1]);
    }
    write_config(w, "{\"credsStore\": \"../evil\"}");
    assert_get_fails(w, "a.example", SW_E_INPUT,
                     "\"../evil\" is not the name of a credential helper");
}

static void assert_stored(struct world *w, const char *host, enum sw_docker_stored where)
{
    struct sw_docker_store_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_docker_auth_store(&w->t.env, host, "AWS", "pass:word", &result, &err));
    assert_int_equal(result.where, where);
    assert_string_equal(result.path, w->config);
    sw_docker_store_result_release(&result);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void test_dockerconfig__store_makes_folder_and_file(void **state)
{
    struct world *w = *state;
    char *folder SW_CLEANUP(sw_free_str) = sw_fs_join(w->dir, "home/.docker");
    free(w->config);
    w->config = sw_fs_join(folder, "config.json");
    test_env_set(&w->t, "DOCKER_CONFIG", folder);
    assert_stored(w, "a.example", SW_DOCKER_STORED_FILE);
    assert_int_equal(mode_of(folder), 0700);
    assert_int_equal(mode_of(w->config), 0600);
    assert_config(w, "{\n"
                     "\t\"auths\": {\n"
                     "\t\t\"a.example\": {\n"
                     "\t\t\t\"auth\": \"QVdTOnBhc3M6d29yZA==\"\n"
                     "\t\t}\n"
                     "\t}\n"
                     "}");
    assert_login(w, "a.example", "AWS", "pass:word");
}

static void test_dockerconfig__store_keeps_everything_else_in_order(void **state)
{
    struct world *w = *state;
    write_config(w, "{\"proxies\": {\"default\": {\"noProxy\": \"a  b\"}}, \"auths\": "
                    "{\"z.example\": {}, \"a.example\": {\"email\": \"e\", \"auth\": \"eDp5\", "
                    "\"identitytoken\": \"t\"}}, \"HttpHeaders\": {\"X\": \"1\"}, "
                    "\"unknown\": [1, true, null]}");
    assert_stored(w, "a.example", SW_DOCKER_STORED_FILE);
    assert_config(w, "{\n"
                     "\t\"proxies\": {\n"
                     "\t\t\"default\": {\n"
                     "\t\t\t\"noProxy\": \"a  b\"\n"
                     "\t\t}\n"
                     "\t},\n"
                     "\t\"auths\": {\n"
                     "\t\t\"z.example\": {},\n"
                     "\t\t\"a.example\": {\n"
                     "\t\t\t\"email\": \"e\",\n"
                     "\t\t\t\"auth\": \"QVdTOnBhc3M6d29yZA==\"\n"
                     "\t\t}\n"
                     "\t},\n"
                     "\t\"HttpHeaders\": {\n"
                     "\t\t\"X\": \"1\"\n"
                     "\t},\n"
                     "\t\"unknown\": [\n"
                     "\t\t1,\n"
                     "\t\ttrue,\n"
                     "\t\tnull\n"
                     "\t]\n"
                     "}");
}

static void test_dockerconfig__store_follows_a_link(void **state)
{
    struct world *w = *state;
    char *real SW_CLEANUP(sw_free_str) = sw_fs_join(w->bin, "real.json");
    struct stat st;
    struct sw_err err;
    assert_ok(sw_fs_write_atomic(real, SW_STR("{}"), 0644, &err));
    assert_int_equal(symlink(real, w->config), 0);
    assert_stored(w, "a.example", SW_DOCKER_STORED_FILE);
    assert_int_equal(lstat(w->config, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(mode_of(real), 0600);
    assert_login(w, "a.example", "AWS", "pass:word");
}

static void test_dockerconfig__store_uses_the_configured_helper(void **state)
{
    struct world *w = *state;
    write_helper(w, "store", "");
    write_config(w, "{\"credsStore\":\"store\"}");
    assert_stored(w, "a.example", SW_DOCKER_STORED_HELPER);
    assert_helper_got(
        w, "store.store",
        "{\"ServerURL\":\"a.example\",\"Username\":\"AWS\",\"Secret\":\"pass:word\"}");
    assert_config(w, "{\n"
                     "\t\"credsStore\": \"store\",\n"
                     "\t\"auths\": {\n"
                     "\t\t\"a.example\": {}\n"
                     "\t}\n"
                     "}");
}

static void test_dockerconfig__store_goes_around_a_helper_that_refuses(void **state)
{
    struct world *w = *state;
    struct sw_docker_store_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    write_helper(w, "store", "echo 'not implemented'; exit 1");
    write_config(w, "{\"credsStore\":\"store\"}");
    assert_ok(sw_docker_auth_store(&w->t.env, "a.example", "AWS", "pass:word", &result, &err));
    assert_int_equal(result.where, SW_DOCKER_STORED_OVERRIDE);
    assert_string_equal(result.helper, "store");
    assert_string_equal(result.helper_error, "docker-credential-store store: not implemented");
    sw_docker_store_result_release(&result);
    assert_config(w, "{\n"
                     "\t\"credsStore\": \"store\",\n"
                     "\t\"credHelpers\": {\n"
                     "\t\t\"a.example\": \"\"\n"
                     "\t},\n"
                     "\t\"auths\": {\n"
                     "\t\t\"a.example\": {\n"
                     "\t\t\t\"auth\": \"QVdTOnBhc3M6d29yZA==\"\n"
                     "\t\t}\n"
                     "\t}\n"
                     "}");
    assert_login(w, "a.example", "AWS", "pass:word");
}

static void test_dockerconfig__store_removes_an_entry_for_a_dead_helper(void **state)
{
    struct world *w = *state;
    write_config(w, "{\"credHelpers\":{\"a.example\":\"gone\"}}");
    assert_stored(w, "a.example", SW_DOCKER_STORED_OVERRIDE);
    assert_config(w, "{\n"
                     "\t\"auths\": {\n"
                     "\t\t\"a.example\": {\n"
                     "\t\t\t\"auth\": \"QVdTOnBhc3M6d29yZA==\"\n"
                     "\t\t}\n"
                     "\t}\n"
                     "}");
    write_config(w, "{\"credHelpers\":{\"a.example\":\"gone\",\"b.example\":\"kept\"}}");
    assert_stored(w, "a.example", SW_DOCKER_STORED_OVERRIDE);
    assert_login(w, "a.example", "AWS", "pass:word");
}

static void test_dockerconfig__own_helper_needs_nothing_stored(void **state)
{
    struct world *w = *state;
    static const char text[] = "{\"credHelpers\":{\"a.example\":\"slipway\"}}";
    write_config(w, text);
    assert_stored(w, "a.example", SW_DOCKER_STORED_OWN);
    assert_config(w, text);
}

static void test_dockerconfig__helper_set_drops_the_stored_secret(void **state)
{
    struct world *w = *state;
    struct sw_err err = SW_ERR_INIT;
    char *path SW_CLEANUP(sw_free_str) = NULL;
    bool changed = false;
    write_config(w, "{\"auths\":{\"a.example\":{\"auth\":\"eDp5\"}}}");
    assert_ok(sw_docker_helper_set(&w->t.env, "a.example", "slipway", &path, &changed, &err));
    assert_true(changed);
    assert_string_equal(path, w->config);
    assert_config(w, "{\n"
                     "\t\"auths\": {\n"
                     "\t\t\"a.example\": {}\n"
                     "\t},\n"
                     "\t\"credHelpers\": {\n"
                     "\t\t\"a.example\": \"slipway\"\n"
                     "\t}\n"
                     "}");
    free(path);
    path = NULL;
    assert_ok(sw_docker_helper_set(&w->t.env, "a.example", "slipway", &path, &changed, &err));
    assert_false(changed);
}

static void test_dockerconfig__lists_the_hosts_of_a_helper(void **state)
{
    struct world *w = *state;
    struct sw_err err = SW_ERR_INIT;
    struct sw_strs hosts = { 0 };
    write_config(w, "{\"credHelpers\":{\"b.example\":\"slipway\",\"c.example\":\"other\","
                    "\"a.example\":\"slipway\",\"d.example\":1}}");
    assert_ok(sw_docker_helper_hosts(&w->t.env, "slipway", &hosts, &err));
    assert_int_equal(hosts.count, 2);
    assert_string_equal(hosts.items[0], "b.example");
    assert_string_equal(hosts.items[1], "a.example");
    sw_strs_release(&hosts);
}

static void test_dockerconfig__waits_for_the_lock_and_gives_up(void **state)
{
    struct world *w = *state;
    int fd SW_CLEANUP(sw_close_fd) = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct sw_docker_store_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    assert_int_equal(flock(fd, LOCK_EX), 0);
    char *text SW_CLEANUP(sw_free_str) = sw_xasprintf(
        "another process has held the lock on \"%s\" for 30 s; try again when it is done", w->dir);
    assert_fails(sw_docker_auth_store(&w->t.env, "a.example", "u", "p", &result, &err), SW_E_FAILED,
                 text);
    assert_int_equal(w->t.slept_ms, 30000);
    w->t.stop = true;
    char *stopped SW_CLEANUP(sw_free_str) =
        sw_xasprintf("stopped while waiting for the lock on \"%s\"", w->dir);
    assert_fails(sw_docker_auth_store(&w->t.env, "a.example", "u", "p", &result, &err),
                 SW_E_STOPPED, stopped);
    assert_false(sw_fs_exists(w->config));
}

static void test_dockerconfig__secrets_become_known_to_the_redactor(void **state)
{
    struct world *w = *state;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    write_config(w, "{\"auths\": {\"a.example\": {\"auth\": \"dTpoYXJkLXRvLWd1ZXNz\"}}}");
    assert_login(w, "a.example", "u", "hard-to-guess");
    sw_buf_init(&text, 1000);
    sw_redact(&text, SW_STR("a hard-to-guess b dTpoYXJkLXRvLWd1ZXNz c"));
    assert_string_equal(text.ptr, "a **** b **** c");
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_dockerconfig__path_follows_docker),
        WITH_WORLD(test_dockerconfig__server_texts_lose_scheme_and_path),
        WITH_WORLD(test_dockerconfig__reads_every_kind_of_entry),
        WITH_WORLD(test_dockerconfig__exact_key_wins),
        WITH_WORLD(test_dockerconfig__missing_or_blank_file_has_no_logins),
        WITH_WORLD(test_dockerconfig__without_a_home_there_are_no_logins),
        WITH_WORLD(test_dockerconfig__broken_auth_is_an_error),
        WITH_WORLD(test_dockerconfig__gives_no_part_of_a_secret),
        WITH_WORLD(test_dockerconfig__malformed_file_is_refused_and_kept),
        WITH_WORLD(test_dockerconfig__wrong_shapes_are_named),
        WITH_WORLD(test_dockerconfig__variable_comes_first),
        WITH_WORLD(test_dockerconfig__odd_variable_is_ignored_aloud),
        WITH_WORLD(test_dockerconfig__helpers_answer_in_dockers_order),
        WITH_WORLD(test_dockerconfig__helper_without_a_login_hides_a_stale_entry),
        WITH_WORLD(test_dockerconfig__helper_failures_speak),
        WITH_WORLD(test_dockerconfig__store_makes_folder_and_file),
        WITH_WORLD(test_dockerconfig__store_keeps_everything_else_in_order),
        WITH_WORLD(test_dockerconfig__store_follows_a_link),
        WITH_WORLD(test_dockerconfig__store_uses_the_configured_helper),
        WITH_WORLD(test_dockerconfig__store_goes_around_a_helper_that_refuses),
        WITH_WORLD(test_dockerconfig__store_removes_an_entry_for_a_dead_helper),
        WITH_WORLD(test_dockerconfig__own_helper_needs_nothing_stored),
        WITH_WORLD(test_dockerconfig__helper_set_drops_the_stored_secret),
        WITH_WORLD(test_dockerconfig__lists_the_hosts_of_a_helper),
        WITH_WORLD(test_dockerconfig__waits_for_the_lock_and_gives_up),
        WITH_WORLD(test_dockerconfig__secrets_become_known_to_the_redactor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
