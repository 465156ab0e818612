#include "test.h"

#include <slipway/ref.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A32   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A128  A32 A32 A32 A32

static const struct good_case {
    const char *text;
    const char *host;
    const char *repository;
    const char *tag;
    const char *digest;
} good_cases[] = {
    { "nginx", "docker.io", "library/nginx", NULL, NULL },
    { "nginx:1.25", "docker.io", "library/nginx", "1.25", NULL },
    { "acme/app", "docker.io", "acme/app", NULL, NULL },
    { "docker.io/nginx", "docker.io", "library/nginx", NULL, NULL },
    { "index.docker.io/acme/app:x", "docker.io", "acme/app", "x", NULL },
    /* The host's ':' is not the tag's. */
    { "localhost:5000/app", "localhost:5000", "app", NULL, NULL },
    { "localhost:5000/app:v1", "localhost:5000", "app", "v1", NULL },
    { "localhost/app", "localhost", "app", NULL, NULL },
    { "localhost:5000", "docker.io", "library/localhost", "5000", NULL },
    { "127.0.0.1:5000/a/b_c.d-e__f--g:T", "127.0.0.1:5000", "a/b_c.d-e__f--g", "T", NULL },
    { "[::1]:5000/app", "[::1]:5000", "app", NULL, NULL },
    { "[fe80::1]/app:x", "[fe80::1]", "app", "x", NULL },
    { "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1",
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "team/app", "1", NULL },
    { "app@sha256:" HEX64, "docker.io", "library/app", NULL, "sha256:" HEX64 },
    { "h.io/app:v1@sha256:" HEX64, "h.io", "app", "v1", "sha256:" HEX64 },
    { "h.io:443/app@sha256:" HEX64, "h.io:443", "app", NULL, "sha256:" HEX64 },
    /* The longest tag the specification allows. */
    { "h.io/app:" A128, "h.io", "app", A128, NULL },
    { "h.io/app:_x", "h.io", "app", "_x", NULL },
};

static void check_text(const char *shown, const char *actual, const char *expected)
{
    if ((actual == NULL) != (expected == NULL) || (actual && strcmp(actual, expected) != 0)) {
        fail_msg("%s: got \"%s\", expected \"%s\"", shown, actual ? actual : "(none)",
                 expected ? expected : "(none)");
    }
}

static void test_ref__splits_references(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        struct sw_err err = SW_ERR_INIT;
        struct sw_ref ref = { 0 };

        assert_ok(sw_ref_parse(sw_str(c->text), &ref, &err));
        check_text(c->text, ref.host, c->host);
        check_text(c->text, ref.repository, c->repository);
        check_text(c->text, ref.tag, c->tag);
        check_text(c->text, ref.digest, c->digest);
        sw_ref_release(&ref);
    }
}

