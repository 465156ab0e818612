/* What the checks before a deployment find, how they count, and in how many calls. */
#include "check_world.h"

static void test_preflight__finds_nothing_in_a_good_service(void **state)
{
    struct check_world world;

    (void)state;
    check_world_init(&world, NULL, 0);
    check_world_run(&world, NULL, NULL);
    for (size_t i = 0; i < world.report.count; i++) {
        const struct sw_check_finding *found = &world.report.items[i];
        if (found->level != SW_CHECK_OK) {
            fail_msg("%s: %s: %s", sw_check_level_name(found->level), found->check, found->text);
        }
        assert_true(!found->cause || sw_cause_class_find(found->cause));
    }
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_check_verdict(&world.report, &err));
    check_world_done(&world);
}

/* The arithmetic of host ports: port 80 is taken on every instance of this world by what runs. */
static void test_preflight__counts_host_ports(void **state)
{
    static const struct {
        const char *service;
        unsigned instances;
        enum sw_check_level level;
        const char *text; /* NULL: not looked at */
    } cases[] = {
        { CHECK_SERVICE("1", "100", "200"), 1, SW_CHECK_BLOCK,
          "container \"web\" has the fixed host port 80, which is taken on the only instance: "
          "with minimumHealthyPercent 100 ECS may not stop an old task, and cannot start a new one "
          "beside it" },
        { CHECK_SERVICE("1", "0", "100"), 1, SW_CHECK_WARN,
          "container \"web\" has the fixed host port 80: old tasks stop before new ones start, "
          "which is an outage" },
        { CHECK_SERVICE("2", "100", "200"), 1, SW_CHECK_BLOCK,
          "container \"web\" has the fixed host port 80, so each instance can run one task: 2 "
          "tasks are wanted and 1 instance could run one" },
        { CHECK_SERVICE("2", "50", "100"), 2, SW_CHECK_OK, NULL },
        { CHECK_SERVICE("1", "100", "200"), 2, SW_CHECK_BLOCK, NULL },
        { CHECK_SERVICE("0", "100", "200"), 2, SW_CHECK_BLOCK,
          "host port 80 of container \"web\" is taken by other services on every instance" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct check_world world;
        check_world_init(&world, NULL, 0);
        world.instances = cases[i].instances;
        check_world_run(&world, cases[i].service, CHECK_DEFINITION("80", ""));
        const struct sw_check_finding *found = check_world_found(&world, "host-port");
        print_message("case %zu: %s\n", i, found->text);
        assert_string_equal(sw_check_level_name(found->level), sw_check_level_name(cases[i].level));
        if (cases[i].text) {
            assert_string_equal(found->text, cases[i].text);
        }
        check_world_done(&world);
    }
    struct check_world world;
    check_world_init(&world, NULL, 0);
    check_world_run(&world, NULL, CHECK_DEFINITION("51678", ""));
    assert_string_equal(check_world_found(&world, "host-port")->text,
                        "container \"web\" wants host port 51678, which every instance keeps for "
                        "itself");
    check_world_done(&world);
}

/* One change of the definition or service each, and what is said of it. */
static const struct {
    const char *check;
    enum sw_check_level level;
    const char *service;
    const char *definition;
    const char *text;
} rows[] = {
    { "percentages", SW_CHECK_BLOCK, CHECK_SERVICE("1", "100", "134"), NULL,
      "the rollout cannot take a step: of 1 wanted task at least 1 must stay (minimumHealthyPercent "
      "100) and at most 1 may run (maximumPercent 134)" },
    { "desired-count", SW_CHECK_WARN, CHECK_SERVICE("0", "100", "200"), NULL,
      "the service wants 0 tasks: the deployment would start nothing" },
    { "controller", SW_CHECK_BLOCK,
      "{'serviceName':'web','desiredCount':1,'deploymentController':{'type':'EXTERNAL'}}", NULL,
      NULL },
    { "in-progress", SW_CHECK_WARN,
      "{'serviceName':'web','desiredCount':1,'deployments':[{'id':'ecs-svc/2','status':'PRIMARY',"
      "'rolloutState':'IN_PROGRESS','taskDefinition':'" TD "web:2','runningCount':0,"
      "'desiredCount':1}]}",
      NULL, "deployment ecs-svc/2 of web:2 is still in progress (0/1 running)" },
    { "in-progress", SW_CHECK_WARN,
      "{'serviceName':'web','desiredCount':1,'deploymentController':{'type':'CODE_DEPLOY'},"
      "'taskSets':[{'status':'PRIMARY','createdAt':1},{'status':'ACTIVE','createdAt':2,"
      "'startedBy':'CODE_DEPLOY','externalId':'d-2'}]}",
      NULL,
      "the service has more than one task set: deployment d-2 by CodeDeploy may still go on, and "
      "would keep others from starting" },
    { "circuit-breaker", SW_CHECK_WARN, "{'serviceName':'web','desiredCount':1}", NULL,
      "the circuit breaker is off: ECS would start failing tasks for ever" },
    { "circuit-breaker", SW_CHECK_WARN,
      "{'serviceName':'web','desiredCount':1,'deploymentConfiguration':{'deploymentCircuitBreaker':"
      "{'enable':true,'rollback':true}}}",
      NULL,
      "no deployment of the service has completed yet: there is nothing that the circuit breaker "
      "could roll back to" },
    { "load-balancer", SW_CHECK_WARN, "{'serviceName':'web','desiredCount':1}", NULL,
      "the service has no load balancer and no service discovery: nothing leads to port 8080 of "
      "container \"web\", whose host port changes with each task" },
    { "memory", SW_CHECK_BLOCK, NULL, "{'containerDefinitions':[{'name':'web','memory':4096}]}",
      "a task needs 4096 MiB of memory, and the largest instance has 1939 altogether" },
    { "memory", SW_CHECK_WARN, NULL, "{'memory':'1500','containerDefinitions':[{'name':'web'}]}",
      "a task needs 1500 MiB of memory; instance i-0 has 1000 left, no other has more, and "
      "minimumHealthyPercent 100 lets no old task stop first" },
    { "cpu", SW_CHECK_BLOCK, NULL, "{'containerDefinitions':[{'name':'web','cpu':4096}]}",
      "a task needs 4096 CPU units, and the largest instance has 2048 altogether" },
    { "attributes", SW_CHECK_BLOCK, NULL,
      CHECK_DEFINITION("0", ",'logConfiguration':{'logDriver':'splunk'}"),
      "the task needs the attribute com.amazonaws.ecs.capability.logging-driver.splunk, which no "
      "instance has" },
    { "attributes", SW_CHECK_BLOCK, NULL,
      "{'runtimePlatform':{'cpuArchitecture':'ARM64'},'containerDefinitions':[{'name':'web'}]}",
      "the task definition is for ARM64, and no instance has that processor" },
    { "platform", SW_CHECK_BLOCK, NULL,
      "{'runtimePlatform':{'cpuArchitecture':'ARM64'},'containerDefinitions':[{'name':'web',"
      "'image':'reg.example.com/web:1'}]}",
      "image \"reg.example.com/web:1\" of container \"web\" is for linux/amd64; the tasks run on "
      "linux/arm64" },
    { "constraints", SW_CHECK_BLOCK, NULL,
      "{'placementConstraints':[{'type':'memberOf','expression':'attribute:ecs.availability-zone in "
      "[us-east-1b, us-east-1c]'}],'containerDefinitions':[]}",
      "no instance satisfies the placement constraint \"attribute:ecs.availability-zone in "
      "[us-east-1b, us-east-1c]\"" },
    { "constraints", SW_CHECK_OK, NULL,
      "{'placementConstraints':[{'type':'memberOf','expression':'attribute:ecs.os-type == linux'}],"
      "'containerDefinitions':[]}",
      "instances satisfy the placement constraints" },
    { "constraints", SW_CHECK_SKIP, NULL,
      "{'placementConstraints':[{'type':'memberOf','expression':'task:group == x'}],"
      "'containerDefinitions':[]}",
      NULL },
    { "constraints", SW_CHECK_BLOCK, CHECK_SERVICE("2", "100", "200"),
      "{'placementConstraints':[{'type':'distinctInstance'}],'containerDefinitions':[]}",
      "distinctInstance wants an instance per task: 2 tasks are wanted and 1 could run one" },
    { "execution-role", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'web','secrets':[{'name':'A','valueFrom':'/a'}]}]}",
      "the task definition has no executionRoleArn, which container \"web\" needs for secrets" },
    { "target-type", SW_CHECK_BLOCK, NULL,
      "{'networkMode':'awsvpc','containerDefinitions':[{'name':'web'}]}",
      "target group \"web\" has target type instance; network mode awsvpc needs type ip" },
    { "duplicate-ports", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','portMappings':[{'containerPort':1,'hostPort':80}]},"
      "{'name':'b','portMappings':[{'containerPort':2,'hostPort':80}]}]}",
      "containers \"a\" and \"b\" both map port 80/tcp, which they share in network mode bridge" },
    { "network-settings", SW_CHECK_BLOCK, NULL,
      "{'networkMode':'awsvpc','containerDefinitions':[{'name':'a','links':['b']}]}",
      "container \"a\" has \"links\", which network mode awsvpc does not allow" },
    { "depends-on", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','dependsOn':[{'containerName':'b','condition':"
      "'HEALTHY'}]},{'name':'b'}]}",
      "container \"a\" waits for \"b\" to be HEALTHY, which has no healthCheck" },
    { "depends-on", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','dependsOn':[{'containerName':'a','condition':"
      "'START'}]}]}",
      "container \"a\" depends on itself" },
    { "essential", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','essential':false}]}", "no container is essential" },
    { "limits", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','memory':64,'memoryReservation':128}]}",
      "container \"a\" reserves 128 MiB, more than its limit of 64 MiB" },
    { "limits", SW_CHECK_BLOCK, NULL,
      "{'memory':'64','containerDefinitions':[{'name':'a','memory':128}]}",
      "the containers want 128 MiB together, more than the task's 64 MiB" },
    { "limits", SW_CHECK_OK, NULL, "{'memory':'1 GB','containerDefinitions':[{'name':'a'}]}",
      NULL },
    { "limits", SW_CHECK_BLOCK, NULL,
      "{'memory':'0.5 GB','containerDefinitions':[{'name':'a','memory':513}]}",
      "the containers want 513 MiB together, more than the task's 512 MiB" },
    { "memory", SW_CHECK_BLOCK, NULL, "{'memory':'3 GB','containerDefinitions':[{'name':'a'}]}",
      "a task needs 3072 MiB of memory, and the largest instance has 1939 altogether" },
    /* Numbers that no service has: nothing is added up or multiplied beyond what there is. */
    { "limits", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','memoryReservation':9223372036854775807},"
      "{'name':'b','memoryReservation':9223372036854775807}]}",
      "container \"a\" has memoryReservation 9223372036854775807; ECS takes 0 to 2147483647" },
    { "limits", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','memory':64,'cpu':-9223372036854775808}]}",
      "container \"a\" has cpu -9223372036854775808; ECS takes 0 to 2147483647" },
    { "memory", SW_CHECK_OK, NULL,
      "{'containerDefinitions':[{'name':'a','memory':9223372036854775807},"
      "{'name':'b','memory':9223372036854775807}]}",
      NULL },
    { "cpu", SW_CHECK_BLOCK, NULL,
      "{'containerDefinitions':[{'name':'a','cpu':2147483647},{'name':'b','cpu':2147483647}]}",
      "a task needs 4294967294 CPU units, and the largest instance has 2048 altogether" },
    { "host-port", SW_CHECK_BLOCK,
      "{'serviceName':'web','launchType':'EC2','desiredCount':0,'runningCount':"
      "-9223372036854775808}",
      CHECK_DEFINITION("80", ""),
      "host port 80 of container \"web\" is taken by other services on every instance" },
    { "percentages", SW_CHECK_OK,
      CHECK_SERVICE("9223372036854775807", "9223372036854775807", "9223372036854775807"), NULL,
      NULL },
    { "health-command", SW_CHECK_WARN, NULL,
      CHECK_DEFINITION("0", ",'healthCheck':{'command':['CMD-SHELL','curl -f http://localhost']}"),
      "the health check of container \"web\" runs curl, which many images do not have" },
    { "health-command", SW_CHECK_BLOCK, NULL,
      CHECK_DEFINITION("0", ",'healthCheck':{'command':['NONE'],'interval':1}"),
      "the health check of container \"web\" has interval 1; ECS takes 5 to 300" },
    { "log-group", SW_CHECK_BLOCK, NULL,
      CHECK_DEFINITION("0", ",'logConfiguration':{'logDriver':'awslogs','options':{"
                            "'awslogs-group':'/web'}}"),
      "the log group \"/web\" of container \"web\" does not exist" },
    { "secrets", SW_CHECK_BLOCK, NULL,
      CHECK_DEFINITION("0", ",'secrets':[{'name':'A','valueFrom':'/app/a'}]"),
      "the parameter \"/app/a\" does not exist" },
    { "env-files", SW_CHECK_WARN, NULL,
      CHECK_DEFINITION("0", ",'environmentFiles':[{'type':'s3','value':'arn:aws:s3:::b/k.txt'}]"),
      "container \"web\" reads variables from \"arn:aws:s3:::b/k.txt\", which is no ARN of an S3 "
      "object that ends in .env" },
    { "file-system", SW_CHECK_SKIP, NULL,
      "{'volumes':[{'name':'v','efsVolumeConfiguration':{'fileSystemId':'fs-1'}}],"
      "'containerDefinitions':[]}",
      "not checked: file system fs-1 of volume \"v\"" },
};

