#include "completion.h"

/* Text inside a single-quoted zsh word. */
static void add_quoted(struct sw_buf *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            sw_buf_add_cstr(out, "'\\''");
        } else {
            if (strchr(special, *text)) {
                sw_buf_add_char(out, '\\');
            }
            sw_buf_add_char(out, *text);
        }
    }
}

/* What may follow an option, in the words of _arguments. */
static void add_value(struct sw_buf *out, const struct sw_opt *opt)
{
    if (sw_opt_is_flag(opt)) {
        return;
    }
    sw_buf_add_char(out, ':');
    add_quoted(out, opt->value ? opt->value : opt->name, ":\\");
    sw_buf_add_char(out, ':');
    if (opt->kind == SW_OPT_ENUM) {
        sw_buf_add_char(out, '(');
        sw_completion_add_choices(out, opt->choices);
        sw_buf_add_char(out, ')');
    } else if (sw_help_takes_file(opt)) {
        sw_buf_add_cstr(out, "_files");
    } else if (sw_help_takes_folder(opt)) {
        sw_buf_add_cstr(out, "_files -/");
    }
}

static void add_spec(struct sw_buf *out, const struct sw_opt *opt, const char *dashes,
                     const char *name, const char *help)
{
    const char *joins = sw_opt_is_flag(opt) ? "" : dashes[1] != '\0' ? "=" : "+";
    sw_buf_addf(out, "            '%s%s%s%s[", opt->kind == SW_OPT_LIST ? "*" : "", dashes, name,
                joins);
    add_quoted(out, help, "[]:\\");
    sw_buf_add_char(out, ']');
    add_value(out, opt);
    sw_buf_add_cstr(out, "' \\\n");
}

static void add_option(void *ctx, const struct sw_help_option *option)
{
    struct sw_buf *out = ctx;
    const struct sw_opt *opt = option->opt;
    add_spec(out, opt, "--", opt->name, opt->help);
    if (sw_completion_is_on(option)) {
        char off[64];
        (void)snprintf(off, sizeof(off), "no-%s", opt->name);
        add_spec(out, opt, "--", off, opt->help);
    }
    if (opt->letter) {
        const char letter[] = { opt->letter, '\0' };
        add_spec(out, opt, "-", letter, opt->help);
    }
}

static void add_arguments(struct sw_buf *out, const struct sw_command *command)
{
    sw_buf_add_cstr(out, "        _arguments \\\n");
    for (enum sw_help_group group = 0; group < SW_HELP_GROUP_COUNT; group++) {
        sw_help_each_option(command, group, add_option, out);
    }
    sw_buf_add_cstr(out, "            '*:operand:");
    if (sw_completion_operands_are_words(command)) {
        sw_buf_add_char(out, '(');
        sw_completion_add_choices(out, command->operands);
        sw_buf_add_char(out, ')');
    } else {
        sw_buf_add_cstr(out, "_files");
    }
    sw_buf_add_cstr(out, "'\n");
}

/* 'word:summary' for _describe. */
static void add_description(struct sw_buf *out, struct sw_str word, const char *summary)
{
    sw_buf_addf(out, "        '%.*s", SW_STR_ARG(word));
    if (summary) {
        sw_buf_add_char(out, ':');
        add_quoted(out, summary, ":\\");
    }
    sw_buf_add_cstr(out, "'\n");
}

/* Whether the command's family is in another one. */
static bool is_inner(const struct sw_command *command)
{
    struct sw_str outer;
    struct sw_str word;
    return sw_completion_split(sw_completion_family(command), &outer, &word);
}

static void add_first_words(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    sw_buf_add_cstr(out, "_slipway_first() {\n    local -a words_=(\n");
    while ((command = sw_help_next_command(&at))) {
        if (sw_completion_leads_family(command) && !is_inner(command)) {
            bool alone = sw_completion_word(command).len == 0;
            add_description(out, sw_completion_family(command), alone ? command->summary : NULL);
        }
    }
    sw_buf_add_cstr(out, "    )\n    _describe command words_\n}\n\n");
}

/* The name of the function that describes a family's words. */
static void add_function(struct sw_buf *out, struct sw_str family)
{
    sw_buf_add_cstr(out, "_slipway");
    while (family.ptr) {
        struct sw_str word = sw_str_cut(&family, ' ');
        sw_buf_addf(out, "_%.*s", SW_STR_ARG(word));
    }
}

static void add_family(struct sw_buf *out, struct sw_str family)
{
    const struct sw_command *member = NULL;
    size_t at = 0;
    add_function(out, family);
    sw_buf_add_cstr(out, "() {\n    local -a words_=(\n");
    while ((member = sw_help_next_command(&at))) {
        struct sw_str outer;
        struct sw_str word;
        if (sw_str_eq(sw_completion_family(member), family)) {
            add_description(out, sw_completion_word(member), member->summary);
        } else if (sw_completion_leads_family(member) &&
                   sw_completion_split(sw_completion_family(member), &outer, &word) &&
                   sw_str_eq(outer, family)) {
            add_description(out, word, NULL);
        }
    }
    sw_buf_add_cstr(out, "    )\n    _describe command words_\n}\n\n");
}

static void add_families(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    while ((command = sw_help_next_command(&at))) {
        if (sw_completion_leads_family(command) && sw_completion_word(command).len > 0) {
            add_family(out, sw_completion_family(command));
        }
    }
}

/* Takes the next word of the command's name: of families in no other one, or of `inner` ones. */
static void add_dispatch(struct sw_buf *out, bool inner)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    sw_buf_add_cstr(out, "    case $command in\n");
    while ((command = sw_help_next_command(&at))) {
        if (sw_completion_leads_family(command) && sw_completion_word(command).len > 0 &&
            is_inner(command) == inner) {
            struct sw_str family = sw_completion_family(command);
            sw_buf_addf(out, "    '%.*s')\n        if ((CURRENT == 3)); then\n            ",
                        SW_STR_ARG(family));
            add_function(out, family);
            sw_buf_add_cstr(out, "\n            return\n        fi\n"
                                 "        command+=\" $words[3]\"\n        shift words\n"
                                 "        ((CURRENT--))\n        ;;\n");
        }
    }
    sw_buf_add_cstr(out, "    esac\n");
}

void sw_completion_zsh(struct sw_buf *out)
{
    const struct sw_command *command = NULL;
    size_t at = 0;
    sw_buf_add_cstr(out, "#compdef slipway\n\n");
    add_first_words(out);
    add_families(out);
    sw_buf_add_cstr(out, "_slipway() {\n    local command=$words[2]\n"
                         "    if ((CURRENT == 2)); then\n        _slipway_first\n        return\n"
                         "    fi\n");
    add_dispatch(out, /* inner= */ false);
    add_dispatch(out, /* inner= */ true);
    sw_buf_add_cstr(out, "    shift words\n    ((CURRENT--))\n    case $command in\n");
    while ((command = sw_help_next_command(&at))) {
        sw_buf_addf(out, "    '%s')\n", command->name);
        add_arguments(out, command);
        sw_buf_add_cstr(out, "        ;;\n");
    }
    sw_buf_add_cstr(out,
                    "    esac\n}\n\n"
                    "# Autoloaded, this file is the function's body; sourced, it registers it.\n"
                    "if [[ $funcstack[1] == _slipway ]]; then\n    _slipway \"$@\"\n"
                    "else\n    compdef _slipway slipway\nfi\n");
}
