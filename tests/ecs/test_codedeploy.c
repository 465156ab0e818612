#include "ecs_world.h"
#include "sweep.h"

#include <slipway/codedeploy.h>

/* ---- The AppSpec ---- */

#define BALANCED "{'loadBalancers':[{'containerName':'web','containerPort':80}]}"
#define PROPERTIES(more)                                                                     \
    "{'version':0.0,'Resources':[{'TargetService':{'Type':'AWS::ECS::Service','Properties':" \
    "{'TaskDefinition':'arn:td'," more "}}}]}"
#define BALANCER(container, port) \
    "'LoadBalancerInfo':{'ContainerName':'" container "','ContainerPort':" port "}"

static const struct {
    const char *name;
    struct sw_codedeploy_options options;
    const char *service; /* NULL: not seen */
    enum sw_status status;
    const char *result; /* the AppSpec, or the message */
} specs[] = {
    { "the service's load balancer",
      { .application = "a", .group = "g" },
      BALANCED,
      SW_OK,
      PROPERTIES(BALANCER("web", "80")) },
    { "the task set's load balancer",
      { .application = "a", .group = "g" },
      "{'taskSets':[{'loadBalancers':[{'containerName':'api','containerPort':9}]}]}",
      SW_OK,
      PROPERTIES(BALANCER("api", "9")) },
    { "options win",
      { .application = "a", .group = "g", .container = "api", .port = 8080 },
      BALANCED,
      SW_OK,
      PROPERTIES(BALANCER("api", "8080")) },
    { "a capacity provider",
      { .application = "a", .group = "g", .capacity_provider = " SPOT , 0, 10 " },
      BALANCED,
      SW_OK,
      PROPERTIES(BALANCER("web", "80") ",'CapacityProviderStrategy':[{'Base':0,'Weight':10,"
                                       "'CapacityProvider':'SPOT'}]") },
    { "nothing is known",
      { .application = "a", .group = "g" },
      NULL,
      SW_E_USAGE,
      "which container gets the traffic is not known; give --load-balanced-container and "
      "--load-balanced-port" },
    { "the port is not known",
      { .application = "a", .group = "g", .container = "web" },
      NULL,
      SW_E_USAGE,
      "which port gets the traffic is not known; give --load-balanced-container and "
      "--load-balanced-port" },
    { "no group",
      { .application = "a" },
      BALANCED,
      SW_E_USAGE,
      "a deployment by CodeDeploy needs --codedeploy-application and --codedeploy-group" },
    { "a file and options",
      { .application = "a", .group = "g", .container = "web", .appspec = "/nowhere" },
      BALANCED,
      SW_E_USAGE,
      "--codedeploy-appspec says what --load-balanced-container, --load-balanced-port and "
      "--codedeploy-capacity-provider would say; leave them out" },
    { "a file and a port",
      { .application = "a", .group = "g", .port = 80, .appspec = "/nowhere" },
      BALANCED,
      SW_E_USAGE,
      "--codedeploy-appspec says what --load-balanced-container, --load-balanced-port and "
      "--codedeploy-capacity-provider would say; leave them out" },
    { "a capacity provider without a name",
      { .application = "a", .group = "g", .capacity_provider = ",1,1" },
      BALANCED,
      SW_E_USAGE,
      "--codedeploy-capacity-provider: \",1,1\" is not NAME,BASE,WEIGHT with a base from 0 to "
      "100000 and a weight from 0 to 1000, e.g. FARGATE_SPOT,0,1" },
};

static void test_codedeploy__makes_the_appspec(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(specs); i++) {
        print_message("case %s\n", specs[i].name);
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *spec = NULL;
        json_auto_t *service = specs[i].service ? test_json(specs[i].service) : NULL;
        enum sw_status status =
            sw_codedeploy_appspec(&specs[i].options, service, "arn:td", &spec, &err);
        assert_int_equal(status, specs[i].status);
        if (status != SW_OK) {
            assert_string_equal(err.msg, specs[i].result);
            continue;
        }
        char *text SW_CLEANUP(sw_free_str) = test_json_text(spec);
        assert_string_equal(text, specs[i].result);
    }
}

/* An AppSpec that was cut would still have the digest that fits it. */
static void test_codedeploy__sends_no_part_of_an_appspec(void **state)
{
    const struct sw_codedeploy_options options = { .application = "a", .group = "g" };
    struct ecs_world w;
    struct sw_err err = SW_ERR_INIT;
    char *id = NULL;

    (void)state;
    char *long_text SW_CLEANUP(sw_free_str) = sw_xcalloc(700000, 1);
    memset(long_text, 'x', 699999);
    json_auto_t *spec = json_pack("{s:s}", "Hooks", long_text);
    ecs_world_init(&w);
    assert_int_equal(sw_codedeploy_create(w.aws, &options, spec, &id, &err), SW_E_TOO_LARGE);
    assert_string_equal(err.msg, "the AppSpec is larger than 524288 bytes");
    assert_null(id);
    ecs_world_done(&w);
}

