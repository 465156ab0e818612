/* Deployments that are refused or fail: before anything is registered, and how it is told. */
#include "deploy_scene.h"

/* Failures before anything is registered: the script would notice a further call. */
static void test_deploy_refusals__everything_is_checked_before_registering(void **state)
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
          "cluster \"prod\" does not exist in region us-east-1 of this account: ECS DescribeServices: "
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
          "cluster \"prod\" does not exist in region us-east-1 of this account: ECS DescribeServices: "
          "ClusterNotFoundException: Cluster not found.",
          { { .action = "DescribeServices",
              .status = 400,
              .reply = "{'__type':'ClusterNotFoundException','message':'Cluster not found.'}" },
            { .action = "ListClusters", .status = 400, .reply = DENIED } } },
        { "no service",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "service \"kim\" does not exist in cluster \"prod\"; services in it: api, web; "
          "--create (create_service in the orb) would make it",
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
          "--create (create_service in the orb) would make it",
          { { .action = "DescribeServices", .reply = "{'services':[],'failures':[]}" },
            { .action = "ListServices", .reply = "{'serviceArns':[]}" } } },
        { "a deleted service",
          "web=r/web:2",
          SW_E_NOT_FOUND,
          "service \"kim\" is INACTIVE (it was deleted) in cluster \"prod\"; services in it: api, "
          "...; --create (create_service in the orb) would make it",
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

static void test_deploy_refusals__the_load_balancers_container_must_be_there(void **state)
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

static void test_deploy_refusals__percentages_that_allow_no_step_are_told(void **state)
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
static void test_deploy_refusals__keeps_what_makes_it_useless(void **state)
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
static void test_deploy_refusals__explains_refusals(void **state)
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
static void test_deploy_refusals__reads_digests(void **state)
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

static void test_deploy_refusals__a_check_can_stop_it(void **state)
{
    static char text[] = "no such image";
    struct trial trial;

    (void)state;
    trial_init(&trial, ordinary, 2); /* what is read */
    trial.options.verify = refuse;
    trial.options.verify_ctx = text;
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    trial_fails(&trial, SW_E_PREFLIGHT, "no such image");
    trial_done(&trial);
}

static void test_deploy_refusals__register_errors_come_with_advice(void **state)
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

static void test_deploy_refusals__update_errors_say_what_is_left_behind(void **state)
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
        cmocka_unit_test(test_deploy_refusals__everything_is_checked_before_registering),
        cmocka_unit_test(test_deploy_refusals__the_load_balancers_container_must_be_there),
        cmocka_unit_test(test_deploy_refusals__percentages_that_allow_no_step_are_told),
        cmocka_unit_test(test_deploy_refusals__keeps_what_makes_it_useless),
        cmocka_unit_test(test_deploy_refusals__explains_refusals),
        cmocka_unit_test(test_deploy_refusals__reads_digests),
        cmocka_unit_test(test_deploy_refusals__a_check_can_stop_it),
        cmocka_unit_test(test_deploy_refusals__register_errors_come_with_advice),
        cmocka_unit_test(test_deploy_refusals__update_errors_say_what_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
