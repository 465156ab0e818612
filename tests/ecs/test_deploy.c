/* Deployments: which calls are made with which bodies, and how each failure is told. */
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
static const struct ecs_step ordinary[] = {
    { .action = "DescribeServices", .input = SERVICE_INPUT, .reply = SERVICE_RUNS("12") },
    { .action = "DescribeTaskDefinition", .input = DESCRIBE_INPUT, .reply = KIM_12 },
    { .action = "RegisterTaskDefinition",
      .input = REGISTER_INPUT("r/web:2"),
      .reply = REGISTERED("13") },
    { .action = "UpdateService", .input = UPDATE_INPUT("13"), .reply = UPDATED("ecs-svc/2", "13") },
};

/* A deployment under test. */
struct trial {
    struct ecs_world w;
    struct sw_changes changes;
    struct sw_deploy_options options;
    struct sw_deployment done;
    struct sw_err err;
};

static void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .cluster = "prod", .family = "kim" } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    trial->options.changes = &trial->changes;
}

static void trial_change(struct trial *trial, enum sw_change_kind kind, const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_changes_add_option(&trial->changes, kind, "--o", text, &err));
}

static enum sw_status trial_run(struct trial *trial)
{
    return sw_service_deploy(trial->w.aws, &trial->options, &trial->done, &trial->err);
}

static void trial_done(struct trial *trial)
{
    sw_deployment_release(&trial->done);
    sw_changes_release(&trial->changes);
    ecs_world_done(&trial->w);
}

/* The deployment fails with that status, and its message begins and ends like this. */
static void trial_fails(struct trial *trial, enum sw_status status, const char *message)
{
    assert_string_equal(sw_status_name(trial_run(trial)), sw_status_name(status));
    assert_string_equal(trial->err.msg, message);
}

static void test_deploy__takes_four_calls(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, ordinary, SW_COUNT(ordinary));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_int_equal(trial.w.fake.request_count, 4);
    assert_string_equal(trial.done.service, "kim");
    assert_string_equal(trial.done.family, "kim");
    assert_string_equal(trial.done.previous, TD "kim:12");
    assert_string_equal(trial.done.task_definition, TD "kim:13");
    assert_string_equal(trial.done.deployment_id, "ecs-svc/2");
    assert_string_equal(trial.done.previous_id, "ecs-svc/1");
    assert_string_equal(trial.done.service_deployment, "arn:sd/9");
    assert_true(trial.done.registered);
    assert_true(trial.done.updated);
    assert_int_equal(trial.done.desired, 2);
    char *images SW_CLEANUP(sw_free_str) = test_json_text(trial.done.images);
    assert_string_equal(images, "[{'container':'web','image':'r/web:2','previousImage':'r/web:1'},"
                                "{'container':'log','image':'log:1','previousImage':'log:1'}]");
    assert_string_equal(trial.w.t.said.ptr, "registered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__without_changes_rolls_out_the_newest_revision(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("11") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = UPDATE_INPUT("12"),
          .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_false(trial.done.registered);
    assert_string_equal(trial.done.task_definition, TD "kim:12");
    assert_string_equal(trial.w.t.said.ptr,
                        "kim:12 is what is wanted already; no new revision is registered\n");
    trial_done(&trial);
}

static void test_deploy__reuses_a_revision_that_was_registered_before(void **state)
{
    /* Registered by an earlier run whose rollout was rolled back, say. */
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("11") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = UPDATE_INPUT("12"),
          .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:1");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_false(trial.done.registered);
    trial_done(&trial);
}

static const struct ecs_step already_runs[] = {
    { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
    { .action = "DescribeTaskDefinition", .reply = KIM_12 },
};

static void test_deploy__an_update_that_changes_nothing_is_an_error(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, already_runs, SW_COUNT(already_runs));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:1");
    trial_fails(&trial, SW_E_UNCHANGED,
                "nothing to deploy: service kim in cluster \"prod\" already runs kim:12 with "
                "web=r/web:1, log=log:1; --force rolls it anew, --allow-unchanged accepts it");
    trial_done(&trial);
}

static void test_deploy__an_update_that_changes_nothing_may_be_accepted(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, already_runs, SW_COUNT(already_runs));
    trial.options.allow_unchanged = true;
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:1");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_int_equal(trial.err.status, SW_OK);
    assert_false(trial.done.updated);
    assert_string_equal(trial.done.deployment_id, "ecs-svc/1");
    assert_null(trial.done.previous_id);
    assert_string_equal(trial.w.t.said.ptr,
                        "nothing to deploy: service kim in cluster \"prod\" already runs kim:12 "
                        "with web=r/web:1, log=log:1\n");
    trial_done(&trial);
}

