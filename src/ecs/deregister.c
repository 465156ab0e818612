#include "taskdef_use.h"

#include <slipway/alloc.h>
#include <slipway/deregister.h>
#include <slipway/progress.h>

enum { PAGE_SIZE = 100, DELETES_A_CALL = 10, NAMES_ASKED = 11 };

/* A clearing up under way. */
struct clearing {
    struct sw_aws *aws;
    const struct sw_env *env;
    const struct sw_deregister_options *options;
    struct sw_deregister_result *done;
    struct sw_err *err;
    struct sw_strs old;      /* owned: active revisions beyond those kept, oldest first */
    struct sw_strs inactive; /* owned: what may be deleted, oldest first */
    struct ecs_uses uses;    /* owned */
};

void sw_deregister_result_release(struct sw_deregister_result *result)
{
    sw_strs_release(&result->kept);
    sw_strs_release(&result->in_use);
    sw_strs_release(&result->deregistered);
    sw_strs_release(&result->deleted);
    json_decref(result->failures);
    *result = (struct sw_deregister_result){ .failures = NULL };
}

static int64_t revision_of(const char *arn)
{
    struct sw_str family;
    int64_t revision = 0;
    return ecs_cut_revision(arn, &family, &revision) ? revision : 0;
}

static int by_revision(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    int64_t difference = revision_of(*left) - revision_of(*right);
    return (difference > 0) - (difference < 0);
}

/* The revisions of exactly that family in that state, oldest first. */
static enum sw_status list_revisions(const struct clearing *clearing, const char *state,
                                     struct sw_strs *ret)
{
    struct sw_strs listed SW_CLEANUP(sw_strs_release) = { 0 };
    json_auto_t *input =
        json_pack("{s:s, s:s, s:s, s:i}", "familyPrefix", clearing->options->family, "status",
                  state, "sort", "ASC", "maxResults", PAGE_SIZE);
    enum sw_status status = ecs_list_all(clearing->aws, "ListTaskDefinitions", input,
                                         "taskDefinitionArns", &listed, clearing->err);
    for (size_t i = 0; status == SW_OK && i < listed.count; i++) {
        struct sw_str family;
        int64_t revision = 0;
        if (ecs_cut_revision(listed.items[i], &family, &revision) &&
            sw_str_is(family, clearing->options->family)) {
            sw_strs_add(ret, sw_str(listed.items[i]));
        }
    }
    if (ret->count > 1) {
        qsort(ret->items, ret->count, sizeof(*ret->items), by_revision);
    }
    return status;
}

static enum sw_status no_revisions(const struct clearing *clearing)
{
    (void)sw_fail(clearing->err, SW_E_NOT_FOUND, "family \"%s\" has no active revisions",
                  clearing->options->family);
    ecs_append_names(clearing->aws, "ListTaskDefinitionFamilies",
                     json_pack("{s:s, s:i}", "status", "ACTIVE", "maxResults", NAMES_ASKED),
                     "families", "families that exist", clearing->err);
    return clearing->err->status;
}

static enum sw_status find_revisions(struct clearing *clearing)
{
    struct sw_strs active SW_CLEANUP(sw_strs_release) = { 0 };
    enum sw_status status = list_revisions(clearing, "ACTIVE", &active);
    if (status == SW_OK && clearing->options->delete_inactive) {
        status = list_revisions(clearing, "INACTIVE", &clearing->inactive);
    }
    if (status == SW_OK && active.count == 0 && clearing->inactive.count == 0) {
        status = no_revisions(clearing);
    }
    for (size_t i = 0; status == SW_OK && i < active.count; i++) {
        struct sw_str arn = sw_str(active.items[i]);
        if ((int64_t)(active.count - i) > clearing->options->keep) {
            sw_strs_add(&clearing->old, arn);
        } else {
            sw_strs_add(&clearing->done->kept, sw_str(ecs_last_part(active.items[i])));
        }
    }
    return status;
}

/* Says who needs the revision; false when nobody does. */
static bool stays(struct clearing *clearing, const char *arn)
{
    const char *user = ecs_user_of(&clearing->uses, arn);
    if (user) {
        sw_say(clearing->env, "%s stays: %s uses it", ecs_last_part(arn), user);
        sw_strs_add(&clearing->done->in_use, sw_str(ecs_last_part(arn)));
    }
    return user != NULL;
}

static void add_failure(const struct clearing *clearing, const char *arn, const char *reason)
{
    (void)json_array_append_new(
        clearing->done->failures,
        json_pack("{s:s, s:s}", "taskDefinition", ecs_last_part(arn), "reason", reason));
}

/* A refusal of one revision is no reason to leave the others; a missing right is. */
static bool goes_on(enum sw_status status)
{
    return status == SW_E_FAILED || status == SW_E_NOT_FOUND || status == SW_E_CONFLICT;
}

