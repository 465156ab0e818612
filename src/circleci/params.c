#include "compile.h"

static const char *const type_names[] = { "string",   "boolean", "integer",      "enum",
                                          "executor", "steps",   "env_var_name", NULL };

/* Names that a job's entry in a workflow uses itself. */
static const char *const reserved_for_jobs[] = {
    "name",    "matrix", "pre-steps", "post-steps",    "filters", "requires",
    "context", "type",   "upstream",  "override-with", NULL,
};

static bool is_listed(const char *const *list, const char *name)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *type_of(const struct sw_yaml *declaration)
{
    const struct sw_yaml *type = sw_yaml_get(declaration, "type");
    return type != NULL && type->type == SW_YAML_STR ? type->text : "string";
}

/* "expected type: integer, actual value: "1" (type string)" */
static struct sw_yaml *type_error(struct cc *cc, const char *name, const char *type,
                                  const struct sw_yaml *value)
{
    cc_problem(cc, value, "Type error for argument %s: expected type: %s, actual value: %s", name,
               type, cc_show(cc, value));
    return NULL;
}

/* Values that nothing but a later run could give are not judged by their content. */
static bool is_tentative(const struct cc *cc, const struct sw_yaml *value)
{
    return cc->lenient > 0 || value->user == &cc_placeholder;
}

static struct sw_yaml *typed_enum(struct cc *cc, const char *name,
                                  const struct sw_yaml *declaration, struct sw_yaml *value)
{
    const struct sw_yaml *allowed = sw_yaml_get(declaration, "enum");
    SW_CLEANUP(sw_buf_release) struct sw_buf list;
    sw_buf_init(&list, SW_BUF_TEXT_MAX);
    if (!sw_yaml_is_scalar(value)) {
        return type_error(cc, name, "enum", value);
    }
    for (size_t i = 0; allowed != NULL && allowed->type == SW_YAML_SEQ && i < allowed->count; i++) {
        if (strcmp(allowed->items[i]->text, value->text) == 0) {
            return value;
        }
        sw_buf_addf(&list, "%s%s", i == 0 ? "" : ", ", allowed->items[i]->text);
    }
    if (is_tentative(cc, value)) {
        return value;
    }
    cc_problem(cc, value, "Type error for argument %s: value %s is not in enum: %.600s", name,
               cc_show(cc, value), list.ptr);
    return NULL;
}

static struct sw_yaml *typed_env_var_name(struct cc *cc, const char *name, struct sw_yaml *value)
{
    if (value->type == SW_YAML_STR &&
        (is_tentative(cc, value) || sw_is_env_name(sw_str_n(value->text, value->len)))) {
        return value;
    }
    return type_error(cc, name, "env_var_name", value);
}

/* An executor's name belongs to whoever wrote it: it is looked up there later. */
static struct sw_yaml *typed_executor(struct cc *cc, const struct cc_scope *scope, const char *name,
                                      struct sw_yaml *value)
{
    if (value->user != NULL) {
        return value;
    }
    const struct sw_yaml *executor =
        value->type == SW_YAML_MAP ? sw_yaml_get(value, "name") : value;
    if (executor == NULL || executor->type != SW_YAML_STR) {
        return type_error(cc, name, "executor", value);
    }
    struct sw_yaml *copy = sw_yaml_copy(cc->pool, value);
    copy->user = scope->ns;
    return copy;
}

/* Steps are expanded where they were written, so that their names mean what the writer meant. */
static struct sw_yaml *typed_steps(struct cc *cc, const struct cc_scope *scope, const char *name,
                                   struct sw_yaml *value)
{
    if (value->user == &cc_final_steps) {
        return value;
    }
    if (value->type != SW_YAML_SEQ) {
        return type_error(cc, name, "steps", value);
    }
    struct sw_yaml *steps = sw_yaml_new_seq(cc->pool, value);
    cc_steps(cc, scope, value, steps);
    steps->user = &cc_final_steps;
    return steps;
}

struct sw_yaml *cc_typed(struct cc *cc, const struct cc_scope *scope, const char *name,
                         struct sw_yaml *declaration, struct sw_yaml *value)
{
    static const struct {
        const char *type;
        enum sw_yaml_type accepts;
    } simple[] = { { "string", SW_YAML_STR },
                   { "boolean", SW_YAML_BOOL },
                   { "integer", SW_YAML_INT } };
    const char *type = type_of(declaration);
    for (size_t i = 0; i < SW_COUNT(simple); i++) {
        if (strcmp(type, simple[i].type) == 0) {
            return value->type == simple[i].accepts ? value : type_error(cc, name, type, value);
        }
    }
    if (strcmp(type, "enum") == 0) {
        return typed_enum(cc, name, declaration, value);
    }
    if (strcmp(type, "env_var_name") == 0) {
        return typed_env_var_name(cc, name, value);
    }
    if (strcmp(type, "executor") == 0) {
        return typed_executor(cc, scope, name, value);
    }
    return typed_steps(cc, scope, name, value);
}

/* ---- Declarations ---- */

