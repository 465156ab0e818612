#include "deploy.h"
#include "codedeploy.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

/*
 * CodeDeploy would refuse a second deployment, but only after the revision is registered. Two task
 * sets are there while one goes on.
 */
static enum sw_status check_idle(const struct deploy *deploy)
{
    const char *id = sw_codedeploy_newest(deploy->service);
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *info = NULL;
    if (!id || json_array_size(sw_json_array(deploy->service, "taskSets")) < 2 ||
        codedeploy_get(deploy->aws, id, NULL, &info, &ignored) != SW_OK ||
        codedeploy_is_over(sw_json_str(info, "status", ""))) {
        return SW_OK;
    }
    return sw_fail(
        deploy->err, SW_E_CONFLICT,
        "service \"%s\": deployment %s by CodeDeploy goes on (%s); wait for it with slipway "
        "ecs wait, or stop it and go back with slipway ecs continue --rollback",
        sw_json_str(deploy->service, "serviceName", "?"), id, sw_json_str(info, "status", "?"));
}

/* The application and group that are given, or those that deploy the service otherwise. */
static enum sw_status find_names(struct deploy *deploy)
{
    if (deploy->codedeploy.application) {
        return SW_OK;
    }
    enum sw_status status =
        sw_codedeploy_find(deploy->aws, deploy->options->cluster, deploy->service,
                           &deploy->application, &deploy->group, deploy->err);
    deploy->codedeploy.application = deploy->application;
    deploy->codedeploy.group = deploy->group;
    return status;
}

enum sw_status deploy_check_controller(struct deploy *deploy)
{
    const struct sw_codedeploy_options *options = deploy->options->codedeploy;
    const char *type =
        sw_json_str(sw_json_object(deploy->service, "deploymentController"), "type", "ECS");
    bool chosen = options && sw_codedeploy_chosen(options);
    if (options) {
        deploy->codedeploy = *options;
    }
    /* What cannot be looked at is deployed as the options say. */
    deploy->by_codedeploy = deploy->service ? sw_codedeploy_deploys(deploy->service) : chosen;
    if (deploy->options->check_only || !deploy->service) {
        return SW_OK;
    }
    if (deploy->by_codedeploy && options) {
        enum sw_status status = check_idle(deploy);
        return status == SW_OK ? find_names(deploy) : status;
    }
    if (!chosen) {
        return sw_service_check_controller(deploy->service, deploy->err);
    }
    return sw_fail(deploy->err, SW_E_CONFLICT,
                   "service \"%s\" is not deployed by CodeDeploy: its deployment controller is %s; "
                   "leave --codedeploy-application out",
                   sw_json_str(deploy->service, "serviceName", "?"), type);
}

const json_t *deploy_running_set(const json_t *service)
{
    const json_t *set = sw_json_find(sw_json_array(service, "taskSets"), "status", "PRIMARY");
    return set ? set : service;
}

void deploy_translate_breaker(struct deploy *deploy)
{
    json_t *configuration = sw_json_object(deploy->settings, "deploymentConfiguration");
    const json_t *breaker = sw_json_object(configuration, "deploymentCircuitBreaker");
    if (!deploy->by_codedeploy || !sw_json_bool(breaker, "enable", false)) {
        return;
    }
    deploy->codedeploy.auto_rollback =
        deploy->codedeploy.auto_rollback || sw_json_bool(breaker, "rollback", false);
    (void)json_object_del(configuration, "deploymentCircuitBreaker");
    if (json_object_size(configuration) == 0) {
        (void)json_object_del(deploy->settings, "deploymentConfiguration");
    }
}

enum sw_status deploy_check_codedeploy(const struct deploy *deploy)
{
    json_auto_t *appspec = NULL;
    if (!deploy->by_codedeploy || deploy->options->check_only) {
        return SW_OK;
    }
    if (json_object_size(deploy->settings) > 0 || deploy->create) {
        return sw_fail(deploy->err, SW_E_USAGE,
                       "a deployment of service \"%s\" by CodeDeploy changes the task definition "
                       "only; leave out the options that create or change the service",
                       deploy->done->service);
    }
    return sw_codedeploy_appspec(&deploy->codedeploy, deploy->service, "to-be-registered", &appspec,
                                 deploy->err);
}

enum sw_status deploy_by_codedeploy(struct deploy *deploy)
{
    struct sw_deployment *done = deploy->done;
    json_auto_t *appspec = NULL;
    enum sw_status status = sw_codedeploy_appspec(&deploy->codedeploy, deploy->service,
                                                  done->task_definition, &appspec, deploy->err);
    if (status == SW_OK) {
        status = sw_codedeploy_create(deploy->aws, &deploy->codedeploy, appspec,
                                      &done->codedeploy_deployment, deploy->err);
    }
    if (status == SW_OK) {
        done->updated = true;
        return SW_OK;
    }
    (void)sw_wrap(deploy->err, "service \"%s\"", done->service);
    if (done->registered) {
        (void)sw_append(deploy->err, "; %s is registered but not deployed",
                        sw_taskdef_short_name(done->task_definition));
    }
    return deploy->err->status;
}
