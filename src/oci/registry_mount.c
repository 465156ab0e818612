#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

/* What the answer to a mount means; whatever is no success is left to an ordinary upload. */
static void judge(const struct sw_registry *registry, const char *url,
                  const struct sw_http_reply *reply, bool *ret_mounted, char **ret_session)
{
    struct sw_err err = SW_ERR_INIT;

    *ret_mounted = reply->status == 201;
    if (*ret_mounted) {
        return;
    }
    if (reply->status < 200 || reply->status > 299) {
        sw_debug(registry->env, "push", "no mount: registry \"%s\" answered %ld", registry->host,
                 reply->status);
    } else if (sw_registry_session(registry, url, reply, ret_session, &err) != SW_OK) {
        sw_debug(registry->env, "push", "no mount: %s", err.msg);
    }
}

enum sw_status sw_registry_mount_blob(struct sw_registry *registry, const char *repository,
                                      const char *digest, const char *from, bool *ret_mounted,
                                      char **ret_session, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *both = sw_xasprintf("%s %s", repository, from);
    SW_CLEANUP(sw_free_str) char *url = NULL;
    struct sw_http_reply reply = { 0 };
    struct sw_buf query;
    enum sw_status status;

    sw_buf_init(&query, SW_BUF_TEXT_MAX);
    sw_buf_add_uri(&query, sw_str(from), false);
    url = sw_xasprintf("%s/v2/%s/blobs/uploads/?mount=%s&from=%s", registry->origin, repository,
                       digest, query.ptr);
    sw_buf_release(&query);
    const struct sw_http_request request = { .method = "POST", .url = url };

    *ret_mounted = false;
    *ret_session = NULL;
    status = sw_registry_send(registry, both, &request, &sw_retry_never, &reply, err);
    if (status == SW_E_STOPPED) {
        return status;
    }
    if (status != SW_OK) {
        sw_debug(registry->env, "push", "no mount: %s", err->msg);
        return SW_OK;
    }
    judge(registry, url, &reply, ret_mounted, ret_session);
    if (*ret_mounted) {
        atomic_store(&registry->wrote, true);
    }
    sw_http_reply_release(&reply);
    return SW_OK;
}

enum sw_status sw_registry_find_blob(struct sw_registry *registry,
                                     const struct sw_strs *repositories, const char *but,
                                     const char *digest, const char **ret, struct sw_err *err)
{
    *ret = NULL;
    for (size_t i = 0; i < repositories->count; i++) {
        const char *repository = repositories->items[i];
        bool there = repositories->count == 1;
        struct sw_err none = SW_ERR_INIT;

        if (strcmp(repository, but) == 0) {
            continue;
        }
        if (!there &&
            sw_registry_has_blob(registry, repository, digest, &there, &none) == SW_E_STOPPED) {
            *err = none;
            return err->status;
        }
        if (there) {
            *ret = repository;
            return SW_OK;
        }
    }
    return SW_OK;
}
