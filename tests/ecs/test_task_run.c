/* One-off tasks: the calls, the waiting by a fake clock, the logs, and every end. */
#include "ecs_world.h"

#include <slipway/task.h>

#define ARN(id)  "arn:aws:ecs:us-east-1:123456789012:task/prod/" id
#define LOGS_URL "https://logs.us-east-1.amazonaws.com/"
#define LOGGED                                                                     \
    "'logConfiguration':{'logDriver':'awslogs','options':{'awslogs-group':'/kim'," \
    "'awslogs-region':'us-east-1','awslogs-stream-prefix':'ecs'}}"
#define DEFINITION(members, containers)                                                       \
    "{'taskDefinition':{'taskDefinitionArn':'" TD                                             \
    "kim:12','family':'kim','status':'ACTIVE'," members "'containerDefinitions':[" containers \
    "]},'tags':[]}"
#define KIM \
    DEFINITION("", "{'name':'side','image':'s','essential':false},{'name':'web','image':'w'}")
#define DESCRIBE(reply_)                                                          \
    {                                                                             \
        .action = "DescribeTaskDefinition",                                       \
        .input = "{'taskDefinition':'kim','include':['TAGS']}", .reply = (reply_) \
    }
#define TOKEN "slipway-14f7e9b6f80-0000000000000000"
#define RUN_INPUT \
    "{'cluster':'prod','taskDefinition':'" TD "kim:12','count':1,'clientToken':'" TOKEN "'}"
#define NEW(id) "{'taskArn':'" ARN(id) "','lastStatus':'PROVISIONING'}"
#define STARTED(tasks)                                                                          \
    {                                                                                           \
        .action = "RunTask", .input = RUN_INPUT, .reply = "{'tasks':[" tasks "],'failures':[]}" \
    }
#define LOOK_INPUT "{'cluster':'prod','tasks':['" ARN("t1") "']}"
#define LOOK(task)                                                                      \
    {                                                                                   \
        .action = "DescribeTasks", .input = LOOK_INPUT, .reply = "{'tasks':[" task "]}" \
    }
#define AT(id, status) "{'taskArn':'" ARN(id) "','lastStatus':'" status "'}"
#define ENDED(id, code, reason, containers)                             \
    "{'taskArn':'" ARN(id) "','lastStatus':'STOPPED','stopCode':'" code \
                           "','stoppedReason':'" reason                 \
                           "','startedAt':1.5,'containers':[" containers "]}"
#define OWN_END(id, containers) \
    ENDED(id, "EssentialContainerExited", "Essential container in task exited", containers)
#define WEB(code) "{'name':'side','exitCode':143},{'name':'web','exitCode':" code "}"
#define DENIED    "{'__type':'AccessDeniedException','message':'no'}"
#define THROTTLED "{'__type':'ThrottlingException','message':'Rate exceeded'}"

/* A run under test. */
struct trial {
    struct ecs_world w;
    json_t *request;
    struct sw_task_wait_options options;
    struct sw_task_run run;
    struct sw_err err;
};

static void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .cluster = "prod" } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    trial->request = test_json("{'cluster':'prod','taskDefinition':'kim','count':1}");
}

static void trial_runs(struct trial *trial, const char *container, enum sw_status status,
                       const char *message)
{
    enum sw_status ended =
        sw_task_run(trial->w.aws, trial->request, container, &trial->run, &trial->err);
    assert_string_equal(ended == SW_OK ? "" : trial->err.msg, message);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
}

/* The task is started as it is to be. */
static void trial_starts(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    trial_init(trial, steps, count);
    trial_runs(trial, NULL, SW_OK, "");
}

static void trial_ends(struct trial *trial, enum sw_status status, const char *message)
{
    enum sw_status ended = sw_task_wait(trial->w.aws, &trial->options, &trial->run, &trial->err);
    assert_string_equal(trial->err.msg, message);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
}

static void trial_done(struct trial *trial)
{
    sw_task_run_release(&trial->run);
    json_decref(trial->request);
    ecs_world_done(&trial->w);
}

