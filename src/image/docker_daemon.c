#include "archive.h"
#include "engine.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/fs.h>
#include <slipway/progress.h>
#include <slipway/ref.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 1000 };

struct docker_daemon {
    struct sw_image_source source; /* first: sources are cast back */
    const struct sw_env *env;
    char *name;
    char *platform;
    struct sw_engine engine;
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

/*
 * An export under way: a thread writes what the engine sends into one end of a socket pair, the
 * push reads the other. A socket, because a write to a closed one can fail without a signal.
 */
struct export
{
    struct docker_daemon *self;
    struct sw_intake *intake;
    const char *name;
    int write_fd;
    int read_fd;
    bool reader_gone; /* the writing thread noticed that nobody reads any more */
    bool begun;       /* the first bytes have come */
    enum sw_status status;
    struct sw_err err;
};

static enum sw_status pass_on(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct export *export = ctx;

    while (len > 0) {
        ssize_t put = send(export->write_fd, data, len, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            export->reader_gone = true;
            return sw_fail(err, SW_E_STOPPED, "stopped");
        }
        data += put;
        len -= (size_t)put;
    }
    return SW_OK;
}

static void *write_export(void *ctx)
{
    struct export *export = ctx;
    struct docker_daemon *self = export->self;

    export->status =
        sw_engine_export(self->env, &self->engine, export->name, pass_on, export, &export->err);
    (void)shutdown(export->write_fd, SHUT_WR);
    return NULL;
}

/* Waits for data in steps, so that a failed upload is noticed and people see that it goes on. */
static enum sw_status wait_readable(struct export *export, struct sw_err *err)
{
    struct pollfd fd = { .fd = export->read_fd, .events = POLLIN };

    for (;;) {
        enum sw_status status = export->intake->check(export->intake->ctx, err);
        int ready = 0;

        if (status != SW_OK) {
            return status;
        }
        ready = poll(&fd, 1, WAIT_MS);
        if (ready > 0) {
            return SW_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return sw_fail(err, SW_E_FAILED, "cannot wait for the Docker engine: %s",
                           strerror(errno));
        }
        if (!export->begun) {
            sw_status_line(export->self->env, "waiting for the Docker engine to export \"%s\"",
                           export->self->name);
        }
    }
}

static enum sw_status read_export(void *ctx, char *data, size_t size, size_t *ret_len,
                                  struct sw_err *err)
{
    struct export *export = ctx;
    const struct sw_reader reader = sw_fd_reader(&export->read_fd);
    enum sw_status status = wait_readable(export, err);

    if (status == SW_OK) {
        status = reader.read(reader.ctx, data, size, ret_len, err);
    }
    if (status == SW_OK && *ret_len > 0) {
        export->begun = true;
    }
    return status;
}

/* Reads what follows the archive's end mark, so that the engine can finish. */
static enum sw_status drain(struct export *export, struct sw_err *err)
{
    char data[4096];
    size_t len = 0;
    enum sw_status status;

    do {
        status = read_export(export, data, sizeof(data), &len, err);
    } while (status == SW_OK && len > 0);
    return status;
}

static enum sw_status take_export(struct export *export, const struct sw_archive_wish *wish,
                                  struct sw_err *err)
{
    const struct sw_reader reader = { read_export, NULL, export };
    pthread_t thread;
    enum sw_status status;

    if (pthread_create(&thread, NULL, write_export, export) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot start a thread");
    }
    status = sw_archive_take(&export->self->archive, reader, export->intake, wish, err);
    if (status == SW_OK) {
        status = drain(export, err);
    }
    (void)shutdown(export->read_fd, SHUT_RD);
    (void)pthread_join(thread, NULL);
    /* When the engine broke off, that is the reason; a cut archive is what came of it. */
    if (export->status != SW_OK && !export->reader_gone) {
        *err = export->err;
        return export->status;
    }
    return status;
}

static enum sw_status export_image(struct docker_daemon *self, const char *name,
                                   const struct sw_archive_wish *wish, struct sw_intake *intake,
                                   struct sw_err *err)
{
    struct export export = { .self = self, .intake = intake, .name = name };
    enum sw_status status;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot make a socket pair: %s", strerror(errno));
    }
    export.write_fd = ends[0];
    export.read_fd = ends[1];
    status = take_export(&export, wish, err);
    sw_close_fd(&ends[0]);
    sw_close_fd(&ends[1]);
    return status;
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

/* The packed layers of the engine's image, as far as images of the targets tell of them. */
static enum sw_status learn_layers(const struct sw_engine_image *image, struct sw_intake *intake,
                                   struct sw_image *ret, struct sw_err *err)
{
    for (size_t i = 0; i < image->diff_ids.count; i++) {
        struct sw_blob *blob = NULL;

        if (sw_intake_learned(intake, image->diff_ids.items[i], &blob, err) != SW_OK) {
            return err->status;
        }
        if (blob) {
            ret->layers[ret->layer_count++] = blob;
        }
    }
    return SW_OK;
}

/* Gets the image's configuration from the targets; false when they have none that fits. */
static bool fetch_config(const struct docker_daemon *self, const struct sw_engine_image *image,
                         struct sw_intake *intake, struct sw_image *ret)
{
    struct sw_err ignored = SW_ERR_INIT;

