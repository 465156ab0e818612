#ifndef SLIPWAY_SWEEP_H
#define SLIPWAY_SWEEP_H

/*
 * Fault sweep: plays a scenario of n HTTP calls once as it should be, then again and again with
 * call k (1..n) going wrong in every way, and checks that the failure is noticed each time: the
 * scenario ends with a failure that has a message, and its own `verify` sees no false success.
 *
 *     static void setup(void *ctx, struct fake_http *fake)
 *     {
 *         fake_http_expect_all(fake, good_steps, SW_COUNT(good_steps));   (or set fake->handler)
 *     }
 *     static enum sw_status run(void *ctx, struct test_env *t, struct sw_err *err)
 *     {
 *         return sw_something(&t->env, ..., err);     (the code under test; frees what it got)
 *     }
 *     static void test_something__survives_every_fault(void **state)
 *     {
 *         const struct sweep sweep = { .name = "something", .setup = setup, .run = run };
 *         sweep_all(&sweep);
 *     }
 *
 * Two rounds per fault: in the lasting round the fault stays for every later request that is the
 * same call (retries and polls of it); in the passing round only call k itself fails, and the
 * scenario may recover, in which case it must end well. A scenario whose retries start over from
 * an earlier request (a new upload session) needs a handler in `setup`, not steps.
 *
 * "The same call" means the same method, URL without query, X-Amz-Target header, and Action
 * parameter of a form body.
 */

#include "fake_http.h"
#include "test_env.h"

#include <slipway/err.h>

enum sweep_fault {
    SWEEP_NONE,       /* the good run */
    SWEEP_REFUSED,    /* connection refused */
    SWEEP_TIMED_OUT,  /* sent, no answer */
    SWEEP_CUT_SHORT,  /* half of the answer, then the connection breaks */
    SWEEP_STATUS_403, /* with an AWS-like JSON error */
    SWEEP_STATUS_429,
    SWEEP_STATUS_500,
    SWEEP_GARBAGE,       /* the good status with a body that is no JSON */
    SWEEP_WRONG_TYPE,    /* the good status, JSON whose top level has another type */
    SWEEP_WRONG_MEMBERS, /* the good JSON with each member's value of another type */
    SWEEP_EMPTY_OBJECT,  /* the good status with {} */
    SWEEP_FAULT_COUNT
};
/* The last four are only played where the good answer has a body. */

/* What was played and how it ended. */
struct sweep_run {
    enum sweep_fault fault;
    bool lasting;
    unsigned call;    /* 1..n; 0 in the good run */
    const char *what; /* the call: "POST https://... (target)"; "" in the good run */
    enum sw_status status;
    const struct sw_err *err;
    const struct fake_http *fake; /* the requests that got through to the world */
};

struct sweep {
    const char *name;
    /* Sets up a fresh world for one run: expectations or a handler; and resets ctx. */
    void (*setup)(void *ctx, struct fake_http *fake);
    /* Runs the code under test; env->http is the faulty world, the clock is fake. */
    enum sw_status (*run)(void *ctx, struct test_env *t, struct sw_err *err);
    /* Asserts after each run that nothing false was claimed or left behind; may be NULL. */
    void (*verify)(void *ctx, const struct sweep_run *run);
    /* Whether the scenario may end well although this lasts; may be NULL: never. For calls whose
     * failure is tolerated by design, and for answers whose body nobody reads. */
    bool (*tolerates)(void *ctx, const struct sweep_run *run);
    void *ctx;
};

/* A `tolerates` for those that push: a look whether a manifest is there that is not permitted is
 * no failure, since some identities may only push. */
bool sweep_is_denied_look(void *ctx, const struct sweep_run *run);

/* Plays everything; fails the test naming scenario, call and fault. */
void sweep_all(const struct sweep *sweep);
/* The same, but the first thing that is wrong is appended to `problem`; false: nothing is. */
bool sweep_find(const struct sweep *sweep, struct sw_buf *problem);
const char *sweep_fault_name(enum sweep_fault fault);

#endif
