#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

void sw_taskdef_release(struct sw_taskdef *taskdef)
{
    json_decref(taskdef->definition);
    free(taskdef->label);
    free(taskdef->family);
    free(taskdef->arn);
    sw_strs_release(&taskdef->problems);
    *taskdef = (struct sw_taskdef){ .definition = NULL };
}

const char *sw_taskdef_short_name(const char *arn)
{
    return ecs_last_part(arn);
}

static json_t *describe_input(const char *reference, bool tags)
{
    json_t *input = json_pack("{s:s}", "taskDefinition", reference);
    if (tags) {
        (void)json_object_set_new(input, "include", json_pack("[s]", "TAGS"));
    }
    return input;
}

/* The right to read the definition does not always include its tags. */
static enum sw_status describe(struct sw_aws *aws, const char *reference, json_t **ret,
                               struct sw_err *err)
{
    enum sw_status status =
        ecs_call(aws, "DescribeTaskDefinition", describe_input(reference, true), NULL, ret, err);
    if (status != SW_E_DENIED) {
        return status;
    }
    struct sw_err second = SW_ERR_INIT;
    if (ecs_call(aws, "DescribeTaskDefinition", describe_input(reference, false), NULL, ret,
                 &second) != SW_OK) {
        return status;
    }
    sw_say(sw_aws_env(aws),
           "the tags of task definition %s may not be read, so they are not copied", reference);
    return SW_OK;
}

/* ECS words a missing definition as ClientException; families that exist help more than that. */
static enum sw_status explain(struct sw_aws *aws, const char *reference, struct sw_err *err)
{
    bool missing = strcmp(err->code, "ClientException") == 0 || err->status == SW_E_NOT_FOUND;
    if (!missing) {
        return err->status;
    }
    struct sw_err cause = *err;
    (void)sw_fail(err, SW_E_NOT_FOUND, "task definition \"%s\" cannot be read: %s", reference,
                  cause.msg);
    sw_err_set_code(err, cause.code);
    ecs_append_names(aws, "ListTaskDefinitionFamilies",
                     json_pack("{s:s, s:i}", "status", "ACTIVE", "maxResults", 11), "families",
                     "families that exist", err);
    return err->status;
}

enum sw_status sw_taskdef_describe(struct sw_aws *aws, const char *reference,
                                   struct sw_taskdef *ret, struct sw_err *err)
{
    json_auto_t *answer = NULL;
    if (describe(aws, reference, &answer, err) != SW_OK) {
        return explain(aws, reference, err);
    }
    const json_t *described = sw_json_object(answer, "taskDefinition");
    const char *arn = sw_json_str(described, "taskDefinitionArn", "");
    if (!*arn) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "DescribeTaskDefinition of \"%s\" answered without a taskDefinitionArn",
                       reference);
    }
    json_t *definition = NULL;
    enum sw_status status = sw_taskdef_from_document(
        answer, SW_TASKDEF_WIRE, "DescribeTaskDefinition answer", &definition, err);
    if (status != SW_OK) {
        return status;
    }
    *ret = (struct sw_taskdef){
        .definition = definition,
        .label = sw_xstrdup(sw_taskdef_short_name(arn)),
        .family = sw_xstrdup(sw_json_str(definition, "family", "")),
        .arn = sw_xstrdup(arn),
        .inactive = strcmp(sw_json_str(described, "status", "ACTIVE"), "ACTIVE") != 0,
    };
    return SW_OK;
}
