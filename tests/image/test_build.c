#include "test.h"

#include <slipway/build.h>
#include <slipway/fs.h>

#include <unistd.h>

#include "temp_dir.h"

static struct sw_strs list(const char *text)
{
    struct sw_strs words = { 0 };

    for (struct sw_str rest = sw_str(text); rest.len > 0;) {
        sw_strs_add(&words, sw_str_cut(&rest, ' '));
    }
    return words;
}

static char *joined(const struct sw_strs *words)
{
    struct sw_buf out;

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < words->count; i++) {
        sw_buf_addf(&out, "%s%s", i > 0 ? "|" : "", words->items[i]);
    }
    return sw_buf_take(&out);
}

struct argv_case {
    const char *name;
    const char *dockerfile, *context, *refs, *args, *secrets, *extra, *platform, *target;
    const char *cache_from, *cache_to;
    bool no_cache, buildx;
    const char *expected;
    const char *buildkit; /* what needs BuildKit; NULL: nothing */
};

static const struct argv_case argv_cases[] = {
    { .name = "defaults", .refs = "r/n:t", .expected = "docker|build|-f|Dockerfile|-t|r/n:t|." },
    { .name = "everything",
      .dockerfile = "a/Dockerfile.web",
      .context = "a",
      .refs = "r/n:1 r/n:2",
      .args = "A=b C",
      .extra = "--label x=y --pull",
      .platform = "linux/arm64",
      .target = "web",
      .no_cache = true,
      .expected = "docker|build|-f|a/Dockerfile.web|-t|r/n:1|-t|r/n:2|--platform|linux/arm64|"
                  "--target|web|--no-cache|--build-arg|A=b|--build-arg|C|--label|x=y|--pull|a" },
    { .name = "a secret",
      .refs = "n:t",
      .secrets = "id=npm,src=.npmrc",
      .buildx = true,
      .expected = "docker|buildx|build|--load|-f|Dockerfile|-t|n:t|--secret|id=npm,src=.npmrc|.",
      .buildkit = "--secret" },
    { .name = "a cache to read",
      .refs = "n:t",
      .cache_from = "r/n:cache r/n:main",
      .expected =
          "docker|build|-f|Dockerfile|-t|n:t|--cache-from|r/n:cache|--cache-from|r/n:main|." },
    { .name = "a cache to read, of a kind",
      .refs = "n:t",
      .cache_from = "type=gha",
      .buildx = true,
      .expected = "docker|buildx|build|--load|-f|Dockerfile|-t|n:t|--cache-from|type=gha|.",
      .buildkit = "--cache-from with a type" },
    { .name = "caches to write",
      .refs = "n:t",
      .cache_to = "r/n:cache type=inline",
      .buildx = true,
      .expected = "docker|buildx|build|--load|-f|Dockerfile|-t|n:t|--cache-to|"
                  "type=registry,ref=r/n:cache,mode=max,image-manifest=true,oci-mediatypes=true|"
                  "--cache-to|type=inline|.",
      .buildkit = "--cache-to" },
    { .name = "several platforms stay in the builder",
      .refs = "n:t",
      .platform = "linux/amd64,linux/arm64",
      .buildx = true,
      .expected = "docker|buildx|build|-f|Dockerfile|-t|n:t|--platform|linux/amd64,linux/arm64|.",
      .buildkit = "--platform with several platforms" },
    { .name = "an output of one's own",
      .refs = "n:t",
      .extra = "--output=type=tar,dest=x.tar",
      .buildx = true,
      .expected = "docker|buildx|build|-f|Dockerfile|-t|n:t|--output=type=tar,dest=x.tar|.",
      .buildkit = "--output" },
    { .name = "a flag that only starts alike",
      .refs = "n:t",
      .extra = "--secretive --label --push-it",
      .expected = "docker|build|-f|Dockerfile|-t|n:t|--secretive|--label|--push-it|." },
};

static void test_build__composes_the_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(argv_cases); i++) {
        const struct argv_case *c = &argv_cases[i];
        struct sw_strs refs = list(c->refs);
        struct sw_strs args = list(c->args);
        struct sw_strs secrets = list(c->secrets);
        struct sw_strs extra = list(c->extra);
        struct sw_strs cache_from = list(c->cache_from);
        struct sw_strs cache_to = list(c->cache_to);
        struct sw_strs argv = { 0 };
        const struct sw_build build = { .dockerfile = c->dockerfile,
                                        .context = c->context,
                                        .refs = &refs,
                                        .args = &args,
                                        .secrets = &secrets,
                                        .extra = &extra,
                                        .cache_from = &cache_from,
                                        .cache_to = &cache_to,
                                        .platform = c->platform,
                                        .target = c->target,
                                        .no_cache = c->no_cache };
        const char *what = NULL;

        sw_build_argv(&build, c->buildx, &argv);
        char *got = joined(&argv);
        if (strcmp(got, c->expected) != 0) {
            fail_msg("%s: expected %s, got %s", c->name, c->expected, got);
        }
        assert_int_equal(sw_build_needs_buildkit(&build, &what), c->buildkit != NULL);
        if (c->buildkit) {
            assert_string_equal(what, c->buildkit);
        }
        free(got);
        sw_strs_release(&refs);
        sw_strs_release(&args);
        sw_strs_release(&secrets);
        sw_strs_release(&extra);
        sw_strs_release(&cache_from);
        sw_strs_release(&cache_to);
        sw_strs_release(&argv);
    }
}

