#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/progress.h>

#include <assert.h>

static const struct sw_http_header bytes_type = { "Content-Type", "application/octet-stream" };

/*
 * Registries hash a blob, or move it to where it stays, before they answer its last byte: minutes
 * for a large one.
 */
enum { ANSWER_TIMEOUT_MS = 5 * 60 * 1000 };

/* One upload of one blob. */
struct upload {
    struct sw_registry *registry;
    const char *repository;
    const char *digest; /* NULL: not known yet */
    const struct sw_http_body *body;
    const char *(*digest_of)(void *body_ctx); /* NULL: the digest is known from the beginning */
    const char *session;                      /* opened before; NULL: none, or used up */
    int tries;                                /* the session at work is the tries-th */
    bool again;                               /* after a failure: another session may succeed, */
    int64_t delay_ms;                         /* after this time */
};

/* What messages call the blob. */
static const char *name_of(const struct upload *upload)
{
    return upload->digest ? upload->digest : "that is being made";
}

/* The address that ends a session. The caller's. */
static char *with_digest(const char *url, const char *digest)
{
    return sw_xasprintf("%s%cdigest=%s", url, strchr(url, '?') ? '&' : '?', digest);
}

/* Opens an upload session; *ret_url is the caller's. */
static enum sw_status start(struct upload *upload, char **ret_url, struct sw_err *err)
{
    struct sw_registry *registry = upload->registry;
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/v2/%s/blobs/uploads/", registry->origin, upload->repository);
    const struct sw_http_request request = { .method = "POST", .url = url };
    const struct sw_registry_call call = { .repository = upload->repository,
                                           .action = "start the upload of blob",
                                           .right = "ecr:InitiateLayerUpload",
                                           .object = name_of(upload),
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

/* Decides when the next session should start; reply NULL: there was no answer. */
static void plan_delay(struct upload *upload, const struct sw_http_reply *reply)
{
    const struct sw_registry *registry = upload->registry;

    if (upload->again) {
        upload->delay_ms =
            sw_retry_delay_ms(registry->env, &registry->policy, upload->tries, reply);
    }
}

/* What a good answer to the end of a session means. Some registries say other 2xx than 201: then
 * look. */
static enum sw_status judge(struct upload *upload, const struct sw_http_reply *reply,
                            struct sw_err *err)
{
    const char *stored = sw_http_reply_header(reply, "Docker-Content-Digest");
    bool there = true;
    enum sw_status status = SW_OK;

    if (reply->status != 201) {
        status =
            sw_registry_has_blob(upload->registry, upload->repository, upload->digest, &there, err);
    }
    if (status == SW_OK && (!there || (stored && strcmp(stored, upload->digest) != 0))) {
        upload->again = true;
        plan_delay(upload, reply);
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "registry \"%s\" took the upload of blob %s and does not have it",
                       upload->registry->host, upload->digest);
    }
    return status;
}

/* One request of a session; anything but a 2xx answer is an error. */
static enum sw_status send_part(struct upload *upload, const struct sw_registry_call *call,
                                const struct sw_http_request *request,
                                struct sw_http_reply *ret_reply, struct sw_err *err)
{
    enum sw_status status = sw_registry_send(upload->registry, upload->repository, request,
                                             &sw_retry_never, ret_reply, err);

    if (status != SW_OK) {
        upload->again = status == SW_E_NETWORK;
        plan_delay(upload, NULL);
        return sw_registry_broken(upload->registry, call, err);
    }
    if (ret_reply->status < 200 || ret_reply->status > 299) {
        upload->again = worth_again(ret_reply);
        plan_delay(upload, ret_reply);
        (void)sw_registry_refused(upload->registry, call, ret_reply, err);
        sw_http_reply_release(ret_reply);
        return err->status;
    }
    return SW_OK;
}

/* Ends a session: with the whole blob, or with no body when that has been sent. */
static enum sw_status send_last(struct upload *upload, const char *session,
                                const struct sw_http_body *body, struct sw_err *err)
{
    const struct sw_registry_call call = { .repository = upload->repository,
                                           .action = "upload blob",
                                           .right = "ecr:UploadLayerPart",
                                           .object = upload->digest };
    SW_CLEANUP(sw_free_str) char *url = with_digest(session, upload->digest);
    const struct sw_http_request request = { .method = "PUT",
                                             .url = url,
                                             .headers = &bytes_type,
                                             .header_count = body ? 1 : 0,
                                             .body = body,
                                             .answer_timeout_ms = ANSWER_TIMEOUT_MS };
    struct sw_http_reply reply;
    enum sw_status status = send_part(upload, &call, &request, &reply, err);

    if (status == SW_OK) {
        status = judge(upload, &reply, err);
        sw_http_reply_release(&reply);
    }
    return status;
}

/*
 * Sends a blob while it is being made: one PATCH of unknown length, as docker push does it, which
 * Amazon ECR therefore takes. Its answer may move the session elsewhere.
 */
static enum sw_status stream(struct upload *upload, char **session, struct sw_err *err)
{
    const struct sw_registry_call call = { .repository = upload->repository,
                                           .action = "upload blob",
                                           .right = "ecr:UploadLayerPart",
                                           .object = name_of(upload) };
    const struct sw_http_request request = { .method = "PATCH",
                                             .url = *session,
                                             .headers = &bytes_type,
                                             .header_count = 1,
                                             .body = upload->body,
                                             .answer_timeout_ms = ANSWER_TIMEOUT_MS };
    struct sw_http_reply reply;
    enum sw_status status = send_part(upload, &call, &request, &reply, err);
    char *next = NULL;

