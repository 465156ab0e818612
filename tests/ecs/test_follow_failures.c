/* Rollouts whose tasks fail: what is told of them, with the right to look and without. */
#include "follow_scene.h"

static void test_follow_failures__tells_why_tasks_stop(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("0", "2", "2")), BREAKER) },
        { .action = "ListTasks", .input = LIST_INPUT, .reply = TASKS },
        { .action = "DescribeTasks",
          .input = "{'cluster':'prod','tasks':['arn:t/1','arn:t/2']}",
          .reply = "{'tasks':[" STOPPED("arn:t/1", "ecs-svc/2", PULL_ERROR) "," STOPPED(
              "arn:t/9", "ecs-svc/1", "exec format error") "," STOPPED("arn:t/2", "ecs-svc/2",
                                                                       PULL_ERROR) "]}" },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("ACTIVE", "FAILED", COUNTS("0", "0", "3")) "," OLD(
                              "PRIMARY", "IN_PROGRESS", COUNTS("2", "0", "0")),
                          BREAKER) },
        { .action = "ListTasks", .reply = NO_TASKS },
        { .action = "DescribeServices",
          .reply = ANSWER(OLD("PRIMARY", "COMPLETED", COUNTS("2", "0", "0")), BREAKER) },
        { .action = "ListTasks", .reply = NO_TASKS },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_E_ROLLED_BACK,
               "the rollout of kim:13 to service \"kim\" failed and was rolled back: kim:12 is "
               "back (deployment ecs-svc/1); most likely: container "
               "\"web\": the image does not exist: \"r/web:2\"; check repository, tag and "
               "registry; was the image pushed by an earlier job, and under this tag?");
    assert_int_equal(trial.result.verdict, SW_ROLLOUT_ROLLED_BACK);
    assert_int_equal(trial.result.causes.count, 1);
    assert_int_equal(trial.result.causes.items[0].count, 2);
    assert_string_equal(trial.result.causes.items[0].klass->id, "image-missing");
    assert_string_equal(
        trial.w.t.said.ptr,
        "0/2 running, 2 pending, 0 failed, 2 old\n"
        "0/2 running, 2 pending, 2 failed, 0 old\n"
        "2x container \"web\": the image does not exist: \"r/web:2\"\n"
        "   AWS says: " PULL_ERROR "\n"
        "   next: check repository, tag and registry; was the image pushed by an earlier job, and "
        "under this tag?\n"
        "   command: slipway image exists r/web:2\n"
        "0/2 running, 0 pending, 3 failed, 2 old\n"
        "the rollout failed; ECS is rolling the service back\n"
        "service \"kim\" now runs kim:12 with 2 tasks; kim:13 is not live\n");
    trial_done(&trial);
}

static void test_follow_failures__does_not_wait_for_a_hopeless_rollout(void **state)
{
#define EXITED(arn)                                                                       \
    "{'taskArn':'" arn "','startedBy':'ecs-svc/2','stopCode':'EssentialContainerExited'," \
    "'stoppedReason':'Essential container in task exited','containers':[{'name':'log',"   \
    "'exitCode':0},{'name':'web','exitCode':3}]}"
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("0", "2", "3")), "") },
        { .action = "ListTasks", .reply = TASKS },
        { .action = "DescribeTasks",
          .reply = "{'tasks':[" EXITED("arn:1") "," EXITED("arn:2") "," EXITED("arn:3") "]}" },
        { .action = "DescribeTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:13'}",
          .reply = "{'taskDefinition':{'containerDefinitions':[{'name':'web'}]}}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.fail_fast = 3;
    trial_ends(&trial, SW_E_ROLLOUT_FAILED,
               "the rollout of kim:13 to service \"kim\" failed: 3 tasks stopped for the same "
               "reason and none is running; without a circuit breaker ECS tries for ever; most "
               "likely: container \"web\": the container ended with an error (exit code 3); look "
               "at the last lines of the container's log");
    trial_done(&trial);
}

static void test_follow_failures__leaves_hopeless_rollouts_to_the_circuit_breaker(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("0", "2", "3")), BREAKER) },
        { .action = "ListTasks", .reply = TASKS },
        { .action = "DescribeTasks",
          .reply = "{'tasks':[" EXITED("arn:1") "," EXITED("arn:2") "," EXITED("arn:3") "]}" },
        { .action = "DescribeTaskDefinition", .status = 400, .reply = DENIED },
        { .action = "DescribeServices", .reply = COMPLETED },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.fail_fast = 3;
    trial_ends(&trial, SW_OK, "");
    trial_done(&trial);
}

#define LOGGED                                                                                  \
    "{'taskDefinition':{'containerDefinitions':[{'name':'web','logConfiguration':{'logDriver':" \
    "'awslogs','options':{'awslogs-group':'/ecs/kim','awslogs-region':'eu-west-1',"             \
    "'awslogs-stream-prefix':'ecs'}}}]}}"
#define LOGS_URL "https://logs.eu-west-1.amazonaws.com/"

