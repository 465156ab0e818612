#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/progress.h>

/* One upload of one blob. */
struct upload {
    struct sw_registry *registry;
    const char *repository;
    const char *digest;
    const struct sw_http_body *body;
    const char *session; /* opened before; NULL: none, or used up */
    int tries;           /* the session at work is the tries-th */
    bool again;          /* after a failure: another session may succeed, */
    int64_t delay_ms;    /* after this time */
};

/* Opens an upload session: *ret_url is the caller's. */
static enum sw_status start(struct upload *upload, char **ret_url, struct sw_err *err)
{
    struct sw_registry *registry = upload->registry;
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/v2/%s/blobs/uploads/", registry->origin, upload->repository);
    const struct sw_http_request request = { .method = "POST", .url = url };
    const struct sw_registry_call call = { .repository = upload->repository,
                                           .action = "start the upload of blob",
                                           .right = "ecr:InitiateLayerUpload",
                                           .object = upload->digest,
                                           .missing_is_repository = true };
    struct sw_retry_policy policy = registry->policy;
    struct sw_http_reply reply;
    enum sw_status status;

    /* A session that nobody uses does no harm. */
    policy.unsafe_methods = true;
    status = sw_registry_send(registry, upload->repository, &request, &policy, &reply, err);
    if (status != SW_OK) {
        return sw_registry_broken(registry, &call, err);
    }
    if (reply.status < 200 || reply.status > 299) {
        status = sw_registry_refused(registry, &call, &reply, err);
    } else {
        status = sw_registry_session(registry, url, &reply, ret_url, err);
    }
    sw_http_reply_release(&reply);
    return status;
}

enum sw_status sw_registry_session(const struct sw_registry *registry, const char *url,
                                   const struct sw_http_reply *reply, char **ret,
                                   struct sw_err *err)
{
    const char *location = sw_http_reply_header(reply, "Location");

    if (!location) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "registry \"%s\" opened an upload without saying where (no Location)",
                       registry->host);
    }
    if (sw_url_resolve(url, location, ret, err) != SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return sw_wrap(err, "the upload address of registry \"%s\"", registry->host);
    }
    return SW_OK;
}

/* The session to use: one that was opened before, for the first try, or a new one. */
static enum sw_status take_session(struct upload *upload, char **ret, struct sw_err *err)
{
    if (!upload->session) {
        return start(upload, ret, err);
    }
    *ret = sw_xstrdup(upload->session);
    upload->session = NULL;
    return SW_OK;
}

/* Answers after which a new session is worth a try. */
static bool worth_again(const struct sw_http_reply *reply)
{
    switch (reply->status) {
    case 400: /* BLOB_UPLOAD_INVALID, DIGEST_INVALID: bytes were lost on the way */
    case 404: /* BLOB_UPLOAD_UNKNOWN: the session is gone */
    case 408:
    case 416: /* the session has bytes already */
    case 429:
        return true;
    default:
        return reply->status >= 500;
    }
}

/* What an answer to the body means. Some registries say other 2xx than 201: then look. */
static enum sw_status judge(struct upload *upload, const struct sw_registry_call *call,
                            const struct sw_http_reply *reply, struct sw_err *err)
{
    const char *stored = sw_http_reply_header(reply, "Docker-Content-Digest");
    bool there = true;
    enum sw_status status = SW_OK;

    if (reply->status < 200 || reply->status > 299) {
        upload->again = worth_again(reply);
        return sw_registry_refused(upload->registry, call, reply, err);
    }
    if (reply->status != 201) {
        status =
            sw_registry_has_blob(upload->registry, upload->repository, upload->digest, &there, err);
    }
    if (status == SW_OK && (!there || (stored && strcmp(stored, upload->digest) != 0))) {
        upload->again = true;
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "registry \"%s\" took the upload of blob %s and does not have it",
                       upload->registry->host, upload->digest);
    }
    return status;
}

/* Decides when the next session should start; reply NULL: there was no answer. */
static void plan_delay(struct upload *upload, const struct sw_http_reply *reply)
{
    const struct sw_registry *registry = upload->registry;

    if (upload->again) {
        upload->delay_ms =
            sw_retry_delay_ms(registry->env, &registry->policy, upload->tries, reply);
    }
}

/* Sends the blob in one session. */
static enum sw_status upload_once(struct upload *upload, struct sw_err *err)
{
    static const struct sw_http_header headers[] = { { "Content-Type",
                                                       "application/octet-stream" } };
    const struct sw_registry_call call = { .repository = upload->repository,
                                           .action = "upload blob",
                                           .right = "ecr:UploadLayerPart",
                                           .object = upload->digest };
    SW_CLEANUP(sw_free_str) char *session = NULL;
    SW_CLEANUP(sw_free_str) char *url = NULL;
    struct sw_http_request request = {
        .method = "PUT", .headers = headers, .header_count = SW_COUNT(headers), .body = upload->body
    };
    struct sw_http_reply reply;
    enum sw_status status = take_session(upload, &session, err);

    if (status != SW_OK) {
        return status;
    }
    url = sw_xasprintf("%s%cdigest=%s", session, strchr(session, '?') ? '&' : '?', upload->digest);
    request.url = url;
    status = sw_registry_send(upload->registry, upload->repository, &request, &sw_retry_never,
                              &reply, err);
    if (status != SW_OK) {
        upload->again = status == SW_E_NETWORK;
        plan_delay(upload, NULL);
        return sw_registry_broken(upload->registry, &call, err);
    }
    status = judge(upload, &call, &reply, err);
    plan_delay(upload, &reply);
    sw_http_reply_release(&reply);
    return status;
}

/* Waits before the next session and looks whether the blob arrived after all. */
static enum sw_status prepare_again(struct upload *upload, bool *ret_present, struct sw_err *err)
{
    const struct sw_registry *registry = upload->registry;
    char shown[SW_DIGEST_SHORT_SIZE];
    char duration[SW_SIZE_TEXT_MAX];
    enum sw_status status;

    sw_digest_short(upload->digest, shown);
    sw_format_duration(upload->delay_ms, duration);
    sw_say(registry->env, "layer %s: upload did not work, trying again in %s (%s)", shown, duration,
           err->msg);
    sw_env_sleep_ms(registry->env, upload->delay_ms);
    if (sw_env_stop_wanted(registry->env)) {
        return sw_fail(err, SW_E_STOPPED, "stopped");
    }
    status = sw_registry_has_blob(upload->registry, upload->repository, upload->digest, ret_present,
                                  err);
    if (status != SW_OK || *ret_present) {
        return status;
    }
    return upload->body->rewind(upload->body->ctx, err);
}

enum sw_status sw_registry_put_blob(struct sw_registry *registry, const char *repository,
                                    const char *digest, const struct sw_http_body *body,
                                    const char *session, bool *ret_present, struct sw_err *err)
{
    struct upload upload = { .registry = registry,
                             .repository = repository,
                             .digest = digest,
                             .body = body,
                             .session = session };
    bool present = false;
    enum sw_status status;

    for (upload.tries = 1;; upload.tries++) {
        upload.again = false;
        status = upload_once(&upload, err);
        if (status == SW_OK || !upload.again || upload.tries >= registry->policy.max_tries) {
            break;
        }
        status = prepare_again(&upload, &present, err);
        if (status != SW_OK || present) {
            break;
        }
    }
    if (status == SW_OK) {
        *ret_present = present;
    }
    return status;
}
