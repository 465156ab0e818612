#include "workflow.h"

#include <slipway/alloc.h>

static void release(struct workflow *workflow)
{
    free(workflow->entries);
    free(workflow->members);
}

static struct cc_scope scope_of(struct cc *cc, struct sw_yaml *matrix)
{
    return (struct cc_scope){ .ns = cc->root, .matrix = matrix, .pipeline_parameters = true };
}

/* ---- Reading the list ---- */

static void check_options(struct cc *cc, const struct wf_entry *entry)
{
    static const char *const later[] = { "override-with", "serial-group" };
    for (size_t i = 0; i < SW_COUNT(later); i++) {
        const struct sw_yaml *key = sw_yaml_get_key(entry->options, later[i]);
        if (key != NULL) {
            cc_problem(cc, key, "\"%s\" is not supported offline", later[i]);
        }
    }
}

static void add_entry(struct cc *cc, struct workflow *workflow, struct sw_yaml *item)
{
    struct wf_entry entry = { .node = item };
    if (item->type == SW_YAML_MAP && item->count == 1) {
        entry.node = item->keys[0];
        entry.options = item->items[0]->type == SW_YAML_NULL ? NULL : item->items[0];
    } else if (!sw_yaml_is_scalar(item) || item->type == SW_YAML_NULL) {
        cc_problem(cc, item,
                   "an entry of a workflow's jobs must be a job name or a mapping with one key, "
                   "found: %s%s%s",
                   item->type == SW_YAML_MAP ? "the keys " : sw_yaml_type_name(item),
                   item->type == SW_YAML_MAP ? cc_names(cc, item) : "",
                   item->count > 1 ? " (check the indentation)" : "");
        return;
    }
    if (entry.options != NULL && entry.options->type != SW_YAML_MAP) {
        cc_problem(cc, entry.options, "options of job \"%s\" must be a mapping, found: %s",
                   entry.node->text, sw_yaml_type_name(entry.options));
        return;
    }
    entry.job = entry.node->text;
    const struct sw_yaml *matrix = sw_yaml_get(entry.options, "matrix");
    const struct sw_yaml *alias = sw_yaml_get(matrix, "alias");
    if (matrix != NULL) {
        entry.alias = alias != NULL && alias->type == SW_YAML_STR ? alias->text : entry.job;
    }
    check_options(cc, &entry);
    workflow->entries = sw_grow(workflow->entries, workflow->entry_count, &workflow->entry_capacity,
                                sizeof(*workflow->entries));
    workflow->entries[workflow->entry_count++] = entry;
}

/* ---- Members ---- */

/* "job-linux-1.25" from a combination, in declared order. */
static const char *combination_name(struct cc *cc, const char *job, const struct sw_yaml *matrix)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf name;
    sw_buf_init(&name, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&name, job);
    for (size_t i = 0; i < matrix->count; i++) {
        const struct sw_yaml *value = matrix->items[i];
        const struct sw_yaml *inner = sw_yaml_get(value, "name");
        sw_buf_add_char(&name, '-');
        sw_yaml_scalar_text(inner != NULL ? inner : value, &name);
    }
    return sw_yaml_pool_text(cc->pool, sw_buf_str(&name));
}

static const char *text_of(struct cc *cc, const struct sw_yaml *value, const char *fallback)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    if (value == NULL || !sw_yaml_is_scalar(value)) {
        return fallback;
    }
    sw_yaml_scalar_text(value, &text);
    return text.len == 0 ? fallback : sw_yaml_pool_text(cc->pool, sw_buf_str(&text));
}

static const char *base_name(struct cc *cc, const struct wf_entry *entry,
                             const struct cc_scope *scope)
{
    struct sw_yaml *raw = sw_yaml_get(entry->options, "name");
    if (raw != NULL) {
        return text_of(cc, cc_expand(cc, scope, raw), entry->job);
    }
    if (scope->matrix == NULL) {
        return entry->job;
    }
    const struct sw_yaml *name = sw_yaml_get(scope->matrix, "name");
    return name != NULL ? text_of(cc, name, entry->job)
                        : combination_name(cc, entry->job, scope->matrix);
}

static void check_filter_text(struct cc *cc, const struct sw_yaml *value, const char *what)
{
    if (value->type == SW_YAML_SEQ) {
        for (size_t i = 0; i < value->count; i++) {
            check_filter_text(cc, value->items[i], what);
        }
    } else if (!sw_yaml_is_scalar(value) || value->type == SW_YAML_NULL) {
        cc_problem(cc, value, "%s must be a name, a /pattern/, or a list of these, found: %s", what,
                   sw_yaml_type_name(value));
    }
}

