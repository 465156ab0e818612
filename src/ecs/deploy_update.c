#include "deploy.h"
#include "request.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

void deploy_release(struct deploy *deploy)
{
    json_decref(deploy->service);
    json_decref(deploy->settings);
    free(deploy->application);
    free(deploy->group);
    sw_taskdef_release(&deploy->base);
    sw_taskdef_release(&deploy->peer);
}

char *deploy_copy_text(const json_t *object, const char *key)
{
    const char *text = sw_json_str(object, key, NULL);
    return text ? sw_xstrdup(text) : NULL;
}

const char *deploy_service_name(const struct deploy *deploy)
{
    const struct sw_deploy_options *options = deploy->options;
    if (options->service) {
        return options->service;
    }
    return options->family ? options->family : deploy->base.family;
}

static const char *image_of(const json_t *definition, const char *container)
{
    return sw_json_str(sw_taskdef_container(definition, container), "image", NULL);
}

json_t *deploy_image_facts(const json_t *before, const json_t *after)
{
    json_t *images = json_array();
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(after, "containerDefinitions"), index, container)
    {
        const char *name = sw_json_str(container, "name", "");
        const char *was = image_of(before, name);
        json_t *fact = json_pack("{s:s, s:s}", "container", name, "image",
                                 sw_json_str(container, "image", ""));
        if (was) {
            (void)json_object_set_new(fact, "previousImage", json_string(was));
        }
        (void)json_array_append_new(images, fact);
    }
    return images;
}

static enum sw_status explain_update(struct deploy *deploy)
{
    struct sw_err *err = deploy->err;
    const struct sw_cause_class *cause = sw_cause_of_refusal(err->msg);
    (void)sw_wrap(err, "service \"%s\"", deploy->done->service);
    bool refused =
        err->status == SW_E_FAILED || strcmp(err->code, "InvalidParameterException") == 0;
    if (refused && strcmp(cause->id, "other") != 0) {
        (void)sw_append(err, "; %s: %s", cause->title, cause->advice);
    }
    bool missing = strcmp(err->code, "ServiceNotFoundException") == 0 ||
                   strcmp(err->code, "ServiceNotActiveException") == 0;
    if (missing) {
        ecs_append_names(
            deploy->aws, "ListServices",
            json_pack("{s:s, s:i}", "cluster", deploy->options->cluster, "maxResults", 11),
            "serviceArns", "services in the cluster", err);
    } else if (strcmp(err->code, "ClusterNotFoundException") == 0) {
        ecs_append_names(deploy->aws, "ListClusters", json_pack("{s:i}", "maxResults", 11),
                         "clusterArns", "clusters", err);
    }
    if (sw_err_may_be_done(err)) {
        (void)sw_append(err, "; whether the deployment was started is not known");
    }
    if (deploy->done->registered) {
        (void)sw_append(err, "; %s is registered but not deployed",
                        sw_taskdef_short_name(deploy->done->task_definition));
    }
    return err->status;
}

/* The PRIMARY before, which a rollback would return to, unless it still is the PRIMARY. */
static void keep_previous(struct deploy *deploy, const json_t *primary)
{
    const char *id = sw_json_str(primary, "id", "");
    const char *before = sw_json_str(sw_service_primary(deploy->service), "id", NULL);
    if (before && strcmp(before, id) != 0) {
        deploy->done->previous_id = sw_xstrdup(before);
    } else if (before && strcmp(sw_json_str(primary, "taskDefinition", ""),
                                deploy->done->task_definition) == 0) {
        sw_say(deploy->env, "ECS started no new deployment: nothing is to be rolled");
    }
}

/* Right after an update ECS may still name the service deployment before: that one is not ours. */
static void keep_service_deployment(struct deploy *deploy, const json_t *service)
{
    struct sw_deployment *done = deploy->done;
    const char *before = sw_json_str(deploy->service, "currentServiceDeployment", "");
    const char *now = sw_json_str(service, "currentServiceDeployment", "");
    if (done->previous_id && *before) {
        done->previous_service_deployment = sw_xstrdup(before);
    }
    if (*now && (!done->previous_id || strcmp(before, now) != 0)) {
        done->service_deployment = sw_xstrdup(now);
    }
}

/* One call with everything in it: two would make two deployments. */
static enum sw_status update_service(struct deploy *deploy, json_t **ret_answer)
{
    const struct sw_aws_call_options call = {
        .not_idempotent =
            deploy->options->force || sw_json_bool(deploy->settings, "forceNewDeployment", false),
    };
    json_t *input =
        json_pack("{s:s, s:s, s:s}", "cluster", deploy->options->cluster, "service",
                  deploy_service_name(deploy), "taskDefinition", deploy->done->task_definition);
    if (deploy->options->force) {
        ecs_set_switch(input, "forceNewDeployment", SW_SWITCH_ON);
    }
    (void)json_object_update_missing(input, deploy->settings);
    return ecs_call(deploy->aws, "UpdateService", input, &call, ret_answer, deploy->err);
}

static enum sw_status create_service(struct deploy *deploy, json_t **ret_answer)
{
    char *token SW_CLEANUP(sw_free_str) = ecs_client_token(deploy->env);
    json_t *input = json_pack("{s:s, s:s, s:s, s:s}", "cluster", deploy->options->cluster,
                              "serviceName", deploy->done->service, "taskDefinition",
                              deploy->done->task_definition, "clientToken", token);
    (void)json_object_update_missing(input, deploy->settings);
    return ecs_call(deploy->aws, "CreateService", input, NULL, ret_answer, deploy->err);
}

enum sw_status deploy_update(struct deploy *deploy)
{
    if (deploy->by_codedeploy) {
        return deploy_by_codedeploy(deploy);
    }
    struct sw_deployment *done = deploy->done;
    json_auto_t *answer = NULL;
    enum sw_status status =
        deploy->create ? create_service(deploy, &answer) : update_service(deploy, &answer);
    if (status != SW_OK) {
        return explain_update(deploy);
    }
    const json_t *service = sw_json_object(answer, "service");
    const json_t *primary = sw_service_primary(service);
    done->updated = true;
    done->created = deploy->create;
    if (!service) {
        return sw_fail(deploy->err, SW_E_UNAVAILABLE,
                       "%s of \"%s\" answered without a service; whether the deployment was "
                       "started is not known",
                       deploy->create ? "CreateService" : "UpdateService", done->service);
    }
    done->deployment_id = deploy_copy_text(primary, "id");
    done->desired = sw_json_int(service, "desiredCount", -1);
    keep_previous(deploy, primary);
    keep_service_deployment(deploy, service);
    return SW_OK;
}
