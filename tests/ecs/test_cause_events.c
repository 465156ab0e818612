/*
 * Every service event that AWS is known to have, in the class it belongs to: one row each. The
 * texts are those of the developer guide and of production services.
 */
#include "cause_row.h"

#define UNPLACED                                                                             \
    "(service web) was unable to place a task because no container instance met all of its " \
    "requirements. "
#define CLOSEST "The closest matching (container-instance 0123) "

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

static void test_cause_events__events(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(events); i++) {
        print_message("event %s\n", events[i].text);
        assert_string_equal(id_of(sw_cause_of_event(events[i].text)), events[i].id);
    }
}

/* Whatever ends up in a report can be looked up again and says what to do. */
static void test_cause_events__classes_are_whole(void **state)
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
static void test_cause_events__unknown_texts_are_all_kept(void **state)
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
        cmocka_unit_test(test_cause_events__events),
        cmocka_unit_test(test_cause_events__classes_are_whole),
        cmocka_unit_test(test_cause_events__unknown_texts_are_all_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
