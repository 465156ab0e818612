/* Rollbacks: what is gone back to, with which calls, and what is refused. */
#include "ecs_world.h"
#include "sweep.h"

#include <slipway/service.h>

#define SERVICE_INPUT "{'cluster':'prod','services':['kim']}"
#define DEPLOYMENT(id, status, revision, rollout, created)                               \
    "{'id':'ecs-svc/" id "','status':'" status "','taskDefinition':'" TD "kim:" revision \
    "','rolloutState':'" rollout "','createdAt':" created "}"
#define SERVICE(deployments)                                                \
    "{'services':[{'serviceName':'kim','status':'ACTIVE','desiredCount':2," \
    "'taskDefinition':'" TD "kim:13','deployments':[" deployments "]}],'failures':[]}"
#define RUNS_13              DEPLOYMENT("9", "PRIMARY", "13", "COMPLETED", "9")
#define ALONE                SERVICE(RUNS_13)
#define DESCRIBE_INPUT(name) "{'taskDefinition':'" name "','include':['TAGS']}"
#define DEFINITION(revision, status, image)                                                \
    "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:" revision "','family':'kim',"      \
    "'revision':" revision ",'status':'" status "','containerDefinitions':[{'name':'web'," \
    "'image':'" image "'}]},'tags':[]}"
#define UPDATE_INPUT(name) "{'cluster':'prod','service':'kim','taskDefinition':'" name "'}"
#define UPDATED(revision)                                                               \
    "{'service':{'serviceName':'kim','status':'ACTIVE','desiredCount':2,"               \
    "'taskDefinition':'" TD "kim:" revision "','currentServiceDeployment':'arn:sd/10'," \
    "'deployments':[" DEPLOYMENT("10", "PRIMARY", revision, "IN_PROGRESS", "10") "]}}"
#define LIST_INPUT(more) \
    "{'familyPrefix':'kim','status':'ACTIVE','sort':'DESC','maxResults':" more "}"
#define DENIED  "{'__type':'AccessDeniedException','message':'not authorized to do that'}"
#define UNKNOWN "{'__type':'ClientException','message':'Unable to describe task definition.'}"

/* The calls once the target is known. */
#define GO_BACK_TO(asked, revision)                                           \
    { .action = "DescribeTaskDefinition",                                     \
      .input = DESCRIBE_INPUT(asked),                                         \
      .reply = DEFINITION(revision, "ACTIVE", "r/web:" revision) },           \
        { .action = "DescribeTaskDefinition",                                 \
          .input = DESCRIBE_INPUT(TD "kim:13"),                               \
          .reply = DEFINITION("13", "ACTIVE", "r/web:13") },                  \
    {                                                                         \
        .action = "UpdateService", .input = UPDATE_INPUT(TD "kim:" revision), \
        .reply = UPDATED(revision)                                            \
    }

/* A rollback under test. */
struct trial {
    struct ecs_world w;
    struct sw_deployment done;
    struct sw_err err;
};

static void trial_ends(struct trial *trial, const struct ecs_step *steps, size_t count,
                       const char *to, enum sw_status status, const char *message)
{
    *trial = (struct trial){ .err = SW_ERR_INIT };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    enum sw_status ended =
        sw_service_rollback(trial->w.aws, "prod", "kim", to, NULL, &trial->done, &trial->err);
    assert_string_equal(trial->err.msg, message);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
}

static void trial_done(struct trial *trial)
{
    sw_deployment_release(&trial->done);
    ecs_world_done(&trial->w);
}

