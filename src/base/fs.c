#include <slipway/fs.h>

#include <slipway/alloc.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* in a row, as the kernel has it */

void sw_close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* Reads to the end of `fd`; one byte more than allowed shows that the limit is passed. */
static enum sw_status read_all(int fd, const char *path, struct sw_buf *out, struct sw_err *err)
{
    char block[16384];

    for (;;) {
        ssize_t got = read(fd, block, sizeof(block));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            enum sw_status status = errno == EISDIR ? SW_E_INPUT : SW_E_FAILED;

            return sw_fail(err, status, "cannot read \"%s\": %s", path, strerror(errno));
        }
        if (got == 0) {
            return SW_OK;
        }
        sw_buf_add(out, block, (size_t)got);
        if (sw_buf_check(out, "it", err)) {
            return sw_fail(err, SW_E_TOO_LARGE, "\"%s\" is larger than %zu bytes", path, out->max);
        }
    }
}

enum sw_status sw_fs_read(const char *path, struct sw_buf *out, struct sw_err *err)
{
    int SW_CLEANUP(sw_close_fd) fd = -1;

    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, "standard input", out, err);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        enum sw_status status = errno == ENOENT || errno == ENOTDIR ? SW_E_NOT_FOUND : SW_E_FAILED;

        return sw_fail(err, status, "cannot open \"%s\": %s", path, strerror(errno));
    }
    return read_all(fd, path, out, err);
}

enum sw_status sw_fs_read_input(const char *path, struct sw_buf *out, struct sw_err *err)
{
    enum sw_status status = sw_fs_read(path, out, err);

    if (status == SW_E_NOT_FOUND) {
        err->status = SW_E_INPUT;
        status = SW_E_INPUT;
    }
    return status;
}

static enum sw_status write_all(int fd, const char *path, struct sw_str data, struct sw_err *err)
{
    while (data.len > 0) {
        ssize_t put = write(fd, data.ptr, data.len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return sw_fail(err, SW_E_FAILED, "cannot write \"%s\": %s", path, strerror(errno));
        }
        data = sw_str_from(data, (size_t)put);
    }
    return SW_OK;
}

/* Where a symbolic link points to, from here; NULL when `path` is none. */
static char *link_target(const char *path)
{
    char target[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof(target) - 1);

    if (len < 0) {
        return NULL;
    }
    target[len] = '\0';
    char *SW_CLEANUP(sw_free_str) dir = sw_fs_dirname(path);
    return sw_fs_join(dir, target);
}

/* The file a chain of symbolic links ends at, which need not exist; `path` when it is none. */
static char *follow_links(const char *path)
{
    char *at = realpath(path, NULL);

    if (at) {
        return at;
    }
    at = sw_xstrdup(path);
    for (int i = 0; i < LINKS_MAX; i++) {
        char *next = link_target(at);

        if (!next) {
            break;
        }
        free(at);
        at = next;
    }
    return at;
}

/* Whether there is something that is no file: a pipe, a terminal, /dev/null. */
static bool is_special(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static enum sw_status write_special(const char *path, struct sw_str data, struct sw_err *err)
{
    int SW_CLEANUP(sw_close_fd) fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        return sw_fail(err, SW_E_FAILED, "cannot write \"%s\": %s", path, strerror(errno));
    }
    return write_all(fd, path, data, err);
}

enum sw_status sw_fs_write_atomic(const char *path, struct sw_str data, mode_t mode,
                                  struct sw_err *err)
{
    if (is_special(path)) {
        return write_special(path, data, err);
    }

    char *SW_CLEANUP(sw_free_str) target = follow_links(path);
    char *SW_CLEANUP(sw_free_str) temp = sw_xasprintf("%s.XXXXXX", target);
    int SW_CLEANUP(sw_close_fd) fd = mkostemp(temp, O_CLOEXEC);

    if (fd < 0) {
        return sw_fail(err, SW_E_FAILED, "cannot write beside \"%s\": %s", path, strerror(errno));
    }
    if (write_all(fd, path, data, err)) {
        (void)unlink(temp);
        return err->status;
    }
    if (fchmod(fd, mode) || fsync(fd) || rename(temp, target)) {
        enum sw_status status =
            sw_fail(err, SW_E_FAILED, "cannot write \"%s\": %s", path, strerror(errno));

        (void)unlink(temp);
        return status;
    }
    return SW_OK;
}

enum sw_status sw_fs_can_replace(const char *path, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) target = follow_links(path);
    char *SW_CLEANUP(sw_free_str) dir = sw_fs_dirname(target);

    if (sw_fs_is_dir(target)) {
        return sw_fail(err, SW_E_FAILED, "cannot write \"%s\": it is a folder", path);
    }
    if (is_special(path) ? access(path, W_OK) : access(dir, W_OK | X_OK)) {
        return sw_fail(err, SW_E_FAILED, "cannot write \"%s\": %s", path, strerror(errno));
    }
    return SW_OK;
}

