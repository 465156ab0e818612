#include "docker_manifest.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/ref.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void sw_picture_release(struct sw_picture *picture)
{
    free(picture->config);
    sw_strs_release(&picture->layers);
    sw_strs_release(&picture->foreign);
    sw_oci_choice_release(&picture->oci);
}

/* One image of manifest.json. */
struct entry {
    const char *config;
    json_t *tags;
    json_t *layers;
    json_t *sources;
};

static enum sw_status read_entry(const json_t *object, struct entry *into, struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "Config", SW_JSON_STR, offsetof(struct entry, config), true },
        { "RepoTags", SW_JSON_ARRAY, offsetof(struct entry, tags), false },
        { "Layers", SW_JSON_ARRAY, offsetof(struct entry, layers), true },
        { "LayerSources", SW_JSON_OBJECT, offsetof(struct entry, sources), false },
    };

    *into = (struct entry){ 0 };
    return sw_json_read(object, "manifest.json", fields, SW_COUNT(fields), into, err);
}

bool sw_image_name_equal(const char *a, const char *b)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_ref x = { 0 };
    struct sw_ref y = { 0 };
    bool equal = strcmp(a, b) == 0;

    if (!equal && sw_ref_parse(sw_str(a), &x, &ignored) == SW_OK &&
        sw_ref_parse(sw_str(b), &y, &ignored) == SW_OK) {
        equal = strcmp(x.host, y.host) == 0 && strcmp(x.repository, y.repository) == 0 &&
                strcmp(sw_ref_object(&x), sw_ref_object(&y)) == 0;
    }
    sw_ref_release(&x);
    sw_ref_release(&y);
    return equal;
}

bool sw_config_path_digest(const char *path, char ret[SW_DIGEST_SIZE])
{
    ptrdiff_t slash = sw_str_rfind(sw_str(path), '/');
    struct sw_str name = sw_str_from(sw_str(path), (size_t)(slash + 1));

    if (sw_str_starts(name, "sha256:")) {
        name = sw_str_from(name, strlen("sha256:"));
    }
    if (sw_str_ends(name, ".json")) {
        name.len -= strlen(".json");
    }
    if (name.len != SW_DIGEST_SIZE - sizeof("sha256:")) {
        return false;
    }
    (void)snprintf(ret, SW_DIGEST_SIZE, "sha256:%.*s", SW_STR_ARG(name));
    return sw_digest_is_valid(sw_str(ret));
}

static bool has_tag(const json_t *tags, const char *name)
{
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const char *tag = json_string_value(json_array_get(tags, i));

        if (tag && sw_image_name_equal(tag, name)) {
            return true;
        }
    }
    return false;
}

/* Whether the image is called so: by a tag, or by its id, the digest of its configuration. */
static bool is_called(const struct entry *entry, const char *name)
{
    char digest[SW_DIGEST_SIZE];

    if (sw_digest_is_valid(sw_str(name))) {
        return sw_config_path_digest(entry->config, digest) && strcmp(digest, name) == 0;
    }
    return has_tag(entry->tags, name);
}

/* "a:1, b:2", the names an archive has; an image without one has an id. */
static void list_tags(const json_t *images, struct sw_buf *out)
{
    for (size_t i = 0; i < json_array_size(images); i++) {
        const json_t *tags = sw_json_array(json_array_get(images, i), "RepoTags");
        char id[SW_DIGEST_SIZE];

        if (json_array_size(tags) == 0 &&
            sw_config_path_digest(sw_json_str(json_array_get(images, i), "Config", ""), id)) {
            sw_buf_addf(out, "%s%s", out->len ? ", " : "", id);
        }
        for (size_t j = 0; j < json_array_size(tags); j++) {
            const char *tag = json_string_value(json_array_get(tags, j));

            sw_buf_addf(out, "%s%s", out->len ? ", " : "", tag ? tag : "?");
        }
    }
    if (out->len == 0) {
        sw_buf_add_cstr(out, "no name");
    }
}

static enum sw_status no_such_image(const json_t *images, const char *name, struct sw_err *err)
{
    struct sw_buf names;

    sw_buf_init(&names, 1024);
    list_tags(images, &names);
    if (name) {
        (void)sw_fail(err, SW_E_INPUT, "image \"%s\" is not in the archive; it has: %s", name,
                      names.ptr);
    } else {
        (void)sw_fail(err, SW_E_INPUT,
                      "the archive has %zu images; name one of them after the file: %s",
                      json_array_size(images), names.ptr);
    }
    sw_buf_release(&names);
    return err->status;
}

static enum sw_status choose_entry(const json_t *images, const char *name, struct entry *into,
                                   struct sw_err *err)
{
    if (!json_is_array(images) || json_array_size(images) == 0) {
        return sw_fail(err, SW_E_INPUT, "manifest.json lists no image");
    }
    if (!name && json_array_size(images) > 1) {
        return no_such_image(images, NULL, err);
    }
    for (size_t i = 0; i < json_array_size(images); i++) {
        enum sw_status status = read_entry(json_array_get(images, i), into, err);

        if (status != SW_OK || !name || is_called(into, name)) {
            return status;
        }
    }
    return no_such_image(images, name, err);
}

/* Which layers the archive leaves out because they are foreign; newer ones list all layers here. */
static void read_sources(json_t *sources, struct sw_picture *into)
{
    const char *diff_id = NULL;
    json_t *source = NULL;

    json_object_foreach(sources, diff_id, source)
    {
        if (sw_media_is_foreign(sw_json_str(source, "mediaType", ""))) {
            sw_strs_add(&into->foreign, sw_str(diff_id));
        }
    }
}

enum sw_status sw_picture_read(const struct sw_archive *archive, const char *name,
                               struct sw_picture *into, struct sw_err *err)
{
    json_auto_t *images = NULL;
    struct entry entry = { 0 };
    struct sw_buf text;
    enum sw_status status;

    sw_buf_init(&text, SW_CONFIG_MAX);
    status = sw_archive_text(archive, "manifest.json", &text, err);
    if (status == SW_OK) {
        status = sw_json_parse(sw_buf_str(&text), "manifest.json", &images, err);
    }
    sw_buf_release(&text);
    if (status == SW_OK) {
        status = choose_entry(images, name, &entry, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (json_array_size(entry.layers) > SW_LAYERS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "manifest.json lists more than %d layers",
                       SW_LAYERS_MAX);
    }
    into->config = sw_xstrdup(entry.config);
    read_sources(entry.sources, into);
    for (size_t i = 0; i < json_array_size(entry.layers); i++) {
        const char *path = json_string_value(json_array_get(entry.layers, i));

        if (!path) {
            return sw_fail(err, SW_E_INPUT, "manifest.json: Layers[%zu] is no string", i);
        }
        sw_strs_add(&into->layers, sw_str(path));
    }
    return SW_OK;
}
