/* Scheduled tasks: what is read, what is sent back, and what is left alone. */
#include "ecs_world.h"

#include <slipway/schedule.h>

#define EVENTS_URL   "https://events.us-east-1.amazonaws.com/"
#define CLUSTER      "arn:aws:ecs:us-east-1:123456789012:cluster/"
#define EVENTS(name) .action = "AWSEvents." name, .url = EVENTS_URL
/* A target as EventBridge keeps it, with members that are none of our business. */
#define TARGET(id, cluster, revision)                                                            \
    "{'Id':'" id "','Arn':'" CLUSTER cluster "','RoleArn':'arn:r','Input':'{}',"                 \
    "'EcsParameters':{'TaskDefinitionArn':'" revision "','TaskCount':2,'futureField':[1,null]}," \
    "'DeadLetterConfig':{'Arn':'arn:q'}}"
#define LAMBDA "{'Id':'fn','Arn':'arn:aws:lambda:us-east-1:1:function:f'}"
#define TAKEN  "{'FailedEntryCount':0,'FailedEntries':[]}"

struct trial {
    struct ecs_world w;
    struct sw_schedule_plan plan;
    json_t *facts;
    struct sw_err err;
};

static void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){
        .plan = { .cluster = "prod", .task_definition = TD "kim:13" },
        .facts = json_array(),
    };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
}

static void trial_done(struct trial *trial)
{
    json_decref(trial->facts);
    ecs_world_done(&trial->w);
}

static void assert_facts(const struct trial *trial, const char *expected)
{
    char *text SW_CLEANUP(sw_free_str) = test_json_text(trial->facts);
    assert_string_equal(text, expected);
}

