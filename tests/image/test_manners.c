#include "test.h"

#include "fake_registry.h"
#include "image_file.h"
#include "multi_image.h"
#include "ref_list.h"

#include <slipway/copy.h>
#include <slipway/image.h>
#include <slipway/index.h>
#include <slipway/manifest.h>

#include <unistd.h>

/*
 * The ways in which registries differ, each tried with a push, a copy between two registries of
 * that kind, and an index made of images in another registry.
 */

#define HOST_A "a.example.com"
#define HOST_B "b.example.com"
#define STORE  "https://store.example.com"
#define TARGET HOST_B "/shop/web:v1"

enum place {
    AS_IT_IS,
    AT_OTHER_HOST, /* "https://store.example.com/..." */
    RELATIVE,      /* to the address that was asked */
    ABSOLUTE,      /* the registry's own host in it */
};

struct manner {
    const char *name;
    const char *method; /* of the requests it is about */
    const char *part;   /* of their address */
    long instead;       /* this status, and nothing is done; 0: what it asks for is done */
    bool first_only;    /* the first of two tries; the second is as usual */
    long status;        /* instead of the good one; 0: that one */
    const char *taken;  /* a header that the answer lacks */
    struct sw_http_header given;
    enum place place;       /* where Location points */
    enum sw_status result;  /* of the commands that meet it */
    const char *message;    /* a part of it */
    const char *not_met_by; /* the command that makes no such request; NULL: all do */
};

#define UPLOADS   "/blobs/uploads/"
#define ONE_BLOB  "/blobs/sha256:"
#define SESSION   "_state="
#define MANIFESTS "/manifests/"

static const struct manner manners[] = {
    { .name = "a session is opened with 201", .method = "POST", .part = UPLOADS, .status = 201 },
    { .name = "a session is opened with 200", .method = "POST", .part = UPLOADS, .status = 200 },
    { .name = "a session is at another host",
      .method = "POST",
      .part = UPLOADS,
      .place = AT_OTHER_HOST },
    { .name = "a session is told relatively",
      .method = "POST",
      .part = UPLOADS,
      .place = RELATIVE },
    { .name = "a session is told in full", .method = "POST", .part = UPLOADS, .place = ABSOLUTE },
    { .name = "a session is nowhere",
      .method = "POST",
      .part = UPLOADS,
      .taken = "Location",
      .result = SW_E_UNAVAILABLE,
      .message = "opened an upload without saying where (no Location)" },
    { .name = "a session tells of parts",
      .method = "POST",
      .part = UPLOADS,
      .given = { "OCI-Chunk-Min-Length", "10485760" } },
    { .name = "a session tells an odd range",
      .method = "POST",
      .part = UPLOADS,
      .given = { "Range", "0--1" } },
    { .name = "a session is refused for the rate at first",
      .method = "POST",
      .part = UPLOADS,
      .instead = 429,
      .given = { "Retry-After", "3" },
      .first_only = true },
    { .name = "a session is refused until a date",
      .method = "POST",
      .part = UPLOADS,
      .instead = 503,
      .given = { "Retry-After", "Sun, 30 Aug 2015 12:36:05 GMT" },
      .first_only = true },
    { .name = "a session expires", /* BLOB_UPLOAD_UNKNOWN */
      .method = "PUT",
      .part = SESSION,
      .instead = 404,
      .first_only = true },
    { .name = "a session has bytes already",
      .method = "PUT",
      .part = SESSION,
      .instead = 416,
      .first_only = true },
    { .name = "a blob does not arrive",
      .method = "PUT",
      .part = SESSION,
      .instead = 400,
      .first_only = true },
    { .name = "a blob is refused for the rate",
      .method = "PUT",
      .part = SESSION,
      .instead = 429,
      .given = { "Retry-After", "3" },
      .first_only = true },
    { .name = "a blob is too large",
      .method = "PUT",
      .part = SESSION,
      .instead = 413,
      .result = SW_E_FAILED,
      .message = "answered with HTTP status 413" },
    { .name = "a blob is taken with 200", .method = "PUT", .part = SESSION, .status = 200 },
    { .name = "a blob is taken with 202", .method = "PUT", .part = SESSION, .status = 202 },
    { .name = "a blob is taken with 204", .method = "PUT", .part = SESSION, .status = 204 },
    { .name = "blobs cannot be looked for", .method = "HEAD", .part = ONE_BLOB, .instead = 405 },
    { .name = "blobs must not be looked for",
      .method = "HEAD",
      .part = ONE_BLOB,
      .instead = 403,
      .result = SW_E_DENIED,
      .message = "denies access to repository \"shop/web\"" },
    { .name = "looking for blobs fails at first",
      .method = "HEAD",
      .part = ONE_BLOB,
      .instead = 502,
      .first_only = true },
    { .name = "blobs come from another host",
      .method = "GET",
      .part = ONE_BLOB,
      .instead = 307,
      .place = AT_OTHER_HOST,
      .not_met_by = "push" },
    { .name = "blobs are behind redirects without an end",
      .method = "GET",
      .part = ONE_BLOB,
      .instead = 307,
      .place = ABSOLUTE,
      .result = SW_E_UNAVAILABLE,
      .message = "redirected more than 5 times",
      .not_met_by = "push" },
    { .name = "manifests cannot be looked for",
      .method = "HEAD",
      .part = MANIFESTS,
      .instead = 405 },
    { .name = "manifests must not be looked for",
      .method = "HEAD",
      .part = MANIFESTS,
      .instead = 403 },
    { .name = "manifests come without a digest",
      .method = "",
      .part = MANIFESTS,
      .taken = "Docker-Content-Digest" },
    { .name = "manifests come as JSON",
      .method = "GET",
      .part = MANIFESTS,
      .given = { "Content-Type", "application/json; charset=utf-8" },
      .not_met_by = "push" },
    { .name = "manifests come as text",
      .method = "GET",
      .part = MANIFESTS,
      .given = { "Content-Type", "text/plain" },
      .not_met_by = "push" },
    { .name = "manifests come as something else",
      .method = "GET",
      .part = MANIFESTS,
      .given = { "Docker-Content-Digest",
                 "sha256:0000000000000000000000000000000000000000000000000000000000000000" },
      .result = SW_E_UNAVAILABLE,
      .message = "although it should be sha256:",
      .not_met_by = "push" },
    { .name = "a manifest is taken with 200", .method = "PUT", .part = MANIFESTS, .status = 200 },
    { .name = "a manifest is taken with 202", .method = "PUT", .part = MANIFESTS, .status = 202 },
    { .name = "a manifest is stored as something else",
      .method = "PUT",
      .part = MANIFESTS,
      .given = { "Docker-Content-Digest",
                 "sha256:0000000000000000000000000000000000000000000000000000000000000000" },
      .result = SW_E_UNAVAILABLE,
      .message = " stored manifest " },
    { .name = "a manifest is refused for the rate at first",
      .method = "PUT",
      .part = MANIFESTS,
      .instead = 429,
      .given = { "Retry-After", "3" },
      .first_only = true },
    { .name = "a manifest meets an error at first",
      .method = "PUT",
      .part = MANIFESTS,
      .instead = 500,
      .first_only = true },
};

struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry a;
    struct fake_registry b;
    struct multi_image image;
    struct image_file file;
    char *path;
    const struct manner *manner;
    unsigned met;
    struct sw_strs texts;
};

static void set_header(struct fake_http_answer *answer, const char *name, const char *value)
{
    size_t i = 0;

    while (answer->headers[i].name &&
           !sw_str_eq_nocase(sw_str(answer->headers[i].name), sw_str(name))) {
        i++;
    }
    assert_true(i + 1 < FAKE_HTTP_HEADERS_MAX);
    answer->headers[i] = (struct sw_http_header){ name, value };
}

static void take_header(struct fake_http_answer *answer, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; answer->headers[i].name; i++) {
        if (strcmp(answer->headers[i].name, name) != 0) {
            answer->headers[kept++] = answer->headers[i];
        }
    }
    answer->headers[kept].name = NULL;
}

static const char *header_of(const struct fake_http_answer *answer, const char *name)
{
    for (size_t i = 0; answer->headers[i].name; i++) {
        if (strcmp(answer->headers[i].name, name) == 0) {
            return answer->headers[i].value;
        }
    }
    return "";
}

/* `path` as the manner tells it. */
static const char *placed(struct world *world, const char *url, const char *path)
{
    char *text = NULL;

    switch (world->manner->place) {
    case AS_IT_IS:
        text = sw_xstrdup(path);
        break;
    case AT_OTHER_HOST:
        text = sw_xasprintf(STORE "%s", path);
        break;
    case RELATIVE:
        text = sw_xstrdup(strrchr(path, '/') + 1);
        break;
    case ABSOLUTE:
        text = sw_xasprintf("https://%s%s", strstr(url, HOST_A) ? HOST_A : HOST_B, path);
        break;
    }
    sw_strs_take(&world->texts, text);
    return text;
}

static bool is_met(struct world *world, const struct fake_http_request *request)
{
    const struct manner *manner = world->manner;

    if ((manner->method[0] && strcmp(request->method, manner->method) != 0) ||
        !strstr(request->url, manner->part) || sw_str_starts(sw_str(request->url), STORE)) {
        return false;
    }
    return world->met++ % 2 == 0 || !manner->first_only;
}

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct world *world = ctx;
    const struct manner *manner = world->manner;
    const bool is_a = strstr(request->url, HOST_A) || strstr(request->url, "/team/app/");
    const bool met = is_met(world, request);

    if (met && manner->instead) {
        answer->status = manner->instead;
        if (manner->place != AS_IT_IS) {
            set_header(answer, "Location",
                       placed(world, request->url, strstr(request->url, "/v2/")));
        }
    } else {
        fake_registry_answer(is_a ? &world->a : &world->b, request, answer);
        if (!met || answer->status >= 300) {
            return;
        }
        answer->status = manner->status ? manner->status : answer->status;
        if (manner->place != AS_IT_IS) {
            set_header(answer, "Location",
                       placed(world, request->url, header_of(answer, "Location")));
        }
    }
    if (manner->given.name) {
        set_header(answer, manner->given.name, manner->given.value);
    }
    if (manner->taken) {
        take_header(answer, manner->taken);
    }
}

