#include <slipway/env.h>

#include <slipway/str.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

void sw_time_format(int64_t wall_ms, enum sw_time_format format, char out[SW_TIME_TEXT_MAX])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm = { 0 };
    unsigned y, mo, d, h, mi, s;

    (void)gmtime_r(&seconds, &tm);
    y = (unsigned)tm.tm_year + 1900;
    mo = (unsigned)tm.tm_mon + 1;
    d = (unsigned)tm.tm_mday;
    h = (unsigned)tm.tm_hour;
    mi = (unsigned)tm.tm_min;
    s = (unsigned)tm.tm_sec;
    switch (format) {
    case SW_TIME_AMZ:
        (void)snprintf(out, SW_TIME_TEXT_MAX, "%04u%02u%02uT%02u%02u%02uZ", y, mo, d, h, mi, s);
        break;
    case SW_TIME_ISO:
        (void)snprintf(out, SW_TIME_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02uZ", y, mo, d, h, mi, s);
        break;
    case SW_TIME_CLOCK:
        (void)snprintf(out, SW_TIME_TEXT_MAX, "%02u:%02u:%02u", h, mi, s);
        break;
    }
}

/* A scanner over date text: each step consumes or marks the whole as no date. */
struct scan {
    struct sw_str left;
    bool bad;
};

static int scan_number(struct scan *scan, size_t digits, int min, int max)
{
    int64_t value = 0;

    if (scan->left.len < digits || !sw_is_digit(scan->left.ptr[0]) ||
        !sw_parse_int(sw_str_first(scan->left, digits), min, max, &value)) {
        scan->bad = true;
        return 0;
    }
    scan->left = sw_str_from(scan->left, digits);
    return (int)value;
}

static bool scan_char(struct scan *scan, char c)
{
    if (scan->left.len == 0 || scan->left.ptr[0] != c) {
        return false;
    }
    scan->left = sw_str_from(scan->left, 1);
    return true;
}

static void scan_expect(struct scan *scan, char c)
{
    if (!scan_char(scan, c)) {
        scan->bad = true;
    }
}

/* "+09:00", "-0530", "Z" or nothing, as milliseconds east of UTC. */
static int64_t scan_offset(struct scan *scan)
{
    int sign = 0;
    int hours;
    int minutes;

    if (scan->left.len == 0 || scan_char(scan, 'Z') || scan_char(scan, 'z')) {
        return 0;
    }
    if (scan_char(scan, '+')) {
        sign = 1;
    } else if (scan_char(scan, '-')) {
        sign = -1;
    } else {
        scan->bad = true;
        return 0;
    }
    hours = scan_number(scan, 2, 0, 23);
    (void)scan_char(scan, ':');
    minutes = scan_number(scan, 2, 0, 59);
    return sign * (int64_t)(hours * 60 + minutes) * 60000;
}

static int64_t scan_fraction(struct scan *scan)
{
    int64_t millis = 0;
    int64_t unit = 100;

    if (!scan_char(scan, '.') && !scan_char(scan, ',')) {
        return 0;
    }
    while (scan->left.len > 0 && sw_is_digit(scan->left.ptr[0])) {
        millis += unit * (scan->left.ptr[0] - '0');
        unit /= 10;
        scan->left = sw_str_from(scan->left, 1);
    }
    return millis;
}

/* Whether the month has that day; timegm() would silently make it another date. */
static bool day_exists(const struct tm *tm)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year = tm->tm_year + 1900;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return tm->tm_mday <= days[tm->tm_mon] + (tm->tm_mon == 1 && leap ? 1 : 0);
}

/* ISO 8601 extended or basic: 2015-08-30T12:36:00.5+02:00, 20150830T123600Z */
static bool parse_iso(struct sw_str text, int64_t *ret)
{
    struct scan scan = { .left = text };
    struct tm tm = { 0 };
    int64_t millis;

    tm.tm_year = scan_number(&scan, 4, 1970, 9999) - 1900;
    bool extended = scan_char(&scan, '-');
    tm.tm_mon = scan_number(&scan, 2, 1, 12) - 1;
    if (extended) {
        scan_expect(&scan, '-');
    }
    tm.tm_mday = scan_number(&scan, 2, 1, 31);
    if (!scan_char(&scan, 'T') && !scan_char(&scan, 't')) {
        scan_expect(&scan, ' ');
    }
    tm.tm_hour = scan_number(&scan, 2, 0, 23);
    (void)scan_char(&scan, ':');
    tm.tm_min = scan_number(&scan, 2, 0, 59);
    (void)scan_char(&scan, ':');
    tm.tm_sec = scan_number(&scan, 2, 0, 60);
    millis = scan_fraction(&scan);
    millis -= scan_offset(&scan);
    if (scan.bad || scan.left.len > 0 || !day_exists(&tm)) {
        return false;
    }
    *ret = (int64_t)timegm(&tm) * 1000 + millis;
    return true;
}

static int scan_month(struct scan *scan)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (scan->left.len >= 3 && memcmp(scan->left.ptr, names + (ptrdiff_t)i * 3, 3) == 0) {
            scan->left = sw_str_from(scan->left, 3);
            return i;
        }
    }
    scan->bad = true;
    return 0;
}

/* RFC 9110 5.6.7, the preferred form: Sun, 06 Nov 1994 08:49:37 GMT */
static bool parse_http(struct sw_str text, int64_t *ret)
{
    ptrdiff_t comma = sw_str_find(text, ',');
    struct scan scan = { .left = sw_str_from(text, (size_t)(comma + 1)) };
    struct tm tm = { 0 };

    if (comma < 0) {
        return false;
    }
    scan_expect(&scan, ' ');
    tm.tm_mday = scan_number(&scan, 2, 1, 31);
    scan_expect(&scan, ' ');
    tm.tm_mon = scan_month(&scan);
    scan_expect(&scan, ' ');
    tm.tm_year = scan_number(&scan, 4, 1970, 9999) - 1900;
    scan_expect(&scan, ' ');
    tm.tm_hour = scan_number(&scan, 2, 0, 23);
    scan_expect(&scan, ':');
    tm.tm_min = scan_number(&scan, 2, 0, 59);
    scan_expect(&scan, ':');
    tm.tm_sec = scan_number(&scan, 2, 0, 60);
    if (scan.bad || !sw_str_is(scan.left, " GMT") || !day_exists(&tm)) {
        return false;
    }
    *ret = (int64_t)timegm(&tm) * 1000;
    return true;
}

bool sw_time_parse(const char *text, int64_t *ret_wall_ms)
{
    struct sw_str s = sw_str_trim(sw_str(text));

    return parse_iso(s, ret_wall_ms) || parse_http(s, ret_wall_ms);
}
