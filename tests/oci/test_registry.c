#include "test.h"

#include "registry_world.h"

#include <slipway/digest.h>
#include <slipway/log.h>

#define ECR           "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define BASE          "https://" ECR "/v2/team/app"
#define HELLO         "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define A_MANIFEST    "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
#define OTHER         "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define BASIC         "Basic QVdTOnZlcnktc2VjcmV0"
#define ECR_CHALLENGE "Basic realm=\"https://" ECR "/\",service=\"ecr.amazonaws.com\""

static enum sw_status has_hello(struct registry_world *world, bool *ret, struct sw_err *err)
{
    return sw_registry_has_blob(world->registry, "team/app", HELLO, ret, err);
}

static void test_registry__sends_the_login_only_after_a_basic_challenge(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .url = "https://r.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", NULL } },
          .status = 401,
          .reply_headers = { { "Www-Authenticate", "Basic realm=\"r\"" } } },
        { .method = "HEAD",
          .url = "https://r.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", BASIC } },
          .status = 200 },
        { .method = "HEAD",
          .url = "https://r.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", BASIC } },
          .status = 404 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = false;

    (void)state;
    registry_world_init(&world, "r.io", steps, SW_COUNT(steps));
    assert_ok(has_hello(&world, &there, &err));
    assert_true(there);
    assert_ok(has_hello(&world, &there, &err));
    assert_false(there);
    assert_int_equal(world.login.asked, 1);
    registry_world_release(&world);
}

/* Each request to a registry of an account at Amazon ECR needs the login. */
static void test_registry__sends_the_login_to_ecr_at_once(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .url = BASE "/blobs/" HELLO,
          .headers = { { "Authorization", BASIC } },
          .status = 200 },
        { .method = "HEAD",
          .url = BASE "/blobs/" HELLO,
          .headers = { { "Authorization", BASIC } },
          .status = 404 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = false;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(has_hello(&world, &there, &err));
    assert_true(there);
    assert_ok(has_hello(&world, &there, &err));
    assert_false(there);
    assert_int_equal(world.login.asked, 1);
    registry_world_release(&world);
}

/* If it should ask for another kind of login, it gets that. */
static void test_registry__does_what_ecr_asks_for(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .headers = { { "Authorization", BASIC } },
          .status = 401,
          .reply_headers = { { "WWW-Authenticate",
                               "Bearer realm=\"https://" ECR "/token\",service=\"ecr\"" } } },
        { .method = "GET",
          .url_prefix = "https://" ECR "/token?",
          .headers = { { "Authorization", BASIC } },
          .reply = "{\"token\":\"t1\"}" },
        { .method = "HEAD", .headers = { { "Authorization", "Bearer t1" } }, .times = 2 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = false;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(has_hello(&world, &there, &err));
    assert_ok(has_hello(&world, &there, &err));
    assert_true(there);
    assert_int_equal(world.login.asked, 1);
    registry_world_release(&world);
}

static void test_registry__exchanges_the_login_for_a_token(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .url = "https://registry-1.docker.io/v2/team/app/blobs/" HELLO,
          .status = 401,
          .reply_headers = { { "WWW-Authenticate",
                               "Bearer realm=\"https://auth.docker.io/token\",service=\"registry."
                               "docker.io\",scope=\"repository:team/app:pull\"" } } },
        { .method = "GET",
          .url =
              "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Ateam%2F"
              "app%3Apull%2Cpush",
          .headers = { { "Authorization", BASIC } },
          .reply = "{\"token\":\"token-one\",\"expires_in\":300}" },
        { .method = "HEAD",
          .url = "https://registry-1.docker.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", "Bearer token-one" } },
          .status = 200 },
        /* The token has expired: a new one, once. */
        { .method = "HEAD",
          .url = "https://registry-1.docker.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", "Bearer token-one" } },
          .status = 401,
          .reply_headers = { { "WWW-Authenticate",
                               "Bearer realm=\"https://auth.docker.io/token\"" } } },
        { .method = "GET",
          .url_prefix = "https://auth.docker.io/token?scope=",
          .reply = "{\"access_token\":\"token-two\"}" },
        { .method = "HEAD",
          .url = "https://registry-1.docker.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", "Bearer token-two" } },
          .status = 200 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = false;

    (void)state;
    registry_world_init(&world, "docker.io", steps, SW_COUNT(steps));
    assert_ok(has_hello(&world, &there, &err));
    assert_ok(has_hello(&world, &there, &err));
    assert_true(there);
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, 100);
    sw_redact(&text, SW_STR("a token-one b token-two"));
    assert_string_equal(text.ptr, "a **** b ****");
    registry_world_release(&world);
}

