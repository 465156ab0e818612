#include "fake_registry.h"

#include <slipway/alloc.h>
#include <slipway/manifest.h>

#include <stdio.h>

void fake_registry_init(struct fake_registry *registry)
{
    *registry = (struct fake_registry){ 0 };
}

static void release_items(struct fake_registry_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].key);
        free(items[i].media_type);
        sw_buf_release(&items[i].bytes);
    }
}

void fake_registry_release(struct fake_registry *registry)
{
    release_items(registry->blobs, registry->blob_count);
    release_items(registry->manifests, registry->manifest_count);
    sw_strs_release(&registry->texts);
    for (size_t i = 0; i < SW_COUNT(registry->session_bytes); i++) {
        sw_buf_release(&registry->session_bytes[i]);
    }
    *registry = (struct fake_registry){ 0 };
}

/* A text that lives as long as the registry. */
static const char *keep(struct fake_registry *registry, char *text)
{
    sw_strs_take(&registry->texts, text);
    return text;
}

static const struct fake_registry_item *look(const struct fake_registry_item *items, size_t count,
                                             const char *repository, const char *name)
{
    SW_CLEANUP(sw_free_str) char *key = sw_xasprintf("%s %s", repository, name);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].key, key) == 0) {
            return &items[i];
        }
    }
    return NULL;
}

static void put(struct fake_registry_item *items, size_t *count, const char *repository,
                const char *name, struct sw_str bytes, const char *media_type)
{
    const struct fake_registry_item *old = look(items, *count, repository, name);
    struct fake_registry_item *item = &items[old ? old - items : (ptrdiff_t)(*count)++];

    if (!old) {
        *item = (struct fake_registry_item){ .key = sw_xasprintf("%s %s", repository, name) };
    }
    sw_buf_release(&item->bytes);
    sw_buf_init(&item->bytes, SW_BUF_TEXT_MAX);
    sw_buf_add_str(&item->bytes, bytes);
    free(item->media_type);
    item->media_type = sw_xstrdup(media_type);
}

const struct fake_registry_item *fake_registry_tag(const struct fake_registry *registry,
                                                   const char *repository, const char *tag)
{
    return look(registry->manifests, registry->manifest_count, repository, tag);
}

const struct fake_registry_item *fake_registry_blob(const struct fake_registry *registry,
                                                    const char *repository, const char *digest)
{
    return look(registry->blobs, registry->blob_count, repository, digest);
}

/* The manifest of a tag or a digest. */
static const struct fake_registry_item *find_manifest(const struct fake_registry *registry,
                                                      const char *repository, const char *name)
{
    const struct fake_registry_item *item = fake_registry_tag(registry, repository, name);

    for (size_t i = 0; !item && i < registry->manifest_count; i++) {
        struct sw_str key = sw_str(registry->manifests[i].key);
        char digest[SW_DIGEST_SIZE];

        sw_digest_of(sw_buf_str(&registry->manifests[i].bytes), digest);
        if (sw_str_is(sw_str_cut(&key, ' '), repository) && strcmp(digest, name) == 0) {
            item = &registry->manifests[i];
        }
    }
    return item;
}

void fake_registry_put(struct fake_registry *registry, const char *repository, const char *tag,
                       const char *bytes)
{
    fake_registry_put_as(registry, repository, tag, SW_MEDIA_DOCKER_MANIFEST, bytes);
}

void fake_registry_put_as(struct fake_registry *registry, const char *repository, const char *tag,
                          const char *media_type, const char *bytes)
{
    put(registry->manifests, &registry->manifest_count, repository, tag, sw_str(bytes), media_type);
}

void fake_registry_put_blob(struct fake_registry *registry, const char *repository,
                            struct sw_str bytes)
{
    char digest[SW_DIGEST_SIZE];

    sw_digest_of(bytes, digest);
    put(registry->blobs, &registry->blob_count, repository, digest, bytes, "");
}

static void refuse(struct fake_registry *registry, struct fake_http_answer *answer, long status,
                   const char *code, const char *message)
{
    answer->status = status;
    answer->body =
        keep(registry,
             sw_xasprintf("{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}", code, message));
}

/* The parts of "/v2/REPOSITORY/KIND/NAME?QUERY". */
struct target {
    char *repository;
    char *kind; /* "blobs", "uploads" or "manifests" */
    char *name;
    char *digest;    /* of the query; NULL */
    char *mount;     /* of the query; NULL */
    char *from;      /* of the query, decoded; NULL */
    int64_t session; /* of the query; 0 */
};

