#include "cause.h"

#include <slipway/str.h>

/*
 * AWS's words for failures, put into classes: service events, reasons of tasks and containers,
 * target health, failures of single calls. Texts are compared in lower case; the first rule that
 * fits wins, so the telling ones stand before the general ones.
 */

struct rule {
    const char *text; /* in lower case; "=..." must be the whole text */
    const char *also; /* a second text that must be there; NULL: none */
    enum cause cause;
};

/* Reasons of stopped tasks and of their containers. */
static const struct rule reason_rules[] = {
    { "container killed due to memory usage", NULL, CAUSE_OUT_OF_MEMORY },
    { "outofmemoryerror", NULL, CAUSE_OUT_OF_MEMORY },
    { "exec format error", NULL, CAUSE_PLATFORM },
    { "no matching manifest for", NULL, CAUSE_PLATFORM },
    { "does not contain descriptor matching platform", NULL, CAUSE_PLATFORM },
    { "operating system version mismatch", NULL, CAUSE_PLATFORM },

    { "ecr registry auth", "accessdenied", CAUSE_IMAGE_DENIED },
    { "ecr registry auth", "not authorized", CAUSE_IMAGE_DENIED },
    { "ecr registry auth", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "cannot pull registry auth from amazon ecr", "accessdenied", CAUSE_IMAGE_DENIED },
    { "cannot pull registry auth from amazon ecr", NULL, CAUSE_REGISTRY_UNREACHABLE },

    { "failed to download env files", NULL, CAUSE_ENV_FILE },
    { "unable to download env file", NULL, CAUSE_ENV_FILE },
    { "efs utils commands", "failed to resolve", CAUSE_FILE_SYSTEM_NAME },
    { "efs utils commands", "timed out", CAUSE_FILE_SYSTEM_TIMEOUT },
    { "efs utils commands", "access denied", CAUSE_FILE_SYSTEM_DENIED },
    { "efs utils commands", NULL, CAUSE_FILE_SYSTEM },

    { "did not contain json key", NULL, CAUSE_SECRET_KEY },
    { "secret", "marked for deletion", CAUSE_SECRET_DELETED },
    { "invalid ssm parameters", NULL, CAUSE_SECRET_MISSING },
    { "invalid parameters", NULL, CAUSE_SECRET_MISSING },
    { "secret", "resourcenotfoundexception", CAUSE_SECRET_MISSING },
    { "secret", "parameternotfound", CAUSE_SECRET_MISSING },
    { "ssm", "parameternotfound", CAUSE_SECRET_MISSING },
    { "secret", "accessdenied", CAUSE_SECRET_DENIED },
    { "secret", "not authorized", CAUSE_SECRET_DENIED },
    { "ssm", "accessdenied", CAUSE_SECRET_DENIED },
    { "ssm", "not authorized", CAUSE_SECRET_DENIED },
    { "kms", "accessdenied", CAUSE_SECRET_DENIED },
    { "secret", "kms", CAUSE_SECRET_DENIED },
    { "ssm", "kms", CAUSE_SECRET_DENIED },
    { "unable to retrieve secret", "connection issue", CAUSE_SECRET_UNREACHABLE },
    { "unable to retrieve secret", "context deadline exceeded", CAUSE_SECRET_UNREACHABLE },
    { "unable to retrieve secret", "context canceled", CAUSE_SECRET_UNREACHABLE },
    { "unable to retrieve secret", "i/o timeout", CAUSE_SECRET_UNREACHABLE },
    { "unable to retrieve secret", "request canceled", CAUSE_SECRET_UNREACHABLE },
    { "cannot pull the secret", "connection issue", CAUSE_SECRET_UNREACHABLE },
    { "cannot pull secret", "connection issue", CAUSE_SECRET_UNREACHABLE },
    { "cannot pull the secret", NULL, CAUSE_SECRET },
    { "fetching secret data", "deadline exceeded", CAUSE_SECRET_UNREACHABLE },
    { "fetching secret data", "timeout", CAUSE_SECRET_UNREACHABLE },
    { "fetching secret data", "request canceled", CAUSE_SECRET_UNREACHABLE },
    { "unable to retrieve secret", NULL, CAUSE_SECRET },
    { "fetching secret data", NULL, CAUSE_SECRET },
    { "unable to pull secrets or registry auth", "accessdenied", CAUSE_SECRET_DENIED },
    { "unable to pull secrets or registry auth", NULL, CAUSE_SECRET_UNREACHABLE },

    { "log", "resourcenotfoundexception", CAUSE_LOG_GROUP },
    { "failed to validate logger args", "accessdenied", CAUSE_LOG_DRIVER },
    { "failed to validate logger args", "signal: killed", CAUSE_LOG_UNREACHABLE },
    { "failed to validate logger args", "connection issue", CAUSE_LOG_UNREACHABLE },
    { "failed to validate logger args", NULL, CAUSE_LOG_DRIVER },
    { "failed to initialize logging driver", "accessdenied", CAUSE_LOG_DRIVER },
    { "failed to initialize logging driver", "timeout", CAUSE_LOG_UNREACHABLE },
    { "failed to initialize logging driver", "connection issue", CAUSE_LOG_UNREACHABLE },
    { "failed to initialize logging driver", "signal: killed", CAUSE_LOG_UNREACHABLE },
    { "failed to initialize logging driver", NULL, CAUSE_LOG_DRIVER },
    { "connection issue between the task and amazon cloudwatch", NULL, CAUSE_LOG_UNREACHABLE },

    { "ecr:batchgetimage", NULL, CAUSE_IMAGE_DENIED },
    { "role has the permissions to pull images", NULL, CAUSE_IMAGE_DENIED },
    { "check whether the image exists", NULL, CAUSE_IMAGE_MISSING },
    { "requested access to the resource is denied", NULL, CAUSE_IMAGE_MISSING },
    { "manifest unknown", NULL, CAUSE_IMAGE_MISSING },
    { "not found: manifest", NULL, CAUSE_IMAGE_MISSING },
    { "name unknown", NULL, CAUSE_IMAGE_MISSING },
    { "failed to resolve ref", ": not found", CAUSE_IMAGE_MISSING },
    { "repository", "not found", CAUSE_IMAGE_MISSING },
    { "repository", "does not exist or may require", CAUSE_IMAGE_MISSING },
    { "manifest for", "not found", CAUSE_IMAGE_MISSING },
    { "failed to copy: httpreaderseeker", NULL, CAUSE_IMAGE_LAYERS },
    { "error pulling image configuration", NULL, CAUSE_IMAGE_LAYERS },
    { "panic: runtime error: invalid memory address", NULL, CAUSE_IMAGE_LAYERS },
    { "toomanyrequests", NULL, CAUSE_REGISTRY_LIMIT },
    { "pull rate limit", NULL, CAUSE_REGISTRY_LIMIT },
    { "pull access denied", NULL, CAUSE_IMAGE_DENIED },
    { "no basic auth credentials", NULL, CAUSE_IMAGE_DENIED },
    { "403 forbidden", NULL, CAUSE_IMAGE_DENIED },
    { "unauthorized", NULL, CAUSE_IMAGE_DENIED },
    { "authorization failed", NULL, CAUSE_IMAGE_DENIED },
    { "cannotpullcontainerautherror", NULL, CAUSE_IMAGE_DENIED },
    { "x509: certificate signed by unknown authority", NULL, CAUSE_REGISTRY_CA },
    { "no space left on device", NULL, CAUSE_DISK_FULL },
    { "thin pool", NULL, CAUSE_DISK_FULL },
    { "check your task network configuration", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "check your network configuration", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "i/o timeout", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "request canceled while waiting for connection", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "client.timeout exceeded", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "context deadline exceeded", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "context canceled", NULL, CAUSE_REGISTRY_UNREACHABLE },
    { "cannotpull", NULL, CAUSE_IMAGE_PULL },

    { "executable file not found", NULL, CAUSE_COMMAND },
    { "no such file or directory: unknown", NULL, CAUSE_COMMAND },
    { "permission denied: unknown", NULL, CAUSE_COMMAND },
    { "port is already allocated", NULL, CAUSE_PORT_TAKEN },
    { "address already in use", NULL, CAUSE_PORT_TAKEN },
    { "driver failed programming external connectivity", NULL, CAUSE_PORT_TAKEN },
    { "could not transition to", "timed out after waiting", CAUSE_DOCKER_TIMEOUT },
    { "dockertimeouterror", NULL, CAUSE_DOCKER_TIMEOUT },
    { "cannotinspectcontainererror", NULL, CAUSE_DOCKER_TIMEOUT },
    { "cannotstopcontainererror", NULL, CAUSE_DOCKER_TIMEOUT },
    { "unable to assume the role", NULL, CAUSE_ROLE },
    { "taskdependencyerror", NULL, CAUSE_DEPENDENCY },
    { "dependency", "didn't start", CAUSE_DEPENDENCY },
    { "dependency", "exited with", CAUSE_DEPENDENCY },
    { "invalidvolumeerror", NULL, CAUSE_VOLUME },
    { "cannotcreatevolumeerror", NULL, CAUSE_VOLUME },
    { "taskstoppedbeforepullbeginerror", NULL, CAUSE_INTERRUPTED },

    { "task failed elb health checks", NULL, CAUSE_ELB_HEALTH },
    { "failed container health checks", NULL, CAUSE_CONTAINER_HEALTH },
    { "insufficientfreeaddressesinsubnet", NULL, CAUSE_SUBNET_FULL },
    { "network interface provisioning to complete", NULL, CAUSE_INTERNAL },
    { "ephemeralstorage provisioning to complete", NULL, CAUSE_INTERNAL },
    { "network interface", NULL, CAUSE_NETWORK_INTERFACE },
    { "containernetworkingerror", NULL, CAUSE_NETWORK_INTERFACE },
    { "not compatible with the selected compute strategy", NULL, CAUSE_CAPACITY_PROVIDER },
    { "platform version", NULL, CAUSE_PLATFORM_VERSION },
    { "spot task was interrupted", NULL, CAUSE_INFRASTRUCTURE },
    { "host ec2 (instance", NULL, CAUSE_INFRASTRUCTURE },
    { "agent could not progress", NULL, CAUSE_INFRASTRUCTURE },
    { "container instance deregistration forced", NULL, CAUSE_BY_USER },
    { "=agent", NULL, CAUSE_AGENT },
    { "internalerror", NULL, CAUSE_INTERNAL },
    { "containerruntimetimeouterror", NULL, CAUSE_INTERNAL },
    { "containerruntimeerror", NULL, CAUSE_START },
    { "oci runtime create failed", NULL, CAUSE_START },
    { "cannotcreatecontainererror", NULL, CAUSE_START },
    { "cannotstartcontainererror", NULL, CAUSE_START },
    { "dockerstateerror", NULL, CAUSE_START },
    { "dockerclientconfigerror", NULL, CAUSE_START },
    { "hostconfigerror", NULL, CAUSE_START },
    { "resourceinitializationerror", NULL, CAUSE_START },
};

