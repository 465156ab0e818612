#ifndef SLIPWAY_CLI_ECS_SUMMARY_H
#define SLIPWAY_CLI_ECS_SUMMARY_H

/* The facts of a deployment, or of several, as Markdown that can be read or posted. */

#include "cli.h"

/*
 * Appends the summary of what sw_cli_ecs_facts() made, or of an object whose "services" is a list
 * of such facts. Texts that come from outside are shown as they are and never act as Markdown or
 * HTML; known secrets are masked.
 */
void sw_cli_ecs_summary(const json_t *facts, struct sw_buf *out);

/* Writes it to a file that only its owner may read. */
SW_NODISCARD enum sw_status sw_cli_ecs_write_summary(const char *path, const json_t *facts,
                                                     struct sw_err *err);

#endif
