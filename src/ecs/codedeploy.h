#ifndef SLIPWAY_ECS_CODEDEPLOY_PRIVATE_H
#define SLIPWAY_ECS_CODEDEPLOY_PRIVATE_H

/* Shared by the parts of CodeDeploy. */

#include "follow.h"

#include <slipway/codedeploy.h>

/* One call of the CodeDeploy API with `input`, which is consumed. */
SW_NODISCARD enum sw_status codedeploy_call(struct sw_aws *aws, const char *action, json_t *input,
                                            const struct sw_aws_call_options *options, json_t **ret,
                                            struct sw_err *err);

/* What exists beside the application, or the group, that err tells does not. */
void codedeploy_append_known(struct sw_aws *aws, const char *application, struct sw_err *err);
/* GetDeployment; *ret is the caller's. */
SW_NODISCARD enum sw_status codedeploy_get(struct sw_aws *aws, const char *id,
                                           const struct sw_aws_call_options *options, json_t **ret,
                                           struct sw_err *err);

/* The task definition that an AppSpec names; the caller's, NULL when it names none. */
char *codedeploy_definition_of(const char *appspec);
struct deploy;
/* deploy_last_good() of a service that CodeDeploy deploys; any failure is returned. */
SW_NODISCARD enum sw_status codedeploy_last_good(const struct deploy *deploy, const char *running,
                                                 char **ret, int64_t *ret_finished_ms,
                                                 struct sw_err *err);

/* Whether a deployment of that status has come to its end. */
bool codedeploy_is_over(const char *status);
/* sw_rollout_continue() for the service that CodeDeploy deploys. */
SW_NODISCARD enum sw_status codedeploy_continue(struct sw_aws *aws,
                                                const struct sw_continue_options *options,
                                                const json_t *service,
                                                struct sw_continue_result *ret, struct sw_err *err);

/* A deployment that is followed: the follower of a rollout, whose verdict comes from elsewhere. */
struct codedeploy_watch {
    struct follower follower;
    char *id;                           /* owned: what is followed now; later its rollback */
    char status[32];                    /* as it was shown last */
    char reason[SW_ROLLOUT_REASON_MAX]; /* why the first one ended */
    bool rolling_back;                  /* `id` is the rollback */
    bool over;                          /* the first one is */
    bool limit_known;                   /* how long is waited */
    int64_t ready_ms;                   /* since when it is Ready, by our clock; 0: it is not */
    char set_id[SW_ROLLOUT_ID_MAX];     /* of its task set, and what that runs */
    char definition[SW_ROLLOUT_ARN_MAX];
};
/* Starts its clock. All that is given lives longer than the watch. */
void codedeploy_watch_init(struct codedeploy_watch *watch, struct sw_aws *aws,
                           const struct sw_follow_options *options, const char *id,
                           struct sw_follow_result *result, struct sw_err *err);
void codedeploy_watch_release(struct codedeploy_watch *watch);
/* Asks for the deployment; *ret (owned) stays NULL when it cannot be asked just now. */
SW_NODISCARD enum sw_status codedeploy_watch_ask(struct codedeploy_watch *watch, json_t **ret);
/*
 * Takes in the deployment, and what its tasks do meanwhile: `service` (NULL when it cannot be seen)
 * never ends anything. True when there is nothing more to wait for.
 */
bool codedeploy_watch_take(struct codedeploy_watch *watch, const json_t *info,
                           const json_t *service);
/* What the follower's on_failure asks for, after the following ended with `status`. */
enum sw_status codedeploy_watch_repair(struct codedeploy_watch *watch, enum sw_status status);

#endif