static void test_build__masks_the_values_of_build_arguments(void **state)
{
    static const char *const words[] = {
        "docker",          "build",       "--build-arg", "TOKEN=abc=d",
        "--build-arg=K=v", "--build-arg", "NAME",        "--label",
        "a=b c",           "--build-arg", "=",           "it's"
    };
    struct sw_strs argv = { 0 };
    struct sw_buf out;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(words); i++) {
        sw_strs_add(&argv, sw_str(words[i]));
    }
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_build_line(&argv, &out);
    assert_string_equal(out.ptr, "docker build --build-arg TOKEN=**** --build-arg=K=**** "
                                 "--build-arg NAME --label 'a=b c' --build-arg =**** 'it'\\''s'");
    sw_buf_release(&out);
    sw_strs_release(&argv);
}

static void touch(const char *path)
{
    struct sw_err err = SW_ERR_INIT;

    assert_ok(sw_fs_write_atomic(path, SW_STR("FROM scratch\n"), 0644, &err));
}

/* Fills the working directory, a fresh temporary one, with folders and Dockerfiles. */
static void fill_folder(void)
{
    static const char *const folders[] = { "web", "api/docker", ".git", "node_modules" };
    struct sw_err err = SW_ERR_INIT;

    for (size_t i = 0; i < SW_COUNT(folders); i++) {
        assert_ok(sw_fs_mkdirs(folders[i], 0755, &err));
    }
    touch("web/Dockerfile");
    touch("web/Dockerfile.dockerignore");
    touch("api/docker/api.Dockerfile");
    touch("Containerfile");
    touch("Dockerfiles.txt");
    touch(".git/Dockerfile");
    touch("node_modules/Dockerfile");
    touch("file");
}

static void test_build__checks_dockerfile_and_context(void **state)
{
    static const struct {
        const char *dockerfile;
        const char *context;
        const char *message; /* NULL: it is fine */
    } cases[] = {
        { "web/Dockerfile", NULL, NULL },
        { "web/Dockerfile", "api", NULL },
        { "missing", "https://example.com/a.git", NULL },
        { "missing", "git@example.com:a", NULL },
        { NULL, NULL,
          "the Dockerfile \"Dockerfile\" does not exist; there are: Containerfile, "
          "web/Dockerfile, api/docker/api.Dockerfile" },
        { "web", NULL,
          "the Dockerfile \"web\" is a folder; name the file in it, from the working directory on" },
        { "web/Dockerfile", "missing", "the build context \"missing\" does not exist" },
        { "web/Dockerfile", "file", "the build context \"file\" is not a folder" },
    };
    char *dir = temp_dir_new();

    (void)state;
    assert_int_equal(chdir(dir), 0);
    fill_folder();
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_build build = { .dockerfile = cases[i].dockerfile,
                                        .context = cases[i].context };
        struct sw_err err = SW_ERR_INIT;

        if (cases[i].message) {
            assert_fails(sw_build_check(&build, &err), SW_E_INPUT, cases[i].message);
        } else {
            assert_ok(sw_build_check(&build, &err));
        }
    }
    assert_int_equal(chdir("/"), 0);
    temp_dir_free(dir);
}

static void test_build__says_when_there_is_no_dockerfile_at_all(void **state)
{
    const struct sw_build build = { 0 };
    struct sw_err err = SW_ERR_INIT;
    char *dir = temp_dir_new();

    (void)state;
    assert_int_equal(chdir(dir), 0);
    assert_fails(sw_build_check(&build, &err), SW_E_INPUT,
                 "the Dockerfile \"Dockerfile\" does not exist; there is none in this folder or "
                 "below: is the source checked out before the build?");
    assert_int_equal(chdir("/"), 0);
    temp_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build__composes_the_words),
        cmocka_unit_test(test_build__masks_the_values_of_build_arguments),
        cmocka_unit_test(test_build__checks_dockerfile_and_context),
        cmocka_unit_test(test_build__says_when_there_is_no_dockerfile_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
