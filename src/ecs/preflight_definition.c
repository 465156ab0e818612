#include "preflight.h"
#include "taskdef_check.h"

#include <slipway/alloc.h>

/* Checks that need nothing but the task definition. */

static const char *name_of(const json_t *container)
{
    return sw_json_str(container, "name", "?");
}

static bool has_items(const json_t *container, const char *key)
{
    return json_array_size(sw_json_array(container, key)) > 0;
}

static void judge_network_settings(struct preflight *preflight, const json_t *container)
{
    static const char *const awsvpc_only_bridge[] = { "links", "dnsServers", "dnsSearchDomains",
                                                      "extraHosts" };
    bool awsvpc = strcmp(preflight->mode, "awsvpc") == 0;
    bool host = strcmp(preflight->mode, "host") == 0;
    for (size_t i = 0; i < SW_COUNT(awsvpc_only_bridge); i++) {
        bool links = strcmp(awsvpc_only_bridge[i], "links") == 0;
        if (has_items(container, awsvpc_only_bridge[i]) && (awsvpc || (host && links))) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "container \"%s\" has \"%s\", which network mode %s does not allow",
                           name_of(container), awsvpc_only_bridge[i], preflight->mode);
            preflight_advise(preflight, "remove it: containers of a task reach each other at "
                                        "localhost there");
        }
    }
    if (awsvpc && *sw_json_str(container, "hostname", "")) {
        preflight_find(
            preflight, SW_CHECK_BLOCK,
            "container \"%s\" has \"hostname\", which network mode awsvpc does not allow",
            name_of(container));
        preflight_advise(preflight, "remove it");
    }
}

/* With awsvpc and host, a host port is the container's own. */
static void judge_host_ports(struct preflight *preflight, const json_t *container)
{
    size_t index = 0;
    const json_t *mapping = NULL;
    if (strcmp(preflight->mode, "bridge") == 0) {
        return;
    }
    json_array_foreach(sw_json_array(container, "portMappings"), index, mapping)
    {
        int64_t own = sw_json_int(mapping, "containerPort", 0);
        int64_t host = sw_json_int(mapping, "hostPort", own);
        if (host != own && host != 0) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "container \"%s\" maps port %lld to host port %lld; in network mode %s "
                           "both must be the same",
                           name_of(container), (long long)own, (long long)host, preflight->mode);
            preflight_advise(preflight, "remove hostPort");
        }
    }
}

void preflight_network_settings(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        judge_network_settings(preflight, container);
        judge_host_ports(preflight, container);
    }
}

static void judge_dependency(struct preflight *preflight, const json_t *container,
                             const json_t *dependency)
{
    const char *other_name = sw_json_str(dependency, "containerName", "");
    const char *condition = sw_json_str(dependency, "condition", "");
    const json_t *other = sw_taskdef_container(preflight->definition, other_name);
    bool ends = strcmp(condition, "COMPLETE") == 0 || strcmp(condition, "SUCCESS") == 0;
    if (!other) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "container \"%s\" depends on container \"%s\", which does not exist",
                       name_of(container), other_name);
        preflight_advise(preflight, "name a container of this task definition");
    } else if (strcmp(condition, "HEALTHY") == 0 && !sw_json_object(other, "healthCheck")) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "container \"%s\" waits for \"%s\" to be HEALTHY, which has no healthCheck",
                       name_of(container), other_name);
        preflight_advise(preflight, "give it one, or use the condition START");
    } else if (ends && sw_json_bool(other, "essential", true)) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "container \"%s\" waits for \"%s\" to end, but \"%s\" is essential: its end "
                       "ends the task",
                       name_of(container), other_name, other_name);
        preflight_advise(preflight, "set \"essential\": false at \"%s\"", other_name);
    }
}

/* Whether `from` depends on `goal`, at most `depth` steps away. */
static bool leads_to(const struct preflight *preflight, const char *from, const char *goal,
                     size_t depth)
{
    size_t index = 0;
    const json_t *dependency = NULL;
    const json_t *list =
        sw_json_array(sw_taskdef_container(preflight->definition, from), "dependsOn");
    if (depth == 0) {
        return false;
    }
    json_array_foreach(list, index, dependency)
    {
        const char *next = sw_json_str(dependency, "containerName", "");
        if (strcmp(next, goal) == 0 || leads_to(preflight, next, goal, depth - 1)) {
            return true;
        }
    }
    return false;
}

void preflight_depends_on(struct preflight *preflight)
{
    enum { CHAIN_MAX = 6 };
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        size_t at = 0;
        const json_t *dependency = NULL;
        json_array_foreach(sw_json_array(container, "dependsOn"), at, dependency)
        {
            judge_dependency(preflight, container, dependency);
        }
        if (leads_to(preflight, name_of(container), name_of(container), CHAIN_MAX)) {
            preflight_find(preflight, SW_CHECK_BLOCK, "container \"%s\" depends on itself",
                           name_of(container));
            preflight_advise(preflight, "break the circle of dependsOn");
        }
    }
}

