#include <slipway/ref.h>

#include <slipway/alloc.h>
#include <slipway/digest.h>

#include <stdio.h>

#define HUB_HOST     "docker.io"
#define HUB_API_HOST "registry-1.docker.io"

enum { CHAR_TEXT_SIZE = 24, HEX_ID_LEN = 64 };

/* A character for people: quoted when it is visible, by name or number when not. */
static const char *show_char(char c, char out[CHAR_TEXT_SIZE])
{
    unsigned char byte = (unsigned char)c;

    if (c == ' ') {
        (void)snprintf(out, CHAR_TEXT_SIZE, "a blank");
    } else if (byte > 0x20 && byte < 0x7f) {
        (void)snprintf(out, CHAR_TEXT_SIZE, "'%c'", c);
    } else {
        (void)snprintf(out, CHAR_TEXT_SIZE, "the byte 0x%02x", byte);
    }
    return out;
}

static enum sw_status bad_char(struct sw_err *err, const char *what, struct sw_str text, size_t at,
                               const char *allowed)
{
    char shown[CHAR_TEXT_SIZE];

    return sw_fail(err, SW_E_INPUT, "%s \"%.*s\" has %s at position %zu; %s", what,
                   SW_STR_ARG(text), show_char(text.ptr[at], shown), at + 1, allowed);
}

enum sw_status sw_ref_check_tag(struct sw_str tag, struct sw_err *err)
{
    if (tag.len == 0) {
        return sw_fail(err, SW_E_INPUT, "the tag is empty");
    }
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.ptr[i];

        if (sw_is_alnum(c) || c == '_') {
            continue;
        }
        if (c != '.' && c != '-') {
            return bad_char(err, "tag", tag, i, "a tag has letters, digits, '_', '.' and '-' only");
        }
        if (i == 0) {
            return bad_char(err, "tag", tag, i, "a tag starts with a letter, a digit or '_'");
        }
    }
    if (tag.len > SW_REF_TAG_MAX) {
        return sw_fail(err, SW_E_INPUT, "tag \"%.*s...\" has %zu characters; the limit is %d", 32,
                       tag.ptr, tag.len, SW_REF_TAG_MAX);
    }
    return SW_OK;
}

static bool is_name_char(char c)
{
    return sw_is_digit(c) || (c >= 'a' && c <= 'z');
}

/* Length of the separator at `at`: '.', '_', "__" or a run of '-'; 0 when there is none. */
static size_t separator_len(struct sw_str name, size_t at)
{
    size_t len = 0;

    switch (name.ptr[at]) {
    case '.':
        return 1;
    case '_':
        return at + 1 < name.len && name.ptr[at + 1] == '_' ? 2 : 1;
    case '-':
        while (at + len < name.len && name.ptr[at + len] == '-') {
            len++;
        }
        return len;
    default:
        return 0;
    }
}

/* What is wrong with the character at `at` of a repository name, where a letter must stand. */
static enum sw_status bad_name(struct sw_str name, size_t at, struct sw_err *err)
{
    char c = name.ptr[at];

    if (c >= 'A' && c <= 'Z') {
        return bad_char(err, "repository", name, at, "repository names are lower case");
    }
    if (c == '/') {
        return bad_char(err, "repository", name, at, "a part between slashes is empty");
    }
    if (c == '.' || c == '_' || c == '-') {
        return bad_char(err, "repository", name, at,
                        "each part starts and ends with a letter or digit, joined by one '.', '_', "
                        "\"__\" or dashes");
    }
    if (c == ':') {
        return bad_char(err, "repository", name, at, "only one ':' goes before the tag");
    }
    return bad_char(err, "repository", name, at,
                    "repository names have lower-case letters, digits, '.', '_', '-' and '/' only");
}

enum sw_status sw_ref_check_repository(struct sw_str name, struct sw_err *err)
{
    bool need_letter = true;
    size_t i = 0;

    if (name.len == 0) {
        return sw_fail(err, SW_E_INPUT, "the repository name is empty");
    }
    if (name.len > SW_REF_NAME_MAX) {
        return sw_fail(err, SW_E_INPUT,
                       "repository \"%.32s...\" has %zu characters; the limit is %d", name.ptr,
                       name.len, SW_REF_NAME_MAX);
    }
    while (i < name.len) {
        size_t separator = separator_len(name, i);

        if (is_name_char(name.ptr[i])) {
            need_letter = false;
            i++;
        } else if (need_letter || (separator == 0 && name.ptr[i] != '/')) {
            return bad_name(name, i, err);
        } else {
            need_letter = true;
            i += separator ? separator : 1;
        }
    }
    if (need_letter) {
        return bad_name(name, name.len - 1, err);
    }
    return SW_OK;
}

