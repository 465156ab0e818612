#include "completion.h"

struct sw_str sw_completion_family(const struct sw_command *command)
{
    struct sw_str name = sw_str(command->name);
    ptrdiff_t blank = sw_str_rfind(name, ' ');
    return blank < 0 ? name : sw_str_first(name, (size_t)blank);
}

struct sw_str sw_completion_word(const struct sw_command *command)
{
    struct sw_str name = sw_str(command->name);
    ptrdiff_t blank = sw_str_rfind(name, ' ');
    return blank < 0 ? SW_STR("") : sw_str_from(name, (size_t)blank + 1);
}

bool sw_completion_split(struct sw_str family, struct sw_str *ret_outer, struct sw_str *ret_word)
{
    *ret_word = family;
    *ret_outer = sw_str_cut(ret_word, ' ');
    return ret_word->ptr != NULL;
}

bool sw_completion_leads_family(const struct sw_command *command)
{
    const struct sw_command *other = NULL;
    size_t at = 0;
    while ((other = sw_help_next_command(&at)) && other != command) {
        if (sw_str_eq(sw_completion_family(other), sw_completion_family(command))) {
            return false;
        }
    }
    return true;
}

bool sw_completion_operands_are_words(const struct sw_command *command)
{
    bool has_bar = false;
    for (const char *c = command->operands; *c != '\0'; c++) {
        if (*c != '|' && (*c < 'a' || *c > 'z')) {
            return false;
        }
        has_bar = has_bar || *c == '|';
    }
    return has_bar;
}

void sw_completion_add_escaped(struct sw_buf *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text)) {
            sw_buf_add_char(out, '\\');
        }
        sw_buf_add_char(out, *text);
    }
}

void sw_completion_add_choices(struct sw_buf *out, const char *choices)
{
    for (struct sw_str rest = sw_str(choices); rest.ptr;) {
        sw_buf_add_str(out, sw_str_cut(&rest, '|'));
        if (rest.ptr) {
            sw_buf_add_char(out, ' ');
        }
    }
}

bool sw_completion_is_on(const struct sw_help_option *option)
{
    return strcmp(option->name, option->opt->name) != 0;
}
