#include "subst_pattern.h"

#include <slipway/alloc.h>

/* Stray bytes get code points that no UTF-8 text has. */
#define STRAY_BASE 0x110000U

enum token_kind { TOKEN_CHAR, TOKEN_ANY, TOKEN_STAR, TOKEN_SET };

struct token {
    enum token_kind kind;
    uint32_t code;     /* TOKEN_CHAR */
    struct sw_str set; /* TOKEN_SET: what stands between the brackets, without "!" */
    bool negated;
};

struct pattern {
    struct token *tokens;
    size_t count;
};

/* A text as characters: code[i] starts at byte at[i]; at[count] is its length. */
struct chars {
    uint32_t *code;
    size_t *at;
    size_t count;
    struct sw_str text;
};

/* Matching state: which pattern positions are alive, now and after the next character. */
struct matcher {
    const struct pattern *pattern;
    bool backwards; /* from the last token and towards the start of the text */
    bool *now;
    bool *next;
    size_t steps;
    size_t budget; /* steps before the pattern is given up */
};

/* Length of a UTF-8 sequence by its first byte; 0 when it cannot start one. */
static size_t sequence_len(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* Reads the character at `pos`; returns its length in bytes. */
static size_t next_char(struct sw_str s, size_t pos, uint32_t *ret_code)
{
    unsigned char lead = (unsigned char)s.ptr[pos];
    size_t len = sequence_len(lead);
    if (len == 1) {
        *ret_code = lead;
        return 1;
    }
    if (len == 0 || len > s.len - pos || !sw_str_is_utf8(sw_str_n(s.ptr + pos, len))) {
        *ret_code = STRAY_BASE + lead;
        return 1;
    }
    uint32_t code = lead & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        code = (code << 6) | ((unsigned char)s.ptr[pos + i] & 0x3FU);
    }
    *ret_code = code;
    return len;
}

struct sw_str sw_utf8_slice(struct sw_str s, size_t start, size_t count)
{
    size_t pos = 0;
    uint32_t code = 0;
    for (; pos < s.len && start > 0; start--) {
        pos += next_char(s, pos, &code);
    }
    size_t begin = pos;
    for (; pos < s.len && count > 0; count--) {
        pos += next_char(s, pos, &code);
    }
    return sw_str_first(sw_str_from(s, begin), pos - begin);
}

static void chars_init(struct chars *chars, struct sw_str text)
{
    chars->text = text;
    chars->count = 0;
    chars->code = sw_xcalloc(text.len + 1, sizeof(*chars->code));
    chars->at = sw_xcalloc(text.len + 1, sizeof(*chars->at));
    for (size_t pos = 0; pos < text.len;) {
        chars->at[chars->count] = pos;
        pos += next_char(text, pos, &chars->code[chars->count]);
        chars->count++;
    }
    chars->at[chars->count] = text.len;
}

static void chars_release(struct chars *chars)
{
    free(chars->code);
    free(chars->at);
}

/* Where the bracket expression that starts at `pos` ('[') ends; 0 when it is not closed. */
static size_t bracket_end(struct sw_str p, size_t pos)
{
    size_t i = pos + 1;
    if (i < p.len && (p.ptr[i] == '!' || p.ptr[i] == '^')) {
        i++;
    }
    for (size_t first = i; i < p.len; i++) {
        if (p.ptr[i] == ']' && i > first) {
            return i;
        }
        if (p.ptr[i] == '\\') {
            i++;
        } else if (p.ptr[i] == '[' && i + 1 < p.len && p.ptr[i + 1] == ':') {
            ptrdiff_t close = sw_str_find_str(sw_str_from(p, i), SW_STR(":]"));
            i += close > 0 ? (size_t)close + 1 : 0;
        }
    }
    return 0;
}

