#include "commands.h"
#include "ecs_facts.h"
#include "ecs_options.h"
#include "ecs_service_options.h"

struct check_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_changes changes;
    struct sw_cli_ecs_service settings;
    const char *cluster;
    const char *service;
    const char *output;
};

static const struct sw_opt check_opts[] = {
    SW_CLI_COMMON(struct check_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct check_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct check_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service; default: named like the family" },
    SW_CLI_ECS_SOURCE(struct check_args, source),
    SW_CLI_ECS_CHANGES(struct check_args, changes),
    SW_CLI_ECS_SERVICE(struct check_args, settings),
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct check_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct check_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct check_args *args = args_;
    args->output = "text";
    sw_cli_ecs_service_defaults(&args->settings);
}

static void print_result(struct sw_cli *cli, const struct check_args *args,
                         const struct sw_deployment *deployment, enum sw_status status)
{
    if (deployment->checks.count == 0) {
        return; /* they were not reached: the error says why */
    }
    if (strcmp(args->output, "json") == 0) {
        json_auto_t *facts =
            json_pack("{s:s, s:s*, s:s*, s:b, s:o}", "cluster", args->cluster, "service",
                      deployment->service, "base", deployment->base, "blocked",
                      status == SW_E_PREFLIGHT, "checks", sw_check_facts(&deployment->checks));
        sw_cli_out_json(cli, facts);
        return;
    }
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_check_print(&deployment->checks, true, &text);
    sw_cli_out(cli, "%s", text.ptr);
    (void)fflush(cli->out);
}

static enum sw_status check(struct sw_cli *cli, const struct check_args *args, struct sw_aws *aws,
                            const struct sw_changes *changes, struct sw_err *err)
{
    json_auto_t *settings = NULL;
    json_auto_t *creation = NULL;
    if (sw_cli_ecs_service_read(&args->settings, &settings, &creation, err) != SW_OK) {
        return err->status;
    }
    const struct sw_deploy_options options = {
        .cluster = args->cluster,
        .service = sw_cli_text_or_null(args->service),
        .family = sw_cli_text_or_null(args->source.family),
        .task_definition = sw_cli_text_or_null(args->source.task_definition),
        .file = sw_cli_text_or_null(args->source.file),
        .expand_file = args->source.expand_file,
        .changes = changes,
        .settings = settings,
        .creation = creation,
        .check = true,
        .check_only = true,
    };
    struct sw_deployment deployment;
    enum sw_status status = sw_service_deploy(aws, &options, &deployment, err);
    print_result(cli, args, &deployment, status);
    sw_deployment_release(&deployment);
    return status;
}

static enum sw_status run_check(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct check_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_changes changes;
    if (!sw_cli_text_or_null(args->cluster)) {
        return sw_cli_usage(err, "--cluster is empty");
    }
    if (!sw_cli_text_or_null(args->service) && !sw_cli_text_or_null(args->source.family) &&
        !sw_cli_text_or_null(args->source.task_definition) &&
        !sw_cli_text_or_null(args->source.file)) {
        return sw_cli_usage(err, "what to check is not known; give --family or --service");
    }
    enum sw_status status = sw_cli_ecs_changes_read(&args->changes, &changes, err);
    if (status != SW_OK) {
        return status;
    }
    status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = check(cli, args, aws, &changes, err);
    }
    sw_changes_release(&changes);
    return status;
}

const struct sw_command sw_cmd_ecs_check = {
    .name = "ecs check",
    .summary = "look for what would make a deployment fail",
    .description =
        "Takes the options of slipway ecs deploy, changes nothing, and says what would go wrong: "
        "one line per check, with the fix and its command below what needs one. A check is ok, "
        "warns, blocks (the deployment cannot succeed; exit 20), or is skipped when a right to look "
        "is missing, which it names. It looks at the service, the task definition, the cluster's "
        "instances, load balancers and their health checks, security groups, subnets, roles, "
        "images, secrets and log groups, in few calls for any number of instances.\n\n"
        "All rights it can use are to read: ecs:Describe*, ecs:List*, "
        "elasticloadbalancing:Describe*, ec2:Describe*, iam:GetRole, iam:SimulatePrincipalPolicy, "
        "logs:DescribeLogGroups, secretsmanager:DescribeSecret, ssm:DescribeParameters, "
        "cloudwatch:DescribeAlarms, application-autoscaling:DescribeScalableTargets, and the right "
        "to pull the images. Values of secrets are never read.",
    .json = "cluster, service, base, blocked, checks (check, level, text, cause, advice, command).",
    .operands = "",
    .example = "slipway ecs check --cluster prod --service web\n"
               "slipway ecs check --cluster prod --family web --image web=nginx:1.27 --output json",
    .opts = check_opts,
    .args_size = sizeof(struct check_args),
    .defaults = set_defaults,
    .run = run_check,
};
