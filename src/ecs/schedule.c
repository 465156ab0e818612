#include "schedule.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

const char *schedule_task_definition(const json_t *target)
{
    return sw_json_str(sw_json_object(target, "EcsParameters"), "TaskDefinitionArn", NULL);
}

static bool is_cluster(const struct sw_schedule_plan *plan, const char *arn)
{
    bool is_one = sw_str_find_str(sw_str(arn), SW_STR(":cluster/")) >= 0;
    if (!plan->cluster) {
        return is_one;
    }
    bool by_arn = sw_str_starts(sw_str(plan->cluster), "arn:");
    return is_one && strcmp(by_arn ? arn : ecs_last_part(arn), plan->cluster) == 0;
}

/* The family that "kim", "kim:12" or an ARN names, and whether it names a revision of it. */
static bool family_of(const char *reference, struct sw_str *ret_family)
{
    int64_t revision = 0;
    if (ecs_cut_revision(reference, ret_family, &revision)) {
        return true;
    }
    *ret_family = sw_str(sw_taskdef_short_name(reference));
    return false;
}

enum schedule_match schedule_match(const struct sw_schedule_plan *plan, const json_t *target)
{
    const char *runs = schedule_task_definition(target);
    struct sw_str wanted = { NULL, 0 };
    struct sw_str family = { NULL, 0 };
    if (!runs || !is_cluster(plan, sw_json_str(target, "Arn", ""))) {
        return SCHEDULE_OTHER;
    }
    bool has_revision = family_of(runs, &family);
    (void)family_of(plan->task_definition, &wanted);
    if (!sw_str_eq(family, wanted)) {
        return SCHEDULE_OTHER;
    }
    if (!has_revision) {
        return SCHEDULE_NEWEST;
    }
    return strcmp(runs, plan->task_definition) == 0 ? SCHEDULE_CURRENT : SCHEDULE_OLD;
}

void schedule_set(const struct sw_schedule_plan *plan, json_t *target)
{
    (void)json_object_set_new(sw_json_object(target, "EcsParameters"), "TaskDefinitionArn",
                              json_string(plan->task_definition));
}

void schedule_tell(const struct schedule_job *job, const char *kind, const char *name,
                   const char *target_id, const char *from, enum schedule_match match)
{
    const char *to = match == SCHEDULE_NEWEST ? from : job->plan->task_definition;
    bool updated = match == SCHEDULE_OLD && !job->plan->dry_run;
    char *what SW_CLEANUP(sw_free_str) =
        target_id ? sw_xasprintf("%s %s, target %s", kind, name, target_id)
                  : sw_xasprintf("%s %s", kind, name);
    if (match == SCHEDULE_NEWEST) {
        sw_say(job->env, "%s: runs the newest revision of %s by itself", what,
               sw_taskdef_short_name(from));
    } else if (match == SCHEDULE_CURRENT) {
        sw_say(job->env, "%s: runs %s already", what, sw_taskdef_short_name(to));
    } else {
        sw_say(job->env, "%s: %s%s -> %s", what, updated ? "" : "would change ",
               sw_taskdef_short_name(from), sw_taskdef_short_name(to));
    }
    json_t *fact = json_pack("{s:s, s:s}", "kind", kind, "name", name);
    if (target_id) {
        (void)json_object_set_new(fact, "target", json_string(target_id));
    }
    (void)json_object_set_new(fact, "from", json_string(from));
    (void)json_object_set_new(fact, "to", json_string(to));
    (void)json_object_set_new(fact, "updated", json_boolean(updated));
    (void)json_array_append_new(job->facts, fact);
}

enum sw_status schedule_no_match(const struct schedule_job *job, const char *kind, const char *name,
                                 const json_t *targets)
{
    struct sw_str family = { NULL, 0 };
    size_t index = 0;
    const json_t *target = NULL;
    (void)family_of(job->plan->task_definition, &family);
    (void)sw_fail(job->err, SW_E_NOT_FOUND, "%s \"%s\" does not run \"%.*s\"", kind, name,
                  SW_STR_ARG(family));
    if (job->plan->cluster) {
        (void)sw_append(job->err, " in cluster \"%s\"", ecs_last_part(job->plan->cluster));
    }
    if (json_array_size(targets) == 0) {
        return sw_append(job->err, "; it has no targets");
    }
    json_array_foreach(targets, index, target)
    {
        const char *runs = schedule_task_definition(target);
        const char *arn = sw_json_str(target, "Arn", "?");
        const char *separator = index ? ", " : "; it runs ";
        if (runs) {
            (void)sw_append(job->err, "%s%s in %s", separator, sw_taskdef_short_name(runs),
                            ecs_last_part(arn));
        } else {
            (void)sw_append(job->err, "%s%s", separator, arn);
        }
    }
    return job->err->status;
}

char *schedule_cluster_arn(const struct sw_schedule_plan *plan)
{
    struct sw_str arn = sw_str(plan->task_definition);
    ptrdiff_t at = sw_str_find_str(arn, SW_STR(":task-definition/"));
    if (sw_str_starts(sw_str(plan->cluster), "arn:") || at < 0) {
        return sw_xstrdup(plan->cluster);
    }
    return sw_xasprintf("%.*s:cluster/%s", (int)at, arn.ptr, plan->cluster);
}

enum sw_status sw_schedule_all(struct sw_aws *aws, const struct sw_schedule_plan *plan,
                               json_t *facts, struct sw_err *err)
{
    const struct schedule_job job = {
        .aws = aws, .env = sw_aws_env(aws), .plan = plan, .facts = facts, .err = err
    };
    size_t before = json_array_size(facts);
    enum sw_status status = schedule_all_rules(&job);
    if (status == SW_OK) {
        status = schedule_all_schedules(&job);
    }
    if (status == SW_OK && json_array_size(facts) == before) {
        struct sw_str family = { NULL, 0 };
        (void)family_of(plan->task_definition, &family);
        sw_say(job.env, "no rule and no schedule runs \"%.*s\" in cluster \"%s\"",
               SW_STR_ARG(family), ecs_last_part(plan->cluster));
    }
    return status;
}
