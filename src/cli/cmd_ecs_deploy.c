#include "commands.h"
#include "ecs_codedeploy_options.h"
#include "ecs_facts.h"
#include "ecs_fleet.h"
#include "ecs_options.h"
#include "ecs_rollout.h"
#include "ecs_service_options.h"

struct deploy_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_ecs_source source;
    struct sw_cli_ecs_changes changes;
    const char *cluster;
    struct sw_strs services;
    const char *deploy_file;
    bool keep_going;
    bool one_by_one;
    bool force;
    bool allow_unchanged;
    bool verify_image;
    bool check;
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
      .help = "name or ARN of the cluster" },
    { .kind = SW_OPT_LIST,
      .name = "service",
      .offset = offsetof(struct deploy_args, services),
      .value = "SERVICE[,...]",
      .help = "name or ARN of the service; default: named like the family" },
    { .kind = SW_OPT_STR,
      .name = "deploy-file",
      .offset = offsetof(struct deploy_args, deploy_file),
      .value = "FILE",
      .help = "deploy the services that this YAML file lists" },
    { .kind = SW_OPT_FLAG,
      .name = "one-by-one",
      .offset = offsetof(struct deploy_args, one_by_one),
      .help = "with several services: one after the other, not side by side" },
    { .kind = SW_OPT_FLAG,
      .name = "keep-going",
      .offset = offsetof(struct deploy_args, keep_going),
      .help = "with several services: begin the next although one failed" },
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
    { .kind = SW_OPT_FLAG,
      .name = "check",
      .offset = offsetof(struct deploy_args, check),
      .help = "make all checks of slipway ecs check first; deploy only if none blocks" },
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

/* "web, api" names two; an empty text, as an unset parameter leaves it, none. */
static void split_services(struct deploy_args *args)
{
    struct sw_strs names = { .items = NULL };
    for (size_t i = 0; i < args->services.count; i++) {
        sw_strs_add_parts(&names, sw_str(args->services.items[i]), ',');
    }
    sw_strs_release(&args->services);
    args->services = names;
}

static const char *only_service(const struct deploy_args *args)
{
    return args->services.count > 0 ? args->services.items[0] : NULL;
}

