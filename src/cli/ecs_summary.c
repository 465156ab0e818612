#include "ecs_summary.h"

#include <slipway/fs.h>
#include <slipway/log.h>
#include <slipway/taskdef.h>

enum { EVENTS_SHOWN = 10 };

/*
 * Text in which nothing is Markdown, HTML, a mention or a link: what could be becomes a character
 * reference, which Markdown shows and does not read.
 */
static void add_text(struct sw_buf *out, const char *text)
{
    static const char special[] = "&<>\\`*_[]|~#@!{}$^";
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        bool link = (c == ':' && at[1] == '/') || (c == '.' && at > text && at[-1] == 'w');
        if (c < ' ' || c == 0x7f) {
            sw_buf_add_char(out, ' ');
        } else if (strchr(special, (char)c) || link) {
            sw_buf_addf(out, "&#%u;", (unsigned)c);
        } else {
            sw_buf_add_char(out, (char)c);
        }
    }
}

/* Lines as a block of code: indented, which no text can leave. */
static void add_block(struct sw_buf *out, const char *text)
{
    sw_buf_add_char(out, '\n');
    for (struct sw_str rest = sw_str(text); rest.ptr;) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        sw_buf_add_cstr(out, "    ");
        for (size_t i = 0; i < line.len; i++) {
            unsigned char c = (unsigned char)line.ptr[i];
            static const char blank = ' ';
            sw_buf_add(out, c < ' ' || c == 0x7f ? &blank : line.ptr + i, 1);
        }
        sw_buf_add_char(out, '\n');
    }
}

static void add_row(struct sw_buf *out, const char *name, const char *text)
{
    if (text) {
        sw_buf_addf(out, "| %s | ", name);
        add_text(out, text);
        sw_buf_add_cstr(out, " |\n");
    }
}

/* "web:12", or NULL. */
static const char *revision(const json_t *facts, const char *key)
{
    const char *arn = sw_json_str(facts, key, NULL);
    return arn ? sw_taskdef_short_name(arn) : NULL;
}

static void add_overview(struct sw_buf *out, const json_t *facts)
{
    const json_t *rollout = sw_json_object(facts, "rollout");
    sw_buf_add_cstr(out, "| | |\n|---|---|\n");
    add_row(out, "Cluster", sw_json_str(facts, "cluster", NULL));
    add_row(out, "Before", revision(facts, "previousTaskDefinition"));
    add_row(out, "Deployed", revision(facts, "taskDefinition"));
    add_row(out, "Deployment",
            sw_json_str(facts, "codeDeployDeploymentId", sw_json_str(facts, "deploymentId", NULL)));
    add_row(out, "Begun", sw_json_str(facts, "startedAt", NULL));
    add_row(out, "Ended", sw_json_str(facts, "endedAt", NULL));
    add_row(out, "Verdict", sw_json_str(rollout, "verdict", NULL));
    add_row(out, "Runs now", sw_json_str(rollout, "runs", NULL));
    if (rollout) {
        sw_buf_addf(out, "| Tasks | %lld of %lld running, %lld pending, %lld failed |\n",
                    (long long)sw_json_int(rollout, "running", 0),
                    (long long)sw_json_int(rollout, "desired", 0),
                    (long long)sw_json_int(rollout, "pending", 0),
                    (long long)sw_json_int(rollout, "failedTasks", 0));
    }
}

static void add_images(struct sw_buf *out, const json_t *images)
{
    size_t index = 0;
    const json_t *image = NULL;
    if (json_array_size(images) == 0) {
        return;
    }
    sw_buf_add_cstr(out,
                    "\n### Images\n\n| Container | Before | Now | Digest |\n|---|---|---|---|\n");
    json_array_foreach(images, index, image)
    {
        static const char *const keys[] = { "container", "previousImage", "image", "digest" };
        for (size_t i = 0; i < SW_COUNT(keys); i++) {
            sw_buf_add_cstr(out, "| ");
            add_text(out, sw_json_str(image, keys[i], ""));
            sw_buf_add_char(out, ' ');
        }
        sw_buf_add_cstr(out, "|\n");
    }
}

/* What was found before that is not fine. */
static void add_checks(struct sw_buf *out, const json_t *checks)
{
    bool any = false;
    size_t index = 0;
    const json_t *found = NULL;
    json_array_foreach(checks, index, found)
    {
        const char *level = sw_json_str(found, "level", "");
        const char *command = sw_json_str(found, "command", NULL);
        if (strcmp(level, "warn") != 0 && strcmp(level, "block") != 0) {
            continue;
        }
        sw_buf_add_cstr(out, any ? "\n" : "\n### Checks\n\n");
        any = true;
        sw_buf_addf(out, "**%s** ", level);
        add_text(out, sw_json_str(found, "check", "?"));
        sw_buf_add_cstr(out, ": ");
        add_text(out, sw_json_str(found, "text", ""));
        sw_buf_add_cstr(out, ". ");
        add_text(out, sw_json_str(found, "advice", ""));
        sw_buf_add_char(out, '\n');
        if (command) {
            add_block(out, command);
        }
    }
}

