#include "local_private.h"

/* Output that waits for the rest of a possible secret. */
#define HELD_MAX ((size_t)1024 * 1024)
enum { SECRET_MIN = 4 };

void local_mask_init(struct local_mask *mask)
{
    *mask = (struct local_mask){ .longest = 0 };
    sw_buf_init_secret(&mask->held, HELD_MAX);
}

void local_mask_release(struct local_mask *mask)
{
    sw_strs_release(&mask->secrets);
    sw_buf_release(&mask->held);
}

void local_mask_add(struct local_mask *mask, const char *secret)
{
    size_t len = strlen(secret);

    if (len < SECRET_MIN || len > HELD_MAX / 2 || strcmp(secret, "true") == 0 ||
        strcmp(secret, "false") == 0 || sw_strs_has(&mask->secrets, sw_str(secret))) {
        return;
    }
    sw_strs_add(&mask->secrets, sw_str(secret));
    mask->begins[(unsigned char)secret[0]] = true;
    if (len > mask->longest) {
        mask->longest = len;
    }
}

/* The longest secret that `text` starts with; 0 when it is none. */
static size_t secret_at(const struct local_mask *mask, struct sw_str text)
{
    size_t longest = 0;

    for (size_t i = 0; i < mask->secrets.count; i++) {
        const char *secret = mask->secrets.items[i];
        size_t len = strlen(secret);

        if (len > longest && len <= text.len && memcmp(text.ptr, secret, len) == 0) {
            longest = len;
        }
    }
    return longest;
}

/* Whether all of `text` is the beginning of a longer secret. */
static bool may_begin_one(const struct local_mask *mask, struct sw_str text)
{
    for (size_t i = 0; i < mask->secrets.count; i++) {
        if (text.len < strlen(mask->secrets.items[i]) &&
            memcmp(text.ptr, mask->secrets.items[i], text.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Masks from the start of `text`; returns how many bytes were dealt with. */
static size_t mask_some(const struct local_mask *mask, struct sw_str text, bool last,
                        struct sw_buf *out)
{
    size_t pos = 0;

    while (pos < text.len) {
        size_t plain = pos;
        struct sw_str rest;
        size_t secret;

        while (plain < text.len && !mask->begins[(unsigned char)text.ptr[plain]]) {
            plain++;
        }
        sw_buf_add(out, text.ptr + pos, plain - pos);
        pos = plain;
        rest = sw_str_from(text, pos);
        if (rest.len == 0) {
            break;
        }

        if (!last && rest.len < mask->longest && may_begin_one(mask, rest)) {
            break;
        }
        secret = secret_at(mask, rest);
        if (secret > 0) {
            sw_buf_add_cstr(out, "****");
            pos += secret;
        } else {
            sw_buf_add_char(out, rest.ptr[0]);
            pos++;
        }
    }
    return pos;
}

void local_mask_feed(struct local_mask *mask, struct sw_str data, struct sw_buf *out)
{
    size_t done;

    if (mask->held.len == 0) {
        data = sw_str_from(data, mask_some(mask, data, false, out));
        sw_buf_add_str(&mask->held, data);
        return;
    }
    sw_buf_add_str(&mask->held, data);
    done = mask_some(mask, sw_buf_str(&mask->held), false, out);
    memmove(mask->held.ptr, mask->held.ptr + done, mask->held.len - done);
    sw_buf_truncate(&mask->held, mask->held.len - done);
}

void local_mask_finish(struct local_mask *mask, struct sw_buf *out)
{
    (void)mask_some(mask, sw_buf_str(&mask->held), true, out);
    sw_buf_clear(&mask->held);
}