static void target_release(struct target *target)
{
    free(target->repository);
    free(target->kind);
    free(target->name);
    free(target->digest);
    free(target->mount);
    free(target->from);
}

/* A parameter of the query with "%2F" decoded; NULL when it is not there. The caller's. */
static char *parameter(struct sw_str query, const char *name)
{
    while (query.ptr) {
        struct sw_str value = sw_str_cut(&query, '&');
        struct sw_str key = sw_str_cut(&value, '=');
        struct sw_buf out;

        if (!sw_str_is(key, name)) {
            continue;
        }
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        while (value.len > 0) {
            bool slash = sw_str_starts(value, "%2F");

            sw_buf_add(&out, slash ? "/" : value.ptr, 1);
            value = sw_str_from(value, slash ? 3 : 1);
        }
        return sw_buf_take(&out);
    }
    return NULL;
}

static bool parse_target(const char *text, struct target *ret)
{
    static const char *const kinds[] = { "/blobs/uploads/", "/blobs/", "/manifests/", "/tags/" };
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_url url;
    struct sw_str path;

    if (sw_url_parse(text, &url, &ignored) != SW_OK || !sw_str_starts(url.path, "/v2/")) {
        return false;
    }
    path = sw_str_from(url.path, 4);
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        ptrdiff_t at = sw_str_find_str(path, sw_str(kinds[i]));

        if (at > 0) {
            struct sw_str state = url.query;

            *ret = (struct target){
                .repository = sw_str_dup(sw_str_first(path, (size_t)at)),
                .kind = sw_xstrdup(kinds[i]),
                .name = sw_str_dup(sw_str_from(path, (size_t)at + strlen(kinds[i]))),
                .digest = parameter(url.query, "digest"),
                .mount = parameter(url.query, "mount"),
                .from = parameter(url.query, "from"),
            };
            if (sw_str_starts(state, "_state=")) {
                state = sw_str_from(state, strlen("_state="));
                state = sw_str_cut(&state, '&');
                if (!sw_parse_int(state, 1, 255, &ret->session)) {
                    ret->session = 0;
                }
            }
            return true;
        }
    }
    return false;
}

static void answer_blob(struct fake_registry *registry, const struct target *target,
                        const struct fake_http_request *request, struct fake_http_answer *answer)
{
    const struct fake_registry_item *item =
        look(registry->blobs, registry->blob_count, target->repository, target->name);

    if (!item) {
        refuse(registry, answer, 404, "BLOB_UNKNOWN", "blob unknown to registry");
    } else if (strcmp(request->method, "GET") == 0) {
        answer->body = item->bytes.ptr;
        answer->body_len = item->bytes.len;
    }
}

/* Where the session goes on. */
static void place(struct fake_registry *registry, const struct target *target, unsigned session,
                  struct fake_http_answer *answer)
{
    answer->headers[0].name = "Location";
    answer->headers[0].value = keep(registry, sw_xasprintf("/v2/%s/blobs/uploads/session?_state=%u",
                                                           target->repository, session));
}

static void open_upload(struct fake_registry *registry, const struct target *target,
                        struct fake_http_answer *answer)
{
    const struct fake_registry_item *shared = NULL;
    unsigned id;

    if (registry->missing) {
        refuse(registry, answer, 404, "NAME_UNKNOWN",
               "The repository does not exist in the registry");
        return;
    }
    if (registry->mounts && target->mount && target->from) {
        shared = look(registry->blobs, registry->blob_count, target->from, target->mount);
    }
    if (shared) {
        put(registry->blobs, &registry->blob_count, target->repository, target->mount,
            sw_buf_str(&shared->bytes), "");
        answer->status = 201;
        return;
    }
    id = ++registry->sessions;
    registry->open_sessions[id % 255 + 1] = true;
    answer->status = 202;
    place(registry, target, id % 255 + 1, answer);
}

/* Whether the upload is to go wrong. */
static bool drops_body(struct fake_registry *registry, struct fake_http_answer *answer)
{
    if (registry->drop_bodies == 0) {
        return false;
    }
    registry->drop_bodies--;
    answer->status = 500;
    return true;
}

