#include "ecs_test.h"

#include <slipway/rollout.h>

static const struct sw_rollout_target target = {
    .deployment_id = "ecs-svc/2",
    .task_definition = "arn:td/f:13",
    .previous_id = "ecs-svc/1",
};

/* One deployment of an answer. */
#define D(id, status, td, rollout, counts)                                                    \
    "{'id':'ecs-svc/" id "','status':'" status "','taskDefinition':'arn:td/f:" td "'" rollout \
    "," counts "}"
#define STATE(state)          ",'rolloutState':'" state "'"
#define REASON(state, reason) STATE(state) ",'rolloutStateReason':'" reason "'"
#define COUNTS(desired, running, pending, failed)                                   \
    "'desiredCount':" desired ",'runningCount':" running ",'pendingCount':" pending \
    ",'failedTasks':" failed
#define SERVICE(deployments) "{'status':'ACTIVE','deployments':[" deployments "]}"

#define OURS_RUNNING D("2", "PRIMARY", "13", STATE("IN_PROGRESS"), COUNTS("2", "1", "1", "0"))
#define OLD_ACTIVE   D("1", "ACTIVE", "12", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))
#define OLD_PRIMARY  D("1", "PRIMARY", "12", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))
#define NEXT         D("3", "PRIMARY", "14", STATE("IN_PROGRESS"), COUNTS("2", "2", "0", "0"))

/* A story: one answer after the other, each with its verdict. */
struct step {
    const char *service; /* NULL: the answer has no service */
    enum sw_rollout_verdict verdict;
    const char *reason;
};
struct story {
    const char *name;
    bool until_drained;
    struct step steps[10];
};

