#ifndef SLIPWAY_IMAGE_ARCHIVE_H
#define SLIPWAY_IMAGE_ARCHIVE_H

/*
 * The files of an image archive, or of an OCI layout in a folder, by name. Those in a file or a
 * folder are indexed and their contents are read where they lie; an archive that comes through a
 * pipe is taken as it passes: small files are kept in memory, large ones are made into blobs at
 * once, because a layer may come before the manifest that says what it is.
 */

#include "intake.h"

#include <slipway/buf.h>
#include <slipway/tar.h>

struct sw_archive_file {
    char *path;            /* without ".", ".." and doubled slashes */
    enum sw_tar_type type; /* file, or one of the links */
    char *target;          /* of a link, as a path of the archive; NULL when it leaves it */
    size_t order;          /* of arrival: the last of equal names counts */
    int64_t offset;        /* in a file archive; 0 in a folder */
    int64_t size;
    char *bytes;          /* from a pipe: the content of a small file, owned */
    char *digest;         /* of these bytes, where something is awaited; else NULL. Owned */
    struct sw_blob *blob; /* made of the content; the intake's */
};

struct sw_archive {
    int fd;                        /* of a file archive, else -1. Borrowed */
    const char *dir;               /* of a folder, else NULL. Borrowed */
    struct sw_archive_file *files; /* by path once complete */
    size_t count;
    size_t capacity;
    size_t held_bytes;
    bool complete; /* all that was awaited has passed, and the rest was left unread */
    char manifest[SW_DIGEST_SIZE]; /* that was found from wish.root; "" otherwise */
};

/* Indexes the archive in a file of `size` bytes. */
SW_NODISCARD enum sw_status sw_archive_index(struct sw_archive *archive, int fd, int64_t size,
                                             struct sw_err *err);
/*
 * Indexes the OCI layout in a folder: index.json and the blobs; whatever else lies there is not
 * looked at.
 */
SW_NODISCARD enum sw_status sw_archive_index_dir(struct sw_archive *archive, const char *dir,
                                                 struct sw_err *err);
/* What is known before an archive passes of the image that it holds. */
struct sw_archive_wish {
    const struct sw_strs *layers; /* diff ids: these are handed on at once; may be empty */
    bool all_needed;              /* the archive holds nothing else, and the targets know none */
    /*
     * The digest of its configuration: reading ends when that and all of `awaited`, diff ids, have
     * passed. NULL, or one of them does not come: all is read.
     */
    const char *config;
    struct sw_strs awaited;
    /*
     * Where that is not known: the digest of its manifest, or of an index, of which `platform` is
     * meant. Reading ends when that and all that it names have passed, but for layers that the
     * targets have; archive.manifest says what it was.
     */
    const char *root;
    const char *platform;
};
/* Takes a passing archive. */
SW_NODISCARD enum sw_status sw_archive_take(struct sw_archive *archive, struct sw_reader in,
                                            struct sw_intake *intake,
                                            const struct sw_archive_wish *wish, struct sw_err *err);
/* A place for an entry; *ret is NULL when it is of no use here (folders, devices). */
SW_NODISCARD enum sw_status sw_archive_add(struct sw_archive *archive,
                                           const struct sw_tar_entry *entry,
                                           struct sw_archive_file **ret, struct sw_err *err);
/* Makes the files findable; to be called when all are there. */
void sw_archive_sort(struct sw_archive *archive);
void sw_archive_release(struct sw_archive *archive);

/* What messages call it: "archive" or "layout". */
const char *sw_archive_word(const struct sw_archive *archive);
/* The regular file of that name, links followed; NULL when there is none. */
struct sw_archive_file *sw_archive_find(const struct sw_archive *archive, const char *path);
/* The file that passed with that content, a layer unpacked; NULL when there is none. */
struct sw_archive_file *sw_archive_find_content(const struct sw_archive *archive,
                                                const char *digest);
/* Appends the content of a small file. SW_E_NOT_FOUND when there is none of that name. */
SW_NODISCARD enum sw_status sw_archive_text(const struct sw_archive *archive, const char *path,
                                            struct sw_buf *out, struct sw_err *err);
/* The first bytes of a file, to tell its packing. */
SW_NODISCARD enum sw_status sw_archive_packing(const struct sw_archive *archive,
                                               const struct sw_archive_file *file,
                                               enum sw_packing *ret, struct sw_err *err);
/*
 * The part of a file that holds an entry's content. *ret_opened says that part->fd is the caller's,
 * to be closed. Only for archives that can be read where they lie.
 */
SW_NODISCARD enum sw_status sw_archive_part(const struct sw_archive *archive,
                                            const struct sw_archive_file *file,
                                            struct sw_file_part *ret, bool *ret_opened,
                                            struct sw_err *err);
/* Files that are layers. */
struct sw_archive_layers {
    struct sw_archive_file **files; /* no file twice */
    size_t count;
    /* Called for each as soon as file->blob is whole. The member may be NULL. */
    enum sw_status (*made)(void *ctx, const struct sw_archive_file *file, struct sw_err *err);
    void *ctx;
};
/* Makes the blobs of files that have none yet, as sw_intake_layers() does. */
SW_NODISCARD enum sw_status sw_archive_make(const struct sw_archive *archive,
                                            const struct sw_archive_layers *layers,
                                            struct sw_intake *intake, struct sw_err *err);

/*
 * Reads the image out of a complete archive in one of Docker's layouts, handing layers and
 * configuration on. `name` picks one of several images (NULL: there must be one); `platform` NULL
 * takes what there is. *ret is initialised.
 */
SW_NODISCARD enum sw_status sw_docker_image_load(struct sw_archive *archive, const char *name,
                                                 const char *platform, struct sw_intake *intake,
                                                 struct sw_image *ret, struct sw_err *err);
/* The same for the manifest of that digest, whatever else is in the archive, and what is not. */
SW_NODISCARD enum sw_status sw_stored_image_load(struct sw_archive *archive, const char *digest,
                                                 const char *platform, struct sw_intake *intake,
                                                 struct sw_image *ret, struct sw_err *err);
/* The same for an OCI layout, where index.json alone says what there is. */
SW_NODISCARD enum sw_status sw_oci_image_load(struct sw_archive *archive, const char *name,
                                              const char *platform, struct sw_intake *intake,
                                              struct sw_image *ret, struct sw_err *err);

#endif
