#include "preflight.h"

#include <slipway/alloc.h>
#include <slipway/service.h>

/* Checks of the service itself: how it is deployed, and how many tasks it wants. */

void preflight_controller(struct preflight *preflight)
{
    struct sw_err err = SW_ERR_INIT;
    if (preflight->options->codedeploy) {
        preflight_find(preflight, SW_CHECK_OK, "CodeDeploy deploys the service");
    } else if (preflight->service &&
               sw_service_check_controller(preflight->service, &err) != SW_OK) {
        preflight_find(preflight, SW_CHECK_BLOCK, "%s", err.msg);
    }
}

/* CodeDeploy takes one deployment at a time; while it goes on there are two task sets. */
static void find_task_sets(struct preflight *preflight)
{
    const char *name = sw_json_str(preflight->service, "serviceName", "?");
    const char *id = sw_codedeploy_newest(preflight->service);
    preflight_find(
        preflight, SW_CHECK_WARN,
        "the service has more than one task set: deployment %s by CodeDeploy may still go "
        "on, and would keep others from starting",
        id ? id : "?");
    preflight_advise(preflight, "see how it stands, and wait for its end first");
    preflight_command(preflight, "slipway ecs status --cluster %s --service %s",
                      preflight->options->cluster, name);
}

void preflight_in_progress(struct preflight *preflight)
{
    const json_t *primary = sw_service_primary(preflight->service);
    if (json_array_size(sw_json_array(preflight->service, "taskSets")) > 1) {
        find_task_sets(preflight);
        return;
    }
    if (strcmp(sw_json_str(primary, "rolloutState", ""), "IN_PROGRESS") != 0) {
        return;
    }
    preflight_find(preflight, SW_CHECK_WARN,
                   "deployment %s of %s is still in progress (%lld/%lld running)",
                   sw_json_str(primary, "id", "?"),
                   sw_taskdef_short_name(sw_json_str(primary, "taskDefinition", "?")),
                   (long long)sw_json_int(primary, "runningCount", 0),
                   (long long)sw_json_int(primary, "desiredCount", 0));
    preflight_advise(preflight, "wait for its end first: a new one stops it");
    preflight_command(preflight, "slipway ecs wait --cluster %s --service %s",
                      preflight->options->cluster,
                      sw_json_str(preflight->service, "serviceName", "?"));
}

static void advise_percentages(struct preflight *preflight)
{
    const char *cluster = preflight->options->cluster;
    if (preflight->steps.desired == 1) {
        preflight_advise(preflight, "use 100/200, or 0/100 with a short outage");
    } else {
        preflight_advise(
            preflight, "use 100/200, or %lld/100 with one task less meanwhile",
            (long long)((preflight->steps.desired - 1) * 100 / preflight->steps.desired));
    }
    preflight_command(preflight,
                      "aws ecs update-service --cluster %s --service %s --deployment-configuration "
                      "minimumHealthyPercent=100,maximumPercent=200",
                      cluster ? cluster : "CLUSTER",
                      sw_json_str(preflight->service, "serviceName", "SERVICE"));
}

void preflight_percentages(struct preflight *preflight)
{
    if (!preflight->rolls) {
        preflight_idle(preflight);
        return;
    }
    if (preflight->steps.low < preflight->steps.desired ||
        preflight->steps.high > preflight->steps.desired) {
        return;
    }
    preflight_find(preflight, SW_CHECK_BLOCK,
                   "the rollout cannot take a step: of %lld wanted task%s at least %lld must stay "
                   "(minimumHealthyPercent %lld) and at most %lld may run (maximumPercent %lld)",
                   (long long)preflight->steps.desired, preflight->steps.desired == 1 ? "" : "s",
                   (long long)preflight->steps.low, (long long)preflight->steps.minimum,
                   (long long)preflight->steps.high, (long long)preflight->steps.maximum);
    advise_percentages(preflight);
}

/* Whether some deployment has reached its end: what ECS could go back to. */
static bool has_completed(const json_t *service)
{
    return sw_json_find(sw_json_array(service, "deployments"), "rolloutState", "COMPLETED") != NULL;
}

