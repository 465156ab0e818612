#include "archive.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    ARCHIVE_FILES_MAX = 100 * 1000,
    LINKS_MAX = 32,
};

/*
 * `path` below `dir` without ".", ".." and doubled slashes; NULL when it is empty or leaves the
 * archive. The caller's.
 */
static char *clean_path(struct sw_str dir, struct sw_str path)
{
    struct sw_buf out;

    sw_buf_init(&out, (size_t)2 * SW_TAR_PATH_MAX);
    sw_buf_add_str(&out, dir);
    while (path.ptr) {
        struct sw_str part = sw_str_cut(&path, '/');

        if (part.len == 0 || sw_str_is(part, ".")) {
            continue;
        }
        if (sw_str_is(part, "..")) {
            ptrdiff_t slash = sw_str_rfind(sw_buf_str(&out), '/');

            if (out.len == 0) {
                sw_buf_release(&out);
                return NULL;
            }
            sw_buf_truncate(&out, slash < 0 ? 0 : (size_t)slash);
            continue;
        }
        if (out.len > 0) {
            sw_buf_add_char(&out, '/');
        }
        sw_buf_add_str(&out, part);
    }
    if (out.len == 0) {
        sw_buf_release(&out);
        return NULL;
    }
    return sw_buf_take(&out);
}

static bool leaves_archive(const char *path)
{
    struct sw_str rest = sw_str(path);

    while (rest.ptr) {
        if (sw_str_is(sw_str_cut(&rest, '/'), "..")) {
            return true;
        }
    }
    return false;
}

static struct sw_str dir_of(const char *path)
{
    ptrdiff_t slash = sw_str_rfind(sw_str(path), '/');

    return sw_str_first(sw_str(path), slash < 0 ? 0 : (size_t)slash);
}

enum sw_status sw_archive_add(struct sw_archive *archive, const struct sw_tar_entry *entry,
                              struct sw_archive_file **ret, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = clean_path(SW_STR(""), sw_str(entry->path));
    struct sw_archive_file *file;

    *ret = NULL;
    if (entry->type == SW_TAR_DIR || entry->type == SW_TAR_OTHER) {
        return SW_OK;
    }
    if (!path || leaves_archive(entry->path)) {
        return sw_fail(err, SW_E_INPUT, "the path \"%s\" leaves the archive", entry->path);
    }
    if (archive->count == ARCHIVE_FILES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "the archive has more than %d files",
                       ARCHIVE_FILES_MAX);
    }
    archive->files =
        sw_grow(archive->files, archive->count, &archive->capacity, sizeof(*archive->files));
    file = &archive->files[archive->count];
    *file = (struct sw_archive_file){
        .type = entry->type,
        .order = archive->count,
        .offset = entry->offset,
        .size = entry->size,
    };
    if (entry->type == SW_TAR_SYMLINK && entry->link[0] != '/') {
        file->target = clean_path(dir_of(path), sw_str(entry->link));
    } else if (entry->type != SW_TAR_FILE) {
        file->target = clean_path(SW_STR(""), sw_str(entry->link));
    }
    file->path = SW_TAKE(path);
    archive->count++;
    *ret = file;
    return SW_OK;
}

static int compare_files(const void *a, const void *b)
{
    const struct sw_archive_file *x = a;
    const struct sw_archive_file *y = b;
    int order = strcmp(x->path, y->path);

    if (order != 0) {
        return order;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

void sw_archive_sort(struct sw_archive *archive)
{
    if (archive->count > 1) {
        qsort(archive->files, archive->count, sizeof(*archive->files), compare_files);
    }
}

enum sw_status sw_archive_index(struct sw_archive *archive, int fd, int64_t size,
                                struct sw_err *err)
{
    struct sw_file_part part = { fd, 0, size };
    SW_CLEANUP(sw_tar_cleanup) struct sw_tar *tar = sw_tar_new(sw_file_part_reader(&part));
    const struct sw_tar_entry *entry = NULL;
    struct sw_archive_file *file;
    enum sw_status status;

    archive->fd = fd;
    do {
        status = sw_tar_next(tar, &entry, err);
        if (status == SW_OK && entry) {
            status = sw_archive_add(archive, entry, &file, err);
        }
    } while (status == SW_OK && entry);
    sw_archive_sort(archive);
    return status;
}

/* Adds a file of a folder; one that is not there, or is no file, is none. */
static enum sw_status add_dir_file(struct sw_archive *archive, const char *path, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *whole = sw_fs_join(archive->dir, path);
    struct sw_tar_entry entry = { .type = SW_TAR_FILE, .path = path, .link = "" };
    struct sw_archive_file *file;
    struct stat st;

    if (stat(whole, &st) != 0 || !S_ISREG(st.st_mode)) {
        return SW_OK;
    }
    entry.size = st.st_size;
    return sw_archive_add(archive, &entry, &file, err);
}

static enum sw_status add_dir_blobs(struct sw_archive *archive, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = sw_fs_join(archive->dir, "blobs/sha256");
    DIR *blobs = opendir(path);
    enum sw_status status = SW_OK;
    const struct dirent *entry;

    if (!blobs) {
        return sw_fail(err, SW_E_INPUT, "cannot open \"%s\": %s", path, strerror(errno));
    }
    while (status == SW_OK && (entry = readdir(blobs)) != NULL) {
        SW_CLEANUP(sw_free_str) char *blob = sw_xasprintf("blobs/sha256/%s", entry->d_name);

        status = add_dir_file(archive, blob, err);
    }
    (void)closedir(blobs);
    return status;
}

/* What a folder without index.json is. */
static enum sw_status no_layout(const char *dir, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *manifest = sw_fs_join(dir, "manifest.json");

    if (sw_fs_exists(manifest)) {
        return sw_fail(err, SW_E_INPUT,
                       "this is no OCI layout but a folder of skopeo's dir: kind; make one with "
                       "'skopeo copy dir:%s oci:LAYOUT'",
                       dir);
    }
    return sw_fail(err, SW_E_INPUT, "this is no OCI layout: it has no index.json");
}

enum sw_status sw_archive_index_dir(struct sw_archive *archive, const char *dir, struct sw_err *err)
{
    enum sw_status status;
    struct stat st;

    archive->fd = -1;
    archive->dir = dir;
    if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode)) {
        return sw_fail(err, SW_E_INPUT,
                       "it is no folder; an OCI layout in one file is oci-archive:%s", dir);
    }
    status = add_dir_file(archive, "index.json", err);
    if (status == SW_OK && archive->count == 0) {
        status = no_layout(dir, err);
    }
    if (status == SW_OK) {
        status = add_dir_blobs(archive, err);
    }
    sw_archive_sort(archive);
    return status;
}

