/* Repositories: the name's grammar, the exact requests, and who may do what. */
#include "ecr_world.h"
#include "sweep.h"

#include <slipway/ecr.h>

static const char not_found[] = "{\"__type\":\"RepositoryNotFoundException\",\"message\":\"The "
                                "repository with name 'web' does not exist\"}";
static const char denied[] =
    "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized to perform: "
    "ecr:DescribeRepositories\"}";
static const char exists[] = "{\"__type\":\"RepositoryAlreadyExistsException\",\"message\":\"The "
                             "repository with name 'web' already exists\"}";
static const char described[] =
    "{\"repositories\":[{\"repositoryUri\":\"h/web\",\"repositoryArn\":\"arn:web\","
    "\"imageTagMutability\":\"MUTABLE\"}]}";
static const char created[] =
    "{\"repository\":{\"repositoryUri\":\"h/web\",\"repositoryArn\":\"arn:web\","
    "\"imageTagMutability\":\"IMMUTABLE\"}}";

#define DESCRIBE                                                              \
    .method = "POST", .url = PRIVATE_URL,                                     \
    .headers = { { "X-Amz-Target", PRIVATE_TARGET "DescribeRepositories" } }, \
    .body = "{\"repositoryNames\":[\"web\"]}"
#define CREATE                            \
    .method = "POST", .url = PRIVATE_URL, \
    .headers = { { "X-Amz-Target", PRIVATE_TARGET "CreateRepository" } }

static void test_repository__names_follow_the_grammar(void **state)
{
    (void)state;
    static const char *const good[] = { "ab", "a0", "nginx", "team/web", "a.b-c_d/e", "0/1" };
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        struct sw_err err = SW_ERR_INIT;
        assert_ok(sw_ecr_repository_check(good[i], SW_ECR_PRIVATE, &err));
    }
}

static void test_repository__bad_names_are_explained(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "", "repository name \"\" is 0 long; ECR takes 2 to 256 characters" },
        { "a", "repository name \"a\" is 1 long; ECR takes 2 to 256 characters" },
        { "Web", "repository name \"Web\": 'W' at position 1 is not allowed; ECR takes lower case "
                 "only" },
        { "web:1", "repository name \"web:1\": ':' at position 4 is not allowed; ECR takes a-z, "
                   "0-9, and between them one of '.', '_', '-', '/'" },
        { "we b", "repository name \"we b\": the byte 0x20 at position 3 is not allowed; ECR takes "
                  "a-z, 0-9, and between them one of '.', '_', '-', '/'" },
        { "we\xc3\xa4", "repository name \"we\xc3\xa4\": the byte 0xc3 at position 3 is not "
                        "allowed; ECR takes a-z, 0-9, and between them one of '.', '_', '-', '/'" },
        { "/web", "repository name \"/web\": '/' at position 1 is not allowed there; it must stand "
                  "between letters or digits" },
        { "web/", "repository name \"web/\": '/' at position 4 is not allowed there; it must stand "
                  "between letters or digits" },
        { "a//b", "repository name \"a//b\": '/' at position 2 is not allowed there; it must stand "
                  "between letters or digits" },
        { "a..b", "repository name \"a..b\": '.' at position 2 is not allowed there; it must stand "
                  "between letters or digits" },
        { "a__b", "repository name \"a__b\": '_' at position 2 is not allowed there; it must stand "
                  "between letters or digits" },
        { "-ab", "repository name \"-ab\": '-' at position 1 is not allowed there; it must stand "
                 "between letters or digits" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        assert_fails(sw_ecr_repository_check(cases[i][0], SW_ECR_PRIVATE, &err), SW_E_INPUT,
                     cases[i][1]);
    }
}

static void test_repository__length_limits_are_exact(void **state)
{
    (void)state;
    char name[300];
    struct sw_err err = SW_ERR_INIT;
    memset(name, 'a', sizeof(name));
    name[256] = '\0';
    assert_ok(sw_ecr_repository_check(name, SW_ECR_PRIVATE, &err));
    name[256] = 'a';
    name[257] = '\0';
    assert_fails(sw_ecr_repository_check(name, SW_ECR_PRIVATE, &err), SW_E_INPUT,
                 "repository name \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is 257 "
                 "long; ECR takes 2 to 256 characters");
    name[205] = '\0';
    assert_ok(sw_ecr_repository_check(name, SW_ECR_PUBLIC, &err));
    name[205] = 'a';
    name[206] = '\0';
    assert_fails(sw_ecr_repository_check(name, SW_ECR_PUBLIC, &err), SW_E_INPUT,
                 "repository name \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is 206 "
                 "long; ECR takes 2 to 205 characters");
}

