#include "ecs_world.h"

#include <slipway/log.h>

void ecs_world_settings(struct test_env *t)
{
    test_env_set(t, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_env_set(t, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    test_env_set(t, "AWS_REGION", "us-east-1");
}

void ecs_world_init(struct ecs_world *w)
{
    struct sw_err err = SW_ERR_INIT;
    *w = (struct ecs_world){ .aws = NULL };
    test_env_init(&w->t);
    ecs_world_settings(&w->t);
    fake_http_init(&w->fake);
    w->t.env.http = &w->fake.transport;
    assert_ok(sw_aws_new(&w->t.env, NULL, &w->aws, &err));
}

const char *ecs_world_text(struct ecs_world *w, const char *text)
{
    char *copy = sw_xstrdup(text);
    for (char *c = copy; *c; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    sw_strs_take(&w->texts, copy);
    return copy;
}

void ecs_world_expect(struct ecs_world *w, const struct ecs_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *target SW_CLEANUP(sw_free_str) =
            sw_xasprintf("%s%s", steps[i].url ? "" : ECS_TARGET, steps[i].action);
        const struct fake_http_step step = {
            .method = "POST",
            .url = steps[i].url ? steps[i].url : ECS_URL,
            .headers = { { "X-Amz-Target", ecs_world_text(w, target) },
                         { "Content-Type", "application/x-amz-json-1.1" } },
            .body_json = steps[i].input ? ecs_world_text(w, steps[i].input) : NULL,
            .status = steps[i].status,
            .reply = steps[i].reply ? ecs_world_text(w, steps[i].reply) : NULL,
            .failure = steps[i].failure,
            .times = steps[i].times,
        };
        fake_http_expect(&w->fake, &step);
    }
}

void ecs_world_done(struct ecs_world *w)
{
    sw_aws_free(w->aws);
    test_env_release(&w->t);
    sw_redact_reset();
    fake_http_done(&w->fake);
    sw_strs_release(&w->texts);
}
