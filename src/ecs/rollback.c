#include "deploy.h"
#include "preflight.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

/* Pages of ListTaskDefinitions that are looked through for an older revision. */
enum { PAGES_MAX = 100, PAGE_SIZE = 100, NAMES_ASKED = 11, REVISION_DIGITS_MAX = 9 };

/* A rollback in the making; the update is the same as that of a deployment. */
struct rollback {
    struct deploy deploy;
    const char *cluster;
    const char *running; /* borrowed: ARN of what the service runs */
    char *target;        /* owned: what it goes back to, an ARN or FAMILY:REVISION */
    const char *why;     /* borrowed: why that one */
    char *why_text;      /* owned, or NULL */
};

static json_t *list_input(const char *family, int page_size, const char *token)
{
    json_t *input = json_pack("{s:s, s:s, s:s, s:i}", "familyPrefix", family, "status", "ACTIVE",
                              "sort", "DESC", "maxResults", page_size);
    if (token) {
        (void)json_object_set_new(input, "nextToken", json_string(token));
    }
    return input;
}

/* Adds what can be gone back to. */
static enum sw_status append_revisions(struct rollback *rollback, struct sw_str family)
{
    SW_CLEANUP(sw_free_str)
    char *name = sw_str_dup(family);
    ecs_append_names(rollback->deploy.aws, "ListTaskDefinitions",
                     list_input(name, NAMES_ASKED, NULL), "taskDefinitionArns", "active revisions",
                     rollback->deploy.err);
    return rollback->deploy.err->status;
}

/* The newest revision of the page that is older, copied; NULL when there is none. */
static char *newest_below(const json_t *arns, struct sw_str family, int64_t below)
{
    const char *found = NULL;
    int64_t newest = 0;
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(arns, index, item)
    {
        const char *arn = json_is_string(item) ? json_string_value(item) : "";
        struct sw_str listed = { NULL, 0 };
        int64_t revision = 0;
        if (ecs_cut_revision(arn, &listed, &revision) && sw_str_eq(listed, family) &&
            revision < below && revision > newest) {
            found = arn;
            newest = revision;
        }
    }
    return found ? sw_xstrdup(found) : NULL;
}

/* The newest active revision below the one that runs; *ret stays NULL when there is none. */
static enum sw_status find_below(struct rollback *rollback, struct sw_str family, int64_t below,
                                 char **ret)
{
    SW_CLEANUP(sw_free_str)
    char *name = sw_str_dup(family);
    json_auto_t *page = NULL;
    for (unsigned pages = 0; pages < PAGES_MAX; pages++) {
        json_auto_t *last = page;
        page = NULL;
        enum sw_status status =
            ecs_call(rollback->deploy.aws, "ListTaskDefinitions",
                     list_input(name, PAGE_SIZE, sw_json_str(last, "nextToken", NULL)), NULL, &page,
                     rollback->deploy.err);
        if (status != SW_OK) {
            return status;
        }
        const json_t *arns = sw_json_array(page, "taskDefinitionArns");
        if (!arns) {
            return sw_fail(rollback->deploy.err, SW_E_UNAVAILABLE,
                           "ListTaskDefinitions of \"%s\" answered without a list", name);
        }
        *ret = newest_below(arns, family, below);
        if (*ret || !sw_json_str(page, "nextToken", NULL)) {
            return SW_OK;
        }
    }
    return SW_OK;
}

/* Without a deployment to go back to: the revision before the one that runs. */
static enum sw_status choose_by_number(struct rollback *rollback)
{
    struct sw_err *err = rollback->deploy.err;
    struct sw_str family = { NULL, 0 };
    int64_t revision = 0;
    if (!ecs_cut_revision(rollback->running, &family, &revision)) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "service \"%s\" runs \"%s\", which is no revision of a task definition",
                       rollback->deploy.done->service, rollback->running);
    }
    enum sw_status status = find_below(rollback, family, revision, &rollback->target);
    if (status != SW_OK) {
        return sw_wrap(err,
                       "no completed deployment of another revision is left of service \"%s\", and "
                       "older revisions cannot be listed; name one with --to",
                       rollback->deploy.done->service);
    }
    if (!rollback->target) {
        return sw_fail(err, SW_E_NOT_FOUND,
                       "nothing to go back to: service \"%s\" has no completed deployment of "
                       "another revision, and no active revision of \"%.*s\" is older than %s",
                       rollback->deploy.done->service, SW_STR_ARG(family),
                       sw_taskdef_short_name(rollback->running));
    }
    rollback->why = "no completed deployment of another revision is left, and it is the newest "
                    "active revision below; whether it ever ran well is not known (--to names "
                    "another)";
    return SW_OK;
}

