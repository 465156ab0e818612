#include "fleet.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

void sw_fleet_item_release(struct sw_fleet_item *item)
{
    sw_deployment_release(&item->deployment);
    sw_follow_result_release(&item->follow);
}

/* The service's name for people, borrowed. */
static const char *name_of(const struct sw_fleet_item *item)
{
    const char *const names[] = { item->deployment.service, item->deploy.service,
                                  item->deploy.family, item->deploy.task_definition,
                                  item->deploy.file };
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        if (names[i]) {
            return ecs_last_part(names[i]);
        }
    }
    return "?";
}

void fleet_failed(const struct fleet *fleet, struct sw_fleet_item *item)
{
    item->state = SW_FLEET_FAILED;
    sw_say(fleet->env, "%s: %s", name_of(item), item->err.msg);
}

/* ---- Planning ---- */

/* What a definition starts from, as far as that is known; borrowed. */
static const char *source_of(const struct deploy *deploy)
{
    const struct sw_deploy_options *options = deploy->options;
    if (options->file) {
        return options->file;
    }
    const char *reference = options->task_definition ? options->task_definition : options->family;
    return reference ? reference : sw_json_str(deploy->service, "taskDefinition", NULL);
}

static bool same_source(const struct deploy *a, const struct deploy *b)
{
    const char *first = source_of(a);
    const char *second = source_of(b);
    return first && second && strcmp(first, second) == 0 &&
           !a->options->file == !b->options->file &&
           a->options->expand_file == b->options->expand_file;
}

static char *copy_or_null(const char *text)
{
    return text ? sw_xstrdup(text) : NULL;
}

static void copy_base(const struct sw_taskdef *from, struct sw_taskdef *to)
{
    *to = *from;
    to->definition = json_deep_copy(from->definition);
    to->label = copy_or_null(from->label);
    to->family = copy_or_null(from->family);
    to->arn = copy_or_null(from->arn);
}

/* Reads what several items start from once, for all of them. */
static enum sw_status share_base(struct fleet *fleet, size_t at)
{
    struct deploy *first = &fleet->deploys[at];
    for (size_t i = at + 1; i < fleet->count; i++) {
        struct deploy *other = &fleet->deploys[i];
        if (other->base.definition || !same_source(first, other)) {
            continue;
        }
        if (!first->base.definition) {
            enum sw_status status = sw_deploy_load(fleet->aws, first->options, first->service,
                                                   &first->base, first->err);
            if (status != SW_OK) {
                return status;
            }
        }
        copy_base(&first->base, &other->base);
    }
    return SW_OK;
}

/* The service of that name in the answer, borrowed; NULL when it is not there or not active. */
static json_t *active_service(const json_t *answer, const char *name)
{
    size_t index = 0;
    json_t *service = NULL;
    json_array_foreach(sw_json_array(answer, "services"), index, service)
    {
        if (strcmp(sw_json_str(service, "serviceName", ""), ecs_last_part(name)) == 0 &&
            strcmp(sw_json_str(service, "status", ""), "ACTIVE") == 0) {
            return service;
        }
    }
    return NULL;
}

static const char *name_before(const struct deploy *deploy)
{
    return deploy->options->service ? deploy->options->service : deploy->options->family;
}

/* Describes up to ten services of one cluster, from `at` on; those are marked in `asked`. */
static void describe_batch(struct fleet *fleet, size_t at, bool *asked)
{
    const char *cluster = fleet->items[at].deploy.cluster;
    json_t *names = json_array();
    struct deploy *batch[FLEET_BATCH_MAX];
    size_t count = 0;
    for (size_t i = at; i < fleet->count && count < FLEET_BATCH_MAX; i++) {
        struct deploy *deploy = &fleet->deploys[i];
        if (!asked[i] && name_before(deploy) && strcmp(deploy->options->cluster, cluster) == 0) {
            asked[i] = true;
            batch[count++] = deploy;
            (void)json_array_append_new(names, json_string(name_before(deploy)));
        }
    }
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    json_t *input = json_pack("{s:s, s:o}", "cluster", cluster, "services", names);
    if (count == 0) {
        json_decref(input);
        return;
    }
    /* Those that are not found here are described by themselves later, which tells why. */
    if (ecs_call(fleet->aws, "DescribeServices", input, NULL, &answer, &ignored) != SW_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *service = active_service(answer, name_before(batch[i]));
        if (service) {
            (void)json_object_del(service, "events"); /* long, and nobody asks for them here */
            batch[i]->service = json_incref(service);
            batch[i]->looked = true;
        }
    }
}

