#ifndef SLIPWAY_TAR_PRIVATE_H
#define SLIPWAY_TAR_PRIVATE_H

/* One 512-byte tar header, decoded; see slipway/tar.h. */

#include <slipway/str.h>

#include <stdbool.h>
#include <stdint.h>

enum { SW_TAR_BLOCK = 512, SW_TAR_NAME_MAX = 155 + 1 + 100 };

struct sw_tar_header {
    char type;                      /* the type flag as it is */
    char path[SW_TAR_NAME_MAX + 1]; /* prefix and name */
    char link[100 + 1];
    int64_t size;
};

/* What a pax extended header says; NULL and -1 for what it does not say. */
struct sw_tar_pax {
    char *path; /* owned */
    char *link; /* owned */
    int64_t size;
};

/* Whether the block is all zero. */
bool sw_tar_is_zero(const char block[SW_TAR_BLOCK]);
/* Decodes a header; NULL on success, else what is wrong with it. */
const char *sw_tar_header_parse(const char block[SW_TAR_BLOCK], struct sw_tar_header *ret);
/* Reads pax records over *into; NULL on success, else what is wrong with them. */
const char *sw_tar_pax_parse(struct sw_str records, struct sw_tar_pax *into);

#endif