static void take_patch(struct fake_registry *registry, const struct target *target,
                       const struct fake_http_request *request, struct fake_http_answer *answer)
{
    struct sw_buf *bytes = &registry->session_bytes[target->session];

    if (!registry->open_sessions[target->session]) {
        refuse(registry, answer, 404, "BLOB_UPLOAD_UNKNOWN", "upload unknown to registry");
    } else if (bytes->len > 0) {
        refuse(registry, answer, 416, "BLOB_UPLOAD_INVALID", "the session has bytes already");
    } else if (registry->patch_status >= 400) {
        refuse(registry, answer, registry->patch_status, "DENIED", "no such body here");
    } else if (!drops_body(registry, answer)) {
        sw_buf_release(bytes);
        sw_buf_init(bytes, SW_BUF_TEXT_MAX);
        sw_buf_add_str(bytes, sw_buf_str(&request->body));
        answer->status = registry->patch_status ? registry->patch_status : 202;
        if (!registry->patch_unplaced) {
            place(registry, target, (unsigned)target->session, answer);
        }
    }
}

static void take_upload(struct fake_registry *registry, const struct target *target,
                        const struct fake_http_request *request, struct fake_http_answer *answer)
{
    char actual[SW_DIGEST_SIZE];
    bool *open = &registry->open_sessions[target->session];
    const struct sw_buf *patched = &registry->session_bytes[target->session];
    struct sw_str bytes = sw_buf_str(patched->len > 0 ? patched : &request->body);

    if (!*open) {
        refuse(registry, answer, 404, "BLOB_UPLOAD_UNKNOWN", "upload unknown to registry");
        return;
    }
    *open = false;
    if (drops_body(registry, answer)) {
        return;
    }
    sw_digest_of(bytes, actual);
    if (!target->digest || strcmp(actual, target->digest) != 0) {
        refuse(registry, answer, 400, "DIGEST_INVALID", "provided digest did not match");
    } else {
        put(registry->blobs, &registry->blob_count, target->repository, actual, bytes, "");
        answer->status = 201;
    }
}

static bool has_blobs(const struct fake_registry *registry, const char *repository,
                      const struct sw_manifest *manifest)
{
    bool all = look(registry->blobs, registry->blob_count, repository, manifest->config.digest);

    for (size_t i = 0; all && i < manifest->layers.count; i++) {
        if (registry->foreign_layers && sw_media_is_foreign(manifest->layers.items[i].media_type)) {
            continue;
        }
        all = look(registry->blobs, registry->blob_count, repository,
                   manifest->layers.items[i].digest);
    }
    return all;
}

/* Whether the bytes are a manifest, or an index, of which everything is there. */
static bool is_complete(const struct fake_registry *registry, const char *repository,
                        const char *media_type, struct sw_str bytes)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_manifest manifest = { 0 };
    struct sw_descriptors children = { 0 };
    bool complete;

    if (sw_media_is_index(media_type)) {
        complete = sw_index_parse(bytes, "index", &children, &ignored) == SW_OK;
        for (size_t i = 0; complete && i < children.count; i++) {
            complete = find_manifest(registry, repository, children.items[i].digest) != NULL;
        }
        sw_descriptors_release(&children);
        return complete;
    }
    complete = sw_manifest_parse(bytes, "manifest", &manifest, &ignored) == SW_OK &&
               has_blobs(registry, repository, &manifest);
    sw_manifest_release(&manifest);
    return complete;
}

static void take_manifest(struct fake_registry *registry, const struct target *target,
                          const struct fake_http_request *request, struct fake_http_answer *answer)
{
    const char *type = fake_http_request_header(request, "Content-Type");

    if (registry->immutable &&
        look(registry->manifests, registry->manifest_count, target->repository, target->name)) {
        refuse(registry, answer, 400, "TAG_INVALID",
               "The image tag already exists in the repository and cannot be overwritten because "
               "the tag is immutable.");
    } else if (!is_complete(registry, target->repository, type ? type : "",
                            sw_buf_str(&request->body))) {
        refuse(registry, answer, 400, "BLOB_UPLOAD_UNKNOWN",
               "Layers with digests '[x]' required for pushing image into repository do not exist");
    } else {
        put(registry->manifests, &registry->manifest_count, target->repository, target->name,
            sw_buf_str(&request->body), type ? type : "");
        answer->status = 201;
    }
}

