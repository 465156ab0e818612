#ifndef SLIPWAY_ECS_PREFLIGHT_H
#define SLIPWAY_ECS_PREFLIGHT_H

/* The parts of sw_check_run: one function per check, and the facts that they share. */

#include "ecs.h"

#include <slipway/preflight.h>

/* What is read from AWS, each at most once. */
enum fact {
    FACT_CLUSTER,        /* DescribeClusters: the cluster */
    FACT_INSTANCES,      /* DescribeContainerInstances: all of the cluster's */
    FACT_CURRENT,        /* DescribeTaskDefinition: what the service runs, raw */
    FACT_PROVIDERS,      /* DescribeCapacityProviders: those of the service */
    FACT_TARGET_GROUPS,  /* DescribeTargetGroups: those of the service */
    FACT_DELAYS,         /* DescribeTargetGroupAttributes: of the first */
    FACT_BALANCERS,      /* DescribeLoadBalancers: those of the target groups */
    FACT_TARGETS,        /* DescribeTargetHealth: of the first target group */
    FACT_MACHINES,       /* ec2 DescribeInstances: the container instances */
    FACT_TYPES,          /* ec2 DescribeInstanceTypes: of the machines */
    FACT_GROUPS,         /* ec2 DescribeSecurityGroups: of machines, tasks and load balancers */
    FACT_SUBNETS,        /* ec2 DescribeSubnets: of machines, tasks and load balancers */
    FACT_ROUTES,         /* ec2 DescribeRouteTables: of the tasks' VPC */
    FACT_ENDPOINTS,      /* ec2 DescribeVpcEndpoints: of the tasks' VPC */
    FACT_EXECUTION_ROLE, /* iam GetRole; null: there is none of that name */
    FACT_TASK_ROLE,      /* iam GetRole; null: there is none of that name */
    FACT_RIGHTS,         /* iam SimulatePrincipalPolicy: of the execution role */
    FACT_SERVICE_ROLE,   /* iam GetRole of AWSServiceRoleForECS; null: there is none */
    FACT_PASS_ROLE,      /* iam SimulatePrincipalPolicy: of the caller */
    FACT_ALARMS,         /* cloudwatch DescribeAlarms: those of the service */
    FACT_SCALING,        /* application-autoscaling DescribeScalableTargets: of the service */
    FACT_PARAMETERS,     /* ssm DescribeParameters: those of the definition */
    FACT_IMAGES,         /* the registries: {image: what is known} */
    FACT_COUNT
};

struct preflight_fact {
    bool asked;
    json_t *value;     /* owned; NULL: it could not be had */
    const char *right; /* what reading it needs */
    struct sw_err err; /* why it could not be had */
};

struct preflight_check;

/* One run. Members are borrowed unless said otherwise. */
struct preflight {
    struct sw_aws *aws; /* NULL: nothing may be asked */
    const struct sw_env *env;
    const struct sw_check_options *options;
    const json_t *service; /* may be NULL */
    const json_t *definition;
    const json_t *containers; /* its containers */
    json_t *secrets;  /* of them all: {"container", "from", "managed" by Secrets Manager}. Owned */
    const char *mode; /* its network mode; "bridge" when it says none */
    bool on_ec2;      /* the tasks run on the cluster's own instances */
    bool rolls;       /* the service exists, wants tasks, and replaces them in steps */
    struct ecs_steps steps;
    struct preflight_fact facts[FACT_COUNT]; /* owned */
    const struct preflight_check *check;     /* that is running */
    bool idle;                               /* ... has nothing to look at */
    const struct preflight_fact *missing; /* the first that it could not have; NULL: it had all */
    struct sw_check_report *report;
};

/*
 * The fact, borrowed; NULL when it cannot be had, which makes the running check a skipped one
 * unless it finds something without.
 */
const json_t *preflight_fact(struct preflight *preflight, enum fact fact);

/* Says that there is nothing that the running check could look at. */
void preflight_idle(struct preflight *preflight);
/* Adds a finding of the running check. */
void preflight_find(struct preflight *preflight, enum sw_check_level level, const char *fmt, ...)
    SW_PRINTF(3, 4);