/* The newest deployment that was completed and rolled out something else; NULL: none. Borrowed. */
static const json_t *completed_deployment(const struct rollback *rollback)
{
    const json_t *found = NULL;
    size_t index = 0;
    const json_t *deployment = NULL;
    json_array_foreach(sw_json_array(rollback->deploy.service, "deployments"), index, deployment)
    {
        const char *arn = sw_json_str(deployment, "taskDefinition", NULL);
        if (!arn || strcmp(arn, rollback->running) == 0 ||
            strcmp(sw_json_str(deployment, "status", ""), "ACTIVE") != 0 ||
            strcmp(sw_json_str(deployment, "rolloutState", ""), "COMPLETED") != 0) {
            continue;
        }
        if (!found ||
            sw_json_number(deployment, "createdAt", 0) > sw_json_number(found, "createdAt", 0)) {
            found = deployment;
        }
    }
    return found;
}

/* What the service ran well before, as its history tells; no target when that tells nothing. */
static enum sw_status choose_by_history(struct rollback *rollback)
{
    int64_t finished_ms = 0;
    char when[SW_TIME_TEXT_MAX];
    enum sw_status status =
        deploy_last_good(&rollback->deploy, rollback->running, &rollback->target, &finished_ms);
    if (rollback->target) {
        sw_time_format(finished_ms, SW_TIME_ISO, when);
        rollback->why_text = sw_xasprintf("its rollout succeeded at %s", when);
        rollback->why = rollback->why_text;
    }
    return status;
}

static enum sw_status choose(struct rollback *rollback)
{
    const json_t *deployment = completed_deployment(rollback);
    if (!deployment) {
        enum sw_status status = choose_by_history(rollback);
        return status != SW_OK || rollback->target ? status : choose_by_number(rollback);
    }
    rollback->target = sw_xstrdup(sw_json_str(deployment, "taskDefinition", ""));
    rollback->why_text = sw_xasprintf("its deployment %s was completed and is still there",
                                      sw_json_str(deployment, "id", "?"));
    rollback->why = rollback->why_text;
    return SW_OK;
}

static bool is_number(const char *text)
{
    int64_t number = 0;
    return strlen(text) <= REVISION_DIGITS_MAX && sw_parse_int(sw_str(text), 1, INT32_MAX, &number);
}

/* What the user named: a revision of the family that runs, or a whole name. */
static enum sw_status choose_named(struct rollback *rollback, const char *to)
{
    struct sw_str family = { NULL, 0 };
    int64_t revision = 0;
    if (is_number(to)) {
        struct sw_str name = sw_str(sw_taskdef_short_name(rollback->running));
        ptrdiff_t colon = sw_str_rfind(name, ':');
        name = colon > 0 ? sw_str_first(name, (size_t)colon) : name;
        rollback->target = sw_xasprintf("%.*s:%s", SW_STR_ARG(name), to);
    } else if (ecs_cut_revision(to, &family, &revision)) {
        rollback->target = sw_xstrdup(to);
    } else {
        return sw_fail(rollback->deploy.err, SW_E_USAGE,
                       "--to: \"%s\" is no revision; expected a number, FAMILY:REVISION or an ARN",
                       to);
    }
    rollback->why = "as asked for";
    return SW_OK;
}

/* The definition that is gone back to; without the right to read it, ECS's own checks must do. */
static enum sw_status load_target(struct rollback *rollback)
{
    struct deploy *deploy = &rollback->deploy;
    struct sw_str family = { NULL, 0 };
    int64_t revision = 0;
    enum sw_status status =
        sw_taskdef_describe(deploy->aws, rollback->target, &deploy->base, deploy->err);
    if (status == SW_E_DENIED) {
        sw_say(deploy->env,
               "the right ecs:DescribeTaskDefinition is missing: %s is not checked "
               "beforehand",
               sw_taskdef_short_name(rollback->target));
        *deploy->err = (struct sw_err)SW_ERR_INIT;
        deploy->done->task_definition = sw_xstrdup(rollback->target);
        return SW_OK;
    }
    bool named = ecs_cut_revision(rollback->target, &family, &revision);
    if (status == SW_E_NOT_FOUND && named) {
        (void)sw_fail(deploy->err, SW_E_NOT_FOUND, "there is no revision %s",
                      sw_taskdef_short_name(rollback->target));
        return append_revisions(rollback, family);
    }
    if (status != SW_OK) {
        return status;
    }
    if (deploy->base.inactive) {
        (void)sw_fail(deploy->err, SW_E_CONFLICT,
                      "%s cannot be gone back to: it was deregistered (INACTIVE)",
                      deploy->base.label);
        return append_revisions(rollback, sw_str(deploy->base.family));
    }
    deploy->done->task_definition = sw_xstrdup(deploy->base.arn);
    deploy->done->family = sw_xstrdup(deploy->base.family);
    return SW_OK;
}

