#include <slipway/buf.h>

#include <slipway/alloc.h>

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>

/* What an empty buffer points to: memory is taken at the first append. Never written to. */
static char nothing[1];

static void init(struct sw_buf *buf, size_t max, bool secret)
{
    *buf = (struct sw_buf){ .ptr = nothing, .max = max, .secret = secret };
}

void sw_buf_init(struct sw_buf *buf, size_t max)
{
    init(buf, max, false);
}

void sw_buf_init_secret(struct sw_buf *buf, size_t max)
{
    init(buf, max, true);
}

static void free_memory(struct sw_buf *buf)
{
    if (buf->capacity == 0) {
        return;
    }
    if (buf->secret) {
        OPENSSL_cleanse(buf->ptr, buf->capacity);
    }
    free(buf->ptr);
}

void sw_buf_release(struct sw_buf *buf)
{
    if (buf) {
        free_memory(buf);
        *buf = (struct sw_buf){ 0 };
    }
}

void sw_buf_clear(struct sw_buf *buf)
{
    if (buf->capacity > 0) {
        if (buf->secret) {
            OPENSSL_cleanse(buf->ptr, buf->capacity);
        }
        buf->ptr[0] = '\0';
    }
    buf->len = 0;
    buf->overflowed = false;
}

void sw_buf_truncate(struct sw_buf *buf, size_t len)
{
    if (len < buf->len) {
        buf->len = len;
        buf->ptr[len] = '\0';
    }
}

/* Makes room for `more` bytes and the NUL; false (and the mark) when the maximum forbids it. */
static bool reserve(struct sw_buf *buf, size_t more)
{
    size_t capacity = buf->capacity ? buf->capacity : 64;
    char *grown;

    if (buf->overflowed || more > buf->max - buf->len) {
        buf->overflowed = true;
        return false;
    }
    if (buf->len + more < buf->capacity) {
        return true;
    }
    while (capacity <= buf->len + more) {
        capacity *= 2;
    }
    if (buf->secret || buf->capacity == 0) {
        grown = sw_xmalloc(capacity);
        memcpy(grown, buf->ptr, buf->len + 1);
        free_memory(buf);
    } else {
        grown = sw_xreallocarray(buf->ptr, capacity, 1);
    }
    buf->ptr = grown;
    buf->capacity = capacity;
    return true;
}

void sw_buf_add(struct sw_buf *buf, const void *data, size_t len)
{
    if (len > 0 && reserve(buf, len)) {
        memcpy(buf->ptr + buf->len, data, len);
        buf->len += len;
        buf->ptr[buf->len] = '\0';
    }
}

void sw_buf_add_str(struct sw_buf *buf, struct sw_str s)
{
    sw_buf_add(buf, s.ptr, s.len);
}

void sw_buf_add_cstr(struct sw_buf *buf, const char *s)
{
    sw_buf_add(buf, s, strlen(s));
}

void sw_buf_add_char(struct sw_buf *buf, char c)
{
    sw_buf_add(buf, &c, 1);
}

void sw_buf_addf(struct sw_buf *buf, const char *fmt, ...)
{
    char small[256];
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (len < 0) {
        buf->overflowed = true;
        return;
    }
    if ((size_t)len < sizeof(small)) {
        sw_buf_add(buf, small, (size_t)len);
    } else if (reserve(buf, (size_t)len)) {
        va_start(args, fmt);
        (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, args);
        va_end(args);
        buf->len += (size_t)len;
    }
    if (buf->secret) {
        OPENSSL_cleanse(small, sizeof(small));
    }
}

void sw_hex(const unsigned char *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 0x0F];
    }
    *out = '\0';
}

void sw_buf_add_hex(struct sw_buf *buf, const unsigned char *data, size_t len)
{
    char pair[3];

    for (size_t i = 0; i < len; i++) {
        sw_hex(data + i, 1, pair);
        sw_buf_add(buf, pair, 2);
    }
}

void sw_buf_add_uri(struct sw_buf *buf, struct sw_str s, bool keep_slash)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (sw_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' ||
            (c == '/' && keep_slash)) {
            sw_buf_add_char(buf, c);
        } else {
            sw_buf_addf(buf, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
}

static int hex_value(char c)
{
    return sw_is_digit(c) ? c - '0' : sw_lower(c) - 'a' + 10;
}

void sw_buf_add_uri_decoded(struct sw_buf *buf, struct sw_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char *at = s.ptr + i;

        if (*at == '%' && s.len - i > 2 && sw_is_hex(at[1]) && sw_is_hex(at[2])) {
            sw_buf_add_char(buf, (char)(hex_value(at[1]) * 16 + hex_value(at[2])));
            i += 2;
        } else {
            sw_buf_add_char(buf, *at);
        }
    }
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sw_buf_add_base64(struct sw_buf *buf, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        size_t count = len - i < 3 ? len - i : 3;
        char out[4] = { 0, 0, '=', '=' };

        group |= count > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= count > 2 ? (uint32_t)bytes[i + 2] : 0;
        for (size_t k = 0; k <= count; k++) {
            out[k] = base64_digits[group >> (18 - 6 * k) & 0x3F];
        }
        sw_buf_add(buf, out, sizeof(out));
    }
}

bool sw_buf_add_base64_decoded(struct sw_buf *buf, struct sw_str s)
{
    uint32_t group = 0;
    unsigned bits = 0;

    while (s.len > 0 && s.ptr[s.len - 1] == '=') {
        s.len--;
    }
    if (s.len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        const char *digit = s.ptr[i] ? strchr(base64_digits, s.ptr[i]) : NULL;

        if (!digit) {
            return false;
        }
        group = group << 6 | (uint32_t)(digit - base64_digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            sw_buf_add_char(buf, (char)(unsigned char)(group >> bits & 0xFF));
        }
    }
    return true;
}

void sw_buf_add_shell_quoted(struct sw_buf *buf, struct sw_str s)
{
    sw_buf_add_char(buf, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\'') {
            sw_buf_add_cstr(buf, "'\\''");
        } else {
            sw_buf_add_char(buf, s.ptr[i]);
        }
    }
    sw_buf_add_char(buf, '\'');
}

struct sw_str sw_buf_str(const struct sw_buf *buf)
{
    return (struct sw_str){ buf->ptr, buf->len };
}

enum sw_status sw_buf_check(const struct sw_buf *buf, const char *what, struct sw_err *err)
{
    if (buf->overflowed) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s is larger than %zu bytes", what, buf->max);
    }
    return SW_OK;
}

char *sw_buf_take(struct sw_buf *buf)
{
    char *text = buf->capacity ? buf->ptr : sw_xstrdup("");

    *buf = (struct sw_buf){ 0 };
    return text;
}
