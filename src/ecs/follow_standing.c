#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

/*
 * What runs when a rollout did not end well: the first that somebody wants to know who is woken by
 * it, and the command that goes back.
 */

/* Deployments of one service; ECS itself shows a handful. */
enum { DEPLOYMENTS_MAX = 10 };

/* All deployments of one revision. */
struct running {
    const char *revision; /* borrowed: ARN */
    int64_t running, desired;
};

static struct running *find(struct running *list, size_t count, const char *revision)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].revision, revision) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

/* The revisions of the service in the order of the answer, the newest deployment first. */
static size_t add_up(const json_t *deployments, struct running list[DEPLOYMENTS_MAX])
{
    size_t count = 0;
    size_t index = 0;
    const json_t *deployment = NULL;
    const json_t *primary = sw_json_find(deployments, "status", "PRIMARY");
    json_array_foreach(deployments, index, deployment)
    {
        const char *revision = sw_json_str(deployment, "taskDefinition", "");
        struct running *entry = find(list, count, revision);
        if (!entry && count == DEPLOYMENTS_MAX) {
            break;
        }
        if (!entry) {
            entry = &list[count++];
            *entry = (struct running){ .revision = revision };
        }
        entry->running += sw_json_count(deployment, "runningCount", 0);
        if (deployment == primary) { /* others are on their way out, whatever they want */
            entry->desired += sw_json_count(deployment, "desiredCount", 0);
        }
    }
    return count;
}

static void add_tasks(struct sw_buf *out, const struct running *entry)
{
    bool partly = entry->running < entry->desired;
    int64_t counted = partly ? entry->desired : entry->running;
    sw_buf_addf(out, "%s with %lld", sw_taskdef_short_name(entry->revision),
                (long long)entry->running);
    if (partly) {
        sw_buf_addf(out, " of %lld", (long long)entry->desired);
    }
    sw_buf_add_cstr(out, counted == 1 ? " task" : " tasks");
}

/* "web:1 with 2 tasks; web:2 is not live". */
static char *describe(const struct running *list, size_t count, const char *rolled_out)
{
    struct sw_buf text;
    size_t shown = 0;
    bool live = !rolled_out;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        if (list[i].running > 0) {
            sw_buf_add_cstr(&text, shown++ > 0 ? " and " : "");
            add_tasks(&text, &list[i]);
            live = live || strcmp(list[i].revision, rolled_out) == 0;
        }
    }
    sw_buf_add_cstr(&text, shown == 0 ? "no task" : "");
    if (!live) {
        sw_buf_addf(&text, "; %s is not live", sw_taskdef_short_name(rolled_out));
    }
    return sw_buf_take(&text);
}

/* What ran before and is still there; else what the caller knows of. */
static const char *revision_before(const struct follower *follower, const struct running *list,
                                   size_t count)
{
    const char *rolled_out = follower->target.task_definition;
    const char *found = follower->options->previous_definition;
    for (size_t i = count; i > 0; i--) {
        if (list[i - 1].running > 0 && strcmp(list[i - 1].revision, rolled_out) != 0) {
            found = list[i - 1].revision;
        }
    }
    return found && strcmp(found, rolled_out) != 0 ? found : NULL;
}

static void say_command(const struct follower *follower, enum sw_status status, const char *before)
{
    const char *cluster = follower->options->cluster;
    const char *service = follower->options->service;
    if (status == SW_E_TIMEOUT || status == SW_E_STOPPED) {
        sw_say(follower->env, "to go on waiting: slipway ecs wait --cluster %s --service %s",
               cluster, service);
    }
    if (before && status != SW_E_STOPPED) {
        sw_say(follower->env,
               "to go back: slipway ecs rollback --cluster %s --service %s --to %s --wait", cluster,
               service, sw_taskdef_short_name(before));
    }
}

/* Ends after which the service stands as the last look showed it. */
static bool stands(enum sw_status status)
{
    return status == SW_E_ROLLOUT_FAILED || status == SW_E_ROLLED_BACK ||
           status == SW_E_SUPERSEDED || status == SW_E_TIMEOUT || status == SW_E_STOPPED;
}

void follow_say_standing(struct follower *follower, enum sw_status status)
{
    struct running list[DEPLOYMENTS_MAX];
    size_t count = add_up(follower->deployments, list);
    const char *rolled_out = follower->target.task_definition;
    bool going_back = follower->result->state.failed;
    if (count == 0 || !stands(status)) {
        return;
    }
    free(follower->result->standing);
    follower->result->standing = describe(list, count, rolled_out);
    sw_say(follower->env, "service \"%s\" now runs %s", follower->options->service,
           follower->result->standing);
    if (rolled_out && !going_back && status != SW_E_ROLLED_BACK && status != SW_E_SUPERSEDED) {
        say_command(follower, status, revision_before(follower, list, count));
    }
}
