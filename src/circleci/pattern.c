#include "pattern.h"

#include <slipway/buf.h>

#include <regex.h>

/* Rewrites a pattern as a POSIX extended regular expression, which glibc matches in linear time. */
struct rewriter {
    struct sw_str in;
    size_t at;
    struct sw_buf out;
    /* glibc writes repeated parts out: how large each open group has become, and the last atom, 0
     * where there is nothing to repeat. */
    int64_t sizes[SW_PATTERN_DEPTH_MAX + 1];
    size_t depth;
    int64_t last;
    bool ignore_case;
    const char *reason;
};

static bool refuse(struct rewriter *rewriter, const char *reason)
{
    rewriter->reason = reason;
    return false;
}

/* One more thing that a count may follow. */
static void add_atom(struct rewriter *rewriter, int64_t size)
{
    rewriter->sizes[rewriter->depth] += size;
    rewriter->last = size;
}

/* The last atom stands `times` times. Counts on counts are refused, as RE2 does. */
static bool repeat_atom(struct rewriter *rewriter, int64_t times)
{
    if (rewriter->last == 0) {
        return refuse(rewriter, "nothing to repeat, or repeated twice");
    }
    rewriter->sizes[rewriter->depth] += rewriter->last * (times > 1 ? times - 1 : 0);
    rewriter->last = 0;
    return rewriter->sizes[rewriter->depth] <= SW_PATTERN_SIZE_MAX ||
           refuse(rewriter, "repetition counts are too large");
}

static bool looking_at(const struct rewriter *rewriter, const char *text)
{
    return sw_str_starts(sw_str_from(rewriter->in, rewriter->at), text);
}

/* \d, \w, \s as the inside of a bracket expression; NULL for other letters. */
static const char *class_body(char c)
{
    switch (c) {
    case 'd':
    case 'D':
        return "0-9";
    case 'w':
    case 'W':
        return "[:alnum:]_";
    case 's':
    case 'S':
        return "[:space:]";
    default:
        return NULL;
    }
}

static char control_character(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'v':
        return '\v';
    default:
        return '\0';
    }
}

static bool rewrite_escape(struct rewriter *rewriter)
{
    if (rewriter->at + 1 >= rewriter->in.len) {
        return refuse(rewriter, "trailing backslash");
    }
    char c = rewriter->in.ptr[rewriter->at + 1];
    rewriter->at += 2;
    if (class_body(c) != NULL) {
        sw_buf_addf(&rewriter->out, "[%s%s]", c >= 'a' ? "" : "^", class_body(c));
    } else if (control_character(c) != '\0') {
        sw_buf_add_char(&rewriter->out, control_character(c));
    } else if (c == 'b' || c == 'B') {
        sw_buf_addf(&rewriter->out, "\\%c", c);
    } else if (c == 'A' || c == 'z') {
        sw_buf_add_char(&rewriter->out, c == 'A' ? '^' : '$');
    } else if (sw_is_alnum(c)) {
        return refuse(rewriter,
                      sw_is_digit(c) ? "back-references are not supported" : "unknown escape");
    } else {
        sw_buf_addf(&rewriter->out, strchr("^.[$()|*+?{\\", c) != NULL ? "\\%c" : "%c", c);
    }
    return true;
}

/* One member of a bracket expression; a backslash is an escape in it, unlike in POSIX. */
static bool rewrite_member(struct rewriter *rewriter, struct sw_buf *literals)
{
    char c = rewriter->in.ptr[rewriter->at];
    if (looking_at(rewriter, "[:")) {
        ptrdiff_t end = sw_str_find_str(sw_str_from(rewriter->in, rewriter->at), SW_STR(":]"));
        if (end < 0) {
            return refuse(rewriter, "missing ]");
        }
        sw_buf_add_str(&rewriter->out, sw_str_n(rewriter->in.ptr + rewriter->at, (size_t)end + 2));
        rewriter->at += (size_t)end + 2;
        return true;
    }
    rewriter->at++;
    if (c == '\\' && rewriter->at < rewriter->in.len) {
        c = rewriter->in.ptr[rewriter->at++];
        const char *body = class_body(c);
        if (body != NULL && c < 'a') {
            return refuse(rewriter, "negated class inside brackets is not supported");
        }
        if (body != NULL) {
            sw_buf_add_cstr(&rewriter->out, body);
            return true;
        }
        char control = control_character(c);
        if (control != '\0') {
            c = control;
        }
        /* An escaped character stands for itself; "-", "]" and "^" only do so at certain places. */
        sw_buf_add_char(strchr("-]^", c) != NULL ? literals : &rewriter->out, c);
        return true;
    }
    sw_buf_add_char(&rewriter->out, c);
    return true;
}

static bool rewrite_bracket(struct rewriter *rewriter)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf literals;
    sw_buf_init(&literals, SW_PATTERN_MAX);
    rewriter->at++;
    bool negated = looking_at(rewriter, "^");
    rewriter->at += negated ? 1 : 0;
    size_t body = rewriter->out.len;
    bool first = true;
    while (rewriter->at < rewriter->in.len && (first || rewriter->in.ptr[rewriter->at] != ']')) {
        if (!rewrite_member(rewriter, &literals)) {
            return false;
        }
        first = false;
    }
    if (rewriter->at >= rewriter->in.len) {
        return refuse(rewriter, "missing ]");
    }
    rewriter->at++;
    /* POSIX places: "]" first, "^" not first, "-" last. */
    SW_CLEANUP(sw_buf_release) struct sw_buf members;
    sw_buf_init(&members, SW_BUF_TEXT_MAX);
    sw_buf_add_str(&members, sw_str_from(sw_buf_str(&rewriter->out), body));
    sw_buf_truncate(&rewriter->out, body);
    bool caret = strchr(literals.ptr, '^') != NULL;
    bool dash = strchr(literals.ptr, '-') != NULL;
    bool close = strchr(literals.ptr, ']') != NULL;
    if (caret && !negated && !close && members.len == 0) {
        sw_buf_add_cstr(&rewriter->out, dash ? "[-^]" : "\\^");
        return true;
    }
    sw_buf_addf(&rewriter->out, "[%s%s%s%s%s]", negated ? "^" : "", close ? "]" : "", members.ptr,
                caret ? "^" : "", dash ? "-" : "");
    return true;
}

