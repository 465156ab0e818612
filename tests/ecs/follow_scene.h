#ifndef SLIPWAY_TESTS_FOLLOW_SCENE_H
#define SLIPWAY_TESTS_FOLLOW_SCENE_H

/* What ECS answers about the service "kim" while kim:13 is rolled out, and a rollout under test. */

#include "ecs_world.h"

#include <slipway/rollout.h>

#define INPUT "{'cluster':'prod','services':['kim']}"
#define OURS(status, rollout, counts)                                                             \
    "{'id':'ecs-svc/2','status':'" status "','taskDefinition':'" TD "kim:13','createdAt':1000.5," \
    "'rolloutState':'" rollout "'," counts "}"
#define OLD(status, rollout, counts)                                           \
    "{'id':'ecs-svc/1','status':'" status "','taskDefinition':'" TD "kim:12'," \
    "'rolloutState':'" rollout "'," counts "}"
#define COUNTS(running, pending, failed) \
    "'desiredCount':2,'runningCount':" running ",'pendingCount':" pending ",'failedTasks':" failed
#define ANSWER(deployments, more)                                                              \
    "{'services':[{'serviceName':'kim','status':'ACTIVE','deployments':[" deployments "]" more \
    "}],'failures':[]}"
#define EVENTS(list) ",'events':[" list "]"
#define BREAKER \
    ",'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':true,'rollback':true}}"

#define STARTING                                                                                 \
    ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("0", "2", "0")) "," OLD("ACTIVE", "COMPLETED",  \
                                                                         COUNTS("2", "0", "0")), \
           "")
#define COMPLETED                                                                              \
    ANSWER(OURS("PRIMARY", "COMPLETED", COUNTS("2", "0", "0")) "," OLD("ACTIVE", "COMPLETED",  \
                                                                       COUNTS("1", "0", "0")), \
           "")
#define LIST_INPUT \
    "{'cluster':'prod','serviceName':'kim','desiredStatus':'STOPPED','maxResults':100}"
#define NO_TASKS "{'taskArns':[]}"
#define TASKS    "{'taskArns':['arn:t/1','arn:t/2']}"
#define STOPPED(arn, by, why)                                                                   \
    "{'taskArn':'" arn "','startedBy':'" by "','stopCode':'TaskFailedToStart','stoppedReason':" \
    "'Task failed to start','containers':[{'name':'log'},{'name':'web','reason':'" why "'}]}"
#define PULL_ERROR                                                                                 \
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve " \
    "ref r/web:2: r/web:2: not found"
#define DENIED  "{'__type':'AccessDeniedException','message':'no'}"
#define EXPIRED "{'__type':'ExpiredTokenException','message':'The security token is expired'}"

/* A rollout under test. */
struct trial {
    struct ecs_world w;
    struct sw_follow_options options;
    struct sw_follow_result result;
    struct sw_err err;
};

void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count);
/* Follows the rollout, which ends with that status and message. */
void trial_ends(struct trial *trial, enum sw_status status, const char *message);
void trial_done(struct trial *trial);

#endif
