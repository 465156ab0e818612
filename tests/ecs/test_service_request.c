/* What is sent of a service besides its task definition: exactly what the options name. */
#include "ecs_test.h"

#include <slipway/service.h>

enum { ITEMS_MAX = 3, LISTS = 7 };

/* Up to three items of each list, ended by NULL. */
struct lists {
    const char *alarms[ITEMS_MAX];
    const char *providers[ITEMS_MAX];
    const char *balancers[ITEMS_MAX];
    const char *registries[ITEMS_MAX];
    const char *constraints[ITEMS_MAX];
    const char *strategies[ITEMS_MAX];
    const char *tags[ITEMS_MAX];
};

static enum sw_status build(const struct sw_service_request *given, const struct lists *lists,
                            json_t **ret_settings, json_t **ret_creation, struct sw_err *err)
{
    struct sw_strs filled[LISTS] = { { .items = NULL } };
    const char *const *const texts[LISTS] = { lists->alarms,      lists->providers,
                                              lists->balancers,   lists->registries,
                                              lists->constraints, lists->strategies,
                                              lists->tags };
    for (size_t i = 0; i < LISTS; i++) {
        for (size_t k = 0; k < ITEMS_MAX && texts[i][k]; k++) {
            sw_strs_add(&filled[i], sw_str(texts[i][k]));
        }
    }
    struct sw_service_request request = *given;
    request.alarms = &filled[0];
    request.capacity_providers = &filled[1];
    request.load_balancers = &filled[2];
    request.service_registries = &filled[3];
    request.placement_constraints = &filled[4];
    request.placement_strategies = &filled[5];
    request.tags = &filled[6];
    enum sw_status status = sw_service_request_build(&request, ret_settings, ret_creation, err);
    for (size_t i = 0; i < LISTS; i++) {
        sw_strs_release(&filled[i]);
    }
    return status;
}

/* Members that are left out stand for "not named". */
#define UNNAMED \
    .desired = -1, .minimum_healthy_percent = -1, .maximum_percent = -1, .grace_period_s = -1
#define NO_LISTS         \
    {                    \
        .tags = { NULL } \
    }

static const struct {
    const char *name;
    struct sw_service_request request;
    struct lists lists;
    const char *settings;
    const char *creation; /* NULL: none */
} good[] = {
    { "nothing", { UNNAMED }, NO_LISTS, "{}", NULL },
    { "zero is a number too",
      { .desired = 0, .minimum_healthy_percent = 0, .maximum_percent = 100, .grace_period_s = 0 },
      NO_LISTS,
      "{'deploymentConfiguration':{'minimumHealthyPercent':0,'maximumPercent':100},"
      "'desiredCount':0,'healthCheckGracePeriodSeconds':0}",
      NULL },
    { "the breaker rolls back unless told not to",
      { UNNAMED, .circuit_breaker = SW_SWITCH_ON },
      NO_LISTS,
      "{'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':true,'rollback':true}}}",
      NULL },
    { "a breaker that only stops",
      { UNNAMED, .circuit_breaker = SW_SWITCH_ON, .breaker_rollback = SW_SWITCH_OFF },
      NO_LISTS,
      "{'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':true,'rollback':false}}}",
      NULL },
    { "no breaker any more",
      { UNNAMED, .circuit_breaker = SW_SWITCH_OFF },
      NO_LISTS,
      "{'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':false,'rollback':false}}}",
      NULL },
    { "alarms",
      { UNNAMED, .alarm_rollback = SW_SWITCH_OFF },
      { .alarms = { "5xx", "slow" } },
      "{'deploymentConfiguration':{'alarms':{'alarmNames':['5xx','slow'],'enable':true,"
      "'rollback':false}}}",
      NULL },
    { "no alarms any more",
      { UNNAMED },
      { .alarms = { "none" } },
      "{'deploymentConfiguration':{'alarms':{'alarmNames':[],'enable':false,'rollback':false}}}",
      NULL },
    { "part of a network",
      { UNNAMED, .security_groups = "sg-1,sg-2", .public_ip = SW_SWITCH_OFF },
      NO_LISTS,
      "{'networkConfiguration':{'awsvpcConfiguration':{'securityGroups':['sg-1','sg-2'],"
      "'assignPublicIp':'DISABLED'}}}",
      NULL },
    { "lists",
      { UNNAMED },
      { .providers = { "FARGATE_SPOT:2:1" },
        .balancers = { "web:80=arn:aws:elasticloadbalancing:r:1:targetgroup/t/1",
                       "web:81=classic" },
        .registries = { "arn:aws:servicediscovery:r:1:service/s", "web:80=arn:x" },
        .constraints = { "distinctInstance" },
        .strategies = { "spread:instanceId" } },
      "{'capacityProviderStrategy':[{'capacityProvider':'FARGATE_SPOT','weight':2,'base':1}],"
      "'loadBalancers':[{'containerName':'web','containerPort':80,'targetGroupArn':"
      "'arn:aws:elasticloadbalancing:r:1:targetgroup/t/1'},{'containerName':'web','containerPort':"
      "81,'loadBalancerName':'classic'}],'serviceRegistries':[{'registryArn':"
      "'arn:aws:servicediscovery:r:1:service/s'},{'containerName':'web','containerPort':80,"
      "'registryArn':'arn:x'}],'placementConstraints':[{'type':'distinctInstance'}],"
      "'placementStrategy':[{'type':'spread','field':'instanceId'}]}",
      NULL },
    { "lists that are emptied",
      { UNNAMED },
      { .balancers = { "none" }, .registries = { "none" }, .constraints = { "none" } },
      "{'loadBalancers':[],'serviceRegistries':[],'placementConstraints':[]}",
      NULL },
    { "the rest",
      { UNNAMED, .platform_version = "1.4.0", .propagate_tags = "SERVICE",
        .managed_tags = SW_SWITCH_OFF, .execute_command = SW_SWITCH_ON,
        .zone_rebalancing = SW_SWITCH_ON },
      NO_LISTS,
      "{'platformVersion':'1.4.0','propagateTags':'SERVICE','enableECSManagedTags':false,"
      "'enableExecuteCommand':true,'availabilityZoneRebalancing':'ENABLED'}",
      NULL },
    { "further members, where no option names them",
      { .desired = 3,
        .minimum_healthy_percent = 50,
        .maximum_percent = -1,
        .grace_period_s = -1,
        .settings = "{\"desiredCount\":1,\"deploymentConfiguration\":{\"strategy\":\"CANARY\","
                    "\"minimumHealthyPercent\":1},\"volumeConfigurations\":[]}" },
      NO_LISTS,
      "{'desiredCount':3,'deploymentConfiguration':{'strategy':'CANARY','minimumHealthyPercent':"
      "50},'volumeConfigurations':[]}",
      NULL },
    { "a new service", { UNNAMED, .create = true }, NO_LISTS, "{}", "{}" },
    { "a new daemon",
      { UNNAMED, .create = true, .daemon = true, .launch_type = "EC2" },
      { .tags = { "team=shop" } },
      "{}",
      "{'launchType':'EC2','schedulingStrategy':'DAEMON','tags':[{'key':'team','value':'shop'}]}" },
};

