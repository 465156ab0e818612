/*
 * Task definitions in YAML: any text; what is read is the same when it is written as JSON and read
 * again.
 */

#include "fuzz.h"

#include <slipway/taskdef.h>

#include "ecs/ecs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *document = NULL;
    json_auto_t *definition = NULL;
    json_auto_t *again = NULL;
    if (ecs_taskdef_parse(sw_str_n((const char *)data, size), "td.yaml", "td.yaml", &document,
                          &err) != SW_OK ||
        sw_taskdef_from_document(document, SW_TASKDEF_FILE, "td.yaml", &definition, &err) !=
            SW_OK) {
        FUZZ_CHECK((err.status == SW_E_INPUT || err.status == SW_E_TOO_LARGE) && err.msg[0]);
        return 0;
    }
    FUZZ_CHECK(sw_taskdef_from_document(definition, SW_TASKDEF_FILE, "again", &again, &err) ==
               SW_OK);
    FUZZ_CHECK(json_equal(definition, again) == 1);
    return 0;
}
