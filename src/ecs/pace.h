#ifndef SLIPWAY_ECS_PACE_H
#define SLIPWAY_ECS_PACE_H

/* How often ECS is asked while something is waited for, and until when. */

#include <slipway/env.h>
#include <slipway/progress.h>

struct ecs_pace {
    const struct sw_env *env;
    int64_t start_ms;
    int64_t timeout_ms;
    int64_t interval_ms; /* as asked for; 0: 5 s in the first minute, then 10 s, or somewhat less */
    bool eager;          /* 5 s also later */
    int64_t backoff_ms;  /* 0: ECS answers */
};
/* Starts the clock. */
void ecs_pace_init(struct ecs_pace *pace, const struct sw_env *env, int64_t timeout_ms,
                   int64_t interval_ms);
int64_t ecs_pace_elapsed_ms(const struct ecs_pace *pace);
/* The same for people: "35 s", "19 min 50 s". */
void ecs_pace_elapsed_text(const struct ecs_pace *pace, char out[SW_SIZE_TEXT_MAX]);
/* Whether the time is up. */
bool ecs_pace_over(const struct ecs_pace *pace);
/* ECS could not be asked, or answered: pauses get longer, up to 32 s, or shorter again. */
void ecs_pace_slower(struct ecs_pace *pace);
void ecs_pace_recover(struct ecs_pace *pace);
/*
 * Sleeps until the next look, the deadline or the user's wish to stop; `show` gives a sign of life
 * now and then.
 */
void ecs_pace_pause(const struct ecs_pace *pace, void (*show)(const void *ctx), const void *ctx);

#endif
