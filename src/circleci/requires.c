#include "workflow.h"

#include <slipway/alloc.h>

static const char *const statuses[] = { "success",      "failed",  "canceled",
                                        "unauthorized", "not_run", "terminal" };

static bool is_status(const struct sw_yaml *value)
{
    for (size_t i = 0; i < SW_COUNT(statuses); i++) {
        if (sw_yaml_is_str(value, statuses[i])) {
            return true;
        }
    }
    return false;
}

static void check_statuses(struct cc *cc, const struct sw_yaml *value)
{
    size_t count = value->type == SW_YAML_SEQ ? value->count : 1;
    for (size_t i = 0; i < count; i++) {
        const struct sw_yaml *status = value->type == SW_YAML_SEQ ? value->items[i] : value;
        if (!is_status(status)) {
            cc_problem(cc, status,
                       "requires: status must be one of success, failed, canceled, unauthorized, "
                       "not_run, terminal, found: %s",
                       cc_show(cc, status));
        }
    }
}

static void add_edge(struct cc *cc, struct wf_member *member, const struct wf_member *target,
                     struct sw_yaml *status, const struct sw_yaml *at)
{
    struct sw_yaml *name = sw_yaml_new_str(cc->pool, sw_str(target->final), at);
    if (status == NULL) {
        sw_yaml_add(cc->pool, member->edges, name);
        return;
    }
    struct sw_yaml *edge = sw_yaml_new_map(cc->pool, at);
    sw_yaml_set_node(cc->pool, edge, name, status);
    sw_yaml_add(cc->pool, member->edges, edge);
}

/* How a name can mean members: as their name before numbering, as a matrix, as the final name. */
enum match { MATCH_BASE, MATCH_MATRIX, MATCH_FINAL };

static bool means(const struct workflow *workflow, const struct wf_member *candidate,
                  const char *name, enum match match)
{
    const struct wf_entry *entry = &workflow->entries[candidate->entry];
    switch (match) {
    case MATCH_BASE:
        return strcmp(candidate->base, name) == 0;
    case MATCH_MATRIX:
        return entry->alias != NULL && strcmp(entry->alias, name) == 0;
    default:
        return strcmp(candidate->final, name) == 0;
    }
}

/* The number of entries (not members) of other jobs that the name means. */
static size_t count_meanings(const struct workflow *workflow, const struct wf_member *member,
                             const char *name, enum match match)
{
    size_t count = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < workflow->member_count; i++) {
        const struct wf_member *candidate = &workflow->members[i];
        if (candidate == member || candidate->entry == last ||
            (candidate->entry == member->entry && match != MATCH_FINAL) ||
            !means(workflow, candidate, name, match)) {
            continue;
        }
        last = candidate->entry;
        count++;
    }
    return count;
}

static void add_edges(struct cc *cc, const struct workflow *workflow, struct wf_member *member,
                      const char *name, enum match match, struct sw_yaml *status,
                      const struct sw_yaml *at)
{
    for (size_t i = 0; i < workflow->member_count; i++) {
        const struct wf_member *candidate = &workflow->members[i];
        bool own =
            candidate == member || (candidate->entry == member->entry && match != MATCH_FINAL);
        if (!own && !candidate->dropped && means(workflow, candidate, name, match) &&
            cc_spend(cc, at)) {
            add_edge(cc, member, candidate, status, at);
        }
    }
}

/* Whether an entry of that name is there, though all its jobs were left out. */
static bool is_empty_entry(const struct workflow *workflow, const char *name)
{
    for (size_t i = 0; i < workflow->entry_count; i++) {
        const struct wf_entry *entry = &workflow->entries[i];
        const struct sw_yaml *given = sw_yaml_get(entry->options, "name");
        const char *own = given != NULL && given->type == SW_YAML_STR ? given->text : entry->job;
        bool named =
            strcmp(own, name) == 0 || (entry->alias != NULL && strcmp(entry->alias, name) == 0);
        bool members = false;
        for (size_t j = 0; j < workflow->member_count; j++) {
            members = members || workflow->members[j].entry == i;
        }
        if (named && !members) {
            return true;
        }
    }
    return false;
}

static void report_unknown(struct cc *cc, const struct workflow *workflow,
                           const struct wf_member *member, const char *name, size_t count,
                           const struct sw_yaml *at)
{
    struct sw_yaml *names = sw_yaml_new_map(cc->pool, NULL);
    for (size_t i = 0; i < workflow->member_count; i++) {
        if (&workflow->members[i] != member) {
            sw_yaml_set(cc->pool, names, workflow->members[i].base, member->requires);
        }
    }
    if (count == 0) {
        cc_problem(cc, at,
                   "Job '%s' requires '%s', which is the name of 0 other jobs in workflow '%s'%s; "
                   "other jobs: %s",
                   member->base, name, workflow->name, cc_suggest(cc, names, name),
                   cc_names(cc, names));
        return;
    }
    cc_problem(cc, at,
               "Job '%s' requires '%s', which is the name of %zu other jobs in workflow '%s'; give "
               "them names of their own with \"name\"",
               member->base, name, count, workflow->name);
}

