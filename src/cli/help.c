#include "help.h"

#include "commands.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <sys/ioctl.h>

enum { HELP_COLUMN = 30, NAME_COLUMN = 26, WIDTH_MIN = 60 };

static void add_line(struct sw_buf *out, const struct sw_command *command)
{
    sw_buf_addf(out, "  %-*s%s\n", NAME_COLUMN, command->name, command->summary);
}

bool sw_help_family(const char *family, struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    size_t count = 0;
    while ((command = sw_help_next_command(&at))) {
        struct sw_str rest = sw_str(command->name);
        if (!sw_str_is(sw_str_cut(&rest, ' '), family) || !rest.ptr) {
            continue;
        }
        if (count++ == 0) {
            sw_buf_addf(out, "usage: slipway %s COMMAND [OPTIONS] [OPERANDS]\n\ncommands:\n",
                        family);
        }
        add_line(out, command);
    }
    if (count > 0) {
        sw_buf_addf(out, "\n'slipway %s COMMAND --help' explains one.\n", family);
    }
    return count > 0;
}

void sw_help_overview(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    sw_buf_add_cstr(out, "usage: slipway COMMAND [OPTIONS] [OPERANDS]\n\n"
                         "Takes a container from a git push to a finished Amazon ECS rollout.\n\n"
                         "commands:\n");
    while ((command = sw_help_next_command(&at))) {
        add_line(out, command);
    }
    sw_buf_add_cstr(out, "\nexit codes:\n");
    for (const struct sw_help_exit *exit = sw_help_exits; exit->meaning; exit++) {
        sw_buf_addf(out, "  %-4d%s\n", exit->code, exit->meaning);
    }
    sw_buf_add_cstr(out, "\n'slipway COMMAND --help' explains one; 'slipway --version' prints the "
                         "version.\n");
}

/* Options on their way into a text. */
struct listing {
    struct sw_buf *out;
    size_t width;
    const char *section; /* said last */
};

size_t sw_help_width(FILE *out)
{
    struct winsize size = { .ws_col = 0 };
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
        size.ws_col > SW_HELP_WIDTH) {
        return SW_HELP_WIDTH;
    }
    return size.ws_col > WIDTH_MIN ? size.ws_col : WIDTH_MIN;
}

static void add_option(void *ctx, const struct sw_help_option *option)
{
    struct listing *listing = ctx;
    struct sw_buf *out = listing->out;
    char short_form[] = "-x, ";
    short_form[1] = option->opt->letter;
    if (sw_help_new_section(option, &listing->section)) {
        sw_buf_addf(out, "\n%s:\n", option->section);
    }
    char *left SW_CLEANUP(sw_free_str) =
        sw_xasprintf("  %s--%s%s%s", option->opt->letter ? short_form : "", option->name,
                     option->value ? " " : "", option->value ? option->value : "");
    bool fits = strlen(left) + 2 <= HELP_COLUMN;
    sw_buf_addf(out, "%-*s", fits ? HELP_COLUMN : 0, left);
    if (!fits) {
        sw_buf_add_char(out, '\n');
    }
    sw_help_wrap(out, sw_str(option->help), HELP_COLUMN, listing->width, fits);
}

static void add_indented(struct sw_buf *out, const char *text)
{
    for (struct sw_str lines = sw_str(text); lines.ptr;) {
        struct sw_str line = sw_str_cut(&lines, '\n');
        sw_buf_addf(out, "  %.*s\n", SW_STR_ARG(line));
    }
}

void sw_help_add_json(struct sw_buf *out, const struct sw_command *command, size_t width)
{
    SW_CLEANUP(sw_free_str)
    char *text = sw_xasprintf("Result with --output json: %s", command->json);
    sw_help_wrap(out, sw_str(text), 0, width, false);
}

void sw_help_command(const struct sw_command *command, size_t width, struct sw_buf *out)
{
    struct listing listing = { .out = out, .width = width };
    sw_buf_addf(out, "usage: slipway %s [OPTIONS]%s%s\n\n", command->name,
                command->operands[0] ? " " : "", command->operands);
    sw_help_wrap(out, sw_str(command->description), 0, width, false);
    if (command->json) {
        sw_buf_add_char(out, '\n');
        sw_help_add_json(out, command, width);
    }
    for (enum sw_help_group group = 0; group < SW_HELP_GROUP_COUNT; group++) {
        if (sw_help_has_group(command, group)) {
            sw_buf_addf(out, "\n%s:\n", sw_help_group_title(group));
            sw_help_each_option(command, group, add_option, &listing);
        }
    }
    sw_buf_addf(out, "\n%s:\n", sw_help_example_title(command));
    add_indented(out, command->example);
}