/* Whether both name the same revision; an ARN and FAMILY:REVISION may stand for each other. */
static bool same_revision(const char *a, const char *b)
{
    if (strchr(a, '/') && strchr(b, '/')) {
        return strcmp(a, b) == 0;
    }
    return strcmp(sw_taskdef_short_name(a), sw_taskdef_short_name(b)) == 0;
}

static enum sw_status check_other(struct rollback *rollback, const char *target)
{
    if (!same_revision(target, rollback->running)) {
        return SW_OK;
    }
    return sw_fail(rollback->deploy.err, SW_E_UNCHANGED,
                   "nothing to go back to: service \"%s\" runs %s already; slipway ecs deploy "
                   "--force rolls it anew",
                   rollback->deploy.done->service, sw_taskdef_short_name(rollback->running));
}

/* The images before and after, as far as the running definition may be read. */
static void load_images(struct rollback *rollback)
{
    struct deploy *deploy = &rollback->deploy;
    struct sw_err ignored = SW_ERR_INIT;
    if (deploy->base.definition &&
        sw_taskdef_describe(deploy->aws, rollback->running, &deploy->peer, &ignored) == SW_OK) {
        deploy->done->images = deploy_image_facts(deploy->peer.definition, deploy->base.definition);
    }
}

static enum sw_status look(struct rollback *rollback)
{
    struct deploy *deploy = &rollback->deploy;
    enum sw_status status = sw_service_describe(
        deploy->aws, rollback->cluster, deploy->options->service, &deploy->service, deploy->err);
    if (status == SW_OK) {
        status = deploy_check_controller(deploy);
    }
    if (status != SW_OK) {
        return status;
    }
    const json_t *primary = sw_service_primary(deploy->service);
    const char *rolled_out = sw_json_str(primary, "taskDefinition", NULL);
    rollback->running =
        sw_json_str(deploy_running_set(deploy->service), "taskDefinition", rolled_out);
    deploy->done->service =
        sw_xstrdup(sw_json_str(deploy->service, "serviceName", deploy->options->service));
    if (!rollback->running) {
        return sw_fail(deploy->err, SW_E_UNAVAILABLE,
                       "DescribeServices answered without the task definition of service \"%s\"",
                       deploy->done->service);
    }
    deploy->done->previous = sw_xstrdup(rollback->running);
    deploy->done->desired = sw_json_int(deploy->service, "desiredCount", -1);
    return SW_OK;
}

static enum sw_status run(struct rollback *rollback, const char *to)
{
    struct deploy *deploy = &rollback->deploy;
    enum sw_status status = look(rollback);
    if (status == SW_OK) {
        status = to ? choose_named(rollback, to) : choose(rollback);
    }
    if (status == SW_OK) {
        status = check_other(rollback, rollback->target);
    }
    if (status == SW_OK) {
        status = load_target(rollback);
    }
    if (status == SW_OK) {
        status = check_other(rollback, deploy->done->task_definition);
    }
    if (status == SW_OK && deploy->base.definition) {
        status = ecs_preflight(deploy->env, deploy->service, deploy->base.definition,
                               deploy->base.label, &deploy->done->hints, deploy->err);
    }
    if (status != SW_OK) {
        return status;
    }
    load_images(rollback);
    sw_say(deploy->env, "going back from %s to %s: %s", sw_taskdef_short_name(rollback->running),
           sw_taskdef_short_name(rollback->target), rollback->why);
    return deploy_update(deploy);
}

enum sw_status sw_service_rollback(struct sw_aws *aws, const char *cluster, const char *service,
                                   const char *to, const struct sw_codedeploy_options *codedeploy,
                                   struct sw_deployment *ret, struct sw_err *err)
{
    *ret = (struct sw_deployment){ .desired = -1, .started_ms = sw_env_wall_ms(sw_aws_env(aws)) };
    const struct sw_deploy_options options = { .cluster = cluster,
                                               .service = service,
                                               .codedeploy = codedeploy };
    struct rollback rollback = {
        .deploy = { .aws = aws,
                    .env = sw_aws_env(aws),
                    .options = &options,
                    .done = ret,
                    .err = err },
        .cluster = cluster,
    };
    enum sw_status status = run(&rollback, to);
    deploy_release(&rollback.deploy);
    free(rollback.target);
    free(rollback.why_text);
    return status;
}
