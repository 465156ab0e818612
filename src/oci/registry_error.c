#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/json.h>

#include <stdio.h>

enum { REASON_MAX = 600, REASON_LINE_MAX = REASON_MAX + SW_ERR_CODE_MAX };

/* What a registry says in {"errors":[{"code","message","detail"}]}. */
struct reason {
    char code[SW_ERR_CODE_MAX];
    char text[REASON_MAX]; /* message, and detail when that is text */
};

bool sw_registry_is_web_page(const struct sw_http_reply *reply)
{
    /* Some registries call their empty answers so as well. */
    static const char *const signs[] = { "Docker-Distribution-API-Version", "Docker-Content-Digest",
                                         "Docker-Upload-UUID", "Location" };
    const char *type = sw_http_reply_header(reply, "Content-Type");

    for (size_t i = 0; i < SW_COUNT(signs); i++) {
        if (sw_http_reply_header(reply, signs[i])) {
            return false;
        }
    }
    return type && sw_str_starts(sw_str(type), "text/html");
}

static void read_reason(const struct sw_http_reply *reply, struct reason *ret)
{
    json_auto_t *doc = NULL;
    struct sw_err ignored = SW_ERR_INIT;
    const json_t *first;
    const char *message;
    const char *detail;

    *ret = (struct reason){ .code = "", .text = "" };
    if (sw_registry_is_web_page(reply)) {
        (void)snprintf(ret->text, sizeof(ret->text),
                       "a web page was the answer; a proxy before the registry may have sent it");
        return;
    }
    if (sw_json_parse(sw_buf_str(&reply->body), "answer", &doc, &ignored) != SW_OK) {
        return;
    }
    first = json_array_get(sw_json_array(doc, "errors"), 0);
    message = sw_json_str(first, "message", "");
    detail = sw_json_str(first, "detail", "");
    sw_str_to_line(sw_str(sw_json_str(first, "code", "")), ret->code, sizeof(ret->code));
    char *text SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%s%s%s", message, message[0] && detail[0] ? "; " : "", detail);
    sw_str_to_line(sw_str(text), ret->text, sizeof(ret->text));
}

/* "CODE: text", "CODE", "text", or "no reason given". */
static const char *reason_line(const struct reason *reason, char out[REASON_LINE_MAX])
{
    if (!reason->code[0] && !reason->text[0]) {
        return "no reason given";
    }
    (void)snprintf(out, REASON_LINE_MAX, "%s%s%s", reason->code,
                   reason->code[0] && reason->text[0] ? ": " : "", reason->text);
    return out;
}

bool sw_registry_is_private_ecr(const char *host)
{
    return strstr(host, ".dkr.ecr") || strstr(host, ".dkr-ecr");
}

bool sw_registry_is_ecr(const char *host)
{
    return sw_registry_is_private_ecr(host) || strcmp(host, "public.ecr.aws") == 0 ||
           strcmp(host, "ecr-public.aws.com") == 0;
}

static enum sw_status no_repository(const struct sw_registry *registry,
                                    const struct sw_registry_call *call, struct sw_err *err)
{
    if (sw_registry_is_ecr(registry->host)) {
        return sw_fail(err, SW_E_NOT_FOUND,
                       "repository \"%s\" does not exist in registry \"%s\"; create it with "
                       "create_repo in the orb, or with: slipway ecr create-repository %s",
                       call->repository, registry->host, call->repository);
    }
    return sw_fail(err, SW_E_NOT_FOUND,
                   "repository \"%s\" does not exist in registry \"%s\"; create it first",
                   call->repository, registry->host);
}

static enum sw_status refused_login(const struct sw_registry *registry,
                                    const struct sw_registry_call *call,
                                    const struct reason *reason, struct sw_err *err)
{
    char line[REASON_LINE_MAX];

    return sw_fail(err, SW_E_CREDENTIALS,
                   "registry \"%s\" refused the login for repository \"%s\" (%s); %s",
                   registry->host, call->repository, reason_line(reason, line),
                   sw_registry_is_ecr(registry->host)
                       ? "tokens last 12 hours, get a new one with: slipway ecr login"
                       : "log in to it again");
}

static enum sw_status denied(const struct sw_registry *registry,
                             const struct sw_registry_call *call, const struct reason *reason,
                             struct sw_err *err)
{
    char line[REASON_LINE_MAX];

    (void)sw_fail(err, SW_E_DENIED, "registry \"%s\" denies access to repository \"%s\" (%s)",
                  registry->host, call->repository, reason_line(reason, line));
    if (sw_registry_is_ecr(registry->host)) {
        return sw_append(err, "; the identity needs the right %s on it", call->right);
    }
    return sw_append(err, "; does it exist, and may this login %s it?",
                     registry->push ? "push to" : "read");
}

