/* A task that is run and waited for, with every call going wrong in every way. */
#include "ecs_world.h"
#include "sweep.h"

#include <slipway/task.h>

#define ARN "arn:aws:ecs:us-east-1:123456789012:task/prod/t1"

/* ECS and CloudWatch Logs, as far as this task goes. */
struct fake_ecs {
    struct ecs_world texts; /* only keeps the answers' texts */
    unsigned runs;
    unsigned looks;
    char token[80]; /* the clientToken of the first RunTask call */
    bool other_token;
};

static void note_token(struct fake_ecs *ecs, const char *body)
{
    json_auto_t *input = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_json_parse(sw_str(body), "RunTask", &input, &err));
    const char *token = sw_json_str(input, "clientToken", "");
    if (ecs->runs++ == 0) {
        (void)snprintf(ecs->token, sizeof(ecs->token), "%s", token);
    }
    ecs->other_token = ecs->other_token || strcmp(ecs->token, token) != 0 || !*token;
}

static const char *answer_to(struct fake_ecs *ecs, const char *action, const char *body)
{
    if (strcmp(action, "DescribeTaskDefinition") == 0) {
        return "{'taskDefinition':{'taskDefinitionArn':'" TD "kim:12','family':'kim','status':"
               "'ACTIVE','containerDefinitions':[{'name':'web','image':'w','logConfiguration':{"
               "'logDriver':'awslogs','options':{'awslogs-group':'/kim','awslogs-stream-prefix':"
               "'ecs'}}}]},'tags':[]}";
    }
    if (strcmp(action, "RunTask") == 0) {
        note_token(ecs, body);
        return "{'tasks':[{'taskArn':'" ARN "','lastStatus':'PENDING'}],'failures':[]}";
    }
    if (strcmp(action, "GetLogEvents") == 0) {
        return "{'events':[{'message':'hello'}]}";
    }
    return ++ecs->looks < 2
               ? "{'tasks':[{'taskArn':'" ARN "','lastStatus':'RUNNING'}],'failures':[]}"
               : "{'tasks':[{'taskArn':'" ARN "','lastStatus':'STOPPED','stopCode':"
                 "'EssentialContainerExited','containers':[{'name':'web','exitCode':0}]}]}";
}

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *answer)
{
    struct fake_ecs *ecs = ctx;
    const char *target = fake_http_request_header(request, "X-Amz-Target");
    const char *action = target ? strrchr(target, '.') + 1 : "";
    answer->body = ecs_world_text(&ecs->texts, answer_to(ecs, action, request->body.ptr));
}

static void setup(void *ctx, struct fake_http *fake)
{
    struct fake_ecs *ecs = ctx;
    sw_strs_release(&ecs->texts.texts);
    *ecs = (struct fake_ecs){ .runs = 0 };
    fake->handler = answer;
    fake->handler_ctx = ecs;
}

static enum sw_status run(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    const struct sw_task_request wanted = { .cluster = "prod",
                                            .task_definition = "kim",
                                            .count = 1 };
    const struct sw_task_wait_options options = { .cluster = "prod" };
    struct sw_task_run run = { .exit_code = -1 };
    json_auto_t *request = NULL;
    (void)ctx;
    ecs_world_settings(t);
    assert_int_equal(sw_aws_new(&t->env, NULL, &aws, err), SW_OK);
    assert_int_equal(sw_task_request_build(&wanted, &request, err), SW_OK);
    enum sw_status status = sw_task_run(aws, request, NULL, &run, err);
    if (status == SW_OK) {
        status = sw_task_wait(aws, &options, &run, err);
    }
    assert_true(status != SW_OK || run.exit_code == 0);
    sw_task_run_release(&run);
    return status;
}

/* Success is claimed only for a task that was seen to end, and a retry is known as one. */
static void verify(void *ctx, const struct sweep_run *run)
{
    const struct fake_ecs *ecs = ctx;
    assert_false(ecs->other_token);
    if (run->status == SW_OK) {
        assert_true(ecs->runs >= 1);
        assert_true(ecs->looks >= 2);
    }
}

/* Logs are shown where they can be had; without the right to read definitions it goes on. */
static bool tolerates(void *ctx, const struct sweep_run *run)
{
    (void)ctx;
    return strstr(run->what, "GetLogEvents") || (run->call == 1 && run->fault == SWEEP_STATUS_403);
}

static void test_task_sweep__never_claims_success_on_failure(void **state)
{
    struct fake_ecs ecs = { .runs = 0 };
    const struct sweep sweep = { .name = "run-task --wait",
                                 .setup = setup,
                                 .run = run,
                                 .verify = verify,
                                 .tolerates = tolerates,
                                 .ctx = &ecs };

    (void)state;
    sweep_all(&sweep);
    sw_strs_release(&ecs.texts.texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_task_sweep__never_claims_success_on_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
