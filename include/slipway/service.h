#ifndef SLIPWAY_SERVICE_H
#define SLIPWAY_SERVICE_H

/*
 * ECS services: look at one, deploy a task definition to it, and go back to an earlier one.
 *
 * A deployment makes at most four calls: DescribeServices, DescribeTaskDefinition,
 * RegisterTaskDefinition and one UpdateService, or CreateService. Everything is checked before
 * something is registered. Following the rollout is rollout.h.
 */

#include <slipway/aws.h>
#include <slipway/codedeploy.h>
#include <slipway/json.h>
#include <slipway/preflight.h>
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
/* A service at a glance. */
struct sw_service_view {
    json_t *service;         /* owned: of DescribeServices */
    json_t *deployments;     /* owned: of it, or its task sets in the same form */
    json_t *images;          /* owned: [{"container", "image"}] of what it runs */
    json_t *targets;         /* owned: [{"targetGroupArn", "states": {STATE: number}}] */
    struct sw_causes causes; /* why tasks of its newest deployment stopped, or are not healthy */
    struct sw_strs missing;  /* what could not be looked at, and why */
};
void sw_service_view_release(struct sw_service_view *view);
/*
 * Looks at a service in at most six calls and one per target group. Statuses as those of
 * sw_service_describe; what else may not be looked at is left out and noted. *ret is released by
 * the caller in any case.
 */
SW_NODISCARD enum sw_status sw_service_look(struct sw_aws *aws, const char *cluster,
                                            const char *service, struct sw_service_view *ret,
                                            struct sw_err *err);
/* The PRIMARY deployment, borrowed; NULL when there is none. */
const json_t *sw_service_primary(const json_t *service);

/*
 * Refuses services that UpdateService cannot roll: those that CodeDeploy or somebody else deploys.
 * SW_E_CONFLICT with what to use instead.
 */
SW_NODISCARD enum sw_status sw_service_check_controller(const json_t *service, struct sw_err *err);

/*
 * What is to be changed of a service besides its task definition. Only what is named is sent: NULL,
 * SW_SWITCH_UNSET, -1 and empty lists leave the service as it is, and "none" as the only item of a
 * list empties it. Texts are borrowed. Structures are written in the forms that task.h tells of.
 */
struct sw_service_request {
    int64_t desired; /* tasks wanted; the others are percentages and seconds */
    int64_t minimum_healthy_percent;
    int64_t maximum_percent;
    int64_t grace_period_s;         /* of health checks */
    enum sw_switch circuit_breaker; /* with rollback, unless that is switched off */
    enum sw_switch breaker_rollback;
    const struct sw_strs *alarms; /* names of CloudWatch alarms */
    enum sw_switch alarm_rollback;
    const char *subnets;         /* comma list */
    const char *security_groups; /* comma list */
    enum sw_switch public_ip;
    const struct sw_strs *capacity_providers;
    const char *platform_version;
    const struct sw_strs *load_balancers;     /* CONTAINER:PORT=TARGET-GROUP-ARN */
    const struct sw_strs *service_registries; /* ARN, CONTAINER:PORT=ARN */
    const char *propagate_tags;               /* TASK_DEFINITION, SERVICE or NONE */
    enum sw_switch managed_tags;
    enum sw_switch execute_command;
    const struct sw_strs *placement_constraints;
    const struct sw_strs *placement_strategies;
    enum sw_switch zone_rebalancing;
    const char *settings; /* further members of UpdateService as JSON, or @FILE */
    /* For a service that does not exist yet; SW_E_USAGE without `create`. */
    bool create;
    bool daemon;
    const char *launch_type;
    const struct sw_strs *tags;
};
/*
 * The members of UpdateService that the request names, and those that CreateService gets besides,
 * NULL unless the service is to be created. Both are the caller's. SW_E_USAGE and SW_E_INPUT name
 * the option and what it expects.
 */
SW_NODISCARD enum sw_status sw_service_request_build(const struct sw_service_request *request,
                                                     json_t **ret_settings, json_t **ret_creation,
                                                     struct sw_err *err);