static void world_init(struct world *world, const struct manner *manner)
{
    *world = (struct world){ .manner = manner };
    test_env_init(&world->t);
    fake_http_init(&world->fake);
    fake_registry_init(&world->a);
    fake_registry_init(&world->b);
    multi_image_build(&world->image);
    multi_image_put(&world->image, &world->a, "team/app", "multi");
    fake_registry_put_as(&world->a, "team/app", "amd64", SW_MEDIA_OCI_MANIFEST,
                         world->image.manifests[0].ptr);
    fake_registry_put_as(&world->a, "team/app", "arm64", SW_MEDIA_OCI_MANIFEST,
                         world->image.manifests[1].ptr);
    image_file_build(&world->file, IMAGE_DOCKER_24, IMAGE_FINE);
    world->path = image_file_write(sw_buf_str(&world->file.tar));
    world->fake.handler = answer;
    world->fake.handler_ctx = world;
    world->t.env.http = &world->fake.transport;
}

static void world_release(struct world *world)
{
    (void)unlink(world->path);
    free(world->path);
    image_file_release(&world->file);
    multi_image_release(&world->image);
    fake_registry_release(&world->a);
    fake_registry_release(&world->b);
    fake_http_done(&world->fake);
    sw_strs_release(&world->texts);
    test_env_release(&world->t);
}

static enum sw_status push(struct world *world, struct sw_err *err)
{
    const struct sw_push_options options = { .no_learn = true, .uploads = 1, .workers = 1 };
    SW_CLEANUP(sw_free_str) char *name = sw_xasprintf("docker-archive:%s", world->path);
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(ref_list_release) struct ref_list targets = { 0 };
    struct sw_push_result result = { 0 };
    enum sw_status status = sw_image_source_open(&world->t.env, name, NULL, &source, err);

    ref_list_init(&targets, TARGET);
    if (status == SW_OK) {
        status = sw_image_push(&world->t.env, source, targets.items, targets.count, &options,
                               &result, err);
    }
    sw_push_result_release(&result);
    return status;
}

static enum sw_status copy(struct world *world, struct sw_err *err)
{
    const struct sw_copy_options options = { .transfers = 1 };
    SW_CLEANUP(ref_list_release) struct ref_list source = { 0 };
    SW_CLEANUP(ref_list_release) struct ref_list targets = { 0 };
    struct sw_copy_result result = { 0 };
    enum sw_status status;

    ref_list_init(&source, HOST_A "/team/app:multi");
    ref_list_init(&targets, TARGET);
    status = sw_image_copy(&world->t.env, source.items, targets.items, targets.count, &options,
                           &result, err);
    sw_copy_result_release(&result);
    return status;
}

static enum sw_status create(struct world *world, struct sw_err *err)
{
    const struct sw_index_options options = { .copy = { .transfers = 1 } };
    SW_CLEANUP(ref_list_release) struct ref_list images = { 0 };
    SW_CLEANUP(ref_list_release) struct ref_list targets = { 0 };
    struct sw_index_result result = { 0 };
    enum sw_status status;

    ref_list_init(&images, HOST_A "/team/app:amd64," HOST_A "/team/app:arm64");
    ref_list_init(&targets, TARGET);
    status = sw_image_index_create(&world->t.env, images.items, images.count, targets.items,
                                   targets.count, &options, &result, err);
    sw_index_result_release(&result);
    return status;
}

static const struct {
    const char *name;
    enum sw_status (*run)(struct world *world, struct sw_err *err);
} commands[] = { { "push", push }, { "copy", copy }, { "index", create } };

/* The registry in memory takes no manifest, and so no tag, before all that it names. */
static void try(const struct manner *manner, size_t command)
{
    const bool meets =
        !manner->not_met_by || strcmp(manner->not_met_by, commands[command].name) != 0;
    struct world world;
    struct sw_err err = SW_ERR_INIT;
    enum sw_status wanted = meets ? manner->result : SW_OK;
    enum sw_status status;

    print_message("%s: %s\n", commands[command].name, manner->name);
    world_init(&world, manner);
    status = commands[command].run(&world, &err);
    if (status != wanted) {
        fail_msg("%s: %s", sw_status_name(status), err.msg);
    }
    assert_int_equal(world.met > 0, meets);
    if (status == SW_OK) {
        assert_non_null(fake_registry_tag(&world.b, "shop/web", "v1"));
    } else if (!strstr(err.msg, manner->message)) {
        fail_msg("\"%s\" is not in: %s", manner->message, err.msg);
    }
    if (status == SW_OK && commands[command].run == copy) {
        assert_true(multi_image_is_at(&world.image, &world.b, "shop/web", "v1"));
    }
    world_release(&world);
}

static void test_manners__of_registries_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(manners); i++) {
        for (size_t k = 0; k < SW_COUNT(commands); k++) {
            try(&manners[i], k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manners__of_registries_do_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
