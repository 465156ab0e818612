/* The request of RunTask: exactly what the options say, and what is refused. */
#include "ecs_test.h"

#include <slipway/task.h>

enum { ITEMS_MAX = 3 };

/* Up to three items of each list, ended by NULL. */
struct lists {
    const char *providers[ITEMS_MAX];
    const char *commands[ITEMS_MAX];
    const char *env[ITEMS_MAX];
    const char *tags[ITEMS_MAX];
    const char *constraints[ITEMS_MAX];
    const char *strategies[ITEMS_MAX];
};

static enum sw_status build(const struct sw_task_request *given, const struct lists *lists,
                            json_t **ret, struct sw_err *err)
{
    struct sw_strs filled[6] = { { .items = NULL } };
    const char *const *const texts[] = { lists->providers, lists->commands,    lists->env,
                                         lists->tags,      lists->constraints, lists->strategies };
    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        for (size_t k = 0; k < ITEMS_MAX && texts[i][k]; k++) {
            sw_strs_add(&filled[i], sw_str(texts[i][k]));
        }
    }
    struct sw_task_request request = *given;
    request.cluster = "prod";
    request.task_definition = "kim";
    request.count = request.count ? request.count : 1;
    request.capacity_providers = &filled[0];
    request.commands = &filled[1];
    request.env = &filled[2];
    request.tags = &filled[3];
    request.placement_constraints = &filled[4];
    request.placement_strategies = &filled[5];
    enum sw_status status = sw_task_request_build(&request, ret, err);
    for (size_t i = 0; i < SW_COUNT(filled); i++) {
        sw_strs_release(&filled[i]);
    }
    return status;
}

#define START "{'cluster':'prod','taskDefinition':'kim','count':1"

