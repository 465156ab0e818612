#include "compile.h"

/*
 * Templates in text: "<< expression >>", "<<# name >>...<</ name >>" (kept when the name's value is
 * true), "<<^ name >>...<</ name >>" (when it is not). "\<<" is a literal "<<", "\\<<" a backslash
 * before a tag. Text that is exactly one tag takes the value's own type.
 */

enum piece_kind { PIECE_TEXT, PIECE_OPEN, PIECE_SECTION, PIECE_INVERTED, PIECE_END, PIECE_CLOSE };

struct renderer {
    struct cc *cc;
    const struct cc_scope *scope;
    const struct sw_yaml *node;
    struct sw_str text;
    size_t at;
    struct sw_buf out;
    bool failed;
    unsigned depth;
    unsigned hidden; /* > 0: inside a section that is left out */
};

enum { SECTION_DEPTH_MAX = 32 };

static bool looking_at(const struct renderer *renderer, size_t at, const char *text)
{
    return sw_str_starts(sw_str_from(renderer->text, at), text);
}

/*
 * The place of an offset in the node's text, as well as it can be told: exact in plain and quoted
 * text of one line, the right line in a literal block.
 */
static struct sw_yaml place(const struct renderer *renderer, size_t offset)
{
    struct sw_yaml at = { .mark = renderer->node->mark };
    struct sw_str before = sw_str_first(renderer->text, offset);
    unsigned lines = 0;
    for (size_t i = 0; i < before.len; i++) {
        lines += before.ptr[i] == '\n' ? 1 : 0;
    }
    switch (renderer->node->style) {
    case SW_YAML_STYLE_PLAIN:
    case SW_YAML_STYLE_SINGLE:
    case SW_YAML_STYLE_DOUBLE:
        if (lines == 0) {
            at.mark.column += (unsigned)offset;
            at.mark.column += renderer->node->style == SW_YAML_STYLE_PLAIN ? 0 : 1;
        }
        break;
    case SW_YAML_STYLE_LITERAL:
        at.mark.line += lines + 1;
        at.mark.column = 1;
        break;
    default:
        break;
    }
    return at;
}

static void fail(struct renderer *renderer, size_t offset, const char *text)
{
    struct sw_yaml at = place(renderer, offset);
    struct sw_str shown = sw_str_first(sw_str_from(renderer->text, offset), 60);
    ptrdiff_t newline = sw_str_find(shown, '\n');
    shown = newline >= 0 ? sw_str_first(shown, (size_t)newline) : shown;
    const char *hint = sw_str_find_str(shown, SW_STR("include(")) >= 0
                           ? "; include() works in orb sources only, pack them with orb pack"
                           : "";
    cc_problem(renderer->cc, &at, "%s in string: '%.*s'%s", text, SW_STR_ARG(shown), hint);
    renderer->failed = true;
}

/* What stands at an offset and how long its mark is. */
static enum piece_kind piece_at(const struct renderer *renderer, size_t at, size_t *ret_len)
{
    *ret_len = 3;
    if (looking_at(renderer, at, "<<#")) {
        return PIECE_SECTION;
    }
    if (looking_at(renderer, at, "<<^")) {
        return PIECE_INVERTED;
    }
    if (looking_at(renderer, at, "<</")) {
        return PIECE_END;
    }
    *ret_len = 2;
    if (looking_at(renderer, at, "<<")) {
        return PIECE_OPEN;
    }
    if (looking_at(renderer, at, ">>")) {
        return PIECE_CLOSE;
    }
    return PIECE_TEXT;
}

/* The text up to the next mark or escape, from `at`. */
static struct sw_str body_at(const struct renderer *renderer, size_t at)
{
    size_t end = at;
    while (end < renderer->text.len && !looking_at(renderer, end, "<<") &&
           !looking_at(renderer, end, ">>") && !looking_at(renderer, end, "\\<<")) {
        end++;
    }
    return sw_str_n(renderer->text.ptr + at, end - at);
}

/* Reads the body of a tag that starts at `start` and its ">>". */
static bool read_tag(struct renderer *renderer, size_t start, size_t mark, struct sw_str *ret_body)
{
    size_t at = start + mark;
    struct sw_str body = body_at(renderer, at);
    if (body.len == 0) {
        fail(renderer, start,
             looking_at(renderer, at, ">>")
                 ? "Expected expression after '<<'"
                 : "Unclosed '<<' tag ('<<' must be escaped as '\\<<' in config v2.1+)");
        return false;
    }
    if (!looking_at(renderer, at + body.len, ">>")) {
        fail(renderer, start, "Unclosed '<<' tag ('<<' must be escaped as '\\<<' in config v2.1+)");
        return false;
    }
    *ret_body = body;
    renderer->at = at + body.len + 2;
    return true;
}

