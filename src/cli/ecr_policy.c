#include "ecr_policy.h"

#include <slipway/fs.h>

static enum sw_status set_in(void *ctx, struct sw_aws *aws, const char *account, struct sw_err *err)
{
    struct sw_ecr_policy_options *options = ctx;
    options->account = account;
    return sw_ecr_policy_set(aws, options, err);
}

enum sw_status sw_cli_set_policy(struct sw_cli *cli, const struct sw_cli_policy *policy,
                                 struct sw_err *err)
{
    const char *repository = cli->operands.items[0];
    const char *file = cli->operands.items[1];
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_ECR_POLICY_FILE_MAX);
    enum sw_status status = sw_fs_read_input(file, &text, err);
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, policy->aws, &aws, err);
    }
    if (status == SW_OK) {
        struct sw_ecr_policy_options options = {
            .repository = repository,
            .kind = policy->kind,
            .which = policy->which,
            .text = sw_buf_str(&text),
            .where = strcmp(file, "-") == 0 ? "standard input" : file,
        };
        const struct sw_cli_registry_job job = { set_in, &options };
        status = sw_cli_each_registry(policy->more, aws, &job, err);
    }
    if (status == SW_OK) {
        sw_say(cli->env, "set the %s of \"%s\"", policy->what, repository);
    }
    return status;
}
