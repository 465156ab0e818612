#include "preflight.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>
#include <slipway/service.h>

#include <stdarg.h>
#include <stdio.h>

/*
 * The checks in the order in which a newcomer meets what they look for; what the definition alone
 * tells comes last. A cause is what a rollout would fail with: its id is in rollout.h's terms.
 */
static const struct preflight_check checks[] = {
    { "controller", NULL, "ECS itself deploys the service", preflight_controller, ON_REQUEST },
    { "in-progress", NULL, "no other deployment is in progress", preflight_in_progress,
      ON_REQUEST },
    { "desired-count", NULL, "the service wants tasks", preflight_desired, ON_REQUEST },
    { "instances", "no-instances", "the cluster has instances for the tasks", preflight_instances,
      ON_REQUEST },
    { "host-port", "port-taken", "host ports leave room for the new tasks", preflight_host_port,
      ON_REQUEST },
    { "load-balancer", "no-load-balancer", "what the tasks serve can be found",
      preflight_load_balancer, AFTER },
    { "target-group", "target-group-missing", "the service's target groups exist",
      preflight_target_group, ON_REQUEST },
    { "target-type", "target-type", "target types fit the network mode", preflight_target_type,
      ON_REQUEST },
    { "listener", "target-unused", "a load balancer sends to each target group", preflight_listener,
      ON_REQUEST },
    { "security-groups", "elb-timeout", "the load balancer may connect to the tasks' ports",
      preflight_security_groups, ON_REQUEST },
    { "target-vpc", "target-vpc", "target groups and tasks are in one VPC", preflight_target_vpc,
      ON_REQUEST },
    { "target-zone", "target-zone", "the load balancer serves the tasks' zones",
      preflight_target_zone, ON_REQUEST },
    { "health-check", "elb-codes", "the load balancer's health check can pass",
      preflight_health_check, ON_REQUEST },
    { "target-health", NULL, "present targets are well", preflight_target_health, ON_REQUEST },
    { "percentages", "percentages", "the percentages leave room for a step", preflight_percentages,
      BEFORE },
    { "balanced-container", "container-name",
      "container and port of the load balancer are in the task definition",
      preflight_balanced_container, BEFORE },
    { "image", "image-missing", "the images exist", preflight_image, ON_REQUEST },
    { "image-account", "image-denied", "the images are in this account and region",
      preflight_image_account, ON_REQUEST },
    { "platform", "platform", "the images are for the processors that run them", preflight_platform,
      ON_REQUEST },
    { "execution-role", "role", "the execution role can be assumed", preflight_execution_role,
      ON_REQUEST },
    { "execution-rights", "image-denied", "the execution role has the rights it needs",
      preflight_execution_rights, ON_REQUEST },
    { "task-role", "role", "the task role can be assumed", preflight_task_role, ON_REQUEST },
    { "pass-role", "role", "this identity may pass the roles to ECS", preflight_pass_role,
      ON_REQUEST },
    { "service-role", "role", "ECS has its service-linked role", preflight_service_role,
      ON_REQUEST },
    { "memory", "memory-short", "an instance has the memory that a task needs", preflight_memory,
      ON_REQUEST },
    { "cpu", "cpu-short", "an instance has the CPU units that a task needs", preflight_cpu,
      ON_REQUEST },
    { "attributes", "attribute", "instances have what the task definition needs",
      preflight_attributes, ON_REQUEST },
    { "constraints", "constraint", "instances satisfy the placement constraints",
      preflight_constraints, ON_REQUEST },
    { "capacity-provider", "capacity-provider", "the capacity providers can scale",
      preflight_providers, ON_REQUEST },
    { "network-interfaces", "network-interface", "instances have free network interfaces",
      preflight_interfaces, ON_REQUEST },
    { "addresses", "subnet-full", "the subnets have free addresses", preflight_addresses,
      ON_REQUEST },
    { "route", "registry-unreachable", "the tasks' subnets lead to the registry", preflight_route,
      ON_REQUEST },
    { "secrets", "secret-missing", "secrets and parameters exist", preflight_secrets, ON_REQUEST },
    { "log-group", "log-group", "log groups exist", preflight_log_group, ON_REQUEST },
    { "env-files", "env-file", "files of environment variables are named well", preflight_env_files,
      ON_REQUEST },
    { "file-system", "file-system", "no file system needs to be mounted", preflight_file_system,
      ON_REQUEST },
    { "deregistration-delay", NULL, "old tasks leave the load balancer soon", preflight_delay,
      ON_REQUEST },
    { "circuit-breaker", NULL, "ECS gives failing deployments up by itself", preflight_breaker,
      ON_REQUEST },
    { "scaling", NULL, "automatic scaling agrees with the number of tasks", preflight_scaling,
      ON_REQUEST },
    { "alarms", "alarm", "the deployment's alarms are quiet", preflight_alarms, ON_REQUEST },
    { "health-command", "container-health", "containers' own health checks can run",
      preflight_health_command, ON_REQUEST },
    { "duplicate-ports", "port-taken", "no port is mapped twice", preflight_duplicate_ports,
      ON_REQUEST },
    { "low-port", NULL, "no container without root rights needs a port below 1024",
      preflight_low_port, ON_REQUEST },
    { "network-settings", NULL, "settings fit the network mode", preflight_network_settings,
      ON_REQUEST },
    { "depends-on", "dependency", "dependencies between containers can be met",
      preflight_depends_on, ON_REQUEST },
    { "essential", NULL, "a container is essential", preflight_essential, ON_REQUEST },
    { "limits", "out-of-memory", "memory limits agree with each other", preflight_limits,
      ON_REQUEST },
};

