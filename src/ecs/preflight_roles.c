#include "preflight.h"

#include <slipway/alloc.h>

/* Checks of the roles: do they exist, can ECS assume them, may they do what is needed? */

/* Whether the text or list of texts has the word, or one that stands for all. */
static bool names(const json_t *value, const char *word)
{
    if (json_is_string(value)) {
        return strcmp(json_string_value(value), word) == 0;
    }
    return preflight_has(value, word);
}

/* Whether the trust policy lets ECS tasks assume the role. */
static bool trusts_tasks(const json_t *policy)
{
    const json_t *statements = json_object_get(policy, "Statement");
    size_t count = json_is_array(statements) ? json_array_size(statements) : 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *statement =
            json_is_array(statements) ? json_array_get(statements, i) : statements;
        const json_t *action = json_object_get(statement, "Action");
        const json_t *service = json_object_get(sw_json_object(statement, "Principal"), "Service");
        if (strcmp(sw_json_str(statement, "Effect", ""), "Allow") == 0 &&
            (names(action, "sts:AssumeRole") || names(action, "sts:*") || names(action, "*")) &&
            names(service, "ecs-tasks.amazonaws.com")) {
            return true;
        }
    }
    return false;
}

/* The trust policy of a role, which travels percent-encoded; NULL when it makes no sense. */
static json_t *trust_policy(const json_t *role)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    json_t *policy = NULL;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_uri_decoded(&text, sw_str(sw_json_str(role, "AssumeRolePolicyDocument", "")));
    if (sw_json_parse(sw_buf_str(&text), "trust policy", &policy, &ignored) != SW_OK) {
        return NULL;
    }
    return policy;
}

static void judge_role(struct preflight *preflight, const char *kind, const char *arn,
                       const json_t *role)
{
    const char *name = ecs_last_part(arn);
    if (json_is_null(role)) {
        preflight_find(preflight, SW_CHECK_BLOCK, "the %s role \"%s\" does not exist", kind, name);
        preflight_advise(preflight, "create it with a trust policy for ecs-tasks.amazonaws.com, or "
                                    "name another in the task definition");
        preflight_command(preflight,
                          "aws iam create-role --role-name %s --assume-role-policy-document "
                          "'{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                          "\"Principal\":{\"Service\":\"ecs-tasks.amazonaws.com\"},\"Action\":"
                          "\"sts:AssumeRole\"}]}'",
                          name);
        return;
    }
    json_auto_t *policy = trust_policy(role);
    if (policy && !trusts_tasks(policy)) {
        preflight_find(
            preflight, SW_CHECK_BLOCK,
            "the trust policy of the %s role \"%s\" does not let ecs-tasks.amazonaws.com "
            "assume it",
            kind, name);
        preflight_advise(preflight, "allow sts:AssumeRole to the service ecs-tasks.amazonaws.com");
        preflight_command(preflight,
                          "aws iam update-assume-role-policy --role-name %s --policy-document "
                          "'{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                          "\"Principal\":{\"Service\":\"ecs-tasks.amazonaws.com\"},\"Action\":"
                          "\"sts:AssumeRole\"}]}'",
                          name);
    }
}

/* What of the container makes ECS act with the execution role; NULL: nothing. */
static const char *need_of(const struct preflight *preflight, const json_t *container)
{
    const json_t *log = sw_json_object(container, "logConfiguration");
    if (json_array_size(sw_json_array(container, "secrets")) > 0) {
        return "secrets";
    }
    if (sw_json_object(container, "repositoryCredentials")) {
        return "repositoryCredentials";
    }
    if (json_array_size(sw_json_array(log, "secretOptions")) > 0) {
        return "secretOptions of its log";
    }
    if (json_array_size(sw_json_array(container, "environmentFiles")) > 0) {
        return "environmentFiles";
    }
    if (!preflight->on_ec2 && strstr(sw_json_str(container, "image", ""), ".dkr.ecr")) {
        return "an image in ECR, on Fargate";
    }
    if (!preflight->on_ec2 && strcmp(sw_json_str(log, "logDriver", ""), "awslogs") == 0) {
        return "the log driver awslogs, on Fargate";
    }
    return NULL;
}

