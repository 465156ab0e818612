/*
 * Configurations: any document either compiles, without templates left over in the result's keys,
 * into text that can be read again, or gives a problem.
 */

#include "circleci/run.h"
#include "fuzz.h"

static const char *no_variables(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

static void check_result(struct sw_yaml_pool *pool, const struct sw_yaml *compiled)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_yaml *again = NULL;
    struct sw_buf text;
    FUZZ_CHECK(compiled != NULL && sw_yaml_get(compiled, "jobs") != NULL);
    sw_buf_init(&text, SW_YAML_TEXT_MAX);
    if (sw_yaml_emit(compiled, &text, &err) == SW_OK &&
        sw_yaml_parse(pool, sw_buf_str(&text), "g", NULL, &again, &err) == SW_OK) {
        FUZZ_CHECK(sw_yaml_equal(compiled, again));
    }
    sw_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *doc = NULL;
    const struct sw_env env = { .clock = &fuzz_clock, .get = no_variables };
    const struct sw_config_options options = { .check_all = true };
    struct sw_config_problems problems = { 0 };
    if (sw_yaml_parse(pool, sw_str_n((const char *)data, size), "f", NULL, &doc, &err) == SW_OK) {
        struct cc cc;
        cc_init(&cc, &env, &options, &problems, pool);
        const struct sw_yaml *compiled = cc_compile_document(&cc, doc);
        if (cc_report(&problems, &err) == SW_OK) {
            check_result(pool, compiled);
        }
    }
    sw_config_problems_release(&problems);
    sw_yaml_pool_free(pool);
    return 0;
}