static void test_preflight__looks_at_service_and_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct check_world world;
        check_world_init(&world, NULL, 0);
        check_world_run(&world, rows[i].service, rows[i].definition);
        const struct sw_check_finding *found = check_world_found(&world, rows[i].check);
        print_message("%s: %s\n", rows[i].check, found->text);
        assert_string_equal(sw_check_level_name(found->level), sw_check_level_name(rows[i].level));
        if (rows[i].text) {
            assert_string_equal(found->text, rows[i].text);
        }
        assert_true(found->level == SW_CHECK_OK || found->level == SW_CHECK_SKIP || found->advice ||
                    strcmp(found->check, "controller") == 0 ||
                    strcmp(found->check, "circuit-breaker") == 0);
        check_world_done(&world);
    }
}

/* Groups that open everything open also ports that no machine has: the search must end. */
static void test_preflight__a_port_beyond_all_ports_is_no_endless_search(void **state)
{
    static const struct check_answer open[] = {
        { "DescribeSecurityGroups",
          "<R><securityGroupInfo><item><groupId>sg-i</groupId><ipPermissions><item><ipProtocol>-1"
          "</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>"
          "</ipPermissions></item><item><groupId>sg-lb</groupId><ipPermissionsEgress><item>"
          "<ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>"
          "</item></ipPermissionsEgress></item></securityGroupInfo></R>",
          0 },
    };
    struct check_world world;

    (void)state;
    check_world_init(&world, open, SW_COUNT(open));
    check_world_run(&world, NULL, CHECK_DEFINITION("9223372036854775807", ""));
    assert_int_equal(check_world_found(&world, "security-groups")->level, SW_CHECK_OK);
    check_world_done(&world);
}

