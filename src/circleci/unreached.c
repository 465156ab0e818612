#include "compile.h"

/*
 * What no workflow reaches is looked at too: every element is expanded once with its own defaults
 * and made-up values for required parameters, and the result is dropped. What depends on a value
 * that was made up is not judged.
 */

static void check_commands(struct cc *cc, struct cc_ns *ns)
{
    struct sw_yaml *commands = cc_map_member(cc, ns->doc, "commands");
    for (size_t i = 0; commands != NULL && i < commands->count && !cc_done(cc); i++) {
        struct sw_yaml *command = commands->items[i];
        const char *name = commands->keys[i]->text;
        if (command->type != SW_YAML_MAP) {
            continue; /* an alias, or reported by its users */
        }
        struct sw_yaml *steps = sw_yaml_get(command, "steps");
        struct cc_frame frame = {
            .kind = "command", .name = name, .at = commands->keys[i], .definition = command
        };
        if (!cc_enter(cc, &frame)) {
            continue;
        }
        if (steps == NULL) {
            cc_problem(cc, command, "required key [steps] not found in command \"%s\"", name);
        } else {
            struct cc_scope none = { .ns = ns };
            struct cc_call call = { .declarations = cc_map_member(cc, command, "parameters"),
                                    .scope = &none,
                                    .ns = ns,
                                    .at = command,
                                    .placeholders = true };
            struct cc_scope scope = { .ns = ns,
                                      .parameters = cc_bind(cc, &call),
                                      .pipeline_parameters = !ns->is_orb };
            if (scope.parameters != NULL) {
                cc_steps(cc, &scope, steps, sw_yaml_new_seq(cc->pool, steps));
            }
        }
        cc_leave(cc);
    }
}

static void check_jobs(struct cc *cc, struct cc_ns *ns)
{
    struct sw_yaml *jobs = cc_map_member(cc, ns->doc, "jobs");
    for (size_t i = 0; jobs != NULL && i < jobs->count && !cc_done(cc); i++) {
        struct cc_scope none = { .ns = ns };
        struct cc_job_call call = { .name = jobs->keys[i]->text,
                                    .at = jobs->keys[i],
                                    .scope = &none,
                                    .ns = ns,
                                    .placeholders = true };
        const char *type = NULL;
        (void)cc_job(cc, &call, &type);
    }
}

static void check_executors(struct cc *cc, struct cc_ns *ns)
{
    struct sw_yaml *executors = cc_map_member(cc, ns->doc, "executors");
    for (size_t i = 0; executors != NULL && i < executors->count && !cc_done(cc); i++) {
        struct cc_scope none = { .ns = ns };
        const char *name = executors->keys[i]->text;
        struct cc_frame frame = { .kind = "executor", .name = name, .at = executors->keys[i] };
        if (executors->items[i]->type == SW_YAML_MAP && cc_enter(cc, &frame)) {
            (void)cc_executor_body(cc, ns, name, executors->items[i], NULL, &none,
                                   executors->items[i], true);
            cc_leave(cc);
        }
    }
}

static void check_declarations(struct cc *cc, struct cc_ns *ns, const char *section,
                               enum cc_component component)
{
    struct sw_yaml *elements = sw_yaml_get(ns->doc, section);
    for (size_t i = 0; elements != NULL && elements->type == SW_YAML_MAP && i < elements->count;
         i++) {
        struct sw_yaml *parameters = cc_map_member(cc, elements->items[i], "parameters");
        cc_check_declarations(cc, ns, parameters, component);
    }
}

void cc_check_sections(struct cc *cc, struct cc_ns *ns)
{
    check_declarations(cc, ns, "commands", CC_COMMAND);
    check_declarations(cc, ns, "jobs", CC_JOB);
    check_declarations(cc, ns, "executors", CC_EXECUTOR);
}

void cc_check_unreached(struct cc *cc, struct cc_ns *ns)
{
    cc->lenient++;
    check_executors(cc, ns);
    check_commands(cc, ns);
    check_jobs(cc, ns);
    cc->lenient--;
}
