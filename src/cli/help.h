#ifndef SLIPWAY_CLI_HELP_H
#define SLIPWAY_CLI_HELP_H

/*
 * Help in every form, all written from the command and option tables: text for --help, man pages,
 * the README's reference, shell completions. Nothing about a command is written down twice.
 */

#include "cli.h"

/* "slipway --help": all commands with their summaries. */
void sw_help_overview(struct sw_buf *out);
/* "slipway ecs --help": the commands of one family; false, writing nothing, when there is none. */
bool sw_help_family(const char *family, struct sw_buf *out);
/*
 * "slipway ecs deploy --help": usage, description, options, examples, in lines of at most `width`
 * columns where that is possible.
 */
void sw_help_command(const struct sw_command *command, size_t width, struct sw_buf *out);
/* Columns for help on `out`: the terminal's, at most SW_HELP_WIDTH, which is also that of a file.
 */
size_t sw_help_width(FILE *out);
enum { SW_HELP_WIDTH = 100 };
/* What the result with --output json has, as a paragraph. */
void sw_help_add_json(struct sw_buf *out, const struct sw_command *command, size_t width);
/* "example" or "examples", by how many commands it shows. */
const char *sw_help_example_title(const struct sw_command *command);

/* slipway(1): commands, environment, files, exit codes. */
void sw_help_man_overview(struct sw_buf *out);
/* slipway-ecs-deploy(1). */
void sw_help_man_command(const struct sw_command *command, struct sw_buf *out);
/* The name of a command's page: "slipway-ecs-deploy"; the caller's. */
char *sw_help_man_name(const struct sw_command *command);

/* The reference for the README: all commands, then the options they share. */
void sw_help_markdown_overview(struct sw_buf *out);
void sw_help_markdown_command(const struct sw_command *command, struct sw_buf *out);

/* Completion scripts (completion_*.c). */
void sw_completion_bash(struct sw_buf *out);
void sw_completion_zsh(struct sw_buf *out);
void sw_completion_fish(struct sw_buf *out);

/* ---- what the forms share (help_options.c) ---- */

/* Options come in three groups: a command's own, those of AWS calls, those of every command. */
enum sw_help_group { SW_HELP_OWN, SW_HELP_AWS, SW_HELP_COMMON, SW_HELP_GROUP_COUNT };

/* An option as it is shown; borrowed by the callback only. */
struct sw_help_option {
    const struct sw_opt *opt;
    enum sw_help_group group;
    const char *section; /* heading inside a command's own group; NULL for the first of it */
    const char *name;    /* "output"; "[no-]scan-on-push" for a flag that is on by default */
    const char *value;   /* placeholder, or the choices "text|json"; NULL for flags */
    const char *help;    /* with default, "repeatable", "required" */
};
typedef void sw_help_option_fn(void *ctx, const struct sw_help_option *option);

/*
 * Calls fn for the command's visible options of one group: those without a section first, then
 * section by section, each in table order.
 */
void sw_help_each_option(const struct sw_command *command, enum sw_help_group group,
                         sw_help_option_fn *fn, void *ctx);
/* Whether the command has a visible option of the group. */
bool sw_help_has_group(const struct sw_command *command, enum sw_help_group group);
/* "options", "AWS options", "common options". */
const char *sw_help_group_title(enum sw_help_group group);
/* Whether the option begins a section; *said, NULL at first, is the one before. */
bool sw_help_new_section(const struct sw_help_option *option, const char **said);
/* The visible commands in order; NULL at the end. `at` starts at 0. */
const struct sw_command *sw_help_next_command(size_t *at);
/* The command of that name, visible or not; NULL when there is none. */
const struct sw_command *sw_help_find_command(struct sw_str name);
/* Whether the option's value is a file or a folder, by its placeholder. */
bool sw_help_takes_file(const struct sw_opt *opt);
bool sw_help_takes_folder(const struct sw_opt *opt);

/* The program's exit codes and what they mean, ended by a NULL meaning. */
struct sw_help_exit {
    int code;
    const char *meaning;
};
extern const struct sw_help_exit sw_help_exits[];

/*
 * Appends `text` in lines of at most `width` columns, each after `indent` blanks (the first one too
 * unless `hang`). An empty line separates paragraphs; a line that starts with a blank stays as it
 * is; other lines run together.
 */
void sw_help_wrap(struct sw_buf *out, struct sw_str text, size_t indent, size_t width, bool hang);

#endif
