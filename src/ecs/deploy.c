#include "deploy.h"
#include "preflight.h"
#include "request.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

void sw_deployment_release(struct sw_deployment *deployment)
{
    free(deployment->service);
    free(deployment->family);
    free(deployment->base);
    free(deployment->previous);
    free(deployment->task_definition);
    free(deployment->deployment_id);
    free(deployment->previous_id);
    free(deployment->service_deployment);
    free(deployment->previous_service_deployment);
    free(deployment->codedeploy_deployment);
    json_decref(deployment->images);
    sw_check_report_release(&deployment->hints);
    sw_check_report_release(&deployment->checks);
    *deployment = (struct sw_deployment){ .desired = -1 };
}

/* Describes the service, or finds that it is to be made. */
static enum sw_status find_service(struct deploy *deploy)
{
    const char *cluster = deploy->options->cluster;
    const char *name = deploy_service_name(deploy);
    enum sw_status status = SW_OK;
    if (deploy->looked) {
        return SW_OK;
    }
    if (deploy->options->creation) {
        status = ecs_service_find(deploy->aws, cluster, name, &deploy->service, deploy->err);
        deploy->create = status == SW_OK && !deploy->service;
        return status;
    }
    status = sw_service_describe(deploy->aws, cluster, name, &deploy->service, deploy->err);
    if (status == SW_E_NOT_FOUND && !*deploy->err->code) {
        (void)sw_append(deploy->err, "; --create (create_service in the orb) would make it");
    }
    return status;
}

/* DescribeServices. The old orbs got by without the right to it, so this does too. */
static enum sw_status look_at_service(struct deploy *deploy)
{
    enum sw_status status = find_service(deploy);
    if (status == SW_E_DENIED && deploy->options->creation) {
        return sw_wrap(deploy->err, "--create needs to see whether the service exists");
    }
    if (status == SW_E_DENIED) {
        sw_say(deploy->env,
               "the right ecs:DescribeServices is missing: the service is not checked beforehand");
        return deploy_check_controller(deploy);
    }
    if (status == SW_OK) {
        status = deploy_check_controller(deploy);
    }
    if (status != SW_OK) {
        return status;
    }
    if (deploy->create) {
        sw_say(deploy->env, "service \"%s\" does not exist in cluster \"%s\": it will be created",
               ecs_last_part(deploy_service_name(deploy)), deploy->options->cluster);
        return SW_OK;
    }
    const json_t *primary = sw_service_primary(deploy->service);
    if (!deploy->options->check &&
        strcmp(sw_json_str(primary, "rolloutState", ""), "IN_PROGRESS") == 0) {
        sw_say(deploy->env, "deployment %s of %s is still in progress",
               sw_json_str(primary, "id", "?"),
               sw_taskdef_short_name(sw_json_str(primary, "taskDefinition", "?")));
    }
    deploy->done->previous =
        deploy_copy_text(deploy_running_set(deploy->service), "taskDefinition");
    deploy->done->desired = sw_json_int(deploy->service, "desiredCount", -1);
    return SW_OK;
}

enum sw_status sw_deploy_load(struct sw_aws *aws, const struct sw_deploy_options *options,
                              const json_t *service, struct sw_taskdef *ret, struct sw_err *err)
{
    if (options->file) {
        return sw_taskdef_read(sw_aws_env(aws), options->file, options->expand_file, ret, err);
    }
    const char *reference = options->task_definition ? options->task_definition : options->family;
    if (!reference) {
        reference = sw_json_str(service, "taskDefinition", NULL);
    }
    if (!reference) {
        return sw_fail(err, SW_E_USAGE,
                       "which task definition to start from is not known; give --family, "
                       "--task-definition or --file");
    }
    return sw_taskdef_describe(aws, reference, ret, err);
}

/* A file may say what is registered already: the newest revision of its family tells. */
static void load_peer(struct deploy *deploy)
{
    struct sw_err ignored = SW_ERR_INIT;
    if (!deploy->options->file) {
        return;
    }
    if (sw_taskdef_describe(deploy->aws, deploy->base.family, &deploy->peer, &ignored) != SW_OK) {
        sw_debug(deploy->env, "ecs", "no present revision of \"%s\" to compare with: %s",
                 deploy->base.family, ignored.msg);
    }
}

/* Applies the changes and finds out whether the result differs from what is registered. */
static enum sw_status edit(struct deploy *deploy)
{
    json_auto_t *before = json_deep_copy(deploy->base.definition);
    enum sw_status status =
        sw_taskdef_change(deploy->aws, &deploy->base, deploy->options->changes, deploy->err);
    if (status != SW_OK) {
        return status;
    }
    const struct sw_taskdef *registered = deploy->options->file ? &deploy->peer : &deploy->base;
    const json_t *present = deploy->options->file ? deploy->peer.definition : before;
    deploy->done->images = deploy_image_facts(present, deploy->base.definition);
    deploy->changed = !present || registered->inactive ||
                      !sw_taskdef_equal(present, deploy->base.definition, false);
    if (!deploy->changed) {
        deploy->done->task_definition = sw_xstrdup(registered->arn);
    }
    return deploy->changed ? sw_taskdef_refuse(&deploy->base, deploy->err) : SW_OK;
}

enum sw_status deploy_register(struct deploy *deploy)
{
    if (!deploy->changed) {
        return SW_OK;
    }
    enum sw_status status = sw_taskdef_register(deploy->aws, &deploy->base,
                                                &deploy->done->task_definition, deploy->err);
    if (status == SW_OK) {
        deploy->done->registered = true;
        sw_say(deploy->env, "registered %s", sw_taskdef_short_name(deploy->done->task_definition));
    }
    return status;
}

