#include "local_private.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/log.h>

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum step_result { STEP_SKIPPED, STEP_OK, STEP_STARTED, STEP_FAILED };

/* How a step went, for the table and the timings. */
struct outcome {
    enum step_result result;
    int64_t millis;
    int exit_code;
    bool timed_out;
};

static void write_log(struct local_run *run, struct sw_str data)
{
    if (data.len > 0) {
        run->options->write(run->options->write_ctx, data.ptr, data.len);
        run->line_open = data.ptr[data.len - 1] != '\n';
    }
}

void local_log_bytes(struct local_run *run, struct sw_str data)
{
    (void)pthread_mutex_lock(&run->lock);
    write_log(run, data);
    (void)pthread_mutex_unlock(&run->lock);
}

/* A line of our own starts at the beginning of a line. */
void local_log(struct local_run *run, const char *fmt, ...)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    char line[SW_ERR_MSG_MAX + 256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    (void)pthread_mutex_lock(&run->lock);
    if (run->line_open) {
        sw_buf_add_char(&text, '\n');
    }
    sw_redact(&text, sw_str(line));
    write_log(run, sw_buf_str(&text));
    (void)pthread_mutex_unlock(&run->lock);
}

static char *absolute(const char *path)
{
    char resolved[PATH_MAX];

    return realpath(path, resolved) ? sw_xstrdup(resolved) : NULL;
}

/* The folder whose files "checkout" copies. */
static enum sw_status find_source(struct local_run *run, struct sw_err *err)
{
    static const char *const top_level[] = { "rev-parse", "--show-toplevel", NULL };
    static const char *const inside[] = { "rev-parse", "--is-inside-work-tree", NULL };
    const char *given = run->options->source;
    char *SW_CLEANUP(sw_free_str) top = given ? NULL : local_git(run->env, ".", top_level);
    char *SW_CLEANUP(sw_free_str) answer = NULL;

    run->source = absolute(given ? given : top ? top : ".");
    if (!run->source || !sw_fs_is_dir(run->source)) {
        return sw_fail(err, SW_E_INPUT, "the source folder \"%s\" does not exist",
                       given ? given : ".");
    }
    answer = local_git(run->env, run->source, inside);
    run->source_is_git = answer && strcmp(answer, "true") == 0;
    return SW_OK;
}

static enum sw_status make_folders(struct local_run *run, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) temporary = NULL;
    const char *work_dir = run->options->workdir;

    if (sw_fs_temp_dir(sw_env_get(run->env, "TMPDIR"), &run->state_dir, err)) {
        return err->status;
    }
    if (!work_dir) {
        temporary = sw_fs_join(run->state_dir, "project");
        work_dir = temporary;
    }
    if (sw_fs_mkdirs(work_dir, 0755, err)) {
        return err->status;
    }
    run->work_dir = absolute(work_dir);
    return run->work_dir ? SW_OK
                         : sw_fail(err, SW_E_FAILED, "cannot use the folder \"%s\"", work_dir);
}

/* What of the job is not done here, in a line. */
static void say_differences(struct local_run *run)
{
    const json_t *docker = sw_json_array(run->job.spec, "docker");
    const json_t *machine = json_object_get(run->job.spec, "machine");
    const char *image = sw_json_str(json_array_get(docker, 0), "image", NULL);

    local_log(run, "job %s, in %s\n", run->job.name, run->work_dir);
    if (image) {
        local_log(run, "its steps run on this machine, not in the image %s\n", image);
    } else if (machine) {
        image = sw_json_str(machine, "image", NULL);
        local_log(run, "its steps run on this machine, not in a virtual machine%s%s\n",
                  image ? " of the image " : "", image ? image : "");
    }
    for (size_t i = 1; i < json_array_size(docker); i++) {
        local_log(run, "its service %s is not started\n",
                  sw_json_str(json_array_get(docker, i), "image", "?"));
    }
}

