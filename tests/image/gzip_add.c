#include "gzip_add.h"

#include <string.h>

enum sw_status gzip_add(struct sw_gzip *gzip, const char *data, size_t len, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    while (len > 0 && status == SW_OK) {
        size_t room = 0;
        char *into = sw_gzip_room(gzip, &room);
        size_t part = len < room ? len : room;

        struct sw_sha256_part parts[SW_GZIP_PARTS];

        memcpy(into, data, part);
        data += part;
        len -= part;
        sw_sha256_add_all(parts, sw_gzip_to_hash(gzip, part, parts));
        status = sw_gzip_fill(gzip, part, err);
    }
    return status;
}
