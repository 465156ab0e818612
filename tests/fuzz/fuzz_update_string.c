/* Update strings: the first byte chooses the kind, the rest is the text. */

#include "fuzz.h"

#include <slipway/taskdef.h>

static void check_change(const struct sw_change *change, size_t size)
{
    FUZZ_CHECK(change->container && change->container[0] != '\0');
    FUZZ_CHECK(change->value && strlen(change->value) <= size);
    bool image = change->kind == SW_CHANGE_IMAGE || change->kind == SW_CHANGE_IMAGE_NAME ||
                 change->kind == SW_CHANGE_IMAGE_TAG;
    FUZZ_CHECK(image || (change->name && change->name[0] != '\0'));
}

/* A text that is read has an effect, unless it is blank; reading it does not depend on blanks
 * around. */
static void check_text(enum sw_updates_kind kind, struct sw_str text)
{
    struct sw_changes changes = { .items = NULL };
    struct sw_changes again = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = sw_changes_add_updates(&changes, kind, "--updates", text, &err);
    FUZZ_CHECK(status == SW_OK ? (changes.count > 0) == (sw_str_trim(text).len > 0)
                               : err.msg[0] != '\0');
    for (size_t i = 0; i < changes.count; i++) {
        check_change(&changes.items[i], text.len);
    }
    FUZZ_CHECK(sw_changes_add_updates(&again, kind, "--updates", sw_str_trim(text), &err) ==
               status);
    FUZZ_CHECK(again.count == changes.count);
    sw_changes_release(&changes);
    sw_changes_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    check_text((enum sw_updates_kind)(data[0] % 4), sw_str_n((const char *)data + 1, size - 1));
    return 0;
}