void preflight_essential(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        if (sw_json_bool(container, "essential", true)) {
            return;
        }
    }
    preflight_find(preflight, SW_CHECK_BLOCK, "no container is essential");
    preflight_advise(preflight, "set \"essential\": true at the one that does the work");
}

/* What a container has beyond what any container can have. */
static void judge_sizes(struct preflight *preflight, const json_t *container)
{
    static const char *const keys[] = { "cpu", "memory", "memoryReservation" };
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        if (sw_json_count(container, keys[i], 0) != sw_json_int(container, keys[i], 0)) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "container \"%s\" has %s %lld; ECS takes 0 to %d", name_of(container),
                           keys[i], (long long)sw_json_int(container, keys[i], 0), INT32_MAX);
            preflight_advise(preflight, "set it within that range");
        }
    }
}

void preflight_limits(struct preflight *preflight)
{
    int64_t task = ecs_task_size_of(preflight->definition, "memory");
    int64_t sum = 0;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        int64_t hard = sw_json_count(container, "memory", 0);
        int64_t soft = sw_json_count(container, "memoryReservation", 0);
        judge_sizes(preflight, container);
        if (hard > 0 && soft > hard) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "container \"%s\" reserves %lld MiB, more than its limit of %lld MiB",
                           name_of(container), (long long)soft, (long long)hard);
            preflight_advise(preflight, "raise memory, or lower memoryReservation");
        } else if (hard == 0 && soft == 0 && task == 0) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "container \"%s\" has neither memory nor memoryReservation, nor has the "
                           "task",
                           name_of(container));
            preflight_advise(preflight, "set one of them");
        }
        sum += soft > 0 ? soft : hard;
    }
    if (task > 0 && sum > task) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the containers want %lld MiB together, more than the task's %lld MiB",
                       (long long)sum, (long long)task);
        preflight_advise(preflight, "raise the task's memory");
    }
}

static void judge_health_range(struct preflight *preflight, const json_t *container,
                               const json_t *health)
{
    for (size_t i = 0; i < ECS_HEALTH_LIMITS; i++) {
        const struct ecs_limit *limit = &ecs_health_limits[i];
        int64_t value = sw_json_int(health, limit->key, limit->least);
        if (value < limit->least || value > limit->most) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "the health check of container \"%s\" has %s %lld; ECS takes %lld to "
                           "%lld",
                           name_of(container), limit->key, (long long)value,
                           (long long)limit->least, (long long)limit->most);
            preflight_advise(preflight, "set it within that range");
        }
    }
}

void preflight_health_command(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const json_t *health = sw_json_object(container, "healthCheck");
        const json_t *command = sw_json_array(health, "command");
        const char *first = json_string_value(json_array_get(command, 0));
        const char *second = json_string_value(json_array_get(command, 1));
        if (!health) {
            continue;
        }
        judge_health_range(preflight, container, health);
        if (!first || (strcmp(first, "CMD") != 0 && strcmp(first, "CMD-SHELL") != 0 &&
                       strcmp(first, "NONE") != 0)) {
            preflight_find(preflight, SW_CHECK_WARN,
                           "the health check of container \"%s\" begins with \"%s\"",
                           name_of(container), first ? first : "");
            preflight_advise(preflight, "its command is a list that begins with CMD or CMD-SHELL");
        } else if (second && (strstr(second, "curl") || strstr(second, "wget"))) {
            preflight_find(preflight, SW_CHECK_WARN,
                           "the health check of container \"%s\" runs %s, which many images do not "
                           "have",
                           name_of(container), strstr(second, "curl") ? "curl" : "wget");
            preflight_advise(preflight, "try it in the image, which is not looked into");
            preflight_command(preflight, "docker run --rm --entrypoint sh %s -c 'command -v %s'",
                              sw_json_str(container, "image", "IMAGE"),
                              strstr(second, "curl") ? "curl" : "wget");
        }
    }
}

void preflight_env_files(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        size_t at = 0;
        const json_t *file = NULL;
        json_array_foreach(sw_json_array(container, "environmentFiles"), at, file)
        {
            const char *value = sw_json_str(file, "value", "");
            if (!sw_str_ends(sw_str(value), ".env") || !strstr(value, ":s3:::")) {
                preflight_find(
                    preflight, SW_CHECK_WARN,
                    "container \"%s\" reads variables from \"%s\", which is no ARN of an "
                    "S3 object that ends in .env",
                    name_of(container), value);
                preflight_advise(preflight, "name it arn:aws:s3:::BUCKET/KEY.env");
            }
        }
    }
}
