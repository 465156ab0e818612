/*
 * Shared config and credentials files. Properties: what was read stays within the limits, parsing
 * the text a second time on top changes nothing, and a refusal has a message.
 */
#include "fuzz.h"

#include "aws/profile.h"

#include <slipway/buf.h>

static void check_section(const struct aws_section *section, const struct aws_section *other)
{
    FUZZ_CHECK(other && section->key_count == other->key_count);
    FUZZ_CHECK(section->key_count <= AWS_KEYS_MAX);
    for (size_t j = 0; j < section->key_count; j++) {
        const char *value = aws_section_get(section, section->keys[j].name);
        const char *again = aws_section_get(other, section->keys[j].name);
        FUZZ_CHECK(!value == !again);
        FUZZ_CHECK(!value || strcmp(value, again) == 0);
    }
}

/* Every value of `a` is found in `b`. */
static void require_same(const struct aws_profiles *a, const struct aws_profiles *b)
{
    FUZZ_CHECK(a->count == b->count && a->count <= AWS_SECTIONS_MAX);
    for (size_t i = 0; i < a->count; i++) {
        const struct aws_section *section = &a->sections[i];
        check_section(section, aws_profiles_find(b, section->kind, section->name));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str text = sw_str_n((const char *)data, size);
    for (int file = AWS_FILE_CONFIG; file <= AWS_FILE_CREDENTIALS; file++) {
        struct aws_profiles once = { 0 };
        struct aws_profiles twice = { 0 };
        struct sw_err err = SW_ERR_INIT;
        if (aws_profiles_parse(&once, (enum aws_file)file, "f", text, &err) == SW_OK) {
            FUZZ_CHECK(aws_profiles_parse(&twice, (enum aws_file)file, "f", text, &err) == SW_OK);
            FUZZ_CHECK(aws_profiles_parse(&twice, (enum aws_file)file, "f", text, &err) == SW_OK);
            require_same(&once, &twice);
        } else {
            FUZZ_CHECK(err.msg[0] != '\0');
        }
        aws_profiles_release(&once);
        aws_profiles_release(&twice);
    }
    return 0;
}
