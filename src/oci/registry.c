#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/json.h>
#include <slipway/manifest.h>
#include <slipway/ref.h>

enum {
    HEADERS_MAX = 6,
    /* On this machine nobody listens at a wrong port, or not yet: that is known within 2 s. */
    LOOPBACK_TRIES = 4,
};

#define ACCEPT_MANIFESTS                                                        \
    SW_MEDIA_OCI_MANIFEST ", " SW_MEDIA_DOCKER_MANIFEST ", " SW_MEDIA_OCI_INDEX \
                          ", " SW_MEDIA_DOCKER_LIST

enum sw_status sw_registry_new(const struct sw_env *env, const char *host,
                               const struct sw_registry_options *options, struct sw_registry **ret,
                               struct sw_err *err)
{
    struct sw_registry *registry;
    struct sw_url url;
    SW_CLEANUP(sw_free_str) char *https = sw_xasprintf("https://%s/", sw_ref_api_host(host));
    bool plain;

    if (sw_ref_check_host(sw_str(host), err) != SW_OK) {
        return err->status;
    }
    if (sw_url_parse(https, &url, err) != SW_OK) {
        return sw_wrap(err, "registry host \"%s\"", host);
    }
    registry = sw_xcalloc(1, sizeof(*registry));
    registry->loopback = sw_host_is_loopback(url.host);
    plain = options->plain_http || registry->loopback;
    registry->env = env;
    registry->policy = options->policy ? *options->policy : sw_retry_default;
    if (options->auth) {
        registry->auth = *options->auth;
    }
    registry->host = sw_xstrdup(host);
    registry->origin = sw_xasprintf("%s://%s", plain ? "http" : "https", sw_ref_api_host(host));
    registry->plain_http = options->plain_http;
    registry->push = options->push;
    registry->wants_login = sw_registry_is_private_ecr(host) && !plain;
    (void)pthread_mutex_init(&registry->lock, NULL);
    *ret = registry;
    return SW_OK;
}

void sw_registry_free(struct sw_registry *registry)
{
    if (!registry) {
        return;
    }
    for (size_t i = 0; i < registry->token_count; i++) {
        free(registry->tokens[i].scope);
        sw_free_secret(registry->tokens[i].authorization);
    }
    free(registry->tokens);
    free(registry->host);
    free(registry->origin);
    free(registry->user);
    sw_free_secret(registry->secret);
    sw_free_secret(registry->basic);
    (void)pthread_mutex_destroy(&registry->lock);
    free(registry);
}

bool sw_registry_wrote(const struct sw_registry *registry)
{
    return atomic_load(&registry->wrote);
}

void sw_manifest_info_release(struct sw_manifest_info *info)
{
    free(info->digest);
    free(info->media_type);
    *info = (struct sw_manifest_info){ .size = -1 };
}

/* Whether an upload's address may see our login. */
static bool at_registry(const struct sw_registry *registry, const char *address)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_url a;
    struct sw_url b;

    return sw_url_parse(registry->origin, &a, &ignored) == SW_OK &&
           sw_url_parse(address, &b, &ignored) == SW_OK && sw_url_same_origin(&a, &b);
}

static enum sw_status send_once(struct sw_registry *registry, const char *repository,
                                const struct sw_http_request *request,
                                const struct sw_retry_policy *policy, unsigned *ret_generation,
                                struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct sw_http_header headers[HEADERS_MAX];
    struct sw_http_request full = *request;
    struct sw_retry_policy patience = *policy;
    enum sw_status status;
    SW_CLEANUP(sw_free_secret_str)
    char *authorization = sw_registry_authorization(registry, repository, ret_generation);

    full.headers = headers;
    full.plain_http_ok = registry->plain_http;
    for (size_t i = 0; i < request->header_count; i++) {
        headers[i] = request->headers[i];
    }
    if (authorization && at_registry(registry, request->url)) {
        headers[full.header_count++] = (struct sw_http_header){ "Authorization", authorization };
    }
    if (registry->loopback && !atomic_load(&registry->answered) &&
        patience.max_tries > LOOPBACK_TRIES) {
        patience.unreached_tries = LOOPBACK_TRIES;
    }
    status = sw_http_send(registry->env, &full, &patience, ret_reply, err);
    if (status == SW_OK) {
        atomic_store(&registry->answered, true);
    }
    return status;
}

