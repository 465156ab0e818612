#include "compile.h"

/* Keys of a job's entry in a workflow that are no arguments. */
static const char *const invocation_keys[] = {
    "name",       "requires", "filters",       "context",      "matrix",          "pre-steps",
    "post-steps", "type",     "override-with", "serial-group", "max_auto_reruns", NULL,
};

static const char *const permitted_keys[] = {
    "docker",
    "machine",
    "macos",
    "executor",
    "steps",
    "parameters",
    "description",
    "environment",
    "working_directory",
    "shell",
    "resource_class",
    "parallelism",
    "branches",
    "circleci_ip_ranges",
    "retention",
    "max_auto_reruns",
    "type",
    "plan_name",
    "key",
    "validation",
    "auto_rerun_delay",
    NULL,
};

/* Keys that are gone once a job is compiled, or that are put together apart from the others. */
static bool is_consumed(const char *key)
{
    static const char *const consumed[] = { "executor", "steps", "parameters", "description",
                                            "environment" };
    for (size_t i = 0; i < SW_COUNT(consumed); i++) {
        if (strcmp(consumed[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* An environment, given as a map or a list of maps, added to `out`; later values win. */
static void add_environment(struct cc *cc, const struct sw_yaml *value, struct sw_yaml *out)
{
    if (value == NULL || value->type == SW_YAML_NULL) {
        return;
    }
    if (value->type == SW_YAML_SEQ) {
        for (size_t i = 0; i < value->count; i++) {
            const struct sw_yaml *item = value->items[i];
            for (size_t j = 0; item->type == SW_YAML_MAP && j < item->count; j++) {
                sw_yaml_set_node(cc->pool, out, item->keys[j], item->items[j]);
            }
        }
        return;
    }
    if (value->type != SW_YAML_MAP) {
        cc_problem(cc, value, "\"environment\" must be a mapping, found: %s",
                   sw_yaml_type_name(value));
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (!sw_yaml_is_scalar(value->items[i])) {
            cc_problem(cc, value->items[i], "environment variable \"%s\" must be text, found: %s",
                       value->keys[i]->text, sw_yaml_type_name(value->items[i]));
        }
        sw_yaml_set_node(cc->pool, out, value->keys[i], value->items[i]);
    }
}

/* Compiled jobs have their environment as a list of maps with one key each. */
static void emit_environment(struct cc *cc, const struct sw_yaml *environment, struct sw_yaml *job)
{
    if (environment->count == 0) {
        return;
    }
    struct sw_yaml *list = sw_yaml_new_seq(cc->pool, environment->keys[0]);
    for (size_t i = 0; i < environment->count; i++) {
        struct sw_yaml *item = sw_yaml_new_map(cc->pool, environment->keys[i]);
        sw_yaml_set_node(cc->pool, item, environment->keys[i], environment->items[i]);
        sw_yaml_add(cc->pool, list, item);
    }
    sw_yaml_set(cc->pool, job, "environment", list);
}

/* `machine` may hold resource_class and shell; they are the job's, unless it has its own. */
static void lift_machine_keys(struct cc *cc, struct sw_yaml *job)
{
    static const char *const lifted[] = { "resource_class", "shell" };
    const struct sw_yaml *machine = sw_yaml_get(job, "machine");
    if (machine == NULL || machine->type != SW_YAML_MAP) {
        return;
    }
    struct sw_yaml *rest = sw_yaml_new_map(cc->pool, machine);
    for (size_t i = 0; i < machine->count; i++) {
        const char *key = machine->keys[i]->text;
        bool lift = strcmp(key, lifted[0]) == 0 || strcmp(key, lifted[1]) == 0;
        if (!lift) {
            sw_yaml_set_node(cc->pool, rest, machine->keys[i], machine->items[i]);
        } else if (sw_yaml_get(job, key) == NULL) {
            sw_yaml_set_node(cc->pool, job, machine->keys[i], machine->items[i]);
        }
    }
    sw_yaml_set(cc->pool, job, "machine", rest);
}

/* `docker` is a list of images, the first of which runs the steps. */
static void check_docker(struct cc *cc, const struct sw_yaml *docker)
{
    if (docker->type != SW_YAML_SEQ) {
        cc_problem(cc, docker, "docker must be a list of images (- image: NAME), found: %s",
                   sw_yaml_type_name(docker));
        return;
    }
    if (docker->count == 0 && cc->lenient == 0) {
        cc_problem(cc, docker, "docker is a list without an image");
    }
    for (size_t i = 0; i < docker->count; i++) {
        const struct sw_yaml *item = docker->items[i];
        const struct sw_yaml *image = sw_yaml_get(item, "image");
        if (item->type != SW_YAML_MAP) {
            cc_problem(cc, item, "an entry of docker must be a mapping (image: NAME), found: %s",
                       cc_show(cc, item));
        } else if (image == NULL || image->type == SW_YAML_NULL) {
            cc_problem(cc, item, "required key [image] not found in an entry of docker");
        }
    }
}

static void check_values(struct cc *cc, const struct sw_yaml *job)
{
    const struct sw_yaml *docker = sw_yaml_get(job, "docker");
    if (docker != NULL) {
        check_docker(cc, docker);
    }
    const struct sw_yaml *parallelism = sw_yaml_get(job, "parallelism");
    if (parallelism != NULL && parallelism->type != SW_YAML_INT) {
        cc_problem(cc, parallelism,
                   "parallelism must be an integer or an expression evaluating to an integer, "
                   "found: %s",
                   cc_show(cc, parallelism));
    } else if (parallelism != NULL && parallelism->integer < 1 && cc->lenient == 0) {
        cc_problem(cc, parallelism, "parallelism must be a positive integer, found: %s",
                   cc_show(cc, parallelism));
    }
    const struct sw_yaml *ranges = sw_yaml_get(job, "circleci_ip_ranges");
    if (ranges != NULL && ranges->type != SW_YAML_BOOL) {
        cc_problem(cc, ranges, "circleci_ip_ranges must be a boolean, found: %s",
                   cc_show(cc, ranges));
    }
    const struct sw_yaml *reruns = sw_yaml_get(job, "max_auto_reruns");
    if (reruns != NULL &&
        (reruns->type != SW_YAML_INT || reruns->integer < 1 || reruns->integer > 5)) {
        cc_problem(cc, reruns, "max_auto_reruns must be an integer between 1 and 5, found: %s",
                   cc_show(cc, reruns));
    }
}

static void check_remote_docker(struct cc *cc, const struct sw_yaml *steps, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < steps->count; i++) {
        const struct sw_yaml *step = steps->items[i];
        bool found = sw_yaml_is_str(step, "setup_remote_docker") ||
                     sw_yaml_get(step, "setup_remote_docker") != NULL;
        count += found ? 1 : 0;
        if (found && count == 2) {
            cc_problem(cc, step,
                       "More than one setup_remote_docker is not valid, please adjust in job %s.",
                       name);
        }
    }
}

/* Executor keys first, then the job's own, which win. */
static struct sw_yaml *merge_executor(struct cc *cc, const struct cc_scope *scope,
                                      struct sw_yaml *definition, struct sw_yaml *environment)
{
    struct sw_yaml *job = sw_yaml_new_map(cc->pool, definition);
    struct sw_yaml *raw = sw_yaml_get(definition, "executor");
    if (raw == NULL) {
        return job;
    }
    struct sw_yaml *value = cc_expand(cc, scope, raw);
    struct sw_yaml *body = value == NULL ? NULL : cc_executor(cc, scope, value);
    for (size_t i = 0; body != NULL && i < body->count; i++) {
        if (strcmp(body->keys[i]->text, "environment") == 0) {
            add_environment(cc, body->items[i], environment);
        } else {
            sw_yaml_set_node(cc->pool, job, body->keys[i], body->items[i]);
        }
    }
    return job;
}

static void add_own_keys(struct cc *cc, const struct cc_scope *scope,
                         const struct sw_yaml *definition, struct sw_yaml *job)
{
    for (size_t i = 0; i < definition->count; i++) {
        if (is_consumed(definition->keys[i]->text)) {
            continue;
        }
        struct sw_yaml *value = cc_expand(cc, scope, definition->items[i]);
        if (value != NULL) {
            sw_yaml_set_node(cc->pool, job, definition->keys[i], value);
        }
    }
}

static struct sw_yaml *all_steps(struct cc *cc, const struct cc_job_call *call,
                                 const struct cc_scope *scope, struct sw_yaml *definition)
{
    struct cc_scope outer = *call->scope;
    outer.matrix = call->matrix != NULL ? call->matrix : outer.matrix;
    struct sw_yaml *before = sw_yaml_get(call->args, "pre-steps");
    struct sw_yaml *own = sw_yaml_get(definition, "steps");
    struct sw_yaml *after = sw_yaml_get(call->args, "post-steps");
    struct sw_yaml *steps = sw_yaml_new_seq(cc->pool, own == NULL ? definition : own);
    if (before != NULL) {
        cc_steps(cc, &outer, before, steps);
    }
    if (own != NULL) {
        cc_steps(cc, scope, own, steps);
    }
    if (after != NULL) {
        cc_steps(cc, &outer, after, steps);
    }
    return steps;
}

static void require_runner(struct cc *cc, const struct sw_yaml *definition, const char *name)
{
    if (sw_yaml_get(definition, "steps") == NULL) {
        cc_problem(cc, definition, "required key [steps] not found in job \"%s\"", name);
    }
    cc_check_one_kind(cc, definition, cc_text(cc, "job \"%s\"", name));
    static const char *const kinds[] = { "docker", "machine", "macos", "executor" };
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        if (sw_yaml_get(definition, kinds[i]) != NULL) {
            return;
        }
    }
    cc_problem(cc, definition,
               "job \"%s\" is missing a required key: \"docker\", \"machine\", \"macos\", or "
               "\"executor\"",
               name);
}

static struct sw_yaml *compile(struct cc *cc, const struct cc_job_call *call, struct cc_ns *ns,
                               struct sw_yaml *definition, const char **ret_type)
{
    const char *name = call->name;
    cc_check_keys(cc, definition, permitted_keys, cc_text(cc, "job \"%s\"", name));
    const struct sw_yaml *type = sw_yaml_get(definition, "type");
    *ret_type = type != NULL && type->type == SW_YAML_STR ? type->text : "build";
    if (strcmp(*ret_type, "build") == 0) {
        require_runner(cc, definition, name);
    }
    struct cc_scope caller = *call->scope;
    caller.matrix = call->matrix != NULL ? call->matrix : caller.matrix;
    struct cc_call binding = { .declarations = cc_map_member(cc, definition, "parameters"),
                               .args = call->args,
                               .scope = &caller,
                               .ns = ns,
                               .at = call->at,
                               .ignored = invocation_keys,
                               .extra = call->matrix,
                               .placeholders = call->placeholders };
    struct sw_yaml *parameters = cc_bind(cc, &binding);
    if (parameters == NULL) {
        return NULL;
    }
    struct cc_scope scope = { .ns = ns,
                              .parameters = parameters,
                              .pipeline_parameters = !ns->is_orb };
    struct sw_yaml *environment = sw_yaml_new_map(cc->pool, definition);
    struct sw_yaml *job = merge_executor(cc, &scope, definition, environment);
    add_own_keys(cc, &scope, definition, job);
    lift_machine_keys(cc, job);
    struct sw_yaml *raw_environment = sw_yaml_get(definition, "environment");
    if (raw_environment != NULL) {
        add_environment(cc, cc_expand(cc, &scope, raw_environment), environment);
    }
    emit_environment(cc, environment, job);
    check_values(cc, job);
    if (sw_yaml_get(definition, "steps") != NULL) {
        struct sw_yaml *steps = all_steps(cc, call, &scope, definition);
        check_remote_docker(cc, steps, name);
        sw_yaml_set(cc->pool, job, "steps", steps);
    }
    return job;
}

struct sw_yaml *cc_job(struct cc *cc, const struct cc_job_call *call, const char **ret_type)
{
    struct cc_ns *ns = NULL;
    bool unresolved = false;
    *ret_type = "build";
    struct sw_yaml *definition = cc_find(cc, call->ns, "jobs", call->name, &ns, &unresolved);
    if (definition == NULL) {
        if (!unresolved) {
            cc_not_found(cc, call->ns, "jobs", "job", call->name, call->at);
        }
        return NULL;
    }
    struct cc_frame frame = { .kind = "job", .name = call->name, .at = call->at };
    struct sw_yaml *job = NULL;
    if (cc_enter(cc, &frame)) {
        if (definition->type == SW_YAML_MAP) {
            job = compile(cc, call, ns, definition, ret_type);
        } else {
            cc_problem(cc, definition,
                       "Job may be a mapping or a string reference to another job, found: %s",
                       sw_yaml_type_name(definition));
        }
        cc_leave(cc);
    }
    return job;
}
