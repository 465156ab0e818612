#ifndef SLIPWAY_TEST_TAR_FILE_H
#define SLIPWAY_TEST_TAR_FILE_H

/* Writing tar archives into memory, entry by entry, also wrong ones. */

#include <slipway/buf.h>

/* A header block for `size` bytes of content; `type` is the tar type flag. */
void tar_file_header(struct sw_buf *out, const char *path, char type, const char *link,
                     int64_t size);
/* A regular file. */
void tar_file_add(struct sw_buf *out, const char *path, struct sw_str content);
/* A link: '1' hard, '2' symbolic. */
void tar_file_link(struct sw_buf *out, const char *path, char type, const char *target);
/* Content and its padding. */
void tar_file_content(struct sw_buf *out, struct sw_str content);
/* Computes the checksum of the header at `at` again, after a change to it. */
void tar_file_sum(struct sw_buf *out, size_t at);
/* The two blocks of zeros at the end. */
void tar_file_end(struct sw_buf *out);

#endif
