#include "yaml_scalar.h"

#include <math.h>

/*
 * Implicit types of YAML 1.1 (https://yaml.org/type/) in the dialect of SnakeYAML, which reads
 * CircleCI's configurations: y and n alone are strings, a timestamp is one too (for us).
 */

static bool is_one_of(struct sw_str s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (sw_str_is(s, *words)) {
            return true;
        }
    }
    return false;
}

static bool is_null(struct sw_str s)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };
    return is_one_of(s, words);
}

static bool is_bool(struct sw_str s, bool *ret)
{
    static const char *const yes[] = { "yes",  "Yes", "YES", "true", "True",
                                       "TRUE", "on",  "On",  "ON",   NULL };
    static const char *const no[] = { "no",    "No",  "NO",  "false", "False",
                                      "FALSE", "off", "Off", "OFF",   NULL };
    *ret = is_one_of(s, yes);
    return *ret || is_one_of(s, no);
}

/* A growing magnitude that notices when it leaves 64 bits. */
struct magnitude {
    uint64_t value;
    bool overflow;
};

static void push_digit(struct magnitude *m, unsigned base, unsigned digit)
{
    if (__builtin_mul_overflow(m->value, (uint64_t)base, &m->value) ||
        __builtin_add_overflow(m->value, (uint64_t)digit, &m->value)) {
        m->overflow = true;
    }
}

static int digit_value(char c)
{
    if (sw_is_digit(c)) {
        return c - '0';
    }
    return sw_is_hex(c) ? sw_lower(c) - 'a' + 10 : 99;
}

/* Digits of `base` with underscores between; at least one digit. */
static bool scan_digits(struct sw_str s, unsigned base, struct magnitude *m)
{
    bool any = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '_') {
            continue;
        }
        int digit = digit_value(s.ptr[i]);
        if ((unsigned)digit >= base) {
            return false;
        }
        push_digit(m, base, (unsigned)digit);
        any = true;
    }
    return any;
}

/* "190:20:30": base 60, every part after the first below 60. */
static bool scan_sexagesimal(struct sw_str s, struct magnitude *m)
{
    struct sw_str first = sw_str_cut(&s, ':');
    if (first.len == 0 || first.ptr[0] == '0' || first.ptr[0] == '_' || s.ptr == NULL ||
        !scan_digits(first, 10, m)) {
        return false;
    }
    while (s.ptr != NULL) {
        struct sw_str part = sw_str_cut(&s, ':');
        int64_t value = 0;
        if (part.len > 2 || !sw_parse_int(part, 0, 59, &value)) {
            return false;
        }
        push_digit(m, 60, (unsigned)value);
    }
    return true;
}

static bool scan_int(struct sw_str s, struct magnitude *m)
{
    if (s.len == 0 || !sw_is_digit(s.ptr[0])) {
        return false;
    }
    if (s.ptr[0] == '0' && s.len > 1) {
        if (s.ptr[1] == 'x') {
            return scan_digits(sw_str_from(s, 2), 16, m);
        }
        if (s.ptr[1] == 'b') {
            return scan_digits(sw_str_from(s, 2), 2, m);
        }
        return scan_digits(s, 8, m);
    }
    return scan_digits(s, 10, m) || ((*m = (struct magnitude){ 0 }, scan_sexagesimal(s, m)));
}

/* 1 a number that fits, -1 one that does not, 0 none. */
static int is_int(struct sw_str s, int64_t *ret)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        s = sw_str_from(s, 1);
    }
    struct magnitude m = { 0 };
    if (!scan_int(s, &m)) {
        return 0;
    }
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (m.overflow || m.value > limit) {
        return -1;
    }
    *ret = (int64_t)(negative ? 0 - m.value : m.value);
    return 1;
}

static size_t skip_digits(struct sw_str s, size_t at)
{
    while (at < s.len && (sw_is_digit(s.ptr[at]) || s.ptr[at] == '_')) {
        at++;
    }
    return at;
}

/* "1.5", ".5", "1.", "1e3", "1.5e-3" after the sign. */
static bool is_decimal(struct sw_str s)
{
    size_t at = skip_digits(s, 0);
    bool whole = at > 0 && sw_is_digit(s.ptr[0]);
    bool point = at < s.len && s.ptr[at] == '.';
    if (at > 0 && !whole) {
        return false;
    }
    if (point) {
        size_t end = skip_digits(s, at + 1);
        if (!whole && (end == at + 1 || !sw_is_digit(s.ptr[at + 1]))) {
            return false;
        }
        at = end;
    }
    if (!whole && !point) {
        return false;
    }
    if (at < s.len && (s.ptr[at] == 'e' || s.ptr[at] == 'E')) {
        at++;
        if (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+')) {
            at++;
        }
        size_t end = at;
        while (end < s.len && sw_is_digit(s.ptr[end])) {
            end++;
        }
        return end > at && end == s.len;
    }
    return point && at == s.len;
}

/*
 * The value of a decimal number; jansson reads numbers without regard to the locale, once ours are
 * spelled as JSON wants them: no underscores, no plus, no leading zeros, digits around the point.
 */
