#include "ecs.h"
#include "taskdef_type.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/progress.h>
#include <slipway/subst.h>

#include <stdio.h>

/* Values of a document, YAML aliases counted in full; a definition has 64 kB at most. */
enum { VALUES_MAX = 100000, PATH_BYTES = 512 };

static bool has_ending(const char *path, const char *ending)
{
    size_t len = strlen(path);
    size_t tail = strlen(ending);
    return len >= tail &&
           sw_str_eq_nocase(sw_str_n(path + len - tail, tail), sw_str_n(ending, tail));
}

/* The file's name tells; else JSON is what begins like an object or a list. */
static bool is_yaml(const char *path, struct sw_str text)
{
    if (has_ending(path, ".yaml") || has_ending(path, ".yml")) {
        return true;
    }
    struct sw_str rest = sw_str_trim(text);
    return !has_ending(path, ".json") && rest.len > 0 && !strchr("{[", rest.ptr[0]);
}

static enum sw_status parse_yaml(struct sw_str text, const char *where, json_t **ret,
                                 struct sw_err *err)
{
    struct sw_yaml_pool *pool SW_CLEANUP(sw_yaml_pool_cleanup) = sw_yaml_pool_new();
    struct sw_yaml *tree = NULL;
    enum sw_status status = sw_yaml_parse(pool, text, where, NULL, &tree, err);
    if (status != SW_OK) {
        return status;
    }
    if (tree->expanded > VALUES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: more than %d values", where, VALUES_MAX);
    }
    bool wrapped = sw_yaml_get(tree, "taskDefinition") != NULL;
    *ret = ecs_type_from_yaml(wrapped ? &ecs_described_type : &ecs_taskdef_type, tree);
    return SW_OK;
}

enum sw_status ecs_taskdef_parse(struct sw_str text, const char *path, const char *where,
                                 json_t **ret, struct sw_err *err)
{
    return is_yaml(path, text) ? parse_yaml(text, where, ret, err)
                               : sw_json_parse(text, where, ret, err);
}

/* The variables' values in place of ${NAME}; after parsing, so that no value can break out. */
static enum sw_status expand_text(const struct sw_env *env, json_t *value, const char *path,
                                  struct sw_err *err)
{
    const struct sw_subst_options strict = { .unset_is_error = true };
    struct sw_str text = sw_str_n(json_string_value(value), json_string_length(value));
    struct sw_buf out SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&out, SW_TASKDEF_FILE_MAX);
    enum sw_status status = sw_subst(env, text, &strict, path, &out, err);
    if (status == SW_OK && json_string_set(value, out.ptr) != 0) {
        status = sw_fail(err, SW_E_INPUT, "%s: the expanded text is not UTF-8", path);
    }
    return status;
}

static enum sw_status expand(const struct sw_env *env, json_t *value, const char *path,
                             struct sw_err *err)
{
    char below[PATH_BYTES];
    size_t index = 0;
    const char *key = NULL;
    json_t *item = NULL;
    enum sw_status status = SW_OK;
    if (json_is_string(value)) {
        return expand_text(env, value, path, err);
    }
    json_array_foreach(value, index, item)
    {
        (void)snprintf(below, sizeof(below), "%s[%zu]", path, index);
        status = status == SW_OK ? expand(env, item, below, err) : status;
    }
    json_object_foreach(value, key, item)
    {
        (void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
        status = status == SW_OK ? expand(env, item, below, err) : status;
    }
    return status;
}

static enum sw_status read_document(const char *path, const char *where, json_t **ret,
                                    struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_TASKDEF_FILE_MAX);
    enum sw_status status = sw_fs_read_input(path, &text, err);
    return status == SW_OK ? ecs_taskdef_parse(sw_buf_str(&text), path, where, ret, err) : status;
}

enum sw_status sw_taskdef_read(const struct sw_env *env, const char *path, bool expand_texts,
                               struct sw_taskdef *ret, struct sw_err *err)
{
    const char *where = strcmp(path, "-") == 0 ? "standard input" : path;
    json_auto_t *document = NULL;
    json_t *definition = NULL;
    struct sw_strs unknown SW_CLEANUP(sw_strs_release) = { 0 };
    enum sw_status status = read_document(path, where, &document, err);
    if (status == SW_OK && expand_texts && expand(env, document, "", err) != SW_OK) {
        status = sw_wrap(err, "%s", where);
    }
    if (status == SW_OK) {
        status =
            ecs_taskdef_from_document(document, SW_TASKDEF_FILE, where, &unknown, &definition, err);
    }
    if (status != SW_OK) {
        return status;
    }
    for (size_t i = 0; i < unknown.count; i++) {
        sw_warn(env, "%s: %s", where, unknown.items[i]);
    }
    *ret = (struct sw_taskdef){
        .definition = definition,
        .label = sw_xstrdup(where),
        .family = sw_xstrdup(sw_json_str(definition, "family", "")),
    };
    return SW_OK;
}
