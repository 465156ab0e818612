#include "completion.h"

static const char head[] =
    "# fish completion for slipway\n"
    "\n"
    "# Whether the command line starts with these words after the program's name.\n"
    "function __slipway_in\n"
    "    set -l tokens (commandline -opc)\n"
    "    set -l last (math (count $argv) + 1)\n"
    "    test (count $tokens) -ge $last\n"
    "    and test \"$tokens[2..$last]\" = \"$argv\"\n"
    "end\n"
    "\n"
    "# Whether it has these words and no more.\n"
    "function __slipway_at\n"
    "    test (count (commandline -opc)) -eq (math (count $argv) + 1)\n"
    "    and begin\n"
    "        test (count $argv) -eq 0\n"
    "        or __slipway_in $argv\n"
    "    end\n"
    "end\n"
    "\n"
    "complete -c slipway -f\n"
    "complete -c slipway -n __slipway_at -l help -s h -d 'show the commands'\n"
    "complete -c slipway -n __slipway_at -l version -s V -d 'print the version'\n";

/* One command's output while its options are walked. */
struct item {
    struct sw_buf *out;
    const struct sw_command *command;
};

static void add_description(struct sw_buf *out, const char *text)
{
    sw_buf_add_cstr(out, " -d '");
    sw_completion_add_escaped(out, text, "'\\");
    sw_buf_add_cstr(out, "'\n");
}

static void add_option(void *ctx, const struct sw_help_option *option)
{
    const struct item *item = ctx;
    const struct sw_opt *opt = option->opt;
    struct sw_buf *out = item->out;
    sw_buf_addf(out, "complete -c slipway -n '__slipway_in %s' -l %s%s", item->command->name,
                sw_completion_is_on(option) ? "no-" : "", opt->name);
    if (opt->letter) {
        sw_buf_addf(out, " -s %c", opt->letter);
    }
    if (opt->kind == SW_OPT_ENUM) {
        sw_buf_add_cstr(out, " -x -a '");
        sw_completion_add_choices(out, opt->choices);
        sw_buf_add_char(out, '\'');
    } else if (sw_help_takes_file(opt)) {
        sw_buf_add_cstr(out, " -r -F");
    } else if (sw_help_takes_folder(opt)) {
        sw_buf_add_cstr(out, " -x -a '(__fish_complete_directories)'");
    } else if (!sw_opt_is_flag(opt)) {
        sw_buf_add_cstr(out, " -x");
    }
    add_description(out, opt->help);
}

static void add_operands(struct sw_buf *out, const struct sw_command *command)
{
    if (sw_completion_operands_are_words(command)) {
        sw_buf_addf(out, "complete -c slipway -n '__slipway_in %s' -a '", command->name);
        sw_completion_add_choices(out, command->operands);
        sw_buf_add_cstr(out, "'\n");
    } else if (command->operands[0] != '\0') {
        sw_buf_addf(out, "complete -c slipway -n '__slipway_in %s' -F\n", command->name);
    }
}

static void add_words(struct sw_buf *out, const struct sw_command *command)
{
    struct sw_str word = sw_completion_word(command);
    struct sw_str family = sw_completion_family(command);
    struct sw_str outer;
    struct sw_str inner;
    if (sw_completion_leads_family(command) && sw_completion_split(family, &outer, &inner)) {
        sw_buf_addf(out, "complete -c slipway -n '__slipway_at %.*s' -a %.*s\n", SW_STR_ARG(outer),
                    SW_STR_ARG(inner));
    } else if (sw_completion_leads_family(command)) {
        sw_buf_addf(out, "complete -c slipway -n __slipway_at -a %.*s", SW_STR_ARG(family));
        if (word.len == 0) {
            add_description(out, command->summary);
        } else {
            sw_buf_add_char(out, '\n');
        }
    }
    if (word.len > 0) {
        sw_buf_addf(out, "complete -c slipway -n '__slipway_at %.*s' -a %.*s", SW_STR_ARG(family),
                    SW_STR_ARG(word));
        add_description(out, command->summary);
    }
}

void sw_completion_fish(struct sw_buf *out)
{
    struct item item = { .out = out };
    size_t at = 0;
    sw_buf_add_cstr(out, head);
    while ((item.command = sw_help_next_command(&at))) {
        add_words(out, item.command);
    }
    at = 0;
    while ((item.command = sw_help_next_command(&at))) {
        for (enum sw_help_group group = 0; group < SW_HELP_GROUP_COUNT; group++) {
            sw_help_each_option(item.command, group, add_option, &item);
        }
        add_operands(out, item.command);
    }
}