const char *sw_archive_word(const struct sw_archive *archive)
{
    return archive->dir ? "layout" : "archive";
}

void sw_archive_release(struct sw_archive *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        free(archive->files[i].path);
        free(archive->files[i].target);
        free(archive->files[i].bytes);
        free(archive->files[i].digest);
    }
    free(archive->files);
    *archive = (struct sw_archive){ .fd = -1 };
}

/* The last file of that very name. */
static struct sw_archive_file *find_exact(const struct sw_archive *archive, const char *path)
{
    size_t low = 0;
    size_t high = archive->count;

    /* The first file after all of that name. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(archive->files[middle].path, path) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || strcmp(archive->files[low - 1].path, path) != 0) {
        return NULL;
    }
    return &archive->files[low - 1];
}

struct sw_archive_file *sw_archive_find(const struct sw_archive *archive, const char *path)
{
    SW_CLEANUP(sw_free_str) char *clean = clean_path(SW_STR(""), sw_str(path));
    struct sw_archive_file *file = clean ? find_exact(archive, clean) : NULL;

    for (int links = 0; file && file->type != SW_TAR_FILE; links++) {
        if (links == LINKS_MAX || !file->target) {
            return NULL;
        }
        file = find_exact(archive, file->target);
    }
    return file;
}

struct sw_archive_file *sw_archive_find_content(const struct sw_archive *archive,
                                                const char *digest)
{
    for (size_t i = 0; i < archive->count; i++) {
        struct sw_archive_file *file = &archive->files[i];
        const char *actual = file->blob ? file->blob->diff_id : file->digest;

        if (actual && strcmp(actual, digest) == 0) {
            return file;
        }
    }
    return NULL;
}

/* Where the content of a file lies. */
struct place {
    struct sw_file_part part;
    bool opened; /* part.fd is to be closed */
};

static enum sw_status open_place(const struct sw_archive *archive,
                                 const struct sw_archive_file *file, struct place *ret,
                                 struct sw_err *err)
{
    *ret = (struct place){ .opened = false };
    return sw_archive_part(archive, file, &ret->part, &ret->opened, err);
}

enum sw_status sw_archive_part(const struct sw_archive *archive, const struct sw_archive_file *file,
                               struct sw_file_part *ret, bool *ret_opened, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = NULL;

    *ret = (struct sw_file_part){ archive->fd, file->offset, file->offset + file->size };
    *ret_opened = false;
    if (!archive->dir) {
        return SW_OK;
    }
    path = sw_fs_join(archive->dir, file->path);
    ret->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (ret->fd < 0) {
        return sw_fail(err, SW_E_INPUT, "cannot open \"%s\": %s", path, strerror(errno));
    }
    *ret_opened = true;
    return SW_OK;
}

static void close_place(struct place *place)
{
    if (place->opened) {
        sw_close_fd(&place->part.fd);
        place->opened = false;
    }
}

static enum sw_status read_text(const struct sw_archive *archive,
                                const struct sw_archive_file *file, struct sw_buf *out,
                                struct sw_err *err)
{
    SW_CLEANUP(close_place) struct place place = { 0 };
    const struct sw_reader reader = sw_file_part_reader(&place.part);
    enum sw_status status = open_place(archive, file, &place, err);
    char data[4096];
    size_t len = 0;

