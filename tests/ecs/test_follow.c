/* Rollouts followed by a fake clock: every end, what people are told, and what is never believed.
 */
#include "follow_scene.h"

static void test_follow__succeeds_when_ecs_says_so(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .input = INPUT, .reply = STARTING, .times = 2 },
        { .action = "DescribeServices",
          .reply = ANSWER(
              OURS("PRIMARY", "IN_PROGRESS", COUNTS("2", "0", "0")),
              EVENTS("{'id':'e3','createdAt':1003,'message':'(service kim) registered 1 targets in "
                     "(target-group x)'},{'id':'e2','createdAt':1002,'message':'(service kim) has "
                     "started 2 tasks: (task a) (task b).'},{'id':'e1','createdAt':900,'message':"
                     "'(service kim) was unable to place a task because no container instance met "
                     "all of its requirements.'}")) },
        { .action = "DescribeServices", .reply = COMPLETED },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    assert_int_equal(trial.result.verdict, SW_ROLLOUT_DONE);
    assert_int_equal(trial.result.waited_ms, 15000);
    /* What is older than the deployment is not shown, and no reason to worry. */
    assert_int_equal(trial.result.causes.count, 0);
    assert_string_equal(trial.w.t.said.ptr,
                        "0/2 running, 2 pending, 0 failed, 2 old\n"
                        "00:16:42  has started 2 tasks: (task a) (task b).\n"
                        "00:16:43  registered 1 targets in (target-group x)\n"
                        "2/2 running, 0 pending, 0 failed, 0 old\n"
                        "2/2 running, 0 pending, 0 failed, 1 old\n"
                        "the rollout of kim:13 to service \"kim\" completed after 15.0 s\n");
    trial_done(&trial);
}

static void test_follow__can_wait_for_the_old_tasks_to_go(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = COMPLETED, .times = 3 },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "COMPLETED", COUNTS("2", "0", "0")), "") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.target.until_drained = true;
    trial_ends(&trial, SW_OK, "");
    trial_done(&trial);
}

static void test_follow__waits_five_seconds_at_first_then_ten(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING, .times = 18 },
        { .action = "DescribeServices", .reply = COMPLETED },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    assert_int_equal(trial.result.waited_ms, 12 * 5000 + 6 * 10000);
    trial_done(&trial);
}

