#include "run.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

struct sw_config {
    struct sw_yaml_pool *pool;
    struct sw_yaml *compiled;
    struct sw_yaml *header;
    size_t source_lines;
};

/* Lines that say something: neither blank nor a comment. */
static size_t count_lines(struct sw_str text)
{
    size_t count = 0;
    while (text.len > 0) {
        struct sw_str line = sw_str_trim(sw_str_cut(&text, '\n'));
        count += line.len > 0 && line.ptr[0] != '#' ? 1 : 0;
    }
    return count;
}

/* 2 and 2.0 give 20, 2.1 gives 21, anything else 0. */
static int version_of(const struct sw_yaml *doc)
{
    const struct sw_yaml *version = sw_yaml_get(doc, "version");
    const char *text = version != NULL && sw_yaml_is_scalar(version) ? version->text : "";
    if (strcmp(text, "2.1") == 0) {
        return 21;
    }
    return strcmp(text, "2") == 0 || strcmp(text, "2.0") == 0 ? 20 : 0;
}

/* A version 2 configuration has no templates: what runs stands there already. */
static struct sw_yaml *take_as_it_is(struct cc *cc, const struct sw_yaml *doc)
{
    static const char *const kept[] = { "jobs", "workflows" };
    struct sw_yaml *out = sw_yaml_new_map(cc->pool, doc);
    sw_yaml_set(cc->pool, out, "version", sw_yaml_new_int(cc->pool, 2, doc));
    for (size_t i = 0; i < SW_COUNT(kept); i++) {
        struct sw_yaml *section = cc_map_member(cc, doc, kept[i]);
        if (section != NULL) {
            sw_yaml_set(cc->pool, out, kept[i], section);
        }
    }
    if (sw_yaml_get(out, "jobs") == NULL) {
        cc_problem(cc, doc, "There are no workflows or build jobs in the config.");
    }
    return out;
}

/* Without workflows the job "build" runs alone. */
static struct sw_yaml *default_workflows(struct cc *cc, const struct sw_yaml *doc)
{
    struct sw_yaml *build = sw_yaml_get_key(sw_yaml_get(doc, "jobs"), "build");
    if (build == NULL) {
        cc_problem(cc, doc, "There are no workflows or build jobs in the config.");
        return NULL;
    }
    struct sw_yaml *jobs = sw_yaml_new_seq(cc->pool, build);
    sw_yaml_add(cc->pool, jobs, sw_yaml_new_str(cc->pool, SW_STR("build"), build));
    struct sw_yaml *workflow = sw_yaml_new_map(cc->pool, build);
    sw_yaml_set(cc->pool, workflow, "jobs", jobs);
    struct sw_yaml *workflows = sw_yaml_new_map(cc->pool, build);
    sw_yaml_set(cc->pool, workflows, "workflow", workflow);
    return workflows;
}

static void refuse_unsupported(struct cc *cc, const struct sw_yaml *doc)
{
    static const char *const later[] = { "functions", "job-groups" };
    for (size_t i = 0; i < SW_COUNT(later); i++) {
        const struct sw_yaml *key = sw_yaml_get_key(doc, later[i]);
        if (key != NULL) {
            cc_problem(cc, key, "\"%s\" is not supported offline", later[i]);
        }
    }
}

static void check_elements(struct cc *cc, struct cc_ns *ns)
{
    static const char *const sections[] = { "commands", "jobs", "executors" };
    for (size_t i = 0; i < SW_COUNT(sections); i++) {
        (void)cc_map_member(cc, ns->doc, sections[i]);
    }
    cc_check_sections(cc, ns);
    for (const struct cc_import *import = ns->imports; import != NULL; import = import->next) {
        if (import->ns->doc != NULL && import->ns->doc->type == SW_YAML_MAP) {
            check_elements(cc, import->ns);
        }
    }
}

/* What nothing reaches, in the configuration and in orbs written into it. */
static void check_rest(struct cc *cc)
{
    cc_check_unreached(cc, cc->root);
    for (const struct cc_import *import = cc->root->imports; import != NULL;
         import = import->next) {
        if (import->ref == NULL && import->resolved == NULL && import->ns->doc != NULL) {
            cc_check_unreached(cc, import->ns);
        }
    }
    for (const struct cc_import *import = cc->root->imports; import != NULL;
         import = import->next) {
        if (!import->used && import->ns->doc != NULL) {
            cc_warning(cc, import->at, "orb \"%s\" is not used", import->alias);
        }
    }
}