static void add_token(struct pattern *pattern, size_t *capacity, struct token token)
{
    /* Stars in a row mean one. */
    if (token.kind == TOKEN_STAR && pattern->count > 0 &&
        pattern->tokens[pattern->count - 1].kind == TOKEN_STAR) {
        return;
    }
    pattern->tokens = sw_grow(pattern->tokens, pattern->count, capacity, sizeof(token));
    pattern->tokens[pattern->count++] = token;
}

/* Reads one token at `pos`; returns the position behind it. */
static size_t read_token(struct sw_str p, size_t pos, struct token *ret)
{
    size_t close = p.ptr[pos] == '[' ? bracket_end(p, pos) : 0;
    *ret = (struct token){ .kind = TOKEN_CHAR };
    if (close > 0) {
        size_t start = pos + 1;
        ret->kind = TOKEN_SET;
        ret->negated = p.ptr[start] == '!' || p.ptr[start] == '^';
        start += ret->negated ? 1 : 0;
        ret->set = sw_str_n(p.ptr + start, close - start);
        return close + 1;
    }
    if (p.ptr[pos] == '*' || p.ptr[pos] == '?') {
        ret->kind = p.ptr[pos] == '*' ? TOKEN_STAR : TOKEN_ANY;
        return pos + 1;
    }
    if (p.ptr[pos] == '\\' && pos + 1 < p.len) {
        pos++;
    }
    return pos + next_char(p, pos, &ret->code);
}

static enum sw_status compile(struct sw_str text, struct pattern *ret, struct sw_err *err)
{
    size_t capacity = 0;
    for (size_t pos = 0; pos < text.len;) {
        struct token token;
        pos = read_token(text, pos, &token);
        add_token(ret, &capacity, token);
        if (ret->count > SW_PATTERN_MAX) {
            return sw_fail(err, SW_E_TOO_LARGE, "a pattern is longer than %d characters",
                           SW_PATTERN_MAX);
        }
    }
    return SW_OK;
}

static bool in_class(struct sw_str name, uint32_t code)
{
    static const struct {
        const char *name;
        const char *members; /* ranges as pairs */
    } classes[] = {
        { "alpha", "azAZ" },
        { "digit", "09" },
        { "alnum", "azAZ09" },
        { "upper", "AZ" },
        { "lower", "az" },
        { "space", "\t\r  " },
        { "blank", "\t\t  " },
        { "punct", "!/:@[`{~" },
        { "print", " ~" },
        { "graph", "!~" },
        { "cntrl", "\001\037\177\177" },
        { "xdigit", "09afAF" },
        { "word", "azAZ09__" },
    };
    for (size_t i = 0; i < SW_COUNT(classes); i++) {
        if (!sw_str_is(name, classes[i].name)) {
            continue;
        }
        for (const char *range = classes[i].members; *range != '\0'; range += 2) {
            if (code >= (uint32_t)range[0] && code <= (uint32_t)range[1]) {
                return true;
            }
        }
    }
    return false;
}

/* Reads a member of a set, which a backslash may quote. */
static size_t set_char(struct sw_str set, size_t pos, uint32_t *ret_code)
{
    size_t skip = set.ptr[pos] == '\\' && pos + 1 < set.len ? 1 : 0;
    return skip + next_char(set, pos + skip, ret_code);
}

static bool in_set(struct sw_str set, uint32_t code)
{
    for (size_t pos = 0; pos < set.len;) {
        if (set.ptr[pos] == '[' && pos + 1 < set.len && set.ptr[pos + 1] == ':') {
            ptrdiff_t close = sw_str_find_str(sw_str_from(set, pos), SW_STR(":]"));
            if (close > 1) {
                if (in_class(sw_str_n(set.ptr + pos + 2, (size_t)close - 2), code)) {
                    return true;
                }
                pos += (size_t)close + 2;
                continue;
            }
        }
        uint32_t low = 0;
        pos += set_char(set, pos, &low);
        uint32_t high = low;
        if (pos + 1 < set.len && set.ptr[pos] == '-') {
            pos += 1 + set_char(set, pos + 1, &high);
        }
        if (code >= low && code <= high) {
            return true;
        }
    }
    return false;
}