/* ---- Findings ---- */

/* One line, without what could steer a terminal: most of it comes from outside. The caller's. */
static char *SW_PRINTF(1, 0) line_of(const char *fmt, va_list args)
{
    char *line = sw_xvasprintf(fmt, args);
    sw_blank_controls(line, strlen(line), "");
    return line;
}

void preflight_find(struct preflight *preflight, enum sw_check_level level, const char *fmt, ...)
{
    struct sw_check_report *report = preflight->report;
    va_list args;
    va_start(args, fmt);
    report->items =
        sw_grow(report->items, report->count, &report->capacity, sizeof(*report->items));
    report->items[report->count++] = (struct sw_check_finding){
        .check = preflight->check->name,
        .cause = preflight->check->cause,
        .level = level,
        .text = line_of(fmt, args),
    };
    va_end(args);
}

static struct sw_check_finding *last_finding(struct preflight *preflight)
{
    return &preflight->report->items[preflight->report->count - 1];
}

void preflight_advise(struct preflight *preflight, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    last_finding(preflight)->advice = line_of(fmt, args);
    va_end(args);
}

void preflight_command(struct preflight *preflight, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    last_finding(preflight)->command = line_of(fmt, args);
    va_end(args);
}

void preflight_idle(struct preflight *preflight)
{
    preflight->idle = true;
}

void preflight_cause(struct preflight *preflight, const char *cause)
{
    last_finding(preflight)->cause = cause;
}

void sw_check_report_release(struct sw_check_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->items[i].text);
        free(report->items[i].advice);
        free(report->items[i].command);
    }
    free(report->items);
    *report = (struct sw_check_report){ .items = NULL };
}

/* ---- Facts ---- */

const json_t *preflight_fact(struct preflight *preflight, enum fact fact)
{
    struct preflight_fact *known = &preflight->facts[fact];
    if (!known->asked) {
        known->asked = true;
        known->right = preflight_sources[fact].right;
        if (preflight_sources[fact].read(preflight, &known->value, &known->err) != SW_OK) {
            json_decref(known->value);
            known->value = NULL;
        }
    }
    if (!known->value && !preflight->missing) {
        preflight->missing = known;
    }
    return known->value;
}

const json_t *preflight_base_fact(struct preflight *preflight, enum fact fact, struct sw_err *err)
{
    const json_t *value = preflight_fact(preflight, fact);
    if (!value) {
        *err = preflight->facts[fact].err;
    }
    return value;
}

static void find_missing(struct preflight *preflight)
{
    const struct preflight_fact *missing = preflight->missing;
    if (missing->err.status == SW_E_DENIED) {
        preflight_find(preflight, SW_CHECK_SKIP, "not checked: needs the right %s", missing->right);
    } else {
        preflight_find(preflight, SW_CHECK_SKIP, "not checked: %s", missing->err.msg);
    }
}

/* ---- Running ---- */

static void set_counts(struct preflight *preflight)
{
    bool replicas =
        strcmp(sw_json_str(preflight->service, "schedulingStrategy", "REPLICA"), "REPLICA") == 0;
    bool sane = ecs_steps_of(preflight->service, &preflight->steps);
    preflight->rolls = preflight->service && sane && replicas && preflight->steps.desired > 0 &&
                       !preflight->options->codedeploy;
}

/* Whether the tasks run on instances of the cluster, as far as the service says. */
static bool runs_on_ec2(const json_t *service, const json_t *definition)
{
    const char *type = sw_json_str(service, "launchType", "");
    const json_t *first = json_array_get(sw_json_array(service, "capacityProviderStrategy"), 0);
    const char *provider = sw_json_str(first, "capacityProvider", "");
    if (*type) {
        return strcmp(type, "EC2") == 0;
    }
    if (*provider) {
        return strncmp(provider, "FARGATE", 7) != 0;
    }
    const json_t *needs = sw_json_array(definition, "requiresCompatibilities");
    return json_array_size(needs) != 1 || !preflight_has(needs, "FARGATE");
}