static double to_double(struct sw_str s)
{
    char text[512] = "[";
    size_t len = 1;
    bool started = false;
    for (size_t i = 0; i < s.len && len < sizeof(text) - 8; i++) {
        char c = s.ptr[i];
        bool digit_next = i + 1 < s.len && sw_is_digit(s.ptr[i + 1]);
        if (c == '_' || (c == '+' && !started) || (c == '0' && !started && digit_next)) {
            continue;
        }
        if (c == '.' && !started) {
            text[len++] = '0';
        }
        text[len++] = c;
        if (c == '.' && !digit_next) {
            text[len++] = '0';
        }
        started = started || c != '-';
    }
    memcpy(text + len, "]", 2);
    json_auto_t *json = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
    return json == NULL ? HUGE_VAL : json_real_value(json_array_get(json, 0));
}

static bool is_float(struct sw_str s, double *ret)
{
    static const char *const inf[] = { ".inf", ".Inf", ".INF", NULL };
    static const char *const nan_words[] = { ".nan", ".NaN", ".NAN", NULL };
    if (is_one_of(s, nan_words)) {
        *ret = (double)NAN;
        return true;
    }
    bool sign = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
    struct sw_str rest = sw_str_from(s, sign ? 1 : 0);
    if (is_one_of(rest, inf)) {
        *ret = sign && s.ptr[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (!is_decimal(rest)) {
        return false;
    }
    *ret = to_double(s);
    return true;
}

/* Anything that starts like 2001-12-14: other readers make a date of it. */
static bool looks_like_timestamp(struct sw_str s)
{
    if (s.len < 8 || s.ptr[4] != '-') {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        if (!sw_is_digit(s.ptr[i])) {
            return false;
        }
    }
    return sw_is_digit(s.ptr[5]) && sw_str_find(sw_str_from(s, 5), '-') >= 1;
}

/* Numbers only to other readers: "1:30.5" is sexagesimal, "0o17" is YAML 1.2's octal. */
static bool looks_like_number(struct sw_str s)
{
    if (sw_str_starts(s, "0o") || sw_str_starts(s, "+0o") || sw_str_starts(s, "-0o")) {
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!sw_is_digit(s.ptr[i]) && strchr("+-_:.", s.ptr[i]) == NULL) {
            return false;
        }
    }
    return sw_str_find(s, ':') >= 0;
}

void sw_yaml_scalar_resolve(struct sw_yaml *scalar)
{
    struct sw_str s = sw_str_n(scalar->text, scalar->len);
    int fits = 0;
    if (is_null(s)) {
        scalar->type = SW_YAML_NULL;
    } else if (is_bool(s, &scalar->boolean)) {
        scalar->type = SW_YAML_BOOL;
    } else if ((fits = is_int(s, &scalar->integer)) != 0) {
        scalar->type = fits > 0 ? SW_YAML_INT : SW_YAML_FLOAT;
        scalar->number = fits > 0 ? 0.0 : to_double(s);
    } else if (is_float(s, &scalar->number)) {
        scalar->type = SW_YAML_FLOAT;
    } else {
        scalar->type = SW_YAML_STR;
    }
}

bool sw_yaml_scalar_is_plain_str(struct sw_str text)
{
    static const char *const others[] = { "y", "Y", "n", "N", "<<", "=", NULL };
    struct sw_yaml probe = { .text = text.ptr, .len = text.len };
    sw_yaml_scalar_resolve(&probe);
    return probe.type == SW_YAML_STR && !is_one_of(text, others) && !looks_like_timestamp(text) &&
           !looks_like_number(text);
}

static void add_float(double value, struct sw_buf *out)
{
    if (isnan(value)) {
        sw_buf_add_cstr(out, ".nan");
        return;
    }
    if (isinf(value)) {
        sw_buf_add_cstr(out, value < 0 ? "-.inf" : ".inf");
        return;
    }
    /* The shortest of up to 17 digits that reads back as the same number. */
    for (int precision = 1; precision <= 17; precision++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "%.*g", precision, value);
        double back = to_double(sw_str(text));
        if (back < value || back > value) {
            continue;
        }
        sw_buf_add_cstr(out, text);
        if (strpbrk(text, ".e") == NULL) {
            sw_buf_add_cstr(out, ".0");
        }
        return;
    }
}

void sw_yaml_scalar_text(const struct sw_yaml *scalar, struct sw_buf *out)
{
    switch (scalar->type) {
    case SW_YAML_BOOL:
        sw_buf_add_cstr(out, scalar->boolean ? "true" : "false");
        break;
    case SW_YAML_INT:
        sw_buf_addf(out, "%lld", (long long)scalar->integer);
        break;
    case SW_YAML_FLOAT:
        add_float(scalar->number, out);
        break;
    case SW_YAML_STR:
        sw_buf_add(out, scalar->text, scalar->len);
        break;
    case SW_YAML_NULL:
    case SW_YAML_SEQ:
    case SW_YAML_MAP:
        break;
    }
}
