/* Clearing up: which revisions go, which stay, and which calls that takes. */

#include "ecs_world.h"

#include <slipway/deregister.h>

#define LIST_ACTIVE   "{'familyPrefix':'kim','status':'ACTIVE','sort':'ASC','maxResults':100}"
#define LIST_INACTIVE "{'familyPrefix':'kim','status':'INACTIVE','sort':'ASC','maxResults':100}"

struct trial {
    struct ecs_world w;
    struct sw_strs clusters;
    struct sw_deregister_options options;
    struct sw_deregister_result done;
    struct sw_err err;
};

static void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .family = "kim", .keep = 2 } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    sw_strs_add(&trial->clusters, SW_STR("prod"));
    trial->options.clusters = &trial->clusters;
}

static enum sw_status trial_run(struct trial *trial)
{
    return sw_taskdef_deregister(trial->w.aws, &trial->options, &trial->done, &trial->err);
}

static void trial_done(struct trial *trial)
{
    sw_deregister_result_release(&trial->done);
    sw_strs_release(&trial->clusters);
    ecs_world_done(&trial->w);
}

static void assert_list(const struct sw_strs *list, const char *expected)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < list->count; i++) {
        sw_buf_addf(&text, "%s%s", i ? " " : "", list->items[i]);
    }
    assert_string_equal(text.ptr, expected);
    sw_buf_release(&text);
}

/* The names of another family begin like this one's; the order is that of numbers. */
#define ACTIVE                                                                             \
    { .action = "ListTaskDefinitions",                                                     \
      .input = LIST_ACTIVE,                                                                \
      .reply = "{'taskDefinitionArns':['" TD "kim:10','" TD "kim:9','" TD "kimono:3','" TD \
               "kim:2'],'nextToken':'t'}" },                                               \
    {                                                                                      \
        .action = "ListTaskDefinitions",                                                   \
        .input = "{'familyPrefix':'kim','status':'ACTIVE','sort':'ASC','maxResults':100,"  \
                 "'nextToken':'t'}",                                                       \
        .reply = "{'taskDefinitionArns':['" TD "kim:4','" TD "kim:3','" TD "kim:1']}"      \
    }
#define USES                                                                                    \
    { .action = "ListServices",                                                                 \
      .input = "{'cluster':'prod','maxResults':100}",                                           \
      .reply = "{'serviceArns':['arn:s/a','arn:s/b','arn:s/gone']}" },                          \
        { .action = "DescribeServices",                                                         \
          .input = "{'cluster':'prod','services':['arn:s/a','arn:s/b','arn:s/gone']}",          \
          .reply =                                                                              \
              "{'services':[{'serviceName':'a','status':'ACTIVE','taskDefinition':'" TD         \
              "kim:10','deployments':[{'taskDefinition':'" TD "kim:10'},{'taskDefinition':'" TD \
              "kim:4'}]},{'serviceName':'b','status':'DRAINING','taskDefinition':'" TD          \
              "other:1','taskSets':[{'taskDefinition':'" TD "kim:3'}]},"                        \
              "{'serviceName':'gone','status':'INACTIVE','taskDefinition':'" TD "kim:1'}]}" },  \
        { .action = "ListTasks",                                                                \
          .input = "{'cluster':'prod','family':'kim','maxResults':100}",                        \
          .reply = "{'taskArns':['arn:t/x']}" },                                                \
    {                                                                                           \
        .action = "DescribeTasks", .input = "{'cluster':'prod','tasks':['arn:t/x']}",           \
        .reply = "{'tasks':[{'taskArn':'arn:t/x','taskDefinitionArn':'" TD "kim:1'}]}"          \
    }

