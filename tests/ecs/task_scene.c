#include "task_scene.h"

void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .cluster = "prod" } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
    trial->request = test_json("{'cluster':'prod','taskDefinition':'kim','count':1}");
}

void trial_runs(struct trial *trial, const char *container, enum sw_status status,
                const char *message)
{
    enum sw_status ended =
        sw_task_run(trial->w.aws, trial->request, container, &trial->run, &trial->err);
    assert_string_equal(ended == SW_OK ? "" : trial->err.msg, message);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
}

void trial_starts(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    trial_init(trial, steps, count);
    trial_runs(trial, NULL, SW_OK, "");
}

void trial_ends(struct trial *trial, enum sw_status status, const char *message)
{
    enum sw_status ended = sw_task_wait(trial->w.aws, &trial->options, &trial->run, &trial->err);
    assert_string_equal(trial->err.msg, message);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
}

void trial_done(struct trial *trial)
{
    sw_task_run_release(&trial->run);
    json_decref(trial->request);
    ecs_world_done(&trial->w);
}
