#include "ecs_fleet.h"

#include "ecs_facts.h"

#include <slipway/alloc.h>

/* What a service is made of, beside the item itself. */
struct part {
    struct sw_changes changes;
    json_t *settings;
    json_t *creation;
    struct sw_codedeploy_options codedeploy;
};

struct sw_cli_ecs_fleet {
    struct sw_fleet_item *items;
    struct part *parts;
    size_t count;
    size_t capacity;
};

struct sw_cli_ecs_fleet *sw_cli_ecs_fleet_new(void)
{
    return sw_xcalloc(1, sizeof(struct sw_cli_ecs_fleet));
}

void sw_cli_ecs_fleet_free(struct sw_cli_ecs_fleet *fleet)
{
    if (!fleet) {
        return;
    }
    for (size_t i = 0; i < fleet->count; i++) {
        sw_fleet_item_release(&fleet->items[i]);
        sw_changes_release(&fleet->parts[i].changes);
        json_decref(fleet->parts[i].settings);
        json_decref(fleet->parts[i].creation);
    }
    free(fleet->items);
    free(fleet->parts);
    free(fleet);
}

static enum sw_status check_entry(const struct sw_cli_ecs_entry *entry, struct sw_err *err)
{
    if (!sw_cli_text_or_null(entry->cluster)) {
        return sw_fail(err, SW_E_INPUT,
                       "which cluster the service is in is not known; give cluster");
    }
    if (!sw_cli_text_or_null(entry->service) && !sw_cli_text_or_null(entry->source.family) &&
        !sw_cli_text_or_null(entry->source.task_definition) &&
        !sw_cli_text_or_null(entry->source.file)) {
        return sw_fail(err, SW_E_INPUT,
                       "what to deploy is not known; give service, or family or file");
    }
    return SW_OK;
}

static void grow(struct sw_cli_ecs_fleet *fleet)
{
    size_t capacity = fleet->capacity;
    fleet->items = sw_grow(fleet->items, fleet->count, &capacity, sizeof(*fleet->items));
    fleet->parts = sw_grow(fleet->parts, fleet->count, &fleet->capacity, sizeof(*fleet->parts));
}

enum sw_status sw_cli_ecs_fleet_add(struct sw_cli_ecs_fleet *fleet,
                                    const struct sw_cli_ecs_entry *entry, struct sw_err *err)
{
    struct part part = { .settings = NULL };
    if (fleet->count == SW_FLEET_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "more than %d services", SW_FLEET_MAX);
    }
    if (check_entry(entry, err) != SW_OK ||
        sw_cli_ecs_codedeploy_read(&entry->codedeploy, &part.codedeploy, err) != SW_OK ||
        sw_cli_ecs_service_read(&entry->settings, &part.settings, &part.creation, err) != SW_OK) {
        return err->status;
    }
    if (sw_cli_ecs_changes_read(&entry->changes, &part.changes, err) != SW_OK) {
        json_decref(part.settings);
        json_decref(part.creation);
        return err->status;
    }
    grow(fleet);
    fleet->parts[fleet->count] = part;
    fleet->items[fleet->count++] = (struct sw_fleet_item){
        .deploy = {
            .cluster = entry->cluster,
            .service = sw_cli_text_or_null(entry->service),
            .family = sw_cli_text_or_null(entry->source.family),
            .task_definition = sw_cli_text_or_null(entry->source.task_definition),
            .file = sw_cli_text_or_null(entry->source.file),
            .expand_file = entry->source.expand_file,
            .force = entry->force,
            .allow_unchanged = entry->allow_unchanged,
        },
        .wave = entry->wave,
        .until_running = entry->settings.desired_count >= 0,
        .deployment = { .desired = -1 },
    };
    return SW_OK;
}

static const char *state_name(enum sw_fleet_state state)
{
    static const char *const names[] = {
        [SW_FLEET_WAITING] = "not begun",   [SW_FLEET_STARTED] = "started",
        [SW_FLEET_UNCHANGED] = "unchanged", [SW_FLEET_DONE] = "done",
        [SW_FLEET_FAILED] = "failed",
    };
    return names[state];
}

static json_t *fleet_facts(const struct sw_cli_ecs_fleet *fleet, const struct sw_err *err)
{
    json_t *services = json_array();
    for (size_t i = 0; i < fleet->count; i++) {
        const struct sw_fleet_item *item = &fleet->items[i];
        json_t *facts = sw_cli_ecs_facts(item->deploy.cluster, &item->deployment,
                                         item->followed ? &item->follow : NULL, &item->err);
        (void)json_object_set_new(facts, "state", json_string(state_name(item->state)));
        (void)json_object_set_new(facts, "wave", json_integer(item->wave));
        (void)json_array_append_new(services, facts);
    }
    json_t *facts = json_pack("{s:o, s:s, s:i}", "services", services, "status",
                              sw_status_name(err->status), "exitCode", sw_exit_code(err->status));
    if (err->msg[0]) {
        (void)json_object_set_new(facts, "message", json_string(err->msg));
    }
    return facts;
}

