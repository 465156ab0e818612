/* A deployment that is followed to its end, with every call going wrong in every way. */
#include "ecs_world.h"
#include "sweep.h"

#include <slipway/service.h>

#define SERVICE(deployments)                                                                   \
    "{'serviceName':'kim','status':'ACTIVE','desiredCount':1,'taskDefinition':'" TD "kim:12'," \
    "'deployments':[" deployments "]}"
#define NEW(state)                                                                        \
    "{'id':'ecs-svc/2','status':'PRIMARY','taskDefinition':'" TD "kim:13','createdAt':5," \
    "'desiredCount':1,'runningCount':1,'rolloutState':'" state "'}"
#define OLD(status) "{'id':'ecs-svc/1','status':'" status "','taskDefinition':'" TD "kim:12'}"

/* ECS, as far as this deployment goes: what it answers depends on what was done to it. */
struct fake_ecs {
    struct sw_strs texts;
    bool missing; /* the service does not exist yet */
    bool registered;
    bool updated;
    unsigned looks; /* after the update */
};

static const char *text_of(struct fake_ecs *ecs, const char *text)
{
    char *copy = sw_xstrdup(text);
    for (char *c = copy; *c; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    sw_strs_take(&ecs->texts, copy);
    return copy;
}

static const char *describe_services(struct fake_ecs *ecs)
{
    if (!ecs->updated && ecs->missing) {
        return "{'services':[],'failures':[{'reason':'MISSING'}]}";
    }
    if (!ecs->updated) {
        return "{'services':[" SERVICE(OLD("PRIMARY")) "],'failures':[]}";
    }
    if (++ecs->looks < 2) {
        return "{'services':[" SERVICE(NEW("IN_PROGRESS") "," OLD("ACTIVE")) "],'failures':[]}";
    }
    return "{'services':[" SERVICE(NEW("COMPLETED") "," OLD("ACTIVE")) "],'failures':[]}";
}

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct fake_ecs *ecs = ctx;
    const char *target = fake_http_request_header(request, "X-Amz-Target");
    const char *action = target ? strrchr(target, '.') + 1 : "";
    const char *text = NULL;
    if (strcmp(action, "DescribeServices") == 0) {
        text = describe_services(ecs);
    } else if (strcmp(action, "DescribeTaskDefinition") == 0) {
        text = "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim','status':"
               "'ACTIVE','containerDefinitions':[{'name':'web','image':'web:1'}]},'tags':[]}";
    } else if (strcmp(action, "RegisterTaskDefinition") == 0) {
        ecs->registered = true;
        text = "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:13','family':'kim'}}";
    } else if (strcmp(action, ecs->missing ? "CreateService" : "UpdateService") == 0) {
        ecs->updated = true;
        text = "{'service':" SERVICE(NEW("IN_PROGRESS") "," OLD("ACTIVE")) "}";
    } else {
        text = "{'taskArns':[]}";
    }
    answer->body = text_of(ecs, text);
}

static void setup(void *ctx, struct fake_http *fake)
{
    struct fake_ecs *ecs = ctx;
    sw_strs_release(&ecs->texts);
    *ecs = (struct fake_ecs){ .missing = ecs->missing };
    fake->handler = answer;
    fake->handler_ctx = ecs;
}

static enum sw_status follow(struct sw_aws *aws, const struct sw_deployment *done,
                             struct sw_err *err)
{
    if (!done->deployment_id) {
        return sw_fail(err, SW_E_UNAVAILABLE, "no deployment id");
    }
    const struct sw_follow_options options = {
        .cluster = "prod",
        .service = "kim",
        .target = { .deployment_id = done->deployment_id,
                    .task_definition = done->task_definition,
                    .previous_id = done->previous_id },
    };
    struct sw_follow_result result;
    enum sw_status status = sw_rollout_follow(aws, &options, &result, err);
    assert_int_equal(status == SW_OK, result.verdict == SW_ROLLOUT_DONE);
    sw_follow_result_release(&result);
    return status;
}

static enum sw_status run(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_changes changes = { .items = NULL };
    struct sw_deployment done;
    const struct fake_ecs *ecs = ctx;
    json_auto_t *creation = ecs->missing ? json_object() : NULL;
    ecs_world_settings(t);
    assert_int_equal(sw_aws_new(&t->env, NULL, &aws, err), SW_OK);
    sw_changes_add(&changes, SW_CHANGE_IMAGE, SW_STR("web"), (struct sw_str){ NULL, 0 },
                   SW_STR("web:2"));
    const struct sw_deploy_options options = {
        .cluster = "prod", .family = "kim", .changes = &changes, .creation = creation
    };
    enum sw_status status = sw_service_deploy(aws, &options, &done, err);
    if (status == SW_OK) {
        status = follow(aws, &done, err);
    }
    sw_deployment_release(&done);
    sw_changes_release(&changes);
    return status;
}

/* Success is claimed only when everything was really done. */
static void verify(void *ctx, const struct sweep_run *run)
{
    const struct fake_ecs *ecs = ctx;
    if (run->status == SW_OK) {
        assert_true(ecs->registered);
        assert_true(ecs->updated);
        assert_true(ecs->looks >= 2);
    }
}

static void test_deploy_sweep__never_claims_success_on_failure(void **state)
{
    struct fake_ecs ecs = { .registered = false };
    const struct sweep sweep = {
        .name = "deploy --wait", .setup = setup, .run = run, .verify = verify, .ctx = &ecs
    };

    (void)state;
    sweep_all(&sweep);
    sw_strs_release(&ecs.texts);
}

static void test_deploy_sweep__makes_no_service_that_it_does_not_tell_of(void **state)
{
    struct fake_ecs ecs = { .missing = true };
    const struct sweep sweep = {
        .name = "deploy --create", .setup = setup, .run = run, .verify = verify, .ctx = &ecs
    };

    (void)state;
    sweep_all(&sweep);
    sw_strs_release(&ecs.texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploy_sweep__never_claims_success_on_failure),
        cmocka_unit_test(test_deploy_sweep__makes_no_service_that_it_does_not_tell_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