/* {branches: {only, ignore}, tags: {only, ignore}} */
static void check_filters(struct cc *cc, const struct sw_yaml *filters)
{
    static const char *const kinds[] = { "branches", "tags", NULL };
    static const char *const rules[] = { "only", "ignore", NULL };
    cc_check_keys(cc, filters, kinds, "filters");
    for (size_t i = 0; kinds[i] != NULL; i++) {
        const char *what = cc_text(cc, "filters of %s", kinds[i]);
        const struct sw_yaml *kind = cc_map_member(cc, filters, kinds[i]);
        if (kind == NULL) {
            continue;
        }
        cc_check_keys(cc, kind, rules, what);
        for (size_t j = 0; rules[j] != NULL; j++) {
            const struct sw_yaml *value = sw_yaml_get(kind, rules[j]);
            if (value != NULL) {
                check_filter_text(cc, value, cc_text(cc, "\"%s\" in %s", rules[j], what));
            }
        }
    }
}

/* `filters` as text is an expression that decides now; as a map it is for the service to decide. */
static void read_filters(struct cc *cc, const struct wf_entry *entry, const struct cc_scope *scope,
                         struct wf_member *member)
{
    struct sw_yaml *raw = sw_yaml_get(entry->options, "filters");
    if (raw == NULL) {
        return;
    }
    if (raw->type == SW_YAML_STR && !cc_has_tags(raw)) {
        struct sw_yaml *value = NULL;
        bool ok = cc_eval(cc, scope, sw_str_n(raw->text, raw->len), raw, &value);
        member->dropped = ok && !cc_truthy(value);
        return;
    }
    struct sw_yaml *filters = cc_expand(cc, scope, raw);
    if (filters != NULL && sw_yaml_is_scalar(filters) && filters->type != SW_YAML_NULL) {
        member->dropped = !cc_truthy(filters);
        return;
    }
    if (filters != NULL && filters->type == SW_YAML_MAP) {
        check_filters(cc, filters);
    } else if (filters != NULL && filters->type == SW_YAML_SEQ) {
        cc_problem(cc, filters, "filters must be a mapping of branches and tags, found: sequence");
    }
    member->filters = filters;
}

static struct sw_yaml *option(struct cc *cc, const struct wf_entry *entry,
                              const struct cc_scope *scope, const char *key)
{
    struct sw_yaml *raw = sw_yaml_get(entry->options, key);
    return raw == NULL ? NULL : cc_expand(cc, scope, raw);
}

static void compile_member_job(struct cc *cc, const struct wf_entry *entry,
                               const struct cc_scope *scope, struct wf_member *member)
{
    struct sw_yaml *type = option(cc, entry, scope, "type");
    member->type = text_of(cc, type, "build");
    if (strcmp(member->type, "approval") == 0) {
        return;
    }
    struct cc_scope workflow_scope = *scope;
    struct cc_job_call call = { .name = entry->job,
                                .at = entry->node,
                                .args = entry->options,
                                .matrix = scope->matrix,
                                .scope = &workflow_scope,
                                .ns = cc->root };
    const char *job_type = "build";
    member->job = cc_job(cc, &call, &job_type);
    member->type = job_type;
}

static void add_member(struct cc *cc, struct workflow *workflow, size_t index,
                       struct sw_yaml *matrix)
{
    const struct wf_entry *entry = &workflow->entries[index];
    struct cc_scope scope = scope_of(cc, matrix);
    if (workflow->member_count == SW_CONFIG_JOBS_MAX) {
        cc_problem(cc, entry->node, "workflow \"%s\" expands to over %d jobs", workflow->name,
                   SW_CONFIG_JOBS_MAX);
        cc->exhausted = true;
    }
    if (cc->exhausted) {
        return;
    }
    struct wf_member member = { .entry = index, .matrix = matrix, .type = "build" };
    member.base = base_name(cc, entry, &scope);
    member.final = member.base;
    read_filters(cc, entry, &scope, &member);
    member.context = option(cc, entry, &scope, "context");
    member.requires = option(cc, entry, &scope, "requires");
    if (!member.dropped || cc->check_all) {
        compile_member_job(cc, entry, &scope, &member);
    }
    workflow->members = sw_grow(workflow->members, workflow->member_count,
                                &workflow->member_capacity, sizeof(*workflow->members));
    workflow->members[workflow->member_count++] = member;
}