static void test_deploy__force_rolls_what_runs_already(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = "{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:12',"
                   "'forceNewDeployment':true}",
          .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.force = true;
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.done.deployment_id, "ecs-svc/2");
    trial_done(&trial);
}

static void test_deploy__changes_the_service_in_the_same_call(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = "{'services':[{'serviceName':'kim','status':'ACTIVE','taskDefinition':'" TD
                   "kim:12','deployments':[{'id':'ecs-svc/1','status':'PRIMARY','rolloutState':"
                   "'IN_PROGRESS','taskDefinition':'" TD "kim:12'}]}],'failures':[]}" },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = "{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:12',"
                   "'desiredCount':0,'deploymentConfiguration':{'deploymentCircuitBreaker':"
                   "{'enable':true,'rollback':true}}}",
          .reply = UPDATED("ecs-svc/1", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    json_auto_t *settings = test_json("{'desiredCount':0,'deploymentConfiguration':{"
                                      "'deploymentCircuitBreaker':{'enable':true,"
                                      "'rollback':true}}}");
    trial.options.settings = settings;
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_null(trial.done.previous_id);
    assert_string_equal(trial.w.t.said.ptr,
                        "deployment ecs-svc/1 of kim:12 is still in progress\n"
                        "ECS started no new deployment: nothing is to be rolled\n");
    trial_done(&trial);
}

static void test_deploy__tags_of_the_user_are_not_dropped(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'User: u is not authorized to "
                   "perform: ecs:TagResource on resource: x'}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_TAG, "stage=prod");
    assert_string_equal(sw_status_name(trial_run(&trial)), "denied");
    trial_done(&trial);
}

static void test_deploy__a_forced_update_is_not_repeated_blindly(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService", .failure = FAKE_TIMEOUT },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.force = true;
    assert_string_equal(sw_status_name(trial_run(&trial)), "network");
    assert_non_null(strstr(trial.err.msg, "; whether the deployment was started is not known"));
    trial_done(&trial);
}