static void resolve_one(struct cc *cc, const struct workflow *workflow, struct wf_member *member,
                        const char *name, struct sw_yaml *status, const struct sw_yaml *at)
{
    static const enum match order[] = { MATCH_BASE, MATCH_MATRIX, MATCH_FINAL };
    for (size_t i = 0; i < SW_COUNT(order); i++) {
        size_t count = count_meanings(workflow, member, name, order[i]);
        if (count == 1) {
            add_edges(cc, workflow, member, name, order[i], status, at);
            return;
        }
        if (count > 1) {
            report_unknown(cc, workflow, member, name, count, at);
            return;
        }
    }
    if (!is_empty_entry(workflow, name)) {
        report_unknown(cc, workflow, member, name, 0, at);
    }
}

static void resolve(struct cc *cc, const struct workflow *workflow, struct wf_member *member)
{
    struct sw_yaml *list = member->requires;
    if (list == NULL || list->type == SW_YAML_NULL) {
        return;
    }
    if (list->type != SW_YAML_SEQ) {
        cc_problem(cc, list, "\"requires\" must be a list of job names, found: %s",
                   sw_yaml_type_name(list));
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct sw_yaml *item = list->items[i];
        if (item->type == SW_YAML_MAP && item->count == 1) {
            check_statuses(cc, item->items[0]);
            resolve_one(cc, workflow, member, item->keys[0]->text, item->items[0], item);
        } else if (sw_yaml_is_scalar(item) && item->type != SW_YAML_NULL) {
            resolve_one(cc, workflow, member, item->text, NULL, item);
        } else {
            cc_problem(cc, item, "\"requires\" must list job names, found: %s",
                       sw_yaml_type_name(item));
        }
    }
}

/* Members by final name, and what is known of each. */
enum mark { UNSEEN, VISITING, REACHED, UNREACHABLE };
struct graph {
    const struct workflow *workflow;
    size_t *by_name; /* indices of members, sorted by final name */
    enum mark *marks;
};

static int compare_members(const void *a, const void *b, void *ctx)
{
    const struct workflow *workflow = ctx;
    return strcmp(workflow->members[*(const size_t *)a].final,
                  workflow->members[*(const size_t *)b].final);
}

/* The member of that final name; there is one, edges are made from members. */
static size_t member_named(const struct graph *graph, const char *name)
{
    size_t low = 0;
    size_t high = graph->workflow->member_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        bool after = strcmp(graph->workflow->members[graph->by_name[middle]].final, name) > 0;
        low = after ? low : middle;
        high = after ? middle : high;
    }
    return graph->by_name[low];
}

/* A job is reached when all it requires is; one that comes back to itself never is. */
/* NOLINTNEXTLINE(misc-no-recursion): the number of members is limited. */
static bool is_reached(struct graph *graph, size_t index)
{
    if (graph->marks[index] != UNSEEN) {
        return graph->marks[index] == REACHED;
    }
    graph->marks[index] = VISITING;
    const struct sw_yaml *edges = graph->workflow->members[index].edges;
    bool reached = true;
    for (size_t i = 0; i < edges->count; i++) {
        const struct sw_yaml *edge = edges->items[i];
        const char *name = edge->type == SW_YAML_MAP ? edge->keys[0]->text : edge->text;
        reached = is_reached(graph, member_named(graph, name)) && reached;
    }
    graph->marks[index] = reached ? REACHED : UNREACHABLE;
    return reached;
}

static void report_unreachable(struct cc *cc, struct graph *graph)
{
    const struct workflow *workflow = graph->workflow;
    struct sw_yaml *unreachable = sw_yaml_new_map(cc->pool, NULL);
    const struct sw_yaml *first = NULL;
    bool any_reached = false;
    for (size_t i = 0; i < workflow->member_count; i++) {
        const struct wf_member *member = &workflow->members[i];
        if (is_reached(graph, i)) {
            any_reached = true;
            continue;
        }
        first = first == NULL ? workflow->entries[member->entry].node : first;
        sw_yaml_set(cc->pool, unreachable, member->final, member->edges);
    }
    if (first != NULL) {
        cc_problem(cc, first, "%sThe following jobs are unreachable: %s",
                   any_reached ? ""
                               : "At least one job in the workflow must have no dependencies. ",
                   cc_names(cc, unreachable));
    }
}

/* Every job must be reachable from one that requires nothing. */
static void check_reachable(struct cc *cc, const struct workflow *workflow)
{
    union {
        const struct workflow *in;
        void *out;
    } ctx = { .in = workflow };
    struct graph graph = { .workflow = workflow };
    graph.by_name = sw_xcalloc(workflow->member_count + 1, sizeof(*graph.by_name));
    graph.marks = sw_xcalloc(workflow->member_count + 1, sizeof(*graph.marks));
    for (size_t i = 0; i < workflow->member_count; i++) {
        graph.by_name[i] = i;
    }
    qsort_r(graph.by_name, workflow->member_count, sizeof(*graph.by_name), compare_members,
            ctx.out);
    report_unreachable(cc, &graph);
    free(graph.by_name);
    free(graph.marks);
}

void cc_workflow_requires(struct cc *cc, struct workflow *workflow)
{
    for (size_t i = 0; i < workflow->member_count; i++) {
        struct wf_member *member = &workflow->members[i];
        member->edges = sw_yaml_new_seq(cc->pool, workflow->entries[member->entry].node);
        resolve(cc, workflow, member);
    }
    check_reachable(cc, workflow);
}
