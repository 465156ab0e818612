#include <slipway/tar.h>

#include "tar_private.h"

#include <slipway/alloc.h>

#include <string.h>

enum { SKIP_SIZE = 64 * 1024 };

struct sw_tar {
    struct sw_reader in;
    int64_t at;      /* bytes of the archive used */
    int64_t left;    /* content of the present entry not read yet */
    int64_t padding; /* zeros after it, up to the next block */
    size_t count;
    bool ended;
    struct sw_tar_entry entry;
    struct sw_tar_header header;
    struct sw_tar_pax pax; /* for the next entry */
    char skipped[SKIP_SIZE];
};

struct sw_tar *sw_tar_new(struct sw_reader in)
{
    struct sw_tar *tar = sw_xmalloc(sizeof(*tar));

    *tar = (struct sw_tar){ .in = in, .pax.size = -1 };
    return tar;
}

static void forget_pax(struct sw_tar *tar)
{
    free(tar->pax.path);
    free(tar->pax.link);
    tar->pax = (struct sw_tar_pax){ .size = -1 };
}

void sw_tar_free(struct sw_tar *tar)
{
    if (tar) {
        forget_pax(tar);
        free(tar);
    }
}

static enum sw_status truncated(const struct sw_tar *tar, struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT, "the archive is truncated: it ends at byte %lld",
                   (long long)tar->at);
}

static enum sw_status broken(const struct sw_tar *tar, const char *fault, struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT, "no valid tar archive: entry %zu before byte %lld: %s",
                   tar->count, (long long)tar->at, fault);
}

/* Exactly `size` bytes. */
static enum sw_status take(struct sw_tar *tar, char *data, size_t size, struct sw_err *err)
{
    size_t len = 0;
    enum sw_status status = sw_reader_fill(&tar->in, data, size, &len, err);

    if (status != SW_OK) {
        return status;
    }
    tar->at += (int64_t)len;
    return len == size ? SW_OK : truncated(tar, err);
}

static enum sw_status skip(struct sw_tar *tar, int64_t count, struct sw_err *err)
{
    if (tar->in.skip && count > 0) {
        enum sw_status status = tar->in.skip(tar->in.ctx, count, err);

        if (status == SW_OK) {
            tar->at += count;
        }
        return status;
    }
    while (count > 0) {
        size_t part = count > SKIP_SIZE ? SKIP_SIZE : (size_t)count;
        enum sw_status status = take(tar, tar->skipped, part, err);

        if (status != SW_OK) {
            return status;
        }
        count -= (int64_t)part;
    }
    return SW_OK;
}

static void set_content(struct sw_tar *tar, int64_t size)
{
    tar->left = size;
    tar->padding = (SW_TAR_BLOCK - size % SW_TAR_BLOCK) % SW_TAR_BLOCK;
}

/* The content of a header that extends the next one. */
static enum sw_status take_extended(struct sw_tar *tar, char **ret, size_t *ret_len,
                                    struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *text = NULL;
    size_t size = (size_t)tar->header.size;
    enum sw_status status;

    if (tar->header.size > SW_TAR_EXTENDED_MAX) {
        return broken(tar, "its extended header is too long", err);
    }
    set_content(tar, tar->header.size);
    text = sw_xmalloc(size + 1);
    status = take(tar, text, size, err);
    if (status != SW_OK) {
        return status;
    }
    text[size] = '\0';
    tar->left = 0;
    *ret = SW_TAKE(text);
    *ret_len = size;
    return skip(tar, tar->padding, err);
}

static enum sw_status take_pax(struct sw_tar *tar, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *text = NULL;
    size_t len = 0;
    const char *fault;
    enum sw_status status;

    status = take_extended(tar, &text, &len, err);
    if (status != SW_OK) {
        return status;
    }
    fault = sw_tar_pax_parse(sw_str_n(text, len), &tar->pax);
    return fault ? broken(tar, fault, err) : SW_OK;
}

/* A GNU long name or long link. */
static enum sw_status take_gnu_name(struct sw_tar *tar, char **slot, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *text = NULL;
    size_t len = 0;
    enum sw_status status;

    status = take_extended(tar, &text, &len, err);
    if (status != SW_OK) {
        return status;
    }
    if (!text || text[0] == '\0' || strlen(text) > SW_TAR_PATH_MAX) {
        return broken(tar, "its long name is empty or too long", err);
    }
    free(*slot);
    *slot = SW_TAKE(text);
    return SW_OK;
}

