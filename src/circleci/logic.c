#include "compile.h"
#include "pattern.h"

#include <math.h>

bool cc_truthy(const struct sw_yaml *value)
{
    if (value == NULL) {
        return false;
    }
    switch (value->type) {
    case SW_YAML_NULL:
        return false;
    case SW_YAML_BOOL:
        return value->boolean;
    case SW_YAML_INT:
        return value->integer != 0;
    case SW_YAML_FLOAT:
        return !isnan(value->number) && (value->number < 0 || value->number > 0);
    case SW_YAML_STR:
        return value->len > 0;
    default:
        return true;
    }
}

/* An executor given as a map compares by its name. */
static const struct sw_yaml *comparable(const struct sw_yaml *value)
{
    const struct sw_yaml *name = value->user != NULL ? sw_yaml_get(value, "name") : NULL;
    return name == NULL ? value : name;
}

bool cc_same(const struct sw_yaml *a, const struct sw_yaml *b)
{
    return sw_yaml_equal(comparable(a), comparable(b));
}

struct logic {
    struct cc *cc;
    const struct cc_scope *scope;
    unsigned depth;
};

static bool evaluate(struct logic *logic, struct sw_yaml *raw, bool *ret);

static bool is_list(struct logic *logic, const char *operator, const struct sw_yaml * args)
{
    if (args->type == SW_YAML_SEQ && args->count > 0) {
        return true;
    }
    cc_problem(logic->cc, args,
               "logic statement \"%s\" needs a list that is not empty, found: %s", operator,
               args->type == SW_YAML_SEQ ? "an empty list" : sw_yaml_type_name(args));
    return false;
}

/* "and" and "or": all arguments are looked at, so that their mistakes show. */
static bool all_or_any(struct logic *logic, struct sw_yaml *args, bool all, bool *ret)
{
    if (!is_list(logic, all ? "and" : "or", args)) {
        return false;
    }
    bool ok = true;
    bool result = all;
    for (size_t i = 0; i < args->count; i++) {
        bool value = false;
        ok = evaluate(logic, args->items[i], &value) && ok;
        result = all ? result && value : result || value;
    }
    *ret = result;
    return ok;
}

static bool all_equal(struct logic *logic, struct sw_yaml *args, bool *ret)
{
    if (!is_list(logic, "equal", args)) {
        return false;
    }
    struct sw_yaml *values = cc_expand(logic->cc, logic->scope, args);
    if (values == NULL) {
        return false;
    }
    *ret = true;
    for (size_t i = 1; i < values->count; i++) {
        *ret = *ret && cc_same(values->items[0], values->items[i]);
    }
    return true;
}

static bool matches(struct logic *logic, struct sw_yaml *args, bool *ret)
{
    static const char *const permitted[] = { "pattern", "value", NULL };
    struct cc *cc = logic->cc;
    struct sw_yaml *raw_pattern = sw_yaml_get(args, "pattern");
    struct sw_yaml *raw_value = sw_yaml_get(args, "value");
    if (raw_pattern == NULL || raw_value == NULL) {
        cc_problem(cc, args, "logic statement \"matches\" needs the keys pattern and value");
        return false;
    }
    cc_check_keys(cc, args, permitted, "matches");
    struct sw_yaml *pattern = cc_expand(cc, logic->scope, raw_pattern);
    struct sw_yaml *value = cc_expand(cc, logic->scope, raw_value);
    if (pattern == NULL || value == NULL) {
        return false;
    }
    if (value->type != SW_YAML_STR || pattern->type != SW_YAML_STR) {
        bool value_wrong = value->type != SW_YAML_STR;
        cc_problem(cc, value_wrong ? raw_value : raw_pattern,
                   "matches: %s must produce a string, found: %s",
                   value_wrong ? "value" : "pattern", cc_show(cc, value_wrong ? value : pattern));
        return false;
    }
    const char *reason = "";
    int result = sw_pattern_match(sw_str(pattern->text), value->text, &reason);
    if (result < 0) {
        cc_problem(cc, raw_pattern, "Invalid regular expression: %s: %s", pattern->text, reason);
        return false;
    }
    *ret = result > 0;
    return true;
}

static bool evaluate_operator(struct logic *logic, struct sw_yaml *raw, bool *ret)
{
    const char *operator= raw->keys[0]->text;
    struct sw_yaml *args = raw->items[0];
    if (strcmp(operator, "and") == 0 || strcmp(operator, "or") == 0) {
        return all_or_any(logic, args, operator[0] == 'a', ret);
    }
    if (strcmp(operator, "not") == 0) {
        bool ok = evaluate(logic, args, ret);
        *ret = !*ret;
        return ok;
    }
    if (strcmp(operator, "equal") == 0) {
        return all_equal(logic, args, ret);
    }
    if (strcmp(operator, "matches") == 0) {
        return matches(logic, args, ret);
    }
    cc_problem(logic->cc, raw->keys[0],
               "unknown logic statement \"%s\"; there are: and, or, not, equal, matches", operator);
    return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
static bool evaluate(struct logic *logic, struct sw_yaml *raw, bool *ret)
{
    *ret = false;
    if (raw->type != SW_YAML_MAP) {
        struct sw_yaml *value = cc_expand(logic->cc, logic->scope, raw);
        *ret = cc_truthy(value);
        return value != NULL;
    }
    if (raw->count == 0) {
        return true;
    }
    if (raw->count > 1) {
        cc_problem(logic->cc, raw, "a logic statement has one key, found %zu: %s", raw->count,
                   cc_names(logic->cc, raw));
        return false;
    }
    if (++logic->depth > SW_CONFIG_LOGIC_DEPTH_MAX) {
        cc_problem(logic->cc, raw, "logic statements nest over %d levels deep",
                   SW_CONFIG_LOGIC_DEPTH_MAX);
        return false;
    }
    bool ok = evaluate_operator(logic, raw, ret);
    logic->depth--;
    return ok;
}

bool cc_logic(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw, bool *ret)
{
    struct logic logic = { .cc = cc, .scope = scope };
    return evaluate(&logic, raw, ret);
}
