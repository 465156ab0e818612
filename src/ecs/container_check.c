#include "taskdef_check.h"

#include <slipway/alloc.h>

/* Rules of RegisterTaskDefinition about each container. */

enum { ENV_FILES_MAX = 10 };

/* A container under examination. */
struct subject {
    const struct ecs_check *check;
    const json_t *container;
    const char *name;
};

static void check_image(const struct subject *subject)
{
    if (!*sw_json_str(subject->container, "image", "")) {
        ecs_problem(subject->check, "container \"%s\" has no image; --image sets it",
                    subject->name);
    }
}

static void check_memory(const struct subject *subject)
{
    int64_t limit = sw_json_int(subject->container, "memory", 0);
    int64_t reserved = sw_json_int(subject->container, "memoryReservation", 0);
    if (limit == 0 && reserved == 0 && subject->check->memory == 0) {
        ecs_problem(subject->check,
                    "container \"%s\" has neither memory nor memoryReservation, and the task has "
                    "no memory; --container-memory sets it",
                    subject->name);
    }
    if (limit > 0 && reserved > limit) {
        ecs_problem(subject->check,
                    "container \"%s\" reserves memory %lld, which is more than its limit %lld",
                    subject->name, (long long)reserved, (long long)limit);
    }
    if (subject->check->memory > 0 && limit > subject->check->memory) {
        ecs_problem(subject->check,
                    "container \"%s\" has memory %lld, which is more than the task's %lld",
                    subject->name, (long long)limit, (long long)subject->check->memory);
    }
}

static void check_pairs(const struct subject *subject, const json_t *list, const char *value_key,
                        const char *what)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        const char *name = sw_json_str(item, "name", "");
        if (!*name) {
            ecs_problem(subject->check, "container \"%s\": %s %zu has no name", subject->name, what,
                        index + 1);
        } else if (!sw_json_str(item, value_key, NULL)) {
            ecs_problem(subject->check, "container \"%s\": %s \"%s\" has no \"%s\"", subject->name,
                        what, name, value_key);
        }
    }
    SW_CLEANUP(sw_free_str) char *named = sw_xasprintf("container \"%s\": %s", subject->name, what);
    ecs_check_unique(subject->check, list, "name", named);
}

static void check_variables(const struct subject *subject)
{
    const json_t *variables = sw_json_array(subject->container, "environment");
    const json_t *secrets = sw_json_array(subject->container, "secrets");
    size_t index = 0;
    const json_t *secret = NULL;
    check_pairs(subject, variables, "value", "environment variable");
    check_pairs(subject, secrets, "valueFrom", "secret");
    json_array_foreach(secrets, index, secret)
    {
        const char *name = sw_json_str(secret, "name", "");
        if (ecs_find_item(variables, name) < json_array_size(variables)) {
            ecs_problem(subject->check,
                        "container \"%s\": \"%s\" is an environment variable and a secret; "
                        "--remove-env or --remove-secret takes one away",
                        subject->name, name);
        }
    }
}

static void check_env_files(const struct subject *subject)
{
    const json_t *files = sw_json_array(subject->container, "environmentFiles");
    size_t index = 0;
    const json_t *file = NULL;
    if (json_array_size(files) > ENV_FILES_MAX) {
        ecs_problem(subject->check, "container \"%s\" has %zu environment files; ECS takes %d",
                    subject->name, json_array_size(files), ENV_FILES_MAX);
    }
    json_array_foreach(files, index, file)
    {
        const char *arn = sw_json_str(file, "value", "");
        if (!sw_str_ends(sw_str(arn), ".env")) {
            ecs_problem(subject->check,
                        "container \"%s\": environment file \"%s\" does not end in .env",
                        subject->name, arn);
        }
    }
}

/* Whose address the container has is whose ports it has. */
static void check_ports(const struct subject *subject)
{
    const char *mode = sw_json_str(subject->check->definition, "networkMode", "");
    size_t index = 0;
    const json_t *mapping = NULL;
    if (strcmp(mode, "awsvpc") != 0 && strcmp(mode, "host") != 0) {
        return;
    }
    json_array_foreach(sw_json_array(subject->container, "portMappings"), index, mapping)
    {
        int64_t port = sw_json_int(mapping, "containerPort", 0);
        int64_t host = sw_json_int(mapping, "hostPort", 0);
        if (host != 0 && port != 0 && host != port) {
            ecs_problem(subject->check,
                        "container \"%s\": with network mode %s the host port of %lld cannot be "
                        "%lld; leave it out",
                        subject->name, mode, (long long)port, (long long)host);
        }
    }
}

static bool has_item(const json_t *list, const char *name)
{
    return ecs_find_item(list, name) < json_array_size(list);
}

static void check_mounts(const struct subject *subject)
{
    const json_t *volumes = sw_json_array(subject->check->definition, "volumes");
    size_t index = 0;
    const json_t *mount = NULL;
    json_array_foreach(sw_json_array(subject->container, "mountPoints"), index, mount)
    {
        const char *volume = sw_json_str(mount, "sourceVolume", "");
        if (!has_item(volumes, volume)) {
            ecs_problem(subject->check,
                        "container \"%s\" mounts volume \"%s\", which is not defined; --volume "
                        "defines it",
                        subject->name, volume);
        }
    }
}

static void check_named(const struct subject *subject, const char *list, const char *key)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(subject->container, list), index, item)
    {
        const char *other = sw_json_str(item, key, "");
        if (!has_item(subject->check->containers, other)) {
            ecs_problem(subject->check,
                        "container \"%s\": \"%s\" names container \"%s\", which is "
                        "not there",
                        subject->name, list, other);
        }
    }
}

