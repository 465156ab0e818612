#ifndef SLIPWAY_COMPRESSION_H
#define SLIPWAY_COMPRESSION_H

/*
 * How layers that come unpacked are stored: gzip, zstd, or as they are. Layers that are packed
 * already are never touched.
 *
 *   gzip  levels 0 (fastest) to 3 (smallest), 1 when nothing is said; every runtime reads it.
 *   zstd  levels 1 to 19, 3 when nothing is said; smaller and faster to unpack, for Docker 23,
 *         containerd 1.5 and AWS Fargate platform 1.4 and later. From level 16 on it takes much
 *         more memory.
 *   none  as they are, for a registry that is next door.
 */

#include <slipway/attr.h>
#include <slipway/err.h>
#include <slipway/stream.h>

struct sw_compression {
    enum sw_packing packing;
    int level; /* 0 for none */
};

/* gzip at its usual level. */
extern const struct sw_compression sw_compression_default;

/*
 * Reads "gzip", "zstd" or "none" (NULL: gzip) and a level (NULL: the usual one). SW_E_USAGE names
 * what there is.
 */
SW_NODISCARD enum sw_status sw_compression_parse(const char *kind, const char *level,
                                                 struct sw_compression *ret, struct sw_err *err);

#endif
