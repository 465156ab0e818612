#include "commands.h"

#include <slipway/ecr.h>

struct tag_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *account;
    bool is_public;
};

static const struct sw_opt tag_opts[] = {
    SW_CLI_COMMON(struct tag_args, common),
    { .kind = SW_OPT_STR,
      .name = "account-id",
      .offset = offsetof(struct tag_args, account),
      .value = "ID",
      .help = "account of the repository; without it AWS is asked for the repository's ARN" },
    { .kind = SW_OPT_FLAG,
      .name = "public",
      .offset = offsetof(struct tag_args, is_public),
      .help = "the repository is in Amazon ECR Public" },
    SW_CLI_AWS(struct tag_args, aws),
    { .kind = SW_OPT_END },
};

static enum sw_status read_tags(const struct sw_strs *operands, struct sw_ecr_tags *tags,
                                struct sw_err *err)
{
    for (size_t i = 1; i < operands->count; i++) {
        if (sw_ecr_tags_add(tags, operands->items[i], err) != SW_OK) {
            return err->status;
        }
    }
    return SW_OK;
}

static enum sw_status run_tag(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct tag_args *args = args_;
    const enum sw_ecr_kind kind = args->is_public ? SW_ECR_PUBLIC : SW_ECR_PRIVATE;
    const char *name = cli->operands.items[0];
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_tags SW_CLEANUP(sw_ecr_tags_release) tags = { 0 };
    enum sw_status status = read_tags(&cli->operands, &tags, err);

    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    if (status == SW_OK) {
        status =
            sw_ecr_repository_tag(aws, kind, name, sw_cli_text_or_null(args->account), &tags, err);
    }
    if (status == SW_OK) {
        sw_say(cli->env, "set %zu %s of \"%s\"", tags.count,
               tags.count == 1 ? "resource tag" : "resource tags", name);
    }
    return status;
}

const struct sw_command sw_cmd_ecr_tag_repository = {
    .name = "ecr tag-repository",
    .summary = "set resource tags of a repository in Amazon ECR",
    .description =
        "Sets resource tags, which AWS uses for costs and rights; tags of other keys stay. TAG is "
        "KEY=VALUE, Key=K,Value=V, or AWS's JSON list. Tags of images are the matter of 'slipway "
        "image tag'.",
    .operands = "NAME TAG...",
    .operands_min = 2,
    .operands_max = SW_OPERANDS_ANY,
    .example = "slipway ecr tag-repository team/web team=web stage=production",
    .opts = tag_opts,
    .args_size = sizeof(struct tag_args),
    .run = run_tag,
};
