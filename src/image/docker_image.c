#include "archive.h"
#include "oci_walk.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/ref.h>

#include <stddef.h>
#include <string.h>

/* An image as the archive describes it: file names, and the manifest it may come with. */
struct picture {
    char *config;
    struct sw_strs layers;
    struct sw_oci_choice oci; /* found false: there is no manifest for these files */
};

static void picture_release(struct picture *picture)
{
    free(picture->config);
    sw_strs_release(&picture->layers);
    sw_oci_choice_release(&picture->oci);
}

/* One image of manifest.json. */
struct entry {
    const char *config;
    json_t *tags;
    json_t *layers;
};

static enum sw_status read_entry(const json_t *object, struct entry *into, struct sw_err *err)
{
    static const struct sw_json_field fields[] = {
        { "Config", SW_JSON_STR, offsetof(struct entry, config), true },
        { "RepoTags", SW_JSON_ARRAY, offsetof(struct entry, tags), false },
        { "Layers", SW_JSON_ARRAY, offsetof(struct entry, layers), true },
    };

    *into = (struct entry){ 0 };
    return sw_json_read(object, "manifest.json", fields, SW_COUNT(fields), into, err);
}

bool sw_image_name_equal(const char *a, const char *b)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_ref x = { 0 };
    struct sw_ref y = { 0 };
    bool equal = false;

    if (sw_ref_parse(sw_str(a), &x, &ignored) == SW_OK &&
        sw_ref_parse(sw_str(b), &y, &ignored) == SW_OK) {
        equal = strcmp(x.host, y.host) == 0 && strcmp(x.repository, y.repository) == 0 &&
                strcmp(sw_ref_object(&x), sw_ref_object(&y)) == 0;
    }
    sw_ref_release(&x);
    sw_ref_release(&y);
    return equal;
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

/* "a:1, b:2", the names an archive has. */
static void list_tags(const json_t *images, struct sw_buf *out)
{
    for (size_t i = 0; i < json_array_size(images); i++) {
        const json_t *tags = sw_json_array(json_array_get(images, i), "RepoTags");

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

        if (status != SW_OK || !name || has_tag(into->tags, name)) {
            return status;
        }
    }
    return no_such_image(images, name, err);
}

/* Reads the image of that name from manifest.json. */
static enum sw_status read_docker(const struct sw_archive *archive, const char *name,
                                  struct picture *into, struct sw_err *err)
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
    for (size_t i = 0; i < json_array_size(entry.layers); i++) {
        const char *path = json_string_value(json_array_get(entry.layers, i));

        if (!path) {
            return sw_fail(err, SW_E_INPUT, "manifest.json: Layers[%zu] is no string", i);
        }
        sw_strs_add(&into->layers, sw_str(path));
    }
    return SW_OK;
}

/* Takes files and manifest from a choice among the OCI manifests of the archive. */
static void take_choice(struct picture *picture, struct sw_oci_choice *choice)
{
    free(picture->config);
    sw_strs_release(&picture->layers);
    picture->oci = *choice;
    picture->config = sw_oci_blob_path(choice->parsed.config.digest);
    for (size_t i = 0; i < choice->parsed.layers.count; i++) {
        sw_strs_take(&picture->layers, sw_oci_blob_path(choice->parsed.layers.items[i].digest));
    }
}

/* A file named by a digest must have it: "<hex>.json" or ".../<hex>". */
static enum sw_status check_name(const char *path, const char *digest, struct sw_err *err)
{
    ptrdiff_t slash = sw_str_rfind(sw_str(path), '/');
    struct sw_str name = sw_str_from(sw_str(path), (size_t)(slash + 1));
    char claimed[SW_DIGEST_SIZE] = "sha256:";

    if (sw_str_ends(name, ".json")) {
        name.len -= strlen(".json");
    }
    if (name.len != 64) {
        return SW_OK;
    }
    memcpy(claimed + strlen("sha256:"), name.ptr, 64);
    if (sw_digest_is_valid(sw_str(claimed)) && strcmp(claimed, digest) != 0) {
        return sw_fail(err, SW_E_INPUT, "the archive is damaged: configuration \"%s\" is %s", path,
                       digest);
    }
    return SW_OK;
}

static enum sw_status load_config(const struct sw_archive *archive, const struct picture *picture,
                                  struct sw_intake *intake, struct sw_image *image,
                                  struct sw_err *err)
{
    enum sw_status status;

