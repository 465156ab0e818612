/* Logins out of docker's configuration text, as DOCKER_AUTH_CONFIG holds it, for one host. */

#include "fuzz.h"

#include <slipway/alloc.h>
#include <slipway/dockerconfig.h>
#include <slipway/log.h>

static const char *get_variable(void *ctx, const char *name)
{
    return strcmp(name, "DOCKER_AUTH_CONFIG") == 0 ? ctx : NULL;
}

static void check_host(const struct sw_env *env, const char *host)
{
    struct sw_err err = SW_ERR_INIT;
    char *user = NULL;
    char *secret = NULL;
    if (sw_docker_auth_get(env, host, &user, &secret, &err) == SW_OK) {
        FUZZ_CHECK(user && user[0] != '\0' && !strchr(user, ':') && secret);
    } else {
        FUZZ_CHECK(err.msg[0] != '\0' && !user && !secret);
    }
    free(user);
    sw_free_secret(secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sw_xstrndup((const char *)data, size);
    const struct sw_env env = { .get = get_variable, .get_ctx = text };
    check_host(&env, "a.example");
    check_host(&env, "docker.io");
    sw_redact_reset();
    free(text);
    return 0;
}