/* A cluster of 200 instances is read in pages; everything else once, whatever needs it. */
static void test_preflight__stays_within_the_quotas(void **state)
{
    struct check_world world;

    (void)state;
    check_world_init(&world, NULL, 0);
    world.instances = 200;
    check_world_run(&world, NULL,
                    CHECK_DEFINITION("80", ",'secrets':[{'name':'A','valueFrom':'/a'},{'name':'B',"
                                           "'valueFrom':'/b'}]"));
    assert_int_equal(check_world_calls(&world, "ListContainerInstances"), 2);
    assert_int_equal(check_world_calls(&world, "DescribeContainerInstances"), 2);
    assert_int_equal(check_world_calls(&world, "DescribeInstances"), 2);
    for (size_t i = 0; i < world.calls.count; i++) {
        const char *action = world.calls.items[i];
        bool paged = strstr(action, "Instances") != NULL;
        /* Two roles' worth of GetRole, and two identities' rights. */
        bool twice =
            strcmp(action, "GetRole") == 0 || strcmp(action, "SimulatePrincipalPolicy") == 0;
        if (!paged && !twice && check_world_calls(&world, action) != 1) {
            fail_msg("%s was called %zu times", action, check_world_calls(&world, action));
        }
    }
    assert_true(world.calls.count <= 24);
    assert_int_equal(world.w.t.sleeps, 0);
    check_world_done(&world);
}

