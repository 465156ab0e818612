/* Which deployment, application and group of CodeDeploy belong to a service. */
#include "codedeploy.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>
#include <slipway/service.h>

enum { CONSOLE_NAME_MAX = 46 }; /* of the cluster's and the service's name in the console's names */

bool sw_codedeploy_deploys(const json_t *service)
{
    const json_t *controller = sw_json_object(service, "deploymentController");
    return strcmp(sw_json_str(controller, "type", ""), "CODE_DEPLOY") == 0;
}

const char *sw_codedeploy_newest(const json_t *service)
{
    const char *newest = NULL;
    double newest_at = 0;
    size_t index = 0;
    const json_t *set = NULL;
    json_array_foreach(sw_json_array(service, "taskSets"), index, set)
    {
        const char *id = sw_json_str(set, "externalId", NULL);
        double at = sw_json_number(set, "createdAt", 0);
        bool made = id && strcmp(sw_json_str(set, "startedBy", ""), "CODE_DEPLOY") == 0;
        if (made && (!newest || at > newest_at)) {
            newest = id;
            newest_at = at;
        }
    }
    return newest;
}

/* As the newest deployment tells; *ret_application stays NULL when it does not, with err. */
static enum sw_status as_deployed_last(struct sw_aws *aws, const json_t *service,
                                       char **ret_application, char **ret_group, struct sw_err *err)
{
    json_auto_t *info = NULL;
    const char *id = sw_codedeploy_newest(service);
    if (!id) {
        return sw_fail(err, SW_E_NOT_FOUND, "CodeDeploy made none of its task sets");
    }
    enum sw_status status = codedeploy_get(aws, id, NULL, &info, err);
    const char *application = sw_json_str(info, "applicationName", NULL);
    const char *group = sw_json_str(info, "deploymentGroupName", NULL);
    if (status == SW_OK && (!application || !group)) {
        return sw_fail(err, SW_E_NOT_FOUND, "deployment %s names none", id);
    }
    if (status == SW_OK) {
        sw_say(sw_aws_env(aws),
               "service \"%s\": CodeDeploy's application %s and group %s, as of deployment %s",
               sw_json_str(service, "serviceName", "?"), application, group, id);
        *ret_application = sw_xstrdup(application);
        *ret_group = sw_xstrdup(group);
    }
    return status;
}

/* As the console and the AWS CLI name them; the caller's. */
static char *console_name(const char *prefix, const char *cluster, const json_t *service)
{
    return sw_xasprintf("%sECS-%.*s-%.*s", prefix, CONSOLE_NAME_MAX, ecs_last_part(cluster),
                        CONSOLE_NAME_MAX, sw_json_str(service, "serviceName", ""));
}

static enum sw_status check_group(struct sw_aws *aws, const char *application, const char *group,
                                  struct sw_err *err)
{
    json_auto_t *answer = NULL;
    return codedeploy_call(
        aws, "GetDeploymentGroup",
        json_pack("{s:s, s:s}", "applicationName", application, "deploymentGroupName", group), NULL,
        &answer, err);
}

/* Neither is known; err says why the console's names are not. */
static enum sw_status not_known(struct sw_aws *aws, const json_t *service, const char *application,
                                const char *group, const struct sw_err *first, struct sw_err *err)
{
    struct sw_err second = *err;
    bool missing = strstr(second.code, "DoesNotExist") != NULL;
    (void)sw_fail(err, SW_E_CONFLICT,
                  "service \"%s\" is deployed by AWS CodeDeploy, and by which application and "
                  "deployment group is not known: %s, and %s with %s %s; give "
                  "--codedeploy-application NAME and --codedeploy-group NAME",
                  sw_json_str(service, "serviceName", "?"), first->msg, application, group,
                  missing ? "does not exist" : "cannot be asked for");
    sw_err_set_code(err, second.code);
    codedeploy_append_known(aws, application, err);
    return err->status;
}

enum sw_status sw_codedeploy_find(struct sw_aws *aws, const char *cluster, const json_t *service,
                                  char **ret_application, char **ret_group, struct sw_err *err)
{
    struct sw_err first = SW_ERR_INIT;
    enum sw_status status = as_deployed_last(aws, service, ret_application, ret_group, &first);
    if (status == SW_OK || ecs_cannot_ask(status)) {
        *err = first;
        return status;
    }
    char *application = console_name("App", cluster, service);
    char *group = console_name("Dgp", cluster, service);
    status = check_group(aws, application, group, err);
    if (status == SW_OK) {
        *ret_application = application;
        *ret_group = group;
        return SW_OK;
    }
    status =
        ecs_cannot_ask(status) ? status : not_known(aws, service, application, group, &first, err);
    free(application);
    free(group);
    return status;
}