/* Sets what to do about the finding added last. */
void preflight_advise(struct preflight *preflight, const char *fmt, ...) SW_PRINTF(2, 3);
void preflight_command(struct preflight *preflight, const char *fmt, ...) SW_PRINTF(2, 3);
/* Sets another cause than the check's own. */
void preflight_cause(struct preflight *preflight, const char *cause);

/*
 * The checks that every deployment makes, because they need no calls: SW_E_PREFLIGHT for what ECS
 * would refuse, a warning for what may stand still. *ret_hints, empty before, is what is worth
 * saying once the deployment succeeded. `service` may be NULL: nothing is known.
 */
SW_NODISCARD enum sw_status ecs_preflight(const struct sw_env *env, const json_t *service,
                                          const json_t *definition, const char *label,
                                          struct sw_check_report *ret_hints, struct sw_err *err);

/* When a check is told about in a deployment that does not ask for all of them. */
enum preflight_moment {
    ON_REQUEST,
    BEFORE, /* needs no calls, and stands in the way */
    AFTER,  /* needs no calls, and makes a good deployment useless */
};

/* One check. */
struct preflight_check {
    const char *name;
    const char *cause; /* NULL: none */
    const char *fine;  /* what is the case when it finds nothing */
    void (*run)(struct preflight *preflight);
    enum preflight_moment moment;
};

/* The checks, by file. preflight_service.c */
void preflight_controller(struct preflight *preflight);
void preflight_in_progress(struct preflight *preflight);
void preflight_percentages(struct preflight *preflight);
void preflight_breaker(struct preflight *preflight);
void preflight_desired(struct preflight *preflight);
void preflight_scaling(struct preflight *preflight);
void preflight_alarms(struct preflight *preflight);
void preflight_service_role(struct preflight *preflight);
/* preflight_ports.c */
void preflight_host_port(struct preflight *preflight);
void preflight_load_balancer(struct preflight *preflight);
void preflight_balanced_container(struct preflight *preflight);
void preflight_duplicate_ports(struct preflight *preflight);
void preflight_low_port(struct preflight *preflight);
/* preflight_definition.c */
void preflight_network_settings(struct preflight *preflight);
void preflight_depends_on(struct preflight *preflight);
void preflight_essential(struct preflight *preflight);
void preflight_limits(struct preflight *preflight);
void preflight_health_command(struct preflight *preflight);
void preflight_env_files(struct preflight *preflight);
/* preflight_place.c */
void preflight_instances(struct preflight *preflight);
void preflight_memory(struct preflight *preflight);
void preflight_cpu(struct preflight *preflight);
void preflight_providers(struct preflight *preflight);
void preflight_interfaces(struct preflight *preflight);
/* preflight_fit.c */
void preflight_attributes(struct preflight *preflight);
void preflight_constraints(struct preflight *preflight);
/* preflight_balance.c */
void preflight_target_group(struct preflight *preflight);
void preflight_target_type(struct preflight *preflight);
void preflight_target_vpc(struct preflight *preflight);
void preflight_target_zone(struct preflight *preflight);
void preflight_listener(struct preflight *preflight);
void preflight_health_check(struct preflight *preflight);
void preflight_target_health(struct preflight *preflight);
void preflight_delay(struct preflight *preflight);
/* preflight_groups.c */
void preflight_security_groups(struct preflight *preflight);
/* preflight_network.c */
void preflight_addresses(struct preflight *preflight);
void preflight_route(struct preflight *preflight);
/* preflight_roles.c */
void preflight_execution_role(struct preflight *preflight);
void preflight_execution_rights(struct preflight *preflight);
void preflight_task_role(struct preflight *preflight);
void preflight_pass_role(struct preflight *preflight);
/* preflight_images.c */
void preflight_image(struct preflight *preflight);
void preflight_image_account(struct preflight *preflight);
void preflight_platform(struct preflight *preflight);
/* preflight_stores.c */
void preflight_secrets(struct preflight *preflight);
void preflight_log_group(struct preflight *preflight);
void preflight_file_system(struct preflight *preflight);

/* ---- Shared by the checks ---- */

