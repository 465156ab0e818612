#include "engine.h"

#include <slipway/alloc.h>
#include <slipway/http.h>
#include <slipway/json.h>

#include <stddef.h>

#define DEFAULT_SOCKET "/var/run/docker.sock"

enum {
    ANSWER_MAX = 16 * 1024 * 1024,
    /* The engine may write the whole image to its disk before the first byte comes. */
    EXPORT_STALL_MS = 30 * 60 * 1000,
};

void sw_engine_release(struct sw_engine *engine)
{
    sw_engine_relay_stop(engine->relay);
    free(engine->shown);
    free(engine->socket);
    free(engine->base);
    *engine = (struct sw_engine){ 0 };
}

void sw_engine_image_release(struct sw_engine_image *image)
{
    free(image->id);
    free(image->media_type);
    free(image->platform);
    sw_strs_release(&image->diff_ids);
    *image = (struct sw_engine_image){ 0 };
}

/* Whether the docker client would use TLS or a context that we do not read. */
static bool needs_client(const struct sw_env *env, const char *host)
{
    const char *context = sw_env_get(env, "DOCKER_CONTEXT");

    if (!host) {
        return context && strcmp(context, "default") != 0;
    }
    return strncmp(host, "ssh://", 6) == 0 || strncmp(host, "https://", 8) == 0 ||
           (strncmp(host, "unix://", 7) != 0 &&
            (sw_env_get(env, "DOCKER_TLS_VERIFY") || sw_env_get(env, "DOCKER_TLS")));
}

/* Reaches the engine as the docker client does. */
static enum sw_status find_by_client(const struct sw_env *env, const char *host,
                                     struct sw_engine *ret, struct sw_err *err)
{
    ret->shown =
        host ? sw_xstrdup(host) : sw_xasprintf("context %s", sw_env_get(env, "DOCKER_CONTEXT"));
    if (sw_engine_relay_start(env, &ret->relay, err) != SW_OK) {
        sw_engine_release(ret);
        return err->status;
    }
    ret->socket = sw_xstrdup(sw_engine_relay_socket(ret->relay));
    return SW_OK;
}

enum sw_status sw_engine_find(const struct sw_env *env, struct sw_engine *ret, struct sw_err *err)
{
    const char *host = sw_env_get(env, "DOCKER_HOST");
    struct sw_url url;

    *ret = (struct sw_engine){ .base = sw_xstrdup("http://docker") };
    if (needs_client(env, host)) {
        return find_by_client(env, host, ret, err);
    }
    ret->shown = sw_xstrdup(host ? host : "unix://" DEFAULT_SOCKET);
    if (!host || strncmp(host, "unix://", 7) == 0) {
        ret->socket = sw_xstrdup(host && host[7] ? host + 7 : DEFAULT_SOCKET);
        return SW_OK;
    }
    if (strncmp(host, "tcp://", 6) == 0 || strncmp(host, "http://", 7) == 0) {
        free(ret->base);
        ret->base = sw_xasprintf("http://%s", strstr(host, "://") + 3);
        if (sw_url_parse(ret->base, &url, err) == SW_OK) {
            return SW_OK;
        }
    }
    sw_engine_release(ret);
    return sw_fail(err, SW_E_INPUT,
                   "DOCKER_HOST is \"%s\"; it is unix:///PATH, tcp://HOST:PORT or ssh://HOST",
                   host);
}

static enum sw_status no_image(const struct sw_engine *engine, const char *name, struct sw_err *err)
{
    return sw_fail(err, SW_E_NOT_FOUND,
                   "image \"%s\" is not in the Docker engine at %s; build or pull it first", name,
                   engine->shown);
}

static enum sw_status no_engine(const struct sw_engine *engine, struct sw_err *err)
{
    /* The client knows better why. */
    if (engine->relay && sw_engine_relay_failure(engine->relay, err) == SW_E_FAILED) {
        return sw_wrap(err, "the Docker engine at %s is reached with the docker client",
                       engine->shown);
    }
    (void)sw_wrap(err, "the Docker engine at %s does not answer", engine->shown);
    return sw_append(err, "; is it running, and may this user use it? DOCKER_HOST says where it is "
                          "(on CircleCI: setup_remote_docker, or a machine executor)");
}

/* The engine's words, {"message": "..."}. */
static enum sw_status refused(const struct sw_engine *engine, const char *name,
                              const struct sw_http_reply *reply, struct sw_err *err)
{
    json_auto_t *doc = NULL;
    struct sw_err ignored = SW_ERR_INIT;
    const char *message = "";

    if (reply->status == 404) {
        return no_image(engine, name, err);
    }
    if (sw_json_parse(sw_buf_str(&reply->body), "answer", &doc, &ignored) == SW_OK) {
        message = sw_json_str(doc, "message", "");
    }
    return sw_fail(err, reply->status >= 500 ? SW_E_UNAVAILABLE : SW_E_FAILED,
                   "the Docker engine at %s answered with HTTP status %ld%s%.300s for image \"%s\"",
                   engine->shown, reply->status, message[0] ? ": " : "", message, name);
}

/* The address of a call about an image. The caller's. */
static char *image_url(const struct sw_engine *engine, const char *name, const char *what)
{
    struct sw_buf url;

    sw_buf_init(&url, SW_BUF_TEXT_MAX);
    sw_buf_addf(&url, "%s/images/", engine->base);
    sw_buf_add_uri(&url, sw_str(name), /* keep_slash= */ true);
    sw_buf_addf(&url, "/%s", what);
    return sw_buf_take(&url);
}