static const struct bad_case {
    const char *text;
    const char *message; /* without what comes before the text's own fault */
} bad_cases[] = {
    { "", "it is empty" },
    { "https://h.io/app", "write it without \"https://\"" },
    { "docker-archive:web.tar",
      "\"docker-archive:\" names an image of this machine, and one in a registry is wanted here; "
      "'slipway image push' brings it there" },
    { "docker-daemon:web",
      "\"docker-daemon:\" names an image of this machine, and one in a registry "
      "is wanted here; 'slipway image push' brings it there" },
    { "oci-archive:web.tar:1", "\"oci-archive:\" names an image of this machine, and one in a "
                               "registry is wanted here; 'slipway image push' brings it there" },
    { "oci:web", "\"oci:\" names an image of this machine, and one in a registry is wanted here; "
                 "'slipway image push' brings it there" },
    { "containers-storage:web",
      "\"containers-storage:\" names an image of this machine, and one in a registry is wanted "
      "here; 'slipway image push' brings it there" },
    { "h.io/App", "repository \"App\" has 'A' at position 1; repository names are lower case" },
    { "Acme/app",
      "repository \"Acme/app\" has 'A' at position 1; repository names are lower case" },
    { "h.io/a//b", "repository \"a//b\" has '/' at position 3; a part between slashes is empty" },
    { "h.io/", "the repository name is empty" },
    { "/app", "the registry host before the first '/' is empty" },
    { "h.io/-a", "repository \"-a\" has '-' at position 1; each part starts and ends with a letter "
                 "or digit, joined by one '.', '_', \"__\" or dashes" },
    { "h.io/a..b", "repository \"a..b\" has '.' at position 3; each part starts and ends with a "
                   "letter or digit, joined by one '.', '_', \"__\" or dashes" },
    { "h.io/a b", "repository \"a b\" has a blank at position 2; repository names have lower-case "
                  "letters, digits, '.', '_', '-' and '/' only" },
    { "h.io/a/", "repository \"a/\" has '/' at position 2; a part between slashes is empty" },
    { "h.io/app:", "the tag is empty" },
    { "h.io/app:1.0+b", "tag \"1.0+b\" has '+' at position 4; a tag has letters, digits, '_', '.' "
                        "and '-' only" },
    { "h.io/app:.x",
      "tag \".x\" has '.' at position 1; a tag starts with a letter, a digit or '_'" },
    { "h.io/app:a\n",
      "tag \"a\n\" has the byte 0x0a at position 2; a tag has letters, digits, '_', "
      "'.' and '-' only" },
    { "h.io/app:x:y",
      "repository \"app:x\" has ':' at position 4; only one ':' goes before the tag" },
    { "h.io/app:a" A128, "tag \"" A32 "...\" has 129 characters; the limit is 128" },
    { "h.io:0/app",
      "registry host \"h.io:0\" has the port \"0\"; a port is a number from 1 to 65535" },
    { "h.io:99999/app",
      "registry host \"h.io:99999\" has the port \"99999\"; a port is a number from 1 to 65535" },
    { "h.io:/app",
      "registry host \"h.io:\" has the port \"\"; a port is a number from 1 to 65535" },
    { "h_o.io/app",
      "registry host \"h_o.io\" has '_' at position 2; hosts have letters, digits, '-' and '.'" },
    { "h..io/app",
      "registry host \"h..io\" has '.' at position 3; each part between dots starts and "
      "ends with a letter or digit" },
    { "-h.io/app",
      "registry host \"-h.io\" has '-' at position 1; each part between dots starts and "
      "ends with a letter or digit" },
    { "h.io./app",
      "registry host \"h.io.\" has '.' at position 5; each part between dots starts and "
      "ends with a letter or digit" },
    { "[zz::]:1/app",
      "registry host \"[zz::]:1\" has 'z' at position 2; an IPv6 address has hex digits and ':'" },
    { "[::1]x/a:b.c",
      "registry host \"[::1]x\" has 'x' at position 6; only ':' and a port follow ']'" },
    { "app@sha256:abc", "digest \"sha256:abc\" is not \"sha256:\" and 64 lower-case hex digits" },
    { "app@", "digest \"\" is not \"sha256:\" and 64 lower-case hex digits" },
    { HEX64, "64 hex digits are an image id, not a repository name" },
};

static void test_ref__says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        struct sw_err err = SW_ERR_INIT;
        struct sw_ref ref = { 0 };
        char expected[1024];

        (void)snprintf(expected, sizeof(expected), "image reference \"%s\": %s", c->text,
                       c->message);
        /* As every message: one line. */
        sw_blank_controls(expected, strlen(expected), "");
        assert_fails(sw_ref_parse(sw_str(c->text), &ref, &err), SW_E_INPUT, expected);
        assert_null(ref.host);
    }
}

static void test_ref__limits_the_repository(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    char name[257];

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_ok(sw_ref_check_repository(sw_str_n(name, 255), &err));
    assert_fails(sw_ref_check_repository(sw_str_n(name, 256), &err), SW_E_INPUT,
                 "repository \"" A32 "...\" has 256 characters; the limit is 255");
}

static void test_ref__prints_what_it_parsed(void **state)
{
    static const char *const texts[] = {
        "h.io/app",
        "h.io/app:v1",
        "h.io:80/a/b@sha256:" HEX64,
        "[::1]:80/a:x@sha256:" HEX64,
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        struct sw_err err = SW_ERR_INIT;
        struct sw_ref ref = { 0 };
        struct sw_buf out;

        sw_buf_init(&out, 1024);
        assert_ok(sw_ref_parse(sw_str(texts[i]), &ref, &err));
        sw_ref_format(&ref, &out);
        assert_string_equal(out.ptr, texts[i]);
        sw_ref_release(&ref);
        sw_buf_release(&out);
    }
}

static void test_ref__names_object_and_api_host(void **state)
{
    struct sw_ref ref = { 0 };
    char tag[] = "v1";
    char digest[] = "sha256:x";

    (void)state;
    assert_string_equal(sw_ref_object(&ref), "latest");
    ref.tag = tag;
    assert_string_equal(sw_ref_object(&ref), "v1");
    ref.digest = digest;
    assert_string_equal(sw_ref_object(&ref), "sha256:x");
    assert_string_equal(sw_ref_api_host("docker.io"), "registry-1.docker.io");
    assert_string_equal(sw_ref_api_host("h.io"), "h.io");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ref__splits_references),
        cmocka_unit_test(test_ref__says_what_is_wrong),
        cmocka_unit_test(test_ref__limits_the_repository),
        cmocka_unit_test(test_ref__prints_what_it_parsed),
        cmocka_unit_test(test_ref__names_object_and_api_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