/* slipway help [COMMAND] */

struct help_args {
    struct sw_cli_common common;
    const char *format;
    const char *directory;
};

static const struct sw_opt help_opts[] = {
    SW_CLI_COMMON(struct help_args, common),
    { .kind = SW_OPT_ENUM,
      .name = "format",
      .offset = offsetof(struct help_args, format),
      .value = "FORMAT",
      .help = "form of the text",
      .choices = "text|man|markdown" },
    { .kind = SW_OPT_STR,
      .name = "directory",
      .offset = offsetof(struct help_args, directory),
      .value = "DIR",
      .help = "with --format man: write the pages of all commands into this folder" },
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args)
{
    ((struct help_args *)args)->format = "text";
}

/* One form of help: without a command, and with one. */
struct form {
    const char *name;
    void (*overview)(struct sw_buf *out);
    void (*command)(const struct sw_command *command, struct sw_buf *out); /* NULL: the text */
};

static const struct form forms[] = {
    { "text", sw_help_overview, NULL },
    { "man", sw_help_man_overview, sw_help_man_command },
    { "markdown", sw_help_markdown_overview, sw_help_markdown_command },
};

static const struct form *form_of(const char *name)
{
    for (size_t i = 1; i < SW_COUNT(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return &forms[i];
        }
    }
    return &forms[0];
}

/* Writes one page, the overview's for NULL, as "<directory>/<name>.1". */
static enum sw_status write_page(const char *directory, const struct sw_command *command,
                                 struct sw_err *err)
{
    struct sw_buf page SW_CLEANUP(sw_buf_release) = { 0 };
    char *name SW_CLEANUP(sw_free_str) =
        command ? sw_help_man_name(command) : sw_xstrdup("slipway");
    char *file SW_CLEANUP(sw_free_str) = sw_xasprintf("%s/%s.1", directory, name);
    sw_buf_init(&page, SW_BUF_TEXT_MAX);
    if (command) {
        sw_help_man_command(command, &page);
    } else {
        sw_help_man_overview(&page);
    }
    return sw_fs_write_atomic(file, sw_buf_str(&page), 0644, err);
}

static enum sw_status write_pages(const struct help_args *args, struct sw_err *err)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    if (strcmp(args->format, "man") != 0) {
        return sw_cli_usage(err, "--directory is for --format man");
    }
    enum sw_status status = sw_fs_mkdirs(args->directory, 0755, err);
    if (status == SW_OK) {
        status = write_page(args->directory, NULL, err);
    }
    while (status == SW_OK && (command = sw_help_next_command(&at))) {
        status = write_page(args->directory, command, err);
    }
    return status;
}

static enum sw_status run_help(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct help_args *args = args_;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_buf name SW_CLEANUP(sw_buf_release) = { 0 };
    const struct form *form = form_of(args->format);
    if (args->directory) {
        return write_pages(args, err);
    }
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_init(&name, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < cli->operands.count; i++) {
        sw_buf_addf(&name, "%s%s", i ? " " : "", cli->operands.items[i]);
    }
    const struct sw_command *command = sw_help_find_command(sw_buf_str(&name));
    if (command && form->command) {
        form->command(command, &text);
    } else if (command) {
        sw_help_command(command, sw_help_width(cli->out), &text);
    } else if (name.len == 0) {
        form->overview(&text);
    } else if (!sw_help_family(name.ptr, &text)) {
        return sw_cli_usage(err, "there is no command \"%s\"; 'slipway help' lists them", name.ptr);
    }
    sw_cli_out(cli, "%s", text.ptr);
    return SW_OK;
}

const struct sw_command sw_cmd_help = {
    .name = "help",
    .summary = "show the commands, or explain one",
    .description = "Without an operand lists all commands; with a command's name explains it, as "
                   "text, man page or Markdown.",
    .operands = "[COMMAND]",
    .operands_max = 3,
    .example = "slipway help ecs deploy\nslipway help --format man ecr login | man -l -",
    .opts = help_opts,
    .args_size = sizeof(struct help_args),
    .defaults = set_defaults,
    .run = run_help,
};
