#include "commands.h"
#include "ecs_codedeploy_options.h"
#include "ecs_rollout.h"

struct rollback_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *cluster;
    const char *service;
    const char *to;
    struct sw_cli_ecs_rollout rollout;
    struct sw_cli_ecs_codedeploy codedeploy;
};

static const struct sw_opt rollback_opts[] = {
    SW_CLI_COMMON(struct rollback_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct rollback_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct rollback_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "to",
      .offset = offsetof(struct rollback_args, to),
      .value = "REVISION",
      .help = "go back to this number, FAMILY:REVISION or ARN; default: the last good one" },
    SW_CLI_ECS_ROLLOUT(struct rollback_args, rollout),
    SW_CLI_ECS_CODEDEPLOY(struct rollback_args, codedeploy),
    SW_CLI_AWS(struct rollback_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct rollback_args *args = args_;
    sw_cli_ecs_rollout_defaults(&args->rollout);
}

static enum sw_status run_rollback(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct rollback_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_codedeploy_options codedeploy;
    struct sw_cli_ecs_run run = {
        .cli = cli, .options = &args->rollout, .cluster = args->cluster, .err = err
    };
    if (!sw_cli_text_or_null(args->cluster) || !sw_cli_text_or_null(args->service)) {
        return sw_cli_usage(err, "--cluster or --service is empty");
    }
    enum sw_status status = sw_cli_ecs_rollout_check(&args->rollout, err);
    if (status == SW_OK) {
        status = sw_cli_ecs_codedeploy_read(&args->codedeploy, &codedeploy, err);
    }
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    if (status == SW_OK) {
        run.aws = aws;
        status =
            sw_service_rollback(aws, args->cluster, args->service, sw_cli_text_or_null(args->to),
                                &codedeploy, &run.deployment, err);
        status = sw_cli_ecs_run_end(&run, status);
    }
    sw_cli_ecs_run_release(&run);
    return status;
}

const struct sw_command sw_cmd_ecs_rollback = {
    .name = "ecs rollback",
    .summary = "go back to the revision that a service ran well before",
    .description =
        "Updates the service to an earlier revision of its task definition, with one call, and "
        "says which one and why; with --wait, follows the rollout to its end. The result is the "
        "revision's ARN.\n\n"
        "Without --to it is the revision of the newest completed deployment that the service still "
        "has beside its present one. ECS keeps those only while their tasks run; when there is "
        "none, its history of service deployments tells which lower revision succeeded last, and "
        "without that it is the newest active revision of the family below the one that runs. Revisions "
        "that were deregistered cannot be gone back to, and going back to what runs already is an "
        "error (exit 1).\n\n"
        "What CodeDeploy deploys goes back by a deployment of its own, to a lower revision or to that "
        "of --to; one that is still in progress goes back with slipway ecs continue "
        "--rollback.\n\n" SW_CLI_ECS_ROLLOUT_HELP
        "\n\nIt needs ecs:DescribeServices and ecs:UpdateService; ecs:DescribeTaskDefinition to check the "
        "revision beforehand; ecs:ListServiceDeployments and ecs:DescribeServiceRevisions for the "
        "history, and ecs:ListTaskDefinitions for the last way. Services that CodeDeploy deploys need "
        "codedeploy:CreateDeployment and codedeploy:GetDeployment, and codedeploy:GetDeploymentGroup "
        "when CodeDeploy never deployed them before.",
    .json = "as that of ecs deploy.",
    .operands = "",
    .example = "slipway ecs rollback --cluster prod --service web --wait\n"
               "slipway ecs rollback --cluster prod --service web --to 12 --wait --timeout 10m",
    .opts = rollback_opts,
    .args_size = sizeof(struct rollback_args),
    .defaults = set_defaults,
    .run = run_rollback,
};
