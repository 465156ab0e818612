/* Deployments of CodeDeploy that wait for somebody's word. */
#include "codedeploy.h"

#include <slipway/alloc.h>

/* Whether there is a deployment to answer, and nothing to choose is given. */
static enum sw_status check(const struct sw_continue_options *options, const char *id,
                            struct sw_err *err)
{
    if (options->hook) {
        return sw_fail(err, SW_E_USAGE,
                       "service \"%s\" is deployed by AWS CodeDeploy, whose deployments have no "
                       "hooks to choose from; leave --hook out",
                       options->service);
    }
    if (!id) {
        return sw_fail(err, SW_E_CONFLICT,
                       "no deployment of service \"%s\" by CodeDeploy is in progress",
                       options->service);
    }
    return SW_OK;
}

/* The deployment, which goes on; *ret_info is the caller's. */
static enum sw_status find_deployment(struct sw_aws *aws, const struct sw_continue_options *options,
                                      const char *id, json_t **ret_info, struct sw_err *err)
{
    if (codedeploy_get(aws, id, NULL, ret_info, err) != SW_OK) {
        return sw_wrap(err, "service \"%s\", deployment %s", options->service, id);
    }
    const char *status = sw_json_str(*ret_info, "status", "");
    if (codedeploy_is_over(status)) {
        return sw_fail(err, SW_E_CONFLICT,
                       "no deployment of service \"%s\" by CodeDeploy is in progress: %s, the "
                       "newest that has tasks, has %s",
                       options->service, id, status);
    }
    return SW_OK;
}

/*
 * Whether the traffic goes to the new tasks and the old ones are still there. The deployment's own
 * instanceTerminationWaitTimeStarted stays false for ECS.
 */
static bool waits_for_termination(const json_t *service, const char *id)
{
    const json_t *sets = sw_json_array(service, "taskSets");
    const json_t *primary = sw_json_find(sets, "status", "PRIMARY");
    return json_array_size(sets) > 1 && strcmp(sw_json_str(primary, "externalId", ""), id) == 0;
}

/* What it waits for, as ContinueDeployment names it; NULL: nothing. */
static const char *wait_type(const json_t *service, const json_t *info, const char *id)
{
    if (strcmp(sw_json_str(info, "status", ""), "Ready") == 0) {
        return "READY_WAIT";
    }
    return waits_for_termination(service, id) ? "TERMINATION_WAIT" : NULL;
}

static enum sw_status go_on(struct sw_aws *aws, const struct sw_continue_options *options,
                            const char *id, const struct sw_continue_result *ret,
                            struct sw_err *err)
{
    enum sw_status status = SW_OK;
    if (options->roll_back) {
        status = codedeploy_call(
            aws, "StopDeployment",
            json_pack("{s:s, s:b}", "deploymentId", id, "autoRollbackEnabled", true), NULL, NULL,
            err);
    } else {
        status = codedeploy_call(
            aws, "ContinueDeployment",
            json_pack("{s:s, s:s}", "deploymentId", id, "deploymentWaitType", ret->stage), NULL,
            NULL, err);
    }
    return status == SW_OK ? SW_OK
                           : sw_wrap(err, "service \"%s\", deployment %s", options->service, id);
}

enum sw_status codedeploy_continue(struct sw_aws *aws, const struct sw_continue_options *options,
                                   const json_t *service, struct sw_continue_result *ret,
                                   struct sw_err *err)
{
    const char *id = sw_codedeploy_newest(service);
    json_auto_t *info = NULL;
    if (check(options, id, err) != SW_OK ||
        find_deployment(aws, options, id, &info, err) != SW_OK) {
        return err->status;
    }
    const char *status = sw_json_str(info, "status", "in an unknown state");
    const char *type = wait_type(service, info, id);
    if (!type && !options->roll_back) {
        return sw_fail(err, SW_E_CONFLICT,
                       "deployment %s of service \"%s\" waits for nobody: it is %s; --rollback "
                       "stops it and goes back",
                       id, options->service, status);
    }
    ret->stage = sw_xstrdup(type ? type : status);
    if (go_on(aws, options, id, ret, err) == SW_OK) {
        ret->codedeploy_deployment = sw_xstrdup(id);
        return SW_OK;
    }
    return err->status;
}
