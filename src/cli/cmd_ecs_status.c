#include "commands.h"
#include "ecs_facts.h"
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
      .letter = 'o',
      .offset = offsetof(struct status_args, output),
      .value = "FORMAT",
      .help = "form of the result",
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
        "pendingCount", "failedTasks", "rolloutState",   "rolloutStateReason", "externalId",
    };
    json_t *facts = json_object();
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        copy_member(facts, deployment, keys[i]);
    }
    return facts;
}

/* The newest events, newest first, as ECS has them. The caller's. */
static json_t *event_facts(const json_t *service)
{
    json_t *events = json_array();
    size_t index = 0;
    const json_t *event = NULL;
    json_array_foreach(sw_json_array(service, "events"), index, event)
    {
        char time[SW_TIME_TEXT_MAX];
        if (index >= EVENTS_SHOWN) {
            break;
        }
        sw_time_format(sw_json_time_ms(event, "createdAt"), SW_TIME_ISO, time);
        (void)json_array_append_new(events, json_pack("{s:s, s:s}", "at", time, "message",
                                                      sw_json_str(event, "message", "")));
    }
    return events;
}

/* What the service runs, or its PRIMARY task set; borrowed. */
static const char *running_definition(const struct sw_service_view *view)
{
    const json_t *sets = sw_json_array(view->service, "taskSets");
    return sw_json_str(sw_json_find(sets, "status", "PRIMARY"), "taskDefinition",
                       sw_json_str(view->service, "taskDefinition", "?"));
}

static void print_json(struct sw_cli *cli, const struct sw_service_view *view)
{
    static const char *const keys[] = { "serviceName",  "status",       "taskDefinition",
                                        "desiredCount", "runningCount", "pendingCount" };
    json_auto_t *facts = json_object();
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        copy_member(facts, view->service, keys[i]);
    }
    (void)json_object_set_new(facts, "taskDefinition", json_string(running_definition(view)));
    json_t *deployments = json_array();
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(view->deployments, index, deployment)
    {
        (void)json_array_append_new(deployments, deployment_facts(deployment));
    }
    (void)json_object_set_new(facts, "deployments", deployments);
    (void)json_object_set(facts, "images", view->images);
    (void)json_object_set(facts, "targets", view->targets);
    (void)json_object_set_new(facts, "causes", sw_cli_ecs_cause_facts(&view->causes));
    (void)json_object_set_new(facts, "events", event_facts(view->service));
    json_t *missing = json_array();
    for (size_t i = 0; i < view->missing.count; i++) {
        (void)json_array_append_new(missing, json_string(view->missing.items[i]));
    }
    (void)json_object_set_new(facts, "notShown", missing);
    sw_cli_out_json(cli, facts);
}

static void print_deployment(struct sw_cli *cli, const json_t *deployment)
{
    sw_cli_out(cli, "  %-8s %s  %s  %lld/%lld running, %lld pending, %lld failed  %s\n",
               sw_json_str(deployment, "status", "?"),
               sw_taskdef_short_name(sw_json_str(deployment, "taskDefinition", "?")),
               sw_json_str(deployment, "id", "?"),
               (long long)sw_json_int(deployment, "runningCount", 0),
               (long long)sw_json_int(deployment, "desiredCount", 0),
               (long long)sw_json_int(deployment, "pendingCount", 0),
               (long long)sw_json_int(deployment, "failedTasks", 0),
               sw_json_str(deployment, "rolloutState", ""));
    const char *reason = sw_json_str(deployment, "rolloutStateReason", "");
    if (*reason) {
        sw_cli_out(cli, "           %s\n", reason);
    }
}

static void print_targets(struct sw_cli *cli, const json_t *targets)
{
    size_t index = 0;
    json_t *group = NULL;
    sw_cli_out(cli, json_array_size(targets) > 0 ? "targets\n" : "");
    json_array_foreach(targets, index, group)
    {
        const char *state = NULL;
        json_t *count = NULL;
        const char *separator = ": ";
        sw_cli_out(cli, "  %s", sw_json_str(group, "targetGroupArn", "?"));
        json_object_foreach(sw_json_object(group, "states"), state, count)
        {
            sw_cli_out(cli, "%s%lld %s", separator, (long long)json_integer_value(count), state);
            separator = ", ";
        }
        sw_cli_out(cli, *separator == ':' ? ": none registered\n" : "\n");
    }
}

static void print_causes(struct sw_cli *cli, const struct sw_causes *causes)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    if (causes->count > 0) {
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_causes_print(causes, &text);
        sw_cli_out(cli, "causes of failures\n%s\n", text.ptr);
    }
}

static void print_events(struct sw_cli *cli, const json_t *service)
{
    json_auto_t *events = event_facts(service);
    size_t index = 0;
    const json_t *event = NULL;
    sw_cli_out(cli, json_array_size(events) > 0 ? "last events\n" : "");
    json_array_foreach(events, index, event)
    {
        sw_cli_out(cli, "  %s  %s\n", sw_json_str(event, "at", ""),
                   sw_json_str(event, "message", ""));
    }
}

static void print_text(struct sw_cli *cli, const struct sw_service_view *view)
{
    const json_t *service = view->service;
    size_t index = 0;
    const json_t *item = NULL;
    sw_cli_out(cli, "service %s is %s: %lld of %lld tasks running, %lld pending; it runs %s\n",
               sw_json_str(service, "serviceName", "?"), sw_json_str(service, "status", "?"),
               (long long)sw_json_int(service, "runningCount", 0),
               (long long)sw_json_int(service, "desiredCount", 0),
               (long long)sw_json_int(service, "pendingCount", 0),
               sw_taskdef_short_name(running_definition(view)));
    sw_cli_out(cli, "deployments\n");
    json_array_foreach(view->deployments, index, item)
    {
        print_deployment(cli, item);
    }
    sw_cli_out(cli, json_array_size(view->images) > 0 ? "images\n" : "");
    json_array_foreach(view->images, index, item)
    {
        sw_cli_out(cli, "  %s: %s\n", sw_json_str(item, "container", "?"),
                   sw_json_str(item, "image", "?"));
    }
    print_targets(cli, view->targets);
    print_causes(cli, &view->causes);
    print_events(cli, service);
    for (size_t i = 0; i < view->missing.count; i++) {
        sw_cli_out(cli, "not shown: %s\n", view->missing.items[i]);
    }
}

static enum sw_status run_status(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct status_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_service_view view = { .service = NULL };
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = sw_service_look(aws, args->cluster, args->service, &view, err);
    }
    if (status == SW_OK && strcmp(args->output, "json") == 0) {
        print_json(cli, &view);
    } else if (status == SW_OK) {
        print_text(cli, &view);
    }
    sw_service_view_release(&view);
    return status;
}

const struct sw_command sw_cmd_ecs_status = {
    .name = "ecs status",
    .summary = "show a service at a glance",
    .description = "Shows what the service runs, how each of its deployments stands, the images, "
                   "what the load balancer says of its targets, why tasks of the newest deployment "
                   "stopped and what to do about it, and the latest events. What may not be looked "
                   "at is left out and named.",
    .json = "serviceName, status, taskDefinition, desiredCount, runningCount, pendingCount, "
            "deployments, images, targets, causes, events, notShown (rights that are "
            "missing).",
    .operands = "",
    .example = "slipway ecs status --cluster prod --service web",
    .opts = status_opts,
    .args_size = sizeof(struct status_args),
    .defaults = set_defaults,
    .run = run_status,
};
