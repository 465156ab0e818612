#include "help.h"

#include <slipway/alloc.h>

/* Table cells end at "|", and <...> would be taken for HTML. */
static void add_cell(struct sw_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '<' || *text == '>') {
            sw_buf_add_char(out, '\\');
        }
        sw_buf_add_char(out, *text);
    }
}

/* In code, only the bar needs care. */
static void add_code_cell(struct sw_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            sw_buf_add_char(out, '\\');
        }
        sw_buf_add_char(out, *text);
    }
}

/* Options on their way into tables. */
struct listing {
    struct sw_buf *out;
    const char *section; /* said last */
};

static void add_option(void *ctx, const struct sw_help_option *option)
{
    struct listing *listing = ctx;
    struct sw_buf *out = listing->out;
    if (sw_help_new_section(option, &listing->section)) {
        sw_buf_addf(out, "\n| %s | |\n|---|---|\n", option->section);
    }
    sw_buf_add_cstr(out, "| `");
    if (option->opt->letter) {
        sw_buf_addf(out, "-%c`, `", option->opt->letter);
    }
    sw_buf_add_cstr(out, "--");
    add_code_cell(out, option->name);
    if (option->value) {
        sw_buf_add_char(out, ' ');
        add_code_cell(out, option->value);
    }
    sw_buf_add_cstr(out, "` | ");
    add_cell(out, option->help);
    sw_buf_add_cstr(out, " |\n");
}

static void add_options(struct sw_buf *out, const struct sw_command *command,
                        enum sw_help_group group)
{
    struct listing listing = { .out = out };
    sw_buf_add_cstr(out, "\n| option | |\n|---|---|\n");
    sw_help_each_option(command, group, add_option, &listing);
}

enum { SOURCE_WIDTH = 118 };

/* Usage, description, own options, example; without the options that others have too. */
static void add_command(struct sw_buf *out, const struct sw_command *command)
{
    sw_buf_addf(out, "`slipway %s [OPTIONS]%s%s`\n\n", command->name,
                command->operands[0] != '\0' ? " " : "", command->operands);
    sw_help_wrap(out, sw_str(command->description), 0, SOURCE_WIDTH, false);
    if (command->json) {
        sw_buf_add_char(out, '\n');
        sw_help_add_json(out, command, SOURCE_WIDTH);
    }
    if (sw_help_has_group(command, SW_HELP_OWN)) {
        add_options(out, command, SW_HELP_OWN);
    }
    sw_buf_addf(out, "\n```sh\n%s\n```\n", command->example);
}

void sw_help_markdown_command(const struct sw_command *command, struct sw_buf *out)
{
    sw_buf_addf(out, "### slipway %s\n\n", command->name);
    add_command(out, command);
    for (enum sw_help_group group = SW_HELP_AWS; group <= SW_HELP_COMMON; group++) {
        if (sw_help_has_group(command, group)) {
            sw_buf_addf(out, "\n#### %s\n", sw_help_group_title(group));
            add_options(out, command, group);
        }
    }
}

/* What is folded away on the page until its summary is clicked. */
static void begin_details(struct sw_buf *out, const char *name, const char *summary)
{
    sw_buf_addf(out, "\n<details><summary>%s: %s</summary>\n", name, summary);
}

static void end_details(struct sw_buf *out)
{
    sw_buf_add_cstr(out, "\n</details>\n");
}

/* The options that several commands have, from the first command that has them. */
static void add_shared_options(struct sw_buf *out, enum sw_help_group group, const char *who)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    while ((command = sw_help_next_command(&at))) {
        if (sw_help_has_group(command, group)) {
            begin_details(out, sw_help_group_title(group), who);
            add_options(out, command, group);
            end_details(out);
            return;
        }
    }
}

void sw_help_markdown_overview(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    sw_buf_add_cstr(out, "### Commands\n");
    while ((command = sw_help_next_command(&at))) {
        char *name SW_CLEANUP(sw_free_str) = sw_xasprintf("<code>slipway %s</code>", command->name);
        begin_details(out, name, command->summary);
        sw_buf_add_char(out, '\n');
        add_command(out, command);
        if (sw_help_has_group(command, SW_HELP_AWS)) {
            sw_buf_add_cstr(out, "\nThe AWS options belong to it too.\n");
        }
        end_details(out);
    }
    add_shared_options(out, SW_HELP_AWS, "of every command that talks to AWS");
    add_shared_options(out, SW_HELP_COMMON, "of every command");
}
