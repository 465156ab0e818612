/* Several rollouts followed side by side. */
#include "fleet.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

/* ---- Voices ---- */

static void write_voice(void *ctx, const char *data, size_t len)
{
    const struct fleet_voice *voice = ctx;
    struct sw_str rest = sw_str_trim(sw_str_n(data, len));
    while (rest.ptr) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        sw_say(voice->parent, "%s: %.*s", voice->name, SW_STR_ARG(line));
    }
}

static void voice_init(struct fleet_voice *voice, const struct sw_env *parent, const char *name)
{
    voice->env = *parent;
    voice->parent = parent;
    voice->name = name;
    sw_progress_init(&voice->progress, &voice->env, write_voice, voice, false);
    voice->env.progress = &voice->progress;
}

static void voice_release(struct fleet_voice *voice)
{
    sw_progress_release(&voice->progress);
}

/* ---- Looking ---- */

static const char *cluster_of(const struct fleet_rollout *rollout)
{
    return rollout->options.cluster;
}

static bool is_missing(const json_t *answer, const char *name)
{
    size_t index = 0;
    const json_t *failure = NULL;
    json_array_foreach(sw_json_array(answer, "failures"), index, failure)
    {
        if (strcmp(sw_json_str(failure, "reason", ""), "MISSING") == 0 &&
            strcmp(ecs_last_part(sw_json_str(failure, "arn", "")), name) == 0) {
            return true;
        }
    }
    return false;
}

/* The rollout has come to an end, which is told by `status` and the item's err. */
static void end(struct fleet *fleet, struct fleet_rollout *rollout, enum sw_status status)
{
    struct sw_fleet_item *item = rollout->item;
    rollout->over = true;
    if (status != SW_OK && rollout->options.on_failure != SW_ON_FAILURE_NOTHING) {
        status = rollout->shifts.id ? codedeploy_watch_repair(&rollout->shifts, status)
                                    : follow_repair(rollout->follower, status);
        fleet->repaired = fleet->repaired || item->follow.repair;
    }
    follow_say_standing(rollout->follower, status);
    item->follow.waited_ms = ecs_pace_elapsed_ms(&fleet->pace);
    if (status == SW_OK) {
        item->state = SW_FLEET_DONE;
        item->err = (struct sw_err)SW_ERR_INIT;
    } else if (status == SW_E_TIMEOUT && fleet->options->timeout_is_fine) {
        sw_warn(fleet->env, "%s", item->err.msg);
        item->err = (struct sw_err)SW_ERR_INIT;
    } else {
        fleet_failed(fleet, item);
    }
}

/* False when CodeDeploy could not be asked just now. */
static bool take_shifts(struct fleet *fleet, struct fleet_rollout *rollout, const json_t *service)
{
    json_auto_t *info = NULL;
    enum sw_status status = codedeploy_watch_ask(&rollout->shifts, &info);
    if (status != SW_OK) {
        end(fleet, rollout, status);
    } else if (info && codedeploy_watch_take(&rollout->shifts, info, service)) {
        end(fleet, rollout, follow_conclude(rollout->follower));
    }
    return info || status != SW_OK || sw_env_stop_wanted(fleet->env);
}

static bool take(struct fleet *fleet, struct fleet_rollout *rollout, const json_t *answer)
{
    const char *name = rollout->options.service;
    const json_t *service = sw_json_find(sw_json_array(answer, "services"), "serviceName", name);
    if (rollout->shifts.id) {
        return take_shifts(fleet, rollout, service);
    }
    /* When it is not in the answer, the next one may have it. */
    if ((service || is_missing(answer, name)) && follow_take(rollout->follower, service)) {
        end(fleet, rollout, follow_conclude(rollout->follower));
    }
    return true;
}

static void cannot_watch(struct fleet *fleet, struct fleet_rollout *rollout,
                         const struct sw_err *err)
{
    rollout->item->err = *err;
    (void)sw_wrap(&rollout->item->err,
                  "the deployment of service \"%s\" goes on, but its state is not known",
                  rollout->options.service);
    end(fleet, rollout, err->status);
}

