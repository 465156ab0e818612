/* One-off tasks that are watched by a fake clock: their logs, bad answers, the deadline, a stop. */
#include "task_scene.h"

static void test_task_watch__gets_over_bad_answers(void **state)
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

static void test_task_watch__gives_up_on_what_ecs_does_not_know(void **state)
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

static void test_task_watch__cannot_watch_without_the_right(void **state)
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

static void test_task_watch__ends_at_the_deadline(void **state)
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

static void test_task_watch__stops_when_told_to(void **state)
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

static void test_task_watch__shows_logs_as_they_come(void **state)
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

static void test_task_watch__works_without_the_right_to_logs(void **state)
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
        cmocka_unit_test(test_task_watch__gets_over_bad_answers),
        cmocka_unit_test(test_task_watch__gives_up_on_what_ecs_does_not_know),
        cmocka_unit_test(test_task_watch__cannot_watch_without_the_right),
        cmocka_unit_test(test_task_watch__ends_at_the_deadline),
        cmocka_unit_test(test_task_watch__stops_when_told_to),
        cmocka_unit_test(test_task_watch__shows_logs_as_they_come),
        cmocka_unit_test(test_task_watch__works_without_the_right_to_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
