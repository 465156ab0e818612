#ifndef SLIPWAY_TEST_AWS_WORLD_H
#define SLIPWAY_TEST_AWS_WORLD_H

/* A scripted world with variables, profile files and HTTP answers, and a client in it. */

#include "fake_http.h"
#include "test.h"

#include <slipway/aws.h>

enum { WORLD_VARS_MAX = 8, WORLD_STEPS_MAX = 8 };

struct world_setup {
    struct {
        const char *name;
        const char *value;
    } vars[WORLD_VARS_MAX];
    const char *config;      /* text of the config file; NULL: there is none */
    const char *credentials; /* text of the credentials file */
    struct sw_aws_options options;
    struct fake_http_step steps[WORLD_STEPS_MAX]; /* up to the first without URL */
};

struct world {
    struct test_env t;
    struct fake_http fake;
    struct sw_aws *aws;
    struct sw_err err;
    char *dir; /* $HOME: a folder of its own */
};

/* AWS_REGION is us-east-1 unless the setup says otherwise; the instance metadata is off. */
void world_init(struct world *w, const struct world_setup *setup);
/* Writes a file in the world's folder; returns its path, the caller's. */
char *world_write(struct world *w, const char *name, const char *text);
void world_done(struct world *w);

#endif
