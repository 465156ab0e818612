/*
 * Changes of any kind: the first byte chooses the kind, the rest is the option's text. What is
 * accepted leaves a definition that can be written, read and compared; done twice it still is one.
 */

#include "fuzz.h"

#include <slipway/taskdef.h>

static const char base[] =
    "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"r/w:1\",\"cpu\":0,"
    "\"environment\":[{\"name\":\"A\",\"value\":\"\"}],\"portMappings\":[{\"containerPort\":80}],"
    "\"dockerLabels\":{\"a\":\"b\"},\"command\":[\"x\"]},{\"name\":\"log\"}],\"volumes\":[{\"name\":"
    "\"v\"}],\"cpu\":\"256\",\"future\":{\"x\":[1,{\"y\":null}]}}";

static void check_whole(const json_t *definition)
{
    struct sw_buf text;
    json_t *again = NULL;
    struct sw_err err = SW_ERR_INIT;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_json_dump(definition, 0, &text);
    FUZZ_CHECK(sw_json_parse(sw_buf_str(&text), "again", &again, &err) == SW_OK);
    FUZZ_CHECK(json_equal(definition, again) == 1);
    FUZZ_CHECK(sw_taskdef_equal(definition, again, false));
    json_decref(again);
    sw_buf_release(&text);
}

static void check_change(const struct sw_changes *changes)
{
    json_t *definition = NULL;
    struct sw_strs notes = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;
    FUZZ_CHECK(sw_json_parse(sw_str(base), "base", &definition, &err) == SW_OK);
    if (sw_taskdef_apply(definition, changes, "f:1", &notes, &err) == SW_OK) {
        check_whole(definition);
        if (sw_taskdef_apply(definition, changes, "f:1", &notes, &err) == SW_OK) {
            check_whole(definition);
        }
    } else {
        FUZZ_CHECK(err.status == SW_E_INPUT && err.msg[0] != '\0');
    }
    sw_strs_release(&notes);
    json_decref(definition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_changes changes = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;
    if (size == 0 || memchr(data, '\0', size)) {
        return 0;
    }
    enum sw_change_kind kind = (enum sw_change_kind)((data[0] - ' ') & 0xff);
    if (kind >= SW_CHANGE_KIND_COUNT) {
        return 0;
    }
    char *text = sw_str_dup(sw_str_n((const char *)data + 1, size - 1));
    if (sw_changes_add_option(&changes, kind, "--o", text, &err) == SW_OK) {
        check_change(&changes);
    } else {
        FUZZ_CHECK(err.msg[0] != '\0');
    }
    free(text);
    sw_changes_release(&changes);
    return 0;
}