/* The links of a container: "other" or "other:alias". */
static void check_links(const struct subject *subject)
{
    size_t index = 0;
    const json_t *link = NULL;
    json_array_foreach(sw_json_array(subject->container, "links"), index, link)
    {
        struct sw_str rest = sw_str(json_is_string(link) ? json_string_value(link) : "");
        SW_CLEANUP(sw_free_str) char *other = sw_str_dup(sw_str_cut(&rest, ':'));
        if (!has_item(subject->check->containers, other)) {
            ecs_problem(subject->check,
                        "container \"%s\": \"links\" names container \"%s\", which is not there",
                        subject->name, other);
        }
    }
}

static void check_waits(const struct subject *subject)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(subject->container, "dependsOn"), index, item)
    {
        const char *other = sw_json_str(item, "containerName", "");
        const json_t *target = sw_taskdef_container(subject->check->definition, other);
        bool healthy = strcmp(sw_json_str(item, "condition", ""), "HEALTHY") == 0;
        if (strcmp(other, subject->name) == 0) {
            ecs_problem(subject->check, "container \"%s\" depends on itself", subject->name);
        } else if (healthy && target && !sw_json_object(target, "healthCheck")) {
            ecs_problem(subject->check,
                        "container \"%s\" waits for container \"%s\" to be healthy, which has no "
                        "health check; --health-check sets it",
                        subject->name, other);
        }
    }
}

const struct ecs_limit ecs_health_limits[ECS_HEALTH_LIMITS] = {
    { "interval", 5, 300 }, { "timeout", 2, 120 }, { "retries", 1, 10 }, { "startPeriod", 0, 300 }
};

static void check_health(const struct subject *subject)
{
    const json_t *health = sw_json_object(subject->container, "healthCheck");
    const json_t *first = json_array_get(sw_json_array(health, "command"), 0);
    const char *kind = json_is_string(first) ? json_string_value(first) : "";
    if (health && strcmp(kind, "CMD") != 0 && strcmp(kind, "CMD-SHELL") != 0 &&
        strcmp(kind, "NONE") != 0) {
        ecs_problem(subject->check,
                    "container \"%s\": the command of the health check begins with CMD, CMD-SHELL "
                    "or NONE, not with \"%s\"",
                    subject->name, kind);
    }
    for (size_t i = 0; i < ECS_HEALTH_LIMITS; i++) {
        const struct ecs_limit *limit = &ecs_health_limits[i];
        int64_t value = sw_json_int(health, limit->key, limit->least);
        if (value < limit->least || value > limit->most) {
            ecs_problem(subject->check,
                        "container \"%s\": \"%s\" of the health check is %lld; ECS takes %lld to "
                        "%lld",
                        subject->name, limit->key, (long long)value, (long long)limit->least,
                        (long long)limit->most);
        }
    }
}

static void check_log(const struct subject *subject)
{
    const json_t *log = sw_json_object(subject->container, "logConfiguration");
    const char *driver = sw_json_str(log, "logDriver", "");
    bool on_fargate = strcmp(driver, "awslogs") == 0 || strcmp(driver, "splunk") == 0 ||
                      strcmp(driver, "awsfirelens") == 0;
    if (log && !*driver) {
        ecs_problem(subject->check,
                    "container \"%s\" has log options but no log driver; --log-driver sets it",
                    subject->name);
    } else if (log && subject->check->fargate && !on_fargate) {
        ecs_problem(subject->check,
                    "container \"%s\": log driver \"%s\" is not offered on Fargate; awslogs, "
                    "splunk and awsfirelens are",
                    subject->name, driver);
    }
}

/* What ECS itself needs rights for, before the container runs. */
static void check_execution_role(const struct subject *subject)
{
    const char *why = NULL;
    struct sw_image_parts image =
        sw_image_split(sw_str(sw_json_str(subject->container, "image", "")));
    const json_t *log = sw_json_object(subject->container, "logConfiguration");
    if (*sw_json_str(subject->check->definition, "executionRoleArn", "")) {
        return;
    }
    if (json_array_size(sw_json_array(subject->container, "secrets")) > 0) {
        why = "has secrets";
    } else if (subject->check->fargate && sw_str_find_str(image.name, SW_STR(".dkr.ecr.")) >= 0) {
        why = "has an image in ECR";
    } else if (subject->check->fargate &&
               strcmp(sw_json_str(log, "logDriver", ""), "awslogs") == 0) {
        why = "logs to CloudWatch on Fargate";
    }
    if (why) {
        ecs_problem(subject->check,
                    "container \"%s\" %s, which needs an execution role; --execution-role sets it",
                    subject->name, why);
    }
}

static void check_privileged(const struct subject *subject)
{
    if (subject->check->fargate && sw_json_bool(subject->container, "privileged", false)) {
        ecs_problem(subject->check, "container \"%s\" is privileged, which Fargate does not offer",
                    subject->name);
    }
}

void ecs_check_containers(const struct ecs_check *check)
{
    static void (*const rules[])(const struct subject *) = {
        check_image,  check_memory, check_variables,      check_env_files,
        check_ports,  check_mounts, check_links,          check_waits,
        check_health, check_log,    check_execution_role, check_privileged,
    };
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(check->containers, index, container)
    {
        const struct subject subject = { .check = check,
                                         .container = container,
                                         .name = sw_json_str(container, "name", "") };
        for (size_t i = 0; i < SW_COUNT(rules); i++) {
            rules[i](&subject);
        }
        check_named(&subject, "dependsOn", "containerName");
        check_named(&subject, "volumesFrom", "sourceContainer");
    }
}