void preflight_breaker(struct preflight *preflight)
{
    const json_t *configuration = sw_json_object(preflight->service, "deploymentConfiguration");
    const json_t *breaker = sw_json_object(configuration, "deploymentCircuitBreaker");
    if (!preflight->rolls) {
        preflight_idle(preflight);
        return;
    }
    if (!sw_json_bool(breaker, "enable", false)) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "the circuit breaker is off: ECS would start failing tasks for ever");
        preflight_advise(preflight,
                         "switch it on with slipway ecs deploy --circuit-breaker; slipway "
                         "gives up after equal failures by itself, ECS does not");
    } else if (sw_json_bool(breaker, "rollback", false) && !has_completed(preflight->service)) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "no deployment of the service has completed yet: there is nothing that the "
                       "circuit breaker could roll back to");
    }
}

void preflight_desired(struct preflight *preflight)
{
    if (!preflight->service) {
        preflight_idle(preflight);
        return;
    }
    if (strcmp(sw_json_str(preflight->service, "schedulingStrategy", ""), "DAEMON") == 0) {
        preflight_find(preflight, SW_CHECK_OK, "the service is a DAEMON: one task per instance");
    } else if (preflight->steps.desired == 0) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "the service wants 0 tasks: the deployment would start nothing");
        preflight_advise(preflight, "set the number of tasks as well: --desired-count 1");
    }
}

void preflight_scaling(struct preflight *preflight)
{
    if (!preflight->rolls) {
        preflight_idle(preflight);
        return;
    }
    const json_t *target = json_array_get(preflight_fact(preflight, FACT_SCALING), 0);
    int64_t low = sw_json_int(target, "MinCapacity", 0);
    int64_t high = sw_json_int(target, "MaxCapacity", INT64_MAX);
    if (target && (preflight->steps.desired < low || preflight->steps.desired > high)) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "automatic scaling keeps the service between %lld and %lld tasks and will "
                       "undo the wanted %lld",
                       (long long)low, (long long)high, (long long)preflight->steps.desired);
        preflight_advise(preflight, "want a number in between, or change the scalable target");
    }
}

void preflight_alarms(struct preflight *preflight)
{
    const json_t *configuration = sw_json_object(preflight->service, "deploymentConfiguration");
    const json_t *alarms = sw_json_object(configuration, "alarms");
    const json_t *names = sw_json_array(alarms, "alarmNames");
    if (!sw_json_bool(alarms, "enable", false) || json_array_size(names) == 0) {
        preflight_idle(preflight);
        return;
    }
    const json_t *found = preflight_fact(preflight, FACT_ALARMS);
    if (!found) {
        return;
    }
    json_auto_t *missing = json_deep_copy(names);
    size_t index = 0;
    const json_t *alarm = NULL;
    json_array_foreach(found, index, alarm)
    {
        const char *name = sw_json_str(alarm, "AlarmName", "");
        if (strcmp(sw_json_str(alarm, "StateValue", ""), "ALARM") == 0) {
            preflight_find(preflight, SW_CHECK_WARN,
                           "alarm \"%s\" of the deployment is in ALARM now", name);
            preflight_advise(preflight, "deploy when it is over: ECS would roll back");
        }
        for (size_t i = json_array_size(missing); i > 0; i--) {
            const char *wanted = json_string_value(json_array_get(missing, i - 1));
            if (!wanted || strcmp(wanted, name) == 0) {
                (void)json_array_remove(missing, i - 1);
            }
        }
    }
    if (json_array_size(missing) > 0) {
        char *list SW_CLEANUP(sw_free_str) = preflight_joined(missing);
        preflight_find(preflight, SW_CHECK_WARN, "alarms of the deployment do not exist: %s", list);
        preflight_advise(preflight, "create them, or take them out of the service's deployment "
                                    "configuration");
    }
}

void preflight_service_role(struct preflight *preflight)
{
    if (json_is_null(preflight_fact(preflight, FACT_SERVICE_ROLE))) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "the account has no role AWSServiceRoleForECS, by which ECS reaches load "
                       "balancers and network interfaces");
        preflight_advise(preflight, "create it, once per account");
        preflight_command(preflight, "aws iam create-service-linked-role --aws-service-name "
                                     "ecs.amazonaws.com");
    }
}