/* Handles a header that only says something about the next one; *ret_done tells that it was. */
static enum sw_status extension(struct sw_tar *tar, bool *ret_done, struct sw_err *err)
{
    *ret_done = true;
    switch (tar->header.type) {
    case 'x':
        return take_pax(tar, err);
    case 'g': /* defaults for all entries: comments in practice */
        set_content(tar, tar->header.size);
        return skip(tar, tar->left + tar->padding, err);
    case 'L':
        return take_gnu_name(tar, &tar->pax.path, err);
    case 'K':
        return take_gnu_name(tar, &tar->pax.link, err);
    default:
        *ret_done = false;
        return SW_OK;
    }
}

static enum sw_tar_type type_of(char flag, const char *path)
{
    size_t len = strlen(path);

    switch (flag) {
    case '\0':
        return len > 0 && path[len - 1] == '/' ? SW_TAR_DIR : SW_TAR_FILE;
    case '0':
    case '7':
        return SW_TAR_FILE;
    case '1':
        return SW_TAR_HARDLINK;
    case '2':
        return SW_TAR_SYMLINK;
    case '5':
        return SW_TAR_DIR;
    default:
        return SW_TAR_OTHER;
    }
}

/* Types without content, whatever their size field says. */
static bool has_content(char flag)
{
    return flag < '1' || flag > '6';
}

static enum sw_status present_entry(struct sw_tar *tar, const struct sw_tar_entry **ret,
                                    struct sw_err *err)
{
    struct sw_tar_entry *entry = &tar->entry;
    int64_t size = tar->pax.size >= 0 ? tar->pax.size : tar->header.size;

    entry->path = tar->pax.path ? tar->pax.path : tar->header.path;
    entry->link = tar->pax.link ? tar->pax.link : tar->header.link;
    entry->type = type_of(tar->header.type, entry->path);
    if (tar->header.type == 'S') {
        return broken(tar, "it is a sparse file, which is not supported", err);
    }
    if (entry->path[0] == '\0') {
        return broken(tar, "it has no name", err);
    }
    set_content(tar, has_content(tar->header.type) ? size : 0);
    entry->size = entry->type == SW_TAR_FILE ? tar->left : 0;
    entry->offset = tar->at;
    *ret = entry;
    return SW_OK;
}

/* The block after the last entry is zero; a second one may be missing. */
static enum sw_status end(struct sw_tar *tar, const struct sw_tar_entry **ret, struct sw_err *err)
{
    size_t len = 0;
    enum sw_status status = sw_reader_fill(&tar->in, tar->skipped, SW_TAR_BLOCK, &len, err);

    if (status != SW_OK) {
        return status;
    }
    if (tar->pax.path || tar->pax.link || tar->pax.size >= 0) {
        return broken(tar, "an extended header is followed by nothing", err);
    }
    if (len == SW_TAR_BLOCK && !sw_tar_is_zero(tar->skipped)) {
        return broken(tar, "a lone block of zeros stands between entries", err);
    }
    tar->ended = true;
    *ret = NULL;
    return SW_OK;
}

enum sw_status sw_tar_next(struct sw_tar *tar, const struct sw_tar_entry **ret, struct sw_err *err)
{
    char block[SW_TAR_BLOCK];
    enum sw_status status = SW_OK;
    bool extended = true;

    if (tar->ended) {
        *ret = NULL;
        return SW_OK;
    }
    status = skip(tar, tar->left + tar->padding, err);
    set_content(tar, 0);
    if (tar->count > 0 && tar->entry.path) {
        forget_pax(tar);
        tar->entry.path = NULL;
    }
    while (status == SW_OK && extended) {
        const char *fault;

        status = take(tar, block, SW_TAR_BLOCK, err);
        if (status != SW_OK) {
            return status;
        }
        if (sw_tar_is_zero(block)) {
            return end(tar, ret, err);
        }
        fault = sw_tar_header_parse(block, &tar->header);
        if (++tar->count > SW_TAR_ENTRIES_MAX) {
            fault = "there are too many entries";
        }
        status = fault ? broken(tar, fault, err) : extension(tar, &extended, err);
    }
    return status == SW_OK ? present_entry(tar, ret, err) : status;
}

static enum sw_status read_content(void *ctx, char *data, size_t size, size_t *ret_len,
                                   struct sw_err *err)
{
    struct sw_tar *tar = ctx;
    enum sw_status status;

    *ret_len = 0;
    if (tar->left == 0) {
        return SW_OK;
    }
    if ((int64_t)size > tar->left) {
        size = (size_t)tar->left;
    }
    status = tar->in.read(tar->in.ctx, data, size, ret_len, err);
    if (status != SW_OK) {
        return status;
    }
    tar->at += (int64_t)*ret_len;
    tar->left -= (int64_t)*ret_len;
    return *ret_len > 0 ? SW_OK : truncated(tar, err);
}

struct sw_reader sw_tar_reader(struct sw_tar *tar)
{
    return (struct sw_reader){ read_content, NULL, tar };
}
