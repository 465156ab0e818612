#include "compile.h"

/* Families of pipeline values of which not every member is listed: absent ones are empty. */
static const char *const open_families[] = {
    "pipeline.event.",   "pipeline.trigger_parameters.", "pipeline.deploy.", "pipeline.git.commit.",
    "pipeline.trigger.", "pipeline.schedule.",           "pipeline.config.",
};

static bool lookup_parameter(struct cc *cc, const struct cc_scope *scope, const char *name,
                             const struct sw_yaml *at, struct sw_yaml **ret)
{
    struct sw_yaml *value = sw_yaml_get(scope->parameters, name);
    if (value == NULL) {
        cc_problem(cc, at, "Arguments referenced without declared parameters: parameters.%s%s",
                   name, cc_suggest(cc, scope->parameters, name));
        return false;
    }
    *ret = value;
    return true;
}

static bool unknown(struct cc *cc, const char *name, const struct sw_yaml *known,
                    const struct sw_yaml *at)
{
    cc_problem(cc, at, "Referred to a variable \"%s\" that does not exist%s", name,
               cc_suggest(cc, known, name));
    return false;
}

static bool lookup_pipeline_parameter(struct cc *cc, const struct cc_scope *scope, const char *full,
                                      const struct sw_yaml *at, struct sw_yaml **ret)
{
    const char *name = full + strlen("pipeline.parameters.");
    if (!scope->pipeline_parameters) {
        cc_problem(cc, at,
                   "Referred to a variable \"%s\" that does not exist; pipeline parameters cannot "
                   "be used inside orbs, pass the value as a parameter",
                   full);
        return false;
    }
    struct sw_yaml *value = sw_yaml_get(cc->pipeline_parameters, name);
    if (value == NULL) {
        const char *hint = cc_suggest(cc, cc->pipeline_parameters, name);
        cc_problem(cc, at,
                   "Referred to a variable \"%s\" that does not exist%s; pipeline parameters: %s",
                   full, hint, cc_names(cc, cc->pipeline_parameters));
        return false;
    }
    *ret = value;
    return true;
}

static bool lookup_pipeline(struct cc *cc, const struct cc_scope *scope, const char *name,
                            const struct sw_yaml *at, struct sw_yaml **ret)
{
    if (strncmp(name, "pipeline.parameters.", strlen("pipeline.parameters.")) == 0) {
        return lookup_pipeline_parameter(cc, scope, name, at, ret);
    }
    *ret = sw_yaml_get(cc->pipeline, name);
    if (*ret != NULL) {
        return true;
    }
    for (size_t i = 0; i < SW_COUNT(open_families); i++) {
        if (strncmp(name, open_families[i], strlen(open_families[i])) == 0) {
            *ret = sw_yaml_new_str(cc->pool, SW_STR(""), at);
            return true;
        }
    }
    return unknown(cc, name, cc->pipeline, at);
}

bool cc_lookup(struct cc *cc, const struct cc_scope *scope, const char *name,
               const struct sw_yaml *at, struct sw_yaml **ret)
{
    if (strncmp(name, "parameters.", strlen("parameters.")) == 0) {
        return lookup_parameter(cc, scope, name + strlen("parameters."), at, ret);
    }
    if (strncmp(name, "pipeline.", strlen("pipeline.")) == 0) {
        return lookup_pipeline(cc, scope, name, at, ret);
    }
    if (strncmp(name, "matrix.", strlen("matrix.")) == 0 && scope->matrix != NULL) {
        *ret = sw_yaml_get(scope->matrix, name + strlen("matrix."));
        return *ret != NULL || unknown(cc, name, scope->matrix, at);
    }
    return unknown(cc, name, NULL, at);
}