static void test_follow_failures__shows_the_end_of_a_failed_containers_log(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "FAILED", COUNTS("0", "0", "3")), "") },
        { .action = "ListTasks", .reply = TASKS },
        { .action = "DescribeTasks",
          .reply = "{'tasks':[" EXITED("arn:aws:ecs:r:1:task/prod/0a1b") "]}" },
        { .action = "DescribeTaskDefinition", .reply = LOGGED },
        { .action = "Logs_20140328.GetLogEvents",
          .url = LOGS_URL,
          .input = "{'logGroupName':'/ecs/kim','logStreamName':'ecs/web/0a1b','limit':10,"
                   "'startFromHead':false}",
          .reply = "{'events':[{'timestamp':1,'message':'starting\\n'},{'message':'exec /app: exec "
                   "format error'}]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(
        &trial, SW_E_ROLLOUT_FAILED,
        "the rollout of kim:13 to service \"kim\" failed: ECS marked the deployment as "
        "failed; most likely: container \"web\": the image is for another processor or "
        "operating system (exit code 3); its log ends with: exec /app: exec format error; build it "
        "for the machines that run it");
    assert_non_null(strstr(trial.w.t.said.ptr, "   its log ends with:\n"
                                               "   | starting\n"
                                               "   | exec /app: exec format error\n"
                                               "   next: build it for"));
    trial_done(&trial);
}

static void test_follow_failures__logs_can_be_left_out_and_may_be_forbidden(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "FAILED", COUNTS("0", "0", "3")), "") },
        { .action = "ListTasks", .reply = TASKS },
        { .action = "DescribeTasks",
          .reply = "{'tasks':[" EXITED("arn:aws:ecs:r:1:task/prod/0a1b") "]}" },
        { .action = "DescribeTaskDefinition", .reply = LOGGED },
        { .action = "Logs_20140328.GetLogEvents", .url = LOGS_URL, .status = 400, .reply = DENIED },
    };
    static const char message[] =
        "the rollout of kim:13 to service \"kim\" failed: ECS marked the deployment as failed; most "
        "likely: container \"web\": the container ended with an error (exit code 3); look at the "
        "last lines of the container's log";

    (void)state;
    for (int no_logs = 0; no_logs < 2; no_logs++) {
        struct trial trial;
        trial_init(&trial, steps, no_logs ? 3 : SW_COUNT(steps));
        trial.options.no_logs = no_logs == 1;
        trial_ends(&trial, SW_E_ROLLOUT_FAILED, message);
        assert_int_equal(strstr(trial.w.t.said.ptr, "logs of containers are not shown: the right "
                                                    "logs:GetLogEvents is missing\n") != NULL,
                         no_logs == 0);
        trial_done(&trial);
    }
}

static void test_follow_failures__works_without_the_right_to_see_tasks(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("0", "2", "1")), "") },
        { .action = "ListTasks", .status = 400, .reply = DENIED },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "FAILED", COUNTS("0", "0", "3")), "") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_E_ROLLOUT_FAILED,
               "the rollout of kim:13 to service \"kim\" failed: ECS marked the deployment as "
               "failed");
    assert_string_equal(trial.w.t.said.ptr,
                        "0/2 running, 2 pending, 1 failed, 0 old\n"
                        "why tasks stopped is not shown: the right ecs:ListTasks or "
                        "ecs:DescribeTasks is missing\n"
                        "0/2 running, 0 pending, 3 failed, 0 old\n"
                        "service \"kim\" now runs no task; kim:13 is not live\n");
    trial_done(&trial);
}

/* Without the right to ask the load balancer, it is asked once for all target groups. */
static void test_follow_failures__asks_no_load_balancer_without_the_right_to(void **state)
{
#define TWO_GROUPS ",'loadBalancers':[{'targetGroupArn':'arn:a'},{'targetGroupArn':'arn:b'}]"
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "FAILED", COUNTS("0", "0", "3")),
                          TWO_GROUPS EVENTS(
                              "{'id':'e','createdAt':1001,'message':'(service kim) (port 80) is "
                              "unhealthy in (target-group arn:a) due to (reason of tomorrow)'}")) },
        { .action = "ListTasks", .reply = NO_TASKS },
    };
    static const struct fake_http_step look = {
        .method = "POST",
        .url = "https://elasticloadbalancing.us-east-1.amazonaws.com/",
        .status = 403,
        .reply = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    fake_http_expect(&trial.w.fake, &look);
    trial_ends(&trial, SW_E_ROLLOUT_FAILED,
               "the rollout of kim:13 to service \"kim\" failed: ECS marked the deployment as "
               "failed; most likely: the load balancer's health check fails: \"arn:a\"; check the "
               "health check's path, port and expected codes, the security groups between load "
               "balancer and tasks, and the service's health check grace period; the service has "
               "no health check grace period: --health-check-grace-period gives tasks that start "
               "slowly the time");
    const char *said = strstr(trial.w.t.said.ptr, "elasticloadbalancing:DescribeTargetHealth");
    assert_non_null(said);
    assert_null(strstr(said + 1, "elasticloadbalancing:DescribeTargetHealth"));
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follow_failures__tells_why_tasks_stop),
        cmocka_unit_test(test_follow_failures__does_not_wait_for_a_hopeless_rollout),
        cmocka_unit_test(test_follow_failures__leaves_hopeless_rollouts_to_the_circuit_breaker),
        cmocka_unit_test(test_follow_failures__shows_the_end_of_a_failed_containers_log),
        cmocka_unit_test(test_follow_failures__logs_can_be_left_out_and_may_be_forbidden),
        cmocka_unit_test(test_follow_failures__works_without_the_right_to_see_tasks),
        cmocka_unit_test(test_follow_failures__asks_no_load_balancer_without_the_right_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
