#include "deploy_scene.h"

const struct ecs_step ordinary[ORDINARY_CALLS] = {
    { .action = "DescribeServices", .input = SERVICE_INPUT, .reply = SERVICE_RUNS("12") },
    { .action = "DescribeTaskDefinition", .input = DESCRIBE_INPUT, .reply = KIM_12 },
    { .action = "RegisterTaskDefinition",
      .input = REGISTER_INPUT("r/web:2"),
      .reply = REGISTERED("13") },
    { .action = "UpdateService", .input = UPDATE_INPUT("13"), .reply = UPDATED("ecs-svc/2", "13") },
};

void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .cluster = "prod", .family = "kim" } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    trial->options.changes = &trial->changes;
}

void trial_change(struct trial *trial, enum sw_change_kind kind, const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_changes_add_option(&trial->changes, kind, "--o", text, &err));
}

enum sw_status trial_run(struct trial *trial)
{
    return sw_service_deploy(trial->w.aws, &trial->options, &trial->done, &trial->err);
}

void trial_done(struct trial *trial)
{
    sw_deployment_release(&trial->done);
    sw_changes_release(&trial->changes);
    ecs_world_done(&trial->w);
}

void trial_fails(struct trial *trial, enum sw_status status, const char *message)
{
    assert_string_equal(sw_status_name(trial_run(trial)), sw_status_name(status));
    assert_string_equal(trial->err.msg, message);
}
