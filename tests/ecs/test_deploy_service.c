/* Deployments that change more of a service than its task definition, or make it. */
#include "ecs_world.h"

#include <slipway/service.h>

#define SERVICE_INPUT "{'cluster':'prod','services':['kim']}"
#define SERVICE(members)                                                                         \
    "{'services':[{'serviceName':'kim','status':'ACTIVE','desiredCount':2,'taskDefinition':'" TD \
    "kim:12','deployments':[{'id':'ecs-svc/1','status':'PRIMARY','taskDefinition':'" TD          \
    "kim:12','rolloutState':'COMPLETED'}]" members "}],'failures':[]}"
#define MISSING                                                                              \
    "{'services':[],'failures':[{'arn':'arn:aws:ecs:us-east-1:1:service/prod/kim','reason':" \
    "'MISSING'}]}"
#define KIM(members)                                                                      \
    "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim','revision':12," \
    "'status':'ACTIVE','containerDefinitions':[{'name':'web','image':'r/web:1',"          \
    "'portMappings':[{'containerPort':80}]}]" members "},'tags':[]}"
#define AWSVPC ",'networkMode':'awsvpc'"
#define UPDATED                                                                                \
    "{'service':{'serviceName':'kim','status':'ACTIVE','desiredCount':2,'deployments':[{'id':" \
    "'ecs-svc/2','status':'PRIMARY','taskDefinition':'" TD "kim:12'}]}}"
/* With no randomness and the test's clock. */
#define TOKEN "slipway-14f7e9b6f80-0000000000000000"

struct trial {
    struct ecs_world w;
    struct sw_changes changes;
    struct sw_deployment done;
    struct sw_err err;
};

/* Deploys the family with these settings; `creation` NULL: only if the service exists. */
static enum sw_status deploy(struct trial *trial, const struct ecs_step *steps, size_t count,
                             const char *settings, const char *creation)
{
    *trial = (struct trial){ .err = SW_ERR_INIT };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    json_auto_t *set = settings ? test_json(settings) : NULL;
    json_auto_t *made = creation ? test_json(creation) : NULL;
    const struct sw_deploy_options options = {
        .cluster = "prod",
        .family = "kim",
        .changes = &trial->changes,
        .settings = set,
        .creation = made,
    };
    return sw_service_deploy(trial->w.aws, &options, &trial->done, &trial->err);
}

static void done(struct trial *trial)
{
    sw_deployment_release(&trial->done);
    ecs_world_done(&trial->w);
}

/* What the service has, what is asked for, what is sent of it. */
static const struct {
    const char *name;
    const char *service;
    const char *definition;
    const char *settings;
    const char *sent;
} updates[] = {
    { "a number", SERVICE(""), KIM(""), "{'desiredCount':5}", "'desiredCount':5" },
    { "percentages alone",
      SERVICE(",'deploymentConfiguration':{'minimumHealthyPercent':100,'maximumPercent':200}"),
      KIM(""), "{'deploymentConfiguration':{'maximumPercent':150}}",
      "'deploymentConfiguration':{'maximumPercent':150}" },
    { "a breaker keeps its threshold",
      SERVICE(",'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':false,'rollback':"
              "false,'futureField':5}}"),
      KIM(""),
      "{'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':true,'rollback':true}}}",
      "'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':true,'rollback':true,"
      "'futureField':5}}" },
    { "alarms keep their names",
      SERVICE(",'deploymentConfiguration':{'alarms':{'alarmNames':['5xx'],'enable':true,'rollback':"
              "true}}"),
      KIM(""), "{'deploymentConfiguration':{'alarms':{'enable':false}}}",
      "'deploymentConfiguration':{'alarms':{'enable':false,'alarmNames':['5xx'],'rollback':true}}" },
    { "security groups keep the subnets",
      SERVICE(",'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1'],"
              "'securityGroups':['sg-1'],'assignPublicIp':'ENABLED'}}"),
      KIM(AWSVPC), "{'networkConfiguration':{'awsvpcConfiguration':{'securityGroups':['sg-2']}}}",
      "'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1'],'securityGroups':["
      "'sg-2'],'assignPublicIp':'ENABLED'}}" },
    { "load balancers are taken off",
      SERVICE(",'loadBalancers':[{'containerName':'gone','containerPort':1}]"), KIM(""),
      "{'loadBalancers':[]}", "'loadBalancers':[]" },
};

