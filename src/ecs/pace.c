#include "pace.h"

#include <stdio.h>

enum {
    FIRST_INTERVAL_MS = 5000,
    LATER_INTERVAL_MS = 10000,
    FIRST_PHASE_MS = 60000,
    BACKOFF_MAX_MS = 32000,
    JITTER_PERCENT = 20,
    HEARTBEAT_MS = 15000,
};

void ecs_pace_init(struct ecs_pace *pace, const struct sw_env *env, int64_t timeout_ms,
                   int64_t interval_ms)
{
    *pace = (struct ecs_pace){
        .env = env,
        .start_ms = sw_env_mono_ms(env),
        .timeout_ms = timeout_ms,
        .interval_ms = interval_ms,
    };
}

int64_t ecs_pace_elapsed_ms(const struct ecs_pace *pace)
{
    return sw_env_mono_ms(pace->env) - pace->start_ms;
}

void ecs_pace_elapsed_text(const struct ecs_pace *pace, char out[SW_SIZE_TEXT_MAX])
{
    int64_t seconds = ecs_pace_elapsed_ms(pace) / 1000;
    if (seconds < 60) {
        (void)snprintf(out, SW_SIZE_TEXT_MAX, "%lld s", (long long)seconds);
    } else {
        sw_format_duration(seconds * 1000, out);
    }
}

bool ecs_pace_over(const struct ecs_pace *pace)
{
    return ecs_pace_elapsed_ms(pace) >= pace->timeout_ms;
}

/*
 * The pause before the next look: as asked for, or by age and luck, which only makes it shorter;
 * longer while ECS throttles.
 */
static int64_t next_interval(const struct ecs_pace *pace)
{
    int64_t interval = pace->interval_ms;
    if (interval <= 0) {
        bool fast = pace->eager || ecs_pace_elapsed_ms(pace) < FIRST_PHASE_MS;
        interval = fast ? FIRST_INTERVAL_MS : LATER_INTERVAL_MS;
        interval -= sw_env_random(pace->env, (uint32_t)(interval * JITTER_PERCENT / 100 + 1));
    }
    return pace->backoff_ms > interval ? pace->backoff_ms : interval;
}

void ecs_pace_slower(struct ecs_pace *pace)
{
    int64_t doubled = next_interval(pace) * 2;
    int64_t limit = doubled / 2 > BACKOFF_MAX_MS ? doubled / 2 : BACKOFF_MAX_MS;
    pace->backoff_ms = doubled < limit ? doubled : limit;
}

void ecs_pace_recover(struct ecs_pace *pace)
{
    pace->backoff_ms /= 2;
}

void ecs_pace_pause(const struct ecs_pace *pace, void (*show)(const void *ctx), const void *ctx)
{
    int64_t left = next_interval(pace);
    int64_t to_deadline = pace->timeout_ms - ecs_pace_elapsed_ms(pace);
    left = left < to_deadline ? left : to_deadline;
    while (left > 0 && !sw_env_stop_wanted(pace->env)) {
        int64_t part = left < HEARTBEAT_MS ? left : HEARTBEAT_MS;
        show(ctx);
        sw_env_sleep_ms(pace->env, part);
        left -= part;
    }
}