/* ---- What deploys a service ---- */

static void test_codedeploy__knows_the_newest_deployment(void **state)
{
    static const struct {
        const char *service, *id;
    } cases[] = {
        { "{}", NULL },
        { "{'taskSets':[{'status':'PRIMARY','createdAt':1}]}", NULL },
        /* Somebody's own tool has ids of its own. */
        { "{'taskSets':[{'externalId':'x-1','createdAt':1}]}", NULL },
        { "{'taskSets':[{'startedBy':'CODE_DEPLOY','externalId':'d-1','createdAt':5.5},"
          "{'startedBy':'CODE_DEPLOY','externalId':'d-2','createdAt':7},"
          "{'startedBy':'CODE_DEPLOY','externalId':'d-3','createdAt':6}]}",
          "d-2" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        json_auto_t *service = test_json(cases[i].service);
        const char *id = sw_codedeploy_newest(service);
        print_message("case %zu\n", i);
        assert_string_equal(id ? id : "", cases[i].id ? cases[i].id : "");
    }
}

#define MADE                                                                          \
    "{'serviceName':'kim','taskSets':[{'startedBy':'CODE_DEPLOY','externalId':'d-1'," \
    "'createdAt':1}]}"
#define LONG       "a-name-that-is-longer-than-the-forty-six-bytes-of-it-that-count"
#define CUT        "a-name-that-is-longer-than-the-forty-six-bytes"
#define CALL(name) "CodeDeploy_20141006." name
#define URL        "https://codedeploy.us-east-1.amazonaws.com/"

/* Where the names come from, and what is told without them. */
static const struct {
    const char *name, *cluster, *service;
    enum sw_status status;
    const char *result; /* "APPLICATION GROUP", or the message */
    struct ecs_step steps[3];
} finds[] = {
    { "the newest deployment",
      "prod",
      MADE,
      SW_OK,
      "shop web",
      { { .action = CALL("GetDeployment"),
          .url = URL,
          .input = "{'deploymentId':'d-1'}",
          .reply =
              "{'deploymentInfo':{'applicationName':'shop','deploymentGroupName':'web'}}" } } },
    { "the console's names, cut",
      "arn:aws:ecs:us-east-1:1:cluster/" LONG,
      "{'serviceName':'" LONG "'}",
      SW_OK,
      "AppECS-" CUT "-" CUT " DgpECS-" CUT "-" CUT,
      { { .action = CALL("GetDeploymentGroup"),
          .url = URL,
          .input = "{'applicationName':'AppECS-" CUT "-" CUT "','deploymentGroupName':'DgpECS-" CUT
                   "-" CUT "'}",
          .reply = "{'deploymentGroupInfo':{}}" } } },
    { "neither",
      "prod",
      MADE,
      SW_E_CONFLICT,
      "service \"kim\" is deployed by AWS CodeDeploy, and by which application and deployment group "
      "is not known: deployment d-1 names none, and AppECS-prod-kim with DgpECS-prod-kim does not "
      "exist; give --codedeploy-application NAME and --codedeploy-group NAME; deployment groups: "
      "blue",
      { { .action = CALL("GetDeployment"), .url = URL, .reply = "{'deploymentInfo':{}}" },
        { .action = CALL("GetDeploymentGroup"),
          .url = URL,
          .status = 400,
          .reply = "{'__type':'DeploymentGroupDoesNotExistException','message':'no'}" },
        { .action = CALL("ListDeploymentGroups"),
          .url = URL,
          .input = "{'applicationName':'AppECS-prod-kim'}",
          .reply = "{'deploymentGroups':['blue']}" } } },
    { "no right to look",
      "prod",
      MADE,
      SW_E_CONFLICT,
      "service \"kim\" is deployed by AWS CodeDeploy, and by which application and deployment group "
      "is not known: CodeDeploy GetDeployment: AccessDeniedException: no; allow "
      "\"codedeploy:GetDeployment\" in this identity's IAM policy, and AppECS-prod-kim with "
      "DgpECS-prod-kim cannot be asked for; give --codedeploy-application NAME and "
      "--codedeploy-group NAME",
      { { .action = CALL("GetDeployment"),
          .url = URL,
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'no'}" },
        { .action = CALL("GetDeploymentGroup"),
          .url = URL,
          .status = 400,
          .reply = "{'__type':'AccessDeniedException','message':'no'}" } } },
};

static void test_codedeploy__finds_who_deploys_a_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(finds); i++) {
        struct ecs_world w;
        struct sw_err err = SW_ERR_INIT;
        char *application SW_CLEANUP(sw_free_str) = NULL;
        char *group SW_CLEANUP(sw_free_str) = NULL;
        json_auto_t *service = test_json(finds[i].service);
        size_t count = 0;
        while (count < SW_COUNT(finds[i].steps) && finds[i].steps[count].action) {
            count++;
        }
        print_message("case %s\n", finds[i].name);
        ecs_world_init(&w);
        ecs_world_expect(&w, finds[i].steps, count);
        enum sw_status status =
            sw_codedeploy_find(w.aws, finds[i].cluster, service, &application, &group, &err);
        assert_string_equal(sw_status_name(status), sw_status_name(finds[i].status));
        char *found SW_CLEANUP(sw_free_str) =
            status == SW_OK ? sw_xasprintf("%s %s", application, group) : sw_xstrdup(err.msg);
        assert_string_equal(found, finds[i].result);
        ecs_world_done(&w);
    }
}