static void test_repository__existing_one_is_only_described(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = { { DESCRIBE, .reply = described } };
    const struct sw_ecr_repository_options options = { .name = "web" };
    struct sw_ecr_repository repository = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_repository_ensure(w.aws, &options, &repository, &err));
    assert_false(repository.created);
    assert_string_equal(repository.uri, "h/web");
    assert_string_equal(repository.arn, "arn:web");
    assert_string_equal(repository.mutability, "MUTABLE");
    sw_ecr_repository_release(&repository);
    ecr_world_done(&w);
}

static void test_repository__of_another_account_says_whose_it_is(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .body = "{\"repositoryNames\":[\"web\"],\"registryId\":\"210987654321\"}",
          .status = 400,
          .reply = not_found },
        { .body = "{\"repositoryName\":\"web\",\"registryId\":\"210987654321\","
                  "\"imageTagMutability\":\"MUTABLE\",\"imageScanningConfiguration\":{"
                  "\"scanOnPush\":false}}",
          .reply = created },
        { .body = "{\"repositoryName\":\"web\",\"policyText\":\"{}\","
                  "\"registryId\":\"210987654321\"}",
          .reply = "{}" },
    };
    const struct sw_ecr_repository_options options = { .name = "web", .account = "210987654321" };
    const struct sw_ecr_policy_options policy = {
        .repository = "web", .account = "210987654321", .text = SW_STR("{}"), .where = "p.json"
    };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    struct sw_ecr_repository repository = { 0 };
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_repository_ensure(w.aws, &options, &repository, &err));
    assert_true(repository.created);
    sw_ecr_repository_release(&repository);
    assert_ok(sw_ecr_policy_set(w.aws, &policy, &err));
    ecr_world_done(&w);
}

static void test_repository__creation_sends_every_setting(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { DESCRIBE, .status = 400, .reply = not_found },
        { CREATE,
          .body = "{\"repositoryName\":\"web\",\"imageTagMutabilityExclusionFilters\":["
                  "{\"filterType\":\"WILDCARD\",\"filter\":\"latest\"},"
                  "{\"filterType\":\"WILDCARD\",\"filter\":\"dev-*\"}],"
                  "\"imageTagMutability\":\"IMMUTABLE_WITH_EXCLUSION\","
                  "\"imageScanningConfiguration\":{\"scanOnPush\":true},"
                  "\"encryptionConfiguration\":{\"encryptionType\":\"KMS\",\"kmsKey\":\"alias/k\"},"
                  "\"tags\":[{\"Key\":\"team\",\"Value\":\"a=b\"}]}",
          .reply = created },
    };
    char *patterns[] = { sw_xstrdup("latest"), sw_xstrdup("dev-*") };
    const struct sw_strs movable = { .items = patterns, .count = 2 };
    struct sw_ecr_tags tags = { 0 };
    struct sw_ecr_repository repository = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_tags_add(&tags, "team=a=b", &err));
    const struct sw_ecr_repository_options options = {
        .name = "web",
        .scan_on_push = true,
        .immutable = true,
        .movable = &movable,
        .encryption = "KMS",
        .kms_key = "alias/k",
        .tags = &tags,
    };
    assert_ok(sw_ecr_repository_ensure(w.aws, &options, &repository, &err));
    assert_true(repository.created);
    assert_string_equal(repository.uri, "h/web");
    sw_ecr_repository_release(&repository);
    sw_ecr_tags_release(&tags);
    free(patterns[0]);
    free(patterns[1]);
    ecr_world_done(&w);
}