static void test_registry__keeps_a_scope_of_the_service_s_own(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .url = "https://public.ecr.aws/v2/team/app/blobs/" HELLO,
          .status = 401,
          .reply_headers = { { "WWW-Authenticate",
                               "Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr."
                               "aws\",scope=\"aws\"" } } },
        { .method = "GET",
          .url = "https://public.ecr.aws/token/?service=public.ecr.aws&scope=aws",
          .reply = "{\"token\":\"public-token\"}" },
        { .method = "HEAD",
          .url = "https://public.ecr.aws/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", "Bearer public-token" } },
          .status = 200 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = false;

    (void)state;
    registry_world_init(&world, "public.ecr.aws", steps, SW_COUNT(steps));
    assert_ok(has_hello(&world, &there, &err));
    registry_world_release(&world);
}

static void test_registry__gives_an_identity_token_by_post(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .url = "https://h.io/v2/team/app/blobs/" HELLO,
          .status = 401,
          .reply_headers = { { "WWW-Authenticate",
                               "Bearer realm=\"https://h.io/t\",service=\"s\"" } } },
        { .method = "POST",
          .url = "https://h.io/t",
          .headers = { { "Authorization", NULL },
                       { "Content-Type", "application/x-www-form-urlencoded" } },
          .body = "service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cpush&client_id=slipway&"
                  "grant_type=refresh_token&refresh_token=id%2Btoken",
          .reply = "{\"access_token\":\"short\"}" },
        { .method = "HEAD",
          .url = "https://h.io/v2/team/app/blobs/" HELLO,
          .headers = { { "Authorization", "Bearer short" } },
          .status = 200 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = false;

    (void)state;
    registry_world_init(&world, "h.io", steps, SW_COUNT(steps));
    world.login = (struct registry_login){ "<token>", "id+token", 0 };
    assert_ok(has_hello(&world, &there, &err));
    registry_world_release(&world);
}

/* What comes of an answer to the look for a blob. */
static const struct challenge_case {
    const char *name;
    const char *host;
    const char *challenge; /* of the 401; NULL: none */
    const char *user;      /* NULL: no login */
    bool asks_twice;       /* the login is sent and refused */
    enum sw_status status;
    const char *message;
} challenge_cases[] = {
    { "no login for ECR", ECR, ECR_CHALLENGE, NULL, false, SW_E_CREDENTIALS,
      "cannot look for blob " HELLO " in \"" ECR "/team/app\": registry \"" ECR
      "\" asks for a login and no credentials for it were found; run: slipway ecr login" },
    { "no login elsewhere", "h.io", "Basic realm=\"x\"", NULL, false, SW_E_CREDENTIALS,
      "cannot look for blob " HELLO
      " in \"h.io/team/app\": registry \"h.io\" asks for a login and no "
      "credentials for it were found; log in to it first" },
    { "login refused", ECR, ECR_CHALLENGE, "AWS", true, SW_E_CREDENTIALS,
      "cannot look for blob " HELLO " in \"" ECR "/team/app\": registry \"" ECR
      "\" refused the login for repository \"team/app\" (no reason given); tokens last 12 hours, get "
      "a new one with: slipway ecr login" },
    { "unknown scheme", "h.io", "Negotiate", "AWS", false, SW_E_CREDENTIALS,
      "cannot look for blob " HELLO
      " in \"h.io/team/app\": registry \"h.io\" asks for a login in a "
      "way that is neither Basic nor Bearer" },
    { "no challenge", "h.io", NULL, "AWS", false, SW_E_CREDENTIALS,
      "cannot look for blob " HELLO
      " in \"h.io/team/app\": registry \"h.io\" asks for a login without saying of what kind (no "
      "WWW-Authenticate); a proxy before it may want one" },
    { "token service without TLS", "h.io", "Bearer realm=\"http://h.io/t\"", "AWS", false,
      SW_E_CREDENTIALS,
      "cannot look for blob " HELLO
      " in \"h.io/team/app\": registry \"h.io\" wants its login sent to "
      "\"http://h.io/t\" without encryption; refused" },
    { "token service is no address", "h.io", "Bearer realm=\"ftp://h.io/t\"", "AWS", false,
      SW_E_UNAVAILABLE, NULL },
};

