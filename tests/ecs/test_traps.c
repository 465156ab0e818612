/*
 * The traps that newcomers fall into, in the order in which they are met: what the checks find
 * before the deployment is what the explanation names after one that went ahead.
 */
#include "check_world.h"

#include <slipway/rollout.h>

#define ELB         "https://elasticloadbalancing.us-east-1.amazonaws.com/"
#define EVENT(text) "{'id':'e1','createdAt':1001,'message':'(service web) " text "'}"
#define NO_EVENT    ""
#define STOPPED(task) \
    "{'tasks':[{'taskArn':'t1','startedBy':'ecs-svc/2','stoppedAt':1002," task "}]}"

struct trap {
    const char *name;
    const char *cause;
    /* Before: what is different from a good service, and which check sees it. */
    const char *check;
    enum sw_check_level level;
    const char *service;
    const char *definition;
    struct check_answer answer;
    /* After: what ECS tells in the course of the rollout. */
    const char *event;
    const char *stopped; /* DescribeTasks; NULL: none has stopped */
    const char *targets; /* DescribeTargetHealth; NULL: not asked */
};

#define GROUP(vpc, path)                                                                         \
    "<R><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupArn>arn:tg"                \
    "</TargetGroupArn><TargetGroupName>web</TargetGroupName><VpcId>" vpc "</VpcId><TargetType>"  \
    "instance</TargetType><HealthCheckPath>" path "</HealthCheckPath><LoadBalancerArns><member>" \
    "arn:lb</member></LoadBalancerArns></member></TargetGroups></DescribeTargetGroupsResult></R>"
#define CLOSED                                                                                \
    "<R><securityGroupInfo><item><groupId>sg-i</groupId><ipPermissions><item><ipProtocol>tcp" \
    "</ipProtocol><fromPort>80</fromPort><toPort>8080</toPort><groups><item><groupId>sg-lb"   \
    "</groupId></item></groups></item></ipPermissions></item><item><groupId>sg-lb</groupId>"  \
    "<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0" \
    "</cidrIp></item></ipRanges></item></ipPermissionsEgress></item></securityGroupInfo></R>"
#define HEALTH(reason, description)                                                         \
    "<R><DescribeTargetHealthResult><TargetHealthDescriptions><member><Target><Id>i-0</Id>" \
    "<Port>32769</Port></Target><TargetHealth><State>unhealthy</State><Reason>" reason      \
    "</Reason><Description>" description "</Description></TargetHealth></member>"           \
    "</TargetHealthDescriptions></DescribeTargetHealthResult></R>"
#define ELB_STOP                                                                              \
    STOPPED("'stopCode':'ServiceSchedulerInitiated','stoppedReason':'Task failed ELB health " \
            "checks in (target-group arn:tg)'")
#define NOT_FOUND "{'errors':[{'code':'MANIFEST_UNKNOWN','message':'manifest unknown'}]}"

