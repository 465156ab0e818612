#include <slipway/http.h>

#include <slipway/alloc.h>

/* Pre-signed URLs with a session token are about 2 kB long. */
#define URL_MAX  ((size_t)16 * 1024)
#define HOST_MAX ((size_t)253)

/* What may be shown of a URL: no query (it may be signed), no user information, and not much. */
static struct sw_str shown(const char *text)
{
    struct sw_str s = sw_str(text);
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '?' || s.ptr[i] == '#' || (unsigned char)s.ptr[i] < ' ') {
            s.len = i;
        }
    }
    return sw_str_first(sw_str_from(s, (size_t)(sw_str_rfind(s, '@') + 1)), 200);
}

static bool is_url_char(char c)
{
    return c > ' ' && c < 0x7f && c != '\\' && c != '#';
}

static bool is_host(struct sw_str host, bool bracketed)
{
    if (host.len == 0 || host.len > HOST_MAX) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool good = bracketed ? sw_is_hex(c) || c == ':' || c == '.'
                              : sw_is_alnum(c) || c == '-' || c == '.' || c == '_';
        if (!good) {
            return false;
        }
    }
    return true;
}

/* Splits "host", "host:port", "[v6]" or "[v6]:port"; *ret_port keeps its value without a port. */
static bool split_authority(struct sw_str authority, struct sw_str *ret_host, int *ret_port)
{
    bool bracketed = sw_str_starts(authority, "[");
    struct sw_str port = { NULL, 0 };
    if (bracketed) {
        ptrdiff_t end = sw_str_find(authority, ']');
        if (end < 0) {
            return false;
        }
        port = sw_str_from(authority, (size_t)end + 1);
        *ret_host = sw_str_from(sw_str_first(authority, (size_t)end), 1);
    } else {
        ptrdiff_t colon = sw_str_find(authority, ':');
        size_t len = colon < 0 ? authority.len : (size_t)colon;
        port = sw_str_from(authority, len);
        *ret_host = sw_str_first(authority, len);
    }
    if (!is_host(*ret_host, bracketed)) {
        return false;
    }
    if (port.len == 0) {
        return true;
    }
    int64_t number = 0;
    if (port.ptr[0] != ':' || port.len > 6 ||
        !sw_parse_int(sw_str_from(port, 1), 1, 65535, &number)) {
        return false;
    }
    *ret_port = (int)number;
    return true;
}

/* The length of "http" or "https" (any case) in front of "://", or 0. */
static size_t scheme_len(struct sw_str text)
{
    static const char *const schemes[] = { "http", "https" };
    for (size_t i = 0; i < SW_COUNT(schemes); i++) {
        struct sw_str scheme = sw_str(schemes[i]);
        if (sw_str_eq_nocase(sw_str_first(text, scheme.len), scheme) &&
            sw_str_starts(sw_str_from(text, scheme.len), "://")) {
            return scheme.len;
        }
    }
    return 0;
}

static size_t span_until(struct sw_str s, const char *stops)
{
    size_t i = 0;
    while (i < s.len && !strchr(stops, s.ptr[i])) {
        i++;
    }
    return i;
}

enum sw_status sw_url_parse(const char *text, struct sw_url *ret, struct sw_err *err)
{
    struct sw_str rest = sw_str(text);
    if (rest.len > URL_MAX) {
        return sw_fail(err, SW_E_INPUT, "URL \"%.*s...\" is longer than %zu bytes",
                       SW_STR_ARG(sw_str_first(shown(text), 60)), URL_MAX);
    }
    size_t len = scheme_len(rest);
    if (len == 0) {
        return sw_fail(err, SW_E_INPUT, "URL \"%.*s\" does not start with http:// or https://",
                       SW_STR_ARG(shown(text)));
    }
    struct sw_url url = { .scheme = sw_str_first(rest, len), .port = len == 5 ? 443 : 80 };
    rest = sw_str_from(rest, len + 3);
    struct sw_str authority = sw_str_first(rest, span_until(rest, "/?#"));
    rest = sw_str_from(rest, authority.len);
    /* Checked first: nothing of such a URL is shown, for it holds a password. */
    if (sw_str_find(authority, '@') >= 0) {
        return sw_fail(err, SW_E_INPUT, "a URL must not contain a user name or password");
    }
    for (size_t i = 0; i < rest.len; i++) {
        if (!is_url_char(rest.ptr[i])) {
            return sw_fail(err, SW_E_INPUT,
                           "URL \"%.*s\" contains a character that must be percent-encoded",
                           SW_STR_ARG(shown(text)));
        }
    }
    if (!split_authority(authority, &url.host, &url.port)) {
        return sw_fail(err, SW_E_INPUT, "URL \"%.*s\" has no valid host and port",
                       SW_STR_ARG(shown(text)));
    }
    url.path = sw_str_first(rest, span_until(rest, "?"));
    url.query = sw_str_from(rest, url.path.len + 1);
    *ret = url;
    return SW_OK;
}