static void add_members(struct cc *cc, struct workflow *workflow, size_t index)
{
    const struct wf_entry *entry = &workflow->entries[index];
    struct sw_yaml *raw = sw_yaml_get(entry->options, "matrix");
    if (raw == NULL) {
        add_member(cc, workflow, index, NULL);
        return;
    }
    struct cc_scope scope = scope_of(cc, NULL);
    struct sw_yaml *combinations = cc_matrix(cc, &scope, raw, entry->job);
    for (size_t i = 0; combinations != NULL && i < combinations->count && !cc_done(cc); i++) {
        add_member(cc, workflow, index, combinations->items[i]);
    }
}

/* Members that share a name are numbered in the order in which they stand. */
static void number_members(struct cc *cc, struct workflow *workflow)
{
    for (size_t i = 0; i < workflow->member_count; i++) {
        size_t same = 0;
        size_t before = 0;
        for (size_t j = 0; j < workflow->member_count; j++) {
            bool equal = !workflow->members[j].dropped &&
                         strcmp(workflow->members[i].base, workflow->members[j].base) == 0;
            same += equal ? 1 : 0;
            before += equal && j < i ? 1 : 0;
        }
        if (same > 1) {
            workflow->members[i].final =
                cc_text(cc, "%s-%zu", workflow->members[i].base, before + 1);
        }
    }
}

/* ---- The result ---- */

/* Adds a job to the flat list; another job of that name (of another workflow) gets a number. */
static void emit_job(struct cc *cc, struct wf_member *member, struct sw_yaml *out_jobs)
{
    const char *name = member->final;
    if (strcmp(member->type, "approval") == 0) {
        return; /* nothing runs, even if the job is defined */
    }
    for (size_t i = 2; member->job != NULL; i++) {
        const struct sw_yaml *other = sw_yaml_get(out_jobs, name);
        if (other == NULL) {
            sw_yaml_set(cc->pool, out_jobs, name, member->job);
            break;
        }
        if (sw_yaml_equal(other, member->job)) {
            break;
        }
        name = cc_text(cc, "%s-%zu", member->final, i);
    }
    member->final = name;
}

static void set_if(struct cc *cc, struct sw_yaml *map, const char *key, struct sw_yaml *value)
{
    if (value != NULL && value->type != SW_YAML_NULL) {
        sw_yaml_set(cc->pool, map, key, value);
    }
}

static struct sw_yaml *emit_entry(struct cc *cc, const struct workflow *workflow,
                                  const struct wf_member *member)
{
    const struct wf_entry *entry = &workflow->entries[member->entry];
    struct sw_yaml *name = sw_yaml_new_str(cc->pool, sw_str(member->final), entry->node);
    struct sw_yaml *options = sw_yaml_new_map(cc->pool, entry->node);
    if (strcmp(member->type, "approval") == 0) {
        set_if(cc, options, "type", sw_yaml_new_str(cc->pool, sw_str("approval"), entry->node));
    }
    set_if(cc, options, "filters", member->filters);
    set_if(cc, options, "context", member->context);
    set_if(cc, options, "max_auto_reruns", sw_yaml_get(entry->options, "max_auto_reruns"));
    set_if(cc, options, "requires", member->edges->count > 0 ? member->edges : NULL);
    if (options->count == 0) {
        return name;
    }
    struct sw_yaml *item = sw_yaml_new_map(cc->pool, entry->node);
    sw_yaml_set_node(cc->pool, item, name, options);
    return item;
}

static void emit_workflow(struct cc *cc, struct workflow *workflow, struct sw_yaml *raw,
                          struct sw_yaml *out_jobs, struct sw_yaml *out_workflows)
{
    struct cc_scope scope = scope_of(cc, NULL);
    struct sw_yaml *out = sw_yaml_new_map(cc->pool, raw);
    struct sw_yaml *jobs = sw_yaml_new_seq(cc->pool, raw);
    for (size_t i = 0; i < raw->count; i++) {
        const char *key = raw->keys[i]->text;
        if (strcmp(key, "jobs") == 0) {
            sw_yaml_set(cc->pool, out, "jobs", jobs);
        } else if (strcmp(key, "when") != 0 && strcmp(key, "unless") != 0) {
            set_if(cc, out, key, cc_expand(cc, &scope, raw->items[i]));
        }
    }
    for (size_t i = 0; i < workflow->member_count; i++) {
        if (!workflow->members[i].dropped) {
            emit_job(cc, &workflow->members[i], out_jobs);
        }
    }
    cc_workflow_requires(cc, workflow);
    for (size_t i = 0; i < workflow->member_count; i++) {
        if (!workflow->members[i].dropped) {
            sw_yaml_add(cc->pool, jobs, emit_entry(cc, workflow, &workflow->members[i]));
        }
    }
    sw_yaml_set(cc->pool, out_workflows, workflow->name, out);
}

