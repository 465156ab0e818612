/* Rollouts followed by a fake clock: every end, what people are told, and what is never believed.
 */
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

static void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .cluster = "prod",
                                          .service = "kim",
                                          .target = { .deployment_id = "ecs-svc/2",
                                                      .task_definition = TD "kim:13",
                                                      .previous_id = "ecs-svc/1" } } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
}

static void trial_ends(struct trial *trial, enum sw_status status, const char *message)
{
    enum sw_status ended =
        sw_rollout_follow(trial->w.aws, &trial->options, &trial->result, &trial->err);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
    assert_string_equal(trial->err.msg, message);
}

static void trial_done(struct trial *trial)
{
    sw_follow_result_release(&trial->result);
    ecs_world_done(&trial->w);
}

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

static void test_follow__tells_why_tasks_stop(void **state)
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
               "the rollout of kim:13 to service \"kim\" failed and was rolled back: the service "
               "was rolled back to deployment ecs-svc/1 (" TD "kim:12); most likely: container "
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
        "the rollout failed; ECS is rolling the service back\n");
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
      "the rollout of kim:13 to service \"kim\" was superseded: deployment ecs-svc/3 (td/14) took "
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
      "the rollout of kim:13 to service \"kim\" failed and was rolled back: the service was rolled "
      "back to deployment ecs-svc/3 (td/12)",
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
        "0/2 running, 2 pending, 0 failed, and goes on; last event: 00:16:41 was unable to "
        "place a task because no container instance met all of its requirements. The "
        "closest matching (container-instance i) is already using a port required by your "
        "task.; most likely: the host port is taken on every suitable instance; use "
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

static void test_follow__does_not_wait_for_a_hopeless_rollout(void **state)
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
               "reason and none is running; without a circuit breaker ECS would try for ever; most "
               "likely: container \"web\": the container ended with an error (exit code 3); look "
               "at the last lines of the container's log");
    trial_done(&trial);
}

static void test_follow__leaves_hopeless_rollouts_to_the_circuit_breaker(void **state)
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

static void test_follow__shows_the_end_of_a_failed_containers_log(void **state)
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

static void test_follow__logs_can_be_left_out_and_may_be_forbidden(void **state)
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

static void test_follow__works_without_the_right_to_see_tasks(void **state)
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
                        "0/2 running, 0 pending, 3 failed, 0 old\n");
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
    assert_non_null(strstr(trial.w.t.said.ptr, " (90 s)\n"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follow__succeeds_when_ecs_says_so),
        cmocka_unit_test(test_follow__can_wait_for_the_old_tasks_to_go),
        cmocka_unit_test(test_follow__waits_five_seconds_at_first_then_ten),
        cmocka_unit_test(test_follow__tells_why_tasks_stop),
        cmocka_unit_test(test_follow__ends_by_verdict),
        cmocka_unit_test(test_follow__gives_up_at_the_deadline),
        cmocka_unit_test(test_follow__a_rollback_that_outlasts_the_deadline_is_a_failure),
        cmocka_unit_test(test_follow__throttling_and_outages_only_slow_it_down),
        cmocka_unit_test(test_follow__does_not_wait_for_a_hopeless_rollout),
        cmocka_unit_test(test_follow__leaves_hopeless_rollouts_to_the_circuit_breaker),
        cmocka_unit_test(test_follow__shows_the_end_of_a_failed_containers_log),
        cmocka_unit_test(test_follow__logs_can_be_left_out_and_may_be_forbidden),
        cmocka_unit_test(test_follow__works_without_the_right_to_see_tasks),
        cmocka_unit_test(test_follow__stops_when_the_user_does),
        cmocka_unit_test(test_follow__gives_a_sign_of_life),
        cmocka_unit_test(test_follow__warns_when_nothing_was_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
