#include "codedeploy.h"
#include "deploy.h"
#include "preflight.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

/*
 * What a service ran well before: the history that ECS keeps of its service deployments. Whoever
 * may not see it goes without.
 */

/* DescribeServiceRevisions takes so many. */
enum { REVISIONS_MAX = 20 };

bool deploy_is_before(const char *candidate, const char *running)
{
    struct sw_str family = { NULL, 0 };
    struct sw_str running_family = { NULL, 0 };
    int64_t revision = 0;
    int64_t running_revision = 0;
    if (!ecs_cut_revision(candidate, &family, &revision)) {
        return false;
    }
    return !ecs_cut_revision(running, &running_family, &running_revision) ||
           !sw_str_eq(family, running_family) || revision < running_revision;
}

/* The revisions that deployments in `list` rolled out, as DescribeServiceRevisions wants them. */
static json_t *revision_arns(const json_t *list)
{
    json_t *arns = json_array();
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(list, index, deployment)
    {
        const char *arn = sw_json_str(deployment, "targetServiceRevisionArn", NULL);
        if (arn && json_array_size(arns) < REVISIONS_MAX) {
            (void)json_array_append_new(arns, json_string(arn));
        }
    }
    return arns;
}

static const char *definition_of(const json_t *revisions, const char *arn)
{
    return sw_json_str(sw_json_find(revisions, "serviceRevisionArn", arn), "taskDefinition", NULL);
}

/* The newest deployment of the list that rolled out something to go back to; borrowed, or NULL. */
static const json_t *newest_good(const json_t *list, const json_t *revisions, const char *running,
                                 const char **ret_definition)
{
    const json_t *found = NULL;
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(list, index, deployment)
    {
        const char *arn = sw_json_str(deployment, "targetServiceRevisionArn", "");
        const char *definition = definition_of(revisions, arn);
        bool good = strcmp(sw_json_str(deployment, "status", ""), "SUCCESSFUL") == 0;
        if (good && definition && deploy_is_before(definition, running) &&
            (!found ||
             sw_json_number(deployment, "createdAt", 0) > sw_json_number(found, "createdAt", 0))) {
            found = deployment;
            *ret_definition = definition;
        }
    }
    return found;
}

/* ListServiceDeployments and DescribeServiceRevisions; both stay NULL when there is no history. */
static enum sw_status ask_history(const struct deploy *deploy, json_t **ret_list,
                                  json_t **ret_answer, struct sw_err *err)
{
    enum sw_status status =
        ecs_call(deploy->aws, "ListServiceDeployments",
                 json_pack("{s:s, s:s, s:[s], s:i}", "cluster", deploy->options->cluster, "service",
                           deploy->done->service, "status", "SUCCESSFUL", "maxResults", 100),
                 &preflight_patience, ret_list, err);
    const json_t *deployments = sw_json_array(*ret_list, "serviceDeployments");
    if (status != SW_OK || json_array_size(deployments) == 0) {
        return status;
    }
    return ecs_call(deploy->aws, "DescribeServiceRevisions",
                    json_pack("{s:o}", "serviceRevisionArns", revision_arns(deployments)),
                    &preflight_patience, ret_answer, err);
}

static enum sw_status last_good(const struct deploy *deploy, const char *running, char **ret,
                                int64_t *ret_finished_ms, struct sw_err *err)
{
    json_auto_t *list = NULL;
    json_auto_t *answer = NULL;
    const char *definition = NULL;
    enum sw_status status = ask_history(deploy, &list, &answer, err);
    const json_t *found =
        newest_good(sw_json_array(list, "serviceDeployments"),
                    sw_json_array(answer, "serviceRevisions"), running, &definition);
    if (status == SW_OK && found) {
        *ret_finished_ms = sw_json_time_ms(found, "finishedAt");
        *ret = sw_xstrdup(definition);
    }
    return status;
}

enum sw_status deploy_last_good(const struct deploy *deploy, const char *running, char **ret,
                                int64_t *ret_finished_ms)
{
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = deploy->by_codedeploy
                                ? codedeploy_last_good(deploy, running, ret, ret_finished_ms, &err)
                                : last_good(deploy, running, ret, ret_finished_ms, &err);
    bool unanswered = err.http_status < 500; /* an endpoint that has no history fails with 500 */
    if (ecs_cannot_ask(status) && unanswered) {
        *deploy->err = err;
        return sw_wrap(deploy->err,
                       "what service \"%s\" ran well before cannot be asked, so nothing is gone "
                       "back to; --to REVISION names one",
                       deploy->done->service);
    }
    if (status != SW_OK) {
        sw_debug(deploy->env, "ecs", "the service's history cannot be seen: %s", err.msg);
    }
    return SW_OK;
}