static void test_repository__plain_settings_are_sent_too(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { DESCRIBE, .status = 400, .reply = not_found },
        { CREATE,
          .body = "{\"repositoryName\":\"web\",\"imageTagMutability\":\"MUTABLE\","
                  "\"imageScanningConfiguration\":{\"scanOnPush\":false},"
                  "\"encryptionConfiguration\":{\"encryptionType\":\"AES256\"}}",
          .reply = created },
    };
    const struct sw_ecr_repository_options options = { .name = "web", .encryption = "AES256" };
    struct sw_ecr_repository repository = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_repository_ensure(w.aws, &options, &repository, &err));
    sw_ecr_repository_release(&repository);
    ecr_world_done(&w);
}

static void test_repository__a_right_to_look_is_not_needed(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { DESCRIBE, .status = 400, .reply = denied },
        { CREATE, .status = 400, .reply = exists },
    };
    const struct sw_ecr_repository_options options = { .name = "web" };
    struct sw_ecr_repository repository = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_repository_ensure(w.aws, &options, &repository, &err));
    assert_false(repository.created);
    assert_string_equal(repository.uri, "");
    sw_ecr_repository_release(&repository);
    ecr_world_done(&w);
}

static void test_repository__public_ones_live_in_us_east_1(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = PUBLIC_URL,
          .headers = { { "X-Amz-Target", PUBLIC_TARGET "DescribeRepositories" } },
          .status = 400,
          .reply = not_found },
        { .method = "POST",
          .url = PUBLIC_URL,
          .headers = { { "X-Amz-Target", PUBLIC_TARGET "CreateRepository" } },
          .body = "{\"repositoryName\":\"web\"}",
          .reply = created },
    };
    const struct sw_ecr_repository_options options = { .name = "web",
                                                       .kind = SW_ECR_PUBLIC,
                                                       .scan_on_push = true };
    struct sw_ecr_repository repository = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_repository_ensure(w.aws, &options, &repository, &err));
    assert_true(repository.created);
    sw_ecr_repository_release(&repository);
    ecr_world_done(&w);
}

static void test_repository__contradictions_are_found_before_any_call(void **state)
{
    (void)state;
    char *six[] = { sw_xstrdup("a"), sw_xstrdup("b"), sw_xstrdup("c"),
                    sw_xstrdup("d"), sw_xstrdup("e"), sw_xstrdup("f") };
    const struct sw_strs movable = { .items = six, .count = SW_COUNT(six) };
    const struct {
        struct sw_ecr_repository_options options;
        const char *text;
    } cases[] = {
        { { .name = "web", .kind = SW_ECR_PUBLIC, .immutable = true },
          "a public repository has neither immutable tags nor encryption settings" },
        { { .name = "web", .kms_key = "k" }, "a KMS key needs the encryption \"KMS\"" },
        { { .name = "web", .kms_key = "k", .encryption = "AES256" },
          "a KMS key needs the encryption \"KMS\"" },
        { { .name = "web", .movable = &movable },
          "exceptions from immutable tags need immutable tags" },
        { { .name = "web", .immutable = true, .movable = &movable },
          "6 exceptions from immutable tags were given; ECR takes at most 5" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_ecr_repository repository = { 0 };
        struct ecr_world w;
        struct sw_err err = SW_ERR_INIT;
        ecr_world_init(&w, NULL, 0);
        assert_fails(sw_ecr_repository_ensure(w.aws, &cases[i].options, &repository, &err),
                     SW_E_INPUT, cases[i].text);
        ecr_world_done(&w);
    }
    for (size_t i = 0; i < SW_COUNT(six); i++) {
        free(six[i]);
    }
}

static void test_repository__tags_come_in_four_forms(void **state)
{
    (void)state;
    static const char *const cases[][5] = {
        { "team=web", "team", "web", NULL, NULL },
        { "empty=", "empty", "", NULL, NULL },
        { " team= a \n", "team", " a \n", NULL, NULL },
        { " Key=a,Value=1  Key=b,Value=2,3 ", "a", "1", "b", "2,3" },
        { "[{\"Key\":\"a\",\"Value\":\"x \\\"y\\\"\"},{\"Key\":\"b\",\"Value\":\"2\"}]", "a",
          "x \"y\"", "b", "2" },
        { "[{\\\"Key\\\":\\\"a\\\",\\\"Value\\\":\\\"1\\\"}]", "a", "1", NULL, NULL },
        { "key=a,value=1 Key=b,Value=2", "a", "1", "b", "2" },
        { "[{\"key\":\"a\",\"value\":\"1\"}]", "a", "1", NULL, NULL },
        { "Key=v", "Key", "v", NULL, NULL },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_ecr_tags tags = { 0 };
        struct sw_err err = SW_ERR_INIT;
        assert_ok(sw_ecr_tags_add(&tags, cases[i][0], &err));
        assert_int_equal(tags.count, cases[i][3] ? 2 : 1);
        for (size_t k = 0; k < tags.count; k++) {
            assert_string_equal(tags.items[k].key, cases[i][2 * k + 1]);
            assert_string_equal(tags.items[k].value, cases[i][2 * k + 2]);
        }
        sw_ecr_tags_release(&tags);
    }
}

/* AWS counts characters. */
static void test_repository__long_tags_are_counted_in_characters(void **state)
{
    (void)state;
    struct sw_ecr_tags tags = { 0 };
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&text, "a=");
    for (int i = 0; i < SW_ECR_TAG_VALUE_MAX; i++) {
        sw_buf_add_cstr(&text, "\xc3\xa9");
    }
    assert_ok(sw_ecr_tags_add(&tags, text.ptr, &err));
    sw_ecr_tags_release(&tags);
    sw_buf_add_cstr(&text, "x");
    assert_fails(sw_ecr_tags_add(&tags, text.ptr, &err), SW_E_INPUT,
                 "tag \"a\": a key has 1 to 128 characters, a value at most 256");
    sw_ecr_tags_release(&tags);
}