/* Without any right to look, every check that needs one is skipped, names it, and nothing passes.
 */
static void test_preflight__names_the_rights_that_are_missing(void **state)
{
    static const struct {
        const char *check, *right;
    } cases[] = {
        { "instances", "ecs:ListContainerInstances and ecs:DescribeContainerInstances" },
        { "host-port", "ecs:ListContainerInstances and ecs:DescribeContainerInstances" },
        { "listener", "elasticloadbalancing:DescribeTargetGroups" },
        { "target-vpc", "elasticloadbalancing:DescribeTargetGroups" },
        { "target-health", "elasticloadbalancing:DescribeTargetHealth" },
        { "deregistration-delay", "elasticloadbalancing:DescribeTargetGroupAttributes" },
        { "execution-role", "iam:GetRole" },
        { "execution-rights", "iam:SimulatePrincipalPolicy" },
        { "service-role", "iam:GetRole" },
        { "secrets", "ssm:DescribeParameters" },
        { "log-group", "logs:DescribeLogGroups" },
        { "scaling", "application-autoscaling:DescribeScalableTargets" },
    };
    struct check_world world;

    (void)state;
    check_world_init(&world, NULL, 0);
    world.all_denied = true;
    check_world_run(&world, NULL,
                    CHECK_DEFINITION("80", ",'secrets':[{'name':'A','valueFrom':'/a'}],"
                                           "'logConfiguration':{'logDriver':'awslogs','options':{"
                                           "'awslogs-group':'/web'}}"));
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_check_finding *found = check_world_found(&world, cases[i].check);
        char *text SW_CLEANUP(sw_free_str) =
            sw_xasprintf("not checked: needs the right %s", cases[i].right);
        print_message("%s: %s\n", cases[i].check, found->text);
        assert_int_equal(found->level, SW_CHECK_SKIP);
        assert_string_equal(found->text, text);
    }
    assert_int_equal(check_world_found(&world, "image")->level, SW_CHECK_SKIP);
    assert_int_equal(sw_check_report_count(&world.report, SW_CHECK_BLOCK), 0);
    assert_string_equal(world.w.t.said.ptr, ""); /* and people are told once, by the report */
    check_world_done(&world);
}

