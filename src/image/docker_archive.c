#include "archive_store.h"
#include "oci_walk.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An archive in one file: Docker's, or an OCI layout packed with tar. */
struct docker_archive {
    struct sw_image_source source; /* first: sources are cast back */
    bool oci;                      /* manifest.json does not count */
    char *path;
    char *name; /* NULL: the only image */
    char *platform;
    int fd;
    struct sw_archive archive;
};

static void archive_free(struct sw_image_source *source)
{
    struct docker_archive *self = (struct docker_archive *)source;

    sw_archive_release(&self->archive);
    sw_close_fd(&self->fd);
    free(self->path);
    free(self->name);
    free(self->platform);
    free(self);
}

/* Bytes read ahead of a stream, and the stream. */
struct pushed_back {
    char head[SW_PACKING_HEAD];
    size_t len;
    size_t at;
    struct sw_reader in;
};

static enum sw_status read_pushed_back(void *ctx, char *data, size_t size, size_t *ret_len,
                                       struct sw_err *err)
{
    struct pushed_back *back = ctx;
    size_t left = back->len - back->at;

    if (left == 0) {
        return back->in.read(back->in.ctx, data, size, ret_len, err);
    }
    *ret_len = left < size ? left : size;
    memcpy(data, back->head + back->at, *ret_len);
    back->at += *ret_len;
    return SW_OK;
}

/*
 * Takes an archive that cannot be read at random: a pipe, or a packed file. A pipe is read to its
 * end, padding and all: a program that finds it closed would fail, and its pipeline with it.
 */
static enum sw_status take_stream(struct docker_archive *self, bool pipe, struct sw_intake *intake,
                                  struct sw_err *err)
{
    struct pushed_back back = { .in = sw_fd_reader(&self->fd) };
    const struct sw_reader whole = { read_pushed_back, NULL, &back };
    const struct sw_strs nothing = { 0 };
    const struct sw_archive_wish wish = { .layers = &nothing };
    enum sw_status status = sw_reader_fill(&back.in, back.head, sizeof(back.head), &back.len, err);

    if (status == SW_OK && back.len == 0) {
        status = sw_fail(err, SW_E_INPUT, "it is empty; did the program that writes it fail?");
    }
    if (status != SW_OK) {
        return status;
    }
    SW_CLEANUP(sw_unpack_cleanup)
    struct sw_unpack *unpack = sw_unpack_new(sw_packing_of(back.head, back.len), whole);

    status = sw_archive_take(&self->archive, sw_unpack_reader(unpack), intake, &wish, err);
    return status == SW_OK && pipe ? sw_reader_drain(&back.in, err) : status;
}

static enum sw_status read_archive(struct docker_archive *self, struct sw_intake *intake,
                                   struct sw_err *err)
{
    char head[SW_PACKING_HEAD];
    struct stat st;
    ssize_t len;

    if (fstat(self->fd, &st) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot read: %s", strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        return sw_fail(err, SW_E_INPUT,
                       "it is a folder; an archive is one file, and an OCI layout in a folder is "
                       "oci:%s",
                       self->path);
    }
    len = S_ISREG(st.st_mode) ? pread(self->fd, head, sizeof(head), 0) : -1;
    if (len < 0 || sw_packing_of(head, (size_t)len) != SW_PACKING_NONE) {
        return take_stream(self, !S_ISREG(st.st_mode), intake, err);
    }
    return sw_archive_index(&self->archive, self->fd, st.st_size, err);
}

static enum sw_status of_archive(const struct docker_archive *self, struct sw_err *err)
{
    return strcmp(self->path, "-") == 0 ? sw_wrap(err, "the archive on standard input")
                                        : sw_wrap(err, "archive \"%s\"", self->path);
}

static enum sw_status archive_load(struct sw_image_source *source, struct sw_intake *intake,
                                   struct sw_image *ret, struct sw_err *err)
{
    struct docker_archive *self = (struct docker_archive *)source;
    enum sw_status status = read_archive(self, intake, err);

    if (status == SW_OK) {
        status = self->oci ? sw_oci_image_load(&self->archive, self->name, self->platform, intake,
                                               ret, err)
                           : sw_docker_image_load(&self->archive, self->name, self->platform,
                                                  intake, ret, err);
    }
    return status == SW_OK ? SW_OK : of_archive(self, err);
}

/* Everything is sent as it lies there, so that it must be possible to read it there. */
static enum sw_status index_in_place(struct docker_archive *self, struct sw_err *err)
{
    char head[SW_PACKING_HEAD];
    struct stat st;
    ssize_t len = -1;

    if (fstat(self->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        len = pread(self->fd, head, sizeof(head), 0);
    }
    if (len < 0 || sw_packing_of(head, (size_t)len) != SW_PACKING_NONE) {
        return sw_fail(err, SW_E_INPUT,
                       "--all-platforms needs an archive in a file that is not compressed");
    }
    return sw_archive_index(&self->archive, self->fd, st.st_size, err);
}

static enum sw_status archive_load_all(struct sw_image_source *source, struct sw_tree *ret,
                                       struct sw_store *ret_store, struct sw_err *err)
{
    struct docker_archive *self = (struct docker_archive *)source;
    enum sw_status status = index_in_place(self, err);

    if (status == SW_OK) {
        status = sw_oci_tree(&self->archive, self->name, ret, err);
    }
    *ret_store = sw_archive_store(&self->archive);
    return status == SW_OK ? SW_OK : of_archive(self, err);
}

static enum sw_status open_archive(const char *kind, bool oci, const char *text,
                                   const char *platform, struct sw_image_source **ret,
                                   struct sw_err *err)
{
    struct sw_str name = sw_str(text);
    SW_CLEANUP(sw_free_str) char *path = sw_str_dup(sw_str_cut(&name, ':'));
    struct docker_archive *self;
    int fd;

    if (path[0] == '\0') {
        return sw_fail(err, SW_E_USAGE, "%s names no file", kind);
    }
    fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return sw_fail(err, SW_E_INPUT, "cannot open archive \"%s\": %s", path, strerror(errno));
    }
    self = sw_xcalloc(1, sizeof(*self));
    self->source = (struct sw_image_source){ archive_load, archive_free, archive_load_all };
    self->oci = oci;
    self->path = SW_TAKE(path);
    self->name = name.len > 0 ? sw_str_dup(name) : NULL;
    self->platform = platform ? sw_xstrdup(platform) : NULL;
    self->fd = fd;
    self->archive.fd = -1;
    *ret = &self->source;
    return SW_OK;
}

enum sw_status sw_docker_archive_open(SW_UNUSED const struct sw_env *env, const char *text,
                                      const char *platform, struct sw_image_source **ret,
                                      struct sw_err *err)
{
    return open_archive("docker-archive:", /* oci= */ false, text, platform, ret, err);
}

enum sw_status sw_oci_archive_open(SW_UNUSED const struct sw_env *env, const char *text,
                                   const char *platform, struct sw_image_source **ret,
                                   struct sw_err *err)
{
    return open_archive("oci-archive:", /* oci= */ true, text, platform, ret, err);
}
