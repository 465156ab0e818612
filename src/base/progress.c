#include <slipway/progress.h>

#include <slipway/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Back to the first column and erase the line; up, and erase that one (ECMA-48 EL, CUU). */
#define ERASE_LINE  "\r\033[K"
#define ERASE_ABOVE "\033[A\033[K"
/* Lines that are too long are cut, so that a table takes as many lines as it has (DECAWM). */
#define WRAP_OFF "\033[?7l"
#define WRAP_ON  "\033[?7h"

void sw_progress_init(struct sw_progress *progress, const struct sw_env *env,
                      void (*write)(void *ctx, const char *data, size_t len), void *ctx,
                      bool terminal)
{
    *progress =
        (struct sw_progress){ .write = write, .ctx = ctx, .env = env, .terminal = terminal };
    progress->last_ms = sw_env_mono_ms(env);
    (void)pthread_mutex_init(&progress->lock, NULL);
}

/* What erases the status on the screen; the lock is held. */
static void add_erase(struct sw_progress *progress, struct sw_buf *out)
{
    for (unsigned i = 0; i < progress->status_lines; i++) {
        sw_buf_add_cstr(out, i == 0 ? ERASE_LINE : ERASE_ABOVE);
    }
    progress->status_lines = 0;
}

void sw_progress_clear(struct sw_progress *progress)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) erase = { 0 };

    sw_buf_init(&erase, SW_BUF_TEXT_MAX);
    (void)pthread_mutex_lock(&progress->lock);
    add_erase(progress, &erase);
    if (erase.len > 0) {
        progress->write(progress->ctx, erase.ptr, erase.len);
    }
    (void)pthread_mutex_unlock(&progress->lock);
}

void sw_progress_release(struct sw_progress *progress)
{
    sw_progress_clear(progress);
    (void)pthread_mutex_destroy(&progress->lock);
}

/* Writes prefix, redacted text and newline at once; the lock is held. */
static void put_line(struct sw_progress *progress, const char *prefix, struct sw_str text,
                     const char *end)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) line = { 0 };
    size_t start;

    sw_buf_init(&line, SW_BUF_TEXT_MAX);
    add_erase(progress, &line);
    sw_buf_add_cstr(&line, prefix);
    start = line.len;
    sw_redact(&line, text);
    sw_blank_controls(line.ptr + start, line.len - start, "\n\t");
    sw_buf_add_cstr(&line, end);
    progress->write(progress->ctx, line.ptr, line.len);
    progress->last_ms = sw_env_mono_ms(progress->env);
}

static void say(const struct sw_env *env, const char *prefix, const char *fmt, va_list args)
    SW_PRINTF(3, 0);

static void say(const struct sw_env *env, const char *prefix, const char *fmt, va_list args)
{
    struct sw_progress *progress = env->progress;
    char *text = NULL;
    int len;

    if (!progress || progress->quiet) {
        return;
    }
    len = vasprintf(&text, fmt, args);
    if (len < 0) {
        return;
    }
    (void)pthread_mutex_lock(&progress->lock);
    put_line(progress, prefix, sw_str_n(text, (size_t)len), "\n");
    (void)pthread_mutex_unlock(&progress->lock);
    free(text);
}

void sw_say(const struct sw_env *env, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(env, "", fmt, args);
    va_end(args);
}

void sw_warn(const struct sw_env *env, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(env, "warning: ", fmt, args);
    va_end(args);
}

/* The lock is held. */
static void put_status(struct sw_progress *progress, struct sw_str text)
{
    unsigned lines = 1;

    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    bool table = progress->terminal && lines > 1;
    if (table) {
        progress->write(progress->ctx, WRAP_OFF, sizeof(WRAP_OFF) - 1);
    }
    put_line(progress, "", text, progress->terminal ? "" : "\n");
    if (table) {
        progress->write(progress->ctx, WRAP_ON, sizeof(WRAP_ON) - 1);
    }
    progress->status_lines = progress->terminal ? lines : 0;
}

void sw_status_line(const struct sw_env *env, const char *fmt, ...)
{
    struct sw_progress *progress = env->progress;
    char *text = NULL;
    int64_t interval;
    va_list args;
    int len;

    if (!progress || progress->quiet) {
        return;
    }
    interval = progress->terminal ? SW_PROGRESS_REDRAW_MS : SW_PROGRESS_HEARTBEAT_MS;
    (void)pthread_mutex_lock(&progress->lock);
    if (sw_env_mono_ms(env) - progress->last_ms >= interval) {
        va_start(args, fmt);
        len = vasprintf(&text, fmt, args);
        va_end(args);
        if (len >= 0) {
            put_status(progress, sw_str_n(text, (size_t)len));
            free(text);
        }
    }
    (void)pthread_mutex_unlock(&progress->lock);
}

void sw_format_size(int64_t bytes, char out[SW_SIZE_TEXT_MAX])
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
    double value = (double)bytes;
    size_t unit = 0;

    /* 999.95 would print as 1000.0 */
    while (value >= (unit == 0 ? 1000.0 : 999.95) && unit + 1 < SW_COUNT(units)) {
        value /= 1000.0;
        unit++;
    }
    if (unit == 0) {
        (void)snprintf(out, SW_SIZE_TEXT_MAX, "%lld B", (long long)bytes);
    } else {
        (void)snprintf(out, SW_SIZE_TEXT_MAX, "%.1f %s", value, units[unit]);
    }
}

void sw_format_duration(int64_t millis, char out[SW_SIZE_TEXT_MAX])
{
    if (millis < 60000 - 50) {
        (void)snprintf(out, SW_SIZE_TEXT_MAX, "%lld.%lld s", (long long)((millis + 50) / 1000),
                       (long long)((millis + 50) % 1000 / 100));
    } else {
        int64_t seconds = (millis + 500) / 1000;

        (void)snprintf(out, SW_SIZE_TEXT_MAX, "%lld min %02lld s", (long long)(seconds / 60),
                       (long long)(seconds % 60));
    }
}
