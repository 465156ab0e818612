#include "request.h"

/* RFC 9110, 5.6.2: the characters of methods and header names. */
static bool is_token(struct sw_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!sw_is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", s.ptr[i]))) {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_field_value(struct sw_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

enum sw_status sw_http_check_request(const struct sw_http_request *request, struct sw_url *ret_url,
                                     struct sw_err *err)
{
    if (!is_token(sw_str(request->method))) {
        return sw_fail(err, SW_E_INPUT, "\"%s\" is no HTTP method", request->method);
    }
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sw_http_header *header = &request->headers[i];
        if (!is_token(sw_str(header->name))) {
            return sw_fail(err, SW_E_INPUT, "\"%s\" is no HTTP header name", header->name);
        }
        /* The value is not shown: it may be a credential. */
        if (!is_field_value(sw_str(header->value))) {
            return sw_fail(err, SW_E_INPUT,
                           "the value for HTTP header \"%s\" contains a control character",
                           header->name);
        }
    }
    struct sw_url url;
    enum sw_status status = sw_url_parse(request->url, &url, err);
    if (status != SW_OK) {
        return status;
    }
    bool plain = url.scheme.len == 4;
    if (plain && !request->plain_http_ok && !request->unix_socket &&
        !sw_host_is_loopback(url.host)) {
        return sw_fail(err, SW_E_INPUT, "refusing plain http:// to \"%.*s\"; use https://",
                       SW_STR_ARG(url.host));
    }
    *ret_url = url;
    return SW_OK;
}

bool sw_http_is_idempotent(const char *method)
{
    static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };
    for (size_t i = 0; i < SW_COUNT(methods); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}