static void test_repository__bad_tags_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "team", "\"team\" is not a tag; write \"KEY=VALUE\"" },
        { "=x", "\"=x\" is not a tag; write \"KEY=VALUE\"" },
        { "Key=a,Value=1 b=2", "\"b=2\" is not a tag; write \"Key=K,Value=V\"" },
        { "[{\"Key\":\"a\"}]", "tags: entry 1 lacks \"Key\" or \"Value\"" },
        { "[{\"Key\":\"\",\"Value\":\"x\"}]",
          "tag \"\": a key has 1 to 128 characters, a value at most 256" },
        { "a=\xff", "a tag is not UTF-8 text" },
        { "[", "tags:1:1: ']' expected" },
        { "Key=a,Value=1 Key=A,Value=1 Key=a,Value=1",
          "tag \"a\" is given more than once; a key has one value" },
        { "[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"a\",\"Value\":\"2\"}]",
          "tag \"a\" is given more than once; a key has one value" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_ecr_tags tags = { 0 };
        struct sw_err err = SW_ERR_INIT;
        assert_fails(sw_ecr_tags_add(&tags, cases[i][0], &err), SW_E_INPUT, cases[i][1]);
        sw_ecr_tags_release(&tags);
    }
    struct sw_ecr_tags many = { 0 };
    struct sw_err err = SW_ERR_INIT;
    for (int i = 0; i < 50; i++) {
        SW_CLEANUP(sw_free_str) char *tag = sw_xasprintf("k%d=v", i);
        assert_ok(sw_ecr_tags_add(&many, tag, &err));
    }
    assert_fails(sw_ecr_tags_add(&many, "k49=w", &err), SW_E_INPUT,
                 "tag \"k49\" is given more than once; a key has one value");
    assert_fails(sw_ecr_tags_add(&many, "k=v", &err), SW_E_TOO_LARGE, "more than 50 tags");
    sw_ecr_tags_release(&many);
}

static enum sw_status set_policy(struct ecr_world *w, enum sw_ecr_kind kind, const char *repository,
                                 enum sw_ecr_policy which, struct sw_str text, struct sw_err *err)
{
    const struct sw_ecr_policy_options options = {
        .repository = repository, .kind = kind, .which = which, .text = text, .where = "p.json"
    };
    return sw_ecr_policy_set(w->aws, &options, err);
}

