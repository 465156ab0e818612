/* Rules of EventBridge: several targets each, replaced one by one. */
#include "schedule.h"

#include <slipway/alloc.h>

enum { PUT_MAX = 10, NAMES_ASKED = 11 };

static enum sw_status call(const struct schedule_job *job, const char *action, json_t *input,
                           json_t **ret, struct sw_err *err)
{
    json_auto_t *owned = input;
    char *target SW_CLEANUP(sw_free_str) = sw_xasprintf("AWSEvents.%s", action);
    return sw_aws_json(job->aws, "events", target, owned, NULL, ret, err);
}

/* A rule's name and, when it is not the default, its event bus; both owned. */
struct rule {
    char *name;
    char *bus;
};

static void rule_release(struct rule *rule)
{
    free(rule->name);
    free(rule->bus);
}

/* Names of buses may hold slashes, names of rules do not. */
static struct rule rule_of(const char *text)
{
    ptrdiff_t slash = sw_str_rfind(sw_str(text), '/');
    if (slash < 0) {
        return (struct rule){ .name = sw_xstrdup(text) };
    }
    return (struct rule){
        .name = sw_xstrdup(text + slash + 1),
        .bus = sw_str_dup(sw_str_first(sw_str(text), (size_t)slash)),
    };
}

/* The members that say which rule is meant, and the page. The caller's. */
static json_t *rule_input(const struct rule *rule, const char *token)
{
    json_t *input = json_pack("{s:s}", "Rule", rule->name);
    if (rule->bus) {
        (void)json_object_set_new(input, "EventBusName", json_string(rule->bus));
    }
    if (token) {
        (void)json_object_set_new(input, "NextToken", json_string(token));
    }
    return input;
}

static void append_rules(const struct schedule_job *job, const struct rule *rule)
{
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    json_t *input = json_pack("{s:i}", "Limit", NAMES_ASKED);
    if (rule->bus) {
        (void)json_object_set_new(input, "EventBusName", json_string(rule->bus));
    }
    if (call(job, "ListRules", input, &answer, &ignored) == SW_OK) {
        ecs_append_list(sw_json_array(answer, "Rules"), "Name", "rules",
                        sw_json_str(answer, "NextToken", NULL) != NULL, job->err);
    }
}

/* All targets of the rule; *ret is the caller's. */
static enum sw_status list_targets(const struct schedule_job *job, const struct rule *rule,
                                   json_t **ret)
{
    json_auto_t *targets = json_array();
    json_auto_t *page = NULL;
    for (unsigned pages = 0; pages < SCHEDULE_PAGES_MAX; pages++) {
        json_auto_t *last = page;
        page = NULL;
        enum sw_status status =
            call(job, "ListTargetsByRule", rule_input(rule, sw_json_str(last, "NextToken", NULL)),
                 &page, job->err);
        if (status != SW_OK) {
            (void)sw_wrap(job->err, "rule \"%s\"", rule->name);
            if (status == SW_E_NOT_FOUND) {
                append_rules(job, rule);
            }
            return status;
        }
        if (!sw_json_array(page, "Targets")) {
            return sw_fail(job->err, SW_E_UNAVAILABLE,
                           "ListTargetsByRule of \"%s\" answered without a list", rule->name);
        }
        (void)json_array_extend(targets, sw_json_array(page, "Targets"));
        if (!sw_json_str(page, "NextToken", NULL)) {
            *ret = json_incref(targets);
            return SW_OK;
        }
    }
    return sw_fail(job->err, SW_E_TOO_LARGE, "rule \"%s\" has too many targets", rule->name);
}

/* HTTP 200 may still say that targets were not taken. */
static enum sw_status check_put(const struct schedule_job *job, const struct rule *rule,
                                const json_t *answer)
{
    const json_t *failed = sw_json_array(answer, "FailedEntries");
    if (sw_json_int(answer, "FailedEntryCount", -1) == 0 && json_array_size(failed) == 0) {
        return SW_OK;
    }
    const json_t *first = json_array_get(failed, 0);
    return sw_fail(
        job->err, SW_E_FAILED, "EventBridge did not take %lld target%s of rule \"%s\": %s: %s: %s",
        (long long)sw_json_int(answer, "FailedEntryCount", 0),
        json_array_size(failed) == 1 ? "" : "s", rule->name, sw_json_str(first, "TargetId", "?"),
        sw_json_str(first, "ErrorCode", "no reason is given"),
        sw_json_str(first, "ErrorMessage", ""));
}

