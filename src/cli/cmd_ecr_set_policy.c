#include "commands.h"
#include "ecr_policy.h"

struct policy_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_more_registries more;
    bool is_public;
};

static const struct sw_opt policy_opts[] = {
    SW_CLI_COMMON(struct policy_args, common),
    { .kind = SW_OPT_FLAG,
      .name = "public",
      .offset = offsetof(struct policy_args, is_public),
      .help = "the repository is in Amazon ECR Public" },
    SW_CLI_MORE_REGISTRIES(struct policy_args, more),
    SW_CLI_AWS(struct policy_args, aws),
    { .kind = SW_OPT_END },
};

static enum sw_status run_policy(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct policy_args *args = args_;
    const struct sw_cli_policy policy = { .aws = &args->aws,
                                          .more = &args->more,
                                          .kind = args->is_public ? SW_ECR_PUBLIC : SW_ECR_PRIVATE,
                                          .which = SW_ECR_ACCESS_POLICY,
                                          .what = "policy" };
    return sw_cli_set_policy(cli, &policy, err);
}

const struct sw_command sw_cmd_ecr_set_policy = {
    .name = "ecr set-policy",
    .summary = "set who may use a repository in Amazon ECR",
    .description =
        "Sets the repository policy, a JSON document that says which principals may pull and push, and "
        "replaces the one the repository has. FILE is \"-\" for standard input.",
    .operands = "NAME FILE",
    .operands_min = 2,
    .operands_max = 2,
    .example = "slipway ecr set-policy team/web policy.json",
    .opts = policy_opts,
    .args_size = sizeof(struct policy_args),
    .run = run_policy,
};
