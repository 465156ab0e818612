#include "ecs_facts.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

static void set_text(json_t *facts, const char *key, const char *text)
{
    if (text) {
        (void)json_object_set_new(facts, key, json_string(text));
    }
}

static void set_number(json_t *facts, const char *key, int64_t number)
{
    (void)json_object_set_new(facts, key, json_integer(number));
}

/* A time that is known, in UTC. */
static void set_time(json_t *facts, const char *key, int64_t at_ms)
{
    char text[SW_TIME_TEXT_MAX];
    if (at_ms > 0) {
        sw_time_format(at_ms, SW_TIME_ISO, text);
        set_text(facts, key, text);
    }
}

json_t *sw_cli_ecs_cause_facts(const struct sw_causes *causes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < causes->count; i++) {
        const struct sw_cause *cause = &causes->items[i];
        json_t *fact =
            json_pack("{s:s, s:s, s:s, s:i}", "id", cause->klass->id, "title", cause->klass->title,
                      "advice", cause->klass->advice, "count", (int)cause->count);
        char *command SW_CLEANUP(sw_free_str) = sw_cause_command(causes, cause);
        set_text(fact, "object", cause->object);
        set_text(fact, "command", command);
        set_text(fact, "example", cause->example);
        set_text(fact, "task", cause->task);
        set_text(fact, "log", cause->log);
        set_time(fact, "firstAt", cause->first_ms);
        set_time(fact, "lastAt", cause->last_ms);
        set_text(fact, "container", cause->container);
        if (cause->exit_code >= 0) {
            set_number(fact, "exitCode", cause->exit_code);
        }
        (void)json_array_append_new(list, fact);
    }
    return list;
}

static json_t *rollout_facts(const struct sw_follow_result *follow)
{
    const struct sw_rollout_state *state = &follow->state;
    json_t *facts = json_object();
    set_text(facts, "verdict", sw_rollout_verdict_name(follow->verdict));
    set_text(facts, "reason", state->reason[0] ? state->reason : NULL);
    set_number(facts, "desired", state->desired);
    set_number(facts, "running", state->running);
    set_number(facts, "pending", state->pending);
    set_number(facts, "failedTasks", state->failed_tasks);
    set_time(facts, "createdAt", state->created_ms);
    set_number(facts, "waitedSeconds", follow->waited_ms / 1000);
    if (follow->repair) {
        (void)json_object_set_new(
            facts, "onFailure",
            json_pack("{s:b, s:s}", "done", follow->repaired, "message", follow->repair));
    }
    (void)json_object_set_new(facts, "causes", sw_cli_ecs_cause_facts(&follow->causes));
    set_text(facts, "runs", follow->standing);
    json_t *events = json_array();
    for (size_t i = 0; i < follow->events.count; i++) {
        (void)json_array_append_new(events, json_string(follow->events.items[i]));
    }
    (void)json_object_set_new(facts, "events", events);
    return facts;
}

json_t *sw_cli_ecs_facts(const char *cluster, const struct sw_deployment *deployment,
                         const struct sw_follow_result *follow, const struct sw_err *err)
{
    json_t *facts = json_object();
    set_text(facts, "cluster", cluster);
    set_text(facts, "service", deployment->service);
    set_text(facts, "family", deployment->family);
    set_text(facts, "previousTaskDefinition", deployment->previous);
    set_text(facts, "taskDefinition", deployment->task_definition);
    (void)json_object_set_new(facts, "registered", json_boolean(deployment->registered));
    (void)json_object_set_new(facts, "updated", json_boolean(deployment->updated));
    if (deployment->created) {
        (void)json_object_set_new(facts, "created", json_true());
    }
    set_time(facts, "startedAt", deployment->started_ms);
    set_time(facts, "endedAt", deployment->ended_ms);
    set_text(facts, "deploymentId", deployment->deployment_id);
    set_text(facts, "serviceDeploymentArn", deployment->service_deployment);
    set_text(facts, "codeDeployDeploymentId", deployment->codedeploy_deployment);
    if (deployment->images) {
        (void)json_object_set(facts, "images", deployment->images);
    }
    const struct sw_check_report *checks =
        deployment->checks.count > 0 ? &deployment->checks : &deployment->hints;
    if (checks->count > 0) {
        (void)json_object_set_new(facts, "checks", sw_check_facts(checks));
    }
    if (follow) {
        (void)json_object_set_new(facts, "rollout", rollout_facts(follow));
    }
    set_text(facts, "status", sw_status_name(err->status));
    set_number(facts, "exitCode", sw_exit_code(err->status));
    set_text(facts, "message", err->msg[0] ? err->msg : NULL);
    return facts;
}

void sw_cli_ecs_say_checks(const struct sw_cli *cli, const struct sw_check_report *report)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    if (report->count == 0) {
        return;
    }
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_check_print(report, false, &text);
    sw_buf_truncate(&text, text.len - 1); /* a line of its own has its newline */
    sw_say(cli->env, "%s", text.ptr);
}

enum sw_status sw_cli_ecs_write_report(const char *path, const json_t *facts, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_JSON_MAX);
    sw_json_dump(facts, 2, &text);
    sw_buf_add_char(&text, '\n');
    enum sw_status status = sw_buf_check(&text, "the report", err);
    if (status == SW_OK) {
        status = sw_fs_write_atomic(path, sw_buf_str(&text), 0644, err);
    }
    return status == SW_OK ? status : sw_wrap(err, "--report");
}

enum sw_status sw_cli_ecs_check_files(const char *export_env, const char *report,
                                      const char *summary, struct sw_err *err)
{
    if (export_env && sw_fs_append(export_env, sw_str(""), 0600, err)) {
        return sw_wrap(err, "--export-env");
    }
    if (report && sw_fs_can_replace(report, err)) {
        return sw_wrap(err, "--report");
    }
    if (summary && sw_fs_can_replace(summary, err)) {
        return sw_wrap(err, "--summary");
    }
    return SW_OK;
}

static void add_export(struct sw_buf *text, const char *name, const char *value)
{
    if (value) {
        sw_buf_addf(text, "export %s=", name);
        sw_buf_add_shell_quoted(text, sw_str(value));
        sw_buf_add_char(text, '\n');
    }
}

enum sw_status sw_cli_ecs_export(const char *path, const char *registered, const char *deployed,
                                 const char *codedeploy, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    add_export(&text, "CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN", registered);
    add_export(&text, "CCI_ORB_AWS_ECS_DEPLOYED_REVISION", deployed);
    add_export(&text, "CCI_ORB_AWS_ECS_DEPLOYMENT_ID", codedeploy);
    enum sw_status status = sw_fs_append(path, sw_buf_str(&text), 0600, err);
    return status == SW_OK ? status : sw_wrap(err, "--export-env");
}
