#include <slipway/stream.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum sw_status sw_reader_fill(const struct sw_reader *reader, char *data, size_t size,
                              size_t *ret_len, struct sw_err *err)
{
    size_t len = 0;

    while (len < size) {
        size_t got = 0;
        enum sw_status status = reader->read(reader->ctx, data + len, size - len, &got, err);

        if (status != SW_OK) {
            return status;
        }
        if (got == 0) {
            break;
        }
        len += got;
    }
    *ret_len = len;
    return SW_OK;
}

enum sw_status sw_reader_drain(const struct sw_reader *reader, struct sw_err *err)
{
    char data[16 * 1024];
    size_t len = 0;
    enum sw_status status;

    do {
        status = reader->read(reader->ctx, data, sizeof(data), &len, err);
    } while (status == SW_OK && len > 0);
    return status;
}

static enum sw_status read_file_part(void *ctx, char *data, size_t size, size_t *ret_len,
                                     struct sw_err *err)
{
    struct sw_file_part *part = ctx;
    int64_t left = part->end - part->offset;
    ssize_t got;

    if (left <= 0) {
        *ret_len = 0;
        return SW_OK;
    }
    if ((int64_t)size > left) {
        size = (size_t)left;
    }
    do {
        got = pread(part->fd, data, size, part->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return sw_fail(err, SW_E_FAILED, "cannot read: %s", strerror(errno));
    }
    if (got == 0) {
        return sw_fail(err, SW_E_INPUT, "the file is truncated: it ends at byte %lld",
                       (long long)part->offset);
    }
    part->offset += got;
    *ret_len = (size_t)got;
    return SW_OK;
}

static enum sw_status skip_file_part(void *ctx, int64_t count, struct sw_err *err)
{
    struct sw_file_part *part = ctx;

    if (count > part->end - part->offset) {
        return sw_fail(err, SW_E_INPUT, "the file is truncated: it ends at byte %lld",
                       (long long)part->end);
    }
    part->offset += count;
    return SW_OK;
}

struct sw_reader sw_file_part_reader(struct sw_file_part *part)
{
    return (struct sw_reader){ read_file_part, skip_file_part, part };
}

static enum sw_status read_fd(void *ctx, char *data, size_t size, size_t *ret_len,
                              struct sw_err *err)
{
    const int *fd = ctx;
    ssize_t got;

    do {
        got = read(*fd, data, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return sw_fail(err, SW_E_FAILED, "cannot read: %s", strerror(errno));
    }
    *ret_len = (size_t)got;
    return SW_OK;
}

struct sw_reader sw_fd_reader(int *fd)
{
    return (struct sw_reader){ read_fd, NULL, fd };
}

/* Cannot fail; the signature is that of sw_reader.read. */
static enum sw_status read_memory(void *ctx, char *data, size_t size, size_t *ret_len,
                                  SW_UNUSED struct sw_err *err)
{
    struct sw_memory_part *part = ctx;
    size_t len = size < part->len ? size : part->len;

    if (len > 0) {
        memcpy(data, part->data, len);
        part->data += len;
        part->len -= len;
    }
    *ret_len = len;
    return SW_OK;
}

struct sw_reader sw_memory_reader(struct sw_memory_part *part)
{
    return (struct sw_reader){ read_memory, NULL, part };
}
