#ifndef SLIPWAY_ECS_DEPLOY_H
#define SLIPWAY_ECS_DEPLOY_H

/* The parts of sw_service_deploy and sw_service_rollback: what they share is the update. */

#include "ecs.h"

#include <slipway/service.h>

/* One deployment in the making. Members are borrowed unless said otherwise. */
struct deploy {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_deploy_options *options;
    struct sw_deployment *done;
    struct sw_err *err;
    json_t *service;    /* owned; NULL when it may not be looked at, or is to be created */
    json_t *settings;   /* owned: options->settings with what the service has of them */
    bool looked;        /* `service` was described before, for several at once */
    bool create;        /* the service does not exist */
    bool by_codedeploy; /* CodeDeploy rolls it, as `codedeploy` says */
    struct sw_codedeploy_options codedeploy;
    char *application; /* owned: what was found of it */
    char *group;
    bool changed;           /* what is wanted is not registered yet */
    bool idle;              /* nothing is to be done, and that is accepted */
    struct sw_taskdef base; /* owned; what is changed; may have been read before */
    struct sw_taskdef peer; /* owned; the newest revision, when the base is a file */
};

/*
 * Finds out what is to be done, and checks it; nothing is changed yet. SW_E_UNCHANGED when there is
 * nothing to do.
 */
SW_NODISCARD enum sw_status deploy_plan(struct deploy *deploy);
/* Registers the definition, when it is new. */
SW_NODISCARD enum sw_status deploy_register(struct deploy *deploy);

/* Frees what is owned. */
void deploy_release(struct deploy *deploy);

/* A copy of the member's text, the caller's; NULL when there is none. */
char *deploy_copy_text(const json_t *object, const char *key);
/* The service that is meant, before ECS has told its name; borrowed. */
const char *deploy_service_name(const struct deploy *deploy);

/* The images of all containers, with those they replace. The caller's. */
json_t *deploy_image_facts(const json_t *before, const json_t *after);

/*
 * Fills deploy->settings: structures that ECS replaces as a whole get the members that the service
 * has and the options do not name. SW_E_USAGE for what does not fit the service.
 */
SW_NODISCARD enum sw_status deploy_settings(struct deploy *deploy);
/* The service as it will be, for checks; the caller's. NULL when nothing is known of it. */
json_t *deploy_future_service(const struct deploy *deploy);

/*
 * The one UpdateService or CreateService call, to done->task_definition. Its answer, not a later
 * look, tells the deployment's id.
 */
SW_NODISCARD enum sw_status deploy_update(struct deploy *deploy);

/*
 * The definition of the newest deployment that succeeded and rolled out something to go back to
 * from `running`, the caller's, and when it was; *ret stays NULL when none is known or none may be
 * seen. An error only when it cannot be asked just now: another answer might come in a moment.
 */
SW_NODISCARD enum sw_status deploy_last_good(const struct deploy *deploy, const char *running,
                                             char **ret, int64_t *ret_finished_ms);

/* Whether going to `candidate` is going back: another family, or a lower revision of the same. */
bool deploy_is_before(const char *candidate, const char *running);

/* ---- Deployments by CodeDeploy ---- */

/* Whether the service can be deployed in the way that is asked for, and by whom. */
SW_NODISCARD enum sw_status deploy_check_controller(struct deploy *deploy);
/* What says which definition the service runs: itself, or its PRIMARY task set. Borrowed. */
const json_t *deploy_running_set(const json_t *service);
/* The circuit breaker that is asked for is what CodeDeploy calls a rollback on failure. */
void deploy_translate_breaker(struct deploy *deploy);
/* Whether the AppSpec can be made, before anything is registered. */
SW_NODISCARD enum sw_status deploy_check_codedeploy(const struct deploy *deploy);
/* Instead of deploy_update: CreateDeployment, to done->task_definition. */
SW_NODISCARD enum sw_status deploy_by_codedeploy(struct deploy *deploy);

#endif