static void compile(struct cc *cc, const char *name, struct sw_yaml *raw, struct sw_yaml *out_jobs,
                    struct sw_yaml *out_workflows)
{
    static const char *const permitted[] = {
        "jobs", "when", "unless", "triggers", "max_auto_reruns", "description", NULL
    };
    struct sw_yaml *list = sw_yaml_get(raw, "jobs");
    cc_check_keys(cc, raw, permitted, cc_text(cc, "workflow \"%s\"", name));
    if (list == NULL || list->type != SW_YAML_SEQ) {
        cc_problem(cc, list == NULL ? raw : list, "workflow \"%s\" needs a list \"jobs\"", name);
        return;
    }
    struct workflow workflow = { .name = name };
    for (size_t i = 0; i < list->count; i++) {
        add_entry(cc, &workflow, list->items[i]);
    }
    for (size_t i = 0; i < workflow.entry_count && !cc_done(cc); i++) {
        add_members(cc, &workflow, i);
    }
    number_members(cc, &workflow);
    emit_workflow(cc, &workflow, raw, out_jobs, out_workflows);
    release(&workflow);
}

/* when/unless of a workflow: a logic statement, or an expression without "<< >>". */
static bool condition(struct cc *cc, struct sw_yaml *raw, bool *ret)
{
    struct cc_scope scope = scope_of(cc, NULL);
    if (raw->type == SW_YAML_STR && !cc_has_tags(raw) && raw->len > 0) {
        struct sw_yaml *value = NULL;
        bool ok = cc_eval(cc, &scope, sw_str_n(raw->text, raw->len), raw, &value);
        *ret = cc_truthy(value);
        return ok;
    }
    return cc_logic(cc, &scope, raw, ret);
}

static bool is_wanted(struct cc *cc, const struct sw_yaml *raw)
{
    struct sw_yaml *when = sw_yaml_get(raw, "when");
    struct sw_yaml *unless = sw_yaml_get(raw, "unless");
    bool value = true;
    bool wanted = when == NULL || (condition(cc, when, &value) && value);
    value = false;
    return wanted && (unless == NULL || (condition(cc, unless, &value) && !value));
}

static void compile_one(struct cc *cc, struct sw_yaml *key, struct sw_yaml *raw,
                        struct sw_yaml *out_jobs, struct sw_yaml *out_workflows)
{
    if (raw->type != SW_YAML_MAP) {
        cc_problem(cc, raw, "workflow \"%s\" must be a mapping, found: %s", key->text,
                   sw_yaml_type_name(raw));
        return;
    }
    struct cc_frame frame = { .kind = "workflow", .name = key->text, .at = key };
    if (!cc_enter(cc, &frame)) {
        return;
    }
    if (is_wanted(cc, raw)) {
        compile(cc, key->text, raw, out_jobs, out_workflows);
    } else if (cc->check_all) {
        cc->lenient++;
        compile(cc, key->text, raw, sw_yaml_new_map(cc->pool, raw), sw_yaml_new_map(cc->pool, raw));
        cc->lenient--;
    }
    cc_leave(cc);
}

/* The section's own version keeps its place. */
static void emit_version(struct cc *cc, struct sw_yaml *value, struct sw_yaml *out_workflows)
{
    static const char *const known[] = { "2", "2.0", "2.1" };
    for (size_t i = 0; i < SW_COUNT(known); i++) {
        if (strcmp(value->text, known[i]) == 0) {
            sw_yaml_set(cc->pool, out_workflows, "version", sw_yaml_new_int(cc->pool, 2, value));
            return;
        }
    }
    cc_problem(cc, value, "Unsupported or missing workflows config version");
}

void cc_workflows(struct cc *cc, struct sw_yaml *workflows, struct sw_yaml *out_jobs,
                  struct sw_yaml *out_workflows)
{
    for (size_t i = 0; i < workflows->count && !cc_done(cc); i++) {
        struct sw_yaml *key = workflows->keys[i];
        struct sw_yaml *value = workflows->items[i];
        if (strcmp(key->text, "version") == 0) {
            emit_version(cc, value, out_workflows);
        } else {
            compile_one(cc, key, value, out_jobs, out_workflows);
        }
    }
}