static enum sw_status unchanged(struct deploy *deploy)
{
    const json_t *primary = sw_service_primary(deploy->service);
    deploy->done->deployment_id = deploy_copy_text(primary, "id");
    deploy->done->service_deployment =
        deploy_copy_text(deploy->service, "currentServiceDeployment");
    (void)sw_fail(deploy->err, SW_E_UNCHANGED,
                  "nothing to deploy: service %s in cluster \"%s\" already runs %s with ",
                  deploy->done->service, deploy->options->cluster,
                  sw_taskdef_short_name(deploy->done->task_definition));
    size_t index = 0;
    const json_t *fact = NULL;
    json_array_foreach(deploy->done->images, index, fact)
    {
        (void)sw_append(deploy->err, "%s%s=%s", index ? ", " : "",
                        sw_json_str(fact, "container", ""), sw_json_str(fact, "image", ""));
    }
    const char *rollout = sw_json_str(primary, "rolloutState", "");
    if (strcmp(rollout, "FAILED") == 0) {
        (void)sw_append(deploy->err, "; its last rollout FAILED");
    }
    if (deploy->options->allow_unchanged) {
        deploy->idle = true;
        sw_say(deploy->env, "%s", deploy->err->msg);
        *deploy->err = (struct sw_err)SW_ERR_INIT;
        return SW_OK;
    }
    return sw_append(deploy->err, "; --force rolls it anew, --allow-unchanged accepts it");
}

/* Every check there is, or those that cost nothing. */
static enum sw_status check_service(struct deploy *deploy, const json_t *future)
{
    const struct sw_check_options options = {
        .cluster = deploy->options->cluster,
        .service = future,
        .definition = deploy->base.definition,
        .label = deploy->base.label,
        .codedeploy = deploy->by_codedeploy,
    };
    if (!deploy->options->check) {
        return ecs_preflight(deploy->env, future, deploy->base.definition, deploy->base.label,
                             &deploy->done->hints, deploy->err);
    }
    enum sw_status status = sw_check_run(deploy->aws, &options, &deploy->done->checks, deploy->err);
    return status == SW_OK ? sw_check_verdict(&deploy->done->checks, deploy->err) : status;
}

/* The last look before something is done. */
static enum sw_status check(struct deploy *deploy)
{
    const struct sw_deploy_options *options = deploy->options;
    json_auto_t *future = deploy_future_service(deploy);
    bool network = json_object_get(deploy->settings, "networkConfiguration") != NULL;
    enum sw_status status = deploy_check_codedeploy(deploy);
    if (status == SW_OK && (deploy->create || network)) {
        status =
            ecs_check_network(deploy->base.definition, deploy->base.label, network, deploy->err);
    }
    if (status == SW_OK) {
        status = check_service(deploy, future);
    }
    if (status == SW_OK && options->verify) {
        status = options->verify(options->verify_ctx, deploy->base.definition, options->changes,
                                 deploy->err);
    }
    return status;
}

/* Whether there is anything to do, and the last checks of it. */
static enum sw_status decide(struct deploy *deploy)
{
    const struct sw_deploy_options *options = deploy->options;
    bool runs = !deploy->changed && deploy->done->previous &&
                strcmp(deploy->done->previous, deploy->done->task_definition) == 0;
    bool service_changes = options->force || json_object_size(deploy->settings) > 0;
    if (runs && !service_changes && !options->check_only) {
        return unchanged(deploy);
    }
    enum sw_status status = check(deploy);
    if (options->check_only) {
        deploy->idle = true;
    } else if (status == SW_OK && !deploy->changed && !service_changes) {
        sw_say(deploy->env, "%s is what is wanted already; no new revision is registered",
               sw_taskdef_short_name(deploy->done->task_definition));
    }
    return status;
}

enum sw_status deploy_plan(struct deploy *deploy)
{
    bool named = deploy->options->service || deploy->options->family;
    enum sw_status status = SW_OK;
    if (named) {
        status = look_at_service(deploy);
    }
    if (status == SW_OK && !deploy->base.definition) {
        status = sw_deploy_load(deploy->aws, deploy->options, deploy->service, &deploy->base,
                                deploy->err);
    }
    if (status == SW_OK && !named) {
        status = look_at_service(deploy);
    }
    if (status != SW_OK) {
        return status;
    }
    const char *name = sw_json_str(deploy->service, "serviceName",
                                   deploy->create ? ecs_last_part(deploy_service_name(deploy))
                                                  : deploy_service_name(deploy));
    deploy->done->service = sw_xstrdup(name);
    deploy->done->family = sw_xstrdup(deploy->base.family);
    deploy->done->base = sw_xstrdup(deploy->base.label);
    status = deploy_settings(deploy);
    if (status != SW_OK) {
        return status;
    }
    deploy_translate_breaker(deploy);
    load_peer(deploy);
    status = edit(deploy);
    return status == SW_OK ? decide(deploy) : status;
}

enum sw_status sw_service_deploy(struct sw_aws *aws, const struct sw_deploy_options *options,
                                 struct sw_deployment *ret, struct sw_err *err)
{
    *ret = (struct sw_deployment){ .desired = -1, .started_ms = sw_env_wall_ms(sw_aws_env(aws)) };
    struct deploy deploy = {
        .aws = aws, .env = sw_aws_env(aws), .options = options, .done = ret, .err = err
    };
    enum sw_status status = deploy_plan(&deploy);
    if (status == SW_OK && !deploy.idle) {
        status = deploy_register(&deploy);
    }
    if (status == SW_OK && !deploy.idle) {
        status = deploy_update(&deploy);
    }
    deploy_release(&deploy);
    return status;
}
