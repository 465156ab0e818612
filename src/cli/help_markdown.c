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

static void add_option(void *ctx, const struct sw_help_option *option)
{
    struct sw_buf *out = ctx;
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
    sw_buf_add_cstr(out, "\n| option | |\n|---|---|\n");
    sw_help_each_option(command, group, add_option, out);
}

/* Heading, usage, description, own options, example; without the options all commands have. */
static void add_command(struct sw_buf *out, const struct sw_command *command)
{
    sw_buf_addf(out, "#### slipway %s\n\n`slipway %s [OPTIONS]%s%s`\n\n", command->name,
                command->name, command->operands[0] != '\0' ? " " : "", command->operands);
    sw_buf_add_cstr(out, command->description);
    sw_buf_add_char(out, '\n');
    if (sw_help_has_group(command, SW_HELP_OWN)) {
        add_options(out, command, SW_HELP_OWN);
    }
    if (sw_help_has_group(command, SW_HELP_AWS)) {
        sw_buf_add_cstr(out, "\nTakes the [AWS options](#aws-options) too.\n");
    }
    sw_buf_addf(out, "\n```sh\n%s\n```\n", command->example);
}

void sw_help_markdown_command(const struct sw_command *command, struct sw_buf *out)
{
    add_command(out, command);
    if (sw_help_has_group(command, SW_HELP_AWS)) {
        sw_buf_add_cstr(out, "\n#### AWS options\n");
        add_options(out, command, SW_HELP_AWS);
    }
    sw_buf_add_cstr(out, "\n#### Common options\n");
    add_options(out, command, SW_HELP_COMMON);
}

/* GitHub's anchor of the heading "slipway ecs deploy". */
static void add_anchor(struct sw_buf *out, const char *name)
{
    sw_buf_add_cstr(out, "#slipway-");
    for (; *name != '\0'; name++) {
        sw_buf_add_char(out, *name == ' ' ? '-' : *name);
    }
}

static void add_shared_options(struct sw_buf *out, enum sw_help_group group, const char *title)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    while ((command = sw_help_next_command(&at))) {
        if (sw_help_has_group(command, group)) {
            sw_buf_addf(out, "\n#### %s\n", title);
            add_options(out, command, group);
            return;
        }
    }
}

void sw_help_markdown_overview(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    sw_buf_add_cstr(out, "### Commands\n\n| command | does |\n|---|---|\n");
    while ((command = sw_help_next_command(&at))) {
        sw_buf_addf(out, "| [`slipway %s`](", command->name);
        add_anchor(out, command->name);
        sw_buf_add_cstr(out, ") | ");
        add_cell(out, command->summary);
        sw_buf_add_cstr(out, " |\n");
    }
    add_shared_options(out, SW_HELP_COMMON, "Common options");
    add_shared_options(out, SW_HELP_AWS, "AWS options");
    at = 0;
    while ((command = sw_help_next_command(&at))) {
        sw_buf_add_char(out, '\n');
        add_command(out, command);
    }
}
