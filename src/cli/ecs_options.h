#ifndef SLIPWAY_CLI_ECS_OPTIONS_H
#define SLIPWAY_CLI_ECS_OPTIONS_H

/* Options that name a task definition and its changes, shared by the ecs commands. */

#include "cli.h"

#include <slipway/service.h>

struct sw_cli_ecs_source {
    const char *family;
    const char *task_definition;
    const char *file;
    bool expand_file;
};
extern const struct sw_opt sw_cli_ecs_source_opts[];

struct sw_cli_ecs_changes {
    struct sw_strs images;
    struct sw_strs image_tags;
    struct sw_strs env;
    struct sw_strs remove_env;
    struct sw_strs secrets;
    struct sw_strs remove_secrets;
    struct sw_strs labels;
    struct sw_strs tags;
    const char *image_updates;
    const char *env_updates;
    const char *secret_updates;
    const char *label_updates;
};
extern const struct sw_opt sw_cli_ecs_changes_opts[];

#define SW_CLI_ECS_SOURCE(type, member)                           \
    {                                                             \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), \
        .include = sw_cli_ecs_source_opts                         \
    }
#define SW_CLI_ECS_CHANGES(type, member)                          \
    {                                                             \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), \
        .include = sw_cli_ecs_changes_opts                        \
    }

/* What the descriptions of these commands say about update strings. */
#define SW_CLI_ECS_UPDATES_HELP                                                                    \
    "Update strings hold several changes: container=NAME,image-and-tag=IMAGE:TAG (or image=IMAGE " \
    "or tag=TAG); container=NAME,name=VARIABLE,value=TEXT; "                                       \
    "container=NAME,name=VARIABLE,valueFrom=ARN; container=NAME,LABEL=TEXT. Items follow each "    \
    "other behind commas. A value goes up to the next comma, byte for byte; one that holds "       \
    "commas is wrapped in double quotes, value=\"a,b\", with \\\" and \\\\ for a quote and a "     \
    "backslash inside."

/* The changes that the options ask for, checked; *ret is the caller's (sw_changes_release). */
SW_NODISCARD enum sw_status sw_cli_ecs_changes_read(const struct sw_cli_ecs_changes *options,
                                                    struct sw_changes *ret, struct sw_err *err);

/* A definition before and after the changes. */
struct sw_cli_ecs_edit {
    struct sw_taskdef taskdef; /* after */
    json_t *before;            /* what is registered now; NULL when there is nothing */
    char *before_arn;          /* NULL when there is nothing */
    char *before_label;        /* "kim-app-nginx:12", or the file's name */
    bool wants_tags;
    size_t change_count;
};
void sw_cli_ecs_edit_release(struct sw_cli_ecs_edit *edit);
/*
 * Loads and changes a definition. A file is compared with the newest revision of its family when
 * `compare` is set and that may be read. SW_E_USAGE without a source.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_edit(struct sw_aws *aws,
                                            const struct sw_cli_ecs_source *source,
                                            const struct sw_cli_ecs_changes *options, bool compare,
                                            struct sw_cli_ecs_edit *ret, struct sw_err *err);

#endif
