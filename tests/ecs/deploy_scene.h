#ifndef SLIPWAY_TESTS_DEPLOY_SCENE_H
#define SLIPWAY_TESTS_DEPLOY_SCENE_H

/* The service "kim" and its family, and deployments of it that are under test. */

#include "ecs_world.h"

#include <slipway/service.h>

#define SERVICE_INPUT "{'cluster':'prod','services':['kim']}"
#define SERVICE_RUNS(revision)                                                    \
    "{'services':[{'serviceName':'kim','status':'ACTIVE','desiredCount':2,"       \
    "'taskDefinition':'" TD "kim:" revision "','deployments':[{'id':'ecs-svc/1'," \
    "'status':'PRIMARY','taskDefinition':'" TD "kim:" revision "'}]}],'failures':[]}"
#define DESCRIBE_INPUT "{'taskDefinition':'kim','include':['TAGS']}"
#define KIM_12                                                                                \
    "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim','revision':12,"     \
    "'status':'ACTIVE','requiresAttributes':[],'compatibilities':['EC2'],'registeredAt':1.5," \
    "'registeredBy':'me','networkMode':'bridge','futureField':{'a':[0,false,'']},"            \
    "'containerDefinitions':[{'name':'web','image':'r/web:1','cpu':0},"                       \
    "{'name':'log','image':'log:1'}],'volumes':[]},'tags':[{'key':'team','value':'x'}]}"
/* What is registered: everything but the read-only members, with tags inside. */
#define REGISTER_INPUT(image)                                                  \
    "{'family':'kim','networkMode':'bridge','futureField':{'a':[0,false,'']}," \
    "'containerDefinitions':[{'name':'web','image':'" image "','cpu':0},"      \
    "{'name':'log','image':'log:1'}],'volumes':[],'tags':[{'key':'team','value':'x'}]}"
#define REGISTERED(revision) \
    "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:" revision "','revision':" revision "}}"
#define UPDATE_INPUT(revision) \
    "{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:" revision "'}"
#define UPDATED(id, revision)                                                                \
    "{'service':{'serviceName':'kim','status':'ACTIVE','desiredCount':2,"                    \
    "'taskDefinition':'" TD "kim:" revision "','currentServiceDeployment':'arn:sd/9',"       \
    "'deployments':[{'id':'" id "','status':'PRIMARY','taskDefinition':'" TD "kim:" revision \
    "'},{'id':'ecs-svc/1','status':'ACTIVE'}]}}"
#define DENIED "{'__type':'AccessDeniedException','message':'not authorized to do that'}"

/* The four calls of an ordinary deployment. */
enum { ORDINARY_CALLS = 4 };
extern const struct ecs_step ordinary[ORDINARY_CALLS];

/* A deployment under test. */
struct trial {
    struct ecs_world w;
    struct sw_changes changes;
    struct sw_deploy_options options;
    struct sw_deployment done;
    struct sw_err err;
};

void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count);
void trial_change(struct trial *trial, enum sw_change_kind kind, const char *text);
enum sw_status trial_run(struct trial *trial);
void trial_done(struct trial *trial);
/* The deployment fails with that status and this message. */
void trial_fails(struct trial *trial, enum sw_status status, const char *message);

#endif
