/* Deploy files: several services in YAML, whose keys are the names of options. */
#include "ecs_fleet.h"
#include "opt_value.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/subst.h>

enum { WAVE_MAX = 1000, NESTED_MAX = 4 };

const struct sw_opt sw_cli_ecs_entry_opts[] = {
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct sw_cli_ecs_entry, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the cluster" },
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct sw_cli_ecs_entry, service),
      .value = "SERVICE",
      .help = "name or ARN of the service; default: named like the family" },
    SW_CLI_ECS_SOURCE(struct sw_cli_ecs_entry, source),
    SW_CLI_ECS_CHANGES(struct sw_cli_ecs_entry, changes),
    { .kind = SW_OPT_FLAG,
      .name = "force",
      .offset = offsetof(struct sw_cli_ecs_entry, force),
      .help = "start a new deployment even when nothing changed" },
    { .kind = SW_OPT_FLAG,
      .name = "allow-unchanged",
      .offset = offsetof(struct sw_cli_ecs_entry, allow_unchanged),
      .help = "nothing to deploy is success" },
    { .kind = SW_OPT_INT,
      .name = "wave",
      .offset = offsetof(struct sw_cli_ecs_entry, wave),
      .value = "NUMBER",
      .help = "services of a lower wave are done before this one begins",
      .min = 0,
      .max = WAVE_MAX },
    SW_CLI_ECS_SERVICE(struct sw_cli_ecs_entry, settings),
    SW_CLI_ECS_CODEDEPLOY(struct sw_cli_ecs_entry, codedeploy),
    { .kind = SW_OPT_END },
};

/* A file that is being read. */
struct reader {
    const struct sw_env *env;
    bool expand;
    struct sw_strs *owned;
    struct sw_cli_ecs_fleet *fleet;
    struct sw_err *err;
};

/* A key's value on its way into an entry. */
struct slot {
    const struct sw_opt *opt;
    void *member;
    const struct sw_yaml *at;
};

/* Puts the place in front of an error that does not know it. */
static enum sw_status placed(struct reader *reader, const struct sw_yaml *at)
{
    const struct sw_err cause = *reader->err;
    return sw_yaml_fail(reader->err, cause.status == SW_E_USAGE ? SW_E_INPUT : cause.status, at,
                        "%s", cause.msg);
}

/* Sets a text, which lives as long as the reader's lists do. */
static enum sw_status set_text(struct reader *reader, const struct slot *slot, struct sw_str text)
{
    struct sw_buf out SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&out, SW_SUBST_MAX);
    if (reader->expand && !(slot->opt->flags & SW_OPT_RAW)) {
        const struct sw_subst_options options = { .unset_is_error = true };
        if (sw_subst(reader->env, text, &options, slot->opt->name, &out, reader->err) != SW_OK) {
            return placed(reader, slot->at);
        }
    } else {
        sw_buf_add_str(&out, text);
    }
    if (sw_buf_check(&out, slot->opt->name, reader->err) != SW_OK) {
        return placed(reader, slot->at);
    }
    sw_strs_take(reader->owned, sw_buf_take(&out));
    const char *value = reader->owned->items[reader->owned->count - 1];
    if (sw_opt_set_value(slot->opt, slot->member, value, reader->err) != SW_OK) {
        return placed(reader, slot->at);
    }
    return SW_OK;
}

/* Flags are typed by YAML, everything else is as it was written: a tag 1.10 stays 1.10. */
static enum sw_status set_scalar(struct reader *reader, struct slot slot,
                                 const struct sw_yaml *value, const char *prefix)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    slot.at = value;
    if (value->type == SW_YAML_NULL) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, value, "%s has no value", slot.opt->name);
    }
    sw_buf_init(&text, SW_SUBST_MAX);
    sw_buf_add_cstr(&text, prefix);
    if (value->type == SW_YAML_BOOL && sw_opt_is_flag(slot.opt)) {
        sw_buf_add_cstr(&text, value->boolean ? "true" : "false");
    } else {
        sw_buf_add(&text, value->text, value->len);
    }
    return set_text(reader, &slot, sw_buf_str(&text));
}