/* RFC 3986, 5.2.4, on the path at out->ptr + start. */
static void remove_dot_segments(struct sw_buf *out, size_t start)
{
    char *path = out->ptr + start;
    size_t len = out->len - start;
    size_t written = 0;
    size_t i = 0;
    while (i < len) {
        /* Each round handles one segment with its leading '/'. */
        size_t end = i + 1;
        while (end < len && path[end] != '/') {
            end++;
        }
        struct sw_str segment = sw_str_n(path + i, end - i);
        bool last = end == len;
        if (sw_str_is(segment, "/..")) {
            while (written > 0 && path[--written] != '/') {
            }
        }
        if (sw_str_is(segment, "/.") || sw_str_is(segment, "/..")) {
            if (last) {
                path[written++] = '/';
            }
        } else {
            memmove(path + written, segment.ptr, segment.len);
            written += segment.len;
        }
        i = end;
    }
    sw_buf_truncate(out, start + written);
}

/* Whether `s` starts with "scheme:", which makes it absolute. */
static bool has_scheme(struct sw_str s)
{
    size_t i = 0;
    while (i < s.len &&
           (sw_is_alnum(s.ptr[i]) || s.ptr[i] == '+' || s.ptr[i] == '-' || s.ptr[i] == '.')) {
        i++;
    }
    return i > 0 && i < s.len && s.ptr[i] == ':' && sw_is_alpha(s.ptr[0]);
}

static void add_origin(struct sw_buf *out, const struct sw_url *base)
{
    bool bracketed = sw_str_find(base->host, ':') >= 0;
    bool is_https = base->scheme.len == 5;
    sw_buf_add_str(out, base->scheme);
    sw_buf_add_cstr(out, bracketed ? "://[" : "://");
    sw_buf_add_str(out, base->host);
    if (bracketed) {
        sw_buf_add_char(out, ']');
    }
    if (base->port != (is_https ? 443 : 80)) {
        sw_buf_addf(out, ":%d", base->port);
    }
}

/* Appends the path and query that `location` (without scheme and host) means under `base`. */
static void add_relative(struct sw_buf *out, const struct sw_url *base, struct sw_str location)
{
    struct sw_str path = sw_str_first(location, span_until(location, "?"));
    struct sw_str query = sw_str_from(location, path.len);
    size_t start = out->len;
    if (path.len == 0) {
        sw_buf_add_str(out, base->path);
        if (query.len == 0 && base->query.len > 0) {
            sw_buf_add_char(out, '?');
            sw_buf_add_str(out, base->query);
        }
    } else {
        if (path.ptr[0] != '/') {
            ptrdiff_t slash = sw_str_rfind(base->path, '/');
            sw_buf_add_str(out,
                           slash < 0 ? SW_STR("/") : sw_str_first(base->path, (size_t)slash + 1));
        }
        sw_buf_add_str(out, path);
        remove_dot_segments(out, start);
    }
    sw_buf_add_str(out, query);
}

enum sw_status sw_url_resolve(const char *base, const char *location, char **ret,
                              struct sw_err *err)
{
    struct sw_url base_url;
    enum sw_status status = sw_url_parse(base, &base_url, err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_str target = sw_str_trim(sw_str(location));
    target = sw_str_first(target, span_until(target, "#"));

    struct sw_buf out SW_CLEANUP(sw_buf_release);
    sw_buf_init(&out, URL_MAX);
    if (has_scheme(target)) {
        /* Taken byte for byte: a signature may cover the path as it is. */
        sw_buf_add_str(&out, target);
    } else if (sw_str_starts(target, "//")) {
        sw_buf_add_str(&out, base_url.scheme);
        sw_buf_add_char(&out, ':');
        sw_buf_add_str(&out, target);
    } else {
        add_origin(&out, &base_url);
        add_relative(&out, &base_url, target);
    }
    status = sw_buf_check(&out, "URL", err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_url checked;
    status = sw_url_parse(out.ptr, &checked, err);
    if (status == SW_OK) {
        *ret = sw_buf_take(&out);
    }
    return status;
}

bool sw_url_same_origin(const struct sw_url *a, const struct sw_url *b)
{
    return sw_str_eq_nocase(a->scheme, b->scheme) && sw_str_eq_nocase(a->host, b->host) &&
           a->port == b->port;
}

bool sw_host_is_loopback(struct sw_str host)
{
    if (sw_str_eq_nocase(host, SW_STR("localhost")) || sw_str_is(host, "::1")) {
        return true;
    }
    int64_t first = 0;
    for (int i = 0; i < 4; i++) {
        struct sw_str part = sw_str_cut(&host, '.');
        int64_t number = 0;
        /* Leading zeros would be read as octal by some resolvers. */
        if (part.len == 0 || part.len > 3 || (part.len > 1 && part.ptr[0] == '0') ||
            !sw_parse_int(part, 0, 255, &number)) {
            return false;
        }
        first = i == 0 ? number : first;
    }
    return first == 127 && host.ptr == NULL;
}

char *sw_url_display(const char *url)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_url parts;
    if (sw_url_parse(url, &parts, &ignored) != SW_OK) {
        return sw_xstrdup("(malformed URL)");
    }
    return sw_str_dup(shown(url));
}
