/* The table of rollouts that go on: live on a terminal, lines of what changed elsewhere. */
#include "fleet.h"

#include <slipway/progress.h>

enum { ROWS_MAX = 20, NAME_WIDTH_MAX = 40 };

/* How many rollouts are in which state, and their tasks together. */
struct totals {
    size_t over, failed;
    int64_t running, desired, pending;
};

static struct totals add_up(const struct fleet_rollout *rollouts, size_t count)
{
    struct totals totals = { 0 };
    for (size_t i = 0; i < count; i++) {
        const struct sw_rollout_state *state = &rollouts[i].item->follow.state;
        totals.over += rollouts[i].over;
        totals.failed += rollouts[i].item->state == SW_FLEET_FAILED;
        totals.running += state->running;
        totals.desired += state->desired;
        totals.pending += state->pending;
    }
    return totals;
}

static int name_width(const struct fleet_rollout *rollouts, size_t count)
{
    size_t width = 7; /* "SERVICE" */
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(rollouts[i].options.service);
        width = length > width ? length : width;
    }
    return (int)(width < NAME_WIDTH_MAX ? width : NAME_WIDTH_MAX);
}

static void add_row(struct sw_buf *out, const struct fleet_rollout *rollout, int width)
{
    const struct sw_rollout_state *state = &rollout->item->follow.state;
    sw_buf_addf(out, "%-*s  %3lld/%-3lld  %7lld  %6lld  %3lld", width, rollout->options.service,
                (long long)state->running, (long long)state->desired, (long long)state->pending,
                (long long)state->failed_tasks, (long long)state->old_running);
}

static void add_head(struct sw_buf *out, int width)
{
    sw_buf_addf(out, "%-*s  RUNNING  PENDING  FAILED  OLD", width, "SERVICE");
}

static void add_totals(const struct fleet *fleet, const struct totals *totals, size_t count,
                       struct sw_buf *out)
{
    char waited[SW_SIZE_TEXT_MAX];
    ecs_pace_elapsed_text(&fleet->pace, waited);
    sw_buf_addf(out, "%zu of %zu services done, %zu failed; %lld/%lld running, %lld pending (%s)",
                totals->over - totals->failed, count, totals->failed, (long long)totals->running,
                (long long)totals->desired, (long long)totals->pending, waited);
}

/* The rollouts that go on, as far as there is room, and how the whole stands. */
static void show_live(struct fleet *fleet, const struct fleet_rollout *rollouts, size_t count)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct totals totals = add_up(rollouts, count);
    int width = name_width(rollouts, count);
    size_t rows = 0;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    add_head(&text, width);
    for (size_t i = 0; i < count && rows < ROWS_MAX; i++) {
        if (!rollouts[i].over) {
            sw_buf_add_char(&text, '\n');
            add_row(&text, &rollouts[i], width);
            rows++;
        }
    }
    sw_buf_add_char(&text, '\n');
    if (rows < count - totals.over) {
        sw_buf_addf(&text, "(and %zu more)\n", count - totals.over - rows);
    }
    add_totals(fleet, &totals, count, &text);
    sw_status_line(fleet->env, "%s", text.ptr);
}

/* Whether the counters are others than those that were printed; they are then. */
static bool take_change(struct fleet_rollout *rollout)
{
    const struct sw_rollout_state *state = &rollout->item->follow.state;
    const int64_t now[FOLLOW_COUNTERS] = { state->desired, state->running, state->pending,
                                           state->failed_tasks, state->old_running };
    if (rollout->over || !state->seen || memcmp(now, rollout->shown, sizeof(now)) == 0) {
        return false;
    }
    memcpy(rollout->shown, now, sizeof(now));
    return true;
}

static void show_changes(struct fleet *fleet, struct fleet_rollout *rollouts, size_t count)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct totals totals = add_up(rollouts, count);
    int width = name_width(rollouts, count);
    size_t changed = 0;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        if (take_change(&rollouts[i])) {
            if (changed++ == 0) {
                add_head(&text, width);
            }
            sw_buf_add_char(&text, '\n');
            add_row(&text, &rollouts[i], width);
        }
    }
    /* So many rows would hide what is told between them. */
    if (changed > 0 && count <= ROWS_MAX) {
        sw_say(fleet->env, "%s", text.ptr);
        return;
    }
    sw_buf_release(&text);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    add_totals(fleet, &totals, count, &text);
    if (changed > 0) {
        sw_say(fleet->env, "%s", text.ptr);
    } else {
        sw_status_line(fleet->env, "%s", text.ptr);
    }
}

void fleet_show(struct fleet *fleet, struct fleet_rollout *rollouts, size_t count)
{
    if (fleet->env->progress && fleet->env->progress->terminal) {
        show_live(fleet, rollouts, count);
    } else {
        show_changes(fleet, rollouts, count);
    }
}
