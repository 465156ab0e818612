#include "local_private.h"

#include <slipway/fs.h>
#include <slipway/progress.h>
#include <slipway/yaml.h>

/* Whether the document is a compiled one, which needs nothing but reading. */
static bool is_compiled(const struct sw_yaml *document)
{
    const struct sw_yaml *version = sw_yaml_get(document, "version");

    return version && sw_yaml_is_scalar(version) &&
           (strcmp(version->text, "2") == 0 || strcmp(version->text, "2.0") == 0);
}

static enum sw_status compile(const struct sw_env *env, const struct sw_config_options *options,
                              json_t **ret, struct sw_err *err)
{
    struct sw_config_problems problems = { 0 };
    struct sw_config *config = NULL;
    enum sw_status status = sw_config_compile(env, options, &problems, &config, err);

    for (size_t i = 0; status && problems.errors > 1 && i < problems.count; i++) {
        struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_config_problem_write(&problems.items[i], &text);
        sw_say(env, "%.*s", SW_STR_ARG(sw_str_trim(sw_buf_str(&text))));
    }
    if (status == SW_OK) {
        *ret = sw_config_compiled_json(config);
    }
    sw_config_problems_release(&problems);
    sw_config_free(config);
    return status;
}

static enum sw_status load_document(const struct sw_env *env,
                                    const struct sw_config_options *options, json_t **ret,
                                    struct sw_err *err)
{
    struct sw_yaml_pool *SW_CLEANUP(sw_yaml_pool_cleanup) pool = sw_yaml_pool_new();
    const char *path = options->path ? options->path : ".circleci/config.yml";
    struct sw_yaml *document = NULL;

    if (strcmp(path, "-") != 0 && !sw_fs_exists(path)) {
        return sw_fail(err, SW_E_INPUT, "there is no configuration \"%s\"; name it with --config",
                       path);
    }
    if (sw_yaml_load(pool, path, NULL, &document, err)) {
        return err->status;
    }
    if (is_compiled(document)) {
        *ret = sw_yaml_to_json(document);
        return SW_OK;
    }
    if (strcmp(path, "-") == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "only a compiled configuration can come from standard "
                       "input; use 'slipway config process' first");
    }
    return compile(env, options, ret, err);
}

static const char *get_from_environ(void *ctx, const char *name)
{
    const struct local_run *run = ctx;

    return sw_proc_getenv(&run->environ, name);
}

enum sw_status local_job_load(struct local_run *run, struct sw_err *err)
{
    const struct sw_local_options *options = run->options;
    struct sw_env env = *run->env;

    env.get = get_from_environ;
    env.get_ctx = run;
    if (load_document(&env, &options->config, &run->job.document, err) ||
        local_job_read(&run->job, options->job, err) ||
        local_job_check_names(&run->job, options->skip, err)) {
        return err->status;
    }
    return SW_OK;
}
