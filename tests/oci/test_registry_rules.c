#include "registry_world.h"

#include <slipway/digest.h>
#include <slipway/manifest.h>

/*
 * Where registries differ, in the terms of the distribution specification's client: what is taken
 * for a success, what for a refusal, and what is not believed. Addresses of uploads are in
 * test_registry.c.
 */

#define ECR   "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
#define BASE  "https://" ECR "/v2/team/app"
#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define MOUNT BASE "/blobs/uploads/?mount=" HELLO "&from=team%2Fbase"

/* An upload is one request with all bytes, so that what registries say of parts (202 or 201 for a
 * PATCH, a Range that does not advance, a status that cannot be asked) does not matter. */
static void test_rules__an_upload_has_no_parts(void **state)
{
    static const char *const ranges[] = { NULL, "0-0", "0-4", "0-2", "bytes=0-4", "0--1", "x" };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(ranges); i++) {
        const struct fake_http_step steps[] = {
            { .method = "POST",
              .url = BASE "/blobs/uploads/",
              .body = "",
              .status = 202,
              .reply_headers = { { "Location", "/u/1" },
                                 { "OCI-Chunk-Min-Length", "5242880" },
                                 { ranges[i] ? "Range" : "X-None", ranges[i] ? ranges[i] : "" } } },
            { .method = "PUT",
              .url = "https://" ECR "/u/1?digest=" HELLO,
              .headers = { { "Content-Range", NULL } },
              .body = "hello",
              .status = 201,
              .reply_headers = { { ranges[i] ? "Range" : "X-None", ranges[i] ? ranges[i] : "" } } },
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool present = false;

        registry_world_init(&world, ECR, steps, SW_COUNT(steps));
        assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
        assert_int_equal(world.fake.requests[1].body_length, 5);
        registry_world_release(&world);
    }
}

/*
 * Nobody listens at a wrong port of this machine, and that is said soon; but a registry that has
 * answered and is gone may be starting again. Elsewhere a refused connection may pass in any case.
 */
