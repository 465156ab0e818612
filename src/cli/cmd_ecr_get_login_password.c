#include "commands.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>

struct password_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    bool is_public;
};

static const struct sw_opt password_opts[] = {
    SW_CLI_COMMON(struct password_args, common),
    { .kind = SW_OPT_FLAG,
      .name = "public",
      .offset = offsetof(struct password_args, is_public),
      .help = "for Amazon ECR Public" },
    SW_CLI_AWS(struct password_args, aws),
    { .kind = SW_OPT_END },
};

static enum sw_status run_password(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct password_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_host public_host;
    struct sw_ecr_token token = { 0 };
    bool is_public = args->is_public && sw_ecr_host_parse(SW_STR(SW_ECR_PUBLIC_HOST), &public_host);
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = sw_ecr_token_get(aws, is_public ? &public_host : NULL, &token, err);
    }
    if (status == SW_OK) {
        sw_cli_out(cli, "%s\n", token.password);
        sw_ecr_token_release(&token);
    }
    return status;
}

const struct sw_command sw_cmd_ecr_get_login_password = {
    .name = "ecr get-login-password",
    .summary = "print a password for an Amazon ECR registry",
    .description =
        "Prints the password of a login token for the region; the user name is AWS. It is good "
        "for 12 hours and carries the rights of the caller, so pipe it rather than keep it. "
        "'slipway ecr login' does the whole job without docker.",
    .operands = "",
    .example = "slipway ecr get-login-password --region us-east-1 |\n"
               "  docker login --username AWS --password-stdin "
               "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    .opts = password_opts,
    .args_size = sizeof(struct password_args),
    .run = run_password,
};