static void test_deploy_service__sends_what_is_named_in_one_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(updates); i++) {
        char *input SW_CLEANUP(sw_free_str) =
            sw_xasprintf("{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:12',%s}",
                         updates[i].sent);
        const struct ecs_step steps[] = {
            { .action = "DescribeServices", .input = SERVICE_INPUT, .reply = updates[i].service },
            { .action = "DescribeTaskDefinition", .reply = updates[i].definition },
            { .action = "UpdateService", .input = input, .reply = UPDATED },
        };
        struct trial trial;
        print_message("%s\n", updates[i].name);
        assert_string_equal(
            sw_status_name(deploy(&trial, steps, SW_COUNT(steps), updates[i].settings, NULL)),
            "ok");
        assert_true(trial.done.updated);
        assert_false(trial.done.created);
        done(&trial);
    }
}

static void test_deploy_service__refuses_what_does_not_fit_the_service(void **state)
{
    static const struct {
        const char *service;
        const char *definition;
        const char *settings;
        enum sw_status status;
        const char *message;
    } cases[] = {
        { SERVICE(",'schedulingStrategy':'DAEMON'"), NULL, "{'desiredCount':1}", SW_E_USAGE,
          "service \"kim\" is a daemon: ECS runs one task on every instance, so leave out "
          "--desired-count" },
        { SERVICE(""), NULL,
          "{'networkConfiguration':{'awsvpcConfiguration':{'securityGroups':['sg-2']}}}",
          SW_E_USAGE,
          "--security-groups needs --subnets: the service has no network configuration to keep "
          "them from" },
        { SERVICE(""), NULL,
          "{'networkConfiguration':{'awsvpcConfiguration':{'assignPublicIp':'ENABLED'}}}",
          SW_E_USAGE,
          "--public-ip needs --subnets: the service has no network configuration to keep them "
          "from" },
        { SERVICE(""), KIM(""),
          "{'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1']}}}", SW_E_USAGE,
          "task definition kim:12 has not the network mode awsvpc: leave out --subnets (in the orb, "
          "run_task has awsvpc: false for that)" },
        { SERVICE(""), KIM(""), "{'loadBalancers':[{'containerName':'web','containerPort':8080}]}",
          SW_E_PREFLIGHT,
          "the service's load balancer sends to container \"web\" port 8080, which task definition "
          "kim:12 does not have; it has: web:80" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct ecs_step steps[] = {
            { .action = "DescribeServices", .reply = cases[i].service },
            { .action = "DescribeTaskDefinition",
              .reply = cases[i].definition ? cases[i].definition : KIM("") },
        };
        struct trial trial;
        assert_string_equal(
            sw_status_name(deploy(&trial, steps, SW_COUNT(steps), cases[i].settings, NULL)),
            sw_status_name(cases[i].status));
        assert_string_equal(trial.err.msg, cases[i].message);
        done(&trial);
    }
}

static void test_deploy_service__percentages_are_judged_as_they_will_be(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = SERVICE(",'deploymentConfiguration':{'minimumHealthyPercent':100,"
                           "'maximumPercent':100}") },
        { .action = "DescribeTaskDefinition", .reply = KIM("") },
        { .action = "UpdateService", .reply = UPDATED },
    };
    struct trial trial;

    (void)state;
    assert_string_equal(
        sw_status_name(deploy(&trial, steps, SW_COUNT(steps),
                              "{'deploymentConfiguration':{'maximumPercent':200}}", NULL)),
        "ok");
    assert_null(trial.w.t.said.ptr && *trial.w.t.said.ptr ? trial.w.t.said.ptr : NULL);
    done(&trial);
}