static void test_task_run__waits_for_the_end(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        STARTED(NEW("t1")),
        LOOK(AT("t1", "PROVISIONING")),
        LOOK(AT("t1", "RUNNING")),
        LOOK(AT("t1", "RUNNING")),
        LOOK(OWN_END("t1", WEB("0"))),
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    assert_string_equal(trial.run.task_definition, TD "kim:12");
    assert_string_equal(trial.run.container, "web");
    assert_int_equal(trial.run.exit_code, 0);
    assert_int_equal(trial.run.waited_ms, 15000);
    assert_string_equal(trial.w.t.said.ptr,
                        "task t1 is RUNNING\ntask t1 is STOPPED\nthe task of kim:12 ended well "
                        "after 15.0 s: exit code 0 of container \"web\"\n");
    trial_done(&trial);
}

static void test_task_run__is_not_done_twice(void **state)
{
    /* The answer to the first call is lost: the retry carries the same token. */
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        { .action = "RunTask", .input = RUN_INPUT, .failure = FAKE_TIMEOUT },
        STARTED(NEW("t1")),
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_done(&trial);
}

/* What is refused before or by RunTask. */
static const struct {
    const char *name;
    const char *request; /* NULL: the plain one */
    const char *container;
    enum sw_status status;
    const char *message;
    struct ecs_step steps[3];
    size_t count;
} refusals[] = {
    { "a container that is not there",
      NULL,
      "nginx",
      SW_E_INPUT,
      "container \"nginx\" is not in task definition kim:12; it has: side, web",
      { DESCRIBE(KIM) },
      1 },
    { "an override of a container that is not there",
      "{'cluster':'prod','taskDefinition':'kim','overrides':{'containerOverrides':[{'name':'x'}]}}",
      NULL,
      SW_E_INPUT,
      "container \"x\" is not in task definition kim:12; it has: side, web",
      { DESCRIBE(KIM) },
      1 },
    { "a network is missing",
      NULL,
      NULL,
      SW_E_USAGE,
      "task definition kim:12 has the network mode awsvpc: give --subnets (and --security-groups)",
      { DESCRIBE(DEFINITION("'networkMode':'awsvpc',", "{'name':'web'}")) },
      1 },
    { "a network is too much",
      "{'cluster':'prod','taskDefinition':'kim','networkConfiguration':{}}",
      NULL,
      SW_E_USAGE,
      "task definition kim:12 has not the network mode awsvpc: leave out --subnets (in the orb, "
      "run_task has awsvpc: false for that)",
      { DESCRIBE(KIM) },
      1 },
    { "deregistered",
      NULL,
      NULL,
      SW_E_CONFLICT,
      "task definition kim:12 was deregistered (INACTIVE); no task can be run of it",
      { DESCRIBE("{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim','status':"
                 "'INACTIVE','containerDefinitions':[{'name':'web'}]}}") },
      1 },
    { "no room",
      NULL,
      NULL,
      SW_E_FAILED,
      "1 of 1 task of kim:12 could not be started: RESOURCE:MEMORY (needs 9 GB); no instance has "
      "enough free memory: lower the task's memory, or add an instance",
      { DESCRIBE(KIM),
        { .action = "RunTask",
          .input = RUN_INPUT,
          .reply = "{'tasks':[],'failures':[{'arn':'a','reason':'RESOURCE:MEMORY','detail':'needs "
                   "9 GB'}]}" } },
      2 },
    { "room for one of two",
      "{'cluster':'prod','taskDefinition':'kim','count':2}",
      NULL,
      SW_E_FAILED,
      "1 of 2 tasks of kim:12 could not be started: AGENT; the instance's ECS agent is not "
      "connected: check that it runs and reaches ECS; these were started and go on: t1",
      { DESCRIBE(KIM),
        { .action = "RunTask",
          .reply = "{'tasks':[" NEW("t1") "],'failures':[{'reason':'AGENT'}]}" } },
      2 },
    { "nothing at all",
      NULL,
      NULL,
      SW_E_FAILED,
      "1 of 1 task of kim:12 could not be started: ECS gives no reason",
      { DESCRIBE(KIM), { .action = "RunTask", .reply = "{'tasks':[],'failures':[]}" } },
      2 },
    { "no cluster",
      NULL,
      NULL,
      SW_E_NOT_FOUND,
      "task definition kim:12 cannot be run: ECS RunTask: ClusterNotFoundException: Cluster not "
      "found.; clusters: prod, test",
      { DESCRIBE(KIM),
        { .action = "RunTask",
          .status = 400,
          .reply = "{'__type':'ClusterNotFoundException','message':'Cluster not found.'}" },
        { .action = "ListClusters", .reply = "{'clusterArns':['c/prod','c/test']}" } },
      3 },
    { "no family",
      NULL,
      NULL,
      SW_E_NOT_FOUND,
      "task definition \"kim\" cannot be read: ECS DescribeTaskDefinition: ClientException: Unable "
      "to describe task definition.; families that exist: web",
      { { .action = "DescribeTaskDefinition",
          .status = 400,
          .reply = "{'__type':'ClientException','message':'Unable to describe task definition.'}" },
        { .action = "ListTaskDefinitionFamilies", .reply = "{'families':['web']}" } },
      2 },
};

