#include "compile.h"

#include <slipway/alloc.h>

/* Values of a pipeline as they are when nothing is known about it. */
static const struct {
    const char *name;
    const char *value;
} defaults[] = {
    { "pipeline.id", "00000000-0000-0000-0000-000000000001" },
    { "pipeline.name", "" },
    { "pipeline.definition.id", "" },
    { "pipeline.integration_source", "" },
    { "pipeline.project.git_url", "" },
    { "pipeline.project.slug", "" },
    { "pipeline.project.type", "github" },
    { "pipeline.git.tag", "" },
    { "pipeline.git.branch", "" },
    { "pipeline.git.revision", "" },
    { "pipeline.git.base_revision", "" },
    { "pipeline.git.repo_id", "" },
    { "pipeline.git.repo_name", "" },
    { "pipeline.git.repo_owner", "" },
    { "pipeline.git.repo_url", "" },
    { "pipeline.in_setup", "" },
    { "pipeline.trigger_source", "webhook" },
    { "pipeline.trigger.type", "" },
    { "pipeline.schedule.name", "" },
    { "pipeline.schedule.id", "" },
    { "pipeline.trigger_parameters.circleci.event_time", "2020-01-01T00:00:00Z" },
    { "pipeline.trigger_parameters.circleci.event_type", "push" },
    { "pipeline.trigger_parameters.circleci.trigger_type", "github_app" },
    { "pipeline.trigger_parameters.github_app.branch", "main" },
    { "pipeline.trigger_parameters.github_app.ref", "refs/heads/master" },
};

static void set_text(struct cc *cc, const char *name, const char *value)
{
    sw_yaml_set(cc->pool, cc->pipeline, name, sw_yaml_new_str(cc->pool, sw_str(value), NULL));
}

/* Inside a job the service's own variables say what it runs for. */
static void set_from_env(struct cc *cc, const char *name, const char *variable)
{
    const char *value = sw_env_get(cc->env, variable);
    if (value != NULL) {
        set_text(cc, name, value);
    }
}

static void set_defaults(struct cc *cc)
{
    for (size_t i = 0; i < SW_COUNT(defaults); i++) {
        set_text(cc, defaults[i].name, defaults[i].value);
    }
    sw_yaml_set(cc->pool, cc->pipeline, "pipeline.number", sw_yaml_new_int(cc->pool, 1, NULL));
    sw_yaml_set(cc->pool, cc->pipeline, "pipeline.git.branch.is_default",
                sw_yaml_new_bool(cc->pool, false, NULL));
    set_from_env(cc, "pipeline.git.branch", "CIRCLE_BRANCH");
    set_from_env(cc, "pipeline.git.tag", "CIRCLE_TAG");
    set_from_env(cc, "pipeline.git.revision", "CIRCLE_SHA1");
    set_from_env(cc, "pipeline.git.base_revision", "CIRCLE_SHA1");
    set_from_env(cc, "pipeline.project.git_url", "CIRCLE_REPOSITORY_URL");
}

/* "git.branch=main": the value takes the type of the one it replaces, text otherwise. */
static void set_given(struct cc *cc, const char *text)
{
    struct sw_str value = sw_str(text);
    struct sw_str name = sw_str_cut(&value, '=');
    if (value.ptr == NULL || name.len == 0) {
        cc_problem(cc, NULL, "pipeline value \"%s\" must be NAME=VALUE, e.g. git.branch=main",
                   text);
        return;
    }
    bool prefixed = sw_str_starts(name, "pipeline.");
    const char *full = cc_text(cc, "%s%.*s", prefixed ? "" : "pipeline.", SW_STR_ARG(name));
    const struct sw_yaml *old = sw_yaml_get(cc->pipeline, full);
    struct sw_yaml *node = sw_yaml_new_str(cc->pool, value, NULL);
    int64_t number = 0;
    if (old != NULL && old->type == SW_YAML_INT) {
        if (!sw_parse_int(value, INT64_MIN, INT64_MAX, &number)) {
            cc_problem(cc, NULL, "pipeline value \"%s\" must be an integer, found: \"%.*s\"", full,
                       SW_STR_ARG(value));
            return;
        }
        node = sw_yaml_new_int(cc->pool, number, NULL);
    } else if (old != NULL && old->type == SW_YAML_BOOL) {
        node = sw_yaml_new_bool(cc->pool, sw_str_is(value, "true"), NULL);
    }
    sw_yaml_set(cc->pool, cc->pipeline, full, node);
}

static void check_given(struct cc *cc, const struct sw_yaml *declarations)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (cc->options->parameters == NULL) {
        return;
    }
    json_object_foreach(cc->options->parameters, key, value)
    {
        if (sw_yaml_get(declarations, key) == NULL) {
            cc_problem(cc, declarations,
                       "Unexpected argument(s): %s%s; pipeline parameters are: %s", key,
                       cc_suggest(cc, declarations, key), cc_names(cc, declarations));
        }
    }
}

static void set_parameter(struct cc *cc, const char *name, struct sw_yaml *declaration)
{
    struct cc_scope scope = { .ns = cc->root, .pipeline_parameters = false };
    struct sw_yaml *value = sw_yaml_get(declaration, "default");
    json_t *given = json_object_get(cc->options->parameters, name);
    if (given != NULL) {
        value = sw_yaml_from_json(cc->pool, given, declaration);
    } else if (value != NULL) {
        value = cc_expand(cc, &scope, value);
    }
    if (value == NULL) {
        return;
    }
    /* A bad default was reported with the declaration. */
    cc->probing += given == NULL ? 1 : 0;
    struct sw_yaml *typed = cc_typed(cc, &scope, name, declaration, value);
    cc->probing -= given == NULL ? 1 : 0;
    sw_yaml_set(cc->pool, cc->pipeline_parameters, name, typed == NULL ? value : typed);
}

void cc_pipeline(struct cc *cc, struct sw_yaml *declarations)
{
    cc->pipeline = sw_yaml_new_map(cc->pool, NULL);
    cc->pipeline_parameters = sw_yaml_new_map(cc->pool, NULL);
    set_defaults(cc);
    for (size_t i = 0; cc->options->values != NULL && i < cc->options->values->count; i++) {
        set_given(cc, cc->options->values->items[i]);
    }
    cc_check_declarations(cc, cc->root, declarations, CC_PIPELINE);
    check_given(cc, declarations);
    for (size_t i = 0; declarations != NULL && i < declarations->count; i++) {
        if (declarations->items[i]->type == SW_YAML_MAP) {
            set_parameter(cc, declarations->keys[i]->text, declarations->items[i]);
        }
    }
}