static void test_repository__policies_are_sent_compact(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = PRIVATE_URL,
          .headers = { { "X-Amz-Target", PRIVATE_TARGET "SetRepositoryPolicy" } },
          .body = "{\"repositoryName\":\"web\",\"policyText\":\"{\\\"Version\\\":\\\"x\\\"}\"}",
          .reply = "{}" },
        { .url = PUBLIC_URL,
          .headers = { { "X-Amz-Target", PUBLIC_TARGET "SetRepositoryPolicy" } },
          .reply = "{}" },
        { .url = PRIVATE_URL,
          .headers = { { "X-Amz-Target", PRIVATE_TARGET "PutLifecyclePolicy" } },
          .body = "{\"repositoryName\":\"web\",\"lifecyclePolicyText\":\"{\\\"rules\\\":[]}\"}",
          .reply = "{}" },
        { .status = 400, .reply = not_found },
    };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(set_policy(&w, SW_ECR_PRIVATE, "web", SW_ECR_ACCESS_POLICY,
                         SW_STR("{ \"Version\": \"x\" }\n"), &err));
    assert_ok(set_policy(&w, SW_ECR_PUBLIC, "web", SW_ECR_ACCESS_POLICY, SW_STR("{}"), &err));
    assert_ok(set_policy(&w, SW_ECR_PRIVATE, "web", SW_ECR_LIFECYCLE_POLICY,
                         SW_STR("{\"rules\": []}"), &err));
    assert_int_equal(
        set_policy(&w, SW_ECR_PRIVATE, "web", SW_ECR_LIFECYCLE_POLICY, SW_STR("{}"), &err),
        SW_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "cannot set the lifecycle policy of \"web\": "));
    ecr_world_done(&w);
}

static void test_repository__bad_policies_are_not_sent(void **state)
{
    (void)state;
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    char *big SW_CLEANUP(sw_free_str) = sw_xasprintf("{\"a\":\"%010240d\"}", 0);
    ecr_world_init(&w, NULL, 0);
    assert_fails(set_policy(&w, SW_ECR_PRIVATE, "web", SW_ECR_ACCESS_POLICY, SW_STR("{,}"), &err),
                 SW_E_INPUT, "p.json:1:2: string or '}' expected");
    assert_fails(set_policy(&w, SW_ECR_PRIVATE, "web", SW_ECR_ACCESS_POLICY, SW_STR("[]"), &err),
                 SW_E_INPUT, "p.json: a policy is a JSON object, not array");
    assert_fails(set_policy(&w, SW_ECR_PRIVATE, "web", SW_ECR_ACCESS_POLICY, sw_str(big), &err),
                 SW_E_TOO_LARGE, "p.json is larger than 10240 bytes");
    assert_fails(set_policy(&w, SW_ECR_PUBLIC, "web", SW_ECR_LIFECYCLE_POLICY, SW_STR("{}"), &err),
                 SW_E_INPUT, "a public repository has no lifecycle policy");
    assert_int_equal(
        set_policy(&w, SW_ECR_PRIVATE, "Web", SW_ECR_ACCESS_POLICY, SW_STR("{}"), &err),
        SW_E_INPUT);
    ecr_world_done(&w);
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    static const struct fake_http_step steps[] = {
        { DESCRIBE, .status = 400, .reply = not_found },
        { CREATE, .reply = created },
    };
    (void)ctx;
    fake_http_expect_all(fake, steps, SW_COUNT(steps));
}