static void test_registry__says_why_it_cannot_log_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(challenge_cases); i++) {
        const struct challenge_case *c = &challenge_cases[i];
        const struct fake_http_step step = {
            .method = "HEAD",
            .status = 401,
            .reply_headers = { { c->challenge ? "WWW-Authenticate" : NULL, c->challenge } },
            .times = c->asks_twice ? 2 : 1,
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool there = false;

        print_message("%s\n", c->name);
        registry_world_init(&world, c->host, &step, 1);
        world.login.user = c->user;
        assert_int_equal(has_hello(&world, &there, &err), c->status);
        if (c->message) {
            assert_string_equal(err.msg, c->message);
        }
        assert_null(strstr(err.msg, "very-secret"));
        registry_world_release(&world);
    }
}

#define ERRORS(code, message) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}]}"

/* What is not a registry's answer, and what other registries than Amazon ECR refuse. */
static const struct gateway_case {
    struct fake_http_step step;
    enum sw_status status;
    const char *message; /* after "cannot look for blob ...: "; NULL: it is there */
} gateway_cases[] = {
#define PAGE                                       \
    {                                              \
        "Content-Type", "text/html; charset=utf-8" \
    }
    { { .status = 200, .reply_headers = { PAGE } },
      SW_E_UNAVAILABLE,
      "\"h.io\" answered with a web page, as no registry does; is the host right, or is a proxy "
      "before it that wants a login?" },
    /* Registries may call their empty answers so. */
    { { .status = 200, .reply_headers = { PAGE, { "Docker-Content-Digest", HELLO } } },
      SW_OK,
      NULL },
    { { .status = 302, .reply_headers = { { "Location", "/" } }, .times = 6 },
      SW_E_UNAVAILABLE,
      "HEAD \"https://h.io/v2/team/app/blobs/" HELLO "\": redirected more than 5 times" },
    { { .status = 403, .reply_headers = { PAGE } },
      SW_E_DENIED,
      "registry \"h.io\" denies access to repository \"team/app\" (a web page was the answer; a "
      "proxy before the registry may have sent it); does it exist, and may this login push to it?" },
    { { .status = 413 },
      SW_E_FAILED,
      "registry \"h.io\" answered with HTTP status 413 (no reason given); a proxy before it may "
      "limit the size of bodies" },
    { { .status = 305, .reply_headers = { { "Location", "/" } } },
      SW_E_FAILED,
      "registry \"h.io\" answered with HTTP status 305 (no reason given)" },
};

static void test_registry__knows_what_is_no_registry_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(gateway_cases); i++) {
        const struct gateway_case *c = &gateway_cases[i];
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str)
        char *expected =
            c->message ? sw_xasprintf("cannot look for blob " HELLO " in \"h.io/team/app\": %s",
                                      c->message)
                       : NULL;
        bool there = false;

        registry_world_init(&world, "h.io", &c->step, 1);
        assert_int_equal(has_hello(&world, &there, &err), c->status);
        assert_true(there == !expected);
        if (expected) {
            assert_string_equal(err.msg, expected);
        }
        registry_world_release(&world);
    }
}