static void describe_all(struct fleet *fleet)
{
    bool *asked = sw_xcalloc(fleet->count, sizeof(*asked));
    for (size_t i = 0; i < fleet->count; i++) {
        if (!asked[i]) {
            describe_batch(fleet, i, asked);
        }
    }
    free(asked);
}

/* A service that is listed twice would get two deployments, and one of them would be superseded. */
static enum sw_status check_twice(struct fleet *fleet, size_t at)
{
    struct sw_fleet_item *item = &fleet->items[at];
    for (size_t i = 0; i < at; i++) {
        const struct sw_fleet_item *other = &fleet->items[i];
        if (other->deployment.service &&
            strcmp(other->deployment.service, item->deployment.service) == 0 &&
            strcmp(other->deploy.cluster, item->deploy.cluster) == 0) {
            return sw_fail(&item->err, SW_E_INPUT,
                           "service \"%s\" of cluster \"%s\" is given twice",
                           item->deployment.service, item->deploy.cluster);
        }
    }
    return SW_OK;
}

static enum sw_status plan(struct fleet *fleet, size_t at)
{
    enum sw_status status = share_base(fleet, at);
    if (status == SW_OK) {
        status = deploy_plan(&fleet->deploys[at]);
    }
    return status == SW_OK ? check_twice(fleet, at) : status;
}

static enum sw_status plan_all(struct fleet *fleet)
{
    bool failed = false;
    describe_all(fleet);
    for (size_t i = 0; i < fleet->count; i++) {
        struct sw_fleet_item *item = &fleet->items[i];
        enum sw_status status = plan(fleet, i);
        if (status != SW_OK) {
            failed = true;
            fleet_failed(fleet, item);
        } else if (fleet->deploys[i].idle) {
            item->state = SW_FLEET_UNCHANGED;
        }
        if (ecs_cannot_ask(status) || status == SW_E_DENIED) {
            break;
        }
    }
    return failed ? SW_E_FAILED : SW_OK;
}

/* ---- Starting ---- */

/* An earlier item that registered the very same definition; NULL when there is none. */
static const struct sw_fleet_item *registered_before(const struct fleet *fleet, size_t at)
{
    const struct deploy *deploy = &fleet->deploys[at];
    for (size_t i = 0; i < at; i++) {
        const struct deploy *other = &fleet->deploys[i];
        if (fleet->items[i].deployment.registered &&
            strcmp(other->base.family, deploy->base.family) == 0 &&
            json_equal(other->base.definition, deploy->base.definition)) {
            return &fleet->items[i];
        }
    }
    return NULL;
}

static enum sw_status register_all(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        struct sw_fleet_item *item = &fleet->items[i];
        const struct sw_fleet_item *same =
            fleet->deploys[i].changed ? registered_before(fleet, i) : NULL;
        if (same) {
            item->deployment.task_definition = sw_xstrdup(same->deployment.task_definition);
            item->deployment.registered = true;
        } else if (deploy_register(&fleet->deploys[i]) != SW_OK) {
            fleet_failed(fleet, item);
            return item->err.status;
        }
        sw_status_line(fleet->env, "registering: %zu of %zu", i + 1, fleet->count);
    }
    return SW_OK;
}

static void say_started(const struct fleet *fleet, const struct sw_fleet_item *item)
{
    const struct sw_deployment *done = &item->deployment;
    const char *previous = done->previous ? sw_taskdef_short_name(done->previous) : "?";
    const char *followed =
        done->codedeploy_deployment ? done->codedeploy_deployment : done->deployment_id;
    sw_say(fleet->env, "service %s: %s -> %s%s%s", done->service,
           done->created ? "(new service)" : previous, sw_taskdef_short_name(done->task_definition),
           followed ? ", deployment " : "", followed ? followed : "");
}

/* Updates the services of the wave; ends at the first that fails. */
static bool update_wave(struct fleet *fleet, int64_t wave)
{
    for (size_t i = 0; i < fleet->count; i++) {
        struct sw_fleet_item *item = &fleet->items[i];
        struct deploy *deploy = &fleet->deploys[i];
        if (item->wave != wave || item->state != SW_FLEET_WAITING) {
            continue;
        }
        if (sw_env_stop_wanted(fleet->env)) {
            return false;
        }
        enum sw_status status = deploy_update(deploy);
        if (status != SW_OK) {
            fleet_failed(fleet, item);
        } else {
            item->state = SW_FLEET_STARTED;
            say_started(fleet, item);
        }
        deploy_release(deploy);
        *deploy = (struct deploy){ .options = deploy->options };
        if (status != SW_OK && !fleet->options->keep_going) {
            return false;
        }
    }
    return true;
}