/* A gateway that wants somebody to sign in says yes to everything, with its page. */
static enum sw_status check_answer(const struct sw_registry *registry, struct sw_http_reply *reply,
                                   struct sw_err *err)
{
    if (reply->status < 200 || reply->status > 299 || !sw_registry_is_web_page(reply)) {
        return SW_OK;
    }
    sw_http_reply_release(reply);
    return sw_fail(
        err, SW_E_UNAVAILABLE,
        "\"%s\" answered with a web page, as no registry does; is the host right, or is a "
        "proxy before it that wants a login?",
        registry->host);
}

enum sw_status sw_registry_send(struct sw_registry *registry, const char *repository,
                                const struct sw_http_request *request,
                                const struct sw_retry_policy *policy,
                                struct sw_http_reply *ret_reply, struct sw_err *err)
{
    unsigned generation = 0;
    enum sw_status status = sw_registry_prepare(registry, err);

    if (status == SW_OK) {
        status = send_once(registry, repository, request, policy, &generation, ret_reply, err);
    }
    if (status != SW_OK || ret_reply->status != 401 || !at_registry(registry, request->url)) {
        return status == SW_OK ? check_answer(registry, ret_reply, err) : status;
    }
    status = sw_registry_login(registry, repository, ret_reply, generation, err);
    sw_http_reply_release(ret_reply);
    if (status == SW_OK && request->body && request->body->rewind) {
        status = request->body->rewind(request->body->ctx, err);
    }
    if (status != SW_OK) {
        return status;
    }
    status = send_once(registry, repository, request, policy, &generation, ret_reply, err);
    return status == SW_OK ? check_answer(registry, ret_reply, err) : status;
}

enum sw_status sw_registry_ask(struct sw_registry *registry, const struct sw_registry_call *call,
                               const struct sw_http_request *request,
                               struct sw_http_reply *ret_reply, struct sw_err *err)
{
    enum sw_status status =
        sw_registry_send(registry, call->repository, request, &registry->policy, ret_reply, err);

    if (status != SW_OK) {
        return sw_registry_broken(registry, call, err);
    }
    if (ret_reply->status < 200 || ret_reply->status > 299) {
        (void)sw_registry_refused(registry, call, ret_reply, err);
        sw_http_reply_release(ret_reply);
        return err->status;
    }
    return SW_OK;
}

static const char *header_or_empty(const struct sw_http_reply *reply, const char *name)
{
    const char *value = sw_http_reply_header(reply, name);

    return value ? value : "";
}

/* What the headers tell of a manifest. */
static struct sw_manifest_info read_info(const struct sw_http_reply *reply)
{
    struct sw_manifest_info info = { .size = -1 };
    struct sw_str type = sw_str(header_or_empty(reply, "Content-Type"));

    if (!sw_parse_int(sw_str(header_or_empty(reply, "Content-Length")), 0, INT64_MAX, &info.size)) {
        info.size = -1;
    }
    info.media_type = sw_str_dup(sw_str_trim(sw_str_cut(&type, ';')));
    info.digest = sw_xstrdup(header_or_empty(reply, "Docker-Content-Digest"));
    return info;
}

