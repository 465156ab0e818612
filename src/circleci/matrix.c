#include "compile.h"

#include <slipway/alloc.h>

/* The lists of a matrix, expanded: name -> sequence of values. */
static struct sw_yaml *expand_lists(struct cc *cc, const struct cc_scope *scope,
                                    const struct sw_yaml *raw)
{
    struct sw_yaml *lists = sw_yaml_new_map(cc->pool, raw);
    bool failed = false;
    for (size_t i = 0; i < raw->count; i++) {
        struct sw_yaml *list = cc_expand(cc, scope, raw->items[i]);
        if (list != NULL && list->type == SW_YAML_NULL) {
            list = sw_yaml_new_seq(cc->pool, list);
        }
        if (list != NULL && list->type != SW_YAML_SEQ) {
            cc_problem(cc, raw->items[i], "matrix parameter \"%s\" must be a list, found: %s",
                       raw->keys[i]->text, sw_yaml_type_name(list));
            list = NULL;
        }
        if (list != NULL && list->count == 0) {
            cc_warning(cc, raw->items[i],
                       "matrix parameter \"%s\" is an empty list: no job is made",
                       raw->keys[i]->text);
        }
        failed = failed || list == NULL;
        if (list != NULL) {
            sw_yaml_set_node(cc->pool, lists, raw->keys[i], list);
        }
    }
    return failed ? NULL : lists;
}

static bool excluded(const struct sw_yaml *combination, const struct sw_yaml *exclusions)
{
    for (size_t i = 0; exclusions != NULL && i < exclusions->count; i++) {
        const struct sw_yaml *rule = exclusions->items[i];
        bool all = rule->type == SW_YAML_MAP && rule->count > 0;
        for (size_t j = 0; all && j < rule->count; j++) {
            const struct sw_yaml *value = sw_yaml_get(combination, rule->keys[j]->text);
            all = value != NULL && sw_yaml_equal(value, rule->items[j]);
        }
        if (all) {
            return true;
        }
    }
    return false;
}

/* The number of combinations; the first parameter varies slowest. */
static size_t count_combinations(const struct sw_yaml *lists)
{
    size_t total = 1;
    for (size_t i = 0; i < lists->count; i++) {
        if (__builtin_mul_overflow(total, lists->items[i]->count, &total)) {
            return SIZE_MAX;
        }
    }
    return total;
}

static struct sw_yaml *combination_at(struct cc *cc, const struct sw_yaml *lists, size_t index)
{
    struct sw_yaml *combination = sw_yaml_new_map(cc->pool, lists);
    size_t weight = count_combinations(lists);
    for (size_t i = 0; i < lists->count; i++) {
        weight /= lists->items[i]->count;
        struct sw_yaml *value = lists->items[i]->items[index / weight % lists->items[i]->count];
        sw_yaml_set_node(cc->pool, combination, lists->keys[i], value);
    }
    return combination;
}

static struct sw_yaml *expand_exclusions(struct cc *cc, const struct cc_scope *scope,
                                         const struct sw_yaml *raw, const struct sw_yaml *lists)
{
    struct sw_yaml *node = sw_yaml_get(raw, "exclude");
    struct sw_yaml *exclusions = node == NULL ? NULL : cc_expand(cc, scope, node);
    if (exclusions == NULL || exclusions->type == SW_YAML_NULL) {
        return NULL;
    }
    if (exclusions->type != SW_YAML_SEQ) {
        cc_problem(cc, node, "matrix \"exclude\" must be a list of mappings, found: %s",
                   sw_yaml_type_name(exclusions));
        return NULL;
    }
    for (size_t i = 0; i < exclusions->count; i++) {
        const struct sw_yaml *rule = exclusions->items[i];
        for (size_t j = 0; rule->type == SW_YAML_MAP && j < rule->count; j++) {
            if (sw_yaml_get(lists, rule->keys[j]->text) == NULL) {
                cc_problem(cc, rule->keys[j],
                           "matrix \"exclude\" names \"%s\", which is no matrix parameter; there "
                           "are: %s",
                           rule->keys[j]->text, cc_names(cc, lists));
            }
        }
    }
    return exclusions;
}

struct sw_yaml *cc_matrix(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw,
                          const char *job)
{
    static const char *const permitted[] = { "parameters", "exclude", "alias", NULL };
    struct sw_yaml *parameters = cc_map_member(cc, raw, "parameters");
    if (raw->type != SW_YAML_MAP || parameters == NULL || parameters->count == 0) {
        cc_problem(cc, raw, "matrix of job \"%s\" needs a mapping \"parameters\" of lists", job);
        return NULL;
    }
    cc_check_keys(cc, raw, permitted, "matrix");
    struct sw_yaml *lists = expand_lists(cc, scope, parameters);
    if (lists == NULL) {
        return NULL;
    }
    size_t total = count_combinations(lists);
    if (total > SW_CONFIG_MATRIX_MAX) {
        cc_problem(cc, raw,
                   "The %s build matrix expands to %zu jobs. Matrices cannot generate more than %d "
                   "jobs.",
                   job, total, SW_CONFIG_MATRIX_MAX);
        return NULL;
    }
    struct sw_yaml *exclusions = expand_exclusions(cc, scope, raw, lists);
    struct sw_yaml *combinations = sw_yaml_new_seq(cc->pool, raw);
    for (size_t i = 0; i < total; i++) {
        struct sw_yaml *combination = combination_at(cc, lists, i);
        if (!excluded(combination, exclusions)) {
            sw_yaml_add(cc->pool, combinations, combination);
        }
    }
    return combinations;
}
