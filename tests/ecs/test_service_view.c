/* A service at a glance: what is put together, and what is left out without the right to look. */
#include "check_world.h"

#include <slipway/service.h>

#define SERVICE                                                                                  \
    "{'services':[{'serviceName':'web','status':'ACTIVE','desiredCount':1,'taskDefinition':'" TD \
    "web:2','loadBalancers':[{'targetGroupArn':'arn:tg'}],'deployments':[{'id':'ecs-svc/2',"     \
    "'status':'PRIMARY'}]}]}"

static void test_service_view__puts_together(void **state)
{
    static const struct check_answer answers[] = {
        { "DescribeServices", SERVICE, 0 },
        { "DescribeTaskDefinition",
          "{'taskDefinition':{'containerDefinitions':[{'name':'web','image':'r/web:2'}]}}", 0 },
        { "DescribeTargetHealth",
          "<R><DescribeTargetHealthResult><TargetHealthDescriptions><member><Target><Id>i-0</Id>"
          "<Port>1</Port></Target><TargetHealth><State>unhealthy</State><Reason>Target.Timeout"
          "</Reason></TargetHealth></member><member><Target><Id>i-0</Id><Port>2</Port></Target>"
          "<TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions>"
          "</DescribeTargetHealthResult></R>",
          0 },
        { "ListTasks", "{'taskArns':['t1','t2']}", 0 },
        { "DescribeTasks",
          "{'tasks':[{'taskArn':'t1','startedBy':'ecs-svc/2','containers':[{'name':'web',"
          "'exitCode':1}]},{'taskArn':'t2','startedBy':'ecs-svc/1','containers':[{'name':'web',"
          "'exitCode':2}]}]}",
          0 },
    };
    struct check_world world;
    struct sw_service_view view;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    check_world_init(&world, answers, SW_COUNT(answers));
    assert_ok(sw_service_look(world.w.aws, "prod", "web", &view, &err));
    assert_int_equal(world.calls.count, 5);
    char *images SW_CLEANUP(sw_free_str) = test_json_text(view.images);
    char *targets SW_CLEANUP(sw_free_str) = test_json_text(view.targets);
    assert_string_equal(images, "[{'container':'web','image':'r/web:2'}]");
    assert_string_equal(targets,
                        "[{'targetGroupArn':'arn:tg','states':{'unhealthy':1,'healthy':1}}]");
    assert_int_equal(view.causes.count,
                     2); /* the target, and the stopped task of this deployment */
    assert_string_equal(view.causes.items[0].klass->id, "elb-timeout");
    assert_string_equal(view.causes.items[1].klass->id, "exit-code");
    assert_int_equal(view.missing.count, 0);
    sw_service_view_release(&view);
    check_world_done(&world);
}

static void test_service_view__names_what_is_not_shown(void **state)
{
    static const struct check_answer answers[] = {
        { "DescribeServices", SERVICE, 0 },
        { "DescribeTaskDefinition", NULL, 0 },
        { "DescribeTargetHealth", NULL, 0 },
        { "ListTasks", NULL, 0 },
    };
    struct check_world world;
    struct sw_service_view view;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    check_world_init(&world, answers, SW_COUNT(answers));
    assert_ok(sw_service_look(world.w.aws, "prod", "web", &view, &err));
    assert_int_equal(view.missing.count, 3);
    assert_string_equal(view.missing.items[0],
                        "images: needs the right ecs:DescribeTaskDefinition");
    assert_string_equal(view.missing.items[1],
                        "targets: needs the right elasticloadbalancing:DescribeTargetHealth");
    assert_string_equal(view.missing.items[2],
                        "stopped tasks: needs the right ecs:ListTasks and ecs:DescribeTasks");
    sw_service_view_release(&view);
    check_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_view__puts_together),
        cmocka_unit_test(test_service_view__names_what_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