static enum sw_status deploy(const struct deploy_args *args, const struct sw_changes *changes,
                             struct sw_cli_ecs_run *run)
{
    json_auto_t *settings = NULL;
    json_auto_t *creation = NULL;
    struct sw_codedeploy_options codedeploy;
    if (sw_cli_ecs_service_read(&args->settings, &settings, &creation, run->err) != SW_OK ||
        sw_cli_ecs_codedeploy_read(&args->codedeploy, &codedeploy, run->err) != SW_OK) {
        return run->err->status;
    }
    run->on_failure = sw_cli_ecs_on_failure(&args->outcome);
    codedeploy.auto_rollback = run->on_failure == SW_ON_FAILURE_ROLLBACK;
    const struct sw_deploy_options options = {
        .cluster = args->cluster,
        .service = only_service(args),
        .family = sw_cli_text_or_null(args->source.family),
        .task_definition = sw_cli_text_or_null(args->source.task_definition),
        .file = sw_cli_text_or_null(args->source.file),
        .expand_file = args->source.expand_file,
        .changes = changes,
        .force = args->force,
        .settings = settings,
        .creation = creation,
        .codedeploy = &codedeploy,
        .allow_unchanged = args->allow_unchanged,
        .verify = args->verify_image ? sw_deploy_verify_images : NULL,
        .verify_ctx = run->aws,
        .check = args->check,
    };
    run->until_running = args->settings.desired_count >= 0;
    run->until_drained = strcmp(args->outcome.wait_for, "drained") == 0;
    enum sw_status status = sw_service_deploy(run->aws, &options, &run->deployment, run->err);
    sw_cli_ecs_say_checks(run->cli, &run->deployment.checks);
    return status;
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

/* Changes and settings that would be lost, since the file's services have their own. */
static enum sw_status check_nothing_lost(const struct deploy_args *args, struct sw_err *err)
{
    struct sw_changes changes;
    json_auto_t *settings = NULL;
    json_auto_t *creation = NULL;
    enum sw_status status = sw_cli_ecs_service_read(&args->settings, &settings, &creation, err);
    if (status == SW_OK) {
        status = sw_cli_ecs_changes_read(&args->changes, &changes, err);
    }
    if (status != SW_OK) {
        return status;
    }
    bool lost = changes.count > 0 || changes.pin || json_object_size(settings) > 0 || creation;
    sw_changes_release(&changes);
    return lost ? sw_cli_usage(err, "--deploy-file says what is changed: put changes and settings "
                                    "under its key defaults")
                : SW_OK;
}

static bool is_chosen(const struct sw_cli_ecs_codedeploy *options)
{
    struct sw_codedeploy_options chosen;
    struct sw_err half = SW_ERR_INIT;
    return sw_cli_ecs_codedeploy_read(options, &chosen, &half) != SW_OK ||
           sw_codedeploy_chosen(&chosen);
}

/* What one command line can say of several services. */
static enum sw_status check_fleet(const struct deploy_args *args, struct sw_err *err)
{
    bool source = sw_cli_text_or_null(args->source.family) || args->source.file ||
                  args->source.task_definition;
    if (is_chosen(&args->codedeploy)) {
        return sw_cli_usage(err, "the options of CodeDeploy are for one service: leave them out to "
                                 "have each deployed by the application and group of its last "
                                 "deployment, or put them into its entry of a --deploy-file");
    }
    if (args->deploy_file && (args->services.count > 0 || source)) {
        return sw_cli_usage(err, "--deploy-file says what is deployed: leave out --service, "
                                 "--family, --task-definition and --file");
    }
    if (!args->rollout.wait && sw_cli_ecs_on_failure(&args->outcome) != SW_ON_FAILURE_NOTHING) {
        return sw_cli_usage(err, "--on-failure needs --wait: only what is followed can fail");
    }
    if (args->deploy_file && check_nothing_lost(args, err) != SW_OK) {
        return err->status;
    }
    return sw_cli_ecs_rollout_check(&args->rollout, err);
}

/* The same changes for each of the services that options name. */
static enum sw_status add_services(const struct deploy_args *args, struct sw_cli_ecs_fleet *fleet,
                                   struct sw_err *err)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < args->services.count; i++) {
        const struct sw_cli_ecs_entry entry = {
            .cluster = args->cluster,
            .service = args->services.items[i],
            .source = args->source,
            .changes = args->changes,
            .settings = args->settings,
            .force = args->force,
            .allow_unchanged = args->allow_unchanged,
        };
        status = sw_cli_ecs_fleet_add(fleet, &entry, err);
    }
    return status;
}

static enum sw_status run_fleet(struct sw_cli *cli, const struct deploy_args *args,
                                struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_yaml_pool *pool SW_CLEANUP(sw_yaml_pool_cleanup) = sw_yaml_pool_new();
    struct sw_strs owned = { .items = NULL };
    struct sw_cli_ecs_fleet *fleet SW_CLEANUP(sw_cli_ecs_fleet_cleanup) = sw_cli_ecs_fleet_new();
    const struct sw_cli_ecs_entry base = {
        .cluster = args->cluster,
        .force = args->force,
        .allow_unchanged = args->allow_unchanged,
    };
    const struct sw_cli_ecs_fleet_options options = {
        .cli = cli,
        .rollout = &args->rollout,
        .outcome = &args->outcome,
        .verify_image = args->verify_image,
        .check = args->check,
        .keep_going = args->keep_going,
        .one_by_one = args->one_by_one,
    };
    enum sw_status status = check_fleet(args, err);
    if (status == SW_OK) {
        status = args->deploy_file
                     ? sw_cli_ecs_deploy_file(cli, args->deploy_file, args->common.expand, &base,
                                              pool, &owned, fleet, err)
                     : add_services(args, fleet, err);
    }
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    if (status == SW_OK) {
        status = sw_cli_ecs_fleet_run(fleet, aws, &options, err);
    }
    sw_strs_release(&owned);
    return status;
}

