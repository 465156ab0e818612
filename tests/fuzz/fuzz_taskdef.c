/* Task definitions as people hand them in: any text; if it is one, it can be edited and compared.
 */

#include "fuzz.h"

#include <slipway/taskdef.h>

/* Reading what was read changes nothing. */
static void check_fixed_point(const json_t *definition)
{
    struct sw_err err = SW_ERR_INIT;
    json_t *again = NULL;
    FUZZ_CHECK(sw_taskdef_from_document(definition, SW_TASKDEF_FILE, "again", &again, &err) ==
               SW_OK);
    FUZZ_CHECK(json_equal(definition, again) == 1);
    FUZZ_CHECK(sw_taskdef_equal(definition, again, false));
    json_decref(again);
}

/* Setting a variable in the first container makes it the value there, once. */
static void check_edit(json_t *definition)
{
    const json_t *first = json_array_get(json_object_get(definition, "containerDefinitions"), 0);
    const char *name = sw_json_str(first, "name", "");
    if (!*name) {
        return;
    }
    struct sw_changes changes = { .items = NULL };
    struct sw_strs notes = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;
    sw_changes_add(&changes, SW_CHANGE_ENV, sw_str(name), SW_STR("FUZZ"), SW_STR("value"));
    sw_changes_add(&changes, SW_CHANGE_IMAGE, sw_str(name), (struct sw_str){ NULL, 0 },
                   SW_STR("image:1"));
    FUZZ_CHECK(sw_taskdef_apply(definition, &changes, "label", &notes, &err) == SW_OK);
    FUZZ_CHECK(strcmp(sw_json_str(first, "image", ""), "image:1") == 0);
    size_t found = 0;
    size_t index = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(first, "environment"), index, entry)
    {
        if (strcmp(sw_json_str(entry, "name", ""), "FUZZ") == 0) {
            FUZZ_CHECK(strcmp(sw_json_str(entry, "value", ""), "value") == 0);
            found++;
        }
    }
    FUZZ_CHECK(found == 1);
    sw_changes_release(&changes);
    sw_strs_release(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *document = NULL;
    json_auto_t *definition = NULL;
    if (sw_json_parse(sw_str_n((const char *)data, size), "input", &document, &err) != SW_OK) {
        return 0;
    }
    if (sw_taskdef_from_document(document, SW_TASKDEF_FILE, "input", &definition, &err) != SW_OK) {
        FUZZ_CHECK(err.status == SW_E_INPUT && err.msg[0] != '\0');
        return 0;
    }
    check_fixed_point(definition);
    json_auto_t *edited = json_deep_copy(definition);
    check_edit(edited);
    struct sw_taskdef_diff diff;
    struct sw_buf text;
    sw_taskdef_diff(definition, edited, &diff);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_taskdef_diff_print(&diff, true, false, &text);
    sw_buf_release(&text);
    sw_taskdef_diff_release(&diff);
    return 0;
}