static void test_task_run__never_calls_a_refusal_success(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(refusals); i++) {
        struct trial trial;
        print_message("%s\n", refusals[i].name);
        trial_init(&trial, refusals[i].steps, refusals[i].count);
        if (refusals[i].request) {
            json_decref(trial.request);
            trial.request = test_json(refusals[i].request);
        }
        trial_runs(&trial, refusals[i].container, refusals[i].status, refusals[i].message);
        trial_done(&trial);
    }
}

/* How a task of kim can end, and what is made of it. */
static const struct {
    const char *name;
    const char *container;
    const char *task;
    enum sw_status status;
    const char *message;
    int64_t exit_code;
} ends[] = {
    { "an exit code", NULL, OWN_END("t1", WEB("3")), SW_E_FAILED,
      "container \"web\" of task t1 ended with exit code 3; look at the last lines of the "
      "container's log",
      3 },
    { "another container is asked for", "side", OWN_END("t1", WEB("0")), SW_E_FAILED,
      "container \"side\" of task t1 ended with exit code 143; the container ended when asked to "
      "stop (SIGTERM); look at why it was stopped: another container of the task may have ended "
      "first",
      143 },
    { "out of memory", NULL,
      OWN_END("t1", "{'name':'web','exitCode':137,'reason':'OutOfMemoryError: Container killed due "
                    "to memory usage'}"),
      SW_E_FAILED,
      "container \"web\" of task t1 ended with exit code 137; the container was killed for using "
      "too much memory; raise the container's memory",
      137 },
    { "never started", NULL,
      "{'taskArn':'" ARN(
          "t1") "','lastStatus':'STOPPED','stopCode':'TaskFailedToStart',"
                "'stoppedReason':'Task failed to start','containers':[{'name':'web','reason':"
                "'CannotPullContainerError: failed to resolve ref r/web:2: r/web:2: not found'}]}",
      SW_E_FAILED,
      "container \"web\" of task t1 never started: CannotPullContainerError: failed to resolve ref "
      "r/web:2: r/web:2: not found; the image does not exist; check repository, tag and registry; "
      "was the image pushed by an earlier job, and under this tag?",
      -1 },
    { "never started because of another one", NULL,
      "{'taskArn':'" ARN(
          "t1") "','lastStatus':'STOPPED','stoppedReason':'Task failed to start',"
                "'containers':[{'name':'side','reason':'CannotPullContainerError: r/s: not found: manifest "
                "unknown'},{'name':'web'}]}",
      SW_E_FAILED,
      "container \"web\" of task t1 never started: container \"side\": CannotPullContainerError: "
      "r/s: not found: manifest unknown; the image does not exist; check repository, tag and "
      "registry; was the image pushed by an earlier job, and under this tag?",
      -1 },
    { "stopped by somebody while it went well", NULL,
      ENDED("t1", "UserInitiated", "by kim", WEB("0")), SW_E_FAILED,
      "task t1 was stopped before it was done (UserInitiated); container \"web\" ended with exit "
      "code 0: by kim; somebody stopped the task; look at who did, in CloudTrail",
      0 },
    { "the machine went away", NULL,
      ENDED("t1", "TerminationNotice", "Host EC2 (instance i-1) terminated.", "{'name':'web'}"),
      SW_E_FAILED,
      "container \"web\" of task t1 ended without an exit code: Host EC2 (instance i-1) "
      "terminated.; the machine under the task went away; run it again",
      -1 },
};

