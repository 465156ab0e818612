#include "preflight.h"

#include <slipway/alloc.h>

/* Reading roles, alarms, scaling and parameters. */

/* The name in a role's ARN, which may have a path; the text itself when it is none. */
static const char *role_name(const char *arn)
{
    return ecs_last_part(arn);
}

/* GetRole; *ret is null when there is no such role. */
static enum sw_status get_role(struct preflight *preflight, const char *name, json_t **ret,
                               struct sw_err *err)
{
    const struct sw_aws_param param = { "RoleName", name };
    json_auto_t *answer = NULL;
    enum sw_status status = sw_aws_query(preflight->aws, "iam", "GetRole", "2010-05-08", &param, 1,
                                         &preflight_patience, &answer, err);
    if (status == SW_E_NOT_FOUND) {
        *ret = json_null();
        return SW_OK;
    }
    json_t *role = sw_json_object(answer, "Role");
    if (status == SW_OK && !role) {
        return sw_fail(err, SW_E_UNAVAILABLE, "IAM GetRole answered without a role");
    }
    *ret = json_incref(role);
    return status;
}

PREFLIGHT_READER(execution_role)
{
    return get_role(
        preflight, role_name(sw_json_str(preflight->definition, "executionRoleArn", "")), ret, err);
}

PREFLIGHT_READER(task_role)
{
    return get_role(preflight, role_name(sw_json_str(preflight->definition, "taskRoleArn", "")),
                    ret, err);
}

PREFLIGHT_READER(service_role)
{
    return get_role(preflight, "AWSServiceRoleForECS", ret, err);
}

static enum sw_status simulate(struct preflight *preflight, const char *principal, json_t *params,
                               const json_t *actions, json_t **ret, struct sw_err *err)
{
    (void)json_object_set_new(params, "PolicySourceArn", json_string(principal));
    preflight_add_list(params, "ActionNames.member.", actions);
    return preflight_query(preflight, "iam", "SimulatePrincipalPolicy", params, "EvaluationResults",
                           ret, err);
}

/* What the execution role is needed for, by the members of the definition. */
static json_t *wanted_rights(const struct preflight *preflight)
{
    json_t *rights = json_array();
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const json_t *log = sw_json_object(container, "logConfiguration");
        const char *image = sw_json_str(container, "image", "");
        if (strstr(image, ".dkr.ecr")) {
            preflight_add_once(rights, "ecr:GetAuthorizationToken");
            preflight_add_once(rights, "ecr:BatchCheckLayerAvailability");
            preflight_add_once(rights, "ecr:GetDownloadUrlForLayer");
            preflight_add_once(rights, "ecr:BatchGetImage");
        }
        if (strcmp(sw_json_str(log, "logDriver", ""), "awslogs") == 0) {
            preflight_add_once(rights, "logs:CreateLogStream");
            preflight_add_once(rights, "logs:PutLogEvents");
            if (strcmp(sw_json_str(sw_json_object(log, "options"), "awslogs-create-group", ""),
                       "true") == 0) {
                preflight_add_once(rights, "logs:CreateLogGroup");
            }
        }
        if (json_array_size(sw_json_array(container, "environmentFiles")) > 0) {
            preflight_add_once(rights, "s3:GetObject");
            preflight_add_once(rights, "s3:GetBucketLocation");
        }
    }
    const json_t *secret = NULL;
    json_array_foreach(preflight->secrets, index, secret)
    {
        preflight_add_once(rights, sw_json_bool(secret, "managed", false)
                                       ? "secretsmanager:GetSecretValue"
                                       : "ssm:GetParameters");
    }
    return rights;
}

PREFLIGHT_READER(rights)
{
    json_auto_t *actions = wanted_rights(preflight);
    if (json_array_size(actions) == 0) {
        *ret = json_array();
        return SW_OK;
    }
    return simulate(preflight, sw_json_str(preflight->definition, "executionRoleArn", ""),
                    json_object(), actions, ret, err);
}

/* The IAM identity behind an STS one: a session is not a principal that can be simulated. */
static char *principal_of(const char *arn)
{
    static const char mark[] = ":assumed-role/";
    const char *at = strstr(arn, mark);
    const char *sts = strstr(arn, ":sts::");
    if (!at || !sts) {
        return sw_xstrdup(arn);
    }
    struct sw_str rest = sw_str(at + sizeof(mark) - 1);
    struct sw_str name = sw_str_cut(&rest, '/');
    const char *account = sts + strlen(":sts::");
    return sw_xasprintf("%.*s:iam::%.*s:role/%.*s", (int)(sts - arn), arn, (int)(at - account),
                        account, SW_STR_ARG(name));
}