static void test_rollback__takes_the_newest_completed_deployment(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices",
          .input = SERVICE_INPUT,
          .reply =
              SERVICE(RUNS_13 "," DEPLOYMENT("8", "ACTIVE", "12", "FAILED", "8") "," DEPLOYMENT(
                  "5", "ACTIVE", "10", "COMPLETED",
                  "5") "," DEPLOYMENT("7", "ACTIVE", "11", "COMPLETED",
                                      "7") "," DEPLOYMENT("6", "ACTIVE", "13", "COMPLETED",
                                                          "8.5")) },
        GO_BACK_TO(TD "kim:11", "11"),
    };
    struct trial trial;

    (void)state;
    trial_ends(&trial, steps, SW_COUNT(steps), NULL, SW_OK, "");
    assert_string_equal(trial.w.t.said.ptr,
                        "going back from kim:13 to kim:11: its deployment ecs-svc/7 was completed "
                        "and is still there\n");
    assert_string_equal(trial.done.service, "kim");
    assert_string_equal(trial.done.family, "kim");
    assert_string_equal(trial.done.previous, TD "kim:13");
    assert_string_equal(trial.done.task_definition, TD "kim:11");
    assert_string_equal(trial.done.deployment_id, "ecs-svc/10");
    assert_string_equal(trial.done.previous_id, "ecs-svc/9");
    assert_string_equal(trial.done.service_deployment, "arn:sd/10");
    assert_true(trial.done.updated);
    assert_false(trial.done.registered);
    assert_int_equal(trial.done.desired, 2);
    char *images SW_CLEANUP(sw_free_str) = test_json_text(trial.done.images);
    assert_string_equal(images,
                        "[{'container':'web','image':'r/web:11','previousImage':'r/web:13'}]");
    trial_done(&trial);
}

static void test_rollback__else_takes_the_newest_revision_below(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = ALONE },
        { .action = "ListServiceDeployments", .reply = DENIED, .status = 400 },
        { .action = "ListTaskDefinitions",
          .input = LIST_INPUT("100"),
          .reply = "{'taskDefinitionArns':['" TD "kim:15','" TD "kim:13'],'nextToken':'t'}" },
        { .action = "ListTaskDefinitions",
          .input = LIST_INPUT("100,'nextToken':'t'"),
          .reply = "{'taskDefinitionArns':['" TD "kim-other:12','" TD "kim:8','" TD "kim:9']}" },
        GO_BACK_TO(TD "kim:9", "9"),
    };
    struct trial trial;

    (void)state;
    trial_ends(&trial, steps, SW_COUNT(steps), NULL, SW_OK, "");
    assert_string_equal(trial.w.t.said.ptr,
                        "going back from kim:13 to kim:9: no completed deployment of another "
                        "revision is left, and it is the newest active revision below; whether it "
                        "ever ran well is not known (--to names another)\n");
    trial_done(&trial);
}

#define SD(revision, status, created)                                                             \
    "{'serviceDeploymentArn':'sd','status':'" status "','targetServiceRevisionArn':'sr/" revision \
    "','createdAt':" created ",'finishedAt':1550000000}"
#define SR(revision) \
    "{'serviceRevisionArn':'sr/" revision "','taskDefinition':'" TD "kim:" revision "'}"

/* Newer revisions were left for this one before, and what runs cannot be gone back to. */
static void test_rollback__knows_what_succeeded_before(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = ALONE },
        { .action = "ListServiceDeployments",
          .input = "{'cluster':'prod','service':'kim','status':['SUCCESSFUL'],'maxResults':100}",
          .reply = "{'serviceDeployments':[" SD("14", "SUCCESSFUL", "50") "," SD(
              "8", "SUCCESSFUL", "20") "," SD("11", "SUCCESSFUL",
                                              "40") "," SD("13", "SUCCESSFUL",
                                                           "45") "," SD("12", "STOPPED",
                                                                        "42") "]}" },
        { .action = "DescribeServiceRevisions",
          .input = "{'serviceRevisionArns':['sr/14','sr/8','sr/11','sr/13','sr/12']}",
          .reply = "{'serviceRevisions':[" SR("12") "," SR("13") "," SR("11") "," SR("8") "," SR(
              "14") "]}" },
        GO_BACK_TO(TD "kim:11", "11"),
    };
    struct trial trial;

    (void)state;
    trial_ends(&trial, steps, SW_COUNT(steps), NULL, SW_OK, "");
    assert_string_equal(trial.w.t.said.ptr,
                        "going back from kim:13 to kim:11: its rollout succeeded at "
                        "2019-02-12T19:33:20Z\n");
    trial_done(&trial);
}

