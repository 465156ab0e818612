#include "commands.h"

#include <slipway/alloc.h>
#include <slipway/schedule.h>
#include <slipway/taskdef.h>

struct schedule_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *cluster;
    const char *task_definition;
    struct sw_strs rules;
    struct sw_strs schedules;
    bool all;
    bool dry_run;
    const char *output;
};

static const struct sw_opt schedule_opts[] = {
    SW_CLI_COMMON(struct schedule_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct schedule_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster that the tasks run in; default: any, but needed with "
              "--all" },
    { .kind = SW_OPT_STR,
      .name = "task-definition",
      .offset = offsetof(struct schedule_args, task_definition),
      .value = "REVISION",
      .help = "what to run from now on: FAMILY (its newest revision), FAMILY:REVISION or ARN",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_LIST,
      .name = "rule",
      .offset = offsetof(struct schedule_args, rules),
      .value = "[BUS/]NAME",
      .help = "an EventBridge rule" },
    { .kind = SW_OPT_LIST,
      .name = "schedule",
      .offset = offsetof(struct schedule_args, schedules),
      .value = "[GROUP/]NAME",
      .help = "a schedule of EventBridge Scheduler" },
    { .kind = SW_OPT_FLAG,
      .name = "all",
      .offset = offsetof(struct schedule_args, all),
      .help = "every rule of the default event bus and every schedule that runs the family there" },
    { .kind = SW_OPT_FLAG,
      .name = "dry-run",
      .offset = offsetof(struct schedule_args, dry_run),
      .help = "only say what would be changed" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct schedule_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct schedule_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct schedule_args *args = args_;
    args->output = "text";
}

/* What is run is a revision that exists, and that tasks can be started of. */
static enum sw_status find_revision(struct sw_aws *aws, const char *reference, char **ret_arn,
                                    struct sw_err *err)
{
    struct sw_taskdef taskdef = { .definition = NULL };
    enum sw_status status = sw_taskdef_describe(aws, reference, &taskdef, err);
    if (status == SW_OK && taskdef.inactive) {
        status = sw_fail(err, SW_E_CONFLICT,
                         "task definition %s was deregistered (INACTIVE); no task can be run of it",
                         taskdef.label);
    }
    if (status == SW_OK) {
        *ret_arn = sw_xstrdup(taskdef.arn);
    }
    sw_taskdef_release(&taskdef);
    return status;
}

static enum sw_status point_all(struct sw_aws *aws, const struct schedule_args *args,
                                const struct sw_schedule_plan *plan, json_t *facts,
                                struct sw_err *err)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < args->rules.count; i++) {
        status = sw_schedule_rule(aws, plan, args->rules.items[i], facts, err);
    }
    for (size_t i = 0; status == SW_OK && i < args->schedules.count; i++) {
        status = sw_schedule_schedule(aws, plan, args->schedules.items[i], facts, err);
    }
    if (status == SW_OK && args->all) {
        status = sw_schedule_all(aws, plan, facts, err);
    }
    return status;
}

static void print_changed(struct sw_cli *cli, const json_t *facts)
{
    size_t index = 0;
    const json_t *fact = NULL;
    json_array_foreach(facts, index, fact)
    {
        const char *target = sw_json_str(fact, "target", NULL);
        if (sw_json_bool(fact, "updated", false)) {
            sw_cli_out(cli, "%s %s%s%s\n", sw_json_str(fact, "kind", ""),
                       sw_json_str(fact, "name", ""), target ? " " : "", target ? target : "");
        }
    }
}

/* What was changed before something failed is told as well. */
static void print_result(struct sw_cli *cli, const struct schedule_args *args, const char *arn,
                         json_t *facts)
{
    if (strcmp(args->output, "text") == 0) {
        print_changed(cli, facts);
        return;
    }
    json_auto_t *result =
        json_pack("{s:s?, s:s, s:b, s:O}", "cluster", args->cluster, "taskDefinition", arn,
                  "dryRun", (int)args->dry_run, "targets", facts);
    sw_cli_out_json(cli, result);
}

static enum sw_status run_schedule(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct schedule_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    char *arn SW_CLEANUP(sw_free_str) = NULL;
    const char *cluster = sw_cli_text_or_null(args->cluster);
    if (!sw_cli_text_or_null(args->task_definition) || (args->cluster && !cluster)) {
        return sw_cli_usage(err, "--cluster or --task-definition is empty");
    }
    if (args->all && !cluster) {
        return sw_cli_usage(err, "--all needs --cluster");
    }
    if (args->rules.count == 0 && args->schedules.count == 0 && !args->all) {
        return sw_cli_usage(err, "what to change is not known; give --rule, --schedule or --all");
    }
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = find_revision(aws, args->task_definition, &arn, err);
    }
    if (status != SW_OK) {
        return status;
    }
    const struct sw_schedule_plan plan = {
        .cluster = cluster,
        .task_definition = arn,
        .dry_run = args->dry_run,
    };
    json_auto_t *facts = json_array();
    status = point_all(aws, args, &plan, facts, err);
    print_result(cli, args, arn, facts);
    return status;
}

const struct sw_command sw_cmd_ecs_schedule = {
    .name = "ecs schedule",
    .summary = "let scheduled tasks run another revision",
    .description =
        "Points the targets of EventBridge rules, and schedules of EventBridge Scheduler, at a "
        "revision of the task definition that they run. Nothing else of them is changed, and "
        "targets of other families, other clusters and other kinds are left alone. The result is "
        "one line per target that was changed.\n\n"
        "A target that names the family without a revision runs the newest one by itself. A rule "
        "or schedule that is named and does not run the family in the cluster is an error.",
    .json = "cluster, taskDefinition, dryRun, targets.",
    .operands = "",
    .example =
        "slipway ecs schedule --cluster prod --task-definition report --rule nightly-report\n"
        "slipway ecs schedule --cluster prod --task-definition report:12 --all --dry-run",
    .opts = schedule_opts,
    .args_size = sizeof(struct schedule_args),
    .defaults = set_defaults,
    .run = run_schedule,
};
