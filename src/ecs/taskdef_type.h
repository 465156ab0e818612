#ifndef SLIPWAY_ECS_TASKDEF_TYPE_H
#define SLIPWAY_ECS_TASKDEF_TYPE_H

/*
 * The types of RegisterTaskDefinition's input, as AWS's model of the API has them. They say how a
 * value that people wrote is to be read; they never decide what may travel: a member that is not
 * here goes to ECS as it is.
 */

#include <slipway/json.h>
#include <slipway/yaml.h>

enum ecs_kind { ECS_TEXT, ECS_INT, ECS_BOOL, ECS_LIST, ECS_MAP, ECS_OBJECT };

struct ecs_member;

struct ecs_type {
    enum ecs_kind kind;
    const struct ecs_type *item;      /* of lists and maps */
    const struct ecs_member *members; /* of objects, ended by a NULL name */
};

struct ecs_member {
    const char *name;
    const struct ecs_type *type;
};

/* The whole request. */
extern const struct ecs_type ecs_taskdef_type;
/* DescribeTaskDefinition's answer: that in "taskDefinition", with the tags beside it. */
extern const struct ecs_type ecs_described_type;

/* The type of a member, or of a map's values; NULL when it is not known. `type` may be NULL. */
const struct ecs_type *ecs_type_member(const struct ecs_type *type, const char *name);
/* "a text", "a whole number", ...: what a value of that type looks like. */
const char *ecs_type_expected(const struct ecs_type *type);

/*
 * The YAML tree as JSON: where the API wants a text, a scalar is its source text, so that 010, yes
 * and 1.10 stay what was written. The caller's.
 */
json_t *ecs_type_from_yaml(const struct ecs_type *type, const struct sw_yaml *node);

/*
 * Turns the value into the type that the API wants where that loses nothing: numbers and booleans
 * into texts, "80" into 80, "true" into true. `*value` is replaced. False when it cannot be.
 */
SW_NODISCARD bool ecs_type_convert(const struct ecs_type *type, json_t **value);

/*
 * Names a member that ECS does not document, at `path`, in `unknown`, with what was probably meant.
 * Keys are case sensitive; one that differs from a documented one in case alone is a slip and not
 * a field of tomorrow: SW_E_INPUT.
 */
SW_NODISCARD enum sw_status ecs_type_name_unknown(const struct ecs_type *type, const char *key,
                                                  const char *path, struct sw_strs *unknown,
                                                  struct sw_err *err);
/*
 * Converts every value of a definition. `path` is the place of `value`, "" for the whole. Members
 * that the API does not document are named in `unknown`, with what was probably meant. SW_E_INPUT
 * naming the path of what has the wrong type.
 */
SW_NODISCARD enum sw_status ecs_type_convert_all(const struct ecs_type *type, json_t *value,
                                                 const char *path, struct sw_strs *unknown,
                                                 struct sw_err *err);

#endif
