#ifndef SLIPWAY_TEST_ENV_H
#define SLIPWAY_TEST_ENV_H

/*
 * A world for tests: a clock that only moves when somebody sleeps, environment variables from a
 * table, a fixed random sequence, and what people were told, kept as text.
 */

#include <slipway/buf.h>
#include <slipway/env.h>
#include <slipway/progress.h>

struct test_env {
    struct sw_env env; /* pass &t.env */
    struct sw_clock clock;
    int64_t wall_ms;  /* starts at 2015-08-30T12:36:00Z */
    int64_t mono_ms;  /* starts at 1000 */
    int64_t slept_ms; /* sum of all sleeps */
    unsigned sleeps;
    struct {
        char *name;
        char *value;
    } vars[64];
    size_t var_count;
    uint32_t random_value; /* what random() returns; 0 at the start: no jitter */
    bool stop;             /* what stop_wanted() returns */
    struct sw_progress progress;
    struct sw_buf said; /* everything written for people */
};

void test_env_init(struct test_env *t);
void test_env_release(struct test_env *t);
/* Sets (copies) or, with NULL, unsets a variable. */
void test_env_set(struct test_env *t, const char *name, const char *value);
/* The real clock and randomness, with the variables of `t` and what it keeps of what people are
 * told. */
void test_env_make_real(const struct test_env *t, struct sw_env *ret);
/* How many times people were told this text. */
size_t test_env_said(const struct test_env *t, const char *text);

#endif
