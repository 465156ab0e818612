#include "tar_file.h"

#include <stdio.h>

enum { BLOCK = 512, SUM_AT = 148 };

void tar_file_sum(struct sw_buf *out, size_t at)
{
    char text[9];
    unsigned sum = 0;

    memset(out->ptr + at + SUM_AT, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++) {
        sum += (unsigned char)out->ptr[at + i];
    }
    (void)snprintf(text, sizeof(text), "%06o", sum & 0777777);
    memcpy(out->ptr + at + SUM_AT, text, 7);
}

void tar_file_header(struct sw_buf *out, const char *path, char type, const char *link,
                     int64_t size)
{
    /* Magic and version, without a NUL at the end. */
    static const char ustar[8] = { 'u', 's', 't', 'a', 'r', '\0', '0', '0' };
    char block[BLOCK] = { 0 };
    size_t at = out->len;

    (void)snprintf(block, 101, "%s", path);
    (void)snprintf(block + 100, 8, "%07o", 0644);
    (void)snprintf(block + 124, 12, "%011llo", (unsigned long long)size);
    (void)snprintf(block + 136, 12, "%011o", 0);
    block[156] = type;
    (void)snprintf(block + 157, 100, "%s", link);
    memcpy(block + 257, ustar, sizeof(ustar));
    sw_buf_add(out, block, BLOCK);
    tar_file_sum(out, at);
}

void tar_file_content(struct sw_buf *out, struct sw_str content)
{
    static const char zeros[BLOCK];

    sw_buf_add_str(out, content);
    sw_buf_add(out, zeros, (BLOCK - content.len % BLOCK) % BLOCK);
}

void tar_file_add(struct sw_buf *out, const char *path, struct sw_str content)
{
    tar_file_header(out, path, '0', "", (int64_t)content.len);
    tar_file_content(out, content);
}

void tar_file_link(struct sw_buf *out, const char *path, char type, const char *target)
{
    tar_file_header(out, path, type, target, 0);
}

void tar_file_end(struct sw_buf *out)
{
    static const char zeros[2 * BLOCK];

    sw_buf_add(out, zeros, sizeof(zeros));
}
