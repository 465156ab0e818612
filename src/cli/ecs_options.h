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

/* A service whose definition is the starting point, for commands that have no service of their own.
 */
struct sw_cli_ecs_running {
    const char *cluster;
    const char *service;
};
extern const struct sw_opt sw_cli_ecs_running_opts[];

struct sw_cli_ecs_changes {
    /* One option for each kind of change: those that can be given several times, and those of the
     * whole task, of which an empty one is none. */
    struct sw_strs lists[SW_CHANGE_KIND_COUNT];
    const char *texts[SW_CHANGE_KIND_COUNT];
    struct sw_strs set_files;
    struct sw_strs env_files; /* of this machine */
    const char *image_updates;
    const char *env_updates;
    const char *secret_updates;
    const char *label_updates;
    bool pin;
};
extern const struct sw_opt sw_cli_ecs_changes_opts[];

#define SW_CLI_ECS_SOURCE(type, member)                                  \
    {                                                                    \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),        \
        .include = sw_cli_ecs_source_opts, .help = "where to start from" \
    }
#define SW_CLI_ECS_RUNNING(type, member)                                  \
    {                                                                     \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),         \
        .include = sw_cli_ecs_running_opts, .help = "where to start from" \
    }
#define SW_CLI_ECS_CHANGES(type, member)                                             \
    {                                                                                \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member),                    \
        .include = sw_cli_ecs_changes_opts, .help = "changes to the task definition" \
    }

/* What the descriptions of these commands say about changes. */
#define SW_CLI_ECS_UPDATES_HELP                                                                     \
    "Whatever the order of the options, containers are added and removed first, then fields are "   \
    "removed, then set, with --set last. WORDS are split as a shell splits them, with nothing "     \
    "expanded. A POINTER is a JSON pointer (RFC 6901) in which an element of a list may be named "  \
    "instead of counted: /containerDefinitions/web/environment/LEVEL/value; - appends. A value is " \
    "read as the type that ECS wants: texts as they are, lists and objects as JSON.\n\n"            \
    "Update strings hold several changes: container=NAME,image-and-tag=IMAGE:TAG (or image=IMAGE "  \
    "or tag=TAG); container=NAME,name=VARIABLE,value=TEXT; "                                        \
    "container=NAME,name=VARIABLE,valueFrom=ARN; container=NAME,LABEL=TEXT. Items follow each "     \
    "other behind commas. A value goes up to the next comma, byte for byte; one that holds "        \
    "commas is wrapped in double quotes, value=\"a,b\", with \\\" and \\\\ for a quote and a "      \
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
};
void sw_cli_ecs_edit_release(struct sw_cli_ecs_edit *edit);
/* Tells what ECS would refuse the result for. */
void sw_cli_ecs_edit_warn(const struct sw_cli *cli, const struct sw_cli_ecs_edit *edit);
/*
 * Loads and changes a definition: that of the source, else the one that the service runs. A file is
 * compared with the newest revision of its family when `compare` is set and that may be read.
 * SW_E_USAGE without a source.
 */
SW_NODISCARD enum sw_status sw_cli_ecs_edit(struct sw_aws *aws,
                                            const struct sw_cli_ecs_source *source,
                                            const struct sw_cli_ecs_running *running,
                                            const struct sw_cli_ecs_changes *options, bool compare,
                                            struct sw_cli_ecs_edit *ret, struct sw_err *err);

#endif