    if (!sw_digest_is_valid(sw_str(image->id)) ||
        intake->fetch(intake->ctx, image->id, &ret->config, &ignored) != SW_OK ||
        sw_image_config_parse(sw_buf_str(&ret->config), image->id, &ret->parsed, &ignored)) {
        return false;
    }
    if (ret->parsed.diff_id_count != image->diff_ids.count ||
        (self->platform && !sw_platform_matches(self->platform, ret->parsed.platform))) {
        return false;
    }
    for (size_t i = 0; i < image->diff_ids.count; i++) {
        if (strcmp(ret->parsed.diff_ids[i], image->diff_ids.items[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* What the targets have of the engine's image, as far as images there tell. */
enum knowledge { KNOWS_NOTHING, KNOWS_SOME, KNOWS_ALL };

/*
 * An image of which the targets have everything needs no export: its layers are known by what
 * images there tell, and its configuration, whose digest is the image's id, is there as well.
 */
static enum sw_status load_known(const struct docker_daemon *self,
                                 const struct sw_engine_image *image, struct sw_intake *intake,
                                 struct sw_image *ret, enum knowledge *ret_known,
                                 struct sw_err *err)
{
    size_t count = image->diff_ids.count;
    struct sw_image known;
    enum sw_status status;

    sw_image_init(&known);
    known.layers = sw_xcalloc(count + 1, sizeof(struct sw_blob *));
    status = learn_layers(image, intake, &known, err);
    *ret_known = known.layer_count > 0 ? KNOWS_SOME : KNOWS_NOTHING;
    if (status != SW_OK || count == 0 || known.layer_count < count ||
        !fetch_config(self, image, intake, &known)) {
        sw_image_release(&known);
        return status;
    }
    *ret_known = KNOWS_ALL;
    known.config_blob = sw_intake_bytes(intake, sw_buf_str(&known.config));
    sw_image_release(ret);
    *ret = known;
    status = sw_intake_hand_on(intake, ret->config_blob, err);
    for (size_t i = 0; status == SW_OK && i < ret->layer_count; i++) {
        status = sw_intake_hand_on(intake, ret->layers[i], err);
    }
    return status;
}

static enum sw_status daemon_load(struct sw_image_source *source, struct sw_intake *intake,
                                  struct sw_image *ret, struct sw_err *err)
{
    struct docker_daemon *self = (struct docker_daemon *)source;
    struct sw_engine_image image = { 0 };
    enum knowledge known = KNOWS_NOTHING;
    bool there = false;
    enum sw_status status = sw_engine_inspect(self->env, &self->engine, self->name, &image, err);

    if (status == SW_OK) {
        status = load_known(self, &image, intake, ret, &known, err);
    }
    /* The image's own configuration tells of a push that was cut off. */
    if (status == SW_OK && known == KNOWS_NOTHING && sw_digest_is_valid(sw_str(image.id))) {
        status = intake->has(intake->ctx, image.id, &there, err);
    }
    if (status == SW_OK && known != KNOWS_ALL) {
        const char *name = has_tag(self->name) ? self->name : image.id;
        const struct sw_archive_wish wish = { &image.diff_ids, known == KNOWS_NOTHING && !there };

        status = export_image(self, name, &wish, intake, err);
    }
    if (status == SW_OK && known != KNOWS_ALL) {
        status = sw_docker_image_load(&self->archive, NULL, self->platform, intake, ret, err);
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
    self->source = (struct sw_image_source){ daemon_load, daemon_free, NULL };
    self->env = env;
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
