/* Deployments: which calls are made with which bodies. */
#include "deploy_scene.h"

static void test_deploy__takes_four_calls(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, ordinary, SW_COUNT(ordinary));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_int_equal(trial.w.fake.request_count, 4);
    assert_string_equal(trial.done.service, "kim");
    assert_string_equal(trial.done.family, "kim");
    assert_string_equal(trial.done.previous, TD "kim:12");
    assert_string_equal(trial.done.task_definition, TD "kim:13");
    assert_string_equal(trial.done.deployment_id, "ecs-svc/2");
    assert_string_equal(trial.done.previous_id, "ecs-svc/1");
    assert_string_equal(trial.done.service_deployment, "arn:sd/9");
    assert_true(trial.done.registered);
    assert_true(trial.done.updated);
    assert_int_equal(trial.done.desired, 2);
    char *images SW_CLEANUP(sw_free_str) = test_json_text(trial.done.images);
    assert_string_equal(images, "[{'container':'web','image':'r/web:2','previousImage':'r/web:1'},"
                                "{'container':'log','image':'log:1','previousImage':'log:1'}]");
    assert_string_equal(trial.w.t.said.ptr, "registered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__without_changes_rolls_out_the_newest_revision(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("11") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = UPDATE_INPUT("12"),
          .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_false(trial.done.registered);
    assert_string_equal(trial.done.task_definition, TD "kim:12");
    assert_string_equal(trial.w.t.said.ptr,
                        "kim:12 is what is wanted already; no new revision is registered\n");
    trial_done(&trial);
}

static void test_deploy__reuses_a_revision_that_was_registered_before(void **state)
{
    /* Registered by an earlier run whose rollout was rolled back, say. */
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("11") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = UPDATE_INPUT("12"),
          .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:1");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_false(trial.done.registered);
    trial_done(&trial);
}

static const struct ecs_step already_runs[] = {
    { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
    { .action = "DescribeTaskDefinition", .reply = KIM_12 },
};

static void test_deploy__an_update_that_changes_nothing_is_an_error(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, already_runs, SW_COUNT(already_runs));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:1");
    trial_fails(&trial, SW_E_UNCHANGED,
                "nothing to deploy: service kim in cluster \"prod\" already runs kim:12 with "
                "web=r/web:1, log=log:1; --force rolls it anew, --allow-unchanged accepts it");
    trial_done(&trial);
}

static void test_deploy__an_update_that_changes_nothing_may_be_accepted(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, already_runs, SW_COUNT(already_runs));
    trial.options.allow_unchanged = true;
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:1");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_int_equal(trial.err.status, SW_OK);
    assert_false(trial.done.updated);
    assert_string_equal(trial.done.deployment_id, "ecs-svc/1");
    assert_null(trial.done.previous_id);
    assert_string_equal(trial.w.t.said.ptr,
                        "nothing to deploy: service kim in cluster \"prod\" already runs kim:12 "
                        "with web=r/web:1, log=log:1\n");
    trial_done(&trial);
}

static void test_deploy__force_rolls_what_runs_already(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = "{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:12',"
                   "'forceNewDeployment':true}",
          .reply = UPDATED("ecs-svc/2", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.force = true;
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.done.deployment_id, "ecs-svc/2");
    trial_done(&trial);
}

static void test_deploy__changes_the_service_in_the_same_call(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .reply = "{'services':[{'serviceName':'kim','status':'ACTIVE','taskDefinition':'" TD
                   "kim:12','deployments':[{'id':'ecs-svc/1','status':'PRIMARY','rolloutState':"
                   "'IN_PROGRESS','taskDefinition':'" TD "kim:12'}]}],'failures':[]}" },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService",
          .input = "{'cluster':'prod','service':'kim','taskDefinition':'" TD "kim:12',"
                   "'desiredCount':0,'deploymentConfiguration':{'deploymentCircuitBreaker':"
                   "{'enable':true,'rollback':true}}}",
          .reply = UPDATED("ecs-svc/1", "12") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    json_auto_t *settings = test_json("{'desiredCount':0,'deploymentConfiguration':{"
                                      "'deploymentCircuitBreaker':{'enable':true,"
                                      "'rollback':true}}}");
    trial.options.settings = settings;
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_null(trial.done.previous_id);
    assert_string_equal(trial.w.t.said.ptr,
                        "deployment ecs-svc/1 of kim:12 is still in progress\n"
                        "ECS started no new deployment: nothing is to be rolled\n");
    trial_done(&trial);
}

static void test_deploy__tags_of_the_user_are_not_dropped(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'User: u is not authorized to "
                   "perform: ecs:TagResource on resource: x'}" },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_TAG, "stage=prod");
    assert_string_equal(sw_status_name(trial_run(&trial)), "denied");
    trial_done(&trial);
}

static void test_deploy__a_forced_update_is_not_repeated_blindly(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "UpdateService", .failure = FAKE_TIMEOUT },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.force = true;
    assert_string_equal(sw_status_name(trial_run(&trial)), "network");
    assert_non_null(strstr(trial.err.msg, "; whether the deployment was started is not known"));
    trial_done(&trial);
}

