#include <slipway/inspect.h>

#include "remote.h"

#include <slipway/alloc.h>
#include <slipway/manifest.h>

#include <string.h>

struct inspection {
    struct sw_registry *registry;
    const struct sw_ref *ref;
    const struct sw_inspect_options *options;
    json_t *facts; /* the result, being filled; borrowed */
};

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

/* Documents of a registry that make no sense are the registry's fault. */
static enum sw_status senseless(const struct inspection *in, struct sw_err *err)
{
    err->status = SW_E_UNAVAILABLE;
    return sw_wrap(err, "image \"%s/%s\"", in->ref->host, in->ref->repository);
}

static json_t *descriptor_facts(const struct sw_descriptor *descriptor)
{
    return json_pack("{s:s, s:s, s:I}", "digest", descriptor->digest, "media_type",
                     descriptor->media_type, "size", (json_int_t)descriptor->size);
}

/* A member of the configuration under the name it has here, when it says something. */
static void copy(const struct inspection *in, const json_t *from, const char *key, const char *name)
{
    json_t *value = json_object_get(from, key);
    const bool empty =
        json_is_null(value) ||
        json_string_length(value) + json_array_size(value) + json_object_size(value) == 0;

    if (value && !empty) {
        (void)json_object_set(in->facts, name, value);
    }
}

/* Variables by name only, unless their values are asked for. */
static void add_env(const struct inspection *in, const json_t *env)
{
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(env); i++) {
        const char *text = json_string_value(json_array_get(env, i));
        struct sw_str rest = sw_str(text ? text : "");
        const struct sw_str shown = in->options->show_env ? rest : sw_str_cut(&rest, '=');

        (void)json_array_append_new(list, json_stringn(shown.ptr, shown.len));
    }
    set(in->facts, "env", list);
}

static void add_history(const struct inspection *in, const json_t *history)
{
    static const char *const keys[] = { "created", "created_by", "comment", "empty_layer" };
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *step = json_array_get(history, i);
        json_t *facts = json_object();

        for (size_t k = 0; k < SW_COUNT(keys); k++) {
            json_t *value = json_object_get(step, keys[k]);

            if (json_is_string(value) || json_is_boolean(value)) {
                (void)json_object_set(facts, keys[k], value);
            }
        }
        (void)json_array_append_new(list, facts);
    }
    set(in->facts, "history", list);
}

static void add_config(const struct inspection *in, const json_t *doc)
{
    const json_t *run = sw_json_object(doc, "config");

    copy(in, doc, "created", "created");
    copy(in, run, "Labels", "labels");
    copy(in, run, "Entrypoint", "entrypoint");
    copy(in, run, "Cmd", "cmd");
    copy(in, run, "User", "user");
    copy(in, run, "WorkingDir", "working_dir");
    if (json_object_size(sw_json_object(run, "ExposedPorts")) > 0) {
        const char *port = NULL;
        json_t *unused = NULL;
        json_t *ports = json_array();

        json_object_foreach(sw_json_object(run, "ExposedPorts"), port, unused)
        {
            (void)json_array_append_new(ports, json_string(port));
        }
        set(in->facts, "exposed_ports", ports);
    }
    add_env(in, sw_json_array(run, "Env"));
    if (in->options->history) {
        add_history(in, sw_json_array(doc, "history"));
    }
}

/* Reads an image's configuration; other artifacts have their own kinds, which say nothing here. */
static enum sw_status inspect_config(const struct inspection *in,
                                     const struct sw_descriptor *config, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) bytes = { 0 };
    struct sw_image_config parsed = { 0 };
    json_auto_t *doc = NULL;

    if (strcmp(config->media_type, SW_MEDIA_OCI_CONFIG) != 0 &&
        strcmp(config->media_type, SW_MEDIA_DOCKER_CONFIG) != 0) {
        return SW_OK;
    }
    sw_buf_init(&bytes, SW_CONFIG_MAX);
    if (sw_registry_get_blob(in->registry, in->ref->repository, config->digest, &bytes, err)) {
        return err->status;
    }
    if (sw_image_config_parse(sw_buf_str(&bytes), "configuration", &parsed, err) ||
        sw_json_parse(sw_buf_str(&bytes), "configuration", &doc, err)) {
        return senseless(in, err);
    }
    if (parsed.platform) {
        set(in->facts, "platform", json_string(parsed.platform));
    }
    sw_image_config_release(&parsed);
    add_config(in, doc);
    return SW_OK;
}

