#ifndef SLIPWAY_BUF_H
#define SLIPWAY_BUF_H

/*
 * Owned, growing text. Invariants: `ptr` is never NULL after init and ptr[len] is NUL; an empty
 * buffer has taken no memory yet, and only what lies before ptr[len] may be written to. Every
 * buffer has a maximum set at init; an append that would pass it does nothing and marks the buffer,
 * every later append does nothing either, and one sw_buf_check() at the end reports it.
 */

#include <slipway/err.h>
#include <slipway/str.h>

struct sw_buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t max;      /* bytes of content, the NUL not counted */
    bool overflowed; /* an append was refused */
    bool secret;     /* wiped before memory is given back */
};

/* A usual maximum for text that people write or read. */
#define SW_BUF_TEXT_MAX ((size_t)16 * 1024 * 1024)

void sw_buf_init(struct sw_buf *buf, size_t max);
/* Like sw_buf_init; content is wiped on growth and release. */
void sw_buf_init_secret(struct sw_buf *buf, size_t max);
/* Frees the content. NULL and a zeroed buffer are fine; the buffer may be used after another init.
 */
void sw_buf_release(struct sw_buf *buf);
/* Empties the buffer and its overflow mark, keeping the memory. */
void sw_buf_clear(struct sw_buf *buf);
/* Cuts the content to `len` bytes when it is longer. */
void sw_buf_truncate(struct sw_buf *buf, size_t len);

void sw_buf_add(struct sw_buf *buf, const void *data, size_t len);
void sw_buf_add_str(struct sw_buf *buf, struct sw_str s);
void sw_buf_add_cstr(struct sw_buf *buf, const char *s);
void sw_buf_add_char(struct sw_buf *buf, char c);
void sw_buf_addf(struct sw_buf *buf, const char *fmt, ...) SW_PRINTF(2, 3);
/* `data` as lower-case hex into `out`, which has room for 2 * len + 1 bytes; NUL-terminated. */
void sw_hex(const unsigned char *data, size_t len, char *out);
/* Appends `data` as lower-case hex. */
void sw_buf_add_hex(struct sw_buf *buf, const unsigned char *data, size_t len);
/* RFC 3986 percent-encoding of everything but unreserved characters; '/' is kept when asked. */
void sw_buf_add_uri(struct sw_buf *buf, struct sw_str s, bool keep_slash);
/* The same backwards; a '%' without two hex digits behind it, and '+', stand for themselves. */
void sw_buf_add_uri_decoded(struct sw_buf *buf, struct sw_str s);
/* Standard base64 with padding. */
void sw_buf_add_base64(struct sw_buf *buf, const void *data, size_t len);
/* `s` in single quotes so that a POSIX shell reads it back byte for byte. */
void sw_buf_add_shell_quoted(struct sw_buf *buf, struct sw_str s);

/* Appends the bytes of base64 text (standard alphabet, padding optional); false on bad input. */
SW_NODISCARD bool sw_buf_add_base64_decoded(struct sw_buf *buf, struct sw_str s);

/* The content as a borrowed view, valid until the next change. */
struct sw_str sw_buf_str(const struct sw_buf *buf);
/* SW_E_TOO_LARGE naming `what` and the maximum when an append was refused, else SW_OK. */
SW_NODISCARD enum sw_status sw_buf_check(const struct sw_buf *buf, const char *what,
                                         struct sw_err *err);
/* Hands the content out as a malloc'ed string and leaves the buffer released. */
char *sw_buf_take(struct sw_buf *buf);

#endif