    if (status != SW_OK) {
        return status;
    }
    if (!upload->digest) {
        upload->digest = upload->digest_of(upload->body->ctx);
    }
    if (sw_http_reply_header(&reply, "Location")) {
        status = sw_registry_session(upload->registry, *session, &reply, &next, err);
    }
    sw_http_reply_release(&reply);
    if (next) {
        free(*session);
        *session = next;
    }
    return status;
}

/* Sends the blob in one session. */
static enum sw_status upload_once(struct upload *upload, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *session = NULL;
    enum sw_status status = take_session(upload, &session, err);

    if (status != SW_OK) {
        return status;
    }
    assert(session); /* the analyzer does not see that a failure always has a status */
    if (upload->digest_of && stream(upload, &session, err) != SW_OK) {
        return err->status;
    }
    if (!upload->digest) {
        return sw_fail(err, SW_E_FAILED, "a blob was sent whose digest is not known");
    }
    return send_last(upload, session, upload->digest_of ? NULL : upload->body, err);
}

/* Waits before the next session and looks whether the blob arrived after all. */
static enum sw_status prepare_again(struct upload *upload, bool *ret_present, struct sw_err *err)
{
    const struct sw_registry *registry = upload->registry;
    char shown[SW_DIGEST_SHORT_SIZE];
    char duration[SW_SIZE_TEXT_MAX];
    enum sw_status status = SW_OK;

    /* A blob that was being made may be whole by now. */
    if (!upload->digest && upload->digest_of) {
        upload->digest = upload->digest_of(upload->body->ctx);
    }
    sw_digest_short(name_of(upload), shown);
    sw_format_duration(upload->delay_ms, duration);
    sw_say(registry->env, "layer %s: upload did not work, trying again in %s (%s)", shown, duration,
           err->msg);
    sw_env_sleep_ms(registry->env, upload->delay_ms);
    if (sw_env_stop_wanted(registry->env)) {
        return sw_fail(err, SW_E_STOPPED, "stopped");
    }
    if (upload->digest) {
        status = sw_registry_has_blob(upload->registry, upload->repository, upload->digest,
                                      ret_present, err);
    }
    if (status != SW_OK || *ret_present) {
        return status;
    }
    return upload->body->rewind(upload->body->ctx, err);
}

static enum sw_status run(struct upload *upload, bool *ret_present, struct sw_err *err)
{
    bool present = false;
    enum sw_status status;

    for (upload->tries = 1;; upload->tries++) {
        upload->again = false;
        status = upload_once(upload, err);
        if (status == SW_OK || !upload->again ||
            upload->tries >= upload->registry->policy.max_tries) {
            break;
        }
        status = prepare_again(upload, &present, err);
        if (status != SW_OK || present) {
            break;
        }
    }
    if (status == SW_OK) {
        *ret_present = present;
        atomic_store(&upload->registry->wrote, true);
    }
    return status;
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

    return run(&upload, ret_present, err);
}

enum sw_status sw_registry_stream_blob(struct sw_registry *registry, const char *repository,
                                       const struct sw_http_body *body,
                                       const char *(*digest_of)(void *body_ctx), bool *ret_present,
                                       struct sw_err *err)
{
    struct upload upload = {
        .registry = registry, .repository = repository, .body = body, .digest_of = digest_of
    };

    return run(&upload, ret_present, err);
}
