#include <slipway/rollout.h>

/*
 * AWS's words for failures and what they mean: service events, stopped reasons of tasks, and
 * reasons of containers. Texts are compared in lower case; the first rule that fits wins, so the
 * telling ones stand before the general ones.
 */

#define SHOW_LOG "look at the last lines of the container's log"

static const struct sw_cause_class image_missing = {
    "image-missing",
    "the image does not exist",
    "check repository, tag and registry; was the image pushed by an earlier job, and under this "
    "tag?",
    true,
};
static const struct sw_cause_class image_denied = {
    "image-denied",
    "the image may not be pulled",
    "allow ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to the "
    "task's execution role (on EC2 without one: to the instance role); for another account's "
    "repository also in its policy",
    true,
};
static const struct sw_cause_class registry_unreachable = {
    "registry-unreachable",
    "the registry cannot be reached from the task",
    "give the subnet a route to it: a NAT gateway, a public IP address, or VPC endpoints for "
    "ecr.api, ecr.dkr and s3",
    false,
};
static const struct sw_cause_class registry_limit = {
    "registry-limit",
    "the registry's pull limit is reached",
    "keep a copy of the image in ECR, or pull with a login",
    false,
};
static const struct sw_cause_class platform = {
    "platform",
    "the image is for another processor or operating system",
    "build it for the machines that run it, e.g. slipway image build --platform linux/amd64",
    true,
};
static const struct sw_cause_class secret_missing = {
    "secret-missing",
    "a secret or parameter does not exist",
    "check the ARN, the JSON key and the region in the task definition's secrets",
    true,
};
static const struct sw_cause_class secret_denied = {
    "secret-denied",
    "a secret or parameter may not be read",
    "allow secretsmanager:GetSecretValue or ssm:GetParameters (and kms:Decrypt for a key of your "
    "own) to the task's execution role",
    true,
};
static const struct sw_cause_class secret_unreachable = {
    "secret-unreachable",
    "secrets cannot be read from the task's network",
    "give the subnet a route to Secrets Manager and SSM: NAT, public IP, or VPC endpoints",
    false,
};
static const struct sw_cause_class log_group = {
    "log-group",
    "the log group does not exist",
    "create it (aws logs create-log-group), or set awslogs-create-group to \"true\"",
    true,
};
static const struct sw_cause_class log_driver = {
    "log-driver",
    "the log driver cannot start",
    "allow logs:CreateLogStream and logs:PutLogEvents to the execution role, and a route to "
    "CloudWatch Logs",
    true,
};
static const struct sw_cause_class role = {
    "role",
    "ECS cannot assume the task's or execution role",
    "let the role's trust policy name ecs-tasks.amazonaws.com, and check that the role exists",
    true,
};
static const struct sw_cause_class command = {
    "command",
    "the container's command cannot be run",
    "check command, entryPoint and that the program in the image is executable",
    true,
};
static const struct sw_cause_class port_taken = {
    "port-taken",
    "the host port is taken on every suitable instance",
    "use hostPort 0 with a target group of type instance, lower minimumHealthyPercent so that an "
    "old task may stop first, or add an instance",
    false,
};
static const struct sw_cause_class memory_short = {
    "memory-short",
    "no instance has enough free memory",
    "lower the task's memory reservation, add or enlarge instances, or lower "
    "minimumHealthyPercent",
    false,
};
static const struct sw_cause_class cpu_short = {
    "cpu-short",
    "no instance has enough free CPU units",
    "lower the task's cpu, add or enlarge instances, or lower minimumHealthyPercent",
    false,
};
static const struct sw_cause_class attribute = {
    "attribute",
    "no instance has an attribute that the task needs",
    "update the ECS agent or AMI, and check log driver, networkMode and placement constraints",
    false,
};
static const struct sw_cause_class no_instances = {
    "no-instances",
    "the cluster has no instance that could run the task",
    "check that instances are running, registered with this cluster, and their agent is connected",
    false,
};
static const struct sw_cause_class placement = {
    "placement",
    "no instance meets the task's requirements",
    "compare the task's needs with the cluster's instances",
    false,
};
static const struct sw_cause_class percentages = {
    "percentages",
    "minimumHealthyPercent and maximumPercent allow no step",
    "raise maximumPercent or lower minimumHealthyPercent; with one task: 100/200 or 0/100",
    true,
};
static const struct sw_cause_class capacity = {
    "capacity",
    "AWS has no capacity or a quota is reached",
    "wait, use another Availability Zone, or ask for a higher quota",
    false,
};
static const struct sw_cause_class elb_health = {
    "elb-health",
    "the load balancer's health check fails",
    "check the health check's path, port and expected codes, the security groups between load "
    "balancer and tasks, and the service's health check grace period",
    false,
};
static const struct sw_cause_class container_health = {
    "container-health",
    "the container's own health check fails",
    "run its command in the image; it may need a program that is not there (curl), or a longer "
    "startPeriod",
    false,
};
static const struct sw_cause_class target_group = {
    "target-group",
    "ECS cannot register tasks with the target group",
    "check that the target group exists, is used by a listener, and lies in the tasks' VPC",
    false,
};
static const struct sw_cause_class out_of_memory = {
    "out-of-memory",
    "the container was killed for using too much memory",
    "raise the container's memory",
    true,
};
static const struct sw_cause_class network_interface = {
    "network-interface",
    "no network interface for the task",
    "check free addresses in the subnet, the instance's interface limit, and the security groups",
    false,
};
static const struct sw_cause_class disk_full = {
    "disk-full",
    "the instance's disk is full",
    "free space there, or replace the instance",
    false,
};
static const struct sw_cause_class dependency = {
    "dependency",
    "a container that others depend on did not start",
    "look at that container's own reason",
    true,
};
static const struct sw_cause_class throttled = {
    "throttled",
    "ECS is slowing down because tasks keep stopping",
    "look at why the tasks stop",
    false,
};
static const struct sw_cause_class exit_zero = {
    "exit-zero",
    "the main process ended normally, but a service must keep running",
    "keep the program in the foreground",
    true,
};
static const struct sw_cause_class exit_code = {
    "exit-code",
    "the container ended with an error",
    SHOW_LOG,
    true,
};
static const struct sw_cause_class exit_killed = {
    "exit-killed",
    "the container was killed (SIGKILL)",
    "it used too much memory, or did not stop in time",
    true,
};
static const struct sw_cause_class exit_crash = {
    "exit-crash",
    "the program crashed (segmentation fault or abort)",
    SHOW_LOG,
    true,
};
static const struct sw_cause_class by_user = {
    "stopped-by-user",
    "somebody stopped the task",
    "look at who did, in CloudTrail",
    false,
};
static const struct sw_cause_class infrastructure = {
    "infrastructure",
    "the machine under the task went away",
    "nothing, if it happens once: ECS starts the task again",
    false,
};
static const struct sw_cause_class deployment_failed = {
    "deployment-failed",
    "ECS gave the deployment up",
    "look at why the tasks failed",
    true,
};
static const struct sw_cause_class unknown = {
    "other",
    "something else went wrong",
    "read AWS's words above",
    false,
};

