#include "docker_export.h"
#include "docker_stored.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/ref.h>

#include <string.h>

struct docker_daemon {
    struct sw_image_source source; /* first: sources are cast back */
    const struct sw_env *env;
    char *name;
    char *platform;
    struct sw_engine engine;
    struct sw_engine_blobs blobs;
    struct sw_archive archive;
};

static void daemon_free(struct sw_image_source *source)
{
    struct docker_daemon *self = (struct docker_daemon *)source;

    sw_archive_release(&self->archive);
    sw_engine_release(&self->engine);
    free(self->name);
    free(self->platform);
    free(self);
}

/* Without a tag the engine would export all tags of the repository. */
static bool has_tag(const char *name)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_ref ref = { 0 };
    bool tagged;

    if (sw_ref_parse(sw_str(name), &ref, &ignored) != SW_OK) {
        return false;
    }
    tagged = ref.tag && !ref.digest;
    sw_ref_release(&ref);
    return tagged;
}

/* An image on its way from the engine, or from where the targets have it. */
struct loading {
    struct docker_daemon *self;
    const struct sw_engine_image *image;
    struct sw_intake *intake;
    struct sw_image *ret; /* its layers are NULL until they are found */
    size_t found;         /* layers that the targets have, as images there tell */
};

static enum sw_status learn_layers(struct loading *loading, struct sw_err *err)
{
    const struct docker_daemon *self = loading->self;
    const struct sw_strs *diff_ids = &loading->image->diff_ids;
    struct sw_wanted wanted = { .layers = sw_xcalloc(diff_ids->count + 1, sizeof(*wanted.layers)),
                                .count = diff_ids->count,
                                .config = loading->image->media_type ? NULL : loading->image->id };
    int64_t *sizes = sw_xcalloc(diff_ids->count + 1, sizeof(*sizes));
    enum sw_status status;

    if (loading->intake->learn) {
        sw_engine_sizes(self->env, &self->engine, self->name, sizes, diff_ids->count);
    }
    for (size_t i = 0; i < diff_ids->count; i++) {
        wanted.layers[i] = (struct sw_wanted_layer){ diff_ids->items[i], sizes[i] };
    }
    status = sw_intake_learn(loading->intake, &wanted, err);
    loading->ret->layers = sw_xcalloc(diff_ids->count + 1, sizeof(struct sw_blob *));
    for (size_t i = 0; status == SW_OK && i < diff_ids->count; i++) {
        loading->ret->layers[i] = sw_intake_learned(loading->intake, diff_ids->items[i]);
        loading->found += loading->ret->layers[i] != NULL;
    }
    free(sizes);
    free(wanted.layers);
    return status;
}

/* Reads the configuration, whose digest is the image's id. */
static enum sw_status read_config(const struct loading *loading, struct sw_err *err)
{
    const struct docker_daemon *self = loading->self;
    const struct sw_strs *diff_ids = &loading->image->diff_ids;
    struct sw_image *image = loading->ret;
    enum sw_status status =
        sw_image_config_parse(sw_buf_str(&image->config), loading->image->id, &image->parsed, err);
    bool same = status == SW_OK && image->parsed.diff_id_count == diff_ids->count;

    for (size_t i = 0; same && i < diff_ids->count; i++) {
        same = strcmp(image->parsed.diff_ids[i], diff_ids->items[i]) == 0;
    }
    if (status == SW_OK && !same) {
        return sw_fail(
            err, SW_E_INPUT,
            "the Docker engine lists other layers of image \"%s\" than its configuration",
            self->name);
    }
    return status == SW_OK ? sw_platform_check(self->platform, image->parsed.platform, self->name,
                                               SW_E_INPUT, err)
                           : status;
}

/* Hands on what the image is made of, all of which is found. */
static enum sw_status hand_on(const struct loading *loading, struct sw_err *err)
{
    struct sw_image *image = loading->ret;
    enum sw_status status;

    image->layer_count = loading->image->diff_ids.count;
    image->config_blob = sw_intake_bytes(loading->intake, sw_buf_str(&image->config));
    status = sw_intake_hand_on(loading->intake, image->config_blob, err);
    for (size_t i = 0; status == SW_OK && i < image->layer_count; i++) {
        status = sw_intake_hand_on(loading->intake, image->layers[i], err);
    }
    return status;
}

/*
 * An image of which the targets have everything needs no export: its layers are known by what
 * images there tell, and its configuration is there as well.
 */
static bool fetch_config(const struct loading *loading)
{
    struct sw_err ignored = SW_ERR_INIT;

    return !loading->image->media_type && loading->found > 0 &&
           loading->found == loading->image->diff_ids.count &&
           sw_digest_is_valid(sw_str(loading->image->id)) &&
           loading->intake->fetch(loading->intake->ctx, loading->image->id, &loading->ret->config,
                                  &ignored) == SW_OK;
}

static enum sw_status export_image(const struct loading *loading, struct sw_err *err)
{
    struct docker_daemon *self = loading->self;
    const struct sw_engine_image *image = loading->image;
    const bool has_id = sw_digest_is_valid(sw_str(image->id)) && !image->media_type;
    struct sw_archive_wish wish = { .layers = &image->diff_ids,
                                    .config = has_id ? image->id : NULL,
                                    .root = image->media_type ? image->id : NULL,
                                    .platform = self->platform ? self->platform : image->platform };
    bool there = false;
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < image->diff_ids.count; i++) {
        if (!loading->ret->layers[i]) {
            sw_strs_add(&wish.awaited, sw_str(image->diff_ids.items[i]));
        }
    }
    /* The image's own configuration tells of a push that was cut off. */
    if (loading->found == 0 && has_id) {
        status = loading->intake->has(loading->intake->ctx, image->id, &there, err);
    }
    wish.all_needed = loading->found == 0 && !there;
    if (status == SW_OK) {
        status =
            sw_docker_export(self->env, &self->engine, has_tag(self->name) ? self->name : image->id,
                             self->name, &wish, loading->intake, &self->archive, err);
    }
    sw_strs_release(&wish.awaited);
    return status;
}

