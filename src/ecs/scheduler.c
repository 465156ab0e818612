/* EventBridge Scheduler: one target per schedule, replaced with all the rest of it. */
#include "request.h"
#include "schedule.h"

#include <slipway/alloc.h>

enum { NAMES_ASKED = 11, PAGE_SIZE = 100 };

static enum sw_status call(const struct schedule_job *job, const char *operation,
                           const char *method, const struct sw_buf *path, const json_t *input,
                           json_t **ret, struct sw_err *err)
{
    if (sw_buf_check(path, "the path of a schedule", err) != SW_OK) {
        return err->status;
    }
    return sw_aws_rest(job->aws, "scheduler", operation, method, path->ptr, input, NULL, ret, err);
}

/* "/schedules" and, when there is one, the group as the query's first parameter. */
static void start_list(struct sw_buf *path, struct sw_str group, int size)
{
    sw_buf_init(path, SW_BUF_TEXT_MAX);
    sw_buf_addf(path, "/schedules?MaxResults=%d", size);
    if (group.len > 0) {
        sw_buf_add_cstr(path, "&ScheduleGroup=");
        sw_buf_add_uri(path, group, false);
    }
}

static void append_schedules(const struct schedule_job *job, struct sw_str group)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_buf path SW_CLEANUP(sw_buf_release) = { 0 };
    json_auto_t *answer = NULL;
    start_list(&path, group, NAMES_ASKED);
    if (call(job, "ListSchedules", "GET", &path, NULL, &answer, &ignored) == SW_OK) {
        ecs_append_list(sw_json_array(answer, "Schedules"), "Name", "schedules",
                        sw_json_str(answer, "NextToken", NULL) != NULL, job->err);
    }
}

static enum sw_status get(const struct schedule_job *job, struct sw_str group, struct sw_str name,
                          json_t **ret)
{
    struct sw_buf path SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&path, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&path, "/schedules/");
    sw_buf_add_uri(&path, name, false);
    if (group.len > 0) {
        sw_buf_add_cstr(&path, "?groupName=");
        sw_buf_add_uri(&path, group, false);
    }
    enum sw_status status = call(job, "GetSchedule", "GET", &path, NULL, ret, job->err);
    if (status == SW_OK) {
        return SW_OK;
    }
    (void)sw_wrap(job->err, "schedule \"%.*s\"", SW_STR_ARG(name));
    if (status == SW_E_NOT_FOUND) {
        append_schedules(job, group);
    }
    return status;
}

/* Sends all of it back but for what only answers have; what is left out would be reset. */
static enum sw_status update(const struct schedule_job *job, struct sw_str group,
                             struct sw_str name, json_t *schedule)
{
    static const char *const read_only[] = { "Arn", "Name", "CreationDate",
                                             "LastModificationDate" };
    struct sw_buf path SW_CLEANUP(sw_buf_release) = { 0 };
    char *token SW_CLEANUP(sw_free_str) = ecs_client_token(job->env);
    sw_buf_init(&path, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&path, "/schedules/");
    sw_buf_add_uri(&path, name, false);
    for (size_t i = 0; i < SW_COUNT(read_only); i++) {
        (void)json_object_del(schedule, read_only[i]);
    }
    if (group.len > 0) {
        (void)json_object_set_new(schedule, "GroupName", ecs_json_text(group));
    }
    ecs_set_text(schedule, "ClientToken", token);
    if (call(job, "UpdateSchedule", "PUT", &path, schedule, NULL, job->err) != SW_OK) {
        return sw_wrap(job->err, "schedule \"%.*s\"", SW_STR_ARG(name));
    }
    return SW_OK;
}

static enum sw_status point(const struct schedule_job *job, const char *text, bool must_fit)
{
    struct sw_str name = sw_str(text);
    struct sw_str group = { NULL, 0 };
    json_auto_t *schedule = NULL;
    ptrdiff_t slash = sw_str_find(name, '/');
    if (slash >= 0) {
        group = sw_str_first(name, (size_t)slash);
        name = sw_str_from(name, (size_t)slash + 1);
    }
    if (name.len == 0 || (slash >= 0 && group.len == 0)) {
        return sw_fail(job->err, SW_E_INPUT, "--schedule: expected NAME or GROUP/NAME, got \"%s\"",
                       text);
    }
    if (get(job, group, name, &schedule) != SW_OK) {
        return job->err->status;
    }
    json_t *target = sw_json_object(schedule, "Target");
    enum schedule_match match = schedule_match(job->plan, target);
    if (match == SCHEDULE_OTHER) {
        json_auto_t *targets = target ? json_pack("[O]", target) : NULL;
        return must_fit ? schedule_no_match(job, "schedule", text, targets) : SW_OK;
    }
    char *from SW_CLEANUP(sw_free_str) = sw_xstrdup(schedule_task_definition(target));
    if (match == SCHEDULE_OLD && !job->plan->dry_run) {
        schedule_set(job->plan, target);
        if (update(job, group, name, schedule) != SW_OK) {
            return job->err->status;
        }
    }
    schedule_tell(job, "schedule", text, NULL, from, match);
    return SW_OK;
}

enum sw_status sw_schedule_schedule(struct sw_aws *aws, const struct sw_schedule_plan *plan,
                                    const char *schedule, json_t *facts, struct sw_err *err)
{
    const struct schedule_job job = {
        .aws = aws, .env = sw_aws_env(aws), .plan = plan, .facts = facts, .err = err
    };
    return point(&job, schedule, true);
}

/* Of a list only names and the targets' ARNs are known: those of the cluster are looked at. */
static enum sw_status point_page(const struct schedule_job *job, const char *cluster,
                                 const json_t *schedules)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(schedules, index, item)
    {
        const char *group = sw_json_str(item, "GroupName", NULL);
        const char *name = sw_json_str(item, "Name", NULL);
        if (!name || strcmp(sw_json_str(sw_json_object(item, "Target"), "Arn", ""), cluster) != 0) {
            continue;
        }
        bool plain = !group || strcmp(group, "default") == 0;
        char *text SW_CLEANUP(sw_free_str) =
            plain ? sw_xstrdup(name) : sw_xasprintf("%s/%s", group, name);
        if (point(job, text, false) != SW_OK) {
            return job->err->status;
        }
    }
    return SW_OK;
}

enum sw_status schedule_all_schedules(const struct schedule_job *job)
{
    char *cluster SW_CLEANUP(sw_free_str) = schedule_cluster_arn(job->plan);
    json_auto_t *page = NULL;
    for (unsigned pages = 0; pages < SCHEDULE_PAGES_MAX; pages++) {
        json_auto_t *last = page;
        struct sw_buf path SW_CLEANUP(sw_buf_release) = { 0 };
        const char *token = sw_json_str(last, "NextToken", NULL);
        page = NULL;
        start_list(&path, (struct sw_str){ NULL, 0 }, PAGE_SIZE);
        if (token) {
            sw_buf_add_cstr(&path, "&NextToken=");
            sw_buf_add_uri(&path, sw_str(token), false);
        }
        if (call(job, "ListSchedules", "GET", &path, NULL, &page, job->err) != SW_OK ||
            point_page(job, cluster, sw_json_array(page, "Schedules")) != SW_OK) {
            return job->err->status;
        }
        if (!sw_json_str(page, "NextToken", NULL)) {
            break;
        }
    }
    return SW_OK;
}
