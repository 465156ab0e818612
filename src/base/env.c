#include <slipway/env.h>

#include <slipway/str.h>

#include <errno.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

const char *sw_env_get_raw(const struct sw_env *env, const char *name)
{
    return env->get(env->get_ctx, name);
}

const char *sw_env_get(const struct sw_env *env, const char *name)
{
    const char *value = sw_env_get_raw(env, name);

    return value && value[0] ? value : NULL;
}

int64_t sw_env_wall_ms(const struct sw_env *env)
{
    return env->clock->wall_ms(env->clock->ctx);
}

int64_t sw_env_mono_ms(const struct sw_env *env)
{
    return env->clock->mono_ms(env->clock->ctx);
}

void sw_env_sleep_ms(const struct sw_env *env, int64_t millis)
{
    if (millis > 0) {
        env->clock->sleep_ms(env->clock->ctx, millis);
    }
}

uint32_t sw_env_random(const struct sw_env *env, uint32_t bound)
{
    return (uint32_t)((uint64_t)env->random(env->random_ctx) * bound >> 32);
}

bool sw_env_stop_wanted(const struct sw_env *env)
{
    return env->stop_wanted && env->stop_wanted(env->stop_ctx);
}

/* The real world */

static volatile sig_atomic_t stop_requested;

void sw_env_request_stop(void)
{
    stop_requested = 1;
}

bool sw_env_stop_requested(void *unused)
{
    (void)unused;
    return stop_requested != 0;
}

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t real_wall_ms(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

static int64_t real_mono_ms(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_MONOTONIC);
}

/*
 * Sleeps in slices: a signal that lands between the check and nanosleep must not delay the stop by
 * more than a slice.
 */
static void real_sleep_ms(void *ctx, int64_t millis)
{
    const int64_t slice = 200;
    int64_t deadline = real_mono_ms(ctx) + millis;

    for (;;) {
        int64_t left = deadline - real_mono_ms(ctx);
        struct timespec pause;

        if (left <= 0 || stop_requested) {
            return;
        }
        if (left > slice) {
            left = slice;
        }
        pause = (struct timespec){ .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
        (void)nanosleep(&pause, NULL);
    }
}

static const char *real_get(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static uint32_t real_random(void *ctx)
{
    uint32_t value = 0;

    (void)ctx;
    (void)RAND_bytes((unsigned char *)&value, sizeof(value));
    return value;
}

void sw_env_init_real(struct sw_env *env)
{
    static const struct sw_clock clock = { .wall_ms = real_wall_ms,
                                           .mono_ms = real_mono_ms,
                                           .sleep_ms = real_sleep_ms };

    *env = (struct sw_env){ .clock = &clock, .get = real_get, .random = real_random };
}