static enum sw_status deregister(struct clearing *clearing, const char *arn)
{
    if (!clearing->options->dry_run) {
        enum sw_status status =
            ecs_call(clearing->aws, "DeregisterTaskDefinition",
                     json_pack("{s:s}", "taskDefinition", arn), NULL, NULL, clearing->err);
        if (goes_on(status)) {
            add_failure(clearing, arn, clearing->err->msg);
            return SW_OK;
        }
        if (status != SW_OK) {
            return sw_wrap(clearing->err, "task definition %s", ecs_last_part(arn));
        }
    }
    sw_strs_add(&clearing->done->deregistered, sw_str(ecs_last_part(arn)));
    if (clearing->options->delete_inactive) {
        sw_strs_add(&clearing->inactive, sw_str(arn));
    }
    return SW_OK;
}

static enum sw_status stopped(const struct clearing *clearing)
{
    return sw_env_stop_wanted(clearing->env)
               ? sw_fail(clearing->err, SW_E_STOPPED, "stopped; what was done stays done")
               : SW_OK;
}

static enum sw_status deregister_old(struct clearing *clearing)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < clearing->old.count; i++) {
        const char *arn = clearing->old.items[i];
        status = stopped(clearing);
        if (status == SW_OK && !stays(clearing, arn)) {
            sw_status_line(clearing->env, "deregistering %zu of %zu revisions", i + 1,
                           clearing->old.count);
            status = deregister(clearing, arn);
        }
    }
    return status;
}

/* What ECS answers tells what was deleted. */
static void note_deleted(struct clearing *clearing, const json_t *answer)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(answer, "taskDefinitions"), index, item)
    {
        const char *arn = sw_json_str(item, "taskDefinitionArn", "?");
        sw_strs_add(&clearing->done->deleted, sw_str(ecs_last_part(arn)));
    }
    json_array_foreach(sw_json_array(answer, "failures"), index, item)
    {
        SW_CLEANUP(sw_free_str)
        char *reason = sw_xasprintf("%s%s%s", sw_json_str(item, "reason", "?"),
                                    sw_json_str(item, "detail", NULL) ? ": " : "",
                                    sw_json_str(item, "detail", ""));
        add_failure(clearing, sw_json_str(item, "arn", "?"), reason);
    }
}

static enum sw_status delete_batch(struct clearing *clearing, json_t *arns)
{
    json_auto_t *answer = NULL;
    json_auto_t *batch = arns;
    size_t index = 0;
    const json_t *arn = NULL;
    if (clearing->options->dry_run) {
        json_array_foreach(batch, index, arn)
        {
            sw_strs_add(&clearing->done->deleted, sw_str(ecs_last_part(json_string_value(arn))));
        }
        return SW_OK;
    }
    enum sw_status status =
        ecs_call(clearing->aws, "DeleteTaskDefinitions",
                 json_pack("{s:O}", "taskDefinitions", batch), NULL, &answer, clearing->err);
    if (status == SW_OK) {
        note_deleted(clearing, answer);
    }
    return status;
}

static enum sw_status delete_inactive(struct clearing *clearing)
{
    json_t *batch = json_array();
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < clearing->inactive.count; i++) {
        status = stopped(clearing);
        if (status == SW_OK && !stays(clearing, clearing->inactive.items[i])) {
            (void)json_array_append_new(batch, json_string(clearing->inactive.items[i]));
        }
        bool last = i + 1 == clearing->inactive.count;
        size_t size = json_array_size(batch);
        if (status == SW_OK && size > 0 && (last || size == DELETES_A_CALL)) {
            status = delete_batch(clearing, SW_TAKE(batch));
            batch = json_array();
        }
    }
    json_decref(batch);
    return status;
}

static enum sw_status clear(struct clearing *clearing)
{
    enum sw_status status = find_revisions(clearing);
    if (status != SW_OK || (clearing->old.count == 0 && clearing->inactive.count == 0)) {
        return status;
    }
    status = ecs_find_uses(clearing->aws, clearing->options->family, clearing->options->clusters,
                           &clearing->uses, clearing->err);
    if (status != SW_OK) {
        return sw_wrap(clearing->err, "what is in use cannot be found out, so nothing is done");
    }
    status = deregister_old(clearing);
    if (status == SW_OK && clearing->options->delete_inactive) {
        status = delete_inactive(clearing);
    }
    return status;
}

enum sw_status sw_taskdef_deregister(struct sw_aws *aws,
                                     const struct sw_deregister_options *options,
                                     struct sw_deregister_result *ret, struct sw_err *err)
{
    *ret = (struct sw_deregister_result){ .failures = json_array() };
    struct clearing clearing = {
        .aws = aws, .env = sw_aws_env(aws), .options = options, .done = ret, .err = err
    };
    enum sw_status status = clear(&clearing);
    sw_strs_release(&clearing.old);
    sw_strs_release(&clearing.inactive);
    ecs_uses_release(&clearing.uses);
    size_t failed = json_array_size(ret->failures);
    if (status == SW_OK && failed > 0) {
        const json_t *first = json_array_get(ret->failures, 0);
        status = sw_fail(err, SW_E_FAILED, "%zu revision%s could not be cleared up, e.g. %s: %s",
                         failed, failed == 1 ? "" : "s", sw_json_str(first, "taskDefinition", ""),
                         sw_json_str(first, "reason", ""));
    }
    return status;
}