static void test_schedule__only_the_revision_of_targets_that_fit_changes(void **state)
{
    static const struct ecs_step steps[] = {
        { EVENTS("ListTargetsByRule"), .input = "{'Rule':'night'}",
          .reply = "{'Targets':[" TARGET("a", "prod", TD "kim:12") "," TARGET(
              "b", "test", TD "kim:12") "," LAMBDA "],'NextToken':'more'}" },
        { EVENTS("ListTargetsByRule"), .input = "{'Rule':'night','NextToken':'more'}",
          .reply = "{'Targets':[" TARGET("c", "prod", TD "lee:1") "," TARGET(
              "d", "prod", TD "kim:13") "," TARGET("e", "prod",
                                                   TD "kim") "," TARGET("f", "prod",
                                                                        TD "kim:1") "]}" },
        { EVENTS("PutTargets"),
          .input = "{'Rule':'night','Targets':[" TARGET("a", "prod", TD "kim:13") "," TARGET(
              "f", "prod", TD "kim:13") "]}",
          .reply = TAKEN },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_int_equal(sw_schedule_rule(trial.w.aws, &trial.plan, "night", trial.facts, &trial.err),
                     SW_OK);
    assert_string_equal(trial.w.t.said.ptr, "rule night, target a: kim:12 -> kim:13\n"
                                            "rule night, target d: runs kim:13 already\n"
                                            "rule night, target e: runs the newest revision of "
                                            "kim by itself\n"
                                            "rule night, target f: kim:1 -> kim:13\n");
    assert_facts(&trial, "[{'kind':'rule','name':'night','target':'a','from':'" TD
                         "kim:12','to':'" TD "kim:13','updated':true},"
                         "{'kind':'rule','name':'night','target':'d','from':'" TD
                         "kim:13','to':'" TD "kim:13','updated':false},"
                         "{'kind':'rule','name':'night','target':'e','from':'" TD "kim','to':'" TD
                         "kim','updated':false},"
                         "{'kind':'rule','name':'night','target':'f','from':'" TD "kim:1','to':'" TD
                         "kim:13','updated':true}]");
    trial_done(&trial);
}

static void test_schedule__rules_of_another_bus(void **state)
{
    static const struct ecs_step steps[] = {
        { EVENTS("ListTargetsByRule"), .input = "{'Rule':'night','EventBusName':'aws.partner/a/b'}",
          .reply = "{'Targets':[" TARGET("a", "prod", TD "kim:12") "]}" },
        { EVENTS("PutTargets"),
          .input = "{'Rule':'night','EventBusName':'aws.partner/a/b','Targets':[" TARGET(
              "a", "prod", TD "kim:13") "]}",
          .reply = TAKEN },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.plan.cluster = CLUSTER "prod";
    assert_int_equal(sw_schedule_rule(trial.w.aws, &trial.plan, "aws.partner/a/b/night",
                                      trial.facts, &trial.err),
                     SW_OK);
    trial_done(&trial);
}

static void test_schedule__without_a_cluster_the_family_decides(void **state)
{
    static const struct ecs_step steps[] = {
        { EVENTS("ListTargetsByRule"),
          .reply = "{'Targets':[" TARGET("a", "prod", TD "kim:12") "," TARGET(
              "b", "test", TD "kim:12") "," LAMBDA "]}" },
        { EVENTS("PutTargets"),
          .input = "{'Rule':'night','Targets':[" TARGET("a", "prod", TD "kim:13") "," TARGET(
              "b", "test", TD "kim:13") "]}",
          .reply = TAKEN },
        { EVENTS("ListTargetsByRule"), .reply = "{'Targets':[]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.plan.cluster = NULL;
    assert_int_equal(sw_schedule_rule(trial.w.aws, &trial.plan, "night", trial.facts, &trial.err),
                     SW_OK);
    assert_int_equal(sw_schedule_rule(trial.w.aws, &trial.plan, "day", trial.facts, &trial.err),
                     SW_E_NOT_FOUND);
    assert_string_equal(trial.err.msg, "rule \"day\" does not run \"kim\"; it has no targets");
    trial_done(&trial);
}

static void test_schedule__a_dry_run_changes_nothing(void **state)
{
    static const struct ecs_step steps[] = {
        { EVENTS("ListTargetsByRule"),
          .reply = "{'Targets':[" TARGET("a", "prod", TD "kim:12") "]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.plan.dry_run = true;
    assert_int_equal(sw_schedule_rule(trial.w.aws, &trial.plan, "night", trial.facts, &trial.err),
                     SW_OK);
    assert_string_equal(trial.w.t.said.ptr,
                        "rule night, target a: would change kim:12 -> kim:13\n");
    assert_facts(&trial, "[{'kind':'rule','name':'night','target':'a','from':'" TD
                         "kim:12','to':'" TD "kim:13','updated':false}]");
    trial_done(&trial);
}

static void test_schedule__many_targets_are_sent_ten_at_a_time(void **state)
{
    struct sw_buf list;
    struct trial trial;

    (void)state;
    sw_buf_init(&list, SW_BUF_TEXT_MAX);
    for (int i = 0; i < 12; i++) {
        sw_buf_addf(&list,
                    "%s{'Id':'t%d','Arn':'" CLUSTER
                    "prod','EcsParameters':{'TaskDefinitionArn':'" TD "kim:%d'}}",
                    i ? "," : "", i, i + 1);
    }
    char *targets SW_CLEANUP(sw_free_str) = sw_xasprintf("{'Targets':[%s]}", list.ptr);
    const struct ecs_step steps[] = {
        { EVENTS("ListTargetsByRule"), .reply = targets },
        { EVENTS("PutTargets"), .reply = TAKEN },
        { EVENTS("PutTargets"), .reply = TAKEN },
    };
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_int_equal(sw_schedule_rule(trial.w.aws, &trial.plan, "night", trial.facts, &trial.err),
                     SW_OK);
    for (size_t i = 1; i < 3; i++) {
        json_auto_t *sent = test_json(trial.w.fake.requests[i].body.ptr);
        assert_int_equal(json_array_size(sw_json_array(sent, "Targets")), i == 1 ? 10 : 2);
    }
    sw_buf_release(&list);
    trial_done(&trial);
}

static void test_schedule__rules_fail_when(void **state)
{
    static const struct {
        const char *rule;
        struct ecs_step steps[3];
        size_t count;
        enum sw_status status;
        const char *message;
    } cases[] = {
        { "night",
          { { EVENTS("ListTargetsByRule"),
              .reply = "{'Targets':[" TARGET("a", "test", TD "kim:12") "," LAMBDA "]}" } },
          1,
          SW_E_NOT_FOUND,
          "rule \"night\" does not run \"kim\" in cluster \"prod\"; it runs kim:12 in test, "
          "arn:aws:lambda:us-east-1:1:function:f" },
        { "night",
          { { EVENTS("ListTargetsByRule"), .reply = "{'Targets':[]}" } },
          1,
          SW_E_NOT_FOUND,
          "rule \"night\" does not run \"kim\" in cluster \"prod\"; it has no targets" },
        { "nigth",
          { { EVENTS("ListTargetsByRule"), .status = 400,
              .reply = "{'__type':'ResourceNotFoundException','message':'Rule nigth does not "
                       "exist on EventBus default.'}" },
            { EVENTS("ListRules"), .input = "{'Limit':11}",
              .reply = "{'Rules':[{'Name':'day'},{'Name':'night'}]}" } },
          2,
          SW_E_NOT_FOUND,
          "rule \"nigth\": EventBridge ListTargetsByRule: ResourceNotFoundException: Rule nigth "
          "does not exist on EventBus default.; rules: day, night" },
        { "night",
          { { EVENTS("ListTargetsByRule"),
              .reply = "{'Targets':[" TARGET("a", "prod", TD "kim:12") "]}" },
            { EVENTS("PutTargets"),
              .reply = "{'FailedEntryCount':1,'FailedEntries':[{'TargetId':'a','ErrorCode':"
                       "'ConcurrentModificationException','ErrorMessage':'try again'}]}" } },
          2,
          SW_E_FAILED,
          "EventBridge did not take 1 target of rule \"night\": a: "
          "ConcurrentModificationException: try again" },
        { "night",
          { { EVENTS("ListTargetsByRule"), .reply = "{}" } },
          1,
          SW_E_UNAVAILABLE,
          "ListTargetsByRule of \"night\" answered without a list" },
        { "bus/",
          { { .action = NULL } },
          0,
          SW_E_INPUT,
          "--rule: expected NAME or BUS/NAME, got \"bus/\"" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct trial trial;
        trial_init(&trial, cases[i].steps, cases[i].count);
        assert_string_equal(sw_status_name(sw_schedule_rule(trial.w.aws, &trial.plan, cases[i].rule,
                                                            trial.facts, &trial.err)),
                            sw_status_name(cases[i].status));
        assert_string_equal(trial.err.msg, cases[i].message);
        assert_facts(&trial, "[]");
        trial_done(&trial);
    }
}

/* ---- EventBridge Scheduler ---- */

#define SCHEDULER_URL "https://scheduler.us-east-1.amazonaws.com/schedules"
#define SCHEDULE_REST(revision)                                                                  \
    "'ActionAfterCompletion':'NONE','EndDate':1767225600.5,'FlexibleTimeWindow':{'Mode':'OFF'}," \
    "'ScheduleExpression':'rate(1 day)','ScheduleExpressionTimezone':'Asia/Tokyo','State':"      \
    "'DISABLED','futureField':{'a':null},'Target':{'Arn':'" CLUSTER                              \
    "prod','RoleArn':'arn:r','EcsParameters':{'TaskDefinitionArn':'" revision                    \
    "','TaskCount':1},'RetryPolicy':{'MaximumRetryAttempts':3}}"
#define SCHEDULE(group, revision)                                                                         \
    "{'Arn':'arn:s','CreationDate':1.5,'LastModificationDate':2.5,'Name':'night job','GroupName':'" group \
    "'," SCHEDULE_REST(revision) "}"
#define TOKEN "slipway-14f7e9b6f80-0000000000000000"

static void expect_rest(struct trial *trial, const char *method, const char *url, const char *body,
                        long status, const char *reply)
{
    const struct fake_http_step step = {
        .method = method,
        .url = url,
        .body_json = body ? ecs_world_text(&trial->w, body) : NULL,
        .body = body ? NULL : "",
        .status = status,
        .reply = ecs_world_text(&trial->w, reply),
    };
    fake_http_expect(&trial->w.fake, &step);
}

static void test_schedule__schedules_are_sent_back_whole(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, NULL, 0);
    expect_rest(&trial, "GET", SCHEDULER_URL "/night%20job?groupName=team%20a", NULL, 200,
                SCHEDULE("team a", TD "kim:12"));
    expect_rest(&trial, "PUT", SCHEDULER_URL "/night%20job",
                "{'GroupName':'team a'," SCHEDULE_REST(TD "kim:13") ",'ClientToken':'" TOKEN "'}",
                200, "{'ScheduleArn':'arn:s'}");
    assert_int_equal(
        sw_schedule_schedule(trial.w.aws, &trial.plan, "team a/night job", trial.facts, &trial.err),
        SW_OK);
    assert_facts(&trial, "[{'kind':'schedule','name':'team a/night job','from':'" TD
                         "kim:12','to':'" TD "kim:13','updated':true}]");
    trial_done(&trial);
}

static void test_schedule__a_schedule_that_runs_it_already_is_left_alone(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, NULL, 0);
    expect_rest(&trial, "GET", SCHEDULER_URL "/night%20job", NULL, 200,
                SCHEDULE("default", TD "kim:13"));
    assert_int_equal(
        sw_schedule_schedule(trial.w.aws, &trial.plan, "night job", trial.facts, &trial.err),
        SW_OK);
    assert_string_equal(trial.w.t.said.ptr, "schedule night job: runs kim:13 already\n");
    trial_done(&trial);
}

static void test_schedule__a_schedule_that_is_missing_or_runs_something_else(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, NULL, 0);
    expect_rest(
        &trial, "GET", SCHEDULER_URL "/nigth?groupName=g", NULL, 404,
        "{'__type':'ResourceNotFoundException','Message':'Schedule nigth does not exist.'}");
    expect_rest(&trial, "GET", SCHEDULER_URL "?MaxResults=11&ScheduleGroup=g", NULL, 200,
                "{'Schedules':[{'Name':'night'}],'NextToken':'x'}");
    expect_rest(&trial, "GET", SCHEDULER_URL "/night", NULL, 200, SCHEDULE("default", TD "lee:12"));
    assert_int_equal(
        sw_schedule_schedule(trial.w.aws, &trial.plan, "g/nigth", trial.facts, &trial.err),
        SW_E_NOT_FOUND);
    assert_string_equal(trial.err.msg,
                        "schedule \"nigth\": EventBridge Scheduler GetSchedule: "
                        "ResourceNotFoundException: Schedule nigth does not exist.; schedules: "
                        "night, ...");
    assert_int_equal(
        sw_schedule_schedule(trial.w.aws, &trial.plan, "night", trial.facts, &trial.err),
        SW_E_NOT_FOUND);
    assert_string_equal(trial.err.msg, "schedule \"night\" does not run \"kim\" in cluster "
                                       "\"prod\"; it runs lee:12 in prod");
    assert_int_equal(sw_schedule_schedule(trial.w.aws, &trial.plan, "/x", trial.facts, &trial.err),
                     SW_E_INPUT);
    trial_done(&trial);
}

/* ---- all of them ---- */

static void test_schedule__finds_everything_that_runs_the_family(void **state)
{
    static const struct ecs_step steps[] = {
        { EVENTS("ListRuleNamesByTarget"), .input = "{'TargetArn':'" CLUSTER "prod'}",
          .reply = "{'RuleNames':['other'],'NextToken':'more'}" },
        { EVENTS("ListTargetsByRule"),
          .reply = "{'Targets':[" TARGET("a", "prod", TD "lee:12") "]}" },
        { EVENTS("ListRuleNamesByTarget"),
          .input = "{'TargetArn':'" CLUSTER "prod','NextToken':'more'}",
          .reply = "{'RuleNames':['night']}" },
        { EVENTS("ListTargetsByRule"),
          .reply = "{'Targets':[" TARGET("a", "prod", TD "kim:12") "]}" },
        { EVENTS("PutTargets"), .reply = TAKEN },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    expect_rest(&trial, "GET", SCHEDULER_URL "?MaxResults=100", NULL, 200,
                "{'Schedules':[{'Name':'x','GroupName':'default','Target':{'Arn':'arn:lambda'}}],"
                "'NextToken':'a/b'}");
    expect_rest(&trial, "GET", SCHEDULER_URL "?MaxResults=100&NextToken=a%2Fb", NULL, 200,
                "{'Schedules':[{'Name':'night job','GroupName':'g','Target':{'Arn':'" CLUSTER
                "prod'}}]}");
    expect_rest(&trial, "GET", SCHEDULER_URL "/night%20job?groupName=g", NULL, 200,
                SCHEDULE("g", TD "kim:11"));
    expect_rest(&trial, "PUT", SCHEDULER_URL "/night%20job", NULL, 200, "{}");
    trial.w.fake.steps[trial.w.fake.step_count - 1].body = NULL;
    assert_int_equal(sw_schedule_all(trial.w.aws, &trial.plan, trial.facts, &trial.err), SW_OK);
    assert_string_equal(trial.w.t.said.ptr, "rule night, target a: kim:12 -> kim:13\n"
                                            "schedule g/night job: kim:11 -> kim:13\n");
    trial_done(&trial);
}

static void test_schedule__nothing_scheduled_is_no_failure(void **state)
{
    static const struct ecs_step steps[] = {
        { EVENTS("ListRuleNamesByTarget"), .reply = "{'RuleNames':[]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    expect_rest(&trial, "GET", SCHEDULER_URL "?MaxResults=100", NULL, 200, "{'Schedules':[]}");
    assert_int_equal(sw_schedule_all(trial.w.aws, &trial.plan, trial.facts, &trial.err), SW_OK);
    assert_string_equal(trial.w.t.said.ptr,
                        "no rule and no schedule runs \"kim\" in cluster \"prod\"\n");
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule__only_the_revision_of_targets_that_fit_changes),
        cmocka_unit_test(test_schedule__rules_of_another_bus),
        cmocka_unit_test(test_schedule__without_a_cluster_the_family_decides),
        cmocka_unit_test(test_schedule__a_dry_run_changes_nothing),
        cmocka_unit_test(test_schedule__many_targets_are_sent_ten_at_a_time),
        cmocka_unit_test(test_schedule__rules_fail_when),
        cmocka_unit_test(test_schedule__schedules_are_sent_back_whole),
        cmocka_unit_test(test_schedule__a_schedule_that_runs_it_already_is_left_alone),
        cmocka_unit_test(test_schedule__a_schedule_that_is_missing_or_runs_something_else),
        cmocka_unit_test(test_schedule__finds_everything_that_runs_the_family),
        cmocka_unit_test(test_schedule__nothing_scheduled_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
