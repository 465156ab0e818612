#ifndef SLIPWAY_TESTS_ECS_TEST_H
#define SLIPWAY_TESTS_ECS_TEST_H

/* Shared by the tests of src/ecs. */

#include "test.h"

#include <slipway/json.h>

/* JSON from a text in which ' stands for "; the test fails when it is none. The caller's. */
static inline json_t *test_json(const char *text)
{
    SW_CLEANUP(sw_free_str) char *copy = sw_xstrdup(text);
    for (char *c = copy; *c; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    json_t *value = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_json_parse(sw_str(copy), "test", &value, &err));
    return value;
}

/* The value as compact text with ' for ". The caller's. */
static inline char *test_json_text(const json_t *value)
{
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_json_dump(value, 0, &out);
    char *text = sw_buf_take(&out);
    for (char *c = text; *c; c++) {
        if (*c == '"') {
            *c = '\'';
        }
    }
    return text;
}

#endif