static bool is_wanted(const struct local_run *run, const struct local_step *step)
{
    if (run->halted) {
        return false;
    }
    if (run->timed_out && (step->kind == LOCAL_ARTIFACTS || step->kind == LOCAL_TEST_RESULTS)) {
        return false;
    }
    return step->when == LOCAL_ALWAYS || (step->when == LOCAL_ON_FAIL) == run->failed;
}

static bool is_skipped_by_name(const struct local_run *run, const struct local_step *step)
{
    return run->options->skip && sw_strs_has(run->options->skip, sw_str(step->name));
}

/* The result line below a step's output. */
static void log_outcome(struct local_run *run, const struct outcome *outcome)
{
    char time[SW_SIZE_TEXT_MAX];

    sw_format_duration(outcome->millis, time);
    if (outcome->result == STEP_STARTED) {
        local_log(run, "    started in the background\n\n");
    } else if (outcome->result == STEP_OK) {
        local_log(run, "    ok (%s)\n\n", time);
    } else {
        local_log(run, "    failed with exit code %d (%s)\n\n", outcome->exit_code, time);
    }
}

static enum sw_status run_any(struct local_run *run, size_t index, struct outcome *outcome,
                              struct sw_err *err)
{
    const struct local_step *step = &run->job.steps[index];
    char silence[SW_SIZE_TEXT_MAX];
    enum sw_status status = step->kind == LOCAL_RUN
                                ? local_run_step(run, index, &outcome->exit_code, err)
                                : local_other_step(run, step, err);

    if (status == SW_E_STOPPED) {
        return sw_wrap(err, "step \"%s\" of job \"%s\"", step->name, run->job.name);
    }
    if (status == SW_E_TIMEOUT) {
        sw_format_duration(step->silence_ms, silence);
        local_log(run, "    ended: no output for %s (no_output_timeout)\n", silence);
        outcome->exit_code = SW_LOCAL_TIMEOUT_EXIT;
        outcome->timed_out = true;
    } else if (status != SW_OK) {
        local_log(run, "    error: %s\n", err->msg);
        outcome->exit_code = 1;
    }
    outcome->result = outcome->exit_code != 0 ? STEP_FAILED
                      : step->background      ? STEP_STARTED
                                              : STEP_OK;
    return SW_OK;
}

/* Runs one step and takes its result over into the job's. Fails only when the user stops. */
static enum sw_status run_step(struct local_run *run, size_t index, struct outcome *outcome,
                               struct sw_err *err)
{
    const struct local_step *step = &run->job.steps[index];
    int64_t started = sw_env_mono_ms(run->env);

    if (!is_wanted(run, step)) {
        return SW_OK;
    }
    local_log(run, "==> %s\n", step->name);
    if (is_skipped_by_name(run, step)) {
        local_log(run, "    skipped, as was asked for\n\n");
        return SW_OK;
    }
    if (run_any(run, index, outcome, err)) {
        return err->status;
    }
    outcome->millis = sw_env_mono_ms(run->env) - started;
    log_outcome(run, outcome);
    if (outcome->result == STEP_FAILED && !run->failed) {
        run->failed = true;
        run->exit_code = outcome->exit_code;
        (void)sw_fail(err, SW_E_FAILED, "step \"%s\" of job \"%s\" failed with exit code %d",
                      step->name, run->job.name, outcome->exit_code);
    }
    run->timed_out = run->timed_out || outcome->timed_out;
    run->halted = !run->failed && local_env_halted(run);
    if (run->halted) {
        local_log(run, "the job was halted by a step: it ends here, successfully\n\n");
    }
    return SW_OK;
}

static const char *result_name(const struct outcome *outcome)
{
    if (outcome->timed_out) {
        return "timed out";
    }
    switch (outcome->result) {
    case STEP_OK:
        return "ok";
    case STEP_STARTED:
        return "background";
    case STEP_FAILED:
        return "failed";
    case STEP_SKIPPED:
        break;
    }
    return "skipped";
}

