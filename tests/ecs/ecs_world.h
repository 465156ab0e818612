#ifndef SLIPWAY_TEST_ECS_WORLD_H
#define SLIPWAY_TEST_ECS_WORLD_H

/* A world with AWS keys in us-east-1 and a scripted ECS. In all JSON texts ' stands for ". */

#include "ecs_test.h"
#include "fake_http.h"

#include <slipway/aws.h>

#define ECS_URL    "https://ecs.us-east-1.amazonaws.com/"
#define ECS_TARGET "AmazonEC2ContainerServiceV20141113."

#define TD "arn:aws:ecs:us-east-1:123456789012:task-definition/"

/* One expected call and its answer. */
struct ecs_step {
    const char *action; /* of ECS; or a whole X-Amz-Target of the service at `url` */
    const char *url;    /* NULL: ECS_URL */
    const char *input;  /* equal as JSON; NULL: not looked at */
    const char *reply;
    long status; /* 0: 200 */
    enum fake_http_failure failure;
    unsigned times; /* 0: once */
};

struct ecs_world {
    struct test_env t;
    struct fake_http fake;
    struct sw_aws *aws;
    struct sw_strs texts; /* what the script points into */
};

void ecs_world_init(struct ecs_world *w);
void ecs_world_expect(struct ecs_world *w, const struct ecs_step *steps, size_t count);
/* Fails the test when the script was not followed. */
void ecs_world_done(struct ecs_world *w);
/* A text that lives as long as the world, with " for '. */
const char *ecs_world_text(struct ecs_world *w, const char *text);

/* Puts the keys and the region into an environment. */
void ecs_world_settings(struct test_env *t);

#endif