/* Short stories, each with its end. */
static const struct {
    const char *name;
    enum sw_status status;
    const char *message;
    struct ecs_step steps[6];
} ends[] = {
    { "failed without rollback",
      SW_E_ROLLOUT_FAILED,
      "the rollout of kim:13 to service \"kim\" failed: ECS marked the deployment as failed",
      { { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "FAILED", COUNTS("0", "0", "3")), "") },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "superseded",
      SW_E_SUPERSEDED,
      "the rollout of kim:13 to service \"kim\" was superseded: 14 (deployment ecs-svc/3) took "
      "over",
      { { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/3','status':'PRIMARY','taskDefinition':'td/14'}," OURS(
                              "ACTIVE", "IN_PROGRESS", COUNTS("1", "0", "0")),
                          "") },
        { .action = "DescribeServiceDeployments",
          .reply = "{'serviceDeployments':[{'status':'IN_PROGRESS'}]}" },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "a rollback that looks like a newer deployment",
      SW_E_ROLLED_BACK,
      "the rollout of kim:13 to service \"kim\" failed and was rolled back: 12 is back "
      "(deployment ecs-svc/3)",
      { { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/3','status':'PRIMARY','taskDefinition':'td/12'}," OURS(
                              "ACTIVE", "IN_PROGRESS", COUNTS("1", "0", "0")),
                          "") },
        { .action = "DescribeServiceDeployments",
          .reply = "{'serviceDeployments':[{'status':'ROLLBACK_IN_PROGRESS'}]}" },
        { .action = "ListTasks", .reply = NO_TASKS },
        { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/3','status':'PRIMARY','taskDefinition':'td/12',"
                          "'rolloutState':'COMPLETED'}",
                          "") },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "the service is deleted",
      SW_E_NOT_FOUND,
      "the rollout of kim:13 to service \"kim\" ended: the service does not exist any more",
      { { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = "{'services':[],'failures':[{'reason':'MISSING'}]}" },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "gone from the list, the witness says stopped",
      SW_E_SUPERSEDED,
      "the rollout of kim:13 to service \"kim\" was superseded: service deployment STOPPED",
      { { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/3','status':'PRIMARY'}", ""),
          .times = 2 },
        { .action = "DescribeServiceDeployments",
          .input = "{'serviceDeploymentArns':['arn:sd/2']}",
          .reply = "{'serviceDeployments':[{'status':'STOPPED'}]}" },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "gone from the list, the witness says success",
      SW_OK,
      "",
      { { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/3','status':'PRIMARY'}", ""),
          .times = 2 },
        { .action = "DescribeServiceDeployments",
          .reply = "{'serviceDeployments':[{'status':'SUCCESSFUL'}]}" } } },
    { "gone from the list, the witness may not be asked",
      SW_E_ROLLOUT_FAILED,
      "the rollout of kim:13 to service \"kim\" failed: deployment ecs-svc/2 was rolled back or "
      "replaced: the service now runs td/12",
      { { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/3','status':'PRIMARY','taskDefinition':'td/12'}", ""),
          .times = 2 },
        { .action = "DescribeServiceDeployments", .status = 400, .reply = DENIED },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "blue/green, step by step",
      SW_E_PAUSED,
      "the rollout of kim:13 to service \"kim\" is paused: a hook of stage POST_TEST_TRAFFIC_SHIFT "
      "waits for an action; go on with slipway ecs continue --cluster CLUSTER --service SERVICE, "
      "or back with --rollback",
      { { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("2", "0", "0")),
                          ",'deploymentConfiguration':{'strategy':'BLUE_GREEN'}") },
        { .action = "DescribeServiceDeployments",
          .reply = "{'serviceDeployments':[{'status':'IN_PROGRESS'}]}" },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "COMPLETED", COUNTS("2", "0", "0")),
                          ",'deploymentConfiguration':{'strategy':'BLUE_GREEN'}") },
        { .action = "DescribeServiceDeployments",
          .reply =
              "{'serviceDeployments':[{'status':'IN_PROGRESS','serviceDeploymentArn':'arn:sd/2',"
              "'lifecycleStage':'POST_TEST_TRAFFIC_SHIFT','lifecycleHookDetails':["
              "{'hookId':'h1','status':'AWAITING_ACTION'}]}]}" },
        { .action = "ListTasks", .reply = NO_TASKS } } },
    { "expired credentials",
      SW_E_CREDENTIALS,
      "the deployment of service \"kim\" goes on, but its state is not known: ECS "
      "DescribeServices: ExpiredTokenException: The security token is expired; the session token "
      "has expired: get new credentials (credentials from environment variables)",
      { { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices", .status = 400, .reply = EXPIRED } } },
    { "no right to look",
      SW_E_DENIED,
      "the deployment of service \"kim\" goes on, but its state is not known: ECS "
      "DescribeServices: AccessDeniedException: no; allow \"ecs:DescribeServices\" in this identity's IAM policy",
      { { .action = "DescribeServices", .status = 400, .reply = DENIED } } },
};

static void test_follow__ends_by_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(ends); i++) {
        print_message("case %s\n", ends[i].name);
        size_t count = 0;
        while (count < SW_COUNT(ends[i].steps) && ends[i].steps[count].action) {
            count++;
        }
        struct trial trial;
        trial_init(&trial, ends[i].steps, count);
        trial.options.target.service_deployment = "arn:sd/2";
        trial_ends(&trial, ends[i].status, ends[i].message);
        trial_done(&trial);
    }
}

static void test_follow__gives_up_at_the_deadline(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING, .times = 2 },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("PRIMARY", "IN_PROGRESS", COUNTS("0", "2", "0")) "," OLD(
                              "ACTIVE", "COMPLETED", COUNTS("2", "0", "0")),
                          EVENTS("{'id':'e','createdAt':1001,'message':'(service kim) was unable "
                                 "to place a task because no container instance met all of its "
                                 "requirements. The closest matching (container-instance i) is "
                                 "already using a port required by your task.'}")) },
        { .action = "ListTasks", .reply = NO_TASKS },
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "ListTasks", .reply = NO_TASKS },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.timeout_ms = 60000;
    trial.options.poll_interval_ms = 20000;
    trial_ends(
        &trial, SW_E_TIMEOUT,
        "the rollout of kim:13 to service \"kim\" is not done after 1 min 00 s; it stands at "
        "0/2 running, 2 pending, 0 failed, and goes on; most likely: the host port is taken on every suitable instance; use "
        "hostPort 0 with a target group of type instance, lower minimumHealthyPercent so "
        "that an old task may stop first, or add an instance");
    assert_int_equal(trial.result.waited_ms, 60000);
    assert_int_equal(trial.result.verdict, SW_ROLLOUT_RUNNING);
    trial_done(&trial);
}

