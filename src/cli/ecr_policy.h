#ifndef SLIPWAY_CLI_ECR_POLICY_H
#define SLIPWAY_CLI_ECR_POLICY_H

/* What the commands that set a policy of a repository share. Their operands are NAME FILE. */

#include "registries.h"

struct sw_cli_policy {
    const struct sw_cli_aws *aws;
    const struct sw_cli_more_registries *more;
    enum sw_ecr_kind kind;
    enum sw_ecr_policy which;
    const char *what; /* the policy in sentences */
};
/* Reads FILE, sets it as the policy of NAME in each registry, and says so. */
SW_NODISCARD enum sw_status
sw_cli_set_policy(struct sw_cli *cli, const struct sw_cli_policy *policy, struct sw_err *err);

#endif
