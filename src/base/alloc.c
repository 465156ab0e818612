#include <slipway/alloc.h>

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static SW_NORETURN void out_of_memory(void)
{
    (void)fputs("slipway: out of memory\n", stderr);
    abort();
}

void *sw_xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p) {
        out_of_memory();
    }
    return p;
}

void *sw_xaligned(size_t alignment, size_t size)
{
    void *p = aligned_alloc(alignment, size);

    if (!p) {
        out_of_memory();
    }
    return p;
}

void *sw_xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);

    if (!p) {
        out_of_memory();
    }
    return p;
}

void *sw_xreallocarray(void *p, size_t count, size_t size)
{
    void *grown = reallocarray(p, count ? count : 1, size ? size : 1);

    if (!grown) {
        out_of_memory();
    }
    return grown;
}

char *sw_xstrdup(const char *s)
{
    return sw_xstrndup(s, strlen(s));
}

char *sw_xstrndup(const char *s, size_t len)
{
    char *copy = sw_xmalloc(len + 1);

    if (len > 0) {
        memcpy(copy, s, len);
    }
    copy[len] = '\0';
    return copy;
}

char *sw_xvasprintf(const char *fmt, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, fmt, args);
    if (len < 0) {
        out_of_memory();
    }
    return text;
}

char *sw_xasprintf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = sw_xvasprintf(fmt, args);
    va_end(args);
    return text;
}

void *sw_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    if (*capacity > SIZE_MAX / 2) {
        out_of_memory();
    }
    *capacity = *capacity ? *capacity * 2 : 8;
    return sw_xreallocarray(array, *capacity, size);
}

void sw_free_secret(char *secret)
{
    if (secret) {
        OPENSSL_cleanse(secret, strlen(secret));
        free(secret);
    }
}