/* Reasons of a load balancer for what it thinks of a target, in events and in its own answers. */
static const struct rule target_rules[] = {
    { "[301]", NULL, CAUSE_ELB_CODES_REDIRECT },
    { "[302]", NULL, CAUSE_ELB_CODES_REDIRECT },
    { "[307]", NULL, CAUSE_ELB_CODES_REDIRECT },
    { "[308]", NULL, CAUSE_ELB_CODES_REDIRECT },
    { "[400]", NULL, CAUSE_ELB_CODES_BAD_REQUEST },
    { "[401]", NULL, CAUSE_ELB_CODES_LOGIN },
    { "[403]", NULL, CAUSE_ELB_CODES_LOGIN },
    { "[404]", NULL, CAUSE_ELB_CODES_NOT_FOUND },
    { "failed with these codes: [5", NULL, CAUSE_ELB_CODES_SERVER },
    { "failed with these codes", NULL, CAUSE_ELB_CODES },
    { "target.responsecodemismatch", NULL, CAUSE_ELB_CODES },
    { "request timed out", NULL, CAUSE_ELB_TIMEOUT },
    { "connection to target timed out", NULL, CAUSE_ELB_TIMEOUT },
    { "target.timeout", NULL, CAUSE_ELB_TIMEOUT },
    { "target.ipunusable", NULL, CAUSE_TARGET_TYPE },
    { "availability zone that is not enabled", NULL, CAUSE_TARGET_ZONE },
    { "target.notinuse", NULL, CAUSE_TARGET_UNUSED },
    { "not configured to receive traffic", NULL, CAUSE_TARGET_UNUSED },
    { "target.notregistered", NULL, CAUSE_TARGET_NOT_REGISTERED },
    { "target.invalidstate", NULL, CAUSE_INFRASTRUCTURE },
    { "unhealthythreshold number of health checks", NULL, CAUSE_ELB_HEALTH },
    { "target.failedhealthchecks", NULL, CAUSE_ELB_REFUSED },
    { "health checks failed", NULL, CAUSE_ELB_REFUSED },
    { "target.healthcheckdisabled", NULL, CAUSE_OTHER },
    { "elb.internalerror", NULL, CAUSE_OTHER },
};

