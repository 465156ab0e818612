/* YAML: what is read can be written, and reads back as the same value. */

#include "fuzz.h"

#include <slipway/yaml.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *node = NULL;
    struct sw_yaml *again = NULL;
    struct sw_buf text;
    sw_buf_init(&text, SW_YAML_TEXT_MAX);
    if (sw_yaml_parse(pool, sw_str_n((const char *)data, size), "f", NULL, &node, &err) != SW_OK) {
        FUZZ_CHECK(err.msg[0] == 'f' && err.msg[1] == ':');
    } else if (node->expanded < 100000 && sw_yaml_emit(node, &text, &err) == SW_OK) {
        FUZZ_CHECK(sw_yaml_parse(pool, sw_buf_str(&text), "g", NULL, &again, &err) == SW_OK);
        FUZZ_CHECK(sw_yaml_equal(node, again));
    }
    sw_buf_release(&text);
    sw_yaml_pool_free(pool);
    return 0;
}
