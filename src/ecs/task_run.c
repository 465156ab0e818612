#include "ecs.h"
#include "request.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>
#include <slipway/task.h>

/* What ECS says when it cannot start a task, and what to do. The first that fits counts. */
static const struct {
    const char *reason; /* the text begins with it */
    const char *advice;
} advices[] = {
    { "RESOURCE:CPU", "no instance has enough free CPU units: lower the task's cpu, or add an "
                      "instance" },
    { "RESOURCE:MEMORY", "no instance has enough free memory: lower the task's memory, or add an "
                         "instance" },
    { "RESOURCE:PORTS", "the host port is taken on every suitable instance: use hostPort 0, or add "
                        "an instance" },
    { "RESOURCE:ENI", "no instance has a free network interface: add an instance, or use larger "
                      "ones" },
    { "RESOURCE:GPU", "no instance has enough free GPUs: add an instance that has" },
    { "RESOURCE", "no instance has enough of it left: add an instance" },
    { "AGENT", "the instance's ECS agent is not connected: check that it runs and reaches ECS" },
    { "LOCATION", "the instance is in another Availability Zone than the task's volume" },
    { "ATTRIBUTE", "no instance has an attribute that the task needs: update the ECS agent or AMI, "
                   "and check log driver, networkMode and placement constraints" },
    { "MemberOf placement constraint", "no instance fits the placement constraints of the task" },
    { "Capacity is unavailable", "try again later, or give subnets in other Availability Zones" },
    { "Your account is currently blocked", "AWS must unlock the account: open a support case" },
    { "MISSING", "what the task needs does not exist: check cluster, instances and capacity "
                 "providers" },
    { "INACTIVE", "the instance was deregistered: use one that is active" },
};

void sw_task_run_release(struct sw_task_run *run)
{
    json_decref(run->definition);
    json_decref(run->tasks);
    json_decref(run->failures);
    free(run->task_definition);
    free(run->container);
    *run = (struct sw_task_run){ .exit_code = -1 };
}

static const char *advice_for(const char *reason)
{
    for (size_t i = 0; i < SW_COUNT(advices); i++) {
        if (strncmp(reason, advices[i].reason, strlen(advices[i].reason)) == 0) {
            return advices[i].advice;
        }
    }
    return NULL;
}

/* Adds "; it has: a, b". */
static enum sw_status check_container(const json_t *definition, const char *name, const char *label,
                                      struct sw_err *err)
{
    if (sw_taskdef_container(definition, name)) {
        return SW_OK;
    }
    (void)sw_fail(err, SW_E_INPUT, "container \"%s\" is not in task definition %s", name, label);
    ecs_append_known(sw_json_array(definition, "containerDefinitions"), err);
    return err->status;
}

/* Everything that can be known to be wrong before anything is started. */
static enum sw_status check(const struct sw_taskdef *taskdef, const json_t *request,
                            const char *container, struct sw_err *err)
{
    const json_t *definition = taskdef->definition;
    size_t index = 0;
    const json_t *item = NULL;
    enum sw_status status = SW_OK;
    if (taskdef->inactive) {
        return sw_fail(err, SW_E_CONFLICT,
                       "task definition %s was deregistered (INACTIVE); no task can be run of it",
                       taskdef->label);
    }
    if (container) {
        status = check_container(definition, container, taskdef->label, err);
    }
    json_array_foreach(sw_json_array(sw_json_object(request, "overrides"), "containerOverrides"),
                       index, item)
    {
        if (status == SW_OK) {
            status =
                check_container(definition, sw_json_str(item, "name", ""), taskdef->label, err);
        }
    }
    if (status == SW_OK) {
        bool network = json_object_get(request, "networkConfiguration") != NULL;
        status = ecs_check_network(definition, taskdef->label, network, err);
    }
    return status;
}

/* Reads and checks the definition; without the right to read it, ECS's own checks must do. */
static enum sw_status load(struct sw_aws *aws, json_t *request, const char *container,
                           struct sw_task_run *run, struct sw_err *err)
{
    const char *wanted = sw_json_str(request, "taskDefinition", "");
    struct sw_taskdef taskdef = { .definition = NULL };
    enum sw_status status = sw_taskdef_describe(aws, wanted, &taskdef, err);
    if (status == SW_E_DENIED) {
        sw_say(sw_aws_env(aws),
               "the right ecs:DescribeTaskDefinition is missing: the task is not checked "
               "beforehand, and its logs cannot be shown");
        *err = (struct sw_err)SW_ERR_INIT;
        run->task_definition = sw_xstrdup(wanted);
        return SW_OK;
    }
    if (status == SW_OK) {
        run->task_definition = sw_xstrdup(taskdef.arn);
        run->definition = json_incref(taskdef.definition);
        status = check(&taskdef, request, container, err);
        /* What was checked is what is run, whatever is registered in the meantime. */
        (void)json_object_set_new(request, "taskDefinition", json_string(taskdef.arn));
    }
    sw_taskdef_release(&taskdef);
    return status;
}

