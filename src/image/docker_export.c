#include "docker_export.h"

#include "push_private.h"

#include <slipway/fs.h>
#include <slipway/progress.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 1000 };

/*
 * An export under way: a thread writes what the engine sends into one end of a socket pair, the
 * push reads the other. A socket, because a write to a closed one can fail without a signal.
 */
struct export
{
    struct sw_push_world world; /* the writing thread's: "failed" says that the reader is gone */
    const struct sw_engine *engine;
    const char *name;
    const char *shown;
    struct sw_intake *intake;
    int write_fd;
    int read_fd;
    bool begun;     /* the first bytes have come */
    bool broke_off; /* the engine ended it before the reader did */
    enum sw_status status;
    struct sw_err err;
};

static enum sw_status pass_on(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    const struct export *export = ctx;

    while (len > 0) {
        ssize_t put = send(export->write_fd, data, len, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
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

    export->status = sw_engine_export(&export->world.env, export->engine, export->name, pass_on,
                                      export, &export->err);
    export->broke_off = export->status != SW_OK && !atomic_load(&export->world.failed);
    (void)shutdown(export->write_fd, SHUT_WR);
    return NULL;
}

/* Waits for data in steps, so that a failed upload is noticed and people see that it goes on. */
static enum sw_status wait_readable(const struct export *export, struct sw_err *err)
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
            sw_status_line(export->world.outer, "waiting for the Docker engine to export \"%s\"",
                           export->shown);
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

static enum sw_status take_export(struct export *export, const struct sw_archive_wish *wish,
                                  struct sw_archive *archive, struct sw_err *err)
{
    const struct sw_reader reader = { read_export, NULL, export };
    pthread_t thread;
    enum sw_status status;

    if (pthread_create(&thread, NULL, write_export, export) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot start a thread");
    }
    status = sw_archive_take(archive, reader, export->intake, wish, err);
    if (status == SW_OK && !archive->complete) {
        status = sw_reader_drain(&reader, err); /* so that the engine can say how it ended */
    }
    atomic_store(&export->world.failed, true);
    (void)shutdown(export->read_fd, SHUT_RD);
    (void)pthread_join(thread, NULL);
    /* When the engine broke off, that is the reason; a cut archive is what came of it. */
    if (export->broke_off && !archive->complete) {
        *err = export->err;
        return export->status;
    }
    return status;
}

enum sw_status sw_docker_export(const struct sw_env *env, const struct sw_engine *engine,
                                const char *name, const char *shown,
                                const struct sw_archive_wish *wish, struct sw_intake *intake,
                                struct sw_archive *archive, struct sw_err *err)
{
    struct export export = { .engine = engine, .name = name, .shown = shown, .intake = intake };
    enum sw_status status;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot make a socket pair: %s", strerror(errno));
    }
    sw_push_world_init(&export.world, env);
    export.write_fd = ends[0];
    export.read_fd = ends[1];
    status = take_export(&export, wish, archive, err);
    sw_close_fd(&ends[0]);
    sw_close_fd(&ends[1]);
    return status;
}
