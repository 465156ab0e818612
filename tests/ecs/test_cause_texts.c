/*
 * Every text that AWS is known to use for a failure, in the class it belongs to: one row each. The
 * texts are those of the developer guide, of the agent's sources, and of production services.
 */
#include "ecs_test.h"

#include <slipway/rollout.h>

#define UNPLACED                                                                             \
    "(service web) was unable to place a task because no container instance met all of its " \
    "requirements. "
#define CLOSEST "The closest matching (container-instance 0123) "
#define TG      "(target-group arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0)"

struct text_row {
    const char *text;
    const char *id; /* "none": nothing bad */
};

static const char *id_of(const struct sw_cause_class *klass)
{
    return klass ? klass->id : "none";
}

static const struct text_row events[] = {
    { "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.",
      "deployment-failed" },
    { "(service web) (deployment ecs-svc/2) deployment failed: alarm detected.", "alarm" },
    { "(service web) (deployment ecs-svc/2) deployment failed: hook execution failure(s) detected",
      "hook" },
    { "(service web) (deployment ecs-svc/2) deployment failed: something of tomorrow",
      "deployment-failed" },
    { "(service web) rolling back to deployment ecs-svc/1.", "none" },
    { "(service web) (deployment ecs-svc/2) deployment completed.", "none" },
    { "(service web) has reached a steady state.", "none" },
    { UNPLACED CLOSEST "is already using a port required by your task. For more information, see "
                       "the Troubleshooting section of the Amazon ECS Developer Guide.",
      "port-taken" },
    { "service web was unable to place a task because no container instance met all of its "
      "requirements. The closest matching container-instance 0123 is already using a port required "
      "by your task.",
      "port-taken" },
    { UNPLACED CLOSEST "has insufficient memory available.", "memory-short" },
    { UNPLACED CLOSEST "has insufficient CPU units available.", "cpu-short" },
    { UNPLACED "Reason: RESOURCE:MEMORY", "memory-short" },
    { UNPLACED "Reason: RESOURCE:CPU", "cpu-short" },
    { UNPLACED "Reason: RESOURCE:GPU", "gpu-short" },
    { UNPLACED CLOSEST "is missing an attribute required by your task.", "attribute" },
    { UNPLACED CLOSEST "encountered error \"AGENT\".", "agent" },
    { "(service web) was unable to place a task because the closest matching container-instance "
      "doesn\xe2\x80\x99t have the agent connected.",
      "agent" },
    { UNPLACED CLOSEST "encountered error \"MemberOf placement constraint unsatisfied.\"",
      "constraint" },
    { UNPLACED CLOSEST "encountered error \"DistinctInstance placement constraint unsatisfied.\"",
      "constraint" },
    { UNPLACED "Reason: RESOURCE:ENI", "network-interface" },
    { UNPLACED "Reason: RESOURCE:PORTS", "port-taken" },
    { UNPLACED "Reason: RESOURCE:PORTS_UDP", "port-taken" },
    { UNPLACED "Reason: No Container Instances were found in your cluster.", "no-instances" },
    { UNPLACED "Reason: No Container Instances were found in your capacity provider.",
      "capacity-provider" },
    { "(service web) was unable to reach steady state. Reason: No Container Instances were found "
      "in your capacity provider.",
      "capacity-provider" },
    { UNPLACED, "placement" },
    { "(service web) is unable to place a task in Availability Zone us-east-1a because no "
      "container instance met all of its requirements.",
      "placement" },
    { "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. "
      "Please try again later or in a different availability zone.",
      "capacity" },
    { "(service web) was unable to place a task. Reason: You\xe2\x80\x99ve reached the limit on "
      "the number of tasks you can run concurrently",
      "quota" },
    { "(service web) was unable to place a task. Reason: You've reached the limit on the number of "
      "vCPUs you can run concurrently.",
      "quota" },
    { "(service web) was unable to place a task. Reason: The requested CPU configuration is above "
      "your limit.",
      "quota" },
    { "(service web) was unable to place a task. Reason: The requested MEMORY configuration is "
      "above your limit.",
      "quota" },
    { "(service web) was unable to place a task. Reason: Internal error.", "internal" },
    { "(service web) was unable to place a task. Reason: ResourceInitializationError: unable to "
      "pull secrets or registry auth: unable to retrieve secret from asm: AccessDeniedException.",
      "secret-denied" },
    { "(service web) was unable to place a task. Reason: CannotPullContainerError: pull image "
      "manifest has been retried 7 time(s): failed to resolve ref x:1: x:1: not found.",
      "image-missing" },
    { "(service web) could not launch 2 tasks for deployment ecs-svc/2.", "placement" },
    { "(service web) was unable to place tasks in your cluster because the tasks provisioning "
      "capacity limit was exceeded.",
      "provisioning-limit" },
    { "(service web) was unable to stop or start tasks during a deployment because of the service "
      "deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try "
      "again.",
      "percentages" },
    { "(service web) is unable to consistently start tasks successfully. For more information, "
      "see the Troubleshooting section.",
      "throttled" },
    { "(service web) operations are being throttled. Will try again later.", "api-throttled" },
    { "(service web) (task 0123) (instance i-1) (port 32769) is unhealthy in " TG " due to (reason "
      "Request timed out)",
      "elb-timeout" },
    { "(service web) (port 32769) is unhealthy in " TG " due to (reason Health checks failed with "
      "these codes: [404])",
      "elb-codes" },
    { "(service web) (port 32769) is unhealthy in " TG " due to (reason Health checks failed)",
      "elb-refused" },
    { "(service web) (port 32769) is unhealthy in " TG " due to (reason of tomorrow)",
      "elb-health" },
    { "(service web) (instance i-1) is unhealthy in (elb web) due to (reason Instance has failed "
      "at least the UnhealthyThreshold number of health checks consecutively.)",
      "elb-health" },
    { "(service web) (task 0123) failed container health checks.", "container-health" },
    { "(service web) (task 0123) is not healthy in target-group (arn:tg) due to (reason TARGET "
      "GROUP IS NOT FOUND)",
      "target-group-missing" },
    { "(service web) (task 0123) is not healthy in target-group (arn:tg) due to (reason TARGET IS "
      "NOT FOUND)",
      "target-not-registered" },
    { "(service web) failed to launch a task with (error ECS was unable to assume the role "
      "'arn:aws:iam::1:role/x' that was provided for this task. Please verify that the role being "
      "passed has the proper trust relationship and permissions and that your IAM user has "
      "permissions to pass this role.)",
      "role" },
    { "(service web) failed to launch a task with (error something of tomorrow)", "launch" },
    { "(service web) failed to register targets in " TG " with (error The following targets are "
      "not in the target group VPC 'vpc-1': 'i-1')",
      "target-vpc" },
    { "(service web) failed to register targets in " TG " with (error x)", "target-group" },
    { "(service web) failed to register targets in " TG " with (error The target group with "
      "targetGroupArn arn does not have an associated load balancer.)",
      "target-unused" },
    { "(service web) failed to deregister targets in " TG " with (error x)", "target-group" },
    { "(service web) failed to describe target health on " TG " with (error x)", "target-group" },
    { "(service web) failed to register instances in (elb web) with (error x)", "target-group" },
    { "(service web) failed to register targets because it was unable to assume role and validate "
      "the specified targetGroupArn",
      "role" },
    { "IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain "
      "your service",
      "role" },
    { "IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain "
      "your service",
      "role" },
    { "(service web) Unable to assume the service linked role. Please verify that the ECS service "
      "linked role exists.",
      "role" },
    { "Timed out waiting for Amazon ECS Agent to start. Please check logs at "
      "/var/log/ecs/ecs-agent.log",
      "agent" },
    { "(service web) was unable to reach steady state because task 0123 is protected from scale "
      "in.",
      "protection" },
    { "(service web) was unable to scale in due to 1 task(s) under protection.", "protection" },
    { "(service web) has started 1 tasks: (task 0123). Amazon ECS replaced 1 tasks due to an "
      "unhealthy status.",
      "elb-health" },
    { "(service web) The selected task definition is not compatible with the selected compute "
      "strategy.",
      "capacity-provider" },
    { "(service web) has started 2 tasks: (task 0123) (task 4567).", "none" },
    { "(service web) has stopped 1 running tasks: (task 0123).", "none" },
    { "(service web) stopped 2 pending tasks.", "none" },
    { "(service web) registered 1 targets in " TG, "none" },
    { "(service web) deregistered 1 targets in " TG, "none" },
    { "(service web) registered 1 instances in (elb web)", "none" },
    { "(service web) has begun draining connections on 1 tasks.", "none" },
    { "(service web) is AZ balanced with 2 tasks in us-east-1a.", "none" },
    { "(service web) is not AZ balanced with 2 tasks in us-east-1a.", "none" },
    { "(service web) has started 1 tasks in us-east-1b to AZ Rebalance: (task 0123).", "none" },
    /* The service's own name is no message; nor is that of a task set. */
    { "(service error-fail-unable) has reached a steady state.", "none" },
    { "(service missing, taskSet ecs-svc/1) has reached a steady state.", "none" },
    { "service unhealthy has reached a steady state.", "none" },
    /* Texts of tomorrow: what does not sound well is never nothing. */
    { "(service web) was unable to do something of tomorrow.", "other" },
    { "(service web) met an error of tomorrow.", "other" },
    { "(service web) is missing something of tomorrow.", "other" },
    { "(service web) all is well tomorrow.", "none" },
    { "", "none" },
};

