#include "completion.h"

/*
 * The script works without the bash-completion package: it reads COMP_WORDS itself. "=" breaks
 * words there, so "--name=value" arrives as three.
 */
static const char head[] = "# bash completion for slipway\n"
                           "\n"
                           "_slipway_reply() {\n"
                           "    mapfile -t COMPREPLY < <(compgen \"$@\")\n"
                           "}\n"
                           "\n"
                           "# The words of a family, and the words that start a command.\n"
                           "_slipway_words() {\n"
                           "    case $1 in\n";

static const char middle[] =
    "    esac\n"
    "}\n"
    "\n"
    "_slipway() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=1 command\n"
    "    COMPREPLY=()\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=''\n"
    "    elif [[ $prev == '=' ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    [[ ${COMP_WORDS[1]} == help && $COMP_CWORD -gt 1 && $cur != -* ]] && at=2\n"
    "    if [[ $COMP_CWORD -eq $at ]]; then\n"
    "        _slipway_reply -W \"$(_slipway_words '') --help --version\" -- \"$cur\"\n"
    "        return\n"
    "    fi\n"
    "    if [[ $COMP_CWORD -eq $((at + 1)) && -n $(_slipway_words \"${COMP_WORDS[at]}\") ]]; then\n"
    "        _slipway_reply -W \"$(_slipway_words \"${COMP_WORDS[at]}\")\" -- \"$cur\"\n"
    "        return\n"
    "    fi\n"
    "    if [[ $COMP_CWORD -eq $((at + 2)) && -n $(_slipway_words \"${COMP_WORDS[*]:at:2}\") ]]; then\n"
    "        _slipway_reply -W \"$(_slipway_words \"${COMP_WORDS[*]:at:2}\")\" -- \"$cur\"\n"
    "        return\n"
    "    fi\n"
    "    command=${COMP_WORDS[1]}\n"
    "    [[ -z $(_slipway_words \"$command\") ]] || command+=\" ${COMP_WORDS[2]}\"\n"
    "    [[ $command != *' '* || -z $(_slipway_words \"$command\") ]] || command+=\" ${COMP_WORDS[3]}\"\n"
    "    case \"$command $prev\" in\n";

static const char after_values[] = "    esac\n"
                                   "    case $command in\n";

static const char tail[] = "    esac\n"
                           "}\n"
                           "\n"
                           "complete -o bashdefault -o default -F _slipway slipway\n";

/* The words that may follow a family's own: of its commands, and of families in it. */
static void add_members(struct sw_buf *out, struct sw_str family)
{
    const struct sw_command *member = NULL;
    size_t at = 0;
    while ((member = sw_help_next_command(&at))) {
        struct sw_str outer;
        struct sw_str word;
        if (sw_completion_word(member).len > 0 && sw_str_eq(sw_completion_family(member), family)) {
            sw_buf_addf(out, "%.*s ", SW_STR_ARG(sw_completion_word(member)));
        } else if (sw_completion_leads_family(member) &&
                   sw_completion_split(sw_completion_family(member), &outer, &word) &&
                   sw_str_eq(outer, family)) {
            sw_buf_addf(out, "%.*s ", SW_STR_ARG(word));
        }
    }
}

static void add_words(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    struct sw_str outer;
    struct sw_str word;
    size_t at = 0;
    sw_buf_add_cstr(out, "    '') echo '");
    while ((command = sw_help_next_command(&at))) {
        if (sw_completion_leads_family(command) &&
            !sw_completion_split(sw_completion_family(command), &outer, &word)) {
            sw_buf_addf(out, "%.*s ", SW_STR_ARG(sw_completion_family(command)));
        }
    }
    sw_buf_add_cstr(out, "' ;;\n");
    at = 0;
    while ((command = sw_help_next_command(&at))) {
        if (sw_completion_leads_family(command) && sw_completion_word(command).len > 0) {
            sw_buf_addf(out, "    '%.*s') echo '", SW_STR_ARG(sw_completion_family(command)));
            add_members(out, sw_completion_family(command));
            sw_buf_add_cstr(out, "' ;;\n");
        }
    }
}

/* One command's output while its options are walked. */
struct item {
    struct sw_buf *out;
    const struct sw_command *command;
};

static void add_value_case(void *ctx, const struct sw_help_option *option)
{
    const struct item *item = ctx;
    const struct sw_opt *opt = option->opt;
    if (opt->kind != SW_OPT_ENUM && !sw_help_takes_folder(opt)) {
        return;
    }
    sw_buf_addf(item->out, "    '%s --%s'", item->command->name, opt->name);
    if (opt->letter) {
        sw_buf_addf(item->out, " | '%s -%c'", item->command->name, opt->letter);
    }
    if (opt->kind == SW_OPT_ENUM) {
        sw_buf_add_cstr(item->out, ") _slipway_reply -W '");
        sw_completion_add_choices(item->out, opt->choices);
        sw_buf_add_cstr(item->out, "' -- \"$cur\"; return ;;\n");
    } else {
        sw_buf_add_cstr(item->out, ") _slipway_reply -d -- \"$cur\"; return ;;\n");
    }
}

static void add_option_word(void *ctx, const struct sw_help_option *option)
{
    struct sw_buf *out = ctx;
    sw_buf_addf(out, "--%s ", option->opt->name);
    if (sw_completion_is_on(option)) {
        sw_buf_addf(out, "--no-%s ", option->opt->name);
    }
}

static void add_command(struct sw_buf *out, const struct sw_command *command)
{
    sw_buf_addf(out,
                "    '%s')\n        if [[ $cur == -* ]]; then\n"
                "            _slipway_reply -W '",
                command->name);
    for (enum sw_help_group group = 0; group < SW_HELP_GROUP_COUNT; group++) {
        sw_help_each_option(command, group, add_option_word, out);
    }
    sw_buf_add_cstr(out, "' -- \"$cur\"\n");
    if (sw_completion_operands_are_words(command)) {
        sw_buf_add_cstr(out, "        else\n            _slipway_reply -W '");
        sw_completion_add_choices(out, command->operands);
        sw_buf_add_cstr(out, "' -- \"$cur\"\n");
    }
    sw_buf_add_cstr(out, "        fi\n        ;;\n");
}

void sw_completion_bash(struct sw_buf *out)
{
    struct item item = { .out = out };
    size_t at = 0;
    sw_buf_add_cstr(out, head);
    add_words(out);
    sw_buf_add_cstr(out, middle);
    while ((item.command = sw_help_next_command(&at))) {
        for (enum sw_help_group group = 0; group < SW_HELP_GROUP_COUNT; group++) {
            sw_help_each_option(item.command, group, add_value_case, &item);
        }
    }
    sw_buf_add_cstr(out, after_values);
    at = 0;
    while ((item.command = sw_help_next_command(&at))) {
        add_command(out, item.command);
    }
    sw_buf_add_cstr(out, tail);
}
