/*
 * Deploy files: any text. What is refused is refused with its place; reading again, and reading
 * what has nothing to expand with expansion, says the same.
 */

#include "fuzz.h"

#include "ecs_fleet.h"

#include <string.h>

static const char *get(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "V") == 0 ? "v" : NULL;
}

/* The verdict on a document as a deployment with --cluster gets it. */
static enum sw_status read_services(const struct sw_yaml *document, bool expand, struct sw_err *err)
{
    const struct sw_env env = { .clock = &fuzz_clock, .get = get };
    const struct sw_cli_ecs_entry base = { .cluster = "prod" };
    struct sw_cli_ecs_fleet *fleet = sw_cli_ecs_fleet_new();
    struct sw_strs owned = { 0 };
    enum sw_status status =
        sw_cli_ecs_deploy_document(&env, document, expand, &base, &owned, fleet, err);
    FUZZ_CHECK(status == SW_OK || ((status == SW_E_INPUT || status == SW_E_TOO_LARGE) &&
                                   strncmp(err->msg, "d.yaml:", strlen("d.yaml:")) == 0));
    sw_cli_ecs_fleet_free(fleet);
    sw_strs_release(&owned);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str text = sw_str_n((const char *)data, size);
    struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *document = NULL;
    struct sw_err err = SW_ERR_INIT;
    struct sw_err again = SW_ERR_INIT;
    /* The options that read files of this machine are left alone. */
    bool names_files = sw_str_find_str(text, SW_STR("-file")) >= 0 || sw_str_find(text, '@') >= 0;
    if (!names_files && sw_yaml_parse(pool, text, "d.yaml", NULL, &document, &err) == SW_OK) {
        enum sw_status status = read_services(document, false, &err);
        FUZZ_CHECK(read_services(document, false, &again) == status);
        FUZZ_CHECK(strcmp(err.msg, again.msg) == 0);
        enum sw_status expanded = read_services(document, true, &again);
        bool plain =
            sw_str_find(text, '$') < 0 && sw_str_find(text, '\\') < 0 && sw_str_find(text, '`') < 0;
        FUZZ_CHECK(!plain || (expanded == status && strcmp(err.msg, again.msg) == 0));
    }
    sw_yaml_pool_free(pool);
    return 0;
}