/* Service events. */
static const struct rule event_rules[] = {
    { "deployment failed: alarm detected", NULL, CAUSE_ALARM },
    { "deployment failed:", "hook", CAUSE_HOOK },
    { "deployment failed:", NULL, CAUSE_DEPLOYMENT_FAILED },
    { "is already using a port required by your task", NULL, CAUSE_PORT_TAKEN },
    { "resource:ports", NULL, CAUSE_PORT_TAKEN },
    { "has insufficient memory available", NULL, CAUSE_MEMORY_SHORT },
    { "resource:memory", NULL, CAUSE_MEMORY_SHORT },
    { "has insufficient cpu units available", NULL, CAUSE_CPU_SHORT },
    { "resource:cpu", NULL, CAUSE_CPU_SHORT },
    { "resource:gpu", NULL, CAUSE_GPU_SHORT },
    { "is missing an attribute required by your task", NULL, CAUSE_ATTRIBUTE },
    { "placement constraint unsatisfied", NULL, CAUSE_CONSTRAINT },
    { "encountered error \"agent\"", NULL, CAUSE_AGENT },
    { "have the agent connected", NULL, CAUSE_AGENT },
    { "waiting for amazon ecs agent to start", NULL, CAUSE_AGENT },
    { "no container instances were found in your capacity provider", NULL,
      CAUSE_CAPACITY_PROVIDER },
    { "no container instances were found", NULL, CAUSE_NO_INSTANCES },
    { "resource:eni", NULL, CAUSE_NETWORK_INTERFACE },
    { "was unable to stop or start tasks during a deployment", NULL, CAUSE_PERCENTAGES },
    { "is unable to consistently start tasks successfully", NULL, CAUSE_THROTTLED },
    { "operations are being throttled", NULL, CAUSE_API_THROTTLED },
    { "unable to assume the role", NULL, CAUSE_ROLE },
    { "unable to assume role and validate", NULL, CAUSE_ROLE },
    { "unable to assume the service linked role", NULL, CAUSE_ROLE_LINKED },
    { "iam trust relationship has been misconfigured", NULL, CAUSE_ROLE },
    { "iam permissions policies have been misconfigured", NULL, CAUSE_ROLE },
    { "failed container health checks", NULL, CAUSE_CONTAINER_HEALTH },
    { "due to an unhealthy status", NULL, CAUSE_ELB_HEALTH },
    { "target group is not found", NULL, CAUSE_TARGET_GROUP_MISSING },
    { "target is not found", NULL, CAUSE_TARGET_NOT_REGISTERED },
    { "is not healthy in", NULL, CAUSE_ELB_HEALTH },
    { "not in the target group vpc", NULL, CAUSE_TARGET_VPC },
    { "does not have an associated load balancer", NULL, CAUSE_TARGET_UNUSED },
    { "failed to register targets", NULL, CAUSE_TARGET_GROUP },
    { "failed to deregister targets", NULL, CAUSE_TARGET_GROUP },
    { "failed to describe target health", NULL, CAUSE_TARGET_GROUP },
    { "failed to register instances", NULL, CAUSE_TARGET_GROUP },
    { "failed to deregister instances", NULL, CAUSE_TARGET_GROUP },
    { "capacity is unavailable", NULL, CAUSE_CAPACITY },
    { "reached the limit on the number of", NULL, CAUSE_QUOTA },
    { "you can run concurrently", NULL, CAUSE_QUOTA },
    { "configuration is above your limit", NULL, CAUSE_QUOTA },
    { "provisioning capacity limit was exceeded", NULL, CAUSE_PROVISIONING_LIMIT },
    { "not compatible with the selected compute strategy", NULL, CAUSE_CAPACITY_PROVIDER },
    { "reason: internal error", NULL, CAUSE_INTERNAL },
    { "failed to launch a task", NULL, CAUSE_LAUNCH },
    { "protected", NULL, CAUSE_PROTECTION },
    { "under protection", NULL, CAUSE_PROTECTION },
    { "task protection", NULL, CAUSE_PROTECTION },
    { "no container instance met all of its requirements", NULL, CAUSE_PLACEMENT },
    { "unable to place a task", NULL, CAUSE_PLACEMENT },
    { "unable to place tasks", NULL, CAUSE_PLACEMENT },
    { "could not launch", NULL, CAUSE_PLACEMENT },
    /* What happens in good rollouts, too. */
    { "rolling back to deployment", NULL, CAUSE_NONE },
    { "deployment completed", NULL, CAUSE_NONE },
    { "has reached a steady state", NULL, CAUSE_NONE },
    { "has started", NULL, CAUSE_NONE },
    { "has stopped", NULL, CAUSE_NONE },
    { "stopped", "pending tasks", CAUSE_NONE },
    { "registered", "targets", CAUSE_NONE },
    { "registered", "instances", CAUSE_NONE },
    { "has begun draining connections", NULL, CAUSE_NONE },
    { "az balanced", NULL, CAUSE_NONE },
    { "az rebalance", NULL, CAUSE_NONE },
    /* What nobody has told us about, but does not sound well. */
    { "unable", NULL, CAUSE_OTHER },
    { "fail", NULL, CAUSE_OTHER },
    { "error", NULL, CAUSE_OTHER },
    { "missing", NULL, CAUSE_OTHER },
    { "throttle", NULL, CAUSE_OTHER },
    { "unhealthy", NULL, CAUSE_OTHER },
};

