#include "registry_world.h"

static enum sw_status get_login(void *ctx, SW_UNUSED const char *host, char **ret_user,
                                char **ret_secret, struct sw_err *err)
{
    struct registry_login *login = ctx;

    login->asked++;
    if (!login->user) {
        return sw_fail(err, SW_E_NOT_FOUND, "none");
    }
    *ret_user = sw_xstrdup(login->user);
    *ret_secret = sw_xstrdup(login->secret);
    return SW_OK;
}

void registry_world_init(struct registry_world *world, const char *host,
                         const struct fake_http_step *steps, size_t count)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_registry_options options = { .push = true };

    *world = (struct registry_world){ .login = { "AWS", "very-secret", 0 } };
    test_env_init(&world->t);
    fake_http_init(&world->fake);
    fake_http_expect_all(&world->fake, steps, count);
    world->t.env.http = &world->fake.transport;
    world->auth = (struct sw_registry_auth){ get_login, &world->login };
    options.auth = &world->auth;
    assert_ok(sw_registry_new(&world->t.env, host, &options, &world->registry, &err));
}

void registry_world_release(struct registry_world *world)
{
    sw_registry_free(world->registry);
    fake_http_done(&world->fake);
    test_env_release(&world->t);
}

/* "hello" as a body, from memory. */
struct hello {
    size_t at;
};

static enum sw_status read_hello(void *ctx, char *data, size_t size, size_t *ret_len,
                                 SW_UNUSED struct sw_err *err)
{
    static const char text[] = "hello";
    struct hello *hello = ctx;
    size_t len = strlen(text) - hello->at;

    *ret_len = len < size ? len : size;
    memcpy(data, text + hello->at, *ret_len);
    hello->at += *ret_len;
    return SW_OK;
}

static enum sw_status rewind_hello(void *ctx, SW_UNUSED struct sw_err *err)
{
    struct hello *hello = ctx;

    hello->at = 0;
    return SW_OK;
}

enum sw_status registry_world_put_hello(struct registry_world *world, const char *session,
                                        bool *ret_present, struct sw_err *err)
{
    struct hello hello = { 0 };
    const struct sw_http_body body = { 5, read_hello, rewind_hello, &hello };

    return sw_registry_put_blob(world->registry, "team/app",
                                "sha256:"
                                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                                &body, session, ret_present, err);
}
