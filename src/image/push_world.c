#include "push_private.h"

enum { SLEEP_SLICE_MS = 200 };

static bool world_stop_wanted(void *ctx)
{
    struct sw_push_world *world = ctx;

    return atomic_load(&world->failed) || sw_env_stop_wanted(world->outer);
}

/* Sleeps in slices, and no longer than there is something to wait for. */
static void world_sleep_ms(void *ctx, int64_t millis)
{
    struct sw_push_world *world = ctx;

    while (millis > 0 && !world_stop_wanted(world)) {
        int64_t slice = millis < SLEEP_SLICE_MS ? millis : SLEEP_SLICE_MS;

        sw_env_sleep_ms(world->outer, slice);
        millis -= slice;
    }
}

static int64_t world_wall_ms(void *ctx)
{
    return sw_env_wall_ms(((struct sw_push_world *)ctx)->outer);
}

static int64_t world_mono_ms(void *ctx)
{
    return sw_env_mono_ms(((struct sw_push_world *)ctx)->outer);
}

void sw_push_world_init(struct sw_push_world *world, const struct sw_env *outer)
{
    world->env = *outer;
    world->outer = outer;
    world->clock = (struct sw_clock){
        .wall_ms = world_wall_ms, .mono_ms = world_mono_ms, .sleep_ms = world_sleep_ms, .ctx = world
    };
    world->env.clock = &world->clock;
    world->env.stop_wanted = world_stop_wanted;
    world->env.stop_ctx = world;
    atomic_init(&world->failed, false);
}