static void test_follow__a_rollback_that_outlasts_the_deadline_is_a_failure(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("ACTIVE", "FAILED", COUNTS("0", "0", "3")) "," OLD(
                              "PRIMARY", "IN_PROGRESS", COUNTS("2", "0", "0")),
                          BREAKER) },
        { .action = "ListTasks", .reply = NO_TASKS },
        { .action = "DescribeServices",
          .reply = ANSWER(OURS("ACTIVE", "FAILED", COUNTS("0", "0", "3")) "," OLD(
                              "PRIMARY", "IN_PROGRESS", COUNTS("2", "0", "0")),
                          BREAKER) },
        { .action = "ListTasks", .reply = NO_TASKS, .times = 2 },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.timeout_ms = 5000;
    trial_ends(&trial, SW_E_ROLLED_BACK,
               "the rollout of kim:13 to service \"kim\" failed and is being rolled back: ECS is "
               "rolling the service back");
    trial_done(&trial);
}

static void test_follow__throttling_and_outages_only_slow_it_down(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices",
          .status = 400,
          .reply = "{'__type':'ThrottlingException','message':'Rate exceeded'}",
          .times = 2 },
        { .action = "DescribeServices", .status = 503, .reply = "no" },
        { .action = "DescribeServices", .failure = FAKE_TIMEOUT },
        { .action = "DescribeServices", .reply = "{'services':[]}" },
        { .action = "DescribeServices", .reply = "[1]" },
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices", .reply = COMPLETED },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    /* 5 (ordinary) + 10 + 20 + 32 + 32 + 32 + 32 (backing off), 16 (halved after an answer) */
    assert_int_equal(trial.result.waited_ms, (5 + 10 + 20 + 32 + 32 + 32 + 32 + 16) * 1000);
    trial_done(&trial);
}

static const char *want_stop(void *ctx, const struct fake_http_request *request)
{
    (void)request;
    ((struct test_env *)ctx)->stop = true;
    return NULL;
}

static void test_follow__stops_when_the_user_does(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, NULL, 0);
    const struct fake_http_step step = {
        .method = "POST",
        .reply = ecs_world_text(&trial.w, STARTING),
        .check = want_stop,
        .ctx = &trial.w.t,
    };
    fake_http_expect(&trial.w.fake, &step);
    trial_ends(&trial, SW_E_STOPPED,
               "stopped waiting for the rollout of kim:13 to service \"kim\"; it stands at 0/2 "
               "running, 2 pending, 0 failed, and goes on");
    trial_done(&trial);
}

static void test_follow__gives_a_sign_of_life(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = STARTING },
        { .action = "DescribeServices", .reply = COMPLETED },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.poll_interval_ms = 120000;
    trial_ends(&trial, SW_OK, "");
    assert_non_null(strstr(trial.w.t.said.ptr,
                           "waiting for kim: 0/2 running, 2 pending, 0 failed, 2 old (30 s)\n"));
    assert_non_null(strstr(trial.w.t.said.ptr, " (1 min 30 s)\n"));
    trial_done(&trial);
}

static void test_follow__warns_when_nothing_was_started(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = ANSWER("{'id':'ecs-svc/2','status':'PRIMARY','rolloutState':'COMPLETED',"
                          "'desiredCount':0}",
                          "") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    assert_non_null(strstr(trial.w.t.said.ptr,
                           "warning: service \"kim\" wants 0 tasks: the rollout was accepted, but "
                           "nothing was started; --desired-count starts some\n"));
    trial_done(&trial);
}

#define WITNESS(status) \
    "{'serviceDeployments':[{'serviceDeploymentArn':'arn:sd/2','status':'" status "'}]}"
#define ABORT_REFUSED "{'__type':'ConflictException','message':'it is SUCCESSFUL'}"
#define STOP_INPUT    "{'serviceDeploymentArn':'arn:sd/2','stopType':'ABORT'}"