/* A setup configuration continues into another one: the service wants a single workflow. */
static void check_setup(struct cc *cc, const struct sw_yaml *doc, size_t workflows)
{
    const struct sw_yaml *setup = sw_yaml_get(doc, "setup");
    if (setup != NULL && setup->type != SW_YAML_BOOL) {
        cc_problem(cc, setup, "\"setup\" must be a boolean, found: %s", cc_show(cc, setup));
    } else if (setup != NULL && setup->boolean && workflows != 1 && cc->problems->errors == 0) {
        cc_problem(cc, setup, "a setup configuration must run exactly one workflow, found: %zu",
                   workflows);
    }
}

/* That a matrix is empty is allowed, but not that nothing else is left to run. */
static void check_jobs_left(struct cc *cc, const struct sw_yaml *at,
                            const struct sw_yaml *workflows)
{
    bool any = cc->problems->errors > 0 || workflows->count == 0;
    for (size_t i = 0; i < workflows->count && !any; i++) {
        const struct sw_yaml *jobs = workflows->items[i]->type == SW_YAML_MAP
                                         ? sw_yaml_get(workflows->items[i], "jobs")
                                         : NULL;
        any = jobs != NULL && jobs->count > 0;
    }
    if (!any) {
        cc_problem(cc, at, "no job is left to run: conditions and empty matrices take out all");
    }
}

static struct sw_yaml *compile_2_1(struct cc *cc, struct sw_yaml *doc)
{
    refuse_unsupported(cc, doc);
    cc->root = cc_ns_new(cc, doc, "the configuration", false, 0);
    cc_pipeline(cc, cc_map_member(cc, doc, "parameters"));
    cc_import_all(cc, cc->root);
    check_elements(cc, cc->root);
    struct sw_yaml *raw = cc_map_member(cc, doc, "workflows");
    bool none = raw == NULL || (raw->count == 1 && sw_yaml_get(raw, "version") != NULL);
    struct sw_yaml *workflows = none ? default_workflows(cc, doc) : raw;
    struct sw_yaml *out = sw_yaml_new_map(cc->pool, doc);
    struct sw_yaml *jobs = sw_yaml_new_map(cc->pool, doc);
    struct sw_yaml *out_workflows = sw_yaml_new_map(cc->pool, doc);
    sw_yaml_set(cc->pool, out, "version", sw_yaml_new_int(cc->pool, 2, doc));
    sw_yaml_set(cc->pool, out, "jobs", jobs);
    sw_yaml_set(cc->pool, out, "workflows", out_workflows);
    if (workflows != NULL) {
        cc_workflows(cc, workflows, jobs, out_workflows);
        size_t versions = sw_yaml_get(out_workflows, "version") != NULL ? 1 : 0;
        if (out_workflows->count == versions && cc->problems->errors == 0) {
            cc_problem(cc, workflows, "All Workflows have been filtered from this Pipeline.");
        }
        check_jobs_left(cc, workflows, out_workflows);
        check_setup(cc, doc, out_workflows->count - versions);
        if (versions == 0) {
            sw_yaml_set(cc->pool, out_workflows, "version", sw_yaml_new_int(cc->pool, 2, doc));
        }
    }
    if (cc->check_all) {
        check_rest(cc);
    }
    return out;
}

struct sw_yaml *cc_compile_document(struct cc *cc, struct sw_yaml *doc)
{
    if (doc->type != SW_YAML_MAP) {
        cc_problem(cc, doc, "the configuration must be a mapping, found: %s",
                   sw_yaml_type_name(doc));
        return NULL;
    }
    const struct sw_yaml *version = sw_yaml_get(doc, "version");
    switch (version_of(doc)) {
    case 20:
        return take_as_it_is(cc, doc);
    case 21:
        return compile_2_1(cc, doc);
    default:
        cc_problem(cc, version == NULL ? doc : version,
                   "\"version\" must be 2.1 (or 2, without orbs and parameters)%s%s",
                   version == NULL ? "; there is none" : ", found: ",
                   version == NULL ? "" : cc_show(cc, version));
        return NULL;
    }
}

