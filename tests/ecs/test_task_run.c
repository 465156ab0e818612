/* One-off tasks: the calls, what is refused, and how they end. */
#include "task_scene.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task_run__waits_for_the_end),
        cmocka_unit_test(test_task_run__is_not_done_twice),
        cmocka_unit_test(test_task_run__never_calls_a_refusal_success),
        cmocka_unit_test(test_task_run__tells_how_it_ended),
        cmocka_unit_test(test_task_run__looks_at_every_essential_container),
        cmocka_unit_test(test_task_run__needs_all_tasks_to_end_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
