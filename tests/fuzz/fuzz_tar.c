/* Tar archives: contents lie within the archive, and reading comes to an end. */

#include "fuzz.h"

#include <slipway/str.h>
#include <slipway/tar.h>

static enum sw_status read_content(struct sw_tar *tar, const struct sw_tar_entry *entry,
                                   struct sw_err *err)
{
    const struct sw_reader reader = sw_tar_reader(tar);
    char block[256];
    int64_t total = 0;
    size_t len = 0;
    enum sw_status status;

    do {
        status = reader.read(reader.ctx, block, sizeof(block), &len, err);
        total += status == SW_OK ? (int64_t)len : 0;
    } while (status == SW_OK && len > 0);
    FUZZ_CHECK(status != SW_OK || entry->type != SW_TAR_FILE || total == entry->size);
    return status;
}

static void check_entry(const struct sw_tar_entry *entry, size_t count, size_t archive_size)
{
    FUZZ_CHECK(entry->path[0] != '\0' && strlen(entry->path) <= SW_TAR_PATH_MAX);
    FUZZ_CHECK(entry->offset >= 0 && (size_t)entry->offset <= archive_size);
    FUZZ_CHECK(entry->size >= 0 && entry->size <= SW_TAR_SIZE_MAX);
    FUZZ_CHECK(count <= archive_size / 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_memory_part part = { (const char *)data, size };
    struct sw_tar *tar = sw_tar_new(sw_memory_reader(&part));
    struct sw_err err = SW_ERR_INIT;
    const struct sw_tar_entry *entry = NULL;
    enum sw_status status;
    size_t count = 0;

    do {
        status = sw_tar_next(tar, &entry, &err);
        if (status == SW_OK && entry) {
            check_entry(entry, ++count, size);
            /* Every other entry is stepped over. */
            status = count % 2 ? read_content(tar, entry, &err) : SW_OK;
        }
    } while (status == SW_OK && entry);
    FUZZ_CHECK(status == SW_OK || (status == SW_E_INPUT && err.msg[0] != '\0'));
    sw_tar_free(tar);
    return 0;
}