enum sw_status cc_report(const struct sw_config_problems *problems, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    if (problems->errors == 0) {
        return SW_OK;
    }
    size_t first = 0;
    while (problems->items[first].warning) {
        first++;
    }
    sw_config_problem_write(&problems->items[first], &text);
    size_t len = strcspn(text.ptr, "\n");
    const char *limit = problems->errors >= SW_CONFIG_PROBLEMS_MAX ? "at least " : "";
    if (problems->errors == 1) {
        return sw_fail(err, SW_E_INPUT, "%.*s", (int)len, text.ptr);
    }
    return sw_fail(err, SW_E_INPUT, "%.*s (and %s%zu more)", (int)len, text.ptr, limit,
                   problems->errors - 1);
}

void cc_init(struct cc *cc, const struct sw_env *env, const struct sw_config_options *options,
             struct sw_config_problems *problems, struct sw_yaml_pool *pool)
{
    *cc = (struct cc){ .env = env,
                       .options = options,
                       .pool = pool,
                       .problems = problems,
                       .check_all = options->check_all };
    if (problems->pool == NULL) {
        problems->pool = sw_yaml_pool_new();
    }
    cc->loaded_orbs = sw_yaml_new_map(pool, NULL);
    cc->header = sw_yaml_new_seq(pool, NULL);
}

static enum sw_status compile_text(const struct sw_env *env,
                                   const struct sw_config_options *options, const char *name,
                                   struct sw_str text, struct sw_config_problems *problems,
                                   struct sw_config *config, struct sw_err *err)
{
    struct cc cc;
    cc_init(&cc, env, options, problems, config->pool);
    struct sw_yaml *doc = NULL;
    enum sw_status status = sw_yaml_parse(config->pool, text, name, NULL, &doc, err);
    if (status != SW_OK) {
        return status;
    }
    config->source_lines = count_lines(text);
    config->compiled = cc_compile_document(&cc, doc);
    config->header = cc.header;
    return cc_report(problems, err);
}

enum sw_status sw_config_compile(const struct sw_env *env, const struct sw_config_options *options,
                                 struct sw_config_problems *problems, struct sw_config **ret,
                                 struct sw_err *err)
{
    const char *path = options->path != NULL ? options->path : ".circleci/config.yml";
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_YAML_TEXT_MAX);
    enum sw_status status = sw_fs_read_input(path, &text, err);
    if (status != SW_OK) {
        bool by_default = strcmp(path, ".circleci/config.yml") == 0;
        return by_default ? sw_append(err, "; name the configuration when it is elsewhere")
                          : status;
    }
    struct sw_config_problems own = { 0 };
    struct sw_config *config = sw_xcalloc(1, sizeof(*config));
    config->pool = sw_yaml_pool_new();
    status = compile_text(env, options, strcmp(path, "-") == 0 ? "stdin" : path, sw_buf_str(&text),
                          problems != NULL ? problems : &own, config, err);
    sw_config_problems_release(&own);
    if (status != SW_OK) {
        sw_config_free(config);
        return status;
    }
    *ret = config;
    return SW_OK;
}

void sw_config_free(struct sw_config *config)
{
    if (config != NULL) {
        sw_yaml_pool_free(config->pool);
        free(config);
    }
}

json_t *sw_config_compiled_json(const struct sw_config *config)
{
    return sw_yaml_to_json(config->compiled);
}

size_t sw_config_source_lines(const struct sw_config *config)
{
    return config->source_lines;
}

enum sw_status sw_config_write(const struct sw_config *config, struct sw_buf *out,
                               struct sw_err *err)
{
    for (size_t i = 0; i < config->header->count; i++) {
        sw_buf_addf(out, "# %s\n", config->header->items[i]->text);
    }
    size_t start = out->len;
    enum sw_status status = sw_yaml_emit(config->compiled, out, err);
    if (status == SW_OK && out->len - start > SW_CONFIG_COMPILED_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE,
                       "A compiled config YAML must be at most 8MB, this one "
                       "has %zu bytes",
                       out->len - start);
    }
    return status;
}