/* Any answer that is not one makes checks skip; none of them passes for it, and nothing crashes. */
static void test_preflight__nonsense_is_no_answer(void **state)
{
    static const struct check_answer answers[] = {
        { "ListContainerInstances", "[]", 0 },
        { "DescribeTargetGroups", "<R>", 0 },
        { "GetRole", "{}", 0 },
        { "DescribeScalableTargets", "nonsense", 0 },
        { "registry", "nonsense", 0 },
    };
    struct check_world world;

    (void)state;
    check_world_init(&world, answers, SW_COUNT(answers));
    check_world_run(&world, NULL, CHECK_DEFINITION("80", ""));
    assert_int_equal(check_world_found(&world, "listener")->level, SW_CHECK_SKIP);
    assert_int_equal(check_world_found(&world, "execution-role")->level, SW_CHECK_SKIP);
    assert_int_equal(check_world_found(&world, "scaling")->level, SW_CHECK_SKIP);
    assert_int_equal(check_world_found(&world, "image")->level, SW_CHECK_SKIP);
    check_world_done(&world);
}

static void test_preflight__prints_what_blocks_last(void **state)
{
    struct check_world world;
    struct sw_buf text;

    (void)state;
    check_world_init(&world, NULL, 0);
    check_world_run(&world, CHECK_SERVICE("1", "100", "100"), NULL);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_check_print(&world.report, false, &text);
    char *count = strstr(text.ptr, "1 block, 0 warnings, 0 skipped, ");
    assert_non_null(count);
    *count = '\0';
    assert_string_equal(
        text.ptr,
        "block  percentages: the rollout cannot take a step: of 1 wanted task at least 1 must stay "
        "(minimumHealthyPercent 100) and at most 1 may run (maximumPercent 100)\n"
        "         fix: use 100/200, or 0/100 with a short outage\n"
        "         run: aws ecs update-service --cluster prod --service web "
        "--deployment-configuration minimumHealthyPercent=100,maximumPercent=200\n");
    sw_buf_release(&text);
    struct sw_err err = SW_ERR_INIT;
    assert_fails(sw_check_verdict(&world.report, &err), SW_E_PREFLIGHT,
                 "the deployment would fail: percentages: the rollout cannot take a step: of 1 "
                 "wanted task at least 1 must stay (minimumHealthyPercent 100) and at most 1 may "
                 "run (maximumPercent 100)");
    check_world_done(&world);
}

