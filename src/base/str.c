#include <slipway/str.h>

#include <slipway/alloc.h>

bool sw_str_eq(struct sw_str a, struct sw_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sw_str_eq_nocase(struct sw_str a, struct sw_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (sw_lower(a.ptr[i]) != sw_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool sw_str_is(struct sw_str s, const char *text)
{
    return sw_str_eq(s, sw_str(text));
}

bool sw_str_starts(struct sw_str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && (len == 0 || memcmp(s.ptr, prefix, len) == 0);
}

bool sw_str_ends(struct sw_str s, const char *suffix)
{
    size_t len = strlen(suffix);

    return s.len >= len && (len == 0 || memcmp(s.ptr + s.len - len, suffix, len) == 0);
}

ptrdiff_t sw_str_find(struct sw_str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

    return at ? at - s.ptr : -1;
}

ptrdiff_t sw_str_rfind(struct sw_str s, char c)
{
    const char *at = s.len > 0 ? memrchr(s.ptr, c, s.len) : NULL;

    return at ? at - s.ptr : -1;
}

ptrdiff_t sw_str_find_str(struct sw_str s, struct sw_str needle)
{
    const char *at;

    if (needle.len == 0) {
        return 0;
    }
    at = s.len > 0 ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at ? at - s.ptr : -1;
}

struct sw_str sw_str_from(struct sw_str s, size_t start)
{
    if (start >= s.len) {
        return (struct sw_str){ s.ptr ? s.ptr + s.len : NULL, 0 };
    }
    return (struct sw_str){ s.ptr + start, s.len - start };
}

struct sw_str sw_str_first(struct sw_str s, size_t len)
{
    return (struct sw_str){ s.ptr, len < s.len ? len : s.len };
}

struct sw_str sw_str_trim(struct sw_str s)
{
    while (s.len > 0 && sw_is_space(s.ptr[0])) {
        s = sw_str_from(s, 1);
    }
    while (s.len > 0 && sw_is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

struct sw_str sw_str_cut(struct sw_str *s, char sep)
{
    ptrdiff_t at = sw_str_find(*s, sep);
    struct sw_str head = *s;

    if (at < 0) {
        *s = (struct sw_str){ NULL, 0 };
        return head;
    }
    head.len = (size_t)at;
    *s = sw_str_from(*s, (size_t)at + 1);
    return head;
}

char *sw_str_dup(struct sw_str s)
{
    return sw_xstrndup(s.ptr, s.len);
}

size_t sw_str_distance(struct sw_str a, struct sw_str b, size_t limit)
{
    enum { NAME_MAX_LEN = 48 };
    size_t rows[3][NAME_MAX_LEN + 1]; /* this one, the one above, and the one above that */

    if (a.len > NAME_MAX_LEN || b.len > NAME_MAX_LEN) {
        return limit;
    }
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *swapped = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);

            best = best < above[j] + 1 ? best : above[j] + 1;
            best = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1]) {
                best = best < swapped[j - 2] + 1 ? best : swapped[j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[a.len % 3][b.len] < limit ? rows[a.len % 3][b.len] : limit;
}

bool sw_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool sw_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool sw_is_alnum(char c)
{
    return sw_is_digit(c) || sw_is_alpha(c);
}

bool sw_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool sw_is_hex(char c)
{
    return sw_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char sw_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c;
}

char sw_upper(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (char)(c - 'a' + 'A');
    }
    return c;
}

bool sw_is_env_name(struct sw_str s)
{
    if (s.len == 0 || sw_is_digit(s.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!sw_is_alnum(s.ptr[i]) && s.ptr[i] != '_') {
            return false;
        }
    }
    return true;
}

bool sw_parse_int(struct sw_str s, int64_t min, int64_t max, int64_t *ret)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0; /* kept negative: INT64_MIN has no positive counterpart */

    if (negative) {
        s = sw_str_from(s, 1);
    }
    if (s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!sw_is_digit(s.ptr[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, s.ptr[i] - '0', &value)) {
            return false;
        }
    }
    if (!negative && __builtin_sub_overflow(0, value, &value)) {
        return false;
    }
    if (value < min || value > max) {
        return false;
    }
    *ret = value;
    return true;
}

/* Length of the UTF-8 character at s[0], or 0 when it is not a valid one. */
static size_t utf8_char_len(const unsigned char *s, size_t len)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t min;
    } forms[] = {
        { 0x80, 0x00, 1 }, { 0xE0, 0xC0, 0x80 }, { 0xF0, 0xE0, 0x800 }, { 0xF8, 0xF0, 0x10000 }
    };

    for (size_t n = 0; n < SW_COUNT(forms); n++) {
        uint32_t code;

        if ((s[0] & forms[n].mask) != forms[n].lead) {
            continue;
        }
        if (n + 1 > len) {
            return 0;
        }
        code = s[0] & (unsigned char)~forms[n].mask;
        for (size_t i = 1; i <= n; i++) {
            if ((s[i] & 0xC0u) != 0x80u) {
                return 0;
            }
            code = code << 6 | (s[i] & 0x3Fu);
        }
        if (code < forms[n].min || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
            return 0;
        }
        return n + 1;
    }
    return 0;
}