static void print_arns(struct sw_cli *cli, const struct sw_cli_ecs_fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        const struct sw_deployment *done = &fleet->items[i].deployment;
        if (done->task_definition && fleet->items[i].state != SW_FLEET_WAITING) {
            sw_cli_out(cli, "%s\n", done->task_definition);
        }
    }
}

/* The revisions of the services that were begun, in their order; the caller's. */
static char *begun_arns(const struct sw_cli_ecs_fleet *fleet)
{
    struct sw_buf arns;
    sw_buf_init(&arns, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < fleet->count; i++) {
        const char *arn = fleet->items[i].deployment.task_definition;
        if (arn && fleet->items[i].state != SW_FLEET_WAITING) {
            sw_buf_addf(&arns, "%s%s", arns.len > 0 ? " " : "", arn);
        }
    }
    return sw_buf_take(&arns);
}

/* The deployments of CodeDeploy among them; the caller's. */
static char *codedeploy_ids(const struct sw_cli_ecs_fleet *fleet)
{
    struct sw_buf ids;
    sw_buf_init(&ids, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < fleet->count; i++) {
        const char *id = fleet->items[i].deployment.codedeploy_deployment;
        if (id) {
            sw_buf_addf(&ids, "%s%s", ids.len > 0 ? " " : "", id);
        }
    }
    return sw_buf_take(&ids);
}

/* Later steps get the revisions of all services, separated by blanks. */
static enum sw_status export_arns(const struct sw_cli_ecs_fleet *fleet, const char *path,
                                  struct sw_err *err)
{
    char *arns SW_CLEANUP(sw_free_str) = begun_arns(fleet);
    char *ids SW_CLEANUP(sw_free_str) = codedeploy_ids(fleet);
    return *arns ? sw_cli_ecs_export(path, arns, arns, *ids ? ids : NULL, err) : SW_OK;
}

/* Written whatever happened; the first failure is the command's. */
static enum sw_status write_facts(const struct sw_cli_ecs_fleet *fleet,
                                  const struct sw_cli_ecs_fleet_options *options,
                                  enum sw_status status, struct sw_err *err)
{
    json_auto_t *facts = fleet_facts(fleet, err);
    if (strcmp(options->rollout->output, "json") == 0) {
        sw_cli_out_json(options->cli, facts);
    } else {
        print_arns(options->cli, fleet);
    }
    const char *export_env = sw_cli_text_or_null(options->rollout->export_env);
    struct sw_err own = SW_ERR_INIT;
    if (export_env && export_arns(fleet, export_env, &own) != SW_OK && status == SW_OK) {
        *err = own;
        status = own.status;
    }
    return sw_cli_ecs_write_files(options->cli->env, options->rollout, facts, status, err);
}

/* One after the other is one wave each, in the order of waves and then as given. */
static void put_in_order(struct sw_cli_ecs_fleet *fleet)
{
    for (size_t i = 0; i < fleet->count; i++) {
        fleet->items[i].wave = fleet->items[i].wave * SW_FLEET_MAX + (int64_t)i;
    }
}

static bool has_waves(const struct sw_cli_ecs_fleet *fleet)
{
    for (size_t i = 1; i < fleet->count; i++) {
        if (fleet->items[i].wave != fleet->items[0].wave) {
            return true;
        }
    }
    return false;
}

enum sw_status sw_cli_ecs_fleet_run(struct sw_cli_ecs_fleet *fleet, struct sw_aws *aws,
                                    const struct sw_cli_ecs_fleet_options *options,
                                    struct sw_err *err)
{
    struct sw_fleet_options how = {
        .wait = options->rollout->wait,
        .keep_going = options->keep_going,
        .timeout_is_fine = !options->rollout->fail_on_timeout,
        .until_drained = strcmp(options->outcome->wait_for, "drained") == 0,
        .follow = sw_cli_ecs_follow_options(options->rollout),
    };
    how.follow.on_failure = sw_cli_ecs_on_failure(options->outcome);
    if (options->one_by_one) {
        put_in_order(fleet);
    }
    if (!how.wait && has_waves(fleet)) {
        return sw_cli_usage(err, "services one after the other, or in waves, need --wait");
    }
    for (size_t i = 0; i < fleet->count; i++) {
        struct sw_deploy_options *deploy = &fleet->items[i].deploy;
        deploy->changes = &fleet->parts[i].changes;
        deploy->settings = fleet->parts[i].settings;
        deploy->creation = fleet->parts[i].creation;
        fleet->parts[i].codedeploy.auto_rollback = how.follow.on_failure == SW_ON_FAILURE_ROLLBACK;
        deploy->codedeploy = &fleet->parts[i].codedeploy;
        deploy->verify = options->verify_image ? sw_deploy_verify_images : NULL;
        deploy->verify_ctx = aws;
        deploy->check = options->check;
    }
    enum sw_status status = sw_fleet_deploy(aws, &how, fleet->items, fleet->count, err);
    for (size_t i = 0; options->check && i < fleet->count; i++) {
        const struct sw_deployment *done = &fleet->items[i].deployment;
        sw_say(options->cli->env, "checks of %s:", done->service ? done->service : "?");
        sw_cli_ecs_say_checks(options->cli, &done->checks);
    }
    return write_facts(fleet, options, status, err);
}