static bool any_failed(const struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->items[i].state == SW_FLEET_FAILED) {
            return true;
        }
    }
    return false;
}

/* The next wave that has something to do; false when there is none. */
static bool next_wave(const struct fleet *fleet, int64_t *ret)
{
    bool found = false;
    for (size_t i = 0; i < fleet->count; i++) {
        const struct sw_fleet_item *item = &fleet->items[i];
        if (item->state == SW_FLEET_WAITING && (!found || item->wave < *ret)) {
            found = true;
            *ret = item->wave;
        }
    }
    return found;
}

static void run_waves(struct fleet *fleet)
{
    int64_t wave = 0;
    while (next_wave(fleet, &wave)) {
        bool go_on = update_wave(fleet, wave);
        if (fleet->options->wait) {
            fleet_follow(fleet, wave);
        }
        bool stop = sw_env_stop_wanted(fleet->env) ||
                    (!fleet->options->keep_going && (any_failed(fleet) || !go_on));
        if (stop) {
            return;
        }
    }
}

/* ---- The verdict ---- */

static size_t count_state(const struct fleet *fleet, enum sw_fleet_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < fleet->count; i++) {
        count += fleet->items[i].state == state;
    }
    return count;
}

static enum sw_status conclude(struct fleet *fleet, const char *what)
{
    size_t failed = count_state(fleet, SW_FLEET_FAILED);
    size_t waiting = count_state(fleet, SW_FLEET_WAITING);
    bool first = true;
    for (size_t i = 0; i < fleet->count; i++) {
        const struct sw_fleet_item *item = &fleet->items[i];
        if (item->state != SW_FLEET_FAILED) {
            continue;
        }
        if (first) {
            *fleet->err = item->err;
            (void)sw_wrap(fleet->err, "%zu of %zu services %s", failed, fleet->count, what);
            first = false;
        } else {
            (void)sw_append(fleet->err, "; %s: %s", name_of(item),
                            sw_status_name(item->err.status));
        }
    }
    if (!failed && waiting > 0) {
        return sw_fail(fleet->err, SW_E_STOPPED, "stopped; %zu of %zu services were not begun",
                       waiting, fleet->count);
    }
    if (failed && waiting > 0) {
        (void)sw_append(fleet->err, "; %zu not begun", waiting);
    }
    return fleet->err->status;
}

static enum sw_status run(struct fleet *fleet)
{
    if (plan_all(fleet) != SW_OK) {
        (void)conclude(fleet, "cannot be deployed, so none was");
        return fleet->err->status;
    }
    if (register_all(fleet) == SW_OK) {
        run_waves(fleet);
    }
    return conclude(fleet, "failed");
}

enum sw_status sw_fleet_deploy(struct sw_aws *aws, const struct sw_fleet_options *options,
                               struct sw_fleet_item *items, size_t count, struct sw_err *err)
{
    struct fleet fleet = {
        .aws = aws,
        .env = sw_aws_env(aws),
        .options = options,
        .items = items,
        .count = count,
        .err = err,
    };
    if (count == 0 || count > SW_FLEET_MAX) {
        return sw_fail(err, SW_E_INPUT, "expected 1 to %d services", SW_FLEET_MAX);
    }
    fleet.deploys = sw_xcalloc(count, sizeof(*fleet.deploys));
    for (size_t i = 0; i < count; i++) {
        items[i].state = SW_FLEET_WAITING;
        items[i].deployment = (struct sw_deployment){ .desired = -1 };
        items[i].err = (struct sw_err)SW_ERR_INIT;
        fleet.deploys[i] = (struct deploy){
            .aws = aws,
            .env = fleet.env,
            .options = &items[i].deploy,
            .done = &items[i].deployment,
            .err = &items[i].err,
        };
    }
    enum sw_status status = run(&fleet);
    for (size_t i = 0; i < count; i++) {
        deploy_release(&fleet.deploys[i]);
    }
    free(fleet.deploys);
    return status;
}