    if (status != SW_OK) {
        return status;
    }
    do {
        status = reader.read(reader.ctx, data, sizeof(data), &len, err);
        sw_buf_add(out, data, status == SW_OK ? len : 0);
    } while (status == SW_OK && len > 0);
    return status;
}

enum sw_status sw_archive_text(const struct sw_archive *archive, const char *path,
                               struct sw_buf *out, struct sw_err *err)
{
    const struct sw_archive_file *file = sw_archive_find(archive, path);

    if (!file || (archive->fd < 0 && !archive->dir && !file->bytes)) {
        return sw_fail(err, SW_E_NOT_FOUND, "the %s has no file \"%s\"", sw_archive_word(archive),
                       path);
    }
    if (file->size > (int64_t)out->max) {
        return sw_fail(err, SW_E_TOO_LARGE, "\"%s\" has %lld bytes; the limit is %zu", path,
                       (long long)file->size, out->max);
    }
    if (file->bytes) {
        sw_buf_add(out, file->bytes, (size_t)file->size);
        return SW_OK;
    }
    return read_text(archive, file, out, err);
}

enum sw_status sw_archive_packing(const struct sw_archive *archive,
                                  const struct sw_archive_file *file, enum sw_packing *ret,
                                  struct sw_err *err)
{
    SW_CLEANUP(close_place) struct place place = { 0 };
    const struct sw_reader reader = sw_file_part_reader(&place.part);
    char head[SW_PACKING_HEAD];
    size_t len = 0;
    enum sw_status status;

    if (file->blob) {
        *ret = file->blob->packing;
        return SW_OK;
    }
    if (file->bytes) {
        *ret = sw_packing_of(file->bytes, (size_t)file->size);
        return SW_OK;
    }
    status = open_place(archive, file, &place, err);
    if (status == SW_OK) {
        status = sw_reader_fill(&reader, head, sizeof(head), &len, err);
    }
    if (status == SW_OK) {
        *ret = sw_packing_of(head, len);
    }
    return status;
}

/* A layer that is read where it lies, or from memory. */
struct reading {
    struct sw_intake_source source; /* first: sources are cast back */
    struct sw_archive_file *file;
    struct place place;
    struct sw_file_part origin;
    struct sw_memory_part memory;
};

struct readings {
    const struct sw_archive *archive;
    const struct sw_archive_layers *layers;
    struct reading *items; /* for each layer, as far as they were begun */
    size_t begun;
};

static enum sw_status begin_reading(const struct sw_archive *archive, struct reading *reading,
                                    struct sw_err *err)
{
    const struct sw_archive_file *file = reading->file;

    reading->source = (struct sw_intake_source){ .needed = true, .name = file->path };
    if (file->bytes) {
        reading->memory = (struct sw_memory_part){ file->bytes, (size_t)file->size };
        reading->source.in = sw_memory_reader(&reading->memory);
        return SW_OK;
    }
    if (open_place(archive, file, &reading->place, err) != SW_OK) {
        return sw_wrap(err, "\"%s\"", file->path);
    }
    reading->origin = reading->place.part;
    reading->source.origin = &reading->origin;
    reading->source.in = sw_file_part_reader(&reading->place.part);
    return SW_OK;
}

static enum sw_status next_reading(void *ctx, struct sw_intake_source **ret, struct sw_err *err)
{
    struct readings *readings = ctx;
    struct reading *reading = &readings->items[readings->begun];
    enum sw_status status;

    if (readings->begun == readings->layers->count) {
        return SW_OK;
    }
    reading->file = readings->layers->files[readings->begun++];
    status = begin_reading(readings->archive, reading, err);
    *ret = &reading->source;
    return status;
}

static enum sw_status end_reading(void *ctx, struct sw_intake_source *source, struct sw_blob *blob,
                                  struct sw_err *err)
{
    const struct readings *readings = ctx;
    struct reading *reading = (struct reading *)source;

    reading->file->blob = blob;
    if (reading->place.opened) {
        /* The blob is read again from the file, when it is sent or, out of a spool, sent again. */
        *(blob->spool ? &blob->owns_origin : &blob->owns_fd) = true;
        reading->place.opened = false;
    }
    return readings->layers->made
               ? readings->layers->made(readings->layers->ctx, reading->file, err)
               : SW_OK;
}

enum sw_status sw_archive_make(const struct sw_archive *archive,
                               const struct sw_archive_layers *layers, struct sw_intake *intake,
                               struct sw_err *err)
{
    struct readings readings = {
        .archive = archive,
        .layers = layers,
        .items = sw_xcalloc(layers->count + 1, sizeof(*readings.items)),
    };
    const struct sw_intake_layers all = { next_reading, end_reading, &readings };
    enum sw_status status = sw_intake_layers(intake, &all, err);

    for (size_t i = 0; i < readings.begun; i++) {
        close_place(&readings.items[i].place);
    }
    free(readings.items);
    return status;
}
