#include "local_private.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

/* Bytes of a command that serves as its step's name. */
enum { NAME_FROM_COMMAND_MAX = 70 };
/* Digits of a duration; more would be nonsense. */
enum { DURATION_DIGITS_MAX = 9 };

/* The steps that are known, besides those of orbs, which compilation has resolved. */
static const struct {
    const char *word;
    enum local_kind kind;
    enum local_when when;
    const char *title;
    const char *notice;
} known_steps[] = {
    { "run", LOCAL_RUN, LOCAL_ON_SUCCESS, NULL, NULL },
    { "deploy", LOCAL_RUN, LOCAL_ON_SUCCESS, NULL, NULL },
    { "checkout", LOCAL_CHECKOUT, LOCAL_ON_SUCCESS, "Checkout code", NULL },
    { "persist_to_workspace", LOCAL_PERSIST, LOCAL_ON_SUCCESS, "Persist to workspace", NULL },
    { "attach_workspace", LOCAL_ATTACH, LOCAL_ON_SUCCESS, "Attach workspace", NULL },
    { "store_artifacts", LOCAL_ARTIFACTS, LOCAL_ALWAYS, "Store artifacts", NULL },
    { "store_test_results", LOCAL_TEST_RESULTS, LOCAL_ALWAYS, "Store test results", NULL },
    { "setup_remote_docker", LOCAL_NOTICE, LOCAL_ON_SUCCESS, "Set up remote docker",
      "the docker engine of this machine is used (DOCKER_HOST, or the default socket)" },
    { "save_cache", LOCAL_NOTICE, LOCAL_ON_SUCCESS, "Save cache",
      "nothing is saved: a local run keeps no caches" },
    { "restore_cache", LOCAL_NOTICE, LOCAL_ON_SUCCESS, "Restore cache",
      "no cache is found: a local run keeps none" },
    { "add_ssh_keys", LOCAL_NOTICE, LOCAL_ON_SUCCESS, "Add SSH keys",
      "no keys are added: those of this machine are used" },
};

bool local_parse_duration(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "", 1000 } };
    struct sw_str rest = sw_str(text);
    int64_t value = 0;
    int64_t scale = 1;
    int digits = 0;
    bool fraction = false;

    for (; rest.len > 0; rest = sw_str_from(rest, 1)) {
        if (rest.ptr[0] == '.' && !fraction && digits > 0) {
            fraction = true;
        } else if (sw_is_digit(rest.ptr[0]) && digits < DURATION_DIGITS_MAX) {
            value = value * 10 + (rest.ptr[0] - '0');
            scale *= fraction ? 10 : 1;
            digits++;
        } else {
            break;
        }
    }
    for (size_t i = 0; i < SW_COUNT(units) && digits > 0; i++) {
        if (sw_str_is(rest, units[i].unit)) {
            *ret_ms = value * units[i].ms / scale;
            return *ret_ms > 0;
        }
    }
    return false;
}

void local_value_text(const json_t *value, struct sw_buf *out)
{
    if (json_is_string(value)) {
        sw_buf_add_cstr(out, json_string_value(value));
    } else if (json_is_boolean(value)) {
        sw_buf_add_char(out, json_is_true(value) ? '1' : '0');
    } else if (!json_is_null(value)) {
        sw_json_dump(value, 0, out);
    }
}

/* The name people see: the given one, or how the command starts. */
static char *name_of(const struct local_step *step, const char *title)
{
    const char *name = sw_json_str(step->args, "name", NULL);
    struct sw_str line;

    if (name && name[0]) {
        return sw_xstrdup(name);
    }
    if (title) {
        return sw_xstrdup(title);
    }
    line = sw_str_trim(sw_str(step->command));
    line = sw_str_trim(sw_str_cut(&line, '\n'));
    return line.len > NAME_FROM_COMMAND_MAX
               ? sw_xasprintf("%.*s...", NAME_FROM_COMMAND_MAX - 3, line.ptr)
               : sw_str_dup(line);
}

