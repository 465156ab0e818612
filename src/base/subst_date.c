#include "subst_expand.h"

#include <string.h>
#include <time.h>

/* What may stand in a format that is not quoted, besides letters and digits. */
#define PLAIN "%:+-_./,@="

/* What may follow % in a format: what is the same everywhere. */
#define CONVERSIONS "aAbBCdDeFgGhHIjmMnprRsStTuUVwWyYzZ%"

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
    char quote = '\0';
    if (sw_subst_at(*in, '"') || sw_subst_at(*in, '\'')) {
        quote = in->ptr[0];
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
    if (conversion == '\0' || !strchr(CONVERSIONS, conversion)) {
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

/* Names the conversion that `format` starts with. */
static enum sw_status unknown_conversion(struct sw_str command, struct sw_str format,
                                         struct sw_err *err)
{
    const struct sw_str name = sw_str_first(format, 2);
    return sw_fail(err, SW_E_INPUT,
                   "\"%.*s\" in \"%.*s\" is not known; these are: %% with one of %s",
                   SW_STR_ARG(name), SW_STR_ARG(command), CONVERSIONS);
}

enum sw_status sw_subst_date(const struct sw_env *env, struct sw_str command, bool *ret_known,
                             struct sw_buf *out, struct sw_err *err)
{
    struct date date;
    struct tm tm;
    *ret_known = command.len > 0 && read_command(command, &date);
    if (!*ret_known) {
        return SW_OK;
    }
    const int64_t seconds = sw_env_wall_ms(env) / 1000;
    const time_t time = (time_t)seconds;
    if (!(date.utc ? gmtime_r(&time, &tm) : localtime_r(&time, &tm))) {
        return sw_fail(err, SW_E_INPUT, "the clock has no date: it stands at %lld seconds",
                       (long long)seconds);
    }
    for (struct sw_str rest = date.format; rest.len > 0;) {
        if (rest.ptr[0] != '%') {
            sw_buf_add_str(out, sw_subst_take(&rest, 1));
        } else if (rest.len > 1 && add_conversion(rest.ptr[1], seconds, &tm, date.utc, out)) {
            sw_subst_take(&rest, 2);
        } else {
            return unknown_conversion(command, rest, err);
        }
    }
    return SW_OK;
}