struct rule {
    const char *text; /* in lower case */
    const char *also; /* a second text that must be there; NULL: none */
    const struct sw_cause_class *klass;
};

/* Reasons of stopped tasks and of their containers. */
static const struct rule task_rules[] = {
    { "container killed due to memory usage", NULL, &out_of_memory },
    { "outofmemoryerror", NULL, &out_of_memory },
    { "exec format error", NULL, &platform },
    { "no matching manifest for", NULL, &platform },
    { "does not contain descriptor matching platform", NULL, &platform },
    { "operating system version mismatch", NULL, &platform },
    { "unable to pull secrets or registry auth", "accessdenied", &secret_denied },
    { "unable to pull secrets or registry auth", "resourcenotfound", &secret_missing },
    { "unable to pull secrets or registry auth", "did not contain json key", &secret_missing },
    { "unable to pull secrets or registry auth", "invalid ssm parameters", &secret_missing },
    { "unable to pull secrets or registry auth", "invalid parameters", &secret_missing },
    { "unable to pull secrets or registry auth", NULL, &secret_unreachable },
    { "invalid ssm parameters", NULL, &secret_missing },
    { "did not contain json key", NULL, &secret_missing },
    { "secret", "resourcenotfoundexception", &secret_missing },
    { "secret", "accessdenied", &secret_denied },
    { "ssm", "accessdenied", &secret_denied },
    { "kms", "accessdenied", &secret_denied },
    { "log", "resourcenotfoundexception", &log_group },
    { "failed to validate logger args", NULL, &log_driver },
    { "failed to initialize logging driver", NULL, &log_driver },
    { "ecr:batchgetimage", NULL, &image_denied },
    { "role has the permissions to pull images", NULL, &image_denied },
    { "check whether the image exists", NULL, &image_missing },
    { "manifest unknown", NULL, &image_missing },
    { "not found: manifest", NULL, &image_missing },
    { "name unknown", NULL, &image_missing },
    { "failed to resolve ref", ": not found", &image_missing },
    { "repository", "not found", &image_missing },
    { "repository", "does not exist or may require", &image_missing },
    { "manifest for", "not found", &image_missing },
    { "toomanyrequests", NULL, &registry_limit },
    { "pull rate limit", NULL, &registry_limit },
    { "pull access denied", NULL, &image_denied },
    { "no basic auth credentials", NULL, &image_denied },
    { "403 forbidden", NULL, &image_denied },
    { "unauthorized", NULL, &image_denied },
    { "authorization failed", NULL, &image_denied },
    { "check your task network configuration", NULL, &registry_unreachable },
    { "check your network configuration", NULL, &registry_unreachable },
    { "i/o timeout", NULL, &registry_unreachable },
    { "request canceled while waiting for connection", NULL, &registry_unreachable },
    { "client.timeout exceeded", NULL, &registry_unreachable },
    { "context deadline exceeded", NULL, &registry_unreachable },
    { "context canceled", NULL, &registry_unreachable },
    { "no space left on device", NULL, &disk_full },
    { "executable file not found", NULL, &command },
    { "no such file or directory: unknown", NULL, &command },
    { "permission denied: unknown", NULL, &command },
    { "port is already allocated", NULL, &port_taken },
    { "address already in use", NULL, &port_taken },
    { "driver failed programming external connectivity", NULL, &port_taken },
    { "unable to assume the role", NULL, &role },
    { "taskdependencyerror", NULL, &dependency },
    { "task failed elb health checks", NULL, &elb_health },
    { "failed container health checks", NULL, &container_health },
    { "create network interface", NULL, &network_interface },
    { "network interface", NULL, &network_interface },
    { "spot task was interrupted", NULL, &infrastructure },
    { "host ec2 (instance", NULL, &infrastructure },
    { "container instance deregistration forced", NULL, &by_user },
};

