#include "compile.h"

static void expand_step(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw,
                        struct sw_yaml *out);

static void splice(struct cc *cc, const struct sw_yaml *steps, struct sw_yaml *out)
{
    for (size_t i = 0; i < steps->count; i++) {
        sw_yaml_add(cc->pool, out, steps->items[i]);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by frames and by the parser. */
void cc_steps(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw, struct sw_yaml *out)
{
    if (raw->user == &cc_final_steps) {
        splice(cc, raw, out);
        return;
    }
    if (cc_has_tags(raw)) {
        struct sw_yaml *value = cc_expand_scalar(cc, scope, raw);
        if (value != NULL && value->user == &cc_final_steps) {
            splice(cc, value, out);
        } else if (value != NULL) {
            cc_problem(cc, raw, "steps must be a list or a parameter of type steps, found: %s",
                       cc_show(cc, value));
        }
        return;
    }
    if (raw->type != SW_YAML_SEQ) {
        cc_problem(cc, raw, "steps must be a list, found: %s", sw_yaml_type_name(raw));
        return;
    }
    for (size_t i = 0; i < raw->count && !cc_done(cc); i++) {
        expand_step(cc, scope, raw->items[i], out);
    }
}

/* A step list of a branch that is not taken: looked at for mistakes, then dropped. */
static void check_only(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw)
{
    if (!cc->check_all) {
        return;
    }
    cc->lenient++;
    cc_steps(cc, scope, raw, sw_yaml_new_seq(cc->pool, raw));
    cc->lenient--;
}

/* when/unless: {condition, steps} */
static void expand_conditional(struct cc *cc, const struct cc_scope *scope,
                               const struct sw_yaml *key, struct sw_yaml *body, struct sw_yaml *out)
{
    static const char *const permitted[] = { "condition", "steps", NULL };
    const char *word = key->text;
    struct sw_yaml *condition = sw_yaml_get(body, "condition");
    struct sw_yaml *steps = sw_yaml_get(body, "steps");
    if (body->type != SW_YAML_MAP || condition == NULL || steps == NULL) {
        cc_problem(cc, key, "step \"%s\" needs a mapping with the keys condition and steps", word);
        return;
    }
    cc_check_keys(cc, body, permitted, cc_text(cc, "step \"%s\"", word));
    bool value = false;
    if (!cc_logic(cc, scope, condition, &value)) {
        check_only(cc, scope, steps);
        return;
    }
    if (value == (strcmp(word, "when") == 0)) {
        cc_steps(cc, scope, steps, out);
    } else {
        check_only(cc, scope, steps);
    }
}

/* "X through Y, Z" when `definition` is being called already; NULL otherwise. */
static const char *loop_through(struct cc *cc, const struct sw_yaml *definition)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf names;
    sw_buf_init(&names, SW_BUF_TEXT_MAX);
    for (const struct cc_frame *frame = cc->frame; frame != NULL; frame = frame->outer) {
        if (frame->definition == definition) {
            if (names.len == 0) {
                sw_buf_add_cstr(&names, "itself");
            }
            return sw_yaml_pool_text(cc->pool, sw_buf_str(&names));
        }
        if (frame->definition != NULL) {
            sw_buf_addf(&names, "%s%s", names.len == 0 ? "" : ", ", frame->name);
        }
    }
    return NULL;
}

static void run_command(struct cc *cc, const struct cc_scope *scope, struct cc_ns *ns,
                        struct sw_yaml *definition, struct sw_yaml *args, struct sw_yaml *out)
{
    static const char *const permitted[] = { "description", "parameters", "steps", NULL };
    const char *name = cc->frame->name;
    if (definition->type != SW_YAML_MAP) {
        cc_problem(cc, definition, "command \"%s\" must be a mapping, found: %s", name,
                   sw_yaml_type_name(definition));
        return;
    }
    cc_check_keys(cc, definition, permitted, cc_text(cc, "command \"%s\"", name));
    struct sw_yaml *steps = sw_yaml_get(definition, "steps");
    if (steps == NULL) {
        cc_problem(cc, definition, "required key [steps] not found in command \"%s\"", name);
        return;
    }
    struct cc_call call = { .declarations = cc_map_member(cc, definition, "parameters"),
                            .args = args,
                            .scope = scope,
                            .ns = ns,
                            .at = cc->frame->at };
    struct sw_yaml *parameters = cc_bind(cc, &call);
    if (parameters != NULL) {
        struct cc_scope inner = { .ns = ns,
                                  .parameters = parameters,
                                  .pipeline_parameters = !ns->is_orb };
        cc_steps(cc, &inner, steps, out);
    }
}

static void call_command(struct cc *cc, const struct cc_scope *scope, const char *name,
                         struct sw_yaml *args, const struct sw_yaml *at, struct sw_yaml *out)
{
    struct cc_ns *ns = NULL;
    bool unresolved = false;
    struct sw_yaml *definition = cc_find(cc, scope->ns, "commands", name, &ns, &unresolved);
    const char *loop = definition == NULL ? NULL : loop_through(cc, definition);
    bool text = args != NULL && sw_yaml_is_scalar(args) && args->type != SW_YAML_NULL;
    if (cc_is_primitive(name) && (definition == NULL || loop != NULL || text)) {
        /* A command named like a built-in step may wrap it; text is no command's argument. */
        cc_primitive(cc, scope, name, args, at, out);
        return;
    }
    if (loop != NULL) {
        cc_problem(cc, at, "Infinite loop detected: command %s calls itself through %s", name,
                   loop);
        return;
    }
    if (definition == NULL) {
        if (!unresolved) {
            cc_not_found(cc, scope->ns, "commands", "command", name, at);
        }
        return;
    }
    if (args != NULL && args->type != SW_YAML_MAP && args->type != SW_YAML_NULL) {
        cc_problem(cc, args, "arguments of command \"%s\" must be a mapping, found: %s", name,
                   sw_yaml_type_name(args));
        return;
    }
    struct cc_frame frame = { .kind = "command", .name = name, .at = at, .definition = definition };
    if (cc_enter(cc, &frame)) {
        bool none = args == NULL || args->type == SW_YAML_NULL;
        run_command(cc, scope, ns, definition, none ? NULL : args, out);
        cc_leave(cc);
    }
}

static void expand_word(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw,
                        struct sw_yaml *out)
{
    struct sw_yaml *word = cc_expand_scalar(cc, scope, raw);
    if (word == NULL) {
        return;
    }
    if (word->user == &cc_final_steps) {
        splice(cc, word, out);
    } else if (word->type == SW_YAML_STR && word->user != &cc_placeholder) {
        call_command(cc, scope, word->text, NULL, raw, out);
    } else if (word->user != &cc_placeholder) {
        cc_problem(cc, raw, "a step must be a name or a mapping with one key, found: %s",
                   cc_show(cc, word));
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited by frames and by the parser. */
static void expand_step(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw,
                        struct sw_yaml *out)
{
    if (!cc_spend(cc, raw)) {
        return;
    }
    if (sw_yaml_is_scalar(raw)) {
        expand_word(cc, scope, raw, out);
        return;
    }
    if (raw->type != SW_YAML_MAP || raw->count != 1) {
        cc_problem(cc, raw, "a step must be a name or a mapping with one key, found: %s%s%s",
                   raw->type == SW_YAML_MAP ? "the keys " : sw_yaml_type_name(raw),
                   raw->type == SW_YAML_MAP ? cc_names(cc, raw) : "",
                   raw->count > 1 ? " (check the indentation)" : "");
        return;
    }
    struct sw_yaml *key = raw->keys[0];
    struct sw_yaml *body = raw->items[0];
    if (strcmp(key->text, "when") == 0 || strcmp(key->text, "unless") == 0) {
        expand_conditional(cc, scope, key, body, out);
    } else if (strcmp(key->text, "steps") == 0) {
        cc_steps(cc, scope, body, out);
    } else if (strcmp(key->text, "with_tool_cache") == 0) {
        cc_problem(cc, key, "step \"with_tool_cache\" is not supported offline");
    } else {
        struct sw_yaml *word = cc_expand_scalar(cc, scope, key);
        if (word != NULL) {
            call_command(cc, scope, word->text, body, key, out);
        }
    }
}
