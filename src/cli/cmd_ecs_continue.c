#include "commands.h"

#include <slipway/progress.h>
#include <slipway/rollout.h>

struct continue_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *cluster;
    const char *service;
    const char *hook;
    bool rollback;
    const char *output;
};

static const struct sw_opt continue_opts[] = {
    SW_CLI_COMMON(struct continue_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct continue_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct continue_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "hook",
      .offset = offsetof(struct continue_args, hook),
      .value = "ID",
      .help = "answer this hook; default: all that wait" },
    { .kind = SW_OPT_FLAG,
      .name = "rollback",
      .offset = offsetof(struct continue_args, rollback),
      .help = "go back to what the service ran before, instead of on" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct continue_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct continue_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct continue_args *args = args_;
    args->output = "text";
}

/* Also what was done before a hook could not be answered. */
static void say_done(const struct sw_cli *cli, const struct continue_args *args,
                     const struct sw_continue_result *done)
{
    const char *where = args->rollback ? "back" : "on";
    for (size_t i = 0; i < done->hooks.count; i++) {
        sw_say(cli->env, "service %s: hook %s of stage %s lets the deployment go %s", args->service,
               done->hooks.items[i], done->stage, where);
    }
    if (done->codedeploy_deployment) {
        sw_say(cli->env, "service %s: CodeDeploy deployment %s goes %s from %s", args->service,
               done->codedeploy_deployment, where, done->stage);
    }
}

static json_t *result_facts(const struct continue_args *args, const struct sw_continue_result *done)
{
    json_t *facts =
        json_pack("{s:s, s:s, s:s, s:s}", "cluster", args->cluster, "service", args->service,
                  "stage", done->stage, "action", args->rollback ? "ROLLBACK" : "CONTINUE");
    if (done->codedeploy_deployment) {
        (void)json_object_set_new(facts, "codeDeployDeploymentId",
                                  json_string(done->codedeploy_deployment));
        return facts;
    }
    json_t *hooks = json_array();
    for (size_t i = 0; i < done->hooks.count; i++) {
        (void)json_array_append_new(hooks, json_string(done->hooks.items[i]));
    }
    (void)json_object_set_new(facts, "serviceDeploymentArn", json_string(done->service_deployment));
    (void)json_object_set_new(facts, "hooks", hooks);
    return facts;
}

static void tell(struct sw_cli *cli, const struct continue_args *args,
                 const struct sw_continue_result *done)
{
    const char *deployment =
        done->codedeploy_deployment ? done->codedeploy_deployment : done->service_deployment;
    say_done(cli, args, done);
    if (done->hooks.count == 0 && !done->codedeploy_deployment) {
        return;
    }
    if (strcmp(args->output, "json") == 0) {
        json_auto_t *facts = result_facts(args, done);
        sw_cli_out_json(cli, facts);
    } else {
        sw_cli_out(cli, "%s\n", deployment);
    }
}

static enum sw_status run_continue(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct continue_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_continue_result done = { .stage = NULL };
    const struct sw_continue_options options = {
        .cluster = args->cluster,
        .service = args->service,
        .hook = sw_cli_text_or_null(args->hook),
        .roll_back = args->rollback,
    };
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = sw_rollout_continue(aws, &options, &done, err);
        tell(cli, args, &done);
    }
    sw_continue_result_release(&done);
    return status;
}

const struct sw_command sw_cmd_ecs_continue = {
    .name = "ecs continue",
    .summary = "let a rollout that waits for somebody's word go on, or back",
    .description =
        "A blue/green, linear or canary deployment whose lifecycle hook pauses it waits for "
        "somebody's word: ecs deploy --wait and ecs wait end with exit code 14 then. This command "
        "gives the word; 'slipway ecs wait' follows what comes of it. The result is the ARN of the "
        "service deployment. It needs ecs:DescribeServices, ecs:DescribeServiceDeployments and "
        "ecs:ContinueServiceDeployment.\n\n"
        "A deployment of CodeDeploy has its traffic shifted when it is Ready, or its old tasks "
        "ended when those are kept for a time; with --rollback it is stopped, at any time, and "
        "CodeDeploy goes back. The result is its id. It needs codedeploy:GetDeployment, and "
        "codedeploy:ContinueDeployment or codedeploy:StopDeployment.",
    .json = "cluster, service, stage, action, serviceDeploymentArn and hooks, or "
            "codeDeployDeploymentId.",
    .operands = "",
    .example = "slipway ecs continue --cluster prod --service web && slipway ecs wait --cluster "
               "prod --service web\n"
               "slipway ecs continue --cluster prod --service web --rollback",
    .opts = continue_opts,
    .args_size = sizeof(struct continue_args),
    .defaults = set_defaults,
    .run = run_continue,
};
