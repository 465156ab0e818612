#ifndef SLIPWAY_TEST_COMPILE_WORLD_H
#define SLIPWAY_TEST_COMPILE_WORLD_H

/* A run of the compiler without a document, for tests of its parts. */

#include "circleci/run.h"
#include "test.h"

struct compile_world {
    struct test_env env;
    struct sw_config_options options;
    struct sw_config_problems problems;
    struct sw_yaml_pool *pool;
    struct cc cc;
    struct cc_scope scope;
};

static inline struct sw_yaml *world_parse(struct compile_world *world, const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_yaml *node = NULL;
    assert_ok(sw_yaml_parse(world->pool, sw_str(text), "t.yml", NULL, &node, &err));
    return node;
}

/* `parameters` is a YAML map of values. */
static inline void world_init(struct compile_world *world, const char *parameters)
{
    *world = (struct compile_world){ 0 };
    test_env_init(&world->env);
    world->pool = sw_yaml_pool_new();
    cc_init(&world->cc, &world->env.env, &world->options, &world->problems, world->pool);
    world->cc.root = cc_ns_new(&world->cc, sw_yaml_new_map(world->pool, NULL), "", false, 0);
    cc_pipeline(&world->cc, NULL);
    world->scope = (struct cc_scope){ .ns = world->cc.root,
                                      .parameters = world_parse(world, parameters),
                                      .pipeline_parameters = true };
}

static inline void world_release(struct compile_world *world)
{
    sw_yaml_pool_free(world->pool);
    sw_config_problems_release(&world->problems);
    test_env_release(&world->env);
}

/* The only problem's text, "" when there is none. */
static inline const char *world_problem(const struct compile_world *world)
{
    return world->problems.count == 0 ? "" : world->problems.items[0].text;
}

#endif