static const struct trap traps[] = {
    { .name = "1 a fixed host port",
      .cause = "port-taken",
      .check = "host-port",
      .level = SW_CHECK_BLOCK,
      .definition = CHECK_DEFINITION("80", ""),
      .event = EVENT("was unable to place a task because no container instance met all of its "
                     "requirements. The closest matching (container-instance 0) is already using a "
                     "port required by your task.") },
    { .name = "2 no listener sends to the target group",
      .cause = "target-unused",
      .check = "listener",
      .level = SW_CHECK_BLOCK,
      .answer = { "DescribeTargetGroups",
                  "<R><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupArn>arn:tg"
                  "</TargetGroupArn><TargetGroupName>web</TargetGroupName><LoadBalancerArns/>"
                  "</member></TargetGroups></DescribeTargetGroupsResult></R>",
                  0 },
      .event = EVENT("failed to register targets in (target-group arn:tg) with (error The target "
                     "group with targetGroupArn arn:tg does not have an associated load "
                     "balancer.)") },
    { .name = "3 closed ephemeral ports, by the event",
      .cause = "elb-timeout",
      .check = "security-groups",
      .level = SW_CHECK_BLOCK,
      .answer = { "DescribeSecurityGroups", CLOSED, 0 },
      .event =
          EVENT("(task 0) (instance i-0) (port 32769) is unhealthy in (target-group arn:tg) due "
                "to (reason Request timed out)"),
      .stopped = ELB_STOP,
      .targets = HEALTH("Target.Timeout", "Request timed out") },
    { .name = "3 closed ephemeral ports, by the load balancer alone",
      .cause = "elb-timeout",
      .check = "security-groups",
      .level = SW_CHECK_BLOCK,
      .answer = { "DescribeSecurityGroups", CLOSED, 0 },
      .event = NO_EVENT,
      .stopped = ELB_STOP,
      .targets = HEALTH("Target.Timeout", "Request timed out") },
    { .name = "4 a target group in another VPC",
      .cause = "target-vpc",
      .check = "target-vpc",
      .level = SW_CHECK_BLOCK,
      .answer = { "DescribeTargetGroups", GROUP("vpc-9", "/"), 0 },
      .event =
          EVENT("failed to register targets in (target-group arn:tg) with (error The following "
                "targets are not in the target group VPC vpc-9: i-0)") },
    { .name = "5 the health check's path",
      .cause = "elb-codes",
      .check = "health-check",
      .level = SW_CHECK_WARN,
      .definition = CHECK_DEFINITION(
          "0", ",'healthCheck':{'command':['CMD-SHELL','/app probe http://localhost:8080/up']}"),
      .event = NO_EVENT,
      .stopped = ELB_STOP,
      .targets = HEALTH("Target.ResponseCodeMismatch", "Health checks failed with these codes: "
                                                       "[404]") },
    { .name = "5 the health check's path, which fails already",
      .cause = "elb-codes",
      .check = "target-health",
      .level = SW_CHECK_WARN,
      .answer = { "DescribeTargetHealth",
                  HEALTH("Target.ResponseCodeMismatch", "Health checks failed with these codes: "
                                                        "[404]"),
                  0 },
      .event =
          EVENT("(port 32769) is unhealthy in (target-group arn:tg) due to (reason Health checks "
                "failed with these codes: [404])") },
    { .name = "6 percentages without a step",
      .cause = "percentages",
      .check = "percentages",
      .level = SW_CHECK_BLOCK,
      .service = CHECK_SERVICE("1", "100", "134"),
      .event = EVENT("was unable to stop or start tasks during a deployment because of the service "
                     "deployment configuration. Update the minimumHealthyPercent or maximumPercent "
                     "value and try again.") },
    { .name = "8 the image's tag",
      .cause = "image-missing",
      .check = "image",
      .level = SW_CHECK_BLOCK,
      .answer = { "registry", NOT_FOUND, 404 },
      .event = NO_EVENT,
      .stopped =
          STOPPED("'stopCode':'TaskFailedToStart','containers':[{'name':'web','reason':"
                  "'CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                  "failed to resolve ref r/web:1: r/web:1: not found'}]") },
    { .name = "9 the execution role",
      .cause = "role",
      .check = "execution-role",
      .level = SW_CHECK_BLOCK,
      .answer = { "GetRole", "<R><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></R>",
                  404 },
      .event = EVENT("failed to launch a task with (error ECS was unable to assume the role "
                     "arn:aws:iam::1:role/exec that was provided for this task.)") },
    { .name = "9 what the execution role may do",
      .cause = "image-denied",
      .check = "execution-rights",
      .level = SW_CHECK_BLOCK,
      .definition =
          "{'executionRoleArn':'arn:aws:iam::1:role/exec','containerDefinitions':[{'name':"
          "'web','image':'123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1'}]}",
      .answer = { "SimulatePrincipalPolicy",
                  "<R><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>"
                  "ecr:GetAuthorizationToken</EvalActionName><EvalDecision>implicitDeny"
                  "</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></R>",
                  0 },
      .event = NO_EVENT,
      .stopped = STOPPED("'stopCode':'TaskFailedToStart','stoppedReason':"
                         "'ResourceInitializationError: unable to pull secrets or registry auth: "
                         "unable to retrieve ecr registry auth: AccessDeniedException'") },
};

static void before(const struct trap *trap)
{
    struct check_world world;
    check_world_init(&world, trap->answer.action ? &trap->answer : NULL,
                     trap->answer.action ? 1 : 0);
    check_world_run(&world, trap->service, trap->definition);
    const struct sw_check_finding *found = check_world_found(&world, trap->check);
    print_message("  before: %s: %s\n", sw_check_level_name(found->level), found->text);
    assert_string_equal(sw_check_level_name(found->level), sw_check_level_name(trap->level));
    assert_non_null(found->cause);
    assert_string_equal(found->cause, trap->cause);
    assert_non_null(found->advice);
    check_world_done(&world);
}

/* A rollout that ECS gives up, with what it tells on the way. */
static void after(const struct trap *trap)
{
    char *service SW_CLEANUP(sw_free_str) = sw_xasprintf(
        "{'services':[{'serviceName':'web','status':'ACTIVE','desiredCount':1,'loadBalancers':["
        "{'targetGroupArn':'arn:tg'}],'deployments':[{'id':'ecs-svc/2','status':'PRIMARY',"
        "'taskDefinition':'" TD "web:2','createdAt':1000,'rolloutState':'FAILED','desiredCount':1,"
        "'rolloutStateReason':'tasks failed to start.'}],'events':[%s]}]}",
        trap->event);
    struct ecs_step steps[4] = {
        { .action = "DescribeServices", .reply = service },
        { .action = "ListTasks",
          .reply = trap->stopped ? "{'taskArns':['t1']}" : "{'taskArns':[]}" },
    };
    size_t count = 2;
    if (trap->stopped) {
        steps[count++] = (struct ecs_step){ .action = "DescribeTasks", .reply = trap->stopped };
    }
    struct ecs_world w;
    struct sw_follow_result result;
    struct sw_err err = SW_ERR_INIT;
    ecs_world_init(&w);
    ecs_world_expect(&w, steps, count);
    if (trap->targets) {
        const struct fake_http_step look = { .method = "POST",
                                             .url = ELB,
                                             .body =
                                                 "Action=DescribeTargetHealth&Version=2015-12-01"
                                                 "&TargetGroupArn=arn%3Atg",
                                             .reply = trap->targets };
        fake_http_expect(&w.fake, &look);
    }
    const struct sw_follow_options options = {
        .cluster = "prod",
        .service = "web",
        .target = { .deployment_id = "ecs-svc/2", .task_definition = TD "web:2" },
        .no_logs = true,
    };
    assert_string_equal(sw_status_name(sw_rollout_follow(w.aws, &options, &result, &err)),
                        sw_status_name(SW_E_ROLLOUT_FAILED));
    const struct sw_cause *cause = sw_causes_main(&result.causes);
    assert_non_null(cause);
    print_message("  after: %s\n", err.msg);
    assert_string_equal(cause->klass->id, trap->cause);
    assert_non_null(strstr(err.msg, cause->klass->title));
    assert_non_null(strstr(w.t.said.ptr, cause->klass->advice));
    sw_follow_result_release(&result);
    ecs_world_done(&w);
}

static void test_traps__have_one_name_before_and_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(traps); i++) {
        print_message("trap %s\n", traps[i].name);
        before(&traps[i]);
        after(&traps[i]);
    }
}