static bool token_accepts(const struct token *token, uint32_t code)
{
    switch (token->kind) {
    case TOKEN_CHAR:
        return token->code == code;
    case TOKEN_SET:
        return in_set(token->set, code) != token->negated;
    case TOKEN_ANY:
    case TOKEN_STAR:
        break;
    }
    return true;
}

/* The i-th token in the direction of the walk. */
static const struct token *token_at(const struct matcher *m, size_t i)
{
    return &m->pattern->tokens[m->backwards ? m->pattern->count - 1 - i : i];
}

/* A star may match nothing: what is alive before it is alive behind it. */
static void skip_stars(const struct matcher *m, bool *alive)
{
    for (size_t i = 0; i < m->pattern->count; i++) {
        if (alive[i] && token_at(m, i)->kind == TOKEN_STAR) {
            alive[i + 1] = true;
        }
    }
}

/* Feeds one character; returns whether anything is still alive. */
static bool advance(struct matcher *m, uint32_t code)
{
    size_t count = m->pattern->count;
    bool any = false;
    memset(m->next, 0, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct token *token = token_at(m, i);
        if (!m->now[i]) {
            continue;
        }
        m->steps += token->set.len;
        if (!token_accepts(token, code)) {
            continue;
        }
        m->next[token->kind == TOKEN_STAR ? i : i + 1] = true;
        any = true;
    }
    m->steps += count + 1;
    skip_stars(m, m->next);
    bool *swap = m->now;
    m->now = m->next;
    m->next = swap;
    return any;
}

/*
 * How many characters the pattern matches from `from` on (towards the start when walking
 * backwards): the most, or with `shortest` the fewest; -1 when it does not match.
 */
static ptrdiff_t match(struct matcher *m, const struct chars *chars, size_t from, bool shortest)
{
    size_t available = m->backwards ? from : chars->count - from;
    size_t end = m->pattern->count;
    ptrdiff_t found = -1;
    m->steps += end + 1;
    memset(m->now, 0, end + 1);
    m->now[0] = true;
    skip_stars(m, m->now);
    for (size_t used = 0;; used++) {
        if (m->now[end]) {
            found = (ptrdiff_t)used;
        }
        if ((shortest && found >= 0) || used == available || m->steps > m->budget) {
            return found;
        }
        uint32_t code = chars->code[m->backwards ? from - 1 - used : from + used];
        if (!advance(m, code)) {
            return found;
        }
    }
}

static void add_chars(struct sw_buf *out, const struct chars *chars, size_t from, size_t to)
{
    sw_buf_add_str(out, sw_str_first(sw_str_from(chars->text, chars->at[from]),
                                     chars->at[to] - chars->at[from]));
}

static void cut_or_replace_at_edge(struct matcher *m, const struct chars *chars, bool shortest,
                                   struct sw_str replacement, struct sw_buf *out)
{
    size_t edge = m->backwards ? chars->count : 0;
    ptrdiff_t found = match(m, chars, edge, shortest);
    size_t length = found < 0 ? 0 : (size_t)found;
    if (found >= 0 && !m->backwards) {
        sw_buf_add_str(out, replacement);
    }
    if (m->backwards) {
        add_chars(out, chars, 0, chars->count - length);
    } else {
        add_chars(out, chars, length, chars->count);
    }
    if (found >= 0 && m->backwards) {
        sw_buf_add_str(out, replacement);
    }
}