/* One call for up to ten rollouts of a cluster. False when ECS could not be asked just now. */
static bool look(struct fleet *fleet, struct fleet_rollout *const *batch, size_t count)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(names, json_string(batch[i]->options.service));
    }
    enum sw_status status =
        ecs_call(fleet->aws, "DescribeServices",
                 json_pack("{s:s, s:o}", "cluster", cluster_of(batch[0]), "services", names),
                 &sw_aws_once, &answer, &err);
    if (status == SW_E_STOPPED) {
        return true; /* noticed by the loop */
    }
    if (status == SW_E_NETWORK || status == SW_E_UNAVAILABLE) {
        sw_status_line(fleet->env, "ECS cannot be asked just now (%s); trying again", err.msg);
        return false;
    }
    bool answered = true;
    for (size_t i = 0; i < count; i++) {
        /* What CodeDeploy does is told by CodeDeploy. */
        if (status == SW_OK || batch[i]->shifts.id) {
            answered = take(fleet, batch[i], answer) && answered;
        } else {
            cannot_watch(fleet, batch[i], &err);
        }
    }
    return answered;
}

/* Looks at all that are not over. */
static void look_at_all(struct fleet *fleet, struct fleet_rollout *rollouts, size_t count)
{
    bool *asked = sw_xcalloc(count, sizeof(*asked));
    bool answered = true;
    for (size_t i = 0; i < count; i++) {
        struct fleet_rollout *batch[FLEET_BATCH_MAX];
        size_t size = 0;
        for (size_t k = i; k < count && size < FLEET_BATCH_MAX; k++) {
            if (!asked[i] && !asked[k] && !rollouts[k].over &&
                strcmp(cluster_of(&rollouts[k]), cluster_of(&rollouts[i])) == 0) {
                batch[size++] = &rollouts[k];
            }
        }
        for (size_t k = 0; k < size; k++) {
            asked[batch[k] - rollouts] = true;
        }
        if (size > 0 && !sw_env_stop_wanted(fleet->env)) {
            answered = look(fleet, batch, size) && answered;
        }
    }
    free(asked);
    if (answered) {
        ecs_pace_recover(&fleet->pace);
    } else {
        ecs_pace_slower(&fleet->pace);
    }
}

/* ---- The loop ---- */

static void begin_one(struct fleet *fleet, struct fleet_rollout *rollout)
{
    struct sw_fleet_item *item = rollout->item;
    const char *id = item->deployment.codedeploy_deployment;
    item->followed = true;
    voice_init(&rollout->voice, fleet->env, item->deployment.service);
    if (id) {
        codedeploy_watch_init(&rollout->shifts, fleet->aws, &rollout->options, id, &item->follow,
                              &item->err);
        rollout->follower = &rollout->shifts.follower;
    } else {
        rollout->rolling = follow_new(fleet->aws, &rollout->options, &item->follow, &item->err);
        rollout->follower = &rollout->rolling;
    }
    rollout->follower->env = &rollout->voice.env;
}

static void end_one(struct fleet_rollout *rollout)
{
    if (rollout->shifts.id) {
        codedeploy_watch_release(&rollout->shifts);
    } else {
        follow_release(&rollout->rolling);
    }
    voice_release(&rollout->voice);
}