static enum sw_status request_manifest(struct sw_registry *registry, const char *method,
                                       const char *repository, const char *object,
                                       struct sw_http_reply *ret_reply, struct sw_err *err)
{
    /* Without the second one, any coding would do (RFC 9110, 12.5.3). */
    static const struct sw_http_header accept[] = { { "Accept", ACCEPT_MANIFESTS },
                                                    { "Accept-Encoding", "identity" } };
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/v2/%s/manifests/%s", registry->origin, repository, object);
    const struct sw_http_request request = { .method = method,
                                             .url = url,
                                             .headers = accept,
                                             .header_count = SW_COUNT(accept),
                                             .reply_max = SW_MANIFEST_MAX,
                                             .follow_redirects = true };
    const struct sw_registry_call call = { .repository = repository,
                                           .action = "read manifest",
                                           .right = "ecr:BatchGetImage",
                                           .object = object };

    return sw_registry_ask(registry, &call, &request, ret_reply, err);
}

/* Whether the bytes are what was asked for, and what the registry says they are. */
static enum sw_status check_bytes(const struct sw_registry *registry,
                                  const struct sw_http_reply *reply, const char *repository,
                                  const char *object, const char *actual, struct sw_err *err)
{
    const char *claimed = header_or_empty(reply, "Docker-Content-Digest");
    const char *wanted = sw_digest_is_valid(sw_str(object)) ? object : claimed;
    const char *coding = header_or_empty(reply, "Content-Encoding");

    if (strcmp(wanted, actual) == 0) {
        return SW_OK;
    }
    if (coding[0] && !sw_str_eq_nocase(sw_str(coding), SW_STR("identity"))) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "manifest %s of \"%s/%s\" came packed (Content-Encoding \"%s\"), which "
                       "nobody asked for; a proxy before the registry may do this",
                       object, registry->host, repository, coding);
    }
    if (wanted[0]) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "manifest %s of \"%s/%s\" came as %s although it should be %s", object,
                       registry->host, repository, actual, wanted);
    }
    return SW_OK;
}

enum sw_status sw_registry_get_manifest(struct sw_registry *registry, const char *repository,
                                        const char *object, struct sw_buf *out,
                                        struct sw_manifest_info *ret, struct sw_err *err)
{
    struct sw_http_reply reply = { 0 };
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = request_manifest(registry, "GET", repository, object, &reply, err);

    if (status != SW_OK) {
        return status;
    }
    sw_digest_of(sw_buf_str(&reply.body), actual);
    status = check_bytes(registry, &reply, repository, object, actual, err);
    if (status == SW_OK) {
        *ret = read_info(&reply);
        free(ret->digest);
        ret->digest = sw_xstrdup(actual);
        ret->size = (int64_t)reply.body.len;
        sw_buf_add_str(out, sw_buf_str(&reply.body));
    }
    sw_http_reply_release(&reply);
    return status;
}

/* What a HEAD would tell, from the bytes. */
static enum sw_status info_of_bytes(struct sw_registry *registry, const char *repository,
                                    const char *object, struct sw_manifest_info *ret,
                                    struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };

    sw_buf_init(&bytes, SW_MANIFEST_MAX);
    return sw_registry_get_manifest(registry, repository, object, &bytes, ret, err);
}

enum sw_status sw_registry_head_manifest(struct sw_registry *registry, const char *repository,
                                         const char *object, struct sw_manifest_info *ret,
                                         struct sw_err *err)
{
    struct sw_http_reply reply;
    struct sw_manifest_info info;
    enum sw_status status = request_manifest(registry, "HEAD", repository, object, &reply, err);

    if (status != SW_OK) {
        /* Some registries know no HEAD. */
        return err->http_status == 405 ? info_of_bytes(registry, repository, object, ret, err)
                                       : status;
    }
    info = read_info(&reply);
    sw_http_reply_release(&reply);
    if (sw_digest_is_valid(sw_str(info.digest))) {
        *ret = info;
        return SW_OK;
    }
    /* The header is optional in the specification. */
    sw_manifest_info_release(&info);
    return info_of_bytes(registry, repository, object, ret, err);
}

/* Looks at a manifest that was taken without a word of it. */
static enum sw_status look_at_stored(struct sw_registry *registry,
                                     const struct sw_registry_call *call, const char *actual,
                                     struct sw_err *err)
{
    SW_CLEANUP(sw_manifest_info_release) struct sw_manifest_info info = { 0 };
    enum sw_status status =
        sw_registry_head_manifest(registry, call->repository, call->object, &info, err);

