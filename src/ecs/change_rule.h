#ifndef SLIPWAY_ECS_CHANGE_RULE_H
#define SLIPWAY_ECS_CHANGE_RULE_H

/*
 * What each kind of change looks like as an option, how its value is read, and what it does to a
 * definition. One row per kind: changes.c reads by it, taskdef_edit.c edits by it.
 */

#include <slipway/taskdef.h>

enum ecs_change_op {
    ECS_OP_IMAGE,    /* the image, by the kind of change */
    ECS_OP_VARIABLE, /* an environment variable or a secret: a name is in one list only */
    ECS_OP_VARIABLE_REMOVE,
    ECS_OP_SET,         /* the member at `path` becomes the value */
    ECS_OP_SET_KEY,     /* the member `name` of the object at `path` does */
    ECS_OP_REMOVE_KEY,  /* the member `name` of the object at `path` goes */
    ECS_OP_MERGE,       /* the value's members go into the item of the list at `path` that has the
                           same identity, or the value becomes a new item */
    ECS_OP_REPLACE,     /* the value takes the place of that item */
    ECS_OP_REMOVE_ITEM, /* the item of that identity goes; the value is the identity */
    ECS_OP_POINTER_SET,
    ECS_OP_POINTER_UNSET,
};

/* The parts of an option's text, borrowed from it. */
struct ecs_change_texts {
    struct sw_str container;
    struct sw_str name;
    struct sw_str value;
};

struct ecs_change_rule {
    const char *expected; /* the form, with an example, for errors */
    bool container;       /* begins with the container's name */
    bool finds_container; /* "CONTAINER=" may be left out: the definition says which one it is */
    bool name;            /* has a name: behind ':' with a container, else in front of '=' */
    bool value;           /* has a value behind '=' */
    enum ecs_change_op op;
    const char *path; /* members from the container or definition down, separated by '.' */
    const char *noun; /* of removals: what is removed, for notes; NULL: absence is no news */
    /* The value as JSON, *ret the caller's; SW_E_INPUT saying what is wrong. NULL: the value is
     * kept as a text. */
    enum sw_status (*parse)(const struct ecs_change_texts *texts, json_t **ret, struct sw_err *err);
};

const struct ecs_change_rule *ecs_change_rule(enum sw_change_kind kind);

/* The parsers that rules name. */
enum sw_status ecs_parse_text(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err);
enum sw_status ecs_parse_number(const struct ecs_change_texts *texts, json_t **ret,
                                struct sw_err *err);
enum sw_status ecs_parse_boolean(const struct ecs_change_texts *texts, json_t **ret,
                                 struct sw_err *err);
/* A JSON array of texts, or words split as a shell splits them, with nothing expanded. */
enum sw_status ecs_parse_words(const struct ecs_change_texts *texts, json_t **ret,
                               struct sw_err *err);
enum sw_status ecs_parse_health_check(const struct ecs_change_texts *texts, json_t **ret,
                                      struct sw_err *err);
enum sw_status ecs_parse_health_option(const struct ecs_change_texts *texts, json_t **ret,
                                       struct sw_err *err);
enum sw_status ecs_parse_port(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err);
enum sw_status ecs_parse_port_identity(const struct ecs_change_texts *texts, json_t **ret,
                                       struct sw_err *err);
enum sw_status ecs_parse_mount(const struct ecs_change_texts *texts, json_t **ret,
                               struct sw_err *err);
enum sw_status ecs_parse_volume(const struct ecs_change_texts *texts, json_t **ret,
                                struct sw_err *err);
enum sw_status ecs_parse_ulimit(const struct ecs_change_texts *texts, json_t **ret,
                                struct sw_err *err);
enum sw_status ecs_parse_system_control(const struct ecs_change_texts *texts, json_t **ret,
                                        struct sw_err *err);
enum sw_status ecs_parse_env_file(const struct ecs_change_texts *texts, json_t **ret,
                                  struct sw_err *err);
enum sw_status ecs_parse_platform(const struct ecs_change_texts *texts, json_t **ret,
                                  struct sw_err *err);
enum sw_status ecs_parse_list(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err);
enum sw_status ecs_parse_tag(const struct ecs_change_texts *texts, json_t **ret,
                             struct sw_err *err);
/* The name alone: what a removal removes, or the container that is added or removed. */
enum sw_status ecs_parse_name(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err);
enum sw_status ecs_parse_new_container(const struct ecs_change_texts *texts, json_t **ret,
                                       struct sw_err *err);

#endif