/* Whether the last line of a file lacks its end; where that cannot be seen, it does not. */
static bool is_open_ended(const char *path, off_t size)
{
    int SW_CLEANUP(sw_close_fd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char last = '\n';

    return size > 0 && fd >= 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

enum sw_status sw_fs_append(const char *path, struct sw_str data, mode_t mode, struct sw_err *err)
{
    int SW_CLEANUP(sw_close_fd) fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode);
    SW_CLEANUP(sw_buf_release) struct sw_buf text = { 0 };
    struct stat st;

    if (fd < 0 || fstat(fd, &st)) {
        return sw_fail(err, SW_E_FAILED, "cannot open \"%s\" for appending: %s", path,
                       strerror(errno));
    }
    sw_buf_init(&text, data.len + 1);
    if (data.len > 0 && S_ISREG(st.st_mode) && is_open_ended(path, st.st_size)) {
        sw_buf_add_char(&text, '\n');
    }
    sw_buf_add_str(&text, data);
    if (write_all(fd, path, sw_buf_str(&text), err) == SW_OK) {
        return SW_OK;
    }
    /* Half a line would spoil the file for what reads it. */
    if (S_ISREG(st.st_mode) && ftruncate(fd, st.st_size)) {
        (void)sw_append(err, "; it may end in half a line");
    }
    return err->status;
}

enum sw_status sw_fs_mkdirs(const char *path, mode_t mode, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) copy = sw_xstrdup(path);

    for (char *at = copy + (*copy == '/');; at++) {
        char kept = *at;

        if (kept != '/' && kept != '\0') {
            continue;
        }
        *at = '\0';
        if (mkdir(copy, mode) && errno != EEXIST) {
            return sw_fail(err, SW_E_FAILED, "cannot make the folder \"%s\": %s", copy,
                           strerror(errno));
        }
        *at = kept;
        if (kept == '\0') {
            break;
        }
    }
    if (!sw_fs_is_dir(path)) {
        return sw_fail(err, SW_E_FAILED, "\"%s\" is not a folder", path);
    }
    return SW_OK;
}

bool sw_fs_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool sw_fs_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *sw_fs_join(const char *dir, const char *name)
{
    if (name[0] == '/' || dir[0] == '\0') {
        return sw_xstrdup(name);
    }
    return sw_xasprintf("%s%s%s", dir, sw_str_ends(sw_str(dir), "/") ? "" : "/", name);
}

char *sw_fs_dirname(const char *path)
{
    ptrdiff_t slash = sw_str_rfind(sw_str(path), '/');

    if (slash < 0) {
        return sw_xstrdup(".");
    }
    return sw_xstrndup(path, slash == 0 ? 1 : (size_t)slash);
}

static const char *temp_folder(const char *tmpdir)
{
    return tmpdir && tmpdir[0] ? tmpdir : "/tmp";
}

/* errno says why; the folder is the user's choice, and so is another one. */
static enum sw_status fail_temp(struct sw_err *err, const char *what, const char *dir,
                                bool is_chosen)
{
    const int why = errno;

    return sw_fail(err, SW_E_FAILED,
                   "cannot make a temporary %s in \"%s\"%s: %s; set TMPDIR to a folder %s", what,
                   dir, is_chosen ? ", which TMPDIR names" : "", strerror(why),
                   why == ENOSPC ? "with more room" : "that exists and can be written");
}

enum sw_status sw_fs_temp(const char *tmpdir, int *ret_fd, struct sw_err *err)
{
    const char *dir = temp_folder(tmpdir);
    char *SW_CLEANUP(sw_free_str) name = sw_fs_join(dir, "slipway-XXXXXX");
    /* One that never has a name cannot stay behind. */
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0) {
        *ret_fd = fd;
        return SW_OK;
    }
    /* Not all file systems know that. */
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        return fail_temp(err, "file", dir, dir == tmpdir);
    }
    (void)unlink(name);
    *ret_fd = fd;
    return SW_OK;
}

enum sw_status sw_fs_temp_dir(const char *tmpdir, char **ret, struct sw_err *err)
{
    const char *dir = temp_folder(tmpdir);
    char *SW_CLEANUP(sw_free_str) path = sw_fs_join(dir, "slipway-XXXXXX");

    if (!mkdtemp(path)) {
        return fail_temp(err, "folder", dir, dir == tmpdir);
    }
    *ret = SW_TAKE(path);
    return SW_OK;
}
