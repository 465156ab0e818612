#ifndef SLIPWAY_SHA256_H
#define SLIPWAY_SHA256_H

/*
 * SHA-256 (FIPS 180-4) over whole blocks with the processor's instructions for it, one message or
 * two side by side: these instructions spend most of their time waiting for each other, so that two
 * messages take hardly longer than one. digest.h makes digests of it; where the processor has no
 * such instructions, that uses OpenSSL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SW_SHA256_BLOCK = 64, SW_SHA256_WORDS = 8 };

/* Whether this processor has the instructions. The functions below need them. */
bool sw_sha256_is_built_in(void);

/* The state before the first block. */
void sw_sha256_start(uint32_t state[SW_SHA256_WORDS]);
/* Takes `count` blocks into the state. */
void sw_sha256_blocks(uint32_t state[SW_SHA256_WORDS], const unsigned char *data, size_t count);
/* The same for two messages, `count` blocks of each. */
void sw_sha256_blocks_of_two(uint32_t a[SW_SHA256_WORDS], const unsigned char *data_a,
                             uint32_t b[SW_SHA256_WORDS], const unsigned char *data_b,
                             size_t count);

#endif