/* What ECR's answers to a manifest mean. */
static const struct refusal_case {
    long http_status;
    const char *body;
    enum sw_status status;
    const char *code;
    const char *message; /* after "cannot write manifest v1 in ...: " */
} refusal_cases[] = {
    { 404, ERRORS("NAME_UNKNOWN", "The repository with name 'team/app' does not exist"),
      SW_E_NOT_FOUND, "NAME_UNKNOWN",
      "repository \"team/app\" does not exist in registry \"" ECR
      "\"; create it with create_repo in the orb, or with: slipway ecr create-repository team/app" },
    { 404, "", SW_E_NOT_FOUND, "",
      "repository \"team/app\" does not exist in registry \"" ECR
      "\"; create it with create_repo in the orb, or with: slipway ecr create-repository team/app" },
    { 403, "", SW_E_DENIED, "",
      "registry \"" ECR
      "\" denies access to repository \"team/app\" (no reason given); the identity "
      "needs the right ecr:PutImage on it" },
    { 400,
      ERRORS("TAG_INVALID",
             "The image tag 'v1' already exists in the 'team/app' repository and cannot "
             "be overwritten because the repository is immutable."),
      SW_E_CONFLICT, "TAG_INVALID",
      "tag \"v1\" of repository \"team/app\" is immutable and already names another image (The image "
      "tag 'v1' already exists in the 'team/app' repository and cannot be overwritten because the "
      "repository is immutable.)" },
    { 400,
      ERRORS("TAG_INVALID",
             "The image tag 'v1' already exists in the 'team/app' repository and cannot "
             "be overwritten because the tag is immutable."),
      SW_E_CONFLICT, "TAG_INVALID",
      "tag \"v1\" of repository \"team/app\" is immutable and already names another image (The image "
      "tag 'v1' already exists in the 'team/app' repository and cannot be overwritten because the "
      "tag is immutable.)" },
    { 405,
      ERRORS("UNSUPPORTED", "Invalid parameter at 'ImageManifest' failed to satisfy constraint: "
                            "'Invalid JSON syntax'"),
      SW_E_FAILED, "UNSUPPORTED",
      "registry \"" ECR "\" does not accept it (UNSUPPORTED: Invalid parameter at 'ImageManifest' "
      "failed to satisfy constraint: 'Invalid JSON syntax')" },
    { 400,
      ERRORS("BLOB_UPLOAD_UNKNOWN",
             "Layers with digests '[sha256:1]' required for pushing image into "
             "repository with name 'team/app' do not exist"),
      SW_E_FAILED, "BLOB_UPLOAD_UNKNOWN",
      "registry \"" ECR
      "\" does not have all layers of the image: Layers with digests '[sha256:1]' "
      "required for pushing image into repository with name 'team/app' do not exist" },
    { 400, ERRORS("X\\nY", "a\\tb"), SW_E_FAILED, "X Y",
      "registry \"" ECR "\" answered with HTTP status 400 (X Y: a b)" },
    { 418, "<html>teapot</html>", SW_E_FAILED, "",
      "registry \"" ECR "\" answered with HTTP status 418 (no reason given)" },
    { 400, "{\"errors\":{\"code\":1}}", SW_E_FAILED, "",
      "registry \"" ECR "\" answered with HTTP status 400 (no reason given)" },
};

static void test_registry__tells_what_a_refusal_means(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(refusal_cases); i++) {
        const struct refusal_case *c = &refusal_cases[i];
        const struct fake_http_step step = { .method = "PUT",
                                             .url = BASE "/manifests/v1",
                                             .headers = { { "Content-Type", "a/b" } },
                                             .body = "{}",
                                             .status = c->http_status,
                                             .reply = c->body };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str)
        char *expected =
            sw_xasprintf("cannot write manifest v1 in \"" ECR "/team/app\": %s", c->message);

        registry_world_init(&world, ECR, &step, 1);
        assert_fails(
            sw_registry_put_manifest(world.registry, "team/app", "v1", "a/b", SW_STR("{}"), &err),
            c->status, expected);
        assert_int_equal(err.http_status, c->http_status);
        assert_string_equal(err.code, c->code);
        registry_world_release(&world);
    }
}

