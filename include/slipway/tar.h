#ifndef SLIPWAY_TAR_H
#define SLIPWAY_TAR_H

/*
 * Reading tar archives entry by entry: ustar, GNU (long names, base-256 numbers) and pax (path,
 * linkpath, size), after POSIX pax(1) and the GNU tar manual. Nothing is written to disk and names
 * are not interpreted; a caller that looks names up decides what ".." means.
 *
 * Hardened: checksums are verified, names and extended headers limited, sizes must be plausible,
 * sparse files are refused, and an archive that stops anywhere but after its end mark (a block of
 * zeros; a second one may be missing) is an error, so that a cut download is never taken for a
 * smaller image. Global pax headers, which hold comments in practice, are stepped over.
 */

#include <slipway/stream.h>

#include <stdbool.h>

enum {
    SW_TAR_PATH_MAX = 4096,
    SW_TAR_EXTENDED_MAX = 1024 * 1024, /* one extended header */
    SW_TAR_ENTRIES_MAX = 500 * 1000,   /* extended headers count, too */
};
#define SW_TAR_SIZE_MAX ((int64_t)1 << 44) /* 16 TiB for one entry */

enum sw_tar_type { SW_TAR_FILE, SW_TAR_HARDLINK, SW_TAR_SYMLINK, SW_TAR_DIR, SW_TAR_OTHER };

struct sw_tar_entry {
    enum sw_tar_type type;
    const char *path; /* as in the archive; not empty */
    const char *link; /* target of links, as in the archive; of no meaning for others */
    int64_t size;     /* bytes of content; 0 for all but files */
    int64_t offset;   /* of the content in the archive */
};

struct sw_tar;

/* A reader of the archive in `in`, whose `ctx` must outlive it. The caller's. */
struct sw_tar *sw_tar_new(struct sw_reader in);
void sw_tar_free(struct sw_tar *tar);
SW_DEFINE_CLEANUP(sw_tar_cleanup, struct sw_tar, sw_tar_free)

/*
 * The next entry, stepping over what is left of the one before. *ret is borrowed until the next
 * call; NULL at the end of the archive. SW_E_INPUT, with the byte, for what is no valid archive or
 * ends too early, and for what passes a limit; else what `in` fails with. After a failure the
 * reader is good for nothing but sw_tar_free().
 */
SW_NODISCARD enum sw_status sw_tar_next(struct sw_tar *tar, const struct sw_tar_entry **ret,
                                        struct sw_err *err);
/* The content of the present entry, valid until the next sw_tar_next(). It cannot skip, and fails
 * as sw_tar_next() does. */
struct sw_reader sw_tar_reader(struct sw_tar *tar);

#endif