static enum sw_status check_platform(const struct inspection *in, struct sw_err *err)
{
    return sw_platform_check(in->options->platform, sw_json_str(in->facts, "platform", NULL), NULL,
                             SW_E_NOT_FOUND, err);
}

static enum sw_status inspect_image(const struct inspection *in, const struct sw_remote *remote,
                                    struct sw_err *err)
{
    struct sw_manifest SW_CLEANUP(sw_manifest_release) manifest = { 0 };
    json_t *layers = json_array();
    int64_t sum = 0;
    enum sw_status status =
        sw_manifest_parse(sw_buf_str(&remote->bytes), "manifest", &manifest, err);

    set(in->facts, "digest", json_string(remote->digest));
    set(in->facts, "media_type", json_string(remote->media_type));
    set(in->facts, "layers", layers);
    if (status != SW_OK) {
        return senseless(in, err);
    }
    for (size_t i = 0; i < manifest.layers.count; i++) {
        const int64_t size = manifest.layers.items[i].size;

        sum = size > INT64_MAX - sum ? INT64_MAX : sum + size;
        (void)json_array_append_new(layers, descriptor_facts(&manifest.layers.items[i]));
    }
    set(in->facts, "layers_size", json_integer(sum));
    set(in->facts, "config", descriptor_facts(&manifest.config));
    status = inspect_config(in, &manifest.config, err);
    return status == SW_OK ? check_platform(in, err) : status;
}

static void list_platforms(const struct inspection *in, const struct sw_remote *remote,
                           const struct sw_descriptors *entries)
{
    json_t *platforms = json_array();
    json_int_t attestations = 0;

    for (size_t i = 0; i < entries->count; i++) {
        const struct sw_descriptor *entry = &entries->items[i];
        json_t *facts;

        if (sw_descriptor_is_attestation(entry)) {
            attestations++;
            continue;
        }
        facts = descriptor_facts(entry);
        if (entry->platform) {
            set(facts, "platform", json_string(entry->platform));
        }
        (void)json_array_append_new(platforms, facts);
    }
    set(in->facts, "digest", json_string(remote->digest));
    set(in->facts, "media_type", json_string(remote->media_type));
    set(in->facts, "platforms", platforms);
    set(in->facts, "attestations", json_integer(attestations));
}

/* Goes on to the image of the wanted platform. */
static enum sw_status inspect_child(const struct inspection *in, const struct sw_remote *index,
                                    const struct sw_descriptors *entries, struct sw_err *err)
{
    SW_CLEANUP(sw_remote_release) struct sw_remote child = { 0 };
    const struct sw_descriptor *entry = NULL;
    enum sw_status status = sw_index_pick(entries, in->options->platform, &entry, err);

    if (status == SW_OK) {
        status = sw_remote_get(in->registry, in->ref, entry->digest, &child, err);
    }
    if (status != SW_OK) {
        return status;
    }
    set(in->facts, "index",
        json_pack("{s:s, s:s}", "digest", index->digest, "media_type", index->media_type));
    return inspect_image(in, &child, err);
}

static enum sw_status inspect_index(const struct inspection *in, const struct sw_remote *remote,
                                    struct sw_err *err)
{
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };

    if (sw_index_parse(sw_buf_str(&remote->bytes), "index", &entries, err) != SW_OK) {
        return senseless(in, err);
    }
    if (in->options->platform) {
        return inspect_child(in, remote, &entries, err);
    }
    list_platforms(in, remote, &entries);
    return SW_OK;
}

enum sw_status sw_image_inspect(struct sw_registry *registry, const struct sw_ref *ref,
                                const struct sw_inspect_options *options, json_t **ret,
                                struct sw_err *err)
{
    json_auto_t *facts = json_object();
    const struct inspection in = { registry, ref, options, facts };
    SW_CLEANUP(sw_remote_release) struct sw_remote remote = { 0 };
    enum sw_status status = sw_remote_get(registry, ref, sw_ref_object(ref), &remote, err);

    if (status == SW_OK) {
        status = sw_media_is_index(remote.media_type) ? inspect_index(&in, &remote, err)
                                                      : inspect_image(&in, &remote, err);
    }
    if (status == SW_OK) {
        *ret = SW_TAKE(facts);
    }
    return status;
}