static void test_service_request__names_what_the_options_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *settings = NULL;
        json_auto_t *creation = NULL;
        print_message("%s\n", good[i].name);
        assert_ok(build(&good[i].request, &good[i].lists, &settings, &creation, &err));
        char *text SW_CLEANUP(sw_free_str) = test_json_text(settings);
        assert_string_equal(text, good[i].settings);
        assert_int_equal(creation != NULL, good[i].creation != NULL);
        char *made SW_CLEANUP(sw_free_str) = creation ? test_json_text(creation) : NULL;
        if (made) {
            assert_string_equal(made, good[i].creation);
        }
    }
}

#define BALANCER_FORM                                                                      \
    "--load-balancer: expected CONTAINER:PORT=TARGET-GROUP-ARN, e.g. web:80=arn:aws:..., " \
    "got "

static const struct {
    struct sw_service_request request;
    struct lists lists;
    enum sw_status status;
    const char *message;
} bad[] = {
    { { UNNAMED, .breaker_rollback = SW_SWITCH_ON },
      NO_LISTS,
      SW_E_USAGE,
      "--breaker-rollback needs --circuit-breaker" },
    { { UNNAMED, .alarm_rollback = SW_SWITCH_OFF },
      NO_LISTS,
      SW_E_USAGE,
      "--alarm-rollback needs --alarm" },
    { { UNNAMED, .launch_type = "EC2" },
      NO_LISTS,
      SW_E_USAGE,
      "--launch-type needs --create: it is for a service that is made" },
    { { UNNAMED, .daemon = true },
      NO_LISTS,
      SW_E_USAGE,
      "--daemon needs --create: it is for a service that is made" },
    { { UNNAMED },
      { .tags = { "a=b" } },
      SW_E_USAGE,
      "--service-tags needs --create: it is for a service that is made" },
    { { UNNAMED, .create = true, .launch_type = "EC2" },
      { .providers = { "own" } },
      SW_E_USAGE,
      "--launch-type and --capacity-provider exclude each other; give one of them" },
    { { .desired = 2, .create = true, .daemon = true },
      NO_LISTS,
      SW_E_USAGE,
      "--daemon and --desired-count exclude each other: a daemon runs once on every instance" },
    { { UNNAMED }, { .balancers = { "web=arn:x" } }, SW_E_INPUT, BALANCER_FORM "\"web=arn:x\"" },
    { { UNNAMED }, { .balancers = { "web:80" } }, SW_E_INPUT, BALANCER_FORM "\"web:80\"" },
    { { UNNAMED },
      { .balancers = { "web:99999=arn:x" } },
      SW_E_INPUT,
      BALANCER_FORM "\"web:99999=arn:x\"" },
    { { UNNAMED }, { .balancers = { "none", "none" } }, SW_E_INPUT, BALANCER_FORM "\"none\"" },
    { { UNNAMED },
      { .registries = { "web" } },
      SW_E_INPUT,
      "--service-registry: expected ARN or CONTAINER:PORT=ARN, got \"web\"" },
    { { UNNAMED, .settings = "[]" },
      NO_LISTS,
      SW_E_INPUT,
      "--service-settings: expected an object such as {\"serviceConnectConfiguration\": "
      "{\"enabled\": false}}" },
    { { UNNAMED, .create = true },
      { .tags = { "a" } },
      SW_E_INPUT,
      "--service-tags: \"a\" is not a tag; write \"KEY=VALUE\"" },
};

static void test_service_request__refuses_what_does_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(bad); i++) {
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *settings = NULL;
        json_auto_t *creation = NULL;
        assert_fails(build(&bad[i].request, &bad[i].lists, &settings, &creation, &err),
                     bad[i].status, bad[i].message);
        assert_null(settings);
        assert_null(creation);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_request__names_what_the_options_name),
        cmocka_unit_test(test_service_request__refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