static void test_deploy__starts_from_what_the_service_runs(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:12','include':['TAGS']}",
          .reply = KIM_12 },
        { .action = "RegisterTaskDefinition", .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.family = NULL;
    trial.options.service = "kim";
    trial_change(&trial, SW_CHANGE_IMAGE_TAG, "web=2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    trial_done(&trial);
}

static void test_deploy__an_inactive_revision_is_registered_anew(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition",
          .reply = "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:7','family':'kim',"
                   "'status':'INACTIVE','deregisteredAt':1,'containerDefinitions':[]}}" },
        { .action = "RegisterTaskDefinition",
          .input = "{'family':'kim','containerDefinitions':[]}",
          .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.task_definition = "kim:7";
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_true(trial.done.registered);
    trial_done(&trial);
}

static void test_deploy__goes_on_without_the_right_to_look(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .status = 400, .reply = DENIED },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition", .reply = REGISTERED("13") },
        { .action = "UpdateService",
          .input = UPDATE_INPUT("13"),
          .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_null(trial.done.previous);
    assert_string_equal(trial.w.t.said.ptr,
                        "the right ecs:DescribeServices is missing: the service is not checked "
                        "beforehand\nregistered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__tags_are_dropped_when_they_may_not_be_set(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .status = 400, .reply = DENIED },
        { .action = "DescribeTaskDefinition",
          .input = "{'taskDefinition':'kim'}",
          .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'User: u is not authorized to "
                   "perform: ecs:TagResource on resource: x'}" },
        { .action = "RegisterTaskDefinition",
          .input = "{'family':'kim','networkMode':'bridge','futureField':{'a':[0,false,'']},"
                   "'containerDefinitions':[{'name':'web','image':'r/web:2','cpu':0},"
                   "{'name':'log','image':'log:1'}],'volumes':[]}",
          .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(
        trial.w.t.said.ptr,
        "the tags of task definition kim may not be read, so they are not copied\n"
        "warning: the right ecs:TagResource is missing: the new revision gets no tags\n"
        "registered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__a_member_that_aws_does_not_take_back_is_left_out_once(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'ClientException','message':'Unknown field futureField'}" },
        { .action = "RegisterTaskDefinition",
          .input = "{'family':'kim','networkMode':'bridge','containerDefinitions':["
                   "{'name':'web','image':'r/web:2','cpu':0},{'name':'log','image':'log:1'}],"
                   "'volumes':[],'tags':[{'key':'team','value':'x'}]}",
          .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.w.t.said.ptr,
                        "warning: ECS returned \"futureField\" but does not accept it; registering "
                        "without it\nregistered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__shares_a_family_with_other_pipelines(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'ClientException','message':'Too many concurrent attempts to create "
                   "a new revision of the specified family.'}",
          .times = 2 },
        { .action = "RegisterTaskDefinition", .reply = REGISTERED("14") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "14") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.done.task_definition, TD "kim:14");
    trial_done(&trial);
}

/* Failures before anything is registered: the script would notice a further call. */
static void test_deploy__everything_is_checked_before_registering(void **state)
{
    static const struct {
        const char *name;
        const char *image;
        enum sw_status status;
        const char *message;
        struct ecs_step steps[4];
    } cases[] = {
        { "no cluster",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "cluster \"prod\" does not exist in this region and account: ECS DescribeServices: "
          "ClusterNotFoundException: Cluster not found.; clusters: default-kim5, staging",
          { { .action = "DescribeServices",
              .status = 400,
              .reply = "{'__type':'ClusterNotFoundException','message':'Cluster not found.'}" },
            { .action = "ListClusters",
              .input = "{'maxResults':11}",
              .reply = "{'clusterArns':['arn:aws:ecs:r:1:cluster/default-kim5',"
                       "'arn:aws:ecs:r:1:cluster/staging']}" } } },
        { "no cluster, no right to list",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "cluster \"prod\" does not exist in this region and account: ECS DescribeServices: "
          "ClusterNotFoundException: Cluster not found.",
          { { .action = "DescribeServices",
              .status = 400,
              .reply = "{'__type':'ClusterNotFoundException','message':'Cluster not found.'}" },
            { .action = "ListClusters", .status = 400, .reply = DENIED } } },
        { "no service",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "service \"kim\" does not exist in cluster \"prod\"; services in it: api, web; "
          "--create would make it",
          { { .action = "DescribeServices",
              .reply = "{'services':[],'failures':[{'arn':'x','reason':'MISSING'}]}" },
            { .action = "ListServices",
              .input = "{'cluster':'prod','maxResults':11}",
              .reply = "{'serviceArns':['arn:aws:ecs:r:1:service/prod/api',"
                       "'arn:aws:ecs:r:1:service/prod/web']}" } } },
        { "an empty cluster",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "service \"kim\" does not exist in cluster \"prod\"; there are no services in it; "
          "--create would make it",
          { { .action = "DescribeServices", .reply = "{'services':[],'failures':[]}" },
            { .action = "ListServices", .reply = "{'serviceArns':[]}" } } },
        { "a deleted service",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "service \"kim\" is INACTIVE (it was deleted) in cluster \"prod\"; services in it: api, "
          "...; --create would make it",
          { { .action = "DescribeServices",
              .reply = "{'services':[{'serviceName':'kim','status':'INACTIVE'}]}" },
            { .action = "ListServices",
              .reply = "{'serviceArns':['arn:x/prod/api'],'nextToken':'t'}" } } },
        { "a service being deleted",
          "web=r/web:2",
          SW_E_CONFLICT,
          "service \"kim\" in cluster \"prod\" is DRAINING: it is being deleted",
          { { .action = "DescribeServices",
              .reply = "{'services':[{'serviceName':'kim','status':'DRAINING'}]}" } } },
        { "CodeDeploy",
          "web=r/web:2",
          SW_E_CONFLICT,
          "service \"kim\" is deployed by AWS CodeDeploy (controller CODE_DEPLOY), which updates "
          "it by itself; slipway ecs deploy --codedeploy-application NAME --codedeploy-group NAME has it do so",
          { { .action = "DescribeServices",
              .reply = "{'services':[{'serviceName':'kim','status':'ACTIVE',"
                       "'deploymentController':{'type':'CODE_DEPLOY'}}]}" } } },
        { "an external controller",
          "web=r/web:2",
          SW_E_CONFLICT,
          "service \"kim\" has the deployment controller EXTERNAL: its task sets are made by "
          "somebody's own tool, which slipway is not; only services that ECS itself or CodeDeploy "
          "deploys can be updated",
          { { .action = "DescribeServices",
              .reply = "{'services':[{'serviceName':'kim','status':'ACTIVE',"
                       "'deploymentController':{'type':'EXTERNAL'}}]}" } } },
        { "no family",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "task definition \"kim\" cannot be read: ECS DescribeTaskDefinition: ClientException: "
          "Unable to describe task definition.; families that exist: api, web",
          { { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
            { .action = "DescribeTaskDefinition",
              .status = 400,
              .reply = "{'__type':'ClientException','message':'Unable to describe task "
                       "definition.'}" },
            { .action = "ListTaskDefinitionFamilies",
              .input = "{'status':'ACTIVE','maxResults':11}",
              .reply = "{'families':['api','web']}" } } },
        { "no container",
          "nginx=r/web:2",
          SW_E_INPUT,
          "container \"nginx\" is not in task definition kim:12; it has: web, log",
          { { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
            { .action = "DescribeTaskDefinition", .reply = KIM_12 } } },
        { "nonsense",
          "web=r/web:2",
          SW_E_UNAVAILABLE,
          "DescribeServices answered without a list of services",
          { { .action = "DescribeServices", .reply = "{}" } } },
        { "more nonsense",
          "web=r/web:2",
          SW_E_UNAVAILABLE,
          "DescribeTaskDefinition answer: \"containerDefinitions\" is missing; expected an array "
          "of containers",
          { { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
            { .action = "DescribeTaskDefinition",
              .reply = "{'taskDefinition':{'taskDefinitionArn':'x:1','family':'kim'}}" } } },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].name);
        size_t count = 0;
        while (count < SW_COUNT(cases[i].steps) && cases[i].steps[count].action) {
            count++;
        }
        struct trial trial;
        trial_init(&trial, cases[i].steps, count);
        trial_change(&trial, SW_CHANGE_IMAGE, cases[i].image);
        trial_fails(&trial, cases[i].status, cases[i].message);
        assert_false(trial.done.registered);
        trial_done(&trial);
    }
}

static void test_deploy__the_load_balancers_container_must_be_there(void **state)
{
    static const struct {
        const char *balancer, *message;
    } cases[] = {
        { "{'targetGroupArn':'tg','containerName':'web','containerPort':80}", NULL },
        { "{'loadBalancerName':'classic'}", NULL },
        { "{'targetGroupArn':'tg','containerName':'web','containerPort':8080}",
          "the service's load balancer sends to container \"web\" port 8080, which task definition "
          "kim:12 does not have; it has: web:80:443, log" },
        { "{'targetGroupArn':'tg','containerName':'nginx','containerPort':80}",
          "the service's load balancer sends to container \"nginx\" port 80, which task definition "
          "kim:12 does not have; it has: web:80:443, log" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].balancer);
        char *service SW_CLEANUP(sw_free_str) = sw_xasprintf(
            "{'services':[{'serviceName':'kim','status':'ACTIVE','loadBalancers':[%s]}]}",
            cases[i].balancer);
        const struct ecs_step steps[] = {
            { .action = "DescribeServices", .reply = service },
            { .action = "DescribeTaskDefinition",
              .reply = "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim',"
                       "'status':'ACTIVE','containerDefinitions':[{'name':'web','image':'w:1',"
                       "'portMappings':[{'containerPort':80},{'containerPort':443}]},"
                       "{'name':'log','image':'l:1'}]}}" },
            { .action = "RegisterTaskDefinition", .reply = REGISTERED("13") },
            { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
        };
        struct trial trial;
        trial_init(&trial, steps, cases[i].message ? 2 : 4);
        trial_change(&trial, SW_CHANGE_IMAGE, "web=w:2");
        assert_string_equal(sw_status_name(trial_run(&trial)),
                            cases[i].message ? "preflight" : "ok");
        assert_string_equal(trial.err.msg, cases[i].message ? cases[i].message : "");
        trial_done(&trial);
    }
}

static void test_deploy__percentages_that_allow_no_step_are_told(void **state)
{
    static const struct {
        const char *service;
        const char *said; /* NULL: nothing */
    } cases[] = {
        { "'desiredCount':1,'deploymentConfiguration':{'minimumHealthyPercent':50,"
          "'maximumPercent':100}",
          "warning: the rollout cannot take a step: of 1 wanted task at least 1 must stay "
          "(minimumHealthyPercent 50) and at most 1 may run (maximumPercent 100); use 100/200, or "
          "0/100 with a short outage\n" },
        { "'desiredCount':1,'deploymentConfiguration':{'minimumHealthyPercent':100,"
          "'maximumPercent':134}",
          "warning: the rollout cannot take a step: of 1 wanted task at least 1 must stay "
          "(minimumHealthyPercent 100) and at most 1 may run (maximumPercent 134); use 100/200, or "
          "0/100 with a short outage\n" },
        { "'desiredCount':3,'deploymentConfiguration':{'minimumHealthyPercent':100,"
          "'maximumPercent':125}",
          "warning: the rollout cannot take a step: of 3 wanted tasks at least 3 must stay "
          "(minimumHealthyPercent 100) and at most 3 may run (maximumPercent 125); use 100/200, or "
          "66/100 with one task less meanwhile\n" },
        { "'desiredCount':2,'deploymentConfiguration':{'minimumHealthyPercent':75,"
          "'maximumPercent':100}",
          "warning: the rollout cannot take a step: of 2 wanted tasks at least 2 must stay "
          "(minimumHealthyPercent 75) and at most 2 may run (maximumPercent 100); use 100/200, or "
          "50/100 with one task less meanwhile\n" },
        { "'desiredCount':2,'deploymentConfiguration':{'minimumHealthyPercent':50,"
          "'maximumPercent':100}",
          NULL },
        { "'desiredCount':1,'deploymentConfiguration':{'minimumHealthyPercent':0,"
          "'maximumPercent':100}",
          NULL },
        { "'desiredCount':1", NULL },
        { "'desiredCount':0,'deploymentConfiguration':{'maximumPercent':100}", NULL },
        { "'desiredCount':1,'schedulingStrategy':'DAEMON','deploymentConfiguration':{"
          "'minimumHealthyPercent':100,'maximumPercent':100}",
          NULL },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].service);
        char *service SW_CLEANUP(sw_free_str) = sw_xasprintf(
            "{'services':[{'serviceName':'kim','status':'ACTIVE',%s}]}", cases[i].service);
        const struct ecs_step steps[] = {
            { .action = "DescribeServices", .reply = service },
            { .action = "DescribeTaskDefinition", .reply = KIM_12 },
            { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "12") },
        };
        struct trial trial;
        trial_init(&trial, steps, SW_COUNT(steps));
        trial.options.force = true;
        assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
        assert_string_equal(trial.w.t.said.ptr, cases[i].said ? cases[i].said : "");
        trial_done(&trial);
    }
}