static void test_deregister__keeps_the_newest_and_what_is_in_use(void **state)
{
    static const struct ecs_step steps[] = {
        ACTIVE,
        USES,
        { .action = "DeregisterTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:2'}",
          .reply = "{'taskDefinition':{}}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_list(&trial.done.kept, "kim:9 kim:10");
    assert_list(&trial.done.in_use, "kim:1 kim:3 kim:4");
    assert_list(&trial.done.deregistered, "kim:2");
    assert_list(&trial.done.deleted, "");
    assert_non_null(strstr(trial.w.t.said.ptr, "kim:1 stays: task x in cluster prod uses it\n"));
    assert_non_null(strstr(trial.w.t.said.ptr, "kim:3 stays: service b in cluster prod uses it\n"));
    assert_non_null(strstr(trial.w.t.said.ptr, "kim:4 stays: service a in cluster prod uses it\n"));
    trial_done(&trial);
}

static void test_deregister__a_dry_run_changes_nothing(void **state)
{
    static const struct ecs_step steps[] = {
        ACTIVE,
        { .action = "ListTaskDefinitions",
          .input = LIST_INACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kim:7']}" },
        USES,
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.dry_run = true;
    trial.options.delete_inactive = true;
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_list(&trial.done.deregistered, "kim:2");
    assert_list(&trial.done.deleted, "kim:7 kim:2");
    trial_done(&trial);
}

static void test_deregister__deletes_in_tens_and_tells_what_was_not(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kim:20']}" },
        { .action = "ListTaskDefinitions",
          .input = LIST_INACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kim:1','" TD "kim:2','" TD "kim:3','" TD
                   "kim:4','" TD "kim:5','" TD "kim:6','" TD "kim:7','" TD "kim:8','" TD
                   "kim:9','" TD "kim:10','" TD "kim:11','" TD "kim:12']}" },
        USES,
        { .action = "DeleteTaskDefinitions",
          .input = "{'taskDefinitions':['" TD "kim:2','" TD "kim:5','" TD "kim:6','" TD
                   "kim:7','" TD "kim:8','" TD "kim:9','" TD "kim:11','" TD "kim:12']}",
          .reply =
              "{'taskDefinitions':[{'taskDefinitionArn':'" TD "kim:2'}],'failures':[{'arn':'" TD
              "kim:5','reason':'STILL_THERE','detail':'busy'}]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.delete_inactive = true;
    assert_string_equal(sw_status_name(trial_run(&trial)), sw_status_name(SW_E_FAILED));
    assert_string_equal(trial.err.msg,
                        "1 revision could not be cleared up, e.g. kim:5: STILL_THERE: busy");
    assert_list(&trial.done.in_use, "kim:1 kim:3 kim:4 kim:10");
    assert_list(&trial.done.deleted, "kim:2");
    trial_done(&trial);
}

/* More than ten at once are split; a refused revision leaves the others. */
static void test_deregister__goes_on_after_a_refusal(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply =
              "{'taskDefinitionArns':['" TD "kim:1','" TD "kim:2','" TD "kim:3','" TD "kim:4']}" },
        { .action = "ListServices", .reply = "{'serviceArns':[]}" },
        { .action = "ListTasks", .reply = "{'taskArns':[]}" },
        { .action = "DeregisterTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:1'}",
          .status = 400,
          .reply = "{'__type':'ClientException','message':'not now'}" },
        { .action = "DeregisterTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:2'}",
          .reply = "{}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), sw_status_name(SW_E_FAILED));
    assert_string_equal(trial.err.msg, "1 revision could not be cleared up, e.g. kim:1: ECS "
                                       "DeregisterTaskDefinition: ClientException: not now");
    assert_list(&trial.done.deregistered, "kim:2");
    trial_done(&trial);
}

static void test_deregister__throttling_is_waited_out(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kim:1','" TD "kim:2','" TD "kim:3']}" },
        { .action = "ListServices", .reply = "{'serviceArns':[]}" },
        { .action = "ListTasks", .reply = "{'taskArns':[]}" },
        { .action = "DeregisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'ThrottlingException','message':'Rate exceeded'}",
          .times = 2 },
        { .action = "DeregisterTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:1'}",
          .reply = "{}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_list(&trial.done.deregistered, "kim:1");
    assert_true(trial.w.t.sleeps >= 2);
    trial_done(&trial);
}

/* What is in use must be known whole: any gap stops it before something is deregistered. */
static void test_deregister__nothing_is_done_when_use_is_not_known(void **state)
{
    static const struct ecs_step uses[] = { USES };
    static const char *const answers[] = {
        "{'__type':'AccessDeniedException','message':'no'}",
        "{'__type':'ClientException','message':'no'}",
    };

    (void)state;
    for (size_t broken = 0; broken < SW_COUNT(uses); broken++) {
        for (size_t k = 0; k < SW_COUNT(answers); k++) {
            struct ecs_step steps[2 + SW_COUNT(uses)] = { ACTIVE };
            memcpy(&steps[2], uses, (broken + 1) * sizeof(uses[0]));
            steps[2 + broken].status = 400;
            steps[2 + broken].reply = answers[k];
            struct trial trial;
            trial_init(&trial, steps, 3 + broken);
            assert_string_equal(sw_status_name(trial_run(&trial)),
                                sw_status_name(k == 0 ? SW_E_DENIED : SW_E_FAILED));
            static const char start[] = "what is in use cannot be found out, so nothing is done: ";
            assert_memory_equal(trial.err.msg, start, strlen(start));
            assert_list(&trial.done.deregistered, "");
            trial_done(&trial);
        }
    }
}

static void test_deregister__a_service_that_cannot_be_looked_at_stops_it(void **state)
{
    static const struct ecs_step steps[] = {
        ACTIVE,
        { .action = "ListServices", .reply = "{'serviceArns':['arn:s/a','arn:s/b']}" },
        { .action = "DescribeServices",
          .reply = "{'services':[],'failures':[{'arn':'arn:s/a','reason':'MISSING'},"
                   "{'arn':'arn:s/b','reason':'ODD'}]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), sw_status_name(SW_E_FAILED));
    assert_string_equal(trial.err.msg, "what is in use cannot be found out, so nothing is done: "
                                       "arn:s/b cannot be looked at: ODD");
    trial_done(&trial);
}

static void test_deregister__all_clusters_are_looked_at_unless_named(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kim:1','" TD "kim:2','" TD "kim:3']}" },
        { .action = "ListClusters",
          .input = "{'maxResults':100}",
          .reply = "{'clusterArns':['arn:c/one','arn:c/two']}" },
        { .action = "ListServices",
          .input = "{'cluster':'arn:c/one','maxResults':100}",
          .reply = "{'serviceArns':[]}" },
        { .action = "ListTasks", .reply = "{'taskArns':[]}" },
        { .action = "ListServices",
          .input = "{'cluster':'arn:c/two','maxResults':100}",
          .reply = "{'serviceArns':['arn:s/a']}" },
        { .action = "DescribeServices",
          .reply = "{'services':[{'serviceName':'a','status':'ACTIVE','taskDefinition':'" TD
                   "kim:1'}]}" },
        { .action = "ListTasks", .reply = "{'taskArns':[]}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.clusters = NULL;
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.w.t.said.ptr, "kim:1 stays: service a in cluster two uses it\n");
    trial_done(&trial);
}

static void test_deregister__nothing_to_do_takes_one_call(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kim:1','" TD "kim:2']}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_list(&trial.done.kept, "kim:1 kim:2");
    trial_done(&trial);
}

static void test_deregister__unknown_families_name_the_known_ones(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply = "{'taskDefinitionArns':['" TD "kimono:1']}" },
        { .action = "ListTaskDefinitionFamilies", .reply = "{'families':['kimono','web']}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), sw_status_name(SW_E_NOT_FOUND));
    assert_string_equal(trial.err.msg,
                        "family \"kim\" has no active revisions; families that exist: kimono, web");
    trial_done(&trial);
}

static void test_deregister__a_missing_right_stops_and_what_was_done_is_told(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "ListTaskDefinitions",
          .input = LIST_ACTIVE,
          .reply =
              "{'taskDefinitionArns':['" TD "kim:1','" TD "kim:2','" TD "kim:3','" TD "kim:4']}" },
        { .action = "ListServices", .reply = "{'serviceArns':[]}" },
        { .action = "ListTasks", .reply = "{'taskArns':[]}" },
        { .action = "DeregisterTaskDefinition", .reply = "{}" },
        { .action = "DeregisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'no'}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), sw_status_name(SW_E_DENIED));
    assert_list(&trial.done.deregistered, "kim:1");
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deregister__keeps_the_newest_and_what_is_in_use),
        cmocka_unit_test(test_deregister__a_dry_run_changes_nothing),
        cmocka_unit_test(test_deregister__deletes_in_tens_and_tells_what_was_not),
        cmocka_unit_test(test_deregister__goes_on_after_a_refusal),
        cmocka_unit_test(test_deregister__throttling_is_waited_out),
        cmocka_unit_test(test_deregister__nothing_is_done_when_use_is_not_known),
        cmocka_unit_test(test_deregister__a_service_that_cannot_be_looked_at_stops_it),
        cmocka_unit_test(test_deregister__all_clusters_are_looked_at_unless_named),
        cmocka_unit_test(test_deregister__nothing_to_do_takes_one_call),
        cmocka_unit_test(test_deregister__unknown_families_name_the_known_ones),
        cmocka_unit_test(test_deregister__a_missing_right_stops_and_what_was_done_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
