#ifndef SLIPWAY_TEST_REGISTRY_WORLD_H
#define SLIPWAY_TEST_REGISTRY_WORLD_H

/* A registry client in a scripted world. The login is AWS with the secret "very-secret". */

#include "test.h"

#include "fake_http.h"

#include <slipway/registry.h>

struct registry_login {
    const char *user; /* NULL: none */
    const char *secret;
    int asked;
};

/* A client in a scripted world. */
struct registry_world {
    struct test_env t;
    struct fake_http fake;
    struct registry_login login;
    struct sw_registry_auth auth;
    struct sw_registry *registry;
};

void registry_world_init(struct registry_world *world, const char *host,
                         const struct fake_http_step *steps, size_t count);
void registry_world_release(struct registry_world *world);
/* Uploads the blob "hello" into repository team/app; see sw_registry_put_blob(). */
SW_NODISCARD enum sw_status registry_world_put_hello(struct registry_world *world,
                                                     const char *session, bool *ret_present,
                                                     struct sw_err *err);

#endif
