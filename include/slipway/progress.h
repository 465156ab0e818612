#ifndef SLIPWAY_PROGRESS_H
#define SLIPWAY_PROGRESS_H

/*
 * What people see while work goes on. A line stays; a status is the present state and is replaced
 * by the next one. On a terminal the status is live at the bottom, one line or a table of several;
 * elsewhere (CI) it is printed as plain lines when nothing else was printed for
 * SW_PROGRESS_HEARTBEAT_MS, because CI services end a step that is silent for long. All functions
 * accept env->progress == NULL.
 */

#include <slipway/env.h>

#include <pthread.h>
#include <stddef.h>

enum { SW_PROGRESS_HEARTBEAT_MS = 30000, SW_PROGRESS_REDRAW_MS = 100 };

struct sw_progress {
    /* Writes bytes to the people's stream (stderr). */
    void (*write)(void *ctx, const char *data, size_t len);
    void *ctx;
    const struct sw_env *env;
    bool terminal;
    bool quiet;            /* lines and status are dropped */
    unsigned status_lines; /* terminal: so many lines of status are on the screen */
    int64_t last_ms;       /* when something was last written */
    pthread_mutex_t lock;
};

void sw_progress_init(struct sw_progress *progress, const struct sw_env *env,
                      void (*write)(void *ctx, const char *data, size_t len), void *ctx,
                      bool terminal);
/* Erases a shown status and forgets the stream. */
void sw_progress_release(struct sw_progress *progress);

/* Erases a shown status, before something else is written to the same stream. */
void sw_progress_clear(struct sw_progress *progress);

/* A line for people. The text is redacted; newlines inside are kept. */
void sw_say(const struct sw_env *env, const char *fmt, ...) SW_PRINTF(2, 3);
/* A line that starts with "warning: ". */
void sw_warn(const struct sw_env *env, const char *fmt, ...) SW_PRINTF(2, 3);
/* The present state; cheap to call often. */
void sw_status_line(const struct sw_env *env, const char *fmt, ...) SW_PRINTF(2, 3);

/* `bytes` as "512 B", "3.4 kB", "840.0 MB" (powers of 1000) into out. */
enum { SW_SIZE_TEXT_MAX = 32 };
void sw_format_size(int64_t bytes, char out[SW_SIZE_TEXT_MAX]);
/* `millis` as "0.4 s", "12.3 s", "4 min 05 s" into out. */
void sw_format_duration(int64_t millis, char out[SW_SIZE_TEXT_MAX]);

#endif
