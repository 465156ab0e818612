#include "compile.h"

/* The steps that a job runs by itself. NULL-terminated key lists; the first is required if so set.
 */
struct primitive {
    const char *name;
    const char *required;
    const char *text_key; /* a plain text instead of a map stands for this key */
    const char *const *keys;
};

static const char *const run_keys[] = {
    "command",           "name",       "shell",
    "environment",       "background", "working_directory",
    "no_output_timeout", "when",       "max_auto_reruns",
    "auto_rerun_delay",  NULL,
};
static const char *const checkout_keys[] = { "path", "method", "depth", "name", "when", NULL };
static const char *const remote_docker_keys[] = {
    "version",
    "docker_layer_caching",
    "prefer_same_region",
    "name",
    "when",
    "reusable",
    "exclusive",
    NULL,
};
static const char *const save_cache_keys[] = { "key", "paths", "name", "when", NULL };
static const char *const restore_cache_keys[] = { "key", "keys", "name", "when", NULL };
static const char *const artifacts_keys[] = { "path", "destination", "name", "when", NULL };
static const char *const results_keys[] = { "path", "name", "when", NULL };
static const char *const persist_keys[] = { "root", "paths", "name", "when", NULL };
static const char *const attach_keys[] = { "at", "name", "when", NULL };
static const char *const ssh_keys[] = { "fingerprints", "name", "when", NULL };
static const char *const signing_keys[] = { "name", "when", NULL };

static const struct primitive primitives[] = {
    { "run", "command", "command", run_keys },
    { "deploy", "command", "command", run_keys },
    { "checkout", NULL, NULL, checkout_keys },
    { "setup_remote_docker", NULL, NULL, remote_docker_keys },
    { "save_cache", "key", NULL, save_cache_keys },
    { "restore_cache", NULL, NULL, restore_cache_keys },
    { "store_artifacts", "path", NULL, artifacts_keys },
    { "store_test_results", "path", NULL, results_keys },
    { "persist_to_workspace", "root", NULL, persist_keys },
    { "attach_workspace", "at", NULL, attach_keys },
    { "add_ssh_keys", NULL, NULL, ssh_keys },
    { "install_signing_bundle", NULL, NULL, signing_keys },
};

static const struct primitive *find(const char *name)
{
    for (size_t i = 0; i < SW_COUNT(primitives); i++) {
        if (strcmp(primitives[i].name, name) == 0) {
            return &primitives[i];
        }
    }
    return NULL;
}

bool cc_is_primitive(const char *name)
{
    return find(name) != NULL;
}

static void check_run(struct cc *cc, const struct sw_yaml *args)
{
    static const char *const whens[] = { "always", "on_success", "on_fail" };
    const struct sw_yaml *when = sw_yaml_get(args, "when");
    bool known = when == NULL;
    for (size_t i = 0; !known && i < SW_COUNT(whens); i++) {
        known = sw_yaml_is_str(when, whens[i]);
    }
    if (!known && cc->lenient == 0 && when->user != &cc_placeholder) {
        cc_problem(cc, when, "\"when\" must be one of always, on_success, on_fail, found: %s",
                   cc_show(cc, when));
    }
    const struct sw_yaml *command = sw_yaml_get(args, "command");
    if (command != NULL && !sw_yaml_is_scalar(command)) {
        cc_problem(cc, command, "\"command\" must be text, found: %s", sw_yaml_type_name(command));
    }
}

static void check_method(struct cc *cc, const struct sw_yaml *args)
{
    const struct sw_yaml *method = sw_yaml_get(args, "method");
    const struct sw_yaml *depth = sw_yaml_get(args, "depth");
    if (depth != NULL && !sw_yaml_is_str(method, "shallow")) {
        cc_problem(cc, depth, "Checkout depth can only be used with the shallow checkout method");
    } else if (depth != NULL && (depth->type != SW_YAML_INT || depth->integer < 1)) {
        cc_problem(cc, depth, "Checkout depth must be a positive integer, found: %s",
                   cc_show(cc, depth));
    }
    if (method == NULL || cc->lenient > 0 || sw_yaml_is_str(method, "blobless") ||
        sw_yaml_is_str(method, "shallow") || sw_yaml_is_str(method, "full")) {
        return;
    }
    cc_problem(cc, method,
               "Unsupported checkout method, allowed methods are \"blobless\", \"shallow\", and "
               "\"full\"");
}

static void check_args(struct cc *cc, const struct primitive *primitive, const struct sw_yaml *args)
{
    /* The service lets keys pass that it does not know. */
    cc->advisory++;
    cc_check_keys(cc, args, primitive->keys, cc_text(cc, "step \"%s\"", primitive->name));
    cc->advisory--;
    if (primitive->required != NULL && sw_yaml_get(args, primitive->required) == NULL) {
        cc_problem(cc, args, "Missing required argument(s): %s (step \"%s\")", primitive->required,
                   primitive->name);
    }
    if (primitive->keys == run_keys) {
        check_run(cc, args);
    } else if (primitive->keys == checkout_keys) {
        check_method(cc, args);
    } else if (primitive->keys == restore_cache_keys && sw_yaml_get(args, "key") == NULL &&
               sw_yaml_get(args, "keys") == NULL) {
        cc_problem(cc, args, "Missing required argument(s): key or keys (step \"restore_cache\")");
    }
}

void cc_primitive(struct cc *cc, const struct cc_scope *scope, const char *name,
                  struct sw_yaml *raw, const struct sw_yaml *at, struct sw_yaml *out)
{
    const struct primitive *primitive = find(name);
    struct sw_yaml *args = raw == NULL ? NULL : cc_expand(cc, scope, raw);
    if (raw != NULL && args == NULL) {
        return;
    }
    if (args != NULL && sw_yaml_is_scalar(args) && args->type != SW_YAML_NULL &&
        primitive->text_key != NULL) {
        struct sw_yaml *map = sw_yaml_new_map(cc->pool, args);
        sw_yaml_set(cc->pool, map, primitive->text_key, args);
        args = map;
    }
    bool bare = args == NULL || args->type == SW_YAML_NULL;
    if (!bare && args->type != SW_YAML_MAP) {
        cc_problem(cc, args, "arguments of step \"%s\" must be a mapping, found: %s", name,
                   sw_yaml_type_name(args));
        return;
    }
    check_args(cc, primitive, bare ? sw_yaml_new_map(cc->pool, at) : args);
    struct sw_yaml *word = sw_yaml_new_str(cc->pool, sw_str(name), at);
    if (bare) {
        sw_yaml_add(cc->pool, out, word);
        return;
    }
    struct sw_yaml *step = sw_yaml_new_map(cc->pool, at);
    sw_yaml_set_node(cc->pool, step, word, args);
    sw_yaml_add(cc->pool, out, step);
}
