#include "preflight.h"

#include <slipway/alloc.h>

/* Checks of what instances must be like: attributes, processors, placement constraints. */

static void add_container_needs(const json_t *container, json_t *needs)
{
    const char *driver =
        sw_json_str(sw_json_object(container, "logConfiguration"), "logDriver", "");
    if (*driver && strcmp(driver, "awsfirelens") != 0) {
        char *name SW_CLEANUP(sw_free_str) =
            sw_xasprintf("com.amazonaws.ecs.capability.logging-driver.%s", driver);
        preflight_add_once(needs, name);
    }
    if (sw_json_bool(container, "privileged", false)) {
        preflight_add_once(needs, "com.amazonaws.ecs.capability.privileged-container");
    }
    if (json_array_size(sw_json_array(container, "environmentFiles")) > 0) {
        preflight_add_once(needs, "ecs.capability.env-files.s3");
    }
}

/* What the definition asks of an instance, as ECS will derive it. The caller's. */
static json_t *needed_attributes(const struct preflight *preflight)
{
    json_t *needs = json_array();
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        add_container_needs(container, needs);
    }
    const json_t *secret = NULL;
    json_array_foreach(preflight->secrets, index, secret)
    {
        preflight_add_once(needs, sw_json_bool(secret, "managed", false)
                                      ? "ecs.capability.secrets.asm.environment-variables"
                                      : "ecs.capability.secrets.ssm.environment-variables");
    }
    if (strcmp(preflight->mode, "awsvpc") == 0) {
        preflight_add_once(needs, "ecs.capability.task-eni");
    }
    if (*sw_json_str(preflight->definition, "taskRoleArn", "")) {
        preflight_add_once(needs, strcmp(preflight->mode, "host") == 0
                                      ? "com.amazonaws.ecs.capability.task-iam-role-network-host"
                                      : "com.amazonaws.ecs.capability.task-iam-role");
    }
    return needs;
}

size_t preflight_having(const json_t *instances, const char *name, const char *value)
{
    size_t count = 0;
    size_t index = 0;
    const json_t *instance = NULL;
    json_array_foreach(instances, index, instance)
    {
        const char *own = preflight_attribute(instance, name);
        count += own && (!value || strcmp(own, value) == 0) ? 1 : 0;
    }
    return count;
}

/* How an attribute is got, for those that people can do something about. */
static const char *attribute_advice(const char *name)
{
    if (strstr(name, "logging-driver")) {
        return "name the driver in ECS_AVAILABLE_LOGGING_DRIVERS of /etc/ecs/ecs.config and restart "
               "the agent";
    }
    if (strstr(name, "privileged")) {
        return "remove ECS_DISABLE_PRIVILEGED from /etc/ecs/ecs.config and restart the agent";
    }
    return "update the ECS agent: use a current ECS AMI";
}

static void judge_needs(struct preflight *preflight, const json_t *instances, const json_t *needs,
                        enum sw_check_level level)
{
    size_t index = 0;
    const json_t *need = NULL;
    json_array_foreach(needs, index, need)
    {
        const char *name = json_string_value(need);
        if (preflight_having(instances, name, NULL) == 0) {
            preflight_find(preflight, level,
                           "the task needs the attribute %s, which no instance has", name);
            preflight_advise(preflight, "%s", attribute_advice(name));
        }
    }
}

/* Whether any instance tells what its agent can do. */
static bool reports_capabilities(const json_t *instances)
{
    size_t index = 0;
    const json_t *instance = NULL;
    json_array_foreach(instances, index, instance)
    {
        size_t at = 0;
        const json_t *attribute = NULL;
        json_array_foreach(sw_json_array(instance, "attributes"), at, attribute)
        {
            if (strstr(sw_json_str(attribute, "name", ""), ".capability.")) {
                return true;
            }
        }
    }
    return false;
}

/* What the present revision needs and this one cannot be seen not to: kept apart, as it may differ.
 */
static json_t *current_attributes(struct preflight *preflight, const json_t *needs)
{
    json_t *names = json_array();
    size_t index = 0;
    const json_t *item = NULL;
    const json_t *current = preflight->service ? preflight_fact(preflight, FACT_CURRENT) : NULL;
    json_array_foreach(sw_json_array(current, "requiresAttributes"), index, item)
    {
        const char *name = sw_json_str(item, "name", "");
        if (!preflight_has(needs, name)) {
            preflight_add_once(names, name);
        }
    }
    return names;
}

