#include "test.h"

#include "image_refs.h"

struct refs_case {
    const char *registry;
    const char *repo;
    const char *tags[3];
    const char *refs[3];
    const char *more[3];
    const char *registries[3]; /* further ones */
    const char *expected;      /* joined by "|"; or the message */
    enum sw_status status;     /* SW_OK: `expected` is the list */
};

#define ECR "123456789012.dkr.ecr.us-east-1.amazonaws.com"

static const struct refs_case cases[] = {
    { .repo = "nginx", .expected = "nginx:latest" },
    { .registry = ECR,
      .repo = "team/web",
      .tags = { "v1,latest", " v2 , v1" },
      .expected = ECR "/team/web:v1|" ECR "/team/web:latest|" ECR "/team/web:v2" },
    { .registry = "127.0.0.1:5000/",
      .repo = "a",
      .tags = { "t," },
      .expected = "127.0.0.1:5000/a:t" },
    { .registry = "", .repo = "a", .tags = { "t" }, .expected = "a:t" },
    { .repo = "a",
      .tags = { "t" },
      .refs = { "h.example/b:1", "a:t" },
      .more = { "c:2" },
      .expected = "a:t|h.example/b:1|c:2" },
    { .expected = "" },
    { .repo = "a",
      .tags = { "" },
      .status = SW_E_INPUT,
      .expected = "--tag is empty: is the variable that it is made of set?" },
    { .repo = "a",
      .tags = { " , " },
      .status = SW_E_INPUT,
      .expected = "--tag is empty: is the variable that it is made of set?" },
    { .registry = "https://" ECR,
      .repo = "a",
      .status = SW_E_INPUT,
      .expected = "--registry: \"https://" ECR "\" is an address; give the host alone, without "
                  "\"https://\"" },
    { .registry = "h.example/team",
      .repo = "a",
      .status = SW_E_INPUT,
      .expected = "--registry: \"h.example/team\" has a path; give the host alone and put the path "
                  "in front of the name in --repo" },
    { .registry = ECR,
      .repo = "web",
      .tags = { "v1,latest" },
      .registries = { "eu-west-1, cn-north-1", "127.0.0.1:5000/," ECR },
      .expected = ECR "/web:v1|" ECR "/web:latest|"
                      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1|"
                      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:latest|"
                      "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web:v1|"
                      "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web:latest|"
                      "127.0.0.1:5000/web:v1|127.0.0.1:5000/web:latest" },
    { .registry = ECR,
      .repo = "web",
      .refs = { "h.example/b:1" },
      .registries = { "us-east-1", "" },
      .expected = ECR "/web:latest|h.example/b:1" },
    { .registry = "127.0.0.1:5000",
      .repo = "web",
      .registries = { "eu-west-1" },
      .status = SW_E_INPUT,
      .expected = "--more-registries: eu-west-1 is a region, and the first registry, "
                  "\"127.0.0.1:5000\", is no private one of Amazon ECR that could be in another "
                  "region; give the host" },
    { .registry = "public.ecr.aws",
      .repo = "a/web",
      .registries = { "eu-west-1" },
      .status = SW_E_INPUT,
      .expected = "--more-registries: eu-west-1 is a region, and the first registry, "
                  "\"public.ecr.aws\", is no private one of Amazon ECR that could be in another "
                  "region; give the host" },
    { .registry = ECR,
      .repo = "web",
      .registries = { "https://h.example" },
      .status = SW_E_INPUT,
      .expected = "--more-registries: \"https://h.example\" is an address; give the host alone, "
                  "without \"https://\"" },
    { .registry = ECR,
      .repo = "web",
      .registries = { "h.example/team" },
      .status = SW_E_INPUT,
      .expected = "--more-registries: \"h.example/team\" has a path; give the host alone and put "
                  "the path in front of the name in --repo" },
    { .registries = { "eu-west-1" },
      .status = SW_E_USAGE,
      .expected = "--more-registries needs --repo" },
    { .tags = { "t" }, .status = SW_E_USAGE, .expected = "--tag needs --repo" },
    { .registry = "h.example", .status = SW_E_USAGE, .expected = "--registry needs --repo" },
};

static void fill(struct sw_strs *list, const char *const texts[3])
{
    for (size_t i = 0; i < 3 && texts[i]; i++) {
        sw_strs_add(list, sw_str(texts[i]));
    }
}

static char *joined(const struct sw_strs *list)
{
    struct sw_buf out;

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < list->count; i++) {
        sw_buf_addf(&out, "%s%s", i > 0 ? "|" : "", list->items[i]);
    }
    return sw_buf_take(&out);
}

