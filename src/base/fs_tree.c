#include <slipway/fs.h>

#include <slipway/alloc.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DEPTH_MAX = 200,       /* folders inside folders */
    OPEN_FOLDERS_MAX = 32, /* descriptors that a removal may use */
};

/* One copying, with all its folders. */
struct copying {
    struct stat root_to; /* the topmost target, so that it is not copied into itself */
    size_t files;
    int depth;
};

static enum sw_status io_error(struct sw_err *err, const char *verb, const char *path)
{
    return sw_fail(err, SW_E_FAILED, "cannot %s \"%s\": %s", verb, path, strerror(errno));
}

static enum sw_status copy_bytes(int in, int out, const char *from, const char *to,
                                 struct sw_err *err)
{
    for (;;) {
        ssize_t moved = sendfile(out, in, NULL, (size_t)1 << 30);

        if (moved == 0) {
            return SW_OK;
        }
        if (moved < 0 && errno != EINTR) {
            return sw_fail(err, SW_E_FAILED, "cannot copy \"%s\" to \"%s\": %s", from, to,
                           strerror(errno));
        }
    }
}

static enum sw_status copy_file(const char *from, const char *to, mode_t mode, struct sw_err *err)
{
    int SW_CLEANUP(sw_close_fd) in = open(from, O_RDONLY | O_CLOEXEC);
    int SW_CLEANUP(sw_close_fd) out = -1;

    if (in < 0) {
        return io_error(err, "read", from);
    }
    /* A new file, not the old one with new content: it may be a link, or be running. */
    (void)unlink(to);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777);
    if (out < 0) {
        return io_error(err, "write", to);
    }
    (void)fchmod(out, mode & 07777);
    return copy_bytes(in, out, from, to, err);
}

static enum sw_status copy_link(const char *from, const char *to, struct sw_err *err)
{
    char target[PATH_MAX];
    ssize_t len = readlink(from, target, sizeof(target) - 1);

    if (len < 0) {
        return io_error(err, "read", from);
    }
    target[len] = '\0';
    (void)unlink(to);
    return symlink(target, to) ? io_error(err, "write", to) : SW_OK;
}

static enum sw_status copy_any(struct copying *copying, const char *from, const char *to,
                               struct sw_err *err);

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX bounds it */
static enum sw_status copy_entries(struct copying *copying, DIR *dir, const char *from,
                                   const char *to, struct sw_err *err)
{
    const struct dirent *entry;
    enum sw_status status = SW_OK;

    while (status == SW_OK && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *SW_CLEANUP(sw_free_str) child_from = sw_fs_join(from, entry->d_name);
            char *SW_CLEANUP(sw_free_str) child_to = sw_fs_join(to, entry->d_name);

            status = copy_any(copying, child_from, child_to, err);
        }
    }
    return status;
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX bounds it */
static enum sw_status copy_folder(struct copying *copying, const char *from, const char *to,
                                  mode_t mode, struct sw_err *err)
{
    enum sw_status status;
    DIR *dir;

    if (copying->depth == DEPTH_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "\"%s\" is more than %d folders deep", from, DEPTH_MAX);
    }
    /* Writable while it is filled. */
    if (mkdir(to, (mode & 07777) | S_IRWXU) && errno != EEXIST) {
        return io_error(err, "make the folder", to);
    }
    if (copying->depth == 0 && stat(to, &copying->root_to)) {
        return io_error(err, "read", to);
    }
    dir = opendir(from);
    if (!dir) {
        return io_error(err, "read", from);
    }
    copying->depth++;
    status = copy_entries(copying, dir, from, to, err);
    copying->depth--;
    (void)closedir(dir);
    return status;
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX bounds it */
static enum sw_status copy_any(struct copying *copying, const char *from, const char *to,
                               struct sw_err *err)
{
    struct stat info;

    if (lstat(from, &info)) {
        return io_error(err, "read", from);
    }
    if (S_ISDIR(info.st_mode)) {
        bool itself = copying->depth > 0 && info.st_dev == copying->root_to.st_dev &&
                      info.st_ino == copying->root_to.st_ino;

        return itself ? SW_OK : copy_folder(copying, from, to, info.st_mode, err);
    }
    if (S_ISLNK(info.st_mode)) {
        copying->files++;
        return copy_link(from, to, err);
    }
    if (S_ISREG(info.st_mode)) {
        copying->files++;
        return copy_file(from, to, info.st_mode, err);
    }
    return SW_OK;
}

enum sw_status sw_fs_copy(const char *from, const char *to, size_t *ret_files, struct sw_err *err)
{
    struct copying copying = { .files = 0 };
    enum sw_status status = copy_any(&copying, from, to, err);

    if (ret_files) {
        *ret_files += copying.files;
    }
    return status;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

static int make_writable(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR) {
        (void)chmod(path, (info->st_mode & 07777) | S_IRWXU);
    }
    return 0;
}

void sw_fs_remove_tree(const char *path)
{
    struct stat info;

    (void)nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    if (lstat(path, &info) == 0) {
        /* Folders without write permission, e.g. Go's module cache, keep what they hold. */
        (void)nftw(path, make_writable, OPEN_FOLDERS_MAX, FTW_PHYS);
        (void)nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    }
}