static void answer_manifest(struct fake_registry *registry, const struct target *target,
                            const struct fake_http_request *request,
                            struct fake_http_answer *answer)
{
    const struct fake_registry_item *item =
        find_manifest(registry, target->repository, target->name);
    char digest[SW_DIGEST_SIZE];

    if (!item) {
        refuse(registry, answer, 404, "MANIFEST_UNKNOWN", "manifest unknown");
        return;
    }
    sw_digest_of(sw_buf_str(&item->bytes), digest);
    answer->headers[0].name = "Docker-Content-Digest";
    answer->headers[0].value = keep(registry, sw_xstrdup(digest));
    answer->headers[1].name = "Content-Type";
    answer->headers[1].value = item->media_type;
    if (strcmp(request->method, "GET") == 0) {
        answer->body = item->bytes.ptr;
        answer->body_len = item->bytes.len;
    }
}

/* The repository's tags in the order they were written; a manifest under its digest is none. */
static void answer_tags(struct fake_registry *registry, const struct target *target,
                        struct fake_http_answer *answer)
{
    struct sw_buf text;

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_addf(&text, "{\"name\":\"%s\",\"tags\":[", target->repository);
    for (size_t i = 0, count = 0; i < registry->manifest_count; i++) {
        struct sw_str key = sw_str(registry->manifests[i].key);
        struct sw_str repository = sw_str_cut(&key, ' ');

        if (sw_str_is(repository, target->repository) && !sw_str_starts(key, "sha256:")) {
            sw_buf_addf(&text, "%s\"%.*s\"", count++ ? "," : "", SW_STR_ARG(key));
        }
    }
    sw_buf_add_cstr(&text, "]}");
    answer->body_len = text.len;
    answer->body = keep(registry, sw_buf_take(&text));
}

static bool is_let_in(struct fake_registry *registry, const struct fake_http_request *request,
                      struct fake_http_answer *answer)
{
    const char *authorization = fake_http_request_header(request, "Authorization");

    if (!registry->authorization ||
        (authorization && strcmp(authorization, registry->authorization) == 0)) {
        return true;
    }
    refuse(registry, answer, 401, "UNAUTHORIZED", "authentication required");
    answer->headers[0].name = "WWW-Authenticate";
    answer->headers[0].value = registry->challenge;
    return false;
}

void fake_registry_answer(void *ctx, const struct fake_http_request *request,
                          struct fake_http_answer *answer)
{
    struct fake_registry *registry = ctx;
    bool write = strcmp(request->method, "PUT") == 0;
    struct target target;

    if (!parse_target(request->url, &target)) {
        refuse(registry, answer, 404, "UNSUPPORTED", "no such address");
        return;
    }
    if (!is_let_in(registry, request, answer)) {
        target_release(&target);
        return;
    }
    if (registry->reading_denied && strcmp(request->method, "GET") == 0) {
        refuse(registry, answer, 403, "DENIED", "User is not authorized to perform the action");
    } else if (strcmp(target.kind, "/tags/") == 0) {
        answer_tags(registry, &target, answer);
    } else if (strcmp(target.kind, "/manifests/") == 0 && write) {
        take_manifest(registry, &target, request, answer);
    } else if (strcmp(target.kind, "/manifests/") == 0) {
        answer_manifest(registry, &target, request, answer);
    } else if (strcmp(target.kind, "/blobs/") == 0) {
        answer_blob(registry, &target, request, answer);
    } else if (write) {
        take_upload(registry, &target, request, answer);
    } else if (strcmp(request->method, "PATCH") == 0) {
        take_patch(registry, &target, request, answer);
    } else {
        open_upload(registry, &target, answer);
    }
    target_release(&target);
}

static void begin(struct fake_registry *registry, struct fake_http *fake)
{
    fake_registry_init(registry);
    fake->handler = fake_registry_answer;
    fake->handler_ctx = registry;
}

void fake_registry_set_up(struct fake_registry *registry, struct fake_http *fake,
                          struct test_env *t)
{
    test_env_init(t);
    fake_http_init(fake);
    begin(registry, fake);
    t->env.http = &fake->transport;
}

void fake_registry_tear_down(struct fake_registry *registry, struct fake_http *fake,
                             struct test_env *t)
{
    fake_registry_release(registry);
    fake_http_done(fake);
    test_env_release(t);
}

void fake_registry_renew(struct fake_registry *registry, struct fake_http *fake)
{
    fake_registry_release(registry);
    begin(registry, fake);
}