static void add_cause(struct sw_buf *out, const json_t *cause)
{
    const char *container = sw_json_str(cause, "container", NULL);
    const char *command = sw_json_str(cause, "command", NULL);
    const char *example = sw_json_str(cause, "example", "");
    const char *log = sw_json_str(cause, "log", NULL);
    sw_buf_addf(out, "\n**%lldx** ", (long long)sw_json_int(cause, "count", 1));
    if (container) {
        sw_buf_add_cstr(out, "container \"");
        add_text(out, container);
        sw_buf_add_cstr(out, "\": ");
    }
    add_text(out, sw_json_str(cause, "title", "?"));
    int64_t code = sw_json_int(cause, "exitCode", -1);
    if (code >= 0) {
        sw_buf_addf(out, " (exit code %lld)", (long long)code);
    }
    sw_buf_add_cstr(out, ". What to do: ");
    add_text(out, sw_json_str(cause, "advice", ""));
    sw_buf_add_cstr(out, ".\n");
    if (*example) {
        sw_buf_add_cstr(out, "\nAWS says: ");
        add_text(out, example);
        sw_buf_add_char(out, '\n');
    }
    if (command) {
        add_block(out, command);
    }
    if (log) {
        sw_buf_add_cstr(out, "\nIts log ends with:\n");
        add_block(out, log);
    }
}

static void add_causes(struct sw_buf *out, const json_t *rollout)
{
    size_t index = 0;
    const json_t *cause = NULL;
    const json_t *causes = sw_json_array(rollout, "causes");
    sw_buf_add_cstr(out, json_array_size(causes) > 0 ? "\n### Causes\n" : "");
    json_array_foreach(causes, index, cause)
    {
        add_cause(out, cause);
    }
}

static void add_events(struct sw_buf *out, const json_t *rollout)
{
    const json_t *events = sw_json_array(rollout, "events");
    size_t count = json_array_size(events);
    sw_buf_add_cstr(out, count > 0 ? "\n### Last events\n\n" : "");
    for (size_t i = count > EVENTS_SHOWN ? count - EVENTS_SHOWN : 0; i < count; i++) {
        const char *event = json_string_value(json_array_get(events, i));
        sw_buf_add_cstr(out, "- ");
        add_text(out, event ? event : "");
        sw_buf_add_char(out, '\n');
    }
}

static void add_service(struct sw_buf *out, const json_t *facts)
{
    const json_t *rollout = sw_json_object(facts, "rollout");
    const char *message = sw_json_str(facts, "message", NULL);
    const char *state = sw_json_str(facts, "state", NULL);
    int64_t code = sw_json_int(facts, "exitCode", 0);
    sw_buf_add_cstr(out, "## Deployment of ");
    add_text(out, sw_json_str(facts, "service", "a service"));
    if (code != 0) {
        sw_buf_addf(out, ": failed (exit %lld)\n\n", (long long)code);
    } else if (state) {
        sw_buf_addf(out, ": %s\n\n", state);
    } else {
        sw_buf_add_cstr(out, rollout ? ": done\n\n" : ": begun\n\n");
    }
    if (message) {
        add_text(out, message);
        sw_buf_add_cstr(out, "\n\n");
    }
    add_overview(out, facts);
    add_images(out, sw_json_array(facts, "images"));
    add_checks(out, sw_json_array(facts, "checks"));
    add_causes(out, rollout);
    add_events(out, rollout);
}

void sw_cli_ecs_summary(const json_t *facts, struct sw_buf *out)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    const json_t *services = sw_json_array(facts, "services");
    size_t index = 0;
    const json_t *service = NULL;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    if (!services) {
        add_service(&text, facts);
    }
    json_array_foreach(services, index, service)
    {
        sw_buf_add_cstr(&text, index > 0 ? "\n" : "");
        add_service(&text, service);
    }
    sw_redact(out, sw_buf_str(&text));
}

enum sw_status sw_cli_ecs_write_summary(const char *path, const json_t *facts, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_cli_ecs_summary(facts, &text);
    enum sw_status status = sw_buf_check(&text, "the summary", err);
    if (status == SW_OK) {
        status = sw_fs_write_atomic(path, sw_buf_str(&text), 0600, err);
    }
    return status == SW_OK ? status : sw_wrap(err, "--summary");
}
