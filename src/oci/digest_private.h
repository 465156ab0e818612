#ifndef SLIPWAY_OCI_DIGEST_PRIVATE_H
#define SLIPWAY_OCI_DIGEST_PRIVATE_H

#include <slipway/digest.h>

/* A hash that uses the processor's instructions, which must be there, or OpenSSL. */
struct sw_sha256 *sw_sha256_new_with(bool built_in);

#endif
