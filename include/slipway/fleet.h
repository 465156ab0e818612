#ifndef SLIPWAY_FLEET_H
#define SLIPWAY_FLEET_H

/*
 * Several services deployed in one go: planned and checked before anything is registered, equal
 * definitions registered once, updated in the order that is given, and followed side by side with
 * one DescribeServices call for up to ten services of a cluster.
 *
 * In call order: fill items, sw_fleet_deploy(), read their outcomes, sw_fleet_item_release().
 */

#include <slipway/service.h>

enum { SW_FLEET_MAX = 500 };

enum sw_fleet_state {
    SW_FLEET_WAITING,   /* nothing was done to it */
    SW_FLEET_STARTED,   /* updated; how it ended is not known, or nobody waited */
    SW_FLEET_UNCHANGED, /* ran it already, which is accepted */
    SW_FLEET_DONE,      /* followed to a good end */
    SW_FLEET_FAILED,    /* err says why */
};

/* One service. What options point at lives as long as the item. */
struct sw_fleet_item {
    struct sw_deploy_options deploy;
    int64_t wave;       /* those of a lower one are done before it begins */
    bool until_running; /* see rollout.h */
    /* The outcome; freed by sw_fleet_item_release(). */
    enum sw_fleet_state state;
    struct sw_deployment deployment;
    struct sw_follow_result follow;
    bool followed;
    struct sw_err err;
};
void sw_fleet_item_release(struct sw_fleet_item *item);

struct sw_fleet_options {
    bool wait;
    bool keep_going;                 /* begin later waves although a service failed */
    bool timeout_is_fine;            /* a rollout that is not done in time is no failure */
    bool until_drained;              /* see rollout.h */
    struct sw_follow_options follow; /* how; cluster, service and target are set per service */
};

/*
 * Deploys all items. Nothing is registered when one of them cannot be planned. When one fails
 * later, the others of its wave are followed to their ends, and later waves do not begin, unless
 * keep_going is set; it is repaired as follow.on_failure says while the others go on.
 *
 * SW_OK when all succeeded; else the status of the first that failed, in the order given, and how
 * many did. SW_E_STOPPED when the user wants to stop. Items hold their own outcomes.
 */
SW_NODISCARD enum sw_status sw_fleet_deploy(struct sw_aws *aws,
                                            const struct sw_fleet_options *options,
                                            struct sw_fleet_item *items, size_t count,
                                            struct sw_err *err);

#endif
