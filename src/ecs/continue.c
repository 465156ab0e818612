/* Rollouts that wait at lifecycle hooks for somebody's word. */
#include "codedeploy.h"

#include <slipway/alloc.h>
#include <slipway/rollout.h>
#include <slipway/service.h>

void sw_continue_result_release(struct sw_continue_result *result)
{
    free(result->service_deployment);
    free(result->codedeploy_deployment);
    free(result->stage);
    sw_strs_release(&result->hooks);
    *result = (struct sw_continue_result){ .stage = NULL };
}

/* What the service rolls out now; *ret is the caller's. */
static enum sw_status find_deployment(struct sw_aws *aws, const struct sw_continue_options *options,
                                      const json_t *service, json_t **ret, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    const char *arn = sw_json_str(service, "currentServiceDeployment", NULL);
    if (!arn) {
        return sw_fail(err, SW_E_CONFLICT, "service \"%s\" has no deployment in progress",
                       options->service);
    }
    if (ecs_call(aws, "DescribeServiceDeployments",
                 json_pack("{s:[s]}", "serviceDeploymentArns", arn), NULL, &answer, err) != SW_OK) {
        return sw_wrap(err, "service \"%s\"", options->service);
    }
    json_t *found = json_array_get(sw_json_array(answer, "serviceDeployments"), 0);
    if (!json_is_object(found)) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "AWS's answer does not have the service deployment \"%s\"", arn);
    }
    *ret = json_incref(found);
    return SW_OK;
}

static void waiting_hooks(const json_t *deployment, struct sw_strs *ret)
{
    size_t index = 0;
    const json_t *hook = NULL;
    json_array_foreach(sw_json_array(deployment, "lifecycleHookDetails"), index, hook)
    {
        const char *id = sw_json_str(hook, "hookId", NULL);
        if (id && strcmp(sw_json_str(hook, "status", ""), "AWAITING_ACTION") == 0) {
            sw_strs_add(ret, sw_str(id));
        }
    }
}

/* Leaves in *hooks those that are meant. */
static enum sw_status choose_hooks(const struct sw_continue_options *options,
                                   const json_t *deployment, struct sw_strs *hooks,
                                   struct sw_err *err)
{
    if (hooks->count == 0) {
        const char *stage = sw_json_str(deployment, "lifecycleStage", "");
        return sw_fail(err, SW_E_CONFLICT,
                       "the deployment of service \"%s\" waits at no hook: it is %s%s%s",
                       options->service, sw_json_str(deployment, "status", "in an unknown state"),
                       *stage ? ", at stage " : "", stage);
    }
    if (!options->hook) {
        return SW_OK;
    }
    if (!sw_strs_has(hooks, sw_str(options->hook))) {
        (void)sw_fail(err, SW_E_NOT_FOUND,
                      "hook \"%s\" does not wait in the deployment of service \"%s\"; waiting:",
                      options->hook, options->service);
        for (size_t i = 0; i < hooks->count; i++) {
            (void)sw_append(err, "%s %s", i > 0 ? "," : "", hooks->items[i]);
        }
        return err->status;
    }
    sw_strs_release(hooks);
    sw_strs_add(hooks, sw_str(options->hook));
    return SW_OK;
}

static enum sw_status answer_hooks(struct sw_aws *aws, const struct sw_continue_options *options,
                                   const struct sw_strs *hooks, struct sw_continue_result *ret,
                                   struct sw_err *err)
{
    const char *action = options->roll_back ? "ROLLBACK" : "CONTINUE";
    for (size_t i = 0; i < hooks->count; i++) {
        const char *hook = hooks->items[i];
        json_t *input = json_pack("{s:s, s:s, s:s}", "serviceDeploymentArn",
                                  ret->service_deployment, "hookId", hook, "action", action);
        if (ecs_call(aws, "ContinueServiceDeployment", input, NULL, NULL, err) != SW_OK) {
            return sw_wrap(err, "service \"%s\", hook \"%s\"", options->service, hook);
        }
        sw_strs_add(&ret->hooks, sw_str(hook));
        if (options->roll_back) {
            break; /* one word is enough to go back */
        }
    }
    return SW_OK;
}

static enum sw_status continue_hooks(struct sw_aws *aws, const struct sw_continue_options *options,
                                     const json_t *service, struct sw_continue_result *ret,
                                     struct sw_err *err)
{
    struct sw_strs hooks SW_CLEANUP(sw_strs_release) = { .items = NULL };
    json_auto_t *deployment = NULL;
    if (find_deployment(aws, options, service, &deployment, err) != SW_OK) {
        return err->status;
    }
    waiting_hooks(deployment, &hooks);
    if (choose_hooks(options, deployment, &hooks, err) != SW_OK) {
        return err->status;
    }
    ret->service_deployment = sw_xstrdup(sw_json_str(deployment, "serviceDeploymentArn", ""));
    ret->stage = sw_xstrdup(sw_json_str(deployment, "lifecycleStage", "UNKNOWN"));
    return answer_hooks(aws, options, &hooks, ret, err);
}

enum sw_status sw_rollout_continue(struct sw_aws *aws, const struct sw_continue_options *options,
                                   struct sw_continue_result *ret, struct sw_err *err)
{
    json_auto_t *service = NULL;
    *ret = (struct sw_continue_result){ .stage = NULL };
    if (sw_service_describe(aws, options->cluster, options->service, &service, err) != SW_OK) {
        return err->status;
    }
    return sw_codedeploy_deploys(service) ? codedeploy_continue(aws, options, service, ret, err)
                                          : continue_hooks(aws, options, service, ret, err);
}