static void test_preflight__claims_nothing_of_what_is_not_there(void **state)
{
    static const char *const absent[] = { "balanced-container", "image-account", "execution-role" };
    struct check_world world;

    (void)state;
    check_world_init(&world, NULL, 0);
    check_world_run(&world,
                    "{'serviceName':'web','serviceArn':'arn:aws:ecs:us-east-1:123456789012:service/"
                    "prod/web','status':'ACTIVE','launchType':'EC2','desiredCount':1}",
                    "{'family':'web','containerDefinitions':[{'name':'web','image':'nginx:1',"
                    "'memory':64}]}");
    for (size_t i = 0; i < SW_COUNT(absent); i++) {
        assert_string_equal(check_world_found(&world, absent[i])->text, "nothing to check");
        assert_true(check_world_found(&world, absent[i])->idle);
    }
    check_world_done(&world);
}

static void test_preflight__stops_when_told_to(void **state)
{
    struct check_world world;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    check_world_init(&world, NULL, 0);
    world.w.t.stop = true;
    json_auto_t *definition = test_json(CHECK_DEFINITION("0", ""));
    const struct sw_check_options options = { .cluster = "prod", .definition = definition };
    assert_fails(sw_check_run(world.w.aws, &options, &world.report, &err), SW_E_STOPPED,
                 "stopped while checking the deployment");
    check_world_done(&world);
}

/* What a registry says at length is cut between two characters: half of one would be no JSON. */
static void test_preflight__a_long_refusal_is_no_good_image(void **state)
{
    (void)state;
    for (int shift = 0; shift < 2; shift++) {
        struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_buf_addf(&text, "{'errors':[{'code':'DENIED','message':'%s", shift ? "x" : "");
        for (int i = 0; i < 500; i++) {
            sw_buf_add_cstr(&text, "\xc3\xa9");
        }
        sw_buf_add_cstr(&text, "'}]}");
        const struct check_answer answers[] = { { "registry", text.ptr, 403 } };
        struct check_world world;
        check_world_init(&world, answers, SW_COUNT(answers));
        check_world_run(&world, NULL, NULL);
        assert_string_equal(sw_check_level_name(check_world_found(&world, "image")->level),
                            sw_check_level_name(SW_CHECK_SKIP));
        check_world_done(&world);
    }
}

/* Names of alarms may come from a file of the user's, which ECS has not yet looked at. */
static void test_preflight__alarm_names_need_not_be_texts(void **state)
{
    static const struct check_answer answers[] = {
        { "DescribeAlarms",
          "<R><DescribeAlarmsResult><MetricAlarms><member><AlarmName>5xx</AlarmName><StateValue>OK"
          "</StateValue></member></MetricAlarms></DescribeAlarmsResult></R>",
          0 },
    };
    struct check_world world;

    (void)state;
    check_world_init(&world, answers, SW_COUNT(answers));
    check_world_run(&world,
                    "{'serviceName':'web','desiredCount':1,'deploymentConfiguration':{'alarms':{"
                    "'alarmNames':['5xx',404,'slow'],'enable':true}}}",
                    NULL);
    const struct sw_check_finding *found = check_world_found(&world, "alarms");
    assert_string_equal(found->text, "alarms of the deployment do not exist: slow");
    check_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preflight__finds_nothing_in_a_good_service),
        cmocka_unit_test(test_preflight__counts_host_ports),
        cmocka_unit_test(test_preflight__looks_at_service_and_definition),
        cmocka_unit_test(test_preflight__a_port_beyond_all_ports_is_no_endless_search),
        cmocka_unit_test(test_preflight__stays_within_the_quotas),
        cmocka_unit_test(test_preflight__names_the_rights_that_are_missing),
        cmocka_unit_test(test_preflight__nonsense_is_no_answer),
        cmocka_unit_test(test_preflight__prints_what_blocks_last),
        cmocka_unit_test(test_preflight__claims_nothing_of_what_is_not_there),
        cmocka_unit_test(test_preflight__stops_when_told_to),
        cmocka_unit_test(test_preflight__a_long_refusal_is_no_good_image),
        cmocka_unit_test(test_preflight__alarm_names_need_not_be_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