/* Puts the image together from what passed before the export was ended. */
static enum sw_status assemble(const struct loading *loading, struct sw_err *err)
{
    const struct sw_engine_image *image = loading->image;
    const struct sw_archive *archive = &loading->self->archive;
    const struct sw_archive_file *config = sw_archive_find_content(archive, image->id);
    enum sw_status status;

    sw_buf_add(&loading->ret->config, config->bytes, (size_t)config->size);
    status = read_config(loading, err);
    for (size_t i = 0; status == SW_OK && i < image->diff_ids.count; i++) {
        struct sw_archive_file *file = sw_archive_find_content(archive, image->diff_ids.items[i]);
        const struct sw_archive_layers layer = { .files = &file, .count = 1 };
        struct sw_blob **slot = &loading->ret->layers[i];

        if (!*slot && !file->blob) {
            status = sw_archive_make(archive, &layer, loading->intake, err);
        }
        *slot = *slot ? *slot : file->blob;
    }
    return status == SW_OK ? hand_on(loading, err) : status;
}

/* What the engine does not say of the image before, its archive does. */
static enum sw_status load_archive(const struct loading *loading, struct sw_err *err)
{
    struct docker_daemon *self = loading->self;

    sw_image_release(loading->ret);
    sw_image_init(loading->ret);
    if (self->archive.complete) {
        return sw_stored_image_load(&self->archive, self->archive.manifest, self->platform,
                                    loading->intake, loading->ret, err);
    }
    return sw_docker_image_load(&self->archive, NULL, self->platform, loading->intake, loading->ret,
                                err);
}

static enum sw_status load(struct loading *loading, struct sw_err *err)
{
    enum sw_status status = learn_layers(loading, err);

    if (status == SW_OK && fetch_config(loading)) {
        status = read_config(loading, err);
        return status == SW_OK ? hand_on(loading, err) : status;
    }
    sw_buf_clear(&loading->ret->config);
    if (status == SW_OK) {
        status = export_image(loading, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (loading->self->archive.complete && !loading->image->media_type) {
        return assemble(loading, err);
    }
    return load_archive(loading, err);
}

/* Whether the engine may give the image blob by blob. */
static bool is_stored(const struct sw_engine_image *image)
{
    return image->media_type && sw_digest_is_valid(sw_str(image->id)) &&
           (sw_media_is_index(image->media_type) || sw_media_is_manifest(image->media_type));
}

static enum sw_status daemon_load_all(struct sw_image_source *source, struct sw_tree *ret,
                                      struct sw_store *ret_store, struct sw_err *err)
{
    struct docker_daemon *self = (struct docker_daemon *)source;
    struct sw_engine_image image = { 0 };
    bool done = false;
    enum sw_status status = sw_engine_inspect(self->env, &self->engine, self->name, &image, err);

    if (status == SW_OK && is_stored(&image)) {
        status = sw_docker_stored_tree(&self->blobs, &image, &done, ret, ret_store, err);
    }
    if (status == SW_OK && !done) {
        status = sw_fail(err, SW_E_INPUT,
                         "the Docker engine at %s exports images of one platform; --all-platforms "
                         "needs one with the containerd image store, as Docker 29 has it, or "
                         "oci:DIR, oci-archive:FILE or docker-archive:FILE",
                         self->engine.shown);
    }
    sw_engine_image_release(&image);
    return status;
}

static enum sw_status daemon_load(struct sw_image_source *source, struct sw_intake *intake,
                                  struct sw_image *ret, struct sw_err *err)
{
    struct docker_daemon *self = (struct docker_daemon *)source;
    struct sw_engine_image image = { 0 };
    struct loading loading = { .self = self, .image = &image, .intake = intake, .ret = ret };
    bool done = false;
    enum sw_status status = sw_engine_inspect(self->env, &self->engine, self->name, &image, err);

    if (status == SW_OK && is_stored(&image)) {
        status = sw_docker_stored_load(&self->blobs, &image, self->name, self->platform, &done,
                                       intake, ret, err);
    }
    if (status == SW_OK && !done && image.media_type) {
        status = sw_docker_known_load(&image, self->name, self->platform, &done, intake, ret, err);
    }
    if (status == SW_OK && !done) {
        status = load(&loading, err);
    }
    sw_engine_image_release(&image);
    return status;
}

enum sw_status sw_docker_daemon_open(const struct sw_env *env, const char *text,
                                     const char *platform, struct sw_image_source **ret,
                                     struct sw_err *err)
{
    struct docker_daemon *self;

    if (text[0] == '\0') {
        return sw_fail(err, SW_E_USAGE, "docker-daemon: names no image");
    }
    self = sw_xcalloc(1, sizeof(*self));
    self->source = (struct sw_image_source){ daemon_load, daemon_free, daemon_load_all };
    self->env = env;
    self->blobs = (struct sw_engine_blobs){ env, &self->engine };
    self->name = sw_xstrdup(text);
    self->platform = platform ? sw_xstrdup(platform) : NULL;
    self->archive.fd = -1;
    if (sw_engine_find(env, &self->engine, err) != SW_OK) {
        daemon_free(&self->source);
        return err->status;
    }
    *ret = &self->source;
    return SW_OK;
}
