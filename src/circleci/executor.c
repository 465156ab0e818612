#include "compile.h"

static bool has_kind(const struct sw_yaml *map)
{
    return sw_yaml_get(map, "docker") != NULL || sw_yaml_get(map, "machine") != NULL ||
           sw_yaml_get(map, "macos") != NULL;
}

void cc_check_one_kind(struct cc *cc, const struct sw_yaml *map, const char *what)
{
    static const char *const kinds[] = { "docker", "machine", "macos" };
    const char *first = NULL;
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        const struct sw_yaml *kind = sw_yaml_get(map, kinds[i]);
        if (kind != NULL && first != NULL) {
            cc_problem(cc, kind, "%s has both \"%s\" and \"%s\"; it runs in one of them", what,
                       first, kinds[i]);
            return;
        }
        first = kind != NULL ? kinds[i] : first;
    }
}

static struct sw_yaml *expand_body(struct cc *cc, const struct cc_scope *scope,
                                   struct sw_yaml *definition)
{
    struct sw_yaml *body = sw_yaml_new_map(cc->pool, definition);
    for (size_t i = 0; i < definition->count; i++) {
        const char *key = definition->keys[i]->text;
        if (strcmp(key, "parameters") == 0 || strcmp(key, "description") == 0) {
            continue;
        }
        struct sw_yaml *value = cc_expand(cc, scope, definition->items[i]);
        if (value != NULL) {
            sw_yaml_set_node(cc->pool, body, definition->keys[i], value);
        }
    }
    return body;
}

struct sw_yaml *cc_executor_body(struct cc *cc, struct cc_ns *ns, const char *name,
                                 struct sw_yaml *definition, struct sw_yaml *args,
                                 const struct cc_scope *scope, const struct sw_yaml *at,
                                 bool placeholders)
{
    static const char *const ignored[] = { "name", NULL };
    static const char *const permitted[] = {
        "docker", "machine",        "macos",       "windows",    "environment", "working_directory",
        "shell",  "resource_class", "description", "parameters", NULL,
    };
    if (definition->type != SW_YAML_MAP) {
        cc_problem(cc, definition, "executor \"%s\" must be a mapping, found: %s", name,
                   sw_yaml_type_name(definition));
        return NULL;
    }
    cc_check_keys(cc, definition, permitted, cc_text(cc, "executor \"%s\"", name));
    cc_check_one_kind(cc, definition, cc_text(cc, "executor \"%s\"", name));
    if (!has_kind(definition)) {
        cc_problem(cc, definition,
                   "Executor %s is missing a required key: \"docker\", \"machine\", or \"macos\"",
                   name);
        return NULL;
    }
    struct cc_call call = { .declarations = cc_map_member(cc, definition, "parameters"),
                            .args = args,
                            .scope = scope,
                            .ns = ns,
                            .at = at,
                            .ignored = ignored,
                            .placeholders = placeholders };
    struct sw_yaml *parameters = cc_bind(cc, &call);
    if (parameters == NULL) {
        return NULL;
    }
    struct cc_scope inner = { .ns = ns,
                              .parameters = parameters,
                              .pipeline_parameters = !ns->is_orb };
    return expand_body(cc, &inner, definition);
}

/* Arguments that waited for the job's own parameters. */
static struct sw_yaml *late_arguments(struct cc *cc, const struct cc_scope *scope,
                                      struct sw_yaml *value)
{
    if (value->type != SW_YAML_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (cc_has_tags(value->items[i])) {
            return cc_expand(cc, scope, value);
        }
    }
    return value;
}

/* The namespace in which the writer of an executor value meant its name. */
static struct cc_ns *home_of(const struct cc_scope *scope, const struct sw_yaml *value)
{
    union {
        const void *in;
        struct cc_ns *out;
    } home = { .in = value->user };
    return value->user == NULL ? scope->ns : home.out;
}

struct sw_yaml *cc_executor(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *value)
{
    if (value->user == &cc_placeholder) {
        return sw_yaml_new_map(cc->pool, value);
    }
    const struct sw_yaml *name = value->type == SW_YAML_MAP ? sw_yaml_get(value, "name") : value;
    if (name == NULL || name->type != SW_YAML_STR) {
        cc_problem(cc, value, "Executor invocation must resolve to an executor name, found: %s",
                   cc_show(cc, value));
        return NULL;
    }
    struct cc_ns *home = home_of(scope, value);
    struct cc_ns *ns = NULL;
    bool unresolved = false;
    struct sw_yaml *definition = cc_find(cc, home, "executors", name->text, &ns, &unresolved);
    if (definition == NULL) {
        if (!unresolved && cc->lenient == 0) {
            cc_not_found(cc, home, "executors", "executor", name->text, name);
        }
        return NULL;
    }
    struct sw_yaml *args = late_arguments(cc, scope, value);
    struct cc_frame frame = { .kind = "executor", .name = name->text, .at = value };
    struct sw_yaml *body = NULL;
    if (cc_enter(cc, &frame)) {
        body = cc_executor_body(cc, ns, name->text, definition, args, scope, value, false);
        cc_leave(cc);
    }
    return body;
}