static void test_cause_texts__events(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(events); i++) {
        print_message("event %s\n", events[i].text);
        assert_string_equal(id_of(sw_cause_of_event(events[i].text)), events[i].id);
    }
}

#define PULL  "CannotPullContainerError: "
#define INIT  "ResourceInitializationError: unable to pull secrets or registry auth: "
#define START "CannotStartContainerError: Error response from daemon: "

static const struct text_row reasons[] = {
    { PULL "Error response from daemon: manifest for r/x:1 not found: manifest unknown: Requested "
           "image not found",
      "image-missing" },
    { PULL
      "Error response from daemon: repository r/x not found: name unknown: The repository with "
      "name 'x' does not exist in the registry",
      "image-missing" },
    { PULL
      "pull image manifest has been retried 1 time(s): failed to resolve ref r/x:1: r/x:1: not "
      "found",
      "image-missing" },
    { PULL "failed to resolve reference \"r/x:1\": r/x:1: not found", "image-missing" },
    { PULL "inspect image has been retried 1 time(s): x: not found: manifest unknown",
      "image-missing" },
    { PULL
      "pull image manifest has been retried 5 time(s): failed to resolve ref r/x:1: unexpected "
      "status from HEAD request: 403 Forbidden",
      "image-denied" },
    { PULL "pull image manifest has been retried 5 time(s): failed to resolve ref r/x:1: dial tcp "
           "1.2.3.4:443: i/o timeout",
      "registry-unreachable" },
    { "CannotPullImageManifestError: something of tomorrow", "image-pull" },
    { "CannotPullECRContainerError: something of tomorrow", "image-pull" },
    { "CannotPullContainerAuthError: something of tomorrow", "image-denied" },
    { PULL "something of tomorrow", "image-pull" },
    { PULL "The task can\xe2\x80\x99t pull the image. Check that the role has the permissions to "
           "pull images from the registry.",
      "image-denied" },
    { PULL "Error response from daemon: denied: User: arn is not authorized to perform: "
           "ecr:BatchGetImage on resource: r",
      "image-denied" },
    { PULL "The task can't pull the image. Check whether the image exists. Error response from "
           "daemon: pull access denied for r/x, denied: requested access to the resource is denied",
      "image-missing" },
    { PULL "The task can't pull the image. Check your network configuration.",
      "registry-unreachable" },
    { PULL "The task cannot pull 'r/x:1' from the Amazon ECR repository 'r'. There is a connection "
           "issue between the task and Amazon ECR. Check your task network configuration.",
      "registry-unreachable" },
    { PULL "Error response from daemon: pull access denied for x", "image-denied" },
    { PULL "Error response from daemon: Get \"https://r/v2/\": no basic auth credentials",
      "image-denied" },
    { PULL "pull image manifest: failed to authorize: authorization failed: no token",
      "image-denied" },
    { PULL "unauthorized: authentication required", "image-denied" },
    { PULL "Error response from daemon: toomanyrequests: You have reached your pull rate limit.",
      "registry-limit" },
    { PULL "You have reached your unauthenticated pull rate limit.", "registry-limit" },
    { PULL "no matching manifest for linux/arm64/v8 in the manifest list entries", "platform" },
    { PULL "image Manifest does not contain descriptor matching platform 'linux/amd64'",
      "platform" },
    { PULL "request canceled while waiting for connection (Client.Timeout exceeded while awaiting "
           "headers)",
      "registry-unreachable" },
    { PULL "context deadline exceeded", "registry-unreachable" },
    { PULL "Context canceled", "registry-unreachable" },
    { PULL "x509: certificate signed by unknown authority", "registry-certificate" },
    { PULL "failed to copy: httpReaderSeeker: failed open: unexpected status code "
           "https://s3/: 403 Forbidden",
      "image-layers" },
    { PULL "error pulling image configuration: error parsing HTTP 403 response body",
      "image-layers" },
    { PULL "panic: runtime error: invalid memory address or nil pointer dereference",
      "image-layers" },
    { PULL "write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "disk-full" },
    { "CannotCreateContainerError: devmapper: Thin Pool has 10 free data blocks", "disk-full" },
    { INIT
      "execution resource retrieval failed: unable to retrieve ecr registry auth: service call "
      "has been retried 1 time(s): AccessDeniedException",
      "image-denied" },
    { INIT
      "execution resource retrieval failed: unable to retrieve ecr registry auth: RequestError: "
      "send request failed: dial tcp: i/o timeout",
      "registry-unreachable" },
    { INIT
      "The task cannot pull registry auth from Amazon ECR: There is a connection issue between "
      "the task and Amazon ECR. Check your task network configuration.",
      "registry-unreachable" },
    { INIT "unable to retrieve secret from asm: service call has been retried 1 time(s): "
           "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      "secret-missing" },
    { INIT "unable to retrieve secret from asm: AccessDeniedException: User: arn is not authorized "
           "to perform: secretsmanager:GetSecretValue",
      "secret-denied" },
    { INIT "unable to retrieve secret from asm: retrieved secret from Secrets Manager did not "
           "contain json key password",
      "secret-missing" },
    { INIT "unable to retrieve secret from asm: RequestCanceled: context deadline exceeded",
      "secret-unreachable" },
    { "ResourceInitializationError: unable to retrieve secret from asm: There is a connection issue "
      "between the task and AWS Secrets Manager.",
      "secret-unreachable" },
    { "ResourceInitializationError: The task cannot pull the secret 'x' from AWS Secrets Manager. "
      "There is a connection issue between the task and AWS Secrets Manager.",
      "secret-unreachable" },
    { INIT "unable to retrieve secret from asm: something of tomorrow", "secret" },
    { INIT "unable to retrieve secrets from ssm: invalid ssm parameters: /a", "secret-missing" },
    { INIT "unable to retrieve secrets from ssm: invalid parameters: /a", "secret-missing" },
    { INIT "unable to retrieve secrets from ssm: AccessDeniedException: not authorized to perform: "
           "ssm:GetParameters",
      "secret-denied" },
    { INIT
      "unable to retrieve secrets from ssm: The ciphertext refers to a customer master key; kms "
      "AccessDenied",
      "secret-denied" },
    { INIT "unable to retrieve secrets from ssm: context canceled", "secret-unreachable" },
    { "ResourceInitializationError: fetching secret data from SSM Parameter Store in us-east-1: "
      "AccessDeniedException",
      "secret-denied" },
    { "ResourceInitializationError: fetching secret data from AWS Secrets Manager in region "
      "us-east-1: secret arn: ResourceNotFoundException",
      "secret-missing" },
    { "ResourceInitializationError: fetching secret data from AWS Secrets Manager in region "
      "us-east-1: RequestError: i/o timeout",
      "secret-unreachable" },
    { "ResourceInitializationError: failed to download env files: file download command: non empty "
      "error stream: AccessDenied",
      "env-file" },
    { "ResourceInitializationError: unable to download env file with key a.env from bucket b",
      "env-file" },
    { "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
      "times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log "
      "group does not exist. : exit status 1",
      "log-group" },
    { START "failed to initialize logging driver: failed to create Cloudwatch log stream: "
            "ResourceNotFoundException: The specified log group does not exist.",
      "log-group" },
    { "ResourceInitializationError: failed to validate logger args: AccessDeniedException: not "
      "authorized to perform: logs:CreateLogStream",
      "log-driver" },
    { START
      "failed to initialize logging driver: AccessDeniedException: not authorized to perform: "
      "logs:CreateLogGroup",
      "log-driver" },
    { "ResourceInitializationError: failed to validate logger args: : signal: killed",
      "log-unreachable" },
    { "ResourceInitializationError: The task cannot find the Amazon CloudWatch log group. There is a "
      "connection issue between the task and Amazon CloudWatch.",
      "log-unreachable" },
    { "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: "
      "stderr: mount.nfs4: Connection timed out",
      "file-system" },
    { START "OCI runtime create failed: exec: \"x\": executable file not found in $PATH: unknown",
      "command" },
    { START "failed to create shim task: OCI runtime create failed: exec: \"/x\": stat /x: no such "
            "file or directory: unknown",
      "command" },
    { START "OCI runtime create failed: exec: \"/x\": permission denied: unknown", "command" },
    { START "driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:80 "
            "failed: port is already allocated",
      "port-taken" },
    { START "driver failed programming external connectivity on endpoint x: Error starting "
            "userland proxy: listen tcp 0.0.0.0:80: bind: address already in use",
      "port-taken" },
    { "exec /usr/bin/app: exec format error", "platform" },
    { "CannotStartContainerError: hcsshim::CreateComputeSystem: operating system version mismatch",
      "platform" },
    { "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s",
      "docker-timeout" },
    { "DockerTimeoutError: something of tomorrow", "docker-timeout" },
    { "CannotInspectContainerError: Could not transition to inspecting; timed out after waiting "
      "30s",
      "docker-timeout" },
    { "CannotStopContainerError: x", "docker-timeout" },
    { START "failed to create shim task: OCI runtime create failed: something of tomorrow",
      "start" },
    { "OutOfMemoryError: Container killed due to memory usage", "out-of-memory" },
    { "TaskDependencyError: container dependency timed out", "dependency" },
    { "dependency container db didn't start", "dependency" },
    { "dependency container db exited with 1", "dependency" },
    { "CannotCreateContainerError: x", "start" },
    { "CannotCreateVolumeError: x", "volume" },
    { "InvalidVolumeError: x", "volume" },
    { "DockerStateError: x", "start" },
    { "HostConfigError: x", "start" },
    { "DockerClientConfigError: x", "start" },
    { "ContainerNetworkingError: failed to get network gateway", "network-interface" },
    { "ResourceInitializationError: something of tomorrow", "start" },
    { "TaskStoppedBeforePullBeginError: Task stopped before image pull could begin for task",
      "interrupted" },
    { "ContainerRuntimeError: x", "start" },
    { "ContainerRuntimeTimeoutError: x", "internal" },
    { "InternalError: unable to create new container", "internal" },
};

static void test_cause_texts__reasons_of_containers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(reasons); i++) {
        print_message("reason %s\n", reasons[i].text);
        json_auto_t *task = json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "stopCode", "TaskFailedToStart",
                                      "stoppedReason", "Task failed to start", "containers", "name",
                                      "web", "reason", reasons[i].text);
        const char *text = NULL;
        const char *container = NULL;
        int64_t exit_code = 0;
        assert_string_equal(id_of(sw_cause_of_task(task, &text, &container, &exit_code)),
                            reasons[i].id);
        assert_string_equal(text, reasons[i].text);
        assert_string_equal(container, "web");
    }
}