void preflight_execution_role(struct preflight *preflight)
{
    const char *arn = sw_json_str(preflight->definition, "executionRoleArn", "");
    size_t index = 0;
    const json_t *container = NULL;
    if (*arn) {
        const json_t *role = preflight_fact(preflight, FACT_EXECUTION_ROLE);
        if (role) {
            judge_role(preflight, "execution", arn, role);
        }
        return;
    }
    json_array_foreach(preflight->containers, index, container)
    {
        const char *need = need_of(preflight, container);
        if (need) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "the task definition has no executionRoleArn, which container \"%s\" "
                           "needs for %s",
                           sw_json_str(container, "name", "?"), need);
            preflight_advise(preflight, "set it, to a role with the policy "
                                        "AmazonECSTaskExecutionRolePolicy");
            return;
        }
    }
    preflight_idle(preflight);
}

/* The cause that a rollout fails with when the execution role lacks the right. */
static const char *cause_of_right(const char *right)
{
    static const struct {
        const char *prefix, *cause;
    } causes[] = {
        { "logs:", "log-driver" },   { "secretsmanager:", "secret-denied" },
        { "ssm:", "secret-denied" }, { "kms:", "secret-denied" },
        { "s3:", "env-file" },
    };
    for (size_t i = 0; i < SW_COUNT(causes); i++) {
        if (sw_str_starts(sw_str(right), causes[i].prefix)) {
            return causes[i].cause;
        }
    }
    return "image-denied";
}

void preflight_execution_rights(struct preflight *preflight)
{
    const char *arn = sw_json_str(preflight->definition, "executionRoleArn", "");
    size_t index = 0;
    const json_t *result = NULL;
    if (!*arn) {
        preflight_idle(preflight);
        return;
    }
    if (json_is_null(preflight_fact(preflight, FACT_EXECUTION_ROLE))) {
        return;
    }
    preflight->missing = NULL; /* the rights can be asked without the role itself */
    json_array_foreach(preflight_fact(preflight, FACT_RIGHTS), index, result)
    {
        const char *right = sw_json_str(result, "EvalActionName", "?");
        if (strcmp(sw_json_str(result, "EvalDecision", "allowed"), "allowed") == 0) {
            continue;
        }
        bool global = strcmp(right, "ecr:GetAuthorizationToken") == 0;
        preflight_find(preflight, global ? SW_CHECK_BLOCK : SW_CHECK_WARN,
                       "the execution role \"%s\" lacks the right %s%s", ecs_last_part(arn), right,
                       global ? "" : ", or has it for single resources only");
        preflight_cause(preflight, cause_of_right(right));
        preflight_advise(preflight, "allow it in a policy of the role");
        if (strncmp(right, "ecr:", 4) == 0 || strcmp(right, "logs:CreateLogStream") == 0 ||
            strcmp(right, "logs:PutLogEvents") == 0) {
            preflight_command(preflight,
                              "aws iam attach-role-policy --role-name %s --policy-arn "
                              "arn:aws:iam::aws:policy/service-role/"
                              "AmazonECSTaskExecutionRolePolicy",
                              ecs_last_part(arn));
        }
    }
}

void preflight_task_role(struct preflight *preflight)
{
    const char *arn = sw_json_str(preflight->definition, "taskRoleArn", "");
    const json_t *role = *arn ? preflight_fact(preflight, FACT_TASK_ROLE) : NULL;
    if (!*arn) {
        preflight_idle(preflight);
    } else if (role) {
        judge_role(preflight, "task", arn, role);
    }
}

void preflight_pass_role(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *result = NULL;
    if (!*sw_json_str(preflight->definition, "executionRoleArn", "") &&
        !*sw_json_str(preflight->definition, "taskRoleArn", "")) {
        preflight_idle(preflight);
        return;
    }
    json_array_foreach(preflight_fact(preflight, FACT_PASS_ROLE), index, result)
    {
        const char *decision = sw_json_str(result, "EvalDecision", "allowed");
        if (strcmp(decision, "allowed") == 0) {
            continue;
        }
        const char *role = sw_json_str(result, "EvalResourceName", "ROLE_ARN");
        preflight_find(preflight, SW_CHECK_BLOCK, "this identity may not pass the role %s to ECS",
                       role);
        preflight_advise(preflight,
                         "add to its policy: {\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\","
                         "\"Resource\":\"%s\",\"Condition\":{\"StringEquals\":"
                         "{\"iam:PassedToService\":\"ecs-tasks.amazonaws.com\"}}}",
                         role);
    }
}
