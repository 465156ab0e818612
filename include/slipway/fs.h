#ifndef SLIPWAY_FS_H
#define SLIPWAY_FS_H

/* Files: bounded reads, atomic writes, paths. All descriptors are close-on-exec. */

#include <slipway/buf.h>

#include <sys/types.h>

/*
 * Appends the whole file to `out`; `out`'s maximum is the limit. SW_E_NOT_FOUND when there is no
 * such file, SW_E_INPUT when it is a folder, SW_E_TOO_LARGE over the limit, SW_E_FAILED otherwise.
 * "-" reads standard input.
 */
SW_NODISCARD enum sw_status sw_fs_read(const char *path, struct sw_buf *out, struct sw_err *err);
/* The same for a file that the user named: that there is none is SW_E_INPUT. */
SW_NODISCARD enum sw_status sw_fs_read_input(const char *path, struct sw_buf *out,
                                             struct sw_err *err);
/*
 * Replaces the file by `data` atomically: a temporary file in the same folder, synced, renamed.
 * A symbolic link is followed, also where nothing is yet, so that it stays. The file gets `mode`.
 * On failure the old content is untouched and no temporary file is left. What is no file but can be
 * written, as /dev/stdout or a named pipe, is not replaced: it gets the bytes.
 */
SW_NODISCARD enum sw_status sw_fs_write_atomic(const char *path, struct sw_str data, mode_t mode,
                                               struct sw_err *err);
/*
 * Whether sw_fs_write_atomic() could write here, as far as rights and folders tell; to be asked
 * before work whose result would be lost.
 */
SW_NODISCARD enum sw_status sw_fs_can_replace(const char *path, struct sw_err *err);
/*
 * Appends lines to a file (created with `mode`) in one write; a last line without an end gets one
 * first. When they cannot be written whole, the file stays as it was.
 */
SW_NODISCARD enum sw_status sw_fs_append(const char *path, struct sw_str data, mode_t mode,
                                         struct sw_err *err);
/* Makes a folder and its missing parents with `mode`; an existing folder is fine. */
SW_NODISCARD enum sw_status sw_fs_mkdirs(const char *path, mode_t mode, struct sw_err *err);
bool sw_fs_exists(const char *path);
bool sw_fs_is_dir(const char *path);
/* "dir/name"; an absolute `name` wins. The caller's. */
char *sw_fs_join(const char *dir, const char *name);
/* The part before the last '/', "." when there is none. The caller's. */
char *sw_fs_dirname(const char *path);
/*
 * An anonymous temporary file, gone when closed, in `tmpdir`: the value of TMPDIR, which errors
 * name; NULL or "" is /tmp.
 */
SW_NODISCARD enum sw_status sw_fs_temp(const char *tmpdir, int *ret_fd, struct sw_err *err);
/* A new folder of mode 0700 in the same place; the path is the caller's. */
SW_NODISCARD enum sw_status sw_fs_temp_dir(const char *tmpdir, char **ret, struct sw_err *err);

/*
 * Copies a file, a symbolic link (as such) or a folder with all it holds to `to`, whose folder
 * exists; modes are kept, what is there is replaced, other kinds of files are left out. A folder
 * that is copied into itself does not recurse. `ret_files`, when not NULL, is counted up.
 */
SW_NODISCARD enum sw_status sw_fs_copy(const char *from, const char *to, size_t *ret_files,
                                       struct sw_err *err);
/* Removes a file, or a folder with all it holds; what cannot be removed stays. */
void sw_fs_remove_tree(const char *path);

/* Closes a descriptor unless it is negative; for SW_CLEANUP on int variables. */
void sw_close_fd(int *fd);

#endif
