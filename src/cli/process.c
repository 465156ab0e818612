#include "cli.h"

#include <slipway/http.h>
#include <slipway/log.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void on_signal(int signal_number)
{
    (void)signal_number;
    sw_env_request_stop();
}

static void catch_signals(void)
{
    struct sigaction stop = { .sa_handler = on_signal };
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    /* A file that may not grow (ulimit -f) is an error to be told, as a full disk is. */
    (void)sigaction(SIGXFSZ, &ignore, NULL);
}

/*
 * A standard stream that the caller closed gets a descriptor of its own; the next socket or file
 * would take its number, and with it the result. It is one that cannot be written (or read), so
 * that a lost result is an error.
 */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

static void write_stderr(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    (void)fwrite(data, 1, len, stderr);
    (void)fflush(stderr);
}

static void log_stderr(void *ctx, const char *text)
{
    (void)ctx;
    (void)fprintf(stderr, "debug: %s\n", text);
}

/* libcurl is set up at the first request: most commands of a shell script never make one. */
struct lazy_transport {
    struct sw_env *env;
    struct sw_http_transport *curl;
    pthread_mutex_t lock;
};

static enum sw_status lazy_perform(void *ctx, const struct sw_http_request *request,
                                   struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct lazy_transport *lazy = ctx;
    enum sw_status status = SW_OK;

    (void)pthread_mutex_lock(&lazy->lock);
    if (!lazy->curl) {
        status = sw_http_curl_new(lazy->env, NULL, &lazy->curl, err);
    }
    (void)pthread_mutex_unlock(&lazy->lock);
    return status ? status : lazy->curl->perform(lazy->curl->ctx, request, ret_reply, err);
}

int sw_cli_process(const struct sw_clock *clock, int argc, char **argv)
{
    struct sw_env env;
    struct sw_progress progress;
    struct sw_log log = { .line = log_stderr };
    struct lazy_transport lazy = { .env = &env };
    struct sw_http_transport transport = { .perform = lazy_perform, .ctx = &lazy };
    int exit_code;

    keep_standard_streams();
    catch_signals();
    sw_env_init_real(&env);
    env.clock = clock ? clock : env.clock;
    (void)pthread_mutex_init(&lazy.lock, NULL);
    log.subjects = sw_env_get(&env, "SLIPWAY_TRACE");
    env.log = &log;
    env.http = &transport;
    env.stop_wanted = sw_env_stop_requested;
    sw_progress_init(&progress, &env, write_stderr, NULL, isatty(STDERR_FILENO) == 1);
    env.progress = &progress;

    exit_code = sw_cli_main(&env, argc, argv, stdout, stderr);

    sw_progress_release(&progress);
    sw_http_curl_free(lazy.curl);
    (void)pthread_mutex_destroy(&lazy.lock);
    sw_redact_reset();
    return exit_code;
}
