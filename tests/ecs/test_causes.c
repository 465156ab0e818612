/* AWS's words for failures, each put into its class. */
#include "ecs_test.h"

#include <slipway/rollout.h>

static void test_causes__events_have_their_class(void **state)
{
    static const struct {
        const char *message, *id;
    } cases[] = {
        { "(service X) has reached a steady state.", NULL },
        { "(service X) has started 1 tasks: (task t).", NULL },
        { "(service X) (deployment ecs-svc/1) deployment completed.", NULL },
        { "(service X) has begun draining connections on 1 tasks.", NULL },
        { "(service X) registered 1 targets in (target-group arn)", NULL },
        { "(service X) rolling back to deployment ecs-svc/1.", NULL },
        { "(service X) (deployment ecs-svc/2) deployment failed: tasks failed to start.",
          "deployment-failed" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements. The closest matching (container-instance i) is already using a port "
          "required by your task. For more information, see the Troubleshooting section.",
          "port-taken" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements. The closest matching (container-instance i) has insufficient memory "
          "available.",
          "memory-short" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements. The closest matching (container-instance i) has insufficient CPU units "
          "available.",
          "cpu-short" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements. The closest matching (container-instance i) is missing an attribute "
          "required by your task.",
          "attribute" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements. The closest matching (container-instance i) encountered error \"AGENT\".",
          "no-instances" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements. Reason: No Container Instances were found in your cluster.",
          "no-instances" },
        { "(service X) was unable to place a task because no container instance met all of its "
          "requirements.",
          "placement" },
        { "(service X) was unable to stop or start tasks during a deployment because of the "
          "service deployment configuration. Update the minimumHealthyPercent or maximumPercent "
          "value and try again.",
          "percentages" },
        { "(service X) failed to launch a task with (error ECS was unable to assume the role "
          "'arn:r' that was provided for this task.)",
          "role" },
        { "(service X) is unable to consistently start tasks successfully.", "throttled" },
        { "(service X) (instance i) (port 32769) is unhealthy in (target-group arn) due to (reason "
          "Request timed out)",
          "elb-health" },
        { "(service X) (task t) failed container health checks.", "container-health" },
        { "(service X) failed to register targets in (target-group arn) with (error x)",
          "target-group" },
        { "(service X) was unable to place a task. Reason: CannotPullContainerError: pull image "
          "manifest has been retried 7 time(s): failed to resolve ref x:1: x:1: not found.",
          "placement" },
        { "(service X) was unable to place a task. Reason: You\xe2\x80\x99ve reached the limit on "
          "the number of tasks you can run concurrently.",
          "capacity" },
        { "(service X) was unable to place a task. Reason: Capacity is unavailable at this time.",
          "capacity" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].message);
        const struct sw_cause_class *klass = sw_cause_of_event(cases[i].message);
        assert_string_equal(klass ? klass->id : "none", cases[i].id ? cases[i].id : "none");
    }
}

static void test_causes__reasons_of_containers_have_their_class(void **state)
{
    static const struct {
        const char *reason, *id;
    } cases[] = {
        { "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
          "resolve ref r/x:1: r/x:1: not found",
          "image-missing" },
        { "CannotPullContainerError: Error response from daemon: manifest for r/x:1 not found: "
          "manifest unknown: Requested image not found",
          "image-missing" },
        { "CannotPullContainerError: Error response from daemon: repository r/x not found: name "
          "unknown",
          "image-missing" },
        { "CannotPullContainerError: The task can\xe2\x80\x99t pull the image. Check whether the "
          "image exists. denied: requested access to the resource is denied",
          "image-missing" },
        { "CannotPullContainerError: The task can't pull the image. Check that the role has the "
          "permissions to pull images from the registry.",
          "image-denied" },
        { "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
          "resolve ref r/x:1: unexpected status from HEAD request: 403 Forbidden",
          "image-denied" },
        { "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
          "resolve ref r/x:1: dial tcp 1.2.3.4:443: i/o timeout",
          "registry-unreachable" },
        { "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit.",
          "registry-limit" },
        { "CannotPullContainerError: image Manifest does not contain descriptor matching platform "
          "'linux/amd64'",
          "platform" },
        { "exec /app: exec format error", "platform" },
        { "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
          "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 "
          "time(s): ResourceNotFoundException: Secrets Manager can't find the specified secret.",
          "secret-missing" },
        { "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
          "retrieval failed: unable to retrieve secret from asm: AccessDeniedException: no",
          "secret-denied" },
        { "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve "
          "secrets from ssm: invalid ssm parameters: /a",
          "secret-missing" },
        { "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot "
          "pull registry auth from Amazon ECR: There is a connection issue",
          "secret-unreachable" },
        { "CannotStartContainerError: Error response from daemon: failed to initialize logging "
          "driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified "
          "log group does not exist.",
          "log-group" },
        { "CannotStartContainerError: OCI runtime create failed: exec: \"x\": executable file not "
          "found in $PATH: unknown",
          "command" },
        { "CannotStartContainerError: driver failed programming external connectivity on endpoint "
          "x: Bind for 0.0.0.0:80 failed: port is already allocated",
          "port-taken" },
        { "OutOfMemoryError: Container killed due to memory usage", "out-of-memory" },
        { "CannotPullContainerError: write /var/lib/docker/tmp: no space left on device",
          "disk-full" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].reason);
        json_auto_t *task = json_pack("{s:s, s:[{s:s, s:s}]}", "stopCode", "TaskFailedToStart",
                                      "containers", "name", "web", "reason", cases[i].reason);
        const char *text = NULL;
        const char *container = NULL;
        int64_t exit_code = 0;
        const struct sw_cause_class *klass = sw_cause_of_task(task, &text, &container, &exit_code);
        assert_non_null(klass);
        assert_string_equal(klass->id, cases[i].id);
        assert_string_equal(text, cases[i].reason);
        assert_string_equal(container, "web");
        assert_int_equal(exit_code, -1);
        assert_true(klass->advice[0] != '\0');
    }
}

