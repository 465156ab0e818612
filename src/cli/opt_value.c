#include "opt_value.h"

#include <stdio.h>

static enum sw_status bad_value(const struct sw_opt *opt, const char *text, const char *accepted,
                                struct sw_err *err)
{
    return sw_fail(err, SW_E_USAGE, "option \"--%s\" does not take \"%s\"; give %s", opt->name,
                   text, accepted);
}

static enum sw_status set_flag(const struct sw_opt *opt, bool *member, const char *text,
                               struct sw_err *err)
{
    struct sw_str s = sw_str(text);

    if (sw_str_is(s, "true") || sw_str_is(s, "1")) {
        *member = true;
    } else if (sw_str_is(s, "false") || sw_str_is(s, "0") || s.len == 0) {
        *member = false;
    } else {
        return bad_value(opt, text, "true, false, 1 or 0", err);
    }
    return SW_OK;
}

/* Nothing behind '=', as an unset parameter leaves it, is no wish at all. */
static enum sw_status set_switch(const struct sw_opt *opt, enum sw_switch *member, const char *text,
                                 struct sw_err *err)
{
    bool on = false;

    if (set_flag(opt, &on, text, err)) {
        return err->status;
    }
    if (*text) {
        *member = on ? SW_SWITCH_ON : SW_SWITCH_OFF;
    }
    return SW_OK;
}

static enum sw_status set_int(const struct sw_opt *opt, int64_t *member, const char *text,
                              struct sw_err *err)
{
    char range[96];

    if (sw_parse_int(sw_str(text), opt->min, opt->max, member)) {
        return SW_OK;
    }
    (void)snprintf(range, sizeof(range), "a whole number from %lld to %lld", (long long)opt->min,
                   (long long)opt->max);
    return bad_value(opt, text, range, err);
}

/* "12" or "1.5" as thousandths; up to nine digits before the point, three after. */
static bool parse_thousandths(struct sw_str s, int64_t *ret)
{
    struct sw_str whole = sw_str_cut(&s, '.');
    int64_t value;
    int64_t unit = 100;

    if (!sw_parse_int(whole, 0, 999999999, &value) || (s.ptr && (s.len == 0 || s.len > 3))) {
        return false;
    }
    value *= 1000;
    for (size_t i = 0; s.ptr && i < s.len; i++, unit /= 10) {
        if (!sw_is_digit(s.ptr[i])) {
            return false;
        }
        value += unit * (s.ptr[i] - '0');
    }
    *ret = value;
    return true;
}

/* A unit as users write it, and what one of it is worth. */
struct unit {
    const char *name;
    int64_t worth;
};

/* Splits off the unit; the number's thousandths times the unit's worth. */
static bool parse_with_unit(struct sw_str s, const struct unit *units, size_t count, int64_t *ret)
{
    size_t digits = 0;
    int64_t thousandths;

    while (digits < s.len && (sw_is_digit(s.ptr[digits]) || s.ptr[digits] == '.')) {
        digits++;
    }
    if (!parse_thousandths(sw_str_first(s, digits), &thousandths)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t total;

        if (sw_str_is(sw_str_from(s, digits), units[i].name) &&
            !__builtin_mul_overflow(thousandths, units[i].worth, &total)) {
            *ret = total / 1000;
            return true;
        }
    }
    return false;
}

static enum sw_status set_duration(const struct sw_opt *opt, int64_t *member, const char *text,
                                   struct sw_err *err)
{
    static const struct unit units[] = {
        { "", 1000 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "ms", 1 },
    };

    if (parse_with_unit(sw_str(text), units, SW_COUNT(units), member)) {
        return SW_OK;
    }
    return bad_value(opt, text, "a time such as 90, 90s, 10m or 1.5h", err);
}

static enum sw_status set_bytes(const struct sw_opt *opt, int64_t *member, const char *text,
                                struct sw_err *err)
{
    static const struct unit units[] = {
        { "", 1 },
        { "k", 1024 },
        { "K", 1024 },
        { "M", (int64_t)1024 * 1024 },
        { "G", (int64_t)1024 * 1024 * 1024 },
    };

    if (parse_with_unit(sw_str(text), units, SW_COUNT(units), member)) {
        return SW_OK;
    }
    return bad_value(opt, text, "a size such as 512, 64k, 10M or 1G", err);
}

static enum sw_status set_enum(const struct sw_opt *opt, const char **member, const char *text,
                               struct sw_err *err)
{
    struct sw_str choices = sw_str(opt->choices);
    char accepted[256];

    while (choices.ptr) {
        if (sw_str_is(sw_str_cut(&choices, '|'), text)) {
            *member = text;
            return SW_OK;
        }
    }
    (void)snprintf(accepted, sizeof(accepted), "one of %s", opt->choices);
    return bad_value(opt, text, accepted, err);
}

enum sw_status sw_opt_set_value(const struct sw_opt *opt, void *member, const char *text,
                                struct sw_err *err)
{
    switch (opt->kind) {
    case SW_OPT_STR:
        *(const char **)member = text;
        return SW_OK;
    case SW_OPT_FLAG:
        return set_flag(opt, member, text, err);
    case SW_OPT_SWITCH:
        return set_switch(opt, member, text, err);
    case SW_OPT_INT:
        return set_int(opt, member, text, err);
    case SW_OPT_DURATION:
        return set_duration(opt, member, text, err);
    case SW_OPT_BYTES:
        return set_bytes(opt, member, text, err);
    case SW_OPT_ENUM:
        return set_enum(opt, member, text, err);
    case SW_OPT_LIST:
        sw_strs_add(member, sw_str(text));
        return SW_OK;
    case SW_OPT_END:
    case SW_OPT_INCLUDE:
        break;
    }
    return sw_fail(err, SW_E_USAGE, "option \"--%s\" takes no value", opt->name);
}