static enum sw_status check_port(struct sw_str host, struct sw_str port, struct sw_err *err)
{
    int64_t number = 0;

    if (!sw_parse_int(port, 1, 65535, &number) || port.len > 5) {
        return sw_fail(err, SW_E_INPUT,
                       "registry host \"%.*s\" has the port \"%.*s\"; a port is a number from 1 to "
                       "65535",
                       SW_STR_ARG(host), SW_STR_ARG(port));
    }
    return SW_OK;
}

/* An IPv6 address in brackets, with or without a port. */
static enum sw_status check_ipv6_host(struct sw_str host, struct sw_err *err)
{
    ptrdiff_t end = sw_str_find(host, ']');
    struct sw_str rest;

    if (end < 3) {
        return sw_fail(err, SW_E_INPUT, "registry host \"%.*s\" is no IPv6 address in brackets",
                       SW_STR_ARG(host));
    }
    for (size_t i = 1; i < (size_t)end; i++) {
        if (!sw_is_hex(host.ptr[i]) && host.ptr[i] != ':' && host.ptr[i] != '.') {
            return bad_char(err, "registry host", host, i,
                            "an IPv6 address has hex digits and ':'");
        }
    }
    rest = sw_str_from(host, (size_t)end + 1);
    if (rest.len == 0) {
        return SW_OK;
    }
    if (rest.ptr[0] != ':') {
        return bad_char(err, "registry host", host, (size_t)end + 1,
                        "only ':' and a port follow ']'");
    }
    return check_port(host, sw_str_from(rest, 1), err);
}

enum sw_status sw_ref_check_host(struct sw_str host, struct sw_err *err)
{
    struct sw_str rest = host;
    struct sw_str name = sw_str_cut(&rest, ':');
    char last = '.';

    if (sw_str_starts(host, "[")) {
        return check_ipv6_host(host, err);
    }
    if (name.len == 0) {
        return sw_fail(err, SW_E_INPUT, "the registry host is empty");
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool edge = last == '.' || i + 1 == name.len || name.ptr[i + 1] == '.';

        if (!sw_is_alnum(c) && c != '-' && c != '.') {
            return bad_char(err, "registry host", host, i,
                            "hosts have letters, digits, '-' and '.'");
        }
        if ((c == '-' && edge) || (c == '.' && (last == '.' || i + 1 == name.len))) {
            return bad_char(err, "registry host", host, i,
                            "each part between dots starts and ends with a letter or digit");
        }
        last = c;
    }
    if (rest.ptr) {
        return check_port(host, rest, err);
    }
    return SW_OK;
}

