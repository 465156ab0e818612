#include "subst_expand.h"

#include <string.h>
#include <time.h>

/* What may stand in a format that is not quoted, besides letters and digits. */
#define PLAIN "%:+-_./,@="

enum { FORMAT_MAX = 200, PIECE_MAX = 128 };

static bool take_text(struct sw_str *in, const char *text)
{
    if (!sw_str_starts(*in, text)) {
        return false;
    }
    sw_subst_take(in, strlen(text));
    return true;
}

static bool take_blanks(struct sw_str *in)
{
    const size_t before = in->len;
    while (sw_subst_at(*in, ' ') || sw_subst_at(*in, '\t')) {
        sw_subst_take(in, 1);
    }
    return in->len < before;
}

/* Whether the format is one that a shell would hand to date as it stands. */
static bool is_literal(struct sw_str format, bool quoted)
{
    for (size_t i = 0; i < format.len; i++) {
        const char c = format.ptr[i];
        const bool fine = quoted ? c >= ' ' && c <= '~' && !strchr("$`\\\"'", c)
                                 : sw_is_alnum(c) || (c != '\0' && strchr(PLAIN, c));
        if (!fine) {
            return false;
        }
    }
    return format.len <= FORMAT_MAX;
}

/* +FORMAT, +"FORMAT" or "+FORMAT", with either quote: all that is left of *in. */
static bool take_format(struct sw_str *in, struct sw_str *ret)
{
    const bool unquoted_plus = take_text(in, "+");
    const char quote = sw_subst_at(*in, '"') || sw_subst_at(*in, '\'') ? in->ptr[0] : '\0';
    if (quote) {
        sw_subst_take(in, 1);
        if (in->len == 0 || in->ptr[in->len - 1] != quote) {
            return false;
        }
        in->len--;
    }
    if (!unquoted_plus && !take_text(in, "+")) {
        return false;
    }
    *ret = sw_subst_take(in, in->len);
    return is_literal(*ret, quote != '\0');
}

struct date {
    bool utc;
    struct sw_str format;
};

static bool read_command(struct sw_str in, struct date *ret)
{
    *ret = (struct date){ .format = SW_STR("%a %b %e %H:%M:%S %Z %Y") };
    in = sw_str_from(in, in.ptr[0] == '$' ? 2 : 1);
    in.len--;
    in = sw_str_trim(in);
    if (!take_text(&in, "date")) {
        return false;
    }
    while (take_blanks(&in) && in.len > 0) {
        if (take_text(&in, "--utc") || take_text(&in, "-u")) {
            ret->utc = true;
            continue;
        }
        return take_format(&in, &ret->format);
    }
    return in.len == 0;
}

/* One conversion; false for those that are not the same everywhere. */
static bool add_conversion(char conversion, int64_t seconds, const struct tm *tm, bool utc,
                           struct sw_buf *out)
{
    const char format[] = { '%', conversion, '\0' };
    char piece[PIECE_MAX];
    if (conversion == '\0' || !strchr("aAbBCdDeFgGhHIjmMnprRsStTuUVwWyYzZ%", conversion)) {
        return false;
    }
    if (conversion == 's') {
        sw_buf_addf(out, "%lld", (long long)seconds);
    } else if (conversion == 'Z' && utc) {
        sw_buf_add_cstr(out, "UTC"); /* strftime says GMT */
    } else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)strftime(piece, sizeof(piece), format, tm); /* one of those above */
#pragma GCC diagnostic pop
        sw_buf_add_cstr(out, piece);
    }
    return true;
}

bool sw_subst_date(const struct sw_env *env, struct sw_str command, struct sw_buf *out)
{
    struct date date;
    struct tm tm;
    const int64_t seconds = sw_env_wall_ms(env) / 1000;
    const time_t time = (time_t)seconds;
    if (command.len == 0 || !read_command(command, &date) ||
        !(date.utc ? gmtime_r(&time, &tm) : localtime_r(&time, &tm))) {
        return false;
    }
    for (size_t i = 0; i < date.format.len; i++) {
        const char c = date.format.ptr[i];
        const char next = i + 1 < date.format.len ? date.format.ptr[i + 1] : '\0';
        if (c != '%') {
            sw_buf_add_char(out, c);
        } else if (add_conversion(next, seconds, &tm, date.utc, out)) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}
