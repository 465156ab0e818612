/* Stopped tasks put into classes, counted and ranked; the texts are in test_cause_events.c and
 * test_cause_texts.c. */
#include "ecs_test.h"

#include <slipway/rollout.h>

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
    sw_causes_add_event(&causes, "e1", "(service x) deployment failed: tasks failed to start.", 0);
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "p%d", i);
        sw_causes_add_event(&causes, id, "was unable to place a task", 0);
        sw_causes_add_event(&causes, id, "was unable to place a task", 0);
    }
    sw_causes_add_tasks(&causes, answer, "d");
    sw_causes_add_tasks(&causes, answer, "d");
    sw_causes_add_event(&causes, "e2", "has reached a steady state", 0);
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

/* The order that the header tells: a target that no listener reaches outranks what placement says.
 */
static void test_causes__what_a_load_balancer_says_outranks_events(void **state)
{
    struct sw_causes causes = { .items = NULL };

    (void)state;
    for (int i = 0; i < 3; i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "p%d", i);
        sw_causes_add_event(&causes, id, "ECS was unable to assume the role arn:r", 0);
    }
    sw_causes_add_target(&causes, "t", "unused", "Target.NotInUse",
                         "Target group is not configured to receive traffic from the load "
                         "balancer");
    assert_string_equal(sw_causes_main(&causes)->klass->id, "target-unused");
    sw_causes_release(&causes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causes__tasks_have_their_class),
        cmocka_unit_test(test_causes__are_counted_once_and_ranked),
        cmocka_unit_test(test_causes__what_a_load_balancer_says_outranks_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