struct sw_deploy_options {
    const char *cluster;
    const char *service;         /* NULL: named like the family */
    const char *family;          /* NULL: see task_definition and file */
    const char *task_definition; /* family:revision or ARN to start from; wins over family */
    const char *file;            /* JSON or YAML file to start from; wins over both. With none of
                                    the three: the definition that the service runs */
    bool expand_file;            /* ${VAR} in its texts stands for the variable */
    const struct sw_changes *changes;
    bool force;             /* roll even if nothing changed */
    bool allow_unchanged;   /* nothing to deploy is success */
    const json_t *settings; /* further members of the same call; NULL: none */
    const json_t *creation; /* make the service when it does not exist, with these as well */
    /* For a service whose controller is CODE_DEPLOY: a deployment of CodeDeploy instead of
     * UpdateService, by the application and group that are found when none is given. NULL: such a
     * service is refused. Another is refused when anything is chosen that only CodeDeploy does. */
    const struct sw_codedeploy_options *codedeploy;
    bool check;      /* run all checks of preflight.h before anything is registered */
    bool check_only; /* ... and nothing else */
    /* Called with the finished definition before anything is registered; may be NULL. */
    enum sw_status (*verify)(void *ctx, const json_t *definition, const struct sw_changes *changes,
                             struct sw_err *err);
    void *verify_ctx;
};

/* What was done. Texts are owned; NULL when not known. */
struct sw_deployment {
    char *service; /* name */
    char *family;
    char *base;                        /* what was changed: "web:12", or the file's name */
    char *previous;                    /* ARN of the task definition that the service ran before */
    char *task_definition;             /* ARN that it is to run now */
    char *deployment_id;               /* "ecs-svc/1", of the deployment to follow */
    char *previous_id;                 /* the PRIMARY before; NULL when it is the one to follow */
    char *service_deployment;          /* its ARN */
    char *previous_service_deployment; /* the ARN of the one before */
    char *codedeploy_deployment;       /* "d-ABC123", instead of all deployments above */
    bool registered;                   /* a new revision was made */
    bool updated;                      /* UpdateService or CreateService was called */
    bool created;                      /* the service was made */
    int64_t started_ms;                /* when it was begun, by this machine's clock; 0: not yet */
    int64_t ended_ms;                  /* when it was over; set by the caller */
    int64_t desired;                   /* tasks wanted; -1 when not known */
    json_t *images;                /* [{"container", "image", "previousImage"}] of the definition */
    struct sw_check_report hints;  /* why it may be of no use although it succeeds */
    struct sw_check_report checks; /* what the checks found, when they were asked for */
};
void sw_deployment_release(struct sw_deployment *deployment);
/* Adds a "digest" to the images that the deployment's tasks tell it of; in two calls. */
void sw_deployment_read_digests(struct sw_aws *aws, const char *cluster,
                                struct sw_deployment *deployment);

/*
 * Deploys. A service that does not exist is an error unless options->creation is set. Structures
 * that ECS replaces as a whole (the network, the circuit breaker, alarms) keep those of the
 * service's members that the settings do not name. Nothing new is registered when the changes give
 * what the starting point already is. SW_E_UNCHANGED when the service already runs it (unless
 * allow_unchanged or force): *ret is filled then as well. On other failures *ret says how far it
 * came and is released by the caller too. With options->check, SW_E_PREFLIGHT when a check blocks.
 */
SW_NODISCARD enum sw_status sw_service_deploy(struct sw_aws *aws,
                                              const struct sw_deploy_options *options,
                                              struct sw_deployment *ret, struct sw_err *err);

/*
 * Goes back to another revision with one UpdateService call, or with a deployment of CodeDeploy as
 * sw_service_deploy() makes it, saying which and why. `to` names it: a
 * number (of the family that runs), FAMILY:REVISION or an ARN. NULL: the revision of the newest
 * completed deployment that the service still has beside the PRIMARY, else that of the newest
 * service deployment that succeeded before, else the newest active revision of the family below the
 * one that runs.
 *
 * SW_E_UNCHANGED when that is what runs; SW_E_CONFLICT when it is INACTIVE and SW_E_NOT_FOUND when
 * there is none, both naming the revisions that exist; SW_E_USAGE when `to` is no revision. *ret is
 * filled as far as it came and is released by the caller in any case.
 */
SW_NODISCARD enum sw_status sw_service_rollback(struct sw_aws *aws, const char *cluster,
                                                const char *service, const char *to,
                                                const struct sw_codedeploy_options *codedeploy,
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