static void test_image_refs__puts_references_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_cli_image image = { .registry = cases[i].registry, .repo = cases[i].repo };
        struct sw_strs more = { 0 };
        struct sw_strs refs = { 0 };
        struct sw_err err = SW_ERR_INIT;

        fill(&image.tags, cases[i].tags);
        fill(&image.refs, cases[i].refs);
        fill(&image.more.texts, cases[i].registries);
        fill(&more, cases[i].more);
        if (cases[i].status == SW_OK) {
            assert_ok(sw_cli_image_refs(&image, &more, &refs, &err));
            char *got = joined(&refs);
            assert_string_equal(got, cases[i].expected);
            free(got);
        } else {
            assert_fails(sw_cli_image_refs(&image, &more, &refs, &err), cases[i].status,
                         cases[i].expected);
        }
        sw_strs_release(&image.tags);
        sw_strs_release(&image.refs);
        sw_strs_release(&image.more.texts);
        sw_strs_release(&more);
        sw_strs_release(&refs);
    }
}

static void test_image_refs__takes_only_so_many_registries(void **state)
{
    struct sw_cli_image image = { .registry = ECR, .repo = "web" };
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    struct sw_strs refs = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (int i = 0; i < SW_CLI_REGISTRIES_MAX; i++) {
        sw_buf_addf(&text, "h%d.example,", i);
    }
    sw_strs_add(&image.more.texts, sw_buf_str(&text));
    assert_ok(sw_cli_image_refs(&image, NULL, &refs, &err));
    assert_int_equal(refs.count, SW_CLI_REGISTRIES_MAX + 1);
    sw_strs_add(&image.more.texts, SW_STR("one.more.example"));
    assert_fails(sw_cli_image_refs(&image, NULL, &refs, &err), SW_E_TOO_LARGE,
                 "--more-registries: more than 64 registries");
    sw_strs_release(&image.more.texts);
    sw_strs_release(&refs);
}

static void test_image_refs__names_the_option_that_is_wrong(void **state)
{
    static const struct {
        struct sw_cli_image image;
        const char *tag;
        const char *prefix;
    } wrong[] = {
        { { .repo = "a" }, "feature/x", "--tag: " },
        { { .repo = "a" }, "-x", "--tag: " },
        { { .repo = "A" }, "t", "--repo: " },
        { { .repo = "" }, "t", "--repo: " },
        { { .repo = "a", .registry = "bad host" }, "t", "--registry: " },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(wrong); i++) {
        struct sw_cli_image image = wrong[i].image;
        struct sw_strs refs = { 0 };
        struct sw_err err = SW_ERR_INIT;

        sw_strs_add(&image.tags, sw_str(wrong[i].tag));
        assert_int_equal(sw_cli_image_refs(&image, NULL, &refs, &err), SW_E_INPUT);
        if (strncmp(err.msg, wrong[i].prefix, strlen(wrong[i].prefix)) != 0) {
            fail_msg("expected \"%s...\", got \"%s\"", wrong[i].prefix, err.msg);
        }
        sw_strs_release(&image.tags);
        sw_strs_release(&refs);
    }
}

static void test_image_refs__platforms_have_two_or_three_parts(void **state)
{
    static const char *const good[] = { "linux/amd64", "linux/arm64/v8", "windows/amd64" };
    static const char *const bad[] = { "foo",         "linux/",
                                       "/amd64",      "linux/arm/v7/x",
                                       "Linux/amd64", "linux/amd64,linux/arm64",
                                       "linux\\amd64" };
    const char *platform = "";
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        assert_ok(sw_cli_platform(good[i], &platform, &err));
        assert_string_equal(platform, good[i]);
    }
    for (size_t i = 0; i < SW_COUNT(bad); i++) {
        static const char start[] = "--platform is OS/ARCH, as linux/arm64, not \"";

        assert_int_equal(sw_cli_platform(bad[i], &platform, &err), SW_E_USAGE);
        assert_memory_equal(err.msg, start, strlen(start));
    }
    assert_ok(sw_cli_platform("", &platform, &err));
    assert_null(platform);
    assert_ok(sw_cli_platform(NULL, &platform, &err));
    assert_null(platform);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_refs__puts_references_together),
        cmocka_unit_test(test_image_refs__platforms_have_two_or_three_parts),
        cmocka_unit_test(test_image_refs__takes_only_so_many_registries),
        cmocka_unit_test(test_image_refs__names_the_option_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