static enum sw_status run_deploy(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    struct deploy_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_cli_ecs_run run = {
        .cli = cli, .options = &args->rollout, .cluster = args->cluster, .err = err
    };
    split_services(args);
    if (args->deploy_file || args->services.count > 1) {
        return run_fleet(cli, args, err);
    }
    if (!sw_cli_text_or_null(args->cluster)) {
        return sw_cli_usage(
            err, args->cluster
                     ? "--cluster is empty"
                     : "option \"--cluster CLUSTER\" is required: name or ARN of the cluster");
    }
    if (!only_service(args) && !sw_cli_text_or_null(args->source.family) &&
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
        "With several services, or a deploy file, all are planned and checked before anything is "
        "registered, equal definitions are registered once, and the rollouts are followed side by "
        "side; when one fails, those beside it are followed to their ends and the next do not "
        "begin. The exit code is that of the first that failed. A deploy file is YAML: services, a "
        "list of mappings whose keys are the names of the options below (service, family, image, "
        "env, desired-count, ...) and wave, a number: lower waves are done before higher ones "
        "begin; and defaults, a mapping of what holds for all. NAME=VALUE may be written as a "
        "mapping. With --expand, ${VAR} in its texts is expanded.\n\n"
        "A service whose deployment controller is CODE_DEPLOY is deployed by the application and "
        "deployment group of its last deployment, by those that the console names after cluster "
        "and service, or by --codedeploy-application and --codedeploy-group: its AppSpec is made, "
        "or read from --codedeploy-appspec, and CodeDeploy is followed instead of ECS: for as "
        "long as the group waits by itself and ten minutes more, unless --timeout is given. It may "
        "stand beside others; with several services the options of CodeDeploy are keys of a deploy "
        "file.\n\n" SW_CLI_ECS_ROLLOUT_HELP
        " Nothing is rolled back by slipway unless --on-failure says so, or with slipway ecs "
        "rollback.\n\n" SW_CLI_ECS_UPDATES_HELP,
    .json = "cluster, service, family, previousTaskDefinition, taskDefinition, registered and "
            "updated (whether it was), created, startedAt, endedAt, deploymentId, "
            "serviceDeploymentArn or codeDeployDeploymentId, images (container, image, "
            "previousImage, digest), checks (as ecs check), rollout, status, exitCode, "
            "message. With --wait, rollout has verdict, reason, desired, running, pending, "
            "failedTasks, createdAt, waitedSeconds, runs (what runs after a failure), "
            "onFailure, causes and events. Several services: services (a list of the same, "
            "with state and wave), status, exitCode, message.",
    .operands = "",
    .example =
        "slipway ecs deploy --cluster prod --family web --image web=nginx:1.27 --wait\n"
        "slipway ecs deploy --cluster prod --service web --tag-image web=v2 --wait\n"
        "slipway ecs deploy --cluster prod --service web --image "
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:... --wait\n"
        "slipway ecs deploy --cluster prod --family web --create --launch-type FARGATE "
        "--subnets subnet-1,subnet-2 --load-balancer web:80=arn:aws:...\n"
        "slipway ecs deploy --cluster prod --family web --env-updates "
        "'container=web,name=HOSTS,value=\"a,b\"'\n"
        "slipway ecs deploy --cluster prod --service web --service worker --tag-image app=v2 "
        "--wait\n"
        "slipway ecs deploy --cluster prod --deploy-file deploy.yml --expand --wait\n"
        "slipway ecs deploy --cluster prod --service web --image web=nginx:1.27 "
        "--codedeploy-application shop --codedeploy-group web --wait --on-failure rollback",
    .opts = deploy_opts,
    .args_size = sizeof(struct deploy_args),
    .defaults = set_defaults,
    .run = run_deploy,
};
