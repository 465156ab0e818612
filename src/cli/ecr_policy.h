#ifndef SLIPWAY_CLI_ECR_POLICY_H
#define SLIPWAY_CLI_ECR_POLICY_H

/* What the commands that set a policy of a repository share. Their operands are NAME FILE. */

#include "cli.h"

#include <slipway/ecr.h>

/* Reads FILE, sets it as the policy of NAME, and says so; `what` is the policy in that sentence. */
SW_NODISCARD enum sw_status sw_cli_set_policy(struct sw_cli *cli, const struct sw_cli_aws *options,
                                              enum sw_ecr_kind kind, enum sw_ecr_policy which,
                                              const char *what, struct sw_err *err);

#endif
