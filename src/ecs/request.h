#ifndef SLIPWAY_ECS_REQUEST_H
#define SLIPWAY_ECS_REQUEST_H

/*
 * Parts that the requests for tasks and for services have in common, made from option values.
 * `option` names the option in errors. Lists may be NULL or empty: nothing is set then.
 */

#include <slipway/env.h>
#include <slipway/json.h>

/* Sets a member to a text; NULL and empty lists set nothing. */
void ecs_set_text(json_t *object, const char *key, const char *text);
/* Sets a member to true or false, or leaves it alone. */
void ecs_set_switch(json_t *object, const char *key, enum sw_switch value);
json_t *ecs_json_text(struct sw_str text);
/* "a, b" as ["a","b"]; empty pieces do not count. The caller's. */
json_t *ecs_json_list(struct sw_str text);

/*
 * Structures that are written as one text. Each takes three forms: its own, AWS's shorthand
 * (key=value,key=value) and JSON, of one structure or a list of them.
 */
enum ecs_structure {
    ECS_CAPACITY_PROVIDER,    /* NAME[:WEIGHT[:BASE]] */
    ECS_PLACEMENT_CONSTRAINT, /* TYPE[:EXPRESSION] */
    ECS_PLACEMENT_STRATEGY,   /* TYPE[:FIELD] */
    ECS_LOAD_BALANCER,        /* CONTAINER:PORT=TARGET-GROUP, or =NAME of a Classic one */
    ECS_SERVICE_REGISTRY,     /* [CONTAINER:PORT=]ARN */
};
/*
 * Sets `key` to the list of the structures. With `can_be_none` the single text "none" is the empty
 * list. SW_E_INPUT with the form that is expected.
 */
SW_NODISCARD enum sw_status ecs_set_structures(json_t *object, const char *key,
                                               enum ecs_structure kind, const char *option,
                                               const struct sw_strs *texts, bool can_be_none,
                                               struct sw_err *err);

/* Sets "tags" from texts as sw_ecr_tags_add() takes them, with the members key and value. */
SW_NODISCARD enum sw_status ecs_set_tags(json_t *object, const char *option,
                                         const struct sw_strs *texts, struct sw_err *err);

/* Comma lists of a network; NULL members are not named. */
struct ecs_network {
    const char *subnets;
    const char *security_groups;
    enum sw_switch public_ip;
};
/* Sets "networkConfiguration" to the named members; nothing when none is. SW_E_USAGE. */
SW_NODISCARD enum sw_status ecs_set_network(json_t *object, const struct ecs_network *network,
                                            struct sw_err *err);

/*
 * Whether a request with or without a network configuration fits the definition's network mode;
 * SW_E_USAGE otherwise. `label` names the definition.
 */
SW_NODISCARD enum sw_status ecs_check_network(const json_t *definition, const char *label,
                                              bool has_network, struct sw_err *err);

/*
 * The JSON object that `text` is, or that the file holds which "@FILE" names; the caller's.
 * SW_E_INPUT, with `example` when it is something else.
 */
SW_NODISCARD enum sw_status ecs_json_option(const char *option, const char *text,
                                            const char *example, json_t **ret, struct sw_err *err);

/* A token by which ECS knows a retry of a call from a second one; at most 36 characters. */
char *ecs_client_token(const struct sw_env *env);

#endif