/* The refusals that registries word in many ways; SW_OK when it is none of them. */
static enum sw_status known_reason(const struct sw_registry *registry,
                                   const struct sw_registry_call *call,
                                   const struct sw_http_reply *reply, const struct reason *reason,
                                   struct sw_err *err)
{
    if (strcmp(reason->code, "NAME_UNKNOWN") == 0 ||
        (reply->status == 404 && call->missing_is_repository && !sw_registry_is_web_page(reply))) {
        return no_repository(registry, call, err);
    }
    if (strstr(reason->text, "immutable")) {
        return sw_fail(err, SW_E_CONFLICT,
                       "tag \"%s\" of repository \"%s\" is immutable and already names another "
                       "image (%s)",
                       call->object ? call->object : "", call->repository, reason->text);
    }
    if (strstr(reason->text, "required for pushing image")) {
        return sw_fail(err, SW_E_FAILED,
                       "registry \"%s\" does not have all layers of the image: %s", registry->host,
                       reason->text);
    }
    if (strcmp(reason->code, "TOOMANYREQUESTS") == 0 || reply->status == 429) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "registry \"%s\" limits the rate of requests; try again in a minute",
                       registry->host);
    }
    return SW_OK;
}

/* Where an answer sends to, without what a query may hold. */
static const char *redirect_target(const struct sw_http_reply *reply, char out[REASON_LINE_MAX])
{
    const char *location = sw_http_reply_header(reply, "Location");
    struct sw_str rest = sw_str(location ? location : "");

    sw_str_to_line(sw_str_cut(&rest, '?'), out, REASON_LINE_MAX);
    return out;
}

static enum sw_status by_status(const struct sw_registry *registry,
                                const struct sw_registry_call *call,
                                const struct sw_http_reply *reply, const struct reason *reason,
                                struct sw_err *err)
{
    char line[REASON_LINE_MAX];

    switch (reply->status) {
    case 401:
        return refused_login(registry, call, reason, err);
    case 403:
        return denied(registry, call, reason, err);
    case 404:
        return sw_fail(err, SW_E_NOT_FOUND, "registry \"%s\" does not have it (%s)", registry->host,
                       reason_line(reason, line));
    case 405:
        return sw_fail(err, SW_E_FAILED, "registry \"%s\" does not accept it (%s)", registry->host,
                       reason_line(reason, line));
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return sw_fail(err, SW_E_FAILED,
                       "\"%s\" sends to \"%s\" instead, as no registry does; is the host right, or "
                       "is a proxy before it that wants a login?",
                       registry->host, redirect_target(reply, line));
    default:
        (void)sw_fail(err, reply->status >= 500 ? SW_E_UNAVAILABLE : SW_E_FAILED,
                      "registry \"%s\" answered with HTTP status %ld (%s)", registry->host,
                      reply->status, reason_line(reason, line));
        break;
    }
    if (reply->status == 413 && !sw_registry_is_ecr(registry->host)) {
        (void)sw_append(err, "; a proxy before it may limit the size of bodies");
    }
    return err->status;
}

static enum sw_status name_call(const struct sw_registry *registry,
                                const struct sw_registry_call *call, struct sw_err *err)
{
    return sw_wrap(err, "cannot %s%s%s in \"%s/%s\"", call->action, call->object ? " " : "",
                   call->object ? call->object : "", registry->host, call->repository);
}

enum sw_status sw_registry_refused(const struct sw_registry *registry,
                                   const struct sw_registry_call *call,
                                   const struct sw_http_reply *reply, struct sw_err *err)
{
    struct reason reason;

    read_reason(reply, &reason);
    if (known_reason(registry, call, reply, &reason, err) == SW_OK) {
        (void)by_status(registry, call, reply, &reason, err);
    }
    err->http_status = reply->status;
    err->retryable = reply->status == 429 || reply->status >= 500;
    sw_err_set_code(err, reason.code);
    return name_call(registry, call, err);
}

enum sw_status sw_registry_broken(const struct sw_registry *registry,
                                  const struct sw_registry_call *call, struct sw_err *err)
{
    if (err->status == SW_E_NETWORK && strstr(err->msg, "does not speak TLS")) {
        (void)sw_append(err, " then give --plain-http");
    }
    if (err->status == SW_E_NETWORK && !err->not_sent && sw_registry_is_ecr(registry->host)) {
        (void)sw_append(err,
                        "; Amazon ECR also breaks the connection when the repository \"%s\" does "
                        "not exist (create it with: slipway ecr create-repository %s) or the "
                        "identity lacks the right %s",
                        call->repository, call->repository, call->right);
    }
    if (sw_str_starts(sw_str(err->msg), "cannot find host ")) {
        (void)sw_append(err, "; is the registry's name right, and is there a network?");
    }
    return name_call(registry, call, err);
}