void preflight_attributes(struct preflight *preflight)
{
    json_auto_t *instances = preflight_eligible(preflight);
    const json_t *platform = sw_json_object(preflight->definition, "runtimePlatform");
    const char *processor = sw_json_str(platform, "cpuArchitecture", "");
    if (json_array_size(instances) == 0) {
        return;
    }
    if (!reports_capabilities(instances)) {
        preflight_find(preflight, SW_CHECK_SKIP,
                       "not checked: the instances do not tell what they are capable of");
        return;
    }
    json_auto_t *needs = needed_attributes(preflight);
    json_auto_t *current = current_attributes(preflight, needs);
    preflight->missing = NULL; /* the present revision only adds to what is known */
    judge_needs(preflight, instances, needs, SW_CHECK_BLOCK);
    judge_needs(preflight, instances, current, SW_CHECK_WARN);
    const char *wanted = strcmp(processor, "ARM64") == 0 ? "arm64" : "x86_64";
    if (*processor && preflight_having(instances, "ecs.cpu-architecture", NULL) > 0 &&
        preflight_having(instances, "ecs.cpu-architecture", wanted) == 0) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the task definition is for %s, and no instance has that processor",
                       processor);
        preflight_advise(preflight, "change runtimePlatform, or add such instances");
    }
}

/* ---- Constraints ---- */

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

static bool value_in_list(struct sw_str list, const char *value)
{
    while (list.ptr) {
        struct sw_str item = sw_str_trim(sw_str_cut(&list, ','));
        if (sw_str_is(item, value)) {
            return true;
        }
    }
    return false;
}

/*
 * Evaluates the simple forms of the cluster query language: "attribute:NAME == VALUE", "!=",
 * "in [A, B]", "exists". Everything else is not known.
 */
static enum answer satisfies(const json_t *instance, const char *expression)
{
    struct sw_str rest = sw_str_trim(sw_str(expression));
    if (!sw_str_starts(rest, "attribute:")) {
        return ANSWER_UNKNOWN;
    }
    rest = sw_str_from(rest, strlen("attribute:"));
    char *name SW_CLEANUP(sw_free_str) = sw_str_dup(sw_str_cut(&rest, ' '));
    struct sw_str operation = sw_str_cut(&rest, ' ');
    struct sw_str value = sw_str_trim(rest);
    const char *own = preflight_attribute(instance, name);
    if (sw_str_is(operation, "exists")) {
        return own ? ANSWER_YES : ANSWER_NO;
    }
    if (value.len == 0 || sw_str_find_str(value, SW_STR("and ")) > 0 ||
        sw_str_find_str(value, SW_STR("or ")) > 0) {
        return ANSWER_UNKNOWN;
    }
    if (sw_str_is(operation, "==")) {
        return own && sw_str_is(value, own) ? ANSWER_YES : ANSWER_NO;
    }
    if (sw_str_is(operation, "!=")) {
        return own && sw_str_is(value, own) ? ANSWER_NO : ANSWER_YES;
    }
    if (sw_str_is(operation, "in") && sw_str_starts(value, "[") && sw_str_ends(value, "]")) {
        struct sw_str list = sw_str_n(value.ptr + 1, value.len - 2);
        return own && value_in_list(list, own) ? ANSWER_YES : ANSWER_NO;
    }
    return ANSWER_UNKNOWN;
}

static void judge_member_of(struct preflight *preflight, const json_t *instances,
                            const char *expression)
{
    size_t yes = 0;
    size_t index = 0;
    const json_t *instance = NULL;
    json_array_foreach(instances, index, instance)
    {
        enum answer answer = satisfies(instance, expression);
        if (answer == ANSWER_UNKNOWN) {
            preflight_find(preflight, SW_CHECK_SKIP,
                           "not checked: the placement constraint \"%s\" is too rich to be judged "
                           "here",
                           expression);
            return;
        }
        yes += answer == ANSWER_YES ? 1 : 0;
    }
    if (yes == 0) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "no instance satisfies the placement constraint \"%s\"", expression);
        preflight_advise(preflight, "set the attribute at an instance, or change the constraint");
        preflight_command(preflight,
                          "aws ecs list-attributes --cluster %s --target-type container-instance",
                          preflight->options->cluster);
    }
}

static void judge_constraints(struct preflight *preflight, const json_t *instances,
                              const json_t *constraints)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(constraints, index, item)
    {
        const char *type = sw_json_str(item, "type", "");
        if (strcmp(type, "memberOf") == 0) {
            judge_member_of(preflight, instances, sw_json_str(item, "expression", ""));
        } else if (strcmp(type, "distinctInstance") == 0 &&
                   preflight->steps.desired > (int64_t)json_array_size(instances)) {
            preflight_find(preflight, SW_CHECK_BLOCK,
                           "distinctInstance wants an instance per task: %lld tasks are wanted and "
                           "%zu could run one",
                           (long long)preflight->steps.desired, json_array_size(instances));
            preflight_advise(preflight, "add instances, want fewer tasks, or remove the "
                                        "constraint");
        }
    }
}

void preflight_constraints(struct preflight *preflight)
{
    const json_t *of_service = sw_json_array(preflight->service, "placementConstraints");
    const json_t *of_task = sw_json_array(preflight->definition, "placementConstraints");
    if (json_array_size(of_service) + json_array_size(of_task) == 0) {
        preflight_idle(preflight);
        return;
    }
    json_auto_t *instances = preflight_eligible(preflight);
    if (json_array_size(instances) == 0) {
        return;
    }
    judge_constraints(preflight, instances, of_service);
    judge_constraints(preflight, instances, of_task);
}
