#ifndef SLIPWAY_H2_WORLD_H
#define SLIPWAY_H2_WORLD_H

/*
 * The real transport and clock, and a server of HTTP/2 by script at a socket in a folder of its
 * own. A test's world has it as a member.
 */

#include "h2_server.h"
#include "test_env.h"

#include <slipway/err.h>
#include <slipway/http.h>

struct h2_world {
    struct test_env t;
    struct sw_env env; /* real, with the variables of `t` and the transport */
    struct sw_http_transport *http;
    char *folder;
    char *socket; /* in it; there when a server runs */
    struct h2_server *server;
    struct sw_buf taken; /* for what a sink gets */
    struct sw_err err;   /* of the last exchange */
};

/* No server runs yet. */
void h2_world_init(struct h2_world *world);
void h2_world_release(struct h2_world *world);
/* Starts a server, in the place of the one that runs; the steps are borrowed. */
void h2_world_start(struct h2_world *world, const struct h2_step *steps, size_t count);
/* Ends the server, if one runs; its socket goes with it. */
void h2_world_stop(struct h2_world *world);

#endif