#define THROTTLED "{'__type':'ThrottlingException','message':'Rate exceeded'}"

/* One busy moment of ECS decides nothing about where a service goes back to. */
static void test_rollback__a_throttled_look_at_the_history_is_repeated(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = ALONE },
        { .action = "ListServiceDeployments", .reply = THROTTLED, .status = 400 },
        { .action = "ListServiceDeployments",
          .reply = "{'serviceDeployments':[" SD("11", "SUCCESSFUL", "40") "]}" },
        { .action = "DescribeServiceRevisions", .reply = THROTTLED, .status = 400 },
        { .action = "DescribeServiceRevisions", .reply = "{'serviceRevisions':[" SR("11") "]}" },
        GO_BACK_TO(TD "kim:11", "11"),
    };
    struct trial trial;

    (void)state;
    trial_ends(&trial, steps, SW_COUNT(steps), NULL, SW_OK, "");
    trial_done(&trial);
}

static void test_rollback__goes_where_it_is_sent(void **state)
{
    static const struct {
        const char *to;
        struct ecs_step steps[4];
    } cases[] = {
        { "14", { { .action = "DescribeServices", .reply = ALONE }, GO_BACK_TO("kim:14", "14") } },
        { "kim:7", { { .action = "DescribeServices", .reply = ALONE }, GO_BACK_TO("kim:7", "7") } },
        { TD "kim:6",
          { { .action = "DescribeServices", .reply = ALONE }, GO_BACK_TO(TD "kim:6", "6") } },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct trial trial;
        trial_ends(&trial, cases[i].steps, SW_COUNT(cases[i].steps), cases[i].to, SW_OK, "");
        assert_non_null(strstr(trial.w.t.said.ptr, ": as asked for\n"));
        trial_done(&trial);
    }
}

static void test_rollback__works_without_the_right_to_read_definitions(void **state)
{
    static const struct ecs_step steps[] = {
        { .action = "DescribeServices", .reply = ALONE },
        { .action = "DescribeTaskDefinition", .reply = DENIED, .status = 400, .times = 2 },
        { .action = "UpdateService", .input = UPDATE_INPUT("kim:12"), .reply = UPDATED("12") },
    };
    struct trial trial;

    (void)state;
    trial_ends(&trial, steps, SW_COUNT(steps), "12", SW_OK, "");
    assert_string_equal(trial.w.t.said.ptr,
                        "the right ecs:DescribeTaskDefinition is missing: kim:12 is not checked "
                        "beforehand\ngoing back from kim:13 to kim:12: as asked for\n");
    trial_done(&trial);
}