static enum sw_status sweep_run_ensure(void *ctx, struct test_env *t, struct sw_err *err)
{
    const struct sw_ecr_repository_options options = { .name = "web" };
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_repository repository = { 0 };
    (void)ctx;
    test_env_set(t, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_env_set(t, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    test_env_set(t, "AWS_REGION", "us-west-2");
    enum sw_status status = sw_aws_new(&t->env, NULL, &aws, err);
    if (status == SW_OK) {
        status = sw_ecr_repository_ensure(aws, &options, &repository, err);
    }
    sw_ecr_repository_release(&repository);
    return status;
}

/* A refused look leads to the creation, which then succeeds: that is meant. */
static bool sweep_tolerates(void *ctx, const struct sweep_run *run)
{
    (void)ctx;
    return run->call == 1 && run->fault == SWEEP_STATUS_403;
}

static void test_repository__survives_every_fault(void **state)
{
    (void)state;
    const struct sweep sweep = { .name = "repository",
                                 .setup = sweep_setup,
                                 .run = sweep_run_ensure,
                                 .tolerates = sweep_tolerates };
    sweep_all(&sweep);
}

struct tag_case {
    enum sw_ecr_kind kind;
    const char *account;
    const char *arn;
};

static void test_repository__tags_are_set_by_the_arn(void **state)
{
    (void)state;
    static const struct tag_case cases[] = {
        { SW_ECR_PRIVATE, "123456789012", "arn:aws:ecr:us-west-2:123456789012:repository/web" },
        { SW_ECR_PUBLIC, "123456789012", "arn:aws:ecr-public::123456789012:repository/web" },
        { SW_ECR_PRIVATE, NULL, "arn:web" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const bool is_public = cases[i].kind == SW_ECR_PUBLIC;
        char body[160];
        (void)snprintf(body, sizeof(body),
                       "{\"resourceArn\":\"%s\",\"tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}",
                       cases[i].arn);
        const struct fake_http_step steps[] = {
            { DESCRIBE, .status = 200, .reply = described },
            { .method = "POST",
              .url = is_public ? PUBLIC_URL : PRIVATE_URL,
              .headers = { { "X-Amz-Target", is_public ? PUBLIC_TARGET "TagResource"
                                                       : PRIVATE_TARGET "TagResource" } },
              .body = body,
              .status = 200,
              .reply = "{}" },
        };
        const size_t first = cases[i].account ? 1 : 0;
        struct ecr_world w;
        struct sw_err err = SW_ERR_INIT;
        struct sw_ecr_tags tags = { 0 };
        ecr_world_init(&w, steps + first, SW_COUNT(steps) - first);
        assert_ok(sw_ecr_tags_add(&tags, "a=b", &err));
        assert_ok(
            sw_ecr_repository_tag(w.aws, cases[i].kind, "web", cases[i].account, &tags, &err));
        sw_ecr_tags_release(&tags);
        ecr_world_done(&w);
    }
}

static void test_repository__tagging_says_what_is_wrong(void **state)
{
    (void)state;
    const struct fake_http_step steps[] = { { DESCRIBE, .status = 400, .reply = not_found } };
    struct ecr_world w;
    struct sw_ecr_tags tags = { 0 };
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_int_equal(sw_ecr_repository_tag(w.aws, SW_ECR_PRIVATE, "web", "12", &tags, &w.err),
                     SW_E_INPUT);
    assert_string_equal(w.err.msg, "cannot tag the repository \"web\": \"12\" is no account id, "
                                   "which has 12 digits");
    w.err = (struct sw_err)SW_ERR_INIT;
    assert_int_equal(sw_ecr_repository_tag(w.aws, SW_ECR_PRIVATE, "web", NULL, &tags, &w.err),
                     SW_E_NOT_FOUND);
    assert_string_equal(w.err.code, "RepositoryNotFoundException");
    ecr_world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repository__names_follow_the_grammar),
        cmocka_unit_test(test_repository__bad_names_are_explained),
        cmocka_unit_test(test_repository__length_limits_are_exact),
        cmocka_unit_test(test_repository__existing_one_is_only_described),
        cmocka_unit_test(test_repository__of_another_account_says_whose_it_is),
        cmocka_unit_test(test_repository__creation_sends_every_setting),
        cmocka_unit_test(test_repository__plain_settings_are_sent_too),
        cmocka_unit_test(test_repository__a_right_to_look_is_not_needed),
        cmocka_unit_test(test_repository__public_ones_live_in_us_east_1),
        cmocka_unit_test(test_repository__contradictions_are_found_before_any_call),
        cmocka_unit_test(test_repository__tags_come_in_four_forms),
        cmocka_unit_test(test_repository__long_tags_are_counted_in_characters),
        cmocka_unit_test(test_repository__bad_tags_are_refused),
        cmocka_unit_test(test_repository__policies_are_sent_compact),
        cmocka_unit_test(test_repository__bad_policies_are_not_sent),
        cmocka_unit_test(test_repository__survives_every_fault),
        cmocka_unit_test(test_repository__tags_are_set_by_the_arn),
        cmocka_unit_test(test_repository__tagging_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
