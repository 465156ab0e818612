#ifndef SLIPWAY_ECS_FLEET_H
#define SLIPWAY_ECS_FLEET_H

/* The parts of sw_fleet_deploy: the start of all, following side by side, and what is shown. */

#include "codedeploy.h"
#include "deploy.h"

#include <slipway/fleet.h>
#include <slipway/progress.h>

enum { FLEET_BATCH_MAX = 10 };

/* A world whose lines begin with the service's name. */
struct fleet_voice {
    struct sw_env env;
    struct sw_progress progress;
    const struct sw_env *parent;
    const char *name;
};

/* One rollout that is followed. */
struct fleet_rollout {
    struct sw_fleet_item *item;
    struct sw_follow_options options;
    struct follower *follower;      /* one of the next two */
    struct follower rolling;        /* of a deployment of ECS */
    struct codedeploy_watch shifts; /* of one by CodeDeploy; without an id: it is none */
    struct fleet_voice voice;
    bool over;
    int64_t shown[FOLLOW_COUNTERS]; /* counters as last printed */
};

struct fleet {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_fleet_options *options;
    struct sw_fleet_item *items;
    size_t count;
    struct deploy *deploys; /* owned, one per item */
    struct ecs_pace pace;
    bool repaired; /* one was, which took its time: look again before the clock is judged */
    struct sw_err *err;
};

/* Marks the item as failed with its err, and says so. */
void fleet_failed(const struct fleet *fleet, struct sw_fleet_item *item);

/* Follows the items of the wave that were started to their ends. */
void fleet_follow(struct fleet *fleet, int64_t wave);

/* Prints what changed, and keeps the table of a terminal up to date. */
void fleet_show(struct fleet *fleet, struct fleet_rollout *rollouts, size_t count);

#endif