static void test_task_run__tells_how_it_ended(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(ends); i++) {
        const char *answer = ends[i].task;
        char *reply SW_CLEANUP(sw_free_str) = sw_xasprintf("{'tasks':[%s]}", answer);
        const struct ecs_step steps[] = {
            DESCRIBE(KIM),
            STARTED(NEW("t1")),
            { .action = "DescribeTasks", .input = LOOK_INPUT, .reply = reply },
        };
        struct trial trial;
        print_message("%s\n", ends[i].name);
        trial_init(&trial, steps, SW_COUNT(steps));
        trial_runs(&trial, ends[i].container, SW_OK, "");
        trial_ends(&trial, ends[i].status, ends[i].message);
        assert_int_equal(trial.run.exit_code, ends[i].exit_code);
        trial_done(&trial);
    }
}

static void test_task_run__looks_at_every_essential_container(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(
            DEFINITION("", "{'name':'web'},{'name':'worker'},{'name':'side','essential':false}")),
        STARTED(NEW("t1")),
        LOOK(OWN_END("t1", "{'name':'web','exitCode':0},{'name':'side','exitCode':9},"
                           "{'name':'worker','exitCode':2}")),
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    assert_int_equal(sw_task_wait(trial.w.aws, &trial.options, &trial.run, &trial.err),
                     SW_E_FAILED);
    assert_string_equal(trial.run.container, "worker");
    assert_int_equal(trial.run.exit_code, 2);
    trial_done(&trial);
}

static void test_task_run__needs_all_tasks_to_end_well(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        { .action = "RunTask",
          .reply = "{'tasks':[" NEW("t1") "," NEW("t2") "," NEW("t3") "],'failures':[]}" },
        { .action = "DescribeTasks",
          .input = "{'cluster':'prod','tasks':['" ARN("t1") "','" ARN("t2") "','" ARN("t3") "']}",
          .reply = "{'tasks':[" OWN_END("t2", WEB("4")) "," OWN_END("t1", WEB("0")) "," AT(
              "t3", "RUNNING") "]}" },
        { .action = "DescribeTasks", .reply = "{'tasks':[" OWN_END("t3", WEB("0")) "]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    json_object_set_new(trial.request, "count", json_integer(3));
    trial_runs(&trial, NULL, SW_OK, "");
    trial_ends(&trial, SW_E_FAILED,
               "container \"web\" of task t2 ended with exit code 4; look at the last lines of the "
               "container's log; 1 of 3 tasks failed");
    assert_int_equal(trial.run.exit_code, 4);
    trial_done(&trial);
}

static void test_task_run__gets_over_bad_answers(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeTaskDefinition", .reply = DENIED, .status = 400, .times = 2 },
        { .action = "RunTask",
          .input = "{'cluster':'prod','taskDefinition':'kim','count':1,'clientToken':'" TOKEN "'}",
          .reply = "{'tasks':[" NEW("t1") "]}" },
        { .action = "DescribeTasks", .reply = "{'tasks':[],'failures':[{'reason':'MISSING'}]}" },
        { .action = "DescribeTasks", .reply = THROTTLED, .status = 400, .times = 2 },
        { .action = "DescribeTasks", .failure = FAKE_REFUSED },
        { .action = "DescribeTasks", .reply = "{}", .status = 500 },
        LOOK(OWN_END("t1", "{'name':'web','exitCode':0}")),
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    trial_done(&trial);
}

static void test_task_run__gives_up_on_what_ecs_does_not_know(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        STARTED(NEW("t1")),
        { .action = "DescribeTasks", .reply = "{'tasks':[]}", .times = 19 },
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_E_NOT_FOUND,
               "ECS does not know all tasks of kim:12 any more, so how they ended is not known");
    trial_done(&trial);
}

static void test_task_run__cannot_watch_without_the_right(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        STARTED(NEW("t1")),
        { .action = "DescribeTasks", .reply = DENIED, .status = 400 },
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_E_DENIED,
               "the tasks of kim:12 go on, but how they end is not known: ECS DescribeTasks: "
               "AccessDeniedException: no; allow \"ecs:DescribeTasks\" in this identity's IAM "
               "policy");
    trial_done(&trial);
}

static void test_task_run__ends_at_the_deadline(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        STARTED(NEW("t1")),
        { .action = "DescribeTasks", .reply = "{'tasks':[" AT("t1", "RUNNING") "]}", .times = 4 },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.timeout_ms = 12000;
    trial_runs(&trial, NULL, SW_OK, "");
    trial_ends(&trial, SW_E_TIMEOUT,
               "the tasks of kim:12 have not stopped after 12.0 s and go on; task t1 is RUNNING");
    trial_done(&trial);
}

