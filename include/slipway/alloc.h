#ifndef SLIPWAY_ALLOC_H
#define SLIPWAY_ALLOC_H

/*
 * Allocation that cannot fail: on exhaustion the process writes one line and aborts. Therefore
 * every size that comes from outside is limited before it gets here.
 */

#include <slipway/attr.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* `size` bytes, uninitialised. The result is the caller's, released with free(). */
void *sw_xmalloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* The same at a multiple of `alignment`, a power of two; `size` is a multiple of it. */
void *sw_xaligned(size_t alignment, size_t size)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
/* `count` elements of `size` bytes, zeroed; aborts on overflow. */
void *sw_xcalloc(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
/* Resizes `p` (or NULL) to `count` elements of `size` bytes; aborts on overflow. */
void *sw_xreallocarray(void *p, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));
/* Copies of a string, of `len` bytes plus NUL, and of a formatted text. Released with free(). */
char *sw_xstrdup(const char *s) __attribute__((malloc, returns_nonnull, warn_unused_result));
char *sw_xstrndup(const char *s, size_t len)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
char *sw_xasprintf(const char *fmt, ...) SW_PRINTF(1, 2)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
char *sw_xvasprintf(const char *fmt, va_list args) SW_PRINTF(1, 0)
    __attribute__((malloc, returns_nonnull, warn_unused_result));

/*
 * Makes room for one more element in a growing array: `*capacity` is doubled as needed.
 * Usage: list = sw_grow(list, count, &capacity, sizeof(*list)); list[count++] = x;
 */
void *sw_grow(void *array, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* Overwrites a NUL-terminated secret and frees it; NULL is fine. */
void sw_free_secret(char *secret);

/* Cleanup functions for `char *` variables. */
SW_DEFINE_CLEANUP(sw_free_str, char, free)
SW_DEFINE_CLEANUP(sw_free_secret_str, char, sw_free_secret)

#endif
