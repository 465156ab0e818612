#include "h2_world.h"

#include "temp_dir.h"
#include "test.h"

#include <slipway/fs.h>

void h2_world_init(struct h2_world *world)
{
    *world = (struct h2_world){ .err = SW_ERR_INIT };
    test_env_init(&world->t);
    test_env_make_real(&world->t, &world->env);
    assert_int_equal(sw_http_curl_new(&world->env, NULL, &world->http, &world->err), SW_OK);
    world->env.http = world->http;
    world->folder = temp_dir_new();
    world->socket = sw_fs_join(world->folder, "s");
    sw_buf_init(&world->taken, SW_BUF_TEXT_MAX);
}

void h2_world_release(struct h2_world *world)
{
    sw_http_curl_free(world->http);
    h2_world_stop(world);
    sw_buf_release(&world->taken);
    test_env_release(&world->t);
    free(world->socket);
    temp_dir_free(world->folder);
}

void h2_world_start(struct h2_world *world, const struct h2_step *steps, size_t count)
{
    h2_world_stop(world);
    world->server = h2_server_start(world->socket, steps, count, 0);
}

void h2_world_stop(struct h2_world *world)
{
    if (world->server) {
        h2_server_stop(world->server);
        world->server = NULL;
    }
}