static void check_default(struct cc *cc, struct cc_ns *ns, const char *name,
                          struct sw_yaml *declaration, enum cc_component component)
{
    struct sw_yaml *value = sw_yaml_get(declaration, "default");
    const char *type = type_of(declaration);
    if (value == NULL) {
        if (component == CC_PIPELINE) {
            cc_problem(cc, declaration, "Parameter error: pipeline parameter '%s' needs a default",
                       name);
        }
        return;
    }
    struct cc_scope scope = { .ns = ns, .pipeline_parameters = false };
    bool shaped = strcmp(type, "executor") == 0 || strcmp(type, "steps") == 0;
    if (cc_has_tags(value) || shaped) {
        return; /* looked at where the parameter is used */
    }
    cc->probing++;
    cc->probe_failures = 0;
    (void)cc_typed(cc, &scope, name, declaration, value);
    cc->probing--;
    if (cc->probe_failures == 0) {
        return;
    }
    if (strcmp(type, "enum") == 0) {
        cc_problem(cc, value, "Parameter error: default value %s of parameter '%s' is not in enum",
                   cc_show(cc, value), name);
        return;
    }
    cc_problem(cc, value,
               "Parameter error: default value of parameter '%s' is '%.200s' (type %s): expected "
               "type %s",
               name, sw_yaml_is_scalar(value) ? value->text : "...", sw_yaml_type_name(value),
               type);
}

static bool is_name(const char *name)
{
    return sw_is_alpha(name[0]) && strpbrk(name, " \t\n<>{}") == NULL;
}

static bool type_allowed(const char *type, enum cc_component component)
{
    static const char *const pipeline[] = { "string", "boolean", "integer", "enum", NULL };
    static const char *const executor[] = { "string", "boolean",      "integer",
                                            "enum",   "env_var_name", NULL };
    switch (component) {
    case CC_PIPELINE:
        return is_listed(pipeline, type);
    case CC_EXECUTOR:
        return is_listed(executor, type);
    default:
        return is_listed(type_names, type);
    }
}

static bool check_type(struct cc *cc, const char *name, const struct sw_yaml *declaration,
                       enum cc_component component)
{
    const struct sw_yaml *type = sw_yaml_get(declaration, "type");
    if (type == NULL) {
        cc_problem(cc, declaration,
                   "Parameter error: required key [type] not found in parameter "
                   "'%s'",
                   name);
        return false;
    }
    if (type->type == SW_YAML_STR && type_allowed(type->text, component)) {
        return true;
    }
    cc_problem(cc, type,
               "Parameter error: parameter '%s' has type \"%s\"; types are: string, boolean, "
               "integer, enum%s%s",
               name, type->text, component == CC_PIPELINE ? "" : ", env_var_name",
               component == CC_COMMAND || component == CC_JOB ? ", executor, steps" : "");
    return false;
}

static bool check_enum(struct cc *cc, const char *name, const struct sw_yaml *declaration)
{
    const struct sw_yaml *list = sw_yaml_get(declaration, "enum");
    if (strcmp(type_of(declaration), "enum") != 0) {
        return true;
    }
    bool ok = list != NULL && list->type == SW_YAML_SEQ && list->count > 0;
    for (size_t i = 0; ok && i < list->count; i++) {
        ok = sw_yaml_is_scalar(list->items[i]);
    }
    if (!ok) {
        cc_problem(cc, list == NULL ? declaration : list,
                   "Parameter error: parameter '%s' needs a list \"enum\" of its values", name);
    }
    return ok;
}

static void check_declaration(struct cc *cc, struct cc_ns *ns, const struct sw_yaml *key,
                              struct sw_yaml *declaration, enum cc_component component)
{
    static const char *const permitted[] = { "type", "default", "description", "enum", NULL };
    const char *name = key->text;
    if (component == CC_JOB && is_listed(reserved_for_jobs, name)) {
        cc_problem(cc, key,
                   "%s is one of the reserved parameter names in build jobs: name, matrix, "
                   "pre-steps, post-steps, filters, requires, context, type, override-with, "
                   "upstream",
                   name);
    }
    if (component != CC_PIPELINE && !is_name(name)) {
        cc_problem(cc, key, "parameter name \"%s\" must begin with a letter and have no blanks",
                   name);
    }
    if (declaration->type != SW_YAML_MAP) {
        cc_problem(cc, declaration, "parameter \"%s\" must be a mapping with a type, found: %s",
                   name, sw_yaml_type_name(declaration));
        return;
    }
    cc_check_keys(cc, declaration, permitted, cc_text(cc, "parameter \"%s\"", name));
    if (check_type(cc, name, declaration, component) && check_enum(cc, name, declaration)) {
        check_default(cc, ns, name, declaration, component);
    }
}

void cc_check_declarations(struct cc *cc, struct cc_ns *ns, struct sw_yaml *declarations,
                           enum cc_component component)
{
    for (size_t i = 0; declarations != NULL && i < declarations->count; i++) {
        check_declaration(cc, ns, declarations->keys[i], declarations->items[i], component);
    }
}

/* ---- Binding arguments ---- */

