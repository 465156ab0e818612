#ifndef SLIPWAY_CLI_HELP_H
#define SLIPWAY_CLI_HELP_H

/* Help texts, all written from the command and option tables. */

#include "cli.h"

/* "slipway --help": all commands with their summaries. */
void sw_help_overview(struct sw_buf *out);
/* "slipway ecs deploy --help": usage, description, options, example. */
void sw_help_command(const struct sw_command *command, struct sw_buf *out);

#endif
