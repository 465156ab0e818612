#ifndef SLIPWAY_TEST_ECR_WORLD_H
#define SLIPWAY_TEST_ECR_WORLD_H

/* A world with AWS keys in us-west-2, a scripted HTTP side and an empty docker configuration. */

#include "fake_http.h"
#include "test.h"

#include <slipway/aws.h>

#define PRIVATE_URL    "https://api.ecr.us-west-2.amazonaws.com/"
#define PRIVATE_TARGET "AmazonEC2ContainerRegistry_V20150921."
#define PUBLIC_URL     "https://api.ecr-public.us-east-1.amazonaws.com/"
#define PUBLIC_TARGET  "SpencerFrontendService."

struct ecr_world {
    struct test_env t;
    struct fake_http fake;
    struct sw_aws *aws;
    struct sw_err err;
    char *dir; /* DOCKER_CONFIG */
};

void ecr_world_init(struct ecr_world *w, const struct fake_http_step *steps, size_t count);
/* Fails the test when the script was not followed. */
void ecr_world_done(struct ecr_world *w);
/* Writes docker's configuration. */
void ecr_world_docker_config(const struct ecr_world *w, const char *text);

#endif