static enum sw_status set_json(struct reader *reader, struct slot slot, const struct sw_yaml *value,
                               const char *prefix)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    json_auto_t *json = sw_yaml_to_json(value);
    slot.at = value;
    sw_buf_init(&text, SW_SUBST_MAX);
    sw_buf_add_cstr(&text, prefix);
    sw_json_dump(json, 0, &text);
    return set_text(reader, &slot, sw_buf_str(&text));
}

/* Whether names are in two parts: CONTAINER:NAME=VALUE. */
static bool is_nested(const struct sw_opt *opt)
{
    const char *colon = strchr(opt->value, ':');
    return colon && colon < strchr(opt->value, '=');
}

/*
 * {web: {LEVEL: debug}} is "web:LEVEL=debug", {team: shop} is "team=shop", and {/volumes: []} is
 * "/volumes=[]".
 */
static enum sw_status set_pairs(struct reader *reader, struct slot slot,
                                const struct sw_yaml *value, const char *prefix, unsigned depth)
{
    enum sw_status status = SW_OK;
    if (depth == NESTED_MAX) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, value, "%s: nested too deeply",
                            slot.opt->name);
    }
    for (size_t i = 0; status == SW_OK && i < value->count; i++) {
        const struct sw_yaml *item = value->items[i];
        bool map = item->type == SW_YAML_MAP && is_nested(slot.opt);
        char *longer SW_CLEANUP(sw_free_str) =
            sw_xasprintf("%s%s%s", prefix, value->keys[i]->text, map ? ":" : "=");
        if (map) {
            status = set_pairs(reader, slot, item, longer, depth + 1);
        } else if (sw_yaml_is_scalar(item)) {
            status = set_scalar(reader, slot, item, longer);
        } else {
            status = set_json(reader, slot, item, longer);
        }
    }
    return status;
}

/* Options whose value is NAME=VALUE take a mapping; those that take JSON get it as that. */
static bool takes_pairs(const struct sw_opt *opt)
{
    return opt->kind == SW_OPT_LIST && opt->value && strchr(opt->value, '=');
}

static enum sw_status set_value(struct reader *reader, struct slot slot,
                                const struct sw_yaml *value);

static enum sw_status set_items(struct reader *reader, struct slot slot,
                                const struct sw_yaml *value)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < value->count; i++) {
        if (value->items[i]->type == SW_YAML_SEQ) {
            return sw_yaml_fail(reader->err, SW_E_INPUT, value->items[i],
                                "%s: expected a text or a mapping, got a sequence", slot.opt->name);
        }
        status = set_value(reader, slot, value->items[i]);
    }
    return status;
}

/* A sequence for an option that takes a comma list. */
static enum sw_status set_comma_list(struct reader *reader, struct slot slot,
                                     const struct sw_yaml *value)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_SUBST_MAX);
    for (size_t i = 0; i < value->count; i++) {
        if (!sw_yaml_is_scalar(value->items[i])) {
            return sw_yaml_fail(reader->err, SW_E_INPUT, value->items[i],
                                "%s: expected a text, got a %s", slot.opt->name,
                                sw_yaml_type_name(value->items[i]));
        }
        sw_buf_addf(&text, "%s%s", i ? "," : "", value->items[i]->text);
    }
    slot.at = value;
    return set_text(reader, &slot, sw_buf_str(&text));
}

static enum sw_status set_value(struct reader *reader, struct slot slot,
                                const struct sw_yaml *value)
{
    bool list = slot.opt->kind == SW_OPT_LIST;
    bool text = slot.opt->kind == SW_OPT_STR;
    if (sw_yaml_is_scalar(value)) {
        return set_scalar(reader, slot, value, "");
    }
    if (value->type == SW_YAML_MAP && takes_pairs(slot.opt)) {
        return set_pairs(reader, slot, value, "", 0);
    }
    if (value->type == SW_YAML_MAP && (list || text)) {
        return set_json(reader, slot, value, "");
    }
    if (value->type == SW_YAML_SEQ && list) {
        return set_items(reader, slot, value);
    }
    if (value->type == SW_YAML_SEQ && text && strcmp(slot.opt->value, "LIST") == 0) {
        return set_comma_list(reader, slot, value);
    }
    return sw_yaml_fail(reader->err, SW_E_INPUT, value, "%s: expected a text, got a %s",
                        slot.opt->name, sw_yaml_type_name(value));
}

