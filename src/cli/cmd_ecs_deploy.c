#include "commands.h"
#include "ecs_codedeploy_options.h"
#include "ecs_options.h"
#include "ecs_rollout.h"
#include "ecs_service_options.h"

struct deploy_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_changes changes;
    const char *cluster;
    const char *service;
    bool force;
    bool allow_unchanged;
    bool verify_image;
    struct sw_cli_ecs_service settings;
    struct sw_cli_ecs_rollout rollout;
    struct sw_cli_ecs_outcome outcome;
    struct sw_cli_ecs_codedeploy codedeploy;
};

static const struct sw_opt deploy_opts[] = {
    SW_CLI_COMMON(struct deploy_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct deploy_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct deploy_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service; default: named like the family" },
    SW_CLI_ECS_SOURCE(struct deploy_args, source),
    SW_CLI_ECS_CHANGES(struct deploy_args, changes),
    { .kind = SW_OPT_FLAG,
      .name = "force",
      .offset = offsetof(struct deploy_args, force),
      .help = "start a new deployment even when nothing changed" },
    { .kind = SW_OPT_FLAG,
      .name = "allow-unchanged",
      .offset = offsetof(struct deploy_args, allow_unchanged),
      .help = "nothing to deploy is success" },
    { .kind = SW_OPT_FLAG,
      .name = "verify-image",
      .offset = offsetof(struct deploy_args, verify_image),
      .help = "check that the new images exist before anything is registered" },
    SW_CLI_ECS_SERVICE(struct deploy_args, settings),
    SW_CLI_ECS_ROLLOUT(struct deploy_args, rollout),
    SW_CLI_ECS_OUTCOME(struct deploy_args, outcome),
    SW_CLI_ECS_CODEDEPLOY(struct deploy_args, codedeploy),
    SW_CLI_AWS(struct deploy_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct deploy_args *args = args_;
    sw_cli_ecs_service_defaults(&args->settings);
    sw_cli_ecs_rollout_defaults(&args->rollout);
    sw_cli_ecs_outcome_defaults(&args->outcome);
}

static enum sw_status deploy(const struct deploy_args *args, const struct sw_changes *changes,
                             struct sw_cli_ecs_run *run)
{
    json_auto_t *settings = NULL;
    json_auto_t *creation = NULL;
    struct sw_codedeploy_options codedeploy;
    bool by_codedeploy = false;
    if (sw_cli_ecs_service_read(&args->settings, &settings, &creation, run->err) != SW_OK ||
        sw_cli_ecs_codedeploy_read(&args->codedeploy, &codedeploy, &by_codedeploy, run->err) !=
            SW_OK) {
        return run->err->status;
    }
    run->on_failure = sw_cli_ecs_on_failure(&args->outcome);
    codedeploy.auto_rollback = run->on_failure == SW_ON_FAILURE_ROLLBACK;
    const struct sw_deploy_options options = {
        .cluster = args->cluster,
        .service = sw_cli_text_or_null(args->service),
        .family = sw_cli_text_or_null(args->source.family),
        .task_definition = sw_cli_text_or_null(args->source.task_definition),
        .file = sw_cli_text_or_null(args->source.file),
        .expand_file = args->source.expand_file,
        .changes = changes,
        .force = args->force,
        .settings = settings,
        .creation = creation,
        .codedeploy = by_codedeploy ? &codedeploy : NULL,
        .allow_unchanged = args->allow_unchanged,
        .verify = args->verify_image ? sw_deploy_verify_images : NULL,
        .verify_ctx = run->aws,
    };
    run->until_running = args->settings.desired_count >= 0;
    run->until_drained = strcmp(args->outcome.wait_for, "drained") == 0;
    return sw_service_deploy(run->aws, &options, &run->deployment, run->err);
}

static enum sw_status run_all(const struct deploy_args *args, struct sw_cli_ecs_run *run)
{
    struct sw_changes changes;
    enum sw_status status = sw_cli_ecs_changes_read(&args->changes, &changes, run->err);
    if (status != SW_OK) {
        return status;
    }
    status = deploy(args, &changes, run);
    sw_changes_release(&changes);
    return sw_cli_ecs_run_end(run, status);
}

static enum sw_status run_deploy(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct deploy_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_cli_ecs_run run = {
        .cli = cli, .options = &args->rollout, .cluster = args->cluster, .err = err
    };
    if (!sw_cli_text_or_null(args->cluster)) {
        return sw_cli_usage(err, "--cluster is empty");
    }
    if (!sw_cli_text_or_null(args->service) && !sw_cli_text_or_null(args->source.family) &&
        !sw_cli_text_or_null(args->source.task_definition) &&
        !sw_cli_text_or_null(args->source.file)) {
        return sw_cli_usage(err, "what to deploy is not known; give --family or --service");
    }
    if (!args->rollout.wait && sw_cli_ecs_on_failure(&args->outcome) != SW_ON_FAILURE_NOTHING) {
        return sw_cli_usage(err, "--on-failure needs --wait: only what is followed can fail");
    }
    enum sw_status status = sw_cli_ecs_rollout_check(&args->rollout, err);
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    if (status == SW_OK) {
        run.aws = aws;
        status = run_all(args, &run);
    }
    sw_cli_ecs_run_release(&run);
    return status;
}

const struct sw_command sw_cmd_ecs_deploy = {
    .name = "ecs deploy",
    .summary = "deploy a changed task definition to a service",
    .description =
        "Reads the task definition, applies the changes, registers a new revision and updates the "
        "service to it; with --wait, follows the rollout to its end. Everything is checked before "
        "anything is registered. The result is the revision's ARN.\n\n"
        "The starting point is the newest active revision of the family. Without --family, "
        "--task-definition and --file it is what the service runs. When the changes give what is "
        "registered already, no new revision is made; when the service already runs it, there is "
        "nothing to deploy, which is an error (exit 1) unless --allow-unchanged or --force is "
        "given.\n\n"
        "Options that change the service itself go into the same call; what they do not name stays "
        "as it is. Structures take their own form, AWS's shorthand (key=value,key=value) and JSON. A "
        "service that does not exist is an error unless --create is given.\n\n"
        "A service whose deployment controller is CODE_DEPLOY is deployed with "
        "--codedeploy-application: its AppSpec is made, or read from --codedeploy-appspec, and "
        "CodeDeploy is followed instead of ECS, unless --timeout is given for as long as the group "
        "waits by itself and ten minutes more.\n\n" SW_CLI_ECS_ROLLOUT_HELP
        " Nothing is rolled back by slipway unless --on-failure says so, or with slipway ecs "
        "rollback.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .operands = "",
    .example = "slipway ecs deploy --cluster prod --family web --image web=nginx:1.27 --wait\n"
               "slipway ecs deploy --cluster prod --service web --tag-image web=v2 --wait\n"
               "slipway ecs deploy --cluster prod --family web --create --launch-type FARGATE "
               "--subnets subnet-1,subnet-2 --load-balancer web:80=arn:aws:...\n"
               "slipway ecs deploy --cluster prod --family web --env-updates "
               "'container=web,name=HOSTS,value=\"a,b\"'\n"
               "slipway ecs deploy --cluster prod --service web --image web=nginx:1.27 "
               "--codedeploy-application shop --codedeploy-group web --wait --on-failure rollback",
    .opts = deploy_opts,
    .args_size = sizeof(struct deploy_args),
    .defaults = set_defaults,
    .run = run_deploy,
};