/* The secrets of all containers: parameters of SSM, and what Secrets Manager keeps. */
static json_t *list_secrets(const json_t *containers)
{
    json_t *list = json_array();
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(containers, index, container)
    {
        size_t at = 0;
        const json_t *secret = NULL;
        json_array_foreach(sw_json_array(container, "secrets"), at, secret)
        {
            const char *from = sw_json_str(secret, "valueFrom", "");
            bool managed = strstr(from, ":secretsmanager:") != NULL;
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "container",
                                                        sw_json_str(container, "name", "?"), "from",
                                                        from, "managed", (int)managed));
        }
    }
    return list;
}

static void start(struct preflight *preflight)
{
    const struct sw_check_options *options = preflight->options;
    preflight->service = options->service;
    preflight->definition = options->definition;
    preflight->containers = sw_json_array(options->definition, "containerDefinitions");
    preflight->secrets = list_secrets(preflight->containers);
    preflight->mode = sw_json_str(options->definition, "networkMode", "bridge");
    preflight->on_ec2 = runs_on_ec2(options->service, options->definition);
    set_counts(preflight);
}

static bool is_wanted(const struct preflight *preflight, const struct preflight_check *check)
{
    const struct sw_strs *causes = preflight->options->causes;
    return !causes || (check->cause && sw_strs_has(causes, sw_str(check->cause)));
}

static void run_check(struct preflight *preflight, const struct preflight_check *check)
{
    size_t before = preflight->report->count;
    preflight->check = check;
    preflight->missing = NULL;
    preflight->idle = false;
    check->run(preflight);
    if (preflight->report->count > before) {
        return;
    }
    if (preflight->missing) {
        find_missing(preflight);
    } else if (preflight->idle) {
        preflight_find(preflight, SW_CHECK_OK, "nothing to check");
        last_finding(preflight)->idle = true;
    } else {
        preflight_find(preflight, SW_CHECK_OK, "%s", check->fine);
    }
}

enum sw_status sw_check_run(struct sw_aws *aws, const struct sw_check_options *options,
                            struct sw_check_report *ret, struct sw_err *err)
{
    *ret = (struct sw_check_report){ .items = NULL };
    struct preflight preflight = {
        .aws = aws, .env = sw_aws_env(aws), .options = options, .report = ret
    };
    start(&preflight);
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < SW_COUNT(checks); i++) {
        if (sw_env_stop_wanted(preflight.env)) {
            status = sw_fail(err, SW_E_STOPPED, "stopped while checking the deployment");
        } else if (is_wanted(&preflight, &checks[i])) {
            run_check(&preflight, &checks[i]);
            const struct preflight_fact *missing = preflight.missing;
            if (missing && missing->err.status == SW_E_CREDENTIALS) {
                *err = missing->err;
                status = err->status;
            }
        }
    }
    for (size_t i = 0; i < FACT_COUNT; i++) {
        json_decref(preflight.facts[i].value);
    }
    json_decref(preflight.secrets);
    return status;
}

/* Moves what was found to the hints. */
static void keep_hint(struct sw_check_report *hints, struct sw_check_finding *found)
{
    hints->items = sw_grow(hints->items, hints->count, &hints->capacity, sizeof(*hints->items));
    hints->items[hints->count++] = *found;
    *found = (struct sw_check_finding){ .check = found->check, .level = SW_CHECK_OK };
}

static enum sw_status tell(const struct sw_env *env, const struct sw_check_report *report,
                           struct sw_err *err)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct sw_check_finding *found = &report->items[i];
        if (found->level == SW_CHECK_BLOCK && strcmp(found->check, "percentages") != 0) {
            return sw_fail(err, SW_E_PREFLIGHT, "%s", found->text);
        }
        if (found->level != SW_CHECK_OK) {
            sw_warn(env, "%s; %s", found->text, found->advice ? found->advice : "");
        }
    }
    return SW_OK;
}

enum sw_status ecs_preflight(const struct sw_env *env, const json_t *service,
                             const json_t *definition, const char *label,
                             struct sw_check_report *ret_hints, struct sw_err *err)
{
    const struct sw_check_options options = { .service = service,
                                              .definition = definition,
                                              .label = label };
    struct sw_check_report report = { .items = NULL };
    struct preflight preflight = { .env = env, .options = &options, .report = &report };
    start(&preflight);
    for (size_t i = 0; service && i < SW_COUNT(checks); i++) {
        size_t before = report.count;
        if (checks[i].moment == ON_REQUEST) {
            continue;
        }
        run_check(&preflight, &checks[i]);
        struct sw_check_finding *found = &report.items[before];
        if (checks[i].moment == AFTER && found->level == SW_CHECK_WARN) {
            keep_hint(ret_hints, found);
        }
    }
    json_decref(preflight.secrets);
    enum sw_status status = tell(env, &report, err);
    sw_check_report_release(&report);
    return status;
}