    if (status == SW_OK && strcmp(info.digest, actual) != 0) {
        status = sw_fail(err, SW_E_UNAVAILABLE,
                         "\"%s\" took manifest %s of \"%s\" and has something else there; is the "
                         "host right, and is it a registry?",
                         registry->host, call->object, call->repository);
    }
    return status;
}

/*
 * Whether a registry that did not refuse a manifest has it. The specification wants 201; some
 * answer otherwise and name its digest.
 */
static enum sw_status check_stored(struct sw_registry *registry,
                                   const struct sw_registry_call *call,
                                   const struct sw_http_reply *reply, struct sw_str bytes,
                                   struct sw_err *err)
{
    const char *stored = sw_http_reply_header(reply, "Docker-Content-Digest");
    char actual[SW_DIGEST_SIZE];

    sw_digest_of(bytes, actual);
    if (!stored && reply->status != 201) {
        return look_at_stored(registry, call, actual, err);
    }
    if (stored && strcmp(stored, actual) != 0) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "registry \"%s\" stored manifest %s of \"%s\" as %s although it is %s",
                       registry->host, call->object, call->repository, stored, actual);
    }
    return SW_OK;
}

enum sw_status sw_registry_put_manifest(struct sw_registry *registry, const char *repository,
                                        const char *object, const char *media_type,
                                        struct sw_str bytes, struct sw_err *err)
{
    const struct sw_http_header headers[] = { { "Content-Type", media_type } };
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/v2/%s/manifests/%s", registry->origin, repository, object);
    const struct sw_http_request request = { .method = "PUT",
                                             .url = url,
                                             .headers = headers,
                                             .header_count = SW_COUNT(headers),
                                             .data = bytes };
    const struct sw_registry_call call = { .repository = repository,
                                           .action = "write manifest",
                                           .right = "ecr:PutImage",
                                           .object = object,
                                           .missing_is_repository = true };
    struct sw_http_reply reply = { 0 };
    enum sw_status status = sw_registry_ask(registry, &call, &request, &reply, err);

    if (status != SW_OK) {
        return status;
    }
    status = check_stored(registry, &call, &reply, bytes, err);
    if (status == SW_OK) {
        atomic_store(&registry->wrote, true);
    }
    sw_http_reply_release(&reply);
    return status;
}

/* The tags of a tags/list answer. */
static enum sw_status read_tags(const struct sw_http_reply *reply, unsigned max,
                                struct sw_strs *ret, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    const json_t *tags;

    if (sw_json_parse(sw_buf_str(&reply->body), "list of tags", &answer, err) != SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return err->status;
    }
    tags = sw_json_array(answer, "tags");
    for (size_t i = 0; i < json_array_size(tags) && i < max; i++) {
        const char *tag = json_string_value(json_array_get(tags, i));
        struct sw_err ignored = SW_ERR_INIT;

        if (tag && sw_ref_check_tag(sw_str(tag), &ignored) == SW_OK) {
            sw_strs_add(ret, sw_str(tag));
        }
    }
    return SW_OK;
}

enum sw_status sw_registry_list_tags(struct sw_registry *registry, const char *repository,
                                     unsigned max, struct sw_strs *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/v2/%s/tags/list?n=%u", registry->origin, repository, max);
    const struct sw_http_request request = { .method = "GET",
                                             .url = url,
                                             .follow_redirects = true };
    const struct sw_registry_call call = { .repository = repository,
                                           .action = "list tags",
                                           .right = "ecr:ListImages",
                                           .missing_is_repository = true };
    struct sw_http_reply reply;
    enum sw_status status = sw_registry_ask(registry, &call, &request, &reply, err);

    if (status != SW_OK) {
        return status;
    }
    status = read_tags(&reply, max, ret, err);
    sw_http_reply_release(&reply);
    return status;
}