static enum sw_status explain(struct sw_aws *aws, const struct sw_task_run *run, struct sw_err *err)
{
    (void)sw_wrap(err, "task definition %s cannot be run",
                  sw_taskdef_short_name(run->task_definition));
    if (strcmp(err->code, "ClusterNotFoundException") == 0) {
        ecs_append_names(aws, "ListClusters", json_pack("{s:i}", "maxResults", 11), "clusterArns",
                         "clusters", err);
    } else if (sw_err_may_be_done(err)) {
        (void)sw_append(err, "; whether a task was started is not known");
    }
    return err->status;
}

/* Adds "; started: 1a2b, 3c4d, which go on". */
static void append_started(const json_t *tasks, struct sw_err *err)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(tasks, index, task)
    {
        (void)sw_append(err, "%s%s", index ? ", " : "; these were started and go on: ",
                        ecs_last_part(sw_json_str(task, "taskArn", "?")));
    }
}

/* HTTP 200 with failures is a failure, even when some tasks were started. */
static enum sw_status check_answer(const json_t *request, const struct sw_task_run *run,
                                   struct sw_err *err)
{
    size_t wanted = (size_t)sw_json_int(request, "count", 1);
    size_t started = json_array_size(run->tasks);
    const json_t *failure = json_array_get(run->failures, 0);
    const char *reason = sw_json_str(failure, "reason", NULL);
    const char *detail = sw_json_str(failure, "detail", NULL);
    const char *advice = reason ? advice_for(reason) : NULL;
    if (!failure && started >= wanted) {
        return SW_OK;
    }
    (void)sw_fail(err, SW_E_FAILED, "%zu of %zu task%s of %s could not be started: %s",
                  wanted > started ? wanted - started : json_array_size(run->failures), wanted,
                  wanted == 1 ? "" : "s", sw_taskdef_short_name(run->task_definition),
                  reason ? reason : "ECS gives no reason");
    if (detail) {
        (void)sw_append(err, " (%s)", detail);
    }
    if (advice) {
        (void)sw_append(err, "; %s", advice);
    }
    append_started(run->tasks, err);
    return err->status;
}

/* Every task needs its ARN, or it could not be followed. */
static bool tasks_are_named(const json_t *tasks)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(tasks, index, task)
    {
        if (!sw_json_str(task, "taskArn", NULL)) {
            return false;
        }
    }
    return json_is_array(tasks);
}

enum sw_status sw_task_run(struct sw_aws *aws, json_t *request, const char *container,
                           struct sw_task_run *ret, struct sw_err *err)
{
    *ret = (struct sw_task_run){ .exit_code = -1 };
    ret->container = container ? sw_xstrdup(container) : NULL;
    enum sw_status status = load(aws, request, container, ret, err);
    if (status != SW_OK) {
        return status;
    }
    char *token SW_CLEANUP(sw_free_str) = ecs_client_token(sw_aws_env(aws));
    if (!json_object_get(request, "clientToken")) {
        ecs_set_text(request, "clientToken", token);
    }
    json_auto_t *answer = NULL;
    if (ecs_call(aws, "RunTask", json_incref(request), NULL, &answer, err) != SW_OK) {
        return explain(aws, ret, err);
    }
    json_t *tasks = sw_json_array(answer, "tasks");
    if (!tasks_are_named(tasks)) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "RunTask of %s answered without the tasks' ARNs; whether a task was started "
                       "is not known",
                       sw_taskdef_short_name(ret->task_definition));
    }
    ret->tasks = json_incref(tasks);
    ret->failures = json_incref(sw_json_array(answer, "failures"));
    return check_answer(request, ret, err);
}

enum sw_status sw_task_stop(struct sw_aws *aws, const char *cluster, const struct sw_task_run *run,
                            const char *reason, struct sw_err *err)
{
    enum sw_status first = SW_OK;
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(run->tasks, index, task)
    {
        const char *arn = sw_json_str(task, "taskArn", "");
        struct sw_err failed = SW_ERR_INIT;
        if (strcmp(sw_json_str(task, "lastStatus", ""), "STOPPED") == 0) {
            continue;
        }
        if (ecs_call(
                aws, "StopTask",
                json_pack("{s:s, s:s, s:s}", "cluster", cluster, "task", arn, "reason", reason),
                NULL, NULL, &failed) == SW_OK) {
            sw_say(sw_aws_env(aws), "task %s is being stopped", ecs_last_part(arn));
        } else if (first == SW_OK) {
            first = failed.status;
            *err = failed;
            (void)sw_wrap(err, "task %s cannot be stopped", ecs_last_part(arn));
        }
    }
    return first;
}
