#ifndef SLIPWAY_TESTS_TASK_SCENE_H
#define SLIPWAY_TESTS_TASK_SCENE_H

/* One-off tasks of the family "kim", and one that is under test. */

#include "ecs_world.h"

#include <slipway/task.h>

#define ARN(id)  "arn:aws:ecs:us-east-1:123456789012:task/prod/" id
#define LOGS_URL "https://logs.us-east-1.amazonaws.com/"
#define LOGGED                                                                     \
    "'logConfiguration':{'logDriver':'awslogs','options':{'awslogs-group':'/kim'," \
    "'awslogs-region':'us-east-1','awslogs-stream-prefix':'ecs'}}"
#define DEFINITION(members, containers)                                                       \
    "{'taskDefinition':{'taskDefinitionArn':'" TD                                             \
    "kim:12','family':'kim','status':'ACTIVE'," members "'containerDefinitions':[" containers \
    "]},'tags':[]}"
#define KIM \
    DEFINITION("", "{'name':'side','image':'s','essential':false},{'name':'web','image':'w'}")
#define DESCRIBE(reply_)                                                          \
    {                                                                             \
        .action = "DescribeTaskDefinition",                                       \
        .input = "{'taskDefinition':'kim','include':['TAGS']}", .reply = (reply_) \
    }
#define TOKEN "slipway-14f7e9b6f80-0000000000000000"
#define RUN_INPUT \
    "{'cluster':'prod','taskDefinition':'" TD "kim:12','count':1,'clientToken':'" TOKEN "'}"
#define NEW(id) "{'taskArn':'" ARN(id) "','lastStatus':'PROVISIONING'}"
#define STARTED(tasks)                                                                          \
    {                                                                                           \
        .action = "RunTask", .input = RUN_INPUT, .reply = "{'tasks':[" tasks "],'failures':[]}" \
    }
#define LOOK_INPUT "{'cluster':'prod','tasks':['" ARN("t1") "']}"
#define LOOK(task)                                                                      \
    {                                                                                   \
        .action = "DescribeTasks", .input = LOOK_INPUT, .reply = "{'tasks':[" task "]}" \
    }
#define AT(id, status) "{'taskArn':'" ARN(id) "','lastStatus':'" status "'}"
#define ENDED(id, code, reason, containers)                             \
    "{'taskArn':'" ARN(id) "','lastStatus':'STOPPED','stopCode':'" code \
                           "','stoppedReason':'" reason                 \
                           "','startedAt':1.5,'containers':[" containers "]}"
#define OWN_END(id, containers) \
    ENDED(id, "EssentialContainerExited", "Essential container in task exited", containers)
#define WEB(code) "{'name':'side','exitCode':143},{'name':'web','exitCode':" code "}"
#define DENIED    "{'__type':'AccessDeniedException','message':'no'}"
#define THROTTLED "{'__type':'ThrottlingException','message':'Rate exceeded'}"

/* A run under test. */
struct trial {
    struct ecs_world w;
    json_t *request;
    struct sw_task_wait_options options;
    struct sw_task_run run;
    struct sw_err err;
};

void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count);
/* RunTask ends with that status and message. */
void trial_runs(struct trial *trial, const char *container, enum sw_status status,
                const char *message);
/* The task is started as it is to be. */
void trial_starts(struct trial *trial, const struct ecs_step *steps, size_t count);
/* The waiting ends with that status and message. */
void trial_ends(struct trial *trial, enum sw_status status, const char *message);
void trial_done(struct trial *trial);

#endif