static const struct {
    const char *code, *reason, *id;
} stops[] = {
    { "TaskFailedToStart", PULL "x: not found: manifest", "image-missing" },
    { "TaskFailedToStart", INIT "invalid ssm parameters: /a", "secret-missing" },
    { "TaskFailedToStart", "CannotCreateContainerError: x", "start" },
    { "TaskFailedToStart", "CannotStartContainerError: x", "start" },
    { "TaskFailedToStart",
      "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment "
      "enabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
      "subnet-full" },
    { "TaskFailedToStart",
      "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': "
      "InvalidGroup.NotFound",
      "network-interface" },
    { "TaskFailedToStart", "InternalError: x", "internal" },
    { "TaskFailedToStart", "Timeout waiting for network interface provisioning to complete.",
      "internal" },
    { "TaskFailedToStart", "Timeout waiting for EphemeralStorage provisioning to complete.",
      "internal" },
    { "TaskFailedToStart",
      "The selected task definition is not compatible with the selected compute strategy",
      "capacity-provider" },
    { "TaskFailedToStart", "Unable to attach network interface to unused device index",
      "network-interface" },
    { "TaskFailedToStart", "AGENT", "agent" },
    { "TaskFailedToStart", "Task failed to start", "other" },
    { "ServiceSchedulerInitiated", "Task failed ELB health checks in " TG, "elb-health" },
    { "ServiceSchedulerInitiated", "Task failed ELB health checks in (elb web)", "elb-health" },
    { "ServiceSchedulerInitiated", "Task failed container health checks", "container-health" },
    { "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)", "none" },
    { "UserInitiated", "because", "stopped-by-user" },
    { "UserInitiated", "Container instance deregistration forced by user", "stopped-by-user" },
    { "SpotInterruption", "Your Spot Task was interrupted.", "infrastructure" },
    { "TerminationNotice", "x", "infrastructure" },
    { "", "Host EC2 (instance i-1) terminated.", "infrastructure" },
    { "", "Host EC2 (instance i-1) stopped.", "infrastructure" },
    { "", "TaskStateError: Agent could not progress task's state to stopped", "infrastructure" },
};