/* Trap 7: ECS refuses the update in words, so no rollout begins. */
static void test_traps__the_containers_name(void **state)
{
    struct check_world world;

    (void)state;
    check_world_init(&world, NULL, 0);
    check_world_run(&world, NULL, "{'containerDefinitions':[{'name':'app'}]}");
    const struct sw_check_finding *found = check_world_found(&world, "balanced-container");
    assert_int_equal(found->level, SW_CHECK_BLOCK);
    assert_string_equal(found->cause, "container-name");
    assert_string_equal(
        sw_cause_of_refusal(
            "InvalidParameterException: The container web does not exist in the task "
            "definition.")
            ->id,
        "container-name");
    check_world_done(&world);
}

/* Trap 2: without a load balancer the rollout is good and nobody finds it; AWS says nothing. */
static void test_traps__no_load_balancer(void **state)
{
    struct check_world world;

    (void)state;
    check_world_init(&world, NULL, 0);
    check_world_run(&world, "{'serviceName':'web','desiredCount':1}", NULL);
    const struct sw_check_finding *found = check_world_found(&world, "load-balancer");
    assert_int_equal(found->level, SW_CHECK_WARN);
    assert_string_equal(found->cause, "no-load-balancer");
    assert_non_null(found->command);
    check_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traps__have_one_name_before_and_after),
        cmocka_unit_test(test_traps__the_containers_name),
        cmocka_unit_test(test_traps__no_load_balancer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
