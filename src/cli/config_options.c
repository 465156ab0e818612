#include "config_options.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/yaml.h>

const struct sw_opt sw_cli_config_opts[] = {
    { SW_OPT_LIST, "orb", 0, offsetof(struct sw_cli_config, orbs), "REF=PATH",
      "take orb REF (acme/slipway@1.0.0, acme/slipway, or its name in the file) from a packed file "
      "or a source folder",
      0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "pipeline-parameters", 0, offsetof(struct sw_cli_config, parameters), "FILE|JSON",
      "values of pipeline parameters, as a JSON or YAML mapping", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "pipeline-value", 0, offsetof(struct sw_cli_config, values), "NAME=VALUE",
      "a pipeline value, e.g. git.branch=main", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

static enum sw_status add_orbs(struct sw_cli_compile *compile, const struct sw_strs *given,
                               struct sw_err *err)
{
    compile->orbs = sw_xcalloc(given->count + 1, sizeof(*compile->orbs));
    for (size_t i = 0; i < given->count; i++) {
        struct sw_str path = sw_str(given->items[i]);
        struct sw_str ref = sw_str_cut(&path, '=');
        if (path.len == 0 || ref.len == 0) {
            return sw_cli_usage(err, "--orb: \"%s\" must be REF=PATH", given->items[i]);
        }
        sw_strs_add(&compile->texts, ref);
        sw_strs_add(&compile->texts, path);
        compile->orbs[i].ref = compile->texts.items[compile->texts.count - 2];
        compile->orbs[i].path = compile->texts.items[compile->texts.count - 1];
    }
    compile->options.orbs = compile->orbs;
    compile->options.orb_count = given->count;
    return SW_OK;
}

static enum sw_status add_parameters(struct sw_cli_compile *compile, const char *given,
                                     struct sw_err *err)
{
    if (given == NULL || given[0] == '\0') {
        return SW_OK;
    }
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *node = NULL;
    bool inline_text = given[0] == '{';
    enum sw_status status =
        inline_text ? sw_yaml_parse(pool, sw_str(given), "--pipeline-parameters", NULL, &node, err)
                    : sw_yaml_load(pool, given, NULL, &node, err);
    if (status != SW_OK) {
        return status;
    }
    if (node->type == SW_YAML_NULL) {
        return SW_OK;
    }
    if (node->type != SW_YAML_MAP) {
        return sw_fail(err, SW_E_INPUT,
                       "--pipeline-parameters: \"%s\" must hold a mapping, found: %s", given,
                       sw_yaml_type_name(node));
    }
    compile->parameters = sw_yaml_to_json(node);
    compile->options.parameters = compile->parameters;
    return SW_OK;
}

enum sw_status sw_cli_compile_init(struct sw_cli_compile *compile,
                                   const struct sw_cli_config *config, const char *path,
                                   struct sw_err *err)
{
    *compile = (struct sw_cli_compile){ .options = { .path = path, .values = &config->values } };
    enum sw_status status = add_orbs(compile, &config->orbs, err);
    return status == SW_OK ? add_parameters(compile, config->parameters, err) : status;
}

void sw_cli_compile_release(struct sw_cli_compile *compile)
{
    free(compile->orbs);
    sw_strs_release(&compile->texts);
    json_decref(compile->parameters);
}

void sw_cli_print_problems(struct sw_cli *cli, const struct sw_config_problems *problems,
                           bool quiet)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < problems->count; i++) {
        if (!problems->items[i].warning || !quiet) {
            sw_config_problem_write(&problems->items[i], &text);
        }
    }
    (void)fwrite(text.ptr, 1, text.len, cli->err);
}

enum sw_status sw_cli_invalid(struct sw_err *err, const char *what, const char *path,
                              const struct sw_config_problems *problems)
{
    if (problems->errors == 0) {
        return err->status;
    }
    const char *limit = problems->errors >= SW_CONFIG_PROBLEMS_MAX ? "at least " : "";
    return sw_fail(err, SW_E_INPUT, "%s \"%s\" is not valid: %s%zu error%s", what, path, limit,
                   problems->errors, problems->errors == 1 ? "" : "s");
}

enum sw_status sw_cli_strict(struct sw_err *err, const char *what, const char *path,
                             const struct sw_config_problems *problems)
{
    size_t warnings = problems->count - problems->errors;
    if (warnings == 0) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_INPUT, "%s \"%s\" has %zu warning%s", what, path, warnings,
                   warnings == 1 ? "" : "s");
}

enum sw_status sw_cli_check_orb(struct sw_cli *cli, const struct sw_cli_config *config,
                                const char *path, bool quiet, bool strict, struct sw_err *err)
{
    struct sw_cli_compile compile;
    struct sw_config_problems problems = { 0 };
    enum sw_status status = sw_cli_compile_init(&compile, config, NULL, err);
    if (status == SW_OK) {
        status = sw_orb_validate(cli->env, path, &compile.options, &problems, err);
        sw_cli_print_problems(cli, &problems, quiet);
        status = status == SW_OK ? status : sw_cli_invalid(err, "orb", path, &problems);
        if (status == SW_OK && strict) {
            status = sw_cli_strict(err, "orb", path, &problems);
        }
    }
    sw_config_problems_release(&problems);
    sw_cli_compile_release(&compile);
    return status;
}
