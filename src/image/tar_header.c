#include "tar_private.h"

#include <slipway/tar.h>

#include <stdlib.h>

/* Field positions of POSIX ustar, which GNU tar shares. */
enum {
    NAME_AT = 0,
    NAME_LEN = 100,
    SIZE_AT = 124,
    SIZE_LEN = 12,
    SUM_AT = 148,
    SUM_LEN = 8,
    TYPE_AT = 156,
    LINK_AT = 157,
    LINK_LEN = 100,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_LEN = 155,
};

bool sw_tar_is_zero(const char block[SW_TAR_BLOCK])
{
    for (size_t i = 0; i < SW_TAR_BLOCK; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

/* A big-endian binary number, marked by the top bit of its first byte (GNU, star). */
static bool binary_number(const unsigned char *field, size_t len, int64_t *ret)
{
    uint64_t number = field[0] & 0x3f;

    if (field[0] & 0x40) {
        return false; /* negative */
    }
    for (size_t i = 1; i < len; i++) {
        if (number > (UINT64_MAX >> 9)) {
            return false;
        }
        number = number << 8 | field[i];
    }
    *ret = (int64_t)number;
    return true;
}

/* An octal number after blanks, ended by a blank, NUL or the field's end. */
static bool octal_number(const unsigned char *field, size_t len, int64_t *ret)
{
    int64_t number = 0;
    size_t i = 0;

    while (i < len && field[i] == ' ') {
        i++;
    }
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
        number = number * 8 + (field[i] - '0'); /* 12 digits fit easily */
    }
    while (i < len && (field[i] == ' ' || field[i] == '\0')) {
        i++;
    }
    *ret = number;
    return i == len;
}

static bool parse_number(const char *block, size_t at, size_t len, int64_t *ret)
{
    const unsigned char *field = (const unsigned char *)block + at;

    return field[0] & 0x80 ? binary_number(field, len, ret) : octal_number(field, len, ret);
}

/* Old tars summed signed characters; both sums are accepted, as everywhere. */
static bool sum_is_right(const char *block)
{
    int64_t wanted = 0;
    int64_t plain = 0;
    int64_t with_sign = 0;

    for (size_t i = 0; i < SW_TAR_BLOCK; i++) {
        bool blank = i >= SUM_AT && i < SUM_AT + SUM_LEN;

        plain += blank ? ' ' : (unsigned char)block[i];
        with_sign += blank ? ' ' : (signed char)block[i];
    }
    return parse_number(block, SUM_AT, SUM_LEN, &wanted) &&
           (wanted == plain || wanted == with_sign);
}

/* A text field up to its first NUL; returns its length. */
static size_t copy_text(char *out, const char *field, size_t len)
{
    size_t i = 0;

    for (; i < len && field[i]; i++) {
        out[i] = field[i];
    }
    out[i] = '\0';
    return i;
}

const char *sw_tar_header_parse(const char block[SW_TAR_BLOCK], struct sw_tar_header *ret)
{
    size_t prefix_len = 0;

    if (!sum_is_right(block)) {
        return "its header has a wrong checksum";
    }
    if (!parse_number(block, SIZE_AT, SIZE_LEN, &ret->size) || ret->size > SW_TAR_SIZE_MAX) {
        return "its size is out of range";
    }
    ret->type = block[TYPE_AT];
    /* Only POSIX headers have a prefix; GNU ("ustar  ") keeps times there. */
    if (memcmp(block + MAGIC_AT, "ustar", 6) == 0) {
        prefix_len = copy_text(ret->path, block + PREFIX_AT, PREFIX_LEN);
        if (prefix_len > 0) {
            ret->path[prefix_len++] = '/';
        }
    }
    (void)copy_text(ret->path + prefix_len, block + NAME_AT, NAME_LEN);
    (void)copy_text(ret->link, block + LINK_AT, LINK_LEN);
    return NULL;
}

/* Replaces *slot by a copy of `text`; what is wrong with it, or NULL. */
static const char *keep_text(char **slot, struct sw_str text)
{
    if (text.len == 0 || text.len > SW_TAR_PATH_MAX || memchr(text.ptr, '\0', text.len)) {
        return "its extended header has a bad path";
    }
    free(*slot);
    *slot = sw_str_dup(text);
    return NULL;
}

static const char *keep_record(struct sw_str key, struct sw_str value, struct sw_tar_pax *into)
{
    if (sw_str_is(key, "path")) {
        return keep_text(&into->path, value);
    }
    if (sw_str_is(key, "linkpath")) {
        return keep_text(&into->link, value);
    }
    if (sw_str_is(key, "size") && !sw_parse_int(value, 0, SW_TAR_SIZE_MAX, &into->size)) {
        return "its size is out of range";
    }
    if (sw_str_starts(key, "GNU.sparse.")) {
        return "it is a sparse file, which is not supported";
    }
    return NULL;
}

/* Records are "LENGTH KEY=VALUE\n", the length counting all of it. */
const char *sw_tar_pax_parse(struct sw_str records, struct sw_tar_pax *into)
{
    while (records.len > 0) {
        ptrdiff_t blank = sw_str_find(sw_str_first(records, 16), ' ');
        struct sw_str record;
        struct sw_str value;
        struct sw_str key;
        const char *fault;
        int64_t len = 0;

        if (blank < 1 ||
            !sw_parse_int(sw_str_first(records, (size_t)blank), blank + 3, (int64_t)records.len,
                          &len) ||
            records.ptr[len - 1] != '\n') {
            return "its extended header is malformed";
        }
        record = sw_str_from(sw_str_first(records, (size_t)len - 1), (size_t)blank + 1);
        records = sw_str_from(records, (size_t)len);
        value = record;
        key = sw_str_cut(&value, '=');
        if (!value.ptr) {
            return "its extended header is malformed";
        }
        fault = keep_record(key, value, into);
        if (fault) {
            return fault;
        }
    }
    return NULL;
}