static void replace(struct matcher *m, const struct chars *chars, bool all,
                    struct sw_str replacement, struct sw_buf *out)
{
    size_t pos = 0;
    if (m->pattern->count == 0) {
        sw_buf_add_str(out, chars->text);
        return;
    }
    for (bool first = true; pos < chars->count || first; first = false) {
        ptrdiff_t found = match(m, chars, pos, false);
        if (found >= 0) {
            sw_buf_add_str(out, replacement);
        }
        if (found > 0) {
            pos += (size_t)found;
        } else if (pos < chars->count) {
            add_chars(out, chars, pos, pos + 1);
            pos++;
        }
        if ((found >= 0 && !all) || m->steps > m->budget || out->overflowed) {
            break;
        }
    }
    add_chars(out, chars, pos, chars->count);
}

static void change_case(struct matcher *m, const struct chars *chars, bool all, bool upper,
                        struct sw_buf *out)
{
    size_t end = m->pattern->count;
    for (size_t i = 0; i < chars->count; i++) {
        bool wanted = (i == 0 || all) && chars->code[i] < 0x80;
        if (wanted && end > 0) {
            memset(m->now, 0, end + 1);
            m->now[0] = true;
            skip_stars(m, m->now);
            wanted = advance(m, chars->code[i]) && m->now[end];
        }
        if (wanted) {
            char (*change)(char c) = upper ? sw_upper : sw_lower;
            sw_buf_add_char(out, change((char)chars->code[i]));
        } else {
            add_chars(out, chars, i, i + 1);
        }
    }
}

static void apply(struct matcher *m, enum sw_pattern_op op, const struct chars *chars,
                  struct sw_str replacement, struct sw_buf *out)
{
    switch (op) {
    case SW_PATTERN_CUT_START:
    case SW_PATTERN_CUT_END:
        cut_or_replace_at_edge(m, chars, true, (struct sw_str){ NULL, 0 }, out);
        break;
    case SW_PATTERN_CUT_START_LONG:
    case SW_PATTERN_CUT_END_LONG:
        cut_or_replace_at_edge(m, chars, false, (struct sw_str){ NULL, 0 }, out);
        break;
    case SW_PATTERN_REPLACE_START:
    case SW_PATTERN_REPLACE_END:
        cut_or_replace_at_edge(m, chars, false, replacement, out);
        break;
    case SW_PATTERN_REPLACE_FIRST:
    case SW_PATTERN_REPLACE_ALL:
        replace(m, chars, op == SW_PATTERN_REPLACE_ALL, replacement, out);
        break;
    case SW_PATTERN_UPPER_FIRST:
    case SW_PATTERN_UPPER_ALL:
        change_case(m, chars, op == SW_PATTERN_UPPER_ALL, true, out);
        break;
    case SW_PATTERN_LOWER_FIRST:
    case SW_PATTERN_LOWER_ALL:
        change_case(m, chars, op == SW_PATTERN_LOWER_ALL, false, out);
        break;
    }
}

enum sw_status sw_pattern_apply(enum sw_pattern_op op, struct sw_str value, struct sw_str pattern,
                                struct sw_str replacement, size_t *budget, struct sw_buf *out,
                                struct sw_err *err)
{
    struct pattern compiled = { NULL, 0 };
    enum sw_status status = compile(pattern, &compiled, err);
    if (status == SW_OK) {
        struct chars chars;
        chars_init(&chars, value);
        struct matcher matcher = {
            .pattern = &compiled,
            .steps = value.len,
            .budget = *budget,
            .backwards = op == SW_PATTERN_CUT_END || op == SW_PATTERN_CUT_END_LONG ||
                         op == SW_PATTERN_REPLACE_END,
            .now = sw_xcalloc(compiled.count + 1, sizeof(bool)),
            .next = sw_xcalloc(compiled.count + 1, sizeof(bool)),
        };
        apply(&matcher, op, &chars, replacement, out);
        if (matcher.steps > matcher.budget) {
            status = sw_fail(err, SW_E_TOO_LARGE,
                             "a pattern takes too long on a value of %zu characters", chars.count);
        }
        *budget -= matcher.steps < *budget ? matcher.steps : *budget;
        free(matcher.now);
        free(matcher.next);
        chars_release(&chars);
    }
    free(compiled.tokens);
    return status;
}
