#include "request.h"

#include <slipway/alloc.h>

void sw_http_reply_init(struct sw_http_reply *reply)
{
    *reply = (struct sw_http_reply){ .status = 0 };
    sw_buf_init(&reply->body, SW_HTTP_BODY_MAX);
}

static void free_headers(struct sw_http_reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        /* One allocation, which the name starts, holds both texts. */
        char *text = NULL;
        memcpy(&text, &reply->headers[i].name, sizeof(text));
        free(text);
    }
    free(reply->headers);
    reply->headers = NULL;
    reply->header_count = 0;
}

void sw_http_reply_release(struct sw_http_reply *reply)
{
    if (!reply) {
        return;
    }
    free_headers(reply);
    sw_buf_release(&reply->body);
    free(reply->url);
    reply->url = NULL;
}

void sw_http_reply_add_header(struct sw_http_reply *reply, struct sw_str name, struct sw_str value)
{
    /* The array grows one by one: replies have few headers, and their number is limited. */
    reply->headers =
        sw_xreallocarray(reply->headers, reply->header_count + 1, sizeof(*reply->headers));
    char *text = sw_xmalloc(name.len + value.len + 2);
    if (name.len > 0) {
        memcpy(text, name.ptr, name.len);
    }
    text[name.len] = '\0';
    char *value_text = text + name.len + 1;
    if (value.len > 0) {
        memcpy(value_text, value.ptr, value.len);
    }
    value_text[value.len] = '\0';
    reply->headers[reply->header_count++] =
        (struct sw_http_header){ .name = text, .value = value_text };
}

void sw_http_reply_clear_headers(struct sw_http_reply *reply)
{
    free_headers(reply);
}

const char *sw_http_reply_header_at(const struct sw_http_reply *reply, const char *name, size_t n)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (sw_str_eq_nocase(sw_str(reply->headers[i].name), sw_str(name))) {
            if (n == 0) {
                return reply->headers[i].value;
            }
            n--;
        }
    }
    return NULL;
}

const char *sw_http_reply_header(const struct sw_http_reply *reply, const char *name)
{
    return sw_http_reply_header_at(reply, name, 0);
}

const char *sw_http_status_text(long status)
{
    static const struct {
        long status;
        const char *text;
    } texts[] = {
        { 200, "ok" },
        { 201, "created" },
        { 202, "accepted" },
        { 204, "no content" },
        { 206, "partial content" },
        { 301, "moved permanently" },
        { 302, "found" },
        { 303, "see other" },
        { 304, "not modified" },
        { 307, "temporary redirect" },
        { 308, "permanent redirect" },
        { 400, "bad request" },
        { 401, "unauthorized" },
        { 403, "forbidden" },
        { 404, "not found" },
        { 405, "method not allowed" },
        { 407, "proxy authentication required" },
        { 408, "request timeout" },
        { 409, "conflict" },
        { 411, "length required" },
        { 412, "precondition failed" },
        { 413, "content too large" },
        { 415, "unsupported media type" },
        { 416, "range not satisfiable" },
        { 429, "too many requests" },
        { 500, "internal server error" },
        { 501, "not implemented" },
        { 502, "bad gateway" },
        { 503, "service unavailable" },
        { 504, "gateway timeout" },
    };
    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        if (texts[i].status == status) {
            return texts[i].text;
        }
    }
    return status >= 500 ? "server error" : status >= 400 ? "refused" : "unexpected status";
}

enum sw_status sw_http_status_class(long status)
{
    if (status >= 200 && status < 300) {
        return SW_OK;
    }
    switch (status) {
    case 401:
        return SW_E_CREDENTIALS;
    case 403:
        return SW_E_DENIED;
    case 404:
        return SW_E_NOT_FOUND;
    case 409:
        return SW_E_CONFLICT;
    case 408:
    case 429:
        return SW_E_UNAVAILABLE;
    default:
        return status >= 500 ? SW_E_UNAVAILABLE : SW_E_FAILED;
    }
}