static enum sw_status ask(const struct sw_env *env, const struct sw_engine *engine,
                          const char *name, const struct sw_http_request *request,
                          struct sw_http_reply *ret, struct sw_err *err)
{
    enum sw_status status = sw_http_send(env, request, &sw_retry_never, ret, err);

    if (status == SW_E_NETWORK) {
        return no_engine(engine, err);
    }
    if (status == SW_OK && ret->status != 200) {
        status = refused(engine, name, ret, err);
        sw_http_reply_release(ret);
    }
    return status;
}

struct raw_image {
    const char *id;
    json_t *rootfs;
    json_t *descriptor;
    const char *os;
    const char *architecture;
    const char *variant;
};

static bool is_set(const char *text)
{
    return text && text[0];
}

/* "os/architecture[/variant]"; NULL when the engine has no image that it would choose. */
static char *platform_of(const struct raw_image *raw)
{
    const bool variant = is_set(raw->variant);

    if (!is_set(raw->os) || !is_set(raw->architecture)) {
        return NULL;
    }
    return sw_xasprintf("%s/%s%s%s", raw->os, raw->architecture, variant ? "/" : "",
                        variant ? raw->variant : "");
}

static enum sw_status read_image(struct sw_str text, struct sw_engine_image *ret,
                                 struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "Id", SW_JSON_STR, offsetof(struct raw_image, id), true },
        { "RootFS", SW_JSON_OBJECT, offsetof(struct raw_image, rootfs), false },
        { "Descriptor", SW_JSON_OBJECT, offsetof(struct raw_image, descriptor), false },
        { "Os", SW_JSON_STR, offsetof(struct raw_image, os), false },
        { "Architecture", SW_JSON_STR, offsetof(struct raw_image, architecture), false },
        { "Variant", SW_JSON_STR, offsetof(struct raw_image, variant), false },
    };
    json_auto_t *doc = NULL;
    struct raw_image raw = { 0 };
    const json_t *layers;

    if (sw_json_parse(text, "the Docker engine's answer", &doc, err) != SW_OK ||
        sw_json_read(doc, "the Docker engine's answer", fields, SW_COUNT(fields), &raw, err) !=
            SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return err->status;
    }
    ret->id = sw_xstrdup(raw.id);
    if (strcmp(sw_json_str(raw.descriptor, "digest", ""), raw.id) == 0) {
        ret->media_type = sw_xstrdup(sw_json_str(raw.descriptor, "mediaType", ""));
    }
    ret->platform = platform_of(&raw);
    layers = sw_json_array(raw.rootfs, "Layers");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const char *layer = json_string_value(json_array_get(layers, i));

        sw_strs_add(&ret->diff_ids, sw_str(layer));
    }
    return SW_OK;
}

enum sw_status sw_engine_get(const struct sw_env *env, const struct sw_engine *engine,
                             const char *name, const char *what, int64_t limit_ms,
                             struct sw_buf *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *url = image_url(engine, name, what);
    const struct sw_http_request request = { .method = "GET",
                                             .url = url,
                                             .unix_socket = engine->socket,
                                             .plain_http_ok = true,
                                             .reply_max = ANSWER_MAX,
                                             .total_timeout_ms = limit_ms };
    struct sw_http_reply reply;
    enum sw_status status = ask(env, engine, name, &request, &reply, err);

    if (status == SW_OK) {
        *ret = reply.body;
        sw_buf_init(&reply.body, 1);
        sw_http_reply_release(&reply);
    }
    return status;
}

enum sw_status sw_engine_inspect(const struct sw_env *env, const struct sw_engine *engine,
                                 const char *name, struct sw_engine_image *ret, struct sw_err *err)
{
    struct sw_buf text;
    enum sw_status status;

    *ret = (struct sw_engine_image){ 0 };
    sw_buf_init(&text, ANSWER_MAX);
    status = sw_engine_get(env, engine, name, "json", 0, &text, err);
    if (status == SW_OK) {
        status = read_image(sw_buf_str(&text), ret, err);
    }
    sw_buf_release(&text);
    return status;
}

enum sw_status sw_engine_available(const struct sw_env *env, const struct sw_engine *engine,
                                   const char *name, struct sw_strs *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text = { 0 };
    json_auto_t *doc = NULL;
    const json_t *manifests;
    enum sw_status status = sw_engine_get(env, engine, name, "json?manifests=1", 0, &text, err);

    if (status == SW_OK) {
        status = sw_json_parse(sw_buf_str(&text), "the Docker engine's answer", &doc, err);
    }
    manifests = sw_json_array(doc, "Manifests");
    for (size_t i = 0; i < json_array_size(manifests); i++) {
        const json_t *manifest = json_array_get(manifests, i);

        if (json_is_true(json_object_get(manifest, "Available"))) {
            sw_strs_add(ret,
                        sw_str(sw_json_str(json_object_get(manifest, "Descriptor"), "digest", "")));
        }
    }
    return status;
}

enum sw_status sw_engine_export(const struct sw_env *env, const struct sw_engine *engine,
                                const char *name,
                                enum sw_status (*write)(void *ctx, const char *data, size_t len,
                                                        struct sw_err *err),
                                void *ctx, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *url = image_url(engine, name, "get");
    const struct sw_http_sink sink = { write, ctx };
    const struct sw_http_request request = { .method = "GET",
                                             .url = url,
                                             .unix_socket = engine->socket,
                                             .plain_http_ok = true,
                                             .sink = &sink,
                                             .stall_timeout_ms = EXPORT_STALL_MS,
                                             .stop = env };
    struct sw_http_reply reply;
    enum sw_status status;

    status = ask(env, engine, name, &request, &reply, err);
    if (status == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return status;
}
