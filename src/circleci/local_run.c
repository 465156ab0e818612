#include "local_private.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/subst.h>

#include <stdatomic.h>
#include <unistd.h>

/* One masked stream into the log. */
struct stream {
    struct local_run *run;
    struct local_mask mask;
};

/* A step that runs beside the others, on a thread of its own. */
struct local_background {
    struct local_background *next;
    struct local_run *run;
    pthread_t thread;
    size_t index;
    struct sw_env env; /* whose wish to stop is the flag below */
    atomic_bool stop;
};

static void stream_init(struct stream *stream, struct local_run *run)
{
    stream->run = run;
    local_mask_init(&stream->mask);
    for (size_t i = 0; i < run->secrets.count; i++) {
        local_mask_add(&stream->mask, run->secrets.items[i]);
    }
}

static enum sw_status stream_write(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct stream *stream = ctx;
    struct sw_buf SW_CLEANUP(sw_buf_release) shown = { 0 };

    (void)err;
    sw_buf_init(&shown, SW_BUF_TEXT_MAX);
    local_mask_feed(&stream->mask, sw_str_n(data, len), &shown);
    local_log_bytes(stream->run, sw_buf_str(&shown));
    return SW_OK;
}

static void stream_end(struct stream *stream)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) shown = { 0 };

    sw_buf_init(&shown, SW_BUF_TEXT_MAX);
    local_mask_finish(&stream->mask, &shown);
    local_log_bytes(stream->run, sw_buf_str(&shown));
    local_mask_release(&stream->mask);
}

/* The words of the shell that reads the step's script. */
static enum sw_status shell_words(const struct local_run *run, const struct local_step *step,
                                  const char *script, struct sw_strs *ret, struct sw_err *err)
{
    const struct sw_subst_options options = { .unset_is_error = true };
    const char *shell = step->shell ? step->shell : run->job.shell;

    if (!shell) {
        shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash -eo pipefail" : "/bin/sh -eo pipefail";
    }
    if (sw_subst_words(run->env, sw_str(shell), &options, "shell", ret, err)) {
        return err->status;
    }
    if (ret->count == 0) {
        return sw_fail(err, SW_E_INPUT, "the step's shell is empty");
    }
    sw_strs_add(ret, sw_str(script));
    return SW_OK;
}

static enum sw_status write_script(const struct local_run *run, const struct local_step *step,
                                   size_t index, char **ret, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) path = sw_xasprintf("%s/step-%zu", run->state_dir, index + 1);
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&text, step->command);
    if (!sw_str_ends(sw_buf_str(&text), "\n")) {
        sw_buf_add_char(&text, '\n');
    }
    if (sw_buf_check(&text, "the command", err) ||
        sw_fs_write_atomic(path, sw_buf_str(&text), 0700, err)) {
        return err->status;
    }
    *ret = SW_TAKE(path);
    return SW_OK;
}

/* A step's own environment on top of the job's. */
static enum sw_status step_environ(const struct local_run *run, const struct local_step *step,
                                   struct sw_strs *ret, struct sw_err *err)
{
    const char *path;

    for (size_t i = 0; i < run->environ.count; i++) {
        sw_strs_add(ret, sw_str(run->environ.items[i]));
    }
    if (local_env_apply(ret, step->environment, "the step's environment", err)) {
        return err->status;
    }
    path = sw_proc_getenv(ret, "PATH");
    if (path && strncmp(path, run->state_dir, strlen(run->state_dir)) != 0) {
        char *SW_CLEANUP(sw_free_str) with_shim = sw_xasprintf("%s/bin:%s", run->state_dir, path);

        sw_proc_setenv(ret, "PATH", with_shim);
    }
    return SW_OK;
}