/* What is refused before anything is changed. */
static const struct {
    const char *name;
    const char *to;
    enum sw_status status;
    const char *message;
    struct ecs_step steps[4];
    size_t count;
} refusals[] = {
    { "what runs already",
      "13",
      SW_E_UNCHANGED,
      "nothing to go back to: service \"kim\" runs kim:13 already; slipway ecs deploy --force "
      "rolls it anew",
      { { .action = "DescribeServices", .reply = ALONE } },
      1 },
    { "no revision",
      "kim",
      SW_E_USAGE,
      "--to: \"kim\" is no revision; expected a number, FAMILY:REVISION or an ARN",
      { { .action = "DescribeServices", .reply = ALONE } },
      1 },
    { "deregistered",
      "12",
      SW_E_CONFLICT,
      "kim:12 cannot be gone back to: it was deregistered (INACTIVE); active revisions: kim:13, "
      "kim:10",
      { { .action = "DescribeServices", .reply = ALONE },
        { .action = "DescribeTaskDefinition", .reply = DEFINITION("12", "INACTIVE", "r/web:12") },
        { .action = "ListTaskDefinitions",
          .input = LIST_INPUT("11"),
          .reply = "{'taskDefinitionArns':['" TD "kim:13','" TD "kim:10']}" } },
      3 },
    { "never registered",
      "99",
      SW_E_NOT_FOUND,
      "there is no revision kim:99; active revisions: kim:13",
      { { .action = "DescribeServices", .reply = ALONE },
        { .action = "DescribeTaskDefinition", .reply = UNKNOWN, .status = 400 },
        { .action = "ListTaskDefinitionFamilies", .reply = "{'families':['kim']}" },
        { .action = "ListTaskDefinitions", .reply = "{'taskDefinitionArns':['" TD "kim:13']}" } },
      4 },
    { "the first revision",
      NULL,
      SW_E_NOT_FOUND,
      "nothing to go back to: service \"kim\" has no completed deployment of another revision, and "
      "no active revision of \"kim\" is older than kim:13",
      { { .action = "DescribeServices", .reply = ALONE },
        { .action = "ListServiceDeployments", .reply = "{'serviceDeployments':[]}" },
        { .action = "ListTaskDefinitions", .reply = "{'taskDefinitionArns':['" TD "kim:13']}" } },
      3 },
    { "no answer about what ran well before",
      NULL,
      SW_E_NETWORK,
      "what service \"kim\" ran well before cannot be asked, so nothing is gone back to; --to "
      "REVISION names one: ECS ListServiceDeployments: cannot find host \"fake.example.com\"; is the region \"us-east-1\" right, and is there a "
      "network?",
      { { .action = "DescribeServices", .reply = ALONE },
        { .action = "ListServiceDeployments", .failure = FAKE_NO_HOST } },
      2 },
    { "listing is not allowed",
      NULL,
      SW_E_DENIED,
      "no completed deployment of another revision is left of service \"kim\", and older revisions "
      "cannot be listed; name one with --to: ECS ListTaskDefinitions: AccessDeniedException: not "
      "authorized to do that; allow \"ecs:ListTaskDefinitions\" in this identity's IAM policy",
      { { .action = "DescribeServices", .reply = ALONE },
        { .action = "ListServiceDeployments", .reply = DENIED, .status = 400 },
        { .action = "ListTaskDefinitions", .reply = DENIED, .status = 400 } },
      3 },
    { "deployed by CodeDeploy",
      NULL,
      SW_E_CONFLICT,
      "service \"kim\" is deployed by AWS CodeDeploy (controller CODE_DEPLOY), which updates it by "
      "itself; slipway ecs deploy --codedeploy-application NAME --codedeploy-group NAME has it do so",
      { { .action = "DescribeServices",
          .reply = "{'services':[{'serviceName':'kim','status':'ACTIVE','deploymentController':"
                   "{'type':'CODE_DEPLOY'}}],'failures':[]}" } },
      1 },
    { "lacks what the load balancer sends to",
      "12",
      SW_E_PREFLIGHT,
      "the service's load balancer sends to container \"front\" port 80, which task definition "
      "kim:12 does not have; it has: web",
      { { .action = "DescribeServices",
          .reply = "{'services':[{'serviceName':'kim','status':'ACTIVE','taskDefinition':'" TD
                   "kim:13','loadBalancers':[{'containerName':'front','containerPort':80}],"
                   "'deployments':[" RUNS_13 "]}]}" },
        { .action = "DescribeTaskDefinition", .reply = DEFINITION("12", "ACTIVE", "r/web:12") } },
      2 },
};

static void test_rollback__refuses_before_anything_is_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(refusals); i++) {
        struct trial trial;
        print_message("%s\n", refusals[i].name);
        trial_ends(&trial, refusals[i].steps, refusals[i].count, refusals[i].to, refusals[i].status,
                   refusals[i].message);
        assert_false(trial.done.updated);
        trial_done(&trial);
    }
}