PREFLIGHT_READER(pass_role)
{
    json_auto_t *identity = NULL;
    json_auto_t *actions = json_pack("[s]", "iam:PassRole");
    json_auto_t *roles = json_array();
    enum sw_status status = sw_aws_query(preflight->aws, "sts", "GetCallerIdentity", "2011-06-15",
                                         NULL, 0, &preflight_patience, &identity, err);
    if (status != SW_OK) {
        return status;
    }
    preflight_add_once(roles, sw_json_str(preflight->definition, "executionRoleArn", ""));
    preflight_add_once(roles, sw_json_str(preflight->definition, "taskRoleArn", ""));
    json_t *params =
        json_pack("{s:s, s:s, s:s}", "ContextEntries.member.1.ContextKeyName",
                  "iam:PassedToService", "ContextEntries.member.1.ContextKeyType", "string",
                  "ContextEntries.member.1.ContextKeyValues.member.1", "ecs-tasks.amazonaws.com");
    preflight_add_list(params, "ResourceArns.member.", roles);
    char *principal SW_CLEANUP(sw_free_str) = principal_of(sw_json_str(identity, "Arn", ""));
    return simulate(preflight, principal, params, actions, ret, err);
}

PREFLIGHT_READER(alarms)
{
    const json_t *configuration = sw_json_object(preflight->service, "deploymentConfiguration");
    const json_t *names = sw_json_array(sw_json_object(configuration, "alarms"), "alarmNames");
    json_t *params = json_object();
    preflight_add_list(params, "AlarmNames.member.", names);
    return preflight_query(preflight, "monitoring", "DescribeAlarms", params, "MetricAlarms", ret,
                           err);
}

PREFLIGHT_READER(scaling)
{
    json_auto_t *answer = NULL;
    char *id SW_CLEANUP(sw_free_str) =
        sw_xasprintf("service/%s/%s", ecs_last_part(preflight->options->cluster),
                     sw_json_str(preflight->service, "serviceName", ""));
    json_auto_t *input = json_pack("{s:s, s:[s], s:s}", "ServiceNamespace", "ecs", "ResourceIds",
                                   id, "ScalableDimension", "ecs:service:DesiredCount");
    enum sw_status status = sw_aws_json(preflight->aws, "application-autoscaling",
                                        "AnyScaleFrontendService.DescribeScalableTargets", input,
                                        &preflight_patience, &answer, err);
    const json_t *found = sw_json_array(answer, "ScalableTargets");
    *ret = found ? json_deep_copy(found) : json_array();
    return status;
}

/* The name in a parameter's ARN, or the name itself. */
static const char *parameter_name(const char *from)
{
    static const char mark[] = ":parameter";
    const char *at = strncmp(from, "arn:", 4) == 0 ? strstr(from, mark) : NULL;
    if (!at) {
        return from;
    }
    const char *name = at + sizeof(mark) - 1;
    /* "arn:...:parameter/name" may be "name" or "/name": without a second '/' it is the former. */
    return strchr(name + 1, '/') ? name : name + 1;
}

PREFLIGHT_READER(parameters)
{
    enum { NAMES_MAX = 50 };
    json_auto_t *names = json_array();
    json_auto_t *answer = NULL;
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(preflight->secrets, index, item)
    {
        if (!sw_json_bool(item, "managed", false) && json_array_size(names) < NAMES_MAX) {
            preflight_add_once(names, parameter_name(sw_json_str(item, "from", "")));
        }
    }
    *ret = json_pack("{s:O, s:[]}", "asked", names, "found");
    if (json_array_size(names) == 0) {
        return SW_OK;
    }
    json_auto_t *input = json_pack("{s:[{s:s, s:s, s:O}], s:i}", "ParameterFilters", "Key", "Name",
                                   "Option", "Equals", "Values", names, "MaxResults", NAMES_MAX);
    enum sw_status status = sw_aws_json(preflight->aws, "ssm", "AmazonSSM.DescribeParameters",
                                        input, &preflight_patience, &answer, err);
    json_array_foreach(sw_json_array(answer, "Parameters"), index, item)
    {
        preflight_add_once(sw_json_array(*ret, "found"), sw_json_str(item, "Name", ""));
    }
    return status;
}
