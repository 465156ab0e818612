/* What a service ran well before, as CodeDeploy's own list of deployments tells. */
#include "codedeploy.h"
#include "deploy.h"
#include "preflight.h"

#include <slipway/alloc.h>

/* BatchGetDeployments takes so many, and so many AppSpecs are looked at. */
enum { BATCH_MAX = 25, APPSPECS_MAX = 10 };

/*
 * BatchGetDeployments of those that succeeded. CodeDeploy lists the newest first, so that one page
 * is enough; what is the newest is told by their times all the same.
 */
static enum sw_status ask_deployments(const struct deploy *deploy, json_t **ret, struct sw_err *err)
{
    json_auto_t *list = NULL;
    json_auto_t *ids = json_array();
    enum sw_status status =
        codedeploy_call(deploy->aws, "ListDeployments",
                        json_pack("{s:s, s:s, s:[s]}", "applicationName",
                                  deploy->codedeploy.application, "deploymentGroupName",
                                  deploy->codedeploy.group, "includeOnlyStatuses", "Succeeded"),
                        &preflight_patience, &list, err);
    size_t index = 0;
    json_t *id = NULL;
    json_array_foreach(sw_json_array(list, "deployments"), index, id)
    {
        if (json_is_string(id) && json_array_size(ids) < BATCH_MAX) {
            (void)json_array_append(ids, id);
        }
    }
    if (status != SW_OK || json_array_size(ids) == 0) {
        *ret = NULL;
        return status;
    }
    return codedeploy_call(deploy->aws, "BatchGetDeployments",
                           json_pack("{s:O}", "deploymentIds", ids), &preflight_patience, ret, err);
}

/* Takes the newest deployment out of the list; the caller's. NULL when none is left. */
static json_t *take_newest(json_t *list)
{
    size_t newest = 0;
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (sw_json_number(item, "createTime", 0) >
            sw_json_number(json_array_get(list, newest), "createTime", 0)) {
            newest = index;
        }
    }
    json_t *found = json_incref(json_array_get(list, newest));
    (void)json_array_remove(list, newest);
    return found;
}

/*
 * The task definition of a deployment's AppSpec, the caller's; *ret stays NULL when that tells
 * none. Deployments come without its text, which GetApplicationRevision has by its SHA-256.
 */
static enum sw_status ask_definition(const struct deploy *deploy, const json_t *info, char **ret,
                                     struct sw_err *err)
{
    const json_t *revision = sw_json_object(info, "revision");
    const char *type = sw_json_str(revision, "revisionType", "");
    const char *member = strcmp(type, "String") == 0 ? "string" : "appSpecContent";
    const char *digest = sw_json_str(sw_json_object(revision, member), "sha256", NULL);
    json_auto_t *answer = NULL;
    if (!digest) {
        return SW_OK; /* an AppSpec in a bucket */
    }
    enum sw_status status = codedeploy_call(
        deploy->aws, "GetApplicationRevision",
        json_pack("{s:s, s:{s:s, s:{s:s}}}", "applicationName", deploy->codedeploy.application,
                  "revision", "revisionType", type, member, "sha256", digest),
        &preflight_patience, &answer, err);
    const json_t *told = sw_json_object(sw_json_object(answer, "revision"), member);
    if (status == SW_OK) {
        *ret = codedeploy_definition_of(sw_json_str(told, "content", ""));
    }
    return status;
}

enum sw_status codedeploy_last_good(const struct deploy *deploy, const char *running, char **ret,
                                    int64_t *ret_finished_ms, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    enum sw_status status = ask_deployments(deploy, &answer, err);
    json_t *list = sw_json_array(answer, "deploymentsInfo");
    for (size_t i = 0; status == SW_OK && i < APPSPECS_MAX && json_array_size(list) > 0; i++) {
        json_auto_t *info = take_newest(list);
        char *definition SW_CLEANUP(sw_free_str) = NULL;
        if (strcmp(sw_json_str(info, "status", ""), "Succeeded") == 0) {
            status = ask_definition(deploy, info, &definition, err);
        }
        if (status == SW_E_FAILED || status == SW_E_NOT_FOUND) {
            status = SW_OK; /* this one is not kept any more; an older one may be */
        }
        if (definition && deploy_is_before(definition, running)) {
            *ret_finished_ms = sw_json_time_ms(info, "completeTime");
            *ret = SW_TAKE(definition);
            break;
        }
    }
    return status;
}