static enum sw_status unknown_key(struct reader *reader, const struct sw_yaml *key,
                                  const char *nearest)
{
    return sw_yaml_fail(reader->err, SW_E_INPUT, key, "unknown key \"%s\"%s%s%s", key->text,
                        nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                        nearest ? "\"?" : "; keys are named like the options of ecs deploy");
}

/* Reads a mapping of option names into the entry. */
static enum sw_status read_entry(struct reader *reader, const struct sw_yaml *map,
                                 struct sw_cli_ecs_entry *entry)
{
    if (map->type != SW_YAML_MAP) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, map,
                            "expected a mapping such as {service: web}, got a %s",
                            sw_yaml_type_name(map));
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct sw_yaml *key = map->keys[i];
        size_t offset = 0;
        const struct sw_opt *opt = sw_opt_find(sw_cli_ecs_entry_opts, sw_str(key->text), &offset);
        if (!opt) {
            return unknown_key(reader, key,
                               sw_opt_nearest(sw_cli_ecs_entry_opts, sw_str(key->text)));
        }
        const struct slot slot = { opt, (char *)entry + offset, key };
        if (set_value(reader, slot, map->items[i]) != SW_OK) {
            return reader->err->status;
        }
    }
    return SW_OK;
}

static enum sw_status add_service(struct reader *reader, const struct sw_cli_ecs_entry *base,
                                  const struct sw_yaml *document, const struct sw_yaml *map)
{
    const struct sw_yaml *defaults = sw_yaml_get(document, "defaults");
    struct sw_cli_ecs_entry entry = {
        .cluster = base->cluster,
        .force = base->force,
        .allow_unchanged = base->allow_unchanged,
    };
    sw_cli_ecs_service_defaults(&entry.settings);
    enum sw_status status = defaults ? read_entry(reader, defaults, &entry) : SW_OK;
    if (status == SW_OK) {
        status = read_entry(reader, map, &entry);
    }
    if (status == SW_OK && sw_cli_ecs_fleet_add(reader->fleet, &entry, reader->err) != SW_OK) {
        status = placed(reader, map);
    }
    sw_opt_release(sw_cli_ecs_entry_opts, &entry);
    return status;
}

static enum sw_status check_document(struct reader *reader, const struct sw_yaml *document)
{
    static const char *const known[] = { "defaults", "services" };
    const struct sw_yaml *services = sw_yaml_get(document, "services");
    if (document->type != SW_YAML_MAP) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, document,
                            "expected a mapping with the key services, got a %s",
                            sw_yaml_type_name(document));
    }
    for (size_t i = 0; i < document->count; i++) {
        const char *key = document->keys[i]->text;
        if (strcmp(key, known[0]) != 0 && strcmp(key, known[1]) != 0) {
            return sw_yaml_fail(reader->err, SW_E_INPUT, document->keys[i],
                                "unknown key \"%s\"; there are: defaults, services", key);
        }
    }
    if (!services || services->type != SW_YAML_SEQ || services->count == 0) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, services ? services : document,
                            "expected a list of services under the key services");
    }
    return SW_OK;
}

enum sw_status sw_cli_ecs_deploy_document(const struct sw_env *env, const struct sw_yaml *document,
                                          bool expand, const struct sw_cli_ecs_entry *base,
                                          struct sw_strs *owned, struct sw_cli_ecs_fleet *fleet,
                                          struct sw_err *err)
{
    struct reader reader = {
        .env = env, .expand = expand, .owned = owned, .fleet = fleet, .err = err
    };
    const struct sw_yaml *services = sw_yaml_get(document, "services");
    enum sw_status status = check_document(&reader, document);
    for (size_t i = 0; status == SW_OK && i < services->count; i++) {
        status = add_service(&reader, base, document, services->items[i]);
    }
    return status;
}

enum sw_status sw_cli_ecs_deploy_file(struct sw_cli *cli, const char *path, bool expand,
                                      const struct sw_cli_ecs_entry *base,
                                      struct sw_yaml_pool *pool, struct sw_strs *owned,
                                      struct sw_cli_ecs_fleet *fleet, struct sw_err *err)
{
    struct sw_yaml *document = NULL;
    enum sw_status status = sw_yaml_load(pool, path, NULL, &document, err);
    return status == SW_OK
               ? sw_cli_ecs_deploy_document(cli->env, document, expand, base, owned, fleet, err)
               : status;
}