static bool is_hex_id(struct sw_str name)
{
    if (name.len != HEX_ID_LEN) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!sw_is_digit(name.ptr[i]) && !(name.ptr[i] >= 'a' && name.ptr[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

static bool names_host(struct sw_str first)
{
    return sw_str_find(first, '.') >= 0 || sw_str_find(first, ':') >= 0 ||
           sw_str_is(first, "localhost");
}

/* Splits "HOST/REPOSITORY" and checks both; *ret_host is "" for Docker Hub. */
static enum sw_status split_name(struct sw_str name, struct sw_str *ret_host,
                                 struct sw_str *ret_repository, struct sw_err *err)
{
    ptrdiff_t slash = sw_str_find(name, '/');
    struct sw_str host = { NULL, 0 };
    struct sw_str repository = name;
    enum sw_status status;

    if (slash >= 0 && names_host(sw_str_first(name, (size_t)slash))) {
        host = sw_str_first(name, (size_t)slash);
        repository = sw_str_from(name, (size_t)slash + 1);
        status = sw_ref_check_host(host, err);
        if (status != SW_OK) {
            return status;
        }
    }
    if (slash == 0) {
        return sw_fail(err, SW_E_INPUT, "the registry host before the first '/' is empty");
    }
    status = sw_ref_check_repository(repository, err);
    if (status != SW_OK) {
        return status;
    }
    if (!host.ptr && is_hex_id(repository)) {
        return sw_fail(err, SW_E_INPUT, "64 hex digits are an image id, not a repository name");
    }
    *ret_host = host;
    *ret_repository = repository;
    return SW_OK;
}

static enum sw_status check_digest(struct sw_str digest, struct sw_err *err)
{
    if (!sw_digest_is_valid(digest)) {
        return sw_fail(err, SW_E_INPUT,
                       "digest \"%.*s\" is not \"sha256:\" and 64 lower-case hex digits",
                       SW_STR_ARG(digest));
    }
    return SW_OK;
}

/* A reference in its parts, borrowed from the text. */
struct parts {
    struct sw_str host;
    struct sw_str repository;
    struct sw_str tag;
    struct sw_str digest;
};

/*
 * "docker-archive:web.tar" is well-formed, a tag of an image that nobody has; it is meant as an
 * image of this machine.
 */
static enum sw_status check_transport(struct sw_str text, struct sw_err *err)
{
    static const char *const local[] = { "docker-daemon:", "docker-archive:", "oci-archive:",
                                         "oci:", "containers-storage:" };

    for (size_t i = 0; i < SW_COUNT(local); i++) {
        if (sw_str_starts(text, local[i])) {
            return sw_fail(err, SW_E_INPUT,
                           "\"%s\" names an image of this machine, and one in a registry is wanted "
                           "here; 'slipway image push' brings it there",
                           local[i]);
        }
    }
    return SW_OK;
}

static enum sw_status split(struct sw_str text, struct parts *ret, struct sw_err *err)
{
    struct sw_str rest = text;
    struct sw_str name = sw_str_cut(&rest, '@');
    ptrdiff_t colon = sw_str_rfind(name, ':');
    enum sw_status status = SW_OK;

    if (text.len == 0) {
        return sw_fail(err, SW_E_INPUT, "it is empty");
    }
    if (sw_str_find_str(text, SW_STR("://")) >= 0) {
        return sw_fail(err, SW_E_INPUT, "write it without \"%.*s\"",
                       (int)sw_str_find_str(text, SW_STR("://")) + 3, text.ptr);
    }
    if (check_transport(text, err) != SW_OK) {
        return err->status;
    }
    if (rest.ptr) {
        ret->digest = rest;
        status = check_digest(rest, err);
    }
    /* A ':' before a '/' belongs to the host's port. */
    if (status == SW_OK && colon >= 0 && sw_str_rfind(name, '/') < colon) {
        ret->tag = sw_str_from(name, (size_t)colon + 1);
        name = sw_str_first(name, (size_t)colon);
        status = sw_ref_check_tag(ret->tag, err);
    }
    if (status != SW_OK) {
        return status;
    }
    return split_name(name, &ret->host, &ret->repository, err);
}

enum sw_status sw_ref_parse(struct sw_str text, struct sw_ref *ret, struct sw_err *err)
{
    struct parts parts = { 0 };
    bool hub;
    bool library;

    if (split(text, &parts, err) != SW_OK) {
        return sw_wrap(err, "image reference \"%.*s\"", (int)(text.len > 300 ? 300 : text.len),
                       text.ptr ? text.ptr : "");
    }
    hub = !parts.host.ptr || sw_str_is(parts.host, HUB_HOST) ||
          sw_str_is(parts.host, "index.docker.io") || sw_str_is(parts.host, HUB_API_HOST);
    library = hub && sw_str_find(parts.repository, '/') < 0;
    *ret = (struct sw_ref){
        .host = hub ? sw_xstrdup(HUB_HOST) : sw_str_dup(parts.host),
        .repository =
            sw_xasprintf("%s%.*s", library ? "library/" : "", SW_STR_ARG(parts.repository)),
        .tag = parts.tag.ptr ? sw_str_dup(parts.tag) : NULL,
        .digest = parts.digest.ptr ? sw_str_dup(parts.digest) : NULL,
    };
    return SW_OK;
}

void sw_ref_release(struct sw_ref *ref)
{
    free(ref->host);
    free(ref->repository);
    free(ref->tag);
    free(ref->digest);
    *ref = (struct sw_ref){ 0 };
}

void sw_ref_format(const struct sw_ref *ref, struct sw_buf *out)
{
    sw_buf_addf(out, "%s/%s", ref->host, ref->repository);
    if (ref->tag) {
        sw_buf_addf(out, ":%s", ref->tag);
    }
    if (ref->digest) {
        sw_buf_addf(out, "@%s", ref->digest);
    }
}

const char *sw_ref_object(const struct sw_ref *ref)
{
    if (ref->digest) {
        return ref->digest;
    }
    return ref->tag ? ref->tag : "latest";
}

const char *sw_ref_api_host(const char *host)
{
    return strcmp(host, HUB_HOST) == 0 ? HUB_API_HOST : host;
}