void sw_blank_controls(char *text, size_t len, const char *keep)
{
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xC2 && i + 1 < len && ((unsigned char)text[i + 1] & 0xE0u) == 0x80u;

        n = c == '\0' ? 1 : utf8_char_len((const unsigned char *)text + i, len - i);
        if (n == 0) {
            n = 1;
            text[i] = '?';
        } else if (c1 || ((c < ' ' || c == 0x7F) && (c == '\0' || !strchr(keep, (char)c)))) {
            memset(text + i, ' ', n);
        }
    }
}

void sw_str_to_line(struct sw_str text, char *out, size_t size)
{
    struct sw_str trimmed = sw_str_trim(text);
    size_t len = trimmed.len < size ? trimmed.len : size - 1;

    while (len > 0 && len < trimmed.len && ((unsigned char)trimmed.ptr[len] & 0xC0u) == 0x80u) {
        len--;
    }
    if (len > 0) {
        memcpy(out, trimmed.ptr, len);
    }
    out[len] = '\0';
    sw_blank_controls(out, len, "");
}

bool sw_is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool sw_str_is_utf8(struct sw_str s)
{
    const unsigned char *at = (const unsigned char *)s.ptr;
    size_t left = s.len;

    while (left > 0) {
        size_t len = utf8_char_len(at, left);

        if (len == 0) {
            return false;
        }
        at += len;
        left -= len;
    }
    return true;
}

size_t sw_utf8_count(struct sw_str s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; count++) {
        size_t len = utf8_char_len((const unsigned char *)s.ptr + i, s.len - i);

        i += len > 0 ? len : 1;
    }
    return count;
}

void sw_strs_add(struct sw_strs *list, struct sw_str s)
{
    sw_strs_take(list, sw_str_dup(s));
}

void sw_strs_take(struct sw_strs *list, char *s)
{
    list->items = sw_grow(list->items, list->count + 1, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = s;
    list->items[list->count] = NULL;
}

void sw_strs_add_parts(struct sw_strs *list, struct sw_str text, char sep)
{
    while (text.ptr) {
        struct sw_str part = sw_str_trim(sw_str_cut(&text, sep));

        if (part.len > 0) {
            sw_strs_add(list, part);
        }
    }
}

bool sw_strs_has(const struct sw_strs *list, struct sw_str s)
{
    for (size_t i = 0; i < list->count; i++) {
        if (sw_str_eq(sw_str(list->items[i]), s)) {
            return true;
        }
    }
    return false;
}

void sw_strs_release(struct sw_strs *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct sw_strs){ 0 };
}