/* A count that an answer has as number or as text; -1 may be there, too, and means all. */
int64_t preflight_number(const json_t *object, const char *key, int64_t fallback);
/* Whether an array of texts has this one. */
bool preflight_has(const json_t *texts, const char *text);
/* Appends the text to the array unless it is there. */
void preflight_add_once(json_t *texts, const char *text);
/* The texts of an array, separated by ", "; the caller's. */
char *preflight_joined(const json_t *texts);
/* The instances that could run tasks of the service: active, connected, of its capacity provider.
 * The caller's; NULL when they are not known. */
json_t *preflight_eligible(struct preflight *preflight);
/* The value of a container instance's attribute; NULL when it has none of that name. */
const char *preflight_attribute(const json_t *instance, const char *name);
/* How many instances have the attribute, with the value unless that is NULL. */
size_t preflight_having(const json_t *instances, const char *name, const char *value);
/* An instance's resource by name ("MEMORY"), of "registeredResources" or "remainingResources". */
const json_t *preflight_resource(const json_t *instance, const char *which, const char *name);
/* The host port of a mapping: a fixed one, or 0 for one that ECS picks. */
int64_t preflight_host_port_of(const struct preflight *preflight, const json_t *mapping);
/* The mapping of a container port; NULL when the container has none. */
const json_t *preflight_mapping(const json_t *container, int64_t port);
/* The member of the service's awsvpc configuration ("subnets", "securityGroups"); may be NULL. */
json_t *preflight_awsvpc(const struct preflight *preflight, const char *key);
/* The port mapping that the service's target group sends to; NULL when it is not known. */
const json_t *preflight_balanced_mapping(const struct preflight *preflight, const char *group_arn);
/* The VPC that the tasks run in, borrowed from the facts; NULL when it is not known. */
const char *preflight_vpc(struct preflight *preflight);

/* ---- Reading facts ---- */

/* How all of them are asked. */
extern const struct sw_aws_call_options preflight_patience;

/* Where a fact comes from. `read` fills *ret, the caller's, or fails. */
struct preflight_source {
    const char *right;
    enum sw_status (*read)(struct preflight *preflight, json_t **ret, struct sw_err *err);
};
extern const struct preflight_source preflight_sources[FACT_COUNT];

/* For readers: the fact that theirs builds on, borrowed. NULL with *err when it cannot be had. */
const json_t *preflight_base_fact(struct preflight *preflight, enum fact fact, struct sw_err *err);
/*
 * One call of a query API with `params` (an object of texts, consumed). *ret is the list `key` of
 * the answer, empty when it has none; the caller's.
 */
enum sw_status preflight_query(struct preflight *preflight, const char *service, const char *action,
                               json_t *params, const char *key, json_t **ret, struct sw_err *err);
/* Sets "<prefix>1", "<prefix>2", ... to the texts of a list. */
void preflight_add_list(json_t *params, const char *prefix, const json_t *texts);

/* preflight_place_facts.c: cluster and machines. preflight_balance_facts.c: load balancers.
 * preflight_other_facts.c: roles, alarms, parameters. */
#define PREFLIGHT_READER(name)                                                      \
    enum sw_status preflight_read_##name(struct preflight *preflight, json_t **ret, \
                                         struct sw_err *err)
PREFLIGHT_READER(cluster);
PREFLIGHT_READER(instances);
PREFLIGHT_READER(current);
PREFLIGHT_READER(providers);
PREFLIGHT_READER(target_groups);
PREFLIGHT_READER(delays);
PREFLIGHT_READER(balancers);
PREFLIGHT_READER(targets);
PREFLIGHT_READER(machines);
PREFLIGHT_READER(types);
PREFLIGHT_READER(groups);
PREFLIGHT_READER(subnets);
PREFLIGHT_READER(routes);
PREFLIGHT_READER(endpoints);
PREFLIGHT_READER(execution_role);
PREFLIGHT_READER(task_role);
PREFLIGHT_READER(rights);
PREFLIGHT_READER(service_role);
PREFLIGHT_READER(pass_role);
PREFLIGHT_READER(alarms);
PREFLIGHT_READER(scaling);
PREFLIGHT_READER(parameters);
/* preflight_images.c */
PREFLIGHT_READER(images);

#endif