/* A gateway may say yes to everything; a registry says that it has the manifest. */
static const struct answer_case {
    struct fake_http_step step;
    const char *message; /* NULL: it is taken */
} answer_cases[] = {
    { { .status = 201 }, NULL },
    { { .status = 202, .reply_headers = { { "Docker-Content-Digest", A_MANIFEST } } }, NULL },
    { { .status = 200, .reply = "{\"a\":1}", .times = 3 }, NULL }, /* and has it */
    { { .status = 200, .reply = "{}", .times = 3 },
      "\"" ECR
      "\" took manifest v1 of \"team/app\" and has something else there; is the host right, "
      "and is it a registry?" },
    { { .status = 201, .reply_headers = { { "Docker-Content-Digest", HELLO } } },
      "registry \"" ECR "\" stored manifest v1 of \"team/app\" as " HELLO
      " although it is " A_MANIFEST },
};

static void test_registry__wants_to_hear_that_a_manifest_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(answer_cases); i++) {
        const struct answer_case *c = &answer_cases[i];
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        enum sw_status status;

        registry_world_init(&world, ECR, &c->step, 1);
        status = sw_registry_put_manifest(world.registry, "team/app", "v1", "a/b",
                                          SW_STR("{\"a\":1}"), &err);
        assert_int_equal(status, c->message ? SW_E_UNAVAILABLE : SW_OK);
        assert_string_equal(err.msg, c->message ? c->message : "");
        registry_world_release(&world);
    }
}

/* Throttling is waited out, and named when it lasts. */
static void test_registry__names_throttling_that_lasts(void **state)
{
    const struct fake_http_step step = { .method = "PUT",
                                         .url = BASE "/manifests/v1",
                                         .status = 429,
                                         .reply = ERRORS("TOOMANYREQUESTS", "Rate exceeded"),
                                         .times = 8 };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    registry_world_init(&world, ECR, &step, 1);
    assert_fails(
        sw_registry_put_manifest(world.registry, "team/app", "v1", "a/b", SW_STR("{}"), &err),
        SW_E_UNAVAILABLE,
        "cannot write manifest v1 in \"" ECR "/team/app\": registry \"" ECR
        "\" limits the rate of requests; try again in a minute");
    assert_true(world.t.slept_ms > 0);
    registry_world_release(&world);
}

/* Where an upload goes, by what the registry says of it. */
static const struct location_case {
    const char *location;
    const char *url;
    bool other_origin; /* the login stays at home */
} location_cases[] = {
    { "/v2/team/app/blobs/uploads/u1", BASE "/blobs/uploads/u1?digest=" HELLO, false },
    { "/v2/team/app/blobs/uploads/u1?_state=a%2Fb",
      BASE "/blobs/uploads/u1?_state=a%2Fb&digest=" HELLO, false },
    { BASE "/blobs/uploads/u1", BASE "/blobs/uploads/u1?digest=" HELLO, false },
    { "u1?x", BASE "/blobs/uploads/u1?x&digest=" HELLO, false },
    { "https://store.example.com/u1?sig=1", "https://store.example.com/u1?sig=1&digest=" HELLO,
      true },
};

static void test_registry__uploads_to_the_location_it_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(location_cases); i++) {
        const struct location_case *c = &location_cases[i];
        const struct fake_http_step steps[] = {
            { .method = "POST",
              .url = BASE "/blobs/uploads/",
              .body = "",
              .status = 401,
              .reply_headers = { { "WWW-Authenticate", ECR_CHALLENGE } } },
            { .method = "POST",
              .url = BASE "/blobs/uploads/",
              .headers = { { "Authorization", BASIC } },
              .status = 202,
              .reply_headers = { { "Location", c->location } } },
            { .method = "PUT",
              .url = c->url,
              .headers = { { "Authorization", c->other_origin ? NULL : BASIC },
                           { "Content-Type", "application/octet-stream" } },
              .body = "hello",
              .status = 201 },
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool present = true;

        registry_world_init(&world, ECR, steps, SW_COUNT(steps));
        assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
        assert_false(present);
        assert_int_equal(world.fake.requests[2].body_length, 5);
        registry_world_release(&world);
    }
}

