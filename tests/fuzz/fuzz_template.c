/* Templates: text without "<<" stays as it is; other text expands or gives a problem. */

#include "circleci/run.h"
#include "fuzz.h"

#include <stdlib.h>

static const char *no_variables(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

static void expand(struct cc *cc, const char *text)
{
    struct sw_yaml *parameters = sw_yaml_new_map(cc->pool, NULL);
    sw_yaml_set(cc->pool, parameters, "t", sw_yaml_new_bool(cc->pool, true, NULL));
    sw_yaml_set(cc->pool, parameters, "e", sw_yaml_new_str(cc->pool, SW_STR(""), NULL));
    sw_yaml_set(cc->pool, parameters, "s", sw_yaml_new_str(cc->pool, SW_STR("<< x"), NULL));
    struct cc_scope scope = { .ns = cc->root, .parameters = parameters };
    struct sw_yaml *node = sw_yaml_new_str(cc->pool, sw_str(text), NULL);
    const struct sw_yaml *value = cc_expand_scalar(cc, &scope, node);
    FUZZ_CHECK(value != NULL || cc->problems->errors > 0);
    FUZZ_CHECK(strstr(text, "<<") != NULL || value == node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str text = sw_str_n((const char *)data, size);
    if (!sw_str_is_utf8(text)) {
        return 0;
    }
    struct sw_yaml_pool *pool = sw_yaml_pool_new();
    const struct sw_env env = { .clock = &fuzz_clock, .get = no_variables };
    const struct sw_config_options options = { 0 };
    struct sw_config_problems problems = { 0 };
    struct cc cc;
    cc_init(&cc, &env, &options, &problems, pool);
    cc.root = cc_ns_new(&cc, sw_yaml_new_map(pool, NULL), "", false, 0);
    cc_pipeline(&cc, NULL);
    char *copy = sw_str_dup(text);
    expand(&cc, copy);
    free(copy);
    sw_config_problems_release(&problems);
    sw_yaml_pool_free(pool);
    return 0;
}
