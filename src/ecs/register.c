#include "ecs.h"
#include "taskdef_type.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

enum { CONCURRENT_TRIES = 6 };

/* What AWS says and what to do about it. */
static const struct {
    const char *text;
    const char *advice;
} advices[] = {
    { "to have execution role ARN",
      "add an executionRoleArn: pulling from ECR on Fargate needs one" },
    { "must also specify a value for 'executionRoleArn'",
      "add an executionRoleArn: container secrets need one" },
    { "host ports and container ports in port mappings must match",
      "leave hostPort out of the port mappings" },
    { "At least one of 'memory' or 'memoryReservation' must be specified",
      "give the container memory or memoryReservation" },
    { "No Fargate configuration exists for given values",
      "choose a cpu and memory pair that Fargate offers" },
    { "Invalid 'cpu' setting for task", "choose a cpu and memory pair that Fargate offers" },
    { "setting for container is greater than for the task",
      "raise the task's memory or lower the container's" },
    { "Unable to assume the service linked role",
      "run: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com" },
};

static enum sw_status add_advice(struct sw_err *err)
{
    for (size_t i = 0; i < SW_COUNT(advices); i++) {
        if (strstr(err->msg, advices[i].text)) {
            return sw_append(err, "; %s", advices[i].advice);
        }
    }
    return err->status;
}

/* A member that a newer AWS gave out and names in its refusal; NULL when none. */
static const char *refused_member(json_t *definition, const struct sw_err *err)
{
    const char *key = NULL;
    json_t *item = NULL;
    if (err->status != SW_E_FAILED) {
        return NULL;
    }
    json_object_foreach(definition, key, item)
    {
        if (!ecs_type_member(&ecs_taskdef_type, key) && strstr(err->msg, key)) {
            return key;
        }
    }
    return NULL;
}

static bool tags_denied(const struct sw_taskdef *taskdef, const json_t *definition,
                        const struct sw_err *err)
{
    return err->status == SW_E_DENIED && !taskdef->tags_wanted &&
           json_object_get(definition, "tags") && strstr(err->msg, "TagResource");
}

static bool concurrent(const struct sw_err *err)
{
    return strstr(err->msg, "Too many concurrent attempts") != NULL;
}

/* Changes the request so that another try makes sense; false when there is nothing to change. */
static bool adapt(struct sw_aws *aws, const struct sw_taskdef *taskdef, json_t *definition,
                  bool *dropped, int tries, const struct sw_err *err)
{
    const struct sw_env *env = sw_aws_env(aws);
    if (concurrent(err) && tries < CONCURRENT_TRIES) {
        int64_t delay_ms = sw_retry_delay_ms(env, &sw_retry_default, tries, NULL);
        sw_say(env, "another revision of \"%s\" is being registered; trying again",
               taskdef->family);
        sw_env_sleep_ms(env, delay_ms);
        return !sw_env_stop_wanted(env);
    }
    if (tags_denied(taskdef, definition, err)) {
        sw_warn(env, "the right ecs:TagResource is missing: the new revision gets no tags");
        (void)json_object_del(definition, "tags");
        return true;
    }
    const char *member = taskdef->arn && !*dropped ? refused_member(definition, err) : NULL;
    if (member) {
        sw_warn(env, "ECS returned \"%s\" but does not accept it; registering without it", member);
        (void)json_object_del(definition, member);
        *dropped = true;
        return true;
    }
    return false;
}

enum sw_status sw_taskdef_register(struct sw_aws *aws, const struct sw_taskdef *taskdef,
                                   char **ret_arn, struct sw_err *err)
{
    if (sw_taskdef_refuse(taskdef, err) != SW_OK) {
        return err->status;
    }
    json_auto_t *definition = json_copy(taskdef->definition);
    json_auto_t *answer = NULL;
    bool dropped = false;
    for (int tries = 1;; tries++) {
        enum sw_status status =
            ecs_call(aws, "RegisterTaskDefinition", json_incref(definition), NULL, &answer, err);
        if (status == SW_OK) {
            break;
        }
        if (!adapt(aws, taskdef, definition, &dropped, tries, err)) {
            return add_advice(err);
        }
    }
    const char *arn =
        sw_json_str(sw_json_object(answer, "taskDefinition"), "taskDefinitionArn", "");
    if (!*arn) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "RegisterTaskDefinition of \"%s\" answered without a taskDefinitionArn",
                       taskdef->family);
    }
    *ret_arn = sw_xstrdup(arn);
    return SW_OK;
}
