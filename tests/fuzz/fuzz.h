#ifndef SLIPWAY_FUZZ_H
#define SLIPWAY_FUZZ_H

/*
 * What a fuzz target includes. It defines LLVMFuzzerTestOneInput(): called with any bytes, it feeds
 * them to one parser, asserts what must hold of the result, frees everything and returns 0. The
 * bytes end exactly where they end: reading beyond them is found by the address sanitizer.
 */

#include <slipway/env.h>

#include <stddef.h>
#include <stdint.h>

/* The entry point that libFuzzer, or replay_main.c, calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert() this stays in release builds. */
#define FUZZ_CHECK(condition) \
    do {                      \
        if (!(condition)) {   \
            __builtin_trap(); \
        }                     \
    } while (0)

static inline int64_t fuzz_wall_ms(SW_UNUSED void *ctx)
{
    return INT64_C(1440938160000);
}

/* A clock that stands still, for what tells the date. */
SW_UNUSED static const struct sw_clock fuzz_clock = { .wall_ms = fuzz_wall_ms };

#endif
