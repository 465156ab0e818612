#ifndef SLIPWAY_ENV_H
#define SLIPWAY_ENV_H

/*
 * The outside world, as one value: clock, environment variables, randomness, HTTP, people watching,
 * and the wish to stop. main builds the real one (sw_env_init_real); tests build theirs. Nothing
 * below src/cli calls time(), getenv(), sleep() or opens a connection in any other way.
 */

#include <slipway/attr.h>

#include <stdbool.h>
#include <stdint.h>

struct sw_http_transport; /* http.h */
struct sw_progress;       /* progress.h */
struct sw_log;            /* log.h */

struct sw_clock {
    int64_t (*wall_ms)(void *ctx);               /* since 1970-01-01 UTC */
    int64_t (*mono_ms)(void *ctx);               /* never goes back; for deadlines */
    void (*sleep_ms)(void *ctx, int64_t millis); /* may return early when a stop is wanted */
    void *ctx;
};

struct sw_env {
    const struct sw_clock *clock;
    const char *(*get)(void *ctx, const char *name); /* borrowed; NULL when unset */
    void *get_ctx;
    uint32_t (*random)(void *ctx); /* for jitter only, never for secrets */
    void *random_ctx;
    const struct sw_http_transport *http;
    struct sw_progress *progress;   /* may be NULL: nobody watches */
    struct sw_log *log;             /* may be NULL: nothing is logged */
    bool (*stop_wanted)(void *ctx); /* SIGINT or SIGTERM arrived; may be NULL */
    void *stop_ctx;
};

/* The value of an environment variable, borrowed; NULL when it is unset or empty. */
const char *sw_env_get(const struct sw_env *env, const char *name);
/* Like sw_env_get, but an empty value counts as set. */
const char *sw_env_get_raw(const struct sw_env *env, const char *name);

int64_t sw_env_wall_ms(const struct sw_env *env);
int64_t sw_env_mono_ms(const struct sw_env *env);
void sw_env_sleep_ms(const struct sw_env *env, int64_t millis);
/* A number in [0, bound); bound is at least 1. */
uint32_t sw_env_random(const struct sw_env *env, uint32_t bound);
bool sw_env_stop_wanted(const struct sw_env *env);

/*
 * Fills *env with the process's real clock, environment and randomness. http, progress, log and
 * stop_wanted are left NULL for the caller to set. The sleep wakes when sw_env_request_stop()
 * is called, which is safe inside a signal handler.
 */
void sw_env_init_real(struct sw_env *env);
void sw_env_request_stop(void);
bool sw_env_stop_requested(void *unused);

/*
 * UTC time texts, both directions, without locale or time zone data.
 * Formats: SW_TIME_AMZ "20150830T123600Z", SW_TIME_ISO "2015-08-30T12:36:00Z",
 * SW_TIME_CLOCK "12:36:00".
 */
enum sw_time_format { SW_TIME_AMZ, SW_TIME_ISO, SW_TIME_CLOCK };
enum { SW_TIME_TEXT_MAX = 40 };
void sw_time_format(int64_t wall_ms, enum sw_time_format format, char out[SW_TIME_TEXT_MAX]);
/* ISO 8601 ("...Z", offset, or fraction), AMZ, or RFC 9110 HTTP dates. False when it is none. */
SW_NODISCARD bool sw_time_parse(const char *text, int64_t *ret_wall_ms);

#endif
