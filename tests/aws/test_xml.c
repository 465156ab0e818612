/* XML answers as JSON. */
#include "test.h"

#include "aws/xml.h"

static void test_xml__becomes_json(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        const char *json;
    } rows[] = {
        { "<a>text</a>", "{\"a\":\"text\"}" },
        { "<a> padded\n</a>", "{\"a\":\"padded\"}" },
        { "<a/>", "{\"a\":\"\"}" },
        { "<a><b>1</b><c>2</c></a>", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}" },
        { "<a><b>1</b><b>2</b><b>3</b></a>", "{\"a\":{\"b\":[\"1\",\"2\",\"3\"]}}" },
        { "<a><l><member>1</member></l></a>", "{\"a\":{\"l\":[\"1\"]}}" },
        { "<a><l><member>1</member><member>2</member></l></a>", "{\"a\":{\"l\":[\"1\",\"2\"]}}" },
        { "<a><l><item><x>1</x></item><item><x>2</x></item></l></a>",
          "{\"a\":{\"l\":[{\"x\":\"1\"},{\"x\":\"2\"}]}}" },
        { "<a><member>1</member><other>2</other></a>",
          "{\"a\":{\"member\":\"1\",\"other\":\"2\"}}" },
        { "<a><l><member><member>1</member></member></l></a>", "{\"a\":{\"l\":[[\"1\"]]}}" },
        { "<a><l><member><member>1</member></member><member><member>2</member></member></l></a>",
          "{\"a\":{\"l\":[[\"1\"],[\"2\"]]}}" },
        { "<a>&lt;&amp;&#233;</a>", "{\"a\":\"<&\xc3\xa9\"}" },
        { "<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\" k=\"v\"><![CDATA[<b>]]></a>",
          "{\"a\":\"<b>\"}" },
    };
    struct sw_err err = SW_ERR_INIT;
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        json_t *got = NULL;
        json_t *expected = NULL;
        assert_ok(aws_xml_parse(sw_str(rows[i].xml), &got, &err));
        assert_ok(sw_json_parse(sw_str(rows[i].json), "expected", &expected, &err));
        if (!json_equal(got, expected)) {
            char *text = json_dumps(got, JSON_COMPACT);
            fail_msg("%s: expected %s, got %s", rows[i].xml, rows[i].json, text);
        }
        json_decref(got);
        json_decref(expected);
    }
}

static void test_xml__refuses(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        const char *message;
    } rows[] = {
        { "", "an XML answer is malformed at 1:1: no element found" },
        { "<a><b></a>", "an XML answer is malformed at 1:9: mismatched tag" },
        { "<a>\n<b>", "an XML answer is malformed at 2:4: no element found" },
        { "<a/><b/>", "an XML answer is malformed at 1:5: junk after document element" },
        { "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
          "an XML answer has a document type declaration, which AWS never sends" },
        { "<a>&x;</a>", "an XML answer is malformed at 1:4: undefined entity" },
    };
    struct sw_err err = SW_ERR_INIT;
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        json_t *got = NULL;
        assert_fails(aws_xml_parse(sw_str(rows[i].xml), &got, &err), SW_E_INPUT, rows[i].message);
        assert_null(got);
    }
}

static enum sw_status parse_deep(size_t depth, struct sw_err *err)
{
    struct sw_buf xml SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&xml, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < depth; i++) {
        sw_buf_add_cstr(&xml, "<a>");
    }
    for (size_t i = 0; i < depth; i++) {
        sw_buf_add_cstr(&xml, "</a>");
    }
    json_auto_t *got = NULL;
    return aws_xml_parse(sw_buf_str(&xml), &got, err);
}

static void test_xml__limits_the_depth(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(parse_deep(AWS_XML_DEPTH_MAX, &err));
    assert_fails(parse_deep(AWS_XML_DEPTH_MAX + 1, &err), SW_E_TOO_LARGE,
                 "an XML answer has more than 64 levels or 200000 elements");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml__becomes_json),
        cmocka_unit_test(test_xml__refuses),
        cmocka_unit_test(test_xml__limits_the_depth),
    };
    return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