/* Service events. */
static const struct rule event_rules[] = {
    { "deployment failed:", NULL, &deployment_failed },
    { "is already using a port required by your task", NULL, &port_taken },
    { "resource:ports", NULL, &port_taken },
    { "has insufficient memory available", NULL, &memory_short },
    { "resource:memory", NULL, &memory_short },
    { "has insufficient cpu units available", NULL, &cpu_short },
    { "resource:cpu", NULL, &cpu_short },
    { "is missing an attribute required by your task", NULL, &attribute },
    { "placement constraint unsatisfied", NULL, &attribute },
    { "encountered error \"agent\"", NULL, &no_instances },
    { "have the agent connected", NULL, &no_instances },
    { "no container instances were found", NULL, &no_instances },
    { "waiting for amazon ecs agent to start", NULL, &no_instances },
    { "resource:eni", NULL, &network_interface },
    { "was unable to stop or start tasks during a deployment", NULL, &percentages },
    { "is unable to consistently start tasks successfully", NULL, &throttled },
    { "unable to assume the role", NULL, &role },
    { "iam trust relationship has been misconfigured", NULL, &role },
    { "iam permissions policies have been misconfigured", NULL, &role },
    { "is unhealthy in (", NULL, &elb_health },
    { "failed container health checks", NULL, &container_health },
    { "due to an unhealthy status", NULL, &elb_health },
    { "target group is not found", NULL, &target_group },
    { "failed to register targets", NULL, &target_group },
    { "failed to deregister targets", NULL, &target_group },
    { "failed to describe target health", NULL, &target_group },
    { "capacity is unavailable", NULL, &capacity },
    { "reached the limit on the number of", NULL, &capacity },
    { "configuration is above your limit", NULL, &capacity },
    { "provisioning capacity limit was exceeded", NULL, &capacity },
    { "no container instance met all of its requirements", NULL, &placement },
    { "unable to place a task", NULL, &placement },
    { "could not launch", NULL, &placement },
};

/* Lines of a container's log that tell more than its exit code. */
static const struct rule log_rules[] = {
    { "exec format error", NULL, &platform },
    { "exec ", "no such file or directory", &command },
    { "exec ", "permission denied", &command },
};