static bool read_section_tag(struct renderer *renderer, size_t start, struct sw_str *ret_name)
{
    if (!read_tag(renderer, start, 3, ret_name)) {
        return false;
    }
    *ret_name = sw_str_trim(*ret_name);
    if (!cc_is_dotted_name(*ret_name)) {
        fail(renderer, start, "Expected valid identifier");
        return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * A section tag alone on its line leaves no empty line behind: the blanks before it are taken back,
 * if they were `shown`, and the rest of the line is skipped.
 */
static void swallow_line(struct renderer *renderer, size_t start, bool shown)
{
    size_t before = start;
    while (before > 0 && is_blank(renderer->text.ptr[before - 1])) {
        before--;
    }
    size_t after = renderer->at;
    while (after < renderer->text.len && is_blank(renderer->text.ptr[after])) {
        after++;
    }
    bool alone = (before == 0 || renderer->text.ptr[before - 1] == '\n') &&
                 (after == renderer->text.len || renderer->text.ptr[after] == '\n');
    bool lines = before > 0 || after < renderer->text.len;
    if (!alone || !lines) {
        return;
    }
    if (shown) {
        sw_buf_truncate(&renderer->out, renderer->out.len - (start - before));
    }
    renderer->at = after < renderer->text.len ? after + 1 : after;
}

static bool evaluate(struct renderer *renderer, struct sw_str body, size_t offset,
                     struct sw_yaml **ret)
{
    struct sw_yaml at = place(renderer, offset);
    if (sw_str_starts(sw_str_trim(body), "include(")) {
        fail(renderer, offset,
             "Unclosed '<<' tag ('<<' must be escaped as '\\<<' in config v2.1+)");
        return false;
    }
    /* What a hidden section refers to must exist, but its value may not suit its use. */
    renderer->cc->lenient += renderer->hidden;
    bool ok = cc_eval(renderer->cc, renderer->scope, body, &at, ret);
    renderer->cc->lenient -= renderer->hidden;
    renderer->failed = renderer->failed || !ok;
    return ok;
}

static void render_tag(struct renderer *renderer)
{
    size_t start = renderer->at;
    struct sw_str body;
    struct sw_yaml *value = NULL;
    if (!read_tag(renderer, start, 2, &body) || !evaluate(renderer, body, start, &value) ||
        value == NULL || renderer->hidden > 0) {
        return;
    }
    if (!sw_yaml_is_scalar(value)) {
        fail(renderer, start,
             cc_text(renderer->cc, "Cannot put a %s into text", sw_yaml_type_name(value)));
        return;
    }
    sw_yaml_scalar_text(value, &renderer->out);
}

static void render(struct renderer *renderer, struct sw_str until);

static void render_section(struct renderer *renderer, bool inverted)
{
    size_t start = renderer->at;
    struct sw_str name;
    struct sw_yaml *value = NULL;
    if (!read_section_tag(renderer, start, &name) || !evaluate(renderer, name, start, &value)) {
        return;
    }
    if (++renderer->depth > SECTION_DEPTH_MAX) {
        fail(renderer, start, "Sections nest too deep");
        return;
    }
    swallow_line(renderer, start, renderer->hidden == 0);
    bool hide = cc_truthy(value) == inverted;
    renderer->hidden += hide ? 1 : 0;
    render(renderer, name);
    if (!renderer->failed && renderer->at >= renderer->text.len) {
        fail(renderer, start, "Unclosed section, expected '<</'");
    }
    bool shown = renderer->hidden == 0;
    renderer->hidden -= hide ? 1 : 0;
    renderer->depth--;
    if (!renderer->failed) {
        size_t end = renderer->at;
        /* render() stopped in front of the end tag, whose name was compared there. */
        if (read_section_tag(renderer, end, &name)) {
            swallow_line(renderer, end, shown);
        }
    }
}

/* Whether the end tag at the present place closes the section `name`. */
static bool closes(const struct renderer *renderer, struct sw_str name)
{
    return name.len > 0 && sw_str_eq(sw_str_trim(body_at(renderer, renderer->at + 3)), name);
}

static void add_text(struct renderer *renderer, size_t len)
{
    if (renderer->hidden == 0) {
        sw_buf_add(&renderer->out, renderer->text.ptr + renderer->at, len);
    }
    renderer->at += len;
}

/* Text and escapes; false when a tag stands at the present place. */
static bool render_text(struct renderer *renderer)
{
    if (looking_at(renderer, renderer->at, "\\<<")) {
        renderer->at++;
        add_text(renderer, 2);
        return true;
    }
    if (looking_at(renderer, renderer->at, "\\\\<<")) {
        add_text(renderer, 1);
        renderer->at++;
        return true;
    }
    if (looking_at(renderer, renderer->at, "<<")) {
        return false;
    }
    add_text(renderer, 1);
    return true;
}

/* Renders up to the end of the text or in front of the end tag of the section `until`. */
/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
static void render(struct renderer *renderer, struct sw_str until)
{
    while (!renderer->failed && renderer->at < renderer->text.len) {
        if (render_text(renderer)) {
            continue;
        }
        size_t len = 0;
        switch (piece_at(renderer, renderer->at, &len)) {
        case PIECE_SECTION:
            render_section(renderer, false);
            break;
        case PIECE_INVERTED:
            render_section(renderer, true);
            break;
        case PIECE_END:
            if (closes(renderer, until)) {
                return;
            }
            fail(renderer, renderer->at, "Expected section end tag to match start tag");
            break;
        default:
            render_tag(renderer);
            break;
        }
    }
}

bool cc_has_tags(const struct sw_yaml *scalar)
{
    return scalar->type == SW_YAML_STR && strstr(scalar->text, "<<") != NULL;
}

/* The expression when the text is exactly one tag. */
static bool is_one_tag(struct renderer *renderer, struct sw_str *ret_body)
{
    size_t len = 0;
    if (piece_at(renderer, 0, &len) != PIECE_OPEN) {
        return false;
    }
    *ret_body = body_at(renderer, len);
    return ret_body->len > 0 && renderer->text.len == len + ret_body->len + 2 &&
           looking_at(renderer, len + ret_body->len, ">>");
}

static struct sw_yaml *whole_value(struct renderer *renderer, struct sw_str body)
{
    struct sw_yaml *value = NULL;
    if (!evaluate(renderer, body, 0, &value)) {
        return NULL;
    }
    return value != NULL ? value : sw_yaml_new_null(renderer->cc->pool, renderer->node);
}

struct sw_yaml *cc_expand_scalar(struct cc *cc, const struct cc_scope *scope,
                                 struct sw_yaml *scalar)
{
    if (!cc_has_tags(scalar)) {
        return scalar;
    }
    struct renderer renderer = {
        .cc = cc, .scope = scope, .node = scalar, .text = sw_str_n(scalar->text, scalar->len)
    };
    struct sw_str body;
    if (is_one_tag(&renderer, &body)) {
        return whole_value(&renderer, body);
    }
    sw_buf_init(&renderer.out, SW_YAML_SCALAR_MAX);
    render(&renderer, SW_STR(""));
    struct sw_yaml *result = NULL;
    if (renderer.out.overflowed) {
        cc_problem(cc, scalar, "text expands to over %zu bytes", SW_YAML_SCALAR_MAX);
    } else if (!renderer.failed) {
        result = sw_yaml_new_str(cc->pool, sw_buf_str(&renderer.out), scalar);
        result->style = scalar->style;
    }
    sw_buf_release(&renderer.out);
    return result;
}

static struct sw_yaml *expand_key(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *key)
{
    struct sw_yaml *result = cc_expand_scalar(cc, scope, key);
    if (result == NULL || result == key) {
        return result;
    }
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_YAML_SCALAR_MAX);
    sw_yaml_scalar_text(result, &text);
    return sw_yaml_new_str(cc->pool, sw_buf_str(&text), key);
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by the parser. */
struct sw_yaml *cc_expand(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw)
{
    if (sw_yaml_is_scalar(raw)) {
        return cc_expand_scalar(cc, scope, raw);
    }
    if (!cc_spend(cc, raw)) {
        return NULL;
    }
    struct sw_yaml *result =
        raw->type == SW_YAML_MAP ? sw_yaml_new_map(cc->pool, raw) : sw_yaml_new_seq(cc->pool, raw);
    bool failed = false;
    for (size_t i = 0; i < raw->count; i++) {
        struct sw_yaml *item = cc_expand(cc, scope, raw->items[i]);
        struct sw_yaml *key = raw->type == SW_YAML_MAP ? expand_key(cc, scope, raw->keys[i]) : raw;
        if (item == NULL || key == NULL) {
            failed = true;
        } else if (raw->type == SW_YAML_MAP) {
            sw_yaml_set_node(cc->pool, result, key, item);
        } else {
            sw_yaml_add(cc->pool, result, item);
        }
    }
    return failed ? NULL : result;
}
