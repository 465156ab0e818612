#include "engine_relay.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    WORDS_MAX = 300,
};

struct sw_engine_relay {
    char *folder;
    char *path;
    int listener;
    int wake[2];  /* written to when it is time to end */
    int words_fd; /* a file that takes what the clients complain of */
    bool running;
    pthread_t thread;
    atomic_int spawn_error; /* errno; 0: none */
    /* The thread's, and after it the caller's. */
    pid_t *clients;
    size_t client_count;
    size_t client_capacity;
};

static enum sw_status failed(const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_E_FAILED, "cannot %s to reach the Docker engine with: %s", what,
                   strerror(errno));
}

/* Binds the listener in a folder of our own; *ret_fits is false when the path is too long. */
static enum sw_status bind_in(struct sw_engine_relay *relay, const char *tmpdir, bool *ret_fits,
                              struct sw_err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    enum sw_status status = sw_fs_temp_dir(tmpdir, &relay->folder, err);

    if (status != SW_OK) {
        return status;
    }
    relay->path = sw_xasprintf("%s/engine", relay->folder);
    *ret_fits = strlen(relay->path) < sizeof(address.sun_path);
    if (!*ret_fits) {
        return SW_OK;
    }
    memcpy(address.sun_path, relay->path, strlen(relay->path));
    if (bind(relay->listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(relay->listener, BACKLOG) != 0) {
        return failed("make a socket", err);
    }
    return SW_OK;
}

static void remove_folder(struct sw_engine_relay *relay)
{
    if (relay->path) {
        (void)unlink(relay->path);
    }
    if (relay->folder) {
        (void)rmdir(relay->folder);
    }
    free(relay->path);
    free(relay->folder);
    relay->path = NULL;
    relay->folder = NULL;
}

static enum sw_status open_listener(struct sw_engine_relay *relay, const char *tmpdir,
                                    struct sw_err *err)
{
    bool fits = false;
    enum sw_status status;

    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (relay->listener < 0) {
        return failed("make a socket", err);
    }
    status = bind_in(relay, tmpdir, &fits, err);
    if (status == SW_OK && !fits) {
        remove_folder(relay);
        status = bind_in(relay, NULL, &fits, err);
    }
    return status;
}

/* Becomes the leader of a group, so that what it starts (ssh) ends with it. */
static int spawn_client(const struct sw_engine_relay *relay, int connection, pid_t *ret)
{
    char name[] = "docker", system[] = "system", dial[] = "dial-stdio";
    char *argv[] = { name, system, dial, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int error;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, connection, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, connection, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, relay->words_fd, STDERR_FILENO);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    (void)sigemptyset(&signals);
    (void)posix_spawnattr_setsigmask(&attributes, &signals);
    (void)sigaddset(&signals, SIGPIPE);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)posix_spawnattr_setsigdefault(&attributes, &signals);
    error = posix_spawnp(ret, name, &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Forgets the clients that have ended by themselves. */
static void reap(struct sw_engine_relay *relay)
{
    size_t left = 0;

    for (size_t i = 0; i < relay->client_count; i++) {
        if (waitpid(relay->clients[i], NULL, WNOHANG) == 0) {
            relay->clients[left++] = relay->clients[i];
        }
    }
    relay->client_count = left;
}

static void connect_client(struct sw_engine_relay *relay, int connection)
{
    pid_t client = -1;
    int error = spawn_client(relay, connection, &client);

    if (error != 0) {
        atomic_store(&relay->spawn_error, error);
        return;
    }
    relay->clients = sw_grow(relay->clients, relay->client_count, &relay->client_capacity,
                             sizeof(*relay->clients));
    relay->clients[relay->client_count++] = client;
}

static void *run(void *ctx)
{
    struct sw_engine_relay *relay = ctx;
    struct pollfd polls[2] = { { .fd = relay->listener, .events = POLLIN },
                               { .fd = relay->wake[0], .events = POLLIN } };

    for (;;) {
        int connection;

        if (poll(polls, 2, -1) < 0) {
            continue;
        }
        if (polls[1].revents) {
            return NULL;
        }
        connection = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection >= 0) {
            reap(relay);
            connect_client(relay, connection);
            sw_close_fd(&connection);
        }
    }
}

static enum sw_status start(struct sw_engine_relay *relay, const char *tmpdir, struct sw_err *err)
{
    enum sw_status status = open_listener(relay, tmpdir, err);

    if (status == SW_OK) {
        status = sw_fs_temp(tmpdir, &relay->words_fd, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (pipe2(relay->wake, O_CLOEXEC) != 0) {
        return failed("make a pipe", err);
    }
    /* Each client writes after what the others wrote. */
    (void)fcntl(relay->words_fd, F_SETFL, O_APPEND);
    relay->running = pthread_create(&relay->thread, NULL, run, relay) == 0;
    return relay->running ? SW_OK : sw_fail(err, SW_E_FAILED, "cannot start a thread");
}

enum sw_status sw_engine_relay_start(const struct sw_env *env, struct sw_engine_relay **ret,
                                     struct sw_err *err)
{
    struct sw_engine_relay *relay = sw_xcalloc(1, sizeof(*relay));
    enum sw_status status;

    relay->listener = -1;
    relay->words_fd = -1;
    relay->wake[0] = -1;
    relay->wake[1] = -1;
    status = start(relay, sw_env_get(env, "TMPDIR"), err);
    if (status != SW_OK) {
        sw_engine_relay_stop(relay);
        return status;
    }
    *ret = relay;
    return SW_OK;
}

void sw_engine_relay_stop(struct sw_engine_relay *relay)
{
    if (!relay) {
        return;
    }
    if (relay->running) {
        (void)!write(relay->wake[1], "", 1);
        (void)pthread_join(relay->thread, NULL);
    }
    reap(relay);
    for (size_t i = 0; i < relay->client_count; i++) {
        (void)kill(-relay->clients[i], SIGKILL);
        (void)waitpid(relay->clients[i], NULL, 0);
    }
    free(relay->clients);
    sw_close_fd(&relay->listener);
    sw_close_fd(&relay->wake[0]);
    sw_close_fd(&relay->wake[1]);
    sw_close_fd(&relay->words_fd);
    remove_folder(relay);
    free(relay);
}

const char *sw_engine_relay_socket(const struct sw_engine_relay *relay)
{
    return relay->path;
}

enum sw_status sw_engine_relay_failure(struct sw_engine_relay *relay, struct sw_err *err)
{
    char words[WORDS_MAX];
    ssize_t len = pread(relay->words_fd, words, sizeof(words), 0);
    struct sw_str said = sw_str_trim((struct sw_str){ words, len > 0 ? (size_t)len : 0 });
    int error = atomic_load(&relay->spawn_error);

    if (error != 0) {
        return sw_fail(err, SW_E_FAILED, "cannot run \"docker\": %s", strerror(error));
    }
    return said.len > 0 ? sw_fail(err, SW_E_NETWORK, "%.*s", SW_STR_ARG(said)) : SW_OK;
}