/* Nothing fails when nobody finds the tasks: that is kept to be told at the end. */
static void test_deploy__keeps_what_makes_it_useless(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("11") },
        { .action = "DescribeTaskDefinition",
          .reply = "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim',"
                   "'status':'ACTIVE','containerDefinitions':[{'name':'web','image':'r/web:1',"
                   "'portMappings':[{'containerPort':80,'hostPort':0}]}]}}" },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_int_equal(trial.done.hints.count, 1);
    assert_string_equal(trial.done.hints.items[0].check, "load-balancer");
    assert_string_equal(trial.done.hints.items[0].cause, "no-load-balancer");
    assert_null(strstr(trial.w.t.said.ptr, "warning"));
    trial_done(&trial);
}

/* What ECS refuses has the name and the advice that the checks give it. */
static void test_deploy__explains_refusals(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("11") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .status = 400,
          .reply = "{'__type':'InvalidParameterException','message':'The container web does not "
                   "exist in the task definition.'}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_fails(&trial, SW_E_FAILED,
                "service \"kim\": ECS UpdateService: InvalidParameterException: The container web "
                "does not exist in the task definition.; the service's load balancer names a "
                "container or port that the task definition does not have: give the container in "
                "the task definition that name and port mapping, or change the service's load "
                "balancer");
    trial_done(&trial);
}

