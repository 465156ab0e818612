#ifndef SLIPWAY_SERVICE_H
#define SLIPWAY_SERVICE_H

/*
 * ECS services: look at one, deploy a task definition to it, and go back to an earlier one.
 *
 * A deployment makes at most four calls: DescribeServices, DescribeTaskDefinition,
 * RegisterTaskDefinition and one UpdateService. Everything is checked before something is
 * registered. Following the rollout is rollout.h.
 */

#include <slipway/aws.h>
#include <slipway/json.h>
#include <slipway/rollout.h>
#include <slipway/taskdef.h>

/*
 * Describes an active service; *ret_service is the caller's. `service` is a name or an ARN.
 * SW_E_NOT_FOUND names the services, or clusters, that exist; SW_E_CONFLICT when it is being
 * deleted; SW_E_DENIED without the right to look.
 */
SW_NODISCARD enum sw_status sw_service_describe(struct sw_aws *aws, const char *cluster,
                                                const char *service, json_t **ret_service,
                                                struct sw_err *err);
/* The PRIMARY deployment, borrowed; NULL when there is none. */
const json_t *sw_service_primary(const json_t *service);

/*
 * Refuses services that UpdateService cannot roll: those that CodeDeploy or somebody else deploys.
 * SW_E_CONFLICT with what to use instead.
 */
SW_NODISCARD enum sw_status sw_service_check_controller(const json_t *service, struct sw_err *err);

struct sw_deploy_options {
    const char *cluster;
    const char *service;         /* NULL: named like the family */
    const char *family;          /* NULL: see task_definition and file */
    const char *task_definition; /* family:revision or ARN to start from; wins over family */
    const char *file;            /* JSON or YAML file to start from; wins over both. With none of
                                    the three: the definition that the service runs */
    bool expand_file;            /* ${VAR} in its texts stands for the variable */
    const struct sw_changes *changes;
    bool force;           /* roll even if nothing changed */
    bool set_desired;     /* set the number of tasks in the same call */
    int64_t desired;      /* with set_desired */
    bool circuit_breaker; /* switch the circuit breaker on, with rollback, in the same call */
    bool allow_unchanged; /* nothing to deploy is success */
    /* Called with the finished definition before anything is registered; may be NULL. */
    enum sw_status (*verify)(void *ctx, const json_t *definition, const struct sw_changes *changes,
                             struct sw_err *err);
    void *verify_ctx;
};

/* What was done. Texts are owned; NULL when not known. */
struct sw_deployment {
    char *service; /* name */
    char *family;
    char *base;               /* what was changed: "web:12", or the file's name */
    char *previous;           /* ARN of the task definition that the service ran before */
    char *task_definition;    /* ARN that it is to run now */
    char *deployment_id;      /* "ecs-svc/1", of the deployment to follow */
    char *previous_id;        /* the PRIMARY before; NULL when it is the one to follow */
    char *service_deployment; /* its ARN */
    bool registered;          /* a new revision was made */
    bool updated;             /* UpdateService was called */
    int64_t desired;          /* tasks wanted; -1 when not known */
    json_t *images;           /* [{"container", "image", "previousImage"}] of the definition */
};
void sw_deployment_release(struct sw_deployment *deployment);

/*
 * Deploys. Nothing new is registered when the changes give what the starting point already is.
 * SW_E_UNCHANGED when the service already runs it (unless allow_unchanged or force): *ret is filled
 * then as well. On other failures *ret says how far it came and is released by the caller too.
 */
SW_NODISCARD enum sw_status sw_service_deploy(struct sw_aws *aws,
                                              const struct sw_deploy_options *options,
                                              struct sw_deployment *ret, struct sw_err *err);

/*
 * Goes back to another revision with one UpdateService call, saying which and why. `to` names it: a
 * number (of the family that runs), FAMILY:REVISION or an ARN. NULL: the revision of the newest
 * completed deployment that the service still has beside the PRIMARY, else the newest active
 * revision of the family below the one that runs.
 *
 * SW_E_UNCHANGED when that is what runs; SW_E_CONFLICT when it is INACTIVE and SW_E_NOT_FOUND when
 * there is none, both naming the revisions that exist; SW_E_USAGE when `to` is no revision. *ret is
 * filled as far as it came and is released by the caller in any case.
 */
SW_NODISCARD enum sw_status sw_service_rollback(struct sw_aws *aws, const char *cluster,
                                                const char *service, const char *to,
                                                struct sw_deployment *ret, struct sw_err *err);

/*
 * A `verify` for sw_deploy_options; ctx is the struct sw_aws. Asks the registries for the images
 * that the changes name (all images when they name none): SW_E_PREFLIGHT when one does not exist.
 * An image that cannot be asked for is a warning.
 */
SW_NODISCARD enum sw_status sw_deploy_verify_images(void *ctx, const json_t *definition,
                                                    const struct sw_changes *changes,
                                                    struct sw_err *err);

/*
 * Reads the starting point: options->file, task_definition, family, or what `service` (may be NULL)
 * runs.
 */
SW_NODISCARD enum sw_status sw_deploy_load(struct sw_aws *aws,
                                           const struct sw_deploy_options *options,
                                           const json_t *service, struct sw_taskdef *ret,
                                           struct sw_err *err);

#endif
