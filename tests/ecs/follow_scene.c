#include "follow_scene.h"

void trial_init(struct trial *trial, const struct ecs_step *steps, size_t count)
{
    *trial = (struct trial){ .options = { .cluster = "prod",
                                          .service = "kim",
                                          .target = { .deployment_id = "ecs-svc/2",
                                                      .task_definition = TD "kim:13",
                                                      .previous_id = "ecs-svc/1" } } };
    ecs_world_init(&trial->w);
    ecs_world_expect(&trial->w, steps, count);
}

void trial_ends(struct trial *trial, enum sw_status status, const char *message)
{
    enum sw_status ended =
        sw_rollout_follow(trial->w.aws, &trial->options, &trial->result, &trial->err);
    assert_string_equal(sw_status_name(ended), sw_status_name(status));
    assert_string_equal(trial->err.msg, message);
}

void trial_done(struct trial *trial)
{
    sw_follow_result_release(&trial->result);
    ecs_world_done(&trial->w);
}