static void test_task_run__stops_when_told_to(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(KIM),
        STARTED(NEW("t1") "," AT("t2", "STOPPED")),
        { .action = "StopTask",
          .input = "{'cluster':'prod','task':'" ARN("t1") "','reason':'because'}",
          .reply = "{'task':{}}" },
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial.w.t.stop = true;
    trial_ends(&trial, SW_E_STOPPED,
               "stopped waiting for the tasks of kim:12; task t1 is PROVISIONING, t2 is STOPPED");
    trial.w.t.stop = false;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_task_stop(trial.w.aws, "prod", &trial.run, "because", &err));
    assert_string_equal(trial.w.t.said.ptr, "task t1 is being stopped\n");
    trial_done(&trial);
}

#define GET_LOG(input_, reply_)                                                                    \
    {                                                                                              \
        .action = "Logs_20140328.GetLogEvents", .url = LOGS_URL,                                   \
        .input =                                                                                   \
            "{'logGroupName':'/kim','logStreamName':'ecs/web/t1','startFromHead':true" input_ "}", \
        .reply = (reply_)                                                                          \
    }
#define LOGGING DEFINITION("", "{'name':'web'," LOGGED "}")

static void test_task_run__shows_logs_as_they_come(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(LOGGING),
        STARTED(NEW("t1")),
        LOOK(AT("t1", "PENDING")),
        LOOK(AT("t1", "RUNNING")),
        { .action = "Logs_20140328.GetLogEvents",
          .url = LOGS_URL,
          .status = 400,
          .reply = "{'__type':'ResourceNotFoundException','message':'no such stream'}" },
        LOOK(AT("t1", "RUNNING")),
        GET_LOG("", "{'events':[{'message':'one'},{'message':'two\\n'}],'nextForwardToken':'f/1'}"),
        GET_LOG(",'nextToken':'f/1'", "{'events':[],'nextForwardToken':'f/1'}"),
        LOOK(OWN_END("t1", "{'name':'web','exitCode':0}")),
        GET_LOG(",'nextToken':'f/1'", "{'events':[],'nextForwardToken':'f/1'}"),
        GET_LOG(",'nextToken':'f/1'", "{'events':[{'message':'three'}],'nextForwardToken':'f/1'}"),
        GET_LOG(",'nextToken':'f/1'", "{'events':[],'nextForwardToken':'f/1'}"),
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    assert_string_equal(trial.w.t.said.ptr,
                        "task t1 is PENDING\ntask t1 is RUNNING\nweb | one\nweb | two\ntask t1 is "
                        "STOPPED\nweb | three\nthe task of kim:12 ended well after 19.0 s: exit "
                        "code 0 of container \"web\"\n");
    trial_done(&trial);
}

static void test_task_run__works_without_the_right_to_logs(void **state)
{
    static const struct ecs_step steps[] = {
        DESCRIBE(LOGGING),
        STARTED(NEW("t1")),
        LOOK(AT("t1", "RUNNING")),
        { .action = "Logs_20140328.GetLogEvents", .url = LOGS_URL, .reply = DENIED, .status = 400 },
        LOOK(OWN_END("t1", "{'name':'web','exitCode':0}")),
    };
    struct trial trial;

    (void)state;
    trial_starts(&trial, steps, SW_COUNT(steps));
    trial_ends(&trial, SW_OK, "");
    assert_non_null(strstr(trial.w.t.said.ptr, "logs of containers are not shown: the right "
                                               "logs:GetLogEvents is missing\n"));
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task_run__waits_for_the_end),
        cmocka_unit_test(test_task_run__is_not_done_twice),
        cmocka_unit_test(test_task_run__never_calls_a_refusal_success),
        cmocka_unit_test(test_task_run__tells_how_it_ended),
        cmocka_unit_test(test_task_run__looks_at_every_essential_container),
        cmocka_unit_test(test_task_run__needs_all_tasks_to_end_well),
        cmocka_unit_test(test_task_run__gets_over_bad_answers),
        cmocka_unit_test(test_task_run__gives_up_on_what_ecs_does_not_know),
        cmocka_unit_test(test_task_run__cannot_watch_without_the_right),
        cmocka_unit_test(test_task_run__ends_at_the_deadline),
        cmocka_unit_test(test_task_run__stops_when_told_to),
        cmocka_unit_test(test_task_run__shows_logs_as_they_come),
        cmocka_unit_test(test_task_run__works_without_the_right_to_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