static void log_summary(struct local_run *run, const struct outcome *outcomes, int64_t millis)
{
    char time[SW_SIZE_TEXT_MAX];

    sw_format_duration(millis, time);
    local_log(run, "job %s %s in %s\n", run->job.name, run->failed ? "failed" : "passed", time);
    for (size_t i = 0; i < run->job.step_count; i++) {
        sw_format_duration(outcomes[i].millis, time);
        local_log(run, "  %-10s %10s  %s\n", result_name(&outcomes[i]),
                  outcomes[i].result == STEP_OK || outcomes[i].result == STEP_FAILED ? time : "",
                  run->job.steps[i].name);
    }
}

static enum sw_status write_timings(const struct local_run *run, const struct outcome *outcomes,
                                    struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    if (!run->options->timings) {
        return SW_OK;
    }
    sw_buf_init(&text, SW_JSON_MAX);
    for (size_t i = 0; i < run->job.step_count; i++) {
        json_auto_t *name = json_string(run->job.steps[i].name);

        sw_buf_addf(&text, "%s{\"name\": ", i > 0 ? ",\n  " : "[\n  ");
        sw_json_dump(name, 0, &text);
        sw_buf_addf(&text, ", \"seconds\": %.3f, \"status\": \"%s\"}",
                    (double)outcomes[i].millis / 1000.0, result_name(&outcomes[i]));
    }
    sw_buf_add_cstr(&text, "\n]\n");
    return sw_fs_write_atomic(run->options->timings, sw_buf_str(&text), 0644, err);
}

static enum sw_status run_steps(struct local_run *run, struct sw_err *err)
{
    if (run->options->timings && sw_fs_can_replace(run->options->timings, err)) {
        return sw_wrap(err, "--timings");
    }
    struct outcome *outcomes = sw_xcalloc(run->job.step_count, sizeof(*outcomes));
    int64_t started = sw_env_mono_ms(run->env);
    struct sw_err timings_err = SW_ERR_INIT;
    enum sw_status status = SW_OK;

    for (size_t i = 0; status == SW_OK && i < run->job.step_count; i++) {
        struct sw_err step_err = SW_ERR_INIT;
        bool failed = run->failed;

        status = run_step(run, i, &outcomes[i], &step_err);
        if (status || (run->failed && !failed)) {
            *err = step_err;
        }
    }
    local_run_end_backgrounds(run);
    if (status == SW_OK) {
        log_summary(run, outcomes, sw_env_mono_ms(run->env) - started);
        status = run->failed ? SW_E_FAILED : SW_OK;
    }
    if (write_timings(run, outcomes, &timings_err) && status == SW_OK) {
        *err = timings_err;
        status = err->status;
    }
    free(outcomes);
    return status;
}

static void release(struct local_run *run)
{
    if (run->state_dir) {
        sw_fs_remove_tree(run->state_dir);
    }
    local_job_release(&run->job);
    sw_strs_release(&run->environ);
    sw_strs_release(&run->secrets);
    free(run->state_dir);
    free(run->work_dir);
    free(run->source);
    (void)pthread_mutex_destroy(&run->lock);
}

static enum sw_status prepare(struct local_run *run, struct sw_err *err)
{
    if (find_source(run, err) || make_folders(run, err) || local_env_start(run, err) ||
        local_job_load(run, err) || local_env_finish(run, err) || local_env_prepare(run, err)) {
        return err->status;
    }
    return SW_OK;
}

enum sw_status sw_local_execute(const struct sw_env *env, const struct sw_local_options *options,
                                int *ret_exit, struct sw_err *err)
{
    struct local_run run = { .env = env, .options = options };
    enum sw_status status;

    (void)pthread_mutex_init(&run.lock, NULL);
    *ret_exit = 0;
    status = prepare(&run, err);
    if (status == SW_OK) {
        say_differences(&run);
        local_log(&run, "\n");
        status = run_steps(&run, err);
        *ret_exit = run.exit_code;
    }
    release(&run);
    return status;
}