/* Arguments that nobody declared, by name; *ret_first is the first one's key. */
static void collect_unexpected(const struct cc_call *call, const struct sw_yaml *given,
                               struct sw_buf *names, const struct sw_yaml **ret_first)
{
    for (size_t i = 0; given != NULL && i < given->count; i++) {
        const char *name = given->keys[i]->text;
        if (is_listed(call->ignored, name) || sw_yaml_get(call->declarations, name) != NULL) {
            continue;
        }
        sw_buf_addf(names, "%s%s", *ret_first == NULL ? "" : ", ", name);
        *ret_first = *ret_first == NULL ? given->keys[i] : *ret_first;
    }
}

static void report_unexpected(struct cc *cc, const struct cc_call *call)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf names;
    sw_buf_init(&names, SW_BUF_TEXT_MAX);
    const struct sw_yaml *first = NULL;
    collect_unexpected(call, call->args, &names, &first);
    collect_unexpected(call, call->extra, &names, &first);
    if (first != NULL) {
        cc_problem(cc, first, "Unexpected argument(s): %.600s%s; parameters are: %s", names.ptr,
                   cc_suggest(cc, call->declarations, first->text),
                   cc_names(cc, call->declarations));
    }
}

static struct sw_yaml *make_placeholder(struct cc *cc, const struct sw_yaml *declaration,
                                        const char *name)
{
    const char *type = type_of(declaration);
    struct sw_yaml *value = NULL;
    if (strcmp(type, "boolean") == 0) {
        value = sw_yaml_new_bool(cc->pool, false, declaration);
    } else if (strcmp(type, "integer") == 0) {
        value = sw_yaml_new_int(cc->pool, 1, declaration);
    } else if (strcmp(type, "steps") == 0) {
        value = sw_yaml_new_seq(cc->pool, declaration);
        value->user = &cc_final_steps;
        return value;
    } else if (strcmp(type, "enum") == 0) {
        const struct sw_yaml *list = sw_yaml_get(declaration, "enum");
        bool any = list != NULL && list->type == SW_YAML_SEQ && list->count > 0;
        value = sw_yaml_new_str(cc->pool, sw_str(any ? list->items[0]->text : name), declaration);
    } else {
        value = sw_yaml_new_str(cc->pool, sw_str(name), declaration);
    }
    value->user = &cc_placeholder;
    return value;
}

/* Executors given as a map may use parameters of the job they are given to: left for later then. */
static struct sw_yaml *expand_argument(struct cc *cc, const struct cc_call *call,
                                       struct sw_yaml *declaration, struct sw_yaml *raw)
{
    const char *type = type_of(declaration);
    if (strcmp(type, "steps") == 0 && raw->type == SW_YAML_SEQ) {
        return raw;
    }
    if (strcmp(type, "executor") == 0 && raw->type == SW_YAML_MAP) {
        cc->probing++;
        struct sw_yaml *value = cc_expand(cc, call->scope, raw);
        cc->probing--;
        return value == NULL ? raw : value;
    }
    return cc_expand(cc, call->scope, raw);
}

/* The value of one parameter; NULL after a problem, or with *ret_missing set. */
static struct sw_yaml *bind_one(struct cc *cc, const struct cc_call *call, const char *name,
                                struct sw_yaml *declaration, bool *ret_missing)
{
    struct sw_yaml *extra = sw_yaml_get(call->extra, name);
    struct sw_yaml *raw = sw_yaml_get(call->args, name);
    struct sw_yaml *given = raw == NULL ? extra : expand_argument(cc, call, declaration, raw);
    if (given != NULL || raw != NULL) {
        return given == NULL ? NULL : cc_typed(cc, call->scope, name, declaration, given);
    }
    struct cc_scope own = { .ns = call->ns, .pipeline_parameters = !call->ns->is_orb };
    struct sw_yaml *fallback = sw_yaml_get(declaration, "default");
    if (fallback != NULL) {
        struct sw_yaml *value =
            fallback->type == SW_YAML_SEQ ? fallback : cc_expand(cc, &own, fallback);
        return value == NULL ? NULL : cc_typed(cc, &own, name, declaration, value);
    }
    if (call->placeholders) {
        return make_placeholder(cc, declaration, name);
    }
    *ret_missing = true;
    return NULL;
}

struct sw_yaml *cc_bind(struct cc *cc, const struct cc_call *call)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf missing;
    sw_buf_init(&missing, SW_BUF_TEXT_MAX);
    struct sw_yaml *values = sw_yaml_new_map(cc->pool, call->at);
    bool failed = false;
    report_unexpected(cc, call);
    for (size_t i = 0; call->declarations != NULL && i < call->declarations->count; i++) {
        const char *name = call->declarations->keys[i]->text;
        bool absent = false;
        struct sw_yaml *value = bind_one(cc, call, name, call->declarations->items[i], &absent);
        if (absent) {
            sw_buf_addf(&missing, "%s%s", missing.len == 0 ? "" : ", ", name);
        }
        failed = failed || value == NULL;
        if (value != NULL) {
            sw_yaml_set(cc->pool, values, name, value);
        }
    }
    if (missing.len > 0) {
        cc_problem(cc, call->at, "Missing required argument(s): %.600s", missing.ptr);
    }
    return failed ? NULL : values;
}
