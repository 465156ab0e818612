#ifndef SLIPWAY_STREAM_H
#define SLIPWAY_STREAM_H

/*
 * Byte streams of unknown length: files, parts of files, pipes, and gzip or zstd data unpacked on
 * the way. Memory use does not depend on the length.
 */

#include <slipway/attr.h>
#include <slipway/err.h>

#include <stddef.h>
#include <stdint.h>

/* A source of bytes, passed by value; `ctx` is borrowed. */
struct sw_reader {
    /* Fills up to `size` (at least 1) bytes and sets *ret_len; 0 means the end. */
    enum sw_status (*read)(void *ctx, char *data, size_t size, size_t *ret_len, struct sw_err *err);
    /* Steps over exactly `count` bytes; NULL: reading is the only way. */
    enum sw_status (*skip)(void *ctx, int64_t count, struct sw_err *err);
    void *ctx;
};

/* Reads until `size` bytes are there or the stream ends: *ret_len is smaller only at the end. */
SW_NODISCARD enum sw_status sw_reader_fill(const struct sw_reader *reader, char *data, size_t size,
                                           size_t *ret_len, struct sw_err *err);
/* Reads what is left and throws it away. */
SW_NODISCARD enum sw_status sw_reader_drain(const struct sw_reader *reader, struct sw_err *err);

/* A part of a file, read with pread: several threads may read one descriptor. */
struct sw_file_part {
    int fd;
    int64_t offset; /* of the next byte */
    int64_t end;
};
/*
 * Reads the part, which is borrowed and moves on with what is read; it can skip. A file that ends
 * before `end`, or a skip beyond it, is SW_E_INPUT ("truncated"); SW_E_FAILED when it cannot be
 * read.
 */
struct sw_reader sw_file_part_reader(struct sw_file_part *part);

/* A descriptor that can only be read forwards (pipe, socket); *fd is borrowed, and stays open.
 * SW_E_FAILED when it cannot be read. */
struct sw_reader sw_fd_reader(int *fd);

/* Bytes in memory, borrowed as the part is, which moves on with what is read. Cannot fail. */
struct sw_memory_part {
    const char *data;
    size_t len;
};
struct sw_reader sw_memory_reader(struct sw_memory_part *part);

/* How a file is packed, told by its first bytes: gzip (RFC 1952), zstd (RFC 8878). */
enum sw_packing { SW_PACKING_NONE, SW_PACKING_GZIP, SW_PACKING_ZSTD };
enum { SW_PACKING_HEAD = 4 }; /* bytes needed to tell */
enum sw_packing sw_packing_of(const char *head, size_t len);

/*
 * Unpacks a stream, to the end of the last of its gzip members or zstd frames; SW_PACKING_NONE
 * hands it through. `in.ctx` must outlive it. Damaged or cut data, and none at all where there
 * should be packed data, is SW_E_INPUT; else what `in` fails with. The unpacker is the caller's,
 * and must outlive its reader, which cannot skip.
 */
struct sw_unpack;
struct sw_unpack *sw_unpack_new(enum sw_packing packing, struct sw_reader in);
void sw_unpack_free(struct sw_unpack *unpack);
SW_DEFINE_CLEANUP(sw_unpack_cleanup, struct sw_unpack, sw_unpack_free)
struct sw_reader sw_unpack_reader(struct sw_unpack *unpack);

#endif