static void test_causes__tasks_have_their_class(void **state)
{
    static const struct {
        const char *task, *id, *container;
        int exit_code;
    } cases[] = {
        { "{'stoppedReason':'Scaling activity initiated by (deployment ecs-svc/2)'}", NULL, NULL,
          -1 },
        { "{'stopCode':'EssentialContainerExited','containers':[{'name':'a','exitCode':0},"
          "{'name':'b','exitCode':1}]}",
          "exit-code", "b", 1 },
        { "{'stopCode':'EssentialContainerExited','containers':[{'name':'a'},{'name':'b',"
          "'exitCode':0}]}",
          "exit-zero", "b", 0 },
        { "{'containers':[{'name':'a','exitCode':127}]}", "command", "a", 127 },
        { "{'containers':[{'name':'a','exitCode':137}]}", "exit-killed", "a", 137 },
        { "{'containers':[{'name':'a','exitCode':139}]}", "exit-crash", "a", 139 },
        { "{'containers':[{'name':'a','exitCode':137,'reason':'OutOfMemoryError: Container killed "
          "due to memory usage'}]}",
          "out-of-memory", "a", 137 },
        { "{'stopCode':'ServiceSchedulerInitiated','stoppedReason':'Task failed ELB health checks "
          "in (target-group x)','containers':[{'name':'a','exitCode':137}]}",
          "elb-health", NULL, -1 },
        { "{'stopCode':'ServiceSchedulerInitiated','stoppedReason':'something of tomorrow',"
          "'containers':[{'name':'a','exitCode':137}]}",
          "other", NULL, -1 },
        { "{'stoppedReason':'Task failed container health checks'}", "container-health", NULL, -1 },
        { "{'stopCode':'UserInitiated','stoppedReason':'because'}", "stopped-by-user", NULL, -1 },
        { "{'stopCode':'SpotInterruption','stoppedReason':'x'}", "infrastructure", NULL, -1 },
        { "{'stopCode':'TaskFailedToStart','stoppedReason':'something of tomorrow'}", "other", NULL,
          -1 },
        { "{}", "other", NULL, -1 },
        { "[]", "other", NULL, -1 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].task);
        json_auto_t *task = test_json(cases[i].task);
        const char *text = NULL;
        const char *container = NULL;
        int64_t exit_code = 0;
        const struct sw_cause_class *klass = sw_cause_of_task(task, &text, &container, &exit_code);
        assert_string_equal(klass ? klass->id : "none", cases[i].id ? cases[i].id : "none");
        assert_string_equal(container ? container : "none",
                            cases[i].container ? cases[i].container : "none");
        assert_int_equal(exit_code, cases[i].exit_code);
    }
}

static void test_causes__are_counted_once_and_ranked(void **state)
{
    struct sw_causes causes = { .items = NULL };

    (void)state;
    json_auto_t *answer = test_json(
        "{'tasks':[{'taskArn':'1','startedBy':'d','containers':[{'name':'a','exitCode':1}]},"
        "{'taskArn':'2','startedBy':'d','containers':[{'name':'a','exitCode':1}]},"
        "{'taskArn':'3','startedBy':'other','containers':[{'name':'a','exitCode':1}]},"
        "{'taskArn':'4','startedBy':'d','containers':[{'name':'a','exitCode':2}]}]}");
    assert_null(sw_causes_main(&causes));
    sw_causes_add_event(&causes, "e1", "(service x) deployment failed: tasks failed to start.");
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "p%d", i);
        sw_causes_add_event(&causes, id, "was unable to place a task");
        sw_causes_add_event(&causes, id, "was unable to place a task");
    }
    sw_causes_add_tasks(&causes, answer, "d");
    sw_causes_add_tasks(&causes, answer, "d");
    sw_causes_add_event(&causes, "e2", "has reached a steady state");
    assert_int_equal(causes.count, 4);
    assert_int_equal(causes.items[1].count, 5);
    assert_int_equal(causes.items[2].count, 2);
    assert_int_equal(causes.items[3].count, 1);
    assert_ptr_equal(sw_causes_main(&causes), &causes.items[2]);
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    const struct sw_causes last = { .items = causes.items + 2, .count = 2 };
    sw_causes_print(&last, &text);
    assert_string_equal(text.ptr,
                        "2x container \"a\": the container ended with an error (exit code 1)\n"
                        "   next: look at the last lines of the container's log\n"
                        "1x container \"a\": the container ended with an error (exit code 2)\n"
                        "   next: look at the last lines of the container's log");
    sw_buf_release(&text);
    sw_causes_release(&causes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causes__events_have_their_class),
        cmocka_unit_test(test_causes__reasons_of_containers_have_their_class),
        cmocka_unit_test(test_causes__tasks_have_their_class),
        cmocka_unit_test(test_causes__are_counted_once_and_ranked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
