#include "ecr_world.h"

#include "temp_dir.h"

#include <slipway/fs.h>
#include <slipway/log.h>

void ecr_world_init(struct ecr_world *w, const struct fake_http_step *steps, size_t count)
{
    struct sw_err err = SW_ERR_INIT;
    *w = (struct ecr_world){ .dir = temp_dir_new() };
    test_env_init(&w->t);
    test_env_set(&w->t, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_env_set(&w->t, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    test_env_set(&w->t, "AWS_REGION", "us-west-2");
    test_env_set(&w->t, "DOCKER_CONFIG", w->dir);
    fake_http_init(&w->fake);
    fake_http_expect_all(&w->fake, steps, count);
    w->t.env.http = &w->fake.transport;
    assert_ok(sw_aws_new(&w->t.env, NULL, &w->aws, &err));
}

void ecr_world_done(struct ecr_world *w)
{
    sw_aws_free(w->aws);
    test_env_release(&w->t);
    temp_dir_free(w->dir);
    sw_redact_reset();
    fake_http_done(&w->fake);
}

void ecr_world_docker_config(const struct ecr_world *w, const char *text)
{
    char *path SW_CLEANUP(sw_free_str) = sw_fs_join(w->dir, "config.json");
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_fs_write_atomic(path, sw_str(text), 0600, &err));
}