/* ---- Every call going wrong in every way ---- */

struct fake_codedeploy {
    struct ecs_world texts; /* only keeps the answers' texts */
    bool created;
    unsigned looks;
};

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct fake_codedeploy *fake = ctx;
    const char *target = fake_http_request_header(request, "X-Amz-Target");
    const char *action = target ? strrchr(target, '.') + 1 : "";
    const char *text = "{'services':[],'taskArns':[]}";
    if (strcmp(action, "CreateDeployment") == 0) {
        fake->created = true;
        text = "{'deploymentId':'d-1'}";
    } else if (strcmp(action, "GetDeployment") == 0) {
        bool over = ++fake->looks >= 3;
        text = over ? "{'deploymentInfo':{'status':'Succeeded'}}"
                    : "{'deploymentInfo':{'status':'InProgress'}}";
    }
    answer->body = ecs_world_text(&fake->texts, text);
}

static void setup(void *ctx, struct fake_http *http)
{
    struct fake_codedeploy *fake = ctx;
    sw_strs_release(&fake->texts.texts);
    fake->created = false;
    fake->looks = 0;
    http->handler = answer;
    http->handler_ctx = fake;
}

static enum sw_status follow(struct sw_aws *aws, const char *id, struct sw_err *err)
{
    const struct sw_follow_options options = {
        .cluster = "prod",
        .service = "kim",
        .target = { .task_definition = "arn:td/kim:13" },
    };
    struct sw_follow_result result;
    enum sw_status status = sw_codedeploy_follow(aws, &options, id, &result, err);
    assert_int_equal(status == SW_OK, result.verdict == SW_ROLLOUT_DONE);
    sw_follow_result_release(&result);
    return status;
}

static enum sw_status run(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    const struct sw_codedeploy_options options = { .application = "a", .group = "g" };
    json_auto_t *service = test_json(BALANCED);
    json_auto_t *spec = NULL;
    char *id SW_CLEANUP(sw_free_str) = NULL;
    (void)ctx;
    ecs_world_settings(t);
    assert_int_equal(sw_aws_new(&t->env, NULL, &aws, err), SW_OK);
    assert_int_equal(sw_codedeploy_appspec(&options, service, "arn:td", &spec, err), SW_OK);
    if (sw_codedeploy_create(aws, &options, spec, &id, err) != SW_OK) {
        return err->status;
    }
    return follow(aws, id, err);
}

static void verify(void *ctx, const struct sweep_run *run)
{
    const struct fake_codedeploy *fake = ctx;
    if (run->status == SW_OK) {
        assert_true(fake->created);
        assert_true(fake->looks >= 3);
    }
}

/* What tasks do meanwhile is shown when it can be seen. */
static bool tolerates(void *ctx, const struct sweep_run *run)
{
    (void)ctx;
    return strstr(run->what, "DescribeServices") != NULL;
}

static void test_codedeploy__never_claims_success_on_failure(void **state)
{
    struct fake_codedeploy fake = { .created = false };
    const struct sweep sweep = { .name = "codedeploy",
                                 .setup = setup,
                                 .run = run,
                                 .verify = verify,
                                 .tolerates = tolerates,
                                 .ctx = &fake };

    (void)state;
    sweep_all(&sweep);
    sw_strs_release(&fake.texts.texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codedeploy__makes_the_appspec),
        cmocka_unit_test(test_codedeploy__sends_no_part_of_an_appspec),
        cmocka_unit_test(test_codedeploy__knows_the_newest_deployment),
        cmocka_unit_test(test_codedeploy__finds_who_deploys_a_service),
        cmocka_unit_test(test_codedeploy__never_claims_success_on_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