/* The digests that tasks run with, where they tell. */
static void test_deploy__reads_digests(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTasks",
          .input = "{'cluster':'prod','startedBy':'ecs-svc/2','maxResults':10}",
          .reply = "{'taskArns':['t1']}" },
        { .action = "DescribeTasks",
          .reply = "{'tasks':[{'containers':[{'name':'web','imageDigest':'sha256:1'},"
                   "{'name':'log'}]}]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.done.deployment_id = sw_xstrdup("ecs-svc/2");
    trial.done.images =
        test_json("[{'container':'web','image':'a'},{'container':'log','image':'b'}]");
    sw_deployment_read_digests(trial.w.aws, "prod", &trial.done);
    char *images SW_CLEANUP(sw_free_str) = test_json_text(trial.done.images);
    assert_string_equal(images, "[{'container':'web','image':'a','digest':'sha256:1'},"
                                "{'container':'log','image':'b'}]");
    trial_done(&trial);
}

static enum sw_status refuse(void *ctx, const json_t *definition, const struct sw_changes *changes,
                             struct sw_err *err)
{
    assert_int_equal(changes->count, 1);
    assert_string_equal(sw_json_str(sw_taskdef_container(definition, "web"), "image", ""),
                        "r/web:2");
    return sw_fail(err, SW_E_PREFLIGHT, "%s", (const char *)ctx);
}