    sw_image_config_release(&image->parsed);
    sw_buf_clear(&image->config);
    status = sw_archive_text(archive, picture->config, &image->config, err);
    if (status == SW_OK) {
        status =
            sw_image_config_parse(sw_buf_str(&image->config), picture->config, &image->parsed, err);
    }
    if (status != SW_OK) {
        return status;
    }
    image->config_blob = sw_intake_bytes(intake, sw_buf_str(&image->config));
    return check_name(picture->config, image->config_blob->digest, err);
}

/* Finds what the archive's index says of the image, and another platform's image when asked. */
static enum sw_status consult_index(const struct sw_archive *archive, const char *name,
                                    const char *platform, struct picture *picture,
                                    struct sw_intake *intake, struct sw_image *image,
                                    struct sw_err *err)
{
    const bool other = platform && !sw_platform_matches(platform, image->parsed.platform);
    const struct sw_oci_wish wish = {
        .name = name,
        .config = other ? NULL : image->config_blob->digest,
        .platform = other ? platform : NULL,
    };
    struct sw_oci_choice choice = { 0 };
    enum sw_status status = sw_oci_choose(archive, &wish, &choice, err);

    if (status != SW_OK) {
        return status;
    }
    if (choice.found && other) {
        take_choice(picture, &choice);
        return load_config(archive, picture, intake, image, err);
    }
    if (choice.found) {
        picture->oci = choice;
        return SW_OK;
    }
    if (other) {
        return sw_fail(err, SW_E_INPUT, "the image is for %s; the archive has none for %s",
                       image->parsed.platform, platform);
    }
    return SW_OK;
}

/* Without manifest.json the index alone says what there is. */
static enum sw_status read_oci(const struct sw_archive *archive, const char *name,
                               const char *platform, struct picture *picture, struct sw_err *err)
{
    const struct sw_oci_wish wish = { .name = name, .named = true, .platform = platform };
    struct sw_oci_choice choice = { 0 };
    enum sw_status status = sw_oci_need(archive, &wish, &choice, err);

    if (status == SW_OK) {
        take_choice(picture, &choice);
    }
    return status;
}

/* Whether the archive's own manifest describes what will be uploaded. */
static enum sw_status keeps_manifest(const struct sw_archive *archive,
                                     const struct picture *picture, bool *ret, struct sw_err *err)
{
    const struct sw_descriptors *layers = &picture->oci.parsed.layers;

    *ret = picture->oci.found && layers->count == picture->layers.count;
    for (size_t i = 0; *ret && i < layers->count; i++) {
        const struct sw_archive_file *file = sw_archive_find(archive, picture->layers.items[i]);
        enum sw_packing packing = SW_PACKING_NONE;
        enum sw_status status = SW_OK;

        if (file) {
            status = sw_archive_packing(archive, file, &packing, err);
        }
        if (status != SW_OK) {
            return status;
        }
        *ret = packing != SW_PACKING_NONE;
    }
    return SW_OK;
}

/* A layer of a kept manifest that the targets have need not be read. */
static enum sw_status known_layer(const struct sw_archive *archive,
                                  const struct sw_archive_file *file,
                                  const struct sw_descriptor *descriptor, struct sw_intake *intake,
                                  struct sw_blob **ret, struct sw_err *err)
{
    enum sw_packing packing;
    bool there = false;
    enum sw_status status = SW_OK;

    if (file->blob) {
        return SW_OK;
    }
    status = intake->has(intake->ctx, descriptor->digest, &there, err);
    if (status == SW_OK && there) {
        status = sw_archive_packing(archive, file, &packing, err);
        if (status == SW_OK) {
            *ret = sw_intake_known_layer(intake, descriptor->digest, descriptor->size, packing);
        }
    }
    return status;
}

static enum sw_status check_layer(const struct sw_archive *archive, const struct sw_blob *blob,
                                  const char *path, const char *diff_id,
                                  const struct sw_descriptor *descriptor, struct sw_err *err)
{
    if (blob->diff_id[0] && strcmp(blob->diff_id, diff_id) != 0) {
        return sw_fail(err, SW_E_INPUT,
                       "the %s is damaged: layer \"%s\" unpacks to %s although the "
                       "configuration says %s",
                       sw_archive_word(archive), path, blob->diff_id, diff_id);
    }
    if (descriptor && strcmp(blob->digest, descriptor->digest) != 0) {
        return sw_fail(err, SW_E_INPUT,
                       "the %s is damaged: layer \"%s\" is %s although the manifest says %s",
                       sw_archive_word(archive), path, blob->digest, descriptor->digest);
    }
    return SW_OK;
}

