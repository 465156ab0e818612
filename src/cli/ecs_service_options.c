#include "ecs_service_options.h"

enum { MS_PER_S = 1000, PERCENT_MAX = 10000 };

#define MEMBER(member) .offset = offsetof(struct sw_cli_ecs_service, member)
#define NUMBER(option, member, placeholder, low, high, text)                          \
    {                                                                                 \
        .kind = SW_OPT_INT, .name = (option), MEMBER(member), .value = (placeholder), \
        .help = (text), .min = (low), .max = (high)                                   \
    }
#define TEXT(option, member, placeholder, text)                                       \
    {                                                                                 \
        .kind = SW_OPT_STR, .name = (option), MEMBER(member), .value = (placeholder), \
        .help = (text)                                                                \
    }
#define LIST(option, member, placeholder, text)                                        \
    {                                                                                  \
        .kind = SW_OPT_LIST, .name = (option), MEMBER(member), .value = (placeholder), \
        .help = (text)                                                                 \
    }
#define SWITCH(option, member, text)                                            \
    {                                                                           \
        .kind = SW_OPT_SWITCH, .name = (option), MEMBER(member), .help = (text) \
    }

const struct sw_opt sw_cli_ecs_service_opts[] = {
    NUMBER("desired-count", desired_count, "NUMBER", 0, 100000,
           "set the number of tasks as well; default: left as it is, 1 for a new service"),
    NUMBER("minimum-healthy-percent", minimum_healthy_percent, "PERCENT", 0, 100,
           "how many of the tasks stay during a rollout"),
    NUMBER("maximum-percent", maximum_percent, "PERCENT", 0, PERCENT_MAX,
           "how many tasks run at most during a rollout"),
    SWITCH("circuit-breaker", circuit_breaker,
           "switch the service's circuit breaker on or off as well"),
    SWITCH("breaker-rollback", breaker_rollback,
           "with --circuit-breaker: roll back when it trips; default: yes"),
    LIST("alarm", alarms, "NAME",
         "let rollouts fail when this CloudWatch alarm is raised; \"none\" ends that"),
    SWITCH("alarm-rollback", alarm_rollback, "with --alarm: roll back then; default: yes"),
    { .kind = SW_OPT_DURATION,
      .name = "health-check-grace-period",
      MEMBER(grace_period_ms),
      .value = "DURATION",
      .help = "ignore failing health checks of a new task for so long, e.g. 90s" },
    TEXT("subnets", subnets, "LIST", "subnets of the tasks, separated by commas"),
    TEXT("security-groups", security_groups, "LIST",
         "security groups of the tasks, separated by commas"),
    SWITCH("public-ip", public_ip, "give the tasks public IP addresses"),
    LIST("capacity-provider", capacity_providers, "NAME[:WEIGHT[:BASE]]",
         "run the tasks on this capacity provider"),
    TEXT("platform-version", platform_version, "VERSION", "the Fargate platform version"),
    LIST("load-balancer", load_balancers, "CONTAINER:PORT=ARN",
         "send a target group's requests there, or a Classic load balancer's by its name; "
         "\"none\" takes all off"),
    LIST("service-registry", service_registries, "[CONTAINER:PORT=]ARN",
         "register the tasks in this Cloud Map registry; \"none\" takes all off"),
    { .kind = SW_OPT_ENUM,
      .name = "propagate-tags",
      MEMBER(propagate_tags),
      .value = "FROM",
      .help = "copy tags to the tasks from there",
      .choices = "TASK_DEFINITION|SERVICE|NONE" },
    SWITCH("managed-tags", managed_tags, "let ECS tag the tasks with cluster and service"),
    SWITCH("enable-execute-command", execute_command, "allow ECS Exec into the tasks"),
    LIST("placement-constraint", placement_constraints, "TYPE[:EXPRESSION]",
         "place tasks so: distinctInstance, memberOf:EXPRESSION; \"none\" takes all off"),
    LIST("placement-strategy", placement_strategies, "TYPE[:FIELD]",
         "choose instances so: random, spread:FIELD, binpack:FIELD; \"none\" takes all off"),
    SWITCH("availability-zone-rebalancing", zone_rebalancing,
           "keep the tasks spread over Availability Zones"),
    TEXT("service-settings", settings, "JSON", "further members of UpdateService, or @FILE"),
    { .kind = SW_OPT_FLAG,
      .name = "create",
      MEMBER(create),
      .help = "make the service when it does not exist" },
    TEXT("launch-type", launch_type, "TYPE",
         "with --create: FARGATE, EC2, EXTERNAL or MANAGED_INSTANCES"),
    { .kind = SW_OPT_FLAG,
      .name = "daemon",
      MEMBER(daemon),
      .help = "with --create: run one task on every instance" },
    LIST("service-tags", tags, "KEY=VALUE", "with --create: set a tag of the service"),
    { .kind = SW_OPT_END },
};

void sw_cli_ecs_service_defaults(struct sw_cli_ecs_service *options)
{
    options->desired_count = -1;
    options->minimum_healthy_percent = -1;
    options->maximum_percent = -1;
    options->grace_period_ms = -1;
}

enum sw_status sw_cli_ecs_service_read(const struct sw_cli_ecs_service *options,
                                       json_t **ret_settings, json_t **ret_creation,
                                       struct sw_err *err)
{
    const struct sw_service_request request = {
        .desired = options->desired_count,
        .minimum_healthy_percent = options->minimum_healthy_percent,
        .maximum_percent = options->maximum_percent,
        .grace_period_s = options->grace_period_ms < 0 ? -1 : options->grace_period_ms / MS_PER_S,
        .circuit_breaker = options->circuit_breaker,
        .breaker_rollback = options->breaker_rollback,
        .alarms = &options->alarms,
        .alarm_rollback = options->alarm_rollback,
        .subnets = sw_cli_text_or_null(options->subnets),
        .security_groups = sw_cli_text_or_null(options->security_groups),
        .public_ip = options->public_ip,
        .capacity_providers = &options->capacity_providers,
        .platform_version = sw_cli_text_or_null(options->platform_version),
        .load_balancers = &options->load_balancers,
        .service_registries = &options->service_registries,
        .propagate_tags = options->propagate_tags,
        .managed_tags = options->managed_tags,
        .execute_command = options->execute_command,
        .placement_constraints = &options->placement_constraints,
        .placement_strategies = &options->placement_strategies,
        .zone_rebalancing = options->zone_rebalancing,
        .settings = sw_cli_text_or_null(options->settings),
        .create = options->create,
        .daemon = options->daemon,
        .launch_type = sw_cli_text_or_null(options->launch_type),
        .tags = &options->tags,
    };
    return sw_service_request_build(&request, ret_settings, ret_creation, err);
}