static const struct story stories[] = {
    { "row 1: missing",
      false,
      { { NULL, SW_ROLLOUT_GONE, "the service does not exist any more" } } },
    { "row 1: draining",
      false,
      { { "{'status':'DRAINING'}", SW_ROLLOUT_GONE,
          "the service is DRAINING: it is being or was deleted" } } },
    { "row 1: inactive",
      false,
      { { "{'status':'INACTIVE','deployments':[]}", SW_ROLLOUT_GONE,
          "the service is INACTIVE: it is being or was deleted" } } },
    { "rows 7 and 2: success while old tasks drain",
      false,
      { { SERVICE(OURS_RUNNING "," OLD_ACTIVE), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("2", "PRIMARY", "13",
                    REASON("COMPLETED", "ECS deployment ecs-svc/2 completed."),
                    COUNTS("2", "2", "0", "0")) "," OLD_ACTIVE),
          SW_ROLLOUT_DONE, "ECS deployment ecs-svc/2 completed." } } },
    { "row 2: waiting for the old tasks to go",
      true,
      { { SERVICE(D("2", "PRIMARY", "13", STATE("COMPLETED"),
                    COUNTS("2", "2", "0", "0")) "," OLD_ACTIVE),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("2", "PRIMARY", "13", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_DONE, "ECS marked the deployment as completed" } } },
    { "row 3: failed without rollback",
      false,
      { { SERVICE(D("2", "PRIMARY", "13",
                    REASON("FAILED", "ECS deployment circuit breaker: tasks failed to start."),
                    COUNTS("2", "0", "0", "3")) "," OLD_ACTIVE),
          SW_ROLLOUT_FAILED, "ECS deployment circuit breaker: tasks failed to start." } } },
    { "row 4: rollback in progress, then completed, then ours is gone",
      false,
      { { SERVICE(D("2", "ACTIVE", "13", STATE("FAILED"), COUNTS("0", "0", "0", "3")) "," D(
              "1", "PRIMARY", "12",
              REASON("IN_PROGRESS",
                     "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."),
              COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_ROLLING_BACK,
          "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1." },
        { SERVICE(D("1", "PRIMARY", "12", STATE("IN_PROGRESS"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_ROLLING_BACK, "ECS is rolling the service back" },
        { SERVICE(D("1", "PRIMARY", "12",
                    REASON("COMPLETED", "ECS deployment ecs-svc/1 completed."),
                    COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_ROLLED_BACK, "f:12 is back (deployment ecs-svc/1)" } } },
    { "row 4: rollback to an older deployment than the one before",
      false,
      { { SERVICE(D("2", "ACTIVE", "13", STATE("FAILED"), COUNTS("0", "0", "0", "3")) "," D(
              "0", "PRIMARY", "11",
              REASON("IN_PROGRESS", "rolling back to deploymentId ecs-svc/0."),
              COUNTS("2", "0", "2", "0"))),
          SW_ROLLOUT_ROLLING_BACK, "rolling back to deploymentId ecs-svc/0." },
        { SERVICE(D("0", "PRIMARY", "11", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_ROLLED_BACK, "f:11 is back (deployment ecs-svc/0)" } } },
    { "row 4: the rollback fails too",
      false,
      { { SERVICE(D("2", "ACTIVE", "13", STATE("FAILED"), COUNTS("0", "0", "0", "3")) "," D(
              "1", "PRIMARY", "12", STATE("FAILED"), COUNTS("2", "0", "0", "9"))),
          SW_ROLLOUT_FAILED,
          "deployment ecs-svc/2 failed, and so did the rollback to ecs-svc/1" } } },
    { "row 4: rolled back before it was marked failed (alarm, or by hand)",
      false,
      { { SERVICE(D("2", "ACTIVE", "13", STATE("IN_PROGRESS"), COUNTS("2", "1", "0", "0")) "," D(
              "1", "PRIMARY", "12", STATE("IN_PROGRESS"), COUNTS("2", "1", "1", "0"))),
          SW_ROLLOUT_ROLLING_BACK, "ECS is rolling the service back" } } },
    { "failed, then somebody deployed a repair",
      false,
      { { SERVICE(D("3", "PRIMARY", "14", STATE("IN_PROGRESS"), COUNTS("2", "0", "2", "0")) "," D(
              "2", "ACTIVE", "13", STATE("FAILED"), COUNTS("0", "0", "0", "3"))),
          SW_ROLLOUT_FAILED,
          "deployment ecs-svc/2 failed, then deployment ecs-svc/3 took over" } } },
    { "row 5: superseded",
      false,
      { { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("3", "PRIMARY", "14", STATE("IN_PROGRESS"), COUNTS("2", "0", "2", "0")) "," D(
              "2", "ACTIVE", "13", STATE("IN_PROGRESS"), COUNTS("0", "1", "0", "0"))),
          SW_ROLLOUT_SUPERSEDED, "f:14 (deployment ecs-svc/3) took over" } } },
    { "row 5: completed before somebody else took over",
      false,
      { { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("3", "PRIMARY", "14", STATE("IN_PROGRESS"), COUNTS("2", "0", "2", "0")) "," D(
              "2", "ACTIVE", "13", STATE("COMPLETED"), COUNTS("0", "2", "0", "0"))),
          SW_ROLLOUT_DONE, "deployment ecs-svc/2 was completed before ecs-svc/3 took over" } } },
    { "row 6: seen, then absent under a deployment that is not known",
      false,
      { { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_ASK, "deployment ecs-svc/2 is not listed any more" } } },
    { "row 6: rolled back between two looks",
      false,
      { { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_ROLLED_BACK, "f:12 is back (deployment ecs-svc/1)" } } },
    { "row 6: an older deployment that nobody named leads again",
      false,
      { { SERVICE("{'id':'ecs-svc/2','status':'PRIMARY','rolloutState':'IN_PROGRESS',"
                  "'createdAt':200}"),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE("{'id':'ecs-svc/7','status':'PRIMARY','rolloutState':'COMPLETED',"
                  "'createdAt':100,'taskDefinition':'arn:td/f:9'}"),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE("{'id':'ecs-svc/7','status':'PRIMARY','rolloutState':'COMPLETED',"
                  "'createdAt':100,'taskDefinition':'arn:td/f:9'}"),
          SW_ROLLOUT_ROLLED_BACK, "f:9 is back (deployment ecs-svc/7)" } } },
    { "an answer that is older than the one before is not believed",
      false,
      { { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OURS_RUNNING), SW_ROLLOUT_RUNNING, "" } } },
    { "row 6: never seen, something else is there",
      false,
      { { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(NEXT), SW_ROLLOUT_ASK, "deployment ecs-svc/2 is not listed any more" } } },
    { "not visible yet",
      false,
      { { SERVICE(D("1", "PRIMARY", "12", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("1", "PRIMARY", "12", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OURS_RUNNING "," OLD_ACTIVE), SW_ROLLOUT_RUNNING, "" } } },
    { "never visible",
      false,
      { { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_RUNNING, "" },
        { SERVICE(OLD_PRIMARY), SW_ROLLOUT_ASK, "deployment ecs-svc/2 is not listed any more" } } },
    { "row 8: no rollout state, settled twice in a row",
      false,
      { { SERVICE(D("2", "PRIMARY", "13", "", COUNTS("2", "2", "0", "0"))), SW_ROLLOUT_RUNNING,
          "" },
        { SERVICE(D("2", "PRIMARY", "13", "", COUNTS("2", "1", "0", "0"))), SW_ROLLOUT_RUNNING,
          "" },
        { SERVICE(D("2", "PRIMARY", "13", "", COUNTS("2", "2", "0", "0"))), SW_ROLLOUT_RUNNING,
          "" },
        { SERVICE(D("2", "PRIMARY", "13", "", COUNTS("2", "2", "0", "0"))), SW_ROLLOUT_DONE,
          "all 2 tasks run and no other deployment is left (ECS gives no rollout state for this "
          "service)" } } },
    { "row 8: another deployment is left",
      false,
      { { SERVICE(D("2", "PRIMARY", "13", "", COUNTS("2", "2", "0", "0")) "," OLD_ACTIVE),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("2", "PRIMARY", "13", "", COUNTS("2", "2", "0", "0")) "," OLD_ACTIVE),
          SW_ROLLOUT_RUNNING, "" } } },
    { "running equals desired is no success",
      false,
      { { SERVICE(D("2", "PRIMARY", "13", STATE("IN_PROGRESS"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("2", "PRIMARY", "13", STATE("IN_PROGRESS"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_RUNNING, "" },
        { SERVICE(D("2", "PRIMARY", "13", STATE("IN_PROGRESS"), COUNTS("2", "2", "0", "0"))),
          SW_ROLLOUT_RUNNING, "" } } },
    { "failed tasks alone are no failure",
      false,
      { { SERVICE(D("2", "PRIMARY", "13", STATE("IN_PROGRESS"), COUNTS("2", "0", "2", "7"))),
          SW_ROLLOUT_RUNNING, "" } } },
};

static void test_rollout_judge__follows_the_decision_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(stories); i++) {
        struct sw_rollout_target followed = target;
        struct sw_rollout_state memory = { .seen = false };
        followed.until_drained = stories[i].until_drained;
        for (size_t k = 0; k < SW_COUNT(stories[i].steps); k++) {
            const struct step *step = &stories[i].steps[k];
            if (!step->reason) {
                break;
            }
            print_message("story \"%s\", answer %zu\n", stories[i].name, k + 1);
            json_auto_t *service = step->service ? test_json(step->service) : NULL;
            enum sw_rollout_verdict verdict = sw_rollout_judge(service, &followed, &memory);
            assert_string_equal(sw_rollout_verdict_name(verdict),
                                sw_rollout_verdict_name(step->verdict));
            assert_int_equal(verdict, step->verdict);
            assert_string_equal(memory.reason, step->reason);
        }
    }
}

static void test_rollout_judge__a_change_of_size_is_done_when_the_tasks_run(void **state)
{
    struct sw_rollout_target followed = target;
    struct sw_rollout_state memory = { .seen = false };

    (void)state;
    followed.until_running = true;
    json_auto_t *growing =
        test_json(SERVICE(D("2", "PRIMARY", "13", STATE("COMPLETED"), COUNTS("3", "2", "1", "0"))));
    json_auto_t *grown =
        test_json(SERVICE(D("2", "PRIMARY", "13", STATE("COMPLETED"), COUNTS("3", "3", "0", "0"))));
    assert_int_equal(sw_rollout_judge(growing, &followed, &memory), SW_ROLLOUT_RUNNING);
    assert_int_equal(sw_rollout_judge(grown, &followed, &memory), SW_ROLLOUT_DONE);
}

static void test_rollout_judge__reads_the_counters(void **state)
{
    struct sw_rollout_state memory = { .seen = false };

    (void)state;
    json_auto_t *service = test_json(
        "{'status':'ACTIVE','deploymentConfiguration':{'strategy':'ROLLING',"
        "'deploymentCircuitBreaker':{'enable':true,'rollback':true}},'deployments':["
        "{'id':'ecs-svc/2','status':'PRIMARY','rolloutState':'IN_PROGRESS','createdAt':1550000000.25,"
        "'desiredCount':4,'runningCount':1,'pendingCount':2,'failedTasks':3},"
        "{'id':'ecs-svc/1','status':'ACTIVE','runningCount':5},"
        "{'id':'ecs-svc/0','status':'ACTIVE','runningCount':6}]}");
    assert_int_equal(sw_rollout_judge(service, &target, &memory), SW_ROLLOUT_RUNNING);
    assert_true(memory.seen);
    assert_int_equal(memory.desired, 4);
    assert_int_equal(memory.running, 1);
    assert_int_equal(memory.pending, 2);
    assert_int_equal(memory.failed_tasks, 3);
    assert_int_equal(memory.old_running, 11);
    assert_int_equal(memory.deployments, 3);
    assert_true(memory.created_ms == 1550000000250);
    assert_true(memory.breaker);
    assert_true(memory.breaker_rollback);
    assert_false(memory.native_shift);
    assert_string_equal(memory.primary_id, "ecs-svc/2");
    assert_string_equal(memory.rollout_state, "IN_PROGRESS");
}

static void test_rollout_judge__survives_nonsense(void **state)
{
    static const char *const answers[] = {
        "{}",
        "{'deployments':{}}",
        "{'deployments':[null,1,'x',[],{}]}",
        "{'deployments':[{'id':1,'status':2}]}",
        "{'status':'ACTIVE','deployments':[{'id':'ecs-svc/2'}]}",
        ("{'status':'ACTIVE','deployments':[{'id':'ecs-svc/2','status':'PRIMARY',"
         "'rolloutState':7,'desiredCount':'x'}]}"),
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(answers); i++) {
        print_message("case %s\n", answers[i]);
        struct sw_rollout_state memory = { .seen = false };
        json_auto_t *service = test_json(answers[i]);
        assert_int_not_equal(sw_rollout_judge(service, &target, &memory), SW_ROLLOUT_DONE);
    }
}

static void test_rollout_judge__only_successful_is_success(void **state)
{
    static const struct {
        const char *answer;
        enum sw_rollout_verdict verdict;
        const char *reason;
    } cases[] = {
        { "{'status':'PENDING'}", SW_ROLLOUT_RUNNING, "" },
        { "{'status':'IN_PROGRESS'}", SW_ROLLOUT_RUNNING, "" },
        { "{'status':'STOP_REQUESTED'}", SW_ROLLOUT_RUNNING, "" },
        { "{'status':'SUCCESSFUL'}", SW_ROLLOUT_DONE, "service deployment SUCCESSFUL" },
        { "{'status':'STOPPED','statusReason':'replaced by a newer deployment'}",
          SW_ROLLOUT_SUPERSEDED, "service deployment STOPPED: replaced by a newer deployment" },
        { "{'status':'ROLLBACK_REQUESTED'}", SW_ROLLOUT_ROLLING_BACK,
          "service deployment ROLLBACK_REQUESTED" },
        { "{'status':'ROLLBACK_IN_PROGRESS'}", SW_ROLLOUT_ROLLING_BACK,
          "service deployment ROLLBACK_IN_PROGRESS" },
        { "{'status':'ROLLBACK_SUCCESSFUL'}", SW_ROLLOUT_ROLLED_BACK,
          "service deployment ROLLBACK_SUCCESSFUL" },
        { "{'status':'ROLLBACK_FAILED'}", SW_ROLLOUT_FAILED, "service deployment ROLLBACK_FAILED" },
        { "{'status':'IN_PROGRESS','serviceDeploymentArn':'arn:aws:ecs:eu-west-1:1:"
          "service-deployment/prod/web/d1','lifecycleStage':"
          "'POST_TEST_TRAFFIC_SHIFT','lifecycleHookDetails':[{'hookId':'h1','targetType':'PAUSE',"
          "'status':'AWAITING_ACTION','expiresAt':1550000000,'timeoutAction':'ROLLBACK'}]}",
          SW_ROLLOUT_PAUSED,
          "a hook of stage POST_TEST_TRAFFIC_SHIFT waits for an action until "
          "2019-02-12T19:33:20Z, then ROLLBACK; go on with slipway ecs continue --cluster prod "
          "--service web, or back with --rollback" },
        { "{'status':'IN_PROGRESS','serviceDeploymentArn':'arn:sd','lifecycleHookDetails':["
          "{'status':'AWAITING_ACTION'}]}",
          SW_ROLLOUT_PAUSED,
          "a hook of stage UNKNOWN waits for an action; go on with slipway ecs continue --cluster "
          "CLUSTER --service SERVICE, or back with --rollback" },
        { "{'status':'IN_PROGRESS','lifecycleHookDetails':[{'status':'IN_PROGRESS',"
          "'targetType':'AWS_LAMBDA'}]}",
          SW_ROLLOUT_RUNNING, "" },
        { "{'status':'NEW_WORD_OF_TOMORROW'}", SW_ROLLOUT_RUNNING, "" },
        { "{}", SW_ROLLOUT_RUNNING, "" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].answer);
        struct sw_rollout_state memory = { .seen = false };
        json_auto_t *answer = test_json(cases[i].answer);
        assert_int_equal(sw_rollout_judge_deployment(answer, &memory), cases[i].verdict);
        assert_string_equal(memory.reason, cases[i].reason);
    }
}

static void test_rollout_judge__without_a_witness_the_definition_decides(void **state)
{
    struct sw_rollout_state memory = { .seen = false };

    (void)state;
    json_auto_t *other =
        test_json(SERVICE(D("1", "PRIMARY", "12", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))));
    assert_int_equal(sw_rollout_judge_absent(other, &target, &memory), SW_ROLLOUT_FAILED);
    assert_string_equal(memory.reason, "deployment ecs-svc/2 was rolled back or replaced: the "
                                       "service now runs arn:td/f:12");
    json_auto_t *same =
        test_json(SERVICE(D("3", "PRIMARY", "13", STATE("COMPLETED"), COUNTS("2", "2", "0", "0"))));
    assert_int_equal(sw_rollout_judge_absent(same, &target, &memory), SW_ROLLOUT_SUPERSEDED);
    assert_string_equal(memory.reason,
                        "deployment ecs-svc/3 rolls out the same task definition anew");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rollout_judge__follows_the_decision_table),
        cmocka_unit_test(test_rollout_judge__a_change_of_size_is_done_when_the_tasks_run),
        cmocka_unit_test(test_rollout_judge__reads_the_counters),
        cmocka_unit_test(test_rollout_judge__survives_nonsense),
        cmocka_unit_test(test_rollout_judge__only_successful_is_success),
        cmocka_unit_test(test_rollout_judge__without_a_witness_the_definition_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
