#ifndef SLIPWAY_IMAGE_ARCHIVE_STORE_H
#define SLIPWAY_IMAGE_ARCHIVE_STORE_H

/* The blobs of an archive, sent as they lie there; their digests are checked on the way. */

#include "archive.h"
#include "transfer.h"

/* Borrows the archive, which can be read where it lies. */
struct sw_store sw_archive_store(struct sw_archive *archive);

#endif
