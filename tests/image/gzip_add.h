#ifndef SLIPWAY_TEST_GZIP_ADD_H
#define SLIPWAY_TEST_GZIP_ADD_H

#include <slipway/gzip.h>

/* Adds input that lies elsewhere than in the compressor's room, and hashes it. */
SW_NODISCARD enum sw_status gzip_add(struct sw_gzip *gzip, const char *data, size_t len,
                                     struct sw_err *err);

#endif