/* Sends the targets, as many at a time as fit one call. */
static enum sw_status put_targets(const struct schedule_job *job, const struct rule *rule,
                                  const json_t *targets)
{
    for (size_t from = 0; from < json_array_size(targets); from += PUT_MAX) {
        json_t *part = json_array();
        for (size_t i = from; i < json_array_size(targets) && i < from + PUT_MAX; i++) {
            (void)json_array_append(part, json_array_get(targets, i));
        }
        json_t *input = rule_input(rule, NULL);
        json_auto_t *answer = NULL;
        (void)json_object_set_new(input, "Targets", part);
        if (call(job, "PutTargets", input, &answer, job->err) != SW_OK) {
            return sw_wrap(job->err, "rule \"%s\"", rule->name);
        }
        if (check_put(job, rule, answer) != SW_OK) {
            return job->err->status;
        }
    }
    return SW_OK;
}

/* Changes those targets that fit; *ret_any tells whether one does. */
static enum sw_status point(const struct schedule_job *job, const struct rule *rule,
                            const char *label, const json_t *targets, bool *ret_any)
{
    json_auto_t *changed = json_array();
    size_t index = 0;
    json_t *target = NULL;
    json_array_foreach(targets, index, target)
    {
        enum schedule_match match = schedule_match(job->plan, target);
        *ret_any = *ret_any || match != SCHEDULE_OTHER;
        if (match == SCHEDULE_OLD) {
            json_auto_t *copy = json_deep_copy(target);
            schedule_set(job->plan, copy);
            (void)json_array_append(changed, copy);
        }
    }
    if (!job->plan->dry_run && put_targets(job, rule, changed) != SW_OK) {
        return job->err->status;
    }
    json_array_foreach(targets, index, target)
    {
        enum schedule_match match = schedule_match(job->plan, target);
        if (match != SCHEDULE_OTHER) {
            schedule_tell(job, "rule", label, sw_json_str(target, "Id", "?"),
                          schedule_task_definition(target), match);
        }
    }
    return SW_OK;
}

static enum sw_status point_rule(const struct schedule_job *job, const char *text, bool must_fit)
{
    struct rule rule SW_CLEANUP(rule_release) = rule_of(text);
    json_auto_t *targets = NULL;
    bool any = false;
    if (!*rule.name) {
        return sw_fail(job->err, SW_E_INPUT, "--rule: expected NAME or BUS/NAME, got \"%s\"", text);
    }
    enum sw_status status = list_targets(job, &rule, &targets);
    if (status == SW_OK) {
        status = point(job, &rule, text, targets, &any);
    }
    if (status == SW_OK && must_fit && !any) {
        status = schedule_no_match(job, "rule", text, targets);
    }
    return status;
}

enum sw_status sw_schedule_rule(struct sw_aws *aws, const struct sw_schedule_plan *plan,
                                const char *rule, json_t *facts, struct sw_err *err)
{
    const struct schedule_job job = {
        .aws = aws, .env = sw_aws_env(aws), .plan = plan, .facts = facts, .err = err
    };
    return point_rule(&job, rule, true);
}

static enum sw_status point_page(const struct schedule_job *job, const json_t *names)
{
    size_t index = 0;
    const json_t *name = NULL;
    json_array_foreach(names, index, name)
    {
        const char *text = json_string_value(name);
        if (text && point_rule(job, text, false) != SW_OK) {
            return job->err->status;
        }
    }
    return SW_OK;
}

enum sw_status schedule_all_rules(const struct schedule_job *job)
{
    char *cluster SW_CLEANUP(sw_free_str) = schedule_cluster_arn(job->plan);
    json_auto_t *page = NULL;
    for (unsigned pages = 0; pages < SCHEDULE_PAGES_MAX; pages++) {
        json_auto_t *last = page;
        json_t *input = json_pack("{s:s}", "TargetArn", cluster);
        const char *token = sw_json_str(last, "NextToken", NULL);
        page = NULL;
        if (token) {
            (void)json_object_set_new(input, "NextToken", json_string(token));
        }
        if (call(job, "ListRuleNamesByTarget", input, &page, job->err) != SW_OK ||
            point_page(job, sw_json_array(page, "RuleNames")) != SW_OK) {
            return job->err->status;
        }
        if (!sw_json_str(page, "NextToken", NULL)) {
            break;
        }
    }
    return SW_OK;
}