/* ---- Every call going wrong in every way ---- */

static const struct ecs_step good[] = {
    { .action = "DescribeServices", .reply = ALONE },
    { .action = "ListServiceDeployments", .reply = "{'serviceDeployments':[]}" },
    { .action = "ListTaskDefinitions", .reply = "{'taskDefinitionArns':['" TD "kim:12']}" },
    { .action = "DescribeTaskDefinition", .reply = DEFINITION("12", "ACTIVE", "r/web:12") },
    { .action = "DescribeTaskDefinition", .reply = DEFINITION("13", "ACTIVE", "r/web:13") },
    { .action = "UpdateService", .reply = UPDATED("12") },
};

struct sweep_world {
    struct ecs_world texts; /* only keeps the answers' texts */
    bool updated;
};

static void sweep_answer(void *ctx, const struct fake_http_request *request,
                         struct fake_http_answer *answer)
{
    struct sweep_world *world = ctx;
    const char *target = fake_http_request_header(request, "X-Amz-Target");
    const char *action = target ? strrchr(target, '.') + 1 : "";
    bool running = strstr(request->body.ptr, "kim:13") != NULL;
    answer->body = "{}";
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        bool fits = strcmp(good[i].action, action) == 0;
        if (fits && (i != 3 || !running)) {
            answer->body = ecs_world_text(&world->texts, good[i].reply);
            break;
        }
    }
    world->updated = world->updated || strcmp(action, "UpdateService") == 0;
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    struct sweep_world *world = ctx;
    sw_strs_release(&world->texts.texts);
    world->updated = false;
    fake->handler = sweep_answer;
    fake->handler_ctx = world;
}

static enum sw_status sweep_run(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_deployment done;
    (void)ctx;
    ecs_world_settings(t);
    assert_int_equal(sw_aws_new(&t->env, NULL, &aws, err), SW_OK);
    enum sw_status status = sw_service_rollback(aws, "prod", "kim", NULL, NULL, &done, err);
    if (status == SW_OK) {
        assert_true(done.updated);
        assert_string_equal(done.task_definition, TD "kim:12");
    }
    sw_deployment_release(&done);
    return status;
}

static void sweep_verify(void *ctx, const struct sweep_run *run)
{
    const struct sweep_world *world = ctx;
    if (run->status == SW_OK) {
        assert_true(world->updated);
    }
}

/*
 * The second call is a look at the history, which may be hidden; the fifth is for the images that
 * people are shown. Without the right to read definitions ECS's own checks must do. An answer to
 * UpdateService whose members are odd still says "done".
 */
static bool sweep_tolerates(void *ctx, const struct sweep_run *run)
{
    (void)ctx;
    return run->call == 2 || run->call == 5 || (run->call == 4 && run->fault == SWEEP_STATUS_403);
}

static void test_rollback__never_claims_success_on_failure(void **state)
{
    struct sweep_world world = { .updated = false };
    const struct sweep sweep = { .name = "rollback",
                                 .setup = sweep_setup,
                                 .run = sweep_run,
                                 .verify = sweep_verify,
                                 .tolerates = sweep_tolerates,
                                 .ctx = &world };

    (void)state;
    sweep_all(&sweep);
    sw_strs_release(&world.texts.texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rollback__takes_the_newest_completed_deployment),
        cmocka_unit_test(test_rollback__else_takes_the_newest_revision_below),
        cmocka_unit_test(test_rollback__knows_what_succeeded_before),
        cmocka_unit_test(test_rollback__a_throttled_look_at_the_history_is_repeated),
        cmocka_unit_test(test_rollback__goes_where_it_is_sent),
        cmocka_unit_test(test_rollback__works_without_the_right_to_read_definitions),
        cmocka_unit_test(test_rollback__refuses_before_anything_is_changed),
        cmocka_unit_test(test_rollback__never_claims_success_on_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
