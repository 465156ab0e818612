#include "help.h"

#include "commands.h"

#include <slipway/alloc.h>

enum { HELP_COLUMN = 30 };

void sw_help_overview(struct sw_buf *out)
{
    sw_buf_add_cstr(out, "usage: slipway COMMAND [OPTIONS] [OPERANDS]\n\n"
                         "Takes a container from a git push to a finished Amazon ECS rollout.\n\n"
                         "commands:\n");
    for (size_t i = 0; sw_commands[i]; i++) {
        if (!sw_commands[i]->hidden) {
            sw_buf_addf(out, "  %-24s %s\n", sw_commands[i]->name, sw_commands[i]->summary);
        }
    }
    sw_buf_add_cstr(out, "\n'slipway COMMAND --help' explains one; 'slipway --version' prints the "
                         "version.\n");
}

static void add_option(void *ctx, const struct sw_opt *opt)
{
    struct sw_buf *out = ctx;
    char *SW_CLEANUP(sw_free_str) left = NULL;

    if (opt->flags & SW_OPT_HIDDEN) {
        return;
    }
    left = opt->letter ? sw_xasprintf("-%c, --%s%s%s", opt->letter, opt->name,
                                      opt->value ? " " : "", opt->value ? opt->value : "")
                       : sw_xasprintf("--%s%s%s", opt->name, opt->value ? " " : "",
                                      opt->value ? opt->value : "");
    if (strlen(left) < HELP_COLUMN) {
        sw_buf_addf(out, "  %-*s%s", HELP_COLUMN, left, opt->help);
    } else {
        sw_buf_addf(out, "  %s\n  %*s%s", left, HELP_COLUMN, "", opt->help);
    }
    if (opt->kind == SW_OPT_LIST) {
        sw_buf_add_cstr(out, " (repeatable)");
    }
    if (opt->flags & SW_OPT_REQUIRED) {
        sw_buf_add_cstr(out, " (required)");
    }
    sw_buf_add_char(out, '\n');
}

void sw_help_command(const struct sw_command *command, struct sw_buf *out)
{
    sw_buf_addf(out, "usage: slipway %s [OPTIONS]%s%s\n\n%s\n", command->name,
                command->operands[0] ? " " : "", command->operands, command->description);
    sw_buf_add_cstr(out, "\noptions:\n");
    sw_opt_each(command->opts, add_option, out);
    sw_buf_add_cstr(out, "\nexample:\n");
    for (struct sw_str lines = sw_str(command->example); lines.ptr;) {
        struct sw_str line = sw_str_cut(&lines, '\n');

        sw_buf_addf(out, "  %.*s\n", SW_STR_ARG(line));
    }
}

/* slipway help [COMMAND] */

struct help_args {
    struct sw_cli_common common;
};

static const struct sw_opt help_opts[] = {
    SW_CLI_COMMON(struct help_args, common),
    { .kind = SW_OPT_END },
};

static enum sw_status run_help(struct sw_cli *cli, void *args, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) name = { 0 };

    (void)args;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_init(&name, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < cli->operands.count; i++) {
        sw_buf_addf(&name, "%s%s", i ? " " : "", cli->operands.items[i]);
    }
    for (size_t i = 0; sw_commands[i]; i++) {
        if (sw_str_is(sw_buf_str(&name), sw_commands[i]->name)) {
            sw_help_command(sw_commands[i], &text);
        }
    }
    if (name.len == 0) {
        sw_help_overview(&text);
    }
    if (text.len == 0) {
        return sw_cli_usage(err, "there is no command \"%s\"; 'slipway help' lists them", name.ptr);
    }
    sw_cli_out(cli, "%s", text.ptr);
    return SW_OK;
}

const struct sw_command sw_cmd_help = {
    .name = "help",
    .summary = "show the commands, or explain one",
    .description = "Without an operand lists all commands; with a command's name explains it.",
    .operands = "[COMMAND]",
    .operands_max = 2,
    .example = "slipway help ecs deploy",
    .opts = help_opts,
    .args_size = sizeof(struct help_args),
    .run = run_help,
};
