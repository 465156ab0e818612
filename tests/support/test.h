#ifndef SLIPWAY_TEST_H
#define SLIPWAY_TEST_H

/*
 * What every cmocka test includes: cmocka with its prerequisites, the test environment and
 * assertions that show both sides and the error text.
 */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "test_env.h"

#include <slipway/alloc.h>
#include <slipway/err.h>

/* The call succeeded; on failure the error's text is shown. abort() is never reached: it tells
 * analyzers, who know nothing of cmocka's long jumps, that what follows is about successes. */
#define assert_ok(call)                                                      \
    do {                                                                     \
        enum sw_status status_ = (call);                                     \
        if (status_ != SW_OK) {                                              \
            fail_msg("%s: %s: %s", #call, sw_status_name(status_), err.msg); \
            abort();                                                         \
        }                                                                    \
    } while (0)

/* The call failed with that status and exactly that message; `err` is the local error variable. */
#define assert_fails(call, expected_status, expected_msg)                              \
    do {                                                                               \
        enum sw_status status_ = (call);                                               \
        assert_string_equal(sw_status_name(status_), sw_status_name(expected_status)); \
        assert_string_equal(err.msg, expected_msg);                                    \
    } while (0)

#endif
