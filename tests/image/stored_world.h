#ifndef SLIPWAY_TEST_STORED_WORLD_H
#define SLIPWAY_TEST_STORED_WORLD_H

/* What the tests of engines with the containerd image store start from. */

#include "test.h"

#include "fake_engine.h"
#include "image_file.h"
#include "multi_image.h"

#include <slipway/image.h>

#define STORED_HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

/* An engine with the containerd image store, and a registry. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct fake_engine engine;
    struct image_file file;   /* of one platform */
    struct multi_image multi; /* of two */
    struct sw_buf manifest;   /* of the image with layers that are not packed */
    struct sw_push_options options;
    struct sw_push_result result;
    char id[SW_DIGEST_SIZE];
};

/* An image as it is pulled or built: its layers are packed. */
void world_init(struct world *world);
/* One as "docker load" takes it from an archive: they are not. */
void world_init_unpacked(struct world *world);
/* One of two platforms, all of which is there. */
void world_init_multi(struct world *world);
void world_release(struct world *world);
/* Says that the engine's image has this manifest. */
void store_manifest(struct world *world, const struct sw_buf *manifest);

/* Pushes to that tag of "app"; the platform may be NULL. */
enum sw_status push_to(struct world *world, const char *platform, const char *tag,
                       struct sw_err *err);
/* The same to v1, without a platform. */
enum sw_status push(struct world *world, struct sw_err *err);
/* The tag of "app" has exactly this manifest. */
void assert_tag(const struct world *world, const char *tag, const struct sw_buf *manifest);

#endif