/* A rollout that is not done in time is to be stopped, and ECS ends it before or meanwhile. */
static void test_follow__a_stop_ends_with_the_rollout(void **state)
{
    static const struct {
        const char *name;
        struct ecs_step steps[4]; /* after the deadline */
        enum sw_status status;
        enum sw_rollout_verdict verdict;
        const char *repair; /* NULL: none */
        bool repaired;
    } cases[] = {
        { "done before it was asked",
          { { .action = "StopServiceDeployment",
              .input = STOP_INPUT,
              .status = 400,
              .reply = ABORT_REFUSED },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("SUCCESSFUL") } },
          SW_OK,
          SW_ROLLOUT_DONE,
          NULL,
          false },
        { "done meanwhile",
          { { .action = "StopServiceDeployment", .input = STOP_INPUT },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("STOP_REQUESTED") },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("SUCCESSFUL") } },
          SW_OK,
          SW_ROLLOUT_DONE,
          NULL,
          false },
        { "stopped",
          { { .action = "StopServiceDeployment", .input = STOP_INPUT },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("STOPPED") } },
          SW_E_ROLLOUT_FAILED,
          SW_ROLLOUT_RUNNING,
          "slipway stopped it as it stands: 0/2 running, 2 old",
          true },
        { "rolled back by ECS meanwhile",
          { { .action = "StopServiceDeployment", .input = STOP_INPUT },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("ROLLBACK_IN_PROGRESS") },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("ROLLBACK_SUCCESSFUL") } },
          SW_E_ROLLED_BACK,
          SW_ROLLOUT_ROLLED_BACK,
          "it was not stopped: ECS rolled it back first: service deployment ROLLBACK_SUCCESSFUL",
          false },
        { "a rollback by ECS that fails",
          { { .action = "StopServiceDeployment", .input = STOP_INPUT },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("ROLLBACK_FAILED") } },
          SW_E_ROLLOUT_FAILED,
          SW_ROLLOUT_FAILED,
          "it was not stopped: service deployment ROLLBACK_FAILED",
          false },
        { "stopped, but the answer was lost",
          { { .action = "StopServiceDeployment",
              .input = STOP_INPUT,
              .failure = FAKE_TIMEOUT,
              .times = 8 },
            { .action = "DescribeServiceDeployments", .reply = WITNESS("STOPPED") } },
          SW_E_ROLLOUT_FAILED,
          SW_ROLLOUT_RUNNING,
          "slipway stopped it as it stands: 0/2 running, 2 old",
          true },
        { "no right to see it",
          { { .action = "StopServiceDeployment", .input = STOP_INPUT },
            { .action = "DescribeServiceDeployments", .status = 400, .reply = DENIED } },
          SW_E_ROLLOUT_FAILED,
          SW_ROLLOUT_RUNNING,
          "slipway had ECS stop it, but the service deployment cannot be asked whether it did",
          false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct ecs_step steps[6] = {
            { .action = "DescribeServices", .reply = STARTING, .times = 2 },
            { .action = "ListTasks", .reply = NO_TASKS }
        };
        size_t count = 2;
        while (count < SW_COUNT(steps) && cases[i].steps[count - 2].action) {
            steps[count] = cases[i].steps[count - 2];
            count++;
        }
        struct trial trial;
        print_message("case %s\n", cases[i].name);
        trial_init(&trial, steps, count);
        trial.options.target.service_deployment = "arn:sd/2";
        trial.options.timeout_ms = 20000;
        trial.options.poll_interval_ms = 20000;
        trial.options.on_failure = SW_ON_FAILURE_STOP;
        enum sw_status status =
            sw_rollout_follow(trial.w.aws, &trial.options, &trial.result, &trial.err);
        assert_string_equal(sw_status_name(status), sw_status_name(cases[i].status));
        assert_string_equal(sw_rollout_verdict_name(trial.result.verdict),
                            sw_rollout_verdict_name(cases[i].verdict));
        if (cases[i].repair) {
            assert_non_null(trial.result.repair);
            assert_string_equal(trial.result.repair, cases[i].repair);
            assert_non_null(strstr(trial.err.msg, cases[i].repair));
        } else {
            assert_null(trial.result.repair);
            assert_string_equal(trial.err.msg, "");
        }
        assert_int_equal(trial.result.repaired, cases[i].repaired);
        assert_true(trial.result.waited_ms <= 60000);
        trial_done(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follow__succeeds_when_ecs_says_so),
        cmocka_unit_test(test_follow__can_wait_for_the_old_tasks_to_go),
        cmocka_unit_test(test_follow__waits_five_seconds_at_first_then_ten),
        cmocka_unit_test(test_follow__ends_by_verdict),
        cmocka_unit_test(test_follow__gives_up_at_the_deadline),
        cmocka_unit_test(test_follow__a_rollback_that_outlasts_the_deadline_is_a_failure),
        cmocka_unit_test(test_follow__throttling_and_outages_only_slow_it_down),
        cmocka_unit_test(test_follow__stops_when_the_user_does),
        cmocka_unit_test(test_follow__gives_a_sign_of_life),
        cmocka_unit_test(test_follow__warns_when_nothing_was_started),
        cmocka_unit_test(test_follow__a_stop_ends_with_the_rollout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
