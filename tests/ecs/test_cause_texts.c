/*
 * Every other text that AWS is known to use for a failure, in the class it belongs to: one row
 * each. The texts are those of the developer guide, of the agent's sources, and of production
 * services.
 */
#include "cause_row.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cause_texts__reasons_of_containers),
        cmocka_unit_test(test_cause_texts__reasons_of_tasks),
        cmocka_unit_test(test_cause_texts__exit_codes),
        cmocka_unit_test(test_cause_texts__target_health),
        cmocka_unit_test(test_cause_texts__refusals),
        cmocka_unit_test(test_cause_texts__log_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
