#include "docker_manifest.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/progress.h>

#include <string.h>

/* Takes files and manifest from a choice among the OCI manifests of the archive. */
static void take_choice(struct sw_picture *picture, struct sw_oci_choice *choice)
{
    free(picture->config);
    sw_strs_release(&picture->layers);
    picture->oci = *choice;
    picture->config = sw_oci_blob_path(choice->parsed.config.digest);
    for (size_t i = 0; i < choice->parsed.layers.count; i++) {
        sw_strs_take(&picture->layers, sw_oci_blob_path(choice->parsed.layers.items[i].digest));
    }
}

/* A file named by a digest must have it. */
static enum sw_status check_name(const char *path, const char *digest, struct sw_err *err)
{
    char claimed[SW_DIGEST_SIZE];

    if (sw_config_path_digest(path, claimed) && strcmp(claimed, digest) != 0) {
        return sw_fail(err, SW_E_INPUT, "the archive is damaged: configuration \"%s\" is %s", path,
                       digest);
    }
    return SW_OK;
}

static enum sw_status load_config(const struct sw_archive *archive,
                                  const struct sw_picture *picture, struct sw_intake *intake,
                                  struct sw_image *image, struct sw_err *err)
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
                                    const char *platform, struct sw_picture *picture,
                                    struct sw_intake *intake, struct sw_image *image,
                                    struct sw_err *err)
{
    const bool other = platform && !sw_platform_matches(platform, image->parsed.platform);
    const struct sw_oci_wish wish = {
        .name = name && sw_digest_is_valid(sw_str(name)) ? NULL : name, /* .config is that id */
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
    return sw_platform_check(platform, image->parsed.platform, NULL, SW_E_INPUT, err);
}

/* Without manifest.json the index alone says what there is. */
static enum sw_status read_oci(const struct sw_archive *archive, const char *name,
                               const char *platform, struct sw_picture *picture, struct sw_err *err)
{
    const struct sw_oci_wish wish = { .name = name, .named = true, .platform = platform };
    struct sw_oci_choice choice = { 0 };
    enum sw_status status = sw_oci_need(archive, &wish, &choice, err);

    if (status == SW_OK) {
        take_choice(picture, &choice);
    }
    return status;
}

/*
 * Whether the archive's own manifest describes what will be uploaded: of layers that are not
 * packed, whose digests are their diff ids, it does not.
 */
static enum sw_status keeps_manifest(const struct sw_archive *archive,
                                     const struct sw_picture *picture, const struct sw_image *image,
                                     bool *ret, struct sw_err *err)
{
    const struct sw_descriptors *layers = &picture->oci.parsed.layers;

    *ret = picture->oci.found && layers->count == picture->layers.count;
    for (size_t i = 0; *ret && i < layers->count; i++) {
        const struct sw_archive_file *file = sw_archive_find(archive, picture->layers.items[i]);
        enum sw_packing packing = SW_PACKING_NONE;
        enum sw_status status = SW_OK;

        if (sw_media_is_foreign(layers->items[i].media_type)) {
            continue;
        }
        if (sw_str_ends(sw_str(layers->items[i].media_type), "+encrypted")) {
            return sw_fail(err, SW_E_INPUT,
                           "layer %s is encrypted, and Amazon ECS runs no such image; push the one "
                           "that it was made from",
                           layers->items[i].digest);
        }
        *ret = file && strcmp(layers->items[i].digest, image->parsed.diff_ids[i]) != 0;
        if (*ret && !file->blob) {
            status = sw_archive_packing(archive, file, &packing, err);
            *ret = packing != SW_PACKING_NONE;
        }
        if (status != SW_OK) {
            return status;
        }
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

/* Looks for the layers of a kept manifest that would have to be read. */
static enum sw_status look_for_layers(const struct sw_archive *archive,
                                      const struct sw_picture *picture, struct sw_intake *intake,
                                      struct sw_err *err)
{
    const struct sw_descriptors *layers = &picture->oci.parsed.layers;
    SW_CLEANUP(sw_strs_release) struct sw_strs digests = { 0 };

    for (size_t i = 0; i < layers->count; i++) {
        const struct sw_descriptor *layer = &layers->items[i];
        const struct sw_archive_file *file = sw_archive_find(archive, picture->layers.items[i]);

        if (file && !file->blob && !sw_media_is_foreign(layer->media_type) &&
            !sw_strs_has(&digests, sw_str(layer->digest))) {
            sw_strs_add(&digests, sw_str(layer->digest));
        }
    }
    return intake->look ? intake->look(intake->ctx, &digests, err) : SW_OK;
}

/* Whether images there may tell of a layer: it was not made, or not taken for this image's yet. */
static bool may_be_learned(const struct sw_archive_file *file, const char *diff_id)
{
    return !file->blob || (!file->blob->handed_on && strcmp(file->blob->diff_id, diff_id) == 0);
}

/* Finds out which layers the targets have, as images there tell. */
static enum sw_status learn_layers(const struct sw_archive *archive,
                                   const struct sw_picture *picture, struct sw_intake *intake,
                                   const struct sw_image *image, struct sw_err *err)
{
    const size_t count = picture->layers.count;
    struct sw_wanted wanted = { .layers = sw_xcalloc(count + 1, sizeof(*wanted.layers)) };
    enum sw_status status;

    for (size_t i = 0; i < count; i++) {
        const struct sw_archive_file *file = sw_archive_find(archive, picture->layers.items[i]);
        const char *diff_id = image->parsed.diff_ids[i];

        if (file && may_be_learned(file, diff_id)) {
            wanted.layers[wanted.count++] = (struct sw_wanted_layer){ diff_id, file->size };
        }
    }
    status = sw_intake_learn(intake, &wanted, err);
    free(wanted.layers);
    return status;
}

/*
 * A layer that was learned need not be read. One that came through a pipe was made before it was
 * known to be of the image; that it is not sent is all that is saved.
 */
static struct sw_blob *learned_layer(struct sw_archive_file *file, const char *diff_id,
                                     struct sw_intake *intake)
{
    struct sw_blob *blob =
        may_be_learned(file, diff_id) ? sw_intake_learned(intake, diff_id) : NULL;

    if (file->blob && blob) {
        sw_blob_drop_content(file->blob);
        file->blob = blob;
    }
    return blob;
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

static enum sw_status missing_layer(const struct sw_archive *archive,
                                    const struct sw_picture *picture, const char *path,
                                    const char *diff_id, struct sw_err *err)
{
    if (sw_strs_has(&picture->foreign, sw_str(diff_id))) {
        return sw_fail(err, SW_E_INPUT,
                       "layer %s is a foreign layer, which this archive leaves out; push the image "
                       "from an OCI layout, which says where it is",
                       diff_id);
    }
    return sw_fail(err, SW_E_INPUT, "layer \"%s\" is missing from the %s", path,
                   sw_archive_word(archive));
}

/* The layers of an image on their way to the push. */
struct loading {
    const struct sw_archive *archive;
    const struct sw_picture *picture;
    bool kept; /* the archive's own manifest is pushed */
    struct sw_intake *intake;
    struct sw_image *image;
    struct sw_archive_file **files; /* of each layer; NULL: its blob was found without one */
};

static const struct sw_descriptor *descriptor_of(const struct loading *loading, size_t index)
{
    return loading->kept ? &loading->picture->oci.parsed.layers.items[index] : NULL;
}

/* Gives a layer its blob. */
static enum sw_status settle(const struct loading *loading, size_t index, struct sw_blob *blob,
                             struct sw_err *err)
{
    enum sw_status status =
        check_layer(loading->archive, blob, loading->picture->layers.items[index],
                    loading->image->parsed.diff_ids[index], descriptor_of(loading, index), err);

    loading->image->layers[index] = blob;
    return status == SW_OK ? sw_intake_hand_on(loading->intake, blob, err) : status;
}

/* Gives the layers their blobs that need not be made, and the others their files. */
static enum sw_status find_layer(const struct loading *loading, size_t index, struct sw_err *err)
{
    const char *path = loading->picture->layers.items[index];
    const char *diff_id = loading->image->parsed.diff_ids[index];
    const struct sw_descriptor *descriptor = descriptor_of(loading, index);
    struct sw_archive_file *file = sw_archive_find(loading->archive, path);
    struct sw_blob *blob = NULL;
    enum sw_status status = SW_OK;

    if (descriptor && sw_media_is_foreign(descriptor->media_type)) {
        loading->image->layers[index] = sw_intake_foreign_layer(loading->intake, descriptor);
        return SW_OK;
    }
    if (!file) {
        return missing_layer(loading->archive, loading->picture, path, diff_id, err);
    }
    if (descriptor) {
        status = known_layer(loading->archive, file, descriptor, loading->intake, &blob, err);
    } else {
        blob = learned_layer(file, diff_id, loading->intake);
    }
    if (status != SW_OK) {
        return status;
    }
    blob = blob ? blob : file->blob;
    loading->files[index] = blob ? NULL : file;
    return blob ? settle(loading, index, blob, err) : SW_OK;
}

/* A layer may come twice. */
static enum sw_status layer_made(void *ctx, const struct sw_archive_file *file, struct sw_err *err)
{
    const struct loading *loading = ctx;
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < loading->picture->layers.count && status == SW_OK; i++) {
        if (loading->files[i] == file) {
            status = settle(loading, i, file->blob, err);
        }
    }
    return status;
}

/* Makes the layers that have files, each file once. */
static enum sw_status make_layers(struct loading *loading, struct sw_err *err)
{
    const size_t count = loading->picture->layers.count;
    struct sw_archive_layers layers = { .made = layer_made, .ctx = loading };
    enum sw_status status;

    layers.files = sw_xcalloc(count + 1, sizeof(struct sw_archive_file *));
    for (size_t i = 0; i < count; i++) {
        bool seen = !loading->files[i];

        for (size_t k = 0; k < layers.count && !seen; k++) {
            seen = layers.files[k] == loading->files[i];
        }
        if (!seen) {
            layers.files[layers.count++] = loading->files[i];
        }
    }
    status = sw_archive_make(loading->archive, &layers, loading->intake, err);
    free((void *)layers.files);
    return status;
}

/* What the targets have is known by now. */
static enum sw_status take_layers(struct loading *loading, struct sw_err *err)
{
    const size_t count = loading->picture->layers.count;
    enum sw_status status = SW_OK;

    loading->files = sw_xcalloc(count + 1, sizeof(struct sw_archive_file *));
    loading->image->layers = sw_xcalloc(count + 1, sizeof(struct sw_blob *));
    loading->image->layer_count = count;
    for (size_t i = 0; status == SW_OK && i < count; i++) {
        status = find_layer(loading, i, err);
    }
    if (status == SW_OK) {
        status = make_layers(loading, err);
    }
    free((void *)loading->files);
    return status;
}

static enum sw_status load_layers(const struct sw_archive *archive, struct sw_picture *picture,
                                  struct sw_intake *intake, struct sw_image *image,
                                  struct sw_err *err)
{
    struct loading loading = {
        .archive = archive, .picture = picture, .intake = intake, .image = image
    };
    size_t count = picture->layers.count;
    enum sw_status status;

    if (count != image->parsed.diff_id_count) {
        return sw_fail(err, SW_E_INPUT,
                       "the %s is damaged: it lists %zu layers and the configuration %zu",
                       sw_archive_word(archive), count, image->parsed.diff_id_count);
    }
    status = keeps_manifest(archive, picture, image, &loading.kept, err);
    if (status == SW_OK) {
        status = sw_intake_hand_on(intake, image->config_blob, err);
    }
    if (status == SW_OK) {
        status = loading.kept ? look_for_layers(archive, picture, intake, err)
                              : learn_layers(archive, picture, intake, image, err);
    }
    if (status == SW_OK) {
        status = take_layers(&loading, err);
    }
    if (!loading.kept && picture->oci.parsed.annotations) {
        image->annotations = sw_xstrdup(picture->oci.parsed.annotations);
    }
    return status == SW_OK && loading.kept ? sw_oci_keep_manifest(&picture->oci, image, err)
                                           : status;
}

static enum sw_status load(const struct sw_archive *archive, bool docker, const char *name,
                           const char *platform, struct sw_picture *picture,
                           struct sw_intake *intake, struct sw_image *image, struct sw_err *err)
{
    enum sw_status status = docker ? sw_picture_read(archive, name, picture, err)
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
    struct sw_picture picture = { 0 };
    enum sw_status status;

    status = load(archive, sw_archive_find(archive, "manifest.json") != NULL, name, platform,
                  &picture, intake, ret, err);
    sw_picture_release(&picture);
    return status;
}

/* Makes the manifest of that digest the picture. */
static enum sw_status read_manifest(const struct sw_archive *archive, const char *digest,
                                    struct sw_picture *picture, struct sw_err *err)
{
    struct sw_oci_choice choice = { .found = true };
    enum sw_status status;

    sw_buf_init(&choice.bytes, SW_MANIFEST_MAX);
    status = sw_oci_document(archive, digest, &choice.bytes, err);
    if (status == SW_OK) {
        status = sw_manifest_parse(sw_buf_str(&choice.bytes), "the image's manifest",
                                   &choice.parsed, err);
    }
    if (status != SW_OK) {
        sw_buf_release(&choice.bytes);
        return status;
    }
    choice.media_type = sw_xstrdup(choice.parsed.media_type);
    take_choice(picture, &choice);
    return SW_OK;
}

enum sw_status sw_stored_image_load(struct sw_archive *archive, const char *digest,
                                    const char *platform, struct sw_intake *intake,
                                    struct sw_image *ret, struct sw_err *err)
{
    struct sw_picture picture = { 0 };
    enum sw_status status = read_manifest(archive, digest, &picture, err);

    if (status == SW_OK) {
        status = load_config(archive, &picture, intake, ret, err);
    }
    if (status == SW_OK) {
        status = sw_platform_check(platform, ret->parsed.platform, NULL, SW_E_INPUT, err);
    }
    if (status == SW_OK) {
        status = load_layers(archive, &picture, intake, ret, err);
    }
    sw_picture_release(&picture);
    return status;
}

enum sw_status sw_oci_image_load(struct sw_archive *archive, const char *name, const char *platform,
                                 struct sw_intake *intake, struct sw_image *ret, struct sw_err *err)
{
    struct sw_picture picture = { 0 };
    enum sw_status status =
        load(archive, /* docker= */ false, name, platform, &picture, intake, ret, err);

    sw_picture_release(&picture);
    return status;
}
