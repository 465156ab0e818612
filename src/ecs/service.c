#include "ecs.h"

#include <slipway/service.h>

/* What was asked has a region, so that asking for it cannot fail; an account is told by its name.
 */
static enum sw_status missing_cluster(struct sw_aws *aws, const char *cluster, struct sw_err *err)
{
    struct sw_err cause = *err;
    struct sw_err ignored = SW_ERR_INIT;
    const char *region = NULL;
    if (sw_aws_region(aws, &region, &ignored) != SW_OK) {
        return err->status;
    }
    (void)sw_fail(err, SW_E_NOT_FOUND,
                  "cluster \"%s\" does not exist in region %s of this account: %s", cluster, region,
                  cause.msg);
    sw_err_set_code(err, cause.code);
    ecs_append_names(aws, "ListClusters", json_pack("{s:i}", "maxResults", 11), "clusterArns",
                     "clusters", err);
    return err->status;
}

static enum sw_status missing_service(struct sw_aws *aws, const char *cluster, const char *service,
                                      const char *why, struct sw_err *err)
{
    (void)sw_fail(err, SW_E_NOT_FOUND, "service \"%s\" %s in cluster \"%s\"", service, why,
                  cluster);
    ecs_append_names(aws, "ListServices",
                     json_pack("{s:s, s:i}", "cluster", cluster, "maxResults", 11), "serviceArns",
                     "services in it", err);
    return err->status;
}

/* Neither is there, for ECS, what was deleted. */
static bool is_missing(const json_t *found)
{
    return !json_is_object(found) || strcmp(sw_json_str(found, "status", ""), "INACTIVE") == 0;
}

/* The service of the answer, checked, borrowed from `answer`; *ret stays NULL when it is missing.
 */
static enum sw_status find_service(const char *cluster, const char *service, const json_t *answer,
                                   json_t **ret, struct sw_err *err)
{
    const json_t *services = sw_json_array(answer, "services");
    json_t *found = json_array_get(services, 0);
    if (!services) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "DescribeServices answered without a list of services");
    }
    if (is_missing(found)) {
        return SW_OK;
    }
    const char *status = sw_json_str(found, "status", "");
    if (strcmp(status, "DRAINING") == 0) {
        return sw_fail(err, SW_E_CONFLICT,
                       "service \"%s\" in cluster \"%s\" is DRAINING: it is being deleted", service,
                       cluster);
    }
    if (strcmp(status, "ACTIVE") != 0) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "DescribeServices answered the unknown status \"%s\" for service \"%s\"",
                       status, service);
    }
    *ret = found;
    return SW_OK;
}

static enum sw_status describe(struct sw_aws *aws, const char *cluster, const char *service,
                               json_t **ret_answer, struct sw_err *err)
{
    if (!*cluster || !*service) {
        return sw_fail(err, SW_E_INPUT, "the name of the %s is empty; is the variable in it set?",
                       *cluster ? "service" : "cluster");
    }
    enum sw_status status = ecs_call(
        aws, "DescribeServices", json_pack("{s:s, s:[s]}", "cluster", cluster, "services", service),
        NULL, ret_answer, err);
    if (status != SW_OK && strcmp(err->code, "ClusterNotFoundException") == 0) {
        return missing_cluster(aws, cluster, err);
    }
    return status == SW_OK ? SW_OK : sw_wrap(err, "service \"%s\"", service);
}

/* Asks for one service. *ret_answer is what ECS said, the caller's; *ret_service lies in it, or
 * NULL. */
static enum sw_status look_up(struct sw_aws *aws, const char *cluster, const char *service,
                              json_t **ret_answer, json_t **ret_service, struct sw_err *err)
{
    enum sw_status status = describe(aws, cluster, service, ret_answer, err);
    return status == SW_OK ? find_service(cluster, service, *ret_answer, ret_service, err) : status;
}

enum sw_status ecs_service_find(struct sw_aws *aws, const char *cluster, const char *service,
                                json_t **ret_service, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    json_t *found = NULL;
    enum sw_status status = look_up(aws, cluster, service, &answer, &found, err);
    *ret_service = json_incref(found);
    return status;
}

enum sw_status sw_service_describe(struct sw_aws *aws, const char *cluster, const char *service,
                                   json_t **ret_service, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    json_t *found = NULL;
    enum sw_status status = look_up(aws, cluster, service, &answer, &found, err);
    if (status == SW_OK && !found) {
        bool deleted = json_array_size(sw_json_array(answer, "services")) > 0;
        status = missing_service(aws, cluster, service,
                                 deleted ? "is INACTIVE (it was deleted)" : "does not exist", err);
    }
    if (status == SW_OK) {
        *ret_service = json_incref(found);
    }
    return status;
}

const json_t *sw_service_primary(const json_t *service)
{
    return sw_json_find(sw_json_array(service, "deployments"), "status", "PRIMARY");
}

bool ecs_steps_of(const json_t *service, struct ecs_steps *ret)
{
    enum { TASKS_MAX = 100000, PERCENT_MAX = 10000 };
    const json_t *configuration = sw_json_object(service, "deploymentConfiguration");
    int64_t desired = sw_json_int(service, "desiredCount", 0);
    int64_t minimum = sw_json_int(configuration, "minimumHealthyPercent", 100);
    int64_t maximum = sw_json_int(configuration, "maximumPercent", 200);
    *ret = (struct ecs_steps){ 0 };
    if (desired < 0 || desired > TASKS_MAX || minimum < 0 || minimum > 100 || maximum < 0 ||
        maximum > PERCENT_MAX) {
        return false;
    }
    *ret = (struct ecs_steps){ .desired = desired,
                               .minimum = minimum,
                               .maximum = maximum,
                               .low = (desired * minimum + 99) / 100,
                               .high = desired * maximum / 100 };
    return true;
}

enum sw_status sw_service_check_controller(const json_t *service, struct sw_err *err)
{
    const char *type = sw_json_str(sw_json_object(service, "deploymentController"), "type", "ECS");
    const char *name = sw_json_str(service, "serviceName", "?");
    if (strcmp(type, "CODE_DEPLOY") == 0) {
        return sw_fail(err, SW_E_CONFLICT,
                       "service \"%s\" is deployed by AWS CodeDeploy (controller CODE_DEPLOY), "
                       "which updates it by itself; slipway ecs deploy --codedeploy-application "
                       "NAME --codedeploy-group NAME has it do so",
                       name);
    }
    if (strcmp(type, "ECS") != 0) {
        return sw_fail(
            err, SW_E_CONFLICT,
            "service \"%s\" has the deployment controller %s: its task sets are made by "
            "somebody's own tool, which slipway is not; only services that ECS itself or "
            "CodeDeploy deploys can be updated",
            name, type);
    }
    return SW_OK;
}