/* Runs the step's command once. */
static enum sw_status run_once(const struct sw_env *env, struct local_run *run, size_t index,
                               int *ret_exit, struct sw_err *err)
{
    const struct local_step *step = &run->job.steps[index];
    struct sw_strs SW_CLEANUP(sw_strs_release) environ_list = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) argv = { 0 };
    char *SW_CLEANUP(sw_free_str) script = NULL;
    char *SW_CLEANUP(sw_free_str) cwd =
        local_path(run, run->work_dir, step->working_directory ? step->working_directory : ".");
    struct stream stream;
    enum sw_status status;

    if (write_script(run, step, index, &script, err) ||
        shell_words(run, step, script, &argv, err) || step_environ(run, step, &environ_list, err)) {
        return err->status;
    }
    if (!sw_fs_is_dir(cwd)) {
        return sw_fail(err, SW_E_INPUT, "the step's working_directory \"%s\" does not exist", cwd);
    }
    sw_proc_setenv(&environ_list, "PWD", cwd);
    stream_init(&stream, run);

    const struct sw_proc_sink sink = { .write = stream_write, .ctx = &stream };
    const struct sw_proc proc = {
        .argv = (const char *const *)argv.items,
        .envp = (const char *const *)environ_list.items,
        .cwd = cwd,
        .out_sink = &sink,
        .merge_err = true,
        .silence_ms = step->background ? 0 : step->silence_ms,
    };

    status = sw_proc_run(env, &proc, ret_exit, err);
    stream_end(&stream);
    return status;
}

static bool background_stop_wanted(void *ctx)
{
    const struct local_background *background = ctx;

    return atomic_load(&background->stop);
}

static void *background_main(void *ctx)
{
    struct local_background *background = ctx;
    const char *name = background->run->job.steps[background->index].name;
    struct sw_err err = SW_ERR_INIT;
    int code = 0;
    enum sw_status status =
        run_once(&background->env, background->run, background->index, &code, &err);

    if (status == SW_OK && code != 0) {
        local_log(background->run, "background step \"%s\" ended with exit code %d\n", name, code);
    } else if (status != SW_OK && status != SW_E_STOPPED) {
        local_log(background->run, "background step \"%s\": %s\n", name, err.msg);
    }
    return NULL;
}

static enum sw_status start_background(struct local_run *run, size_t index, struct sw_err *err)
{
    struct local_background *background = sw_xcalloc(1, sizeof(*background));

    background->run = run;
    background->index = index;
    background->env = *run->env;
    background->env.stop_wanted = background_stop_wanted;
    background->env.stop_ctx = background;
    atomic_init(&background->stop, false);
    if (pthread_create(&background->thread, NULL, background_main, background) != 0) {
        free(background);
        return sw_fail(err, SW_E_FAILED, "cannot start a thread for a background step");
    }
    background->next = run->backgrounds;
    run->backgrounds = background;
    return SW_OK;
}

void local_run_end_backgrounds(struct local_run *run)
{
    for (struct local_background *one = run->backgrounds; one; one = one->next) {
        atomic_store(&one->stop, true);
    }
    while (run->backgrounds) {
        struct local_background *one = run->backgrounds;

        run->backgrounds = one->next;
        (void)pthread_join(one->thread, NULL);
        free(one);
    }
}

enum sw_status local_run_step(struct local_run *run, size_t index, int *ret_exit,
                              struct sw_err *err)
{
    const struct local_step *step = &run->job.steps[index];
    enum sw_status status;

    *ret_exit = 0;
    if (step->background) {
        return start_background(run, index, err);
    }
    status = run_once(run->env, run, index, ret_exit, err);
    for (int64_t rerun = 1; status == SW_OK && *ret_exit != 0 && rerun <= step->reruns; rerun++) {
        char delay[SW_SIZE_TEXT_MAX];

        sw_format_duration(step->rerun_delay_ms, delay);
        local_log(run, "    exit code %d; running it again in %s (%d of %d)\n", *ret_exit, delay,
                  (int)rerun, (int)step->reruns);
        sw_env_sleep_ms(run->env, step->rerun_delay_ms);
        status = run_once(run->env, run, index, ret_exit, err);
    }
    return status;
}