static void test_registry__opens_a_new_session_after_a_broken_upload(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/1" } } },
        { .method = "PUT", .url = "https://" ECR "/u/1?digest=" HELLO, .failure = FAKE_CUT_SHORT },
        { .method = "HEAD", .status = 404 },
        { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/2" } } },
        { .method = "PUT", .url = "https://" ECR "/u/2?digest=" HELLO, .status = 416 },
        { .method = "HEAD", .status = 404 },
        { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/3" } } },
        { .method = "PUT",
          .url = "https://" ECR "/u/3?digest=" HELLO,
          .body = "hello",
          .status = 201 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool present = true;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
    assert_false(present);
    assert_int_equal(world.t.sleeps, 2);
    registry_world_release(&world);
}

static void test_registry__notices_that_a_broken_upload_arrived(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/1" } } },
        { .method = "PUT", .failure = FAKE_TIMEOUT },
        { .method = "HEAD", .status = 200 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool present = false;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
    assert_true(present);
    registry_world_release(&world);
}

static void test_registry__uploads_again_what_was_stored_as_something_else(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/1" } } },
        { .method = "PUT",
          .url = "https://" ECR "/u/1?digest=" HELLO,
          .status = 201,
          .reply_headers = { { "Docker-Content-Digest", OTHER } } },
        { .method = "HEAD", .status = 404 },
        { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/2" } } },
        { .method = "PUT",
          .url = "https://" ECR "/u/2?digest=" HELLO,
          .body = "hello",
          .status = 201,
          .reply_headers = { { "Docker-Content-Digest", HELLO } } },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool present = true;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
    assert_false(present);
    registry_world_release(&world);
}

static const struct upload_case {
    const char *name;
    struct fake_http_step step; /* answers the POST, or the PUT after a good POST */
    bool at_put;
    enum sw_status status;
    const char *message;
} upload_cases[] = {
    { "a right is missing",
      { .method = "POST", .status = 403 },
      false,
      SW_E_DENIED,
      "cannot start the upload of blob " HELLO " in \"" ECR "/team/app\": registry \"" ECR
      "\" denies access to repository \"team/app\" (no reason given); the identity needs the right "
      "ecr:InitiateLayerUpload on it" },
    { "no Location",
      { .method = "POST", .status = 202 },
      false,
      SW_E_UNAVAILABLE,
      "registry \"" ECR "\" opened an upload without saying where (no Location)" },
    { "body denied",
      { .method = "PUT", .status = 403 },
      true,
      SW_E_DENIED,
      "cannot upload blob " HELLO " in \"" ECR "/team/app\": registry \"" ECR
      "\" denies access to repository \"team/app\" (no reason given); the identity needs the right "
      "ecr:UploadLayerPart on it" },
};

static void test_registry__says_why_an_upload_is_refused(void **state)
{
    static const struct fake_http_step post = { .method = "POST",
                                                .status = 202,
                                                .reply_headers = { { "Location", "/u/1" } } };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(upload_cases); i++) {
        const struct upload_case *c = &upload_cases[i];
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool present = false;

        print_message("%s\n", c->name);
        registry_world_init(&world, ECR, &post, c->at_put ? 1 : 0);
        fake_http_expect(&world.fake, &c->step);
        assert_fails(registry_world_put_hello(&world, NULL, &present, &err), c->status, c->message);
        registry_world_release(&world);
    }
}

/* ECR drops the connection where others answer. */
static void test_registry__explains_dropped_connections_of_ecr(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST", .failure = FAKE_CUT_SHORT, .times = 8 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool present = false;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_int_equal(registry_world_put_hello(&world, NULL, &present, &err), SW_E_NETWORK);
    assert_non_null(
        strstr(err.msg, "; Amazon ECR also breaks the connection when the repository \"team/app\" "
                        "does not exist (create it with: slipway ecr create-repository team/app) "
                        "or the identity lacks the right ecr:InitiateLayerUpload"));
    registry_world_release(&world);
}

/* A mistyped account or region makes the name of a host that does not exist. */
static void test_registry__doubts_the_name_of_a_host_that_does_not_exist(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST", .failure = FAKE_NO_HOST },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool present = false;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_int_equal(registry_world_put_hello(&world, NULL, &present, &err), SW_E_NETWORK);
    assert_non_null(strstr(err.msg, "cannot find host \"fake.example.com\"; "
                                    "is the registry's name right, and is there a network?"));
    registry_world_release(&world);
}

static void test_registry__checks_what_it_gets(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "GET",
          .url = BASE "/manifests/v1",
          .status = 200,
          .reply_headers = { { "Docker-Content-Digest", HELLO },
                             { "Content-Type", "a/b; charset=utf-8" } },
          .reply = "hello" },
        { .method = "GET",
          .url = BASE "/manifests/v1",
          .status = 200,
          .reply_headers = { { "Docker-Content-Digest", HELLO } },
          .reply = "hellO" },
        { .method = "GET", .url = BASE "/blobs/" HELLO, .status = 200, .reply = "hellO" },
    };
    struct registry_world world;
    struct sw_manifest_info info = { .size = -1 };
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf out;

    (void)state;
    sw_buf_init(&out, 1000);
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(sw_registry_get_manifest(world.registry, "team/app", "v1", &out, &info, &err));
    assert_string_equal(info.digest, HELLO);
    assert_string_equal(info.media_type, "a/b");
    assert_int_equal(info.size, 5);
    sw_manifest_info_release(&info);
    assert_int_equal(sw_registry_get_manifest(world.registry, "team/app", "v1", &out, &info, &err),
                     SW_E_UNAVAILABLE);
    assert_int_equal(sw_registry_get_blob(world.registry, "team/app", HELLO, &out, &err),
                     SW_E_UNAVAILABLE);
    sw_buf_release(&out);
    registry_world_release(&world);
}

static void test_registry__reads_the_digest_from_the_bytes_when_no_header_has_it(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD", .url = BASE "/manifests/v1", .status = 200 },
        { .method = "GET", .url = BASE "/manifests/v1", .status = 200, .reply = "hello" },
    };
    struct registry_world world;
    struct sw_manifest_info info = { .size = -1 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(sw_registry_head_manifest(world.registry, "team/app", "v1", &info, &err));
    assert_string_equal(info.digest, HELLO);
    sw_manifest_info_release(&info);
    registry_world_release(&world);
}

static void test_registry__speaks_plain_http_to_this_machine_only(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD",
          .url = "http://127.0.0.1:5000/v2/team/app/blobs/" HELLO,
          .status = 404 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool there = true;

    (void)state;
    registry_world_init(&world, "127.0.0.1:5000", steps, SW_COUNT(steps));
    assert_ok(has_hello(&world, &there, &err));
    assert_false(there);
    registry_world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry__sends_the_login_only_after_a_basic_challenge),
        cmocka_unit_test(test_registry__sends_the_login_to_ecr_at_once),
        cmocka_unit_test(test_registry__does_what_ecr_asks_for),
        cmocka_unit_test(test_registry__exchanges_the_login_for_a_token),
        cmocka_unit_test(test_registry__keeps_a_scope_of_the_service_s_own),
        cmocka_unit_test(test_registry__gives_an_identity_token_by_post),
        cmocka_unit_test(test_registry__says_why_it_cannot_log_in),
        cmocka_unit_test(test_registry__tells_what_a_refusal_means),
        cmocka_unit_test(test_registry__knows_what_is_no_registry_s),
        cmocka_unit_test(test_registry__wants_to_hear_that_a_manifest_is_there),
        cmocka_unit_test(test_registry__names_throttling_that_lasts),
        cmocka_unit_test(test_registry__uploads_to_the_location_it_is_told),
        cmocka_unit_test(test_registry__opens_a_new_session_after_a_broken_upload),
        cmocka_unit_test(test_registry__notices_that_a_broken_upload_arrived),
        cmocka_unit_test(test_registry__uploads_again_what_was_stored_as_something_else),
        cmocka_unit_test(test_registry__says_why_an_upload_is_refused),
        cmocka_unit_test(test_registry__explains_dropped_connections_of_ecr),
        cmocka_unit_test(test_registry__doubts_the_name_of_a_host_that_does_not_exist),
        cmocka_unit_test(test_registry__checks_what_it_gets),
        cmocka_unit_test(test_registry__reads_the_digest_from_the_bytes_when_no_header_has_it),
        cmocka_unit_test(test_registry__speaks_plain_http_to_this_machine_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