static const struct {
    const char *name;
    struct sw_task_request request;
    struct lists lists;
    const char *expected;
} good[] = {
    { "nothing but the task",
      { .count = 3 },
      { .tags = { NULL } },
      "{'cluster':'prod','taskDefinition':'kim','count':3}" },
    { "Fargate in a network",
      { .launch_type = "FARGATE",
        .subnets = "subnet-1, subnet-2,",
        .security_groups = "sg-1",
        .public_ip = SW_SWITCH_ON,
        .platform_version = "1.4.0" },
      { .tags = { "team=shop", "empty=" } },
      START ",'launchType':'FARGATE','networkConfiguration':{'awsvpcConfiguration':{'subnets':["
            "'subnet-1','subnet-2'],'securityGroups':['sg-1'],'assignPublicIp':'ENABLED'}},"
            "'platformVersion':'1.4.0','tags':[{'key':'team','value':'shop'},"
            "{'key':'empty','value':''}]}" },
    { "no public address unless asked for",
      { .subnets = "subnet-1" },
      { .tags = { NULL } },
      START ",'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1'],"
            "'assignPublicIp':'DISABLED'}}}" },
    { "capacity providers",
      { .count = 1 },
      { .providers = { "FARGATE", "FARGATE_SPOT:3", "own:1:2" } },
      START ",'capacityProviderStrategy':[{'capacityProvider':'FARGATE'},{'capacityProvider':"
            "'FARGATE_SPOT','weight':3},{'capacityProvider':'own','weight':1,'base':2}]}" },
    { "capacity providers as AWS's tools write them",
      { .count = 1 },
      { .providers = { "capacityProvider=own,weight=1,base=2",
                       "[{\"capacityProvider\":\"a\"},{\"capacityProvider\":\"b\"}]" } },
      START ",'capacityProviderStrategy':[{'capacityProvider':'own','weight':1,'base':2},"
            "{'capacityProvider':'a'},{'capacityProvider':'b'}]}" },
    { "placement",
      { .count = 1 },
      { .constraints = { "distinctInstance", "memberOf:attribute:ecs.os-type == linux",
                         "type=memberOf,expression=\"attribute:z in [a, b]\"" },
        .strategies = { "spread:attribute:ecs.availability-zone", "type=binpack,field=memory",
                        "random" } },
      START ",'placementConstraints':[{'type':'distinctInstance'},{'type':'memberOf',"
            "'expression':'attribute:ecs.os-type == linux'},{'type':'memberOf','expression':"
            "'attribute:z in [a, b]'}],'placementStrategy':[{'type':'spread','field':"
            "'attribute:ecs.availability-zone'},{'type':'binpack','field':'memory'},"
            "{'type':'random'}]}" },
    { "the whole task's size, roles and disk",
      { .overrides = "{\"cpu\":\"256\",\"memory\":\"512\"}",
        .cpu = "512",
        .task_role = "arn:t",
        .execution_role = "arn:e",
        .ephemeral_storage_gib = 50 },
      { .tags = { "key=team,value=shop" } },
      START
      ",'overrides':{'cpu':'512','memory':'512','taskRoleArn':'arn:t','executionRoleArn':"
      "'arn:e','ephemeralStorage':{'sizeInGiB':50}},'tags':[{'key':'team','value':'shop'}]}" },
    { "further members, where no option names them",
      { .settings = "{\"group\":\"x\",\"volumeConfigurations\":[{\"name\":\"v\"}],\"count\":5}",
        .group = "y" },
      { .tags = { NULL } },
      START ",'group':'y','volumeConfigurations':[{'name':'v'}]}" },
    { "commands and variables",
      { .count = 1 },
      { .commands = { "web=rake  db:migrate 'a  b' \"\"", "log=[\"sh\",\"-c\",\"a b\"]" },
        .env = { "web:LEVEL=a=b", "web:EMPTY=", "web:LEVEL=c" } },
      START ",'overrides':{'containerOverrides':[{'name':'web','command':['rake','db:migrate',"
            "'a  b',''],'environment':[{'name':'LEVEL','value':'c'},{'name':'EMPTY','value':''}]},"
            "{'name':'log','command':['sh','-c','a b']}]}}" },
    { "merged into the overrides",
      { .overrides =
            "{\"cpu\":\"512\",\"containerOverrides\":[{\"name\":\"web\",\"command\":[\"x\"],"
            "\"environment\":[{\"name\":\"A\",\"value\":\"1\"}],\"memory\":64}]}" },
      { .commands = { "web=true" }, .env = { "web:A=2" } },
      START ",'overrides':{'cpu':'512','containerOverrides':[{'name':'web','command':['true'],"
            "'environment':[{'name':'A','value':'2'}],'memory':64}]}}" },
    { "marks",
      { .started_by = "ci",
        .group = "family:kim",
        .enable_execute_command = true,
        .propagate_tags = true,
        .managed_tags = true },
      { .tags = { NULL } },
      START ",'startedBy':'ci','group':'family:kim','enableExecuteCommand':true,"
            "'enableECSManagedTags':true,'propagateTags':'TASK_DEFINITION'}" },
};

static void test_task_request__says_what_the_options_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *request = NULL;
        print_message("%s\n", good[i].name);
        assert_ok(build(&good[i].request, &good[i].lists, &request, &err));
        char *text SW_CLEANUP(sw_free_str) = test_json_text(request);
        assert_string_equal(text, good[i].expected);
    }
}

#define COMMAND_FORM "--command: expected CONTAINER=WORDS, e.g. web=rake db:migrate"
#define COMMAND_ARRAY                                                                               \
    "--command: container \"web\": expected a JSON array of texts, e.g. [\"sh\", \"-c\", \"run && " \
    "done\"]"
#define ENV_FORM "--env: expected CONTAINER:NAME=VALUE, e.g. web:LEVEL=debug"
#define PROVIDER_FORM \
    "--capacity-provider: expected NAME[:WEIGHT[:BASE]], e.g. FARGATE_SPOT:1, got "