static enum sw_status duration_member(const struct local_step *step, const char *key,
                                      int64_t *ret_ms, const char *where, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    const json_t *value = json_object_get(step->args, key);

    if (!value) {
        return SW_OK;
    }
    sw_buf_init(&text, SW_ERR_MSG_MAX);
    local_value_text(value, &text);
    if (!local_parse_duration(text.ptr, ret_ms)) {
        return sw_fail(err, SW_E_INPUT,
                       "%s: %s \"%s\" is no duration; write a number with a unit: 30s, 10m, 1.5h",
                       where, key, text.ptr);
    }
    return SW_OK;
}

static enum sw_status read_when(struct local_step *step, const char *where, struct sw_err *err)
{
    static const struct {
        const char *text;
        enum local_when when;
    } words[] = { { "on_success", LOCAL_ON_SUCCESS },
                  { "always", LOCAL_ALWAYS },
                  { "on_fail", LOCAL_ON_FAIL } };
    const char *text = sw_json_str(step->args, "when", NULL);

    for (size_t i = 0; text && i < SW_COUNT(words); i++) {
        if (strcmp(text, words[i].text) == 0) {
            step->when = words[i].when;
            return SW_OK;
        }
    }
    return text
               ? sw_fail(err, SW_E_INPUT,
                         "%s: when is \"%s\"; it may be on_success, always or on_fail", where, text)
               : SW_OK;
}

static enum sw_status read_run(struct local_step *step, const json_t *value, const char *where,
                               struct sw_err *err)
{
    step->silence_ms = LOCAL_NO_OUTPUT_MS;
    step->rerun_delay_ms = LOCAL_RERUN_DELAY_MS;
    step->command =
        json_is_string(value) ? json_string_value(value) : sw_json_str(step->args, "command", NULL);
    if (!step->command) {
        return sw_fail(err, SW_E_INPUT, "%s: a run step needs a command", where);
    }
    step->shell = sw_json_str(step->args, "shell", NULL);
    step->working_directory = sw_json_str(step->args, "working_directory", NULL);
    step->environment = json_object_get(step->args, "environment");
    step->background = sw_json_bool(step->args, "background", false);
    step->reruns = sw_json_int(step->args, "max_auto_reruns", 0);
    if (step->reruns < 0 || step->reruns > LOCAL_RERUNS_MAX) {
        return sw_fail(err, SW_E_INPUT, "%s: max_auto_reruns is to be between 1 and %d", where,
                       LOCAL_RERUNS_MAX);
    }
    if (duration_member(step, "no_output_timeout", &step->silence_ms, where, err) ||
        duration_member(step, "auto_rerun_delay", &step->rerun_delay_ms, where, err)) {
        return err->status;
    }
    if (step->rerun_delay_ms > LOCAL_RERUN_DELAY_MAX_MS) {
        step->rerun_delay_ms = LOCAL_RERUN_DELAY_MAX_MS;
    }
    return SW_OK;
}

static enum sw_status unknown_step(const char *word, const char *where, struct sw_err *err)
{
    (void)sw_fail(err, SW_E_INPUT, "%s: step \"%s\" is not known to a local run; these are:", where,
                  word);
    for (size_t i = 0; i < SW_COUNT(known_steps); i++) {
        (void)sw_append(err, "%s%s", i > 0 ? ", " : " ", known_steps[i].word);
    }
    return err->status;
}

static enum sw_status read_step(json_t *item, const char *where, struct local_step *step,
                                struct sw_err *err)
{
    void *first = json_object_iter(item);
    const char *word = json_is_string(item) ? json_string_value(item)
                       : first              ? json_object_iter_key(first)
                                            : NULL;
    json_t *value = first ? json_object_iter_value(first) : NULL;
    size_t i = 0;

