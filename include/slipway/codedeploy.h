#ifndef SLIPWAY_CODEDEPLOY_H
#define SLIPWAY_CODEDEPLOY_H

/*
 * Blue/green deployments of ECS services by AWS CodeDeploy: services whose deployment controller is
 * CODE_DEPLOY. UpdateService refuses to roll those; a deployment of CodeDeploy does it, whose
 * AppSpec names the task definition and the container that gets the traffic.
 *
 * Call order: sw_codedeploy_appspec before anything is registered (it checks what was given), again
 * with the registered definition, sw_codedeploy_create, sw_codedeploy_follow. sw_service_deploy
 * does all but the last. Reference: AWS CodeDeploy API, CreateDeployment, GetDeployment,
 * StopDeployment; AppSpec file reference, "resources" section for Amazon ECS.
 */

#include <slipway/aws.h>
#include <slipway/json.h>
#include <slipway/rollout.h>

/* What the user chose. Texts are borrowed; NULL or 0 when not given. */
struct sw_codedeploy_options {
    const char *application; /* goes with the group; both may be found, see below */
    const char *group;
    const char *config;            /* deployment configuration; NULL: the group's */
    const char *appspec;           /* file, JSON or YAML; its task definition is replaced */
    const char *container;         /* gets the traffic; NULL: the service's load balancer tells */
    int64_t port;                  /* of it; 0: the service's load balancer tells */
    const char *capacity_provider; /* "NAME,BASE,WEIGHT" */
    bool auto_rollback;            /* CodeDeploy goes back by itself when the deployment fails */
};

/* Whether the service's deployment controller is CODE_DEPLOY. */
bool sw_codedeploy_deploys(const json_t *service);
/* Whether anything is chosen that is of use to CodeDeploy alone. */
bool sw_codedeploy_chosen(const struct sw_codedeploy_options *options);
/*
 * The newest deployment ("d-ABC123") that the service's task sets tell of, borrowed; NULL when
 * CodeDeploy made none of them.
 */
const char *sw_codedeploy_newest(const json_t *service);
/*
 * The application and the deployment group that deploy the service, both the caller's: those of its
 * newest deployment, else those with the names that the console gives them. SW_E_CONFLICT when
 * neither is known.
 */
SW_NODISCARD enum sw_status sw_codedeploy_find(struct sw_aws *aws, const char *cluster,
                                               const json_t *service, char **ret_application,
                                               char **ret_group, struct sw_err *err);

/*
 * The AppSpec for `task_definition`; *ret is the caller's. `service` (NULL when it may not be
 * looked at) tells container and port when the options do not. Keys of an AppSpec file are found in
 * any case, as CodeDeploy finds them; all that is not the task definition stays. SW_E_USAGE when
 * something is missing, SW_E_INPUT when the file is no AppSpec for ECS.
 */
SW_NODISCARD enum sw_status sw_codedeploy_appspec(const struct sw_codedeploy_options *options,
                                                  const json_t *service,
                                                  const char *task_definition, json_t **ret,
                                                  struct sw_err *err);

/*
 * Starts the deployment; *ret_id ("d-ABC123") is the caller's. SW_E_NOT_FOUND when there is no such
 * application or group, listing those there are; SW_E_CONFLICT when another deployment goes on;
 * SW_E_TOO_LARGE for an AppSpec of more than 512 KiB. The error says when a deployment may have
 * been started all the same.
 */
SW_NODISCARD enum sw_status sw_codedeploy_create(struct sw_aws *aws,
                                                 const struct sw_codedeploy_options *options,
                                                 const json_t *appspec, char **ret_id,
                                                 struct sw_err *err);

/*
 * Polls the deployment to its end, and that of its rollback; otherwise as sw_rollout_follow, whose
 * statuses and options it has. options->target needs the task definition only. SW_E_PAUSED when the
 * traffic waits for an approval. timeout_ms <= 0, or one for ECS alone: what the deployment group
 * waits by itself and ten minutes, at least half an hour, at most six.
 */
SW_NODISCARD enum sw_status sw_codedeploy_follow(struct sw_aws *aws,
                                                 const struct sw_follow_options *options,
                                                 const char *deployment_id,
                                                 struct sw_follow_result *ret, struct sw_err *err);

#endif