static void test_deploy__a_check_can_stop_it(void **state)
{
    static char text[] = "no such image";
    struct trial trial;

    (void)state;
    trial_init(&trial, already_runs, SW_COUNT(already_runs));
    trial.options.verify = refuse;
    trial.options.verify_ctx = text;
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    trial_fails(&trial, SW_E_PREFLIGHT, "no such image");
    trial_done(&trial);
}

static void test_deploy__register_errors_come_with_advice(void **state)
{
    static const struct {
        const char *reply, *message;
    } cases[] = {
        { "{'__type':'ClientException','message':'Fargate requires task definition to have "
          "execution role ARN to support ECR images.'}",
          "ECS RegisterTaskDefinition: ClientException: Fargate requires task definition to have "
          "execution role ARN to support ECR images.; add an executionRoleArn: pulling from ECR on "
          "Fargate needs one" },
        { "{'__type':'ClientException','message':'No Fargate configuration exists for given "
          "values.'}",
          "ECS RegisterTaskDefinition: ClientException: No Fargate configuration exists for given "
          "values.; choose a cpu and memory pair that Fargate offers" },
        { "{'__type':'ClientException','message':'Something new.'}",
          "ECS RegisterTaskDefinition: ClientException: Something new." },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct ecs_step steps[] = {
            ordinary[0],
            ordinary[1],
            { .action = "RegisterTaskDefinition", .status = 400, .reply = cases[i].reply },
        };
        struct trial trial;
        trial_init(&trial, steps, SW_COUNT(steps));
        trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
        trial_fails(&trial, SW_E_FAILED, cases[i].message);
        trial_done(&trial);
    }
}

static void test_deploy__update_errors_say_what_is_left_behind(void **state)
{
    const struct ecs_step steps[] = {
        ordinary[0],
        ordinary[1],
        ordinary[2],
        { .action = "UpdateService",
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'User: u is not authorized to "
                   "perform: iam:PassRole on resource: r'}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "denied");
    assert_non_null(strstr(trial.err.msg, "service \"kim\": ECS UpdateService: "));
    assert_non_null(strstr(trial.err.msg,
                           "; allow \"iam:PassRole\" in this identity's IAM policy; kim:13 is "
                           "registered but not deployed"));
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploy__takes_four_calls),
        cmocka_unit_test(test_deploy__without_changes_rolls_out_the_newest_revision),
        cmocka_unit_test(test_deploy__reuses_a_revision_that_was_registered_before),
        cmocka_unit_test(test_deploy__an_update_that_changes_nothing_is_an_error),
        cmocka_unit_test(test_deploy__an_update_that_changes_nothing_may_be_accepted),
        cmocka_unit_test(test_deploy__force_rolls_what_runs_already),
        cmocka_unit_test(test_deploy__changes_the_service_in_the_same_call),
        cmocka_unit_test(test_deploy__tags_of_the_user_are_not_dropped),
        cmocka_unit_test(test_deploy__a_forced_update_is_not_repeated_blindly),
        cmocka_unit_test(test_deploy__starts_from_what_the_service_runs),
        cmocka_unit_test(test_deploy__an_inactive_revision_is_registered_anew),
        cmocka_unit_test(test_deploy__goes_on_without_the_right_to_look),
        cmocka_unit_test(test_deploy__tags_are_dropped_when_they_may_not_be_set),
        cmocka_unit_test(test_deploy__a_member_that_aws_does_not_take_back_is_left_out_once),
        cmocka_unit_test(test_deploy__shares_a_family_with_other_pipelines),
        cmocka_unit_test(test_deploy__everything_is_checked_before_registering),
        cmocka_unit_test(test_deploy__the_load_balancers_container_must_be_there),
        cmocka_unit_test(test_deploy__keeps_what_makes_it_useless),
        cmocka_unit_test(test_deploy__explains_refusals),
        cmocka_unit_test(test_deploy__reads_digests),
        cmocka_unit_test(test_deploy__percentages_that_allow_no_step_are_told),
        cmocka_unit_test(test_deploy__a_check_can_stop_it),
        cmocka_unit_test(test_deploy__register_errors_come_with_advice),
        cmocka_unit_test(test_deploy__update_errors_say_what_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