static void test_cause_texts__reasons_of_tasks(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(stops); i++) {
        print_message("stop %s: %s\n", stops[i].code, stops[i].reason);
        json_auto_t *task =
            json_pack("{s:s, s:s}", "stopCode", stops[i].code, "stoppedReason", stops[i].reason);
        const char *text = NULL;
        const char *container = NULL;
        int64_t exit_code = 0;
        assert_string_equal(id_of(sw_cause_of_task(task, &text, &container, &exit_code)),
                            stops[i].id);
        assert_string_equal(text, stops[i].reason);
    }
}

static void test_cause_texts__exit_codes(void **state)
{
    static const struct {
        int codes[2]; /* of two containers; -1: it did not start */
        int told;
        const char *id;
    } cases[] = {
        { { 0, -1 }, 0, "exit-zero" },
        { { 1, -1 }, 1, "exit-code" },
        { { 125, -1 }, 125, "start" },
        { { 126, -1 }, 126, "command" },
        { { 127, -1 }, 127, "command" },
        { { 134, -1 }, 134, "exit-crash" },
        { { 137, -1 }, 137, "exit-killed" },
        { { 139, -1 }, 139, "exit-crash" },
        { { 143, -1 }, 143, "exit-terminated" },
        { { 255, -1 }, 255, "exit-code" },
        { { -1, -1 }, -1, "other" },
        /* When one ends, the others are stopped. */
        { { 143, 0 }, 0, "exit-zero" },
        { { 137, 2 }, 2, "exit-code" },
        { { 143, 137 }, 137, "exit-killed" },
        { { 0, 1 }, 1, "exit-code" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        json_auto_t *task =
            json_pack("{s:s, s:[]}", "stopCode", "EssentialContainerExited", "containers");
        for (size_t k = 0; k < 2; k++) {
            json_t *container = json_pack("{s:s}", "name", k ? "b" : "a");
            if (cases[i].codes[k] >= 0) {
                (void)json_object_set_new(container, "exitCode", json_integer(cases[i].codes[k]));
            }
            (void)json_array_append_new(sw_json_array(task, "containers"), container);
        }
        const char *text = NULL;
        const char *container = NULL;
        int64_t exit_code = 0;
        print_message("exit codes %d and %d\n", cases[i].codes[0], cases[i].codes[1]);
        assert_string_equal(id_of(sw_cause_of_task(task, &text, &container, &exit_code)),
                            cases[i].id);
        assert_int_equal(exit_code, cases[i].told);
    }
}

static void test_cause_texts__target_health(void **state)
{
    static const struct {
        const char *state, *reason, *description, *id, *title;
    } cases[] = {
        { "healthy", "", "", "none", NULL },
        { "initial", "Elb.RegistrationInProgress", "Target registration is in progress", "none",
          NULL },
        { "initial", "Elb.InitialHealthChecking", "Initial health checks in progress", "none",
          NULL },
        { "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress",
          "none", NULL },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [301]", "elb-codes",
          "the health check's path answers with a redirection" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [302]", "elb-codes",
          "the health check's path answers with a redirection" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [400]", "elb-codes",
          "the health check's request is refused with code 400" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [401]", "elb-codes",
          "the health check's path wants a login" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [403]", "elb-codes",
          "the health check's path wants a login" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [404]", "elb-codes",
          "the health check's path does not exist in the app" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [500]", "elb-codes",
          "the app answers the health check with an error" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [502]", "elb-codes",
          "the app answers the health check with an error" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [503]", "elb-codes",
          "the app answers the health check with an error" },
        { "unhealthy", "Target.ResponseCodeMismatch",
          "Health checks failed with these codes: [418]", "elb-codes",
          "the health check's path answers with an unexpected code" },
        { "unhealthy", "Target.Timeout", "Request timed out", "elb-timeout", NULL },
        { "unhealthy", "Target.Timeout", "Connection to target timed out", "elb-timeout", NULL },
        { "unhealthy", "Target.FailedHealthChecks", "Health checks failed", "elb-refused", NULL },
        { "unhealthy.draining", "Target.FailedHealthChecks", "", "elb-refused", NULL },
        { "unused", "Target.NotInUse",
          "Target group is not configured to receive traffic from the load balancer",
          "target-unused", NULL },
        { "unused", "Target.NotInUse",
          "Target is in an Availability Zone that is not enabled for the load balancer",
          "target-zone", NULL },
        { "unused", "Target.NotRegistered", "Target is not registered to the target group",
          "target-not-registered", NULL },
        { "unused", "Target.InvalidState", "Target is in the stopped state", "infrastructure",
          NULL },
        { "unused", "Target.IpUnusable", "The target IP address is in use by a load balancer",
          "target-type", NULL },
        { "unavailable", "Target.HealthCheckDisabled", "Health checks are disabled", "other",
          NULL },
        { "unavailable", "Elb.InternalError", "", "other", NULL },
        { "unhealthy", "Target.OfTomorrow", "something", "elb-health", NULL },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("target %s %s %s\n", cases[i].state, cases[i].reason, cases[i].description);
        const struct sw_cause_class *klass =
            sw_cause_of_target(cases[i].state, cases[i].reason, cases[i].description);
        assert_string_equal(id_of(klass), cases[i].id);
        if (cases[i].title) {
            assert_non_null(klass);
            assert_string_equal(klass->title, cases[i].title);
        }
    }
}