    if (!word || (json_is_object(item) && json_object_size(item) != 1)) {
        return sw_fail(err, SW_E_INPUT, "%s: a step is a word or a map with one key", where);
    }
    while (i < SW_COUNT(known_steps) && strcmp(known_steps[i].word, word) != 0) {
        i++;
    }
    if (i == SW_COUNT(known_steps)) {
        return unknown_step(word, where, err);
    }
    step->kind = known_steps[i].kind;
    step->when = known_steps[i].when;
    step->notice = known_steps[i].notice;
    step->args = json_is_object(value) ? value : NULL;
    if (step->kind == LOCAL_RUN && read_run(step, value, where, err)) {
        return err->status;
    }
    if (step->when == LOCAL_ON_SUCCESS && read_when(step, where, err)) {
        return err->status;
    }
    step->name = name_of(step, known_steps[i].title);
    return SW_OK;
}

static enum sw_status read_steps(struct local_job *job, struct sw_err *err)
{
    const json_t *steps = sw_json_array(job->spec, "steps");
    size_t count = json_array_size(steps);

    if (count == 0 || count > LOCAL_STEPS_MAX) {
        return sw_fail(err, SW_E_INPUT, "job \"%s\" has %s", job->name,
                       count == 0 ? "no steps" : "too many steps");
    }
    job->steps = sw_xcalloc(count, sizeof(*job->steps));
    job->step_count = count;
    for (size_t i = 0; i < count; i++) {
        char *SW_CLEANUP(sw_free_str) where =
            sw_xasprintf("job \"%s\", step %zu", job->name, i + 1);

        if (read_step(json_array_get(steps, i), where, &job->steps[i], err)) {
            return err->status;
        }
    }
    return SW_OK;
}

static enum sw_status find_job(struct local_job *job, const char *name, struct sw_err *err)
{
    json_t *jobs = sw_json_object(job->document, "jobs");
    const char *key;
    json_t *value;
    size_t listed = 0;

    job->spec = json_object_get(jobs, name);
    job->name = name;
    if (json_is_object(job->spec)) {
        job->working_directory = sw_json_str(job->spec, "working_directory", NULL);
        job->shell = sw_json_str(job->spec, "shell", NULL);
        job->environment = json_object_get(job->spec, "environment");
        job->image_environment =
            json_object_get(json_array_get(sw_json_array(job->spec, "docker"), 0), "environment");
        return SW_OK;
    }
    (void)sw_fail(err, SW_E_INPUT, "there is no job \"%s\" in the compiled configuration; ", name);
    json_object_foreach(jobs, key, value)
    {
        (void)sw_append(err, "%s%s", listed++ > 0 ? ", " : "it has: ", key);
    }
    return listed == 0 ? sw_append(err, "it has none") : err->status;
}

enum sw_status local_job_read(struct local_job *job, const char *name, struct sw_err *err)
{
    return find_job(job, name, err) || read_steps(job, err) ? err->status : SW_OK;
}

enum sw_status local_job_check_names(const struct local_job *job, const struct sw_strs *names,
                                     struct sw_err *err)
{
    for (size_t i = 0; names && i < names->count; i++) {
        size_t at = 0;

        while (at < job->step_count && strcmp(job->steps[at].name, names->items[i]) != 0) {
            at++;
        }
        if (at == job->step_count) {
            (void)sw_fail(err, SW_E_INPUT,
                          "job \"%s\" has no step \"%s\" to skip; it has: ", job->name,
                          names->items[i]);
            for (at = 0; at < job->step_count; at++) {
                (void)sw_append(err, "%s%s", at > 0 ? ", " : "", job->steps[at].name);
            }
            return err->status;
        }
    }
    return SW_OK;
}

void local_job_release(struct local_job *job)
{
    for (size_t i = 0; i < job->step_count; i++) {
        free(job->steps[i].name);
    }
    free(job->steps);
    json_decref(job->document);
    *job = (struct local_job){ .document = NULL };
}