/* "failures" of RunTask and others, and refusals of UpdateService and CreateService. */
static const struct rule refusal_rules[] = {
    { "attribute", NULL, CAUSE_ATTRIBUTE },
    { "location", NULL, CAUSE_CONSTRAINT },
    { "agent", NULL, CAUSE_AGENT },
    { "does not exist in the task definition", NULL, CAUSE_CONTAINER_NAME },
    { "did not have a container port", NULL, CAUSE_CONTAINER_NAME },
    { "incompatible with the", "network mode", CAUSE_TARGET_TYPE },
    { "iam:passrole", NULL, CAUSE_ROLE_PASS },
    { "platform version", NULL, CAUSE_PLATFORM_VERSION },
    { "specified platform", NULL, CAUSE_PLATFORM_VERSION },
    { "account is currently blocked", NULL, CAUSE_QUOTA },
};

/* Lines of a container's log that tell more than its exit code. */
static const struct rule log_rules[] = {
    { "exec format error", NULL, CAUSE_PLATFORM },
    { "exec ", "no such file or directory", CAUSE_COMMAND },
    { "exec ", "permission denied", CAUSE_COMMAND },
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

static bool fits(const struct rule *rule, const char *folded)
{
    if (rule->text[0] == '=') {
        return strcmp(folded, rule->text + 1) == 0;
    }
    return strstr(folded, rule->text) && (!rule->also || strstr(folded, rule->also));
}

/* *ret is the class of the first rule that fits; false when none does. */
static bool match(const struct rule *rules, size_t count, const char *text, enum cause *ret)
{
    char folded[TEXT_MAX];
    fold(text, folded);
    for (size_t i = 0; i < count; i++) {
        if (fits(&rules[i], folded)) {
            *ret = rules[i].cause;
            return true;
        }
    }
    return false;
}

static const struct sw_cause_class *class_of(enum cause cause)
{
    return cause == CAUSE_NONE ? NULL : &ecs_causes[cause];
}

/* The event without the service's name, which may hold any word. */
static const char *event_body(const char *message)
{
    const char *end = NULL;
    if (strncmp(message, "(service ", 9) == 0) {
        end = strstr(message, ") ");
        return end ? end + 2 : message;
    }
    if (strncmp(message, "service ", 8) == 0) {
        end = strchr(message + 8, ' ');
        return end ? end + 1 : message;
    }
    return message;
}

/* Fargate puts a task's reason into the event: "... Reason: CannotPullContainerError: ...". */
static bool match_reason_in_event(const char *body, enum cause *ret)
{
    const char *reason = strstr(body, "Reason: ");
    reason = reason ? reason : strstr(body, "reason: ");
    return reason && strstr(reason, "Error: ") &&
           match(reason_rules, SW_COUNT(reason_rules), reason, ret);
}

const struct sw_cause_class *sw_cause_of_event(const char *message)
{
    const char *body = event_body(message);
    enum cause cause = CAUSE_NONE;
    if (match_reason_in_event(body, &cause)) {
        return class_of(cause);
    }
    if (strstr(body, "is unhealthy in (")) {
        cause = CAUSE_ELB_HEALTH;
        (void)match(target_rules, SW_COUNT(target_rules), body, &cause);
        return class_of(cause);
    }
    (void)match(event_rules, SW_COUNT(event_rules), body, &cause);
    return class_of(cause);
}

enum cause ecs_cause_of_reason(const char *reason)
{
    enum cause cause = CAUSE_NONE;
    (void)match(reason_rules, SW_COUNT(reason_rules), reason, &cause);
    return cause;
}

const struct sw_cause_class *sw_cause_of_log(const char *line)
{
    enum cause cause = CAUSE_NONE;
    (void)match(log_rules, SW_COUNT(log_rules), line, &cause);
    return class_of(cause);
}

const struct sw_cause_class *sw_cause_of_target(const char *state, const char *reason,
                                                const char *description)
{
    enum cause cause = CAUSE_NONE;
    bool bad = strstr(state, "unhealthy") || strcmp(state, "unused") == 0 ||
               strcmp(state, "unavailable") == 0;
    if (!bad || match(target_rules, SW_COUNT(target_rules), description, &cause) ||
        match(target_rules, SW_COUNT(target_rules), reason, &cause)) {
        return class_of(cause);
    }
    return &ecs_causes[CAUSE_ELB_HEALTH];
}

const struct sw_cause_class *sw_cause_of_refusal(const char *text)
{
    enum cause cause = CAUSE_OTHER;
    if (!match(refusal_rules, SW_COUNT(refusal_rules), text, &cause) &&
        !match(event_rules, SW_COUNT(event_rules), text, &cause)) {
        return &ecs_causes[CAUSE_OTHER];
    }
    return &ecs_causes[cause == CAUSE_NONE ? CAUSE_OTHER : cause];
}