static void test_cause_texts__refusals(void **state)
{
    static const struct text_row cases[] = {
        { "RESOURCE:CPU", "cpu-short" },
        { "RESOURCE:MEMORY", "memory-short" },
        { "RESOURCE:PORTS", "port-taken" },
        { "RESOURCE:PORTS_UDP", "port-taken" },
        { "RESOURCE:ENI", "network-interface" },
        { "RESOURCE:GPU", "gpu-short" },
        { "AGENT", "agent" },
        { "ATTRIBUTE", "attribute" },
        { "LOCATION", "constraint" },
        { "MemberOf placement constraint unsatisfied.", "constraint" },
        { "Capacity is unavailable at this time. Please try again later or in a different "
          "availability zone",
          "capacity" },
        { "Your account is currently blocked", "quota" },
        { "MISSING", "other" },
        { "INACTIVE", "other" },
        { "InvalidParameterException: The container web2 does not exist in the task definition.",
          "container-name" },
        { "The container web did not have a container port 81 defined.", "container-name" },
        { "The provided target group arn has target type instance, which is incompatible with the "
          "awsvpc network mode specified in the task definition.",
          "target-type" },
        { "The target group with targetGroupArn arn does not have an associated load balancer.",
          "target-unused" },
        { "User: arn is not authorized to perform: iam:PassRole on resource: arn", "role" },
        { "The specified platform does not satisfy the task definition's required capabilities.",
          "platform-version" },
        { "The specified platform version does not exist.", "platform-version" },
        { "something of tomorrow", "other" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("refusal %s\n", cases[i].text);
        assert_string_equal(id_of(sw_cause_of_refusal(cases[i].text)), cases[i].id);
    }
}

static void test_cause_texts__log_lines(void **state)
{
    static const struct text_row cases[] = {
        { "exec /app: exec format error", "platform" },
        { "standard_init_linux.go:228: exec user process caused: exec format error", "platform" },
        { "exec /entrypoint.sh: no such file or directory", "command" },
        { "exec /entrypoint.sh: permission denied", "command" },
        { "listening on :8080", "none" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        assert_string_equal(id_of(sw_cause_of_log(cases[i].text)), cases[i].id);
    }
}

/* Whatever ends up in a report can be looked up again and says what to do. */
static void test_cause_texts__classes_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(events); i++) {
        const struct sw_cause_class *klass = sw_cause_of_event(events[i].text);
        if (klass) {
            assert_non_null(sw_cause_class_find(klass->id));
            assert_true(klass->title[0] != '\0' && klass->advice[0] != '\0');
        }
    }
    assert_null(sw_cause_class_find("nothing-of-that-name"));
}

