#ifndef SLIPWAY_TEST_CHECK_WORLD_H
#define SLIPWAY_TEST_CHECK_WORLD_H

/*
 * An AWS with one service as a newcomer has it, in which every answer can be replaced: what the
 * checks before a deployment see. In all JSON texts ' stands for ".
 */

#include "ecs_world.h"

#include <slipway/preflight.h>

/* Replaces the answer to an action ("DescribeServices"); "registry" is the image's manifest. */
struct check_answer {
    const char *action;
    const char *reply; /* NULL: refused for want of a right */
    long status;       /* 0: 200 */
};

struct check_world {
    struct ecs_world w;
    const struct check_answer *answers;
    size_t count;
    bool all_denied;
    unsigned instances; /* of the cluster */
    struct sw_strs calls;
    struct sw_check_report report;
};

/* `answers` is borrowed. */
void check_world_init(struct check_world *world, const struct check_answer *answers, size_t count);
/* Runs all checks of the service and the definition, either NULL for the usual one. */
void check_world_run(struct check_world *world, const char *service, const char *definition);
/* The worst finding of a check; never NULL. */
const struct sw_check_finding *check_world_found(const struct check_world *world,
                                                 const char *check);
/* How often an action was called. */
size_t check_world_calls(const struct check_world *world, const char *action);
void check_world_done(struct check_world *world);

/* The usual service and definition, to be changed by tests. */
#define CHECK_SERVICE(desired, minimum, maximum)                                                \
    "{'serviceName':'web','serviceArn':'arn:aws:ecs:us-east-1:123456789012:service/prod/web',"  \
    "'status':'ACTIVE','launchType':'EC2','desiredCount':" desired ",'runningCount':" desired   \
    ",'taskDefinition':'" TD "web:1','healthCheckGracePeriodSeconds':60,"                       \
    "'deploymentConfiguration':{'minimumHealthyPercent':" minimum ",'maximumPercent':" maximum  \
    ",'deploymentCircuitBreaker':{'enable':true,'rollback':true}},"                             \
    "'loadBalancers':[{'targetGroupArn':'arn:tg','containerName':'web','containerPort':8080}]," \
    "'deployments':[{'id':'ecs-svc/1','status':'PRIMARY','rolloutState':'COMPLETED'}]}"
#define CHECK_DEFINITION(host_port, more)                                                 \
    "{'family':'web','executionRoleArn':'arn:aws:iam::123456789012:role/exec',"           \
    "'containerDefinitions':[{'name':'web','image':'reg.example.com/web:1','memory':128," \
    "'cpu':128,'portMappings':[{'containerPort':8080,'hostPort':" host_port "}]" more "}]}"

#endif