static void test_deploy_service__makes_a_service_when_asked_to(void **state)
{
    static const struct {
        const char *name;
        const char *reply; /* of DescribeServices */
        const char *definition;
        const char *settings;
        const char *creation;
        const char *sent;
    } cases[] = {
        { "nothing named", MISSING, KIM(""), NULL, "{}", "'desiredCount':1" },
        { "it was deleted before", "{'services':[{'serviceName':'kim','status':'INACTIVE'}]}",
          KIM(""), "{'desiredCount':3}", "{}", "'desiredCount':3" },
        { "a daemon", MISSING, KIM(""), NULL,
          "{'schedulingStrategy':'DAEMON','launchType':'EC2','tags':[{'key':'a','value':'b'}]}",
          "'schedulingStrategy':'DAEMON','launchType':'EC2','tags':[{'key':'a','value':'b'}]" },
        { "everything", MISSING, KIM(AWSVPC),
          "{'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1']}},"
          "'loadBalancers':[{'containerName':'web','containerPort':80,'targetGroupArn':'arn:t'}],"
          "'healthCheckGracePeriodSeconds':30}",
          "{'launchType':'FARGATE'}",
          "'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1'],"
          "'assignPublicIp':'DISABLED'}},'loadBalancers':[{'containerName':'web','containerPort':"
          "80,'targetGroupArn':'arn:t'}],'healthCheckGracePeriodSeconds':30,'launchType':"
          "'FARGATE','desiredCount':1" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        char *input SW_CLEANUP(sw_free_str) =
            sw_xasprintf("{'cluster':'prod','serviceName':'kim','taskDefinition':'" TD
                         "kim:12','clientToken':'" TOKEN "',%s}",
                         cases[i].sent);
        const struct ecs_step steps[] = {
            { .action = "DescribeServices", .input = SERVICE_INPUT, .reply = cases[i].reply },
            { .action = "DescribeTaskDefinition", .reply = cases[i].definition },
            { .action = "CreateService", .input = input, .reply = UPDATED },
        };
        struct trial trial;
        print_message("%s\n", cases[i].name);
        assert_string_equal(sw_status_name(deploy(&trial, steps, SW_COUNT(steps), cases[i].settings,
                                                  cases[i].creation)),
                            "ok");
        assert_true(trial.done.created);
        assert_true(trial.done.updated);
        assert_string_equal(trial.done.service, "kim");
        assert_string_equal(trial.done.deployment_id, "ecs-svc/2");
        assert_null(trial.done.previous_id);
        assert_string_equal(trial.w.t.said.ptr,
                            "service \"kim\" does not exist in cluster \"prod\": it will be "
                            "created\n");
        done(&trial);
    }
}

static void test_deploy_service__an_existing_service_is_updated_not_made(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE("") },
        { .action = "DescribeTaskDefinition", .reply = KIM("") },
        { .action = "UpdateService",
          .input = "{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:12',"
                   "'desiredCount':3}",
          .reply = UPDATED },
    };
    struct trial trial;

    (void)state;
    assert_string_equal(sw_status_name(deploy(&trial, steps, SW_COUNT(steps), "{'desiredCount':3}",
                                              "{'launchType':'EC2'}")),
                        "ok");
    assert_false(trial.done.created);
    done(&trial);
}

static void test_deploy_service__cannot_be_made_when(void **state)
{
    static const struct {
        const char *name;
        struct ecs_step steps[4];
        size_t count;
        enum sw_status status;
        const char *message;
    } cases[] = {
        { "it may not be looked for",
          { { .action = "DescribeServices",
              .status = 400,
              .reply = "{'__type':'AccessDeniedException','message':'no'}" } },
          1,
          SW_E_DENIED,
          "--create needs to see whether the service exists: service \"kim\": ECS "
          "DescribeServices: AccessDeniedException: no; allow "
          "\"ecs:DescribeServices\" in this identity's IAM policy" },
        { "it is being deleted",
          { { .action = "DescribeServices",
              .reply = "{'services':[{'serviceName':'kim','status':'DRAINING'}]}" } },
          1,
          SW_E_CONFLICT,
          "service \"kim\" in cluster \"prod\" is DRAINING: it is being deleted" },
        { "its tasks need a network",
          { { .action = "DescribeServices", .reply = MISSING },
            { .action = "DescribeTaskDefinition", .reply = KIM(AWSVPC) } },
          2,
          SW_E_USAGE,
          "task definition kim:12 has the network mode awsvpc: give --subnets (and "
          "--security-groups)" },
        { "ECS refuses",
          { { .action = "DescribeServices", .reply = MISSING },
            { .action = "DescribeTaskDefinition", .reply = KIM("") },
            { .action = "CreateService",
              .status = 400,
              .reply = "{'__type':'InvalidParameterException','message':'Unable to Start a "
                       "service that is still Draining.'}" } },
          3,
          SW_E_FAILED,
          "service \"kim\": ECS CreateService: InvalidParameterException: Unable to Start a "
          "service that is still Draining." },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct trial trial;
        print_message("%s\n", cases[i].name);
        assert_string_equal(
            sw_status_name(deploy(&trial, cases[i].steps, cases[i].count, NULL, "{}")),
            sw_status_name(cases[i].status));
        assert_string_equal(trial.err.msg, cases[i].message);
        assert_false(trial.done.created);
        done(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploy_service__sends_what_is_named_in_one_call),
        cmocka_unit_test(test_deploy_service__refuses_what_does_not_fit_the_service),
        cmocka_unit_test(test_deploy_service__percentages_are_judged_as_they_will_be),
        cmocka_unit_test(test_deploy_service__makes_a_service_when_asked_to),
        cmocka_unit_test(test_deploy_service__an_existing_service_is_updated_not_made),
        cmocka_unit_test(test_deploy_service__cannot_be_made_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