static const struct {
    struct sw_task_request request;
    struct lists lists;
    enum sw_status status;
    const char *message;
} bad[] = {
    { { .launch_type = "EC2" },
      { .providers = { "own" } },
      SW_E_USAGE,
      "--launch-type and --capacity-provider exclude each other; give one of them" },
    { { .count = 1 }, { .providers = { "own:x" } }, SW_E_INPUT, PROVIDER_FORM "\"own:x\"" },
    { { .count = 1 }, { .providers = { "own:1:" } }, SW_E_INPUT, PROVIDER_FORM "\"own:1:\"" },
    { { .count = 1 }, { .providers = { ":1" } }, SW_E_INPUT, PROVIDER_FORM "\":1\"" },
    { { .public_ip = SW_SWITCH_ON },
      { .tags = { NULL } },
      SW_E_USAGE,
      "--public-ip needs --subnets" },
    { { .security_groups = "sg-1" },
      { .tags = { NULL } },
      SW_E_USAGE,
      "--security-groups needs --subnets" },
    { { .subnets = " , " },
      { .tags = { NULL } },
      SW_E_USAGE,
      "--subnets: expected 1 to 16 subnets, e.g. subnet-1,subnet-2" },
    { { .count = 1 }, { .commands = { "web" } }, SW_E_INPUT, COMMAND_FORM },
    { { .count = 1 }, { .commands = { "web=" } }, SW_E_INPUT, COMMAND_FORM },
    { { .count = 1 }, { .commands = { "=true" } }, SW_E_INPUT, COMMAND_FORM },
    { { .count = 1 }, { .commands = { "web= " } }, SW_E_INPUT, COMMAND_FORM },
    { { .count = 1 },
      { .commands = { "web=sh -c 'a b" } },
      SW_E_INPUT,
      "--command: container \"web\": a quote ' is not closed" },
    { { .count = 1 }, { .commands = { "web=[1]" } }, SW_E_INPUT, COMMAND_ARRAY },
    { { .count = 1 }, { .commands = { "web=[]" } }, SW_E_INPUT, COMMAND_ARRAY },
    { { .count = 1 }, { .env = { "LEVEL=hunter2" } }, SW_E_INPUT, ENV_FORM },
    { { .count = 1 }, { .env = { "web:=hunter2" } }, SW_E_INPUT, ENV_FORM },
    { { .count = 1 }, { .env = { "web:LEVEL" } }, SW_E_INPUT, ENV_FORM },
    { { .count = 1 },
      { .tags = { "team" } },
      SW_E_INPUT,
      "--tags: \"team\" is not a tag; write \"KEY=VALUE\"" },
    { { .count = 1 },
      { .constraints = { "memberOf:" } },
      SW_E_INPUT,
      "--placement-constraint: expected distinctInstance or memberOf:EXPRESSION, got "
      "\"memberOf:\"" },
    { { .count = 1 },
      { .strategies = { "[1]" } },
      SW_E_INPUT,
      "--placement-strategy: entry 1 of the JSON list is no object" },
    { { .settings = "7" },
      { .tags = { NULL } },
      SW_E_INPUT,
      "--task-settings: expected an object such as {\"volumeConfigurations\": [...]}" },
    { { .overrides = "[]" },
      { .tags = { NULL } },
      SW_E_INPUT,
      "--overrides: expected an object such as {\"containerOverrides\": [{\"name\": \"web\", "
      "\"command\": [\"true\"]}]}" },
    { { .cpu = "abc" },
      { .tags = { NULL } },
      SW_E_INPUT,
      "--cpu: \"abc\" is no size; ECS takes CPU units such as 256, or vCPU such as .25 vCPU" },
    { { .memory = "12x" },
      { .tags = { NULL } },
      SW_E_INPUT,
      "--memory: \"12x\" is no size; ECS takes MiB such as 512, or GB such as 0.5 GB" },
    { { .overrides = "{\"cpu\":\"one\"}" },
      { .tags = { NULL } },
      SW_E_INPUT,
      "--overrides: \"cpu\": \"one\" is no size; ECS takes CPU units such as 256, or vCPU such as .25 "
      "vCPU" },
    { { .overrides = "{\"containerOverrides\":{}}" },
      { .tags = { NULL } },
      SW_E_INPUT,
      "--overrides: expected an object such as {\"containerOverrides\": [{\"name\": \"web\", "
      "\"command\": [\"true\"]}]}" },
};

static void test_task_request__refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(bad); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *request = NULL;
        assert_fails(build(&bad[i].request, &bad[i].lists, &request, &err), bad[i].status,
                     bad[i].message);
        assert_null(request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task_request__says_what_the_options_say),
        cmocka_unit_test(test_task_request__refuses_what_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