/* The rollouts of the wave, the caller's; *ret_count of them. */
static struct fleet_rollout *begin(struct fleet *fleet, int64_t wave, size_t *ret_count)
{
    struct fleet_rollout *rollouts = sw_xcalloc(fleet->count, sizeof(*rollouts));
    size_t count = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        struct sw_fleet_item *item = &fleet->items[i];
        const struct sw_deployment *done = &item->deployment;
        if (item->wave != wave || item->state != SW_FLEET_STARTED) {
            continue;
        }
        if (!done->deployment_id && !done->codedeploy_deployment) {
            (void)sw_fail(&item->err, SW_E_UNAVAILABLE,
                          "service \"%s\" was updated, but ECS named no deployment to wait for",
                          done->service);
            fleet_failed(fleet, item);
            continue;
        }
        struct fleet_rollout *rollout = &rollouts[count++];
        rollout->item = item;
        rollout->options = fleet->options->follow;
        rollout->options.cluster = item->deploy.cluster;
        rollout->options.service = done->service;
        rollout->options.previous_definition = done->previous;
        rollout->options.brief = true;
        rollout->options.target = (struct sw_rollout_target){
            .deployment_id = done->deployment_id,
            .task_definition = done->task_definition,
            .previous_id = done->previous_id,
            .service_deployment = done->service_deployment,
            .previous_service_deployment = done->previous_service_deployment,
            .until_drained = fleet->options->until_drained,
            .until_running = item->until_running,
        };
        begin_one(fleet, rollout);
    }
    *ret_count = count;
    return rollouts;
}

/* The fleet's clock runs to the next deadline of a rollout; how long CodeDeploy may take differs.
 */
static void set_deadline(struct fleet *fleet, const struct fleet_rollout *rollouts, size_t count)
{
    int64_t next_ms = INT64_MAX;
    bool eager = false;
    for (size_t i = 0; i < count; i++) {
        const struct ecs_pace *pace = &rollouts[i].follower->pace;
        int64_t end_ms = pace->start_ms + pace->timeout_ms;
        if (!rollouts[i].over) {
            next_ms = end_ms < next_ms ? end_ms : next_ms;
            eager = eager || pace->eager;
        }
    }
    fleet->pace.timeout_ms = next_ms - fleet->pace.start_ms;
    fleet->pace.eager = eager;
}

/* Ends those whose time is up; false when none is left. */
static bool check_time(struct fleet *fleet, struct fleet_rollout *rollouts, size_t count)
{
    bool left = false;
    for (size_t i = 0; i < count; i++) {
        struct fleet_rollout *rollout = &rollouts[i];
        if (!rollout->over && !fleet->repaired && ecs_pace_over(&rollout->follower->pace)) {
            end(fleet, rollout, follow_timed_out(rollout->follower));
        }
        left = left || !rollout->over;
    }
    set_deadline(fleet, rollouts, count);
    return left;
}

struct show_ctx {
    struct fleet *fleet;
    struct fleet_rollout *rollouts;
    size_t count;
};

static void show_status(const void *ctx)
{
    const struct show_ctx *show = ctx;
    fleet_show(show->fleet, show->rollouts, show->count);
}

static void stop_all(struct fleet *fleet, struct fleet_rollout *rollouts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!rollouts[i].over) {
            end(fleet, &rollouts[i], follow_stopped(rollouts[i].follower));
        }
    }
}

void fleet_follow(struct fleet *fleet, int64_t wave)
{
    size_t count = 0;
    struct fleet_rollout *rollouts = begin(fleet, wave, &count);
    const struct show_ctx show = { fleet, rollouts, count };
    const struct sw_follow_options *how = &fleet->options->follow;
    ecs_pace_init(&fleet->pace, fleet->env,
                  how->timeout_ms > 0 ? how->timeout_ms : SW_ROLLOUT_TIMEOUT_MS,
                  how->poll_interval_ms);
    while (count > 0) {
        fleet->repaired = false;
        look_at_all(fleet, rollouts, count);
        if (sw_env_stop_wanted(fleet->env)) {
            stop_all(fleet, rollouts, count);
            break;
        }
        if (!check_time(fleet, rollouts, count)) {
            break;
        }
        if (!fleet->repaired) {
            ecs_pace_pause(&fleet->pace, show_status, &show);
        }
    }
    for (size_t i = 0; i < count; i++) {
        end_one(&rollouts[i]);
    }
    free(rollouts);
}
