/*
 * What ECS answers about services and tasks: any JSON. Whatever is in it is put into classes,
 * counted, ranked and printed, and the judge comes to a verdict.
 */

#include "fuzz.h"

#include <slipway/rollout.h>

#include <stdio.h>

static void check_class(const struct sw_cause_class *klass)
{
    FUZZ_CHECK(!klass || (sw_cause_class_find(klass->id) && klass->title[0] && klass->advice[0]));
}

/* Events and targets of the services in the answer. */
static void add_services(const json_t *answer, struct sw_causes *causes)
{
    size_t index = 0;
    const json_t *service = NULL;
    json_array_foreach(sw_json_array(answer, "services"), index, service)
    {
        struct sw_rollout_state state = { .seen = false };
        const struct sw_rollout_target target = { .deployment_id = "ecs-svc/1" };
        size_t at = 0;
        const json_t *event = NULL;
        (void)sw_rollout_verdict_name(sw_rollout_judge(service, &target, &state));
        json_array_foreach(sw_json_array(service, "events"), at, event)
        {
            char id[48];
            const char *message = sw_json_str(event, "message", "");
            (void)snprintf(id, sizeof(id), "%zu.%zu", index, at);
            check_class(sw_cause_of_event(message));
            check_class(sw_cause_of_log(message));
            check_class(sw_cause_of_refusal(message));
            check_class(sw_cause_of_target("unhealthy", message, message));
            sw_causes_add_event(causes, id, message, 1000);
            sw_causes_add_target(causes, message, "unused", "", message);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    struct sw_causes causes = { .items = NULL };
    struct sw_buf text;
    if (sw_json_parse(sw_str_n((const char *)data, size), "input", &answer, &err) != SW_OK) {
        return 0;
    }
    sw_causes_add_tasks(&causes, answer, "ecs-svc/1");
    size_t tasks = causes.count;
    sw_causes_add_tasks(&causes, answer, "ecs-svc/1");
    FUZZ_CHECK(causes.count == tasks); /* a task counts once */
    add_services(answer, &causes);
    FUZZ_CHECK(!sw_causes_main(&causes) == (causes.count == 0));
    for (size_t i = 0; i < causes.count; i++) {
        check_class(causes.items[i].klass);
        FUZZ_CHECK(causes.items[i].count > 0);
    }
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_causes_print(&causes, &text);
    sw_buf_release(&text);
    sw_causes_release(&causes);
    return 0;
}
