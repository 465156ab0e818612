#include "json_file.h"

#include "test.h"

#include <slipway/fs.h>

json_t *json_file_read(const char *path)
{
    struct sw_err err = SW_ERR_INIT;
    json_t *value = NULL;
    struct sw_buf text;

    sw_buf_init(&text, SW_JSON_MAX);
    assert_ok(sw_fs_read(path, &text, &err));
    assert_ok(sw_json_parse(sw_buf_str(&text), path, &value, &err));
    sw_buf_release(&text);
    return value;
}
