#ifndef SLIPWAY_CLI_COMPLETION_H
#define SLIPWAY_CLI_COMPLETION_H

/*
 * What the completion scripts share. A command is one word, or its family's words and its own: of
 * "image index create" the family is "image index", which is in the family "image" itself.
 */

#include "help.h"

/* All words of a command's name but the last; the only one. */
struct sw_str sw_completion_family(const struct sw_command *command);
/* The last word; empty for a command of one word. */
struct sw_str sw_completion_word(const struct sw_command *command);
/* Whether a family is in another one, of one word, and under what word there. */
bool sw_completion_split(struct sw_str family, struct sw_str *ret_outer, struct sw_str *ret_word);
/* Whether the command is the first of its family in the table. */
bool sw_completion_leads_family(const struct sw_command *command);
/* Whether the operands are a choice of words: "bash|zsh|fish". */
bool sw_completion_operands_are_words(const struct sw_command *command);
/* `text` with each of the characters in `special` after a backslash. */
void sw_completion_add_escaped(struct sw_buf *out, const char *text, const char *special);
/* "text|json" as "text json". */
void sw_completion_add_choices(struct sw_buf *out, const char *choices);
/* Whether the flag is on by default, so that --no-NAME is what one would type. */
bool sw_completion_is_on(const struct sw_help_option *option);

#endif
