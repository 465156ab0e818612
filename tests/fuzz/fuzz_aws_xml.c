/*
 * XML answers of the query protocol. Properties: what was read is an object with one member, its
 * keys are element names, and it stays within the depth limit.
 */
#include "fuzz.h"

#include "aws/xml.h"

/* NOLINTNEXTLINE(misc-no-recursion): bounded by the assertion on `depth`. */
static void check(json_t *value, size_t depth)
{
    const char *key = NULL;
    json_t *member = NULL;
    size_t index = 0;
    FUZZ_CHECK(depth / 2 <= AWS_XML_DEPTH_MAX);
    json_object_foreach(value, key, member)
    {
        FUZZ_CHECK(key[0] != '\0' && key[0] != '\n');
        check(member, depth + 1);
    }
    json_array_foreach(value, index, member)
    {
        check(member, depth + 1);
    }
    FUZZ_CHECK(json_is_object(value) || json_is_array(value) || json_is_string(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *document = NULL;
    struct sw_err err = SW_ERR_INIT;
    if (aws_xml_parse(sw_str_n((const char *)data, size), &document, &err) == SW_OK) {
        FUZZ_CHECK(json_is_object(document) && json_object_size(document) == 1);
        check(document, 0);
        json_decref(document);
    } else {
        FUZZ_CHECK(document == NULL && err.msg[0] != '\0');
    }
    return 0;
}
