#include "orb_include.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/orbpack.h>

#include <limits.h>

struct includer {
    struct sw_yaml_pool *pool;
    const char *root;  /* as given, for messages */
    const char *limit; /* as given, for messages */
    char *real_limit;
    struct sw_err *err;
};

static size_t skip_blanks(struct sw_str s, size_t at)
{
    while (at < s.len && sw_is_space(s.ptr[at])) {
        at++;
    }
    return at;
}

static bool is_path_char(char c)
{
    return sw_is_alnum(c) || c == '_' || c == '-' || c == '/' || c == '.';
}

/*
 * Whether a directive starts at s[at]: "<<", blanks, "include(", a path, an optional ")", blanks,
 * ">>". No blank is allowed before the parenthesis; other text is a template tag.
 */
static bool match_include(struct sw_str s, size_t at, struct sw_str *ret_path, size_t *ret_end)
{
    if (!sw_str_starts(sw_str_from(s, at), "<<")) {
        return false;
    }
    at = skip_blanks(s, at + 2);
    if (!sw_str_starts(sw_str_from(s, at), "include(")) {
        return false;
    }
    at += strlen("include(");
    size_t start = at;
    while (at < s.len && is_path_char(s.ptr[at])) {
        at++;
    }
    *ret_path = sw_str_n(s.ptr + start, at - start);
    if (at < s.len && s.ptr[at] == ')') {
        at++;
    }
    at = skip_blanks(s, at);
    if (ret_path->len == 0 || !sw_str_starts(sw_str_from(s, at), ">>")) {
        return false;
    }
    *ret_end = at + 2;
    return true;
}

/* The file must be below the limit, also once symbolic links are followed. */
static enum sw_status check_inside(struct includer *includer, const struct sw_yaml *at,
                                   const char *name, const char *path)
{
    char real[PATH_MAX];
    if (realpath(path, real) == NULL) {
        return sw_yaml_fail(includer->err, SW_E_INPUT, at,
                            "could not read included file \"%s\": no such file below \"%s\"", name,
                            includer->root);
    }
    size_t len = strlen(includer->real_limit);
    bool is_root = strcmp(includer->real_limit, "/") == 0;
    if (strncmp(real, includer->real_limit, len) == 0 && (is_root || real[len] == '/')) {
        return SW_OK;
    }
    return sw_yaml_fail(includer->err, SW_E_INPUT, at,
                        "included file \"%s\" is outside \"%s\"; --include-root can name the "
                        "folder that includes may come from",
                        name, includer->limit);
}

/* Content is text for a shell: its "<<" must not be read as the start of a template tag. */
static void add_escaped(struct sw_buf *out, struct sw_str content)
{
    while (content.len > 0) {
        ptrdiff_t at = sw_str_find_str(content, SW_STR("<<"));
        if (at < 0) {
            sw_buf_add_str(out, content);
            return;
        }
        sw_buf_add_str(out, sw_str_first(content, (size_t)at));
        sw_buf_add_cstr(out, "\\<<");
        content = sw_str_from(content, (size_t)at + 2);
    }
}

static enum sw_status add_file(struct includer *includer, const struct sw_yaml *at,
                               struct sw_str name_view, struct sw_buf *out)
{
    SW_CLEANUP(sw_free_str) char *name = sw_str_dup(name_view);
    SW_CLEANUP(sw_free_str) char *path = sw_xasprintf("%s/%s", includer->root, name);
    enum sw_status status = check_inside(includer, at, name, path);
    if (status != SW_OK) {
        return status;
    }
    SW_CLEANUP(sw_buf_release) struct sw_buf content;
    sw_buf_init(&content, SW_ORB_INCLUDE_MAX);
    struct sw_err cause = SW_ERR_INIT;
    status = sw_fs_read(path, &content, &cause);
    if (status != SW_OK) {
        return sw_yaml_fail(includer->err, status == SW_E_TOO_LARGE ? status : SW_E_INPUT, at,
                            "could not read included file \"%s\": %s", name, cause.msg);
    }
    if (!sw_str_is_utf8(sw_buf_str(&content))) {
        return sw_yaml_fail(includer->err, SW_E_INPUT, at, "included file \"%s\" is not UTF-8 text",
                            name);
    }
    add_escaped(out, sw_buf_str(&content));
    return SW_OK;
}

static enum sw_status include_scalar(struct includer *includer, struct sw_yaml *node,
                                     struct sw_yaml **ret)
{
    *ret = node;
    struct sw_str text = sw_str_n(node->text, node->len);
    if (node->type != SW_YAML_STR || sw_str_find_str(text, SW_STR("include(")) < 0) {
        return SW_OK;
    }
    SW_CLEANUP(sw_buf_release) struct sw_buf out;
    sw_buf_init(&out, SW_YAML_SCALAR_MAX);
    bool found = false;
    for (size_t at = 0; at < text.len;) {
        struct sw_str path;
        size_t end = 0;
        if (!match_include(text, at, &path, &end)) {
            sw_buf_add_char(&out, text.ptr[at++]);
            continue;
        }
        enum sw_status status = add_file(includer, node, path, &out);
        if (status != SW_OK) {
            return status;
        }
        found = true;
        at = end;
    }
    enum sw_status status = sw_buf_check(&out, "text with included files", includer->err);
    if (status == SW_OK && found) {
        *ret = sw_yaml_new_str(includer->pool, sw_buf_str(&out), node);
    }
    return status;
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by the parser. */
static enum sw_status include_tree(struct includer *includer, struct sw_yaml *node,
                                   struct sw_yaml **ret)
{
    if (sw_yaml_is_scalar(node)) {
        return include_scalar(includer, node, ret);
    }
    struct sw_yaml *copy = NULL;
    for (size_t i = 0; i < node->count; i++) {
        struct sw_yaml *item = NULL;
        enum sw_status status = include_tree(includer, node->items[i], &item);
        if (status != SW_OK) {
            return status;
        }
        if (item != node->items[i]) {
            copy = copy == NULL ? sw_yaml_copy(includer->pool, node) : copy;
            copy->items[i] = item;
        }
    }
    *ret = copy == NULL ? node : copy;
    return SW_OK;
}

enum sw_status sw_orb_include(struct sw_yaml_pool *pool, const char *root, const char *limit,
                              struct sw_yaml *node, struct sw_yaml **ret, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *real_limit = realpath(limit, NULL);
    if (real_limit == NULL) {
        return sw_fail(err, SW_E_INPUT, "cannot open folder \"%s\"", limit);
    }
    struct includer includer = {
        .pool = pool, .root = root, .limit = limit, .real_limit = real_limit, .err = err
    };
    return include_tree(&includer, node, ret);
}
