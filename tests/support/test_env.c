#include "test_env.h"

#include <slipway/alloc.h>

#include <assert.h>
#include <pthread.h>
#include <string.h>

/* 2015-08-30T12:36:00Z, the instant of AWS's signing examples. */
static const int64_t start_wall_ms = 1440938160000;

/* Guards the clock: threads of a test sleep and look at the time side by side. */
static pthread_mutex_t clock_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t read_clock(const int64_t *millis)
{
    int64_t value;

    (void)pthread_mutex_lock(&clock_lock);
    value = *millis;
    (void)pthread_mutex_unlock(&clock_lock);
    return value;
}

static int64_t wall_ms(void *ctx)
{
    return read_clock(&((struct test_env *)ctx)->wall_ms);
}

static int64_t mono_ms(void *ctx)
{
    return read_clock(&((struct test_env *)ctx)->mono_ms);
}

static void sleep_ms(void *ctx, int64_t millis)
{
    struct test_env *t = ctx;

    (void)pthread_mutex_lock(&clock_lock);
    t->wall_ms += millis;
    t->mono_ms += millis;
    t->slept_ms += millis;
    t->sleeps++;
    (void)pthread_mutex_unlock(&clock_lock);
}

static const char *get(void *ctx, const char *name)
{
    struct test_env *t = ctx;

    for (size_t i = 0; i < t->var_count; i++) {
        if (strcmp(t->vars[i].name, name) == 0) {
            return t->vars[i].value;
        }
    }
    return NULL;
}

static uint32_t random_value(void *ctx)
{
    return ((struct test_env *)ctx)->random_value;
}

static bool stop_wanted(void *ctx)
{
    return ((struct test_env *)ctx)->stop;
}

static void keep_said(void *ctx, const char *data, size_t len)
{
    sw_buf_add(&((struct test_env *)ctx)->said, data, len);
}

void test_env_init(struct test_env *t)
{
    *t = (struct test_env){ .wall_ms = start_wall_ms, .mono_ms = 1000 };
    t->clock =
        (struct sw_clock){ .wall_ms = wall_ms, .mono_ms = mono_ms, .sleep_ms = sleep_ms, .ctx = t };
    t->env = (struct sw_env){ .clock = &t->clock,
                              .get = get,
                              .get_ctx = t,
                              .random = random_value,
                              .random_ctx = t,
                              .stop_wanted = stop_wanted,
                              .stop_ctx = t };
    sw_buf_init(&t->said, SW_BUF_TEXT_MAX);
    sw_progress_init(&t->progress, &t->env, keep_said, t, false);
    t->env.progress = &t->progress;
}

void test_env_release(struct test_env *t)
{
    for (size_t i = 0; i < t->var_count; i++) {
        free(t->vars[i].name);
        free(t->vars[i].value);
    }
    sw_progress_release(&t->progress);
    sw_buf_release(&t->said);
}

void test_env_make_real(const struct test_env *t, struct sw_env *ret)
{
    sw_env_init_real(ret);
    ret->get = t->env.get;
    ret->get_ctx = t->env.get_ctx;
    ret->progress = t->env.progress;
}

void test_env_set(struct test_env *t, const char *name, const char *value)
{
    size_t i = 0;

    while (i < t->var_count && strcmp(t->vars[i].name, name) != 0) {
        i++;
    }
    if (i == t->var_count) {
        assert(t->var_count < SW_COUNT(t->vars));
        t->vars[t->var_count++].name = sw_xstrdup(name);
    }
    free(t->vars[i].value);
    t->vars[i].value = value ? sw_xstrdup(value) : NULL;
}

size_t test_env_said(const struct test_env *t, const char *text)
{
    size_t count = 0;

    for (const char *at = t->said.ptr; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}