static enum sw_status load_layer(const struct sw_archive *archive, const struct picture *picture,
                                 size_t index, bool kept, struct sw_intake *intake,
                                 struct sw_image *image, struct sw_err *err)
{
    const char *path = picture->layers.items[index];
    const struct sw_descriptor *descriptor = kept ? &picture->oci.parsed.layers.items[index] : NULL;
    struct sw_archive_file *file = sw_archive_find(archive, path);
    struct sw_blob *blob = NULL;
    enum sw_status status = SW_OK;

    if (!file) {
        return sw_fail(err, SW_E_INPUT, "layer \"%s\" is missing from the %s", path,
                       sw_archive_word(archive));
    }
    if (descriptor) {
        status = known_layer(archive, file, descriptor, intake, &blob, err);
    } else if (!file->blob) {
        status = sw_intake_learned(intake, image->parsed.diff_ids[index], &blob, err);
    }
    if (status == SW_OK && !blob) {
        status = sw_archive_layer(archive, file, intake, &blob, err);
    }
    if (status == SW_OK) {
        status = check_layer(archive, blob, path, image->parsed.diff_ids[index], descriptor, err);
    }
    if (status != SW_OK) {
        return status;
    }
    image->layers[image->layer_count++] = blob;
    return sw_intake_hand_on(intake, blob, err);
}

/*
 * The archive's own manifest becomes the image's, byte for byte; but Amazon ECR refuses one that
 * does not say its media type, so that is put in when it is missing.
 */
static enum sw_status keep_manifest(const struct picture *picture, struct sw_image *image,
                                    struct sw_err *err)
{
    const struct sw_str bytes = sw_buf_str(&picture->oci.bytes);
    json_auto_t *doc = NULL;

    image->manifest_type =
        sw_xstrdup(picture->oci.media_type[0] ? picture->oci.media_type : SW_MEDIA_OCI_MANIFEST);
    if (picture->oci.parsed.media_type[0]) {
        sw_buf_add_str(&image->manifest, bytes);
        return SW_OK;
    }
    if (sw_json_parse(bytes, "manifest", &doc, err) != SW_OK) {
        return err->status;
    }
    (void)json_object_set_new(doc, "mediaType", json_string(image->manifest_type));
    sw_json_dump(doc, 0, &image->manifest);
    return sw_buf_check(&image->manifest, "the image's manifest", err);
}

static enum sw_status load_layers(const struct sw_archive *archive, struct picture *picture,
                                  struct sw_intake *intake, struct sw_image *image,
                                  struct sw_err *err)
{
    size_t count = picture->layers.count;
    bool kept = false;
    enum sw_status status;

    if (count != image->parsed.diff_id_count) {
        return sw_fail(err, SW_E_INPUT,
                       "the %s is damaged: it lists %zu layers and the configuration %zu",
                       sw_archive_word(archive), count, image->parsed.diff_id_count);
    }
    status = keeps_manifest(archive, picture, &kept, err);
    if (status == SW_OK) {
        status = sw_intake_hand_on(intake, image->config_blob, err);
    }
    image->layers = sw_xcalloc(count ? count : 1, sizeof(struct sw_blob *));
    for (size_t i = 0; status == SW_OK && i < count; i++) {
        status = load_layer(archive, picture, i, kept, intake, image, err);
    }
    return status == SW_OK && kept ? keep_manifest(picture, image, err) : status;
}

static enum sw_status load(const struct sw_archive *archive, bool docker, const char *name,
                           const char *platform, struct picture *picture, struct sw_intake *intake,
                           struct sw_image *image, struct sw_err *err)
{
    enum sw_status status = docker ? read_docker(archive, name, picture, err)
                                   : read_oci(archive, name, platform, picture, err);

    if (status == SW_OK) {
        status = load_config(archive, picture, intake, image, err);
    }
    if (status == SW_OK && docker) {
        status = consult_index(archive, name, platform, picture, intake, image, err);
    }
    if (status == SW_OK) {
        status = load_layers(archive, picture, intake, image, err);
    }
    return status;
}

enum sw_status sw_docker_image_load(struct sw_archive *archive, const char *name,
                                    const char *platform, struct sw_intake *intake,
                                    struct sw_image *ret, struct sw_err *err)
{
    struct picture picture = { 0 };
    enum sw_status status;

    status = load(archive, sw_archive_find(archive, "manifest.json") != NULL, name, platform,
                  &picture, intake, ret, err);
    picture_release(&picture);
    return status;
}

enum sw_status sw_oci_image_load(struct sw_archive *archive, const char *name, const char *platform,
                                 struct sw_intake *intake, struct sw_image *ret, struct sw_err *err)
{
    struct picture picture = { 0 };
    enum sw_status status =
        load(archive, /* docker= */ false, name, platform, &picture, intake, ret, err);

    picture_release(&picture);
    return status;
}
