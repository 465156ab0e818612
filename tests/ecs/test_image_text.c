#include "test.h"

#include <slipway/taskdef.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_image_text__splits_ports_tags_and_digests(void **state)
{
    static const struct {
        const char *image, *name, *tag, *digest;
    } cases[] = {
        { "app", "app", "", "" },
        { "app:1", "app", "1", "" },
        { "localhost:5000/app", "localhost:5000/app", "", "" },
        { "localhost:5000/app:1", "localhost:5000/app", "1", "" },
        { "app@sha256:aa", "app", "", "sha256:aa" },
        { "app:1@sha256:aa", "app", "1", "sha256:aa" },
        { "host:5000/a/b:1@sha256:aa", "host:5000/a/b", "1", "sha256:aa" },
        { "123.dkr.ecr.eu-west-1.amazonaws.com/a/b:REL1_1_2",
          "123.dkr.ecr.eu-west-1.amazonaws.com/a/b", "REL1_1_2", "" },
        { "[::1]:5000/app", "[::1]:5000/app", "", "" },
        { "", "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].image);
        struct sw_image_parts parts = sw_image_split(sw_str(cases[i].image));
        assert_true(sw_str_is(parts.name, cases[i].name));
        assert_true(sw_str_is(parts.tag, cases[i].tag));
        assert_true(sw_str_is(parts.digest, cases[i].digest));
    }
}

static void test_image_text__accepts_what_ecs_takes(void **state)
{
    static const char *const good[] = {
        "nginx",
        "nginx:1.27",
        "localhost:5000/app:1",
        "a/b/c@sha256:" HEX64,
        "host.example/app:v1@sha256:" HEX64,
        "127.0.0.1:5000/x",
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        print_message("case \"%s\"\n", good[i]);
        assert_ok(sw_image_check(sw_str(good[i]), &err));
    }
}

static void test_image_text__names_what_is_wrong(void **state)
{
    static const struct {
        const char *image, *message;
    } cases[] = {
        { "", "image \"\" has an empty registry or name; is a variable in it unset?" },
        { "/nginx:1",
          "image \"/nginx:1\" has an empty registry or name; is a variable in it unset?" },
        { ":1", "image \":1\" has an empty registry or name; is a variable in it unset?" },
        { "nginx:", "image \"nginx:\" has an empty tag; is a variable in it unset?" },
        { "host/nginx:@sha256:aa",
          "image \"host/nginx:@sha256:aa\" has an empty tag; is a variable in it unset?" },
        { "nginx:-a", "image reference \"nginx:-a\": tag \"-a\" has '-' at position 1; a tag "
                      "starts with a letter, a digit or '_'" },
        { "nginx@sha256:", "image reference \"nginx@sha256:\": digest \"sha256:\" is not "
                           "\"sha256:\" and 64 lower-case hex digits" },
    };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case \"%s\"\n", cases[i].image);
        assert_fails(sw_image_check(sw_str(cases[i].image), &err), SW_E_INPUT, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_text__splits_ports_tags_and_digests),
        cmocka_unit_test(test_image_text__accepts_what_ecs_takes),
        cmocka_unit_test(test_image_text__names_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