static bool open_group(struct rewriter *rewriter)
{
    rewriter->at++;
    sw_buf_add_char(&rewriter->out, '(');
    if (looking_at(rewriter, "?:")) {
        rewriter->at += 2;
    } else if (looking_at(rewriter, "?")) {
        return refuse(rewriter, "look-around and inline flags are not supported");
    }
    if (rewriter->depth == SW_PATTERN_DEPTH_MAX) {
        return refuse(rewriter, "groups nest too deep");
    }
    rewriter->sizes[++rewriter->depth] = 1;
    rewriter->last = 0;
    return true;
}

static bool close_group(struct rewriter *rewriter)
{
    if (rewriter->depth == 0) {
        return refuse(rewriter, "unexpected )");
    }
    rewriter->at++;
    sw_buf_add_char(&rewriter->out, ')');
    int64_t size = rewriter->sizes[rewriter->depth--];
    add_atom(rewriter, size);
    return true;
}

/* {n}, {n,}, {n,m} */
static bool rewrite_count(struct rewriter *rewriter)
{
    struct sw_str rest = sw_str_from(rewriter->in, rewriter->at + 1);
    ptrdiff_t end = sw_str_find(rest, '}');
    struct sw_str body = end < 0 ? sw_str_n(rest.ptr, 0) : sw_str_first(rest, (size_t)end);
    struct sw_str high = body;
    struct sw_str low = sw_str_cut(&high, ',');
    int64_t least = 0;
    if (end < 0 || !sw_parse_int(low, 0, SW_PATTERN_REPEAT_MAX, &least)) {
        return refuse(rewriter, "invalid repetition count");
    }
    int64_t most = least;
    if (high.len > 0 && !sw_parse_int(high, least, SW_PATTERN_REPEAT_MAX, &most)) {
        return refuse(rewriter, "invalid repetition count");
    }
    sw_buf_addf(&rewriter->out, "{%.*s}", SW_STR_ARG(body));
    rewriter->at += (size_t)end + 2;
    return repeat_atom(rewriter, most + (high.ptr != NULL && high.len == 0 ? 1 : 0));
}

/* "*", "+", "?" or a count, and the "?" that makes it lazy: the whole text must match anyway. */
static bool rewrite_repetition(struct rewriter *rewriter)
{
    char c = rewriter->in.ptr[rewriter->at];
    bool ok = true;
    if (c == '{') {
        ok = rewrite_count(rewriter);
    } else {
        sw_buf_add_char(&rewriter->out, c);
        rewriter->at++;
        ok = repeat_atom(rewriter, c == '+' ? 2 : 1);
    }
    if (ok && looking_at(rewriter, "?")) {
        rewriter->at++;
    }
    return ok;
}

static bool rewrite_one(struct rewriter *rewriter)
{
    char c = rewriter->in.ptr[rewriter->at];
    switch (c) {
    case '(':
        return open_group(rewriter);
    case ')':
        return close_group(rewriter);
    case '*':
    case '+':
    case '?':
    case '{':
        return rewrite_repetition(rewriter);
    case '|':
        rewriter->last = 0;
        sw_buf_add_char(&rewriter->out, c);
        rewriter->at++;
        return true;
    default:
        break;
    }
    add_atom(rewriter, 1);
    if (c == '\\') {
        return rewrite_escape(rewriter);
    }
    if (c == '[') {
        return rewrite_bracket(rewriter);
    }
    sw_buf_add_cstr(&rewriter->out, c == '.' ? "[^\n]" : "");
    if (c != '.') {
        sw_buf_add_char(&rewriter->out, c);
    }
    rewriter->at++;
    return true;
}

static bool rewrite(struct rewriter *rewriter)
{
    if (rewriter->in.len > SW_PATTERN_MAX) {
        return refuse(rewriter, "pattern is longer than 255 characters");
    }
    if (looking_at(rewriter, "(?i)")) {
        rewriter->ignore_case = true;
        rewriter->at += strlen("(?i)");
    }
    sw_buf_add_cstr(&rewriter->out, "^(");
    while (rewriter->at < rewriter->in.len) {
        if (!rewrite_one(rewriter)) {
            return false;
        }
    }
    sw_buf_add_cstr(&rewriter->out, ")$");
    return rewriter->depth == 0 || refuse(rewriter, "missing )");
}

int sw_pattern_match(struct sw_str pattern, const char *text, const char **ret_reason)
{
    struct rewriter rewriter = { .in = pattern };
    sw_buf_init(&rewriter.out, SW_BUF_TEXT_MAX);
    int result = -1;
    if (rewrite(&rewriter)) {
        regex_t regex;
        int flags = REG_EXTENDED | REG_NOSUB | (rewriter.ignore_case ? REG_ICASE : 0);
        if (regcomp(&regex, rewriter.out.ptr, flags) == 0) {
            result = regexec(&regex, text, 0, NULL, 0) == 0 ? 1 : 0;
            regfree(&regex);
        } else {
            rewriter.reason = "not a valid regular expression";
        }
    }
    if (result < 0) {
        *ret_reason = rewriter.reason;
    }
    sw_buf_release(&rewriter.out);
    return result;
}
