#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>

static char *blob_url(const struct sw_registry *registry, const char *repository,
                      const char *digest)
{
    return sw_xasprintf("%s/v2/%s/blobs/%s", registry->origin, repository, digest);
}

enum sw_status sw_registry_has_blob(struct sw_registry *registry, const char *repository,
                                    const char *digest, bool *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *url = blob_url(registry, repository, digest);
    const struct sw_http_request request = { .method = "HEAD",
                                             .url = url,
                                             .follow_redirects = true };
    const struct sw_registry_call call = { .repository = repository,
                                           .action = "look for blob",
                                           .right = "ecr:BatchCheckLayerAvailability",
                                           .object = digest };
    struct sw_http_reply reply;
    enum sw_status status = sw_registry_ask(registry, &call, &request, &reply, err);

    /* Where looking is not possible (405), sending shows. */
    if (status != SW_OK && (err->http_status == 404 || err->http_status == 405)) {
        *ret = false;
        return SW_OK;
    }
    if (status != SW_OK) {
        return status;
    }
    sw_http_reply_release(&reply);
    *ret = true;
    return SW_OK;
}

enum sw_status sw_registry_get_blob(struct sw_registry *registry, const char *repository,
                                    const char *digest, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *url = blob_url(registry, repository, digest);
    const struct sw_http_request request = {
        .method = "GET", .url = url, .follow_redirects = true, .reply_max = out->max
    };
    const struct sw_registry_call call = { .repository = repository,
                                           .action = "read blob",
                                           .right = "ecr:GetDownloadUrlForLayer",
                                           .object = digest };
    struct sw_http_reply reply;
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = sw_registry_ask(registry, &call, &request, &reply, err);

    if (status != SW_OK) {
        return status;
    }
    sw_digest_of(sw_buf_str(&reply.body), actual);
    if (strcmp(actual, digest) != 0) {
        status = sw_fail(err, SW_E_UNAVAILABLE, "blob %s of \"%s/%s\" came as %s", digest,
                         registry->host, repository, actual);
    } else {
        sw_buf_add_str(out, sw_buf_str(&reply.body));
    }
    sw_http_reply_release(&reply);
    return status;
}

enum sw_status sw_registry_read_blob(struct sw_registry *registry, const char *repository,
                                     const char *digest, const struct sw_http_sink *sink,
                                     struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *url = blob_url(registry, repository, digest);
    const struct sw_http_request request = {
        .method = "GET", .url = url, .sink = sink, .follow_redirects = true
    };
    const struct sw_registry_call call = { .repository = repository,
                                           .action = "read blob",
                                           .right = "ecr:GetDownloadUrlForLayer",
                                           .object = digest };
    struct sw_http_reply reply = { 0 };
    enum sw_status status = sw_registry_ask(registry, &call, &request, &reply, err);

    if (status == SW_OK) {
        sw_http_reply_release(&reply);
    }
    return status;
}