/* Two texts that no rule knows are two causes; the same text is one. */
static void test_cause_texts__unknown_texts_are_all_kept(void **state)
{
    struct sw_causes causes = { .items = NULL };

    (void)state;
    sw_causes_add_event(&causes, "1", "was unable to be one", 1000);
    sw_causes_add_event(&causes, "2", "was unable to be two", 2000);
    sw_causes_add_event(&causes, "3", "was unable to be one", 63000);
    assert_int_equal(causes.count, 2);
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_causes_print(&causes, &text);
    assert_string_equal(text.ptr, "2x something else went wrong\n"
                                  "   from 00:00:01 to 00:01:03 UTC\n"
                                  "   AWS says: was unable to be one\n"
                                  "   next: read AWS's words above\n"
                                  "1x something else went wrong\n"
                                  "   AWS says: was unable to be two\n"
                                  "   next: read AWS's words above");
    sw_buf_release(&text);
    sw_causes_release(&causes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cause_texts__events),
        cmocka_unit_test(test_cause_texts__reasons_of_containers),
        cmocka_unit_test(test_cause_texts__reasons_of_tasks),
        cmocka_unit_test(test_cause_texts__exit_codes),
        cmocka_unit_test(test_cause_texts__target_health),
        cmocka_unit_test(test_cause_texts__refusals),
        cmocka_unit_test(test_cause_texts__log_lines),
        cmocka_unit_test(test_cause_texts__classes_are_whole),
        cmocka_unit_test(test_cause_texts__unknown_texts_are_all_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
