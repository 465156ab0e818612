#include "ecr_policy.h"

#include <slipway/fs.h>

enum sw_status sw_cli_set_policy(struct sw_cli *cli, const struct sw_cli_aws *options,
                                 enum sw_ecr_kind kind, enum sw_ecr_policy which, const char *what,
                                 struct sw_err *err)
{
    const char *repository = cli->operands.items[0];
    const char *file = cli->operands.items[1];
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_ECR_POLICY_FILE_MAX);
    enum sw_status status = sw_fs_read_input(file, &text, err);
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, options, &aws, err);
    }
    if (status == SW_OK) {
        status = sw_ecr_policy_set(aws, kind, repository, which, sw_buf_str(&text),
                                   strcmp(file, "-") == 0 ? "standard input" : file, err);
    }
    if (status == SW_OK) {
        sw_say(cli->env, "set the %s of \"%s\"", what, repository);
    }
    return status;
}