static void test_rules__nobody_at_a_loopback_port_is_known_soon(void **state)
{
    static const struct {
        const char *host;
        bool answered;
        unsigned tries;
    } cases[] = {
        { "127.0.0.1:5000", false, 4 },
        { "localhost:5000", false, 4 },
        { "[::1]:5000", false, 4 },
        { "127.0.0.1:5000", true, 8 },
        { ECR, false, 8 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step steps[] = {
            { .method = "HEAD", .status = 404 },
            { .method = "HEAD", .failure = FAKE_REFUSED, .times = cases[i].tries },
        };
        const size_t from = cases[i].answered ? 0 : 1;
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool there = true;

        registry_world_init(&world, cases[i].host, steps + from, SW_COUNT(steps) - from);
        if (cases[i].answered) {
            assert_ok(sw_registry_has_blob(world.registry, "team/app", HELLO, &there, &err));
        }
        assert_int_equal(sw_registry_has_blob(world.registry, "team/app", HELLO, &there, &err),
                         SW_E_NETWORK);
        assert_non_null(strstr(err.msg, "connection refused"));
        registry_world_release(&world);
    }
}

/* 201 is the success of an upload; any other 2xx is looked into. */
static void test_rules__a_success_that_is_not_201_is_looked_into(void **state)
{
    static const long statuses[] = { 200, 202, 204, 206 };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(statuses); i++) {
        const struct fake_http_step steps[] = {
            { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/1" } } },
            { .method = "PUT", .status = statuses[i] },
            { .method = "HEAD", .url = BASE "/blobs/" HELLO, .status = 404 },
            { .method = "HEAD", .url = BASE "/blobs/" HELLO, .status = 404 },
            { .method = "POST", .status = 202, .reply_headers = { { "Location", "/u/2" } } },
            { .method = "PUT", .body = "hello", .status = statuses[i] },
            { .method = "HEAD", .url = BASE "/blobs/" HELLO, .status = 200 },
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool present = false;

        registry_world_init(&world, ECR, steps, SW_COUNT(steps));
        assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
        registry_world_release(&world);
    }
}

static void test_rules__a_session_opens_with_any_success(void **state)
{
    static const long statuses[] = { 200, 201, 202 };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(statuses); i++) {
        const struct fake_http_step steps[] = {
            { .method = "POST", .status = statuses[i], .reply_headers = { { "Location", "u" } } },
            { .method = "PUT", .url = BASE "/blobs/uploads/u?digest=" HELLO, .status = 201 },
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool present = false;

        registry_world_init(&world, ECR, steps, SW_COUNT(steps));
        assert_ok(registry_world_put_hello(&world, NULL, &present, &err));
        registry_world_release(&world);
    }
}

static void test_rules__a_blob_that_cannot_be_looked_for_is_sent(void **state)
{
    static const struct {
        long status;
        enum sw_status result;
        bool there;
    } cases[] = {
        { 200, SW_OK, true },        { 404, SW_OK, false },       { 405, SW_OK, false },
        { 403, SW_E_DENIED, false }, { 400, SW_E_FAILED, false }, { 401, SW_E_CREDENTIALS, false },
        { 410, SW_E_FAILED, false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step steps[] = {
            { .method = "HEAD", .url = BASE "/blobs/" HELLO, .status = cases[i].status },
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        bool there = !cases[i].there;

        print_message("%ld\n", cases[i].status);
        registry_world_init(&world, ECR, steps, SW_COUNT(steps));
        assert_int_equal(sw_registry_has_blob(world.registry, "team/app", HELLO, &there, &err),
                         cases[i].result);
        assert_int_equal(there, cases[i].result == SW_OK ? cases[i].there : !cases[i].there);
        registry_world_release(&world);
    }
}

/* Some registries know no HEAD of manifests (405), or leave its digest out. */
static void test_rules__a_manifest_is_read_where_asking_does_not_tell(void **state)
{
    static const struct {
        long status;
        enum sw_status result;
        bool read;
    } cases[] = {
        { 200, SW_OK, true },
        { 405, SW_OK, true },
        { 404, SW_E_NOT_FOUND, false },
        { 403, SW_E_DENIED, false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step steps[] = {
            { .method = "HEAD", .url = BASE "/manifests/v1", .status = cases[i].status },
            { .method = "GET",
              .url = BASE "/manifests/v1",
              .reply_headers = { { "Content-Type", SW_MEDIA_OCI_MANIFEST } },
              .reply = "{}" },
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        struct sw_manifest_info info = { .size = -1 };

        print_message("%ld\n", cases[i].status);
        registry_world_init(&world, ECR, steps, cases[i].read ? 2 : 1);
        assert_int_equal(sw_registry_head_manifest(world.registry, "team/app", "v1", &info, &err),
                         cases[i].result);
        if (cases[i].read) {
            char digest[SW_DIGEST_SIZE];

            sw_digest_of(SW_STR("{}"), digest);
            assert_string_equal(info.digest, digest);
        }
        sw_manifest_info_release(&info);
        registry_world_release(&world);
    }
}

/* Its digest is that of its bytes, so that a proxy must not pack it; a false label does no harm. */
static void test_rules__a_manifest_must_come_as_it_is(void **state)
{
    static const struct {
        const char *coding;
        const char *claimed; /* Docker-Content-Digest; NULL: none */
        enum sw_status result;
    } cases[] = {
        { "identity", NULL, SW_OK },         { "gzip", HELLO, SW_OK },
        { "gzip", OTHER, SW_E_UNAVAILABLE }, { "gzip", NULL, SW_E_UNAVAILABLE },
        { "zstd", NULL, SW_E_UNAVAILABLE },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct fake_http_step step = {
            .method = "GET",
            .url = BASE "/manifests/v1",
            .headers = { { "Accept-Encoding", "identity" } },
            .reply_headers = { { "Content-Encoding", cases[i].coding },
                               { cases[i].claimed ? "Docker-Content-Digest" : "X-None",
                                 cases[i].claimed ? cases[i].claimed : "" } },
            .reply = "hello",
        };
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        struct sw_manifest_info info = { .size = -1 };
        SW_CLEANUP(sw_buf_release) struct sw_buf out = { 0 };

        print_message("%s %s\n", cases[i].coding, cases[i].claimed ? cases[i].claimed : "");
        sw_buf_init(&out, 100);
        registry_world_init(&world, ECR, &step, 1);
        assert_int_equal(
            sw_registry_get_manifest(world.registry, "team/app", "v1", &out, &info, &err),
            cases[i].result);
        if (cases[i].result != SW_OK) {
            SW_CLEANUP(sw_free_str)
            char *expected = sw_xasprintf(
                "manifest v1 of \"" ECR "/team/app\" came packed (Content-Encoding \"%s\"), which "
                "nobody asked for; a proxy before the registry may do this",
                cases[i].coding);

            assert_string_equal(err.msg, expected);
        }
        sw_manifest_info_release(&info);
        registry_world_release(&world);
    }
}

/* 201: shared. 202: an upload was opened instead, and is used. Anything else: an upload of its
 * own; no failure, whatever it is. */
static void test_rules__a_mount_that_fails_becomes_an_upload(void **state)
{
    static const struct {
        const char *name;
        struct fake_http_step step;
        bool mounted;
        const char *session;
    } cases[] = {
        { "shared", { .method = "POST", .url = MOUNT, .body = "", .status = 201 }, true, NULL },
        { "opened",
          { .method = "POST",
            .url = MOUNT,
            .status = 202,
            .reply_headers = { { "Location", "/u/1?_state=x" } } },
          false,
          "https://" ECR "/u/1?_state=x" },
        { "no address", { .method = "POST", .url = MOUNT, .status = 202 }, false, NULL },
        { "bad address",
          { .method = "POST",
            .url = MOUNT,
            .status = 202,
            .reply_headers = { { "Location", "ftp://x/" } } },
          false,
          NULL },
        { "ok is not shared",
          { .method = "POST",
            .url = MOUNT,
            .status = 200,
            .reply_headers = { { "Location", "/u/1" } } },
          false,
          "https://" ECR "/u/1" },
        { "bad request", { .method = "POST", .url = MOUNT, .status = 400 }, false, NULL },
        { "login refused", { .method = "POST", .url = MOUNT, .status = 401 }, false, NULL },
        { "denied", { .method = "POST", .url = MOUNT, .status = 403 }, false, NULL },
        { "no repository", { .method = "POST", .url = MOUNT, .status = 404 }, false, NULL },
        { "unsupported", { .method = "POST", .url = MOUNT, .status = 405 }, false, NULL },
        { "throttled", { .method = "POST", .url = MOUNT, .status = 429 }, false, NULL },
        { "broken", { .method = "POST", .url = MOUNT, .status = 500 }, false, NULL },
        { "gone", { .method = "POST", .url = MOUNT, .failure = FAKE_REFUSED }, false, NULL },
        { "silent", { .method = "POST", .url = MOUNT, .failure = FAKE_TIMEOUT }, false, NULL },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct registry_world world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *session = NULL;
        bool mounted = !cases[i].mounted;

        print_message("%s\n", cases[i].name);
        registry_world_init(&world, ECR, &cases[i].step, 1);
        assert_ok(sw_registry_mount_blob(world.registry, "team/app", HELLO, "team/base", &mounted,
                                         &session, &err));
        assert_int_equal(mounted, cases[i].mounted);
        if (cases[i].session) {
            assert_string_equal(session, cases[i].session);
        } else {
            assert_null(session);
        }
        assert_int_equal(world.t.said.len, 0);
        registry_world_release(&world);
    }
}

static void test_rules__an_interrupted_mount_is_the_end(void **state)
{
    static const struct fake_http_step step = { .method = "POST",
                                                .url = MOUNT,
                                                .failure = FAKE_STOPPED };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    char *session = NULL;
    bool mounted = false;

    (void)state;
    registry_world_init(&world, ECR, &step, 1);
    assert_fails(sw_registry_mount_blob(world.registry, "team/app", HELLO, "team/base", &mounted,
                                        &session, &err),
                 SW_E_STOPPED, "stopped");
    registry_world_release(&world);
}

/* The session of a mount is good for one try; the next one is a new session. */
static void test_rules__a_session_that_a_mount_opened_is_used_first(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "PUT", .url = "https://" ECR "/u/1?_state=x&digest=" HELLO, .status = 404 },
        { .method = "HEAD", .url = BASE "/blobs/" HELLO, .status = 404 },
        { .method = "POST",
          .url = BASE "/blobs/uploads/",
          .status = 202,
          .reply_headers = { { "Location", "/u/2" } } },
        { .method = "PUT",
          .url = "https://" ECR "/u/2?digest=" HELLO,
          .body = "hello",
          .status = 201 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    bool present = false;

    (void)state;
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(registry_world_put_hello(&world, "https://" ECR "/u/1?_state=x", &present, &err));
    registry_world_release(&world);
}

/* A token service is asked for both repositories, in one parameter each. */
static void test_rules__a_mount_asks_for_both_repositories(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = "https://registry.example.com/v2/team/app/blobs/uploads/?mount=" HELLO
                 "&from=team%2Fbase",
          .status = 401,
          .reply_headers = { { "WWW-Authenticate",
                               "Bearer realm=\"https://auth.example.com/token\",service=\"r\"" } } },
        { .method = "GET",
          .url = "https://auth.example.com/token?service=r&"
                 "scope=repository%3Ateam%2Fapp%3Apull%2Cpush&"
                 "scope=repository%3Ateam%2Fbase%3Apull",
          .reply = "{\"token\":\"both\"}" },
        { .method = "POST",
          .url_prefix = "https://registry.example.com/v2/team/app/blobs/uploads/?mount=",
          .headers = { { "Authorization", "Bearer both" } },
          .status = 201 },
    };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    char *session = NULL;
    bool mounted = false;

    (void)state;
    registry_world_init(&world, "registry.example.com", steps, SW_COUNT(steps));
    assert_ok(sw_registry_mount_blob(world.registry, "team/app", HELLO, "team/base", &mounted,
                                     &session, &err));
    assert_true(mounted);
    registry_world_release(&world);
}

static void test_rules__the_repository_to_share_from_is_found(void **state)
{
    static const struct fake_http_step steps[] = {
        { .method = "HEAD", .url = "https://" ECR "/v2/denied/blobs/" HELLO, .status = 403 },
        { .method = "HEAD", .url = "https://" ECR "/v2/empty/blobs/" HELLO, .status = 404 },
        { .method = "HEAD", .url = "https://" ECR "/v2/team/base/blobs/" HELLO, .status = 200 },
    };
    static const char *const names[] = { "team/app", "denied", "empty", "team/base", "later" };
    struct registry_world world;
    struct sw_err err = SW_ERR_INIT;
    struct sw_strs list = { 0 };
    struct sw_strs one = { 0 };
    const char *found = "x";

    (void)state;
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        sw_strs_add(&list, sw_str(names[i]));
    }
    registry_world_init(&world, ECR, steps, SW_COUNT(steps));
    assert_ok(sw_registry_find_blob(world.registry, &list, "team/app", HELLO, &found, &err));
    assert_string_equal(found, "team/base");
    sw_strs_add(&one, SW_STR("team/app"));
    assert_ok(sw_registry_find_blob(world.registry, &one, "team/app", HELLO, &found, &err));
    assert_null(found);
    assert_ok(sw_registry_find_blob(world.registry, &one, "other", HELLO, &found, &err));
    assert_string_equal(found, "team/app");
    sw_strs_release(&list);
    sw_strs_release(&one);
    registry_world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules__an_upload_has_no_parts),
        cmocka_unit_test(test_rules__nobody_at_a_loopback_port_is_known_soon),
        cmocka_unit_test(test_rules__a_success_that_is_not_201_is_looked_into),
        cmocka_unit_test(test_rules__a_session_opens_with_any_success),
        cmocka_unit_test(test_rules__a_blob_that_cannot_be_looked_for_is_sent),
        cmocka_unit_test(test_rules__a_manifest_is_read_where_asking_does_not_tell),
        cmocka_unit_test(test_rules__a_manifest_must_come_as_it_is),
        cmocka_unit_test(test_rules__a_mount_that_fails_becomes_an_upload),
        cmocka_unit_test(test_rules__an_interrupted_mount_is_the_end),
        cmocka_unit_test(test_rules__a_session_that_a_mount_opened_is_used_first),
        cmocka_unit_test(test_rules__a_mount_asks_for_both_repositories),
        cmocka_unit_test(test_rules__the_repository_to_share_from_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
