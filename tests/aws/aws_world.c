#include "aws_world.h"

#include "temp_dir.h"

#include <slipway/fs.h>

char *world_write(struct world *w, const char *name, const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    char *path = sw_fs_join(w->dir, name);
    char *folder = sw_fs_dirname(path);
    assert_ok(sw_fs_mkdirs(folder, 0700, &err));
    assert_ok(sw_fs_write_atomic(path, sw_str(text), 0600, &err));
    free(folder);
    return path;
}

void world_init(struct world *w, const struct world_setup *setup)
{
    struct sw_err err = SW_ERR_INIT;
    memset(w, 0, sizeof(*w));
    w->dir = temp_dir_new();
    test_env_init(&w->t);
    test_env_set(&w->t, "HOME", w->dir);
    test_env_set(&w->t, "AWS_REGION", "us-east-1");
    test_env_set(&w->t, "AWS_EC2_METADATA_DISABLED", "true");
    for (size_t i = 0; i < WORLD_VARS_MAX && setup->vars[i].name; i++) {
        test_env_set(&w->t, setup->vars[i].name, setup->vars[i].value);
    }
    if (setup->config) {
        free(world_write(w, ".aws/config", setup->config));
    }
    if (setup->credentials) {
        free(world_write(w, ".aws/credentials", setup->credentials));
    }
    fake_http_init(&w->fake);
    for (size_t i = 0; i < WORLD_STEPS_MAX && setup->steps[i].url; i++) {
        fake_http_expect(&w->fake, &setup->steps[i]);
    }
    w->t.env.http = &w->fake.transport;
    assert_ok(sw_aws_new(&w->t.env, &setup->options, &w->aws, &err));
}

void world_done(struct world *w)
{
    sw_aws_free(w->aws);
    fake_http_done(&w->fake);
    test_env_release(&w->t);
    temp_dir_free(w->dir);
}