enum { TEXT_MAX = 4096 };

/* Lower case, with a plain apostrophe for the curly one that some events have. */
static void fold(const char *text, char out[TEXT_MAX])
{
    static const char curly[] = "\xe2\x80\x99";
    size_t len = 0;
    for (size_t i = 0; text[i] && len + 1 < TEXT_MAX; i++) {
        if (strncmp(text + i, curly, sizeof(curly) - 1) == 0) {
            out[len++] = '\'';
            i += sizeof(curly) - 2;
        } else {
            out[len++] = sw_lower(text[i]);
        }
    }
    out[len] = '\0';
}

static const struct sw_cause_class *match(const struct rule *rules, size_t count, const char *text)
{
    char folded[TEXT_MAX];
    fold(text, folded);
    for (size_t i = 0; i < count; i++) {
        if (strstr(folded, rules[i].text) && (!rules[i].also || strstr(folded, rules[i].also))) {
            return rules[i].klass;
        }
    }
    return NULL;
}

const struct sw_cause_class *sw_cause_of_event(const char *message)
{
    const struct sw_cause_class *found = match(event_rules, SW_COUNT(event_rules), message);
    if (found) {
        return found;
    }
    /* Fargate puts a task's reason into the event: "was unable to place a task. Reason: ...". */
    const char *reason = strstr(message, "Error: ");
    return reason ? match(task_rules, SW_COUNT(task_rules), message) : NULL;
}

const struct sw_cause_class *sw_cause_of_log(const char *line)
{
    return match(log_rules, SW_COUNT(log_rules), line);
}

/* The container whose end ended the task: the first with a code other than 0, else the first ended.
 */
static const json_t *ended_container(const json_t *task)
{
    const json_t *ended = NULL;
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(task, "containers"), index, container)
    {
        int64_t code = sw_json_int(container, "exitCode", -1);
        if (code > 0) {
            return container;
        }
        if (code == 0 && !ended) {
            ended = container;
        }
    }
    return ended;
}

static const struct sw_cause_class *class_of_exit(int64_t code)
{
    switch (code) {
    case 0:
        return &exit_zero;
    case 126:
    case 127:
        return &command;
    case 134:
    case 139:
        return &exit_crash;
    case 137:
        return &exit_killed;
    default:
        return &exit_code;
    }
}

/* A container whose reason is known; NULL when none is. */
static const struct sw_cause_class *class_of_reasons(const json_t *task, const char **ret_text,
                                                     const char **ret_container, int64_t *ret_exit)
{
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(sw_json_array(task, "containers"), index, container)
    {
        const char *reason = sw_json_str(container, "reason", "");
        const struct sw_cause_class *found = match(task_rules, SW_COUNT(task_rules), reason);
        if (found) {
            *ret_text = reason;
            *ret_container = sw_json_str(container, "name", NULL);
            *ret_exit = sw_json_int(container, "exitCode", -1);
            return found;
        }
    }
    return NULL;
}

const struct sw_cause_class *sw_cause_of_task(const json_t *task, const char **ret_text,
                                              const char **ret_container, int64_t *ret_exit)
{
    const char *reason = sw_json_str(task, "stoppedReason", "");
    const char *code = sw_json_str(task, "stopCode", "");
    *ret_text = reason;
    *ret_container = NULL;
    *ret_exit = -1;
    if (strstr(reason, "Scaling activity initiated by")) {
        return NULL;
    }
    const struct sw_cause_class *found = class_of_reasons(task, ret_text, ret_container, ret_exit);
    if (!found) {
        found = match(task_rules, SW_COUNT(task_rules), reason);
    }
    if (found) {
        return found;
    }
    if (strcmp(code, "UserInitiated") == 0) {
        return &by_user;
    }
    if (strcmp(code, "SpotInterruption") == 0 || strcmp(code, "TerminationNotice") == 0) {
        return &infrastructure;
    }
    /* When the scheduler stops a task, its exit code says nothing about the program. */
    bool stopped = strcmp(code, "ServiceSchedulerInitiated") == 0;
    const json_t *ended = stopped ? NULL : ended_container(task);
    if (!ended) {
        return &unknown;
    }
    *ret_container = sw_json_str(ended, "name", NULL);
    *ret_exit = sw_json_int(ended, "exitCode", -1);
    return class_of_exit(*ret_exit);
}