static void test_deploy__starts_from_what_the_service_runs(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition",
          .input = "{'taskDefinition':'" TD "kim:12','include':['TAGS']}",
          .reply = KIM_12 },
        { .action = "RegisterTaskDefinition", .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.family = NULL;
    trial.options.service = "kim";
    trial_change(&trial, SW_CHANGE_IMAGE_TAG, "web=2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    trial_done(&trial);
}

static void test_deploy__an_inactive_revision_is_registered_anew(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition",
          .reply = "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:7','family':'kim',"
                   "'status':'INACTIVE','deregisteredAt':1,'containerDefinitions':[]}}" },
        { .action = "RegisterTaskDefinition",
          .input = "{'family':'kim','containerDefinitions':[]}",
          .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial.options.task_definition = "kim:7";
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_true(trial.done.registered);
    trial_done(&trial);
}

static void test_deploy__goes_on_without_the_right_to_look(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .status = 400, .reply = DENIED },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition", .reply = REGISTERED("13") },
        { .action = "UpdateService",
          .input = UPDATE_INPUT("13"),
          .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_null(trial.done.previous);
    assert_string_equal(trial.w.t.said.ptr,
                        "the right ecs:DescribeServices is missing: the service is not checked "
                        "beforehand\nregistered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__tags_are_dropped_when_they_may_not_be_set(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .status = 400, .reply = DENIED },
        { .action = "DescribeTaskDefinition",
          .input = "{'taskDefinition':'kim'}",
          .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'User: u is not authorized to "
                   "perform: ecs:TagResource on resource: x'}" },
        { .action = "RegisterTaskDefinition",
          .input = "{'family':'kim','networkMode':'bridge','futureField':{'a':[0,false,'']},"
                   "'containerDefinitions':[{'name':'web','image':'r/web:2','cpu':0},"
                   "{'name':'log','image':'log:1'}],'volumes':[]}",
          .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(
        trial.w.t.said.ptr,
        "the tags of task definition kim may not be read, so they are not copied\n"
        "warning: the right ecs:TagResource is missing: the new revision gets no tags\n"
        "registered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__a_member_that_aws_does_not_take_back_is_left_out_once(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'ClientException','message':'Unknown field futureField'}" },
        { .action = "RegisterTaskDefinition",
          .input = "{'family':'kim','networkMode':'bridge','containerDefinitions':["
                   "{'name':'web','image':'r/web:2','cpu':0},{'name':'log','image':'log:1'}],"
                   "'volumes':[],'tags':[{'key':'team','value':'x'}]}",
          .reply = REGISTERED("13") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "13") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.w.t.said.ptr,
                        "warning: ECS returned \"futureField\" but does not accept it; registering "
                        "without it\nregistered kim:13\n");
    trial_done(&trial);
}

static void test_deploy__shares_a_family_with_other_pipelines(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = SERVICE_RUNS("12") },
        { .action = "DescribeTaskDefinition", .reply = KIM_12 },
        { .action = "RegisterTaskDefinition",
          .status = 400,
          .reply = "{'__type':'ClientException','message':'Too many concurrent attempts to create "
                   "a new revision of the specified family.'}",
          .times = 2 },
        { .action = "RegisterTaskDefinition", .reply = REGISTERED("14") },
        { .action = "UpdateService", .reply = UPDATED("ecs-svc/2", "14") },
    };
    struct trial trial;

    (void)state;
    trial_init(&trial, steps, SW_COUNT(steps));
    trial_change(&trial, SW_CHANGE_IMAGE, "web=r/web:2");
    assert_string_equal(sw_status_name(trial_run(&trial)), "ok");
    assert_string_equal(trial.done.task_definition, TD "kim:14");
    trial_done(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploy__takes_four_calls),
        cmocka_unit_test(test_deploy__without_changes_rolls_out_the_newest_revision),
        cmocka_unit_test(test_deploy__reuses_a_revision_that_was_registered_before),
        cmocka_unit_test(test_deploy__an_update_that_changes_nothing_is_an_error),
        cmocka_unit_test(test_deploy__an_update_that_changes_nothing_may_be_accepted),
        cmocka_unit_test(test_deploy__force_rolls_what_runs_already),
        cmocka_unit_test(test_deploy__changes_the_service_in_the_same_call),
        cmocka_unit_test(test_deploy__tags_of_the_user_are_not_dropped),
        cmocka_unit_test(test_deploy__a_forced_update_is_not_repeated_blindly),
        cmocka_unit_test(test_deploy__starts_from_what_the_service_runs),
        cmocka_unit_test(test_deploy__an_inactive_revision_is_registered_anew),
        cmocka_unit_test(test_deploy__goes_on_without_the_right_to_look),
        cmocka_unit_test(test_deploy__tags_are_dropped_when_they_may_not_be_set),
        cmocka_unit_test(test_deploy__a_member_that_aws_does_not_take_back_is_left_out_once),
        cmocka_unit_test(test_deploy__shares_a_family_with_other_pipelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
