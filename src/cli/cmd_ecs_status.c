#include "commands.h"
#include "ecs_options.h"

enum { EVENTS_SHOWN = 5 };

struct status_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *cluster;
    const char *service;
    const char *output;
};

static const struct sw_opt status_opts[] = {
    SW_CLI_COMMON(struct status_args, common),
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct status_args, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct status_args, service),
      .value = "SERVICE",
      .help = "name or ARN of the service",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .offset = offsetof(struct status_args, output),
      .value = "FORMAT",
      .help = "form of the result, text or json",
      .choices = "text|json" },
    SW_CLI_AWS(struct status_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct status_args *args = args_;
    args->output = "text";
}

static void copy_member(json_t *to, const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);
    if (value) {
        (void)json_object_set(to, key, value);
    }
}

static json_t *deployment_facts(const json_t *deployment)
{
    static const char *const keys[] = {
        "id",           "status",      "taskDefinition", "desiredCount",       "runningCount",
        "pendingCount", "failedTasks", "rolloutState",   "rolloutStateReason",
    };
    json_t *facts = json_object();
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        copy_member(facts, deployment, keys[i]);
    }
    return facts;
}

static void print_json(struct sw_cli *cli, const json_t *service)
{
    json_auto_t *facts = json_object();
    static const char *const keys[] = { "serviceName",  "status",       "taskDefinition",
                                        "desiredCount", "runningCount", "pendingCount" };
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        copy_member(facts, service, keys[i]);
    }
    json_t *deployments = json_array();
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(sw_json_array(service, "deployments"), index, deployment)
    {
        (void)json_array_append_new(deployments, deployment_facts(deployment));
    }
    (void)json_object_set_new(facts, "deployments", deployments);
    sw_cli_out_json(cli, facts);
}

static void print_deployment(struct sw_cli *cli, const json_t *deployment)
{
    sw_cli_out(cli, "%-8s %s  %s  %lld/%lld running, %lld pending, %lld failed  %s\n",
               sw_json_str(deployment, "status", "?"), sw_json_str(deployment, "id", "?"),
               sw_taskdef_short_name(sw_json_str(deployment, "taskDefinition", "?")),
               (long long)sw_json_int(deployment, "runningCount", 0),
               (long long)sw_json_int(deployment, "desiredCount", 0),
               (long long)sw_json_int(deployment, "pendingCount", 0),
               (long long)sw_json_int(deployment, "failedTasks", 0),
               sw_json_str(deployment, "rolloutState", ""));
    const char *reason = sw_json_str(deployment, "rolloutStateReason", "");
    if (*reason) {
        sw_cli_out(cli, "         %s\n", reason);
    }
}

static void print_text(struct sw_cli *cli, const json_t *service)
{
    sw_cli_out(cli, "service %s is %s and runs %s\n", sw_json_str(service, "serviceName", "?"),
               sw_json_str(service, "status", "?"),
               sw_taskdef_short_name(sw_json_str(service, "taskDefinition", "?")));
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(service, "deployments"), index, item)
    {
        print_deployment(cli, item);
    }
    json_array_foreach(sw_json_array(service, "events"), index, item)
    {
        if (index >= EVENTS_SHOWN) {
            break;
        }
        char time[SW_TIME_TEXT_MAX];
        sw_time_format((int64_t)(sw_json_number(item, "createdAt", 0) * 1000), SW_TIME_ISO, time);
        sw_cli_out(cli, "%s  %s\n", time, sw_json_str(item, "message", ""));
    }
}

static enum sw_status run_status(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct status_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    json_auto_t *service = NULL;
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = sw_service_describe(aws, args->cluster, args->service, &service, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (strcmp(args->output, "json") == 0) {
        print_json(cli, service);
    } else {
        print_text(cli, service);
    }
    return SW_OK;
}

const struct sw_command sw_cmd_ecs_status = {
    .name = "ecs status",
    .summary = "show a service, its deployments and latest events",
    .description = "Shows what the service runs, how each of its deployments stands, and its "
                   "latest events.",
    .operands = "",
    .example = "slipway ecs status --cluster prod --service web",
    .opts = status_opts,
    .args_size = sizeof(struct status_args),
    .defaults = set_defaults,
    .run = run_status,
};
